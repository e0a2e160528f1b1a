/**
 * Places on the unit circle from IEEE operations alone, so that generated sets have the same bits on every host.
 * Angles are counted in turns: the nearest quarter of a turn and what is left of it are then exact.
 */

/** (cos, sin) of 2 pi k / n for 0 <= k < n, by reduction to an eighth of the circle in whole numbers. */
export function circlePoint(k: number, n: number): [number, number] {
  const quarter = Math.floor((4 * k) / n);
  const part = 4 * k - quarter * n; // angle within the quarter: part / n of pi / 2
  const mirrored = 2 * part > n;
  const [near, far] = eighth(mirrored ? n - part : part, n);
  const [c, s] = mirrored ? [far, near] : [near, far];
  return rotate(c, s, quarter);
}

/** (cos, sin) of 2 pi u for any |u| below 2^50; within 4.3e-16 of the true values. */
export function turn(u: number): [number, number] {
  const quarter = Math.floor(4 * u + 0.5);
  const [c, s] = taylor((4 * u - quarter) * (Math.PI / 2)); // the difference is exact
  return rotate(c, s, ((quarter % 4) + 4) % 4);
}

/** (c, s) after so many quarter turns, 0 to 3. */
function rotate(c: number, s: number, quarter: number): [number, number] {
  if (quarter === 0) return [c, s];
  if (quarter === 1) return [0 - s, c];
  if (quarter === 2) return [0 - c, 0 - s];
  return [s, 0 - c];
}

/** (cos, sin) of part / n quarter turns, at most half a quarter. */
function eighth(part: number, n: number): [number, number] {
  if (2 * part === n) return [Math.SQRT1_2, Math.SQRT1_2];
  if (3 * part === n) return [Math.sqrt(3) / 2, 0.5];
  return taylor((part / n) * (Math.PI / 2));
}

/** (cos, sin) of x radians, |x| at most pi / 4. */
function taylor(x: number): [number, number] {
  // Horner from the term x^17 / 17!: the first one left out is below 1e-19 at x = pi / 4.
  let c = 1;
  let s = 1;
  for (let j = 16; j >= 2; j -= 2) {
    c = 1 - ((x * x) / (j * (j - 1))) * c;
    s = 1 - ((x * x) / (j * (j + 1))) * s;
  }
  return [c, x * s];
}
