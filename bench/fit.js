/**
 * A power law through measured times, by least squares of their logarithms: time = factor * size^exponent.
 *
 * @param {readonly number[]} sizes
 * @param {readonly number[]} times
 * @returns {{ exponent: number, factor: number, worst: number }} `worst`: the largest ratio of a time to the law, or of the law to it
 */
export function powerLaw(sizes, times) {
  const xs = sizes.map(Math.log);
  const ys = times.map(Math.log);
  const mean = (/** @type {readonly number[]} */ values) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(xs), mean(ys)];
  let square = 0;
  let product = 0;
  for (let i = 0; i < xs.length; i++) {
    square += (xs[i] - x) ** 2;
    product += (xs[i] - x) * (ys[i] - y);
  }
  const exponent = product / square;
  const start = y - exponent * x;
  const worst = Math.exp(Math.max(...xs.map((value, i) => Math.abs(ys[i] - start - exponent * value))));
  return { exponent, factor: Math.exp(start), worst };
}
