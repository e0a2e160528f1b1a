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

// The record of a stage, float64 numbers: integers of the points, of the first two stages pair by pair of coordinates for 4 points; vectors of 8 a point; n_m; r_m (0: none); where integers are bytes, |mu - o|^2
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

/** The sum of products of 4 points with the first 16 coordinates: pairs of these lie side by side, point by point. */
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

/** The same with 8 coordinates a vector, of a stage that lies likewise. */
// @ts-ignore: decorator
@inline
function panelDots(p: u32, q: u32, vectors: u32): v128 {
  let a = i32x4.splat(0);
  let b = a;
  for (let i: u32 = 0; i < vectors; i++) {
    a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load(p), v128.load32_splat(q)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load(p, 16), v128.load32_splat(q, 4)));
    a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load(p, 32), v128.load32_splat(q, 8)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load(p, 48), v128.load32_splat(q, 12)));
    p += 64;
    q += 16;
  }
  return i32x4.add(a, b);
}

/** n_m - 2 z . c_m - 2 rho r_m of the 4 points from m on. */
// @ts-ignore: decorator
@inline
function valuesOf(dots: v128, m: u32, norms: u32, residuals: u32, factor: v128, twice: v128): v128 {
  const value = f32x4.sub(v128.load(norms + 4 * m), f32x4.mul(factor, f32x4.convert_i32x4_s(dots)));
  return residuals ? f32x4.sub(value, f32x4.mul(twice, v128.load(residuals + 4 * m))) : value;
}

/** Lists the points `from` to `to` that the first two stages leave, their sums of products and their values: 4 points at a time. */
export function firstStages(
  list: u32, dots: u32, values: u32, stages: u32, query: u32, integers: u32, limits: u32, from: u32, to: u32,
): u32 {
  const q0 = v128.load32_splat(integers);
  const q1 = v128.load32_splat(integers, 4);
  const q2 = v128.load32_splat(integers, 8);
  const q3 = v128.load32_splat(integers, 12);
  const q4 = v128.load32_splat(integers, 16);
  const q5 = v128.load32_splat(integers, 20);
  const q6 = v128.load32_splat(integers, 24);
  const q7 = v128.load32_splat(integers, 28);
  const points = at(stages, 0);
  const norms = at(stages, NORMS);
  const residuals = at(stages, RESIDUALS);
  const factor = f32x4.splat(<f32>load<f64>(query));
  const twice = f32x4.splat(<f32>load<f64>(query, TWICE_RESIDUAL));
  const most = f32x4.splat(load<f32>(limits));
  const second = stages + STAGE;
  const points2 = at(second, 0);
  const vectors2 = at(second, VECTORS);
  const norms2 = at(second, NORMS);
  const residuals2 = at(second, RESIDUALS);
  const factor2 = f32x4.splat(<f32>load<f64>(query, AT_STAGE));
  const twice2 = f32x4.splat(<f32>load<f64>(query, AT_STAGE + TWICE_RESIDUAL));
  const most2 = f32x4.splat(load<f32>(limits, 4));
  let kept: u32 = 0;
  for (let m = from; m < to; m += 4) {
    let sums = firstDots(points + m * 2 * FIRST, q0, q1, q2, q3, q4, q5, q6, q7);
    if (!v128.any_true(f32x4.le(valuesOf(sums, m, norms, residuals, factor, twice), most))) continue;
    sums = i32x4.add(sums, panelDots(points2 + m * 16 * vectors2, integers + 2 * FIRST, vectors2));
    const value = valuesOf(sums, m, norms2, residuals2, factor2, twice2);
    const hits = i32x4.bitmask(f32x4.le(value, most2));
    if (hits == 0) continue;
    put(list, dots, values, kept, m, i32x4.extract_lane(sums, 0), f32x4.extract_lane(value, 0));
    kept += hits & 1;
    put(list, dots, values, kept, m + 1, i32x4.extract_lane(sums, 1), f32x4.extract_lane(value, 1));
    kept += (hits >> 1) & 1;
    put(list, dots, values, kept, m + 2, i32x4.extract_lane(sums, 2), f32x4.extract_lane(value, 2));
    kept += (hits >> 2) & 1;
    put(list, dots, values, kept, m + 3, i32x4.extract_lane(sums, 3), f32x4.extract_lane(value, 3));
    kept += hits >> 3;
  }
  return kept;
}

/** Writes place i of the lists, which stays if the next one is written elsewhere. */
// @ts-ignore: decorator
@inline
function put(list: u32, dots: u32, values: u32, i: u32, m: u32, dot: i32, value: f32): void {
  store<u32>(list + 4 * i, m);
  store<i32>(dots + 4 * i, dot);
  store<f32>(values + 4 * i, value);
}

/** Writes which point of `from` to `to` has the least bound by the first stage, of those that have one, and (float32) what it is, Infinity if none has. */
export function firstLeast(out: u32, stage: u32, query: u32, integers: u32, from: u32, to: u32): void {
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
      const value = reinterpret<f32>(laneOf(values, i));
      // Points without a bound are below all.
      if (!(value < least) || value == -Infinity) continue;
      least = value;
      best = m + i;
    }
  }
  store<u32>(out, best);
  store<f32>(out, least, 4);
}

// @ts-ignore: decorator
@inline
function laneOf(v: v128, i: u32): i32 {
  if (i == 0) return i32x4.extract_lane(v, 0);
  if (i == 1) return i32x4.extract_lane(v, 1);
  return i == 2 ? i32x4.extract_lane(v, 2) : i32x4.extract_lane(v, 3);
}

/** The sums over the lanes of four vectors. */
// @ts-ignore: decorator
@inline
export function sumsOf(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(i32x4.shuffle(a, b, 0, 4, 1, 5), i32x4.shuffle(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(i32x4.shuffle(c, d, 0, 4, 1, 5), i32x4.shuffle(c, d, 2, 6, 3, 7));
  return i32x4.add(i32x4.shuffle(ab, cd, 0, 1, 4, 5), i32x4.shuffle(ab, cd, 2, 3, 6, 7));
}

/** The sums of products of four rows with a query: of bytes, or of pairs of them. */
// @ts-ignore: decorator
@inline
function rowDots<T>(r0: u32, r1: u32, r2: u32, r3: u32, integers: u32, vectors: u32): v128 {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  const end = integers + 16 * vectors;
  for (; integers < end; integers += 16) {
    const q = v128.load(integers);
    a = i32x4.add(a, i32x4.dot_i16x8_s(sizeof<T>() == 1 ? v128.load_ext<i8>(r0) : v128.load(r0), q));
    b = i32x4.add(b, i32x4.dot_i16x8_s(sizeof<T>() == 1 ? v128.load_ext<i8>(r1) : v128.load(r1), q));
    c = i32x4.add(c, i32x4.dot_i16x8_s(sizeof<T>() == 1 ? v128.load_ext<i8>(r2) : v128.load(r2), q));
    d = i32x4.add(d, i32x4.dot_i16x8_s(sizeof<T>() == 1 ? v128.load_ext<i8>(r3) : v128.load(r3), q));
    r0 += 8 * sizeof<T>();
    r1 += 8 * sizeof<T>();
    r2 += 8 * sizeof<T>();
    r3 += 8 * sizeof<T>();
  }
  return sumsOf(a, b, c, d);
}

/** The sum of products of one row. */
// @ts-ignore: decorator
@inline
function rowDot<T>(row: u32, integers: u32, vectors: u32): i32 {
  let a = i32x4.splat(0);
  let b = a;
  let i: u32 = 0;
  for (; i + 2 <= vectors; i += 2) {
    const p = row + i * 8 * sizeof<T>();
    const q = integers + 16 * i;
    a = i32x4.add(a, i32x4.dot_i16x8_s(sizeof<T>() == 1 ? v128.load_ext<i8>(p) : v128.load(p), v128.load(q)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(sizeof<T>() == 1 ? v128.load_ext<i8>(p, 8) : v128.load(p, 16), v128.load(q, 16)));
  }
  if (i < vectors) {
    const p = row + i * 8 * sizeof<T>();
    a = i32x4.add(a, i32x4.dot_i16x8_s(sizeof<T>() == 1 ? v128.load_ext<i8>(p) : v128.load(p), v128.load(integers + 16 * i)));
  }
  a = i32x4.add(a, b);
  return i32x4.extract_lane(a, 0) + i32x4.extract_lane(a, 1) + i32x4.extract_lane(a, 2) + i32x4.extract_lane(a, 3);
}

/** Leaves of `count` listed points those that a later stage leaves, with their sums of products and their values: 4 at a time. */
export function laterStage<T>(
  list: u32, dots: u32, values: u32, count: u32, stage: u32, query: u32, integers: u32, limit: f32,
): u32 {
  const points = at(stage, 0);
  const vectors = at(stage, VECTORS);
  const norms = at(stage, NORMS);
  const residuals = at(stage, RESIDUALS);
  const rowBytes = vectors * 8 * sizeof<T>();
  const factor = f32x4.splat(<f32>load<f64>(query));
  const twice = f32x4.splat(<f32>load<f64>(query, TWICE_RESIDUAL));
  const most = f32x4.splat(limit);
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i += 4) {
    // Beyond the end the last one comes again, and is not kept.
    const last = count - 1 - i;
    const m0 = load<u32>(list + 4 * i);
    const m1 = load<u32>(list + 4 * (i + min(1, last)));
    const m2 = load<u32>(list + 4 * (i + min(2, last)));
    const m3 = load<u32>(list + 4 * (i + min(3, last)));
    let sums = rowDots<T>(
      points + m0 * rowBytes, points + m1 * rowBytes, points + m2 * rowBytes, points + m3 * rowBytes, integers, vectors,
    );
    // Bytes are all coordinates anew.
    if (sizeof<T>() != 1) sums = i32x4.add(sums, v128.load(dots + 4 * i));
    let value = f32x4.sub(four(norms, m0, m1, m2, m3), f32x4.mul(factor, f32x4.convert_i32x4_s(sums)));
    if (residuals) value = f32x4.sub(value, f32x4.mul(twice, four(residuals, m0, m1, m2, m3)));
    let hits = i32x4.bitmask(f32x4.le(value, most));
    if (last < 3) hits &= (2 << last) - 1;
    if (hits == 0) continue;
    put(list, dots, values, kept, m0, i32x4.extract_lane(sums, 0), f32x4.extract_lane(value, 0));
    kept += hits & 1;
    put(list, dots, values, kept, m1, i32x4.extract_lane(sums, 1), f32x4.extract_lane(value, 1));
    kept += (hits >> 1) & 1;
    put(list, dots, values, kept, m2, i32x4.extract_lane(sums, 2), f32x4.extract_lane(value, 2));
    kept += (hits >> 2) & 1;
    put(list, dots, values, kept, m3, i32x4.extract_lane(sums, 3), f32x4.extract_lane(value, 3));
    kept += hits >> 3;
  }
  return kept;
}

// @ts-ignore: decorator
@inline
function four(numbers: u32, m0: u32, m1: u32, m2: u32, m3: u32): v128 {
  let v = v128.load32_zero(numbers + 4 * m0);
  v = v128.load32_lane(numbers + 4 * m1, v, 1);
  v = v128.load32_lane(numbers + 4 * m2, v, 2);
  return v128.load32_lane(numbers + 4 * m3, v, 3);
}

/** What the last of some stages says of one point. */
export function lastValue(stages: u32, count: u32, query: u32, integers: u32, m: u32): f32 {
  const last = stages + (count - 1) * STAGE;
  const bytes = exactNorms(last) != 0;
  let dot: i32 = 0;
  let q = integers;
  for (let s: u32 = 0; s < count; s++) {
    const stage = stages + s * STAGE;
    const vectors = at(stage, VECTORS);
    if (stage == last && bytes) dot = rowDot<i8>(at(stage, 0) + m * vectors * 8, q, vectors);
    else if (!bytes && s < 2) dot += laneOf(panelDots(at(stage, 0) + (m & ~3) * 16 * vectors, q, vectors), m & 3);
    else if (!bytes) dot += rowDot<i16>(at(stage, 0) + m * vectors * 16, q, vectors);
    q += 16 * vectors;
  }
  return load<f32>(at(last, NORMS) + 4 * m) - <f32>load<f64>(query + (count - 1) * AT_STAGE) * <f32>dot;
}

/** Where the integers of stage s begin in a query's row. */
export function integersAt(stages: u32, s: u32, integers: u32): u32 {
  for (let i: u32 = 0; i < s; i++) integers += 16 * at(stages + i * STAGE, VECTORS);
  return integers;
}
