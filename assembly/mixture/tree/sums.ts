// Sums over the points that count at a query, with proven bounds of what is left out, for one to three dimensions. The nearest point
// comes first, then all leaves within a distance at which weights are an eighth of its own; their sum says how far points count.
import { EXP2_TABLE, exp2, exp2Above, exp2Floor, exp2Table, log2Above } from "../../simd/exp2";
import { madd } from "../../simd/vector";
import { READ_SCRATCH, latticeSums } from "../lattice/read";
import { dimOf, firstOf, LARGEST, nodeAt, PAIR, WEIGHT } from "./nodes";

// A query's result, float64 numbers: log2 of what P is relative to (negated); the nearest point; P; the mean; the covariance, upper
// triangle; bounds of the errors of log P, of the mean and of a covariance; points that were summed, -1 where a lattice served.
export const RESULT: u32 = 128;
const NEAREST: u32 = 8;
const TOTAL: u32 = 16;
const MEAN: u32 = 24;
const COVARIANCE: u32 = 48;
const LOG_ERROR: u32 = 96;
const MEAN_ERROR: u32 = 104;
const COVARIANCE_ERROR: u32 = 112;
const SUMMED: u32 = 120;

// What is asked for, float64 numbers: the tolerance; 1 over the scale of log density, mean and covariance, 0 where not wanted;
// whether the nearest point is wanted; the size of the data's centre.
const LOG_SCALE: u32 = 8;
const MEAN_SCALE: u32 = 16;
const COVARIANCE_SCALE: u32 = 24;
const WANTS_NEAREST: u32 = 32;
/** How far the origin of the coordinates is from theirs as given: what was subtracted is rounded. */
const CENTRE: u32 = 40;

// Scratch: the table of exp2; sums of float64 pairs (P, differences, products), what was left out, results of a lattice; its
// windows; a stack of nodes.
const SUMS: u32 = EXP2_TABLE;
const LEFT: u32 = SUMS + 160;
const READ: u32 = LEFT + 32;
const WINDOWS: u32 = READ + 64;
const STACK: u32 = WINDOWS + READ_SCRATCH;

/** Half an ulp of 1. */
const HALF_ULP: f64 = 1.1102230246251565e-16;

/** The squared distances of a place from the boxes of two nodes. */
// @ts-ignore: decorator
@inline
function nearSquares<D>(pair: u32, y0: v128, y1: v128, y2: v128): v128 {
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
function farSquares<D>(pair: u32, y0: v128, y1: v128, y2: v128): v128 {
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
function laneOf(v: v128, side: u32): f64 {
  return side ? f64x2.extract_lane(v, 1) : f64x2.extract_lane(v, 0);
}

/** The square of a box's diagonal. */
// @ts-ignore: decorator
@inline
function diagonalSquare(node: u32): f64 {
  const a = load<f64>(node, LARGEST) - load<f64>(node);
  const b = load<f64>(node, LARGEST + 16) - load<f64>(node, 16);
  const c = load<f64>(node, LARGEST + 32) - load<f64>(node, 32);
  return a * a + b * b + c * c;
}

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
function nearestPoint<D>(
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

/** Adds points `from` to `to` (exclusive) to the sums, by differences from the nearest point r; q = 2 y - r. */
function addPoints<D, C>(
  sums: u32, table: u32, points: u32, row: u32, from: u32, to: u32, k: f64, r0: f64, r1: f64, r2: f64, q0: f64, q1: f64, q2: f64,
): void {
  const vk = f64x2.splat(k);
  const lowest = f64x2.splat(exp2Floor<f64>());
  const weights = points + dimOf<D>() * row;
  let total = v128.load(sums);
  let n0 = v128.load(sums, 16);
  let n1 = v128.load(sums, 32);
  let n2 = v128.load(sums, 48);
  let c00 = v128.load(sums, 64);
  let c01 = v128.load(sums, 80);
  let c02 = v128.load(sums, 96);
  let c11 = v128.load(sums, 112);
  let c12 = v128.load(sums, 128);
  let c22 = v128.load(sums, 144);
  for (let i = from; i < to; i += 2) {
    const p = points + 8 * i;
    const x = v128.load(p);
    const a0 = f64x2.sub(x, f64x2.splat(r0));
    let e = f64x2.mul(a0, f64x2.sub(f64x2.splat(q0), x));
    let a1 = a0;
    let a2 = a0;
    if (sizeof<D>() > 1) {
      const y = v128.load(p + row);
      a1 = f64x2.sub(y, f64x2.splat(r1));
      e = madd<f64>(a1, f64x2.sub(f64x2.splat(q1), y), e);
    }
    if (sizeof<D>() > 2) {
      const z = v128.load(p + 2 * row);
      a2 = f64x2.sub(z, f64x2.splat(r2));
      e = madd<f64>(a2, f64x2.sub(f64x2.splat(q2), z), e);
    }
    let w = v128.load(weights + 8 * i);
    // One point alone: the other lane is of someone else, or beyond all points.
    if (i + 1 == to) w = f64x2.replace_lane(w, 1, 0);
    w = f64x2.mul(w, exp2<f64>(f64x2.pmin(f64x2.splat(NEAR_ENOUGH + 1), f64x2.pmax(lowest, f64x2.mul(vk, e))), table));
    total = f64x2.add(total, w);
    const b0 = f64x2.mul(w, a0);
    n0 = f64x2.add(n0, b0);
    if (sizeof<C>() == 1) c00 = madd<f64>(b0, a0, c00);
    if (sizeof<D>() > 1) {
      const b1 = f64x2.mul(w, a1);
      n1 = f64x2.add(n1, b1);
      if (sizeof<C>() == 1) {
        c01 = madd<f64>(b0, a1, c01);
        c11 = madd<f64>(b1, a1, c11);
      }
      if (sizeof<D>() > 2) {
        const b2 = f64x2.mul(w, a2);
        n2 = f64x2.add(n2, b2);
        if (sizeof<C>() == 1) {
          c02 = madd<f64>(b0, a2, c02);
          c12 = madd<f64>(b1, a2, c12);
          c22 = madd<f64>(b2, a2, c22);
        }
      }
    }
  }
  v128.store(sums, total);
  v128.store(sums, n0, 16);
  v128.store(sums, n1, 32);
  v128.store(sums, n2, 48);
  if (sizeof<C>() == 1) {
    v128.store(sums, c00, 64);
    v128.store(sums, c01, 80);
    v128.store(sums, c02, 96);
    v128.store(sums, c11, 112);
    v128.store(sums, c12, 128);
    v128.store(sums, c22, 144);
  }
}

// @ts-ignore: decorator
@inline
function sumOf(sums: u32, i: u32): f64 {
  return load<f64>(sums + 16 * i) + load<f64>(sums + 16 * i, 8);
}

/**
 * Adds the leaves whose boxes are farther than `inner` and no farther than `outer` (squares), and bounds by LEFT the sums of weights,
 * and of weights times squared distance, of all that is farther. Gives the points it added.
 */
function addWithin<D>(
  covariances: bool, scratch: u32, nodes: u32, points: u32, row: u32, M: u32, depth: u32, k: f64, inner: f64, outer: f64, nearest: f64,
  y0: f64, y1: f64, y2: f64, r0: f64, r1: f64, r2: f64,
): u32 {
  const stack = scratch + STACK;
  const leaves: u32 = 1 << depth;
  const q0 = 2 * y0 - r0;
  const q1 = 2 * y1 - r1;
  const q2 = 2 * y2 - r2;
  const v0 = f64x2.splat(y0);
  const v1 = f64x2.splat(y1);
  const v2 = f64x2.splat(y2);
  let left: f64 = 0;
  let leftSquare: f64 = 0;
  let added: u32 = 0;
  // Pairs of nodes; that of the root begins with nothing.
  let size: u32 = 1;
  store<u32>(stack, 0);
  while (size > 0) {
    size--;
    const parent = load<u32>(stack + 4 * size);
    const pair = nodes + parent * PAIR;
    const nears = nearSquares<D>(pair, v0, v1, v2);
    const fars = farSquares<D>(pair, v0, v1, v2);
    for (let side: u32 = parent == 0 ? 1 : 0; side < 2; side++) {
      const near = laneOf(nears, side);
      const far = laneOf(fars, side);
      if (near > outer) {
        const share = load<f64>(pair + 8 * side, WEIGHT) * exp2Above(k * (near - nearest));
        left += share;
        // d^2 times the weight falls with d where k d^2 is above log2(e).
        leftSquare += share * (k * near > 1.4427 ? near : far);
        continue;
      }
      if (far <= inner) continue;
      const id: u32 = 2 * parent + side;
      if (near > inner && (id >= leaves || far <= outer)) {
        // The node's points: it is number `id - 2^level` of its level.
        const level: u32 = 31 - clz(id);
        const j = id - (1 << level);
        const from = firstOf(j, level, M);
        const to = firstOf(j + 1, level, M);
        if (covariances) addPoints<D, u8>(scratch + SUMS, scratch, points, row, from, to, k, r0, r1, r2, q0, q1, q2);
        else addPoints<D, u16>(scratch + SUMS, scratch, points, row, from, to, k, r0, r1, r2, q0, q1, q2);
        added += to - from;
      } else if (id < leaves) {
        store<u32>(stack + 4 * size, id);
        size++;
      }
    }
  }
  store<f64>(scratch + LEFT, left);
  store<f64>(scratch + LEFT, leftSquare, 8);
  return added;
}

/** log2 of the largest weight relative to the point that weights are relative to. */
const NEAR_ENOUGH: f64 = 400.0;

/** Powers of two that sums end before what is sure: what they leave out is nearly always less than its bound without the boxes. */
const EARLY: f64 = 4.0;

/** How far beyond the nearest point one round looks, in squares of a leaf's diagonal. */
const FEW: f64 = 1.0;

/** The leaf of a point. */
// @ts-ignore: decorator
@inline
function leafOf(place: u32, M: u32, depth: u32): u32 {
  let j = <u32>((<u64>place << depth) / M);
  // Leaves end at whole numbers below their share.
  while (firstOf(j + 1, depth, M) <= place) j++;
  while (firstOf(j, depth, M) > place) j--;
  return j;
}

/**
 * How many powers of two below the nearest point's weights may be for what is left out to stay within the tolerance: log2 of `shares`
 * (weight per tolerated weight) times the harm that a share of the weight does at that distance, at least 3.
 */
// @ts-ignore: decorator
@inline
function gainOf(shares: f64, nearest: f64, k: f64, away: f64, asked: u32): f64 {
  let gain = max(log2Above(shares), 3);
  for (let i = 0; i < 3; i++) {
    const reached = sqrt(nearest + gain / k) + away;
    const harm = max(
      load<f64>(asked, LOG_SCALE),
      max(reached * load<f64>(asked, MEAN_SCALE), 2 * reached * reached * load<f64>(asked, COVARIANCE_SCALE)),
    );
    gain = max(log2Above(shares * harm), 3);
  }
  return gain;
}

/** One query of `treePosterior`. */
function query<D>(
  scratch: u32, out: u32, y: u32, k: f64, asked: u32, nodes: u32, points: u32, row: u32, order: u32, M: u32, depth: u32, lattice: u32,
): void {
  const y0 = load<f64>(y);
  const y1 = sizeof<D>() > 1 ? load<f64>(y, 8) : 0;
  const y2 = sizeof<D>() > 2 ? load<f64>(y, 16) : 0;
  const tolerance = load<f64>(asked);
  const logScale = load<f64>(asked, LOG_SCALE);
  const meanScale = load<f64>(asked, MEAN_SCALE);
  const covarianceScale = load<f64>(asked, COVARIANCE_SCALE);
  const covariances = covarianceScale != 0;
  const read = scratch + READ;
  const served =
    lattice != 0 &&
    !covariances &&
    latticeSums<D>(read, lattice, y0, y1, y2, scratch + WINDOWS, scratch) &&
    load<f64>(read, 32) * logScale <= tolerance &&
    load<f64>(read, 40) * meanScale <= tolerance;
  let place: u32 = 0;
  if (!served || load<f64>(asked, WANTS_NEAREST) != 0) {
    // Weights relative to a point that others are nearer than must not overflow.
    const enough = load<f64>(asked, WANTS_NEAREST) != 0 ? -1 : NEAR_ENOUGH / k;
    place = nearestPoint<D>(nodes, points, row, order, M, depth, y0, y1, y2, enough, scratch + STACK);
    store<f64>(out, <f64>load<u32>(order + 4 * place), NEAREST);
  }
  if (served) {
    store<f64>(out, 0);
    for (let o: u32 = 0; o < 32; o += 8) store<f64>(out + o, load<f64>(read + o), TOTAL);
    store<f64>(out, load<f64>(read, 32), LOG_ERROR);
    store<f64>(out, load<f64>(read, 40), MEAN_ERROR);
    store<f64>(out, -1, SUMMED);
    return;
  }
  const p = points + 8 * place;
  const r0 = load<f64>(p);
  const r1 = sizeof<D>() > 1 ? load<f64>(p + row) : 0;
  const r2 = sizeof<D>() > 2 ? load<f64>(p + 2 * row) : 0;
  const nearest = (y0 - r0) * (y0 - r0) + (y1 - r1) * (y1 - r1) + (y2 - r2) * (y2 - r2);
  const sums = scratch + SUMS;
  memory.fill(sums, 0, 160);
  const root = nodeAt(nodes, 1);
  const weight = load<f64>(root, WEIGHT);
  const diagonal = sqrt(diagonalSquare(root));
  const length = load<f64>(asked, CENTRE) + abs(y0) + abs(y1) + abs(y2) + abs(r0) + abs(r1) + abs(r2);
  const far = f64x2.extract_lane(farSquares<D>(nodes, f64x2.splat(y0), f64x2.splat(y1), f64x2.splat(y2)), 1);
  let inner: f64 = -1;
  let outer = nearest + 3 / k;
  let round = 0;
  // The nearest point's own weight alone bounds the sum from below. Where even what that asks for is a few leaves, one round does.
  const own = nearest + gainOf(weight / (tolerance * load<f64>(p + dimOf<D>() * row)), nearest, k, 0, asked) / k;
  if (own <= nearest + FEW * diagonalSquare(nodeAt(nodes, leafOf(place, M, depth) + (1 << depth)))) {
    outer = own;
    round = 1;
  }
  let summed: u32 = 0;
  for (; ; round++) {
    summed += addWithin<D>(
      covariances, scratch, nodes, points, row, M, depth, k, inner, outer, nearest, y0, y1, y2, r0, r1, r2,
    );
    const P = sumOf(sums, 0);
    const m0 = sumOf(sums, 1) / P;
    const m1 = sumOf(sums, 2) / P;
    const m2 = sumOf(sums, 3) / P;
    const e0 = r0 + m0 - y0;
    const e1 = r1 + m1 - y1;
    const e2 = r2 + m2 - y2;
    const away = sqrt(e0 * e0 + e1 * e1 + e2 * e2);
    // Weights below the smallest normal number are lost.
    const lost = (weight * 8.9e-308) / P;
    const left = load<f64>(scratch + LEFT) / P + lost;
    const leftSquare = load<f64>(scratch + LEFT, 8) / P + lost * far;
    // Rounding. A log2 weight is k (mu - r) . (2 y - r - mu): as long as `side` and `reach`.
    const reach = sqrt(nearest) + sqrt(min(outer, far));
    const side = min(diagonal, reach);
    const rounding = HALF_ULP * (8 * k * side * (reach + length) + <f64>summed + 32);
    const relative = left + rounding;
    const bound = relative < 0.5 ? 1 / (1 - relative) : Infinity;
    const baseError = HALF_ULP * 8 * k * sqrt(nearest) * (sqrt(nearest) + length);
    const logError = relative * bound + baseError;
    const meanError =
      (sqrt(left * leftSquare) + left * away + 2 * rounding * side) * bound + 2 * HALF_ULP * (side + length);
    let covarianceError: f64 = 0;
    let trace: f64 = 0;
    if (covariances) {
      trace = sumOf(sums, 4) / P - m0 * m0 + (sumOf(sums, 7) / P - m1 * m1) + (sumOf(sums, 9) / P - m2 * m2);
      covarianceError =
        (2 * (leftSquare + left * away * away) + left * max(trace, 0) + 4 * rounding * side * side) * bound +
        meanError * meanError;
    }
    const worst = max(logError * logScale, max(meanError * meanScale, covarianceError * covarianceScale));
    // Where rounding is most of the bound, more points make it no smaller.
    const outside = max(left * logScale, (sqrt(left * leftSquare) + left * away) * meanScale);
    const outsideSquare = (2 * (leftSquare + left * away * away) + left * max(trace, 0)) * covarianceScale;
    const rounded = max(
      (rounding + baseError) * logScale,
      max(2 * (rounding * side + HALF_ULP * (side + length)) * meanScale, 4 * rounding * side * side * covarianceScale),
    );
    if (summed == M || worst <= tolerance || 2 * max(outside, outsideSquare) <= rounded) {
      store<f64>(out, k * nearest);
      store<f64>(out, P, TOTAL);
      store<f64>(out, r0 + m0, MEAN);
      store<f64>(out, r1 + m1, MEAN + 8);
      store<f64>(out, r2 + m2, MEAN + 16);
      if (covariances) {
        store<f64>(out, sumOf(sums, 4) / P - m0 * m0, COVARIANCE);
        if (sizeof<D>() == 2) {
          store<f64>(out, sumOf(sums, 5) / P - m0 * m1, COVARIANCE + 8);
          store<f64>(out, sumOf(sums, 7) / P - m1 * m1, COVARIANCE + 16);
        } else if (sizeof<D>() == 4) {
          store<f64>(out, sumOf(sums, 5) / P - m0 * m1, COVARIANCE + 8);
          store<f64>(out, sumOf(sums, 6) / P - m0 * m2, COVARIANCE + 16);
          store<f64>(out, sumOf(sums, 7) / P - m1 * m1, COVARIANCE + 24);
          store<f64>(out, sumOf(sums, 8) / P - m1 * m2, COVARIANCE + 32);
          store<f64>(out, sumOf(sums, 9) / P - m2 * m2, COVARIANCE + 40);
        }
      }
      store<f64>(out, logError, LOG_ERROR);
      store<f64>(out, meanError, MEAN_ERROR);
      store<f64>(out, covarianceError, COVARIANCE_ERROR);
      store<f64>(out, <f64>summed, SUMMED);
      return;
    }
    inner = outer;
    outer += 1.5 / k;
    if (round == 0) {
      const gain = gainOf(weight / (tolerance * P), nearest, k, away, asked) - EARLY;
      if (nearest + gain / k > outer) outer = nearest + gain / k;
    } else if (round >= 8) outer = Infinity;
    // Where sigma is so small that nothing was added.
    if (!(outer > inner)) outer = Infinity;
  }
}

/**
 * Queries `first` ...: what counts of the points within a tolerance, with bounds of all errors. `k` as everywhere, one per query or one
 * for all (stride 0); `lattice`: smoothed masses of that noise level, or 0.
 */
export function treePosterior<D>(
  first: u32, count: u32, scratch: u32, out: u32, queries: u32, k: u32, kStride: u32, asked: u32, nodes: u32, points: u32, row: u32,
  order: u32, M: u32, depth: u32, lattice: u32,
): void {
  exp2Table<f64>(scratch);
  const width: u32 = 8 * dimOf<D>();
  for (let i = first; i < first + count; i++) {
    const y = queries + i * width;
    const scale = load<f64>(k + i * kStride);
    query<D>(scratch, out + i * RESULT, y, scale, asked, nodes, points, row, order, M, depth, lattice);
  }
}
