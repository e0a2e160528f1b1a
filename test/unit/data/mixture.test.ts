import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, edm, type Engine, exactScore, type Precision, type Quantity } from "vkernel";

describe.each(["simd", "reference"] as const)("the points of a mixture, %s", (kernels) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ kernels, threads: 1 });
  });
  afterAll(() => engine.close());

  const flat = (precision: Precision) =>
    (precision === "f32" ? Float32Array : Float64Array).of(0.5, -1, 2, 0.25, -0.75, 1);
  const other = { f32: "f64", f64: "f32" } as const;

  it.each(["f32", "f64"] as const)(
    "%s: are the caller's array where no copy is asked for, and else are not",
    (precision) => {
      const points = flat(precision);
      const make = (options: { copy?: boolean; precision: Precision }) =>
        engine.mixture(points, { dim: 2, ...options }).points;
      expect(make({ precision, copy: false })).toBe(points);
      for (const own of [make({ precision }), make({ precision, copy: true })]) {
        expect(own).not.toBe(points);
        expect(own).toEqual(points);
      }
      const converted = make({ precision: other[precision], copy: false });
      expect(converted).toEqual(flat(other[precision]));
    },
  );

  it.each<[string, number[] | undefined]>([
    ["equal weights", undefined],
    ["weights that fall", [3, 2, 1]],
    ["weights that rise, one of 0", [0, 1, 4]],
  ])("%s: give the bits of a copy, near the origin and far from it", async (_, weights) => {
    const quantities: Quantity[] = ["score", "logDensity", "nearest", "posteriorWeights", "effectiveCount"];
    for (const shift of [0, 1e6]) {
      const points = flat("f64").map((x) => x + shift);
      const before = points.slice();
      const [kept, copied] = await Promise.all(
        [false, true].map((copy) => {
          const options = { dim: 2, copy, precision: "f64" as const, ...(weights ? { weights } : {}) };
          const field = exactScore(engine.mixture(points, options), edm());
          return field.evaluate([[0.1 + shift, 0.2 + shift]], 0.4, quantities);
        }),
      );
      expect(kept).toEqual(copied);
      expect(points).toEqual(before);
    }
  });
});
