import type { RowFunction } from "../../bindings/job.js";
import { checkNumber, checkOptions } from "../core/check.js";
import type { Mixture, Precision } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import { ve } from "../process/index.js";
import type { Process } from "../process/process.js";
import { RowField } from "./custom.js";
import { checkMixture, checkProcess } from "./exact.js";
import type { ScoreField } from "./field.js";
import { checkIsotropic, type Line, lineOf, type Smoothing, widthsOf } from "./line.js";

export interface PiecewiseOptions {
  /** The width of every gap is tau = Delta - sqrt(kappa S / alpha^2), with Delta half the gap. This or `width`. */
  kappa?: number;
  /** One tau for all gaps and times; 0 gives the score of the nearest point (Eq. 15). */
  width?: number;
  /** `ve()` by default, the process of the paper. */
  process?: Process;
}

/** Which of the two is given, checked. */
export function checkSmoothing({ kappa, width }: { kappa?: number; width?: number }): Smoothing {
  if ((kappa === undefined) === (width === undefined)) {
    throw badArgument(
      "E_USAGE",
      "kappa",
      "kappa or width, one of them",
      kappa === undefined ? "neither" : "both",
    );
  }
  return kappa === undefined
    ? { width: checkNumber(width, "width", { min: 0 }) }
    : { kappa: checkNumber(kappa, "kappa", { min: 0 }) };
}

/** Which piece a place is in: around point k (`gap` false), or between points k and k + 1. */
export function pieceOf({ places }: Line, widths: Float64Array, y: number): { k: number; gap: boolean } {
  // The first gap whose middle, plus its width, is not below y.
  let low = 0;
  let high = widths.length;
  const middle = (k: number): number => (places[k] + places[k + 1]) / 2;
  while (low < high) {
    const k = (low + high) >> 1;
    if (middle(k) + widths[k] < y) low = k + 1;
    else high = k;
  }
  return { k: low, gap: low < widths.length && y > middle(low) - widths[low] };
}

/**
 * Points on a line: the score of the nearest point, averaged along the line over 2 tau: linear pieces, exact across the
 * line. Any direction of R^D, evenly spaced or not. Chen 2025, Eq. 9, 15, 16 (k in 2 ... n - 1), 20; for other processes than
 * ve in x / alpha and S / alpha^2.
 *
 * @param line a data set of distinct points on a line, of equal weights
 * @example
 * const field = piecewiseScore(engine.mixture([[-1, 0], [1, 0]]), { kappa: 0.4 });
 * @throws {VkernelError} E_USAGE, E_SHAPE, E_RANGE (a point off the line, widths beyond half a gap, at a call kappa t beyond its
 * range), E_UNSUPPORTED
 */
export function piecewiseScore<P extends Precision>(
  line: Mixture<P>,
  options: PiecewiseOptions,
): ScoreField<P> {
  checkMixture(line);
  line.check();
  checkOptions(options, ["kappa", "width", "process"]);
  const smoothing = checkSmoothing(options ?? {});
  const process = options.process ?? ve();
  checkProcess(process, line);
  checkIsotropic(process);
  const shape = lineOf(line);
  // Widths that are no function of time are wrong now or never.
  if ("width" in smoothing) widthsOf(shape, smoothing, 0);
  const { dim } = line;
  const rows: RowFunction = (x, t) => {
    const alpha = process.alpha(t);
    const variance = process.variance(t) / (alpha * alpha);
    const widths = widthsOf(shape, smoothing, variance);
    const { direction, origin } = shape;
    const out = new Float64Array(x.length);
    for (let i = 0; i < x.length; i += dim) {
      let y = 0;
      for (let d = 0; d < dim; d++) y += direction[d] * (x[i + d] / alpha);
      const along = pieceScore(shape, widths, y) / (alpha * variance);
      for (let d = 0; d < dim; d++) {
        const u = direction[d];
        const across = origin[d] + y * u - x[i + d] / alpha;
        out[i + d] = along * u + across / (alpha * variance);
      }
    }
    return out;
  };
  /** -(dim - 1) / S across the line, and the slope of the piece along it. */
  const trace: RowFunction = (x, t) => {
    const alpha = process.alpha(t);
    const variance = process.variance(t);
    const widths = widthsOf(shape, smoothing, variance / (alpha * alpha));
    return Float64Array.from({ length: x.length / dim }, (_, i) => {
      let y = 0;
      for (let d = 0; d < dim; d++) {
        y += shape.direction[d] * (x[i * dim + d] / alpha);
      }
      return (pieceSlope(shape, widths, y) - (dim - 1)) / variance;
    });
  };
  return new RowField(line, process, rows, { trace });
}

/** The derivative of `pieceScore`: at the ends of a piece, that of the piece on its left. */
function pieceSlope(line: Line, widths: Float64Array, y: number): number {
  const { k, gap } = pieceOf(line, widths, y);
  if (!gap) return -1;
  const width = widths[k];
  return ((line.places[k + 1] - line.places[k]) / 2 - width) / width;
}

/** S / alpha^2 times the score along the line. */
export function pieceScore(line: Line, widths: Float64Array, y: number): number {
  const { k, gap } = pieceOf(line, widths, y);
  const left = line.places[k];
  if (!gap) return left - y;
  const right = line.places[k + 1];
  const width = widths[k];
  return (((right - left) / 2 - width) * (y - (left + right) / 2)) / width;
}
