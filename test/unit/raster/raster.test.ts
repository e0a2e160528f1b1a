// Particles and fields to pixels: the bytes of plain loops, on any number of threads, with and without Wasm.
import {
  anisotropic,
  createEngine,
  edm,
  type Engine,
  exactScore,
  heun,
  karras,
  type LiveRun,
  liveRun,
  type VkernelError,
} from "vkernel";
import { type Camera, camera, createRaster, type Raster } from "vkernel/raster";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { log } from "../../../src/numeric/elementary.js";
import { scattered } from "../../shared/bits.js";

const names = ["one thread", "two threads", "three threads", "relaxed", "reference"] as const;
const engines = {} as Record<(typeof names)[number], Engine>;
beforeAll(async () => {
  engines["one thread"] = await createEngine({ threads: 1 });
  engines["two threads"] = await createEngine({ threads: 2 });
  engines["three threads"] = await createEngine({ threads: 3 });
  engines.relaxed = await createEngine({ threads: 2, kernels: "relaxed" });
  engines.reference = await createEngine({ kernels: "reference" });
});
afterAll(() => {
  for (const engine of Object.values(engines)) engine.close();
});

type Rows = Float32Array | Float64Array;

/** Counts by a loop, in the arithmetic of the particles. */
function countsOf(rows: Rows, dim: number, axes: number[], map: Camera, width: number, height: number) {
  const single = rows instanceof Float32Array;
  const r = single ? Math.fround : (x: number) => x;
  const counts = new Uint32Array(width * height);
  for (let i = 0; i < rows.length / dim; i++) {
    const [x, y] = axes.map((axis) => rows[i * dim + axis]) as [number, number];
    const [a, b, c, d, e, f] = map.map(r) as unknown as Camera;
    const column = Math.floor(r(r(r(a * x) + r(c * y)) + e));
    const row = Math.floor(r(r(r(b * x) + r(d * y)) + f));
    if (column >= 0 && column < width && row >= 0 && row < height) counts[row * width + column]++;
  }
  return counts;
}

/** 256 colours, opaque or of some opacity each. */
function tableOf(opaque: boolean): Uint8Array {
  const noise = scattered(1024, 5);
  return Uint8Array.from(noise, (x, i) => (i % 4 === 3 && opaque ? 255 : Math.floor(128 * (x + 1))));
}

/** Channels of a colour over another: rounded halves up, the exact quotients by 255. */
function blend(top: Uint8Array, bottom: Uint8Array): number[] {
  const alpha = top[3];
  if (alpha === 255) return [...top];
  if (alpha === 0) return [...bottom];
  const mix = (a: number, b: number): number => Math.floor((a * alpha + b * (255 - alpha)) / 255 + 0.5);
  return [0, 1, 2].map((i) => mix(top[i], bottom[i])).concat(mix(255, bottom[3]));
}

const bytesOf = (values: ArrayBufferView): Buffer =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);
const equal = (a: ArrayBufferView, b: ArrayBufferView): boolean => bytesOf(a).equals(bytesOf(b));

const errorOf = async (work: () => unknown): Promise<VkernelError> => {
  try {
    await work();
  } catch (error) {
    return error as VkernelError;
  }
  throw new Error("nothing was thrown");
};

/** Particles of many kinds: inside, outside, on the edges, far, infinite, none. */
function particles(count: number, dim: number, single: boolean): Rows {
  const rows: Rows = single ? new Float32Array(count * dim) : new Float64Array(count * dim);
  rows.set(scattered(count * dim, dim).map((x) => 1.3 * x));
  const odd = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -1e30,
    1e30,
    0,
    -0,
    1,
    -1,
    0.5,
    Number.NEGATIVE_INFINITY,
  ];
  for (let i = 0; i < Math.min(rows.length, 200); i++) rows[7 * i] = odd[i % odd.length];
  return rows;
}

const rotated: Camera = [20, 7, -9, 25, 31.5, 20.25];

describe.each(names)("splat: %s", (name) => {
  it.each([
    ["float32", 50_000, 2, [0, 1], true],
    ["float64", 50_000, 2, [0, 1], false],
    ["float32, an odd number", 33_333, 2, [0, 1], true],
    ["float64, an odd number", 33_333, 2, [0, 1], false],
    ["few", 3, 2, [0, 1], true],
    ["one", 1, 2, [0, 1], false],
    ["none", 0, 2, [0, 1], true],
    ["the other way round", 40_000, 2, [1, 0], true],
    ["dim 1 along both", 40_000, 1, [0, 0], true],
    ["two of three", 40_001, 3, [2, 0], false],
    ["two of seven", 20_001, 7, [5, 3], true],
  ] as const)("%s", async (_, count, dim, axes, single) => {
    const rows = particles(Math.max(count, 200), dim, single).slice(0, count * dim);
    for (const [width, height] of [
      [64, 48],
      [61, 47],
      [1, 1],
    ]) {
      const raster = createRaster(engines[name], { width, height });
      for (const map of [rotated, camera({ center: [0.1, -0.2], scale: 30, width, height })]) {
        await raster.splat(rows, { camera: map, dim, axes });
        const expected = countsOf(rows, dim, [...axes], map, width, height);
        expect(equal(raster.counts, expected)).toBe(true);
        expect(raster.peak).toBe(expected.reduce((a, b) => Math.max(a, b), 0));
      }
      raster.dispose();
    }
  });

  it("pixels are half open: an edge belongs to what is right of it and below", async () => {
    const raster = createRaster(engines[name], { width: 4, height: 4 });
    const rows = Float32Array.of(0, 0, 0.999, 0.999, 1, 0, 4, 1, -1e-30, 1, 3.999, 3.999, 2, 4, 2, -0);
    await raster.splat(rows, { camera: [1, 0, 0, 1, 0, 0] });
    const expected = new Uint32Array(16);
    for (const [cell, count] of [
      [0, 2],
      [1, 1],
      [15, 1],
      [2, 1],
    ]) {
      expected[cell] = count;
    }
    expect([...raster.counts]).toEqual([...expected]);
    raster.dispose();
  });

  it("a live run where it lies: at each step the counts of its samples", { tags: ["slow"] }, async () => {
    const engine = engines[name];
    for (const [dim, precision, process] of [
      [2, "f32", edm()],
      [2, "f64", edm()],
      [6, "f32", edm()],
      [
        2,
        "f32",
        anisotropic(edm(), {
          covariance: [
            [2, 0.5],
            [0.5, 1],
          ],
        }),
      ],
    ] as const) {
      const data = engine.mixture(scattered(5 * dim, 2), { dim, precision });
      const live: LiveRun = await liveRun(exactScore(data, process), {
        sampler: heun(),
        grid: karras({ steps: 3, sigmaMin: 0.1, sigmaMax: 3 }),
        count: name === "reference" ? 500 : 40_000,
        seed: 4,
      });
      const raster = createRaster(engine, { width: 50, height: 40 });
      const axes = [dim - 1, 0] as const;
      for (let i = 0; i < live.times.length; i++) {
        await raster.splat(live, { camera: rotated, axes });
        expect(equal(raster.counts, countsOf(live.samples, dim, [...axes], rotated, 50, 40))).toBe(true);
        await live.advance();
      }
      // Disposed of while it is drawn: what it was is drawn still.
      const last = raster.splat(live, { camera: rotated });
      const expected = countsOf(live.samples, dim, [0, 1], rotated, 50, 40);
      await new Promise((resolve) => setTimeout(resolve));
      live.dispose();
      await last;
      expect(equal(raster.counts, expected)).toBe(true);
      raster.dispose();
      data.dispose();
    }
  });
});

describe.each(names)("colours: %s", (name) => {
  it.each([
    [64, 40],
    [37, 21],
    [3, 5],
  ])("counts through a table, %d x %d, over nothing and over a background", async (width, height) => {
    const raster = createRaster(engines[name], { width, height });
    const rows = Float32Array.from(scattered(30_000, 8), (x) => x * x * x * 1.2);
    const map = camera({ center: [0, 0], scale: width / 2, width, height });
    await raster.splat(rows, { camera: map });
    const counts = raster.counts;
    const background = Uint8Array.from(scattered(4 * width * height, 9), (x) => Math.floor(128 * (x + 1)));
    await raster.background(background);
    for (const table of [tableOf(true), tableOf(false)]) {
      for (const exposure of ["peak", 3.5, 1e6] as const) {
        const most = exposure === "peak" ? raster.peak : exposure;
        const scale = Math.fround(255 / Math.sqrt(most));
        for (const over of ["nothing", "background"] as const) {
          await raster.colour({ table, exposure, over });
          const expected = new Uint8Array(4 * width * height);
          counts.forEach((count, i) => {
            const root = Math.fround(Math.fround(Math.sqrt(count)) * scale);
            const index = Math.min(255, Math.ceil(root));
            const colour = table.subarray(4 * index, 4 * index + 4);
            const below = background.subarray(4 * i, 4 * i + 4);
            expected.set(over === "nothing" ? colour : blend(colour, below), 4 * i);
          });
          expect(equal(raster.pixels, expected)).toBe(true);
        }
      }
    }
    expect(counts.some((count) => count === 0) || width === 3).toBe(true);
    raster.dispose();
  });

  it("nothing at all is the first colour, and one particle is not", async () => {
    const raster = createRaster(engines[name], { width: 5, height: 4 });
    const table = tableOf(true);
    await raster.splat(new Float32Array(0), { camera: rotated });
    await raster.colour({ table });
    expect([...raster.pixels]).toEqual(Array.from({ length: 20 }, () => [...table.subarray(0, 4)]).flat());
    await raster.splat(Float32Array.of(0, 0), { camera: [1, 0, 0, 1, 0, 0] });
    await raster.colour({ table, exposure: 1e12 });
    expect([...raster.pixels.subarray(0, 8)]).toEqual([...table.subarray(4, 8), ...table.subarray(0, 4)]);
    raster.dispose();
  });

  it.each(["linear", "log"] as const)("fields, %s, float32 and float64", async (scale) => {
    const [width, height] = [61, 33];
    const [lo, hi] = scale === "linear" ? [-0.7, 0.9] : [1e-3, 2];
    const raster = createRaster(engines[name], { width, height });
    const table = tableOf(true);
    const raw = scattered(width * height, 12);
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, lo, hi, 0, -0, -5];
    odd.forEach((value, i) => {
      raw[3 * i] = value;
    });
    for (const values of [raw, Float32Array.from(raw)]) {
      await raster.field(values, { table, lo, hi, scale });
      const pixels = raster.pixels;
      let checked = 0;
      values.forEach((x, i) => {
        const colour = [...pixels.subarray(4 * i, 4 * i + 4)];
        if (Number.isNaN(x)) {
          expect(colour).toEqual([0, 0, 0, 0]);
          return;
        }
        const share =
          scale === "linear"
            ? (x - lo) / (hi - lo)
            : (log(Math.max(x, 1e-300)) - log(lo)) / (log(hi) - log(lo));
        const place = 256 * share;
        // A number on the border of two colours may have either: rounding tells.
        if (Math.abs(place - Math.round(place)) < 1e-9 && place > 0.5 && place < 255.5) return;
        const index = Math.max(0, Math.min(255, Math.floor(place)));
        expect(colour).toEqual([...table.subarray(4 * index, 4 * index + 4)]);
        checked++;
      });
      expect(checked).toBeGreaterThan(width * height - 10);
    }
    // As a layer, under what is not there: the pixels stay until it is drawn over.
    await raster.field(raw, { table, lo, hi, scale });
    const shown = raster.pixels;
    await raster.field(
      raw.map(() => hi),
      { table, lo, hi, scale },
    );
    const other = raster.pixels;
    await raster.field(raw, { table, lo, hi, scale, into: "background" });
    expect(equal(raster.pixels, other)).toBe(true);
    await raster.splat(new Float64Array(0), { camera: rotated });
    await raster.colour({ table: new Uint8Array(1024), over: "background" });
    expect(equal(raster.pixels, shown)).toBe(true);
    raster.dispose();
  });
});

describe("levels of a scale", () => {
  it("are the same bytes on every engine", async () => {
    const values = Float64Array.from(scattered(64 * 64, 2), (x) => x + 1.001);
    const all: Uint8ClampedArray[] = [];
    for (const name of names) {
      const raster = createRaster(engines[name], { width: 64, height: 64 });
      await raster.field(values, { table: tableOf(true), lo: 0.01, hi: 1.9, scale: "log" });
      all.push(raster.pixels);
      raster.dispose();
    }
    for (const pixels of all) expect(equal(pixels, all[0])).toBe(true);
  });

  it("may have ends as far as numbers go, or as close", async () => {
    const raster = createRaster(engines["one thread"], { width: 2, height: 2 });
    const table = tableOf(true);
    const index = (i: number): number[] => [...table.subarray(4 * i, 4 * i + 4)];
    const values = Float64Array.of(-1.7e308, -1, 1, 1.7e308);
    await raster.field(values, { table, lo: -1.7e308, hi: 1.7e308 });
    expect([...raster.pixels]).toEqual([index(0), index(127), index(128), index(255)].flat());
    await raster.field(Float64Array.of(0, 1, 1 + 2 ** -52, 2), { table, lo: 1, hi: 1 + 2 ** -52 });
    expect([...raster.pixels.subarray(0, 4)]).toEqual(index(0));
    expect([...raster.pixels.subarray(8)]).toEqual([index(255), index(255)].flat());
    raster.dispose();
  });
});

describe("a raster", () => {
  let engine: Engine;
  let raster: Raster;
  const size = { width: 20, height: 10 };
  beforeAll(async () => {
    engine = await createEngine({ threads: 2 });
    raster = createRaster(engine, size);
  });
  afterAll(() => engine.close());

  it("gives its pixels as a copy, into what is there, and where they lie", async () => {
    await raster.splat(scattered(2000, 3), { camera: camera({ center: [0, 0], scale: 10, ...size }) });
    await raster.colour({ table: tableOf(true) });
    const pixels = raster.pixels;
    expect(pixels.buffer).toBeInstanceOf(ArrayBuffer);
    const own = new Uint8ClampedArray(800);
    raster.copyTo(own);
    expect(equal(own, pixels)).toBe(true);
    expect(equal(raster.view(), pixels)).toBe(true);
  });

  it("calls wait for each other, and what was given to them may change at once", async () => {
    const rows = scattered(2000, 3);
    const expected = countsOf(rows, 2, [0, 1], rotated, size.width, size.height);
    const calls = [
      raster.splat(scattered(600, 4), { camera: rotated }),
      raster.splat(rows, { camera: rotated }),
      raster.colour({ table: tableOf(true) }),
    ];
    rows.fill(0);
    await Promise.all(calls);
    expect(equal(raster.counts, expected)).toBe(true);
  });

  it("checks what it is given before anything is done", async () => {
    const rows = new Float32Array(4);
    const table = tableOf(true);
    const other = engines["one thread"];
    const data = other.mixture(scattered(4, 1), { dim: 2 });
    const foreign = await liveRun(exactScore(data, edm()), { count: 3 });
    const values = new Float32Array(200);
    const cases: [() => unknown, string, string][] = [
      [() => createRaster({} as never, size), "E_TYPE", "engine"],
      [() => createRaster(engine, { width: 0, height: 3 }), "E_RANGE", "width"],
      [() => createRaster(engine, { width: 1.5, height: 3 }), "E_RANGE", "width"],
      [() => createRaster(engine, { width: 4096, height: 4096 }), "E_LIMIT", "height"],
      [() => createRaster(engine, { width: 3, hight: 3 } as never), "E_USAGE", "hight"],
      [() => createRaster(engine, undefined as never), "E_TYPE", "width"],
      [() => raster.splat(rows, undefined as never), "E_TYPE", "camera"],
      [() => raster.splat(rows, { camera: [1, 2, 3] as never }), "E_TYPE", "camera"],
      [() => raster.splat(rows, { camera: [1, 0, 0, 1, 0, Number.NaN] }), "E_NONFINITE", "camera[5]"],
      [() => raster.splat([1, 2] as never, { camera: rotated }), "E_TYPE", "particles"],
      [() => raster.splat(rows, { camera: rotated, dim: 3 }), "E_SHAPE", "particles"],
      [() => raster.splat(rows, { camera: rotated, axes: [0, 2] }), "E_RANGE", "axes[1]"],
      [() => raster.splat(rows, { camera: rotated, axis: 1 } as never), "E_USAGE", "axis"],
      [() => raster.splat(foreign, { camera: rotated }), "E_USAGE", "particles"],
      [() => raster.colour(undefined as never), "E_TYPE", "table"],
      [() => raster.colour({ table: new Uint8Array(1023) }), "E_SHAPE", "table"],
      [() => raster.colour({ table, exposure: 0 }), "E_RANGE", "exposure"],
      [() => raster.colour({ table, over: "all" as never }), "E_USAGE", "over"],
      [() => raster.field(rows, { table, lo: 0, hi: 1 }), "E_SHAPE", "values"],
      [() => raster.field(values, { table, lo: 1, hi: 1 }), "E_RANGE", "hi"],
      [() => raster.field(values, { table, lo: 0, hi: 1, scale: "log" }), "E_RANGE", "lo"],
      [() => raster.field(values, { table, lo: 0, hi: 1, scale: "lg" as never }), "E_USAGE", "scale"],
      [() => raster.field(values, { table } as never), "E_TYPE", "lo"],
      [() => raster.background(new Uint8Array(3)), "E_SHAPE", "pixels"],
      [() => raster.copyTo(new Float32Array(800) as never), "E_TYPE", "target"],
      [() => camera({ center: [0, 0], scale: 0, ...size }), "E_RANGE", "scale"],
      [() => camera({ center: 0 as never, scale: 1, ...size }), "E_TYPE", "center"],
    ];
    const before = raster.pixels;
    for (const [work, code, argument] of cases) {
      const error = await errorOf(work);
      expect([error.code, error.argument]).toEqual([code, argument]);
    }
    expect(equal(raster.pixels, before)).toBe(true);
    foreign.dispose();
    data.dispose();
  });

  it("gives its memory back, also where it is disposed of under way, and cannot be used then", async () => {
    const before = engine.info.memoryUsed;
    for (let i = 0; i < 20; i++) {
      const own = createRaster(engine, { width: 300, height: 200 });
      const call = own.splat(scattered(60_000, 1), { camera: rotated });
      if (i % 2) await call;
      else await new Promise((resolve) => setImmediate(resolve));
      own.dispose();
      own.dispose();
      await call;
      for (const use of [
        () => own.splat(new Float32Array(2), { camera: rotated }),
        () => own.colour({ table: tableOf(true) }),
        () => own.counts,
        () => own.pixels,
        () => own.view(),
      ]) {
        expect((await errorOf(use)).code).toBe("E_DISPOSED");
      }
    }
    expect(engine.info.memoryUsed).toBe(before);
    const small = await createEngine({ threads: 1, memory: 2 ** 20 });
    expect((await errorOf(() => createRaster(small, { width: 400, height: 400 }))).code).toBe("E_MEMORY");
    expect(small.info.memoryUsed).toBe(0);
    const last = createRaster(small, { width: 40, height: 40 });
    small.close();
    expect((await errorOf(() => last.colour({ table: tableOf(true) }))).code).toBe("E_DISPOSED");
    expect(small.info.memoryUsed).toBe(0);
  });
});
