// Implicit steps of a Fokker-Planck equation along the lines of a grid, several lines side by side.
import { c } from "../simd/elementary";
import { RATES_TABLE, ratesTable, scaleOf, tailOf } from "./elementary";
import { turn, turnBack } from "./turn";

/** Bytes of scratch that `diffuseStrips` needs before its arrays: coefficients, and the state of a strip of 4 vectors. */
export const DIFFUSE_SCRATCH: u32 = 432;

/**
 * Carries q along lines of n cells by one implicit step of dq = -d(v q - D dq): strip by strip of 2 `vectors` lines, in place.
 *
 * Rates between neighbours are those of Scharfetter and Gummel (1969; Chang and Cooper, 1970): with P = v h / D at a face,
 * lambda B(-P) to the right and lambda B(P) to the left, B(P) = P / (e^P - 1), lambda = D dt / h^2. Here
 * P = score (phi[k + 1] - phi[k]) + drift0 + k drift1, phi the log density of the data. lambda 0: no diffusion at all.
 *
 * `order` 1: backward Euler. `order` 2: the modified Patankar Runge-Kutta scheme MPRK22(1) (Burchard, Deleersnijder and
 * Meister, 2003): the first result y weighs the rates out of each cell of a second implicit step by (1 + q / y) / 2.
 *
 * Both are systems of three diagonals whose columns sum to 1 and whose other entries are not positive. They are
 * eliminated without a subtraction (after Grassmann, Taksar and Heyman, 1985), so no cell becomes negative and the mass
 * keeps to rounding however large lambda is.
 *
 * columns 0: lines run along rows of q (`pitch` numbers apart), which are turned in scratch; 1: lines are columns. The
 * scratch after DIFFUSE_SCRATCH: n x vectors x 16 bytes for each of 6 arrays.
 */
export function diffuseStrips(
  first: u32, count: u32, scratch: u32, q: u32, phi: u32, pitch: u32, n: u32, vectors: u32, columns: u32,
  lambda: f64, score: f64, drift0: f64, drift1: f64, order: u32,
): void {
  ratesTable(scratch);
  const width: u32 = vectors * 16;
  const array: u32 = n * width;
  const turned = scratch + DIFFUSE_SCRATCH;
  const turnedPhi = turned + array;
  const work = turnedPhi + array;
  for (let strip = first; strip < first + count; strip++) {
    if (columns) {
      const start = strip * width;
      step(q + start, phi + start, pitch * 8, n, vectors, work, array, scratch, lambda, score, drift0, drift1, order);
    } else {
      const rows = strip * 2 * vectors * pitch * 8;
      turn(turned, q + rows, pitch * 8, n, vectors);
      turn(turnedPhi, phi + rows, pitch * 8, n, vectors);
      step(turned, turnedPhi, width, n, vectors, work, array, scratch, lambda, score, drift0, drift1, order);
      turnBack(q + rows, turned, pitch * 8, n, vectors);
    }
  }
}

/** One step of a strip in place: cell k at q + k stride. */
function step(
  q: u32, phi: u32, stride: u32, n: u32, vectors: u32, work: u32, array: u32, table: u32,
  lambda: f64, score: f64, drift0: f64, drift1: f64, order: u32,
): void {
  const width: u32 = vectors * 16;
  const state = table + RATES_TABLE;
  const rights = work;
  const lefts = work + array;
  const sources = lefts + array;
  const couplings = sources + array;
  // In powers of 2.
  const l = c(lambda * 0.6931471805599453);
  const grade = c(score * 1.4426950408889634);
  // state: e, y of each line.
  for (let o: u32 = 0; o < width; o += 16) {
    v128.store(state + 2 * o, c(1.0));
    v128.store(state + 2 * o, v128.load(q + o), 16);
  }
  let cell: u32 = 0;
  for (let k: u32 = 0; k + 1 < n; k++) {
    const drift = c((drift0 + drift1 * <f64>k) * 1.4426950408889634);
    const here = k * stride;
    for (let o: u32 = 0; o < width; o += 16) {
      const rise = f64x2.sub(v128.load(phi + here + stride + o), v128.load(phi + here + o));
      // Never 0: what stands for it is lost beside any other number.
      const p = f64x2.add(f64x2.add(f64x2.mul(grade, rise), drift), v128.load(table, 256));
      // lambda P / (1 - e^-P) and that times e^-P.
      const y2 = f64x2.pmax(f64x2.pmin(p, v128.load(table, 192)), v128.load(table, 208));
      const scale = scaleOf(y2, table);
      const tail = tailOf(y2, scale, table);
      const gone = f64x2.sub(f64x2.sub(v128.load(table, 224), scale), tail);
      const right = f64x2.div(f64x2.mul(l, p), gone);
      const left = f64x2.mul(right, f64x2.add(scale, tail));
      const e = v128.load(state + 2 * o);
      const y = v128.load(state + 2 * o, 16);
      const inverse = f64x2.div(v128.load(table, 224), f64x2.add(e, right));
      const carried = f64x2.mul(y, inverse);
      v128.store(sources + cell + o, carried);
      v128.store(couplings + cell + o, f64x2.mul(left, inverse));
      if (order === 2) {
        v128.store(rights + cell + o, right);
        v128.store(lefts + cell + o, left);
      }
      v128.store(state + 2 * o, f64x2.add(v128.load(table, 224), f64x2.mul(left, f64x2.mul(e, inverse))));
      v128.store(state + 2 * o, f64x2.add(v128.load(q + here + stride + o), f64x2.mul(right, carried)), 16);
    }
    cell += width;
  }
  const last = (n - 1) * stride;
  if (order === 1) {
    for (let o: u32 = 0; o < width; o += 16) {
      const x = f64x2.div(v128.load(state + 2 * o, 16), v128.load(state + 2 * o));
      v128.store(q + last + o, x);
      v128.store(state + 2 * o, x);
    }
    back(q, stride, n, width, sources, couplings, state);
    return;
  }
  // The result of the first stage into `sources`; then the weights (1 + q / y) / 2 into it.
  for (let o: u32 = 0; o < width; o += 16) {
    const x = f64x2.div(v128.load(state + 2 * o, 16), v128.load(state + 2 * o));
    v128.store(state + 2 * o, x);
    v128.store(sources + cell + o, weight(v128.load(q + last + o), x, table));
  }
  for (let k = n - 1; k-- > 0; ) {
    cell -= width;
    for (let o: u32 = 0; o < width; o += 16) {
      const next = v128.load(state + 2 * o);
      const x = f64x2.add(v128.load(sources + cell + o), f64x2.mul(v128.load(couplings + cell + o), next));
      v128.store(state + 2 * o, x);
      v128.store(sources + cell + o, weight(v128.load(q + k * stride + o), x, table));
    }
  }
  for (let o: u32 = 0; o < width; o += 16) {
    v128.store(state + 2 * o, c(1.0));
    v128.store(state + 2 * o, v128.load(q + o), 16);
  }
  for (let k: u32 = 0; k + 1 < n; k++) {
    const here = k * stride;
    for (let o: u32 = 0; o < width; o += 16) {
      const right = f64x2.mul(v128.load(rights + cell + o), v128.load(sources + cell + o));
      const left = f64x2.mul(v128.load(lefts + cell + o), v128.load(sources + cell + width + o));
      const e = v128.load(state + 2 * o);
      const y = v128.load(state + 2 * o, 16);
      const inverse = f64x2.div(v128.load(table, 224), f64x2.add(e, right));
      const carried = f64x2.mul(y, inverse);
      v128.store(sources + cell + o, carried);
      v128.store(couplings + cell + o, f64x2.mul(left, inverse));
      v128.store(state + 2 * o, f64x2.add(v128.load(table, 224), f64x2.mul(left, f64x2.mul(e, inverse))));
      v128.store(state + 2 * o, f64x2.add(v128.load(q + here + stride + o), f64x2.mul(right, carried)), 16);
    }
    cell += width;
  }
  for (let o: u32 = 0; o < width; o += 16) {
    const x = f64x2.div(v128.load(state + 2 * o, 16), v128.load(state + 2 * o));
    v128.store(q + last + o, x);
    v128.store(state + 2 * o, x);
  }
  back(q, stride, n, width, sources, couplings, state);
}

/** (1 + before / after) / 2; anything above 0 will do where nothing is there. */
// @ts-ignore: decorator
@inline
function weight(before: v128, after: v128, table: u32): v128 {
  const ratio = f64x2.div(before, f64x2.add(after, v128.load(table, 256)));
  const half = v128.load(table, 240);
  return f64x2.add(half, f64x2.mul(half, ratio));
}

/** Substitution from the last cell, which lies in `state`, to the first. */
// @ts-ignore: decorator
@inline
function back(q: u32, stride: u32, n: u32, width: u32, sources: u32, couplings: u32, state: u32): void {
  let cell = (n - 1) * width;
  for (let k = n - 1; k-- > 0; ) {
    cell -= width;
    for (let o: u32 = 0; o < width; o += 16) {
      const next = v128.load(state + 2 * o);
      const x = f64x2.add(v128.load(sources + cell + o), f64x2.mul(v128.load(couplings + cell + o), next));
      v128.store(q + k * stride + o, x);
      v128.store(state + 2 * o, x);
    }
  }
}
