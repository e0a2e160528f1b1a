import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VkernelError } from "../../../src/core/errors.js";
import {
  encodeIdx,
  encodeNpy,
  encodeNpz,
  isDataFile,
  npzNames,
  type ReadDataSetOptions,
  readDataSet,
} from "../../../src/io/index.js";

const text = (words: string) => new TextEncoder().encode(words);
const f64 = (...values: number[]) => Float64Array.from(values);

// np.savez_compressed(f, arr_0=(np.arange(24) * 11 % 256).astype(np.uint8).reshape(2, 3, 4)) of numpy 2.4.6, whole.
const numpyImages = new Uint8Array(
  Buffer.from(
    "UEsDBC0AAAAIAAAAIQDITp2P//////////8JABQAYXJyXzAubnB5AQAQAJgAAAAAAAAAYgAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBeU2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgrGOgommjoKtQrkAS4GbjFFHXMn34jkvMqW/llLN+w+dvHO809/AVBLAQItAy0AAAAIAAAAIQDITp2PYgAAAJgAAAAJAAAAAAAAAAAAAACAAQAAAABhcnJfMC5ucHlQSwUGAAAAAAEAAQA3AAAAnQAAAAAA",
    "base64",
  ),
);
const elevens = Array.from({ length: 24 }, (_, i) => (11 * i) % 256);

const images = encodeIdx(Uint8Array.from(elevens), [2, 3, 4]);
const labels = encodeIdx(Uint8Array.of(5, 9), [2]);
const table = encodeNpy(f64(1, 2, 3, 4, 5, 6), [3, 2]);
const stack = encodeNpy(new Float64Array(8), [2, 2, 2]);
const full = encodeNpz({
  points: { data: f64(1, 2, 3, 4, 5, 6), shape: [3, 2] },
  labels: { data: Int32Array.of(7, 0, 7) },
  weights: { data: f64(0.5, 0.25, 0.25) },
});

describe("readDataSet", () => {
  const points = f64(1, 2, 3, 4, 5, 6);
  it.each([
    ["a.npy", table],
    ["A.NPY", table],
    ["a.npy.gz", gzipSync(table)],
    ["a.gz", gzipSync(table)],
    ["a.csv", text("1,2\n3,4\n5,6\n")],
    ["a.csv.gz", gzipSync(text("x,y\n1,2\n3,4\n5,6\n"))],
    ["a.npz", encodeNpz({ anything: { data: points, shape: [3, 2] } })],
    ["a.gz", gzipSync(encodeNpz({ anything: { data: points, shape: [3, 2] } }))],
    ["a.idx", encodeIdx(points, [3, 2])],
    ["a-idx2-double", encodeIdx(points, [3, 2])],
    ["a.gz", gzipSync(encodeIdx(points, [3, 2]))],
    // Some programs unpack on the way and keep the name.
    ["a.npy.gz", table],
  ])("takes a table from %s", async (name, bytes) => {
    expect(isDataFile(name)).toBe(true);
    expect(await readDataSet(bytes, name)).toEqual({ points, rows: 3, dim: 2, shape: [3, 2] });
  });
  it("keeps float32, makes float64 of all else", async () => {
    const single = encodeNpy(Float32Array.of(1, 2), [2, 1]);
    expect((await readDataSet(single, "a.npy")).points).toEqual(Float32Array.of(1, 2));
    expect((await readDataSet(labels, "a-ubyte")).points).toEqual(f64(5, 9));
  });
  it("takes images of IDX files as they are", async () => {
    expect(await readDataSet(gzipSync(images), "t-images-idx3-ubyte.gz")).toEqual({
      points: f64(...elevens),
      rows: 2,
      dim: 12,
      shape: [2, 3, 4],
      image: { width: 4, height: 3, channels: 1, range: [0, 255] },
    });
  });
  it("scales bytes where asked, from numpy's files too", async () => {
    for (const [name, bytes] of [
      ["a.npz", numpyImages],
      ["a-ubyte", images],
    ] as const) {
      const unit = await readDataSet(bytes, name, { range: "unit" });
      expect(unit.points).toEqual(f64(...elevens.map((v) => v / 255)));
      expect(unit.image).toEqual({ width: 4, height: 3, channels: 1, range: [0, 1] });
      const symmetric = await readDataSet(bytes, name, { range: "symmetric" });
      expect(symmetric.points).toEqual(f64(...elevens.map((v) => (2 * v - 255) / 255)));
      expect(symmetric.image?.range).toEqual([-1, 1]);
    }
  });
  it("takes stacks as images, unless told not to, with channels last", async () => {
    await expect(readDataSet(stack, "a.npy", { images: false })).rejects.toMatchObject({
      code: "E_SHAPE",
      argument: "a.npy",
    });
    expect(await readDataSet(stack, "a.npy")).toMatchObject({
      dim: 4,
      image: { width: 2, height: 2, channels: 1, range: [0, 1] },
    });
    const colour = encodeNpy(
      Float64Array.from({ length: 24 }, (_, i) => i / 12 - 1),
      [2, 2, 2, 3],
    );
    expect(await readDataSet(colour, "a.npy")).toMatchObject({
      rows: 2,
      dim: 12,
      shape: [2, 2, 2, 3],
      image: { width: 2, height: 2, channels: 3, range: [-1, 1] },
    });
    const wide = encodeNpy(f64(-3, 0, 1, 9), [1, 2, 2]);
    expect((await readDataSet(wide, "a.npy")).image?.range).toEqual([-3, 9]);
    const torch = encodeNpy(f64(1, 2, 3, 4, 5, 6), [1, 1, 2, 3]);
    expect(await readDataSet(torch, "a.npy")).toMatchObject({
      dim: 6,
      image: { height: 2, width: 3, channels: 1 },
    });
    const colourFirst = readDataSet(encodeNpy(new Float64Array(24), [1, 3, 4, 2]), "a.npy");
    await expect(colourFirst).rejects.toThrow(/channels last: numpy.moveaxis\(x, 1, -1\)/);
  });
  it("finds labels and weights in npz files, by each of their names", async () => {
    expect(await readDataSet(full, "a.npz")).toEqual({
      points,
      rows: 3,
      dim: 2,
      shape: [3, 2],
      labels: Int32Array.of(7, 0, 7),
      weights: f64(0.5, 0.25, 0.25),
    });
    for (const x of npzNames.points) {
      for (const y of npzNames.labels) {
        const file = encodeNpz({
          other: { data: f64(8) },
          [x]: { data: f64(1, 2) },
          [y]: { data: f64(3, 4) },
        });
        expect(await readDataSet(file, "a.npz")).toMatchObject({
          points: f64(1, 2),
          labels: Int32Array.of(3, 4),
        });
      }
    }
  });
  it("prefers labels and weights of other files, of any kind", async () => {
    const own = await readDataSet(full, "a.npz", {
      labels: { bytes: text("1\n2\n3\n"), name: "l.csv" },
      weights: { bytes: encodeNpz({ w: { data: f64(1, 0, 3), shape: [3, 1] } }), name: "w.npz" },
    });
    expect(own).toMatchObject({ labels: Int32Array.of(1, 2, 3), weights: f64(1, 0, 3) });
    const fromLarger = await readDataSet(table, "a.npy", { labels: { bytes: full, name: "b.npz" } });
    expect(fromLarger.labels).toEqual(Int32Array.of(7, 0, 7));
  });
  it("chooses classes, in the order of the file", async () => {
    expect(await readDataSet(full, "a.npz", { classes: [7, 3] })).toEqual({
      points: f64(1, 2, 5, 6),
      rows: 2,
      dim: 2,
      shape: [2, 2],
      labels: Int32Array.of(7, 7),
      weights: f64(0.5, 0.25),
    });
    const some = await readDataSet(images, "i-ubyte", {
      labels: { bytes: labels, name: "l-ubyte" },
      classes: [9],
      range: "unit",
    });
    expect(some).toMatchObject({ rows: 1, shape: [1, 3, 4], labels: Int32Array.of(9) });
    expect(some.points).toEqual(f64(...elevens.slice(12).map((v) => v / 255)));
  });

  const named = (bytes: Uint8Array, name = "l.npy") => ({ bytes, name });
  const three = (...values: number[]) => named(encodeNpy(Float64Array.from(values), [values.length]));
  const bad: [string, Uint8Array, string, ReadDataSetOptions, string, string][] = [
    ["an unknown ending", table, "a.txt", {}, "E_USAGE", "name"],
    ["no ending", table, "points", {}, "E_USAGE", "name"],
    ["a misspelt option", table, "a.npy", { label: 1 } as never, "E_USAGE", "label"],
    ["options null", table, "a.npy", null as never, "E_TYPE", "options"],
    ["no bytes", "1,2" as never, "a.csv", {}, "E_TYPE", "a.csv"],
    ["no name", table, 3 as never, {}, "E_TYPE", "name"],
    ["text that is no UTF-8", Uint8Array.of(0x31, 0xe9), "a.csv", {}, "E_FORMAT", "a.csv"],
    [
      "four dimensions of 5 channels",
      encodeIdx(new Uint8Array(40), [2, 2, 2, 5]),
      "a.idx",
      {},
      "E_SHAPE",
      "a.idx",
    ],
    ["five dimensions", encodeIdx(new Uint8Array(2), [2, 1, 1, 1, 1]), "a.idx", {}, "E_SHAPE", "a.idx"],
    ["images of no pixels", encodeIdx(new Uint8Array(), [2, 0, 3]), "a.idx", {}, "E_SHAPE", "a.idx"],
    ["range of floats", table, "a.npy", { range: "unit" }, "E_TYPE", "range"],
    ["range of a csv", text("1,2\n"), "a.csv", { range: "unit" }, "E_TYPE", "range"],
    ["range 1", images, "a-ubyte", { range: 1 as never }, "E_TYPE", "range"],
    ["range of another word", images, "a-ubyte", { range: "symetric" as never }, "E_USAGE", "range"],
    ["images 1", table, "a.npy", { images: 1 as never }, "E_TYPE", "images"],
    ["limit -1", table, "a.npy", { limit: -1 }, "E_RANGE", "limit"],
    ["labels of another length", table, "a.npy", { labels: three(1, 2) }, "E_SHAPE", "l.npy"],
    ["labels in a table", table, "a.npy", { labels: named(table) }, "E_SHAPE", "l.npy"],
    ["labels of halves", table, "a.npy", { labels: three(1, 1.5, 2) }, "E_RANGE", "l.npy[1]"],
    ["labels beyond 32 bits", table, "a.npy", { labels: three(1, 2 ** 31, 2) }, "E_RANGE", "l.npy[1]"],
    ["labels of NaN", table, "a.npy", { labels: three(1, 2, Number.NaN) }, "E_NONFINITE", "l.npy[2]"],
    ["labels of an unknown ending", table, "a.npy", { labels: named(table, "l.txt") }, "E_USAGE", "name"],
    ["labels null", table, "a.npy", { labels: null as never }, "E_TYPE", "labels"],
    ["weights of another length", table, "a.npy", { weights: three(1) }, "E_SHAPE", "l.npy"],
    ["weights of NaN", table, "a.npy", { weights: three(1, Number.NaN, 1) }, "E_NONFINITE", "l.npy[1]"],
    ["classes without labels", table, "a.npy", { classes: [1] }, "E_USAGE", "classes"],
    ["no classes", full, "a.npz", { classes: [] }, "E_RANGE", "classes"],
    ["classes of no point", full, "a.npz", { classes: [1, 2] }, "E_RANGE", "classes"],
    ["classes of text", full, "a.npz", { classes: ["7"] as never }, "E_TYPE", "classes[0]"],
    [
      "npz without points",
      encodeNpz({ a: { data: f64(1) }, b: { data: f64(1) } }),
      "a.npz",
      {},
      "E_FORMAT",
      "a.npz",
    ],
    ["npz of nothing", encodeNpz({}), "a.npz", {}, "E_FORMAT", "a.npz"],
    ["gz that is none", Uint8Array.of(1, 2, 3), "a.gz", {}, "E_FORMAT", "a.gz"],
    ["gz of text", gzipSync("1,2"), "a.gz", {}, "E_FORMAT", "a.gz"],
    ["an empty gz", new Uint8Array(), "a.gz", {}, "E_TRUNCATED", "a.gz"],
    ["a gz cut in its header", gzipSync(table).subarray(0, 12), "a.npy.gz", {}, "E_TRUNCATED", "a.npy.gz"],
    ["a gz cut in its values", gzipSync(table).subarray(0, -9), "a.npy.gz", {}, "E_TRUNCATED", "a.npy.gz"],
    [
      "a gz of another sum",
      new Uint8Array(gzipSync(table)).fill(1, -8, -4),
      "a.npy.gz",
      {},
      "E_FORMAT",
      "a.npy.gz",
    ],
    [
      "a gz with more behind",
      Buffer.concat([gzipSync(table), Buffer.alloc(9, 1)]),
      "a.npy.gz",
      {},
      "E_FORMAT",
      "a.npy.gz",
    ],
    [
      "a gz of 10 MB with a limit of 1",
      gzipSync(encodeNpy(new Float32Array(2.5e6), [2.5e6])),
      "a.npy.gz",
      { limit: 1e6 },
      "E_LIMIT",
      "a.npy.gz",
    ],
    ["an npz with a limit", full, "a.npz", { limit: 100 }, "E_LIMIT", "a.npz[points]"],
  ];
  it.each(bad)("refuses %s", async (_, bytes, name, options, code, argument) => {
    const error = await readDataSet(bytes, name, options).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(VkernelError);
    expect(error).toMatchObject({ code, argument });
    expect((error as Error).message).toContain("expected");
  });

  it("gives a valid result or an error of its own, whatever bytes of packed files are changed or cut", {
    tags: ["slow"],
  }, async () => {
    const files = [
      ["a.npy.gz", new Uint8Array(gzipSync(table))],
      ["a-ubyte.gz", new Uint8Array(gzipSync(images))],
      ["a.npz", full],
      ["a.npz", numpyImages],
    ] as const;
    const changes = fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        changes,
        fc.nat(1200),
        async ([name, file], flips, length) => {
          const bytes = file.slice(0, length);
          for (const [byte, value] of flips) if (byte < bytes.length) bytes[byte] = value;
          try {
            const { points, rows, dim } = await readDataSet(bytes, name, { limit: 2 ** 20, images: true });
            if (points.length !== rows * dim) throw new Error(`${points.length} in ${rows} x ${dim}`);
          } catch (error) {
            if (!(error instanceof VkernelError)) throw error;
          }
        },
      ),
      { seed: 31, numRuns: 2000 },
    );
  });
});

describe("isDataFile", () => {
  it.each(["a.npz", "a.NPY", "x-ubyte", "x-ubyte.gz", "train.idx3-ubyte", "a.idx3", "a.csv.gz", "a.gz"])(
    "%s is one",
    (name) => expect(isDataFile(name)).toBe(true),
  );
  it.each(["polygon", "a.txt", "ubyte", "a.npy.zip", "", ".html"])("%s is none", (name) =>
    expect(isDataFile(name)).toBe(false),
  );
});
