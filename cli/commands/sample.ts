import { type Engine, sample } from "vkernel";
import { type Context, tell } from "../context.js";
import { exitCodes, Failure } from "../errors.js";
import { checkNoiseShape } from "../given.js";
import { type Input, mixtureOptions, readSource } from "../input.js";
import { onEngine } from "../onEngine.js";
import { type Plan, planSample } from "../plan.js";
import { csvPieces, grouped, jsonPieces, MAX_JSON, print } from "../text.js";
import { type Given, readGiven } from "./sample/given.js";
import type { SampleCommandChoices } from "./sample/result.js";
import { checkRecord, claimTargets, columnOf, type Targets, writeResult } from "./sample/targets.js";
import { tellResult, toldOf } from "./sample/told.js";

/** `vkernel sample`: draws samples, writes them, and a report. */
export async function runSample(
  name: string,
  choices: SampleCommandChoices,
  context: Context,
): Promise<void> {
  const { files, signal } = context;
  const input = await readSource(name, choices, context);
  checkRecord(choices);
  const given = await readGiven(choices, context, input.dim);
  const targets = await claimTargets(choices, files);
  signal.throwIfAborted();
  await onEngine("sampling", choices, async (engine, progress) => {
    const { data, plan } = await planned(engine, { input, choices, given, targets }, context);
    if (plan.cost !== undefined) tell(choices, `${name}: ${plan.cost}`);
    checkSizes(plan, { input, choices, given, targets }, context);
    const run = await sample(plan.field, { ...plan.options, signal, onProgress: progress.update });
    progress.stop();
    const result = { name, input, data, plan, run };
    await writeResult(result, targets, context);
    signal.throwIfAborted();
    await files.commit();
    if (choices.json) await print(jsonPieces(toldOf(result, choices, targets), signal));
    else if (targets.inText) await print(csvPieces([columnOf(run)], run.count, true, signal));
    tellResult(result, choices);
  });
}

/** What was asked for, and read. */
interface Asked {
  readonly input: Input;
  readonly choices: SampleCommandChoices;
  readonly given: Given;
  readonly targets: Targets;
}

async function planned(
  engine: Engine,
  { input, choices, given, targets }: Asked,
  { signal, sources }: Context,
) {
  if (choices.estimator !== undefined) sources.samples = { option: "--fit-samples" };
  const data = engine.mixture(input.points, mixtureOptions(input, choices));
  const recorded = targets.trajectories === undefined ? choices : { record: "all", ...choices };
  const plan = await planSample(data, recorded, {
    states: given.states,
    times: given.times,
    noise: given.noise?.values,
    likelihood: targets.likelihood !== undefined,
    networks: given.networks,
    signal,
  });
  return { data, plan };
}

/** That given noise is of the run's shape, and that what is printed can be. */
function checkSizes(plan: Plan, { input, choices, given, targets }: Asked, { sources }: Context): void {
  const { noise } = given;
  if (noise !== undefined) {
    sources.noise = { file: noise.path, dim: input.dim };
    checkNoiseShape(noise.path, noise.shape, [plan.times.length - 1, plan.count, input.dim]);
  }
  const size = plan.count * input.dim;
  if (targets.inText && choices.json && size > MAX_JSON) {
    const message = `--json expected at most ${grouped(MAX_JSON)} numbers without --out, got ${grouped(size)}`;
    throw new Failure("E_LIMIT", exitCodes.memory, "--json", message);
  }
}
