import { VkernelError } from "vkernel";
import { listed } from "vkernel/internal";
import { exitCodes, Failure } from "./errors.js";
import { flagOf, type Options } from "./option.js";
import { conflict } from "./values.js";

/** Which of the options are those of one word: of `--sampler heun`. */
export interface Taking {
  readonly options: Options;
  /** The option whose words take others, by key. */
  readonly by: string;
  readonly word: string;
  /** Everything that was chosen, by key. */
  readonly chosen: object;
  /** Whether the table's defaults are given too. */
  readonly defaults?: boolean;
  /** What the library is given beside it, or where nothing was chosen. */
  readonly more?: object;
}

/**
 * Makes what a word stands for, from those of the chosen options that it takes, by the library's names of them.
 * @throws {Failure} E_USAGE for an option of another word, or one that the library does not take
 */
export function make<A, T>(
  { options, by, word, chosen, defaults = false, more = {} }: Taking,
  maker: (options: A) => T,
): T {
  const values = new Map<string, unknown>(Object.entries(chosen).filter(([, value]) => value !== undefined));
  const taken = new Map<string, unknown>(Object.entries(more));
  const flags = new Map<string, string>();
  for (const [key, { of = {}, needs, as, default: otherwise }] of Object.entries(options)) {
    const takers = of[by];
    if (takers === undefined) continue;
    const name = (Object.keys(of).at(-1) === by ? as : undefined) ?? key;
    if (!values.has(key)) {
      if (defaults && otherwise !== undefined && takers.includes(word)) taken.set(name, otherwise);
      continue;
    }
    const flag = flagOf(key);
    if (!takers.includes(word)) throw conflict(flag, `goes with ${flagOf(by)} ${listed(takers)} only`);
    if (needs !== undefined && !values.has(needs)) throw conflict(flag, `needs ${flagOf(needs)}`);
    taken.set(name, values.get(key));
    flags.set(name, flag);
  }
  try {
    // The table has the types of what its options are read to; the library checks them once more.
    return maker(Object.fromEntries(taken) as A);
  } catch (error) {
    // Two words may take different options by one name of the library's.
    const flag = error instanceof VkernelError ? flags.get(error.argument ?? "") : undefined;
    if (!(error instanceof VkernelError) || flag === undefined) throw error;
    const { code, expected, got, hint } = error;
    const message = `${flag} expected ${inFlags(expected ?? "", flags)}, got ${got}${hint === undefined ? "" : `; ${inFlags(hint, flags)}`}`;
    throw new Failure(code, exitCodes.usage, flag, message, error);
  }
}

/** A sentence of the library's with the flags of its names that are two words in one: "at least sigmaMin". */
export function inFlags(sentence: string, flags: ReadonlyMap<string, string>): string {
  return sentence.replace(/(?<!["\w-])[a-z]+[A-Z]\w*\b(?!["(])/g, (name) => flags.get(name) ?? name);
}
