// Blocks and calls of kernels are bounded by the work in them, whatever the sizes; parts of a call have the bits of the whole.
import { type Abi, exportName } from "../../../bindings/abi.js";
import { plainKernels, taskKernels, typedKernels } from "../../../build/generated/abi.js";
import type { MixtureLayout, SampleJob, ScoreJob } from "../../../bindings/job.js";
import { OP_WIDTH, type Op, OpCode } from "../../../bindings/ops.js";
import { scratchBytes } from "../../../bindings/scratch.js";
import { sampleBlock, scoreBlock } from "../../../bindings/blocks.js";
import { Executor } from "../../../bindings/executor.js";
import { OpList } from "../../../bindings/opList.js";
import { PANEL, PIECE } from "../../../bindings/work.js";
import { createEngine, type Engine } from "../../../src/index.js";
import { afterAll, describe, expect, it } from "vitest";
import { scattered } from "../../shared/bits.js";

/** Kernels that do nothing, on a memory that nobody touches. */
function idle(): { executor: Executor; calls: { name: string; args: number[] }[] } {
  const calls: { name: string; args: number[] }[] = [];
  const exports: Abi = {};
  const add = (name: string): void => {
    exports[name] = (...args) => void calls.push({ name, args });
  };
  for (const name of typedKernels) {
    for (const bytes of [4, 8] as const) add(exportName(name, bytes));
  }
  for (const name of [...plainKernels, ...taskKernels]) add(name);
  return { executor: new Executor(exports, new WebAssembly.Memory({ initial: 16_384 })), calls };
}

const layoutOf = (dim: number, size: number, bytes: 4 | 8): MixtureLayout => {
  const lanes = 16 / bytes;
  return {
    bytes,
    dim,
    width: dim <= 3 ? dim : Math.ceil(dim / lanes) * lanes,
    size,
    rows: dim <= 3 ? size : Math.ceil(size / 4) * 4,
    points: 64,
    logWeights: 0,
  };
};

const sizes: [number, number][] = [
  [1, 1],
  [1, 100_000],
  [2, 100_000],
  [3, 20_000],
  [4, 1],
  [4, 60_000],
  [64, 5],
  [64, 20_000],
  [64, 100_000],
  [784, 60_000],
  [4096, 1],
  [4096, 300],
  [4096, 100_000],
];
const bytesOf = [4, 8] as const;
const blocks = [undefined, 1, 65_536];

/** The largest piece of a block, between two yields. */
function largestPiece(executor: Executor, work: Iterable<unknown>): number {
  let largest = 0;
  let before = executor.work;
  for (const _ of work) {
    largest = Math.max(largest, executor.work - before);
    before = executor.work;
  }
  return largest;
}

describe.each(sizes)(
  "%d coordinates, %d points: a call of a kernel is a piece of work at most",
  (dim, size) => {
    it.each([
      ["means", {}],
      ["Hessians", { covariance: 64 }],
      ["traces", { trace: 64 }],
      ["weights", { weights: 64 }],
    ] as const)("scores, %s", (_, want) => {
      for (const bytes of bytesOf) {
        for (const wanted of blocks) {
          // Matrices end at 64 dimensions, traces take their place; for three or fewer they come of covariances.
          if ("covariance" in want && dim > 64) continue;
          if ("trace" in want && dim <= 3) continue;
          const none = { stats: 64, covariance: 0, trace: 0, weights: 0 };
          const job: ScoreJob = {
            kind: "score",
            mixture: layoutOf(dim, size, bytes),
            count: 1e6,
            block: 1,
            queries: 64,
            k: 64,
            kStride: 0,
            mean: 64,
            ...none,
            ...want,
          };
          job.block = scoreBlock(job, wanted);
          expect(job.block).toBeGreaterThan(0);
          expect(job.block).toBeLessThanOrEqual(wanted ?? 2048);
          expect(scratchBytes(job)).toBeLessThan(2 ** 28);
          const { executor } = idle();
          expect(largestPiece(executor, executor.run(job, 0, 0))).toBeLessThanOrEqual(PIECE);
          expect(executor.work).toBeGreaterThan(0);
        }
      }
    });

    const seen = { x: 0, mean: 1, k: 1, inverseAlpha: 1, points: 0 };
    it.each([
      ["means", { code: OpCode.Score, ...seen, trace: -1 }],
      ["traces", { code: OpCode.Score, ...seen, trace: 0 }],
      ["draws", { code: OpCode.Draw, ...seen, out: 1, draws: 64, step: 0, stream: 0 }],
      ["noise of covariances", { code: OpCode.Spread, ...seen, out: 1, step: 0, stream: 0 }],
      ["normals", { code: OpCode.Normal, out: 1, step: 0, stream: 0 }],
      ["paths", { code: OpCode.Path, out: 1, t: 1.1, s: 0.3, exponent: -4 }],
      ["matrices", { code: OpCode.Linear, out: 1, x: 0, matrix: 64 }],
    ] as [string, Op][])("samples, %s", { tags: ["slow"] }, (_, op) => {
      for (const bytes of bytesOf) {
        for (const wanted of blocks) {
          const ops = new OpList();
          ops.push(op);
          const encoded = ops.encode(false, { matrices: Array(65).fill(64), pointSets: [0], rows: [] });
          let numbers = encoded.next();
          while (!numbers.done) numbers = encoded.next();
          const mixture = layoutOf(dim, size, bytes);
          const job: SampleJob = {
            kind: "sample",
            mixture,
            count: 1e5,
            block: sampleBlock({ mixture, needs: ops.needs }, wanted),
            particle: 0,
            seedLow: 0,
            seedHigh: 0,
            registers: 2,
            scalars: 2,
            needs: ops.needs,
            ops: numbers.value.subarray(0, OP_WIDTH),
            state: 64,
            end: 64,
            loads: [],
            saves: [],
            record: 0,
            noise: 0,
            outputs: 0,
          };
          expect(scratchBytes(job)).toBeLessThan(2 ** 29);
          const { executor } = idle();
          expect(largestPiece(executor, executor.run(job, 0, 0))).toBeLessThanOrEqual(PIECE);
        }
      }
    });
  },
);

it("pieces of a tile are all of it: points, rows and draws once each", () => {
  const mixture = layoutOf(64, 100_000, 4);
  const job: ScoreJob = {
    kind: "score",
    mixture,
    count: 100,
    block: 1,
    queries: 64,
    k: 64,
    kStride: 0,
    mean: 64,
    stats: 64,
    covariance: 64,
    trace: 64,
    weights: 64,
  };
  job.block = scoreBlock(job, undefined);
  const { executor, calls } = idle();
  for (const _ of executor.run(job, 0, 0));
  const of = (name: string): number[][] => calls.filter((call) => call.name === name).map(({ args }) => args);
  const parts = (name: string, row: (args: number[]) => boolean): number => {
    const ranges = of(name)
      .filter(row)
      .map((args) => args.slice(-2));
    let at = 0;
    for (const [first, last] of ranges) {
      expect([name, first]).toEqual([name, at]);
      at = last as number;
    }
    expect(at).toBe(100_000);
    return ranges.length;
  };
  parts("averageF32", () => true);
  // A row's covariance is a call of its own.
  const rows = new Set(of("covarianceF32").map(([covariance]) => covariance));
  expect(rows.size).toBe(job.block);
  for (const own of rows) expect(parts("covarianceF32", ([at]) => at === own)).toBeGreaterThan(1);
  // To the queries, then to the means.
  const distances = of("distancesF32").reduce((sum, args) => sum + (args[6] as number), 0);
  expect(distances).toBe(2 * 100_000);
  expect(of("relativeWeightsF32").reduce((sum, args) => sum + (args[8] as number), 0)).toBe(job.block);
});

describe("parts of a call of a kernel have the bits of the whole", () => {
  let engine: Engine | undefined;
  afterAll(() => engine?.close());

  it.each([
    [4, 7, 333],
    [8, 6, 200],
  ] as const)("%d bytes per number", async (bytes, dim, size) => {
    engine = await createEngine({ threads: 1 });
    const { executor, memory } = engine.runtime as NonNullable<Engine["runtime"]>;
    const kernels = executor.kernels(bytes);
    const [n, width, stride, draws] = [5, 8, 352, 9];
    const rows = Math.ceil(size / 4) * 4;
    const put = (values: Float64Array, each: 4 | 8): number => {
      const at = memory.alloc(values.length * each, "test");
      memory.numbers(each, at, values.length).set(values);
      return at;
    };
    const room = (length: number, each: 4 | 8): number => put(new Float64Array(length), each);
    const points = put(scattered(rows * width, 1), bytes);
    const weights = put(
      scattered(n * stride, 2).map((value, i) => (i % stride < size ? Math.abs(value) : 0)),
      bytes,
    );
    const sums = Float64Array.from({ length: 4 * n }, (_, i) => {
      const row = memory.numbers(bytes, weights + Math.floor(i / 4) * stride * bytes, size);
      return i % 4 === 1 ? Array.from(row).reduce((a, b) => a + b, 0) : 3;
    });
    const stats = put(sums, 8);
    const uniforms = put(
      Float64Array.from({ length: n * draws }, (_, i) => (i + 0.5) / (n * draws)),
      8,
    );
    const mean = put(scattered(n * width, 3), 8);
    const scratch = room(4096, 8);
    const panels = room(2 * (PANEL + 1) * width + PANEL, bytes);
    const run = (parts: number[], work: (first: number, last: number) => void): void => {
      for (let i = 0; i + 1 < parts.length; i++) work(parts[i] as number, parts[i + 1] as number);
    };
    for (const [parts, drawn] of [
      [
        [0, size],
        [0, draws],
      ],
      [
        [0, 64, 192, size],
        [0, 1, 4, draws],
      ],
    ] as [number[], number[]][]) {
      const out = room(n * width, bytes);
      const total = room(n * width, 8);
      run(parts, (first, last) =>
        kernels.average(out, width, total, weights, stride, stats, points, n, size, width, dim, first, last),
      );
      const covariance = room(n * dim * dim, 8);
      for (let i = 0; i < n; i++) {
        run(parts, (first, last) =>
          kernels.covariance(
            ...([covariance + 8 * i * dim * dim, panels, mean + 8 * i * width] as const),
            ...([
              weights + i * stride * bytes,
              stats + 32 * i,
              points,
              size,
              dim,
              width,
              first,
              last,
            ] as const),
          ),
        );
      }
      const drawnRows = room(n * width, bytes);
      run(drawn, (first, last) =>
        kernels.drawRows(
          ...([drawnRows, width, uniforms, draws, weights, stride, stats] as const),
          ...([points, n, size, width, first, last] as const),
        ),
      );
      const spread = room(width, bytes);
      run(parts, (first, last) =>
        kernels.spreadRows(
          ...([spread, width, mean, weights, stride, stats, points, 1, size, dim, width, 3] as const),
          ...([1, 2, 7, 0, scratch, scratch + 8192, scratch + 16_384, first, last] as const),
        ),
      );
      results.push(
        [
          memory.numbers(bytes, out, n * width),
          memory.numbers(8, total, n * width),
          memory.numbers(8, covariance, n * dim * dim),
          memory.numbers(bytes, drawnRows, n * width),
          memory.numbers(bytes, spread, dim),
        ].map((view) => Array.from(view)),
      );
    }
    const [whole, cut] = results.splice(0) as [number[][], number[][]];
    expect(cut).toEqual(whole);
    for (const values of whole) expect(values.some((value) => value !== 0)).toBe(true);
    engine.close();
  });
  const results: number[][][] = [];
});
