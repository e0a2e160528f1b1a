import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Failure } from "../../cli/errors.js";
import { Files } from "../../cli/files.js";
import { type InputChoices, readInput } from "../../cli/input.js";
import { classList } from "../../cli/values.js";
import { encodeIdx, encodeNpy, encodeNpz } from "vkernel/io";

const f64 = (...values: number[]) => Float64Array.from(values);

// np.savez_compressed(f, arr_0=(np.arange(24) * 11 % 256).astype(np.uint8).reshape(2, 3, 4)) of numpy 2.4.6, whole.
const elevens = Array.from({ length: 24 }, (_, i) => (11 * i) % 256);
const images = encodeIdx(Uint8Array.from(elevens), [2, 3, 4]);
const labels = encodeIdx(Uint8Array.of(5, 9), [2]);
const table = encodeNpy(f64(1, 2, 3, 4, 5, 6), [3, 2]);
const full = encodeNpz({
  points: { data: f64(1, 2, 3, 4, 5, 6), shape: [3, 2] },
  labels: { data: Int32Array.of(7, 0, 7) },
  weights: { data: f64(0.5, 0.25, 0.25) },
});

describe("readInput of the command line", () => {
  let folder = "";
  const at = (name: string) => path.join(folder, name);
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "vkernel-input-"));
    await writeFile(at("images-idx3-ubyte.gz"), gzipSync(images));
    await writeFile(at("labels-idx1-ubyte.gz"), gzipSync(labels));
    await writeFile(at("full.npz"), full);
    await writeFile(at("table.npy"), table);
    await writeFile(at("colour.idx"), encodeIdx(new Uint8Array(24), [2, 2, 2, 3]));
    await writeFile(at("bad.npz"), encodeNpz({ points: { data: f64(1) }, labels: { data: f64(0.5) } }));
    await writeFile(at("text.npz"), "1,2\n");
  });
  afterAll(() => rm(folder, { recursive: true }));
  const read = (name: string, choices?: InputChoices) => readInput(name, new Files(), choices);

  it("takes images with labels, classes and a range", async () => {
    const input = await read(at("images-idx3-ubyte.gz"), {
      labels: at("labels-idx1-ubyte.gz"),
      classes: [9],
      range: "symmetric",
    });
    expect(input).toMatchObject({
      rows: 1,
      dim: 12,
      labels: Int32Array.of(9),
      image: { width: 4, height: 3, range: [-1, 1] },
      description: "1 images of 4 x 3 pixels from a file",
    });
    expect((await read(at("colour.idx"))).image).toMatchObject({ width: 2, height: 2, channels: 3 });
  });
  it("takes labels and weights of an npz file", { tags: ["slow"] }, async () => {
    expect(await read(at("full.npz"))).toMatchObject({
      labels: Int32Array.of(7, 0, 7),
      weights: f64(0.5, 0.25, 0.25),
    });
    expect(await new Files().readTable(at("full.npz"))).toEqual({
      data: f64(1, 2, 3, 4, 5, 6),
      rows: 3,
      dim: 2,
    });
  });
  it("takes options of built-in sets", async () => {
    const moons = await read("twoMoons", { classes: [1], set: { count: 10, noise: undefined } });
    expect(moons).toMatchObject({ rows: 5, dim: 2, labels: Int32Array.of(1, 1, 1, 1, 1) });
    expect(Array.from(moons.points.subarray(0, 2))).toEqual([0, 0.5]);
    const digits = await read("digits", { classes: [3], range: "symmetric" });
    expect([digits.rows, digits.image?.range]).toEqual([183, [-1, 1]]);
    expect((await read("swissRoll", { set: { count: 3 } })).values).toHaveLength(3);
  });
  const bad: [string, () => Promise<unknown>, number, RegExp][] = [
    ["labels of a set", () => read("digits", { labels: at("full.npz") }), 2, /^--labels goes with a file/],
    ["weights of a set", () => read("digits", { weights: at("full.npz") }), 2, /^--weights goes with a file/],
    [
      "range of no images",
      () => read("twoMoons", { range: "unit" }),
      2,
      /^--pixels expected a set of images/,
    ],
    [
      "classes of no labels",
      () => read("polygon", { classes: [1] }),
      2,
      /^--classes expected a set that has/,
    ],
    [
      "classes of no point",
      () => read("twoMoons", { classes: [2] }),
      2,
      /^--classes expected some of .*: 0, 1, got "2"/,
    ],
    [
      "noise of polygon",
      () => read("polygon", { set: { noise: 1 } }),
      2,
      /^--noise expected one of count, radius/,
    ],
    ["count 0", () => read("spiral", { set: { count: 0 } }), 2, /^--count expected a whole number/],
    [
      "noise of a file",
      () => read(at("full.npz"), { set: { noise: 1 } }),
      2,
      /^--noise goes with a built-in set/,
    ],
    ["range of floats", () => read(at("table.npy"), { range: "unit" }), 2, /^--pixels expected .*bytes/],
    [
      "classes without labels",
      () => read(at("table.npy"), { classes: [1] }),
      2,
      /^--classes expected labels/,
    ],
    [
      "classes of no row",
      () => read(at("full.npz"), { classes: [1] }),
      2,
      /^--classes expected some of .*: 0, 7/,
    ],
    ["labels of halves", () => read(at("bad.npz")), 3, /bad.npz\[labels\]\[0\]" expected a whole number/],
    [
      "another format",
      () => read(at("text.npz")),
      3,
      /text.npz" at byte 0: expected the zip magic PK, got text \(.*\.csv/,
    ],
    [
      "labels of another length",
      () => read(at("table.npy"), { labels: at("labels-idx1-ubyte.gz") }),
      3,
      /expected 3 labels/,
    ],
    [
      "no labels file",
      () => read(at("table.npy"), { labels: at("none.npy") }),
      5,
      /none.npy: there is no such file/,
    ],
    ["no file", () => read(at("none-ubyte")), 5, /there is no such file/],
    [
      "an unknown name",
      () => read("fashon"),
      2,
      /unknown data set "fashon".*fashion.*\.npy, \.npz, \.csv, \.idx, -ubyte/,
    ],
  ];
  it.each(bad)("refuses %s", async (_, run, exitCode, message) => {
    const error = await run().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).message).toMatch(message);
    expect((error as Failure).exitCode).toBe(exitCode);
  });
  it("reads lists of classes", () => {
    expect(classList("--classes")("0,3, -7")).toEqual([0, 3, -7]);
    for (const given of ["", "1,", "1,1", "1.5", "a", "0x3", "1;2"]) {
      expect(() => classList("--classes")(given)).toThrow(/^--classes expected whole numbers/);
    }
  });
});
