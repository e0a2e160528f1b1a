import type { Engine } from "vkernel";
import { type Bench, fullSizes, quickSizes, type Sizes } from "./bench.js";
import { type CumulantsAlong, measureCumulants } from "./cumulantsAlong.js";
import { type Factors, measureFactors } from "./factors.js";
import { type Figure1, measureFigure1 } from "./figure1.js";
import { type Figure2, measureFigure2 } from "./figure2.js";
import { type Kinds, measureKinds } from "./kinds.js";
import type { LawPictures } from "./learned.js";
import { type Linear, measureLinear } from "./linear.js";
import { measureObjectives, type ObjectivesTable } from "./objectivesTable.js";
import { measurePaths, type PathWeights } from "./paths.js";
import { measureRedraws, type Redraws } from "./redraws.js";
import { measureScans, type Scans } from "./scans.js";
import { measureTangent, type Tangent } from "./tangent.js";
import { measureTrained, type LoadNetworks, type Trained } from "./trained.js";

/** Every number of the report: what `--json` writes, less the claims. */
export interface Study {
  readonly seed: number;
  readonly quick: boolean;
  readonly sizes: Sizes;
  readonly figure1: Figure1;
  readonly figure2: Figure2;
  readonly scans: Scans;
  readonly linear: Linear;
  readonly tangent: Tangent;
  readonly cumulants: CumulantsAlong;
  readonly objectives: ObjectivesTable;
  readonly kinds: Kinds;
  readonly factors: Factors;
  readonly redraws: Redraws;
  readonly paths: PathWeights;
  /** With `--ensemble` alone. */
  readonly trained?: Trained;
}

/** Samples that are drawn in pictures and not kept in the JSON. */
export interface Pictures {
  readonly figure2: Awaited<ReturnType<typeof measureFigure2>>["pictures"];
  readonly linear: Awaited<ReturnType<typeof measureLinear>>["pictures"];
  readonly exact: Float64Array;
  readonly tangent: Awaited<ReturnType<typeof measureTangent>>["pictures"];
  readonly kinds: Awaited<ReturnType<typeof measureKinds>>["pictures"];
  readonly trained?: LawPictures;
}

export interface StudyOptions {
  readonly seed: number;
  readonly quick: boolean;
  readonly signal: AbortSignal;
  /** Trained networks to be measured too. */
  readonly networks?: LoadNetworks;
  readonly onProgress: (progress: { done: number; total: number }) => void;
}

/** How long the sections take, in hundredths of the whole. */
const shares = {
  figure1: 2,
  figure2: 7,
  scans: 14,
  linear: 21,
  tangent: 26,
  cumulants: 2,
  objectives: 3,
  kinds: 9,
  factors: 9,
  redraws: 5,
  paths: 2,
} as const;

/** Measures everything. The same seed gives the same numbers on any number of threads. */
export async function runStudy(
  engine: Engine,
  options: StudyOptions,
): Promise<{ study: Study; pictures: Pictures }> {
  const { seed, quick, signal, networks, onProgress } = options;
  const sizes = quick ? quickSizes : fullSizes;
  let before = 0;
  const section = async <R>(name: keyof typeof shares, measure: (bench: Bench) => Promise<R>): Promise<R> => {
    signal.throwIfAborted();
    const done = (part: number): void =>
      onProgress({ done: Math.round(10 * (before + part * shares[name])), total: 1000 });
    done(0);
    const result = await measure({ engine, sizes, seed, signal, done });
    before += shares[name];
    return result;
  };
  // First: networks that do not fit are known at once.
  const trained =
    networks && (await measureTrained({ engine, sizes, seed, signal, done: () => {} }, networks));
  const figure1 = await section("figure1", measureFigure1);
  const figure2 = await section("figure2", measureFigure2);
  const scans = await section("scans", measureScans);
  const linear = await section("linear", measureLinear);
  const tangent = await section("tangent", measureTangent);
  const cumulants = await section("cumulants", measureCumulants);
  const objectives = await section("objectives", measureObjectives);
  const kinds = await section("kinds", measureKinds);
  const factors = await section("factors", measureFactors);
  const redraws = await section("redraws", measureRedraws);
  const paths = await section("paths", measurePaths);
  onProgress({ done: 1000, total: 1000 });
  return {
    study: {
      seed,
      quick,
      sizes,
      figure1,
      figure2: figure2.result,
      scans,
      linear: linear.result,
      tangent: tangent.result,
      cumulants,
      objectives,
      kinds: kinds.result,
      factors,
      redraws,
      paths,
      ...(trained && { trained: trained.result }),
    },
    pictures: {
      figure2: figure2.pictures,
      linear: linear.pictures,
      exact: linear.exact,
      tangent: tangent.pictures,
      kinds: kinds.pictures,
      ...(trained && { trained: trained.pictures }),
    },
  };
}
