// What rounds say: medians, ratios within a round, differences.
import { expect, it } from "vitest";
import { differenceOf, medianOf, timingOf } from "../../../src/baseline/timing.js";

it("medians of odd and even numbers", () => {
  expect(medianOf([3, 1, 2])).toBe(2);
  expect(medianOf([4, 1, 2, 3])).toBe(2.5);
});

it("ratios are taken within a round", () => {
  // A round in which everything took ten times as long changes the spread, not the ratio.
  expect(timingOf([1, 10, 2], [2, 20, 6])).toEqual({
    median: 2,
    spread: 4.5,
    ratio: { median: 2, least: 2, most: 3 },
  });
});

it("the largest difference, but for a share of them; unknown where a number or a length is wrong", () => {
  const standard = Float64Array.of(0, 0, 0, 0);
  const values = Float32Array.of(0.5, -8, 1, 0);
  expect(differenceOf(standard, values, 0)).toBe(8);
  expect(differenceOf(standard, values, 0.25)).toBe(1);
  expect(differenceOf(standard, Float64Array.of(0, Number.NaN, 0, 0), 0.25)).toBeNaN();
  expect(differenceOf(standard, Float64Array.of(0), 0)).toBeNaN();
});
