import { benchGroups } from "../benchmark.js";
import { numeric } from "../option.js";
import { words } from "../values.js";
import { engineOptions } from "./common.js";

export const benchOptions = {
  seconds: numeric("<n>", "time to spend in all, 1 to 3600", { default: 20 }),
  only: {
    value: "<list>",
    about: benchGroups.join(", "),
    read: (flag: string) => words(flag, benchGroups),
    otherwise: "both",
  },
  threads: { ...engineOptions.threads, about: "threads of the last column, 1 to 64, or auto" },
};
