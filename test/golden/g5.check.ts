/**
 * g5, the reverse process of Cao et al. 2025: every coefficient of a step, Theorem 2, whole paths with given noise, the forward flow,
 * Corollary 3.2, the losses of Sec. 4.4 and the identity of the two objectives. Nothing here needs Node, so that Chromium can run
 * the same. Every check gives a line for each number that is off.
 */
import {
  ancestral,
  bridgeLaw,
  customScore,
  type Engine,
  eulerMaruyama,
  exactScore,
  generatedLaw,
  type Mixture,
  objectives,
  ou,
  pairLaw,
  quadratureTuples,
  reverseCoefficients,
  type Sampler,
  sample,
  scoreLosses,
  times,
} from "vkernel";

type Rows = readonly (readonly number[])[];

interface OnLine {
  readonly y: readonly number[];
  readonly w: readonly number[];
}

export interface ReverseGolden {
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
  readonly step_coefficients: readonly {
    readonly t_n: number;
    readonly t_next: number;
    readonly coef_X: number;
    readonly coef_x0: number;
    readonly var: number;
    readonly ddim_coef_X: number;
    readonly ddim_coef_x0: number;
    readonly euler_maruyama: {
      readonly coef_X: number;
      readonly coef_x0: number;
      readonly std_correct: number;
      readonly std_as_printed_WRONG: number;
    };
  }[];
  readonly corollary_3_2: readonly (OnLine & {
    readonly T_star: number;
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
  })[];
  readonly ou_forward: OnLine & {
    readonly points: readonly {
      readonly t: number;
      readonly x: number;
      readonly rho: number;
      readonly log_rho: number;
      readonly score: number;
      readonly d_rho_dt: number;
    }[];
  };
  readonly loss_identities: OnLine & {
    readonly t: readonly number[];
    readonly p_t: readonly number[];
    readonly lambda_t: readonly number[];
    readonly c0: number;
    readonly c1: number;
    readonly J0: number;
    readonly J1: number;
    readonly half_E_lambda_trC: number;
    readonly seed004: {
      readonly ell: number;
      readonly ell_total: number;
      readonly E_c2_conditional_var: number;
      readonly var_of_xbar0_as_printed_WRONG: number;
    };
  };
  readonly sampler_paths: {
    readonly mu: Rows;
    readonly w: readonly number[];
    readonly t_grid: readonly number[];
    readonly noise: Rows;
    readonly x_start: readonly number[];
    readonly stable_diffusion_path: Rows;
    readonly euler_maruyama_path: Rows;
  };
}

/** The file's tolerance for coefficients where nothing cancels, relative. */
const stepTolerance = 1e-13;
/** The file's tolerance for paths, absolute. */
const pathTolerance = 1e-9;
/** The file's tolerance of losses, relative. */
const lossTolerance = 1e-10;
/** The file's tolerance of the corollary. */
const corollaryTolerance = 1e-10;
/** How far the file's finite volumes are from its quadrature. */
const volumesTolerance = 3e-6;
/** Scores and log densities in float64 (`docs/reliability.md`), relative to their scale. */
const scoreTolerance = 1e-12;

/** A line where a number is further from the truth than a share of its scale. */
function off(
  what: string,
  got: number | undefined,
  truth: number,
  tolerance: number,
  scale = Math.abs(truth),
) {
  return Math.abs((got ?? Number.NaN) - truth) <= tolerance * scale
    ? []
    : [`${what}: ${got}, expected ${truth}`];
}

const onLine = (engine: Engine, { y, w }: OnLine): Mixture<"f64"> =>
  engine.mixture(Float64Array.from(y), { dim: 1, weights: Float64Array.from(w), precision: "f64" });

/** Factors of the state, of x_0 and of the normal in a step from t to s: each by a run in which the other two are 0. */
async function coefficients(engine: Engine, sampler: Sampler, t: number, s: number) {
  const step = async (mu: number, x: number[], noise: number[]) => {
    const data = engine.mixture([[mu]], { precision: "f64" });
    const run = await sample(exactScore(data, ou()), {
      sampler,
      grid: times([t, s]),
      initial: Float64Array.from(x),
      noise: Float64Array.from(noise),
    });
    data.dispose();
    return run.samples;
  };
  const [state, noise] = await step(0, [1, 0], [0, 1]);
  const [point] = await step(1, [0], [0]);
  return { state: state as number, point: point as number, noise: noise as number };
}

/** Steps of DDPM (Eq. 4.21 and 4.23) and DDIM, of Euler and Maruyama (Eq. 4.19, corrected and as printed). */
export async function checkSteps(engine: Engine, golden: ReverseGolden): Promise<string[]> {
  const lines: string[] = [];
  for (const item of golden.step_coefficients) {
    const { t_n: t, t_next: s, euler_maruyama: truth } = item;
    const name = `from ${t} to ${s}`;
    const check = (what: string, got: number, expected: number, scale?: number) =>
      lines.push(...off(`${name}, ${what}`, got, expected, stepTolerance, scale));
    const ddpm = await coefficients(engine, ancestral({ eta: 1 }), t, s);
    check("coef_X", ddpm.state, item.coef_X);
    check("coef_x0", ddpm.point, item.coef_x0);
    check("std", ddpm.noise, Math.sqrt(item.var));
    const ddim = await coefficients(engine, ancestral({ eta: 0 }), t, s);
    check("ddim_coef_X", ddim.state, item.ddim_coef_X);
    check("ddim_coef_x0", ddim.point, item.ddim_coef_x0);
    check("ddim_std", ddim.noise, 0);
    const [dt, variance] = [t - s, ou().variance(t)];
    // 1 + dt - 2 dt / S cancels (to -1.8e-26 from 30 to 29): 1e-13 of its terms is what a sum can promise.
    const scale = 1 + dt + (2 * dt) / variance;
    const { posteriorMean, noise } = reverseCoefficients(ou(), t);
    check("Euler, coef_X by the SDE", 1 + dt * posteriorMean.state, truth.coef_X, scale);
    check("Euler, coef_x0 by the SDE", dt * posteriorMean.posteriorMean, truth.coef_x0);
    check("Euler, std by the SDE", Math.sqrt(dt) * noise, truth.std_correct);
    // A step to 0 is the posterior mean for every sampler: that row is not Euler and Maruyama's.
    if (s === 0) continue;
    const exact = await coefficients(engine, eulerMaruyama(), t, s);
    check("Euler, coef_X", exact.state, truth.coef_X, scale);
    check("Euler, coef_x0", exact.point, truth.coef_x0);
    check("Euler, std", exact.noise, truth.std_correct);
    const printed = await coefficients(engine, eulerMaruyama({ noise: "asPrinted" }), t, s);
    check("Euler, std as printed", printed.noise, truth.std_as_printed_WRONG);
    check("Euler as printed, coef_X", printed.state, truth.coef_X, scale);
  }
  return lines;
}

/** Theorem 2 by `bridgeLaw`, and by a step of `ancestral`, which is the same with one training point. */
export async function checkBridge(engine: Engine, golden: ReverseGolden): Promise<string[]> {
  const lines: string[] = [];
  for (const { T_star, s, x0, Xtilde0, coef_X, coef_x0, mean, var: variance } of golden.theorem2) {
    const law = bridgeLaw(ou(), { from: T_star, to: T_star - s });
    const step = await coefficients(engine, ancestral(), T_star, T_star - s);
    const terms = Math.abs(coef_X * Xtilde0) + Math.abs(coef_x0 * x0);
    for (const [name, got, truth, scale] of [
      ["coef_X", law.state, coef_X],
      ["coef_x0", law.point, coef_x0],
      ["var", law.variance, variance],
      ["mean", law.mean([[Xtilde0]], [[x0]])[0], mean, terms],
      ["coef_X of a step", step.state, coef_X],
      ["coef_x0 of a step", step.point, coef_x0],
      ["var of a step", step.noise ** 2, variance],
    ] as const) {
      lines.push(...off(`T* = ${T_star}, s = ${s}, ${name}`, got, truth, stepTolerance, scale));
    }
  }
  return lines;
}

/** Whole paths with given noise: DDPM's to t = 0, Euler and Maruyama's to t = 0.01. */
export async function checkPaths(engine: Engine, golden: ReverseGolden): Promise<string[]> {
  const { mu, w, t_grid, noise, x_start, stable_diffusion_path, euler_maruyama_path } = golden.sampler_paths;
  const lines: string[] = [];
  for (const [name, sampler, path] of [
    ["stable_diffusion_path", ancestral(), stable_diffusion_path],
    ["euler_maruyama_path", eulerMaruyama(), euler_maruyama_path],
  ] as const) {
    const steps = path.length - 1;
    const data = engine.mixture(Float64Array.from(mu.flat()), {
      dim: 2,
      weights: Float64Array.from(w),
      precision: "f64",
    });
    const { trajectories } = await sample(exactScore(data, ou()), {
      sampler,
      grid: times(t_grid.slice(0, steps + 1)),
      initial: Float64Array.from(x_start),
      noise: Float64Array.from(noise.slice(0, steps).flat()),
      record: "all",
    });
    data.dispose();
    if (trajectories?.length !== 2 * path.length) lines.push(`${name}: ${trajectories?.length} numbers`);
    path.flat().forEach((truth, i) => {
      lines.push(...off(`${name}[${i}]`, trajectories?.[i], truth, pathTolerance, 1));
    });
  }
  return lines;
}

/** The forward flow: its log density, its score, and how its density changes (Eq. 2.1). */
export async function checkForward(engine: Engine, { ou_forward: golden }: ReverseGolden): Promise<string[]> {
  const data = onLine(engine, golden);
  const { points, y } = golden;
  const found = await exactScore(data, ou()).evaluate(
    Float64Array.from(points, (item) => item.x),
    points.map((item) => item.t),
    ["logDensity", "score", "velocity", "divergence"],
  );
  data.dispose();
  return points.flatMap(({ t, x, rho, log_rho, score, d_rho_dt }, i) => {
    const at = `t = ${t}, x = ${x}`;
    const logDensity = found.logDensity[i] as number;
    // The scale of a score is |x - alpha y| / S: its terms, not their difference.
    const scale = (Math.abs(x) + Math.max(...y.map(Math.abs))) / ou().variance(t);
    // d log rho / dt = -(v . s + div v), of terms as large as these.
    const [flow, spread] = [found.velocity[i] as number, found.divergence[i] as number];
    const change = -(flow * (found.score[i] as number) + spread);
    const size = rho * (scale * (scale + Math.abs(x)) + 1);
    return [
      ...off(`log rho at ${at}`, logDensity, log_rho, scoreTolerance, Math.max(1, Math.abs(log_rho))),
      ...off(`rho at ${at}`, Math.exp(logDensity), rho, scoreTolerance, rho * Math.max(1, Math.abs(log_rho))),
      ...off(`score at ${at}`, found.score[i], score, scoreTolerance, scale),
      ...off(`d rho / dt at ${at}`, rho * change, d_rho_dt, scoreTolerance, size),
    ];
  });
}

/** The objectives of a field and the identity between them; the losses of Sec. 4.4, and that (4.29) as printed is another number. */
export async function checkLosses(
  engine: Engine,
  { loss_identities: golden }: ReverseGolden,
): Promise<string[]> {
  const { t, p_t, lambda_t, c0, c1, J0, J1, half_E_lambda_trC, seed004 } = golden;
  const process = ou();
  const data = onLine(engine, golden);
  const field = customScore(data, process, (x, time) =>
    x.map((value) => c0 + (c1 * value) / (1 + process.variance(time))),
  );
  const options = { t, probabilities: p_t };
  const lambda = new Map(t.map((time, i) => [time, lambda_t[i] as number]));
  const weighted = quadratureTuples(data, process, {
    ...options,
    weighting: (time) => lambda.get(time) as number,
  });
  const samples = quadratureTuples(data, process, options);
  const { j0, j1, halfProxyVariance, identity } = await objectives(field, { samples: weighted });
  const found = await scoreLosses(field, { samples });
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
  data.dispose();
  return (
    [
      ["J0", j0.value, J0],
      ["J1", j1.value, J1],
      ["half E lambda tr C", halfProxyVariance.value, half_E_lambda_trC],
      ["J1 - J0 - half E lambda tr C", identity.value, 0, J1],
      ["ell (4.26)", found.score.value, seed004.ell],
      ["ell (4.28)", found.mean.value, seed004.ell],
      ["ell_total (4.30)", found.total.value, seed004.ell_total],
      ["ell_total (4.33)", found.noise.value, seed004.ell_total],
      ["E c^2 Var (4.29)", found.conditionalVariance.value, seed004.E_c2_conditional_var],
      ["ell_total - ell", found.total.value - found.score.value, seed004.E_c2_conditional_var],
      ["Var as printed", printed, seed004.var_of_xbar0_as_printed_WRONG],
    ] as const
  ).flatMap(([name, got, truth, scale]) => off(name, got, truth, lossTolerance, scale));
}

/** All of Corollary 3.2: masses, their distance from the weights, and the laws on the way. */
export async function checkGenerated(engine: Engine, golden: ReverseGolden): Promise<string[]> {
  const lines: string[] = [];
  const compare = (what: string, got: number | undefined, truth: number, tolerance = corollaryTolerance) =>
    lines.push(...off(what, got, truth, tolerance, 1));
  for (const item of golden.corollary_3_2) {
    const { T_star, y, terminal_prob, tv_to_weights, intermediate } = item;
    const data = onLine(engine, item);
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

/** All of g5. */
export async function checkReverse(engine: Engine, golden: ReverseGolden): Promise<string[]> {
  return [
    ...(await checkSteps(engine, golden)),
    ...(await checkBridge(engine, golden)),
    ...(await checkPaths(engine, golden)),
    ...(await checkForward(engine, golden)),
    ...(await checkGenerated(engine, golden)),
    ...(await checkLosses(engine, golden)),
  ];
}
