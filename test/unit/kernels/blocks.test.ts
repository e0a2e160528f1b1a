// Blocks are whole groups of queries for any number of points: a share of a query more would be written over the next block.
import type { MixtureLayout } from "../../../bindings/job.js";
import { defaultBlock } from "../../../bindings/blocks.js";
import { createEngine, edm, exactScore } from "vkernel";
import { expect, it } from "vitest";

it("the size of a block is a whole multiple of 4 for up to three dimensions, of 2 beyond", {
  tags: ["slow"],
}, () => {
  for (const dim of [1, 2, 3, 4, 64]) {
    for (let size = 1; size < 5000; size++) {
      const block = defaultBlock({ dim, width: dim, size, rows: size } as MixtureLayout);
      expect(block % (dim <= 3 ? 4 : 2)).toBe(0);
      expect(block).toBeGreaterThan(0);
    }
  }
});

it.each([9, 10, 11, 12, 13, 24, 31])(
  "several blocks of %d points are the reference's",
  { tags: ["slow"] },
  async (size) => {
    const points = Array.from({ length: size }, (_, k) => [Math.cos(k), Math.sin(2 * k)]);
    const x = Float64Array.from({ length: 2 * 5001 }, (_, i) => 1.5 * Math.sin(12.9898 * i));
    const scores: Float64Array[] = [];
    for (const kernels of ["simd", "reference"] as const) {
      const engine = await createEngine({ kernels, threads: 1 });
      const field = exactScore(engine.mixture(points, { precision: "f64" }), edm());
      scores.push((await field.evaluate(x, 0.3, ["score"])).score);
      engine.close();
    }
    const [a, b] = scores as [Float64Array, Float64Array];
    // float64 kernels agree with the reference to 1e-12 of the scale of the answer, some 20 here.
    a.forEach((value, i) => {
      expect(Math.abs(value - (b[i] as number))).toBeLessThan(1e-10);
    });
  },
);
