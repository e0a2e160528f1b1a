import { quantities } from "vkernel";
import { text } from "../option.js";
import { words } from "../values.js";

export const scorePlaces = {
  at: text("<file>", "the queries, count x dim: a file (.npy, .csv) or a built-in set", { required: true }),
  time: text(
    "<list|file>",
    "one time for all queries, several (0.05,0.2,0.5: all queries at each), or a file of one time per query",
    { required: true, also: ["t"] },
  ),
};

export const scoreOptions = {
  quantity: {
    value: "<list>",
    about: `one or more of ${quantities.join(", ")}`,
    read: (flag: string) => words(flag, quantities),
    default: ["score"] as (typeof quantities)[number][],
  },
};

export const scoreOutputs = {
  out: text("<file>", "write the values (.npy, .npz, .csv, .json)"),
};
