// Sums over the points that count at a query, with proven bounds of what is left out, for one to three dimensions. The nearest point
// comes first. Where its own weight says that what counts is a few leaves, their points within that distance are summed; else all leaves
// within a distance at which weights are an eighth of its own, whose sum says how far points count, and those, in float32 where that
// is good enough.
import { EXP2_TABLE, exp2Above, exp2Table, log2Above } from "../../simd/exp2";
import { READ_SCRATCH, latticeSums } from "../lattice/read";
import { diagonalSquare, farSquares, laneOf, nearSquares } from "./boxes";
import {
  addLeaf, AWAY, blockBytes, LEAST_WEIGHT, LENGTH, NEAREST as POINT, QUERY_SCRATCH, SCALE, UNIT,
} from "./leaves";
import { nearestPoint } from "./nearest";
import { dimOf, firstOf, nodeAt, PAIR, WEIGHT } from "./nodes";
import { addPoints, NEAR_ENOUGH } from "./points";

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

// Scratch: the tables of exp2, float64 and float32; sums of float64 pairs (P, differences, products), what was left out and what rounding
// to float32 did to P, differences and products; the query, for sums over leaves; results of a lattice; its windows; a stack of nodes.
const TABLE: u32 = EXP2_TABLE;
const SUMS: u32 = TABLE + EXP2_TABLE;
const LEFT: u32 = SUMS + 160;
const ROUNDED: u32 = LEFT + 16;
const QUERY: u32 = ROUNDED + 32;
const READ: u32 = QUERY + QUERY_SCRATCH;
const WINDOWS: u32 = READ + 64;
const STACK: u32 = WINDOWS + READ_SCRATCH;

/** Half an ulp of 1. */
const HALF_ULP: f64 = 1.1102230246251565e-16;

// @ts-ignore: decorator
@inline
function sumOf(sums: u32, i: u32): f64 {
  return load<f64>(sums + 16 * i) + load<f64>(sums + 16 * i, 8);
}

/** Adds the points of leaves `first` to `end` (exclusive) of the tree: from their blocks in float32, or where there are none, in float64. */
function addLeaves<D, C>(
  first: u32, end: u32, scratch: u32, leaves: u32, points: u32, row: u32, M: u32, depth: u32, k: f64,
  r0: f64, r1: f64, r2: f64, q0: f64, q1: f64, q2: f64,
): void {
  const sums = scratch + SUMS;
  let from = firstOf(first, depth, M);
  if (leaves == 0) {
    addPoints<D, C>(sums, scratch, points, row, from, firstOf(end, depth, M), k, r0, r1, r2, q0, q1, q2, Infinity);
    return;
  }
  for (let j = first; j < end; j++) {
    const to = firstOf(j + 1, depth, M);
    if (!addLeaf<D, C>(sums, scratch + ROUNDED, scratch + TABLE, leaves + j * blockBytes<D>(), to - from, scratch + QUERY)) {
      addPoints<D, C>(sums, scratch, points, row, from, to, k, r0, r1, r2, q0, q1, q2, Infinity);
    }
    from = to;
  }
}

/**
 * Adds the leaves whose boxes are farther than `inner` and no farther than `outer` (squares), and bounds by LEFT the sums of weights,
 * and of weights times squared distance, of all that is farther. Gives the points it added.
 */
function addWithin<D>(
  covariances: bool, scratch: u32, nodes: u32, points: u32, row: u32, leaves: u32, M: u32, depth: u32, k: f64, inner: f64, outer: f64,
  nearest: f64, y0: f64, y1: f64, y2: f64, r0: f64, r1: f64, r2: f64,
): u32 {
  const stack = scratch + STACK;
  const lowest: u32 = 1 << depth;
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
      if (near > inner && (id >= lowest || far <= outer)) {
        // The node is number `id - 2^level` of its level.
        const level: u32 = 31 - clz(id);
        const j = id - (1 << level);
        const below = depth - level;
        if (covariances) {
          addLeaves<D, u8>(j << below, (j + 1) << below, scratch, leaves, points, row, M, depth, k, r0, r1, r2, q0, q1, q2);
        } else {
          addLeaves<D, u16>(j << below, (j + 1) << below, scratch, leaves, points, row, M, depth, k, r0, r1, r2, q0, q1, q2);
        }
        added += firstOf(j + 1, level, M) - firstOf(j, level, M);
      } else if (id < lowest) {
        store<u32>(stack + 4 * size, id);
        size++;
      }
    }
  }
  store<f64>(scratch + LEFT, left);
  store<f64>(scratch + LEFT, leftSquare, 8);
  return added;
}

/**
 * Adds the points no farther than `outer` (a square) of all leaves, and bounds by LEFT what all points would add at that distance, twice:
 * rounding may take a point that is nearer for one that is not. Gives the points it looked at.
 */
function addBall<D>(
  covariances: bool, scratch: u32, nodes: u32, points: u32, row: u32, M: u32, depth: u32, k: f64, outer: f64, nearest: f64, far: f64,
  y0: f64, y1: f64, y2: f64, r0: f64, r1: f64, r2: f64,
): u32 {
  const stack = scratch + STACK;
  const lowest: u32 = 1 << depth;
  const q0 = 2 * y0 - r0;
  const q1 = 2 * y1 - r1;
  const q2 = 2 * y2 - r2;
  const v0 = f64x2.splat(y0);
  const v1 = f64x2.splat(y1);
  const v2 = f64x2.splat(y2);
  let added: u32 = 0;
  let size: u32 = 1;
  store<u32>(stack, 1);
  while (size > 0) {
    size--;
    const id = load<u32>(stack + 4 * size);
    if (id < lowest) {
      const nears = nearSquares<D>(nodes + id * PAIR, v0, v1, v2);
      if (f64x2.extract_lane(nears, 1) <= outer) {
        store<u32>(stack + 4 * size, 2 * id + 1);
        size++;
      }
      if (f64x2.extract_lane(nears, 0) <= outer) {
        store<u32>(stack + 4 * size, 2 * id);
        size++;
      }
      continue;
    }
    const from = firstOf(id - lowest, depth, M);
    const to = firstOf(id - lowest + 1, depth, M);
    const beyond = outer - nearest;
    if (covariances) addPoints<D, u8>(scratch + SUMS, scratch, points, row, from, to, k, r0, r1, r2, q0, q1, q2, beyond);
    else addPoints<D, u16>(scratch + SUMS, scratch, points, row, from, to, k, r0, r1, r2, q0, q1, q2, beyond);
    added += to - from;
  }
  const left = 2 * load<f64>(nodeAt(nodes, 1), WEIGHT) * exp2Above(k * (outer - nearest));
  store<f64>(scratch + LEFT, left);
  store<f64>(scratch + LEFT, left * (k * outer > 1.4427 ? outer : far), 8);
  return added;
}

/** Powers of two that sums end before what is sure: what they leave out is nearly always less than its bound without the boxes. */
const EARLY: f64 = 6.0;

/** How far beyond the nearest point one round looks, in squares of a leaf's diagonal. */
const FEW: f64 = 1.0;

/** What rounding to float32 does at best, and the largest log2 of the nearest point's weight that it is tried with. */
const FLOAT32: f64 = 50 * UNIT;
const FLOAT32_EXPONENT: f64 = 30.0;

// @ts-ignore: decorator
@inline
function clearRounded(scratch: u32): void {
  v128.store(scratch + ROUNDED, f64x2.splat(0));
  v128.store(scratch + ROUNDED, f64x2.splat(0), 16);
}

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
  scratch: u32, out: u32, y: u32, k: f64, asked: u32, nodes: u32, points: u32, row: u32, order: u32, leaves: u32, M: u32, depth: u32,
  lattice: u32,
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
  const about = scratch + QUERY;
  store<f64>(about, y0);
  store<f64>(about, y1, 8);
  store<f64>(about, y2, 16);
  store<f64>(about, r0, POINT);
  store<f64>(about, r1, POINT + 8);
  store<f64>(about, r2, POINT + 16);
  store<f64>(about, k, SCALE);
  store<f64>(about, sqrt(nearest), AWAY);
  store<f64>(about, length, LENGTH);
  clearRounded(scratch);
  let inner: f64 = -1;
  let outer = nearest + 3 / k;
  let round = 0;
  // The nearest point's own weight alone bounds the sum from below. Where even what that asks for is a few leaves, all points in reach are
  // summed, and all others bounded by that distance: half of the tolerance, and an eighth of the sum.
  const shares = (4 * weight) / load<f64>(p + dimOf<D>() * row);
  const gain = max(gainOf(shares / tolerance, nearest, k, 0, asked), log2Above(4 * shares));
  let ball = gain <= FEW * k * diagonalSquare(nodeAt(nodes, leafOf(place, M, depth) + (1 << depth)));
  if (ball) outer = nearest + gain / k;
  const usual = sqrt(nearest) + sqrt(nearest + 3 / k);
  const harm = max(logScale, max(2 * usual * meanScale, 4 * usual * usual * covarianceScale));
  let blocks = k * nearest <= FLOAT32_EXPONENT && 2 * FLOAT32 * harm <= tolerance ? leaves : 0;
  let summed: u32 = 0;
  for (; ; round++) {
    if (ball) {
      summed = addBall<D>(covariances, scratch, nodes, points, row, M, depth, k, outer, nearest, far, y0, y1, y2, r0, r1, r2);
    } else {
      summed += addWithin<D>(
        covariances, scratch, nodes, points, row, blocks, M, depth, k, inner, outer, nearest, y0, y1, y2, r0, r1, r2,
      );
    }
    const P = sumOf(sums, 0);
    const m0 = sumOf(sums, 1) / P;
    const m1 = sumOf(sums, 2) / P;
    const m2 = sumOf(sums, 3) / P;
    const e0 = r0 + m0 - y0;
    const e1 = r1 + m1 - y1;
    const e2 = r2 + m2 - y2;
    const away = sqrt(e0 * e0 + e1 * e1 + e2 * e2);
    // Weights below the smallest normal number are lost; in float32 small ones count too much.
    const lost = (weight * (!ball && blocks != 0 ? LEAST_WEIGHT : 8.9e-308)) / P;
    const left = load<f64>(scratch + LEFT) / P + lost;
    const leftSquare = load<f64>(scratch + LEFT, 8) / P + lost * far;
    // Rounding. A log2 weight is k (mu - r) . (2 y - r - mu): as long as `side` and `reach`.
    const reach = sqrt(nearest) + sqrt(min(outer, far));
    const side = min(diagonal, reach);
    const rounding = HALF_ULP * (8 * k * side * (reach + length) + <f64>summed + 32);
    const single = load<f64>(scratch + ROUNDED) / P;
    const relative = left + rounding + single;
    const bound = relative < 0.5 ? 1 / (1 - relative) : Infinity;
    const baseError = HALF_ULP * 8 * k * sqrt(nearest) * (sqrt(nearest) + length);
    const logError = relative * bound + baseError;
    const mean = away + sqrt(nearest);
    const singleMean = load<f64>(scratch + ROUNDED, 8) / P + single * mean;
    const meanError =
      (sqrt(left * leftSquare) + left * away + 2 * rounding * side + singleMean) * bound + 2 * HALF_ULP * (side + length);
    let covarianceError: f64 = 0;
    let trace: f64 = 0;
    let singleSquare: f64 = 0;
    if (covariances) {
      trace = sumOf(sums, 4) / P - m0 * m0 + (sumOf(sums, 7) / P - m1 * m1) + (sumOf(sums, 9) / P - m2 * m2);
      const squared = (sumOf(sums, 4) + sumOf(sums, 7) + sumOf(sums, 9)) / P;
      singleSquare = load<f64>(scratch + ROUNDED, 16) / P + single * squared + 2 * mean * singleMean;
      covarianceError =
        (2 * (leftSquare + left * away * away) + left * max(trace, 0) + 4 * rounding * side * side + singleSquare) * bound +
        meanError * meanError;
    }
    const worst = max(logError * logScale, max(meanError * meanScale, covarianceError * covarianceScale));
    // Where rounding is most of the bound, more points make it no smaller.
    const outside = max(left * logScale, (sqrt(left * leftSquare) + left * away) * meanScale);
    const outsideSquare = (2 * (leftSquare + left * away * away) + left * max(trace, 0)) * covarianceScale;
    const rounded = max(
      (rounding + single + baseError) * logScale,
      max(
        (2 * (rounding * side + HALF_ULP * (side + length)) + singleMean) * meanScale,
        (4 * rounding * side * side + singleSquare) * covarianceScale,
      ),
    );
    const done = (summed == M && !ball) || worst <= tolerance || (left < 0.25 && 2 * max(outside, outsideSquare) <= rounded);
    if (done && worst > tolerance && !ball && blocks != 0) {
      // Float32 is not good enough.
      blocks = 0;
      memory.fill(sums, 0, 160);
      clearRounded(scratch);
      summed = 0;
      inner = -1;
      outer = nearest + 3 / k;
      round = -1;
      continue;
    }
    if (done) {
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
    if (ball) {
      // Rounding is too large to tell what is in reach.
      ball = false;
      outer = nearest + 3 / k;
      round = -1;
      memory.fill(sums, 0, 160);
      summed = 0;
      continue;
    }
    inner = outer;
    outer += 1.5 / k;
    if (round == 0) {
      const gain = gainOf((2 * weight) / (tolerance * P), nearest, k, away, asked) - EARLY;
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
  order: u32, leaves: u32, M: u32, depth: u32, lattice: u32,
): void {
  exp2Table<f64>(scratch);
  exp2Table<f32>(scratch + TABLE);
  const width: u32 = 8 * dimOf<D>();
  for (let i = first; i < first + count; i++) {
    const y = queries + i * width;
    const scale = load<f64>(k + i * kStride);
    query<D>(scratch, out + i * RESULT, y, scale, asked, nodes, points, row, order, leaves, M, depth, lattice);
  }
}
