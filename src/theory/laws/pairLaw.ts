import { checkNumber, checkOptions } from "../../core/check.js";
import type { Mixture, PointsInput } from "../../data/mixture.js";
import { badArgument, VkernelError } from "../../core/errors.js";
import type { Process } from "../../process/process.js";
import { checkRows, type GriddedDensity } from "./grid.js";
import { logTransition, pastOf } from "./past.js";

export interface PairLawOptions {
  /** The time nearer to the data, 0 or above. */
  earlier: number;
  /** The time nearer to the noise, above `earlier`. */
  later: number;
}

/** The law of X at the earlier time given X at the later one, as a mixture of Gaussian bridges, one from each training point. */
export interface Bridges {
  /** `[count, size]`: the posterior weights of the points. */
  readonly weights: Float64Array;
  /** `[count, size, dim]` */
  readonly means: Float64Array;
  /** The variance of each bridge in every direction; 0 at time 0 for points of no width. */
  readonly variance: number;
}

/** The joint law of X at two times. Logarithms of densities, one per row; `x` or `y` may be one row for all. */
export interface PairLaw {
  readonly earlier: number;
  readonly later: number;
  /** log rho(x, earlier; y, later) */
  joint(x: PointsInput, y: PointsInput): Promise<Float64Array>;
  /** log rho(y, later | x, earlier), Gaussian: the future of rho. */
  forward(x: PointsInput, y: PointsInput): Float64Array;
  /** log rho(x, earlier | y, later): the past of rho, which is the future of the reverse process, q(x, s_1 | y, s_2). */
  backward(x: PointsInput, y: PointsInput): Promise<Float64Array>;
  /** `backward` as a mixture, given y, `[count, dim]`; of a density on a grid: E_UNSUPPORTED. */
  bridges(y: PointsInput): Promise<Bridges>;
}

/**
 * The joint law of X at two times, and what Theorem 1 of Cao et al. 2025 says of it: the past of rho is the future of q. Whatever the
 * horizon T and the start of the reverse process, it goes from y at s_2 = T - later to x at s_1 = T - earlier with the density
 * rho(x, earlier | y, later). Eq. 2.23, 3.4; at time 0 Corollary 3.1, Eq. 3.13 and 3.18.
 *
 * @param data a mixture, or a density on a grid in one or two dimensions
 * @param process any isotropic process
 * @example
 * const law = pairLaw(data, ou(), { earlier: 0.2, later: 1 });
 * const logDensity = await law.backward([[0.1], [0.2]], [[0.5]]);
 * @throws {VkernelError} E_RANGE, E_TYPE, E_SHAPE, E_NONFINITE, E_USAGE, E_UNSUPPORTED (a density at time 0 of points of no width)
 */
export function pairLaw(data: Mixture | GriddedDensity, process: Process, options: PairLawOptions): PairLaw {
  checkOptions(options, ["earlier", "later"]);
  const past = pastOf(data, process);
  const { dim } = past;
  const later = checkNumber(options?.later, "later", { above: 0, max: process.end });
  const earlier = checkNumber(options.earlier, "earlier", { min: 0, below: later });
  const transition = process.transition(earlier, later);
  const rowsOf = (x: PointsInput, y: PointsInput): [Float64Array, Float64Array] => {
    const [left, right] = [checkRows(x, dim), checkRows(y, dim)];
    if (left.length !== right.length && left.length !== dim && right.length !== dim) {
      const expected = `one row, or as many as x has (${left.length / dim})`;
      throw badArgument("E_SHAPE", "y", expected, right.length / dim);
    }
    return [left, right];
  };
  const joint = async (x: Float64Array, y: Float64Array): Promise<Float64Array> => {
    const before = await past.logDensity(x, earlier);
    return logTransition(x, y, dim, transition).map(
      (value, q) => value + before[before.length === 1 ? 0 : q],
    );
  };
  return {
    earlier,
    later,
    joint: async (x, y) => joint(...rowsOf(x, y)),
    forward(x, y) {
      const [left, right] = rowsOf(x, y);
      return logTransition(left, right, dim, transition);
    },
    async backward(x, y) {
      const [left, right] = rowsOf(x, y);
      const both = await joint(left, right);
      const after = await past.logDensity(right, later);
      return both.map((value, q) => value - after[after.length === 1 ? 0 : q]);
    },
    async bridges(y) {
      const { field } = past;
      if (field === undefined) {
        throw new VkernelError("E_UNSUPPORTED", {
          argument: "bridges",
          expected: "a mixture, which has one bridge from each point (a density on a grid has backward)",
          got: "a density on a grid",
        });
      }
      const rows = checkRows(y, dim);
      const { absolutePoints: points, size, sigma0 } = field.data;
      const { posteriorWeights } = await field.evaluate(rows, later, ["posteriorWeights"]);
      const alpha = process.alpha(earlier);
      const width = alpha * alpha * sigma0 * sigma0 + process.variance(earlier);
      const { scale, variance } = transition;
      const total = scale * scale * width + variance;
      const [own, pull] = [(scale * width) / total, (alpha * variance) / total];
      const means = new Float64Array(posteriorWeights.length * dim);
      for (let i = 0; i < means.length; i++) {
        const d = i % dim;
        const pair = (i - d) / dim;
        const [q, m] = [Math.floor(pair / size), pair % size];
        means[i] = own * rows[q * dim + d] + pull * points[m * dim + d];
      }
      return { weights: Float64Array.from(posteriorWeights), means, variance: (width * variance) / total };
    },
  };
}
