import { checkInteger } from "../core/check.js";
import type { DataSet } from "./builtin.js";
import { gunzipBase64 } from "./gunzip.js";
import { checkImages, type ImageOptions, pixelValues, rangeEnds } from "./images.js";

const ROWS = 1797;
const DIM = 64;

/**
 * Handwritten digits: 1,797 images of 8 x 8 pixels in [0, 1] (0 paper, 1 ink), with the digit as label.
 * The set is loaded at the first call only; nothing is requested from a network.
 *
 * @param options.labels only these digits (default all), in the order of the set
 * @param options.count only the first so many of them
 * @param options.range "unit" (default) for pixels in [0, 1], "symmetric" for [-1, 1]
 * @returns `points` `[count, 64]`, `labels` `[count]`
 * @throws {VkernelError} E_USAGE, E_TYPE or E_RANGE: a wrong option; E_UNSUPPORTED: no DecompressionStream
 * @example const { points, labels } = await digits({ labels: [3, 8], count: 100 });
 * Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998, CC BY 4.0.
 */
export async function digits(options: ImageOptions = {}): Promise<DataSet> {
  const { wanted, count: most, range } = checkImages(options, ROWS);
  const { digitsGzipBase64 } = await import("../../build/generated/digits.js");
  const text = new TextDecoder().decode(await gunzipBase64(digitsGzipBase64, "digits"));
  const chosen = text
    .trimEnd()
    .split("\n")
    .map((row) => row.split(",").map(Number))
    .filter((row) => wanted(row[DIM]));
  const count = checkInteger(most ?? chosen.length, "count", 1, chosen.length);
  const value = pixelValues(16, range);
  const points = new Float64Array(count * DIM);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const row = chosen[i];
    for (let j = 0; j < DIM; j++) points[i * DIM + j] = value[row[j]];
    labels[i] = row[DIM];
  }
  return {
    name: "digits",
    points,
    dim: DIM,
    labels,
    image: { width: 8, height: 8, range: rangeEnds(range) },
    description: `${count} handwritten digits, 8 x 8 pixels`,
    source: "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998, CC BY 4.0",
  };
}
