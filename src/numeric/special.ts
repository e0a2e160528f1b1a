import { type Doubled, doubled, minus, plus, productOf, sumOf, times } from "./doubled.js";
import { exp, expm1, log, log1p, logDoubled, scaledExp } from "./elementary.js";
import { gaussLegendre, type Rule } from "./quadrature.js";

/**
 * Special functions from IEEE operations alone. Against the exact value at the float64 arguments each is off by 4e-15 at most,
 * over its whole range (`upperGamma` by 1e-13 for a > 1e3): exponents are carried in two parts, and what is summed is positive.
 * Results below 2^-1022 are off by a few units of 2^-1074 instead.
 */

const INVERSE_ROOT_TWO_PI = 0.3989422804014327;
/** Beyond it a normal density is below 2^-1074. */
const NORMAL_END = 39;

let kept: Rule | undefined;
const rule = (): Rule => {
  kept ??= gaussLegendre(16);
  return kept;
};

/** factor exp(-z^2 / 2), with all digits of the square. */
function gaussian(z: number, factor: number): number {
  if (!(Math.abs(z) < NORMAL_END)) return Number.isNaN(z) ? z : 0;
  const { high, low } = productOf(z, z);
  return scaledExp(-0.5 * high, -0.5 * low, factor);
}

/** The standard normal density. */
export const normalDensity = (z: number): number => gaussian(z, INVERSE_ROOT_TWO_PI);

/** Nodes of expansions of `tailMoment`, every 1/2 up to 4, and their terms: the last leaves less than 1e-17. */
const SPACING = 0.5;
const LAST_NODE = 4;
const TAYLOR = 28;
const expansions: Float64Array[] = [];

/**
 * J_n / J_(n-1) for n = 1 ... count, J_n the moments of exp(-r v - v^2 / 2): from the tail end of Mills' continued fraction,
 * J_n / J_(n-1) = n / (r + J_(n+1) / J_n).
 */
function momentRatios(r: number, count: number): Float64Array {
  const ratios = new Float64Array(count);
  let ratio = 0;
  for (let n = Math.ceil(800 / (r * r)) + count + 12; n >= 1; n--) {
    ratio = n / (r + ratio);
    if (n <= count) ratios[n - 1] = ratio;
  }
  return ratios;
}

/** J_n / n! at a node, n = 0 ... TAYLOR + 2. */
function expansion(node: number): Float64Array {
  const index = node / SPACING;
  let terms = expansions[index];
  if (terms === undefined) {
    terms = new Float64Array(TAYLOR + 3);
    const ratios = momentRatios(node, TAYLOR + 2);
    terms[0] = 1 / (node + ratios[0]);
    for (let n = 1; n < terms.length; n++) {
      terms[n] = (terms[n - 1] * ratios[n - 1]) / n;
    }
    expansions[index] = terms;
  }
  return terms;
}

/**
 * The integral over v > 0 of v^n exp(-r v - v^2 / 2), r >= 0: Mills' ratio for n = 0. Every term is positive: by Taylor's series
 * to the left of a node below 4, by the continued fraction above (Abramowitz and Stegun, 26.2.14).
 */
function tailMoment(n: 0 | 2, r: number): number {
  if (r > LAST_NODE) {
    const [one, two] = momentRatios(r, 2) as unknown as [number, number];
    const mills = 1 / (r + one);
    return n === 0 ? mills : mills * one * two;
  }
  const node = Math.max(SPACING, SPACING * Math.ceil(r / SPACING));
  const terms = expansion(node);
  const step = node - r;
  let sum = 0;
  for (let k = TAYLOR; k >= 0; k--) {
    const factor = n === 0 ? 1 : (k + 1) * (k + 2);
    sum = factor * terms[k + n] + step * sum;
  }
  return sum;
}

/**
 * 2 phi(r) times the integral over v > 0 of v^2 exp(-r v - v^2 / 2), r = sqrt(kappa): 2 [(1 + kappa) Phi(-r) - r phi(r)], whose
 * difference loses kappa^2 / 2 in accuracy. Chen 2025, Eq. 29.
 */
export function smoothingExcess(kappa: number): number {
  const factor = 2 * INVERSE_ROOT_TWO_PI * tailMoment(2, Math.sqrt(kappa));
  return kappa < NORMAL_END * NORMAL_END ? Math.min(1, scaledExp(-0.5 * kappa, 0, factor)) : 0;
}

/** P(Z > z) of a standard normal for z >= 0. */
function upperTail(z: number): number {
  if (z < 1e-6) return 0.5 - INVERSE_ROOT_TWO_PI * z;
  if (!(z < NORMAL_END)) return Number.isNaN(z) ? z : 0;
  return gaussian(z, INVERSE_ROOT_TWO_PI * tailMoment(0, z));
}

/** The standard normal distribution function. */
export const normalCdf = (z: number): number => (z > 0 ? 1 - upperTail(z) : upperTail(-z));

/** P(a < Z <= b) of a standard normal, 0 <= a < b: the density's integral where the tails would cancel. */
function massBeyond(a: number, b: number): number {
  const width = b - a;
  if (!(width * (a + 0.5 * width) <= 1)) return upperTail(a) - upperTail(b);
  const { nodes, weights } = rule();
  let sum = 0;
  for (let i = 0; i < nodes.length; i++) {
    const v = width * nodes[i];
    sum += weights[i] * exp(-v * (a + 0.5 * v));
  }
  return width * gaussian(a, INVERSE_ROOT_TWO_PI * sum);
}

/** P(a < Z <= b) of a standard normal, a <= b, however narrow and however far out. */
export function normalMass(a: number, b: number): number {
  if (!(a < b)) return a >= b ? 0 : Number.NaN;
  if (a >= 0) return massBeyond(a, b);
  if (b <= 0) return massBeyond(-b, -a);
  return massBeyond(0, -a) + massBeyond(0, b);
}

const HALF_LOG_TWO_PI: Doubled = { high: 0.9189385332046728, low: -3.878294158067242e-17 };
/** From here on eight terms of Stirling's series leave less than 1e-18. */
const STIRLING = 16;
/** B_2k / (2 k (2 k - 1)), k = 1, 2, ... (Abramowitz and Stegun, 6.1.40) */
const stirling = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400];

/** ln Gamma(x) to some 1e-18 or 31 digits of its terms, x > 0: Stirling's series after a shift to x >= 16. */
function logGamma(x: number): Doubled {
  const shift = Math.max(0, Math.ceil(STIRLING - x));
  const z = sumOf(x, shift);
  let product = doubled(1);
  for (let k = 0; k < shift; k++) product = times(product, sumOf(x, k));
  const r = 1 / (z.high * z.high);
  let series = 0;
  for (let k = stirling.length - 1; k >= 0; k--) series = stirling[k] + r * series;
  // ln (high + low) = ln high + low / high
  const logZ = plus(logDoubled(z.high), doubled(z.low / z.high));
  const whole = plus(
    plus(times(plus(z, doubled(-0.5)), logZ), minus(z)),
    plus(HALF_LOG_TWO_PI, doubled(series / z.high)),
  );
  if (shift === 0) return whole;
  return plus(whole, minus(plus(logDoubled(product.high), doubled(product.low / product.high))));
}

/** v - ln(1 + v), v > -1, without cancellation: with s = v / (2 + v) it is v s - 2 (s^3 / 3 + s^5 / 5 + ...). */
function beyondLog(v: number): number {
  if (v > 1 || v < -0.5) return v - log1p(v);
  const s = v / (2 + v);
  const z = s * s;
  let sum = 1 / 35;
  for (let k = 33; k >= 3; k -= 2) sum = 1 / k + z * sum;
  return v * s - 2 * s * z * sum;
}

/** A panel of 16 nodes is so long that its exponent grows by this much at most. */
const GROWTH = 6;
/** Beyond this exponent nothing is left of an integral. */
const NOTHING = 42;

/** The integral of exp(-g), g ascending from 0 at 0: panels grow with their distance from a singularity at -1. */
function decaying(g: (v: number) => number): number {
  const { nodes, weights } = rule();
  let sum = 0;
  let from = 0;
  let low = 0;
  while (low < NOTHING) {
    let width = 1 + from;
    while (!(g(from + width) - low <= GROWTH)) width *= 0.5;
    let panel = 0;
    for (let i = 0; i < nodes.length; i++) {
      panel += weights[i] * exp(-g(from + width * nodes[i]));
    }
    sum += width * panel;
    from += width;
    low = g(from);
  }
  return sum;
}

/** Up to here the lower function is a power series of at most 200 terms. */
const SERIES = 40;

/**
 * Q(a, x), the upper regularized incomplete gamma function, a > 0. With t = x (1 + v) it is x^a e^-x / Gamma(a) times the integral
 * of e^(-x v) (1 + v)^(a - 1), whose exponent is a sum of terms of one sign for x >= a - 1; below, P is the same to the other side.
 * For a < 1 and x < 1/2 it is made of 1 - x^a / Gamma(1 + a) and the rest of the series of P (Abramowitz and Stegun, 6.5.29).
 */
export function upperGamma(a: number, x: number): number {
  if (Number.isNaN(a) || Number.isNaN(x)) return Number.NaN;
  if (!(x > 0) || a === Number.POSITIVE_INFINITY) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  if (a < 1 && x < 0.5) return smallGamma(a, x);
  // ln (x^a e^-x / Gamma(a))
  const front = plus(plus(times(logDoubled(x), doubled(a)), doubled(-x)), minus(logGamma(a)));
  const gap = x - a + 1;
  const bend = a - 1;
  if (a < 1)
    return scaledExp(
      front.high,
      front.low,
      decaying((v) => x * v - bend * log1p(v)),
    );
  if (gap >= 0 && x >= 0.5)
    return scaledExp(
      front.high,
      front.low,
      decaying((v) => gap * v + bend * beyondLog(v)),
    );
  const below =
    a < SERIES
      ? seriesOfGamma(a, x)
      : decaying((u) => (u < 1 ? bend * beyondLog(-u) - gap * u : Number.POSITIVE_INFINITY));
  return 1 - scaledExp(front.high, front.low, below);
}

/** sum of x^n / (a (a + 1) ... (a + n)), x < a. */
function seriesOfGamma(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; term > 1e-18 * sum; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/** 1 minus Euler's constant. */
const REST_OF_EULER = 0.42278433509846713;
/** (zeta(k) - 1) / k, k = 2, 3, ...: by mpmath. */
const zetas = [
  0.3224670334241132, 0.0673523010531981, 0.020580808427784546, 0.007385551028673986, 0.0028905103307415234,
  0.001192753911703261, 0.0005096695247430425, 0.00022315475845357939, 9.945751278180853e-5,
  4.492623673813314e-5, 2.050721277567069e-5, 9.439488275268397e-6, 4.374866789907488e-6,
  2.039215753801366e-6, 9.55141213040742e-7, 4.492469198764566e-7, 2.1207184805554665e-7,
  1.0043224823968099e-7, 4.7698101693639804e-8, 2.2711094608943164e-8, 1.0838659214896955e-8,
  5.183475041970047e-9, 2.4836745438024785e-9, 1.1921401405860912e-9, 5.731367241678862e-10,
  2.7595228851242334e-10, 1.330476437424449e-10, 6.4229645638381e-11, 3.1044247747322276e-11,
  1.5021384080754142e-11, 7.275974480239079e-12, 3.527742476575915e-12, 1.711991790559618e-12,
  8.315385841420285e-13, 4.04220052528944e-13, 1.9664756310966165e-13, 9.573630387838556e-14,
  4.6640760264283744e-14, 2.2737369600659724e-14, 1.1091399470834522e-14, 5.413659156725363e-15,
  2.643880017860995e-15, 1.2918959062789966e-15, 6.315935504198448e-16, 3.089316266963393e-16,
  1.5117930628108198e-16, 7.40148685695232e-17, 3.625218048120654e-17, 1.7763568421861633e-17,
  8.70763157479179e-18, 4.270088559227004e-18, 2.0947604247944643e-18, 1.0279842823787928e-18,
  5.046468294792953e-19,
];

/** ln Gamma(1 + a), 0 <= a < 1, relative to a: Abramowitz and Stegun, 6.1.33. */
function logGammaOfNext(a: number): number {
  let sum = 0;
  for (let k = zetas.length - 1; k >= 0; k--) sum = zetas[k] - a * sum;
  return a * (REST_OF_EULER + a * sum) - log1p(a);
}

/** Q(a, x) for a < 1, x < 1/2. */
function smallGamma(a: number, x: number): number {
  const front = a * log(x) - logGammaOfNext(a);
  let term = 1;
  let rest = 0;
  for (let n = 1; Math.abs(term) > 1e-19 * x; n++) {
    term *= -x / n;
    rest -= term / (a + n);
  }
  return a * exp(front) * rest - expm1(front);
}

const TWO_PI = 2 * Math.PI;
/** Along an edge panels reach so far in standard deviations: 16 nodes then leave less than 1e-16. */
const PANEL_REACH = 4;
/** Beyond this many standard deviations the integrand is below 1e-17 of its largest value. */
const OWEN_REACH = 9;

/**
 * Owen's T(h, a) = 1 / (2 pi) times the integral from 0 to a of exp(-h^2 (1 + x^2) / 2) / (1 + x^2), odd in a: the normal
 * mass of {X > h, 0 < Y < a X}. By Gauss-Legendre for |a| <= 1, beyond by the mass of the complement (Owen 1956, Eq. 2.3).
 */
export function owenT(h: number, a: number): number {
  if (a < 0) return -owenT(h, -a);
  const size = Math.abs(h);
  if (size >= NORMAL_END) return 0;
  if (a === Number.POSITIVE_INFINITY) return 0.5 * upperTail(size);
  if (a > 1) {
    const [far, near] = [upperTail(size), upperTail(a * size)];
    return 0.5 * (far * (1 - near) + near * (1 - far)) - owenT(a * size, 1 / a);
  }
  const end = size * a > OWEN_REACH ? OWEN_REACH / size : a;
  const panels = Math.max(1, Math.ceil((size * end) / PANEL_REACH));
  const { nodes, weights } = rule();
  let sum = 0;
  for (let p = 0; p < panels; p++) {
    for (let i = 0; i < nodes.length; i++) {
      const x = ((p + nodes[i]) * end) / panels;
      const u = size * x;
      sum += (weights[i] * exp(-0.5 * u * u)) / (1 + x * x);
    }
  }
  return gaussian(size, 1 / TWO_PI) * ((sum * end) / panels);
}
