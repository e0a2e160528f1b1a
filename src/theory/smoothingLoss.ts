import { checkNumber, checkOptions } from "../core/check.js";
import type { Mixture } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import { ve } from "../process/index.js";
import type { Process } from "../process/process.js";
import { checkMixture, checkProcess } from "../score/exact.js";
import { checkIsotropic, lineOf, widthsOf } from "../score/line.js";
import { checkSmoothing, pieceOf } from "../score/piecewise.js";
import { normalDensity, smoothingExcess } from "../numeric/special.js";
import { integrate, panels } from "../numeric/panels.js";

export interface SmoothingLossOptions {
  /** tau = Delta - sqrt(kappa S / alpha^2) in each gap. This or `width`. */
  kappa?: number;
  /** One tau for all gaps. */
  width?: number;
  t: number;
  /** `ve()` by default. */
  process?: Process;
}

/** How far Gaussian tails are followed. */
const REACH = 12;
/** How many of its own lengths a change of nearest point is followed. */
const STEEP = 40;

/**
 * F(kappa) = 2 [(1 + kappa) Phi(-sqrt(kappa)) - sqrt(kappa) phi(sqrt(kappa))], from 1 at 0 to 0: the loss in the limit. Paper
 * Chen 2025, Prop. 2, with sqrt(kappa) where Eq. 29 prints kappa. Relative error below 4e-15.
 */
export function smoothingLossLimit(kappa: number): number {
  checkNumber(kappa, "kappa", { min: 0 });
  return smoothingExcess(kappa);
}

/**
 * S E |s-hat - s|^2 under p_t, the loss of the piecewise score against the exact one along the line, and its limit as t goes to
 * 0 at fixed kappa, (n - 1) / n F(kappa) (with a width: kappa of each gap from it). Chen 2025, Prop. 2 and 8.
 *
 * @param line a data set of distinct points on a line, of equal weights
 * @example const { value, limit } = smoothingLoss(line, { kappa: 0.4, t: 1e-3 });
 * @throws {VkernelError} as {@link piecewiseScore}
 */
export function smoothingLoss(
  line: Mixture,
  options: SmoothingLossOptions,
): { value: number; limit: number } {
  const { places, widths, variance } = checked(line, options);
  const shape = { places, direction: Float64Array.of(1), origin: Float64Array.of(0) };
  const n = places.length;
  const value = expectation(places, variance, widths, false, (y) => {
    const { best, shift } = posterior(places, variance, y);
    const { k, gap } = pieceOf(shape, widths, y);
    const own = places[best];
    if (!gap) return places[k] - own - shift;
    const [left, right] = [places[k], places[k + 1]];
    const width = widths[k];
    // S s-hat + y, relative to the best point.
    const target = (((right - left) / 2) * (y - (left + right) / 2)) / width + (left + right) / 2;
    return target - own - shift;
  });
  let limit = 0;
  widths.forEach((width, k) => {
    const half = (places[k + 1] - places[k]) / 2;
    limit += smoothingLossLimit((half - width) ** 2 / variance) / n;
  });
  return { value, limit };
}

/**
 * S E |s-hat - tau * s|^2 under p_t: how far the piecewise score is from the smoothed exact one along the line; and
 * exp(-(Delta - tau)^2 / (16 t)) with the least Delta - tau, of whose order it is. Chen 2025, Lemma 1 and 7.
 *
 * @param line a data set of distinct points on a line, of equal weights
 * @throws {VkernelError} as {@link piecewiseScore}; E_RANGE for a width of 0
 */
export function piecewiseError(
  line: Mixture,
  options: SmoothingLossOptions,
): { value: number; bound: number } {
  const { places, widths, variance } = checked(line, options);
  if (widths.some((width) => width !== widths[0])) {
    throw badArgument("E_RANGE", "line", "gaps that are smoothed over one width", "several widths");
  }
  const width = widths[0];
  if (width === 0) throw badArgument("E_RANGE", "width", "a number above 0", width);
  // Where both have the same best points the two agree but for the sums relative to them.
  const value = expectation(places, variance, widths, true, (y) => {
    const [up, down] = [posterior(places, variance, y + width), posterior(places, variance, y - width)];
    return (variance * (Math.log1p(up.rest) - Math.log1p(down.rest))) / (2 * width);
  });
  const gap = Math.min(...Array.from(widths, (w, k) => (places[k + 1] - places[k]) / 2 - w));
  return { value, bound: Math.exp(-(gap * gap) / (16 * variance)) };
}

function checked(line: Mixture, options: SmoothingLossOptions) {
  checkMixture(line);
  line.check();
  checkOptions(options, ["kappa", "width", "t", "process"]);
  const smoothing = checkSmoothing(options ?? {});
  const process = options.process ?? ve();
  checkProcess(process, line);
  checkIsotropic(process);
  const t = checkNumber(options.t, "t", { above: 0, max: process.end });
  const shape = lineOf(line);
  const variance = process.variance(t) / process.alpha(t) ** 2;
  return { places: shape.places, widths: widthsOf(shape, smoothing, variance), variance };
}

/** The likeliest point, the posterior mean relative to it, and the other weights in units of its own. */
function posterior(
  places: Float64Array,
  variance: number,
  y: number,
): { best: number; shift: number; rest: number } {
  let best = 0;
  places.forEach((place, k) => {
    if (Math.abs(place - y) < Math.abs(places[best] - y)) best = k;
  });
  const own = places[best];
  let rest = 0;
  let shift = 0;
  places.forEach((place, k) => {
    if (k === best) return;
    const weight = Math.exp(((place - own) * (2 * y - place - own)) / (2 * variance));
    rest += weight;
    shift += weight * (place - own);
  });
  return { best, shift: shift / (1 + rest), rest };
}

/** E[f^2] / variance under p_t, by panels that see every kink. */
function expectation(
  places: Float64Array,
  variance: number,
  widths: Float64Array,
  atEnds: boolean,
  f: (y: number) => number,
): number {
  const sigma = Math.sqrt(variance);
  const n = places.length;
  const [first, last] = [places[0], places[n - 1]];
  const [low, high] = [first - REACH * sigma, last + REACH * sigma];
  const breaks = new Set<number>([low, high]);
  // Around the middles the posterior goes from one point to the next, over variance / gap.
  for (let k = 0; k + 1 < n; k++) {
    const gap = places[k + 1] - places[k];
    const middle = places[k] + gap / 2;
    const width = widths[k];
    for (const y of [middle - width, middle, middle + width]) breaks.add(y);
    const length = variance / gap;
    for (const y of atEnds ? [middle - width, middle + width] : [middle]) {
      for (let step = -STEEP; step <= STEEP; step++) breaks.add(y + step * length);
    }
  }
  const inside = Array.from(breaks)
    .filter((y) => y >= low && y <= high)
    .sort((a, b) => a - b);
  const density = (y: number): number => {
    let sum = 0;
    for (const place of places) sum += normalDensity((y - place) / sigma);
    return sum / (n * sigma);
  };
  return integrate((y) => f(y) ** 2 * density(y), panels(inside, sigma)) / variance;
}
