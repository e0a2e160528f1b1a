// The predictor inside the cells of a hexagon, by quadrature: against plain sums over a fine lattice, and a number from outside.
import { createEngine, ou, polygon } from "vkernel";
import { evaluatePoint, levelAt } from "vkernel/reference";
import { expect, it } from "vitest";
import { insideCells } from "../../../../claims/cao2025/insideCells.js";
import { plainOf } from "../../../../claims/measure.js";

const { points } = polygon();
const engine = await createEngine({ kernels: "reference" });
const data = engine.mixture(points, { dim: 2, precision: "f64" });

/** Sums over the middles of a lattice. */
function byLattice(t: number, near: number, side: number) {
  const level = levelAt(ou(), t);
  const plain = plainOf(Float64Array.from(points));
  const reach = level.alpha + 7 * Math.sqrt(level.variance);
  const cell = (2 * reach) / side;
  let [within, distance] = [0, 0];
  for (let i = 0; i < side * side; i++) {
    const x = [(i % side) + 0.5, Math.floor(i / side) + 0.5].map((k) => k * cell - reach);
    const { logDensity, posteriorMean, nearest } = evaluatePoint(plain, level, Float64Array.from(x), [
      "logDensity",
      "posteriorMean",
      "nearest",
    ]);
    const away = Math.hypot(
      ...[0, 1].map((d) => (posteriorMean[d] as number) - (points[2 * nearest + d] as number)),
    );
    const mass = Math.exp(logDensity) * cell * cell;
    if (away < near) within += mass;
    distance += mass * away;
  }
  return { within, distance };
}

it.each([1, 0.3, 0.1])("at t = %d it is what a fine lattice sums", (t) => {
  const found = insideCells(data, ou(), t, 0.01);
  const lattice = byLattice(t, 0.01, 700);
  expect(found.distance).toBeCloseTo(lattice.distance, 4);
  // The edge of what is near cuts cells of the lattice.
  expect(Math.abs(found.within - lattice.within)).toBeLessThan(2e-3);
});

it("at small t it has the number of an independent quadrature, and what is near is all but a band", () => {
  expect(insideCells(data, ou(), 0.003, 0.01).distance / 1.154e-10).toBeCloseTo(1, 3);
  expect(1 - insideCells(data, ou(), 0.003, 0.01).within).toBeLessThan(1e-7);
  expect(insideCells(data, ou(), 0.01, 10).within).toBeCloseTo(1, 9);
});
