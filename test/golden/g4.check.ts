/**
 * g4: smoothed scores, piecewise scores, flow maps, laws and losses of Chen 2025. Nothing here needs Node, so that Chromium can
 * run the same. Every check gives a line for each number that is off.
 */
import {
  type Engine,
  euler,
  exactScore,
  flowMap,
  type Mixture,
  piecewiseError,
  piecewiseScore,
  sample,
  type ScoreField,
  smoothedScore,
  smoothingLoss,
  smoothingLossLimit,
  squareRoot,
  terminalLaw,
  times,
  ve,
} from "vkernel";

type Rows = number[][];

export interface SmoothingGolden {
  readonly smoothed_esf_1d: {
    y: number[];
    w: number[];
    t: number;
    tau: number;
    x: number;
    value: number;
    esf: number;
    tol_abs: number;
  }[];
  readonly piecewise_linear: {
    y: number[];
    t: number;
    tau: number;
    x: number[];
    s_hat: number[];
    s_bar: (number | null)[];
  }[];
  readonly flow_map: { y: number[]; kappa: number; t: number; s: number; x: number[]; phi: number[] }[];
  readonly flow_map_3d: { y1: number[]; kappa: number; t: number; s: number; x: Rows; Phi: Rows };
  readonly terminal_law: {
    y: number[];
    kappa: number;
    t0: number;
    atoms: number[];
    x: number[];
    density: number[];
    continuous_mass: number;
    KL_uniform_vs_p0: number;
    cor5_bound_paper?: number;
    cor5_bound_corrected?: number;
    prob_abs_lt_half?: number;
  }[];
  readonly F_kappa: { kappa: number; F: number }[];
  readonly prop2: { y: number[]; kappa: number; t: number; value: number; limit: number }[];
  readonly lemma1: { tau: number; t: number; value: number; ratio_to_exp_bound: number }[];
  readonly cube_averaged_2d: { mu: Rows; t: number; tau: number; x: Rows; smoothed: Rows; esf: Rows }[];
  readonly min_norm_line_2d: {
    mu: Rows;
    t: number;
    tau: number;
    points: { x: number[]; vector: number[]; norm: number }[];
  }[];
  readonly euler_sqrt_t: {
    y1: number[];
    kappa: number;
    t0: number;
    du: number;
    x_t0: Rows;
    final_exact: Rows;
    final_smoothed: Rows;
    final_piecewise: Rows;
    analytic_flow_phi0: number[];
  };
}

/** Lines for numbers that are further from the golden ones than `tolerance`, relative to their size or to `floor`. */
function off(
  what: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  floor = 0,
): string[] {
  const lines: string[] = [];
  if (got.length !== expected.length) return [`${what}: ${got.length} numbers, expected ${expected.length}`];
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [got[i] as number, expected[i] as number];
    if (!(Math.abs(a - b) <= tolerance * Math.max(Math.abs(b), floor)))
      lines.push(`${what}[${i}]: ${a}, expected ${b}`);
  }
  return lines;
}

const onLine = (engine: Engine, y: readonly number[], weights?: number[]): Mixture<"f64"> =>
  engine.mixture(
    y.map((value) => [value]),
    { precision: "f64", ...(weights && { weights }) },
  );
const scoreOf = async (field: ScoreField, x: Rows, t: number): Promise<Float64Array> =>
  Float64Array.from((await field.evaluate(x, t, ["score"])).score);

export async function checkSmoothed(
  engine: Engine,
  { smoothed_esf_1d: items }: SmoothingGolden,
): Promise<string[]> {
  const lines: string[] = [];
  for (const { y, w, t, tau, x, value, esf, tol_abs } of items) {
    const data = onLine(engine, y, w);
    const what = `n = ${y.length}, t = ${t}, tau = ${tau}, x = ${x}`;
    const [smoothed] = await scoreOf(smoothedScore(data, ve(), { width: tau }), [[x]], t);
    if (!(Math.abs((smoothed as number) - value) <= tol_abs))
      lines.push(`${what}: ${smoothed}, expected ${value}`);
    lines.push(
      ...off(`${what}, exact`, await scoreOf(exactScore(data, ve()), [[x]], t), [esf], 1e-12, 1 / t),
    );
    data.dispose();
  }
  return lines;
}

export async function checkPiecewise(engine: Engine, golden: SmoothingGolden): Promise<string[]> {
  const lines: string[] = [];
  for (const { y, t, tau, x, s_hat, s_bar } of golden.piecewise_linear) {
    const data = onLine(engine, y);
    const rows = x.map((value) => [value]);
    const what = `n = ${y.length}, t = ${t}, tau = ${tau}`;
    lines.push(
      ...off(what, await scoreOf(piecewiseScore(data, { width: tau }), rows, t), s_hat, 1e-12, 1 / t),
    );
    const bar = await scoreOf(piecewiseScore(data, { width: 0 }), rows, t);
    const known = s_bar.flatMap((value, i) => (value === null ? [] : [[bar[i] as number, value] as const]));
    lines.push(
      ...off(
        `${what}, width 0`,
        known.map(([a]) => a),
        known.map(([, b]) => b),
        1e-12,
        1 / t,
      ),
    );
    data.dispose();
  }
  return lines;
}

export function checkFlowMaps(engine: Engine, golden: SmoothingGolden): string[] {
  const lines: string[] = [];
  for (const { y, kappa, t, s, x, phi } of golden.flow_map) {
    const data = onLine(engine, y);
    const map = flowMap(data, { kappa, from: t, to: s });
    lines.push(...off(`n = ${y.length}, ${t} to ${s}`, map(x.map((value) => [value])), phi, 1e-12, 1));
    data.dispose();
  }
  const { y1, kappa, t, s, x, Phi } = golden.flow_map_3d;
  const data = engine.mixture(
    y1.map((value) => [value, 0, 0]),
    { precision: "f64" },
  );
  lines.push(...off("3-D", flowMap(data, { kappa, from: t, to: s })(x), Phi.flat(), 1e-12, 1));
  data.dispose();
  return lines;
}

export function checkLaws(engine: Engine, golden: SmoothingGolden): string[] {
  const lines: string[] = [];
  for (const item of golden.terminal_law) {
    const data = onLine(engine, item.y);
    const law = terminalLaw(data, { kappa: item.kappa, from: item.t0 });
    const what = `n = ${item.y.length}, kappa = ${item.kappa}, t0 = ${item.t0}`;
    lines.push(...off(`${what}, atoms`, law.atoms, item.atoms, 1e-12));
    lines.push(...off(`${what}, density`, item.x.map(law.density), item.density, 1e-12));
    lines.push(...off(`${what}, mass`, [law.continuousMass], [item.continuous_mass], 1e-12));
    lines.push(...off(`${what}, KL`, [law.kl], [item.KL_uniform_vs_p0], 1e-9));
    if (item.cor5_bound_paper !== undefined) {
      const { printed, corrected } = law.bounds ?? { printed: 0, corrected: 0 };
      const bounds = [item.cor5_bound_paper, item.cor5_bound_corrected as number];
      lines.push(...off(`${what}, bounds`, [printed, corrected], bounds, 1e-12));
    }
    if (item.prob_abs_lt_half !== undefined) {
      lines.push(...off(`${what}, middle`, [law.cdf(0.5) - law.cdf(-0.5)], [item.prob_abs_lt_half], 1e-11));
    }
    lines.push(...off(`${what}, all`, [law.cdf(item.y.at(-1) as number)], [1], 1e-12));
    data.dispose();
  }
  return lines;
}

export function checkLosses(engine: Engine, golden: SmoothingGolden): string[] {
  const lines: string[] = [];
  for (const { kappa, F } of golden.F_kappa) {
    lines.push(...off(`F(${kappa})`, [smoothingLossLimit(kappa)], [F], 1e-12));
  }
  for (const { y, kappa, t, value, limit } of golden.prop2) {
    const data = onLine(engine, y);
    const loss = smoothingLoss(data, { kappa, t });
    lines.push(
      ...off(`n = ${y.length}, kappa = ${kappa}, t = ${t}`, [loss.value, loss.limit], [value, limit], 1e-9),
    );
    data.dispose();
  }
  const data = onLine(engine, [-1, 1]);
  for (const { tau, t, value, ratio_to_exp_bound } of golden.lemma1) {
    // Below 1e-14 the golden values are rounding.
    if (value < 1e-14) continue;
    const error = piecewiseError(data, { width: tau, t });
    const found = [error.value, error.value / error.bound];
    lines.push(...off(`Lemma 1, tau = ${tau}, t = ${t}`, found, [value, ratio_to_exp_bound], 1e-9));
  }
  data.dispose();
  return lines;
}

export async function checkPlane(engine: Engine, golden: SmoothingGolden): Promise<string[]> {
  const lines: string[] = [];
  for (const { mu, t, tau, x, smoothed, esf } of golden.cube_averaged_2d) {
    const data = engine.mixture(mu, { precision: "f64" });
    const field = smoothedScore(data, ve(), { width: tau });
    const what = `cube, n = ${mu.length}, t = ${t}, tau = ${tau}`;
    lines.push(...off(what, await scoreOf(field, x, t), smoothed.flat(), 1e-8, 1));
    lines.push(...off(`${what}, exact`, await scoreOf(exactScore(data, ve()), x, t), esf.flat(), 1e-8, 1));
    data.dispose();
  }
  for (const { mu, t, tau, points } of golden.min_norm_line_2d) {
    const data = engine.mixture(mu, { precision: "f64" });
    const field = smoothedScore(data, ve(), { width: tau, kernel: "minimumNorm" });
    const found = await scoreOf(
      field,
      points.map(({ x }) => x),
      t,
    );
    points.forEach(({ vector, norm }, i) => {
      const own = found.subarray(2 * i, 2 * i + 2);
      const what = `shortest, n = ${mu.length}, point ${i}`;
      lines.push(...off(what, own, vector, 1e-5, 1));
      lines.push(...off(`${what}, norm`, [Math.hypot(own[0] as number, own[1] as number)], [norm], 1e-8));
    });
    data.dispose();
  }
  return lines;
}

export async function checkScheme(
  engine: Engine,
  { euler_sqrt_t: golden }: SmoothingGolden,
): Promise<string[]> {
  const { y1, kappa, t0, du, x_t0 } = golden;
  const data = engine.mixture(
    y1.map((value) => [value, 0]),
    { precision: "f64" },
  );
  const levels: number[] = [];
  for (let u = Math.sqrt(t0); u > 0; u = Math.max(u - du, 0)) levels.push(levels.length === 0 ? t0 : u * u);
  const grid = times([...levels, 0]);
  const delta = ((y1[1] as number) - (y1[0] as number)) / 2;
  const run = async (field: ScoreField): Promise<Float64Array> => {
    const result = await sample(field, {
      sampler: euler({ variable: "squareRoot" }),
      grid,
      count: x_t0.length,
      seed: 0,
      initial: x_t0,
    });
    return Float64Array.from(result.samples);
  };
  const width = (t: number): number => delta - Math.sqrt(kappa * t);
  const piecewise = await run(piecewiseScore(data, { kappa }));
  const lines = [
    ...off("exact", await run(exactScore(data, ve())), golden.final_exact.flat(), 1e-8, 1),
    ...off(
      "smoothed",
      await run(smoothedScore(data, ve(), { width })),
      golden.final_smoothed.flat(),
      1e-8,
      1,
    ),
    ...off("piecewise", piecewise, golden.final_piecewise.flat(), 1e-8, 1),
  ];
  // The scheme is exact here: any grid in sqrt(t) gives the closed form.
  const coarse = await sample(piecewiseScore(data, { kappa }), {
    sampler: euler({ variable: "squareRoot" }),
    grid: squareRoot({ steps: 3, tMin: 0, tMax: t0 }),
    count: x_t0.length,
    seed: 0,
    initial: x_t0,
  });
  const first = (rows: ArrayLike<number>): number[] => Array.from(x_t0, (_, i) => rows[2 * i] as number);
  lines.push(...off("closed form", first(piecewise), golden.analytic_flow_phi0, 1e-8, 1));
  lines.push(...off("closed form, 3 steps", first(coarse.samples), golden.analytic_flow_phi0, 1e-12, 1));
  data.dispose();
  return lines;
}

/** All of g4. */
export async function checkSmoothing(engine: Engine, golden: SmoothingGolden): Promise<string[]> {
  return [
    ...(await checkSmoothed(engine, golden)),
    ...(await checkPiecewise(engine, golden)),
    ...checkFlowMaps(engine, golden),
    ...checkLaws(engine, golden),
    ...checkLosses(engine, golden),
    ...(await checkPlane(engine, golden)),
    ...(await checkScheme(engine, golden)),
  ];
}
