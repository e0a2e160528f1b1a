// The law that a sweep of benchmarks is told by.
import { expect, it } from "vitest";
import { powerLaw } from "../../../bench/fit.js";

it("a power law is found as it is", () => {
  const sizes = [1, 10, 100, 1000];
  const { exponent, factor, worst } = powerLaw(
    sizes,
    sizes.map((size) => 3 * size ** 1.5),
  );
  expect(exponent).toBeCloseTo(1.5, 12);
  expect(factor).toBeCloseTo(3, 12);
  expect(worst).toBeCloseTo(1, 12);
});

it("what is off it is told: a factor of 4 in the middle of three moves the law by its third", () => {
  const { exponent, worst } = powerLaw([1, 2, 4], [1, 8, 4]);
  expect(exponent).toBeCloseTo(1, 12);
  expect(worst).toBeCloseTo(4 ** (2 / 3), 12);
});
