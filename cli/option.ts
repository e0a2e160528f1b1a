import { type Command, Option } from "commander";
import { number, word } from "./values.js";

/** One option of the command line: everything that is said of it, said once. Its key is its flag in camel case. */
export interface OptionOf<T> {
  /** What stands for the value in help: "<n>", "<origin...>"; a switch has none. */
  readonly value?: string;
  readonly about: string;
  /** Makes what reads a word, for a flag; where there is none the word is the value. */
  readonly read?: (flag: string) => (given: string) => T;
  readonly choices?: readonly T[];
  /** The command line's own value where it is left out. Commander is not told: a default would be taken for given. */
  readonly default?: T;
  /** What help says in its place: the library's own default, or one that depends. */
  readonly otherwise?: string;
  readonly required?: true;
  /** What the library calls it, where that is not its key. */
  readonly as?: string;
  /** Further names that errors of the library have for it. */
  readonly also?: readonly string[];
  /** What it is never given beside, by key. */
  readonly conflicts?: readonly string[];
  /** An option without which it says nothing, by key. */
  readonly needs?: string;
  /** The words of other options that it goes with: `{ sampler: ["heun"] }`. The last of them is what takes it in the library. */
  readonly of?: Readonly<Record<string, readonly string[]>>;
}

export type Options = Readonly<Record<string, OptionOf<unknown>>>;

type ValueOf<O> = O extends OptionOf<infer T> ? T : never;
/** What was chosen of some options, by key. */
export type Chosen<T> = {
  -readonly [K in keyof T as T[K] extends { required: true } ? never : K]?: ValueOf<T[K]>;
} & { -readonly [K in keyof T as T[K] extends { required: true } ? K : never]: ValueOf<T[K]> };

/** What may be said of any option beside its value. */
type More<T> = Omit<OptionOf<T>, "value" | "about" | "read" | "choices">;

/** A number; the library checks its range. */
export const numeric = <const M extends More<number>>(value: string, about: string, more?: M) =>
  ({ value, about, read: number, ...more }) as OptionOf<number> & M;

/** One of a few words. */
export const choice = <const T extends string, const M extends More<T>>(
  value: string,
  choices: readonly T[],
  about: string,
  more?: M,
) => ({ value, about, choices, read: (flag: string) => word(flag, choices), ...more }) as OptionOf<T> & M;

/** A word that is read later: a file, a folder, a list. */
export const text = <const M extends More<string>>(value: string, about: string, more?: M) =>
  ({ value, about, ...more }) as OptionOf<string> & M;

/** Several words. */
export const texts = (value: string, about: string): OptionOf<string[]> => ({ value, about });

/** What is there or not. */
export const toggle = (about: string): OptionOf<boolean> => ({ about });

/** `--churn-min` of `churnMin`. */
export const flagOf = (key: string): string =>
  `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** "heun: lowest level with churn (default 0)": its few takers, what it is, what it may be, its default. */
function helpOf({ about, choices = [], default: value, otherwise, of = {} }: OptionOf<unknown>): string {
  const takers = Object.values(of).at(-1) ?? [];
  const told = choices.every((one) => about.includes(String(one))) ? [] : [choices.join(", ")];
  const parts = [
    ...(takers.length > 0 && takers.length <= 3 ? [takers.join(", ")] : []),
    ...(about === "" ? [] : [about]),
    ...told,
  ];
  const left = otherwise ?? (value === undefined ? undefined : String(value));
  return `${parts.join(": ")}${left === undefined ? "" : ` (default ${left})`}`.trim();
}

/** Adds options to a command, for commander to parse. */
export function addOptions(command: Command, options: Options): Command {
  for (const [key, option] of Object.entries(options)) {
    const flag = flagOf(key);
    const made = new Option(option.value === undefined ? flag : `${flag} ${option.value}`, helpOf(option));
    if (option.read !== undefined) made.argParser(option.read(flag));
    if (option.conflicts !== undefined) made.conflicts([...option.conflicts]);
    command.addOption(made.makeOptionMandatory(option.required === true));
  }
  return command;
}

/** What was chosen of these options alone. */
export function chosenOf<T extends Options>(options: T, chosen: Chosen<T>): Chosen<T> {
  const own = Object.entries(chosen).filter(
    ([key, value]) => Object.hasOwn(options, key) && value !== undefined,
  );
  // Of the same keys and values: those of `chosen` that are there.
  return Object.fromEntries(own) as Chosen<T>;
}

export const namesOf = <K extends string>(table: Readonly<Record<K, unknown>>): K[] =>
  Object.keys(table) as K[];
