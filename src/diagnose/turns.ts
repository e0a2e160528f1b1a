import { aborted } from "../score/exact.js";

/** Milliseconds of work between two looks at the event loop. */
const slice = 12;

/** @internal Multiply-adds between two looks at the clock: some tenths of a millisecond. */
export const unitOfWork = 2 ** 17;

/**
 * Runs work on the calling thread that yields after every unit of work, and lets the event loop turn every 12 ms, so
 * that pages stay alive and a signal is seen.
 *
 * @throws {VkernelError} E_ABORT
 */
export async function inTurns<R>(
  work: Generator<void, R, void>,
  signal: AbortSignal | undefined,
): Promise<R> {
  if (signal?.aborted) throw aborted(signal);
  let until = performance.now() + slice;
  for (;;) {
    const next = work.next();
    if (next.done) return next.value;
    if (performance.now() < until) continue;
    await new Promise((resolve) => setTimeout(resolve));
    if (signal?.aborted) throw aborted(signal);
    until = performance.now() + slice;
  }
}
