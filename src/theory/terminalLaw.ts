import { checkOptions } from "../core/check.js";
import type { Mixture } from "../data/mixture.js";
import type { Process } from "../process/process.js";
import { lineOf, widthsOf } from "../score/line.js";
import { normalDensity, normalMass } from "../numeric/special.js";
import { checkStart } from "./flowMap.js";
import { integrate, panels } from "../numeric/panels.js";

export interface TerminalLawOptions {
  kappa: number;
  /** The time from which the smoothed score takes over; there the law is p_t of the data. */
  from: number;
  /** `ve()` by default. */
  process?: Process;
}

/** The law at time 0 along the line: an atom at each point, and a density between. */
export interface TerminalLaw {
  /** Where the points lie along the line, ascending. */
  readonly places: Float64Array;
  /** The mass at each of them. */
  readonly atoms: Float64Array;
  /** The mass between them, all gaps together; and of each gap. */
  readonly continuousMass: number;
  readonly gapMasses: Float64Array;
  /** The density of the continuous part along the line, 0 beyond the points. */
  density(y: number): number;
  /** P(place <= y), atoms included. */
  cdf(y: number): number;
  /** KL of the uniform law between the end points from the continuous part (Lemma 4). */
  readonly kl: number;
  /**
   * For two points: bounds of `kl` as Corollary 5 prints it and corrected ((1 + d + d^2) / (6 t) + log(sqrt(t) / (1 - d)) +
   * log(2 pi) / 2 with d = sqrt(kappa t), in units of half the gap).
   */
  readonly bounds: { readonly printed: number; readonly corrected: number } | undefined;
}

/**
 * What the flow of {@link piecewiseScore} makes of p_t, started at `from`, in closed form. Chen 2025, Eq. 13, for n points: mass
 * within sqrt(kappa t) of a point ends on it, the rest is stretched over the gap; Lemma 4; Corollary 5.
 *
 * @param line a data set of distinct points on a line, of equal weights
 * @example const { atoms, continuousMass } = terminalLaw(line, { kappa: 0.4, from: 0.02 });
 * @throws {VkernelError} E_RANGE where kappa S / alpha^2 reaches Delta^2 of a gap; E_SHAPE, E_UNSUPPORTED, E_USAGE
 */
export function terminalLaw(line: Mixture, options: TerminalLawOptions): TerminalLaw {
  checkOptions(options, ["kappa", "from", "process"]);
  const { kappa, from, process } = checkStart(line, options);
  const shape = lineOf(line);
  const { places } = shape;
  const n = places.length;
  const variance = process.variance(from) / process.alpha(from) ** 2;
  const sigma = Math.sqrt(variance);
  const widths = widthsOf(shape, { kappa }, variance);
  const middle = (k: number): number => (places[k] + places[k + 1]) / 2;
  const half = (k: number): number => (places[k + 1] - places[k]) / 2;
  /** P(lo < y <= hi) under p_t. */
  const mass = (lo: number, hi: number): number => {
    let sum = 0;
    for (const y of places) sum += normalMass((lo - y) / sigma, (hi - y) / sigma);
    return sum / n;
  };
  const noised = (y: number): number => {
    let sum = 0;
    for (const place of places) sum += normalDensity((y - place) / sigma);
    return sum / (n * sigma);
  };
  const atoms = places.map((_, k) =>
    mass(
      k === 0 ? Number.NEGATIVE_INFINITY : middle(k - 1) + widths[k - 1],
      k === n - 1 ? Number.POSITIVE_INFINITY : middle(k) - widths[k],
    ),
  );
  const gapMasses = widths.map((width, k) => mass(middle(k) - width, middle(k) + width));
  const gapOf = (y: number): number => {
    let k = 0;
    while (k < n - 2 && y > places[k + 1]) k++;
    return k;
  };
  const density = (y: number): number => {
    if (!(y >= places[0] && y <= places[n - 1])) return 0;
    const k = gapOf(y);
    const ratio = widths[k] / half(k);
    return ratio * noised(middle(k) + ratio * (y - middle(k)));
  };
  const cdf = (y: number): number => {
    let sum = 0;
    for (let k = 0; k < n && places[k] <= y; k++) {
      sum += atoms[k];
      if (k === n - 1) break;
      const width = widths[k];
      const reach = Math.min(y, places[k + 1]);
      sum += mass(middle(k) - width, middle(k) + (width / half(k)) * (reach - middle(k)));
    }
    return sum;
  };
  const extent = places[n - 1] - places[0];
  // log p of a mixture, without underflow: relative to its largest term.
  const logDensity = (y: number): number => {
    const k = gapOf(y);
    const ratio = widths[k] / half(k);
    const at = middle(k) + ratio * (y - middle(k));
    let least = Number.POSITIVE_INFINITY;
    for (const place of places) least = Math.min(least, ((at - place) / sigma) ** 2);
    let sum = 0;
    for (const place of places) sum += Math.exp(0.5 * (least - ((at - place) / sigma) ** 2));
    return Math.log(ratio / (n * sigma)) - 0.5 * least + Math.log(sum) - 0.5 * Math.log(2 * Math.PI);
  };
  const breaks = Array.from(places).flatMap((y, k) => (k < n - 1 ? [y, middle(k)] : [y]));
  const steepest = Math.min(...Array.from(widths, (_, k) => variance / half(k)));
  const kl =
    -Math.log(extent) - integrate(logDensity, panels(breaks, Math.max(steepest, extent / 4096))) / extent;
  return {
    places: places.slice(),
    atoms,
    continuousMass: gapMasses.reduce((sum, value) => sum + value, 0),
    gapMasses,
    density,
    cdf,
    kl,
    bounds: n === 2 ? boundsOf(kappa, variance / half(0) ** 2) : undefined,
  };
}

/** For the points -1 and 1. */
function boundsOf(kappa: number, t: number): { printed: number; corrected: number } {
  const d = Math.sqrt(kappa * t);
  const shared = Math.log(Math.sqrt(t) / (1 - d));
  return {
    printed: 1 / (3 * t * (1 - d)) + shared + Math.log(2 * Math.sqrt(2 * Math.PI)),
    corrected: (1 + d + d * d) / (6 * t) + shared + 0.5 * Math.log(2 * Math.PI),
  };
}
