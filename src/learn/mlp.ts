import type { Engine, Owned } from "../engine.js";
import { VkernelError } from "../errors.js";
import * as reference from "../reference/mlp.js";
import { inWorkspace, type LongCall, padded } from "./workspace.js";

/** Rows of a batch that one task takes: their activations stay in cache. */
const CHUNK = 32;
const ACTIVATIONS = { relu: 0, silu: 1, tanh: 2 } as const;

/** A batch: rows of inputs, and what the outputs should be with which weight. */
export interface Batch {
  /** `[rows, inputs]` */
  readonly inputs: Float64Array;
  /** `[rows, outputs]` */
  readonly targets: Float64Array;
  /** `[rows]` */
  readonly weights: Float64Array;
}

export type PerceptronPrecision = "f32" | "f64";

interface Resident {
  params: number;
  moments: number;
  squares: number;
  shape: number;
}

interface Plain {
  parameters: Float64Array;
  moments: Float64Array;
  squares: Float64Array;
}

/**
 * A multi-layer perceptron in Wasm memory, with the state of Adam: outputs, losses, gradients, steps. float32 by default;
 * without kernels plain TypeScript, float64. The bits depend on no thread and block.
 */
export class PerceptronMachine implements Owned {
  readonly network: reference.Perceptron;
  readonly precision: PerceptronPrecision;
  readonly #engine: Engine;
  /** Sizes padded to multiples of 4: units that are always 0. */
  readonly #sizes: number[];
  readonly #size: number;
  #resident: Resident | undefined;
  #plain: Plain | undefined;
  #disposed = false;

  /** @param parameters layer after layer, weights `[outputs, inputs]`, then biases */
  constructor(
    engine: Engine,
    network: reference.Perceptron,
    parameters: Float64Array,
    precision: PerceptronPrecision,
  ) {
    this.#engine = engine;
    this.network = network;
    this.precision = precision;
    this.#sizes = network.sizes.map(padded);
    this.#size = reference.parameterCount(this.#sizes);
    const { runtime } = engine;
    engine.own(this);
    if (runtime === undefined) {
      const zeros = () => new Float64Array(parameters.length);
      this.#plain = { parameters: parameters.slice(), moments: zeros(), squares: zeros() };
      return;
    }
    const { memory } = runtime;
    const blocks: number[] = [];
    const take = (bytes: number): number => {
      const start = memory.alloc(bytes, "network");
      blocks.push(start);
      memory.zero(start, bytes);
      return start;
    };
    try {
      const bytes = this.#size * this.#bytes;
      this.#resident = {
        params: take(bytes),
        moments: take(bytes),
        squares: take(bytes),
        shape: take(4 * this.#sizes.length),
      };
      memory.i32(this.#resident.shape, this.#sizes.length).set(this.#sizes);
      this.#write(this.#resident.params, parameters);
    } catch (error) {
      for (const start of blocks) memory.free(start);
      engine.disown(this);
      throw error;
    }
  }

  get #bytes(): 4 | 8 {
    return this.precision === "f32" ? 4 : 8;
  }

  #check(): Resident | undefined {
    this.#engine.check();
    if (this.#disposed) throw new VkernelError("E_DISPOSED", { message: "the network was disposed of" });
    return this.#resident;
  }

  /** Runs of parameters that lie together in the padded layout, in their order: their place and how many. */
  *#places(): Generator<[number, number], void, void> {
    const { sizes } = this.network;
    let at = 0;
    for (let l = 1; l < sizes.length; l++) {
      const [ins, outs] = [sizes[l - 1] as number, sizes[l] as number];
      const [wideIns, wideOuts] = [this.#sizes[l - 1] as number, this.#sizes[l] as number];
      for (let o = 0; o < outs; o++) yield [at + o * wideIns, ins];
      yield [at + wideOuts * wideIns, outs];
      at += (wideIns + 1) * wideOuts;
    }
  }

  #view(start: number, length: number): Float32Array | Float64Array {
    const { memory } = this.#engine.runtime as NonNullable<Engine["runtime"]>;
    return memory.numbers(this.#bytes, start, length);
  }

  #write(start: number, values: Float64Array): void {
    const view = this.#view(start, this.#size);
    let k = 0;
    for (const [place, count] of this.#places()) {
      view.set(values.subarray(k, k + count), place);
      k += count;
    }
  }

  #read(start: number): Float64Array {
    const view = this.#view(start, this.#size);
    const values = new Float64Array(reference.parameterCount(this.network.sizes));
    let k = 0;
    for (const [place, count] of this.#places()) {
      values.set(view.subarray(place, place + count), k);
      k += count;
    }
    return values;
  }

  get parameters(): Float64Array {
    const resident = this.#check();
    return resident ? this.#read(resident.params) : (this.#plain as Plain).parameters.slice();
  }

  /** Rows a chunk: as few as a small batch needs, a multiple of 8. */
  #chunk(rows: number): number {
    return Math.min(CHUNK, Math.ceil(rows / 8) * 8);
  }

  /** Bytes of scratch: table, activations, derivatives, one product. */
  #scratch(rows: number): number {
    const units = this.#units;
    return 256 + (2 * units + Math.max(...this.#sizes)) * rows * this.#bytes;
  }

  get #units(): number {
    return this.#sizes.slice(1).reduce((sum, size) => sum + size, 0);
  }

  /** Multiplications of a row forward. */
  get work(): number {
    return this.#size;
  }

  get #shapeArguments(): number[] {
    const { params, shape } = this.#resident as Resident;
    return [params, shape, this.#sizes.length - 1, this.#units];
  }

  /** Writes rows as [chunk][unit][row], what is beyond them 0. */
  #pack(start: number, rows: Float64Array, width: number, wide: number, chunk: number): void {
    const count = rows.length / width;
    const view = this.#view(start, Math.ceil(count / chunk) * chunk * wide);
    view.fill(0);
    for (let r = 0; r < count; r++) {
      const base = Math.floor(r / chunk) * chunk * wide + (r % chunk);
      for (let i = 0; i < width; i++) view[base + i * chunk] = rows[r * width + i] as number;
    }
  }

  /** Outputs `[rows, outputs]` of inputs `[rows, inputs]`. */
  async forward(inputs: Float64Array, options: LongCall = {}): Promise<Float64Array> {
    const resident = this.#check();
    const { sizes, activation } = this.network;
    if (!resident) return reference.forward(this.network, (this.#plain as Plain).parameters, inputs);
    const [ins, outs] = [sizes[0] as number, sizes.at(-1) as number];
    const [wideIns, wideOuts] = [this.#sizes[0] as number, this.#sizes.at(-1) as number];
    const rows = inputs.length / ins;
    const chunk = this.#chunk(rows);
    const chunks = Math.ceil(rows / chunk);
    return inWorkspace(this.#engine, options, rows * this.work, async (space) => {
      // Counted in float64s: enough for either precision.
      const input = space.alloc(chunks * chunk * wideIns, "network");
      const output = space.alloc(chunks * chunk * wideOuts, "network");
      this.#pack(input, inputs, ins, wideIns, chunk);
      const kernel = this.precision === "f32" ? "mlpForwardF32" : "mlpForwardF64";
      await space.run(
        kernel,
        chunks,
        [...this.#shapeArguments, input, output, chunk, ACTIVATIONS[activation]],
        {
          work: rows * this.work,
          block: 8,
          scratch: this.#scratch(chunk),
        },
      );
      const view = this.#view(output, chunks * chunk * wideOuts);
      const out = new Float64Array(rows * outs);
      for (let r = 0; r < rows; r++) {
        const base = Math.floor(r / chunk) * chunk * wideOuts + (r % chunk);
        for (let o = 0; o < outs; o++) out[r * outs + o] = view[base + o * chunk] as number;
      }
      return out;
    });
  }

  /**
   * The loss of a batch, sum of weight |output - target|^2; its gradient where asked for; and with `step` a step of Adam.
   */
  async learn(
    batch: Batch,
    { step, gradient }: { step?: reference.AdamStep; gradient?: boolean },
    options: LongCall = {},
  ): Promise<{ loss: number; gradient: Float64Array | undefined }> {
    const resident = this.#check();
    const { sizes, activation } = this.network;
    if (!resident) {
      const { parameters, moments, squares } = this.#plain as Plain;
      const found = reference.gradient(this.network, parameters, batch.inputs, batch.targets, batch.weights);
      if (step) reference.adam(parameters, moments, squares, found.gradient, step);
      return { loss: found.loss, gradient: gradient ? found.gradient : undefined };
    }
    const rows = batch.weights.length;
    const chunk = this.#chunk(rows);
    const chunks = Math.ceil(rows / chunk);
    const [wideIns, wideOuts] = [this.#sizes[0] as number, this.#sizes.at(-1) as number];
    const size = this.#size;
    const single = this.precision === "f32";
    return inWorkspace(this.#engine, options, 3 * rows * this.work, async (space) => {
      const input = space.alloc(chunks * chunk * wideIns, "batch");
      const target = space.alloc(chunks * chunk * wideOuts, "batch");
      const weight = space.alloc(chunks * chunk, "batch");
      const gradients = space.alloc(chunks * size, "gradients");
      const losses = space.alloc(chunks, "losses");
      this.#pack(input, batch.inputs, sizes[0] as number, wideIns, chunk);
      this.#pack(target, batch.targets, sizes.at(-1) as number, wideOuts, chunk);
      this.#pack(weight, batch.weights, 1, 1, chunk);
      await space.run(
        single ? "mlpGradientF32" : "mlpGradientF64",
        chunks,
        [
          ...this.#shapeArguments,
          input,
          target,
          weight,
          gradients,
          size,
          losses,
          chunk,
          ACTIVATIONS[activation],
        ],
        { work: 3 * rows * this.work, block: 2, scratch: this.#scratch(chunk) },
      );
      let loss = 0;
      for (const value of space.f64(losses, chunks)) loss += value;
      let found: Float64Array | undefined;
      if (gradient) {
        found = new Float64Array(reference.parameterCount(sizes));
        for (let c = 0; c < chunks; c++) {
          const one = this.#read(gradients + c * size * this.#bytes);
          one.forEach((value, i) => {
            (found as Float64Array)[i] = ((found as Float64Array)[i] as number) + value;
          });
        }
      }
      if (step) {
        const { params, moments, squares } = resident;
        const { rate, beta1, beta2, c1, c2, epsilon, coupled, decoupled } = step;
        await space.run(
          single ? "mlpAdamF32" : "mlpAdamF64",
          Math.ceil(size / 64),
          [
            ...[params, moments, squares, gradients, size, chunks],
            ...[rate, beta1, beta2, c1, c2, epsilon, coupled, decoupled],
          ],
          { work: size * (chunks + 12), block: 16 },
        );
      }
      return { loss, gradient: found };
    });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#engine.disown(this);
    const { memory } = this.#engine.runtime ?? {};
    if (memory === undefined || this.#resident === undefined) return;
    for (const start of Object.values(this.#resident)) memory.free(start as number);
    this.#resident = undefined;
  }
}
