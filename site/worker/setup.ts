import {
  edm,
  type Engine,
  euler,
  exactScore,
  type ExactScore,
  type Grid,
  heun,
  karras,
  linear,
  lShape,
  logarithmic,
  type Mixture,
  ou,
  polygon,
  type Process,
  randomOutlier,
  type Sampler,
  type ScoreField,
  squareRoot,
  type StepEstimator,
  VkernelError,
  ve,
  vp,
} from "../../src/index.js";
import { line } from "../../src/data/builtin.js";
import { notesOf } from "../../src/run/notes.js";
import { type GridName, type ProcessName, type SamplerName, starts, type View } from "../state/state.js";
import { insteadOf } from "./pairs.js";
import type { Plan } from "./protocol.js";
import { smoothingRule } from "./smoothing.js";

export const processMakers: Readonly<Record<ProcessName, () => Process>> = { edm, ve, vp, ou };

/** A sampler; what the first picture does not need loads when it is chosen. */
async function samplerOf(name: SamplerName): Promise<Sampler> {
  if (name === "heun") return heun();
  if (name === "euler") return euler();
  return (await import("./samplers.js")).samplerMakers[name]();
}

/** The points of a built-in set of the plane. */
async function builtIn(set: View["set"]): Promise<Float64Array> {
  if (set === "line") return line().points;
  if (set === "l") return lShape().points;
  if (set === "random") return randomOutlier().points;
  if (set === "two" || set === "four") {
    const { fourPoints, twoPoints } = await import("./shapes.js");
    return (set === "two" ? twoPoints() : fourPoints()).points;
  }
  return polygon().points;
}

export const gridMakers: Readonly<
  Record<GridName, (options: { steps: number; tMin: number; tMax: number; last: "sigmaMin" }) => Grid>
> = { karras, linear, logarithmic, squareRoot };

/** The training points of a view, and their two precisions. */
export interface Data {
  /** `[count, 2]` */
  readonly points: Float64Array;
  /** For particles and maps. */
  readonly f32: Mixture<"f32">;
  /** For what is shown as a number. */
  readonly f64: Mixture<"f64">;
  readonly notices: readonly string[];
  dispose(): void;
}

/** What a view's particles are driven by. */
export interface Drive {
  readonly process: Process;
  readonly exact: ExactScore<"f32">;
  readonly exact64: ExactScore<"f64">;
  readonly field: ScoreField<"f32"> | StepEstimator<"f32">;
  readonly sampler: Sampler;
  readonly grid: Grid;
  readonly times: Float64Array;
  /** From p_t itself where the score holds only below a time, else from noise. */
  readonly initial: "noise" | "marginal";
  /** The same in words. */
  readonly plan: Plan;
  /** Samples of the Gaussian kernel density: the marginal law at every time, without a flow. */
  readonly kernel: boolean;
  readonly notices: readonly string[];
}

/** The points of a view: a built-in set, or the user's own. */
export async function loadData(engine: Engine, view: View): Promise<Data> {
  const notices: string[] = [];
  let points: Float64Array;
  if (view.set === "own" && view.points.length >= 2) {
    points = Float64Array.from(view.points.slice(0, view.points.length - (view.points.length % 2)));
  } else {
    if (view.set === "own") notices.push("There are no points of your own yet: the polygon is shown.");
    points = await builtIn(view.set);
  }
  const f32 = engine.mixture(Float32Array.from(points), { dim: 2 });
  const f64 = engine.mixture(points, { dim: 2, precision: "f64" });
  return {
    points,
    f32,
    f64,
    notices,
    dispose() {
      f32.dispose();
      f64.dispose();
    },
  };
}

/** Half the least distance of two different points: the delta of Chen 2025. */
export function halfGap(points: Float64Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < points.length; i += 2) {
    for (let j = 0; j < i; j += 2) {
      const dx = points[i] - points[j];
      const dy = points[i + 1] - points[j + 1];
      const square = dx * dx + dy * dy;
      if (square > 0 && square < least) least = square;
    }
  }
  return Number.isFinite(least) ? Math.sqrt(least) / 2 : 1;
}

/** Makes what a view asks for; what does not go together is put right, and said. */
export async function makeDrive(data: Data, view: View): Promise<Drive> {
  const notices: string[] = [];
  const process = processMakers[view.process]();
  const exact = exactScore(data.f32, process);
  const exact64 = exactScore(data.f64, process);
  let start = starts[view.process];
  let initial: Drive["initial"] = "noise";
  let estimator = view.estimator;
  let field: Drive["field"] = exact;
  let places = 0;
  const plain = estimator === "exact" || estimator === "kde";
  const scores = plain ? undefined : await import("./scores.js");
  if (scores) {
    const { effectiveSde, naiveScore } = scores;
    if (estimator === "naive") field = naiveScore(data.f32, process, { draws: view.draws });
    if (estimator === "noiseTime") field = naiveScore(data.f32, process, { noiseTime: view.noiseTime });
    if (estimator === "effective") field = effectiveSde(naiveScore(data.f32, process, { draws: view.draws }));
  }
  if (scores && estimator === "piecewise") {
    const made = piecewise(scores);
    if (made === undefined) {
      notices.push(
        "The piecewise score is that of distinct points on a line: the smoothed score runs instead.",
      );
      estimator = "smoothed";
    } else field = made;
  }
  if (scores && estimator === "smoothed") {
    const half = halfGap(data.points);
    const { tau, smoothingKappa } = view;
    const rule = smoothingRule(data.points);
    places = rule?.count ?? 0;
    field = scores.smoothedScore(data.f32, process, {
      ...rule,
      width: (t) => {
        const alpha = process.alpha(t);
        if (tau !== "tied") return tau * half * alpha;
        return Math.max(0, alpha * half - Math.sqrt(smoothingKappa * process.variance(t)));
      },
    });
  }
  let name = view.sampler;
  let sampler = await samplerOf(name);
  const other = insteadOf(name, sampler, field);
  if (other !== undefined) {
    notices.push(other.notice);
    name = other.name;
    sampler = await samplerOf(name);
  }
  const { steps, epsilon } = view;
  const last = Math.min(epsilon, start / 2);
  const grid = gridMakers[view.grid]({ steps, tMin: last, tMax: start, last: "sigmaMin" });
  const times = grid.times(process);
  notices.push(...notesOf(field, { sampler, times, noise: "independent" }));
  return {
    process,
    exact,
    exact64,
    field,
    sampler,
    grid,
    times,
    initial,
    plan: { estimator, sampler: name, tMax: start, tMin: last, initial, places },
    kernel: estimator === "kde",
    notices,
  };

  function piecewise(scores: typeof import("./scores.js")): ScoreField<"f32"> | undefined {
    const half = halfGap(data.points);
    const { tau, smoothingKappa } = view;
    const width = tau === "tied" ? { kappa: smoothingKappa } : { width: tau * half };
    try {
      const made = scores.piecewiseScore(data.f32, { ...width, process });
      if (tau === "tied" && smoothingKappa > 0) {
        // kappa S / alpha^2 < Delta^2, with room for the grid's rounding.
        const most = process.timeOfSigma(Math.sqrt(0.98 / smoothingKappa) * half);
        if (most < start) {
          start = most;
          initial = "marginal";
          notices.push(
            `The piecewise score holds below t = ${start.toPrecision(3)}: the run starts there, from p(x | t).`,
          );
        }
      }
      return made;
    } catch (error) {
      if (error instanceof VkernelError) return undefined;
      throw error;
    }
  }
}

/** What of a view its data depend on; its drive; its run. */
export const dataKey = ({ set, points }: View): string => JSON.stringify([set, set === "own" ? points : []]);
export const driveKey = (view: View): string =>
  JSON.stringify([
    dataKey(view),
    view.process,
    view.estimator,
    view.sampler,
    view.grid,
    view.steps,
    view.epsilon,
    view.draws,
    view.noiseTime,
    view.smoothingKappa,
    view.tau,
  ]);
