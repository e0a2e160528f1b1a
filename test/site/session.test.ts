// The computing side of the explorer, in Node: the same session that the page's worker runs.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createEngine, edm, exactScore, heun, karras, loadDataSet, sample } from "vkernel";
import { placesOf, type Recipe } from "../../site/compute/recipe.js";
import { averageOf } from "../../site/compute/smoothing.js";
import {
  estimatorTable,
  gridTable,
  namesOf,
  processTable,
  samplerTable,
  setTable,
} from "../../site/state/choices.js";
import type { State } from "../../site/state/state.js";
import type { Answer, Reply, Request } from "../../site/worker/protocol.js";
import { Session } from "../../site/worker/session.js";
import { root } from "../browser/bundle.js";
import { hexagon, oracle, stateWith } from "./states.js";

const assets = {
  local: `${root}dist/wasm/simd-local.wasm`,
  shared: `${root}dist/wasm/simd-shared.wasm`,
  threads: new URL("../../dist/worker.js", import.meta.url).href,
};

/** A session and what it answers. */
class Side {
  readonly answers: Answer[] = [];
  readonly session: Session;
  #next = 1;
  readonly #waiting = new Map<number, (answer: Answer) => void>();

  constructor() {
    this.session = new Session((answer) => {
      this.answers.push(answer);
      if (!("progress" in answer)) this.#waiting.get(answer.id)?.(answer);
    });
  }

  async call<K extends Request["kind"]>(request: Extract<Request, { kind: K }>): Promise<Reply<K>> {
    const id = this.#next++;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.session.take({ id, request });
    });
    if ("error" in answer) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
    return (answer as unknown as { reply: Reply<K> }).reply;
  }

  show(state: State, size = 60): Promise<Reply<"state">> {
    const sizes = Array.from({ length: 1 + state.panes.length }, () => ({ width: size, height: size }));
    return this.call<"state">({ kind: "state", state, sizes, dark: false });
  }
}

/** Whole numbers from a linear congruence in [0, 1). */
function* uniforms(seed: number): Generator<number, never> {
  for (let at = seed >>> 0; ; ) {
    at = (Math.imul(at, 1664525) + 1013904223) >>> 0;
    yield at / 2 ** 32;
  }
}

/** float64 sums of a dozen terms, twice, in different orders: far below this. */
const PROBE_TOLERANCE = 1e-11;

describe("a session", () => {
  const side = new Side();
  beforeAll(async () => {
    await side.call<"start">({ kind: "start", assets, isolated: true });
  });
  afterAll(() => side.call<"stop">({ kind: "stop" }));

  it.each([
    null,
    undefined,
    7,
    "frame",
    [],
    {},
    { id: 3 },
    { id: "3", request: {} },
    { request: { kind: "stop" } },
  ])("answers %j, which is no call, by an error", (message) => {
    const before = side.answers.length;
    side.session.take(message);
    const id = (message as { id?: unknown } | null | undefined)?.id;
    expect(side.answers.slice(before)).toEqual([
      {
        id: typeof id === "number" ? id : 0,
        error: { code: "E_USAGE", message: "expected a call: { id: a number, request: { kind } }" },
      },
    ]);
  });

  it("answers a call of a kind that nobody knows by an error", async () => {
    const call = side.call({ kind: "constructor" } as unknown as Request);
    await expect(call).rejects.toMatchObject({ code: "E_UNSUPPORTED" });
  });

  it("says what is shown: times from noise to epsilon, the points", async () => {
    const { times, points, notices } = await side.show(stateWith({}));
    expect(times[0]).toHaveLength(101);
    expect(times[0]?.[0]).toBe(3);
    expect(times[0]?.at(-1)).toBe(0.02);
    expect(notices).toEqual([]);
    expect(points[0]).toHaveLength(12);
    points[0]?.forEach((value, i) => {
      expect(value).toBeCloseTo(hexagon[i] as number, 15);
    });
  });

  it.each(["edm", "ve", "vp", "ou"] as const)(
    "probes as the formulas say, 20 places, %s",
    async (process) => {
      await side.show(stateWith({ process }));
      const next = uniforms(7);
      for (let i = 0; i < 20; i++) {
        const x = [4 * next.next().value - 2, 4 * next.next().value - 2];
        const t = 0.05 * 20 ** next.next().value;
        const got = await side.call<"probe">({ kind: "probe", pane: 0, x, t });
        const want = oracle(hexagon, process, x, t);
        const scale = (value: number): number => Math.max(1, Math.abs(value));
        for (const name of ["logDensity", "proxyVariance", "fraction"] as const) {
          expect(Math.abs(got[name] - want[name]) / scale(want[name]), `${name} at ${x}, ${t}`).toBeLessThan(
            PROBE_TOLERANCE,
          );
        }
        for (const d of [0, 1]) {
          const [a, b] = [got.score[d] as number, want.score[d] as number];
          expect(Math.abs(a - b) / scale(b)).toBeLessThan(PROBE_TOLERANCE);
        }
        want.weights.forEach((w, m) => {
          expect(Math.abs((got.weights[m] as number) - w)).toBeLessThan(PROBE_TOLERANCE);
        });
        expect(got.nearest).toBe(want.nearest);
      }
    },
  );

  it("has the bits of the library's own run, at every step and after going back", async () => {
    const { times } = await side.show(stateWith({ particles: 3000, steps: 30 }, { seed: 5 }));
    const engine = await createEngine({ threads: 1 });
    const { points, dim } = await loadDataSet("polygon");
    const field = exactScore(engine.mixture(points, { dim }), edm());
    const run = await sample(field, {
      sampler: heun(),
      grid: karras({ steps: 30, tMin: 0.02, tMax: 3, last: "sigmaMin" }),
      count: 3000,
      seed: 5,
      record: "all",
    });
    engine.close();
    expect(times[0]).toEqual(Array.from(run.times));
    const states = run.trajectories as Float32Array;
    for (const step of [0, 1, 17, 30, 17, 3]) {
      const [frame] = await side.call<"frame">({ kind: "frame", advance: 0, seek: step });
      expect(frame).toMatchObject({ step, t: run.times[step], done: step === 30, fine: true });
      const { data, count } = await side.call<"particles">({ kind: "particles", pane: 0 });
      expect(count).toBe(3000);
      expect(data).toEqual(states.slice(6000 * step, 6000 * (step + 1)));
    }
  });

  it("puts right what does not go together, in words", async () => {
    const said = async (view: Parameters<typeof stateWith>[0]) => {
      const { notices } = await side.show(stateWith({ particles: 100, steps: 4, ...view }));
      const [frame] = await side.call<"frame">({ kind: "frame", advance: 0, seek: 4 });
      expect(frame?.circles?.every(Number.isFinite)).toBe(true);
      return notices.join(" ");
    };
    expect(await said({ estimator: "naive" })).toMatch(
      /^Heun does not go with this score: .* Euler runs instead/,
    );
    expect(await said({ estimator: "noiseTime", sampler: "ancestral" })).toBe("");
    expect(await said({ estimator: "effective", sampler: "dopri5" })).toMatch(/Euler runs instead/);
    expect(await said({ estimator: "smoothed", sampler: "posterior" })).toMatch(/ancestral sampler runs/);
    expect(await said({ estimator: "smoothed", sampler: "dopri5" })).toBe("");
    expect(await said({ estimator: "piecewise" })).toMatch(/the smoothed score runs instead/);
    expect(await said({ estimator: "piecewise", set: "line", process: "ve" })).toMatch(
      /holds below t = .* from p\(x \| t\)/,
    );
    expect(await said({ estimator: "piecewise", set: "line", tau: 0.5 })).toBe("");
    expect(await said({ set: "own" })).toMatch(/no points of your own/);
    expect(await said({ estimator: "kde" })).toBe("");
  });

  it("says over how many places the smoothed score is averaged", async () => {
    const places = async (view: Parameters<typeof stateWith>[0]) => {
      const { plans } = await side.show(stateWith({ particles: 50, steps: 4, ...view }));
      return placesOf(plans[0] as Recipe);
    };
    expect(await places({ estimator: "smoothed" })).toBe(64);
    expect(averageOf(hexagon)).toEqual({ rule: "quasi", count: 64 });
    // The piecewise score is none of the plane: the smoothed one runs.
    expect(await places({ estimator: "piecewise" })).toBe(64);
    // On a line boxes have closed forms.
    expect(await places({ estimator: "smoothed", set: "four" })).toBe(0);
    expect(await places({ estimator: "exact" })).toBe(0);
  });

  it("runs every sampler, estimator, grid, process and set to finite particles", async () => {
    const base = { particles: 60, steps: 5 };
    const views = [
      ...namesOf(samplerTable).map((sampler) => ({ sampler })),
      ...namesOf(estimatorTable).map((estimator) => ({ estimator })),
      ...namesOf(gridTable).map((grid) => ({ grid })),
      ...namesOf(processTable).map((process) => ({ process })),
      ...namesOf(setTable).map((set) => ({ set })),
    ];
    for (const view of views) {
      await side.show(stateWith({ ...base, ...view }), 12);
      const [frame] = await side.call<"frame">({ kind: "frame", advance: 5 });
      expect(frame?.done, JSON.stringify(view)).toBe(true);
      expect(frame?.circles, JSON.stringify(view)).toHaveLength(120);
      expect(frame?.circles?.every(Number.isFinite), JSON.stringify(view)).toBe(true);
    }
  });

  describe("a host on which every look at the clock is some milliseconds later", () => {
    const view = { sampler: "euler", steps: 30, particles: 20_000 } as const;
    afterEach(() => {
      vi.restoreAllMocks();
    });
    /** Plays a run through: how many particles each frame had, and what was said of them. */
    async function played(later: number) {
      let now = 0;
      vi.spyOn(performance, "now").mockImplementation(() => {
        now += later;
        return now;
      });
      await side.show(stateWith(view));
      const frames: [number | undefined, string | undefined][] = [];
      for (let step = 0; step < 30; step++) {
        const [frame] = await side.call<"frame">({ kind: "frame", advance: 1, playing: true });
        frames.push([frame?.summary.particles, frame?.notice]);
      }
      return frames;
    }

    it("none: all particles all the time", async () => {
      expect(await played(0)).toEqual(Array(30).fill([20_000, undefined]));
      const [rest] = await side.call<"frame">({ kind: "frame", advance: 0 });
      expect([rest?.summary.particles, rest?.notice]).toEqual([20_000, undefined]);
    });

    it("200: fewer while it plays, and at rest those that came, where anew fewer would be in time", async () => {
      const frames = await played(200);
      expect(frames[0]).toEqual([20_000, undefined]);
      const [last, said] = frames.at(-1) as [number, string];
      expect(last).toBeLessThan(20_000);
      expect(said).toMatch(/^[\d,]+ of 20,000 (while it plays|to keep up)$/);
      const [rest] = await side.call<"frame">({ kind: "frame", advance: 0 });
      expect(rest?.done).toBe(true);
      expect(rest?.summary.particles).toBeGreaterThanOrEqual(last);
      expect(rest?.notice).toMatch(/^[\d,]+ of 20,000 to keep up$/);
      // Asked for fewer, it shows those.
      await side.show(stateWith({ ...view, particles: 100 }));
      const [fewer] = await side.call<"frame">({ kind: "frame", advance: 0, seek: 30 });
      expect([fewer?.summary.particles, fewer?.notice]).toEqual([100, undefined]);
    });
  });

  it("errors are typed, and the session goes on", async () => {
    await expect(side.call<"probe">({ kind: "probe", pane: 3, x: [0, 0], t: 1 })).rejects.toMatchObject({
      code: "E_RANGE",
    });
    await expect(side.call<"probe">({ kind: "probe", pane: 0, x: [0, 0], t: -1 })).rejects.toMatchObject({
      code: "E_RANGE",
    });
    expect(await side.call<"frame">({ kind: "frame", advance: 0 })).toHaveLength(1);
  });

  it("a newer request is not kept waiting by a fine map", async () => {
    await side.show(stateWith({}, { tab: "map" }), 900);
    const fine = side.call<"frame">({ kind: "frame", advance: 0 });
    const probed = side.call<"probe">({ kind: "probe", pane: 0, x: [0, 0], t: 1 });
    const [frame] = await fine;
    await probed;
    expect(frame?.fine).toBe(false);
    const [again] = await side.call<"frame">({ kind: "frame", advance: 0 });
    expect(again?.fine).toBe(true);
    expect(again?.field).toMatchObject({ width: 900, height: 900 });
    const [third] = await side.call<"frame">({ kind: "frame", advance: 0 });
    expect(third?.field).toBe("same");
  });

  it("trajectories are those of the first particles; clicked ones start where they were asked to", async () => {
    const { times } = await side.show(stateWith({ particles: 700, steps: 12 }));
    const { data, count } = await side.call<"paths">({ kind: "paths", pane: 0, count: 5 });
    expect(count).toBe(5);
    await side.call<"frame">({ kind: "frame", advance: 0, seek: 7 });
    const { data: now } = await side.call<"particles">({ kind: "particles", pane: 0 });
    for (let p = 0; p < 5; p++) {
      expect(data.slice(2 * (p * 13 + 7), 2 * (p * 13 + 8))).toEqual(now.slice(2 * p, 2 * p + 2));
    }
    const own = await side.call<"paths">({ kind: "paths", pane: 0, from: [0.5, -0.25], step: 4 });
    expect(Array.from(own.data.slice(0, 2))).toEqual([0.5, -0.25]);
    expect(own.times).toEqual(times[0]?.slice(4));
  });

  it("measures the card of a story beside the pictures, with progress, and gives up when told", async () => {
    const { load, stories } = await import("../../site/stories/index.js");
    const story = await load((stories[0] as (typeof stories)[number]).name);
    const { name = "", cards = [] } = story ?? {};
    const card = (cards[0] as (typeof cards)[number]).name;
    const result = await side.call<"claim">({ kind: "claim", story: name, card, seed: 1 });
    expect(result.holds, JSON.stringify(result)).toBe(true);
    expect(Math.abs(result.deviation)).toBeLessThanOrEqual(result.allowed);
    expect(result.milliseconds).toBeGreaterThan(0);
    await expect(
      side.call<"claim">({ kind: "claim", story: name, card: "no such card", seed: 1 }),
    ).rejects.toMatchObject({ code: "E_USAGE", message: expect.stringMatching(/no card "no such card"/) });
  });

  it("cards that get no kernels of their own say so, and are measured when there are some", async () => {
    const { Claims } = await import("../../site/worker/claims.js");
    const engine = await createEngine({ threads: 1 });
    const there = { ...assets, local: `${root}nowhere.wasm`, shared: `${root}nowhere.wasm` };
    const room = new Claims({ engine: engine as never, assets: there, state: () => undefined });
    const { signal } = new AbortController();
    const measure = () =>
      room.answer(
        { kind: "claim", story: "boundary-map", card: "at-a-point", seed: 1 },
        signal,
        () => {},
      ) as Promise<Reply<"claim">>;
    await expect(measure()).rejects.toMatchObject({
      code: "E_IO",
      message: expect.stringMatching(/^The kernels/),
    });
    Object.assign(there, assets);
    expect((await measure()).holds).toBe(true);
    room.dispose();
    engine.close();
  });

  it("panes share the time: each stands at the step of its grid whose noise is nearest", async () => {
    const state = stateWith(
      { particles: 600, steps: 40 },
      { tab: "compare", panes: [{ steps: 7 }, { process: "ve" }, { estimator: "kde" }] },
    );
    const { times, points } = await side.show(state);
    expect(times.map(({ length }) => length)).toEqual([41, 8, 41, 41]);
    expect(points).toHaveLength(4);
    for (const seek of [0, 13, 33, 40]) {
      const frames = await side.call<"frame">({ kind: "frame", advance: 0, seek });
      const t = times[0]?.[seek] as number;
      expect(frames.map(({ pane }) => pane)).toEqual([0, 1, 2, 3]);
      expect(frames[0]?.t).toBe(t);
      expect(frames[3]?.t).toBe(t);
      const last = seek === 40;
      expect(frames.every(({ done }) => done === last || !last)).toBe(true);
      for (const [i, sigma] of [
        [1, (time: number) => time],
        [2, (time: number) => Math.sqrt(time)],
      ] as const) {
        const distance = (time: number): number => Math.abs(Math.log(sigma(time) / t));
        const least = Math.min(...(times[i] as readonly number[]).map(distance));
        if (!last) expect(distance(frames[i]?.t as number)).toBeCloseTo(least, 12);
      }
    }
    // The first pane's bits are those that it has alone.
    const together = await side.call<"particles">({ kind: "particles", pane: 0 });
    await side.show(stateWith({ particles: 600, steps: 40 }));
    await side.call<"frame">({ kind: "frame", advance: 0, seek: 40 });
    expect((await side.call<"particles">({ kind: "particles", pane: 0 })).data).toEqual(together.data);
  });

  it("canvases that are new get whole pictures; others only what changed", async () => {
    const state = stateWith({ particles: 2000, steps: 5 });
    const sizes = [{ width: 40, height: 40 }];
    const drawn = async () => {
      const [frame] = await side.call<"frame">({ kind: "frame", advance: 0, seek: 5 });
      return [frame?.field, frame?.density].map((one) => (one === "same" ? one : typeof one));
    };
    await side.call<"state">({ kind: "state", state, sizes, dark: false });
    expect(await drawn()).toEqual(["object", "object"]);
    expect(await drawn()).toEqual(["same", "same"]);
    await side.call<"state">({ kind: "state", state, sizes, dark: false, fresh: true });
    expect(await drawn()).toEqual(["object", "object"]);
    await side.call<"state">({ kind: "state", state, sizes, dark: true });
    expect(await drawn()).toEqual(["same", "same"]);
  });
});
