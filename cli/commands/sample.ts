import { sample } from "vkernel";
import { encodeNpy, encodeSamples } from "vkernel/io";
import { type CommonChoices, type Context, tell } from "../context.js";
import { type EngineChoices, startEngine } from "../engine.js";
import { exitCodes, Failure } from "../errors.js";
import { endingOf } from "../files.js";
import { checkNoiseShape, readInitial, readNoise, readTimes } from "../given.js";
import { type DataOptions, mixtureOptions, readSource } from "../input.js";
import { readNetworks } from "../networks.js";
import type { Chosen } from "../option.js";
import { type progressOptions, runOptions, type sampleOutputs } from "../options.js";
import { conflict } from "../values.js";
import { planSample, type SampleChoices } from "../plan.js";
import { bitsSentence, likelihoodPieces, meanOf } from "../densities.js";
import { Progress } from "../progress.js";
import {
  commandLine,
  csvPieces,
  duration,
  grouped,
  jsonPieces,
  MAX_JSON,
  notFinite,
  onePiece,
  print,
  Shaped,
} from "../text.js";

export type SampleCommandChoices = SampleChoices &
  DataOptions &
  EngineChoices &
  CommonChoices &
  Chosen<typeof sampleOutputs> &
  Chosen<typeof progressOptions>;

/** `vkernel sample`: draws samples, writes them, and a report. */
export async function runSample(
  name: string,
  choices: SampleCommandChoices,
  context: Context,
): Promise<void> {
  const { files, signal, sources } = context;
  const input = await readSource(name, choices, context);
  const archive = choices.out !== undefined && endingOf(choices.out) === ".npz";
  if (choices.record !== undefined && choices.trajectories === undefined && !archive) {
    throw conflict("--record", "needs --trajectories <file.npy> or --out <file.npz>");
  }
  const states = await readInitial(choices.initial, context, input.dim);
  const times = await readTimes(choices.times, context);
  const noise = await readNoise(choices.noise, context);
  const { network } = choices;
  const networks =
    network === undefined ? undefined : await readNetworks(network, files, (line) => tell(choices, line));
  const out =
    choices.out === undefined ? undefined : await files.claim("--out", choices.out, [".npy", ".npz", ".csv"]);
  const report =
    choices.report === undefined
      ? undefined
      : await files.claim("--report", choices.report, [".html", ".htm"]);
  const likelihood =
    choices.likelihood === undefined
      ? undefined
      : await files.claim("--likelihood", choices.likelihood, [".npy", ".csv"]);
  const trajectories =
    choices.trajectories === undefined
      ? undefined
      : await files.claim("--trajectories", choices.trajectories, [".npy"]);
  const inText = out === undefined && (choices.json === true || report === undefined);
  signal.throwIfAborted();

  const engine = await startEngine(choices);
  const progress = new Progress("sampling", {
    quiet: choices.quiet === true,
    progress: choices.progress === true,
  });
  try {
    if (choices.estimator !== undefined) sources.samples = { option: "--fit-samples" };
    const data = engine.mixture(input.points, mixtureOptions(input, choices));
    const plan = await planSample(
      data,
      trajectories === undefined ? choices : { record: "all", ...choices },
      {
        states,
        times,
        noise: noise?.values,
        likelihood: likelihood !== undefined,
        networks,
        signal,
      },
    );
    if (plan.cost !== undefined) tell(choices, `${name}: ${plan.cost}`);
    if (noise !== undefined) {
      sources.noise = { file: choices.noise as string, dim: input.dim };
      checkNoiseShape(choices.noise as string, noise.shape, [plan.times.length - 1, plan.count, input.dim]);
    }
    if (inText && choices.json && plan.count * input.dim > MAX_JSON) {
      const message = `--json expected at most ${grouped(MAX_JSON)} numbers without --out, got ${grouped(plan.count * input.dim)}`;
      throw new Failure("E_LIMIT", exitCodes.memory, "--json", message);
    }
    const run = await sample(plan.field, { ...plan.options, signal, onProgress: progress.update });
    progress.stop();
    const { samples, count, dim } = run;

    const names = Array.from({ length: dim }, (_, i) => `x${i}`);
    const column = { name: "samples", values: samples, width: dim, header: names };
    if (out !== undefined) {
      const ending = endingOf(out);
      const pieces =
        ending === ".npy"
          ? onePiece(encodeNpy(samples, [count, dim]))
          : ending === ".npz"
            ? onePiece(encodeSamples(run))
            : csvPieces([column], count, true, signal);
      await files.write(out, pieces);
    }
    if (likelihood !== undefined && run.likelihood !== undefined) {
      await files.write(likelihood, likelihoodPieces(likelihood, run.likelihood, [count], signal));
    }
    if (trajectories !== undefined && run.trajectories !== undefined) {
      const shape = [run.recorded.length, count, dim];
      await files.write(trajectories, onePiece(encodeNpy(run.trajectories, shape)));
    }
    const command = commandLine(context.words);
    if (report !== undefined) {
      // Charts take a while to load: only who asks for a report waits.
      const { sampleReport } = await import("../report/sampleReport.js");
      await files.write(report, onePiece(await sampleReport({ input, data, plan, run, command, signal })));
    }
    signal.throwIfAborted();
    await files.commit();

    if (choices.json) {
      const { process } = plan.field;
      const { sampler, grid, seed } = plan.options;
      const told = {
        command: "sample",
        data: { name, size: data.size, dim, sigma0: data.sigma0 },
        process: { name: process.name, ...process.parameters },
        estimator: plan.estimator,
        sampler: { name: sampler.name, ...sampler.parameters },
        grid: { name: grid.name, ...grid.parameters },
        times: Array.from(run.times),
        initial: choices.initial ?? runOptions.initial.default,
        noise: choices.noise ?? runOptions.noise.default,
        count,
        dim,
        seed,
        precision: data.precision,
        stats: run.stats,
        notes: run.notes,
        out: out ?? null,
        report: report ?? null,
        ...(likelihood === undefined || run.likelihood === undefined
          ? {}
          : { likelihood: { out: likelihood, bitsPerDim: meanOf(run.likelihood.bitsPerDim) } }),
        ...(trajectories === undefined
          ? {}
          : { trajectories: { out: trajectories, recorded: Array.from(run.recorded) } }),
        ...(inText ? { samples: new Shaped(samples, [count, dim]) } : {}),
      };
      await print(jsonPieces(told, signal));
    } else if (inText) await print(csvPieces([column], count, true, signal));
    const { milliseconds, threads, kernels } = run.stats;
    tell(
      choices,
      `${name}: ${plan.sentence}: ${duration(milliseconds)} (${kernels}, ${threads} ${threads === 1 ? "thread" : "threads"})`,
    );
    for (const note of run.notes) tell(choices, `note: ${note}`);
    if (run.likelihood !== undefined) tell(choices, bitsSentence(run.likelihood));
    const odd = notFinite([
      { name: "samples", values: samples },
      ...(run.likelihood === undefined ? [] : [{ name: "logDensity", values: run.likelihood.logDensity }]),
    ]);
    if (odd !== undefined) tell(choices, odd);
    for (const path of [choices.out, choices.report, choices.likelihood, choices.trajectories]) {
      if (path !== undefined) tell(choices, `wrote ${path}`);
    }
  } finally {
    progress.stop();
    engine.close();
  }
}
