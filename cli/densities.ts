import type { Likelihood } from "vkernel";
import { encodeNpy } from "vkernel/io";
import { endingOf } from "./files.js";
import { type Column, csvPieces, onePiece, short } from "./text.js";

export const likelihoodNames = ["logDensity", "divergence", "bitsPerDim"] as const;

/** Log densities as a table of three columns. */
export function likelihoodTable(likelihood: Likelihood): { values: Float64Array; count: number } {
  const count = likelihood.logDensity.length;
  const values = new Float64Array(3 * count);
  likelihoodNames.forEach((name, j) => {
    for (let i = 0; i < count; i++) values[3 * i + j] = likelihood[name][i];
  });
  return { values, count };
}

export const likelihoodColumn = (values: Float64Array): Column => ({
  name: "likelihood",
  values,
  width: 3,
  header: likelihoodNames,
});

/** The content of a file of log densities, `[...lead, 3]`. */
export function likelihoodPieces(
  path: string,
  likelihood: Likelihood,
  lead: readonly number[],
  signal: AbortSignal,
): AsyncIterable<string | Uint8Array> {
  const { values, count } = likelihoodTable(likelihood);
  return endingOf(path) === ".npy"
    ? onePiece(encodeNpy(values, [...lead, 3]))
    : csvPieces([likelihoodColumn(values)], count, true, signal);
}

/** A mean with its standard error; null where there are too few values for it. */
export function meanOf(values: Float64Array): { mean: number | null; standardError: number | null } {
  const n = values.length;
  if (n === 0) return { mean: null, standardError: null };
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: n < 2 || !Number.isFinite(mean) ? null : Math.sqrt(square / (n - 1) / n) };
}

/** "2.31 ± 0.02 bits per dimension". */
export function bitsSentence({ bitsPerDim }: Likelihood): string {
  const { mean, standardError } = meanOf(bitsPerDim);
  if (mean === null) return "no log densities";
  const error = standardError === null ? "" : ` ± ${short(standardError, 2)}`;
  return `${short(mean, 4)}${error} bits per dimension (mean and standard error)`;
}
