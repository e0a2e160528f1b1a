import { logNormalTimes, logUniformTimes, mlpScore, type Process, type TimeLaw, uniformTimes } from "vkernel";
import { checkInteger } from "vkernel/internal";
import { type CommonChoices, type Context, tell } from "../context.js";
import { type EngineChoices, startEngine } from "../engine.js";
import { type DataOptions, mixtureOptions, readSource } from "../input.js";
import { NetworkFolder } from "../networks.js";
import { type Chosen, chosenOf } from "../option.js";
import { networkOptions, type progressOptions, trainOptions } from "../options.js";
import { makeProcess, type ProcessChoices } from "../processes.js";
import { make } from "../taken.js";
import { Progress } from "../progress.js";
import { duration, grouped, printJson, short } from "../text.js";

export type TrainChoices = DataOptions &
  EngineChoices &
  CommonChoices &
  ProcessChoices &
  Chosen<typeof trainOptions> &
  Chosen<typeof networkOptions> &
  Chosen<typeof progressOptions>;

const MOST_MEMBERS = 999;

/** `vkernel train`: networks of one kind, each from its own seed, a file each. */
export async function runTrain(name: string, choices: TrainChoices, context: Context): Promise<void> {
  const { files, signal } = context;
  const input = await readSource(name, choices, context);
  const process = makeProcess(choices);
  const members = checkInteger(choices.members ?? trainOptions.members.default, "members", 1, MOST_MEMBERS);
  const seed = checkInteger(
    choices.seed ?? trainOptions.seed.default,
    "seed",
    0,
    Number.MAX_SAFE_INTEGER - MOST_MEMBERS,
  );
  const steps = checkInteger(choices.steps ?? trainOptions.steps.default, "steps", 1, 1e8);
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
    const options = chosenOf(networkOptions, choices);
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
        ...options,
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
function lawOf(chosen: TrainChoices, process: Process): TimeLaw {
  const word = chosen.law ?? trainOptions.law.default;
  const top = process.end === Number.POSITIVE_INFINITY ? 20 : Math.min(20, process.sigma(process.end));
  const more = { tMin: process.timeOfSigma(0.01), tMax: process.timeOfSigma(top) };
  return make({ options: trainOptions, by: "law", word, chosen, more }, laws[word]);
}

const laws = { logUniform: logUniformTimes, uniform: uniformTimes, logNormal: () => logNormalTimes() };
