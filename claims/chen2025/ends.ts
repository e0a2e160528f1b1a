import {
  euler,
  type Grid,
  type Precision,
  sample,
  type SampleOptions,
  type SampleRun,
  type ScoreField,
} from "vkernel";
import type { Bench } from "../bench.js";

export interface EndOptions {
  readonly grid: Grid;
  readonly count: number;
  readonly seed?: number;
  readonly record?: readonly number[];
  readonly onProgress?: SampleOptions["onProgress"];
}

/** Where particles go from p at t0 by Euler's method in sqrt(t), which is exact for straight pieces: Chen 2025, Sec. 4.2. */
export const endsOf = <P extends Precision>(
  bench: Bench,
  field: ScoreField<P>,
  { grid, count, seed = bench.seed, record, onProgress }: EndOptions,
): Promise<SampleRun<P>> =>
  sample(field, {
    sampler: euler({ variable: "squareRoot" }),
    initial: "marginal",
    grid,
    count,
    seed,
    signal: bench.signal,
    ...(record && { record: [...record] }),
    ...(onProgress && { onProgress }),
  });

/** The point that a place along the line is on, -1 where it is on none. */
export const pointAt = (points: readonly number[], y: number, within: number): number =>
  points.findIndex((point) => Math.abs(y - point) <= within);
