/** Values that are compared between two looks at the signal. */
const STRETCH = 2 ** 16;

/** Where the least and the largest value are, and the least one above 0. */
export interface Extremes {
  readonly least: number;
  readonly most: number;
  readonly positive: number;
}

export function* extremes(values: ArrayLike<number>): Generator<number, Extremes, void> {
  let [least, most, positive] = [0, 0, Number.POSITIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value < values[least]) least = i;
    if (value > values[most]) most = i;
    if (value > 0 && value < positive) positive = value;
    if (i % STRETCH === 0) yield 8 * STRETCH;
  }
  return { least, most, positive };
}
