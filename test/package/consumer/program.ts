// What a user's program finds in the declarations, whatever its compiler: types as documented, none of them `any`.
import {
  createEngine,
  edm,
  type Engine,
  type EngineInfo,
  type EngineOptions,
  exactScore,
  heun,
  karras,
  memorization,
  type Mixture,
  type SampleOptions,
  type SampleRun,
  sample,
} from "vkernel";
import type { createEngine as bundled } from "vkernel/bundle";
import { type ConformanceReport, conformance, formatConformance, type StepState } from "vkernel/conformance";
import type { parseNpy, Table } from "vkernel/io";
import { camera, createRaster, type Raster } from "vkernel/raster";
import type { evaluate, ReferenceMixture } from "vkernel/reference";

export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export type IsAny<T> = 0 extends 1 & T ? true : false;
/** Does not compile unless T is `true`. */
export const holds = <T extends true>(): T | undefined => undefined;

const f32 = new Float32Array(2);
const f64 = new Float64Array(2);
const i32 = new Int32Array(2);

export async function program(signal: NonNullable<SampleOptions["signal"]>): Promise<void> {
  const engine: Engine = await createEngine({ kernels: "reference", threads: "auto" });
  const info: EngineInfo = engine.info;
  holds<Equal<typeof info.threads, number>>();
  const data: Mixture<"f32"> = engine.mixture([[0, 0]]);
  const exact = engine.mixture(f64, { dim: 2, precision: "f64" });
  holds<Equal<typeof exact, Mixture<"f64">>>();
  const field = exactScore(data, edm());
  const values = field.evaluateSync([[1, 1]], 1, ["score", "nearest", "logDensity"]);
  holds<Equal<typeof values.score, typeof f32>>();
  holds<Equal<typeof values.nearest, typeof i32>>();
  holds<Equal<keyof typeof values, "score" | "nearest" | "logDensity" | "notes" | "errorBound">>();
  const run = await sample(exactScore(exact, edm()), {
    sampler: heun(),
    grid: karras({ steps: 8 }),
    count: 5,
    seed: 1,
    signal,
  });
  holds<Equal<typeof run, SampleRun<"f64">>>();
  holds<Equal<typeof run.samples, typeof f64>>();
  const { nearest, ratios } = await memorization(run.samples, exact);
  holds<Equal<typeof nearest, typeof i32>>();
  holds<Equal<typeof ratios, typeof f64>>();
  const raster: Raster = createRaster(engine, { width: 8, height: 8 });
  await raster.splat(f32, { camera: camera({ center: [0, 0], scale: 4, width: 8, height: 8 }) });
  await raster.colour({ table: new Uint8Array(1024) });
  const step = ({ x, t, denoise }: StepState) => (t > 0 ? denoise(x, t) : x);
  const report: ConformanceReport = await conformance({ step }, { order: 1 });
  holds<Equal<ReturnType<typeof formatConformance>, string>>();
  formatConformance(report);
  holds<Equal<typeof bundled, typeof createEngine>>();
  for (const owned of [raster, exact, engine]) owned[Symbol.dispose]();

  // @ts-expect-error there is no such quantity
  field.evaluateSync([[1, 1]], 1, ["scores"]);
  // @ts-expect-error there is no such option
  await createEngine({ thread: 1 });
  // @ts-expect-error a signal is no number
  await sample(field, { count: 5, seed: 1, signal: 3 });
  // @ts-expect-error points are numbers
  engine.mixture([["0", "0"]]);
}

holds<Equal<IsAny<NonNullable<EngineOptions["wasm"]>>, false>>();
holds<Equal<IsAny<NonNullable<EngineOptions["worker"]>>, false>>();
holds<Equal<IsAny<NonNullable<SampleOptions["signal"]>>, false>>();
export type Others = [typeof evaluate, ReferenceMixture, typeof parseNpy, Table];
