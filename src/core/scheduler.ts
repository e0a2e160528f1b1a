import { PIECE } from "../../bindings/work.js";
import type { Scheduler, TimeSlices as SharedTimeSlices } from "../../bindings/scheduler.js";
import { VkernelError } from "./errors.js";

/**
 * The one cooperative scheduler: work on the calling thread is cut in slices that are bounded by the work in them, not by
 * a clock. Between two slices the host does all that waits (timers, signals, messages), and a call looks at its signal.
 * A unit of work is one multiply-add of a plain loop.
 */

/** Units of a slice: some 12 ms where the README's figures were made. */
export const SLICE = 2 ** 23;

/** The most units of a piece of work that is not cut. A slice is less than SLICE + PIECE. */
export { PIECE };

/** Units of a piece of work that does not say how many it has: some tenths of a millisecond. */
export const unitOfWork = 2 ** 17;

/** A slice that has ended. */
export interface Slice {
  readonly units: number;
  /** The largest piece in it. */
  readonly piece: number;
}

const watchers = new Set<(slice: Slice) => void>();

/** Tells of every slice as it ends, before the host's turn; gives what ends that. For tests. */
export function onSlice(watch: (slice: Slice) => void): () => void {
  watchers.add(watch);
  return () => void watchers.delete(watch);
}

// Of all calls together: a chain of short ones must let the host have its turn as well.
let spent = 0;
let largest = 0;
let turn: Promise<void> | undefined;

/** The host's turn after a slice; calls that are under way share it. */
function hostTurn(): Promise<void> {
  turn ??= (() => {
    const slice = { units: spent, piece: largest };
    for (const watch of watchers) watch(slice);
    return nextTask().then(() => {
      turn = undefined;
      spent = 0;
      largest = 0;
    });
  })();
  return turn;
}

/** Lets the host do everything else that waits: timers, signals and messages, in their order. */
export function nextTask(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => void };
  if (setImmediate) return new Promise((resolve) => setImmediate(resolve));
  // Not setTimeout, which waits 4 ms, nor scheduler.yield, whose task goes before timers.
  return new Promise((resolve) => {
    if (typeof MessageChannel === "undefined") {
      setTimeout(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** The error of a call whose signal is aborted. */
export function aborted(signal: AbortSignal): VkernelError {
  return new VkernelError("E_ABORT", {
    argument: "signal",
    message: "the call was aborted by its signal",
    cause: signal.reason,
  });
}

/** What every call takes that may be long. */
export interface LongCall {
  /** Ends the call with E_ABORT. */
  signal?: AbortSignal;
  /** Called now and then with the work done and the work in all. */
  onProgress?: (done: number, total: number) => void;
}

/** One call's work on the calling thread. */
export class TimeSlices implements SharedTimeSlices {
  readonly #signal: AbortSignal | undefined;
  readonly #check: (() => void) | undefined;
  #failure: { error: unknown } | undefined;

  /** @param check throws where the call can go no further */
  constructor(signal?: AbortSignal, check?: () => void) {
    this.#signal = signal;
    this.#check = check;
  }

  spend(work: number): Promise<void> | undefined {
    spent += work;
    if (work > largest) largest = work;
    return spent < SLICE ? undefined : hostTurn().then(this.#look);
  }

  readonly #look = (): void => {
    if (this.#failure) throw this.#failure.error;
    this.#check?.();
    if (this.#signal?.aborted) throw aborted(this.#signal);
  };

  report(call: () => unknown): void {
    const result = call() as { then?: unknown } | null | undefined;
    if (typeof result?.then !== "function") return;
    Promise.resolve(result).catch((error: unknown) => {
      this.#failure ??= { error };
    });
  }

  async settle(): Promise<void> {
    // Two rounds of what is settled already: a thenable takes one more.
    await undefined;
    await undefined;
    if (this.#failure) throw this.#failure.error;
  }

  /** Runs work that yields the units of each of its pieces, or nothing after {@link unitOfWork}. */
  async run<R>(work: Generator<unknown, R, void>): Promise<R> {
    try {
      for (;;) {
        const next = work.next();
        if (next.done) return next.value;
        const wait = this.spend(typeof next.value === "number" ? next.value : unitOfWork);
        if (wait) await wait;
      }
    } finally {
      work.return(undefined as never);
    }
  }
}

/**
 * One call's work in slices, where there is nothing else to it.
 *
 * @throws {VkernelError} E_ABORT
 */
export async function inSlices<R>(
  work: Generator<unknown, R, void>,
  signal: AbortSignal | undefined,
): Promise<R> {
  if (signal?.aborted) throw aborted(signal);
  return new TimeSlices(signal).run(work);
}

/** The same at once, where a call is not cut in slices. */
export function runAtOnce<R>(work: Generator<number, R, void>): R {
  for (;;) {
    const next = work.next();
    if (next.done) return next.value;
  }
}

const subscribers = new WeakMap<AbortSignal, Set<() => void>>();

/** One listener a signal, however many calls wait for it: hosts warn of many. */
function onAbort(signal: AbortSignal | undefined, run: () => void): () => void {
  if (signal === undefined) return () => {};
  // No event comes of what has been.
  if (signal.aborted) {
    run();
    return () => {};
  }
  // A function of its own: the same one may be given twice.
  const own = (): void => run();
  let set = subscribers.get(signal);
  if (set === undefined) {
    const all = new Set<() => void>();
    const listener = (): void => {
      subscribers.delete(signal);
      for (const one of [...all]) one();
    };
    set = all;
    subscribers.set(signal, all);
    listeners.set(all, listener);
    signal.addEventListener("abort", listener, { once: true });
  }
  const joined = set;
  joined.add(own);
  return () => {
    joined.delete(own);
    const listener = listeners.get(joined);
    if (joined.size > 0 || listener === undefined || subscribers.get(signal) !== joined) return;
    subscribers.delete(signal);
    signal.removeEventListener("abort", listener);
  };
}

const listeners = new WeakMap<Set<() => void>, () => void>();

/** What the bindings are handed. */
export const scheduler: Scheduler = {
  slices: (signal, check) => new TimeSlices(signal, check),
  onAbort,
  aborted,
};
