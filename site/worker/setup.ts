import {
  ancestral,
  dopri5,
  dpmpp2m,
  edm,
  effectiveSde,
  euler,
  eulerMaruyama,
  exactScore,
  type Engine,
  type ExactScore,
  type Grid,
  heun,
  karras,
  linear,
  loadDataSet,
  logarithmic,
  type Mixture,
  naiveScore,
  ou,
  piecewiseScore,
  posterior,
  predictorCorrector,
  type Process,
  rk4,
  type Sampler,
  type ScoreField,
  smoothedScore,
  squareRoot,
  type StepEstimator,
  VkernelError,
  ve,
  vp,
} from "../../src/index.js";
import { type GridName, type ProcessName, type SamplerName, starts, type View } from "../state/state.js";
import type { Plan } from "./protocol.js";

export const processMakers: Readonly<Record<ProcessName, () => Process>> = { edm, ve, vp, ou };

export const samplerMakers: Readonly<Record<SamplerName, () => Sampler>> = {
  euler,
  heun,
  rk4,
  dpmpp2m,
  dopri5,
  eulerMaruyama,
  ancestral,
  posterior,
  predictorCorrector,
};

/** As they are called in sentences. */
export const samplerNames: Readonly<Record<SamplerName, string>> = {
  euler: "Euler",
  heun: "Heun",
  rk4: "RK4",
  dpmpp2m: "DPM-Solver++(2M)",
  dopri5: "Dopri5",
  eulerMaruyama: "Euler-Maruyama",
  ancestral: "the ancestral sampler",
  posterior: "the posterior sampler",
  predictorCorrector: "the predictor-corrector",
};

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
    const plane = {
      polygon: "polygon",
      line: "line",
      l: "L",
      random: "random",
      two: "two",
      four: "four",
    } as const;
    const name = view.set in plane ? plane[view.set as keyof typeof plane] : "polygon";
    points = (await loadDataSet(name)).points;
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

/** Half the least distance of two different points: the delta of paper 003. */
export function halfGap(points: Float64Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < points.length; i += 2) {
    for (let j = 0; j < i; j += 2) {
      const dx = (points[i] as number) - (points[j] as number);
      const dy = (points[i + 1] as number) - (points[j + 1] as number);
      const square = dx * dx + dy * dy;
      if (square > 0 && square < least) least = square;
    }
  }
  return Number.isFinite(least) ? Math.sqrt(least) / 2 : 1;
}

/** Makes what a view asks for; what does not go together is put right, and said. */
export function makeDrive(data: Data, view: View): Drive {
  const notices: string[] = [];
  const process = processMakers[view.process]();
  const exact = exactScore(data.f32, process);
  const exact64 = exactScore(data.f64, process);
  let start = starts[view.process];
  let initial: Drive["initial"] = "noise";
  let estimator = view.estimator;
  let field: Drive["field"] = exact;
  if (estimator === "naive") field = naiveScore(data.f32, process, { draws: view.draws });
  if (estimator === "kappa") field = naiveScore(data.f32, process, { kappa: view.noiseKappa });
  if (estimator === "effective") field = effectiveSde(naiveScore(data.f32, process, { draws: view.draws }));
  if (estimator === "piecewise") {
    const made = piecewise();
    if (made === undefined) {
      notices.push(
        "The piecewise score is that of distinct points on a line: the smoothed score runs instead.",
      );
      estimator = "smoothed";
    } else field = made;
  }
  if (estimator === "smoothed") {
    const half = halfGap(data.points);
    const { tau, smoothingKappa } = view;
    field = smoothedScore(data.f32, process, {
      width: (t) => {
        const alpha = process.alpha(t);
        if (tau !== "tied") return tau * half * alpha;
        return Math.max(0, alpha * half - Math.sqrt(smoothingKappa * process.variance(t)));
      },
    });
  }
  const name = samplerOf(estimator, field);
  const { steps, epsilon } = view;
  const last = Math.min(epsilon, start / 2);
  const grid = gridMakers[view.grid]({ steps, tMin: last, tMax: start, last: "sigmaMin" });
  return {
    process,
    exact,
    exact64,
    field,
    sampler: samplerMakers[name](),
    grid,
    times: grid.times(process),
    initial,
    plan: { estimator, sampler: name, tMax: start, tMin: last, initial },
    kernel: estimator === "kde",
    notices,
  };

  function piecewise(): ScoreField<"f32"> | undefined {
    const half = halfGap(data.points);
    const { tau, smoothingKappa } = view;
    const width = tau === "tied" ? { kappa: smoothingKappa } : { width: tau * half };
    try {
      const made = piecewiseScore(data.f32, { ...width, process });
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

  function samplerOf(estimator: View["estimator"], field: Drive["field"]): SamplerName {
    const { sampler } = view;
    const instead = (other: SamplerName, why: string): SamplerName => {
      const [from, to] = [samplerNames[sampler], samplerNames[other]];
      notices.push(`${from[0]?.toUpperCase()}${from.slice(1)} ${why}: ${to} runs instead.`);
      return other;
    };
    if (field.kind === "step" && !samplerMakers[sampler]().takesRandom) {
      return instead("euler", "takes no score that is drawn anew at every step");
    }
    const rows = estimator === "smoothed" || estimator === "piecewise";
    if (rows && sampler === "dopri5") return instead("heun", "takes the exact score only");
    if (rows && sampler === "posterior") return instead("ancestral", "draws by the exact score only");
    return sampler;
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
    view.noiseKappa,
    view.smoothingKappa,
    view.tau,
  ]);
