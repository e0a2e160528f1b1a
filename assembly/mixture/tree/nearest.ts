// The point of a tree that is nearest to a place.
import { nearSquares } from "./boxes";
import { firstOf, PAIR } from "./nodes";

/** Squared distances of two points that stand side by side, without fused operations: they are compared with each other. */
// @ts-ignore: decorator
@inline
function squares<D>(p: u32, row: u32, y0: v128, y1: v128, y2: v128): v128 {
  let e = f64x2.sub(y0, v128.load(p));
  let sum = f64x2.mul(e, e);
  if (sizeof<D>() > 1) {
    e = f64x2.sub(y1, v128.load(p + row));
    sum = f64x2.add(f64x2.mul(e, e), sum);
  }
  if (sizeof<D>() > 2) {
    e = f64x2.sub(y2, v128.load(p + 2 * row));
    sum = f64x2.add(f64x2.mul(e, e), sum);
  }
  return sum;
}

/**
 * The place in its row of the point nearest to a query; of those equally near, the first as given. A point of the first leaf that is
 * no farther than `enough` (a square) does as well.
 */
export function nearestPoint<D>(
  nodes: u32, points: u32, row: u32, order: u32, M: u32, depth: u32, y0: f64, y1: f64, y2: f64, enough: f64, stack: u32,
): u32 {
  const v0 = f64x2.splat(y0);
  const v1 = f64x2.splat(y1);
  const v2 = f64x2.splat(y2);
  const leaves: u32 = 1 << depth;
  let best = Infinity;
  let found: u32 = 0;
  let size: u32 = 1;
  store<u32>(stack, 1);
  store<f64>(stack, 0, 8);
  while (size > 0) {
    size--;
    if (load<f64>(stack + 16 * size, 8) > best) continue;
    let id = load<u32>(stack + 16 * size);
    // Down to the leaf on the nearer side, leaving the farther sides on the stack.
    while (id < leaves) {
      const sides = nearSquares<D>(nodes + id * PAIR, v0, v1, v2);
      const left = f64x2.extract_lane(sides, 0);
      const right = f64x2.extract_lane(sides, 1);
      const nearer = left <= right;
      const other = nearer ? right : left;
      id = 2 * id + (nearer ? 0 : 1);
      if (other <= best) {
        store<u32>(stack + 16 * size, id ^ 1);
        store<f64>(stack + 16 * size, other, 8);
        size++;
      }
      if ((nearer ? left : right) > best) {
        id = 0;
        break;
      }
    }
    if (id == 0) continue;
    const from = firstOf(id - leaves, depth, M);
    const to = firstOf(id - leaves + 1, depth, M);
    let least = f64x2.splat(Infinity);
    let i = from;
    for (; i + 2 <= to; i += 2) least = f64x2.pmin(least, squares<D>(points + 8 * i, row, v0, v1, v2));
    let here = min(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1));
    if (i < to) here = min(here, f64x2.extract_lane(squares<D>(points + 8 * i, row, v0, v1, v2), 0));
    if (!(here <= best)) continue;
    let index: u32 = here < best ? 0xffffffff : load<u32>(order + 4 * found);
    best = here;
    const same = f64x2.splat(best);
    for (i = from; i < to; i += 2) {
      const hits = i64x2.bitmask(f64x2.eq(squares<D>(points + 8 * i, row, v0, v1, v2), same));
      if (hits == 0) continue;
      for (let side: u32 = 0; side < 2; side++) {
        if ((hits & (1 << side)) == 0 || i + side >= to) continue;
        const given = load<u32>(order + 4 * (i + side));
        if (given < index) {
          index = given;
          found = i + side;
        }
      }
    }
    if (best <= enough) break;
  }
  return found;
}
