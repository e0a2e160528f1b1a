import type { Engine } from "vkernel";

/** What a claim is measured with. */
export interface Bench {
  readonly engine: Engine;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Tells that a part of the measurement is done: 0 to 1. */
  readonly done: (part: number) => void;
}

/** What a part of a study is measured with, and how much of everything. */
export interface SizedBench<Sizes> extends Bench {
  readonly sizes: Sizes;
}

/** What every report is asked for. */
export interface StudyOptions {
  readonly seed: number;
  readonly quick: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { done: number; total: number }) => void;
}

/**
 * Gives each section its bench; progress is counted in thousandths of the whole.
 *
 * @returns a function of what is done before the section and of its share, both in hundredths
 */
export function benches<Sizes>(
  engine: Engine,
  sizes: Sizes,
  { seed, signal, onProgress }: StudyOptions,
): (before: number, share: number) => SizedBench<Sizes> {
  return (before, share) => {
    signal.throwIfAborted();
    return {
      engine,
      sizes,
      seed,
      signal,
      done: (part) => onProgress({ done: Math.round(10 * (before + share * part)), total: 1000 }),
    };
  };
}
