import { type Doubled, doubled, over, plus, productOf, sumOf, times } from "./doubled.js";

/**
 * exp, log and their kin from additions, multiplications, divisions and square roots alone, which IEEE 754 fixes to
 * the bit. Hosts differ in the last bit of Math.exp and Math.log; whatever enters a promised result is computed here.
 * Errors are a few units in the last place (`test/unit/numeric/math.test.ts`).
 */

const bits = new DataView(new ArrayBuffer(8));

/** 2^n for whole n with a normal result. */
function powerOfTwo(n: number): number {
  bits.setUint32(0, (n + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

/** ln 2 in two parts; the first has 32 bits, so that its product with an exponent is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
/** What the two leave of ln 2. */
const LN2_REST = 1.1612227229362532e-26;

/** sum of r^k / k! from k = from, by Horner; |r| below 0.35, where 16 terms leave less than 1e-18. */
function exponentialTail(r: number, from: number): number {
  let sum = 1;
  for (let k = from + 15; k > from; k--) sum = 1 + (r / k) * sum;
  return sum;
}

/** e^x */
export function exp(x: number): number {
  if (!(x <= 709.78)) return x > 0 ? Number.POSITIVE_INFINITY : x;
  if (x < -745.2) return 0;
  const n = Math.round(x * Math.LOG2E);
  const high = x - n * LN2_HIGH;
  const low = n * LN2_LOW;
  const r = high - low;
  // e^r = 1 + r (1 + r/2 (1 + ...)); the rounding error of r is put back to first order.
  const tail = r * exponentialTail(r, 1) + (high - r - low);
  const value = 1 + tail;
  // In two factors where the result may be subnormal or 2^n too large.
  const half = Math.trunc(n / 2);
  return value * powerOfTwo(half) * powerOfTwo(n - half);
}

/** e^x - 1, accurate near 0. */
export function expm1(x: number): number {
  if (Math.abs(x) < 0.34) return x * exponentialTail(x, 1);
  return exp(x) - 1;
}

/** 2 atanh(s) = ln((1 + s) / (1 - s)) for |s| below 0.172; 12 terms leave less than 1e-18. */
function twiceAtanh(s: number): number {
  const z = s * s;
  let sum = 1 / 23;
  for (let k = 21; k >= 1; k -= 2) sum = 1 / k + z * sum;
  return 2 * s * sum;
}

/** x = m 2^n with m from sqrt(1/2) to sqrt(2), x above 0 and finite. */
function split(x: number): { m: number; n: number } {
  let n = 0;
  let m = x;
  if (m < 2 ** -1022) {
    m *= 2 ** 54;
    n = -54;
  }
  bits.setFloat64(0, m);
  const top = bits.getUint32(0);
  n += (top >>> 20) - 1023;
  bits.setUint32(0, (top & 0xfffff) | (1023 << 20));
  m = bits.getFloat64(0);
  if (m > Math.SQRT2) {
    m *= 0.5;
    n += 1;
  }
  return { m, n };
}

/** ln x; -Infinity at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0) || x === Number.POSITIVE_INFINITY)
    return x === 0 ? Number.NEGATIVE_INFINITY : x < 0 ? Number.NaN : x;
  const { m, n } = split(x);
  return n * LN2_HIGH + (twiceAtanh((m - 1) / (m + 1)) + n * LN2_LOW);
}

/** ln(1 + x), accurate near 0. */
export function log1p(x: number): number {
  if (Math.abs(x) < 0.29) return twiceAtanh(x / (2 + x));
  return log(1 + x);
}

/** log2 x; exact at powers of two. */
export function log2(x: number): number {
  if (!(x > 0) || x === Number.POSITIVE_INFINITY) return log(x);
  let n = 0;
  let m = x;
  while (m >= 2) {
    m *= 0.5;
    n += 1;
  }
  while (m < 1) {
    m *= 2;
    n -= 1;
  }
  if (m > Math.SQRT2) {
    m *= 0.5;
    n += 1;
  }
  return n + twiceAtanh((m - 1) / (m + 1)) * Math.LOG2E;
}

/** factor e^(high + low), rounded once where the result is subnormal. |low| is far below |high|, factor from 1e-100 to 1e100. */
export function scaledExp(high: number, low: number, factor: number): number {
  if (!(high > -1000)) return Number.isNaN(high) ? high : 0;
  if (high > 1000) return Number.POSITIVE_INFINITY;
  const n = Math.round(high * Math.LOG2E);
  const start = high - n * LN2_HIGH;
  const rest = low - n * LN2_LOW;
  const r = start + rest;
  const value = factor * (1 + (r * exponentialTail(r, 1) + (start - r + rest)));
  const half = Math.trunc(n / 2);
  return value * powerOfTwo(half) * powerOfTwo(n - half);
}

/** How often an argument is halved before the series, and how many terms leave less than 1e-33 then. */
const HALVINGS = 4;
const TERMS = 15;

/** e^r, |r| below 0.4, to 31 digits. */
function exponentialDoubled(r: Doubled): Doubled {
  const part = { high: r.high / 2 ** HALVINGS, low: r.low / 2 ** HALVINGS };
  let sum = doubled(1);
  for (let k = TERMS; k >= 1; k--) sum = plus(doubled(1), over(times(part, sum), doubled(k)));
  for (let k = 0; k < HALVINGS; k++) sum = times(sum, sum);
  return sum;
}

/** ln x to 31 digits of the larger of it and 1, x above 0 and finite: a step of Newton's method from `log`. */
export function logDoubled(x: number): Doubled {
  const { m, n } = split(x);
  const first = log(m);
  const gap = plus(times(exponentialDoubled(doubled(-first)), doubled(m)), doubled(-1));
  const small = gap.high * gap.high * 0.5;
  const ofM = plus(doubled(first), plus(gap, doubled(-small)));
  const ofTwo = plus(sumOf(n * LN2_HIGH, 0), plus(productOf(n, LN2_LOW), doubled(n * LN2_REST)));
  return plus(ofTwo, ofM);
}

/** Up to this size of y ln x its rounding leaves less than 3e-15 of x^y. */
const SMALL_POWER = 8;

/** x^y for x >= 0, to 4e-15. */
export function pow(x: number, y: number): number {
  if (y === 1) return x;
  if (x === 0) return y === 0 ? 1 : y > 0 ? 0 : Number.POSITIVE_INFINITY;
  const power = y * log(x);
  if (!(Math.abs(power) > SMALL_POWER)) return exp(power);
  if (!(Math.abs(power) < 1000)) return exp(power);
  const { high, low } = times(logDoubled(x), doubled(y));
  return scaledExp(high, low, 1);
}
