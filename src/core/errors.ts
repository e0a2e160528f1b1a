import { typedArrayName } from "./brand.js";

/** What went wrong, in one word; `docs/errors.md` lists when each is thrown. */
export type VkernelErrorCode =
  | "E_USAGE"
  | "E_SHAPE"
  | "E_TYPE"
  | "E_NONFINITE"
  | "E_RANGE"
  | "E_LIMIT"
  | "E_MEMORY"
  | "E_DISPOSED"
  | "E_ABORT"
  | "E_WORKER"
  | "E_TRAP"
  | "E_FORMAT"
  | "E_TRUNCATED"
  | "E_IO"
  | "E_UNSUPPORTED";

export interface VkernelErrorDetails {
  /** The name of the argument, option or file that was wrong. */
  argument?: string;
  /** What would have been right. */
  expected?: string;
  /** What came instead. */
  got?: string;
  /** What to do now, where it is not plain from what was expected. */
  hint?: string;
  cause?: unknown;
}

/**
 * The one error class of the library. The message of a bad argument reads
 * `"weights" expected 6 non-negative numbers, got 5`.
 */
export class VkernelError extends Error {
  readonly code: VkernelErrorCode;
  readonly argument: string | undefined;
  readonly expected: string | undefined;
  readonly got: string | undefined;
  readonly hint: string | undefined;

  constructor(code: VkernelErrorCode, details: VkernelErrorDetails & { message?: string }) {
    const { argument, expected, got, hint, message, cause } = details;
    super(
      message ?? `"${argument}" expected ${expected}, got ${got}${hint === undefined ? "" : `; ${hint}`}`,
      cause === undefined ? undefined : { cause },
    );
    this.name = "VkernelError";
    this.code = code;
    this.argument = argument;
    this.expected = expected;
    this.got = got;
    this.hint = hint;
  }
}

/** Builds the usual error: argument, what was expected, what came; and what to do now, where that is not plain. */
export function badArgument(
  code: VkernelErrorCode,
  argument: string,
  expected: string,
  got: unknown,
  hint?: string,
): VkernelError {
  return new VkernelError(code, {
    argument,
    expected,
    got: describe(got),
    ...(hint === undefined ? {} : { hint }),
  });
}

/** A short, safe description of any value for an error message. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object") return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  const name = className(value);
  const typed = typedArrayName(value);
  if (typed !== undefined) return `${name} of length ${(value as Uint8Array).length}`;
  if (name === "Object") return "an object";
  return /^(Float|Big)?(Int|Uint)?\d*(Clamped)?Array$/.test(name)
    ? `an object that looks like a ${name} (a proxy of one?)`
    : `a ${name}`;
}

/** What the class of an object calls itself; a proxy may answer with anything, or throw. */
function className(value: object): string {
  try {
    const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
    return typeof name === "string" && name !== "" ? name : "Object";
  } catch {
    return "Object";
  }
}

/** The message of an error of any realm; of what else was thrown, a description. */
export function messageOf(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  const message = (thrown as { message?: unknown } | null | undefined)?.message;
  return typeof message === "string" ? message : describe(thrown);
}
