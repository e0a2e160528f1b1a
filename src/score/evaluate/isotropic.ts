import { log } from "../../numeric/elementary.js";
import type { ScoreJob } from "../../../bindings/job.js";
import type { Numbers, Precision } from "../../data/mixture.js";
import type { Quantity } from "../field.js";
import { kernelScale, type Level } from "../level.js";
import { type Request, inPieces, type Targets } from "./request.js";
import { type Raw, runScore, shrunk, unpack, scalars } from "./score.js";

export function* isotropic(
  request: Request<Precision, Quantity>,
  out: Targets,
  levels: (q: number) => Level,
  nearest: boolean,
): Generator<ScoreJob | number, void, void> {
  const { data, x, count, times } = request;
  const { dim, precision, order, packed } = data;
  const y = yield* shrunk(request, levels);
  const scale = new Float64Array(times.length);
  yield* inPieces(times.length, 50, (first, last) => {
    for (let q = first; q < last; q++) scale[q] = kernelScale(levels(q), precision);
  });
  const wantMatrix = !!(out.hessian ?? out.proxyCovariance ?? out.posteriorCovariance);
  const wantTrace = !!(out.proxyVariance ?? out.divergence);
  const wantStats = nearest || !!(out.logDensity ?? out.posteriorEntropy ?? out.effectiveCount);
  const raw = yield* runScore(data, data.layout, y, scale, {
    stats: wantStats,
    covariance: wantMatrix || (wantTrace && dim <= 3),
    trace: wantTrace && dim > 3,
    weights: out.posteriorWeights !== undefined,
  });
  yield* means(request, out, levels, raw.mean);
  if (!wantStats && !wantMatrix && !wantTrace && !out.posteriorWeights) return;
  const matrix = new Float64Array(dim * dim);
  const units =
    200 + 4 * dim + (out.posteriorWeights ? 4 * data.size : 0) + (wantMatrix ? 12 * dim * dim : 0);
  yield* inPieces(count, units, (first, last) => {
    for (let q = first; q < last; q++) turn(q);
  });

  function turn(q: number): void {
    const { alpha, total } = levels(q);
    const row = q * dim;
    const best = raw.stats[4 * q];
    scalars(request, out, raw, q, q, nearest, () => {
      let square = 0;
      for (let d = 0; d < dim; d++) {
        const e = x[row + d] - alpha * packed.local[best * dim + d];
        square += e * e;
      }
      if (nearest) {
        if (out.nearest) out.nearest[q] = order[best];
        if (out.nearestDistance) out.nearestDistance[q] = Math.sqrt(square);
      }
      return 0 - square / (2 * total) - 0.5 * dim * log(2 * Math.PI * total);
    });
    if (!wantMatrix && !wantTrace) return;
    let trace = 0;
    if (raw.covariance) {
      unpack(raw.covariance, q, dim, matrix);
      for (let d = 0; d < dim; d++) trace += matrix[d * (dim + 1)];
    }
    if (raw.trace) trace = raw.trace[q];
    matrices(request, out, levels(q), q, wantMatrix ? matrix : undefined, trace);
  }
}

/** What follows from the covariance of the points at query q, and from its trace. */
export function matrices(
  { data: { dim, sigma0 } }: Request<Precision, Quantity>,
  out: Targets,
  { alpha, variance, total, beta, diffusion }: Level,
  q: number,
  matrix: Float64Array | undefined,
  trace: number,
): void {
  const factor = (alpha / total) * (alpha / total);
  const extra = ((alpha * sigma0) / variance) * ((alpha * sigma0) / total);
  if (out.proxyVariance) out.proxyVariance[q] = factor * trace + dim * extra;
  if (out.divergence) out.divergence[q] = diffusion * (dim / total - factor * trace) - beta * dim;
  if (matrix === undefined) return;
  const shrink = variance / total;
  for (let i = 0; i < dim * dim; i++) {
    const value = matrix[i];
    const diagonal = i % (dim + 1) === 0 ? 1 : 0;
    if (out.hessian) out.hessian[q * dim * dim + i] = factor * value - diagonal / total;
    if (out.proxyCovariance) out.proxyCovariance[q * dim * dim + i] = factor * value + diagonal * extra;
    if (out.posteriorCovariance) {
      out.posteriorCovariance[q * dim * dim + i] =
        shrink * shrink * value + diagonal * sigma0 * sigma0 * shrink;
    }
  }
}

/** The posterior means, and what follows from them alone. */
export function* means(
  request: Request<Precision, Quantity>,
  out: Targets,
  levels: (q: number) => Level,
  mean: Raw["mean"],
): Generator<number, void, void> {
  const { data, count } = request;
  const { dim, sigma0 } = data;
  if (out.posteriorMean && sigma0 === 0) {
    (out.posteriorMean as Numbers<Precision>).set(data.centre ? data.outward(mean) : mean);
    yield 4 * count * dim;
  }
  if (out.score ?? out.velocity ?? (sigma0 > 0 ? out.posteriorMean : undefined)) {
    yield* inPieces(count, 8 * dim + 8, (first, last) => vectors(request, out, levels, mean, first, last));
  }
}

/** What follows from the posterior means alone; of all quantities those that are asked for most often, and of most places. */
function vectors(
  { data, x, times }: Request<Precision, Quantity>,
  out: Targets,
  levels: (q: number) => Level,
  means: Raw["mean"],
  first: number,
  last: number,
): void {
  const { dim, sigma0, centre } = data;
  const { score: scores, velocity } = out;
  const posterior = sigma0 > 0 ? out.posteriorMean : undefined;
  let level = levels(0);
  for (let q = first, at = first * dim; q < last; q++) {
    if (times.length > 1) level = levels(q);
    const { alpha, total, beta, diffusion } = level;
    const pull = (alpha * sigma0 * sigma0) / total;
    for (let d = 0; d < dim; d++, at++) {
      const mean = means[at];
      const query = x[at];
      const residual = query - alpha * mean;
      const score = residual === 0 ? 0 : -residual / total;
      if (scores) scores[at] = score;
      const far = centre === undefined ? 0 : centre[d];
      if (posterior) posterior[at] = centre ? far + (mean + pull * residual) : mean + pull * residual;
      if (velocity) velocity[at] = 0 - beta * (query + alpha * far) - diffusion * score;
    }
  }
}

/** The nearest point alone: the best point where all weigh the same. */
export function* findNearest(
  request: Request<Precision, Quantity>,
  out: Targets,
  levels: (q: number) => Level,
): Generator<ScoreJob | number, void, void> {
  const { data, x, count } = request;
  const { dim, packed, order } = data;
  const y = yield* shrunk(request, levels);
  const layout = { ...data.layout, logWeights: 0 };
  const none = { stats: true, covariance: false, trace: false, weights: false };
  const raw = yield* runScore(data, layout, y, Float64Array.of(1), none);
  yield* inPieces(count, 4 * dim + 20, (first, last) => {
    for (let q = first; q < last; q++) {
      const best = raw.stats[4 * q];
      const { alpha } = levels(q);
      let square = 0;
      for (let d = 0; d < dim; d++) {
        const e = x[q * dim + d] - alpha * packed.local[best * dim + d];
        square += e * e;
      }
      if (out.nearest) out.nearest[q] = order[best];
      if (out.nearestDistance) out.nearestDistance[q] = Math.sqrt(square);
    }
  });
}
