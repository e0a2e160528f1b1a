import {
  encodeOps,
  needsOf,
  type Op,
  OpCode,
  SCALAR_OUTPUTS,
  sampleBlock,
  type SampleJob,
} from "../../bindings/job.js";
import type { WasmMemory } from "../../bindings/memory.js";
import type { Mixture, Precision } from "../data/mixture.js";
import type { ScoreField, StepEstimator } from "../score/field.js";
import type { Frames } from "./frames.js";
import type { Program } from "./program.js";
import type { Run, RunOutput } from "./run.js";
import { callsOf } from "./called.js";

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

/** Copies what a program reads to Wasm memory, and makes the job of all of it, which has no states yet. */
export function uploadJob(
  data: Mixture,
  program: Program,
  frames: Frames | undefined,
  run: Run,
  blocks: Blocks,
): SampleJob {
  const { layout, runtime, dim } = data;
  const { memory } = runtime;
  const rows = (source: Float32Array | Float64Array, argument: string): number => {
    const bytes = (source.length / dim) * layout.width * layout.bytes;
    const pointer = blocks.take(bytes, argument);
    if (layout.width > dim) memory.zero(pointer, bytes);
    data.writeRows(pointer, source, dim, layout.width);
    return pointer;
  };
  const noise = typeof run.noise === "string" ? 0 : rows(run.noise, "noise");
  const matrices = (frames?.matrices ?? []).map((matrix) => {
    // Column by column, each padded to an even number.
    const stride = dim + (dim % 2);
    const pointer = blocks.take(8 * stride * dim, "process");
    const view = memory.f64(pointer, stride * dim);
    view.fill(0);
    for (let i = 0; i < dim * dim; i++) {
      view[(i % dim) * stride + Math.floor(i / dim)] = matrix[i] as number;
    }
    return pointer;
  });
  const points = (frames?.pointSets ?? []).map((set) => {
    // Points are padded to whole groups of rows, as those of the mixture are.
    const padded = new Float64Array(layout.rows * dim);
    padded.set(set);
    return rows(padded, "process");
  });
  const fills = program.ops.some((op) => op.code === OpCode.Fill);
  const centre = fills ? rows(data.centre as Float64Array, "points") : 0;
  const ops = program.ops.map((op): Op => {
    if (op.code === OpCode.Fill) return { ...op, row: centre };
    if (op.code === OpCode.Linear) return { ...op, matrix: matrices[op.matrix] as number };
    if ("points" in op && op.points > 0) return { ...op, points: points[op.points - 1] as number };
    return op;
  });
  const needs = needsOf(ops);
  const { draws } = program;
  return {
    kind: "sample",
    mixture: layout,
    count: run.count,
    block: sampleBlock({ mixture: layout, needs, draws }, data.engine.blockSize),
    particle: run.particle ?? 0,
    seedLow: run.seed >>> 0,
    seedHigh: Math.floor(run.seed / 2 ** 32),
    registers: program.registers,
    scalars: program.scalars,
    draws,
    needs,
    ops: encodeOps(ops),
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
export function writeStart(data: Mixture, state: number, { initial, count }: Run): void {
  const { layout, dim } = data;
  if (typeof initial === "string" || layout.width > dim) {
    data.runtime.memory.zero(state, count * layout.width * layout.bytes);
  }
  if (typeof initial !== "string") data.writeRows(state, initial, dim, layout.width);
}

/** Runs a program from its start to its end. */
export async function runKernels<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  data: Mixture<P>,
  program: Program,
  frames: Frames | undefined,
  run: Run,
): Promise<RunOutput<P>> {
  const { count, onProgress } = run;
  const recorded = run.recorded.length;
  const { layout, runtime, dim } = data;
  const { memory } = runtime;
  if (count === 0) {
    return { samples: data.array(0), trajectories: data.array(0), outputs: new Float64Array(0) };
  }
  const blocks = new Blocks(memory);
  try {
    const bytes = count * layout.width * layout.bytes;
    const state = blocks.take(bytes, "count");
    writeStart(data, state, run);
    const record = recorded > 0 ? blocks.take(recorded * bytes, "record") : 0;
    const outputs = blocks.take(8 * SCALAR_OUTPUTS * count, "count");
    const job = { ...uploadJob(data, program, frames, run, blocks), state, end: state, record, outputs };
    await runtime.run(job, {
      calls: callsOf(field),
      signal: run.signal,
      onProgress: onProgress && ((done: number, total: number) => onProgress({ done, total })),
    });
    return {
      samples: data.readRows(state, count, dim, layout.width),
      trajectories: recorded > 0 ? data.readRows(record, recorded * count, dim, layout.width) : undefined,
      outputs: memory.f64(outputs, SCALAR_OUTPUTS * count).slice(),
    };
  } finally {
    blocks.free();
  }
}
