/** What chance is allowed to decide: one rule for the verdicts of all claims. */
import { integrate, panels, upperGamma } from "vkernel/internal";
import type { Estimate } from "./estimate.js";

/** How many standard errors something is from what it is held to. */
export interface Deviation {
  readonly z: number;
  readonly degrees?: number;
}

const ratio = (value: number, standardError: number): number =>
  standardError > 0 ? value / standardError : value === 0 ? 0 : value * Number.POSITIVE_INFINITY;

/** A number from what it should be; infinitely many errors where it is computed and is another. */
export const deviationOf = ({ value, standardError, degrees }: Estimate, from = 0): Deviation => ({
  z: ratio(value - from, standardError),
  ...(degrees !== undefined && { degrees }),
});

/** The difference of two independent numbers, and how many standard errors it is from 0. */
export function differenceOf(a: Estimate, b: Estimate): Estimate & Deviation {
  const value = a.value - b.value;
  const standardError = Math.hypot(a.standardError, b.standardError);
  const degrees = degreesOf(a, b);
  return {
    value,
    standardError,
    z: ratio(value, standardError),
    ...(degrees !== undefined && { degrees }),
  };
}

/** Welch and Satterthwaite's degrees of freedom of the error of a difference. */
function degreesOf(...parts: readonly Estimate[]): number | undefined {
  let [variance, spread] = [0, 0];
  for (const { standardError, degrees = Number.POSITIVE_INFINITY } of parts) {
    variance += standardError ** 2;
    spread += standardError ** 4 / degrees;
  }
  return spread > 0 ? variance ** 2 / spread : undefined;
}

/** Expected counts below this are no normal's. */
const FEW = 25;

/**
 * A share of `count` from its probability: in standard errors of the probability, which a share of none or all has too. Of few
 * expected hits (or misses), the errors that a normal deviates by as seldom.
 */
export function shareDeviation({ value }: Estimate, count: number, theory: number): Deviation {
  if (theory <= 0 || theory >= 1) return { z: ratio(value - theory, 0) };
  const rare = Math.min(theory, 1 - theory);
  if (count * rare >= FEW) return { z: ratio(value - theory, Math.sqrt((theory * (1 - theory)) / count)) };
  const hits = Math.round(count * (theory === rare ? value : 1 - value));
  const [below, above] = [poissonBelow(hits + 1, count * rare), 1 - poissonBelow(hits, count * rare)];
  const sign = (above < below ? 1 : -1) * (theory === rare ? 1 : -1);
  return { z: sign * errorsBeyond(Math.min(1, 2 * Math.min(above, below))) };
}

/** The probability of fewer than k events where `mean` are expected. */
const poissonBelow = (k: number, mean: number): number => (k <= 0 ? 0 : upperGamma(k, mean));

/**
 * How often chance makes a claim's verdict wrong, at most, whatever is compared: once in 2,000. Several comparisons of one claim share it
 * (Bonferroni); errors of few repeats go by Student's t.
 */
export const FALSE_ALARM = 1 / 2000;

/** The probability that a normal, or a Student's t of so many degrees of freedom, is farther from 0 than z. */
export function tailOf(z: number, degrees?: number): number {
  if (degrees === undefined) return upperGamma(0.5, (z * z) / 2);
  // t = sqrt(degrees) tan(angle): the density is cos(angle)^(degrees - 1).
  const mass = (from: number): number =>
    integrate((angle) => Math.cos(angle) ** (degrees - 1), panels([from, Math.PI / 2], 0.05));
  return mass(Math.atan(z / Math.sqrt(degrees))) / mass(0);
}

/** How many errors a normal (or Student's t) deviates by with a probability, to either side. */
export function errorsBeyond(probability: number, degrees?: number): number {
  let [low, high] = [0, 1];
  while (high < 2 ** 40 && tailOf(high, degrees) > probability) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (tailOf(middle, degrees) > probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** So many standard errors are a difference, one of so many comparisons. */
export const limitOf = (comparisons = 1, degrees?: number): number =>
  errorsBeyond(FALSE_ALARM / comparisons, degrees);

/** What comparisons of one claim say together. */
export interface Decision extends Deviation {
  readonly comparisons: number;
  /** The deviation that is nearest to its limit, or farthest beyond it, is `z`; this is its limit. */
  readonly limit: number;
  readonly differs: boolean;
}

/** Whether a number is another than it is held to, one of so many comparisons. */
export function decideOne({ z, degrees }: Deviation, comparisons = 1): Decision {
  const limit = limitOf(comparisons, degrees);
  return { z, ...(degrees !== undefined && { degrees }), comparisons, limit, differs: Math.abs(z) > limit };
}

/** Whether any of some numbers is another than it is held to, by more than chance; their claim may compare more than these. */
export const decide = (deviations: readonly Deviation[], comparisons: number = deviations.length): Decision =>
  deviations
    .map((deviation) => decideOne(deviation, comparisons))
    .reduce((a, b) => (Math.abs(b.z) / b.limit > Math.abs(a.z) / a.limit ? b : a));

/** Whether it differs, one of so many comparisons of its claim: more (1), less (-1), or not by more than chance (0). */
export function signOf(deviation: Deviation, comparisons = 1): -1 | 0 | 1 {
  const { z, differs } = decideOne(deviation, comparisons);
  return differs ? (z > 0 ? 1 : -1) : 0;
}

/** The least difference that would have been seen with such an error: what a verdict of "not seen" has to say. */
export const leastSeen = ({ standardError, degrees }: Estimate, comparisons = 1): number =>
  limitOf(comparisons, degrees) * standardError;

/** p-values below this are a difference, one of so many comparisons. */
export const rareOf = (comparisons = 1): number => FALSE_ALARM / comparisons;

/** The Kolmogorov-Smirnov distance of draws from their own law that chance exceeds as seldom (Massart 1990). */
export const gapLimit = (count: number, comparisons = 1): number =>
  Math.sqrt(Math.log((2 * comparisons) / FALSE_ALARM) / (2 * count));
