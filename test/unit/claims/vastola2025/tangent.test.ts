import { expect, it } from "vitest";
import { offMultiple } from "../../../../claims/vastola2025/tangent.js";

it("what no multiple of others is", () => {
  expect(offMultiple([2, 4, 6], [1, 2, 3])).toBe(0);
  expect(offMultiple([1, 0], [0, 1])).toBe(1);
  expect(offMultiple([1, 1], [1, 0])).toBeCloseTo(Math.SQRT1_2, 15);
});
