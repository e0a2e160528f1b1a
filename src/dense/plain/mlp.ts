/** Multi-layer perceptrons in plain float64: the twin of `assembly/learn/mlp.ts`, a row at a time. */
import { exp } from "../../numeric/elementary.js";

export type Activation = "relu" | "silu" | "tanh";

export interface Perceptron {
  /** Sizes of input, hidden layers, output. */
  readonly sizes: readonly number[];
  readonly activation: Activation;
}

/** Weights row by row (`[outputs, inputs]`), then biases, layer after layer: how many numbers. */
export function parameterCount(sizes: readonly number[]): number {
  let sum = 0;
  for (let l = 1; l < sizes.length; l++) sum += (sizes[l - 1] + 1) * sizes[l];
  return sum;
}

function activate(z: number, activation: Activation): { value: number; slope: number } {
  if (activation === "relu") return z > 0 ? { value: z, slope: 1 } : { value: 0, slope: 0 };
  const clamp = (x: number): number => Math.min(693, Math.max(-693, x));
  if (activation === "silu") {
    const s = 1 / (1 + exp(clamp(-z)));
    return { value: z * s, slope: s + z * s * (1 - s) };
  }
  const value = 1 - 2 / (1 + exp(clamp(2 * z)));
  return { value, slope: (1 - value) * (1 + value) };
}

/** The trace of d out_d / d in_d over the first `dim` inputs, by `dim` passes of tangents; yields the multiplications of each. */
export function* perceptronTrace(
  network: Perceptron,
  parameters: Float64Array,
  input: Float64Array,
  dim: number,
): Generator<number, number, void> {
  const { sizes } = network;
  const { slopes } = run(network, parameters, input);
  let sum = 0;
  for (let d = 0; d < dim; d++) {
    let tangent = new Float64Array(input.length);
    tangent[d] = 1;
    let at = 0;
    for (let l = 1; l < sizes.length; l++) {
      const [ins, outs] = [sizes[l - 1], sizes[l]];
      const out = new Float64Array(outs);
      for (let o = 0; o < outs; o++) {
        let value = 0;
        for (let i = 0; i < ins; i++) value += parameters[at + o * ins + i] * tangent[i];
        out[o] = l + 1 === sizes.length ? value : value * slopes[l - 1][o];
      }
      tangent = out;
      at += (ins + 1) * outs;
    }
    sum += tangent[d];
    yield parameters.length;
  }
  return sum;
}

/** Activations of every layer and slopes of the hidden ones for one row. */
function run(
  { sizes, activation }: Perceptron,
  parameters: Float64Array,
  input: Float64Array,
): { layers: Float64Array[]; slopes: Float64Array[] } {
  const layers = [input];
  const slopes: Float64Array[] = [];
  let at = 0;
  for (let l = 1; l < sizes.length; l++) {
    const [ins, outs] = [sizes[l - 1], sizes[l]];
    const x = layers[l - 1];
    const out = new Float64Array(outs);
    const slope = new Float64Array(outs);
    for (let o = 0; o < outs; o++) {
      let sum = parameters[at + outs * ins + o];
      for (let i = 0; i < ins; i++) sum += parameters[at + o * ins + i] * x[i];
      if (l + 1 === sizes.length) out[o] = sum;
      else {
        const { value, slope: d } = activate(sum, activation);
        out[o] = value;
        slope[o] = d;
      }
    }
    layers.push(out);
    slopes.push(slope);
    at += (ins + 1) * outs;
  }
  return { layers, slopes };
}

/** Outputs of rows; yields the multiplications of each. */
export function* forward(
  network: Perceptron,
  parameters: Float64Array,
  inputs: Float64Array,
): Generator<number, Float64Array, void> {
  const ins = network.sizes[0];
  const outs = network.sizes.at(-1) as number;
  const rows = inputs.length / ins;
  const out = new Float64Array(rows * outs);
  for (let r = 0; r < rows; r++) {
    const { layers } = run(network, parameters, inputs.subarray(r * ins, (r + 1) * ins));
    out.set(layers.at(-1) as Float64Array, r * outs);
    yield parameters.length;
  }
  return out;
}

/** sum over rows of weight |output - target|^2, and its gradient; yields the multiplications of each row. */
export function* gradient(
  network: Perceptron,
  parameters: Float64Array,
  inputs: Float64Array,
  targets: Float64Array,
  weights: Float64Array,
): Generator<number, { loss: number; gradient: Float64Array }, void> {
  const { sizes } = network;
  const ins = sizes[0];
  const outs = sizes.at(-1) as number;
  const out = new Float64Array(parameters.length);
  let loss = 0;
  for (let r = 0; r < weights.length; r++) {
    const { layers, slopes } = run(network, parameters, inputs.subarray(r * ins, (r + 1) * ins));
    const last = layers.at(-1) as Float64Array;
    const weight = weights[r];
    let delta = last.map((value, o) => {
      const e = value - targets[r * outs + o];
      loss += weight * e * e;
      return 2 * weight * e;
    });
    let at = parameters.length;
    for (let l = sizes.length - 1; l > 0; l--) {
      const [before, after] = [sizes[l - 1], sizes[l]];
      at -= (before + 1) * after;
      const x = layers[l - 1];
      const next = new Float64Array(before);
      for (let o = 0; o < after; o++) {
        const d = delta[o];
        for (let i = 0; i < before; i++) {
          const k = at + o * before + i;
          out[k] = out[k] + d * x[i];
          next[i] = next[i] + d * parameters[k];
        }
        const bias = at + after * before + o;
        out[bias] = out[bias] + d;
      }
      if (l > 1) {
        const slope = slopes[l - 2];
        delta = next.map((value, i) => value * slope[i]);
      }
    }
    yield 3 * parameters.length;
  }
  return { loss, gradient: out };
}

export interface AdamStep {
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Added to the gradient, times the parameter. */
  readonly coupled: number;
  /** Share of the parameter that a step takes away. */
  readonly decoupled: number;
  /** 1 - beta1^step and 1 - beta2^step. */
  readonly c1: number;
  readonly c2: number;
}

/** One step of Adam, in place. Kingma & Ba 2015; Loshchilov & Hutter 2019. */
export function adam(
  parameters: Float64Array,
  moments: Float64Array,
  squares: Float64Array,
  slope: Float64Array,
  { rate, beta1, beta2, epsilon, coupled, decoupled, c1, c2 }: AdamStep,
): void {
  for (let i = 0; i < parameters.length; i++) {
    const p = parameters[i];
    const g = slope[i] + coupled * p;
    const m = beta1 * moments[i] + (1 - beta1) * g;
    const v = beta2 * squares[i] + (1 - beta2) * (g * g);
    moments[i] = m;
    squares[i] = v;
    parameters[i] = p - decoupled * p - rate * (m / c1 / (Math.sqrt(v / c2) + epsilon));
  }
}
