// Statistics that claims share, on numbers small enough to add up by hand.
import { describe, expect, it } from "vitest";
import {
  exactly,
  meanOf,
  meanOfRepeats,
  shareIf,
  totalVariance,
  varianceOf,
} from "../../../claims/estimate.js";

describe("estimates", () => {
  it("a mean has the error of its values about it, divided by one less than their number", () => {
    expect(meanOf([1, 2, 3, 4])).toEqual({ value: 2.5, standardError: Math.sqrt(5 / 3 / 4) });
  });

  it("equal numbers have no error", () => {
    expect(meanOf([0.1, 0.1, 0.1])).toEqual(exactly(0.1));
    expect(meanOf([7])).toEqual(exactly(7));
  });

  it("a variance has the error of its fourth moment", () => {
    // Squares about 0 are 1, 1, 9, 9: their mean is 5, their own spread 4.
    expect(varianceOf([-1, 1, -3, 3])).toEqual({ value: 5, standardError: 4 / 2 });
  });

  it("rows have the trace of their covariance and a mean", () => {
    const { value, mean } = totalVariance([0, 0, 2, 0, 0, 4, 2, 4]);
    expect(value).toBe(1 + 4);
    expect(mean).toEqual([1, 2]);
  });

  it("a share of none or all is exact as far as it is counted", () => {
    expect(shareIf(10, () => false)).toEqual(exactly(0));
    expect(shareIf(4, (i) => i === 0).value).toBe(0.25);
  });

  it("a mean of repeats says of how many its error is", () => {
    expect(meanOfRepeats([1, 2, 3, 4])).toEqual({ ...meanOf([1, 2, 3, 4]), degrees: 3 });
    expect(meanOfRepeats([2, 2])).toEqual(exactly(2));
  });
});
