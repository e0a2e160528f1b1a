import { createEngine, type Engine } from "vkernel";

/** The options of every command that runs on an engine. */
export interface EngineChoices {
  threads?: number | "auto";
  kernels?: "auto" | "simd" | "relaxed" | "reference";
}

export const startEngine = ({ threads, kernels }: EngineChoices): Promise<Engine> =>
  createEngine({
    ...(threads === undefined ? {} : { threads }),
    ...(kernels === undefined ? {} : { kernels }),
  });
