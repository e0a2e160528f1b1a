/**
 * What runs, as plain data: what a view asks for, put right where it does not go together. Fields, samplers and grids are made
 * from it, and exported programs are written from it: they are the same because there is nothing else to make them from.
 */
import type { NaiveOptions } from "../../src/index.js";
import type {
  EstimatorName,
  GridName,
  ProcessName,
  SamplerMaker,
  SamplerName,
  SamplerOptions,
} from "../state/choices.js";
import type { Average, Smoothing } from "./smoothing.js";

/** A score by the library's function of that name. */
export type FieldRecipe =
  | { readonly by: "exactScore" }
  | {
      readonly by: "naiveScore";
      readonly options: Readonly<NaiveOptions>;
      /** The effective SDE of it instead. */
      readonly effective?: true;
    }
  | { readonly by: "smoothedScore"; readonly smoothing: Smoothing; readonly average?: Average }
  | {
      readonly by: "piecewiseScore";
      readonly options: { readonly kappa: number } | { readonly width: number };
    };

export interface SamplerRecipe {
  readonly name: SamplerName;
  /** The library's function, and the options it is given. */
  readonly by: SamplerMaker;
  readonly options?: SamplerOptions | undefined;
}

export interface GridRecipe {
  readonly name: GridName;
  readonly steps: number;
  /** The last time that is no 0, and the first. */
  readonly tMin: number;
  readonly tMax: number;
}

export interface Recipe {
  readonly process: ProcessName;
  /** Whose score drives. "kde": nothing drives, each time has draws of its own. */
  readonly estimator: EstimatorName;
  readonly field: FieldRecipe;
  readonly sampler: SamplerRecipe;
  readonly grid: GridRecipe;
  /** From p_t itself where the score holds only below a time, else from noise. */
  readonly initial: "noise" | "marginal";
}

/** Places that the score is the mean of, at each particle; 0 where it is exact, or another score. */
export const placesOf = ({ field }: Recipe): number =>
  field.by === "smoothedScore" ? (field.average?.count ?? 0) : 0;
