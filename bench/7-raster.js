import { createEngine, edm, exactScore, heun, karras, liveRun } from "vkernel";
import { camera, createRaster } from "vkernel/raster";
import { generator, normals } from "./data.js";
import { assertAgreement, interleave } from "./measure.js";

/** What the kernels, on one thread, have to be: times faster than the loop. A field has none: scoring it takes far longer. */
const TARGETS = { splat: 1.5, colour: 1.5 };

const SIZE = 600;

/**
 * A million particles to counts, counts to pixels and a field to pixels, against loops in TypeScript as one tunes them: typed
 * arrays, no allocation, truncation by `| 0`, a table of 32-bit colours. And what a page does in a frame: one Heun step of a live
 * run, its particles splatted where they lie and painted (`points` names the data), on one thread and on two.
 *
 * @param {import("./run.js").Context} context
 */
export async function run({ rounds, matches, report }) {
  const engines = await Promise.all(
    [1, 2].map(async (threads) => ({
      name: `simd, ${threads} thread${threads > 1 ? "s" : ""}`,
      engine: await createEngine({ threads, kernels: "simd" }),
    })),
  );
  try {
    for (const item of [splat(), colour(), field()]) {
      if (!matches(item.name)) continue;
      const ours = await Promise.all(
        engines.map(async ({ name, engine }) => {
          const { work, read } = await item.ours(engine);
          const run = async () => {
            await work();
            return read();
          };
          return { name, async: true, run: work, result: run };
        }),
      );
      const variants = [{ name: "plain", run: item.plain, result: item.plain }, ...ours];
      const differences = await assertAgreement(item.name, variants, item.allowed);
      const timings = await interleave(variants, { rounds, elements: item.elements });
      report({
        name: item.name,
        group: "raster",
        parameters: item.parameters,
        elements: item.elements,
        timings,
        differences,
        baselines: ["plain"],
        targets: item.target === undefined ? [] : [{ variant: "simd, 1 thread", least: item.target }],
      });
    }
    for (const { count, size } of [
      { count: 500_000, size: 6 },
      { count: 100_000, size: 50 },
    ]) {
      const name = `frame: ${count.toLocaleString("en")} particles x ${size} points, a Heun step, splat and colour`;
      if (!matches(name)) continue;
      const variants = await Promise.all(
        engines.map(async ({ name: title, engine }) => {
          const { frame, counts } = await frames(engine, count, size);
          return { name: title, async: true, run: frame, result: counts };
        }),
      );
      const differences = await assertAgreement(name, variants, { tolerance: 0 });
      const timings = await interleave(variants, { rounds, elements: count });
      report({
        name,
        group: "raster",
        parameters: { count, size },
        elements: count,
        timings,
        differences,
        baselines: ["simd, 1 thread"],
        targets: [],
      });
    }
  } finally {
    for (const { engine } of engines) engine.close();
  }
}

/** Cividis matters little here: opaque colours, each its own. */
function colours() {
  return Uint8Array.from({ length: 1024 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) & 255));
}

const view = camera({ center: [0, 0], scale: 100, width: SIZE, height: SIZE });

/** @param {Float32Array} rows @param {Uint32Array} counts */
function count(rows, counts) {
  const [a, b, c, d, e, f] = view;
  counts.fill(0);
  for (let i = 0; i < rows.length; i += 2) {
    const x = rows[i];
    const y = rows[i + 1];
    const u = a * x + c * y + e;
    const v = b * x + d * y + f;
    if (u >= 0 && u < SIZE && v >= 0 && v < SIZE) counts[(v | 0) * SIZE + (u | 0)]++;
  }
  return counts;
}

function splat() {
  const elements = 1_000_000;
  const rows = Float32Array.from(normals(2 * elements, generator(3)));
  const counts = new Uint32Array(SIZE * SIZE);
  return {
    name: `splat: ${elements.toLocaleString("en")} particles on ${SIZE} x ${SIZE}`,
    parameters: { count: elements, width: SIZE, height: SIZE },
    elements,
    target: TARGETS.splat,
    // Particles on an edge fall on either side of it in float32 and float64.
    allowed: { tolerance: 0, outliers: 0.001 },
    plain: () => count(rows, counts),
    /** @param {import("vkernel").Engine} engine */
    ours: async (engine) => {
      // Where a page has them: in Wasm memory, in a live run.
      const data = engine.mixture([[0, 0]]);
      const live = await liveRun(exactScore(data, edm()), { grid: karras({ steps: 2 }), initial: rows });
      const raster = createRaster(engine, { width: SIZE, height: SIZE });
      return { work: () => raster.splat(live, { camera: view }), read: () => raster.counts };
    },
  };
}

function colour() {
  const elements = SIZE * SIZE;
  const rows = Float32Array.from(normals(2_000_000, generator(3)));
  const table = colours();
  const words = new Uint32Array(table.buffer);
  const counts = count(rows, new Uint32Array(elements));
  const peak = counts.reduce((a, b) => Math.max(a, b), 0);
  const out = new Uint32Array(elements);
  return {
    name: `colour: counts on ${SIZE} x ${SIZE}`,
    parameters: { width: SIZE, height: SIZE },
    elements,
    target: TARGETS.colour,
    allowed: { tolerance: 0, outliers: 0.002 },
    plain: () => {
      const scale = 255 / Math.sqrt(peak);
      for (let i = 0; i < elements; i++)
        out[i] = words[Math.min(255, Math.ceil(Math.sqrt(counts[i]) * scale))];
      return out;
    },
    /** @param {import("vkernel").Engine} engine */
    ours: async (engine) => {
      const raster = createRaster(engine, { width: SIZE, height: SIZE });
      await raster.splat(rows, { camera: view });
      return {
        work: () => raster.colour({ table, exposure: peak }),
        read: () => new Uint32Array(raster.pixels.buffer),
      };
    },
  };
}

function field() {
  const elements = SIZE * SIZE;
  const values = Float64Array.from({ length: elements }, (_, i) => 10 ** (3 * Math.sin(i / 777)));
  const table = colours();
  const words = new Uint32Array(table.buffer);
  const out = new Uint32Array(elements);
  const [lo, hi] = [1e-3, 1e3];
  return {
    name: `field: float64 on ${SIZE} x ${SIZE}, a log scale`,
    parameters: { width: SIZE, height: SIZE },
    elements,
    target: undefined,
    allowed: { tolerance: 0, outliers: 0.001 },
    plain: () => {
      const from = Math.log(lo);
      const scale = 256 / (Math.log(hi) - from);
      for (let i = 0; i < elements; i++) {
        const x = values[i];
        out[i] = Number.isNaN(x)
          ? 0
          : words[Math.max(0, Math.min(255, Math.floor((Math.log(x) - from) * scale)))];
      }
      return out;
    },
    /** @param {import("vkernel").Engine} engine */
    ours: async (engine) => {
      const raster = createRaster(engine, { width: SIZE, height: SIZE });
      return {
        work: () => raster.field(values, { table, lo, hi, scale: "log" }),
        read: () => new Uint32Array(raster.pixels.buffer),
      };
    },
  };
}

/** @param {import("vkernel").Engine} engine @param {number} particles @param {number} size */
async function frames(engine, particles, size) {
  const data = engine.mixture(normals(2 * size, generator(4)), { dim: 2 });
  const live = await liveRun(exactScore(data, edm()), {
    sampler: heun(),
    grid: karras({ steps: 60, sigmaMin: 0.01, sigmaMax: 3 }),
    count: particles,
    seed: 1,
  });
  const raster = createRaster(engine, { width: SIZE, height: SIZE });
  const table = colours();
  const pixels = new Uint8ClampedArray(4 * SIZE * SIZE);
  const frame = async () => {
    if (live.done) await live.restart();
    await live.advance();
    await raster.splat(live, { camera: view });
    await raster.colour({ table });
    raster.copyTo(pixels);
  };
  const counts = async () => {
    await live.seek(20);
    await raster.splat(live, { camera: view });
    return raster.counts;
  };
  return { frame, counts };
}
