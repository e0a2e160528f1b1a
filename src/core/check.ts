import { isThenable } from "../../bindings/host.js";
import { badArgument, describe, VkernelError } from "./errors.js";
import { meantBy } from "./synonyms.js";

/** The distance of two words in single-letter edits. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[j] + 1, current[j - 1] + 1));
    }
    previous = current;
  }
  return previous[b.length];
}

/** The known word nearest to a misspelt one, if one is near. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * Checks that an options argument is an object with known names only.
 * @throws {VkernelError} E_TYPE if it is no object; E_USAGE names the unknown option and the nearest known one.
 */
export function checkOptions(options: unknown, known: readonly string[], argument = "options"): void {
  if (options === undefined) return;
  if (
    options === null ||
    typeof options !== "object" ||
    Array.isArray(options) ||
    ArrayBuffer.isView(options)
  ) {
    throw badArgument("E_TYPE", argument, "an object", options);
  }
  for (const name of Object.getOwnPropertyNames(options)) {
    if (!known.includes(name)) throw unknownName(name, known, "option");
  }
}

/** The error for a name that is not in a list: it offers the nearest one. */
export function unknownName(name: string, known: readonly string[], what: string): VkernelError {
  const meant = meantBy(name, what, known);
  const near = meant ?? nearestWord(name, known);
  const hint =
    near === undefined
      ? `one of ${known.join(", ")}`
      : meant === undefined
        ? `${near} (did you mean that?)`
        : `one of ${known.join(", ")}; ${meant}`;
  return new VkernelError("E_USAGE", {
    argument: name,
    expected: hint,
    got: describe(name),
    message: `unknown ${what} ${describe(name)}: expected ${hint}`,
  });
}

/** Checks that a value is one of a few words; `kind` says what they are words of. */
export function checkWord<T extends string>(
  value: unknown,
  words: readonly T[],
  argument: string,
  kind = argument,
): T {
  if (typeof value !== "string") throw badArgument("E_TYPE", argument, `one of ${words.join(", ")}`, value);
  if (!(words as readonly string[]).includes(value)) {
    const meant = meantBy(value, kind, words);
    const near = meant === undefined ? nearestWord(value, words) : undefined;
    const expected = `one of ${words.join(", ")}${near === undefined ? "" : ` (${near}?)`}`;
    throw badArgument("E_USAGE", argument, expected, value, meant);
  }
  return value as T;
}

/** Checks a whole number in a range. */
export function checkInteger(value: unknown, argument: string, min: number, max: number): number {
  const expected = `a whole number from ${min} to ${max === 2 ** 53 - 1 ? "2^53 - 1" : max}`;
  if (typeof value !== "number") throw badArgument("E_TYPE", argument, expected, value);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw badArgument("E_RANGE", argument, expected, value);
  }
  return value;
}

/** Checks a finite number in a range; the ends are allowed unless `open` says otherwise. */
export function checkNumber(
  value: unknown,
  argument: string,
  range: { min?: number; max?: number; above?: number; below?: number } = {},
): number {
  const parts: string[] = [];
  if (range.min !== undefined) parts.push(`at least ${range.min}`);
  if (range.above !== undefined) parts.push(`above ${range.above}`);
  if (range.max !== undefined) parts.push(`at most ${range.max}`);
  if (range.below !== undefined) parts.push(`below ${range.below}`);
  const expected = `a finite number${parts.length > 0 ? ` ${parts.join(" and ")}` : ""}`;
  if (typeof value !== "number") throw badArgument("E_TYPE", argument, expected, value);
  if (!Number.isFinite(value)) throw badArgument("E_NONFINITE", argument, expected, value);
  if (
    (range.min !== undefined && value < range.min) ||
    (range.max !== undefined && value > range.max) ||
    (range.above !== undefined && value <= range.above) ||
    (range.below !== undefined && value >= range.below)
  ) {
    throw badArgument("E_RANGE", argument, expected, value);
  }
  return value;
}

/**
 * What a function of the caller's gave, which is needed at once.
 * @throws {VkernelError} E_TYPE where it has to be waited for
 */
export function atOnce<T>(value: T, argument: string): T {
  if (!isThenable(value)) return value;
  // It may be rejected, and nobody else looks at it.
  Promise.resolve(value).catch(() => {});
  throw new VkernelError("E_TYPE", {
    argument,
    expected: "a function that returns numbers at once",
    got: "a promise",
    hint: "await what it needs before, and let it look that up",
  });
}

/** Checks the options that every long call takes. */
export function checkLongCall(options: { signal?: unknown; onProgress?: unknown }): void {
  const { signal, onProgress } = options;
  // By what it can do: a signal of another frame is no instance of this one's class.
  const { aborted, addEventListener } = (signal ?? {}) as Partial<AbortSignal>;
  if (signal !== undefined && (typeof aborted !== "boolean" || typeof addEventListener !== "function")) {
    throw badArgument("E_TYPE", "signal", "an AbortSignal", signal);
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw badArgument("E_TYPE", "onProgress", "a function", onProgress);
  }
}
