import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leadOf } from "../../cli/input.js";
import { jsonPieces, jsonText, Shaped } from "../../cli/text.js";
import { VkernelError } from "../../src/core/errors.js";
import * as v from "vkernel";
import {
  encodeCsv,
  encodeIdx,
  encodeNpy,
  encodeNpz,
  isDataFile,
  type ParseCsvOptions,
  parseCsv,
  parseNpy,
  readArray,
  readDataSet,
  splitChoice,
} from "vkernel/io";

const text = (words: string) => new TextEncoder().encode(words);
const f64 = (...values: number[]) => Float64Array.from(values);
const main = path.resolve("cli/dist/main.js");

async function refusal(run: () => unknown): Promise<VkernelError> {
  try {
    await run();
  } catch (error) {
    expect(error).toBeInstanceOf(VkernelError);
    return error as VkernelError;
  }
  throw new Error("nothing was thrown");
}

/** A `.npy` file of any header, values and all. */
function npy(descr: string, shape: string, body: Uint8Array): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117);
  const head = [0x93, ...text("NUMPY"), 1, 0, 118, 0, ...text(`${header}\n`)];
  return new Uint8Array(Buffer.concat([Uint8Array.from(head), body]));
}

describe("dtypes in every spelling of numpy", () => {
  // numpy.dtype(spelling).str of numpy 2.4.6 on Linux x86-64, for all codes and names of the kinds that are read.
  const spellings: Record<string, string> = {
    "|b1": "? b1 <? >b1 =? |b1 bool bool_",
    "|i1": "b i1 <b >i1 =b |i1 int8 byte",
    "|u1": "B u1 <B >u1 =B |u1 uint8 ubyte",
    "<i2": "h i2 <h <i2 =h =i2 |h |i2 int16 short",
    "<u2": "H u2 <H <u2 =H =u2 |H |u2 uint16 ushort",
    "<i4": "i i4 <i <i4 =i =i4 |i |i4 int32 intc",
    "<u4": "I u4 <I <u4 =I =u4 |I |u4 uint32 uintc",
    "<i8": "l q p n i8 <l <q <p <n <i8 =l =q =i8 |l |q |i8 int64 int intp int_ long longlong",
    "<u8": "L Q P N u8 <L <Q <P <N <u8 =L =Q =u8 |L |Q |u8 uint64 uint uintp ulong ulonglong",
    "<f2": "e f2 <e <f2 =e =f2 |e |f2 float16 half",
    "<f4": "f f4 <f <f4 =f =f4 |f |f4 float32 single",
    "<f8": "d f8 <d <f8 =d =f8 |d |f8 float64 double float",
    ">i2": ">h >i2",
    ">u2": ">H >u2",
    ">i4": ">i >i4",
    ">u4": ">I >u4",
    ">i8": ">l >q >p >n >i8",
    ">u8": ">L >Q >P >N >u8",
    ">f2": ">e >f2",
    ">f4": ">f >f4",
    ">f8": ">d >f8",
  };
  it.each(Object.entries(spellings))("%s", (usual, list) => {
    const size = Number(usual.charAt(2));
    const last = usual.startsWith(">") ? size - 1 : 0;
    const body = Uint8Array.from({ length: 2 * size }, (_, i) => (i % size === last ? 1 : 0));
    const expected = parseNpy(npy(usual, "(2,)", body));
    for (const spelling of list.split(" ")) {
      expect(parseNpy(npy(spelling, "(2,)", body)), spelling).toEqual(expected);
    }
  });
  it.each(["f16", "g", "c8", "D", "f3", "<float64", "S1", "O", "f8,f8", "", "=", "b2", "__proto__"])(
    "%s is none that is read",
    async (descr) => {
      const error = await refusal(() => parseNpy(npy(descr, "(1,)", new Uint8Array(16))));
      expect(error.code).toBe("E_TYPE");
    },
  );
});

describe("what is chosen in a file", () => {
  const archive = encodeNpz({
    train_images: { data: Int32Array.of(1, 2, 3, 4), shape: [2, 2] },
    train_labels: { data: Int32Array.of(0, 1) },
    test: { data: f64(5, 6), shape: [1, 2] },
  });
  it("is told by the name", () => {
    expect(splitChoice("data.npz:x_train")).toEqual({ file: "data.npz", array: "x_train" });
    expect(splitChoice("C:\\data\\x.npz:a:b")).toEqual({ file: "C:\\data\\x.npz", array: "a:b" });
    expect(splitChoice("x.npz.gz:a")).toEqual({ file: "x.npz.gz", array: "a" });
    expect(splitChoice("p.csv:x, y")).toEqual({ file: "p.csv", columns: ["x", "y"] });
    expect(splitChoice("p.csv.gz:0,2")).toEqual({ file: "p.csv.gz", columns: [0, 2] });
    expect(splitChoice("p.csv:named")).toEqual({ file: "p.csv", columns: "named" });
    for (const name of ["C:\\x.npy", "12:30.csv", "a.npz:b.npy", "x.npy", "polygon", "x.npz:"]) {
      expect(splitChoice(name)).toEqual({ file: name });
    }
    expect(["data.npz:x", "p.csv:x,y", "12:30.csv"].every(isDataFile)).toBe(true);
    expect(["data.txt:x", "x.npz:", ":x"].some(isDataFile)).toBe(false);
  });
  it("is read, with or without the ending of its file, by name or option", async () => {
    const points = f64(1, 2, 3, 4);
    expect(await readDataSet(archive, "a.npz:train_images")).toMatchObject({ points, rows: 2, dim: 2 });
    for (const array of ["train_images", "train_images.npy"]) {
      expect(await readDataSet(archive, "a.npz", { array })).toMatchObject({ points });
    }
    const labelled = await readDataSet(archive, "a.npz:train_images", {
      labels: { bytes: archive, name: "a.npz:train_labels" },
    });
    expect(labelled.labels).toEqual(Int32Array.of(0, 1));
    expect(await readArray(archive, "a.npz:test")).toEqual({ data: f64(5, 6), shape: [1, 2] });
  });
  it("takes labels and weights of the file beside the array that is taken without a choice only", async () => {
    const file = encodeNpz({
      points: { data: f64(1, 2) },
      more: { data: f64(3, 4, 5) },
      weights: { data: f64(1, 3) },
    });
    expect((await readDataSet(file, "a.npz:points")).weights).toEqual(f64(1, 3));
    expect((await readDataSet(file, "a.npz:more")).weights).toBeUndefined();
  });
  it("must be said where there are several, and the message tells how", async () => {
    const error = await refusal(() => readDataSet(archive, "a.npz"));
    expect(error.message).toBe(
      '"a.npz" expected an array named points, x, X, samples, x_train, arr_0, got train_images (2, 2), ' +
        "train_labels (2), test (1, 2); choose one by its name: a.npz:train_images",
    );
    const misspelt = await refusal(() => readDataSet(archive, "a.npz:train_image"));
    expect(misspelt.message).toMatch(/named "train_image" \(train_images\?\).*a\.npz:train_images$/);
    const other = await refusal(() => readDataSet(encodeNpy(f64(1), [1]), "a.gz:x"));
    expect([other.code, other.argument]).toEqual(["E_USAGE", "array"]);
  });
});

describe("a file is what it begins like", () => {
  const points = f64(1, 2, 3, 4);
  const asNpy = encodeNpy(points, [2, 2]);
  const asNpz = encodeNpz({ points: { data: points, shape: [2, 2] } });
  const asIdx = encodeIdx(points, [2, 2]);
  const asCsv = text("1,2\n3,4\n");
  it.each<[string, Uint8Array, string]>([
    ["gzip in .npy", gzipSync(asNpy), "a.npy"],
    ["gzip in .csv", gzipSync(asCsv), "a.csv"],
    ["gzip in .npz", gzipSync(asNpz), "a.npz"],
    ["gzip in IDX", gzipSync(asIdx), "a-ubyte"],
    ["zip in .npy", asNpz, "a.npy"],
    ["npy in .csv", asNpy, "a.csv"],
    ["npy in .npz", asNpy, "a.npz"],
    ["npy in .gz", asNpy, "a.gz"],
    ["IDX in .npy", asIdx, "a.npy"],
    ["gzip of zip in .csv.gz", gzipSync(asNpz), "a.csv.gz"],
  ])("%s", async (_, bytes, name) => {
    expect(await readDataSet(bytes, name)).toMatchObject({ points, rows: 2, dim: 2 });
  });
  it.each<[string, Uint8Array | string, string, RegExp]>([
    ["text in .npy", asCsv, "a.npy", /npy magic.*got text .*\.csv/],
    ["text in .gz", gzipSync(asCsv), "a.gz", /got text .*\.csv\.gz/],
    ["HDF5", "\x89HDF\r\n\x1a\n", "a.csv", /got an HDF5 file/],
    ["a pickle", "\x80\x04\x95", "a.npy", /got a Python pickle/],
    ["UTF-16", "\xff\xfe1\0,\0", "a.csv", /got text in UTF-16/],
    ["Parquet", "PAR1\x15", "a.csv", /got a Parquet file/],
    ["gzip of gzip", gzipSync(gzipSync(asNpy)), "a.npy.gz", /packed once, got gzip inside gzip/],
    ["a zip without arrays", zipSync({ "xl/workbook.xml": text("<x/>") }), "a.csv", /no \.npy file in it/],
  ])("%s is told", async (_, content, name, message) => {
    const bytes = typeof content === "string" ? new Uint8Array(Buffer.from(content, "latin1")) : content;
    const error = await refusal(() => readDataSet(bytes, name));
    expect([error.code, error.message]).toEqual(["E_FORMAT", expect.stringMatching(message)]);
  });
});

describe("row numbers are no coordinate", () => {
  // pandas.DataFrame.to_csv, write.csv of R, and what pandas makes of its own file.
  it.each([
    [",x,y\n0,1,2\n1,3,4\n"],
    ['"","x","y"\n"1",1,2\n"2",3,4\n'],
    ["Unnamed: 0,x,y\n0,1,2\n1,3,4\n"],
    ["index,x,y\n0,1,2\n1,3,4\n"],
    ["ID,x,y\n1,1,2\n2,3,4\n"],
    ["row_number,x,y\n1,1,2\n2,3,4\n"],
  ])("%j", async (file) => {
    const error = await refusal(() => parseCsv(file, "p.csv"));
    expect(error.code).toBe("E_FORMAT");
    expect(error.message).toMatch(/^p\.csv:1:1: .*row numbers, as pandas and R write them.*":x,y".*":all"/);
    expect(parseCsv(file, "p.csv", { columns: ["x", "y"] })).toEqual({
      data: f64(1, 2, 3, 4),
      rows: 2,
      dim: 2,
      header: ["x", "y"],
    });
    expect(parseCsv(file, "p.csv", { columns: "all" })).toMatchObject({ rows: 2, dim: 3 });
    expect((await readDataSet(text(file), "p.csv:x,y")).points).toEqual(f64(1, 2, 3, 4));
    expect((await readDataSet(text(file), "p.csv:2,1")).points).toEqual(f64(2, 1, 4, 3));
  });
  it("names that count are dropped by :named, those that do not count are coordinates", () => {
    expect(parseCsv(",x\n5,1\n", "p", { columns: "named" })).toMatchObject({ data: f64(1), dim: 1 });
    expect(parseCsv("index,x\n0,1\n2,3\n").dim).toBe(2);
    expect(parseCsv("time,x\n0,1\n1,3\n").dim).toBe(2);
    expect(parseCsv("index\n0\n1\n").dim).toBe(1);
    expect(parseCsv("0,5\n1,6\n").dim).toBe(2);
  });
  it("columns of words may be left out", () => {
    expect(parseCsv("name,x\nanna,1\nbert,2\n", "p", { columns: ["x"] }).data).toEqual(f64(1, 2));
  });
  it("R's row names without a name are explained", async () => {
    const error = await refusal(() => parseCsv('"x","y"\n"1",1,2\n', "p"));
    expect(error.message).toMatch(/p:2:3: expected 2 cells, got 3 \(row names.*row\.names = FALSE/);
  });
  it.each<[string, ParseCsvOptions, string, string]>([
    ["a column that is not there", { columns: ["z"] }, "E_USAGE", "columns[0]"],
    ["a number too large", { columns: [0, 2] }, "E_RANGE", "columns[1]"],
    ["no column", { columns: [] }, "E_RANGE", "columns"],
    ["a word", { columns: "some" as never }, "E_TYPE", "columns"],
    ["a value", { columns: [null] as never }, "E_TYPE", "columns[0]"],
    ["an unknown option", { column: "all" } as never, "E_USAGE", "column"],
  ])("%s is refused", async (_, options, code, argument) => {
    expect(await refusal(() => parseCsv("x,y\n1,2\n", "p", options))).toMatchObject({ code, argument });
  });
});

describe("csv in pieces", () => {
  it("gives what it gives in one piece, wherever lines, quotes and blank lines fall", {
    tags: ["long"],
  }, () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => [i / 7, -i - 1, 1e-9 * i]);
    for (const ends of ["\n", "\r\n", "\r"]) {
      for (const quote of ["", '"']) {
        const body = rows.map((row) => row.map((x) => `${quote}${x}${quote}`).join(",")).join(ends);
        const { data, rows: count } = parseCsv(`x,"y\n2",z${ends}${body}${ends}${ends}`);
        expect(count).toBe(rows.length);
        expect(data).toEqual(Float64Array.from(rows.flat()));
      }
    }
  });
  it("finds a blank line and a bad cell at their lines, far in", async () => {
    const lines = Array.from({ length: 70_000 }, () => "1.5,2");
    for (const at of [43_690, 43_691, 69_998]) {
      const blank = await refusal(() =>
        parseCsv([...lines.slice(0, at), "", ...lines.slice(at)].join("\n"), "p"),
      );
      expect(blank.message).toBe(`p:${at + 1}:1: expected 2 cells, got a blank line`);
      const bad = await refusal(() =>
        parseCsv([...lines.slice(0, at), "1,x", ...lines.slice(at)].join("\n"), "p"),
      );
      expect(bad.message).toBe(`p:${at + 1}:2: expected a number, got "x"`);
    }
  });
  it("reads back what is not finite, where asked", () => {
    const values = f64(Number.NEGATIVE_INFINITY, Number.NaN, Number.POSITIVE_INFINITY, -0);
    for (const data of [values, Float32Array.from(values)]) {
      const file = encodeCsv(data, 2, 2, ["a", "b"], { nonFinite: true });
      expect(file).toBe("a,b\n-Infinity,NaN\nInfinity,-0\n");
      expect(parseCsv(file, "p", { nonFinite: true }).data).toEqual(values);
    }
    expect(parseCsv("-inf,nan\n", "p", { nonFinite: true }).data).toEqual(
      f64(Number.NEGATIVE_INFINITY, Number.NaN),
    );
  });
});

describe("shapes", () => {
  it.each<[number[], number, number[] | undefined]>([
    [[41, 41, 2], 2, [41, 41]],
    [[5, 2], 2, [5]],
    [[2], 2, []],
    [[5, 1], 1, [5]],
    [[5], 1, [5]],
    [[4, 3], 1, [4, 3]],
    [[10, 28, 28], 784, [10]],
    [[2, 3, 28, 28, 1], 784, [2, 3]],
    [[5, 1, 2], 2, [5, 1]],
    [[0, 2], 2, [0]],
    [[41, 41, 3], 2, undefined],
    [[3, 3], 2, undefined],
    [[], 2, undefined],
    [[], 1, []],
  ])("%j holds points of dimension %i along %j", (shape, dim, lead) => {
    expect(leadOf(shape, dim)).toEqual(lead);
  });
  it("nested arrays are queries and images too", async () => {
    const engine = await v.createEngine({ threads: 1 });
    const data = engine.mixture([
      [0, 0],
      [1, 2],
    ]);
    const field = v.exactScore(data, v.edm());
    const grid = Array.from({ length: 5 }, (_, i) => Array.from({ length: 4 }, (_, j) => [i / 3, j / 2]));
    const deep = await field.evaluate(grid, 0.5, ["score", "logDensity"]);
    expect(deep).toEqual(await field.evaluate(grid.flat(), 0.5, ["score", "logDensity"]));
    const images = engine.mixture([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ]);
    expect([images.size, images.dim, Array.from(images.points)]).toEqual([2, 4, [1, 2, 3, 4, 5, 6, 7, 8]]);
    for (const [value, code, argument] of [
      [[[[0, 0]], [[0]]], "E_SHAPE", "x[1][0]"],
      [[[[0, 0]], [[0, "1"]]], "E_TYPE", "x[1][0][1]"],
      [[[[0, 0, 0]]], "E_SHAPE", "x"],
    ] as const) {
      await expect(field.evaluate(value as never, 0.5, ["score"])).rejects.toMatchObject({ code, argument });
    }
    engine.close();
  });
  it("JSON goes out in pieces, a table of any shape as what JSON.stringify makes of nested arrays", async () => {
    const { signal } = new AbortController();
    const piecesOf = async (value: object): Promise<string[]> => {
      const pieces: string[] = [];
      for await (const piece of jsonPieces(value, signal)) pieces.push(piece);
      return pieces;
    };
    const nest = (values: ArrayLike<number>, shape: readonly number[], from = 0): unknown => {
      const [first, ...rest] = shape;
      if (first === undefined) return values[from];
      const size = rest.reduce((a, b) => a * b, 1);
      return Array.from({ length: first }, (_, i) => nest(values, rest, from + i * size));
    };
    for (const shape of [[], [0], [3], [2, 0, 3], [0, 2], [1, 1, 1], [2, 3, 4], [7, 5000], [35_000, 1]]) {
      const size = shape.reduce((a, b) => a * b, 1);
      for (const values of [
        Float64Array.from({ length: size }, (_, i) =>
          i % 7 === 3 ? -0 : Math.sin(i) * 10 ** ((i % 60) - 30),
        ),
        Float32Array.from({ length: size }, (_, i) => Math.sin(i)),
        Int32Array.from({ length: size }, (_, i) => i - 5),
      ]) {
        const value = (inner: unknown) => ({
          a: 'x"',
          none: undefined,
          b: { values: inner, list: [1, 2] },
          c: null,
        });
        const pieces = await piecesOf(value(new Shaped(values, shape)));
        expect(pieces.join("")).toBe(`${JSON.stringify(value(nest(values, shape)))}\n`);
        expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(2 ** 19);
      }
    }
    expect(
      (await piecesOf({ x: new Shaped(Float64Array.of(Number.NaN, Number.NEGATIVE_INFINITY), [2]) })).join(
        "",
      ),
    ).toBe('{"x":["NaN","-Infinity"]}\n');
    expect((await piecesOf({})).join("")).toBe("{}\n");
    expect(await piecesOf({ x: new Shaped(new Float64Array(200_000), [100_000, 2]) })).toHaveLength(16);
  });
  it("JSON stops with the piece in which it is aborted", async () => {
    const controller = new AbortController();
    let pieces = 0;
    const all = (async () => {
      for await (const _ of jsonPieces({ x: new Shaped(new Float64Array(2e6), [2e6]) }, controller.signal)) {
        if (++pieces === 5) controller.abort();
      }
    })();
    await expect(all).rejects.toMatchObject({ name: "AbortError" });
    expect(pieces).toBe(5);
  });
  it("in JSON numbers that are not finite are strings", () => {
    const value = {
      a: [1, [Number.NEGATIVE_INFINITY, Number.NaN]],
      b: Number.POSITIVE_INFINITY,
      c: null,
      d: "x",
    };
    expect(jsonText(value)).toBe('{"a":[1,["-Infinity","NaN"]],"b":"Infinity","c":null,"d":"x"}');
    expect(value.a).toEqual([1, [Number.NEGATIVE_INFINITY, Number.NaN]]);
  });
});

describe("the command line", () => {
  let folder = "";
  const at = (name: string) => path.join(folder, name);
  const run = (...words: string[]) =>
    promisify(execFile)(process.execPath, [main, ...words], { cwd: folder }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "vkernel-files-"));
    const grid = Float64Array.from({ length: 30 }, (_, i) => (i % 7) / 5);
    const archive = encodeNpz({
      train: { data: f64(0, 0, 1, 1), shape: [2, 2] },
      queries: { data: grid, shape: [5, 3, 2] },
    });
    await writeFile(at("many.npz"), archive);
    await writeFile(at("12:30.csv"), "x,y\n0,0\n1,1\n");
    await writeFile(at("pandas.csv"), ",x,y\n0,0,0\n1,1,1\n");
    await writeFile(at("far.csv"), "1e5,0\n0,0\n");
    await writeFile(
      at("colour.npy"),
      encodeNpy(
        Float64Array.from({ length: 90 }, (_, i) => (i % 11) / 10),
        [3, 5, 2, 3],
      ),
    );
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("takes arrays by name and keeps the leading shape of queries", { tags: ["long"] }, async () => {
    const words = ["score", "many.npz:train", "--at", "many.npz:queries", "--time", "0.5"];
    const made = await run(...words, "--quantity", "score,logDensity,hessian", "--out", "out.npy");
    expect(made.stderr).toMatch(/wrote .*out\.score\.npy/);
    const shapes = ["score", "logDensity", "hessian"].map(async (name) => {
      return parseNpy(await readFile(at(`out.${name}.npy`))).shape;
    });
    expect(await Promise.all(shapes)).toEqual([
      [5, 3, 2],
      [5, 3],
      [5, 3, 2, 2],
    ]);
    const json = JSON.parse((await run(...words, "--json")).stdout) as { values: { score: number[][][] } };
    expect([json.values.score.length, json.values.score[0]?.length]).toEqual([5, 3]);
    expect(json.values.score.flat(2)).toEqual(Array.from(parseNpy(await readFile(at("out.score.npy"))).data));
    const flow = [
      "likelihood",
      "many.npz:train",
      "--at",
      "many.npz:queries",
      "--t-max",
      "20",
      "--t-min",
      "0.5",
      "--out",
      "l.npy",
    ];
    expect((await run(...flow, "--latents", "z.npy")).code).toBe(0);
    expect(parseNpy(await readFile(at("l.npy"))).shape).toEqual([5, 3, 3]);
    expect(parseNpy(await readFile(at("z.npy"))).shape).toEqual([5, 3, 2]);
  });
  it("says what is in an archive, and how to choose", { tags: ["long"] }, async () => {
    const { code, stderr } = await run("sample", "many.npz", "--count", "3");
    expect([code, stderr]).toEqual([
      3,
      expect.stringContaining("train (2, 2), queries (5, 3, 2); choose one"),
    ]);
    const wrong = await run("sample", "many.npz:test", "--count", "3");
    expect([wrong.code, wrong.stderr]).toEqual([3, expect.stringContaining('named "test"')]);
  });
  it("takes names with a colon, and refuses row numbers", { tags: ["long"] }, async () => {
    const plain = await run("sample", "12:30.csv", "--count", "3", "--seed", "4");
    expect(plain.code).toBe(0);
    const refused = await run("sample", "pandas.csv", "--count", "3", "--seed", "4");
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('":x,y" without them')]);
    expect((await run("sample", "pandas.csv:x,y", "--count", "3", "--seed", "4")).stdout).toBe(plain.stdout);
    const misspelt = await run("sample", "pandas.csv:x,z", "--count", "3");
    expect([misspelt.code, misspelt.stderr]).toEqual([2, expect.stringContaining("pandas.csv")]);
  });
  it("writes a log density of -Infinity in one form each, and says so", { tags: ["long"] }, async () => {
    // float32 has no such density: the exponent is -5e9 / t^2, 5e45.
    const words = ["score", "polygon", "--at", "far.csv", "--time", "1e-18", "--quantity", "logDensity"];
    const json = await run(...words, "--json");
    const values = (JSON.parse(json.stdout) as { values: { logDensity: (number | string)[] } }).values
      .logDensity;
    for (const ending of ["csv", "npy", "json"]) {
      const made = await run(...words, "--out", `dense.${ending}`);
      expect([made.code, made.stderr]).toEqual([0, expect.stringContaining("1 of 2 values of logDensity")]);
    }
    expect(values).toEqual(["-Infinity", expect.any(Number)]);
    const csv = parseCsv(await readFile(at("dense.csv"), "utf8"), "dense", { nonFinite: true });
    expect(Array.from(csv.data, Math.fround)).toEqual(values.map(Number));
    expect(Array.from(parseNpy(await readFile(at("dense.npy"))).data)).toEqual(values.map(Number));
    expect(JSON.parse(await readFile(at("dense.json"), "utf8"))).toEqual({ logDensity: values });
  });
  it("draws colour images in reports", { tags: ["long"] }, async () => {
    const { code } = await run(
      "sample",
      "colour.npy",
      "--count",
      "2",
      "--sampler",
      "posterior",
      "--report",
      "c.html",
    );
    expect(code).toBe(0);
    const page = await readFile(at("c.html"), "utf8");
    const [, png = ""] = /base64,([^"]+)"/.exec(page) ?? [];
    const bytes = Buffer.from(png, "base64");
    // Width, height, 8 bits, colour type 2: red, green, blue.
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20), bytes[24], bytes[25]]).toEqual([2, 5, 8, 2]);
  });
  it("refuses a bomb by its header, and takes it with a higher limit only", async () => {
    await writeFile(at("bomb.npy.gz"), gzipSync(npy("|u1", "(4000000, 2)", new Uint8Array(8e6))));
    const { code, stderr } = await run("sample", "bomb.npy.gz", "--count", "1", "--limit", "6e7");
    expect([code, stderr]).toEqual([4, expect.stringContaining("64000000 bytes")]);
  });
});
