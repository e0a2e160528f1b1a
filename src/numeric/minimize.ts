const GOLDEN = 0.6180339887498949;

/**
 * The place of the least value of a function of one number: the least of a list of places, then golden sections between its
 * neighbours. It yields places and takes the values there, so that they may be waited for.
 *
 * @param scan ascending, at least two
 * @param tolerance how near to the place to come
 */
export function* leastOf(scan: readonly number[], tolerance: number): Generator<number, number, number> {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [k, place] of scan.entries()) {
    const value = yield place;
    if (value < least) [best, least] = [k, value];
  }
  let low = scan[Math.max(0, best - 1)];
  let high = scan[Math.min(scan.length - 1, best + 1)];
  let [a, b] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [fa, fb] = [yield a, yield b];
  while (high - low > tolerance) {
    if (fa < fb) {
      [high, b, fb] = [b, a, fa];
      a = high - GOLDEN * (high - low);
      fa = yield a;
    } else {
      [low, a, fa] = [a, b, fb];
      b = low + GOLDEN * (high - low);
      fb = yield b;
    }
  }
  const middle = (low + high) / 2;
  // The ends of a scan are places too: nothing left of the first may be less than it.
  return (yield middle) <= least ? middle : scan[best];
}
