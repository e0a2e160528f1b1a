/**
 * g5: Corollary 3.2 of Paper 004, and the losses of its Sec. 4.4. Nothing here needs Node, so that Chromium can run the same.
 * Every check gives a line for each number that is off.
 */
import {
  bridgeLaw,
  customScore,
  type Engine,
  exactScore,
  generatedLaw,
  ou,
  pairLaw,
  quadratureTuples,
  scoreLosses,
} from "vkernel";

export interface GeneratedGolden {
  readonly corollary_3_2: readonly {
    readonly T_star: number;
    readonly y: readonly number[];
    readonly w: readonly number[];
    readonly terminal_prob: readonly number[];
    readonly tv_to_weights: number;
    readonly intermediate: readonly {
      readonly t: number;
      readonly z: number;
      readonly rho: number;
      readonly q: number;
      /** The same by a finite-volume solution of Eq. 2.7. */
      readonly fv_pde_value?: number;
    }[];
  }[];
  readonly theorem2: readonly {
    readonly T_star: number;
    readonly s: number;
    readonly x0: number;
    readonly Xtilde0: number;
    readonly coef_X: number;
    readonly coef_x0: number;
    readonly mean: number;
    readonly var: number;
  }[];
  readonly loss_identities: {
    readonly y: readonly number[];
    readonly w: readonly number[];
    readonly t: readonly number[];
    readonly p_t: readonly number[];
    readonly c0: number;
    readonly c1: number;
    readonly seed004: {
      readonly ell: number;
      readonly ell_total: number;
      readonly E_c2_conditional_var: number;
      readonly var_of_xbar0_as_printed_WRONG: number;
    };
  };
}

/** The file's tolerance of the corollary. */
const corollaryTolerance = 1e-10;
/** How far the file's finite volumes are from its quadrature. */
const volumesTolerance = 3e-6;

/** The file's tolerance of losses, relative. */
const lossTolerance = 1e-10;
/** The file's tolerance of coefficients, relative. */
const stepTolerance = 1e-13;

/** Theorem 2 by `bridgeLaw`. */
export function checkBridge(golden: GeneratedGolden): string[] {
  return golden.theorem2.flatMap(({ T_star, s, x0, Xtilde0, coef_X, coef_x0, mean, var: variance }) => {
    const law = bridgeLaw(ou(), { from: T_star, to: T_star - s });
    const [got] = law.mean([[Xtilde0]], [[x0]]);
    const terms = Math.abs(coef_X * Xtilde0) + Math.abs(coef_x0 * x0);
    return (
      [
        ["coef_X", law.state, coef_X, Math.abs(coef_X)],
        ["coef_x0", law.point, coef_x0, Math.abs(coef_x0)],
        ["var", law.variance, variance, variance],
        ["mean", got as number, mean, terms],
      ] as const
    ).flatMap(([name, value, truth, scale]) =>
      Math.abs(value - truth) <= stepTolerance * scale
        ? []
        : [`Theorem 2, T* = ${T_star}, s = ${s}, ${name}: ${value}, expected ${truth}`],
    );
  });
}

/** The losses of Sec. 4.4 by `scoreLosses`, and that (4.29) as printed is another number. */
export async function checkLosses(engine: Engine, golden: GeneratedGolden): Promise<string[]> {
  const { y, w, t, p_t, c0, c1, seed004 } = golden.loss_identities;
  const process = ou();
  const data = engine.mixture(Float64Array.from(y), {
    dim: 1,
    weights: Float64Array.from(w),
    precision: "f64",
  });
  const score = (x: number, time: number): number => c0 + (c1 * x) / (1 + process.variance(time));
  const field = customScore(data, process, (x, time) => x.map((value) => score(value, time)));
  const samples = quadratureTuples(data, process, { t, probabilities: p_t });
  const found = await scoreLosses(field, { samples });
  const lines: string[] = [];
  const compare = (what: string, got: number, truth: number) => {
    if (!(Math.abs(got / truth - 1) <= lossTolerance)) lines.push(`${what}: ${got}, expected ${truth}`);
  };
  compare("ell (4.26)", found.score.value, seed004.ell);
  compare("ell (4.28)", found.mean.value, seed004.ell);
  compare("ell_total (4.30)", found.total.value, seed004.ell_total);
  compare("ell_total (4.33)", found.noise.value, seed004.ell_total);
  compare("E c^2 Var (4.29)", found.conditionalVariance.value, seed004.E_c2_conditional_var);
  compare("difference", found.total.value - found.score.value, seed004.E_c2_conditional_var);
  // As printed: the variance of c x-bar_0 over x, its mean over t.
  const { posteriorMean } = await exactScore(data, process).evaluate(samples.x, samples.t, ["posteriorMean"]);
  let printed = 0;
  t.forEach((time, i) => {
    const c = process.alpha(time) / process.variance(time);
    let [mean, square] = [0, 0];
    posteriorMean.forEach((value, n) => {
      if (samples.t[n] !== time) return;
      const share = (samples.lambda[n] as number) / samples.t.length / (p_t[i] as number);
      mean += share * c * value;
      square += share * (c * value) ** 2;
    });
    printed += (p_t[i] as number) * (square - mean * mean);
  });
  compare("Var as printed", printed, seed004.var_of_xbar0_as_printed_WRONG);
  data.dispose();
  return lines;
}

/** All of Corollary 3.2: masses, their distance from the weights, and the laws on the way. */
export async function checkGenerated(engine: Engine, golden: GeneratedGolden): Promise<string[]> {
  const lines: string[] = [];
  const compare = (what: string, got: number | undefined, truth: number, tolerance = corollaryTolerance) => {
    if (!(Math.abs((got ?? Number.NaN) - truth) <= tolerance))
      lines.push(`${what}: ${got}, expected ${truth}`);
  };
  for (const item of golden.corollary_3_2) {
    const { T_star, y, w, terminal_prob, tv_to_weights, intermediate } = item;
    const data = engine.mixture(Float64Array.from(y), {
      dim: 1,
      weights: Float64Array.from(w),
      precision: "f64",
    });
    const law = await generatedLaw(data, ou(), { horizon: T_star, initial: "normal" });
    const name = `T* = ${T_star}`;
    terminal_prob.forEach((truth, m) => {
      compare(`${name}, mass ${m}`, law.masses[m], truth);
    });
    compare(`${name}, total variation`, law.totalVariation.value, tv_to_weights);
    for (const { t, z, rho, q, fv_pde_value } of intermediate) {
      const { values, errors } = await law.density([[z]], t);
      const what = `${name}, t = ${t}, z = ${z}`;
      compare(what, values[0], q);
      compare(`${what}, error`, errors[0], 0);
      compare(`${what}, rho`, (values[0] as number) / ((await law.ratio([[z]], t)).values[0] as number), rho);
      if (fv_pde_value !== undefined)
        compare(`${what}, finite volumes`, values[0], fv_pde_value, volumesTolerance);
    }
    // Theorem 1: the same masses, from what each start becomes.
    const { backward, bridges } = pairLaw(data, ou(), { earlier: T_star / 2, later: T_star });
    const { weights, means, variance } = await bridges([[0.7]]);
    const mixture = y.reduce((sum, _, m) => {
      const square = (0.3 - (means[m] as number)) ** 2;
      const density = Math.exp(-square / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
      return sum + (weights[m] as number) * density;
    }, 0);
    compare(`${name}, backward`, Math.exp((await backward([[0.3]], [[0.7]]))[0] as number), mixture);
    data.dispose();
  }
  return lines;
}
