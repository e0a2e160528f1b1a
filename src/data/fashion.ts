import { checkInteger } from "../core/check.js";
import { VkernelError } from "../core/errors.js";
import type { DataSet } from "./builtin.js";
import { gunzipBase64 } from "./gunzip.js";
import { checkImages, type ImageOptions, pixelValues, rangeEnds } from "./images.js";

const IMAGES = 1000;
const DIM = 784;
/** An IDX file of three dimensions: magic and three lengths. */
const HEADER = 16;

/** The classes of Fashion-MNIST, by label. */
export const fashionClasses = Object.freeze([
  "T-shirt/top",
  "trouser",
  "pullover",
  "dress",
  "coat",
  "sandal",
  "shirt",
  "sneaker",
  "bag",
  "ankle boot",
] as const);

/**
 * Fashion-MNIST, its first 1,000: the first 100 images of each class of the training set, 28 x 28 pixels in [0, 1]
 * (0 background). Classes take turns, so image i has label i mod 10 and any first part of the set is balanced.
 * The set is loaded at the first call only; nothing is requested from a network. `readDataSet` of `vkernel/io` reads
 * the whole set from its own files.
 *
 * @param options.labels only these classes (default all), in the order of the set
 * @param options.count only the first so many of them
 * @param options.range "unit" (default) for pixels in [0, 1], "symmetric" for [-1, 1]
 * @returns `points` `[count, 784]`, `labels` `[count]`
 * @throws {VkernelError} E_USAGE, E_TYPE or E_RANGE: a wrong option; E_UNSUPPORTED: no DecompressionStream;
 * E_IO: the images, a file of their own, do not come
 * @example const { points, labels } = await fashion({ labels: [7, 9], range: "symmetric" });
 * Source: H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST (arXiv:1708.07747), 2017, MIT licence, Zalando SE.
 */
export async function fashion(options: ImageOptions = {}): Promise<DataSet> {
  const { wanted, count: most, range } = checkImages(options, IMAGES);
  const { fashionGzipBase64 } = await import("../../build/generated/fashion.js").catch((cause) => {
    throw new VkernelError("E_IO", {
      message:
        "the images of fashion are a file of their own, which did not come: serve the folder chunks beside the library",
      cause,
    });
  });
  const bytes = await gunzipBase64(fashionGzipBase64, "fashion");
  const chosen = Array.from({ length: IMAGES }, (_, i) => i).filter((i) => wanted(i % 10));
  const count = checkInteger(most ?? chosen.length, "count", 1, chosen.length);
  const value = pixelValues(255, range);
  const points = new Float64Array(count * DIM);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const image = chosen[i];
    const start = HEADER + image * DIM;
    for (let j = 0; j < DIM; j++) points[i * DIM + j] = value[bytes[start + j]];
    labels[i] = image % 10;
  }
  return {
    name: "fashion",
    points,
    dim: DIM,
    labels,
    image: { width: 28, height: 28, range: rangeEnds(range) },
    description: `${count} images of clothes, 28 x 28 pixels`,
    source: "H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, 2017, MIT licence, Zalando SE",
  };
}
