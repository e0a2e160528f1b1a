import type { Engine } from "vkernel";
import { benches, type StudyOptions } from "../bench.js";
import { type Figure1, measureFigure1 } from "./figure1.js";
import { type Figure3, measureFigure3 } from "./figure3.js";
import {
  type Divergences,
  type FlowPaths,
  type Losses,
  measureDivergences,
  measureLosses,
  measurePaths,
} from "./laws.js";
import { measureCurves, type OnCurve } from "./onCurves.js";
import { fullSizes, quickSizes, type Sizes } from "./settings.js";

/** Every number of the report: what `--json` writes, less the claims. */
export interface Study {
  readonly seed: number;
  readonly quick: boolean;
  readonly sizes: Sizes;
  readonly figure1: Figure1;
  readonly losses: Losses;
  readonly paths: FlowPaths;
  readonly divergences: Divergences;
  readonly figure3: Figure3;
  readonly curves: readonly OnCurve[];
}

/** Samples that are drawn in pictures and not kept in the JSON. */
export interface Pictures {
  readonly figure3: ReadonlyMap<string, readonly Float64Array[]>;
  readonly curves: ReadonlyMap<string, Float64Array>;
}

/** Measures everything. The same seed gives the same numbers on any number of threads. */
export async function runStudy(
  engine: Engine,
  options: StudyOptions,
): Promise<{ study: Study; pictures: Pictures }> {
  const { seed, quick, onProgress } = options;
  const sizes = quick ? quickSizes : fullSizes;
  const bench = benches(engine, sizes, options);
  const figure1 = await measureFigure1(bench(0, 45));
  const losses = await measureLosses(bench(45, 1));
  const paths = measurePaths(bench(46, 1));
  const divergences = measureDivergences(bench(47, 1));
  const figure3 = await measureFigure3(bench(48, 40));
  const curves = await measureCurves(bench(88, 12));
  onProgress({ done: 1000, total: 1000 });
  return {
    study: {
      seed,
      quick,
      sizes,
      figure1,
      losses,
      paths,
      divergences,
      figure3: figure3.result,
      curves: curves.rows,
    },
    pictures: { figure3: figure3.pictures, curves: curves.pictures },
  };
}
