import { karras } from "../sampler/grids/karras.js";
import { exactFlow } from "./order.js";
import { directions, drawMarginal, nearest, type Problem, project } from "./problems.js";
import { meanOf, wasserstein } from "../numeric/statistics.js";
import type { Subject } from "./subject.js";

/** A number and its standard error. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number;
}

/** What is left of the error at a number of evaluations: karras from 80 to 0.002 and then to 0, from p_80 itself. */
export interface Bias {
  /** At most this many evaluations per particle were allowed; a sampler that chooses its own steps has none. */
  readonly budget: number | null;
  readonly steps: number;
  /** The evaluations per particle that were made. */
  readonly evaluations: number;
  /** Sliced Wasserstein-1 distance of the end points from the data; an exact sampler has `floor`. */
  readonly law: Estimate;
  readonly floor: Estimate;
  /** The share of end points further than 1% of the data's scale from every training point. */
  readonly between: Estimate;
  /** For deterministic samplers: root mean square distance from where the exact flow ends. */
  readonly flow: Estimate | null;
  /** For deterministic samplers: the share that ends nearest to another training point than the exact flow. */
  readonly elsewhere: Estimate | null;
}

export interface BiasOptions {
  readonly budgets: readonly number[];
  readonly particles: number;
  readonly repeats: number;
  readonly seed: number;
  readonly random: boolean;
  /** Told after each run. */
  readonly tick?: () => void;
}

const TOP = 80;
const BOTTOM = 0.002;

/** What repeats have in common for one problem: starts, the exact flow's ends, the floor of the law's distance. */
export interface Ground {
  readonly problem: Problem;
  readonly scale: number;
  readonly repeats: readonly {
    readonly start: Float64Array;
    readonly flow: Float64Array | undefined;
    readonly nearest: Int32Array | undefined;
  }[];
  readonly floor: Estimate;
  law(ends: Float64Array): number;
}

/** Draws the starts of all repeats and carries them along the exact flow, at tolerance 1e-10. */
export async function groundOf(
  problem: Problem,
  options: { particles: number; repeats: number; seed: number; flow: boolean },
): Promise<Ground> {
  const { particles, repeats, seed } = options;
  const { dim, points, weights } = problem;
  const lines = directions(dim, 16);
  const lanes = Array.from({ length: 16 }, (_, k) => {
    const direction = lines.subarray(k * dim, (k + 1) * dim);
    return { direction, values: project(points, dim, direction) };
  });
  const law = (ends: Float64Array) =>
    lanes.reduce(
      (sum, { direction, values }) => sum + wasserstein(project(ends, dim, direction), values, weights) / 16,
      0,
    );
  const own = [];
  const floors: number[] = [];
  for (let r = 0; r < repeats; r++) {
    const start = drawMarginal(problem, TOP, particles, seed + 1000 * r);
    floors.push(law(drawMarginal({ ...problem, sigma0: 0 }, 0, particles, seed + 1000 * r + 500)));
    const flow = options.flow ? await exactFlow(problem, start, [TOP, BOTTOM, 0], 1e-10) : undefined;
    own.push({ start, flow, nearest: flow && nearest(flow, problem).index });
  }
  return { problem, scale: scaleOf(problem), repeats: own, floor: meanOf(floors), law };
}

/** The root mean square distance of the data from their mean. */
function scaleOf({ points, dim, weights }: Problem): number {
  const mean = new Float64Array(dim);
  let square = 0;
  for (let m = 0; m < weights.length; m++) {
    for (let d = 0; d < dim; d++) {
      const x = points[m * dim + d];
      mean[d] = mean[d] + weights[m] * x;
      square += weights[m] * x * x;
    }
  }
  return Math.sqrt(square - mean.reduce((sum, x) => sum + x * x, 0));
}

/** The most steps whose evaluations stay within a budget, for samplers that make the same number at every step. */
async function stepsWithin(subject: Subject, problem: Problem, seed: number) {
  const start = drawMarginal(problem, TOP, 2, seed);
  const evaluations = async (steps: number) => {
    const sigmas = karras({ steps }).times(problem.field.process);
    return (await subject.run({ problem, start, sigmas, seed })).evaluations;
  };
  const [few, more] = [await evaluations(4), await evaluations(8)];
  const each = (more - few) / 4;
  return (budget: number) => Math.max(1, Math.floor((budget - few) / Math.max(each, 1e-9) + 4 + 1e-9));
}

export async function biasOf(subject: Subject, ground: Ground, options: BiasOptions): Promise<Bias[]> {
  const { problem } = ground;
  const { budgets, seed, random } = options;
  const plan: { budget: number | null; steps: number }[] = [];
  if (subject.adaptive) plan.push({ budget: null, steps: 2 });
  else {
    const within = await stepsWithin(subject, problem, seed);
    for (const budget of budgets) plan.push({ budget, steps: Math.min(10_000, within(budget)) });
  }
  const out: Bias[] = [];
  for (const { budget, steps } of plan) {
    const sigmas = karras({ steps }).times(problem.field.process);
    const laws: number[] = [];
    const betweens: number[] = [];
    const squares: number[] = [];
    const elsewheres: number[] = [];
    const evaluations: number[] = [];
    for (const [r, { start, flow, nearest: own }] of ground.repeats.entries()) {
      const { dim } = problem;
      const run = await subject.run({ problem, start, sigmas, seed: seed + 1000 * r + steps });
      const { ends } = run;
      evaluations.push(run.evaluations);
      const near = nearest(ends, problem);
      laws.push(ground.law(ends));
      betweens.push(...near.distance.map((d) => (d > 0.01 * ground.scale ? 1 : 0)));
      if (!random && flow !== undefined && own !== undefined) {
        for (let i = 0; i < ends.length; i += dim) {
          let square = 0;
          for (let d = 0; d < dim; d++) square += (ends[i + d] - flow[i + d]) ** 2;
          squares.push(square);
        }
        own.forEach((m, i) => {
          elsewheres.push(m === near.index[i] ? 0 : 1);
        });
      }
      options.tick?.();
    }
    const square = meanOf(squares);
    const root = Math.sqrt(square.value);
    out.push({
      budget,
      steps,
      evaluations: meanOf(evaluations).value,
      law: meanOf(laws),
      floor: ground.floor,
      between: meanOf(betweens),
      flow:
        squares.length === 0
          ? null
          : { value: root, standardError: root === 0 ? 0 : square.standardError / (2 * root) },
      elsewhere: squares.length === 0 ? null : meanOf(elsewheres),
    });
  }
  return out;
}
