import { engineOf } from "../../src/engine.js";
import { edm } from "../../src/process/edm.js";
import { liveRun } from "../../src/run/live.js";
import { karras } from "../../src/sampler/grids/karras.js";
import { heun } from "../../src/sampler/heun.js";
import { type ExactScore, exactScore } from "../../src/score/exact.js";
import { messageOf } from "../load.js";
import type { Message, Request } from "./protocol.js";
import { pointsOf } from "./shapes.js";

/** The worker's script: runs once, shows every step, and is ended by the page. */
const scope = globalThis as unknown as {
  postMessage(message: Message, moved?: Transferable[]): void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
};

const STEPS = 40;
/** Queries of a step whose scores are computed by all points, to tell what that takes. */
const PILOTS = 32;

async function runAll({ shape, points, particles, tolerance, isolated, local, shared, threads }: Request) {
  const engine = await (isolated
    ? engineOf({ wasm: shared, worker: threads }, undefined)
    : engineOf({ wasm: local, threads: 1 }, undefined));
  try {
    const rows = pointsOf(shape, points);
    const field = exactScore(engine.mixture(rows, { dim: 3 }), edm());
    const start = performance.now();
    await field.prepare({ onProgress: (progress) => scope.postMessage({ kind: "tree", ...progress }) });
    scope.postMessage({
      kind: "start",
      threads: engine.info.threads,
      milliseconds: performance.now() - start,
    });
    await follow(field, particles, tolerance);
    scope.postMessage({ kind: "done" });
  } finally {
    engine.close();
  }
}

async function follow(field: ExactScore<"f32">, count: number, tolerance: number): Promise<void> {
  const live = await liveRun(field, { sampler: heun(), grid: karras({ steps: STEPS }), count, tolerance });
  for (let step = 1; step <= STEPS; step++) {
    const at = live.t;
    const queries = live.samples.slice(0, 3 * PILOTS);
    const start = performance.now();
    await live.advance();
    const milliseconds = performance.now() - start;
    const full = performance.now();
    await field.evaluate(queries, at, ["score"]);
    // Heun looks twice, but for the last step.
    const looks = step < STEPS ? 2 : 1;
    const particles = live.samples;
    scope.postMessage(
      {
        kind: "frame",
        frame: {
          step,
          steps: STEPS,
          sigma: live.t,
          particles,
          milliseconds,
          full: ((performance.now() - full) * looks * count) / PILOTS,
          errorBound: live.errorBound ?? 0,
        },
      },
      [particles.buffer],
    );
  }
}

scope.onmessage = ({ data }) => {
  runAll(data).catch((error: unknown) => scope.postMessage({ kind: "error", message: messageOf(error) }));
};
