import type { Source } from "./errors.js";
import type { Files } from "./files.js";

/** What every command is given beside its own options. */
export interface Context {
  readonly files: Files;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Which arguments of the library come from a file; commands add theirs. */
  readonly sources: Record<string, Source>;
  /** The words after `vkernel`, as typed. */
  readonly words: readonly string[];
}

/** The options that every command takes. */
export interface CommonChoices {
  json?: boolean;
  quiet?: boolean;
}

/** A line for a person, on stderr. */
export function tell(choices: CommonChoices, line: string): void {
  if (choices.quiet !== true && choices.json !== true) process.stderr.write(`${line}\n`);
}
