import { exp } from "../math.js";

/**
 * P(Z > z) of a standard normal for z >= 0, from IEEE operations alone: the series of erf below 2, the continued fraction
 * of Mills' ratio above (Abramowitz and Stegun, 26.2.11 and 26.2.14); relative error some 1e-15.
 */
function tail(z: number): number {
  const density = exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  if (z < 2) {
    let term = z;
    let sum = z;
    for (let k = 3; term > 1e-17 * sum; k += 2) {
      term *= (z * z) / k;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  // From the tail end: 200 levels leave less than 1e-17 from z = 2 on.
  let fraction = z;
  for (let k = Math.ceil(800 / (z * z)) + 4; k >= 1; k--) fraction = z + k / fraction;
  return density / fraction;
}

/** P(a < Z <= b) of a standard normal, a <= b: from the tails where both are on one side. */
export function normalMass(a: number, b: number): number {
  if (a >= 0) return tail(a) - tail(b);
  if (b <= 0) return tail(-b) - tail(-a);
  return 1 - tail(-a) - tail(b);
}
