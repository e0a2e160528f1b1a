// Lower bounds of the distances of points from a query, in stages. Points and queries are rotated: their leading coordinates in an
// orthonormal frame, and the length of all the others, the residual, come to integers times a step. With z, rho of the query and
// c_m, r_m of a point, |z - c_m|^2 + (rho - r_m)^2 is no more than the squared distance but for what rounding moved both: by `epsilon`
// at most. So a point whose
//
//   n_m - 2 z . c_m - 2 rho r_m > (sqrt(cut) + epsilon)^2 - |z|^2 - rho^2,   n_m = |c_m|^2 + r_m^2,
//
// is farther than sqrt(cut). z . c_m is a sum of products of integers, which is exact; the rest is float32, whose rounding is in the
// query's numbers. Stages add coordinates; the last has all there are, or all of the given ones in bytes, and no residual.

/** Points that go through all stages together, so that several queries find them in the caches; a multiple of 4. */
export const BLOCK: u32 = 256;

// The record of a stage, float64 numbers: integers of the points; vectors of 8 a point; n_m; r_m (0: none); where integers are bytes, |mu - o|^2
// of the points in float64, o what was subtracted of them (else 0).
export const STAGE: u32 = 40;
const VECTORS: u32 = 8;
const NORMS: u32 = 16;
const RESIDUALS: u32 = 24;
const BYTES: u32 = 32;

// A query's numbers at a stage, float64: twice the product of both steps; 2 rho; |z|^2 + rho^2; epsilon; the rounding of float32.
export const AT_STAGE: u32 = 40;
const TWICE_RESIDUAL: u32 = 8;
const SQUARE: u32 = 16;
const EPSILON: u32 = 24;
const ROUNDING: u32 = 32;

/** Integers of the first stage. */
const FIRST: u32 = 16;

// @ts-ignore: decorator
@inline
function at(record: u32, offset: u32): u32 {
  return <u32>load<f64>(record + offset);
}

// @ts-ignore: decorator
@inline
export function pointsOf(stage: u32): u32 {
  return at(stage, 0);
}
// @ts-ignore: decorator
@inline
export function vectorsOf(stage: u32): u32 {
  return at(stage, VECTORS);
}
// @ts-ignore: decorator
@inline
export function exactNorms(stage: u32): u32 {
  return at(stage, BYTES);
}

/** The most that n_m - 2 z . c_m - 2 rho r_m may be for a point within sqrt(cut). */
// @ts-ignore: decorator
@inline
export function limitOf(query: u32, cut: f64): f32 {
  const side = sqrt(cut) + load<f64>(query, EPSILON);
  const limit = side * side * 1.000001 - load<f64>(query, SQUARE) + load<f64>(query, ROUNDING);
  return <f32>(limit + abs(limit) * 1.2e-7);
}

/** At least the squared distance of a point by what a stage without a residual says of it. */
// @ts-ignore: decorator
@inline
export function squareAbove(query: u32, value: f32): f64 {
  const side = sqrt(max(<f64>value + load<f64>(query, SQUARE) + load<f64>(query, ROUNDING), 0)) + load<f64>(query, EPSILON);
  return side * side * 1.000001;
}

/** n_m - 2 z . c_m - 2 rho r_m of the 4 points from m on, by their first 16 coordinates: pairs of these lie side by side, point by point. */
// @ts-ignore: decorator
@inline
function firstDots(
  p: u32, q0: v128, q1: v128, q2: v128, q3: v128, q4: v128, q5: v128, q6: v128, q7: v128,
): v128 {
  const a = i32x4.add(i32x4.dot_i16x8_s(v128.load(p), q0), i32x4.dot_i16x8_s(v128.load(p, 16), q1));
  const b = i32x4.add(i32x4.dot_i16x8_s(v128.load(p, 32), q2), i32x4.dot_i16x8_s(v128.load(p, 48), q3));
  const c = i32x4.add(i32x4.dot_i16x8_s(v128.load(p, 64), q4), i32x4.dot_i16x8_s(v128.load(p, 80), q5));
  const d = i32x4.add(i32x4.dot_i16x8_s(v128.load(p, 96), q6), i32x4.dot_i16x8_s(v128.load(p, 112), q7));
  return i32x4.add(i32x4.add(a, b), i32x4.add(c, d));
}

// @ts-ignore: decorator
@inline
function valuesOf(dots: v128, m: u32, norms: u32, residuals: u32, factor: v128, twice: v128): v128 {
  const value = f32x4.sub(v128.load(norms + 4 * m), f32x4.mul(factor, f32x4.convert_i32x4_s(dots)));
  return residuals ? f32x4.sub(value, f32x4.mul(twice, v128.load(residuals + 4 * m))) : value;
}

/** Lists the points `from` to `to` that the first stage leaves, and their sums of products. */
export function firstStage(list: u32, dots: u32, stage: u32, query: u32, integers: u32, limit: f32, from: u32, to: u32): u32 {
  const q0 = v128.load32_splat(integers);
  const q1 = v128.load32_splat(integers, 4);
  const q2 = v128.load32_splat(integers, 8);
  const q3 = v128.load32_splat(integers, 12);
  const q4 = v128.load32_splat(integers, 16);
  const q5 = v128.load32_splat(integers, 20);
  const q6 = v128.load32_splat(integers, 24);
  const q7 = v128.load32_splat(integers, 28);
  const points = at(stage, 0);
  const norms = at(stage, NORMS);
  const residuals = at(stage, RESIDUALS);
  const factor = f32x4.splat(<f32>load<f64>(query));
  const twice = f32x4.splat(<f32>load<f64>(query, TWICE_RESIDUAL));
  const most = f32x4.splat(limit);
  let kept: u32 = 0;
  for (let m = from; m < to; m += 4) {
    const sums = firstDots(points + m * 2 * FIRST, q0, q1, q2, q3, q4, q5, q6, q7);
    const hits = i32x4.bitmask(f32x4.le(valuesOf(sums, m, norms, residuals, factor, twice), most));
    if (hits == 0) continue;
    store<u32>(list + 4 * kept, m);
    store<i32>(dots + 4 * kept, i32x4.extract_lane(sums, 0));
    kept += hits & 1;
    store<u32>(list + 4 * kept, m + 1);
    store<i32>(dots + 4 * kept, i32x4.extract_lane(sums, 1));
    kept += (hits >> 1) & 1;
    store<u32>(list + 4 * kept, m + 2);
    store<i32>(dots + 4 * kept, i32x4.extract_lane(sums, 2));
    kept += (hits >> 2) & 1;
    store<u32>(list + 4 * kept, m + 3);
    store<i32>(dots + 4 * kept, i32x4.extract_lane(sums, 3));
    kept += hits >> 3;
  }
  return kept;
}

/** The point of `from` to `to` for which the first stage's bound is least, of those that have one. */
export function firstLeast(stage: u32, query: u32, integers: u32, from: u32, to: u32): u32 {
  const q0 = v128.load32_splat(integers);
  const q1 = v128.load32_splat(integers, 4);
  const q2 = v128.load32_splat(integers, 8);
  const q3 = v128.load32_splat(integers, 12);
  const q4 = v128.load32_splat(integers, 16);
  const q5 = v128.load32_splat(integers, 20);
  const q6 = v128.load32_splat(integers, 24);
  const q7 = v128.load32_splat(integers, 28);
  const points = at(stage, 0);
  const norms = at(stage, NORMS);
  const residuals = at(stage, RESIDUALS);
  const factor = f32x4.splat(<f32>load<f64>(query));
  const twice = f32x4.splat(<f32>load<f64>(query, TWICE_RESIDUAL));
  let least: f32 = Infinity;
  let best = from;
  for (let m = from; m < to; m += 4) {
    const sums = firstDots(points + m * 2 * FIRST, q0, q1, q2, q3, q4, q5, q6, q7);
    const values = valuesOf(sums, m, norms, residuals, factor, twice);
    if (!v128.any_true(f32x4.lt(values, f32x4.splat(least)))) continue;
    for (let i: u32 = 0; i < 4; i++) {
      const value = laneOf(values, i);
      // Points without a bound are below all.
      if (!(value < least) || value == -Infinity) continue;
      least = value;
      best = m + i;
    }
  }
  return best;
}

// @ts-ignore: decorator
@inline
function laneOf(v: v128, i: u32): f32 {
  if (i == 0) return f32x4.extract_lane(v, 0);
  if (i == 1) return f32x4.extract_lane(v, 1);
  return i == 2 ? f32x4.extract_lane(v, 2) : f32x4.extract_lane(v, 3);
}

/** The sum of products of a row of `vectors` times 8 integers, of bytes or of pairs of them, and a query's. */
// @ts-ignore: decorator
@inline
function rowDot(row: u32, integers: u32, vectors: u32, bytes: bool): i32 {
  let a = i32x4.splat(0);
  let b = a;
  let i: u32 = 0;
  if (bytes) {
    for (; i + 2 <= vectors; i += 2) {
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load_ext<i8>(row + 8 * i), v128.load(integers + 16 * i)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load_ext<i8>(row + 8 * i, 8), v128.load(integers + 16 * i, 16)));
    }
    if (i < vectors) a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load_ext<i8>(row + 8 * i), v128.load(integers + 16 * i)));
  } else {
    for (; i + 2 <= vectors; i += 2) {
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load(row + 16 * i), v128.load(integers + 16 * i)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load(row + 16 * i, 16), v128.load(integers + 16 * i, 16)));
    }
    if (i < vectors) a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load(row + 16 * i), v128.load(integers + 16 * i)));
  }
  a = i32x4.add(a, b);
  return i32x4.extract_lane(a, 0) + i32x4.extract_lane(a, 1) + i32x4.extract_lane(a, 2) + i32x4.extract_lane(a, 3);
}

/** Leaves of `count` listed points those that a later stage leaves, with their sums of products and their values. */
export function laterStage(
  list: u32, dots: u32, values: u32, count: u32, stage: u32, query: u32, integers: u32, limit: f32,
): u32 {
  const points = at(stage, 0);
  const vectors = at(stage, VECTORS);
  const norms = at(stage, NORMS);
  const residuals = at(stage, RESIDUALS);
  const bytes = at(stage, BYTES) != 0;
  const rowBytes = vectors * (bytes ? 8 : 16);
  const factor = <f32>load<f64>(query);
  const twice = <f32>load<f64>(query, TWICE_RESIDUAL);
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const m = load<u32>(list + 4 * i);
    const row = points + m * rowBytes;
    // Bytes are all coordinates anew.
    const dot = bytes ? rowDot(row, integers, vectors, true) : load<i32>(dots + 4 * i) + rowDot(row, integers, vectors, false);
    let value = load<f32>(norms + 4 * m) - factor * <f32>dot;
    if (residuals) value -= twice * load<f32>(residuals + 4 * m);
    store<u32>(list + 4 * kept, m);
    store<i32>(dots + 4 * kept, dot);
    store<f32>(values + 4 * kept, value);
    kept += value <= limit ? 1 : 0;
  }
  return kept;
}

/** What the last of some stages says of one point. */
export function lastValue(stages: u32, count: u32, query: u32, integers: u32, m: u32): f32 {
  const last = stages + (count - 1) * STAGE;
  let dot: i32 = 0;
  let q = integers + 2 * FIRST;
  if (at(last, BYTES) == 0) {
    const panel = at(stages, 0) + (m & ~3) * 2 * FIRST + (m & 3) * 4;
    for (let i: u32 = 0; i < FIRST; i += 2) {
      dot += <i32>load<i16>(panel + 8 * i) * <i32>load<i16>(integers + 2 * i);
      dot += <i32>load<i16>(panel + 8 * i, 2) * <i32>load<i16>(integers + 2 * i, 2);
    }
  }
  for (let s: u32 = 1; s < count; s++) {
    const stage = stages + s * STAGE;
    const vectors = at(stage, VECTORS);
    const bytes = at(stage, BYTES) != 0;
    if (bytes) dot = rowDot(at(stage, 0) + m * vectors * 8, q, vectors, true);
    else if (at(last, BYTES) == 0) dot += rowDot(at(stage, 0) + m * vectors * 16, q, vectors, false);
    q += vectors * 16;
  }
  const value = load<f32>(at(last, NORMS) + 4 * m) - <f32>load<f64>(query + (count - 1) * AT_STAGE) * <f32>dot;
  return value;
}

/** Where the integers of stage s begin in a query's row. */
export function integersAt(stages: u32, s: u32, integers: u32): u32 {
  let q = integers;
  for (let i: u32 = 0; i < s; i++) q += (i == 0 ? 2 * FIRST : at(stages + i * STAGE, VECTORS) * 16);
  return q;
}
