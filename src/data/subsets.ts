import { badArgument, VkernelError } from "../core/errors.js";
import { streams, uniform } from "../numeric/random.js";
import { checkInteger } from "../core/check.js";
import { type Mixture, makeMixture, type Precision } from "./mixture.js";

/** A mixture of some of the points, their weights divided by their sum. */
function pick<P extends Precision>(data: Mixture<P>, indices: readonly number[]): Mixture<P> {
  const { dim, sigma0, precision, engine, absolutePoints } = data;
  const points = new Float64Array(indices.length * dim);
  indices.forEach((m, i) => {
    points.set(absolutePoints.subarray(m * dim, (m + 1) * dim), i * dim);
  });
  return makeMixture(engine, points, {
    dim,
    sigma0,
    precision,
    weights: indices.map((m) => data.weights[m]),
    ...(data.labels && { labels: indices.map((m) => (data.labels as Float64Array)[m]) }),
  });
}

/**
 * The points of some classes: what a conditional model is trained on.
 *
 * @param labels the classes to keep
 * @throws {VkernelError} E_USAGE for data without labels, E_RANGE where no point of weight has one of the labels
 */
export function classMixture<P extends Precision>(data: Mixture<P>, labels: readonly number[]): Mixture<P> {
  data.check();
  if (data.labels === undefined) {
    throw new VkernelError("E_USAGE", {
      argument: "data",
      expected: "a mixture made with labels",
      got: "none",
    });
  }
  if (!Array.isArray(labels)) throw badArgument("E_TYPE", "labels", "an array of labels", labels);
  const wanted = new Set(labels);
  const indices = Array.from(data.weights.keys()).filter(
    (m) => wanted.has((data.labels as Float64Array)[m]) && data.weights[m] > 0,
  );
  if (indices.length === 0)
    throw badArgument("E_RANGE", "labels", "labels that points have", labels.join(", "));
  return pick(data, indices);
}

/**
 * Two disjoint halves of the data, drawn by a seed: what the split-half reproducibility of generalization is measured on
 * (Kadkhodaie et al. 2024).
 *
 * @throws {VkernelError} E_SHAPE for fewer than two points
 */
export function splitHalves<P extends Precision>(
  data: Mixture<P>,
  options: { seed?: number } = {},
): [Mixture<P>, Mixture<P>] {
  data.check();
  const seed = checkInteger(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
  const { size } = data;
  if (size < 2) throw badArgument("E_SHAPE", "data", "at least two points", size);
  const order = Array.from({ length: size }, (_, m) => m);
  // Fisher and Yates.
  for (let i = size - 1; i > 0; i--) {
    const j = Math.min(i, Math.floor(uniform(seed, i, 0, streams.redraw, 2) * (i + 1)));
    [order[i], order[j]] = [order[j], order[i]];
  }
  const half = size >> 1;
  const sorted = (list: number[]): number[] => list.sort((a, b) => a - b);
  return [pick(data, sorted(order.slice(0, half))), pick(data, sorted(order.slice(half)))];
}
