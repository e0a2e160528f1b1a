import type { SampleJob } from "../../../bindings/job.js";
import { OpCode } from "../../../bindings/ops.js";
import { sampleBlock } from "../../../bindings/blocks.js";
import type { WasmMemory } from "../../../bindings/memory.js";
import type { Mixture } from "../../data/mixture.js";
import { writeInParts, zeroInParts } from "../../data/parts.js";
import type { Framing } from "../framing.js";
import type { ProgramBuilder } from "../programBuilder.js";
import type { RunSpec } from "../spec.js";

/** Blocks of Wasm memory that are given back together. */
export class Blocks {
  readonly #memory: WasmMemory;
  #taken: number[] = [];

  constructor(memory: WasmMemory) {
    this.#memory = memory;
  }

  take(bytes: number, argument: string): number {
    const pointer = this.#memory.alloc(bytes, argument);
    this.#taken.push(pointer);
    return pointer;
  }

  free(): void {
    for (const pointer of this.#taken) this.#memory.free(pointer);
    this.#taken = [];
  }
}

/** Copies what a program reads to Wasm memory, and makes the job of all of it, which has no states yet; yields units of work. */
export function* uploadJob(
  data: Mixture,
  program: ProgramBuilder,
  frames: Framing | undefined,
  run: RunSpec,
  blocks: Blocks,
): Generator<number, SampleJob, void> {
  const { layout, runtime, dim } = data;
  const { memory } = runtime;
  function* rows(source: Float32Array | Float64Array, argument: string): Generator<number, number, void> {
    const bytes = (source.length / dim) * layout.width * layout.bytes;
    const pointer = blocks.take(bytes, argument);
    yield* writeInParts(data, pointer, source, dim, layout.width);
    return pointer;
  }
  const noise = typeof run.noise === "string" ? 0 : yield* rows(run.noise, "noise");
  const matrices: number[] = [];
  for (const matrix of frames?.matrices ?? []) {
    // Column by column, each padded to an even number.
    const stride = dim + (dim % 2);
    const pointer = blocks.take(8 * stride * dim, "process");
    const view = memory.f64(pointer, stride * dim);
    view.fill(0);
    for (let i = 0; i < dim * dim; i++) {
      view[(i % dim) * stride + Math.floor(i / dim)] = matrix[i];
    }
    matrices.push(pointer);
    yield 4 * dim * dim;
  }
  // Those of the mixture come first.
  const pointSets = [0];
  for (const set of frames?.pointSets ?? []) {
    // Points are padded to whole groups of rows, as those of the mixture are.
    const padded = new Float64Array(layout.rows * dim);
    padded.set(set);
    pointSets.push(yield* rows(padded, "process"));
  }
  const filled = program.ops.has(OpCode.Fill) ? [yield* rows(data.centre as Float64Array, "points")] : [];
  const ops = yield* program.ops.encode(memory.shared, { matrices, pointSets, rows: filled });
  const { needs } = program.ops;
  return {
    kind: "sample",
    mixture: layout,
    count: run.count,
    block: run.block ?? sampleBlock({ mixture: layout, needs }, data.engine.blockSize),
    particle: run.particle ?? 0,
    seedLow: run.seed >>> 0,
    seedHigh: Math.floor(run.seed / 2 ** 32),
    registers: program.registers,
    scalars: program.scalars,
    needs,
    ops,
    state: 0,
    end: 0,
    loads: [],
    saves: [],
    record: 0,
    noise,
    outputs: 0,
  };
}

/** Writes the states that a program begins with: those given, or zeros. */
export function* writeStart(
  data: Mixture,
  state: number,
  { initial, count }: RunSpec,
): Generator<number, void, void> {
  const { layout, dim } = data;
  if (typeof initial === "string") yield* zeroInParts(data, state, count * layout.width * layout.bytes);
  else yield* writeInParts(data, state, initial, dim, layout.width);
}
