import { createEngine, type Engine } from "vkernel";
import type { Chosen } from "./option.js";
import type { engineOptions } from "./options.js";

/** The options of every command that runs on an engine. */
export type EngineChoices = Chosen<typeof engineOptions>;

export const startEngine = ({ threads, kernels }: EngineChoices): Promise<Engine> =>
  createEngine({
    ...(threads === undefined ? {} : { threads }),
    ...(kernels === undefined ? {} : { kernels }),
  });
