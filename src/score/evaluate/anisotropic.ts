import { multiply } from "../../numeric/multiply.js";
import { log } from "../../numeric/elementary.js";
import type { ScoreJob } from "../../../bindings/job.js";
import type { Precision } from "../../data/mixture.js";
import { cholesky, solveLower, solveUpper } from "../../numeric/linear.js";
import { levelAt, type ReferenceLevel } from "./plain.js";
import type { Quantity } from "../field.js";
import { MAX_MATRIX_DIM, type Request, inPieces, type Targets } from "./request.js";
import { type Raw, runScore, unpack, scalars } from "./score.js";

/**
 * Anisotropic S: points and queries are whitened by the Cholesky factor L of V = alpha^2 sigma0^2 I + S, once for each
 * distinct time; the isotropic kernels see unit noise, and what they give is carried back by L.
 */
export function* anisotropic(
  request: Request<Precision, Quantity>,
  out: Targets,
): Generator<ScoreJob | number, void, void> {
  const { data, process, x, count, times } = request;
  const { dim, sigma0, packed } = data;
  const groups = new Map<number, number[]>();
  yield* inPieces(count, 20, (first, last) => {
    for (let q = first; q < last; q++) {
      const t = times[times.length === 1 ? 0 : q];
      const group = groups.get(t);
      if (group) group.push(q);
      else groups.set(t, [q]);
    }
  });
  const wantMatrix = !!(out.hessian ?? out.proxyCovariance ?? out.posteriorCovariance);
  const wantTrace = !!(out.proxyVariance ?? out.divergence);
  const small = dim <= MAX_MATRIX_DIM;
  for (const [t, members] of groups) {
    const level = levelAt(process, t);
    const { alpha, variance, beta } = level;
    const a = level.covariance as Float64Array;
    // D = rate E: E is A, or D itself where that is no multiple of A.
    const e = level.spread ?? a;
    const rate = level.spread === undefined ? level.diffusion : 1;
    const v = a.map(
      (value, i) => variance * value + (i % (dim + 1) === 0 ? alpha * alpha * sigma0 * sigma0 : 0),
    );
    const factor = cholesky(v, dim);
    const white = new Float64Array(packed.local.length);
    yield* inPieces(packed.weights.length, dim * dim + 100, (first, last) => {
      for (let m = first; m < last; m++) {
        const row = packed.local.slice(m * dim, (m + 1) * dim).map((mu) => alpha * mu);
        white.set(solveLower(factor, dim, row), m * dim);
      }
    });
    const z = new Float64Array(members.length * dim);
    yield* inPieces(members.length, dim * dim + 100, (first, last) => {
      for (let i = first; i < last; i++) {
        const q = members[i];
        z.set(solveLower(factor, dim, Float64Array.from(x.subarray(q * dim, (q + 1) * dim))), i * dim);
      }
    });
    const layout = data.upload(white, !data.uniform);
    let raw: Raw;
    try {
      raw = yield* runScore(data, layout, z, Float64Array.of(Math.LOG2E / 2), {
        stats: true,
        covariance: (wantMatrix || wantTrace) && small,
        trace: false,
        weights: out.posteriorWeights !== undefined || (wantTrace && !small),
      });
    } finally {
      data.freeLayout(layout);
    }
    let logDet = 0;
    for (let d = 0; d < dim; d++) logDet += 2 * log(factor[d * (dim + 1)]);
    const carry = carriers(level, a, e, rate, factor, dim, sigma0);
    // Congruences and products of matrices, where there are any.
    const units = 4 * dim * dim + 400 + (small && (wantMatrix || wantTrace) ? 6 * dim ** 3 : 0);
    for (let i = 0; i < members.length; i++) {
      yield units;
      const q = members[i];
      const row = q * dim;
      const residual = Float64Array.from({ length: dim }, (_, d) => z[i * dim + d] - raw.mean[i * dim + d]);
      const score = solveUpper(factor, dim, residual).map((value) => 0 - value);
      const spread = multiply(e, dim, score);
      for (let d = 0; d < dim; d++) {
        if (out.score) out.score[row + d] = score[d];
        if (out.velocity) {
          const far = data.centre === undefined ? 0 : alpha * data.centre[d];
          out.velocity[row + d] = 0 - beta * (x[row + d] + far) - rate * spread[d];
        }
        if (out.posteriorMean) {
          // E[x_0 | x] = (x + S s) / alpha.
          let mean = 0;
          for (let k = 0; k <= d; k++) mean += factor[d * dim + k] * raw.mean[i * dim + k];
          const local = mean / alpha - alpha * sigma0 * sigma0 * score[d];
          out.posteriorMean[row + d] = data.centre ? data.centre[d] + local : local;
        }
      }
      const best = raw.stats[4 * i];
      scalars(request, out, raw, i, q, false, () => {
        let square = 0;
        for (let d = 0; d < dim; d++) {
          const gap = z[i * dim + d] - white[best * dim + d];
          square += gap * gap;
        }
        return 0 - square / 2 - 0.5 * (dim * log(2 * Math.PI) + logDet);
      });
      if (!wantMatrix && !wantTrace) continue;
      if (!small) {
        yield* tracesByWeights(out, raw, i, q, carry, white, level, dim);
        continue;
      }
      const covariance = new Float64Array(dim * dim);
      unpack(raw.covariance as Float64Array, i, dim, covariance);
      // alpha^2 V^-1 Cov V^-1 = L^-T Cov_white L^-1
      const inner = congruence(factor, covariance, dim);
      let innerTrace = 0;
      let spreadTrace = 0;
      for (let d = 0; d < dim; d++) {
        innerTrace += inner[d * (dim + 1)];
        for (let k = 0; k < dim; k++) spreadTrace += e[d * dim + k] * inner[k * dim + d];
      }
      if (out.proxyVariance) out.proxyVariance[q] = innerTrace + carry.extraTrace;
      if (out.divergence) out.divergence[q] = rate * (carry.spreadInverseTrace - spreadTrace) - beta * dim;
      if (!wantMatrix) continue;
      const target = q * dim * dim;
      // S V^-1 Cov V^-1 S = S inner S / alpha^2
      const outer = out.posteriorCovariance
        ? sandwich(a, inner, dim, (variance / alpha) * (variance / alpha))
        : inner;
      for (let k = 0; k < dim * dim; k++) {
        if (out.hessian) out.hessian[target + k] = inner[k] - carry.inverse[k];
        if (out.proxyCovariance) out.proxyCovariance[target + k] = inner[k] + carry.extra[k];
        if (out.posteriorCovariance) {
          out.posteriorCovariance[target + k] = outer[k] + carry.component[k];
        }
      }
    }
  }
}

/** The parts of an anisotropic level that no query changes. */
interface Carriers {
  /** E and rate, with D = rate E. */
  e: Float64Array;
  rate: number;
  factor: Float64Array;
  /** V^-1 */
  inverse: Float64Array;
  /** alpha^2 sigma0^2 S^-1 V^-1 and its trace */
  extra: Float64Array;
  extraTrace: number;
  /** sigma0^2 S V^-1 */
  component: Float64Array;
  /** tr(E V^-1) */
  spreadInverseTrace: number;
}

function carriers(
  level: ReferenceLevel,
  a: Float64Array,
  e: Float64Array,
  rate: number,
  factor: Float64Array,
  dim: number,
  sigma0: number,
): Carriers {
  const { alpha, variance } = level;
  const factorA = cholesky(a, dim);
  const inverse = new Float64Array(dim * dim);
  const extra = new Float64Array(dim * dim);
  const component = new Float64Array(dim * dim);
  let extraTrace = 0;
  let spreadInverseTrace = 0;
  for (let j = 0; j < dim; j++) {
    const unit = new Float64Array(dim);
    unit[j] = 1;
    const column = solveUpper(factor, dim, solveLower(factor, dim, unit));
    const both =
      sigma0 === 0
        ? new Float64Array(dim)
        : solveUpper(factorA, dim, solveLower(factorA, dim, column.slice()));
    const spread = multiply(a, dim, column);
    spreadInverseTrace += e === a ? spread[j] : multiply(e, dim, column)[j];
    for (let i = 0; i < dim; i++) {
      inverse[i * dim + j] = column[i];
      extra[i * dim + j] = ((alpha * alpha * sigma0 * sigma0) / variance) * both[i];
      component[i * dim + j] = sigma0 * sigma0 * variance * spread[i];
    }
    extraTrace += extra[j * (dim + 1)];
  }
  for (const matrix of [inverse, extra, component]) symmetrize(matrix, dim);
  return { e, rate, factor, inverse, extra, extraTrace, component, spreadInverseTrace };
}

function symmetrize(matrix: Float64Array, dim: number): void {
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < i; j++) {
      const mean = 0.5 * (matrix[i * dim + j] + matrix[j * dim + i]);
      matrix[i * dim + j] = mean;
      matrix[j * dim + i] = mean;
    }
  }
}

/** Traces for dim > 64, from the weights: E|L^-T (nu - mean)|^2 without a matrix. */
function* tracesByWeights(
  out: Targets,
  raw: Raw,
  i: number,
  q: number,
  carry: Carriers,
  white: Float64Array,
  level: ReferenceLevel,
  dim: number,
): Generator<number, void, void> {
  const weights = raw.weights as Float32Array | Float64Array;
  const size = white.length / dim;
  let inner = 0;
  let spread = 0;
  for (let m = 0; m < size; m++) {
    const w = weights[i * size + m];
    if (w === 0) continue;
    yield 3 * dim * dim;
    const e = Float64Array.from({ length: dim }, (_, d) => white[m * dim + d] - raw.mean[i * dim + d]);
    const u = solveUpper(carry.factor, dim, e);
    const au = multiply(carry.e, dim, u);
    for (let d = 0; d < dim; d++) {
      inner += w * u[d] * u[d];
      spread += w * u[d] * au[d];
    }
  }
  if (out.proxyVariance) out.proxyVariance[q] = inner + carry.extraTrace;
  if (out.divergence) {
    out.divergence[q] = carry.rate * (carry.spreadInverseTrace - spread) - level.beta * dim;
  }
}

/** L^-T C L^-1 for symmetric C. */
function congruence(factor: Float64Array, c: Float64Array, dim: number): Float64Array {
  const half = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    // Row i of C, as a column: L^-T of it is row i of C L^-1.
    half.set(solveUpper(factor, dim, c.slice(i * dim, (i + 1) * dim)), i * dim);
  }
  const out = new Float64Array(dim * dim);
  for (let j = 0; j < dim; j++) {
    const column = Float64Array.from({ length: dim }, (_, i) => half[i * dim + j]);
    const solved = solveUpper(factor, dim, column);
    for (let i = 0; i < dim; i++) out[i * dim + j] = solved[i];
  }
  symmetrize(out, dim);
  return out;
}

/** scale A C A for symmetric A and C. */
function sandwich(a: Float64Array, c: Float64Array, dim: number, scale: number): Float64Array {
  const half = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) half.set(multiply(a, dim, c.slice(i * dim, (i + 1) * dim)), i * dim);
  const out = new Float64Array(dim * dim);
  for (let j = 0; j < dim; j++) {
    const column = Float64Array.from({ length: dim }, (_, i) => half[i * dim + j]);
    const product = multiply(a, dim, column);
    for (let i = 0; i < dim; i++) out[i * dim + j] = scale * product[i];
  }
  symmetrize(out, dim);
  return out;
}
