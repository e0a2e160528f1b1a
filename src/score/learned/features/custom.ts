import { checkInteger } from "../../../core/check.js";
import { badArgument, VkernelError } from "../../../core/errors.js";
import type { FeatureMap } from "./feature.js";

/**
 * Your own functions: `row(x, t)` gives `count` numbers for one row x. They are called on the calling thread.
 *
 * @example customFeatures({ count: 2, row: ([x, y], t) => [x / t ** 2, y / t ** 2] })
 */
export function customFeatures(options: {
  count: number;
  row: (x: Float64Array, t: number) => ArrayLike<number>;
}): FeatureMap {
  const { row } = options ?? {};
  const count = checkInteger(options?.count, "count", 1, 10_000);
  if (typeof row !== "function") throw badArgument("E_TYPE", "row", "a function of (x, t)", row);
  return {
    name: "custom",
    parameters: { count },
    bind: () => ({
      count,
      row(x, t, out) {
        const values = row(x, t);
        if (values?.length !== count) {
          throw badArgument("E_SHAPE", "features", `${count} numbers from row(x, t)`, values?.length);
        }
        for (let j = 0; j < count; j++) {
          const value: unknown = values[j];
          if (typeof value !== "number" || !Number.isFinite(value)) {
            throw new VkernelError("E_NONFINITE", {
              argument: `features[${j}]`,
              expected: "a finite number from row(x, t)",
              got: `${String(value)} at t = ${t}, x = (${Array.from(x).join(", ")})`,
            });
          }
          out[j] = value;
        }
      },
    }),
  };
}
