import { makeMixture, type Mixture, type Precision } from "../../data/mixture.js";
import { badArgument, VkernelError } from "../../core/errors.js";
import { edm } from "../../process/index.js";
import type { Process } from "../../process/process.js";
import { checkMixture, checkProcess, type ExactScore, exactScore } from "../../score/exact.js";
import type { EvaluateOptions } from "../../score/field.js";
import { checkIsotropic } from "../../score/line.js";
import type { Nodes } from "../../numeric/panels.js";
import {
  blurredAt,
  blurredOn,
  checkGrid,
  type Grid,
  type GriddedDensity,
  gridAt,
  looksGridded,
} from "./grid.js";

/** The forward process from a law at time 0, rho: a mixture, by the kernels, or a density on a grid, by quadrature. */
export interface Past {
  readonly dim: number;
  readonly process: Process;
  /** The exact score of a mixture. */
  readonly field?: ExactScore;
  /** A density on a grid. */
  readonly grid?: Grid;
  /** Whether rho_0 has a density. */
  readonly smooth: boolean;
  /** What rounding leaves of a density, relative. */
  readonly rounding: number;
  /** log rho_t at rows; t = 0 where rho_0 has a density. */
  logDensity(rows: Float64Array, t: number, options?: EvaluateOptions): Promise<Float64Array>;
  /** log rho_t at all places of a product of rules, the first running fastest, where that is less work. */
  onRule?(rule: readonly Nodes[], t: number): Float64Array;
}

/** @throws {VkernelError} E_TYPE, E_SHAPE, E_NONFINITE, E_RANGE, E_UNSUPPORTED, E_DISPOSED */
export function pastOf(data: Mixture | GriddedDensity, process: Process): Past {
  if (looksGridded(data)) return griddedPast(data, process);
  checkMixture(data);
  data.check();
  checkProcess(process, data);
  checkIsotropic(process);
  return mixturePast(data, process);
}

function griddedPast(data: GriddedDensity, process: Process): Past {
  const grid = checkGrid(data, "data");
  if (typeof process?.transition !== "function") {
    throw badArgument("E_TYPE", "process", "a process such as ou()", process);
  }
  checkIsotropic(process);
  return {
    dim: grid.dim,
    process,
    grid,
    smooth: true,
    rounding: Number.EPSILON,
    logDensity: async (rows, t) =>
      t === 0
        ? gridAt(grid, rows).map(Math.log)
        : blurredAt(grid, rows, process.alpha(t), process.variance(t)),
    onRule: (rule, t) => blurredOn(grid, rule, process.alpha(t), process.variance(t)),
  };
}

function mixturePast<P extends Precision>(data: Mixture<P>, process: Process): Past {
  const field = exactScore(data, process);
  const { dim, sigma0, precision } = data;
  return {
    dim,
    process,
    field: field as ExactScore,
    smooth: sigma0 > 0,
    rounding: precision === "f32" ? 2 ** -23 : Number.EPSILON,
    async logDensity(rows, t, options = {}) {
      if (t > 0)
        return Float64Array.from((await field.evaluate(rows, t, ["logDensity"], options)).logDensity);
      if (sigma0 === 0) {
        throw new VkernelError("E_UNSUPPORTED", {
          argument: "t",
          expected: "a time above 0, or data with sigma0 above 0: at 0 the law is masses on the points",
          got: "0",
        });
      }
      // Points of no width that are as noisy at sigma0 on edm as these are at 0.
      const bare = makeMixture(data.engine, data.absolutePoints, { dim, weights: data.weights, precision });
      try {
        const { logDensity } = await exactScore(bare, edm()).evaluate(rows, sigma0, ["logDensity"], options);
        return Float64Array.from(logDensity);
      } finally {
        bare.dispose();
      }
    },
  };
}

/** log N(y; scale x, variance I) of pairs of rows; x or y may be a single row for all. */
export function logTransition(
  x: Float64Array,
  y: Float64Array,
  dim: number,
  { scale, variance }: { scale: number; variance: number },
): Float64Array {
  const count = Math.max(x.length, y.length) / dim;
  const [stepX, stepY] = [x, y].map((rows) => (rows.length === dim ? 0 : dim)) as [number, number];
  const constant = -0.5 * dim * Math.log(2 * Math.PI * variance);
  return Float64Array.from({ length: count }, (_, q) => {
    let square = 0;
    for (let d = 0; d < dim; d++) {
      square += (y[q * stepY + d] - scale * x[q * stepX + d]) ** 2;
    }
    return constant - square / (2 * variance);
  });
}
