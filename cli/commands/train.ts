import { logNormalTimes, logUniformTimes, mlpScore, type Process, type TimeLaw, uniformTimes } from "vkernel";
import { checkInteger } from "vkernel/internal";
import { type CommonChoices, type Context, tell } from "../context.js";
import { type EngineChoices, startEngine } from "../engine.js";
import { type DataOptions, mixtureOptions, readSource } from "../input.js";
import { NetworkFolder } from "../networks.js";
import { conflict } from "../values.js";
import { makeProcess, type ProcessChoices } from "../plan.js";
import { Progress } from "../progress.js";
import { duration, grouped, printJson, short } from "../text.js";

export interface TrainChoices extends DataOptions, EngineChoices, CommonChoices, ProcessChoices {
  out: string;
  /** Replaces the networks that the folder holds. */
  force?: boolean;
  members?: number;
  widths?: readonly number[];
  activation?: "relu" | "silu" | "tanh";
  conditioning?: "scaled" | "edm";
  timeFeatures?: number;
  steps?: number;
  batch?: number;
  learningRate?: number;
  weightDecay?: number;
  decay?: "coupled" | "decoupled";
  loss?: "exact" | "denoising";
  samples?: number;
  weighting?: "variance" | "one" | "edm";
  law?: "logUniform" | "uniform" | "logNormal";
  tMin?: number;
  tMax?: number;
  seed?: number;
  progress?: boolean;
}

const MOST_MEMBERS = 999;
const STEPS = 3000;
const own = [
  "widths",
  "activation",
  "conditioning",
  "timeFeatures",
  "batch",
  "learningRate",
  "weightDecay",
  "decay",
  "loss",
  "samples",
  "weighting",
] as const;

/** `vkernel train`: networks of one kind, each from its own seed, a file each. */
export async function runTrain(name: string, choices: TrainChoices, context: Context): Promise<void> {
  const { files, signal } = context;
  const input = await readSource(name, choices, context);
  const process = makeProcess(choices);
  const members = checkInteger(choices.members ?? 1, "members", 1, MOST_MEMBERS);
  const seed = checkInteger(choices.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER - MOST_MEMBERS);
  const steps = checkInteger(choices.steps ?? STEPS, "steps", 1, 1e8);
  const times = lawOf(choices, process);
  const engine = await startEngine(choices);
  const progress = new Progress("training", {
    quiet: choices.quiet === true,
    progress: choices.progress === true,
  });
  let folder: NetworkFolder | undefined;
  let kept = false;
  try {
    const data = engine.mixture(input.points, mixtureOptions(input, choices));
    const options: Record<string, unknown> = {};
    for (const key of own) if (choices[key] !== undefined) options[key] = choices[key];
    const about = { name: input.name, size: data.size, dim: data.dim, sigma0: data.sigma0 };
    const settings = {
      data: about,
      process: { name: process.name, parameters: process.parameters },
      precision: data.precision,
      steps,
      times: { name: times.name, ...times.parameters },
      ...options,
    };
    folder = await NetworkFolder.claim(choices.out, files, { settings, seed, force: choices.force === true });
    const start = performance.now();
    const trained: { file: string; seed: number; parameters: number; first: number; last: number }[] = [];
    for (let m = 0; m < members; m++) {
      const net = await mlpScore(data, process, {
        ...(options as unknown as Parameters<typeof mlpScore>[2]),
        steps,
        times,
        signal,
        seed: seed + m,
        onProgress: ({ done }) => progress.update({ done: m * steps + done, total: members * steps }),
      });
      trained.push({
        file: await folder.write(m, seed + m, net.save()),
        seed: seed + m,
        parameters: net.parameters.length,
        first: meanOf(net.losses.slice(0, 100)),
        last: meanOf(net.losses.slice(-100)),
      });
      net.dispose();
    }
    progress.stop();
    signal.throwIfAborted();
    await folder.commit();
    kept = true;
    const milliseconds = performance.now() - start;
    if (choices.json) {
      printJson({
        command: "train",
        data: input.name,
        process: { name: process.name, parameters: process.parameters },
        steps,
        times: { name: times.name, ...times.parameters },
        networks: trained,
        milliseconds,
      });
      return;
    }
    const [one] = trained as [(typeof trained)[number]];
    const losses = trained.map(({ last }) => last);
    const range =
      members === 1 ? short(one.last) : `${short(Math.min(...losses))} to ${short(Math.max(...losses))}`;
    tell(
      choices,
      `${name}: ${members === 1 ? "a network" : `${members} networks`} of ${grouped(one.parameters)} parameters, ${grouped(steps)} steps; loss ${short(one.first)}, then ${range}; ${duration(milliseconds)}; in ${choices.out}`,
    );
  } finally {
    progress.stop();
    engine.close();
    if (!kept) await folder?.leave();
  }
}

const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The times that training looks at: by default those of the noise levels 0.01 to 20, log-uniform. */
function lawOf({ law = "logUniform", tMin, tMax }: TrainChoices, process: Process): TimeLaw {
  if (law === "logNormal") {
    for (const [flag, value] of [
      ["--t-min", tMin],
      ["--t-max", tMax],
    ] as const) {
      if (value !== undefined) throw conflict(flag, "goes with --law logUniform or uniform only");
    }
    return logNormalTimes();
  }
  const top = process.end === Number.POSITIVE_INFINITY ? 20 : Math.min(20, process.sigma(process.end));
  const ends = { tMin: tMin ?? process.timeOfSigma(0.01), tMax: tMax ?? process.timeOfSigma(top) };
  return law === "uniform" ? uniformTimes(ends) : logUniformTimes(ends);
}
