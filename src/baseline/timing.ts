/** What the times of rounds say of one way to do some work, beside another that had its turn in the same rounds. */
export interface Timing {
  /** Milliseconds. */
  readonly median: number;
  /** (slowest - fastest round) / median. */
  readonly spread: number;
  /** Times as fast as the other: the median of the rounds' ratios, and their range. */
  readonly ratio: { readonly median: number; readonly least: number; readonly most: number };
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** @param rounds milliseconds of each round, and of the other in the same rounds */
export function timingOf(rounds: readonly number[], other: readonly number[]): Timing {
  const median = medianOf(rounds);
  const ratios = rounds.map((time, round) => other[round] / time);
  return {
    median,
    spread: (Math.max(...rounds) - Math.min(...rounds)) / median,
    ratio: { median: medianOf(ratios), least: Math.min(...ratios), most: Math.max(...ratios) },
  };
}

/** The largest difference of two results, but for a share of them; NaN where it is not known. */
export function differenceOf(
  standard: Float32Array | Float64Array,
  values: Float32Array | Float64Array,
  outliers: number,
): number {
  // Numbers that are none come last in what is sorted.
  const differences = Float64Array.from(standard, (value, k) => Math.abs(value - values[k])).sort();
  const { length } = differences;
  const isKnown = length === values.length && !Number.isNaN(differences[length - 1]);
  return isKnown ? differences[length - 1 - Math.floor(outliers * length)] : Number.NaN;
}
