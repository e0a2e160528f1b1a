import { checkInteger, checkOptions } from "../check.js";
import { badArgument, VkernelError } from "../errors.js";
import type { DataSet } from "./builtin.js";

const ROWS = 1797;
const DIM = 64;

/**
 * Handwritten digits: 1,797 images of 8 x 8 pixels in [0, 1] (0 paper, 1 ink), with the digit as label.
 * The set is loaded at the first call only; nothing is requested from a network.
 *
 * @param options.labels only these digits (default all), in the order of the set
 * @param options.count only the first so many of them
 * @returns `points` `[count, 64]`, `labels` `[count]`
 * @throws {VkernelError} E_USAGE, E_TYPE or E_RANGE: a wrong option; E_UNSUPPORTED: no DecompressionStream
 * @example const { points, labels } = await digits({ labels: [3, 8], count: 100 });
 * Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998, CC BY 4.0.
 */
export async function digits(options: { labels?: number[]; count?: number } = {}): Promise<DataSet> {
  checkOptions(options, ["labels", "count"]);
  const wanted = checkLabels(options.labels);
  if (options.count !== undefined) checkInteger(options.count, "count", 1, ROWS);
  const { digitsGzipBase64 } = await import("../../build/generated/digits.js");
  const lines = (await gunzip(digitsGzipBase64)).trimEnd().split("\n");
  const chosen = lines
    .map((row) => row.split(",").map(Number))
    .filter((row) => wanted.has(row[DIM] as number));
  const count = checkInteger(options.count ?? chosen.length, "count", 1, chosen.length);
  const points = new Float64Array(count * DIM);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const row = chosen[i] as number[];
    for (let j = 0; j < DIM; j++) points[i * DIM + j] = (row[j] as number) / 16;
    labels[i] = row[DIM] as number;
  }
  return {
    name: "digits",
    points,
    dim: DIM,
    labels,
    image: { width: 8, height: 8, range: [0, 1] },
    description: `${count} handwritten digits, 8 x 8 pixels`,
    source: "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998, CC BY 4.0",
  };
}

function checkLabels(labels: unknown): Set<number> {
  if (labels === undefined) return new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  if (!Array.isArray(labels)) throw badArgument("E_TYPE", "labels", "an array of digits 0 to 9", labels);
  if (labels.length === 0) throw badArgument("E_RANGE", "labels", "at least one digit", labels);
  return new Set(Array.from(labels, (label: unknown, i) => checkInteger(label, `labels[${i}]`, 0, 9)));
}

/** Base64 of a gzip file to its text, by the web's own decoder: Node and browsers alike. */
async function gunzip(base64: string): Promise<string> {
  if (typeof DecompressionStream === "undefined") {
    throw new VkernelError("E_UNSUPPORTED", {
      message: "digits: this host has no DecompressionStream (Node 18, Chrome 80, Firefox 113, Safari 16.4)",
    });
  }
  const binary = atob(base64);
  const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}
