// Apart from the exponential and the logarithm, which every process takes.

/** pi / 2 in three parts; the first two have 33 bits, so that their products with a whole number below 2^20 are exact. */
const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_3 = 2.0222662487959506e-21;

/** (cos, sin) of x, |x| up to 1e6; within 1e-15 of the true values beyond that range's own rounding. */
function cosSin(x: number): [number, number] {
  const quarter = Math.round(x / (Math.PI / 2));
  const r = x - quarter * HALF_PI_1 - quarter * HALF_PI_2 - quarter * HALF_PI_3;
  let c = 1;
  let s = 1;
  for (let j = 18; j >= 2; j -= 2) {
    c = 1 - ((r * r) / (j * (j - 1))) * c;
    s = 1 - ((r * r) / (j * (j + 1))) * s;
  }
  s *= r;
  switch (((quarter % 4) + 4) % 4) {
    case 0:
      return [c, s];
    case 1:
      return [0 - s, c];
    case 2:
      return [0 - c, 0 - s];
    default:
      return [s, 0 - c];
  }
}

/** cos x for |x| up to 1e6. */
export function cos(x: number): number {
  return cosSin(x)[0];
}

/** sin x for |x| up to 1e6. */
export function sin(x: number): number {
  return cosSin(x)[1];
}
