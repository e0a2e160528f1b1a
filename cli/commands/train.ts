import {
  logNormalTimes,
  logUniformTimes,
  type Mixture,
  mlpScore,
  type Process,
  type TimeLaw,
  uniformTimes,
} from "vkernel";
import { checkInteger } from "vkernel/internal";
import { type Context, tell } from "../context.js";
import { type DataOptions, mixtureOptions, readSource } from "../input.js";
import { onEngine, type RunChoices } from "../onEngine.js";
import { NetworkFolder } from "../networks.js";
import { type Chosen, chosenOf } from "../option.js";
import { networkOptions, trainOptions } from "../options.js";
import { makeProcess, type ProcessChoices } from "../processes.js";
import { make } from "../taken.js";
import { duration, grouped, printJson, short } from "../text.js";

export type TrainChoices = DataOptions &
  RunChoices &
  ProcessChoices &
  Chosen<typeof trainOptions> &
  Chosen<typeof networkOptions>;

const MOST_MEMBERS = 999;

/** `vkernel train`: networks of one kind, each from its own seed, a file each. */
export async function runTrain(name: string, choices: TrainChoices, context: Context): Promise<void> {
  const { files, signal } = context;
  const input = await readSource(name, choices, context);
  const training = trainingOf(choices);
  const { process, steps, seed, times, options } = training;
  let folder: NetworkFolder | undefined;
  let kept = false;
  try {
    await onEngine("training", choices, async (engine, progress) => {
      const data = engine.mixture(input.points, mixtureOptions(input, choices));
      const about = { name: input.name, size: data.size, dim: data.dim, sigma0: data.sigma0 };
      const how = { name: times.name, ...times.parameters };
      const made = { name: process.name, parameters: process.parameters };
      const { precision } = data;
      const settings = { data: about, process: made, precision, steps, times: how, ...options };
      const claim = { settings, seed, force: choices.force === true };
      folder = await NetworkFolder.claim(choices.out, files, claim);
      const start = performance.now();
      const networks = await trainAll(data, training, folder, { signal, onProgress: progress.update });
      progress.stop();
      signal.throwIfAborted();
      await folder.commit();
      kept = true;
      const milliseconds = performance.now() - start;
      if (choices.json) {
        const told = { command: "train", data: input.name, process: made, steps, times: how };
        printJson({ ...told, networks, milliseconds });
      } else
        tell(
          choices,
          `${name}: ${sentenceOf(networks, steps)}; ${duration(milliseconds)}; in ${choices.out}`,
        );
    });
  } finally {
    if (!kept) await folder?.leave();
  }
}

/** What is trained, checked. */
interface Training {
  readonly process: Process;
  readonly members: number;
  /** Of the first network; those after it have the seeds after it. */
  readonly seed: number;
  readonly steps: number;
  readonly times: TimeLaw;
  readonly options: Chosen<typeof networkOptions>;
}

function trainingOf(choices: TrainChoices): Training {
  const process = makeProcess(choices);
  const { members, seed, steps } = trainOptions;
  const mostSeed = Number.MAX_SAFE_INTEGER - MOST_MEMBERS;
  return {
    process,
    members: checkInteger(choices.members ?? members.default, "members", 1, MOST_MEMBERS),
    seed: checkInteger(choices.seed ?? seed.default, "seed", 0, mostSeed),
    steps: checkInteger(choices.steps ?? steps.default, "steps", 1, 1e8),
    times: lawOf(choices, process),
    options: chosenOf(networkOptions, choices),
  };
}

/** A network that was trained, and its mean loss over its first and its last steps. */
interface Trained {
  readonly file: string;
  readonly seed: number;
  readonly parameters: number;
  readonly first: number;
  readonly last: number;
}

async function trainAll(
  data: Mixture,
  { process, members, seed, steps, times, options }: Training,
  folder: NetworkFolder,
  {
    signal,
    onProgress,
  }: { signal: AbortSignal; onProgress: (progress: { done: number; total: number }) => void },
): Promise<[Trained, ...Trained[]]> {
  const train = async (m: number): Promise<Trained> => {
    const net = await mlpScore(data, process, {
      ...options,
      steps,
      times,
      signal,
      seed: seed + m,
      onProgress: ({ done }) => onProgress({ done: m * steps + done, total: members * steps }),
    });
    const trained = {
      file: await folder.write(m, seed + m, net.save()),
      seed: seed + m,
      parameters: net.parameters.length,
      first: meanOf(net.losses.slice(0, 100)),
      last: meanOf(net.losses.slice(-100)),
    };
    net.dispose();
    return trained;
  };
  const trained: [Trained, ...Trained[]] = [await train(0)];
  for (let m = 1; m < members; m++) trained.push(await train(m));
  return trained;
}

/** "20 networks of 8,706 parameters, 3,000 steps; loss 0.9, then 0.2 to 0.3". */
function sentenceOf(trained: readonly [Trained, ...Trained[]], steps: number): string {
  const [one] = trained;
  const losses = trained.map(({ last }) => last);
  const single = trained.length === 1;
  const range = single ? short(one.last) : `${short(Math.min(...losses))} to ${short(Math.max(...losses))}`;
  const what = single ? "a network" : `${trained.length} networks`;
  return `${what} of ${grouped(one.parameters)} parameters, ${grouped(steps)} steps; loss ${short(one.first)}, then ${range}`;
}

const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The times that training looks at: by default those of the noise levels 0.01 to 20, log-uniform. */
function lawOf(chosen: TrainChoices, process: Process): TimeLaw {
  const word = chosen.law ?? trainOptions.law.default;
  const top = process.end === Number.POSITIVE_INFINITY ? 20 : Math.min(20, process.sigma(process.end));
  const more = { tMin: process.timeOfSigma(0.01), tMax: process.timeOfSigma(top) };
  return make({ options: trainOptions, by: "law", word, chosen, more }, laws[word]);
}

const laws = { logUniform: logUniformTimes, uniform: uniformTimes, logNormal: () => logNormalTimes() };
