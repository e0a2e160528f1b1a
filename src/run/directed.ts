import type { Precision } from "../data/mixture.js";
import { RowField } from "../score/custom.js";
import { eachOf, traceRowsOf } from "../score/ensemble.js";
import type { ScoreField, StepEstimator } from "../score/field.js";
import { byRows } from "../score/rows.js";
import { VkernelError } from "../core/errors.js";
import { isCalled } from "./calledFields.js";
import { listed, samplersFor } from "../sampler/capabilities.js";
import { registry } from "../sampler/registry.js";
import { RunFrames } from "./framed.js";
import { integrateLocal, type LocalResult } from "./local.js";
import type { RunSpec } from "./spec.js";
import { whiten } from "./whiten.js";
import { integrateWhitened, whiteStart } from "./whitened.js";

/** What runs take where noise has a direction, in one piece. */
export { RunFrames, whiten, whiteStart };

/** A run in the coordinates that it takes; `local`: with states less alpha_t centres. */
export async function integrateDirected<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  run: RunSpec,
  local: RunSpec,
): Promise<LocalResult<P>> {
  if (coordinatesOf(field, run) === "white") return integrateWhitened(field, local, whiten(field));
  return integrateLocal(driven(field, run), local, new RunFrames(field.data, field.process));
}

/**
 * What drives a run in coordinates of their own at every time: the field; or the exact score as one that is called, where noise
 * is not round and its kernels have neither a divergence nor steps of each particle's own, and `evaluate` has what they take.
 */
export function driven<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  run: Pick<RunSpec, "logLikelihood" | "sampler">,
): ScoreField<P> | StepEstimator<P> {
  if (isCalled(field) || !(run.logLikelihood || run.sampler.adaptive)) return field;
  const one = field as ScoreField<P>;
  return new RowField(
    one.data,
    one.process,
    byRows((x, time, _, signal) => eachOf(one, x, time, signal)),
    { trace: traceRowsOf(one) },
  );
}

/**
 * The coordinates in which a run goes on, where noise has a direction: others in which an anisotropic process is isotropic; or others at
 * every time.
 *
 * @throws {VkernelError} E_UNSUPPORTED where the process takes others than the field or the sampler does
 */
export function coordinatesOf(
  field: ScoreField | StepEstimator,
  run: Pick<RunSpec, "sampler" | "logLikelihood">,
): "white" | "framed" {
  const { process, data } = field;
  const { sampler, logLikelihood } = run;
  const constant = process.covariance !== undefined;
  if (constant && data.sigma0 === 0 && !isCalled(field)) return "white";
  // Components with a width are round in x alone, and what draws x_0 has no score to be called in other coordinates.
  const draws = field.kind === "step" || (sampler.needs ?? []).includes("posteriorDraws");
  if (constant && draws) return "framed";
  if (sampler.anyCovariance && (isCalled(field) || !logLikelihood || !constant)) return "framed";
  if (constant) return "white";
  if (sampler.adaptive) return "framed";
  const { name, parameters } = sampler.predictor ?? sampler;
  const takes = samplersFor(
    field,
    ({ anyCovariance, adaptive, flow }) =>
      (anyCovariance || adaptive !== undefined) && (flow || !logLikelihood),
  );
  const refused = Object.entries(parameters).map(([option, value]) => `with ${option} ${value}`);
  throw new VkernelError("E_UNSUPPORTED", {
    argument: "sampler",
    expected: `${listed(takes.map((one) => (one === name ? withOptions(one) : one)))} where the covariance depends on time`,
    got: `${[name, ...refused].join(" ")}, whose steps are in closed form for noise that keeps its shape`,
  });
}

/** A sampler with the options that it has by default, in words. */
function withOptions(name: string): string {
  const options = Object.entries(registry[name]().parameters).map(([option, value]) => `${option}: ${value}`);
  return `${name}({ ${options.join(", ")} })`;
}
