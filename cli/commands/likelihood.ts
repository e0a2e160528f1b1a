import { exactScore, type LikelihoodRun, logLikelihood, type Mixture, type Precision } from "vkernel";
import { encodeNpy } from "vkernel/io";
import { type Context, tell } from "../context.js";
import {
  bitsSentence,
  likelihoodColumn,
  likelihoodNames,
  likelihoodPieces,
  likelihoodTable,
  meanOf,
} from "../densities.js";
import { exitCodes, Failure } from "../errors.js";
import { endingOf, type Files } from "../files.js";
import { readTimes } from "../given.js";
import { mixtureOptions, type Queries, readQueries, readSource } from "../input.js";
import { onEngine } from "../onEngine.js";
import { likelihoodOptions } from "../options.js";
import { withParameters } from "../plan.js";
import {
  csvPieces,
  duration,
  grouped,
  jsonPieces,
  MAX_JSON,
  notFinite,
  onePiece,
  print,
  Shaped,
  short,
} from "../text.js";
import { type Flow, flowOf, type LikelihoodChoices } from "./likelihood/flow.js";

/** `vkernel likelihood`: log densities of given points along the probability flow. */
export async function runLikelihood(
  name: string,
  choices: LikelihoodChoices,
  context: Context,
): Promise<void> {
  const { files, signal, sources } = context;
  const input = await readSource(name, choices, context);
  const points = await readQueries(choices.at, input, choices, files);
  const list = await readTimes(choices.times, context);
  const targets = await claimTargets(choices, files);
  if (choices.json === true && targets.out === undefined) checkJson(points);
  signal.throwIfAborted();
  const flow = flowOf(choices, list);
  const base = choices.base ?? likelihoodOptions.base.default;
  await onEngine("integrating", choices, async (engine, progress) => {
    const data = engine.mixture(input.points, mixtureOptions(input, choices));
    // From here on "points" are those that densities are asked of.
    sources.points = { file: choices.at, dim: input.dim };
    const { process, sampler, grid } = flow;
    const start = performance.now();
    const options = { sampler, grid, base, signal, onProgress: progress.update };
    const run = await logLikelihood(exactScore(data, process), points.points, options);
    const milliseconds = performance.now() - start;
    progress.stop();
    const { threads, kernels } = engine.info;
    const result = { name, data, flow, base, run, stats: { milliseconds, threads, kernels } };
    await writeDensities(result, targets, points.lead, context);
    signal.throwIfAborted();
    await files.commit();
    const { values, count } = likelihoodTable(run);
    if (choices.json) await print(jsonPieces(toldOf(result, targets, points.lead), signal));
    else if (targets.out === undefined)
      await print(csvPieces([likelihoodColumn(values)], count, true, signal));
    tellDensities(result, choices);
  });
}

/** Files that are claimed; undefined is what nobody asked for. */
interface Targets {
  readonly out: string | undefined;
  readonly latents: string | undefined;
}

async function claimTargets(choices: LikelihoodChoices, files: Files): Promise<Targets> {
  const endings = [".npy", ".csv"];
  const out = await files.claimGiven("--out", choices.out, endings);
  return { out, latents: await files.claimGiven("--latents", choices.latents, endings) };
}

/** That what becomes JSON is no more than a program reads in one piece. */
function checkJson({ rows }: Queries): void {
  if (3 * rows <= MAX_JSON) return;
  const message = `--json expected at most ${grouped(MAX_JSON)} numbers without --out, got ${grouped(3 * rows)}`;
  throw new Failure("E_LIMIT", exitCodes.memory, "--json", message);
}

async function writeDensities(
  { data: { dim }, run }: Result,
  { out, latents }: Targets,
  lead: readonly number[],
  { files, signal }: Context,
): Promise<void> {
  if (out !== undefined) await files.write(out, likelihoodPieces(out, run, lead, signal));
  if (latents === undefined) return;
  const values = run.latents;
  const header = Array.from({ length: dim }, (_, i) => `x${i}`);
  const pieces =
    endingOf(latents) === ".npy"
      ? onePiece(encodeNpy(values, [...lead, dim]))
      : csvPieces([{ name: "latents", values, width: dim, header }], run.logDensity.length, true, signal);
  await files.write(latents, pieces);
}

/** Densities of points under the model of data. */
interface Result {
  /** Of the data, as it was given. */
  readonly name: string;
  readonly data: Mixture;
  readonly flow: Flow;
  readonly base: string;
  readonly run: LikelihoodRun<Precision>;
  readonly stats: { readonly milliseconds: number; readonly threads: number; readonly kernels: string };
}

function toldOf(
  { name, data, flow, base, run, stats }: Result,
  { out, latents }: Targets,
  lead: readonly number[],
) {
  const { process, sampler, grid, times } = flow;
  const { values, count } = likelihoodTable(run);
  return {
    command: "likelihood",
    data: { name, size: data.size, dim: data.dim, sigma0: data.sigma0 },
    process: { name: process.name, ...process.parameters },
    sampler: { name: sampler.name, ...sampler.parameters },
    grid: { name: grid.name, ...grid.parameters },
    times: Array.from(times),
    base,
    count,
    precision: data.precision,
    bitsPerDim: meanOf(run.bitsPerDim),
    stats: { evaluations: run.evaluations, ...stats },
    out: out ?? null,
    latents: latents ?? null,
    ...(out === undefined
      ? { columns: likelihoodColumn(values).header, values: new Shaped(values, [...lead, 3]) }
      : {}),
  };
}

function tellDensities({ name, flow, run, stats }: Result, choices: LikelihoodChoices): void {
  const { process, sampler, times } = flow;
  tell(
    choices,
    `${grouped(run.logDensity.length)} points under ${name} by ${withParameters(sampler)}, process ${withParameters(process)}, ` +
      `t = ${short(times.at(-1) as number)} to ${short(times[0])}: ${bitsSentence(run)}, ` +
      `${short(run.evaluations, 4)} evaluations per point, ${duration(stats.milliseconds)}`,
  );
  const odd = notFinite(likelihoodNames.map((one) => ({ name: one, values: run[one] })));
  if (odd !== undefined) tell(choices, odd);
  for (const path of [choices.out, choices.latents]) if (path !== undefined) tell(choices, `wrote ${path}`);
}
