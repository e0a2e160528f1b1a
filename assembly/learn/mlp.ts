// Multi-layer perceptrons: forward, backward, Adam. Rows of a batch lie across lanes, in chunks that stay in cache; each chunk
// has a gradient of its own, and Adam adds them in order, so that no bit depends on who did which chunk.
import { exp2, exp2Table } from "../simd/exp2";
import { madd, splat } from "../simd/vector";

const RELU: u32 = 0;
const SILU: u32 = 1;

const LOG2E: f64 = 1.4426950408889634;

/** Places of a layer's weights: rows of `inputs` numbers, then `outputs` biases. Sizes are multiples of 4. */
// @ts-ignore: decorator
@inline
function layerSize(inputs: u32, outputs: u32): u32 {
  return (inputs + 1) * outputs;
}

/** 1 / (1 + 2^x), with x clamped to where 2^x is a number. */
// @ts-ignore: decorator
@inline
function logistic<T>(x: v128, table: u32): v128 {
  const most = splat<T>(sizeof<T>() == 4 ? 120.0 : 1000.0);
  const clamped = v128.min<T>(v128.max<T>(x, v128.neg<T>(most)), most);
  return v128.div<T>(splat<T>(1.0), v128.add<T>(splat<T>(1.0), exp2<T>(clamped, table)));
}

/** Turns sums z at `a` into activations, and stores their derivatives at `d`. */
// @ts-ignore: decorator
@inline
function activate<T>(a: u32, d: u32, bytes: u32, activation: u32, table: u32): void {
  const one = splat<T>(1.0);
  for (let o: u32 = 0; o < bytes; o += 16) {
    const z = v128.load(a + o);
    if (activation == RELU) {
      const active = v128.gt<T>(z, splat<T>(0.0));
      v128.store(a + o, v128.and(z, active));
      v128.store(d + o, v128.and(one, active));
    } else if (activation == SILU) {
      // z s, and its derivative s (1 + z (1 - s)).
      const s = logistic<T>(v128.mul<T>(z, splat<T>(-LOG2E)), table);
      const value = v128.mul<T>(z, s);
      v128.store(a + o, value);
      v128.store(d + o, madd<T>(value, v128.sub<T>(one, s), s));
    } else {
      // tanh z = 1 - 2 / (1 + e^(2 z)); 1 - tanh^2 = 4 s (1 - s).
      const s = logistic<T>(v128.mul<T>(z, splat<T>(2.0 * LOG2E)), table);
      const value = v128.sub<T>(one, v128.add<T>(s, s));
      v128.store(a + o, value);
      v128.store(d + o, v128.mul<T>(v128.sub<T>(one, value), v128.add<T>(one, value)));
    }
  }
}

/**
 * out[o][r] = start[o] (0 where `start` is) + sum_k m[o][k] x[k][r], with m[o][k] at rowStride o + columnStride k (bytes):
 * 4 outputs x 2 vectors of rows at a time.
 */
// @ts-ignore: decorator
@inline
function product<T>(
  out: u32, start: u32, m: u32, rowStride: u32, columnStride: u32, x: u32, outputs: u32, inner: u32, rowBytes: u32,
): void {
  for (let o: u32 = 0; o < outputs; o += 4) {
    const row = m + o * rowStride;
    for (let r: u32 = 0; r < rowBytes; r += 32) {
      let s00 = splat<T>(0.0);
      let s10 = s00;
      let s20 = s00;
      let s30 = s00;
      if (start) {
        const b = start + o * sizeof<T>();
        s00 = v128.splat<T>(load<T>(b));
        s10 = v128.splat<T>(load<T>(b + sizeof<T>()));
        s20 = v128.splat<T>(load<T>(b + 2 * sizeof<T>()));
        s30 = v128.splat<T>(load<T>(b + 3 * sizeof<T>()));
      }
      let s01 = s00;
      let s11 = s10;
      let s21 = s20;
      let s31 = s30;
      let p = row;
      let q = x + r;
      for (let k: u32 = 0; k < inner; k++) {
        const u = v128.load(q);
        const v = v128.load(q, 16);
        let w = v128.splat<T>(load<T>(p));
        s00 = madd<T>(w, u, s00);
        s01 = madd<T>(w, v, s01);
        w = v128.splat<T>(load<T>(p + rowStride));
        s10 = madd<T>(w, u, s10);
        s11 = madd<T>(w, v, s11);
        w = v128.splat<T>(load<T>(p + 2 * rowStride));
        s20 = madd<T>(w, u, s20);
        s21 = madd<T>(w, v, s21);
        w = v128.splat<T>(load<T>(p + 3 * rowStride));
        s30 = madd<T>(w, u, s30);
        s31 = madd<T>(w, v, s31);
        p += columnStride;
        q += rowBytes;
      }
      const to = out + o * rowBytes + r;
      v128.store(to, s00);
      v128.store(to, s01, 16);
      v128.store(to + rowBytes, s10);
      v128.store(to + rowBytes, s11, 16);
      v128.store(to + 2 * rowBytes, s20);
      v128.store(to + 2 * rowBytes, s21, 16);
      v128.store(to + 3 * rowBytes, s30);
      v128.store(to + 3 * rowBytes, s31, 16);
    }
  }
}

/** Sums of the lanes of four vectors, as one vector (float32) or two (float64). */
// @ts-ignore: decorator
@inline
function laneSums<T>(to: u32, a: v128, b: v128, c: v128, d: v128): void {
  if (sizeof<T>() == 4) {
    const ab = f32x4.add(i32x4.shuffle(a, b, 0, 1, 4, 5), i32x4.shuffle(a, b, 2, 3, 6, 7));
    const cd = f32x4.add(i32x4.shuffle(c, d, 0, 1, 4, 5), i32x4.shuffle(c, d, 2, 3, 6, 7));
    v128.store(to, f32x4.add(i32x4.shuffle(ab, cd, 0, 2, 4, 6), i32x4.shuffle(ab, cd, 1, 3, 5, 7)));
  } else {
    v128.store(to, f64x2.add(i64x2.shuffle(a, b, 0, 2), i64x2.shuffle(a, b, 1, 3)));
    v128.store(to, f64x2.add(i64x2.shuffle(c, d, 0, 2), i64x2.shuffle(c, d, 1, 3)), 16);
  }
}

/** gradient[o][i] = sum_r delta[o][r] x[i][r] of outputs first ... last - 1; past all outputs the sums of delta, the biases'. */
// @ts-ignore: decorator
@inline
function outer<T>(
  gradient: u32, delta: u32, x: u32, first: u32, last: u32, outputs: u32, inputs: u32, rowBytes: u32,
): void {
  const line = inputs * sizeof<T>();
  for (let o = first; o < last; o += 2) {
    for (let i: u32 = 0; i < inputs; i += 4) {
      let s00 = splat<T>(0.0);
      let s01 = s00;
      let s02 = s00;
      let s03 = s00;
      let s10 = s00;
      let s11 = s00;
      let s12 = s00;
      let s13 = s00;
      const d = delta + o * rowBytes;
      const a = x + i * rowBytes;
      for (let r: u32 = 0; r < rowBytes; r += 16) {
        const u = v128.load(d + r);
        const v = v128.load(d + rowBytes + r);
        let w = v128.load(a + r);
        s00 = madd<T>(u, w, s00);
        s10 = madd<T>(v, w, s10);
        w = v128.load(a + rowBytes + r);
        s01 = madd<T>(u, w, s01);
        s11 = madd<T>(v, w, s11);
        w = v128.load(a + 2 * rowBytes + r);
        s02 = madd<T>(u, w, s02);
        s12 = madd<T>(v, w, s12);
        w = v128.load(a + 3 * rowBytes + r);
        s03 = madd<T>(u, w, s03);
        s13 = madd<T>(v, w, s13);
      }
      const to = gradient + o * line + i * sizeof<T>();
      laneSums<T>(to, s00, s01, s02, s03);
      laneSums<T>(to + line, s10, s11, s12, s13);
    }
  }
  const biases = gradient + outputs * line;
  for (let o = first; o < last; o += 4) {
    let s0 = splat<T>(0.0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    const d = delta + o * rowBytes;
    for (let r: u32 = 0; r < rowBytes; r += 16) {
      s0 = v128.add<T>(s0, v128.load(d + r));
      s1 = v128.add<T>(s1, v128.load(d + rowBytes + r));
      s2 = v128.add<T>(s2, v128.load(d + 2 * rowBytes + r));
      s3 = v128.add<T>(s3, v128.load(d + 3 * rowBytes + r));
    }
    laneSums<T>(biases + o * sizeof<T>(), s0, s1, s2, s3);
  }
}

/**
 * Activations of one chunk, [layer][unit][row], past the table in scratch; derivatives lie `apart` bytes further. Of all units
 * of all layers in a line those from `from` to `to`, multiples of 4. Gives where the last layer's sums are.
 */
function forward<T>(
  table: u32, acts: u32, apart: u32, params: u32, shape: u32, layers: u32, input: u32, rowBytes: u32, activation: u32,
  from: u32, to: u32,
): u32 {
  let x = input;
  let out = acts;
  let p = params;
  let base: u32 = 0;
  for (let l: u32 = 0; l < layers; l++) {
    const inputs = load<u32>(shape + l * 4);
    const outputs = load<u32>(shape + l * 4 + 4);
    const line = inputs * sizeof<T>();
    const first = max<u32>(base, from);
    const last = min<u32>(base + outputs, to);
    if (first < last) {
      const o = first - base;
      const at = out + o * rowBytes;
      const biases = p + outputs * line + o * sizeof<T>();
      product<T>(at, biases, p + o * line, line, sizeof<T>(), x, last - first, inputs, rowBytes);
      if (l + 1 < layers) activate<T>(at, at + apart, (last - first) * rowBytes, activation, table);
    }
    if (l + 1 == layers) return out;
    x = out;
    out += outputs * rowBytes;
    base += outputs;
    p += layerSize(inputs, outputs) * sizeof<T>();
  }
  return out;
}

/**
 * Outputs of chunks first ... first + count - 1: inputs [chunk][unit][rows], outputs likewise. `shape`: layers + 1 sizes,
 * multiples of 4; `rows` per chunk, a multiple of 8. `units` of hidden layers and the output together, of which those from `from`
 * to `to` are done: a chunk may be cut there, if all its parts have one scratch.
 */
export function mlpForward<T>(
  first: u32, count: u32, scratch: u32, params: u32, shape: u32, layers: u32, units: u32, inputs: u32, outputs: u32,
  rows: u32, activation: u32, from: u32, to: u32,
): void {
  exp2Table<T>(scratch);
  const acts = scratch + 256;
  const rowBytes = rows * sizeof<T>();
  const inBytes = load<u32>(shape) * rowBytes;
  const outBytes = load<u32>(shape + layers * 4) * rowBytes;
  for (let c = first; c < first + count; c++) {
    const last = forward<T>(
      scratch, acts, units * rowBytes, params, shape, layers, inputs + c * inBytes, rowBytes, activation, from, to,
    );
    if (to == units) memory.copy(outputs + c * outBytes, last, outBytes);
  }
}

/**
 * Gradients of sum over rows of weight |output - target|^2, one per chunk at `gradients` (`size` numbers apart), and that sum
 * itself, one float64 per chunk at `losses`. A chunk may be cut as in `mlpForward`, along a line of `units`, 4 for the loss, then from
 * the last layer to the first its outputs and, but for the first, its inputs.
 */
export function mlpGradient<T>(
  first: u32, count: u32, scratch: u32, params: u32, shape: u32, layers: u32, units: u32, inputs: u32, targets: u32,
  weights: u32, gradients: u32, size: u32, losses: u32, rows: u32, activation: u32, from: u32,
  to: u32,
): void {
  exp2Table<T>(scratch);
  const acts = scratch + 256;
  const rowBytes = rows * sizeof<T>();
  const apart = units * rowBytes;
  const width = load<u32>(shape + layers * 4);
  const inBytes = load<u32>(shape) * rowBytes;
  const outBytes = width * rowBytes;
  const two = splat<T>(2.0);
  for (let c = first; c < first + count; c++) {
    const input = inputs + c * inBytes;
    const last = forward<T>(
      scratch, acts, apart, params, shape, layers, input, rowBytes, activation, from, to,
    );
    // delta of the last layer, in place of its derivatives, which it has none of.
    let delta = last + apart;
    if (from <= units && to > units) {
      let loss = 0.0;
      for (let o: u32 = 0; o < width; o++) {
        for (let r: u32 = 0; r < rowBytes; r += 16) {
          const w = v128.load(weights + c * rowBytes + r);
          const target = v128.load(targets + c * outBytes + o * rowBytes + r);
          const e = v128.sub<T>(v128.load(last + o * rowBytes + r), target);
          const we = v128.mul<T>(w, e);
          v128.store(delta + o * rowBytes + r, v128.mul<T>(two, we));
          const square = v128.mul<T>(we, e);
          if (sizeof<T>() == 4) {
            loss += <f64>f32x4.extract_lane(square, 0) + <f64>f32x4.extract_lane(square, 1);
            loss += <f64>f32x4.extract_lane(square, 2) + <f64>f32x4.extract_lane(square, 3);
          } else {
            loss += f64x2.extract_lane(square, 0) + f64x2.extract_lane(square, 1);
          }
        }
      }
      store<f64>(losses + c * 8, loss);
    }
    let base = units + 4;
    let p = params + size * sizeof<T>();
    let g = gradients + (c + 1) * size * sizeof<T>();
    let act = last;
    for (let l = layers; l > 0; l--) {
      const ins = load<u32>(shape + l * 4 - 4);
      const outs = load<u32>(shape + l * 4);
      const bytes = layerSize(ins, outs) * sizeof<T>();
      p -= bytes;
      g -= bytes;
      act -= ins * rowBytes;
      const x = l == 1 ? input : act;
      let first = max<u32>(base, from);
      let end = min<u32>(base + outs, to);
      if (first < end) outer<T>(g, delta, x, first - base, end - base, outs, ins, rowBytes);
      if (l == 1) break;
      base += outs;
      first = max<u32>(base, from);
      end = min<u32>(base + ins, to);
      const d = act + apart;
      if (first < end) {
        // delta of the layer before: W' delta, times the derivatives, which it replaces. Past all: room for one product.
        const fresh = acts + 2 * apart;
        const column = p + (first - base) * sizeof<T>();
        product<T>(fresh, 0, column, sizeof<T>(), ins * sizeof<T>(), delta, end - first, outs, rowBytes);
        const at = d + (first - base) * rowBytes;
        for (let o: u32 = 0; o < (end - first) * rowBytes; o += 16) {
          v128.store(at + o, v128.mul<T>(v128.load(at + o), v128.load(fresh + o)));
        }
      }
      base += ins;
      delta = d;
    }
  }
}

/**
 * One step of Adam on 64-number blocks first ... first + count - 1: the gradients of `chunks` chunks are added in order. Kingma &
 * Ba 2015; `coupled` is added to the gradient times the parameter, `decoupled` shrinks the parameter (Loshchilov & Hutter 2019).
 * c1, c2: 1 - beta^step.
 */
export function mlpAdam<T>(
  first: u32, count: u32, params: u32, moments: u32, squares: u32, gradients: u32, size: u32, chunks: u32, rate: f64,
  beta1: f64, beta2: f64, c1: f64, c2: f64, epsilon: f64, coupled: f64, decoupled: f64,
): void {
  const end = min<u32>(size, (first + count) * 64) * sizeof<T>();
  for (let o = first * 64 * sizeof<T>(); o < end; o += 16) {
    let g = splat<T>(0.0);
    for (let c: u32 = 0; c < chunks; c++) g = v128.add<T>(g, v128.load(gradients + c * size * sizeof<T>() + o));
    let p = v128.load(params + o);
    g = v128.add<T>(g, v128.mul<T>(splat<T>(coupled), p));
    let m = v128.mul<T>(splat<T>(beta1), v128.load(moments + o));
    m = v128.add<T>(m, v128.mul<T>(splat<T>(1.0 - beta1), g));
    let v = v128.mul<T>(splat<T>(beta2), v128.load(squares + o));
    v = v128.add<T>(v, v128.mul<T>(splat<T>(1.0 - beta2), v128.mul<T>(g, g)));
    v128.store(moments + o, m);
    v128.store(squares + o, v);
    p = v128.sub<T>(p, v128.mul<T>(splat<T>(decoupled), p));
    const root = v128.sqrt<T>(v128.div<T>(v, splat<T>(c2)));
    const step = v128.div<T>(v128.div<T>(m, splat<T>(c1)), v128.add<T>(root, splat<T>(epsilon)));
    v128.store(params + o, v128.sub<T>(p, v128.mul<T>(splat<T>(rate), step)));
  }
}
