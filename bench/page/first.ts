// What the first picture costs a page that has a plain loop alone: the polygon's particles, one step, drawn once.
import { densityTables } from "../../site/worker/colours.js";
import { PlainLoop } from "./plain.js";

const points = Array.from({ length: 12 }, (_, i) =>
  i % 2 === 0 ? Math.cos((i * Math.PI) / 6) : Math.sin(((i - 1) * Math.PI) / 6),
);
const loop = new PlainLoop(points, 20_000, 600);
loop.frame(0.3, 0.29, densityTables.sampler.bright);
(globalThis as typeof globalThis & { first: number }).first = performance.now();
