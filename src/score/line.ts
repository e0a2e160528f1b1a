import { checkNumber } from "../core/check.js";
import type { Mixture } from "../data/mixture.js";
import { badArgument, VkernelError } from "../core/errors.js";
import type { Process } from "../process/process.js";

/** Points on a line of R^D: mu = origin + place direction. */
export interface Line {
  /** A unit vector, `[dim]`; its first coordinate that is not 0 is positive. */
  readonly direction: Float64Array;
  /** The point of the line nearest to 0, `[dim]`. */
  readonly origin: Float64Array;
  /** Where the points lie along it, ascending. */
  readonly places: Float64Array;
}

/** How far off a line a point may be, as a share of the largest coordinate less the centre: rounding of the data. */
const TOLERANCE = { f32: 1e-6, f64: 1e-13 } as const;

/** The line that all points lie on, or the first point that is off it. */
export function findLine(data: Mixture): Line | { readonly off: number; readonly distance: number } {
  const { dim, size, local: points, precision, centre } = data;
  const at = (m: number, d: number): number => points[m * dim + d];
  let far = 0;
  let square = 0;
  let largest = 0;
  for (let m = 0; m < size; m++) {
    let sum = 0;
    for (let d = 0; d < dim; d++) {
      sum += (at(m, d) - at(0, d)) ** 2;
      largest = Math.max(largest, Math.abs(at(m, d)));
    }
    if (sum > square) [far, square] = [m, sum];
  }
  const length = Math.sqrt(square);
  const direction = Float64Array.from({ length: dim }, (_, d) =>
    length === 0 ? (d === 0 ? 1 : 0) : (at(far, d) - at(0, d)) / length,
  );
  const leading = direction.find((value) => value !== 0) as number;
  if (leading < 0) for (let d = 0; d < dim; d++) direction[d] = 0 - direction[d];
  const along = (m: number): number => {
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += direction[d] * at(m, d);
    return sum;
  };
  const origin = direction.map((value, d) => at(0, d) - along(0) * value);
  const places = new Float64Array(size);
  for (let m = 0; m < size; m++) {
    const place = along(m);
    places[m] = place;
    const offs = Float64Array.from({ length: dim }, (_, d) => at(m, d) - origin[d] - place * direction[d]);
    if (offs.some((off) => Math.abs(off) > TOLERANCE[precision] * largest)) {
      return { off: m, distance: Math.hypot(...offs) };
    }
  }
  if (centre) {
    let shift = 0;
    for (let d = 0; d < dim; d++) shift += direction[d] * centre[d];
    for (let d = 0; d < dim; d++) {
      const across = centre[d] - shift * direction[d];
      origin[d] = origin[d] + across;
    }
    for (let m = 0; m < size; m++) places[m] = places[m] + shift;
  }
  return { direction, origin, places: places.sort() };
}

/**
 * The line of a data set of distinct points that all weigh the same.
 * @throws {VkernelError} E_SHAPE, E_RANGE, E_UNSUPPORTED
 */
export function lineOf(data: Mixture): Line {
  const { size, sigma0, uniform } = data;
  if (size < 2) throw badArgument("E_SHAPE", "line", "at least two points", size);
  if (sigma0 !== 0) throw unsupported("line", "points of width sigma0 = 0", `sigma0 = ${sigma0}`);
  if (!uniform) throw unsupported("line", "points that weigh the same", "different weights");
  const line = findLine(data);
  if ("off" in line) {
    throw new VkernelError("E_RANGE", {
      argument: "line",
      expected: "points on one line",
      got: `point ${line.off}, which is off it by ${Number(line.distance.toPrecision(2))}`,
      hint: "smoothedScore(data, process, { width }) takes points anywhere",
    });
  }
  for (let k = 1; k < size; k++) {
    if (!(line.places[k] > line.places[k - 1])) {
      throw badArgument("E_RANGE", "line", "distinct points", `two at ${line.places[k]}`);
    }
  }
  return line;
}

/** A process whose noise is the same in every direction, which smoothing is written for. */
export function checkIsotropic(process: Process): void {
  if (process.covariance !== undefined || process.matrices !== undefined) {
    throw unsupported("process", "isotropic noise, the same in every direction", process.name);
  }
}

export function unsupported(argument: string, expected: string, got: string): VkernelError {
  return new VkernelError("E_UNSUPPORTED", { argument, expected, got });
}

/** Half the width over which each gap is smoothed: by kappa, Delta - sqrt(kappa S / alpha^2); or one width for all. */
export type Smoothing = { readonly kappa: number } | { readonly width: number };

/**
 * tau of every gap at noise `variance` (S / alpha^2).
 * @throws {VkernelError} E_RANGE where kappa S / alpha^2 reaches a gap's Delta^2, or the width a gap's Delta
 */
export function widthsOf({ places }: Line, smoothing: Smoothing, variance: number): Float64Array {
  const gaps = places.length - 1;
  const out = new Float64Array(gaps);
  for (let k = 0; k < gaps; k++) {
    const half = (places[k + 1] - places[k]) / 2;
    if ("kappa" in smoothing) {
      const width = half - Math.sqrt(smoothing.kappa * variance);
      if (!(width > 0)) {
        const most = (half * half) / variance;
        throw badArgument(
          "E_RANGE",
          "kappa",
          `kappa below Delta^2 alpha^2 / S = ${most}, or an earlier time, in gap ${k}`,
          smoothing.kappa,
        );
      }
      out[k] = width;
    } else {
      if (smoothing.width >= half) {
        throw badArgument("E_RANGE", "width", `below half of gap ${k}, ${half}`, smoothing.width);
      }
      out[k] = smoothing.width;
    }
  }
  return out;
}

/**
 * tau of t for points on a line that are smoothed over Delta - sqrt(kappa S / alpha^2), with Delta half the narrowest gap; in the
 * units of x. Chen 2025, Sec. 3.2.
 */
export function shrinkingWidth(data: Mixture, process: Process, kappa: number): (t: number) => number {
  const { places } = lineOf(data);
  checkNumber(kappa, "kappa", { min: 0 });
  let half = Number.POSITIVE_INFINITY;
  for (let k = 1; k < places.length; k++) {
    half = Math.min(half, (places[k] - places[k - 1]) / 2);
  }
  return (t) => {
    const width = process.alpha(t) * half - Math.sqrt(kappa * process.variance(t));
    if (width > 0) return width;
    const most = (half * process.alpha(t)) ** 2 / process.variance(t);
    throw badArgument("E_RANGE", "kappa", `below Delta^2 alpha^2 / S = ${most} at t = ${t}`, kappa);
  };
}
