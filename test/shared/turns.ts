/** What happens to long work when the event loop has come round: counted in turns, so that no machine is too slow or too fast. */

/** How a call ended, by the code of its error. */
export async function outcome<T>(call: Promise<T>) {
  return call.then(
    (value) => ({ code: "fulfilled", value: value as T | undefined, error: undefined }),
    (error: Error & { code?: string; argument?: string }) => ({
      code: error.code ?? String(error),
      value: undefined,
      error,
    }),
  );
}

/** Does something once the event loop has come round so many times: never while work leaves it no turn. */
export function afterTurns(turns: number, what: () => void): void {
  setTimeout(() => (turns > 1 ? afterTurns(turns - 1, what) : what()));
}

/** A call that is aborted after some turns of the event loop; one that leaves none comes to its end, and says so. */
export async function abortedAfter(turns: number, call: (signal: AbortSignal) => Promise<unknown>) {
  const controller = new AbortController();
  afterTurns(turns, () => controller.abort("enough"));
  const { code, error } = await outcome(call(controller.signal));
  return { code, cause: error?.cause };
}
