import type { RowFunction } from "../../bindings/job.js";
import { type Mixture, makeMixture, type Precision } from "../data/mixture.js";
import type { Process } from "../process/process.js";
import { cholesky, solveLower } from "../numeric/linear.js";
import { isThenable } from "../../bindings/host.js";
import { RowField } from "../score/custom.js";
import { eachOf, traceRowsOf } from "../score/ensemble.js";
import { exactScore } from "../score/exact.js";
import type { ScoreField, StepEstimator } from "../score/field.js";
import { byRows } from "../score/rows.js";
import { isCalled } from "./calledFields.js";

/** A run under an anisotropic process, seen in coordinates z = L^-1 x with A = L L', where it is isotropic. */
export interface Whitened<P extends Precision> {
  field: ScoreField<P> | StepEstimator<P>;
  /** Another field of the same data and process in those coordinates. */
  of(field: ScoreField<P> | StepEstimator<P>): ScoreField<P> | StepEstimator<P>;
  /** Of the coordinates x. */
  readonly data: Mixture<P>;
  readonly process: Process;
  /** Rows of x to rows of z. */
  inward(rows: Float32Array | Float64Array): Float64Array;
  /** Rows of z to rows of x, in place. */
  outward(rows: Float32Array | Float64Array): void;
  dispose(): void;
}

/** Whether the points alone, without the field that was given, are a mixture in those coordinates: not of components with a width. */
const hasPoints = (field: ScoreField | StepEstimator): boolean =>
  field.kind === "step" || (!isCalled(field) && field.data.sigma0 === 0);

/**
 * Every sampler commutes with linear maps, so steps of x under S_t A are those of z under S_t, mapped by L (the lower Cholesky
 * factor). A score s of x is L' s of z. With sigma0 > 0 the components are not round in z: there the exact score is asked for as any
 * other field is.
 */
export function whiten<P extends Precision>(field: ScoreField<P> | StepEstimator<P>): Whitened<P> {
  const { data, process } = field;
  const { dim } = data;
  const base = process.base as Process;
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
  const out = (rows: Float64Array): Float64Array => {
    const x = rows.slice();
    outward(x);
    return x;
  };
  /** L' s, row by row, in place. */
  const turned = (rows: Float64Array): Float64Array => {
    for (let i = 0; i < rows.length; i += dim) {
      for (let d = 0; d < dim; d++) {
        let sum = 0;
        for (let e = d; e < dim; e++) sum += factor[e * dim + d] * rows[i + e];
        rows[i + d] = sum;
      }
    }
    return rows;
  };
  const { centre } = data;
  const white: Mixture<P> = makeMixture(
    data.engine,
    inward(data.local),
    { dim, weights: data.weights, precision: data.precision },
    centre ? inward(centre) : null,
  );
  const exact = exactScore(white, base);
  /** A function of x as one of z; what it gives may be taken in place. */
  const ofZ = (f: RowFunction, then: (rows: Float64Array) => Float64Array): RowFunction => {
    const after = (values: ReturnType<RowFunction>) =>
      isThenable(values) ? values.then((rows) => then(rows.slice())) : then(values.slice());
    const same: RowFunction = (z, t, first, signal) => after(f(out(z), t, first, signal));
    const { each } = f;
    if (each === undefined) return same;
    return Object.assign(same, {
      each: (z: Float64Array, times: Float64Array, particles: Int32Array, signal?: AbortSignal) =>
        after(each(out(z), times, particles, signal)),
    });
  };
  const of = (one: ScoreField<P> | StepEstimator<P>): ScoreField<P> | StepEstimator<P> => {
    if (one.kind === "step") return { ...one, data: white, process: base, average: exact };
    if (hasPoints(one)) return exact;
    const rows = one.scoreRows ?? byRows((x, time, _, signal) => eachOf(one, x, time, signal));
    const trace = traceRowsOf(one);
    return new RowField(white, base, ofZ(rows, turned), {
      // tr(L' J L) = tr(A J), as traces are given.
      trace: trace && ofZ(trace, (values) => values),
      fitted: one.fitted,
    });
  };
  return { field: of(field), of, data, process, inward, outward, dispose: () => white.dispose() };
}
