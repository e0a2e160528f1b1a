import { type Mixture, makeMixture, type Precision } from "../data/mixture.js";
import { VkernelError } from "../core/errors.js";
import type { Process } from "../process/process.js";
import { cholesky, solveLower } from "../numeric/linear.js";
import { exactScore } from "../score/exact.js";
import type { ScoreField, StepEstimator } from "../score/field.js";

/** A run under an anisotropic process, seen in coordinates z = L^-1 x with A = L L', where it is isotropic. */
export interface Whitened<P extends Precision> {
  field: ScoreField<P> | StepEstimator<P>;
  /** Of the coordinates x. */
  readonly data: Mixture<P>;
  readonly process: Process;
  /** Rows of x to rows of z. */
  inward(rows: Float32Array | Float64Array): Float64Array;
  /** Rows of z to rows of x, in place. */
  outward(rows: Float32Array | Float64Array): void;
  dispose(): void;
}

/**
 * Every sampler commutes with linear maps, so steps of x under S_t A are those of z under S_t, mapped by L
 * (the lower Cholesky factor). With sigma0 > 0 the components are not round in z: that is refused.
 */
export function whiten<P extends Precision>(field: ScoreField<P> | StepEstimator<P>): Whitened<P> {
  const { data, process } = field;
  const { dim } = data;
  const base = process.base as Process;
  if (data.sigma0 > 0) {
    throw new VkernelError("E_UNSUPPORTED", {
      argument: "process",
      expected: "sigma0 = 0 to sample under an anisotropic process (it can be evaluated)",
      got: `sigma0 = ${data.sigma0}`,
    });
  }
  const factor = cholesky(process.covariance as Float64Array, dim);
  const inward = (rows: Float32Array | Float64Array): Float64Array => {
    const out = Float64Array.from(rows);
    for (let i = 0; i < out.length; i += dim) solveLower(factor, dim, out.subarray(i, i + dim));
    return out;
  };
  const outward = (rows: Float32Array | Float64Array): void => {
    for (let i = 0; i < rows.length; i += dim) {
      for (let d = dim - 1; d >= 0; d--) {
        let sum = 0;
        for (let e = 0; e <= d; e++) sum += factor[d * dim + e] * rows[i + e];
        rows[i + d] = sum;
      }
    }
  };
  const { centre } = data;
  const white: Mixture<P> = makeMixture(
    data.engine,
    inward(data.local),
    { dim, weights: data.weights, precision: data.precision },
    centre ? inward(centre) : null,
  );
  const exact = exactScore(white, base);
  const inner = field.kind === "field" ? exact : { ...field, data: white, process: base, average: exact };
  return { field: inner, data, process, inward, outward, dispose: () => white.dispose() };
}
