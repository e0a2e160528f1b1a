import { atOnce, checkInteger } from "../../../core/check.js";
import { badArgument, VkernelError } from "../../../core/errors.js";
import type { FeatureMap } from "./feature.js";

/**
 * Your own functions: `row(x, t)` gives `count` numbers for one row x. They are called on the calling thread. `slopes(x, t)`,
 * where you know them, gives their derivatives: row j of `[count, dim]` is d phi_j / dx, flat and row-major. With them fits have a
 * divergence, and so log densities.
 *
 * @example customFeatures({ count: 2, row: ([x, y], t) => [x / t ** 2, y / t ** 2] })
 */
export function customFeatures(options: {
  count: number;
  row: (x: Float64Array, t: number) => ArrayLike<number>;
  slopes?: (x: Float64Array, t: number) => ArrayLike<number>;
}): FeatureMap {
  const { row, slopes } = options ?? {};
  const count = checkInteger(options?.count, "count", 1, 10_000);
  if (typeof row !== "function") throw badArgument("E_TYPE", "row", "a function of (x, t)", row);
  if (slopes !== undefined && typeof slopes !== "function") {
    throw badArgument("E_TYPE", "slopes", "a function of (x, t)", slopes);
  }
  return {
    name: "custom",
    parameters: { count },
    bind: () => ({
      count,
      row: (x, t, out) => fill(row, "row", x, t, out),
      ...(slopes && {
        slopes: (x: Float64Array, t: number, out: Float64Array) => fill(slopes, "slopes", x, t, out),
      }),
    }),
  };
}

/** What a function gives for one row, checked. */
function fill(
  f: (x: Float64Array, t: number) => ArrayLike<number>,
  name: "row" | "slopes",
  x: Float64Array,
  t: number,
  out: Float64Array,
): void {
  const values = atOnce(f(x, t), name);
  if (values?.length !== out.length) {
    throw badArgument("E_SHAPE", "features", `${out.length} numbers from ${name}(x, t)`, values?.length);
  }
  for (let j = 0; j < out.length; j++) {
    const value: unknown = values[j];
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw new VkernelError("E_NONFINITE", {
        argument: `features[${j}]`,
        expected: `a finite number from ${name}(x, t)`,
        got: `${String(value)} at t = ${t}, x = (${Array.from(x).join(", ")})`,
      });
    }
    out[j] = value;
  }
}
