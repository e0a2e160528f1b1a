import type { Engine } from "vkernel";
import { benches, type StudyOptions } from "../bench.js";
import { type Captured, type CapturePictures, measureCapture } from "./capture.js";
import { type Densities, type IllPosed, measureDensities, measureGrowth } from "./densities.js";
import { type Generated, measureGenerated } from "./generated.js";
import { type Identities, measureIdentities } from "./identities.js";
import { measurePairs, type Pairs } from "./pairs.js";
import { measurePractical, type Practicals } from "./practical.js";
import { recipesOf } from "./recipes.js";
import { measureSchemes, type Schemes } from "./schemes.js";
import { fullSizes, quickSizes, type Sizes } from "./settings.js";

/** Every number of the report: what `--json` writes, less the claims. */
export interface Study {
  readonly seed: number;
  readonly quick: boolean;
  readonly sizes: Sizes;
  readonly densities: Densities;
  readonly illPosed: IllPosed;
  readonly pairs: Pairs;
  readonly generated: Generated;
  readonly captured: Captured;
  readonly schemes: Schemes;
  readonly identities: Identities;
  readonly practical: Practicals;
  /** By section of the page. */
  readonly recipes: ReturnType<typeof recipesOf>;
}

/** What is drawn and not kept in the JSON. */
export interface Pictures {
  readonly captured: CapturePictures;
  readonly practical: ReadonlyMap<string, Float64Array>;
}

/** Measures everything. The same seed gives the same numbers on any number of threads. */
export async function runStudy(
  engine: Engine,
  options: StudyOptions,
): Promise<{ study: Study; pictures: Pictures }> {
  const { seed, quick, onProgress } = options;
  const sizes = quick ? quickSizes : fullSizes;
  const bench = benches(engine, sizes, options);
  const densities = await measureDensities(bench(0, 6));
  const illPosed = await measureGrowth(bench(6, 2));
  const pairs = await measurePairs(bench(8, 4));
  const generated = await measureGenerated(bench(12, 4));
  const captured = await measureCapture(bench(16, 30));
  const schemes = await measureSchemes(bench(46, 20));
  const identities = await measureIdentities(bench(66, 4));
  const practical = await measurePractical(bench(70, 30));
  onProgress({ done: 1000, total: 1000 });
  return {
    study: {
      seed,
      quick,
      sizes,
      densities,
      illPosed,
      pairs,
      generated,
      captured: captured.result,
      schemes,
      identities,
      practical: practical.result,
      recipes: recipesOf(seed, sizes),
    },
    pictures: { captured: captured.pictures, practical: practical.pictures },
  };
}
