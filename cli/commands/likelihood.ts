import { exactScore, logLikelihood, type Sampler } from "vkernel";
import { encodeNpy } from "vkernel/io";
import { type CommonChoices, type Context, tell } from "../context.js";
import {
  bitsSentence,
  likelihoodColumn,
  likelihoodNames,
  likelihoodPieces,
  likelihoodTable,
  meanOf,
} from "../densities.js";
import { type EngineChoices, startEngine } from "../engine.js";
import { exitCodes, Failure } from "../errors.js";
import { endingOf } from "../files.js";
import { readTimes } from "../given.js";
import { type DataOptions, mixtureOptions, readSource, readQueries } from "../input.js";
import { conflict } from "../values.js";
import { makeGrid, STEPS } from "../grids.js";
import { type Chosen, flagOf } from "../option.js";
import {
  flowGridOptions,
  flowOptions,
  likelihoodOptions,
  type likelihoodOutputs,
  type likelihoodPlaces,
  type progressOptions,
} from "../options.js";
import { withParameters } from "../plan.js";
import { makeProcess, type ProcessChoices } from "../processes.js";
import { makeSampler } from "../samplers.js";
import { Progress } from "../progress.js";
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

export type LikelihoodChoices = DataOptions &
  EngineChoices &
  CommonChoices &
  ProcessChoices &
  Chosen<typeof flowOptions> &
  Chosen<typeof flowGridOptions> &
  Chosen<typeof likelihoodPlaces> &
  Chosen<typeof likelihoodOptions> &
  Chosen<typeof likelihoodOutputs> &
  Chosen<typeof progressOptions>;

/** `vkernel likelihood`: log densities of given points along the probability flow. */
export async function runLikelihood(
  name: string,
  choices: LikelihoodChoices,
  context: Context,
): Promise<void> {
  const { files, signal, sources } = context;
  const input = await readSource(name, choices, context);
  const { dim } = input;
  const points = await readQueries(choices.at, input, choices, files);
  const list = await readTimes(choices.times, context);
  const endings = [".npy", ".csv"];
  const out = choices.out === undefined ? undefined : await files.claim("--out", choices.out, endings);
  const latents =
    choices.latents === undefined ? undefined : await files.claim("--latents", choices.latents, endings);
  const inJson = choices.json === true && out === undefined;
  if (inJson && 3 * points.rows > MAX_JSON) {
    const message = `--json expected at most ${grouped(MAX_JSON)} numbers without --out, got ${grouped(3 * points.rows)}`;
    throw new Failure("E_LIMIT", exitCodes.memory, "--json", message);
  }
  signal.throwIfAborted();

  const process = makeProcess(choices);
  const sampler = makeSampler(choices, flowOptions.sampler.default);
  if (!sampler.flow) {
    const { option, value } = sampler.flowWith as NonNullable<Sampler["flowWith"]>;
    throw conflict("--sampler", `${sampler.name} follows the flow with ${flagOf(option)} ${value} only`);
  }
  const steps = sampler.adaptive ? 1 : STEPS;
  const last = "sigmaMin";
  const grid = makeGrid(choices, process, { steps, grid: flowGridOptions.grid.default, last }, list);
  const times = grid.times(process);
  if (times.at(-1) === 0) {
    const option = list === undefined ? "--t-min" : "--times";
    throw conflict(option, "expected a last time above 0, where the points have a density, got 0");
  }
  const engine = await startEngine(choices);
  const progress = new Progress("integrating", {
    quiet: choices.quiet === true,
    progress: choices.progress === true,
  });
  try {
    const data = engine.mixture(input.points, mixtureOptions(input, choices));
    // From here on "points" are those that densities are asked of.
    sources.points = { file: choices.at, dim };
    const start = performance.now();
    const run = await logLikelihood(exactScore(data, process), points.points, {
      sampler,
      grid,
      base: choices.base ?? likelihoodOptions.base.default,
      signal,
      onProgress: progress.update,
    });
    const milliseconds = performance.now() - start;
    progress.stop();
    const { values, count } = likelihoodTable(run);
    if (out !== undefined) await files.write(out, likelihoodPieces(out, run, points.lead, signal));
    if (latents !== undefined) {
      const header = Array.from({ length: dim }, (_, i) => `x${i}`);
      const column = { name: "latents", values: run.latents, width: dim, header };
      const pieces =
        endingOf(latents) === ".npy"
          ? onePiece(encodeNpy(run.latents, [...points.lead, dim]))
          : csvPieces([column], count, true, signal);
      await files.write(latents, pieces);
    }
    signal.throwIfAborted();
    await files.commit();

    const { info } = engine;
    if (choices.json) {
      const told = {
        command: "likelihood",
        data: { name, size: data.size, dim, sigma0: data.sigma0 },
        process: { name: process.name, ...process.parameters },
        sampler: { name: sampler.name, ...sampler.parameters },
        grid: { name: grid.name, ...grid.parameters },
        times: Array.from(times),
        base: choices.base ?? likelihoodOptions.base.default,
        count,
        precision: data.precision,
        bitsPerDim: meanOf(run.bitsPerDim),
        stats: {
          evaluations: run.evaluations,
          milliseconds,
          threads: info.threads,
          kernels: info.kernels,
        },
        out: out ?? null,
        latents: latents ?? null,
        ...(out === undefined
          ? { columns: likelihoodColumn(values).header, values: new Shaped(values, [...points.lead, 3]) }
          : {}),
      };
      await print(jsonPieces(told, signal));
    } else if (out === undefined) await print(csvPieces([likelihoodColumn(values)], count, true, signal));
    tell(
      choices,
      `${grouped(count)} points under ${name} by ${withParameters(sampler)}, process ${withParameters(process)}, ` +
        `t = ${short(times.at(-1) as number)} to ${short(times[0])}: ${bitsSentence(run)}, ` +
        `${short(run.evaluations, 4)} evaluations per point, ${duration(milliseconds)}`,
    );
    const odd = notFinite(likelihoodNames.map((one) => ({ name: one, values: run[one] })));
    if (odd !== undefined) tell(choices, odd);
    for (const path of [choices.out, choices.latents]) if (path !== undefined) tell(choices, `wrote ${path}`);
  } finally {
    progress.stop();
    engine.close();
  }
}
