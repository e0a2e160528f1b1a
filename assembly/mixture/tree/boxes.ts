// Distances from the boxes of nodes, two that share a record at a time.
import { LARGEST } from "./nodes";

/** The squared distances of a place from the boxes of two nodes. */
// @ts-ignore: decorator
@inline
export function nearSquares<D>(pair: u32, y0: v128, y1: v128, y2: v128): v128 {
  const zero = f64x2.splat(0);
  let e = f64x2.pmax(f64x2.pmax(f64x2.sub(v128.load(pair), y0), f64x2.sub(y0, v128.load(pair, LARGEST))), zero);
  let sum = f64x2.mul(e, e);
  if (sizeof<D>() > 1) {
    e = f64x2.pmax(f64x2.pmax(f64x2.sub(v128.load(pair, 16), y1), f64x2.sub(y1, v128.load(pair, LARGEST + 16))), zero);
    sum = f64x2.add(sum, f64x2.mul(e, e));
  }
  if (sizeof<D>() > 2) {
    e = f64x2.pmax(f64x2.pmax(f64x2.sub(v128.load(pair, 32), y2), f64x2.sub(y2, v128.load(pair, LARGEST + 32))), zero);
    sum = f64x2.add(sum, f64x2.mul(e, e));
  }
  return sum;
}

/** The squared distances of a place from their farthest corners. */
// @ts-ignore: decorator
@inline
export function farSquares<D>(pair: u32, y0: v128, y1: v128, y2: v128): v128 {
  let e = f64x2.pmax(f64x2.sub(y0, v128.load(pair)), f64x2.sub(v128.load(pair, LARGEST), y0));
  let sum = f64x2.mul(e, e);
  if (sizeof<D>() > 1) {
    e = f64x2.pmax(f64x2.sub(y1, v128.load(pair, 16)), f64x2.sub(v128.load(pair, LARGEST + 16), y1));
    sum = f64x2.add(sum, f64x2.mul(e, e));
  }
  if (sizeof<D>() > 2) {
    e = f64x2.pmax(f64x2.sub(y2, v128.load(pair, 32)), f64x2.sub(v128.load(pair, LARGEST + 32), y2));
    sum = f64x2.add(sum, f64x2.mul(e, e));
  }
  return sum;
}

// @ts-ignore: decorator
@inline
export function laneOf(v: v128, side: u32): f64 {
  return side ? f64x2.extract_lane(v, 1) : f64x2.extract_lane(v, 0);
}

/** The square of a box's diagonal. */
// @ts-ignore: decorator
@inline
export function diagonalSquare(node: u32): f64 {
  const a = load<f64>(node, LARGEST) - load<f64>(node);
  const b = load<f64>(node, LARGEST + 16) - load<f64>(node, 16);
  const c = load<f64>(node, LARGEST + 32) - load<f64>(node, 32);
  return a * a + b * b + c * c;
}
