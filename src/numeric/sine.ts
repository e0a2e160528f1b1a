/**
 * sin(pi u / 2) for 0 <= u <= 1 from IEEE operations alone, to 2 units in the last place: the sine's series below the
 * middle, the cosine's of the complement above it. Both are cut where the next term is below 1e-18 of the sum.
 */
export function sineOfQuarter(u: number): number {
  const lower = u <= 0.5;
  // 1 - u is exact from 1/2 on.
  const x = (Math.PI / 2) * (lower ? u : 1 - u);
  const square = x * x;
  let sum = 1;
  for (let k = lower ? 18 : 20; k > 1; k -= 2) sum = 1 - (square / (k * (lower ? k + 1 : k - 1))) * sum;
  return lower ? x * sum : sum;
}
