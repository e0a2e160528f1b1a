import { CommanderError } from "commander";
import { VkernelError } from "vkernel";

/** What `vkernel` exits with; `docs/errors.md`. */
export const exitCodes = {
  done: 0,
  usage: 2,
  data: 3,
  memory: 4,
  files: 5,
  checkpoint: 6,
  internal: 70,
  interrupted: 130,
} as const;

/** An error as the command line tells it: one line, and what to exit with. */
export class Failure extends Error {
  readonly code: string;
  readonly exitCode: number;
  /** The option or the file that was wrong. */
  readonly argument: string | undefined;

  constructor(
    code: string,
    exitCode: number,
    argument: string | undefined,
    message: string,
    cause?: unknown,
  ) {
    super(message.replace(/\s*\n\s*/g, " ").trim(), cause === undefined ? undefined : { cause });
    this.code = code;
    this.exitCode = exitCode;
    this.argument = argument;
  }
}

/** The error of an option or a positional argument. */
export function usage(argument: string, expected: string, got?: string): Failure {
  const tail = got === undefined ? "" : `, got ${got}`;
  return new Failure("E_USAGE", exitCodes.usage, argument, `${argument} expected ${expected}${tail}`);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is not a folder",
  EEXIST: "it is there already",
  ENOSPC: "the disk is full",
  EDQUOT: "the quota is used up",
  EFBIG: "the file is larger than the file system or a limit allows",
  EROFS: "the file system is read-only",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "too many links",
  EMFILE: "too many open files",
  ENFILE: "too many open files on this machine",
  EIO: "the device failed to read or write",
  EPIPE: "its reader closed it",
  EBUSY: "it is in use",
  ESTALE: "the network file system has lost it",
  ETXTBSY: "it is a program that runs",
};

/** Why a system call failed, in plain words. */
export function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return reasons[code] ?? (code || (error as Error).message);
}

/** The error of a file that cannot be read or written. */
export function fileFailure(argument: string, message: string, cause?: unknown): Failure {
  return new Failure("E_IO", exitCodes.files, argument, `${argument}: ${message}`, cause);
}

/** The error of a file whose content is wrong. */
export function dataFailure(code: string, argument: string, message: string): Failure {
  return new Failure(code, exitCodes.data, argument, message);
}

/** What an argument of the library is on the command line: a file (its name and row length), or an option. */
export type Source = { readonly file: string; readonly dim: number } | { readonly option: string };

const options: Readonly<Record<string, string>> = {
  t: "--time",
  "grid times": "--grid",
  tMin: "--t-min",
  tMax: "--t-max",
  sigmaMin: "--sigma-min",
  sigmaMax: "--sigma-max",
  logLikelihood: "--likelihood",
  trainingTime: "--training-time",
  noiseTime: "--noise-time",
  learningRate: "--learning-rate",
  weightDecay: "--weight-decay",
  timeFeatures: "--time-features",
  particlesPerRealization: "--per-realization",
  ...Object.fromEntries(
    [
      "kernel",
      "members",
      "batch",
      "samples",
      "rule",
      "truncate",
      "width",
      "sampler",
      "grid",
      "steps",
      "last",
      "rho",
      "count",
      "seed",
      "initial",
      "process",
      "draws",
      "kappa",
      "sigma0",
      "precision",
      "threads",
      "kernels",
      "noise",
      "record",
      "times",
      "rtol",
      "atol",
      "base",
      "depth",
      "features",
      "ridge",
      "port",
    ].map((name) => [name, `--${name}`]),
  ),
};

/** What to do now, in the words of the command line. */
function hintOf(base: string, { code, hint }: VkernelError): string {
  const own = hints[`${base} ${code}`];
  return own !== undefined ? `; ${own}` : hint !== undefined ? `; ${hint}` : "";
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
    const source = sources[base] ?? (Object.hasOwn(options, base) ? { option: options[base] } : undefined);
    const name =
      source === undefined
        ? error.argument
        : "file" in source
          ? `${source.file}${cell(index, source.dim)}`
          : source.option;
    const told =
      source !== undefined && error.expected !== undefined && error.got !== undefined
        ? `${name} expected ${error.expected}, got ${error.got}${hintOf(base, error)}`
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
