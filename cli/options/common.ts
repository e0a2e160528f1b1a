/** Options of every command that runs on an engine, and those of what is told and printed. */
import { choice, toggle } from "../option.js";
import { threads } from "../values.js";

export const engineOptions = {
  threads: {
    value: "<n>",
    about: "worker threads, 1 to 64, or auto; results do not depend on it",
    read: () => threads,
    otherwise: "auto",
  },
  kernels: choice("<name>", ["auto", "simd", "relaxed", "reference"], "", { otherwise: "auto" }),
};

export const outputOptions = {
  json: toggle("print one JSON result on stdout; errors are one JSON line on stderr"),
  quiet: toggle("no progress bar and no summary on stderr"),
};

export const progressOptions = {
  progress: toggle("a progress bar also where stderr is no terminal"),
};
