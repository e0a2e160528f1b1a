/** atan and cos from IEEE operations alone, for the twins of the kernels of `assembly/learn/`. */

const TAN_PI_8 = Math.SQRT2 - 1;

/** atan(a / b) for 0 <= a <= b; 0 where both are 0. */
export function atanRatio(a: number, b: number): number {
  if (b === 0) return 0;
  const far = a > b * TAN_PI_8;
  const q = far ? (a - b) / (a + b) : a / b;
  // Halved once more, |r| below 0.2; then its series.
  const r = q / (1 + Math.sqrt(1 + q * q));
  const z = r * r;
  let sum = 0;
  for (let k = 23; k >= 1; k -= 2) sum = 1 / k - z * sum;
  return 2 * r * sum + (far ? Math.PI / 4 : 0);
}

/** cos x for |x| up to 10^6. */
export function cos(x: number): number {
  const q = Math.round(x / (Math.PI / 2));
  // pi / 2 in parts of 33 bits, whose products with q are exact.
  const r = x - q * 1.5707963267341256 - q * 6.077100506303966e-11 - q * 2.0222662487959506e-21;
  const z = r * r;
  let sine = 0;
  let cosine = 0;
  for (let k = 20; k >= 2; k -= 2) {
    cosine = 1 - (z / (k * (k - 1))) * cosine;
    sine = 1 - (z / (k * (k + 1))) * sine;
    if (k === 20) {
      cosine = 1;
      sine = 1;
    }
  }
  const quadrant = ((q % 4) + 4) % 4;
  if (quadrant === 0) return cosine;
  if (quadrant === 1) return -r * sine;
  return quadrant === 2 ? -cosine : r * sine;
}
