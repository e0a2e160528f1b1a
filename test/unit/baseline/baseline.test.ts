// The plain loops that benchmarks hold the kernels to compute what the library does: a wrong baseline makes wrong ratios.
import { describe, expect, it } from "vitest";
import { edm, karras } from "vkernel";
import { evaluate, fillNormals, heun, integrate, levelAt } from "vkernel/reference";
import { Baseline } from "../../../src/baseline/baseline.js";

const normals = (count: number, dim: number, seed: number) =>
  fillNormals(new Float64Array(count * dim), dim, count, 0, seed, 0, 0);

/** Sums of at most 37 numbers of unit size in another order, times the largest of 1 / sigma^2 below. */
const TOLERANCE = 1e-11;

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - b[i])),
    a.length === b.length ? 0 : 1,
  );

describe.each([1, 2, 3, 4, 7])("D = %i", (dim) => {
  // An odd number of points and of queries: pairs and fours have remainders.
  const [size, count] = [37, 5];
  const points = normals(size, dim, 1);
  const queries = normals(count, dim, 2);
  const some = Float64Array.from({ length: size }, (_, m) => (m % 3 === 0 ? 0 : 1 + m));
  const total = some.reduce((sum, weight) => sum + weight, 0);

  it.each([
    ["equal weights", undefined],
    ["weights, some of them 0", some],
  ] as const)("means and Hessians at any noise, %s", (_, weights) => {
    const baseline = new Baseline(points, dim, weights);
    const shares = weights ? weights.map((w) => w / total) : new Float64Array(size).fill(1 / size);
    const mixture = { points, dim, weights: shares, sigma0: 0 };
    for (const sigma of [0.05, 0.5, 20]) {
      const expected = evaluate(mixture, levelAt(edm(), sigma), queries, ["posteriorMean", "hessian"]);
      expect(largestDifference(expected.posteriorMean, baseline.posteriorMean(queries, sigma))).toBeLessThan(
        TOLERANCE,
      );
      const difference = largestDifference(expected.hessian, baseline.hessian(queries, sigma));
      expect(difference * sigma ** 2).toBeLessThan(TOLERANCE);
    }
  });

  it("a run of Heun's steps", () => {
    const process = edm();
    const times = karras({ steps: 6 }).times(process);
    const mixture = { points, dim, weights: new Float64Array(size).fill(1 / size), sigma0: 0 };
    const initial = queries.map((z) => z * times[0]);
    const { samples } = integrate(heun, { mixture, process, times, initial, seed: 0 });
    expect(largestDifference(samples, new Baseline(points, dim).heun(initial, times))).toBeLessThan(1e-9);
  });
});

it("a far query has a mean: the largest weight is 1", () => {
  const baseline = new Baseline([0, 0, 1, 0], 2);
  expect(Array.from(baseline.posteriorMean(Float64Array.of(1e9, 0), 1e-3))).toEqual([1, 0]);
});
