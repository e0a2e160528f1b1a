/** Distribution functions and fits of the suite. Diagnostics: the host's Math.exp and Math.log serve. */

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

/** Pearson's statistic of counts against expected counts and its p-value with one degree less than there are cells. */
export function chiSquare(
  counts: ArrayLike<number>,
  expected: ArrayLike<number>,
): { statistic: number; degrees: number; p: number } {
  let statistic = 0;
  for (let i = 0; i < counts.length; i++) {
    const e = expected[i] as number;
    statistic += ((counts[i] as number) - e) ** 2 / e;
  }
  const degrees = counts.length - 1;
  return { statistic, degrees, p: upperGamma(degrees / 2, statistic / 2) };
}

/**
 * The Kolmogorov-Smirnov distance of draws from a distribution function, and the bound on its p-value that holds for any
 * law and any n: 2 exp(-2 n d^2) (Massart 1990).
 */
export function kolmogorov(draws: Float64Array, cdf: (z: number) => number): { distance: number; p: number } {
  const sorted = draws.slice().sort();
  const n = sorted.length;
  let distance = 0;
  for (let i = 0; i < n; i++) {
    const f = cdf(sorted[i] as number);
    distance = Math.max(distance, f - i / n, (i + 1) / n - f);
  }
  return { distance, p: Math.min(1, 2 * Math.exp(-2 * n * distance * distance)) };
}

/** A straight line by least squares, each point with a weight: its slope and the slope's standard error. */
export function fitLine(
  x: readonly number[],
  y: readonly number[],
  sigma?: readonly number[],
): { slope: number; standardError: number } {
  const w = x.map((_, i) => 1 / (sigma?.[i] ?? 1) ** 2);
  const total = w.reduce((a, b) => a + b, 0);
  const mean = (v: readonly number[]) => v.reduce((a, b, i) => a + (w[i] as number) * b, 0) / total;
  const [mx, my] = [mean(x), mean(y)];
  let [sxx, sxy] = [0, 0];
  x.forEach((xi, i) => {
    sxx += (w[i] as number) * (xi - mx) ** 2;
    sxy += (w[i] as number) * (xi - mx) * ((y[i] as number) - my);
  });
  const slope = sxy / sxx;
  let residual = 0;
  x.forEach((xi, i) => {
    residual += (w[i] as number) * ((y[i] as number) - my - slope * (xi - mx)) ** 2;
  });
  const scatter = x.length > 2 ? residual / (x.length - 2) : 0;
  // With known errors these count, and the scatter where it is larger.
  const factor = sigma === undefined ? scatter : Math.max(1, scatter);
  return { slope, standardError: Math.sqrt(factor / sxx) };
}

/** Mean and standard error of the mean of a few repeats. */
export function meanOf(values: readonly number[]): { value: number; standardError: number } {
  const n = values.length;
  const value = values.reduce((a, b) => a + b, 0) / n;
  const square = values.reduce((a, b) => a + (b - value) ** 2, 0);
  return { value, standardError: n > 1 ? Math.sqrt(square / (n - 1) / n) : 0 };
}

/**
 * The Wasserstein-1 distance of draws (equal weights) from points with weights, on the line: the area between the two
 * distribution functions.
 */
export function wasserstein(draws: Float64Array, points: Float64Array, weights: Float64Array): number {
  const sorted = draws.slice().sort();
  const order = Array.from(points.keys()).sort((a, b) => (points[a] as number) - (points[b] as number));
  const n = sorted.length;
  let [i, j] = [0, 0];
  let [f, g] = [0, 0];
  let at = Math.min(sorted[0] as number, points[order[0] as number] as number);
  let sum = 0;
  while (i < n || j < order.length) {
    const a = i < n ? (sorted[i] as number) : Number.POSITIVE_INFINITY;
    const b = j < order.length ? (points[order[j] as number] as number) : Number.POSITIVE_INFINITY;
    const next = Math.min(a, b);
    sum += Math.abs(f - g) * (next - at);
    at = next;
    if (a <= b) f = ++i / n;
    else g += weights[order[j++] as number] as number;
  }
  return sum;
}
