/** The 1-D tab's numbers: curves at a time, the flow, and particles beside their law. */
import type { Engine } from "../../src/engine.js";
import { exactScore } from "../../src/score/exact.js";
import { euler } from "../../src/sampler/index.js";
import { sample } from "../../src/run/index.js";
import { flowMap } from "../../src/theory/flowMap.js";
import { terminalLaw } from "../../src/theory/terminalLaw.js";
import { piecewiseOf, piecewiseRecipe, smoothedOf } from "../compute/fields.js";
import { type EstimatorName, samplerTable } from "../state/choices.js";
import { scoreOf, type View } from "../state/state.js";
import {
  disposeLine,
  gridOf,
  type LineProblem,
  type LineRun,
  lawAt,
  lineProblem,
  lineRun,
  smoothingOn,
  spaced,
  widthAt,
  windowOf,
} from "./line.js";
import { logDensity, mass, quantile, score, smoothedScore } from "./lineLaw.js";
import type { Curves, Flow, Histogram, PanelRequest } from "./panels.js";
import type { Request } from "./protocol.js";
import type { Room, RoomContext } from "./room.js";

type Asked<K extends PanelRequest["kind"]> = Extract<PanelRequest, { kind: K }>;

/** Numbers of recorded particles that are kept between requests. */
const KEPT = 8e6;
/** Evaluations of the smoothed and of the piecewise score that a run may take: about a second. */
const MOST_ROWS: Partial<Record<EstimatorName, number>> = { smoothed: 1.5e6, piecewise: 8e6 };
/** Nearer to a point than this share of the extent, a particle at t = 0 lies on it: float32 and a last step to 0. */
const ON_POINT = 1e-4;

/** What the line's problem depends on; a problem is made anew when it changes. */
const keyOf = (view: View): string => {
  const { set, points, process, start, epsilon } = view;
  return JSON.stringify([set, points, process, start, epsilon, scoreOf(view)]);
};

interface Recorded {
  readonly count: number;
  readonly notices: readonly string[];
  readonly key: string;
  readonly run: LineRun;
  readonly indices: readonly number[];
  readonly states: Float32Array;
}

/** Answers the 1-D tab; what was made for its last request serves the next. */
export class LineRoom implements Room {
  readonly #engine: Engine;
  #key = "";
  #problem: Promise<LineProblem> | undefined;
  #recorded: Promise<Recorded> | undefined;
  #recordedKey = "";

  constructor({ engine }: Pick<RoomContext, "engine">) {
    this.#engine = engine;
  }

  answer(request: Request, signal: AbortSignal): Promise<Curves | Flow | Histogram> {
    switch (request.kind) {
      case "curves":
        return this.#curves(request, signal);
      case "flow":
        return this.#flow(request, signal);
      case "histogram":
        return this.#histogram(request, signal);
      default:
        throw new Error(`the line does not answer "${request.kind}"`);
    }
  }

  dispose(): void {
    void this.#problem?.then(disposeLine, () => {});
    this.#problem = undefined;
    this.#recorded = undefined;
    this.#recordedKey = "";
  }

  #of(view: View): Promise<LineProblem> {
    const key = keyOf(view) + view.sampler + view.grid + view.steps;
    if (this.#problem === undefined || key !== this.#key) {
      this.dispose();
      this.#key = key;
      this.#problem = lineProblem(this.#engine, view);
    }
    return this.#problem;
  }

  async #curves({ view, t, places }: Asked<"curves">, signal: AbortSignal): Promise<Curves> {
    const problem = await this.#of(view);
    const { data, process, points } = problem;
    const at = Math.min(t, process.end);
    const { low, high } = windowOf(problem);
    const x = spaced(low, high, places);
    const law = lawAt(problem, at);
    const width = widthAt(problem, at);
    const smoothing = width === undefined ? undefined : smoothingOn(problem);
    const asked = { signal };
    const exact = await exactScore(data, process).evaluate(x, at, ["logDensity", "score"], asked);
    const smoothed = smoothing && smoothedOf({ smoothing }, data, process);
    const piecewise = smoothing && piecewiseOf(piecewiseRecipe(smoothing), data, process);
    return {
      points: points.slice(),
      notices: problem.notices,
      t: at,
      sigma: process.sigma(at),
      x,
      density: exact.logDensity.map(Math.exp),
      densityTheory: x.map((place) => Math.exp(logDensity(law, place))),
      exact: exact.score,
      exactTheory: x.map((place) => score(law, place)),
      width,
      smoothed: smoothed && (await smoothed.evaluate(x, at, ["score"], asked)).score,
      smoothedTheory: width === undefined ? undefined : x.map((place) => smoothedScore(law, place, width)),
      piecewise: piecewise && (await piecewise.evaluate(x, at, ["score"], asked)).score,
    };
  }

  async #flow({ view, places, paths, seed }: Asked<"flow">, signal: AbortSignal): Promise<Flow> {
    const problem = await this.#of(view);
    const { data, process, points } = problem;
    const { low, high } = windowOf(problem);
    const chosen = await lineRun(problem, data);
    const start = chosen.times[0];
    const law = lawAt(problem, start);
    const from = spaced(low, high, places);
    const asked = { signal };
    const common = { grid: gridOf(chosen.times), seed, ...asked };
    const exactly = await lineRun(problem, data, true);
    const random = (run: LineRun): boolean => run.field.kind === "step" || !run.sampler.flow;
    // The exact score's own flow is shown beside any other; a sampler with noise would not show a flow.
    const flowing = random(exactly) ? { ...exactly, sampler: euler() } : exactly;
    const exact = await sample(flowing.field, { ...common, sampler: flowing.sampler, initial: from });
    const other = view.estimator === "exact" || view.estimator === "kde" ? undefined : chosen;
    const asChosen = other ?? (random(exactly) ? exactly : undefined);
    const second =
      asChosen && (await sample(asChosen.field, { ...common, sampler: asChosen.sampler, initial: from }));
    const starts = Float64Array.from({ length: paths }, (_, i) => quantile(law, (i + 0.5) / paths));
    const traced = await sample(chosen.field, {
      ...common,
      sampler: chosen.sampler,
      initial: starts,
      record: "all",
    });
    const closed = closedForm(problem, chosen.smoothed, start, 0);
    return {
      points: points.slice(),
      notices: [...problem.notices, ...chosen.notices],
      times: Float64Array.from(chosen.times),
      sigmas: Float64Array.from(chosen.times, (t) => (t === 0 ? 0 : process.sigma(t))),
      from,
      exact: Float64Array.from(exact.samples),
      exactTheory: from.map((x) => {
        const share = mass(law, Number.NEGATIVE_INFINITY, x);
        return points[Math.min(points.length - 1, Math.floor(share * points.length))];
      }),
      chosen: second && Float64Array.from(second.samples),
      random: asChosen !== undefined && random(asChosen),
      closedForm: closed?.map(from),
      paths: Float64Array.from(traced.trajectories as Float64Array),
    };
  }

  async #histogram({ view, seed, t, bins }: Asked<"histogram">, signal: AbortSignal): Promise<Histogram> {
    const problem = await this.#of(view);
    const { process, points } = problem;
    const { low, high } = windowOf(problem);
    const key = JSON.stringify([this.#key, seed, view.particles]);
    if (this.#recorded === undefined || this.#recordedKey !== key) {
      this.#recordedKey = key;
      const pending = record(problem, key, seed, signal);
      this.#recorded = pending;
      pending.catch(() => {
        if (this.#recorded === pending) this.#recordedKey = "";
      });
    }
    const { run, indices, states, count, notices } = await this.#recorded;
    const row = nearestRow(run.times, indices, t);
    const step = indices[row];
    const at = run.times[step];
    const mine = states.subarray(row * count, (row + 1) * count);
    const edges = spaced(low, high, bins + 1);
    const extent = (points.at(-1) as number) - points[0] || 1;
    const counted = countIn(mine, edges, at === 0 ? { points, reach: ON_POINT * extent } : undefined);
    const told = lawOf(problem, run, at, edges);
    return {
      points: points.slice(),
      notices: [...problem.notices, ...run.notices, ...notices],
      t: at,
      sigma: at === 0 ? 0 : process.sigma(at),
      step,
      steps: run.times.length - 1,
      particles: count,
      edges,
      counts: counted.counts,
      outside: counted.outside,
      theory: told.bins,
      law: told.name,
      atoms: at === 0 ? { share: counted.atoms.map((hits) => hits / count), theory: told.atoms } : undefined,
    };
  }
}

/** The closed form of the smoothed flow from time `from` to `to`, where the smoothing has one. */
function closedForm(
  problem: LineProblem,
  smoothed: boolean,
  from: number,
  to: number,
): { map: (x: Float64Array) => Float64Array<ArrayBuffer> } | undefined {
  const { view, data, process } = problem;
  if (view.tau !== "tied" || widthAt(problem, from) === undefined) return undefined;
  if (!smoothed && to !== 0) return undefined;
  const map = flowMap(data, { kappa: view.smoothingKappa, from, to, process });
  return { map: (x) => Float64Array.from(map(x)) };
}

/** A run of the view's particles from the law at the start; as many times of it as memory takes, the last among them. */
async function record(
  problem: LineProblem,
  key: string,
  seed: number,
  signal: AbortSignal,
): Promise<Recorded> {
  const { view, particles, process } = problem;
  const run = await lineRun(problem, particles);
  const steps = run.times.length - 1;
  const notices: string[] = [];
  let count = view.particles;
  const { sampler, estimator } = run.recipe;
  const mostRows = MOST_ROWS[estimator];
  if (mostRows !== undefined) {
    const each = steps * (samplerTable[sampler.name].looks ?? 1);
    const most = Math.max(1000, 500 * Math.floor(mostRows / each / 500));
    if (most < count) {
      count = most;
      notices.push(`${count.toLocaleString("en")} particles run: this score is slow to compute.`);
    }
  }
  const most = Math.max(2, Math.floor(KEPT / count));
  const rows = Math.min(steps + 1, most);
  const indices = Array.from({ length: rows }, (_, i) => Math.round((i * steps) / (rows - 1)));
  const options = {
    count,
    seed,
    initial: "marginal" as const,
    signal,
  };
  if (estimator === "kde") {
    // No flow: fresh draws of p_t at each time, and at 0 of the points themselves.
    const states = new Float32Array(rows * count);
    for (const [row, index] of indices.entries()) {
      const t = run.times[index];
      const least = run.times[steps - 1];
      const grid = gridOf(Float64Array.of(t === 0 ? least : t, t === 0 ? 0 : t / 2));
      const drawn = await sample(exactScore(particles, process), {
        ...options,
        grid,
        record: [t === 0 ? 1 : 0],
      });
      states.set(drawn.trajectories as Float32Array, row * count);
    }
    return { key, run, indices, states, count, notices };
  }
  const { trajectories } = await sample(run.field, {
    ...options,
    sampler: run.sampler,
    grid: gridOf(run.times),
    record: indices,
  });
  return { key, run, indices, states: trajectories as Float32Array, count, notices };
}

/** The recorded time that is nearest to t in its logarithm; the step to 0 where t is the time bar's end or below. */
function nearestRow(all: Float64Array, indices: readonly number[], t: number): number {
  const end = indices.length - 1;
  if (t <= all[all.length - 2] * (1 + 1e-6)) return end;
  let best = 0;
  for (let row = 1; row < end; row++) {
    const distance = (i: number): number => Math.abs(Math.log(all[indices[i]] / t));
    if (distance(row) < distance(best)) best = row;
  }
  return best;
}

function countIn(
  x: Float32Array,
  edges: Float64Array,
  atoms: { points: Float64Array; reach: number } | undefined,
): { counts: Float64Array<ArrayBuffer>; outside: number; atoms: Float64Array<ArrayBuffer> } {
  const bins = edges.length - 1;
  const low = edges[0];
  const scale = bins / (edges[bins] - low);
  const counts = new Float64Array(bins);
  const hits = new Float64Array(atoms?.points.length ?? 0);
  let outside = 0;
  for (const place of x) {
    if (atoms) {
      const k = atoms.points.findIndex((point) => Math.abs(place - point) <= atoms.reach);
      if (k >= 0) {
        hits[k] = hits[k] + 1;
        continue;
      }
    }
    const bin = Math.floor((place - low) * scale);
    if (bin >= 0 && bin < bins) counts[bin] = counts[bin] + 1;
    else outside++;
  }
  return { counts, outside, atoms: hits };
}

/** What particles of a run should be spread like at time t. */
function lawOf(
  problem: LineProblem,
  run: LineRun,
  t: number,
  edges: Float64Array,
): {
  name: string;
  bins: Float64Array<ArrayBuffer> | undefined;
  atoms: Float64Array<ArrayBuffer> | undefined;
} {
  const { view, points, process, data } = problem;
  const bins = edges.length - 1;
  const start = run.times[0];
  if (run.smoothed) {
    if (view.tau !== "tied" || run.field.kind === "step" || !run.sampler.flow) {
      return { name: "no closed form", bins: undefined, atoms: undefined };
    }
    const name = "closed form (Eq. 17)";
    const options = { kappa: view.smoothingKappa, from: start, process };
    if (t === 0) {
      const law = terminalLaw(data, options);
      const atoms = Float64Array.from(law.atoms);
      const inside = (i: number): number => {
        const [lo, hi] = [edges[i], edges[i + 1]];
        let sum = law.cdf(hi) - law.cdf(lo);
        points.forEach((y, k) => {
          if (y > lo && y <= hi) sum -= atoms[k];
        });
        return Math.max(0, sum);
      };
      return { name, bins: Float64Array.from({ length: bins }, (_, i) => inside(i)), atoms };
    }
    const first = lawAt(problem, start);
    const before =
      t === start ? edges : inverse(flowMap(data, { ...options, to: t }), edges, windowOf(problem));
    return {
      name,
      bins: Float64Array.from({ length: bins }, (_, i) => mass(first, before[i], before[i + 1])),
      atoms: undefined,
    };
  }
  if (t === 0) {
    return {
      name: "the points themselves",
      bins: new Float64Array(bins),
      atoms: new Float64Array(points.length).fill(1 / points.length),
    };
  }
  const law = lawAt(problem, t);
  return {
    name: "p(x | t)",
    bins: Float64Array.from({ length: bins }, (_, i) => mass(law, edges[i], edges[i + 1])),
    atoms: undefined,
  };
}

/** Where an increasing map takes from what it ends at: by bisection, all at once. */
function inverse(
  map: (x: Float64Array) => Float64Array,
  ends: Float64Array,
  { low, high }: { low: number; high: number },
): Float64Array {
  const reach = 1e3 * (high - low);
  const lows = new Float64Array(ends.length).fill(low - reach);
  const highs = new Float64Array(ends.length).fill(high + reach);
  for (let round = 0; round < 80; round++) {
    const middles = lows.map((value, i) => (value + highs[i]) / 2);
    const there = map(middles);
    ends.forEach((end, i) => {
      if (there[i] < end) lows[i] = middles[i];
      else highs[i] = middles[i];
    });
  }
  return lows;
}
