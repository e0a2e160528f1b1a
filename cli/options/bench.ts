import { benchGroups } from "../benchmark/builtIn.js";
import { numeric, text } from "../option.js";
import { words } from "../values.js";
import { engineOptions } from "./common.js";
import { dataOptions } from "./data.js";

export const benchOptions = {
  seconds: numeric("<n>", "time to spend in all, 1 to 3600", { default: 20 }),
  only: {
    value: "<list>",
    about: `without --data: ${benchGroups.join(", ")}`,
    read: (flag: string) => words(flag, benchGroups),
    otherwise: "both",
  },
  threads: { ...engineOptions.threads, about: "threads of the last column, 1 to 64, or auto" },
};

const { labels, weights, classes, pixels, limit, precision } = dataOptions;
/** What is measured of data of one's own. Components have no width: `--sigma0` is not among them. */
export const ownOptions = {
  data: text("<set|file>", "measure this data, each kernel beside tuned plain TypeScript"),
  count: numeric("<n>", "queries, and particles of the run", { otherwise: "what takes tenths of a second" }),
  sigma: numeric("<n>", "noise level of the queries", { otherwise: "0.1 of the data's scale" }),
  ...{ labels, weights, classes, pixels, limit, precision },
};
