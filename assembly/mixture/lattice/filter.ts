// One axis of a convolution on a lattice.
import { madd } from "../../simd/vector";

/**
 * Lines `first` ... of out[o][i][.] = sum_t table[t] input[o][ratio i + offset + t][.] over `taps` t, where that is one of the nIn lines
 * of the input; task o nOut + i. A line has `inner` numbers: 1, or a multiple of 8.
 */
export function latticeFilter(
  first: u32, count: u32, out: u32, input: u32, table: u32, nOut: u32, nIn: u32, inner: u32, ratio: u32, offset: i32, taps: u32,
): void {
  for (let task = first; task < first + count; task++) {
    const o = task / nOut;
    const start = <i32>(ratio * (task - o * nOut)) + offset;
    const from = max(0, -start);
    const to = max(from, min(<i32>taps, <i32>nIn - start));
    const weights = table + 8 * from;
    const terms = <u32>(to - from);
    const line: u32 = 8 * inner;
    const source = input + (o * nIn + <u32>(start + from)) * line;
    const target = out + task * line;
    if (inner == 1) {
      let sum = f64x2.splat(0);
      let t: u32 = 0;
      for (; t + 2 <= terms; t += 2) sum = madd<f64>(v128.load(weights + 8 * t), v128.load(source + 8 * t), sum);
      let total = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
      if (t < terms) total += load<f64>(weights + 8 * t) * load<f64>(source + 8 * t);
      store<f64>(target, total);
      continue;
    }
    for (let c: u32 = 0; c < line; c += 64) {
      let s0 = f64x2.splat(0);
      let s1 = s0;
      let s2 = s0;
      let s3 = s0;
      let p = source + c;
      for (let t: u32 = 0; t < terms; t++, p += line) {
        const w = v128.load64_splat(weights + 8 * t);
        s0 = madd<f64>(w, v128.load(p), s0);
        s1 = madd<f64>(w, v128.load(p, 16), s1);
        s2 = madd<f64>(w, v128.load(p, 32), s2);
        s3 = madd<f64>(w, v128.load(p, 48), s3);
      }
      v128.store(target + c, s0);
      v128.store(target + c, s1, 16);
      v128.store(target + c, s2, 32);
      v128.store(target + c, s3, 48);
    }
  }
}
