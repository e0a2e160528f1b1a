import type { Engine } from "vkernel";
import type { CommonChoices } from "./context.js";
import { type EngineChoices, startEngine } from "./engine.js";
import type { Chosen } from "./option.js";
import type { progressOptions } from "./options.js";
import { Progress } from "./progress.js";

/** What commands that run on an engine and show a bar are given. */
export type RunChoices = EngineChoices & CommonChoices & Chosen<typeof progressOptions>;

/** Does work on an engine, with a bar that says what it does; both end with it. */
export async function onEngine<T>(
  what: string,
  choices: RunChoices,
  work: (engine: Engine, progress: Progress) => Promise<T>,
): Promise<T> {
  const engine = await startEngine(choices);
  const progress = new Progress(what, {
    quiet: choices.quiet === true,
    progress: choices.progress === true,
  });
  try {
    return await work(engine, progress);
  } finally {
    progress.stop();
    engine.close();
  }
}
