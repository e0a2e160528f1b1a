/**
 * The laws of g7 and g7f: runs made anew on the same grids, and every statistic of the files compared. Nothing here needs
 * Node, so that Chromium can run the same.
 *
 * False alarms. A statistics block of a file has 23 numbers and a histogram. Numbers are compared at 5.7 combined
 * standard errors (plus the file's 2e-5): 1.2e-8 each where they are means, variances or quantiles; counts (11 of the 23)
 * are sums of signs given their total, with tails at most 3.2 times as heavy (Pinelis 1994): 3.9e-8. Chi-squares: 1e-8. Both
 * files are 4,200 comparisons: 1.1e-4. The shorter runs in other builds, which see one stream, are some 600 for each of two
 * numbers of particles: 3e-5. All together: below 1.5e-4.
 */
import {
  ancestral,
  type Engine,
  effectiveSde,
  euler,
  eulerMaruyama,
  exactScore,
  heun,
  type Mixture,
  naiveScore,
  type Process,
  type Sampler,
  type ScoreField,
  type StepEstimator,
  sample,
  times,
} from "vkernel";
import { chiSquareTail, type GoldenProcess, type Precision, processOf } from "./golden.js";

/** Statistics of particles: fractions within radii of the nearest point, quantiles of that distance, and so on. */
export interface LawStatistics {
  readonly n: number;
  readonly radii: readonly number[];
  readonly frac_within: readonly number[];
  readonly frac_within_se: readonly number[];
  readonly quantile_levels: readonly number[];
  readonly dist_quantiles: readonly number[];
  readonly dist_quantiles_se: readonly number[];
  readonly mean_dist: number;
  readonly mean_dist_se: number;
  readonly masses: readonly number[];
  readonly masses_se: readonly number[];
  readonly mean: readonly number[];
  readonly mean_se: readonly number[];
  readonly cov: readonly (readonly number[])[];
  readonly cov_se: readonly (readonly number[])[];
  /** Most fixed starts come without a histogram. */
  readonly hist_range?: number;
  readonly hist_bins?: number;
  readonly hist_frac?: readonly (readonly number[])[];
  readonly step?: number;
}

export interface LawRun {
  readonly dataset: string;
  readonly mu: readonly (readonly number[])[];
  readonly w: readonly number[];
  readonly process: GoldenProcess;
  readonly sampler: string;
  readonly grid: "log" | "rho7" | "lambda";
  readonly t_grid?: readonly number[];
  readonly N: number;
  readonly R?: number | null;
  readonly kappa?: number | null;
  readonly T: number;
  readonly eps: number;
  readonly init: string | { readonly fixed_x_T: readonly number[] };
  readonly stats?: LawStatistics;
  readonly snapshots?: readonly LawStatistics[];
}

export interface LawGolden {
  readonly runs: readonly LawRun[];
}

/** What was compared: a line for every number that is off, and how far the furthest was. */
export interface LawResult {
  readonly failures: string[];
  comparisons: number;
  /** The largest difference in combined standard errors. */
  worst: number;
  /** The smallest tail probability of a chi-square. */
  rarest: number;
}

/** Combined standard errors: a normal variable is further off with probability 1.2e-8. */
const standardErrors = 5.7;
/** The file's allowance beside standard errors, which is four particles of 2e5. */
const slack = 2e-5;
/** The false-alarm rate of a chi-square. */
const rareChiSquare = 1e-8;
/** Cells of a histogram with fewer expected are put together (the file's rule). */
const smallestCell = 50;

export function lawTitle(run: LawRun): string {
  const of = run.kappa != null ? ` kappa ${run.kappa}` : run.sampler.startsWith("naive") ? ` R ${run.R}` : "";
  return `${run.dataset} ${run.process.kind} ${run.sampler}${of} ${run.grid} ${run.N}`;
}

/**
 * The runs that every build makes, with fewer particles: all samplers of the files, short grids, most of them from fixed
 * starts, which tell samplers apart.
 */
export function fewerRuns(g7: LawGolden, g7f: LawGolden): LawRun[] {
  const fixed = g7f.runs.filter((run) => run.dataset === "hexagon" && run.N === 60);
  const others = g7.runs.filter(
    (run) =>
      run.process.kind === "vp" || (run.dataset === "random_outlier" && run.sampler === "reverse_ancestral"),
  );
  return [...fixed, ...others];
}

/** The times of the file's schema, the ends exactly. */
export function lawTimes({ grid, T, eps, N, t_grid }: LawRun): number[] {
  if (grid === "lambda") return Array.from(t_grid as readonly number[]);
  return Array.from({ length: N + 1 }, (_, i) => {
    if (i === 0) return T;
    if (i === N) return eps;
    if (grid === "log") return Math.exp(Math.log(T) + (i / N) * (Math.log(eps) - Math.log(T)));
    return (T ** (1 / 7) + (i / N) * (eps ** (1 / 7) - T ** (1 / 7))) ** 7;
  });
}

/** The run of the public API that a sampler of the files is. */
function schemeOf<P extends Precision>(
  run: LawRun,
  data: Mixture<P>,
  process: Process,
): { field: ScoreField<P> | StepEstimator<P>; sampler: Sampler } {
  const draws = run.R ?? 1;
  const naive = () =>
    run.kappa == null
      ? naiveScore(data, process, { draws })
      : naiveScore(data, process, { noiseTime: run.kappa });
  switch (run.sampler) {
    case "pfode_heun":
      return { field: exactScore(data, process), sampler: heun() };
    case "pfode_euler":
      return { field: exactScore(data, process), sampler: euler() };
    case "naive":
    case "naive_kappa":
      return { field: naive(), sampler: euler() };
    case "effective_matched":
    case "effective_kappa_gauss":
      return { field: effectiveSde(naive()), sampler: euler() };
    case "effective_literal":
      return { field: effectiveSde(naive(), { form: "literal" }), sampler: euler() };
    case "reverse_sde_em":
      return { field: exactScore(data, process), sampler: eulerMaruyama() };
    case "reverse_ancestral":
      return { field: exactScore(data, process), sampler: ancestral() };
    default:
      throw new Error(`a sampler that these tests do not know: ${run.sampler}`);
  }
}

/** Makes a run of the files anew with `count` particles, and compares all their statistics. */
export async function checkLawRun(
  engine: Engine,
  run: LawRun,
  { precision, count, seed }: { precision: Precision; count: number; seed: number },
): Promise<LawResult> {
  const process = processOf(run.process);
  const data = engine.mixture(Float64Array.from(run.mu.flat()), {
    dim: 2,
    weights: Float64Array.from(run.w),
    precision,
  });
  const { field, sampler } = schemeOf(run, data, process);
  const { init } = run;
  const initial =
    typeof init === "string"
      ? ("noise" as const)
      : Float64Array.from({ length: 2 * count }, (_, i) => init.fixed_x_T[i % 2] as number);
  const blocks = run.snapshots ?? [run.stats as LawStatistics];
  const record = blocks.map((block) => block.step ?? run.N);
  const { trajectories } = await sample(field, {
    sampler,
    grid: times(lawTimes(run)),
    count,
    seed,
    initial,
    record,
  });
  data.dispose();
  const result: LawResult = { failures: [], comparisons: 0, worst: 0, rarest: 1 };
  const states = trajectories as Float32Array | Float64Array;
  blocks.forEach((block, slot) => {
    const rows = states.subarray(slot * count * 2, (slot + 1) * count * 2);
    compare(`${lawTitle(run)}, step ${record[slot]}`, rows, run.mu, block, result);
  });
  return result;
}

/** Compares particles with a block of statistics. */
function compare(
  title: string,
  rows: Float32Array | Float64Array,
  mu: readonly (readonly number[])[],
  truth: LawStatistics,
  result: LawResult,
): void {
  const n = rows.length / 2;
  const against = (what: string, got: number, error: number, value: number, valueError: number): void => {
    const difference = Math.abs(got - value);
    const combined = Math.hypot(error, valueError);
    result.comparisons++;
    result.worst = Math.max(result.worst, difference / combined);
    if (!(difference <= standardErrors * combined + slack)) {
      const far = (difference / combined).toFixed(1);
      result.failures.push(`${title}: ${what} ${got}, expected ${value}: ${far} standard errors`);
    }
  };
  const fraction = (what: string, hits: number, value: number, valueError: number): void => {
    const p = hits / n;
    // As in the file, no fraction is surer than one particle.
    against(what, p, Math.max(Math.sqrt((p * (1 - p)) / n), 1 / n), value, valueError);
  };

  const distance = new Float64Array(n);
  const masses = new Float64Array(mu.length);
  const { hist_bins: bins = 0, hist_range: range = 1, hist_frac: histogram = [] } = truth;
  const cells = new Float64Array(bins ** 2);
  const sums = [0, 0];
  for (let i = 0; i < n; i++) {
    const x = rows[2 * i] as number;
    const y = rows[2 * i + 1] as number;
    let best = Number.POSITIVE_INFINITY;
    let nearest = 0;
    for (let m = 0; m < mu.length; m++) {
      const point = mu[m] as readonly number[];
      const square = (x - (point[0] as number)) ** 2 + (y - (point[1] as number)) ** 2;
      if (square < best) {
        best = square;
        nearest = m;
      }
    }
    distance[i] = Math.sqrt(best);
    masses[nearest] = (masses[nearest] as number) + 1;
    sums[0] = (sums[0] as number) + x;
    sums[1] = (sums[1] as number) + y;
    const width = (2 * range) / bins;
    const [cx, cy] = [Math.floor((x + range) / width), Math.floor((y + range) / width)];
    if (cx >= 0 && cx < bins && cy >= 0 && cy < bins) {
      const cell = cx * bins + cy;
      cells[cell] = (cells[cell] as number) + 1;
    }
  }

  truth.masses.forEach((value, m) => {
    fraction(`mass ${m}`, masses[m] as number, value, truth.masses_se[m] as number);
  });
  truth.radii.forEach((radius, i) => {
    let hits = 0;
    for (const d of distance) if (d < radius) hits++;
    const error = truth.frac_within_se[i] as number;
    fraction(`fraction within ${radius}`, hits, truth.frac_within[i] as number, error);
  });

  // Means, and covariances with the standard errors of means of products.
  const mean = sums.map((sum) => sum / n) as [number, number];
  const second = (a: number, b: number): [number, number] => {
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const product =
        ((rows[2 * i + a] as number) - (mean[a] as number)) *
        ((rows[2 * i + b] as number) - (mean[b] as number));
      sum += product;
      squares += product * product;
    }
    return [sum / n, Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2) / n)];
  };
  for (const [a, b] of [
    [0, 0],
    [0, 1],
    [1, 1],
  ] as const) {
    const [value, error] = second(a, b);
    against(`cov ${a}${b}`, value, error, truth.cov[a]?.[b] as number, truth.cov_se[a]?.[b] as number);
    if (a === b) {
      const meanError = Math.sqrt(value / n);
      against(`mean ${a}`, mean[a] as number, meanError, truth.mean[a] as number, truth.mean_se[a] as number);
    }
  }
  let sum = 0;
  for (const d of distance) sum += d;
  const meanDistance = sum / n;
  let squares = 0;
  for (const d of distance) squares += (d - meanDistance) ** 2;
  against("mean distance", meanDistance, Math.sqrt(squares / n / n), truth.mean_dist, truth.mean_dist_se);

  // A quantile's standard error is half the distance of the order statistics one binomial deviation to either side.
  distance.sort();
  const order = (rank: number): number => distance[Math.min(n - 1, Math.max(0, Math.round(rank)))] as number;
  truth.quantile_levels.forEach((level, i) => {
    const rank = level * (n - 1);
    const below = Math.floor(rank);
    const value = order(below) + (rank - below) * (order(below + 1) - order(below));
    const deviation = Math.sqrt(n * level * (1 - level));
    const error = (order(rank + deviation) - order(rank - deviation)) / 2;
    const valueError = truth.dist_quantiles_se[i] as number;
    against(`quantile ${level}`, value, error, truth.dist_quantiles[i] as number, valueError);
  });

  // Two samples of different sizes: sum of (p - q)^2 / (pooled (1 / n + 1 / m)).
  const theirs = histogram.flat();
  let chiSquare = 0;
  let used = 0;
  let [restOurs, restTheirs] = [n, truth.n];
  const term = (ours: number, others: number): void => {
    const pooled = (ours + others) / (n + truth.n);
    chiSquare += (ours / n - others / truth.n) ** 2 / (pooled * (1 / n + 1 / truth.n));
    used++;
  };
  theirs.forEach((value, cell) => {
    const [ours, others] = [cells[cell] as number, value * truth.n];
    if (((ours + others) / (n + truth.n)) * Math.min(n, truth.n) <= smallestCell) return;
    term(ours, others);
    restOurs -= ours;
    restTheirs -= others;
  });
  const rest = ((restOurs + restTheirs) / (n + truth.n)) * Math.min(n, truth.n);
  if (rest > smallestCell) term(restOurs, restTheirs);
  if (used < 2) return;
  const tail = chiSquareTail(chiSquare, used - 1);
  result.comparisons++;
  result.rarest = Math.min(result.rarest, tail);
  if (!(tail >= rareChiSquare)) {
    result.failures.push(`${title}: histogram, chi-square ${chiSquare.toFixed(1)} over ${used} cells`);
  }
}
