import type { Engine } from "vkernel";

/** What a claim is measured with. */
export interface Bench {
  readonly engine: Engine;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Tells that a part of the measurement is done: 0 to 1. */
  readonly done: (part: number) => void;
}

/** The same, and how much of everything there is to be. */
export interface SizedBench<Sizes> extends Bench {
  readonly sizes: Sizes;
}
