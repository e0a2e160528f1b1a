import { checkInteger } from "../core/check.js";
import { VkernelError } from "../core/errors.js";

/** @internal What the numbers of a file may take in memory, in bytes, unless `limit` says otherwise: 2 GiB. */
export const DEFAULT_LIMIT = 2 ** 31 - 1;
/** No array here has more: 2^31 numbers of 8 bytes. */
const MOST = 2 ** 34;

/** @internal Checks the option `limit`. */
export const checkLimit = (limit: unknown): number => checkInteger(limit ?? DEFAULT_LIMIT, "limit", 0, MOST);

/** @internal The words of an error where a file holds more numbers than `limit` lets in. */
export function overLimit(bytes: number, shape: string, limit: number): { expected: string; got: string } {
  return {
    expected: `numbers of at most ${limit} bytes in memory (a larger "limit" takes more)`,
    got: `${shape}, ${bytes} bytes`,
  };
}

/** @internal Allocates, and says by name what the host has no memory for. */
export function allocate<T>(bytes: number, name: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if ((error as Error)?.name !== "RangeError") throw error;
    const [expected, got] = [`memory for ${bytes} bytes`, "less on this host"];
    const message = `"${name}" needs ${bytes} bytes of memory, which this host does not give`;
    throw new VkernelError("E_MEMORY", { argument: name, expected, got, message, cause: error });
  }
}
