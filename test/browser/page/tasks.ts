/** What the tests do in a page, and (where it says so) also in Node, to compare. Arguments and results are plain data. */
import * as vkernel from "vkernel";
import {
  createEngine,
  type EngineInfo,
  type EngineOptions,
  edm,
  euler,
  eulerMaruyama,
  exactScore,
  heun,
  karras,
  logarithmic,
  naiveScore,
  polygon,
  posterior,
  type Sampler,
  sample,
  vp,
} from "vkernel";
import { checkScoreCase, type ScoreCase } from "../../golden/g1.check.js";
import { trainedParameters } from "../../shared/network.js";
import { abortedAfter, outcome } from "../../shared/turns.js";
import { checkSmoothing, type SmoothingGolden } from "../../golden/g4.check.js";
import { checkReverse, type ReverseGolden } from "../../golden/g5.check.js";
import { checkEstimators, type EstimatorGolden } from "../../golden/g6.check.js";
import { checkLawRun, type LawRun } from "../../golden/g7.check.js";
import type { Kernels, Precision } from "../../golden/golden.js";
import { bitsCases } from "../../shared/bits.js";
import { fokkerPlanckBits } from "../../shared/fokkerPlanck.js";
import { kitOf, tour, visit } from "../../shared/tour.js";

export type Options = Pick<EngineOptions, "threads" | "kernels" | "blockSize"> & {
  wasm?: string;
  worker?: string;
};

/** Makes an engine and tells what it runs on. */
export async function info(options: Options): Promise<EngineInfo> {
  const engine = await createEngine(options);
  const { info } = engine;
  engine.close();
  return { ...info };
}

/** The runs whose bits are compared: in two dimensions and in five, with and without noise and draws. */
export const runs = ["posterior", "heun", "eulerMaruyama", "naive", "posterior, vp, D = 5"] as const;
export type Run = (typeof runs)[number];

/** The SHA-256 of 100,000 samples. In pages and in Node. */
export async function hashSamples(options: Options, precision: Precision, run: Run): Promise<string> {
  const engine = await createEngine(options);
  try {
    const count = 100_000;
    const seed = 20_260_701;
    const samplers: Record<Run, () => Sampler> = {
      posterior,
      heun,
      eulerMaruyama,
      naive: euler,
      "posterior, vp, D = 5": posterior,
    };
    const five = run === "posterior, vp, D = 5";
    const data = five
      ? engine.mixture(scattered(40, 5), {
          dim: 5,
          precision,
          weights: Array.from({ length: 40 }, (_, m) => 1 + m),
        })
      : engine.mixture(polygon().points, { dim: 2, precision });
    const process = five ? vp() : edm();
    const field = run === "naive" ? naiveScore(data, process) : exactScore(data, process);
    const grid = five
      ? logarithmic({ steps: 5, tMin: 0.01, tMax: 1, last: "sigmaMin" })
      : karras({ steps: 8, sigmaMin: 0.01, sigmaMax: 10 });
    const { samples } = await sample(field, { sampler: samplers[run](), grid, count, seed });
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", samples));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  } finally {
    engine.close();
  }
}

/** The hashes of all runs whose bits are promised. */
export function bits(options: Options): Promise<Record<string, string>> {
  return bitsCases(vkernel, options);
}

/** The hashes of densities of Fokker-Planck equations. */
export function densities(options: Options): Promise<Record<string, string>> {
  return fokkerPlanckBits(vkernel, options);
}

/** The numbers of every stop of the tour, with arrays of this page or of a frame in it. */
export async function tourNumbers(options: Options, frame: boolean): Promise<Record<string, number[]>> {
  let realm: Parameters<typeof kitOf>[0] = globalThis;
  if (frame) {
    const element = document.documentElement.appendChild(document.createElement("iframe"));
    realm = element.contentWindow as unknown as typeof globalThis;
    if (realm.Float64Array === Float64Array) throw new Error("the frame has this page's arrays");
  }
  const engine = await createEngine(options);
  const found: Record<string, number[]> = {};
  for (const name of Object.keys(tour))
    found[name] = (await visit(vkernel, name, engine, kitOf(realm))).numbers;
  engine.close();
  return found;
}

/** Points of a lattice (Weyl) sequence in [-1, 1): the same bits everywhere. */
function scattered(size: number, dim: number): Float64Array {
  return Float64Array.from({ length: size * dim }, (_, i) => ((i * 40_503) % 65_536) / 32_768 - 1);
}

/** Runs cases of g1; a line for every number that is off. */
export async function golden(
  kernels: Kernels,
  precision: Precision,
  cases: readonly ScoreCase[],
): Promise<{ failures: string[]; kernels: string; checked: number }> {
  const engine = await createEngine({ kernels });
  const failures: string[] = [];
  for (const item of cases) failures.push(...(await checkScoreCase(engine, precision, item)).failures);
  const ran = engine.info.kernels;
  engine.close();
  return { failures, kernels: ran, checked: cases.length };
}

/** Parameters of small trained networks. */
export async function trained(options: Options): Promise<number[][]> {
  const engine = await createEngine(options);
  const parameters = await trainedParameters(engine);
  engine.close();
  return parameters;
}

/** All of g4; a line for every number that is off. */
export async function smoothing(
  kernels: Kernels,
  golden: SmoothingGolden,
): Promise<{ failures: string[]; kernels: string }> {
  const engine = await createEngine({ kernels });
  const failures = await checkSmoothing(engine, golden);
  const ran = engine.info.kernels;
  engine.close();
  return { failures, kernels: ran };
}

/** All of g5; a line for every number that is off. */
export async function reverse(
  kernels: Kernels,
  golden: ReverseGolden,
): Promise<{ failures: string[]; kernels: string }> {
  const engine = await createEngine({ kernels });
  const failures = await checkReverse(engine, golden);
  const ran = engine.info.kernels;
  engine.close();
  return { failures, kernels: ran };
}

/** What is exact in g6; a line for every number that is off. */
export async function estimators(
  kernels: Kernels,
  golden: EstimatorGolden,
): Promise<{ failures: string[]; kernels: string; checked: number }> {
  const engine = await createEngine({ kernels });
  const result = await checkEstimators(engine, golden);
  const ran = engine.info.kernels;
  engine.close();
  return { ...result, kernels: ran };
}

/** Makes runs of g7 anew; a line for every statistic that is off. */
export async function laws(
  kernels: Kernels,
  precision: Precision,
  runs: readonly LawRun[],
  count: number,
): Promise<{ failures: string[]; kernels: string; checked: number }> {
  const engine = await createEngine({ kernels });
  const failures: string[] = [];
  for (const [i, run] of runs.entries()) {
    failures.push(...(await checkLawRun(engine, run, { precision, count, seed: 7900 + i })).failures);
  }
  const ran = engine.info.kernels;
  engine.close();
  return { failures, kernels: ran, checked: runs.length };
}

/** Aborts a long run after some turns of the event loop: how it ended, and whether the engine still works. */
export async function abortRun(
  turns: number,
  options: Options,
): Promise<{ code: string; reason: unknown; after: number }> {
  const engine = await createEngine(options);
  const field = exactScore(engine.mixture(scattered(4096, 2), { dim: 2 }), edm());
  const grid = karras({ steps: 40 });
  const { code, cause } = await abortedAfter(turns, (signal) =>
    sample(field, { sampler: heun(), grid, count: 200_000, signal }),
  );
  const { posteriorMean } = await field.evaluate([[0, 0]], 1, ["posteriorMean"]);
  engine.close();
  return { code, reason: cause, after: posteriorMean.length };
}

/** The progress that a run reports. */
export async function progressOf(options: Options): Promise<{ done: number[]; totals: number[] }> {
  const engine = await createEngine(options);
  const field = exactScore(engine.mixture(scattered(2048, 2), { dim: 2 }), edm());
  const done: number[] = [];
  const totals: number[] = [];
  await sample(field, {
    sampler: heun(),
    grid: karras({ steps: 18 }),
    count: 20_000,
    onProgress(progress) {
      done.push(progress.done);
      totals.push(progress.total);
    },
  });
  engine.close();
  return { done, totals };
}

/** How a run ends whose workers stop answering in the middle of it, and whether a new engine works then. */
export async function silentWorker(worker: string): Promise<{ code: string; after: string; fresh: number }> {
  // The pool counts looks at heartbeats, a minute of them: here they come at once.
  const { setInterval: every } = globalThis;
  globalThis.setInterval = ((run: () => void) => every(run, 1)) as typeof setInterval;
  const engine = await createEngine({ threads: 2, worker });
  const field = exactScore(engine.mixture([[0, 0]]), edm());
  const { code } = await outcome(sample(field, { count: 100 }));
  globalThis.setInterval = every;
  const { code: after } = await outcome(sample(field, { count: 100 }));
  engine.close();
  const other = await createEngine({ threads: 2 });
  const run = await sample(exactScore(other.mixture([[0, 0]]), edm()), { count: 100 });
  other.close();
  return { code, after, fresh: run.count };
}

/** How a run ends one of whose workers the browser ends in the middle of it, and what the engine says then. */
export async function endedWorker(): Promise<{ code: string; message: string; after: string }> {
  const { Worker: Original } = globalThis;
  const workers: Worker[] = [];
  globalThis.Worker = class extends Original {
    constructor(...args: ConstructorParameters<typeof Original>) {
      super(...args);
      workers.push(this);
    }
  };
  const engine = await createEngine({ threads: 2 });
  globalThis.Worker = Original;
  const points = Array.from({ length: 4096 }, (_, i) => [Math.cos(i), Math.sin(2 * i)]);
  const field = exactScore(engine.mixture(points), edm());
  const { code, error } = await outcome(
    sample(field, { count: 1_000_000, onProgress: () => workers[1]?.terminate() }),
  );
  const after = await outcome(sample(field, { count: 100 }));
  return { code, message: error?.message ?? "", after: after.code };
}

/** Work whose blocks were once too long to be told from death: the sum of all numbers that come of it. */
export async function heavyBlocks(options: {
  size: number;
  precision: "f32" | "f64";
  blockSize?: number;
}): Promise<number> {
  const { size, precision, blockSize } = options;
  const engine = await createEngine({ threads: 2, ...(blockSize && { blockSize }) });
  const dim = 64;
  const points = Float64Array.from({ length: size * dim }, (_, i) => Math.sin(i * 12.9898));
  const data = engine.mixture(points, { dim, precision });
  const field = exactScore(data, edm());
  const { hessian } = await field.evaluate(points.slice(0, 64 * dim), 5, ["hessian"]);
  engine.close();
  let sum = 0;
  for (const value of hessian) sum += Math.abs(value);
  return sum;
}
