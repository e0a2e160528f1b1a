/** The 1-D tab's problem: the points of a view on a line, the score that drives, and how a run goes. */
import { loadDataSet } from "../../src/data/sets.js";
import type { Mixture, Precision } from "../../src/data/mixture.js";
import type { Engine } from "../../src/engine.js";
import type { Process } from "../../src/process/index.js";
import { type Grid, times } from "../../src/sampler/index.js";
import { processOf, timesToZero } from "../compute/make.js";
import { type Playable, playable } from "../compute/playable.js";
import { type Smoothing, shownWidth, smoothingOf } from "../compute/smoothing.js";
import { estimatorTable, setTable } from "../state/choices.js";
import type { View } from "../state/state.js";
import type { Law } from "./lineLaw.js";

/** Points that lie closer together than this share of their extent count as one. */
const SAME = 1e-9;

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
  const { named = view.set, images } = setTable[view.set];
  let plane: ArrayLike<number> = view.points;
  if (view.set === "own") {
    if (plane.length === 0) notices.push("No points of your own yet: two points are shown.");
  } else if (images) {
    notices.push("Images have no place on a line: two points are shown.");
    plane = [];
  } else {
    plane = (await loadDataSet(named)).points;
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
  const process = processOf(view.process);
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

/** How the score is smoothed; undefined of a single point, which has no gap to smooth. */
export const smoothingOn = ({ view, half }: LineProblem): Smoothing | undefined =>
  half === undefined ? undefined : smoothingOf(view, half);

/** tau at time t in units of x: half the width of the box; undefined where the score is not smoothed. */
export function widthAt(problem: LineProblem, t: number): number | undefined {
  const smoothing = smoothingOn(problem);
  return smoothing && shownWidth(smoothing, problem.process, t);
}

export interface LineRun extends Playable<Precision> {
  readonly times: Float64Array;
  /** Whether the score that drives has the closed-form flow of Chen 2025. */
  readonly smoothed: boolean;
}

/** What drives a run from `start` or later by the view's estimator, or by the exact score. */
export async function lineRun(problem: LineProblem, data: Mixture, exact = false): Promise<LineRun> {
  const { view, process, half, start } = problem;
  const asked: View = exact ? { ...view, estimator: "exact" } : view;
  const ground = { data, process, half, start, initial: "marginal", line: true } as const;
  const played = await playable(asked, ground);
  return {
    ...played,
    times: timesToZero(played.recipe.grid, process),
    smoothed: estimatorTable[played.recipe.estimator].reads === "width",
  };
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
