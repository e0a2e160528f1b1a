import { gridOptions } from "./grids.js";
import { flagOf, type Options } from "./option.js";
import { engineOptions } from "./options/common.js";
import { dataOptions } from "./options/data.js";
import { estimatorOptions } from "./options/estimator.js";
import { likelihoodOptions } from "./options/likelihood.js";
import { runOptions, sampleOutputs } from "./options/sample.js";
import { scorePlaces } from "./options/score.js";
import { serveOptions } from "./options/serve.js";
import { networkOptions, trainOptions } from "./options/train.js";
import { processOptions } from "./processes.js";
import { samplerOptions } from "./samplers.js";

// Every option of the command line, in a file for each command or for what takes it; those of processes, samplers and grids are
// beside what their words stand for. Its reading, its help, its type, its default, what it goes with and what the library calls it all come from here. An
// option is one entry; its key is its flag in camel case.
export * from "./options/bench.js";
export * from "./options/claim.js";
export * from "./options/common.js";
export * from "./options/data.js";
export * from "./options/estimator.js";
export * from "./options/likelihood.js";
export * from "./options/map.js";
export * from "./options/report.js";
export * from "./options/sample.js";
export * from "./options/score.js";
export * from "./options/serve.js";
export * from "./options/train.js";

/** The flags of library names, whichever command they are of: an option's own key goes before what another is called. */
export const flagsByName: ReadonlyMap<string, string> = (() => {
  const all: Options[] = [
    engineOptions,
    dataOptions,
    processOptions,
    samplerOptions,
    gridOptions,
    runOptions,
    estimatorOptions,
    sampleOutputs,
    scorePlaces,
    likelihoodOptions,
    trainOptions,
    networkOptions,
    serveOptions,
  ];
  const flags = new Map<string, string>();
  for (const options of all) for (const key of Object.keys(options)) flags.set(key, flagOf(key));
  for (const options of all)
    for (const [key, { as, also = [] }] of Object.entries(options))
      for (const name of [...(as === undefined ? [] : [as]), ...also])
        if (!flags.has(name)) flags.set(name, flagOf(key));
  return flags;
})();
