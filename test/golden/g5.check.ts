/**
 * g5: Corollary 3.2 of Paper 004, and the losses of its Sec. 4.4. Nothing here needs Node, so that Chromium can run the same.
 * Every check gives a line for each number that is off.
 */
import { type Engine, generatedLaw, ou, pairLaw } from "vkernel";

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
}

/** The file's tolerance of the corollary. */
const corollaryTolerance = 1e-10;
/** How far the file's finite volumes are from its quadrature. */
const volumesTolerance = 3e-6;

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
