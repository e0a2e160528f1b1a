import type { Mixture } from "../../data/mixture.js";
import type { Process } from "../../process/process.js";
import type { PlaneGrid } from "../planeGrid.js";
import type { DataLaw } from "./law.js";

export type FokkerPlanckDirection = "forward" | "reverse" | "deterministic" | "unstable";

/** A run whose arguments have been checked. */
export interface Problem {
  readonly data: Mixture;
  readonly process: Process;
  readonly direction: FokkerPlanckDirection;
  readonly times: Float64Array;
  readonly grid: PlaneGrid;
  readonly law: DataLaw;
  /** Cell averages of the start, of integral 1; and what of it lay outside. */
  readonly start: Float64Array;
  readonly outside: number;
  readonly steps: number | undefined;
  readonly order: 1 | 2;
}
