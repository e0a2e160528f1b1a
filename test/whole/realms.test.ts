// Arrays of another realm (frames, `vm`, jest's environments) are taken by every public function, and give the same bits.
import { runInNewContext } from "node:vm";
import * as library from "vkernel";
import { createEngine, type Engine, edm, exactScore } from "vkernel";
import {
  encodeCsv,
  encodeIdx,
  encodeNpy,
  encodeNpz,
  parseIdx,
  parseNpy,
  parseNpz,
  readDataSet,
} from "vkernel/io";
import { camera, createRaster } from "vkernel/raster";
import { conformance } from "vkernel/conformance";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apart, type Kit, kitOf, numbersOf, tour, visit } from "../shared/tour.js";
import { scattered } from "../shared/bits.js";

const realm = runInNewContext("globalThis") as typeof globalThis;
const foreign = kitOf(realm);
const own = kitOf(globalThis);
/** Arrays in shared memory; rows are as they are. */
const shared: Kit = {
  f32: (values) => {
    const out = new Float32Array(new SharedArrayBuffer(4 * values.length));
    out.set(values);
    return out;
  },
  f64: (values) => {
    const out = new Float64Array(new SharedArrayBuffer(8 * values.length));
    out.set(values);
    return out;
  },
  u8: (values) => {
    const out = new Uint8Array(new SharedArrayBuffer(values.length));
    out.set(values);
    return out;
  },
  rows: own.rows,
};

let engine: Engine;
let plain: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 2 });
  plain = await createEngine({ kernels: "reference" });
});
afterAll(() => {
  engine.close();
  plain.close();
});

it("these arrays are of another realm", () => {
  expect(foreign.f32([1]) instanceof Float32Array).toBe(false);
  expect(Object.getPrototypeOf(foreign.rows([[1]]))).not.toBe(Array.prototype);
});

const seen = new Set<string>();

describe.each(Object.entries(tour))("%s", (name, { relative = 1e-10 }) => {
  it("arrays of another realm, and in shared memory, give the same bits; plain TypeScript the same numbers", async () => {
    const { numbers, used } = await visit(library, name, engine, own);
    for (const one of used) seen.add(one);
    expect(numbers.length).toBeGreaterThan(0);
    expect((await visit(library, name, engine, foreign)).numbers).toEqual(numbers);
    expect((await visit(library, name, engine, shared)).numbers).toEqual(numbers);
    const other = (await visit(library, name, plain, foreign)).numbers;
    expect(other.length).toBe(numbers.length);
    const scale = numbers.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1);
    const off = numbers.filter(
      (x, i) => !(Object.is(x, other[i]) || Math.abs(x - (other[i] as number)) <= relative * scale),
    );
    expect(off).toEqual([]);
  });
});

it("the tour visits every function of the library", () => {
  const missing = Object.keys(library).filter((name) => !seen.has(name) && !apart.includes(name));
  expect(missing).toEqual([]);
});

describe("the other entries", () => {
  it("files", async () => {
    const bytesOf = (kit: Kit) => [
      encodeNpy(kit.f64([1, 2]), [2]),
      encodeNpy(kit.f32([1, 2]), [2]),
      encodeIdx(kit.u8([1, 2]), [2]),
      encodeNpz({ a: { data: kit.f64([1, 2]) } }),
      encodeNpz(
        new (kit === foreign ? realm.Map : Map)([["a", { data: kit.f64([1, 2]) }]]) as Map<
          string,
          { data: Float64Array }
        >,
      ),
    ];
    const files = bytesOf(own);
    expect(bytesOf(foreign)).toEqual(files);
    expect(encodeCsv(foreign.f32([1, 2]), 1, 2)).toBe("1,2\n");
    for (const kit of [own, foreign, shared]) {
      const [npy, , idx, npz] = files.map((file) => kit.u8(file)) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      expect(Array.from(parseNpy(npy).data)).toEqual([1, 2]);
      expect(Array.from(parseIdx(idx).data)).toEqual([1, 2]);
      expect(numbersOf(parseNpz(npz))).toEqual([]);
      expect((await readDataSet(npy, "a.npy")).points).toEqual(Float64Array.of(1, 2));
      expect((await readDataSet(kit.u8(new TextEncoder().encode("1,2\n")), "a.csv")).points).toEqual(
        Float64Array.of(1, 2),
      );
    }
  });

  it("pictures", async () => {
    const draw = async (on: Engine, kit: Kit) => {
      const raster = createRaster(on, { width: 8, height: 8 });
      const table = kit.u8(Array.from({ length: 1024 }, (_, i) => i % 256));
      await raster.splat(kit.f32(scattered(40, 1)), {
        camera: camera({ center: [0, 0], scale: 4, width: 8, height: 8 }),
      });
      await raster.background(kit.u8(new Array(256).fill(9)));
      await raster.colour({ table, over: "background" });
      const first = Array.from(raster.pixels);
      await raster.field(kit.f64(scattered(64, 2)), { table, lo: -1, hi: 1 });
      const pixels = kit.u8(new Array(256).fill(0));
      raster.copyTo(pixels);
      raster.dispose();
      return [first, Array.from(pixels)];
    };
    const wanted = await draw(engine, own);
    expect(await draw(engine, foreign)).toEqual(wanted);
    expect(await draw(plain, foreign)).toEqual(wanted);
  });

  it("a sampler that gives arrays of another realm has the report of one that gives this one's", {
    tags: ["long"],
  }, async () => {
    const reportOf = (kit: Kit) =>
      conformance(
        {
          name: "euler",
          step: ({ x, t, s, denoise }) => {
            const mean = denoise(x, t);
            return kit.f64(Array.from(x, (v, i) => v + ((s - t) / t) * (v - (mean[i] as number))));
          },
        },
        { order: 1, particles: 1000, budgets: [10], seed: 5, timeLimit: 3600 },
      );
    const report = await reportOf(own);
    expect(report.findings.map(({ code }) => code)).not.toContain("shape");
    expect(report.law).not.toBeNull();
    expect(await reportOf(foreign)).toEqual(report);
  });

  it("signals of another realm end calls, before they begin and under way", { tags: ["long"] }, async () => {
    const made = runInNewContext(`(() => {
      const listeners = new Set();
      const signal = {
        aborted: false,
        reason: undefined,
        addEventListener: (_, run) => listeners.add(run),
        removeEventListener: (_, run) => listeners.delete(run),
      };
      const abort = () => {
        signal.aborted = true;
        for (const run of listeners) run();
        listeners.clear();
      };
      return { signal, abort, count: () => listeners.size };
    })`) as () => { signal: AbortSignal; abort: () => void; count: () => number };
    for (const on of [engine, plain]) {
      const field = exactScore(on.mixture(scattered(2000, 1), { dim: 2 }), edm());
      const early = made();
      expect(early.signal instanceof AbortSignal).toBe(false);
      early.abort();
      await expect(field.evaluate([[0, 0]], 1, ["score"], { signal: early.signal })).rejects.toMatchObject({
        code: "E_ABORT",
      });
      const late = made();
      const call = library.sample(field, {
        count: 100_000,
        signal: late.signal,
        onProgress: () => late.abort(),
      });
      await expect(call).rejects.toMatchObject({ code: "E_ABORT" });
      const never = made();
      let most = 0;
      await library.sample(field, {
        count: 20_000,
        signal: never.signal,
        onProgress: () => {
          most = Math.max(most, never.count());
        },
      });
      expect(most).toBe(on === engine ? 1 : 0);
      expect(never.count()).toBe(0);
    }
  });

  it("errors of another realm are told by their own words", () => {
    const thrower = runInNewContext('() => { throw new TypeError("of elsewhere"); }') as () => number;
    expect(() => library.customProcess({ beta: thrower, diffusion: () => 1, end: 1 })).toThrow(
      /throws at [^:]*: of elsewhere$/,
    );
  });
});

describe("what is no array says what it is", () => {
  it.each([
    [
      "a proxy",
      new Proxy(new Float32Array(2), {}),
      /got an object that looks like a Float32Array \(a proxy of one\?\)/,
    ],
    ["an heir", Object.create(Float64Array.prototype), /got an object that looks like a Float64Array/],
    ["another type", realm.Int32Array.of(1, 2), /got Int32Array of length 2/],
    ["a view", new realm.DataView(new realm.ArrayBuffer(8)), /got a DataView/],
    ["a buffer", new realm.ArrayBuffer(8), /got a ArrayBuffer/],
  ])("%s", (_, points, message) => {
    expect(() => engine.mixture(points as Float32Array, { dim: 1 })).toThrow(message);
  });
});
