import { exactScore, type Process } from "vkernel";
import { type Context, tell } from "../context.js";
import { type DataOptions, mixtureOptions, readQueries, readSource } from "../input.js";
import { onEngine, type RunChoices } from "../onEngine.js";
import type { Chosen } from "../option.js";
import { scoreOptions, type scoreOutputs, type scorePlaces } from "../options.js";
import { makeProcess, type ProcessChoices } from "../processes.js";
import { duration, grouped, jsonPieces, notFinite, print, short } from "../text.js";
import { csvOf, objectOf, type Scores, scoresOf } from "./score/scores.js";
import { checkJson, claimTargets, type Targets, writeScores } from "./score/targets.js";
import { readTimes } from "./score/times.js";

export type ScoreChoices = DataOptions &
  RunChoices &
  ProcessChoices &
  Chosen<typeof scorePlaces> &
  Chosen<typeof scoreOptions> &
  Chosen<typeof scoreOutputs>;

/** `vkernel score`: evaluates quantities of the exact score at queries. */
export async function runScore(name: string, choices: ScoreChoices, context: Context): Promise<void> {
  const { files, signal, sources } = context;
  const input = await readSource(name, choices, context);
  const queries = await readQueries(choices.at, input, choices, files);
  sources.x = { file: choices.at, dim: input.dim };
  const when = await readTimes(choices.time, queries.rows, context);
  const wanted = choices.quantity ?? scoreOptions.quantity.default;
  const targets = await claimTargets(choices.out, wanted, files);
  signal.throwIfAborted();

  const process = makeProcess(choices);
  await onEngine("scoring", choices, async (engine, progress) => {
    const data = engine.mixture(input.points, mixtureOptions(input, choices));
    const field = exactScore(data, process);
    const start = performance.now();
    const scores = await scoresOf(field, queries, when, wanted, { signal, onProgress: progress.update });
    const milliseconds = performance.now() - start;
    progress.stop();
    if (targets.ending === ".json" || (choices.json === true && choices.out === undefined)) checkJson(scores);
    await writeScores(scores, targets, context);
    signal.throwIfAborted();
    await files.commit();
    const { threads, kernels } = engine.info;
    if (choices.json) {
      const told = {
        command: "score",
        data: { name, size: input.rows, dim: input.dim, sigma0: data.sigma0 },
        process: process.name,
        time: timeOf(scores, choices.time),
        count: scores.count,
        precision: data.precision,
        quantities: wanted,
        stats: { milliseconds, threads, kernels },
        out: choices.out === undefined ? null : [...targets.paths.values()],
        ...(choices.out === undefined ? { values: objectOf(scores) } : {}),
      };
      await print(jsonPieces(told, signal));
    } else if (choices.out === undefined) await print(csvOf(scores, signal));
    tellScores({ name, process, scores, milliseconds, targets }, choices);
  });
}

/** The time or the times as the result has them; of a file its name. */
function timeOf({ when: { list, times, file } }: Scores, given: string): readonly number[] | number | string {
  return list ?? (times.length === 1 && !file ? times[0] : given);
}

function tellScores(
  {
    name,
    process,
    scores,
    milliseconds,
    targets,
  }: {
    name: string;
    process: Process;
    scores: Scores;
    milliseconds: number;
    targets: Targets;
  },
  choices: ScoreChoices,
): void {
  const { when, columns, count } = scores;
  const what = columns.map((column) => column.name).join(", ");
  const at = when.file
    ? `the times of ${choices.time}`
    : `t = ${Array.from(when.times, (t) => short(t)).join(", ")}`;
  tell(
    choices,
    `${what} of ${name} at ${grouped(count)} queries, process ${process.name}, ${at}: ${duration(milliseconds)}`,
  );
  const odd = notFinite(columns);
  if (odd !== undefined) tell(choices, odd);
  for (const path of targets.paths.values()) tell(choices, `wrote ${path}`);
}
