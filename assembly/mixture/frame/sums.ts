// Sums over the points that count at a query, in four and more dimensions, with proven bounds of what is left out. The stages leave out
// points that are surely farther than a distance at which all weights together are below the tolerance; all others have their distance
// by differences in all coordinates, in float64. Where too many are left, a query is marked: the sum over all points costs less.
import { EXP2_TABLE, exp2, exp2Above, exp2Floor, exp2Table, log2Above } from "../../simd/exp2";
import { denseQuery, denseSums, meansAt, numberOf, scaleOf, statsAt, TOGETHER } from "./dense";
import {
  AT_STAGE, BLOCK, exactNorms, firstLeast, firstStages, integersAt, lastValue, laterStage, limitOf, pointsOf, squareAbove, STAGE,
  vectorsOf,
} from "./stages";

// A query's result, float64 numbers: log2 of what P is relative to (negated); the nearest point; P; the trace of the covariance; bounds of
// the errors of log P (-1: of all points by bytes, whose bounds are known before), of the mean and of a covariance; points that were summed,
// -1 where the sum over all is wanted; then the mean.
const NEAREST: u32 = 8;
const TOTAL: u32 = 16;
const TRACE: u32 = 24;
const LOG_ERROR: u32 = 32;
const MEAN_ERROR: u32 = 40;
const COVARIANCE_ERROR: u32 = 48;
const SUMMED: u32 = 56;
const MEAN: u32 = 64;

// What is asked for, float64 numbers: log2 of the tolerance; 1 over the scale of log density, mean and covariance, 0 where not wanted;
// log2 of a point's weight where all are equal; the largest of all log2 weights without their sign; the most points to sum; how much farther squares than the nearest
// are many points.
const LOG_SCALE: u32 = 8;
const MEAN_SCALE: u32 = 16;
const COVARIANCE_SCALE: u32 = 24;
const EQUAL: u32 = 32;
const LIGHTEST: u32 = 40;
const MOST: u32 = 48;
const WIDE: u32 = 56;

// A query's numbers, float64: k; how far rounding may have moved it; its length; twice the product of steps for coarse and for fine sums over
// all points by bytes (0: they are too coarse for the tolerance); then those of the stages.
const MOVED: u32 = 8;
const LENGTH: u32 = 16;
const COARSE: u32 = 24;
const FINE: u32 = 32;
const STAGES: u32 = 40;

/** Queries of a task: they share what the caches hold of the points. */
const TILE: u32 = 8;
/** Parts of the points, whose nearest are known first; those that are looked at; those that tell how many are left. */
const PLACES: u32 = 256;
const SEEDS: u32 = 24;
const PILOTS: u32 = 128;
/** Powers of two times what points count over, about. */
const SHARP: f64 = 256.0;
const HALF_ULP: f64 = 1.1102230246251565e-16;

// Scratch: the table of exp2; lists of a block; then of each query its state and the points that are left.
const LIST: u32 = EXP2_TABLE;
const DOTS: u32 = LIST + 4 * (BLOCK + 4);
const VALUES: u32 = DOTS + 4 * (BLOCK + 4);
const STATES: u32 = VALUES + 4 * (BLOCK + 4);

// A query's state: the square within which points count; the least of costs so far; points left; whether all points should be summed;
// then limits of the stages (float32).
const COST: u32 = 8;
const LEFT: u32 = 16;
const FULL: u32 = 20;
const LIMITS: u32 = 24;
const STATE: u32 = 64;

// @ts-ignore: decorator
@inline
function pairAt<T>(p: u32): v128 {
  return sizeof<T>() == 4 ? f64x2.promote_low_f32x4(v128.load64_zero(p)) : v128.load(p);
}

/** Squared distance by differences in two times two lanes: off by less than D / 4 + 8 half ulps of itself. */
// @ts-ignore: decorator
@inline
function squareOf<T>(y: u32, p: u32, width: u32): f64 {
  let a = f64x2.splat(0);
  let b = a;
  let d: u32 = 0;
  for (; d + 4 <= width; d += 4) {
    const e = f64x2.sub(v128.load(y + 8 * d), pairAt<T>(p + d * sizeof<T>()));
    const f = f64x2.sub(v128.load(y + 8 * d, 16), pairAt<T>(p + d * sizeof<T>() + 2 * sizeof<T>()));
    a = f64x2.add(a, f64x2.mul(e, e));
    b = f64x2.add(b, f64x2.mul(f, f));
  }
  if (d < width) {
    const e = f64x2.sub(v128.load(y + 8 * d), pairAt<T>(p + d * sizeof<T>()));
    a = f64x2.add(a, f64x2.mul(e, e));
  }
  a = f64x2.add(a, b);
  return f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
}

/** log2 of a point's weight. */
// @ts-ignore: decorator
@inline
function weightOf(lw: u32, asked: u32, m: u32): f64 {
  return lw ? load<f64>(lw + 8 * m) : load<f64>(asked, EQUAL);
}

/**
 * The square beyond which all points together weigh no more than a quarter of the tolerance of P, divided by the harm that a share of the
 * weight does there, and no more than 2^-5 of P: a point of weight 2^weight no farther than sqrt(square) bounds P from below.
 */
function cutOf(k: f64, asked: u32, square: f64, weight: f64): f64 {
  const base = 2.0 - load<f64>(asked) - weight;
  let cut = square + (5 - weight) / k;
  for (let i = 0; i < 4; i++) {
    const reached = sqrt(cut);
    const harm = max(
      load<f64>(asked, LOG_SCALE),
      max(2 * reached * load<f64>(asked, MEAN_SCALE), 5 * reached * reached * load<f64>(asked, COVARIANCE_SCALE)),
    );
    cut = square + max(harm > 0 ? base + log2Above(harm) : 0, 5 - weight) / k;
  }
  return cut;
}

/** Lets a point bound P: what counts may be less than it was. */
function tighten(state: u32, query: u32, asked: u32, count: u32, square: f64, weight: f64): void {
  const cut = cutOf(load<f64>(query), asked, square, weight);
  if (!(cut < load<f64>(state))) return;
  store<f64>(state, cut);
  for (let s: u32 = 0; s < count; s++) store<f32>(state + LIMITS + 4 * s, limitOf(query + STAGES + s * AT_STAGE, cut));
}

/**
 * The nearest of each part of the points by the first stage, and its bound, for the queries of a tile: pairs at the beginning of their lists.
 * Gives how many parts there are.
 */
function places(
  lists: u32, each: u32, n: u32, queries: u32, queryStride: u32, integers: u32, integersStride: u32, stages: u32, M: u32,
): u32 {
  const padded = (M + 3) & ~3;
  const part = (padded / PLACES + 4) & ~3;
  let count: u32 = 0;
  for (let from: u32 = 0; from < padded; from += part) {
    const to = min(padded, from + part);
    for (let i: u32 = 0; i < n; i++) {
      firstLeast(lists + i * each + 8 * count, stages, queries + i * queryStride + STAGES, integers + i * integersStride, from, to);
    }
    count++;
  }
  return count;
}

/**
 * A point that is near a query, and no farther than others in weight: the best by all coordinates of those of the places' nearest whose
 * bounds are least.
 */
function seedOf(
  list: u32, places: u32, query: u32, integers: u32, asked: u32, stages: u32, count: u32, lw: u32,
): u32 {
  const inverse = 1 / load<f64>(query);
  let least = Infinity;
  let best = load<u32>(list);
  // Where noise is small the least bounds tell; where it is not, all are looked at, for that costs little then.
  const most = SHARP * inverse < load<f64>(asked, WIDE) ? SEEDS : PLACES;
  for (let tries: u32 = 0; tries < most; tries++) {
    let first: u32 = 0;
    let lowest = Infinity;
    for (let i: u32 = 0; i < places; i++) {
      const bound = <f64>load<f32>(list + 8 * i, 4) - weightOf(lw, asked, load<u32>(list + 8 * i)) * inverse;
      if (bound < lowest) {
        lowest = bound;
        first = i;
      }
    }
    if (lowest == Infinity) break;
    const m = load<u32>(list + 8 * first);
    store<f32>(list + 8 * first, Infinity, 4);
    const cost = <f64>lastValue(stages, count, query + STAGES, integers, m) - weightOf(lw, asked, m) * inverse;
    if (cost < least) {
      least = cost;
      best = m;
    }
  }
  return best;
}

/** Begins a query: a near point says within what points count; where that is far, a few points tell how many that will be. */
function begin<T>(
  state: u32, places: u32, y: u32, query: u32, integers: u32, asked: u32, stages: u32, count: u32, points: u32, width: u32, lw: u32,
  M: u32,
): void {
  store<f64>(state, Infinity);
  store<u32>(state, 0, LEFT);
  store<u32>(state, 0, FULL);
  const seed = seedOf(state + STATE, places, query, integers, asked, stages, count, lw);
  const square = squareOf<T>(y, points + seed * width * sizeof<T>(), width);
  const weight = weightOf(lw, asked, seed);
  tighten(state, query, asked, count, square * (1 + 1e-12), weight);
  const value = lastValue(stages, count, query + STAGES, integers, seed);
  store<f64>(state, value > -Infinity ? <f64>value - weight / load<f64>(query) : Infinity, COST);
  if (load<f64>(state) - square < load<f64>(asked, WIDE)) return;
  const limit = load<f32>(state + LIMITS + 4 * (count - 1));
  const pilots = min(M, PILOTS);
  let within: u32 = 0;
  for (let i: u32 = 0; i < pilots; i++) {
    const m = <u32>((<u64>i * M) / pilots);
    if (lastValue(stages, count, query + STAGES, integers, m) <= limit) within++;
  }
  // Half as many again may be chance.
  if (<f64>within * <f64>M > 1.5 * load<f64>(asked, MOST) * <f64>pilots) store<u32>(state, 1, FULL);
}

/** Leaves of listed points those that still may be near enough: less may count than when they were listed. */
function stillWithin(lists: u32, count: u32, limit: f32): u32 {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if (!(load<f32>(lists + 8 * i, 4) <= limit)) continue;
    store<u64>(lists + 8 * kept, load<u64>(lists + 8 * i));
    kept++;
  }
  return kept;
}

/** Points `from` to `to` through all stages of a query; what is left joins its list. */
function block(
  scratch: u32, state: u32, lists: u32, most: u32, query: u32, integers: u32, asked: u32, stages: u32, count: u32, lw: u32,
  from: u32, to: u32,
): void {
  const list = scratch + LIST;
  const dots = scratch + DOTS;
  const values = scratch + VALUES;
  let kept = firstStages(list, dots, values, stages, query + STAGES, integers, state + LIMITS, from, to);
  for (let s: u32 = 2; s < count && kept > 0; s++) {
    const stage = stages + s * STAGE;
    const at = query + STAGES + s * AT_STAGE;
    const q = integersAt(stages, s, integers);
    const limit = load<f32>(state + LIMITS + 4 * s);
    if (exactNorms(stage)) kept = laterStage<i8>(list, dots, values, kept, stage, at, q, limit);
    else kept = laterStage<i16>(list, dots, values, kept, stage, at, q, limit);
  }
  let left = load<u32>(state, LEFT);
  if (left + kept > most) {
    left = stillWithin(lists, left, load<f32>(state + LIMITS + 4 * (count - 1)));
    if (left + kept > most) {
      store<u32>(state, 1, FULL);
      return;
    }
  }
  const inverse = 1 / load<f64>(query);
  for (let i: u32 = 0; i < kept; i++) {
    const m = load<u32>(list + 4 * i);
    const value = load<f32>(values + 4 * i);
    store<u32>(lists + 8 * (left + i), m);
    store<f32>(lists + 8 * (left + i), value, 4);
    const cost = <f64>value - weightOf(lw, asked, m) * inverse;
    if (!(cost < load<f64>(state, COST)) || cost == -Infinity) continue;
    store<f64>(state, cost, COST);
    const square = squareAbove(query + STAGES + (count - 1) * AT_STAGE, value);
    tighten(state, query, asked, count, square, weightOf(lw, asked, m));
  }
  store<u32>(state, left + kept, LEFT);
}

/** Sums weights times points: 4 points at a time. */
function addPoints<T>(mean: u32, lists: u32, squares: u32, count: u32, points: u32, width: u32): void {
  memory.fill(mean, 0, 8 * width);
  const row = width * sizeof<T>();
  for (let i: u32 = 0; i < count; i += 4) {
    const p0 = points + load<u32>(lists + 8 * i) * row;
    const p1 = i + 1 < count ? points + load<u32>(lists + 8 * i, 8) * row : p0;
    const p2 = i + 2 < count ? points + load<u32>(lists + 8 * i, 16) * row : p0;
    const p3 = i + 3 < count ? points + load<u32>(lists + 8 * i, 24) * row : p0;
    const w0 = v128.load64_splat(squares + 8 * i);
    const w1 = v128.load64_splat(squares + 8 * i, 8);
    const w2 = v128.load64_splat(squares + 8 * i, 16);
    const w3 = v128.load64_splat(squares + 8 * i, 24);
    for (let d: u32 = 0; d < width; d += 2) {
      const o = d * sizeof<T>();
      let sum = v128.load(mean + 8 * d);
      sum = f64x2.add(sum, f64x2.mul(w0, pairAt<T>(p0 + o)));
      sum = f64x2.add(sum, f64x2.mul(w1, pairAt<T>(p1 + o)));
      sum = f64x2.add(sum, f64x2.mul(w2, pairAt<T>(p2 + o)));
      sum = f64x2.add(sum, f64x2.mul(w3, pairAt<T>(p3 + o)));
      v128.store(mean + 8 * d, sum);
    }
  }
}

/** Ends a query: distances of all points that are left, then their weights and sums. */
function end<T>(
  scratch: u32, state: u32, lists: u32, squares: u32, out: u32, y: u32, query: u32, asked: u32, count: u32, points: u32,
  width: u32, lw: u32, M: u32,
): void {
  const k = load<f64>(query);
  const left = load<u32>(state, LEFT);
  const limit = load<f32>(state + LIMITS + 4 * (count - 1));
  let nearest = Infinity;
  let found: u32 = 0;
  let square = Infinity;
  let weight: f64 = 0;
  let least = Infinity;
  let kept: u32 = 0;
  for (let i: u32 = 0; i < left; i++) {
    if (!(load<f32>(lists + 8 * i, 4) <= limit)) continue;
    const m = load<u32>(lists + 8 * i);
    const d2 = squareOf<T>(y, points + m * width * sizeof<T>(), width);
    if (d2 < nearest) {
      nearest = d2;
      found = m;
    }
    const own = weightOf(lw, asked, m);
    if (d2 - own / k < least) {
      least = d2 - own / k;
      square = d2;
      weight = own;
    }
    store<u32>(lists + 8 * kept, m);
    store<f64>(squares + 8 * kept, d2);
    kept++;
  }
  const cut = min(load<f64>(state), cutOf(k, asked, square * (1 + 1e-12), weight));
  sums<T>(scratch, lists, squares, out, y, query, asked, points, width, lw, M, kept, cut, square, weight);
  store<f64>(out, <f64>found, NEAREST);
}

/**
 * The sums over the listed points within sqrt(cut), relative to the one of weight 2^weight at sqrt(square), and bounds of their errors.
 *
 * Rounding: a squared distance is off by (D / 4 + 8) half ulps of itself, and by 2 |y - mu| for each unit that the query itself is; so is an
 * exponent by k times both, twice. What is left out is farther than sqrt(cut): there weights fall faster than squares grow.
 */
function sums<T>(
  scratch: u32, lists: u32, squares: u32, out: u32, y: u32, query: u32, asked: u32, points: u32, width: u32, lw: u32, M: u32,
  listed: u32, cut: f64, square: f64, weight: f64,
): void {
  const k = load<f64>(query);
  let P: f64 = 0;
  let T2: f64 = 0;
  let summed: u32 = 0;
  for (let i: u32 = 0; i < listed; i++) {
    const d2 = load<f64>(squares + 8 * i);
    if (d2 > cut) continue;
    const m = load<u32>(lists + 8 * i);
    const log = min(0, k * (square - d2) + (weightOf(lw, asked, m) - weight));
    const w = f64x2.extract_lane(exp2<f64>(f64x2.splat(max(exp2Floor<f64>(), log)), scratch), 0);
    P += w;
    T2 += w * d2;
    store<u32>(lists + 8 * summed, m);
    store<f64>(squares + 8 * summed, w);
    summed++;
  }
  for (let i = summed; i < summed + 3; i++) store<f64>(squares + 8 * i, 0);
  addPoints<T>(out + MEAN, lists, squares, summed, points, width);
  let away2: f64 = 0;
  for (let d: u32 = 0; d < width; d++) {
    const mean = load<f64>(out + MEAN + 8 * d) / P;
    store<f64>(out + MEAN + 8 * d, mean);
    away2 += (mean - load<f64>(y + 8 * d)) * (mean - load<f64>(y + 8 * d));
  }
  const away = sqrt(away2);
  const trace = max(T2 / P - away2, 0);
  store<f64>(out, k * square - weight);
  store<f64>(out, P, TOTAL);
  store<f64>(out, trace, TRACE);
  store<f64>(out, <f64>summed, SUMMED);
  const near = sqrt(square);
  const side = max(sqrt(cut), near);
  const ulps = HALF_ULP * (0.25 * <f64>width + 8);
  const moved = load<f64>(query, MOVED);
  const exponent = 0.6932 * k * (2 * ulps * side * side + 4 * moved * side);
  const logs = k * max(cut - square, 0);
  const lightest = load<f64>(asked, LIGHTEST);
  const rounding = exponent + HALF_ULP * (<f64>summed + 64 + 4 * (logs + lightest));
  // Weights below the smallest normal number are lost.
  let shares = (<f64>M * 8.9e-308) / P;
  if (summed < M) shares += exp2Above(max(logs + weight - 1.4427 * exponent, -8)) / P;
  const relative = shares + rounding;
  const bound = relative < 0.5 ? 1 / (1 - relative) : Infinity;
  const ofMean = HALF_ULP * (<f64>summed + 8) * (load<f64>(query, LENGTH) + side);
  const meanError = (shares * (side + away) + 4 * rounding * side) * bound + ofMean;
  const logError = relative * bound + 0.6932 * k * (ulps * square + 2 * moved * near) + HALF_ULP * 4 * lightest;
  const ofSquares = shares * (2 * (side * side + away2) + trace) + (8 * rounding + 4 * ulps) * side * side;
  store<f64>(out, logError, LOG_ERROR);
  store<f64>(out, meanError, MEAN_ERROR);
  store<f64>(out, ofSquares * bound + meanError * meanError + 4 * side * ofMean, COVARIANCE_ERROR);
}

/** Sums over all points for queries that a scratch of `denseSums` has. */
function byBytes<T>(
  dense: u32, n: u32, out: u32, outStride: u32, y: u32, asked: u32, stages: u32, count: u32, points: u32, width: u32, lw: u32, M: u32,
): void {
  const last = stages + (count - 1) * STAGE;
  denseSums<T>(dense, pointsOf(last), exactNorms(last), vectorsOf(last), points, width, lw, n, M);
  for (let i: u32 = 0; i < n; i++) {
    const q = numberOf(dense, i);
    const result = out + q * outStride;
    const best = <u32>load<f64>(statsAt(dense, i));
    const square = squareOf<T>(y + q * 8 * width, points + best * width * sizeof<T>(), width);
    store<f64>(result, scaleOf(dense, i) * square - weightOf(lw, asked, best));
    store<f64>(result, load<f64>(statsAt(dense, i), 8), TOTAL);
    store<f64>(result, -1, LOG_ERROR);
    store<f64>(result, <f64>M, SUMMED);
    memory.copy(result + MEAN, meansAt(dense, i, width), 8 * width);
  }
}

/**
 * Tasks `first` ...: tiles of queries. What each finds is its own, whoever else is in its tile. `stages`: records of so many; `points`:
 * rows of `width` numbers, `lw` their log2 weights or 0.
 */
export function frameSums<T>(
  first: u32, tasks: u32, scratch: u32, out: u32, y: u32, queries: u32, integers: u32, integersStride: u32, count: u32, asked: u32,
  stages: u32, stageCount: u32, points: u32, width: u32, lw: u32, M: u32,
): void {
  exp2Table<f64>(scratch);
  const most = <u32>load<f64>(asked, MOST);
  const queryStride = STAGES + stageCount * AT_STAGE;
  const outStride = MEAN + 8 * width;
  const each = STATE + 16 * (most + 4);
  const padded = (M + 3) & ~3;
  for (let tile = first; tile < first + tasks; tile++) {
    const start = tile * TILE;
    const n = min(TILE, count - start);
    const found = places(
      scratch + STATES + STATE, each, n, queries + start * queryStride, queryStride, integers + start * integersStride, integersStride,
      stages, M,
    );
    for (let i: u32 = 0; i < n; i++) {
      const q = start + i;
      begin<T>(
        scratch + STATES + i * each, found, y + q * 8 * width, queries + q * queryStride, integers + q * integersStride, asked, stages,
        stageCount, points, width, lw, M,
      );
    }
    for (let from: u32 = 0; from < padded; from += BLOCK) {
      const to = min(padded, from + BLOCK);
      for (let i: u32 = 0; i < n; i++) {
        const q = start + i;
        const state = scratch + STATES + i * each;
        if (load<u32>(state, FULL)) continue;
        block(
          scratch, state, state + STATE, most, queries + q * queryStride, integers + q * integersStride, asked, stages, stageCount,
          lw, from, to,
        );
      }
    }
    const dense = scratch + STATES + TILE * each;
    let wanted: u32 = 0;
    for (let i: u32 = 0; i < n; i++) {
      const q = start + i;
      const state = scratch + STATES + i * each;
      const result = out + q * outStride;
      const query = queries + q * queryStride;
      if (load<u32>(state, FULL)) {
        store<f64>(result, -1, SUMMED);
        if (load<f64>(query, COARSE) == 0) continue;
        const row = integersAt(stages, stageCount - 1, integers + q * integersStride);
        denseQuery(dense, wanted++, q, row, load<f64>(query, COARSE), load<f64>(query, FINE), load<f64>(query));
        if (wanted < TOGETHER) continue;
        byBytes<T>(dense, wanted, out, outStride, y, asked, stages, stageCount, points, width, lw, M);
        wanted = 0;
      } else {
        end<T>(
          scratch, state, state + STATE, state + STATE + 8 * (most + 4), result, y + q * 8 * width, query, asked, stageCount, points,
          width, lw, M,
        );
      }
    }
    if (wanted > 0) byBytes<T>(dense, wanted, out, outStride, y, asked, stages, stageCount, points, width, lw, M);
  }
}
