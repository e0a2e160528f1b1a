import type { Source } from "./explain.js";
import type { Files } from "./files.js";
import type { Chosen } from "./option.js";
import type { outputOptions } from "./options.js";

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
export type CommonChoices = Chosen<typeof outputOptions>;

/** A line for a person, on stderr. */
export function tell(choices: CommonChoices, line: string): void {
  if (choices.quiet !== true && choices.json !== true) process.stderr.write(`${line}\n`);
}
