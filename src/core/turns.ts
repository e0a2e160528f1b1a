import { aborted, Turns } from "./scheduler.js";

/** @internal Multiply-adds between two looks at the scheduler: some tenths of a millisecond. */
export const unitOfWork = 2 ** 17;

/**
 * Runs work on the calling thread that yields after every unit of work, or how much it was, in slices of the scheduler, so that pages stay
 * alive and a signal is seen.
 *
 * @throws {VkernelError} E_ABORT
 */
export async function inTurns<R>(
  work: Generator<unknown, R, void>,
  signal: AbortSignal | undefined,
): Promise<R> {
  if (signal?.aborted) throw aborted(signal);
  const turns = new Turns(signal);
  for (;;) {
    const next = work.next();
    if (next.done) return next.value;
    const wait = turns.take(typeof next.value === "number" ? next.value : unitOfWork);
    if (wait) await wait;
  }
}
