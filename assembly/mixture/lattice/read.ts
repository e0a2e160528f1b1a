// What a lattice of smoothed masses says of a query: the sum of weights and of their differences from it.
import { madd } from "../../simd/vector";
import { dimOf } from "../tree/nodes";
import { log2Above } from "../../simd/exp2";
import { BEFORE, TAPS, WINDOW, windowAt } from "./window";

// A lattice at one noise level, float64 numbers: where its nodes and densities are, and what its errors are made of.
/** Node 0 of the lattice (3), which no call moves; the inverse spacing; nodes an axis of the part that is there (3). */
const ORIGIN: u32 = 0;
const PER: u32 = 24;
const NODES: u32 = 32;
/** Where queries may be: least and largest coordinates. */
const LEAST: u32 = 56;
const MOST: u32 = 80;
/** The address of the densities. */
const VALUES: u32 = 104;
/** From a sum to P, and from a sum of differences in spacings to P (mean - y). */
const TO_P: u32 = 112;
const TO_DIFFERENCE: u32 = 120;
/** Of P: relative and absolute. */
const RELATIVE: u32 = 128;
const ABSOLUTE: u32 = 136;
/** Of P (mean - y), over P: per E|mu - y|, on top of it, and absolute. */
const SLOPE: u32 = 144;
const CONSTANT: u32 = 152;
const DIFFERENCE: u32 = 160;
/** The noise's standard deviation, and the most that mu - y can be longer than the data is wide. */
const SIGMA: u32 = 168;
const DIAGONAL: u32 = 176;
/** Of P, relative, per E|mu - y|: the rounding of positions. */
const POSITION: u32 = 184;
/** The first node of the part that is there (3). */
const FIRST: u32 = 192;
/** The window's table. */
const TABLE: u32 = 216;

/** Bytes of scratch: three windows, and those times the distance of their nodes. */
export const READ_SCRATCH: u32 = 6 * WINDOW;

/** Distances of a window's nodes from its centre, times the window. */
// @ts-ignore: decorator
@inline
function moment(out: u32, window: u32, u: f64): void {
  for (let j: u32 = 0; j < TAPS; j++) {
    store<f64>(out + 8 * j, (<f64>(<i32>j - <i32>BEFORE) - u) * load<f64>(window + 8 * j));
  }
}

/**
 * Sums at a query: out[0] the sum of weights P, out[1 ...] the mean, and bounds of the relative error of P and of the error of the
 * mean at out[4], out[5]. False where the query is beyond the lattice or the sum is no larger than its error.
 */
export function latticeSums<D>(out: u32, lattice: u32, y0: f64, y1: f64, y2: f64, scratch: u32, exponents: u32): bool {
  const per = load<f64>(lattice + PER);
  const table = lattice + TABLE;
  let bx: u32 = 0;
  let by: u32 = 0;
  let bz: u32 = 0;
  for (let d: u32 = 0; d < dimOf<D>(); d++) {
    const y = d == 0 ? y0 : d == 1 ? y1 : y2;
    if (!(y >= load<f64>(lattice + LEAST + 8 * d) && y <= load<f64>(lattice + MOST + 8 * d))) return false;
    const at = (y - load<f64>(lattice + ORIGIN + 8 * d)) * per;
    const base = floor(at) - <f64>BEFORE - load<f64>(lattice + FIRST + 8 * d);
    if (base < 0 || base + <f64>TAPS > load<f64>(lattice + NODES + 8 * d)) return false;
    const window = scratch + 2 * d * WINDOW;
    const u = at - floor(at);
    windowAt(window, u, table, exponents);
    moment(window + WINDOW, window, u);
    if (d == 0) bx = <u32>base;
    else if (d == 1) by = <u32>base;
    else bz = <u32>base;
  }
  const nx = <u32>load<f64>(lattice + NODES);
  const line: u32 = 8 * nx;
  const layer: u32 = line * <u32>load<f64>(lattice + NODES + 8);
  const wy = scratch + 2 * WINDOW;
  const wz = scratch + 4 * WINDOW;
  let sum: f64 = 0;
  let dx: f64 = 0;
  let dy: f64 = 0;
  let dz: f64 = 0;
  const planes: u32 = sizeof<D>() == 4 ? TAPS : 1;
  const lines: u32 = sizeof<D>() >= 2 ? TAPS : 1;
  let plane = <u32>load<f64>(lattice + VALUES) + 8 * bx + (sizeof<D>() >= 2 ? by * line : 0) + (sizeof<D>() == 4 ? bz * layer : 0);
  for (let c: u32 = 0; c < planes; c++, plane += layer) {
    let a = f64x2.splat(0);
    let b = a;
    let e = a;
    let p = plane;
    for (let l: u32 = 0; l < lines; l++, p += line) {
      let s = f64x2.splat(0);
      let m = s;
      for (let o: u32 = 0; o < WINDOW; o += 16) {
        const v = v128.load(p + o);
        s = madd<f64>(v128.load(scratch + o), v, s);
        m = madd<f64>(v128.load(scratch + o, WINDOW), v, m);
      }
      if (sizeof<D>() == 1) {
        a = s;
        b = m;
      } else {
        const w = v128.load64_splat(wy + 8 * l);
        a = madd<f64>(w, s, a);
        b = madd<f64>(w, m, b);
        e = madd<f64>(v128.load64_splat(wy + 8 * l, WINDOW), s, e);
      }
    }
    const total = f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
    const w = sizeof<D>() == 4 ? load<f64>(wz + 8 * c) : 1.0;
    sum += w * total;
    dx += w * (f64x2.extract_lane(b, 0) + f64x2.extract_lane(b, 1));
    if (sizeof<D>() >= 2) dy += w * (f64x2.extract_lane(e, 0) + f64x2.extract_lane(e, 1));
    if (sizeof<D>() == 4) dz += load<f64>(wz + 8 * c, WINDOW) * total;
  }
  const P = sum * load<f64>(lattice + TO_P);
  // E|mu - y|: up to r, and beyond it, where w e |mu - y| falls, at most r exp(-r^2 / (2 sigma^2)) / P = r / e for this r; 2 r / e if
  // P was twice what it is.
  const r = load<f64>(lattice + SIGMA) * sqrt(2 + 1.3863 * max(log2Above(1 / P), 0));
  const relative = load<f64>(lattice + RELATIVE) + load<f64>(lattice + ABSOLUTE) / P + load<f64>(lattice + POSITION) * 1.75 * r;
  if (!(relative < 0.5)) return false;
  const scale = load<f64>(lattice + TO_DIFFERENCE) / P;
  dx *= scale;
  dy *= scale;
  dz *= scale;
  const away = sqrt(dx * dx + dy * dy + dz * dz);
  const mean = min(1.75 * r, away + load<f64>(lattice + DIAGONAL));
  const differences =
    load<f64>(lattice + SLOPE) * mean + load<f64>(lattice + CONSTANT) + load<f64>(lattice + DIFFERENCE) / P;
  store<f64>(out, P);
  store<f64>(out, y0 + dx, 8);
  store<f64>(out, y1 + dy, 16);
  store<f64>(out, y2 + dz, 24);
  store<f64>(out, relative / (1 - relative), 32);
  store<f64>(out, (differences + away * relative) / (1 - relative), 40);
  return true;
}
