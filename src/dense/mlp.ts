import type { TaskPiece } from "../../bindings/dense.js";
import type { Kernels, Owned } from "../core/kernels.js";
import { PIECE, TimeSlices } from "../core/scheduler.js";
import { VkernelError } from "../core/errors.js";
import { Ownership } from "../core/ownership.js";
import * as reference from "./plain/mlp.js";
import { inWorkspace, type LongCall, padded, type Workspace } from "./workspace.js";

/** Rows of a batch that one task takes: their activations stay in cache. */
const CHUNK = 32;
/** Units of work of a number that goes in or out of Wasm memory. */
const MOVE = 4;
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
export class PerceptronExecutor implements Owned {
  readonly network: reference.Perceptron;
  readonly precision: PerceptronPrecision;
  readonly #engine: Kernels;
  /** Sizes padded to multiples of 4: units that are always 0. */
  readonly #sizes: number[];
  readonly #size: number;
  #resident: Resident | undefined;
  #plain: Plain | undefined;
  readonly #ownership = new Ownership(
    () => this.#check(),
    () => this.#release(),
  );

  /** @param parameters layer after layer, weights `[outputs, inputs]`, then biases */
  constructor(
    engine: Kernels,
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
    if (this.#ownership.disposed)
      throw new VkernelError("E_DISPOSED", { message: "the network was disposed of" });
    return this.#resident;
  }

  /** Runs of parameters that lie together in the padded layout, in their order: their place and how many. */
  *#places(): Generator<[number, number], void, void> {
    const { sizes } = this.network;
    let at = 0;
    for (let l = 1; l < sizes.length; l++) {
      const [ins, outs] = [sizes[l - 1], sizes[l]];
      const [wideIns, wideOuts] = [this.#sizes[l - 1], this.#sizes[l]];
      for (let o = 0; o < outs; o++) yield [at + o * wideIns, ins];
      yield [at + wideOuts * wideIns, outs];
      at += (wideIns + 1) * wideOuts;
    }
  }

  #view(start: number, length: number): Float32Array | Float64Array {
    const { memory } = this.#engine.runtime as NonNullable<Kernels["runtime"]>;
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

  /** Rows per chunk: as few as a small batch needs, a multiple of 8. */
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
  async #pack(
    space: Workspace,
    start: number,
    rows: Float64Array,
    width: number,
    wide: number,
    chunk: number,
  ): Promise<void> {
    const count = rows.length / width;
    const each = chunk * wide;
    for (let first = 0; first < count; first += chunk) {
      const view = this.#view(start + (first / chunk) * each * this.#bytes, each);
      view.fill(0);
      const some = Math.min(chunk, count - first);
      for (let r = 0; r < some; r++) {
        for (let i = 0; i < width; i++) view[r + i * chunk] = rows[(first + r) * width + i];
      }
      await space.spend(MOVE * each);
    }
  }

  /** Where a chunk's work is cut along the line of its units (assembly/learn/mlp.ts), into pieces of at most PIECE. */
  #line(chunk: number, gradient: boolean): { whole: [number, number]; pieces: TaskPiece[] | undefined } {
    const sizes = this.#sizes;
    // Multiplications of one unit, and how many such units there are in a row.
    const parts = sizes.slice(1).map((units, l): [number, number] => [sizes[l] * chunk, units]);
    if (gradient) {
      parts.push([(sizes.at(-1) as number) * chunk, 4]);
      for (let l = sizes.length - 1; l > 0; l--) {
        const [ins, outs] = [sizes[l - 1], sizes[l]];
        parts.push([ins * chunk, outs]);
        if (l > 1) parts.push([outs * chunk, ins]);
      }
    }
    const pieces: TaskPiece[] = [];
    let [from, at, work] = [0, 0, 0];
    const end = (): void => {
      if (at > from) pieces.push({ args: [from, at], work });
      [from, work] = [at, 0];
    };
    for (const [each, units] of parts) {
      for (let unit = 0; unit < units; unit += 4) {
        if (work + 4 * each > PIECE) end();
        at += 4;
        work += 4 * each;
      }
    }
    end();
    return { whole: [0, at], pieces: pieces.length > 1 ? pieces : undefined };
  }

  #slices({ signal }: LongCall): TimeSlices {
    return new TimeSlices(signal, () => this.#engine.check());
  }

  /** Outputs `[rows, outputs]` of inputs `[rows, inputs]`. */
  async forward(inputs: Float64Array, options: LongCall = {}): Promise<Float64Array> {
    const resident = this.#check();
    const { sizes, activation } = this.network;
    if (!resident) {
      const { parameters } = this.#plain as Plain;
      return this.#slices(options).run(reference.forward(this.network, parameters, inputs));
    }
    const [ins, outs] = [sizes[0], sizes.at(-1) as number];
    const [wideIns, wideOuts] = [this.#sizes[0], this.#sizes.at(-1) as number];
    const rows = inputs.length / ins;
    const chunk = this.#chunk(rows);
    const chunks = Math.ceil(rows / chunk);
    return this.#inWorkspace(options, rows * this.work, async (space) => {
      // Counted in float64s: enough for either precision.
      const input = space.alloc(chunks * chunk * wideIns, "network");
      const output = space.alloc(chunks * chunk * wideOuts, "network");
      await this.#pack(space, input, inputs, ins, wideIns, chunk);
      const { whole, pieces } = this.#line(chunk, false);
      const kernel = this.precision === "f32" ? "mlpForwardF32" : "mlpForwardF64";
      await space.run(
        kernel,
        chunks,
        [...this.#shapeArguments, input, output, chunk, ACTIVATIONS[activation], ...(pieces ? [] : whole)],
        {
          work: rows * this.work,
          block: 8,
          scratch: this.#scratch(chunk),
          pieces,
        },
      );
      const out = new Float64Array(rows * outs);
      const each = chunk * wideOuts;
      for (let first = 0; first < rows; first += chunk) {
        const view = this.#view(output + (first / chunk) * each * this.#bytes, each);
        const some = Math.min(chunk, rows - first);
        for (let r = 0; r < some; r++) {
          for (let o = 0; o < outs; o++) out[(first + r) * outs + o] = view[r + o * chunk];
        }
        await space.spend(MOVE * each);
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
      const slices = this.#slices(options);
      const found = await slices.run(
        reference.gradient(this.network, parameters, batch.inputs, batch.targets, batch.weights),
      );
      if (step) reference.adam(parameters, moments, squares, found.gradient, step);
      const wait = slices.spend(8 * parameters.length);
      if (wait) await wait;
      return { loss: found.loss, gradient: gradient ? found.gradient : undefined };
    }
    const rows = batch.weights.length;
    const chunk = this.#chunk(rows);
    const chunks = Math.ceil(rows / chunk);
    const [wideIns, wideOuts] = [this.#sizes[0], this.#sizes.at(-1) as number];
    const size = this.#size;
    const single = this.precision === "f32";
    return this.#inWorkspace(options, 3 * rows * this.work, async (space) => {
      const input = space.alloc(chunks * chunk * wideIns, "batch");
      const target = space.alloc(chunks * chunk * wideOuts, "batch");
      const weight = space.alloc(chunks * chunk, "batch");
      const gradients = space.alloc(chunks * size, "gradients");
      const losses = space.alloc(chunks, "losses");
      await this.#pack(space, input, batch.inputs, sizes[0], wideIns, chunk);
      await this.#pack(space, target, batch.targets, sizes.at(-1) as number, wideOuts, chunk);
      await this.#pack(space, weight, batch.weights, 1, 1, chunk);
      const { whole, pieces } = this.#line(chunk, true);
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
          ...(pieces ? [] : whole),
        ],
        { work: 3 * rows * this.work, block: 2, scratch: this.#scratch(chunk), pieces },
      );
      let loss = 0;
      for (const value of space.f64(losses, chunks)) loss += value;
      let found: Float64Array | undefined;
      if (gradient) {
        found = new Float64Array(reference.parameterCount(sizes));
        for (let c = 0; c < chunks; c++) {
          const one = this.#read(gradients + c * size * this.#bytes);
          one.forEach((value, i) => {
            (found as Float64Array)[i] = (found as Float64Array)[i] + value;
          });
          await space.spend(2 * size);
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
    if (this.#ownership.dispose()) this.#engine.disown(this);
  }

  #inWorkspace<T>(options: LongCall, work: number, call: (space: Workspace) => Promise<T>): Promise<T> {
    return this.#ownership.hold(() => inWorkspace(this.#engine, options, work, call));
  }

  #release(): void {
    const { memory } = this.#engine.runtime ?? {};
    if (memory === undefined || this.#resident === undefined) return;
    for (const start of Object.values(this.#resident)) memory.free(start as number);
    this.#resident = undefined;
  }
}
