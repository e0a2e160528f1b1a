/**
 * Numbers of two float64 parts, some 31 digits, from IEEE operations alone: what a special function needs where float64 would
 * round an exponent. Dekker 1971; Knuth, The Art of Computer Programming 2, 4.2.2.
 */

/** high + low, |low| at most half a unit in the last place of high. */
export interface Doubled {
  readonly high: number;
  readonly low: number;
}

/** a + b, exactly. */
export function sumOf(a: number, b: number): Doubled {
  const high = a + b;
  const part = high - a;
  return { high, low: a - (high - part) + (b - part) };
}

/** a + b, exactly, where |a| is not below |b|. */
function quickSum(a: number, b: number): Doubled {
  const high = a + b;
  return { high, low: b - (high - a) };
}

/** a b, exactly, of factors below 2^996. */
export function productOf(a: number, b: number): Doubled {
  const high = a * b;
  const [wideA, wideB] = [134217729 * a, 134217729 * b];
  const [topA, topB] = [wideA - (wideA - a), wideB - (wideB - b)];
  const [restA, restB] = [a - topA, b - topB];
  return { high, low: restA * restB - (high - topA * topB - restA * topB - topA * restB) };
}

export function plus(a: Doubled, b: Doubled): Doubled {
  const high = sumOf(a.high, b.high);
  const low = sumOf(a.low, b.low);
  const { high: top, low: rest } = quickSum(high.high, high.low + low.high);
  return quickSum(top, rest + low.low);
}

export function times(a: Doubled, b: Doubled): Doubled {
  const { high, low } = productOf(a.high, b.high);
  return quickSum(high, low + (a.high * b.low + a.low * b.high));
}

/** a / b, by one correction of the quotient of the high parts. */
export function over(a: Doubled, b: Doubled): Doubled {
  const first = a.high / b.high;
  const rest = plus(a, times({ high: -first, low: 0 }, b));
  return quickSum(first, (rest.high + rest.low) / b.high);
}

export const minus = ({ high, low }: Doubled): Doubled => ({ high: -high, low: -low });
export const doubled = (high: number): Doubled => ({ high, low: 0 });
