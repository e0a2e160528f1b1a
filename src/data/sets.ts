import { unknownName } from "../core/check.js";
import { badArgument } from "../core/errors.js";
import { type DataSet, line, lShape, polygon, randomOutlier } from "./builtin.js";
import { digits } from "./digits.js";
import { fashion } from "./fashion.js";
import { checkerboard, circle, fourPoints, spiral, swissRoll, twoMoons, twoPoints } from "./shapes.js";

const makers = {
  polygon,
  line,
  L: lShape,
  random: randomOutlier,
  two: twoPoints,
  four: fourPoints,
  circle,
  twoMoons,
  spiral,
  checkerboard,
  swissRoll,
  digits,
  fashion,
} as const;

/** The name of a built-in data set. */
export type DataSetName = keyof typeof makers;

/** The options of a built-in data set. */
export type DataSetOptions<N extends DataSetName = DataSetName> = NonNullable<
  Parameters<(typeof makers)[N]>[0]
>;

/** The names of the built-in data sets. */
export const dataSetNames = Object.freeze(Object.keys(makers)) as readonly DataSetName[];

/**
 * A built-in data set, by name.
 *
 * @param options those of the set's own function (default: its defaults)
 * @throws {VkernelError} E_USAGE: an unknown name or option (the message offers the nearest one); E_TYPE: no string;
 *   what the set's own function throws
 * @example const { points, dim } = await loadDataSet("twoMoons", { count: 200, noise: 0.05 });
 */
export async function loadDataSet<N extends DataSetName>(
  name: N,
  options?: DataSetOptions<N>,
): Promise<DataSet>;
export async function loadDataSet(name: string, options?: object): Promise<DataSet>;
export async function loadDataSet(name: string, options?: object): Promise<DataSet> {
  if (typeof name !== "string")
    throw badArgument("E_TYPE", "name", `one of ${dataSetNames.join(", ")}`, name);
  if (!(dataSetNames as readonly string[]).includes(name)) throw unknownName(name, dataSetNames, "data set");
  const make = makers[name as DataSetName] as (options?: object) => DataSet | Promise<DataSet>;
  return make(options);
}
