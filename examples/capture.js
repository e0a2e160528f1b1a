// Captured by a Voronoi cell (Cao et al. 2025, Eq. 4.42 and Fig. 10): the share of trajectories in the cell of the point that they end
// on, and of those that never leave it again; measured, and exactly.
import {
  basinMap,
  capture,
  cellLaw,
  cellMap,
  createEngine,
  exactScore,
  heun,
  logSnr,
  ou,
  polygon,
  posterior,
  sample,
} from "vkernel";

const engine = await createEngine();
const process = ou();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const field = exactScore(data, process);
const grid = logSnr({ steps: 40, tMax: 1, tMin: 1e-5 });
/** @type {import("vkernel").SampleOptions} */
const common = { grid, count: 4000, seed: 1, initial: "marginal", record: "all" };

// The reverse SDE, exact in law at any step count. What happens between recorded times is bounded by `unseen`.
const noisy = await capture(field, await sample(field, { ...common, sampler: posterior() }), {
  unseen: true,
});
const rows = [0, 10, 20];
const exact = await cellLaw(data, process, { times: rows.map((row) => noisy.times[row]) });
for (const [k, row] of rows.entries()) {
  const { inFinalCell, settled, unseen } = noisy.shareByTime;
  if (unseen === undefined) continue;
  const show = (/** @type {import("vkernel").Shares} */ { fraction, standardError }) =>
    `${fraction[row].toFixed(4)} +- ${standardError[row].toFixed(4)}`;
  console.log(
    `sde, t = ${noisy.times[row].toFixed(4)}: in the final cell ${show(inFinalCell)}, exactly ${exact.inFinalCell[k].toFixed(4)}; ` +
      `to stay ${show(unseen.low)} to ${show(unseen.high)}, exactly ${exact.settled[k].toFixed(4)} (seen: ${show(settled)})`,
  );
}

// The probability flow never crosses a line of symmetry: here it is captured from the start.
const flow = await capture(field, await sample(field, { ...common, sampler: heun() }));
console.log(`ode, t = 1: in the final cell ${flow.shareByTime.inFinalCell.fraction[0]}`);

// Without symmetry its basins are not the cells.
const uneven = engine.mixture(
  [
    [0, 0],
    [1, 0.2],
    [0.3, 2],
    [-1, -1],
  ],
  { weights: [1, 2, 3, 4] },
);
const t = 0.8;
/** @type {(scale: number) => import("vkernel").PlaneOptions} */
const view = (scale) => ({ x: [-2 * scale, 2 * scale], y: [-2 * scale, 3 * scale], width: 60 });
const cells = await cellMap(uneven, view(1));
// At time t the cells have shrunk by alpha.
const basins = await basinMap(exactScore(uneven, process), { t, ...view(process.alpha(t)) });
const apart = basins.index.filter((point, k) => point !== cells.index[k]).length / basins.index.length;
console.log(
  `of the starts at t = ${t}, a share of ${apart.toFixed(3)} ends on another point than that of their cell`,
);
engine.close();
