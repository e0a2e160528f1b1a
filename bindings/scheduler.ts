/** What bindings need of the scheduler of `src/core`, which hands it down: work on the calling thread in slices. */

/** One call's share of the calling thread. */
export interface TimeSlices {
  /**
   * Work that was done. Where the slice is full: a promise of the host's turn, which rejects where the call must end
   * (its signal was aborted, its engine closed).
   */
  spend(work: number): Promise<void> | undefined;
  /** Calls a function of the caller's that is told something; what a promise of it says comes with the next turn. */
  report(call: () => unknown): void;
  /** After the last word: throws what a promise of `report` has said by now. */
  settle(): Promise<void>;
}

export interface Scheduler {
  slices(signal: AbortSignal | undefined, check?: () => void): TimeSlices;
  /** Calls `run` once the signal is aborted; gives what takes that back. One listener a signal, however many calls. */
  onAbort(signal: AbortSignal | undefined, run: () => void): () => void;
  aborted(signal: AbortSignal): Error;
}
