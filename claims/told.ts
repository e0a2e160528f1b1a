import type { Decision } from "./decide.js";
import type { Estimate } from "./estimate.js";

/** A number as it is to be read: in some digits, with its error, or as a share of so many. Whoever shows it writes it. */
export type Figure =
  | { readonly as: "number"; readonly value: number; readonly digits: number }
  | ({ readonly as: "estimate" } & Estimate)
  | ({ readonly as: "share"; readonly count: number } & Estimate);

/** Words with figures in them: a page writes them as HTML, a terminal as text. */
export type Told = readonly (string | Figure)[];

type Part = Told | Figure | string | number | undefined;

const flat = (part: Part): Told =>
  part === undefined
    ? []
    : typeof part === "number"
      ? [String(part)]
      : Array.isArray(part)
        ? part
        : [part as Figure | string];

/** A template of words and figures; numbers are written as they are, `undefined` is left out. */
export const told = (words: TemplateStringsArray, ...parts: readonly Part[]): Told =>
  words.flatMap((text, i) => [text, ...flat(parts[i])]).filter((part) => part !== "");

/** Several in a row. */
export const listed = (parts: readonly Part[], between = ", "): Told =>
  parts.flatMap((part, i) => [...(i > 0 ? [between] : []), ...flat(part)]);

/** A number in a few digits. */
export const short = (value: number, digits = 3): Figure => ({ as: "number", value, digits });

/** A number with its standard error. */
export const pm = ({ value, standardError }: Estimate): Figure => ({ as: "estimate", value, standardError });

/** A share of `count` in percent, with its error. */
export const share = ({ value, standardError }: Estimate, count: number): Figure => ({
  as: "share",
  value,
  standardError,
  count,
});

/** How far numbers are from what they are held to, and what chance allows. */
export const apart = ({ z, comparisons, limit }: Decision): Told =>
  told`${errors(z)} standard errors in ${comparisons} ${comparisons === 1 ? "comparison" : "comparisons"} (a difference from ${limit.toFixed(1)} on)`;

const errors = (z: number): string => (Number.isFinite(z) ? Math.abs(z).toFixed(1) : "infinitely many");
