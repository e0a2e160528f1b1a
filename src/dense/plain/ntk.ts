import type { Matrix } from "../../numeric/linear.js";
import { atanRatio } from "../../numeric/trigonometric.js";

export interface ReferenceNtk {
  readonly depth: number;
  readonly activation: "relu" | "erf";
  readonly weightVariance: number;
  readonly biasVariance: number;
  readonly kernel?: "tangent" | "covariance";
}

/** sin x - x cos x for x in [0, pi], given both; its series where the difference would cancel. */
function sineMinus(x: number, sine: number, cosine: number): number {
  if (x > 0.8) return sine - x * cosine;
  let term = -1;
  let sum = 0;
  for (let m = 1; m <= 10; m++) {
    term = (-term * x * x) / (2 * m * (2 * m + 1));
    sum += term * 2 * m;
  }
  return sum * x;
}

/** (2 / pi) atan(x / root) */
function arcsine(x: number, root: number): number {
  const size = Math.abs(x);
  const angle = size > root ? Math.PI / 2 - atanRatio(root, size) : atanRatio(size, root);
  return ((x < 0 ? -2 : 2) / Math.PI) * angle;
}

/** The variance of a unit of the next layer. */
function nextSize(size: number, { activation, weightVariance, biasVariance }: ReferenceNtk): number {
  const mean = activation === "erf" ? arcsine(2 * size, Math.sqrt(1 + 4 * size)) : 0.5 * size;
  return weightVariance * mean + biasVariance;
}

/** The kernel of two rows of features: as `assembly/learn/ntk.ts`, a pair at a time. */
export function ntkValue(x: ArrayLike<number>, y: ArrayLike<number>, options: ReferenceNtk): number {
  const { depth, activation, weightVariance: w, biasVariance: b } = options;
  const N0 = x.length;
  const tangent = options.kernel === "covariance" ? 0 : 1;
  const variance = (v: ArrayLike<number>): number => {
    let sum = 0;
    for (let k = 0; k < N0; k++) sum += v[k] * v[k];
    return (w / N0) * sum + b;
  };
  let left = variance(x);
  let right = variance(y);
  // A row of zeros without bias: no unit is ever active with it.
  if (left === 0 || right === 0) return 0;
  // 1 - rho and 1 + rho of unit vectors, the bias as one more coordinate.
  let delta = 0;
  let rest = 0;
  const add = (u: number, v: number): void => {
    delta += 0.5 * (u - v) * (u - v);
    rest += 0.5 * (u + v) * (u + v);
  };
  for (let k = 0; k < N0; k++) {
    const factor = Math.sqrt(w / N0);
    add(x[k] * (factor / Math.sqrt(left)), y[k] * (factor / Math.sqrt(right)));
  }
  if (b > 0) add(Math.sqrt(b / left), Math.sqrt(b / right));
  let s = Math.sqrt(left) * Math.sqrt(right) * 0.5 * (rest - delta);
  let minor = left * right * delta * rest;
  let k = s;
  for (let l = 1; l < depth; l++) {
    if (activation === "erf") {
      const root = Math.sqrt(1 + 2 * (left + right) + 4 * minor);
      s = w * arcsine(2 * s, root) + b;
      k = s + (tangent * k * w * 4) / (Math.PI * root);
      left = nextSize(left, options);
      right = nextSize(right, options);
      minor = Math.max(0, left * right - s * s);
      continue;
    }
    const sine = Math.sqrt(delta * rest);
    const cosine = 0.5 * (rest - delta);
    const small = 2 * atanRatio(Math.sqrt(Math.min(delta, rest)), Math.sqrt(Math.max(delta, rest)));
    const theta = delta > rest ? Math.PI - small : small;
    const other = delta > rest ? small : Math.PI - small;
    const size = 0.5 * w * (Math.sqrt(left) * Math.sqrt(right));
    s = (size * sineMinus(other, sine, -cosine)) / Math.PI + b;
    k = s + (tangent * k * w * other) / (2 * Math.PI);
    delta -= sineMinus(theta, sine, cosine) / Math.PI;
    const apart = Math.sqrt(left) - Math.sqrt(right);
    const spread = apart * apart * 0.5 * w;
    left = nextSize(left, options);
    right = nextSize(right, options);
    const total = Math.sqrt(left) * Math.sqrt(right);
    if (b > 0) delta = ((b * spread) / (total + size + b) + size * delta) / total;
    rest = 2 - delta;
  }
  return k;
}

/**
 * The derivatives of that kernel with respect to |x|^2 and to x . y, of which it is a function beside |y|^2: its gradient in x is
 * 2 `square` x + `product` y. Where relu's kernel has a kink, at rows that are parallel, that of neither side.
 */
export function ntkSlopes(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  options: ReferenceNtk,
): { square: number; product: number } {
  const { depth, activation, weightVariance: w, biasVariance: b } = options;
  const N0 = x.length;
  const tangent = options.kernel === "covariance" ? 0 : 1;
  let [xx, yy, xy] = [0, 0, 0];
  for (let k = 0; k < N0; k++) {
    const [u, v] = [x[k], y[k]];
    xx += u * u;
    yy += v * v;
    xy += u * v;
  }
  let left = (w / N0) * xx + b;
  let right = (w / N0) * yy + b;
  if (left === 0 || right === 0) return { square: 0, product: 0 };
  let s = (w / N0) * xy + b;
  let k = s;
  // left right - s^2 by the squares of what is apart, which does not cancel: |u - v|^2 |u + v|^2 / 4 of unit rows u and v.
  const [p, q] = [Math.sqrt(left), Math.sqrt(right)];
  let [delta, rest] = [0, 0];
  const add = (u: number, v: number): void => {
    delta += 0.5 * (u / p - v / q) ** 2;
    rest += 0.5 * (u / p + v / q) ** 2;
  };
  for (let i = 0; i < N0; i++) add(x[i] * Math.sqrt(w / N0), y[i] * Math.sqrt(w / N0));
  if (b > 0) add(Math.sqrt(b), Math.sqrt(b));
  let minor = left * right * delta * rest;
  // Derivatives with respect to the first layer's variance of x, and to its covariance; that of `left` has one alone.
  let [sLeft, sCross, kLeft, kCross, leftLeft] = [0, 1, 0, 1, 1];
  for (let l = 1; l < depth; l++) {
    const erf = activation === "erf";
    const sizes = Math.sqrt(left) * Math.sqrt(right);
    const sine = Math.sqrt(delta * rest);
    const root = erf ? Math.sqrt(1 + 2 * (left + right) + 4 * minor) : sizes * sine;
    // F = E f(u) f(v), G = E f'(u) f'(v), and their derivatives by s and by left.
    let [F, G, Gs, Gl, Fl] = [0, 0, 0, 0, 0];
    if (erf) {
      F = arcsine(2 * s, root);
      G = 4 / (Math.PI * root);
      Gs = (16 * s) / (Math.PI * root * root * root);
      Gl = (-4 * (1 + 2 * right)) / (Math.PI * root * root * root);
      Fl = (-4 * s) / (Math.PI * (1 + 2 * left) * root);
    } else {
      const cosine = 0.5 * (rest - delta);
      const small = 2 * atanRatio(Math.sqrt(Math.min(delta, rest)), Math.sqrt(Math.max(delta, rest)));
      const theta = delta > rest ? Math.PI - small : small;
      const other = Math.PI - theta;
      F = (sizes * sineMinus(other, sine, -cosine)) / (2 * Math.PI);
      G = other / (2 * Math.PI);
      Gs = root > 0 ? 1 / (2 * Math.PI * root) : 0;
      Gl = (-s * Gs) / (2 * left);
      Fl = root / (4 * Math.PI * left);
      delta -= sineMinus(theta, sine, cosine) / Math.PI;
    }
    const GLeft = Gs * sLeft + Gl * leftLeft;
    const GCross = Gs * sCross;
    // d F / d s = G, by Stein's identity.
    sLeft = w * (G * sLeft + Fl * leftLeft);
    sCross = w * G * sCross;
    kLeft = sLeft + tangent * w * (kLeft * G + k * GLeft);
    kCross = sCross + tangent * w * (kCross * G + k * GCross);
    s = w * F + b;
    k = s + tangent * k * w * G;
    leftLeft *= erf ? ((4 / Math.PI) * w) / ((1 + 2 * left) * Math.sqrt(1 + 4 * left)) : 0.5 * w;
    const apart = Math.sqrt(left) - Math.sqrt(right);
    left = nextSize(left, options);
    right = nextSize(right, options);
    minor = Math.max(0, left * right - s * s);
    if (b > 0) {
      const total = Math.sqrt(left) * Math.sqrt(right);
      const size = 0.5 * w * sizes;
      delta = ((b * apart * apart * 0.5 * w) / (total + size + b) + size * delta) / total;
    }
    rest = 2 - delta;
  }
  return { square: (w / N0) * kLeft, product: (w / N0) * kCross };
}

/** Rows of a matrix. */
const rowsOf = ({ data, rows, columns }: Matrix): Float64Array[] =>
  Array.from({ length: rows }, (_, i) => data.subarray(i * columns, (i + 1) * columns));

/** Kernels of all pairs, `[P, Q]`. */
export function ntkGram(psi: Matrix, psi2: Matrix, options: ReferenceNtk): Matrix {
  const data = new Float64Array(psi.rows * psi2.rows);
  const others = rowsOf(psi2);
  rowsOf(psi).forEach((x, i) => {
    others.forEach((y, j) => {
      data[i * psi2.rows + j] = ntkValue(x, y, options);
    });
  });
  return { data, rows: psi.rows, columns: psi2.rows };
}

/** Kernels of rows with themselves. */
export function ntkDiagonal(psi: Matrix, options: ReferenceNtk): Float64Array {
  return Float64Array.from(rowsOf(psi), (x) => ntkValue(x, x, options));
}
