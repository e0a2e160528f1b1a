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
