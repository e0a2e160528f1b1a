import type { Mixture, Numbers, Precision } from "../data/mixture.js";
import { VkernelError } from "../core/errors.js";
import type { ScoreField, StepEstimator } from "../score/field.js";
import type { CalledFields } from "./calledFields.js";
import type { Framing } from "./framing.js";
import type { RunSpec } from "./spec.js";
import type { Compiled } from "./compile.js";

/** Steps of a run that are made at a time, of a field or an estimator whose program they belong to. */
export interface Part<P extends Precision> {
  readonly field: ScoreField<P> | StepEstimator<P>;
  readonly run: RunSpec;
  /** What its program calls. */
  readonly calledFields: CalledFields;
  /** The time of the grid to go on from; undefined: from the start, which is drawn anew. */
  readonly from: number | undefined;
  readonly to: number;
}

export interface PartOptions {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((done: number, total: number) => void) | undefined;
}

/** A program run part by part, with what its particles know between parts. Work that fails changes nothing. */
export interface Parts<P extends Precision> {
  run(part: Part<P>, options: PartOptions): Promise<void>;
  runSync(part: Part<P>): void;
  /** A copy of the states, `[count, dim]`. */
  read(): Numbers<P>;
  /** Where they lie in Wasm memory; undefined without Wasm. */
  readonly pointer: number | undefined;
  dispose(): void;
}

/** What a program is, however it is run. */
export interface Whole<P extends Precision> {
  readonly data: Mixture<P>;
  readonly compiled: Compiled;
  readonly frames: Framing | undefined;
  readonly run: RunSpec;
}

/** The error of a part that should have been made at once and has to wait. */
export const waits = (): VkernelError =>
  new VkernelError("E_UNSUPPORTED", {
    argument: "advanceSync",
    expected: "advance, which waits, for a field whose score is computed on the pool",
    got: "advanceSync",
  });
