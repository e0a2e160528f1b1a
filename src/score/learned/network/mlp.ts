import { checkInteger, checkLongCall, checkNumber, checkOptions, checkWord } from "../../../core/check.js";
import type { Mixture, Precision } from "../../../data/mixture.js";
import { badArgument } from "../../../core/errors.js";
import { type Batch, PerceptronExecutor, type PerceptronPrecision } from "../../../dense/index.js";
import type { Process } from "../../../process/process.js";
import { parameterCount, perceptronTrace } from "../../../dense/plain/mlp.js";
import { streams, uniform } from "../../../numeric/random.js";
import { RowField } from "../../custom.js";
import { aborted, TimeSlices } from "../../../core/scheduler.js";
import { checkMixture, checkProcess, exactScore } from "../../exact.js";
import type { ScoreField, TimeRange } from "../../field.js";
import { checkIsotropic } from "../../line.js";
import { proxyScoresInPieces } from "../../noise.js";
import { byRows } from "../../rows.js";
import { spreadOf, type TimeLaw, type TrainingTuples, trainingTuples, type Weighting } from "../training.js";
import { activations, conditionings, decodeNetwork, encodeNetwork, type NetworkHeader } from "./file.js";
import {
  inputCount,
  inputsOf,
  MOST_TIME_FEATURES,
  MOST_WIDTH,
  type NetworkShape,
  shapeAt,
  type TimeShape,
} from "./shape.js";

export interface MlpScoreOptions {
  /** The number of units of each hidden layer. Default [64, 64]. */
  widths?: readonly number[];
  /** The activation of the hidden layers. Default "silu". */
  activation?: "relu" | "silu" | "tanh";
  /**
   * "edm" (default): EDM's c_skip, c_out, c_in, c_noise, for wide ranges of noise. "scaled": inputs (x, log t), output over
   * sqrt(S_t), as Chen 2025 has it.
   */
  conditioning?: "scaled" | "edm";
  /** Pairs of sines and cosines of the noise level at the input; 0 by default. */
  timeFeatures?: number;
  /** The number of steps of Adam; 0 gives the network before training. */
  steps: number;
  /** The number of samples per step. Default 256. */
  batch?: number;
  /** The learning rate of Adam. Default 0.001. */
  learningRate?: number;
  /** The weight decay, as `decay` says. Default 0. */
  weightDecay?: number;
  /** How weights decay. "coupled" (default): L2, added to the gradient, as Adam has it; "decoupled": AdamW. */
  decay?: "coupled" | "decoupled";
  /**
   * What is fitted. "exact": the exact score, J0 (Vastola 2025, Eq. 3; Chen 2025, Eq. 4). "denoising" (default): proxy scores,
   * J1.
   */
  loss?: "exact" | "denoising";
  /** The number of samples that are drawn once, and of which steps take batches. By default every step draws fresh ones. */
  samples?: number;
  weighting?: Weighting;
  times: TimeLaw;
  seed?: number;
  /** The precision of training and of the network. Default "f32". */
  precision?: PerceptronPrecision;
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number; loss: number }) => void;
}

const names = [
  "widths",
  "activation",
  "conditioning",
  "timeFeatures",
  "steps",
  "batch",
  "learningRate",
  "weightDecay",
  "decay",
  "loss",
  "samples",
  "weighting",
  "times",
  "seed",
  "precision",
  "signal",
  "onProgress",
];

/** A trained network as a field. It keeps its weights in Wasm memory: dispose of it when done. */
export interface MlpScore<P extends Precision = Precision> extends ScoreField<P> {
  /** The mean loss of each step's batch, weighted as in training. */
  readonly losses: Float64Array;
  /** Layer after layer: weights `[outputs, inputs]`, then biases. */
  readonly parameters: Float64Array;
  /** Sizes of input, hidden layers and output. */
  readonly sizes: readonly number[];
  /** One file, for {@link loadNetwork}. */
  save(): Uint8Array;
  dispose(): void;
}

/** Units of the shape of one time. */
const SHAPE = 300;

class MlpField<P extends Precision> extends RowField<P> implements MlpScore<P> {
  readonly losses: Float64Array;
  readonly #executor: PerceptronExecutor;
  readonly #shape: NetworkShape;

  constructor(
    data: Mixture<P>,
    process: Process,
    executor: PerceptronExecutor,
    shape: NetworkShape,
    losses: Float64Array,
    fitted: TimeRange | undefined,
  ) {
    const { dim } = data;
    const slicesOf = (signal: AbortSignal | undefined): TimeSlices =>
      new TimeSlices(signal, () => data.check());
    /** Rows of one time share a shape. */
    function* shapesOf(
      rows: number,
      time: (row: number) => number,
    ): Generator<number, (row: number) => TimeShape, void> {
      const known = new Map<number, TimeShape>();
      const shapes: TimeShape[] = [];
      for (let row = 0; row < rows; row++) {
        const t = time(row);
        let at = known.get(t);
        if (!at) {
          at = shapeAt(shape, process, t);
          known.set(t, at);
          yield SHAPE;
        }
        shapes.push(at);
      }
      return (row) => shapes[row];
    }
    const rows = byRows(async (x, time, _, signal) => {
      const slices = slicesOf(signal);
      const at = await slices.run(shapesOf(x.length / dim, time));
      const out = await executor.forward(await slices.run(inputsOf(shape, x, at)), signal && { signal });
      return out.map((value, i) => {
        const { skip, scale } = at(Math.floor(i / dim));
        return skip * x[i] + scale * value;
      });
    });
    // Exact in float64: skip dim + scale gain times the trace of the network's derivative.
    function* traces(x: Float64Array, time: (row: number) => number): Generator<number, Float64Array, void> {
      const at = yield* shapesOf(x.length / dim, time);
      const { network, parameters } = executor;
      const width = inputCount(shape);
      const inputs = yield* inputsOf(shape, x, at);
      const out = new Float64Array(x.length / dim);
      for (let i = 0; i < out.length; i++) {
        const row = inputs.subarray(i * width, (i + 1) * width);
        const sum = yield* perceptronTrace(network, parameters, row, dim);
        const { skip, scale, gain } = at(i);
        out[i] = skip * dim + scale * gain * sum;
      }
      return out;
    }
    const trace = byRows((x, time, _, signal) => slicesOf(signal).run(traces(x, time)));
    super(data, process, rows, { trace, fitted });
    this.#executor = executor;
    this.#shape = shape;
    this.losses = losses;
  }

  get parameters(): Float64Array {
    return this.#executor.parameters;
  }

  get sizes(): readonly number[] {
    return this.#executor.network.sizes;
  }

  save(): Uint8Array {
    const { conditioning, timeFeatures, sigmaData } = this.#shape;
    const header: NetworkHeader = {
      sizes: this.sizes,
      activation: this.#executor.network.activation,
      conditioning,
      timeFeatures,
      sigmaData,
      precision: this.#executor.precision,
      process: { name: this.process.name, parameters: this.process.parameters },
      steps: this.losses.length,
      ...(this.fitted && { times: [this.fitted.tMin, this.fitted.tMax] as const }),
    };
    return encodeNetwork(header, this.parameters);
  }

  dispose(): void {
    this.#executor.dispose();
  }
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * Trains a multi-layer perceptron to be the score, by Adam (beta 0.9, 0.999), deterministic by its seed on any number of
 * threads. Weights start uniform in +-1 / sqrt(inputs of the layer). Chen 2025, Sec. 4.1 and A.7; Vastola 2025, Eq. 3, 4.
 *
 * @example
 * const net = await mlpScore(data, ve(), { steps: 3000, batch: 256, times: logUniformTimes({ tMin: 1e-3, tMax: 10 }), seed: 1 });
 * const { score } = await net.evaluate(x, 0.1, ["score"]);
 * @throws {VkernelError} E_USAGE, E_TYPE, E_RANGE, E_SHAPE, E_UNSUPPORTED (anisotropic noise), E_MEMORY, E_ABORT, E_NONFINITE where
 * training diverges
 */
export async function mlpScore<P extends Precision>(
  data: Mixture<P>,
  process: Process,
  options: MlpScoreOptions,
): Promise<MlpScore<P>> {
  checkMixture(data);
  checkProcess(process, data);
  data.check();
  checkIsotropic(process);
  checkOptions(options, names);
  checkLongCall(options ?? {});
  const plan = planOf(data, options);
  const { signal, onProgress } = options;
  if (signal?.aborted) throw aborted(signal);
  const slices = new TimeSlices(signal, () => data.check());
  const teacher = await teacherOf(data, process, options, plan, slices);
  const { shape, network, steps } = plan;
  const start = await slices.run(startOf(network.sizes, plan.seed));
  const executor = new PerceptronExecutor(data.engine, network, start, plan.precision);
  const losses = new Float64Array(steps);
  try {
    for (let step = 0; step < steps; step++) {
      if (signal?.aborted) throw aborted(signal);
      const batch = await slices.run(batchOf(await teacher.batch(step), shape, process));
      const found = await executor.learn(batch, { step: adamAt(plan, step) }, signal ? { signal } : {});
      if (!Number.isFinite(found.loss)) {
        const expected = `a finite loss at step ${step}; try a smaller rate`;
        throw badArgument("E_NONFINITE", "learningRate", expected, found.loss);
      }
      losses[step] = found.loss;
      if (onProgress) {
        slices.report(() => onProgress({ done: step + 1, total: steps, loss: found.loss }));
        await slices.settle();
      }
    }
    return new MlpField(data, process, executor, shape, losses, teacher.range);
  } catch (error) {
    executor.dispose();
    throw error;
  }
}

/** What is trained and how, checked. */
interface Plan {
  readonly shape: NetworkShape;
  readonly network: { readonly sizes: readonly number[]; readonly activation: (typeof activations)[number] };
  readonly steps: number;
  readonly batch: number;
  readonly rate: number;
  readonly decay: number;
  readonly kind: "coupled" | "decoupled";
  readonly loss: "exact" | "denoising";
  readonly seed: number;
  readonly precision: Precision;
}

function planOf(data: Mixture, options: MlpScoreOptions): Plan {
  const { widths = [64, 64] } = options ?? {};
  if (!Array.isArray(widths)) throw badArgument("E_TYPE", "widths", "a list of numbers", widths);
  widths.forEach((width, i) => {
    checkInteger(width, `widths[${i}]`, 1, MOST_WIDTH);
  });
  const activation = checkWord(options.activation ?? "silu", activations, "activation");
  const shape: NetworkShape = {
    dim: data.dim,
    conditioning: checkWord(options.conditioning ?? "edm", conditionings, "conditioning"),
    timeFeatures: checkInteger(options.timeFeatures ?? 0, "timeFeatures", 0, MOST_TIME_FEATURES),
    sigmaData: spreadOf(data),
  };
  const plan = {
    shape,
    network: { sizes: [inputCount(shape), ...widths, data.dim], activation },
    steps: checkInteger(options.steps, "steps", 0, 1e8),
    batch: checkInteger(options.batch ?? 256, "batch", 1, 2 ** 20),
    rate: checkNumber(options.learningRate ?? 1e-3, "learningRate", { above: 0, max: 10 }),
    decay: checkNumber(options.weightDecay ?? 0, "weightDecay", { min: 0, max: 10 }),
    kind: checkWord(options.decay ?? "coupled", ["coupled", "decoupled"] as const, "decay"),
    loss: checkWord(options.loss ?? "denoising", ["exact", "denoising"] as const, "loss"),
    seed: checkInteger(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER),
    precision: checkWord(options.precision ?? "f32", ["f32", "f64"] as const, "precision"),
  };
  if (options.samples !== undefined) checkInteger(options.samples, "samples", 1, 2 ** 20);
  return plan;
}

/** Adam's numbers at a step. */
const adamAt = ({ rate, kind, decay }: Plan, step: number) => ({
  rate,
  beta1: BETA1,
  beta2: BETA2,
  epsilon: EPSILON,
  coupled: kind === "coupled" ? decay : 0,
  decoupled: kind === "decoupled" ? rate * decay : 0,
  c1: 1 - power(BETA1, step + 1),
  c2: 1 - power(BETA2, step + 1),
});

/** What tells a network its targets, step by step. */
interface Teacher {
  /** The times of all samples so far; undefined where there were none. */
  readonly range: TrainingTuples["range"] | undefined;
  batch(step: number): Promise<Targeted>;
}

/** Of samples that are drawn once, batches of them; else fresh ones at every step. */
async function teacherOf(
  data: Mixture,
  process: Process,
  { samples, weighting = "variance", times, signal }: MlpScoreOptions,
  { batch: count, loss, seed }: Plan,
  slices: TimeSlices,
): Promise<Teacher> {
  const draw = (samples: number, first: number): Promise<TrainingTuples> =>
    trainingTuples(data, process, { slices, samples, seed, weighting, times, first });
  const exact = exactScore(data, process);
  const targetsOf = async (tuples: TrainingTuples): Promise<Float64Array> =>
    loss === "denoising"
      ? slices.run(proxyScoresInPieces(process, data.dim, tuples))
      : Float64Array.from((await exact.evaluate(tuples.x, tuples.t, ["score"], signal && { signal })).score);
  if (samples !== undefined) {
    const fixed = await draw(samples, 0);
    const targets = await targetsOf(fixed);
    return {
      range: fixed.range,
      batch: (step) => slices.run(chosen(fixed, targets, data.dim, count, seed, step)),
    };
  }
  let range: Teacher["range"];
  return {
    get range() {
      return range;
    },
    async batch(step) {
      const tuples = await draw(count, step * count);
      const { tMin, tMax } = tuples.range;
      range = range ? { tMin: Math.min(range.tMin, tMin), tMax: Math.max(range.tMax, tMax) } : tuples.range;
      return { ...tuples, targets: await targetsOf(tuples) };
    },
  };
}

/** Inputs, targets and weights of a network of this shape. */
function* batchOf(
  { x, t, lambda, targets }: Targeted,
  shape: NetworkShape,
  process: Process,
): Generator<number, Batch, void> {
  const { dim } = shape;
  const known = new Map<number, TimeShape>();
  const shapes: TimeShape[] = [];
  const wanted = new Float64Array(targets.length);
  const weights = new Float64Array(t.length);
  for (const [r, time] of t.entries()) {
    let at = known.get(time);
    if (!at) {
      at = shapeAt(shape, process, time);
      known.set(time, at);
    }
    shapes.push(at);
    for (let i = r * dim; i < (r + 1) * dim; i++) {
      wanted[i] = (targets[i] - at.skip * x[i]) / at.scale;
    }
    weights[r] = (lambda[r] * at.scale ** 2) / t.length;
    yield 300 + 10 * dim;
  }
  const inputs = yield* inputsOf(shape, x, (r) => shapes[r]);
  return { inputs, targets: wanted, weights };
}

interface Targeted extends TrainingTuples {
  readonly targets: Float64Array;
}

/** b^n by squaring: the host's ** may round otherwise elsewhere. */
function power(b: number, n: number): number {
  let out = 1;
  for (let square = b, rest = n; rest > 0; rest = Math.floor(rest / 2), square *= square) {
    if (rest % 2 === 1) out *= square;
  }
  return out;
}

/** Uniform in +-1 / sqrt(inputs), weights and biases. */
function* startOf(sizes: readonly number[], seed: number): Generator<number, Float64Array, void> {
  const out = new Float64Array(parameterCount(sizes));
  let at = 0;
  for (let l = 1; l < sizes.length; l++) {
    const [ins, outs] = [sizes[l - 1], sizes[l]];
    const bound = 1 / Math.sqrt(ins);
    for (let i = 0; i < (ins + 1) * outs; i++) {
      out[at + i] = bound * (2 * uniform(seed, i, l, streams.network, 0) - 1);
      if (i % 1024 === 1023) yield 1024 * 80;
    }
    at += (ins + 1) * outs;
  }
  return out;
}

/** Samples of a fixed set, drawn with replacement. */
function* chosen(
  { x, t, x0, lambda, range }: TrainingTuples,
  targets: Float64Array,
  dim: number,
  batch: number,
  seed: number,
  step: number,
): Generator<number, Targeted, void> {
  const rows = (width: number): Float64Array => new Float64Array(batch * width);
  const out = { x: rows(dim), x0: rows(dim), t: rows(1), lambda: rows(1), range, targets: rows(dim) };
  for (let i = 0; i < batch; i++) {
    const row = Math.min(t.length - 1, Math.floor(t.length * uniform(seed, i, step, streams.network, 1)));
    const copy = (to: Float64Array, from: Float64Array, width: number): void =>
      to.set(from.subarray(row * width, (row + 1) * width), i * width);
    copy(out.x, x, dim);
    copy(out.x0, x0, dim);
    copy(out.t, t, 1);
    copy(out.lambda, lambda, 1);
    copy(out.targets, targets, dim);
    yield 300 + 3 * dim;
  }
  return out;
}

/** A process as JSON, its parameters by name. */
function textOf({ name, parameters }: NetworkHeader["process"]): string {
  const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ name, parameters: Object.fromEntries(sorted) });
}

/**
 * A network that `save()` wrote, for the same process and data of the same dimension.
 * @throws {VkernelError} E_FORMAT (no network, another version, changed bytes, a header or parameters that make none), E_TRUNCATED,
 * E_SHAPE (another dimension), E_USAGE
 * (another process)
 */
export function loadNetwork<P extends Precision>(
  bytes: Uint8Array,
  data: Mixture<P>,
  process: Process,
): MlpScore<P> {
  checkMixture(data);
  checkProcess(process, data);
  data.check();
  const { header, parameters } = decodeNetwork(bytes);
  const { sizes, activation, conditioning, timeFeatures, sigmaData, precision } = header;
  const dim = sizes.at(-1) as number;
  if (dim !== data.dim)
    throw badArgument("E_SHAPE", "data", `${dim} dimensions, as the network has`, data.dim);
  const shape: NetworkShape = { dim, conditioning, timeFeatures, sigmaData };
  const [own, other] = [process, header.process].map(textOf);
  if (own !== other)
    throw badArgument("E_USAGE", "process", `${other}, which the network was trained for`, own);
  const executor = new PerceptronExecutor(data.engine, { sizes, activation }, parameters, precision);
  const [tMin, tMax] = header.times ?? [];
  const fitted = tMin !== undefined && tMax !== undefined ? { tMin, tMax } : undefined;
  return new MlpField(data, process, executor, shape, new Float64Array(0), fitted);
}
