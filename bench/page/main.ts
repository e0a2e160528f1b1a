// The stage's page, and beside it the same work in a plain loop of the page.
import type { StageGlobals, StagePage } from "../../test/site/page/main.js";
import "../../test/site/page/main.js";
import { densityTables } from "../../site/worker/colours.js";
import { PlainLoop } from "./plain.js";

export interface BenchPage extends StagePage {
  /** A plain loop over the stage's points, into a picture as large as the stage's. */
  plain(particles: number, side: number): () => void;
}
export type BenchGlobals = typeof globalThis & { bench: Promise<BenchPage> };

(globalThis as BenchGlobals).bench = (globalThis as StageGlobals).vk.then((page) => ({
  ...page,
  plain(particles, side) {
    const loop = new PlainLoop(page.stage.points(0), particles, side);
    return () => loop.frame(0.3, 0.29, densityTables.sampler.bright);
  },
}));
