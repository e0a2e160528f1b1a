import type { Failure } from "../../cli/errors.js";
import { explain, type Source } from "../../cli/explain.js";
import { Files } from "../../cli/files.js";
import { makeProgram } from "../../cli/program.js";

/** Runs the command line in this process; gives the error that it would tell, if there is one. */
export async function runHere(
  words: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<Failure | undefined> {
  const sources: Record<string, Source> = {};
  const files = new Files(() => {}, signal);
  try {
    await makeProgram({ files, signal, words, sources }).parseAsync([...words], { from: "user" });
    return undefined;
  } catch (error) {
    return explain(error, sources);
  } finally {
    files.discard();
  }
}
