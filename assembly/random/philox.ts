// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3; SC 2011).
// Key: the seed (two words). Counter: particle, step, stream, index of the block.

export const TWO_TO_MINUS_53: f64 = 1.1102230246251565e-16;

/** Writes the four words of one block at p. */
// @ts-ignore: decorator
@inline
export function philox(p: u32, c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32): void {
  for (let round = 0; round < 10; round++) {
    const a = <u64>c0 * 0xd2511f53;
    const b = <u64>c2 * 0xcd9e8d57;
    c0 = <u32>(b >> 32) ^ c1 ^ k0;
    c1 = <u32>b;
    c2 = <u32>(a >> 32) ^ c3 ^ k1;
    c3 = <u32>a;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  store<u32>(p, c0);
  store<u32>(p, c1, 4);
  store<u32>(p, c2, 8);
  store<u32>(p, c3, 12);
}

/** 53 bits of two words, as a whole number in [0, 2^53). */
// @ts-ignore: decorator
@inline
function whole(high: u32, low: u32): f64 {
  return <f64>((<i64>high << 21) | <i64>(low >> 11));
}

/** A number in (0, 1) from the words at p: (whole + 1/2) 2^-53. */
// @ts-ignore: decorator
@inline
export function openUniform(p: u32): f64 {
  return (whole(load<u32>(p), load<u32>(p, 4)) + 0.5) * TWO_TO_MINUS_53;
}

/** Upper halves of four 64-bit products, given those of the lower and the upper two lanes. */
// @ts-ignore: decorator
@inline
function multiplyHigh(even: v128, odd: v128): v128 {
  return i32x4.shuffle(even, odd, 1, 3, 5, 7);
}

/** Their lower halves. */
// @ts-ignore: decorator
@inline
function multiplyLow(even: v128, odd: v128): v128 {
  return i32x4.shuffle(even, odd, 0, 2, 4, 6);
}

/** Four blocks at once, one per lane: word w of all at p + 16 w. */
// @ts-ignore: decorator
@inline
export function philoxLanes(p: u32, c0: v128, c1: v128, c2: v128, c3: v128, k0: u32, k1: u32): void {
  const m0 = i32x4.splat(0xd2511f53);
  const m1 = i32x4.splat(0xcd9e8d57);
  for (let round = 0; round < 10; round++) {
    const aLow = i64x2.extmul_low_i32x4_u(c0, m0);
    const aHigh = i64x2.extmul_high_i32x4_u(c0, m0);
    const bLow = i64x2.extmul_low_i32x4_u(c2, m1);
    const bHigh = i64x2.extmul_high_i32x4_u(c2, m1);
    c0 = v128.xor(v128.xor(multiplyHigh(bLow, bHigh), c1), i32x4.splat(k0));
    c1 = multiplyLow(bLow, bHigh);
    c2 = v128.xor(v128.xor(multiplyHigh(aLow, aHigh), c3), i32x4.splat(k1));
    c3 = multiplyLow(aLow, aHigh);
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  v128.store(p, c0);
  v128.store(p, c1, 16);
  v128.store(p, c2, 32);
  v128.store(p, c3, 48);
}

/** out[i, r], float64 in (0, 1): one for each of n particles and each index r < per. */
export function uniforms(
  out: u32, n: u32, per: u32, particle: u32, step: u32, stream: u32, seedLow: u32, seedHigh: u32, words: u32,
): void {
  for (let i: u32 = 0; i < n; i++) {
    for (let r: u32 = 0; r < per; r++) {
      philox(words, particle + i, step, stream, r, seedLow, seedHigh);
      store<f64>(out + (i * per + r) * 8, openUniform(words));
    }
  }
}
