import { gaussLegendre } from "./process/quadrature.js";

/** Special functions of laws and tests, right to some 1e-14. Nothing bit-identical is made of them: the host's Math serves. */

/** ln Gamma(x), x > 0: Stirling's series after a shift to x >= 15, right to 1e-14. */
function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 15; z++) shift += Math.log(z);
  const r = 1 / (z * z);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/**
 * Q(a, x), the upper regularized incomplete gamma function: by its power series below a + 1, by its continued fraction above
 * (Abramowitz and Stegun, 6.5.29 and 6.5.31).
 */
export function upperGamma(a: number, x: number): number {
  if (!(x > 0)) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 1000 && term > 1e-17 * sum; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return Math.max(0, 1 - front * sum);
  }
  // Lentz's method.
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < 1000; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * h;
}

/** The standard normal distribution function, by Q(1/2, z^2 / 2). */
export function normalCdf(z: number): number {
  const tail = 0.5 * upperGamma(0.5, 0.5 * z * z);
  return z > 0 ? 1 - tail : tail;
}

/** The standard normal density. */
export const normalDensity = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);

const twoPi = 2 * Math.PI;
/** Along an edge panels reach so far in standard deviations: 16 nodes then leave less than 1e-16. */
const panelReach = 4;
/** Beyond this many standard deviations the integrand is below 1e-16 of its largest value. */
const owenReach = 8.6;
let owenRule: { nodes: Float64Array; weights: Float64Array } | undefined;

/**
 * Owen's T(h, a) = 1 / (2 pi) times the integral from 0 to a of exp(-h^2 (1 + x^2) / 2) / (1 + x^2), odd in a: the normal
 * mass of {X > h, 0 < Y < a X}. By Gauss-Legendre for |a| <= 1, beyond by the mass of the complement (Owen 1956, Eq. 2.3).
 */
export function owenT(h: number, a: number): number {
  if (a < 0) return -owenT(h, -a);
  const size = Math.abs(h);
  if (a === Number.POSITIVE_INFINITY) return 0.5 * normalCdf(-size);
  if (a > 1) {
    const [far, near] = [normalCdf(-size), normalCdf(-a * size)];
    return 0.5 * (far * (1 - near) + near * (1 - far)) - owenT(a * size, 1 / a);
  }
  const end = size * a > owenReach ? owenReach / size : a;
  const panels = Math.max(1, Math.ceil((size * end) / panelReach));
  owenRule ??= gaussLegendre(16);
  const { nodes, weights } = owenRule;
  let sum = 0;
  for (let p = 0; p < panels; p++) {
    for (let i = 0; i < nodes.length; i++) {
      const x = ((p + (nodes[i] as number)) * end) / panels;
      const square = 1 + x * x;
      sum += ((weights[i] as number) * Math.exp(-0.5 * size * size * square)) / square;
    }
  }
  return (sum * end) / panels / twoPi;
}
