export {
  type AlongRun,
  type AlongRunOptions,
  alongRun,
  type RunQuantity,
  type RunSeries,
} from "./alongRun.js";
export {
  type BasinMap,
  type BasinMapOptions,
  basinMap,
  type CellMap,
  type CellMapOptions,
  cellMap,
} from "./basins.js";
export { type Capture, type CaptureOptions, capture, type Shares } from "./capture.js";
export {
  type CompareOptions,
  compareFields,
  type FieldComparison,
} from "./compareFields.js";
export { type Coverage, type CoverageOptions, coverage } from "./coverage.js";
export { type EnergyOptions, energyDistance } from "./energyDistance.js";
export type { FieldErrors, Means } from "./fieldErrors.js";
export { type GapOptions, type Gaps, gapFraction } from "./gapFraction.js";
export { type Hull, type HullOptions, hullFraction } from "./hullFraction.js";
export { type MassKl, massKl } from "./massKl.js";
export { type Memorization, type MemorizationOptions, memorization } from "./memorization.js";
export { type Mmd, type MmdOptions, mmd } from "./mmd.js";
export { type NearestOptions, nearestPoints, voronoiMass } from "./nearest.js";
export type { Discrepancy } from "./pairs.js";
export type { RecordedRun } from "./run.js";
export type { SmoothingFit, SmoothingKernel } from "./smoothingFit.js";
export { type SlicedOptions, type SlicedWasserstein, slicedWasserstein } from "./slicedWasserstein.js";
export { massNear, type Reproducibility, reproducibility } from "./reproducibility.js";
