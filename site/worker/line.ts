/** The 1-D tab's problem: the points of a view on a line, the score that drives, and how a run goes. */
import { type DataSetName, loadDataSet } from "../../src/data/sets.js";
import type { Mixture, Precision } from "../../src/data/mixture.js";
import type { Engine } from "../../src/engine.js";
import type { Process } from "../../src/process/index.js";
import { euler, type Grid, type Sampler, times } from "../../src/sampler/index.js";
import { exactScore, naiveScore, piecewiseScore, smoothedScore } from "../../src/score/index.js";
import type { ScoreField, StepEstimator } from "../../src/score/field.js";
import { effectiveSde } from "../../src/theory/effectiveSde.js";
import type { SetName, View } from "../state/state.js";
import type { Law } from "./lineLaw.js";
import { samplerMakers } from "./samplers.js";
import { insteadOf } from "./pairs.js";
import { gridMakers, processMakers } from "./setup.js";

const planeSets: Partial<Record<SetName, DataSetName>> = {
  polygon: "polygon",
  line: "line",
  l: "L",
  random: "random",
  two: "two",
  four: "four",
};

/** Points that lie closer together than this share of their extent count as one. */
const SAME = 1e-9;
/** A smoothing whose width would be less than this share of the gap's half is none. */
const LEAST_WIDTH = 1e-3;

export interface LineProblem {
  readonly view: View;
  readonly points: Float64Array<ArrayBuffer>;
  readonly process: Process;
  /** Half the narrowest gap; undefined of a single point. */
  readonly half: number | undefined;
  /** float64 and float32: theory and particles. */
  readonly data: Mixture<"f64">;
  readonly particles: Mixture<"f32">;
  /** Where runs start and, before their step to 0, end. */
  readonly start: number;
  readonly end: number;
  readonly notices: readonly string[];
}

/** The first coordinates of a view's points, ascending, each once. */
export async function linePoints(
  view: View,
): Promise<{ points: Float64Array<ArrayBuffer>; notices: string[] }> {
  const notices: string[] = [];
  const name = planeSets[view.set];
  let plane: ArrayLike<number> = view.points;
  if (view.set === "own") {
    if (plane.length === 0) notices.push("No points of your own yet: two points are shown.");
  } else if (name === undefined) {
    notices.push("Images have no place on a line: two points are shown.");
    plane = [];
  } else {
    plane = (await loadDataSet(name)).points;
  }
  if (plane.length === 0) plane = (await loadDataSet("two")).points;
  const all = Array.from({ length: plane.length / 2 }, (_, m) => plane[2 * m]).sort((a, b) => a - b);
  const extent = (all.at(-1) as number) - all[0];
  const points = all.filter((x, m) => m === 0 || x - all[m - 1] > SAME * extent);
  if (points.length < all.length) notices.push("Points with the same x count once.");
  for (let m = 0; m < plane.length / 2; m++) {
    if (plane[2 * m + 1] === 0) continue;
    notices.push("Points of the plane are projected on the x-axis.");
    break;
  }
  return { points: Float64Array.from(points), notices };
}

export async function lineProblem(engine: Engine, view: View): Promise<LineProblem> {
  const { points, notices } = await linePoints(view);
  const process = processMakers[view.process]();
  let half: number | undefined;
  for (let m = 1; m < points.length; m++) {
    const gap = (points[m] - points[m - 1]) / 2;
    if (half === undefined || gap < half) half = gap;
  }
  let { start } = view;
  if (start > process.end) {
    start = process.end;
    notices.push(`The process ends at t = ${process.end}: runs start there.`);
  }
  let end = view.epsilon;
  if (end > start / 2) {
    end = start / 2;
    notices.push(`Runs end at half of where they start, t = ${short(end)}, then step to 0.`);
  }
  return {
    view,
    points,
    process,
    half,
    data: engine.mixture(points, { dim: 1, precision: "f64" }),
    particles: engine.mixture(points, { dim: 1 }),
    start,
    end,
    notices,
  };
}

export function disposeLine({ data, particles }: LineProblem): void {
  data.dispose();
  particles.dispose();
}

export const lawAt = ({ points, process }: LineProblem, t: number): Law => ({
  points,
  alpha: process.alpha(t),
  variance: process.variance(t),
});

/** tau at time t in units of x: half the width of the box; undefined where the score is not smoothed. */
export function widthAt({ view, half, process }: LineProblem, t: number): number | undefined {
  if (half === undefined) return undefined;
  const reach = process.alpha(t) * half;
  const width =
    view.tau === "tied" ? reach - Math.sqrt(view.smoothingKappa * process.variance(t)) : view.tau * reach;
  return width > LEAST_WIDTH * reach ? width : undefined;
}

/** The latest time from which on the score is smoothed down to 0, at most `start`. */
export function smoothedFrom(problem: LineProblem): number | undefined {
  if (widthAt(problem, problem.end) === undefined) return undefined;
  if (widthAt(problem, problem.start) !== undefined) return problem.start;
  let [low, high] = [problem.end, problem.start];
  for (let round = 0; round < 60; round++) {
    const middle = Math.sqrt(low * high);
    if (widthAt(problem, middle) === undefined) high = middle;
    else low = middle;
  }
  return low;
}

/** The score of Eq. 16, where there is one at time t. */
export function piecewiseAt<P extends Precision>(
  problem: LineProblem,
  data: Mixture<P>,
): ScoreField<P> | undefined {
  const { view, half, process } = problem;
  if (half === undefined) return undefined;
  return view.tau === "tied"
    ? piecewiseScore(data, { kappa: view.smoothingKappa, process })
    : piecewiseScore(data, { width: view.tau * half, process });
}

export function smoothedField<P extends Precision>(problem: LineProblem, data: Mixture<P>): ScoreField<P> {
  return smoothedScore(data, problem.process, { width: (t) => widthAt(problem, t) ?? 0 });
}

export interface LineRun {
  readonly field: ScoreField | StepEstimator;
  readonly sampler: Sampler;
  readonly times: Float64Array;
  /** Whether the score that drives has the closed-form flow of Chen 2025. */
  readonly smoothed: boolean;
  readonly notices: readonly string[];
}

/** What drives a run from `from` (at most `start`) by the view's estimator, or by the exact score. */
export function lineRun(problem: LineProblem, data: Mixture, exact = false): LineRun {
  const { view, process } = problem;
  const notices: string[] = [];
  const estimator = exact || view.estimator === "kde" ? "exact" : view.estimator;
  const exactly = exactScore(data, process);
  let field: ScoreField | StepEstimator = exactly;
  let from = problem.start;
  const smooth = estimator === "smoothed" || estimator === "piecewise";
  let smoothed = false;
  if (smooth) {
    const top = smoothedFrom(problem);
    const piecewise = estimator === "piecewise" ? piecewiseAt(problem, data) : undefined;
    if (top === undefined || (estimator === "piecewise" && piecewise === undefined)) {
      notices.push("Nothing to smooth: the exact score runs.");
    } else {
      smoothed = true;
      if (top < from) {
        from = top;
        notices.push(
          `Smoothing reaches up to t = ${short(top)} (kappa S / alpha² below Δ²): the run starts there.`,
        );
      }
      field = piecewise ?? smoothedField(problem, data);
    }
  } else if (estimator !== "exact") {
    const naive = naiveScore(
      data,
      process,
      estimator === "noiseTime" ? { noiseTime: view.noiseTime } : { draws: view.draws },
    );
    field = estimator === "effective" ? effectiveSde(naive) : naive;
  }
  const sampler = samplerFor(view, field, notices);
  const descending = gridMakers[view.grid]({
    steps: view.steps,
    tMin: Math.min(problem.end, from / 2),
    tMax: from,
    last: "sigmaMin",
  }).times(process);
  const all = new Float64Array(descending.length + 1);
  all.set(descending);
  return { field, sampler, times: all, smoothed, notices };
}

function samplerFor(view: View, field: ScoreField | StepEstimator, notices: string[]): Sampler {
  const sampler = samplerMakers[view.sampler]();
  const other = insteadOf(view.sampler, sampler, field);
  if (other !== undefined) {
    notices.push(other.notice);
    return samplerMakers[other.name]();
  }
  if (view.sampler === "euler" && view.grid === "squareRoot") return euler({ variable: "squareRoot" });
  return sampler;
}

export const gridOf = (list: Float64Array): Grid => times(list);

/** What the tab shows of the line: the points and as much beside them as the start's noise fills. */
export function windowOf(problem: LineProblem): { low: number; high: number } {
  const { points, process, start } = problem;
  const alpha = process.alpha(start);
  const ends = [points[0], points.at(-1) as number];
  const low = Math.min(...ends, ...ends.map((x) => alpha * x));
  const high = Math.max(...ends, ...ends.map((x) => alpha * x));
  const extent = points.length > 1 ? high - low : 2;
  const pad = Math.min(Math.max(0.5 * extent, 3 * Math.sqrt(process.variance(start))), 1.5 * extent);
  return { low: low - pad, high: high + pad };
}

export function spaced(low: number, high: number, count: number): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: count }, (_, i) => low + ((high - low) * i) / Math.max(1, count - 1));
}

/** Three digits, for notices. */
export const short = (x: number): string => String(Number(x.toPrecision(3)));
