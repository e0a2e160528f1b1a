import { CommanderError } from "commander";
import { VkernelError } from "vkernel";
import { exitCodes, Failure, fileFailure, reason } from "./errors.js";
import { flagsByName } from "./options.js";
import { inFlags } from "./taken.js";

/** What an argument of the library is on the command line: a file (its name and row length), or an option. */
export type Source = { readonly file: string; readonly dim: number } | { readonly option: string };

/** What to do now, in the words of the command line. */
function hintOf(base: string, { code, hint }: VkernelError): string {
  const own = hints[`${base} ${code}`];
  return own !== undefined ? `; ${own}` : hint !== undefined ? `; ${inFlags(hint, flagsByName)}` : "";
}

/** Hints of the library that name its options; here those of the command line. */
const hints: Readonly<Record<string, string>> = {
  "rtol E_RANGE": "--precision f64 takes less",
  "kappa E_RANGE": "--width is for points in the plane",
};

const dataCodes = ["E_SHAPE", "E_FORMAT", "E_TRUNCATED", "E_NONFINITE"];

function exitCodeOf(code: string, ofData: boolean, ofOption: boolean): number {
  if (code === "E_MEMORY" || code === "E_LIMIT") return exitCodes.memory;
  if (code === "E_IO") return exitCodes.files;
  if (code === "E_ABORT") return exitCodes.interrupted;
  if (ofData) return exitCodes.data;
  if (["E_USAGE", "E_RANGE", "E_TYPE", "E_UNSUPPORTED"].includes(code)) return exitCodes.usage;
  if (dataCodes.includes(code)) return ofOption ? exitCodes.usage : exitCodes.data;
  return exitCodes.internal;
}

/**
 * Any error as a `Failure`. `sources` says which arguments of the library came from a file; the others are
 * options, and both are called in the message as the user knows them: `--sigma-min`, `points.npy[3, 1]`.
 */
export function explain(error: unknown, sources: Readonly<Record<string, Source>> = {}): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, "");
    const argument = /'(-[^' ,]*)/.exec(message)?.[1];
    return new Failure("E_USAGE", exitCodes.usage, argument, message);
  }
  if (error instanceof VkernelError) {
    const { base, index } = split(error.argument);
    const flag = flagsByName.get(base);
    const source = sources[base] ?? (flag === undefined ? undefined : { option: flag });
    const name =
      source === undefined
        ? error.argument
        : "file" in source
          ? `${source.file}${cell(index, source.dim)}`
          : source.option;
    const told =
      source !== undefined && error.expected !== undefined && error.got !== undefined
        ? `${name} expected ${inFlags(error.expected, flagsByName)}, got ${error.got}${hintOf(base, error)}`
        : error.message;
    const ofFile = source !== undefined && "file" in source;
    const exitCode = exitCodeOf(error.code, ofFile, source !== undefined && !ofFile);
    const message = error.code === "E_ABORT" ? "interrupted; nothing was written" : told;
    return new Failure(error.code, exitCode, name, message, error);
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError && /alloc|length|memory/i.test(message)) {
    return new Failure("E_MEMORY", exitCodes.memory, undefined, `not enough memory: ${message}`, error);
  }
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (error instanceof Error && syscall !== undefined && code !== undefined && /^E[A-Z]+$/.test(code)) {
    return fileFailure(path ?? syscall, reason(error), error);
  }
  return new Failure("E_INTERNAL", exitCodes.internal, undefined, `internal error: ${message}`, error);
}

/** `points[5]` -> points and 5. */
function split(argument: string | undefined): { base: string; index: number | undefined } {
  const match = /^(.*?)\[(\d+)\]/.exec(argument ?? "");
  return match ? { base: match[1], index: Number(match[2]) } : { base: argument ?? "", index: undefined };
}

/** The place of value `index` in a table, from 0 as numpy counts: `[row, column]`. */
function cell(index: number | undefined, dim: number): string {
  if (index === undefined) return "";
  return `[${Math.floor(index / dim)}, ${index % dim}]`;
}
