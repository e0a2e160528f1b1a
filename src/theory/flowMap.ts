import { checkNumber, checkOptions } from "../core/check.js";
import { checkTable, type Mixture, type PointsInput } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import { ve } from "../process/index.js";
import type { Process } from "../process/process.js";
import { checkMixture, checkProcess } from "../score/exact.js";
import { checkIsotropic, lineOf, widthsOf } from "../score/line.js";
import { pieceOf } from "../score/piecewise.js";

export interface FlowMapOptions {
  /** The smoothing: tau = Delta - sqrt(kappa S / alpha^2) in each gap. */
  kappa: number;
  /** The time that the flow starts from, above 0. */
  from: number;
  /** The time that it ends at, `from` or earlier; 0 by default. */
  to?: number;
  /** `ve()` by default. */
  process?: Process;
}

/** Checks what flow maps and laws take: kappa, and a time with its noise S / alpha^2. */
export function checkStart(
  line: Mixture,
  options: { kappa: number; from: number; process?: Process },
): { kappa: number; from: number; process: Process } {
  checkMixture(line);
  line.check();
  const kappa = checkNumber(options?.kappa, "kappa", { min: 0 });
  const process = options.process ?? ve();
  checkProcess(process, line);
  checkIsotropic(process);
  const from = checkNumber(options.from, "from", { above: 0, max: process.end });
  return { kappa, from, process };
}

/**
 * Where the probability flow of {@link piecewiseScore} takes a place from one time to another, in closed form: straight lines
 * in the noise level, each piece to itself. Chen 2025, Eq. 12, 17 (second case x >= y_n - sqrt(kappa t)), Prop. 6 (the
 * components across the line shrink as sqrt(s / t)).
 *
 * @param line a data set of distinct points on a line, of equal weights
 * @returns a function of `[count, dim]` places, giving as many
 * @example const end = flowMap(line, { kappa: 0.4, from: 0.02 })([[-0.3], [0.1]]);
 * @throws {VkernelError} E_RANGE where kappa S / alpha^2 reaches Delta^2 of a gap at `from`; E_SHAPE, E_UNSUPPORTED, E_USAGE
 */
export function flowMap(line: Mixture, options: FlowMapOptions): (x: PointsInput) => Float64Array {
  checkOptions(options, ["kappa", "from", "to", "process"]);
  const { kappa, from, process } = checkStart(line, options);
  const to = checkNumber(options.to ?? 0, "to", { min: 0 });
  if (to > from) throw badArgument("E_RANGE", "to", `a time from 0 to from = ${from}`, to);
  const shape = lineOf(line);
  const { direction, origin, places } = shape;
  const { dim } = line;
  const noise = (t: number): number => (t === 0 ? 0 : process.variance(t) / process.alpha(t) ** 2);
  const [start, end] = [noise(from), noise(to)];
  const [before, after] = [start, end].map((variance) => widthsOf(shape, { kappa }, variance)) as [
    Float64Array,
    Float64Array,
  ];
  const shrink = Math.sqrt(end / start);
  const [scaleIn, scaleOut] = [process.alpha(from), to === 0 ? 1 : process.alpha(to)];
  return (x) => {
    const { data, rows } = checkTable(x, "x", dim);
    const out = new Float64Array(rows * dim);
    for (let i = 0; i < rows * dim; i += dim) {
      let y = 0;
      for (let d = 0; d < dim; d++) {
        const value = checkNumber(data[i + d], `x[${i + d}]`);
        y += direction[d] * (value / scaleIn);
      }
      const { k, gap } = pieceOf(shape, before, y);
      const left = places[k];
      const centre = gap ? (left + places[k + 1]) / 2 : left;
      const ratio = gap ? after[k] / before[k] : shrink;
      const moved = centre + ratio * (y - centre);
      for (let d = 0; d < dim; d++) {
        const o = origin[d];
        const u = direction[d];
        const across = data[i + d] / scaleIn - o - y * u;
        out[i + d] = scaleOut * (o + moved * u + shrink * across);
      }
    }
    return out;
  };
}
