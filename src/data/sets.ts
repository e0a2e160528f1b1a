import { unknownName } from "../check.js";
import { badArgument } from "../errors.js";
import { type DataSet, line, lShape, polygon, randomOutlier } from "./builtin.js";
import { digits } from "./digits.js";

/** The names of the built-in data sets. */
export const dataSetNames = ["polygon", "line", "L", "random", "digits"] as const;

/** The name of a built-in data set. */
export type DataSetName = (typeof dataSetNames)[number];

const makers: Record<DataSetName, () => DataSet | Promise<DataSet>> = {
  polygon,
  line,
  L: lShape,
  random: randomOutlier,
  digits,
};

/**
 * A built-in data set, by name, with its default options.
 *
 * @throws {VkernelError} E_USAGE: an unknown name (the message offers the nearest one); E_TYPE: no string
 * @example const { points, dim } = await loadDataSet("polygon");
 */
export async function loadDataSet(name: DataSetName | (string & {})): Promise<DataSet> {
  if (typeof name !== "string")
    throw badArgument("E_TYPE", "name", `one of ${dataSetNames.join(", ")}`, name);
  if (!(dataSetNames as readonly string[]).includes(name)) throw unknownName(name, dataSetNames, "data set");
  return makers[name as DataSetName]();
}
