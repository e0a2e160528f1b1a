// Standard normals: Box-Muller in float64 from 53-bit uniforms, so both precisions see the same noise
// and the tail reaches 8.6 standard deviations. Every operation is ours: the bits are the same everywhere.
import {
  c, cosineOf, cosineSign, isOdd, log, LOG_TABLE_LENGTH, logTable, quadrantOf, sineOf, sineSign, sineTable,
} from "../simd/elementary";
import { philoxLanes, TWO_TO_MINUS_53 } from "./philox";

/** Bytes of scratch that `normals` needs. */
export const NORMAL_SCRATCH: u32 = 384;

/** Where the tables lie in the scratch, after the words and the normals of a turn. */
const LOG_TABLE: u32 = 128;
const SINE_TABLE: u32 = LOG_TABLE + 8 * LOG_TABLE_LENGTH;

function fillTables(scratch: u32): void {
  logTable(scratch + LOG_TABLE);
  sineTable(scratch + SINE_TABLE);
}

/** Two pairs of normals from uniforms u (radius) and v (angle / 2 pi): cosines and sines at p. */
// @ts-ignore: decorator
@inline
function boxMuller(p: u32, u: v128, v: v128, scratch: u32): void {
  const radius = f64x2.sqrt(f64x2.mul(c(2.0), f64x2.neg(log(u, scratch + LOG_TABLE))));
  const quarters = f64x2.mul(v, c(4.0));
  const q = f64x2.nearest(quarters);
  const f = f64x2.sub(quarters, q);
  const z = f64x2.mul(f, f);
  const s = sineOf(f, z, scratch + SINE_TABLE);
  const k = cosineOf(z, scratch + SINE_TABLE);
  // Quadrant q = 0..4: rotate (cos, sin) by q quarter turns.
  const quadrant = quadrantOf(q);
  const odd = isOdd(quadrant);
  const cosine = v128.xor(v128.bitselect(s, k, odd), cosineSign(quadrant));
  const sine = v128.xor(v128.bitselect(k, s, odd), sineSign(quadrant));
  v128.store(p, f64x2.mul(radius, cosine));
  v128.store(p, f64x2.mul(radius, sine), 16);
}

/** The 53-bit whole numbers of two words, of the two low lanes. */
// @ts-ignore: decorator
@inline
function whole(high: v128, low: v128): v128 {
  const upper = f64x2.mul(f64x2.convert_low_i32x4_u(high), c(2097152.0));
  return f64x2.add(upper, f64x2.convert_low_i32x4_u(i32x4.shr_u(low, 11)));
}

/** Normals of the two low lanes of four words: radius from words 0, 1, angle from words 2, 3. */
// @ts-ignore: decorator
@inline
function pairOfPairs(p: u32, scratch: u32, w0: v128, w1: v128, w2: v128, w3: v128): void {
  const u = f64x2.mul(f64x2.add(whole(w0, w1), c(0.5)), c(TWO_TO_MINUS_53));
  const v = f64x2.mul(whole(w2, w3), c(TWO_TO_MINUS_53));
  boxMuller(p, u, v, scratch);
}

/**
 * Standard normals for particles `particle` ... + n - 1 in rows of `stride` T, `dim` of them per row.
 * Coordinates 2 j and 2 j + 1 come from block j. Four blocks at a time, one per lane; `scratch` takes NORMAL_SCRATCH bytes.
 */
// @ts-ignore: decorator
@inline
export function normals<T>(
  out: u32, dim: u32, stride: u32, n: u32, particle: u32, step: u32, stream: u32, seedLow: u32, seedHigh: u32,
  scratch: u32,
): void {
  const pairs = (dim + 1) >> 1;
  const total = n * pairs;
  let i: u32 = 0;
  let j: u32 = 0;
  fillTables(scratch);
  for (let first: u32 = 0; first < total; first += 4) {
    const count = min(4, total - first);
    // Counters of the four blocks; those beyond the end are computed and dropped.
    const i0 = i;
    const j0 = j;
    let c0 = i32x4.splat(particle + i);
    let c3 = i32x4.splat(j);
    if (++j == pairs) j = 0, i++;
    c0 = i32x4.replace_lane(c0, 1, particle + i);
    c3 = i32x4.replace_lane(c3, 1, j);
    if (++j == pairs) j = 0, i++;
    c0 = i32x4.replace_lane(c0, 2, particle + i);
    c3 = i32x4.replace_lane(c3, 2, j);
    if (++j == pairs) j = 0, i++;
    c0 = i32x4.replace_lane(c0, 3, particle + i);
    c3 = i32x4.replace_lane(c3, 3, j);
    if (++j == pairs) j = 0, i++;
    philoxLanes(scratch, c0, i32x4.splat(step), i32x4.splat(stream), c3, seedLow, seedHigh);
    const w0 = v128.load(scratch);
    const w1 = v128.load(scratch, 16);
    const w2 = v128.load(scratch, 32);
    const w3 = v128.load(scratch, 48);
    pairOfPairs(scratch + 64, scratch, w0, w1, w2, w3);
    pairOfPairs(
      scratch + 96, scratch, i32x4.shuffle(w0, w0, 2, 3, 2, 3), i32x4.shuffle(w1, w1, 2, 3, 2, 3),
      i32x4.shuffle(w2, w2, 2, 3, 2, 3), i32x4.shuffle(w3, w3, 2, 3, 2, 3),
    );
    let a = i0;
    let b = j0;
    for (let l: u32 = 0; l < count; l++) {
      const source = scratch + 64 + (l >> 1) * 32 + (l & 1) * 8;
      const target = out + (a * stride + 2 * b) * sizeof<T>();
      store<T>(target, <T>load<f64>(source));
      if (b * 2 + 1 < dim) store<T>(target + sizeof<T>(), <T>load<f64>(source, 16));
      if (++b == pairs) {
        b = 0;
        a++;
      }
    }
  }
}
