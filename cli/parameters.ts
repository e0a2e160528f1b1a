import { VkernelError } from "vkernel";
import { exitCodes, Failure } from "./errors.js";
import { conflict, number } from "./values.js";

/** An option of the command line that only some entries of a table take: `--churn` of the sampler heun. */
export interface Parameter {
  /** As commander takes it: "--churn-min <level>". */
  readonly flags: string;
  readonly about: string;
  readonly parse: (word: string) => unknown;
  /** What the library calls it, where that is not the option's own name in camel case. */
  readonly as?: string;
  /** An option without which it says nothing. */
  readonly needs?: Parameter;
}

/** What a table of the command line makes, and the options that it takes. */
export interface Entry<T> {
  readonly make: (options: never) => T;
  readonly parameters: readonly Parameter[];
}

export type Table<T> = Readonly<Record<string, Entry<T>>>;

/** A numeric parameter; the library checks its range. */
export function numeric(flags: string, about: string, more: Pick<Parameter, "as" | "needs"> = {}): Parameter {
  return { flags, about, parse: number(flagOf({ flags })), ...more };
}

export function entry<T>(make: (options: never) => T, ...parameters: Parameter[]): Entry<T> {
  return { make, parameters };
}

/** `--churn-min` of a parameter. */
export const flagOf = ({ flags }: Pick<Parameter, "flags">): string => flags.split(" ")[0];

/** `churnMin`, where commander keeps its value. */
export const keyOf = (parameter: Pick<Parameter, "flags">): string =>
  flagOf(parameter)
    .slice(2)
    .replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

export const namesOf = <K extends string>(table: Readonly<Record<K, unknown>>): K[] =>
  Object.keys(table) as K[];

/** Every parameter of a table once, in the order of its entries. */
export function parametersOf(table: Table<unknown>): Parameter[] {
  return [...new Set(Object.values(table).flatMap(({ parameters }) => parameters))];
}

/** "--eta goes with --sampler ancestral only". */
export function onlyWith(option: string, names: readonly string[]): string {
  const list = names.length > 1 ? `${names.slice(0, -1).join(", ")} or ${names.at(-1)}` : names[0];
  return `goes with ${option} ${list} only`;
}

/**
 * Makes an entry of a table from the choices.
 * @throws {Failure} E_USAGE for a parameter of another entry, or one that the library does not take
 */
export function makeEntry<T>(
  option: string,
  table: Table<T>,
  name: string,
  choices: Readonly<Record<string, unknown>>,
  more: object = {},
): T {
  const { make, parameters } = table[name];
  const options: Record<string, unknown> = { ...more };
  for (const parameter of parametersOf(table)) {
    const value = choices[keyOf(parameter)];
    if (value === undefined) continue;
    const flag = flagOf(parameter);
    if (!parameters.includes(parameter)) {
      const takers = namesOf(table).filter((one) => table[one]?.parameters.includes(parameter));
      throw conflict(flag, onlyWith(option, takers));
    }
    if (parameter.needs !== undefined && choices[keyOf(parameter.needs)] === undefined) {
      throw conflict(flag, `needs ${flagOf(parameter.needs)}`);
    }
    options[parameter.as ?? keyOf(parameter)] = value;
  }
  try {
    return make(options as never);
  } catch (error) {
    // Two tables may call different options by one name of the library's.
    const own = parameters.find(
      (one) =>
        choices[keyOf(one)] !== undefined && (one.as ?? keyOf(one)) === (error as VkernelError).argument,
    );
    if (!(error instanceof VkernelError) || own === undefined) throw error;
    const { code, expected, got, hint } = error;
    const message = `${flagOf(own)} expected ${expected}, got ${got}${hint === undefined ? "" : `; ${hint}`}`;
    throw new Failure(code, exitCodes.usage, flagOf(own), message, error);
  }
}
