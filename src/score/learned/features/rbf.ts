import { checkInteger, checkNumber, checkOptions } from "../../../core/check.js";
import { checkTable, type PointsInput } from "../../../data/mixture.js";
import { badArgument } from "../../../core/errors.js";
import { exp } from "../../../numeric/elementary.js";
import { fillNormals, streams } from "../../../numeric/random.js";
import {
  checkCount,
  type FeatureMap,
  kernelSlopes,
  separable,
  slopesBy,
  type TimeFactor,
  timeFactor,
  timeName,
} from "./feature.js";

export interface RbfOptions {
  /** The number of bumps; their centres are drawn from N(0, spread^2 I). */
  count?: number;
  /** Seed of the centres, 0 to 2^53 - 1. Default 0. */
  seed?: number;
  /** Standard deviation of the centres; 1 by default. */
  spread?: number;
  /** The centres themselves, `[count, dim]`, in place of the three above. */
  centres?: PointsInput;
  /** Width h of the bumps exp(-|x - c|^2 / (2 h^2)); 1 by default. */
  width?: number;
  time?: TimeFactor;
}

/** Radial basis functions exp(-|x - c|^2 / (2 width^2)). */
export function rbfFeatures(options: RbfOptions): FeatureMap {
  const { centresFor, width, parameters } = checkRbf(options, []);
  return {
    name: "rbf",
    parameters,
    bind(dim, process) {
      const centres = centresFor(dim);
      const count = centres.length / dim;
      const factor = timeFactor(options.time, process);
      const kernel = { kind: "rbf", centres, width } as const;
      const slopes = slopesBy(dim, kernelSlopes(kernel, dim), (t) => new Float64Array(count).fill(factor(t)));
      return separable(count, bumps(centres, dim, width), factor, { kernel, slopes });
    },
  };
}

export function checkRbf(options: RbfOptions, more: readonly string[]) {
  checkOptions(options, ["count", "seed", "spread", "centres", "width", "time", ...more]);
  const width = checkNumber(options?.width ?? 1, "width", { above: 0 });
  const parameters: Record<string, unknown> = { width, time: timeName(options?.time) };
  if (options?.centres !== undefined) {
    for (const name of ["count", "seed", "spread"] as const) {
      if (options[name] !== undefined)
        throw badArgument("E_USAGE", name, "nothing beside centres", options[name]);
    }
    const given = options.centres;
    return {
      width,
      parameters: { ...parameters, centres: "given" },
      centresFor(dim: number): Float64Array {
        const { data, rows } = checkTable(given, "centres", dim);
        if (rows === 0) throw badArgument("E_SHAPE", "centres", "at least one", given);
        checkCount(rows, "centres");
        for (let i = 0; i < data.length; i++) checkNumber(data[i], `centres[${i}]`);
        return Float64Array.from(data);
      },
    };
  }
  const count = checkInteger(options?.count, "count", 1, 10_000);
  const seed = checkInteger(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
  const spread = checkNumber(options.spread ?? 1, "spread", { min: 0 });
  return {
    width,
    parameters: { ...parameters, count, seed, spread },
    centresFor: (dim: number): Float64Array =>
      fillNormals(new Float64Array(count * dim), dim, count, 0, seed, 0, streams.features).map(
        (z) => spread * z,
      ),
  };
}

export function bumps(centres: Float64Array, dim: number, width: number) {
  const count = centres.length / dim;
  const factor = -1 / (2 * width * width);
  return (x: Float64Array, out: Float64Array): void => {
    for (let i = 0; i * dim < x.length; i++) {
      for (let j = 0; j < count; j++) {
        let square = 0;
        for (let d = 0; d < dim; d++) {
          const e = x[i * dim + d] - centres[j * dim + d];
          square += e * e;
        }
        out[i * count + j] = exp(factor * square);
      }
    }
  };
}
