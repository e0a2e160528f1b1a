import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VkernelError } from "../../src/core/errors.js";
import * as v from "vkernel";
import { encodeCsv, encodeIdx, encodeNpy, encodeNpz, parseCsv, readArray, readDataSet } from "vkernel/io";
import { gunzip, gunzipHead } from "../../src/data/gunzip.js";
import { encodeNetwork, type NetworkHeader } from "../../src/score/learned/network/file.js";

describe("networks whose header was altered, its checksum made anew", async () => {
  const engine = await v.createEngine({ kernels: "reference" });
  const data = engine.mixture([
    [1, 0],
    [-1, 0.5],
  ]);
  const header: NetworkHeader = {
    sizes: [5, 4, 2],
    activation: "silu",
    conditioning: "edm",
    timeFeatures: 1,
    sigmaData: 0.75,
    precision: "f32",
    process: { name: "vp", parameters: { betaMin: 0.1, betaD: 19.9 } },
    steps: 40,
  };
  const own = v.vp();
  const right: NetworkHeader = { ...header, process: { name: own.name, parameters: own.parameters } };
  const parameters = Float64Array.from({ length: 34 }, (_, i) => Math.sin(7 * i));
  /** A file with this text as its header: `encodeNetwork` puts what `toJSON` gives in place. */
  const fileOf = (text: string): Uint8Array => {
    const bytes = encodeNetwork(right, parameters);
    const view = new DataView(bytes.buffer);
    const body = bytes.subarray(24 + view.getUint32(12, true));
    const head = new TextEncoder().encode(text);
    const length = Math.ceil(head.length / 8) * 8;
    const out = new Uint8Array(24 + length + body.length);
    out.set(bytes.subarray(0, 24));
    out.fill(32, 24, 24 + length);
    out.set(head, 24);
    out.set(body, 24 + length);
    const outView = new DataView(out.buffer);
    outView.setUint32(12, length, true);
    let hash = 0x811c9dc5;
    for (const byte of out.subarray(20)) hash = Math.imul(hash ^ byte, 0x01000193);
    outView.setUint32(16, hash >>> 0, true);
    return out;
  };
  const x = [
    [0.3, -0.2],
    [1, 2],
  ];
  const scores = async (bytes: Uint8Array) => {
    const net = v.loadNetwork(bytes, data, own);
    const { score } = await net.evaluate(x, 0.4, ["score"]);
    net.dispose();
    return Array.from(score);
  };
  const values: unknown[] = [
    ...[null, true, "", "x", [], {}, 0, -1, 0.5, 1, 2, 3, 4, 5, 16, 17, 4096, 1e9, 1e154, 1e308, -0, 2 ** 53],
    ...[
      "edm",
      "scaled",
      "relu",
      "silu",
      "tanh",
      "f32",
      "f64",
      "EDM",
      "f16",
      [5, 4, 2],
      [5, 2],
      [3, 4, 2],
      ["5", 4, 2],
    ],
    ...[[[5], 4, 2], [5, 4, 2, 0], [5, null, 2], own, { name: own.name }, { name: 1, parameters: {} }],
  ];
  const inText = fc.record({
    kind: fc.constant("text" as const),
    edits: fc.array(fc.tuple(fc.nat(260), fc.integer({ min: 32, max: 126 }), fc.nat(2)), {
      minLength: 1,
      maxLength: 3,
    }),
  });
  const inField = fc.record({
    kind: fc.constant("field" as const),
    key: fc.constantFrom(...Object.keys(header), "version", "__proto__", "toString"),
    value: fc.constantFrom("DROP", ...values),
  });

  it("are refused by name, or give the numbers of the header that they mean", async () => {
    const usual = JSON.stringify(right);
    const expected = await scores(fileOf(usual));
    expect(await scores(encodeNetwork(right, parameters))).toEqual(expected);
    let loaded = 0;
    const words = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.oneof(inText, inField), async (change) => {
        let text = usual;
        if (change.kind === "text") {
          for (const [at, code, how] of change.edits) {
            const letter = how === 2 ? "" : String.fromCharCode(code);
            text = text.slice(0, at) + letter + text.slice(how === 1 ? at : at + 1);
          }
        } else {
          const fields = Object.entries(right).filter(
            ([key]) => key !== change.key || change.value !== "DROP",
          );
          const all = fields.map(([key, value]) => [key, key === change.key ? change.value : value] as const);
          if (!Object.hasOwn(right, change.key)) all.push([change.key, change.value]);
          text = `{${all.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
        }
        try {
          const found = await scores(fileOf(text));
          loaded++;
          if (!found.every(Number.isFinite)) throw new Error(`${found} of ${text}`);
          const meant = JSON.parse(text) as NetworkHeader;
          expect(found).toEqual(await scores(encodeNetwork(meant, parameters)));
          if (JSON.stringify({ ...meant, steps: 40 }) === usual) expect(found).toEqual(expected);
        } catch (error) {
          if (!(error instanceof VkernelError)) throw error;
          expect(["E_FORMAT", "E_SHAPE", "E_USAGE"]).toContain(error.code);
          words.add(error.message.replace(/got .*/, "").slice(0, 60));
        }
      }),
      { seed: 71, numRuns: 10_000 },
    );
    expect(loaded).toBeGreaterThan(50);
    expect(words.size).toBeGreaterThan(15);
  });
  it.each<[string, number, number]>([
    ["NaN", 3, Number.NaN],
    ["infinite", 0, Number.NEGATIVE_INFINITY],
    ["beyond float32", 33, 1e39],
  ])("a parameter that is %s is refused", (_, index, value) => {
    const wrong = parameters.slice();
    wrong[index] = value;
    expect(() => v.loadNetwork(encodeNetwork(right, wrong), data, own)).toThrow(
      expect.objectContaining({ code: "E_FORMAT", message: expect.stringContaining(`parameter ${index}`) }),
    );
  });
});

describe("files of any bytes", () => {
  const points = Float64Array.from({ length: 12 }, (_, i) => i / 4);
  const npy = encodeNpy(points, [6, 2]);
  const npz = encodeNpz({
    points: { data: points, shape: [6, 2] },
    labels: { data: Int32Array.of(0, 1, 0, 1, 0, 1) },
  });
  const csv = new TextEncoder().encode(`"a,b",y\r\n${encodeCsv(points, 6, 2)}`);
  const idx = encodeIdx(
    Uint8Array.from({ length: 24 }, (_, i) => i),
    [2, 3, 4],
  );
  const packed = encodeNpz({ x: { data: points, shape: [3, 2, 2] } }, { compress: true });
  const files: [string, Uint8Array][] = [
    ["a.npy", npy],
    ["a.npz", npz],
    ["a.npz:points", npz],
    ["a.npz", packed],
    ["a.csv", csv],
    ["a.csv:1,0", csv],
    ["a-ubyte", idx],
    ["a.npy.gz", gzipSync(npy)],
    ["a.csv.gz", gzipSync(csv)],
    ["a.gz", gzipSync(npz)],
  ];
  it("give points that fit their shape, or an error of ours", async () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.nat(3)), { minLength: 1, maxLength: 4 });
    let read = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), edits, async ([name, file], changes) => {
        let bytes = file.slice();
        for (const [place, value, how] of changes) {
          const at = place % Math.max(1, bytes.length);
          if (how < 2) bytes[at] = value;
          else if (how === 2) bytes = bytes.slice(0, at);
          else bytes = Uint8Array.from([...bytes.subarray(0, at), value, ...bytes.subarray(at)]);
        }
        try {
          const { points, rows, dim, shape } = await readDataSet(bytes, name, { limit: 2 ** 20 });
          read++;
          if (points.length !== rows * dim || shape[0] !== rows)
            throw new Error(`${points.length} in ${shape}`);
          await readArray(bytes, name, { limit: 2 ** 20 });
        } catch (error) {
          if (!(error instanceof VkernelError)) throw error;
          expect(error.message).toContain("expected");
        }
      }),
      { seed: 72, numRuns: 6000 },
    );
    expect(read).toBeGreaterThan(200);
  });
  it("of csv text give a table, or an error of ours", () => {
    const letters = fc.string({ unit: fc.constantFrom(...'01.,-e"\n\r\t xyNaInf\ufeff'), maxLength: 40 });
    const columns = fc.constantFrom<("all" | "named" | (string | number)[])[]>(
      "all",
      "named",
      ["x"],
      [0],
      [1, 0],
    );
    fc.assert(
      fc.property(
        letters,
        fc.option(columns, { nil: undefined }),
        fc.boolean(),
        (text, wanted, nonFinite) => {
          try {
            const options = { nonFinite, ...(wanted === undefined ? {} : { columns: wanted }) };
            const { data, rows, dim } = parseCsv(text, "p", options);
            if (data.length !== rows * dim) throw new Error(text);
          } catch (error) {
            if (!(error instanceof VkernelError)) throw error;
          }
        },
      ),
      { seed: 73, numRuns: 5000 },
    );
  });
});

it("what is packed is read as fast as it is unpacked, and no faster", { tags: ["long"] }, async () => {
  let state = 1;
  const random = new Uint8Array(2 ** 22).map(() => {
    state = Math.imul(state, 1664525) + 1013904223;
    return state >>> 24;
  });
  const file = gzipSync(random);
  const asked: number[] = [];
  const source = {
    length: file.length,
    read(from: number, to: number) {
      asked.push(to - from);
      return file.subarray(from, to);
    },
  };
  expect((await gunzipHead(source, "a.gz", 1000)).length).toBe(1000);
  // The first bytes, and what a few parts of 16 KiB are read in.
  expect(asked.reduce((a, b) => a + b, 0)).toBeLessThan(file.length / 4);
  expect(await gunzip(source, "a.gz")).toEqual(random);
  expect(Math.max(...asked)).toBeLessThan(file.length / 8);
  const broken = {
    length: file.length,
    read(from: number, to: number) {
      if (from > 2 ** 20) throw new Error("the disk is gone");
      return file.subarray(from, to);
    },
  };
  await expect(gunzip(broken, "a.gz")).rejects.toThrow("the disk is gone");
});

describe("memory from a file to a mixture", () => {
  // Peak of resident memory over what was there before; bytes are counted, not time. On Linux a process begins with the peak
  // of the one that started it in resourceUsage, but not in its status.
  const script = `
    import { existsSync, readFileSync } from "node:fs";
    import { createEngine } from "vkernel";
    import { Files } from "./cli/files.ts";
    import { mixtureOptions } from "./cli/input.ts";
    const [file, precision, limit] = process.argv.slice(2);
    const engine = await createEngine({ threads: 1 });
    const peak = () =>
      existsSync("/proc/self/status")
        ? Number(/VmHWM:\\s*(\\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))[1])
        : process.resourceUsage().maxRSS;
    const before = peak();
    let code = "";
    let bytes = 32e6;
    try {
      const input = await new Files().readData(file, limit ? { limit: Number(limit) } : {});
      engine.mixture(input.points, mixtureOptions(input, { precision }));
      bytes = 8 * input.points.length;
    } catch (error) {
      code = error.code;
    }
    console.log(JSON.stringify({ code, bytes, peak: 1024 * (peak() - before) }));
    engine.close();`;
  const root = fileURLToPath(new URL("../..", import.meta.url));
  // Below the package, whose name its programs import.
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(root, "build", "memory-"));
    await build({
      stdin: { contents: script, resolveDir: root },
      outfile: path.join(folder, "measure.mjs"),
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
    });
  });
  afterAll(() => rm(folder, { recursive: true }));
  const measure = async (name: string, content: Uint8Array | string, ...words: string[]) => {
    await writeFile(path.join(folder, name), content);
    const args = ["measure.mjs", name, ...words];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    return JSON.parse(stdout) as { code: string; bytes: number; peak: number };
  };
  const sines = (rows: number, dim: number) =>
    Float64Array.from({ length: dim * rows }, (_, i) => Math.sin(i));
  const npy = (rows: number) => encodeNpy(sines(rows, 8), [rows, 8]);
  const bytes = (rows: number) => {
    const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${rows}, 2), }`.padEnd(117);
    return Buffer.concat([
      Buffer.from(`\x93NUMPY\x01\x00v\x00${header}\n`, "latin1"),
      Buffer.alloc(2 * rows),
    ]);
  };
  const columns = (rows: number) => {
    const file = npy(rows);
    file.set(Buffer.from("True, "), Buffer.from(file.subarray(0, 128)).indexOf("False,"));
    return file;
  };
  // Copies of the float64 data, with a weight for each point: what a large file takes beyond a small one of its kind, for a
  // thread that reads and its streams have a share of their own, 10 to 20 MB.
  it.each<[string, string, (rows: number) => Uint8Array | string, number, "f32" | "f64"]>([
    ["float64 to f32", "a.npy", npy, 500_000, "f32"],
    ["float64 to f64", "a.npy", npy, 500_000, "f64"],
    ["packed float64 to f32", "a.npy.gz", (rows) => gzipSync(npy(rows), { level: 1 }), 500_000, "f32"],
    ["packed float64 to f64", "a.npy.gz", (rows) => gzipSync(npy(rows), { level: 1 }), 500_000, "f64"],
    ["packed bytes, of 4 kB", "a.npy.gz", (rows) => gzipSync(bytes(rows)), 2_000_000, "f32"],
    ["packed bytes, of 4 kB, to f64", "a.npy.gz", (rows) => gzipSync(bytes(rows)), 2_000_000, "f64"],
    [
      "an archive",
      "a.npz",
      (rows) => encodeNpz({ points: { data: sines(rows, 8), shape: [rows, 8] } }),
      500_000,
      "f32",
    ],
    ["IDX", "a.idx", (rows) => encodeIdx(sines(rows, 8), [rows, 8]), 500_000, "f32"],
    ["Fortran order", "a.npy", columns, 500_000, "f32"],
    ["csv", "a.csv", (rows) => "1,2\n".repeat(rows), 2_000_000, "f32"],
    ["csv of all digits", "a.csv", (rows) => encodeCsv(sines(rows, 8), rows, 8), 300_000, "f32"],
  ])("%s", { tags: ["long"] }, async (_, name, content, rows, precision) => {
    const large = await measure(name, content(rows), precision);
    const small = await measure(name, content(rows / 20), precision);
    expect([large.code, small.code]).toEqual(["", ""]);
    const copies = (large.peak - small.peak) / (large.bytes - small.bytes);
    expect(copies).toBeGreaterThan(1.5);
    expect(copies).toBeLessThan(3);
  });
  it.each<[string, string, () => Uint8Array]>([
    ["npy", "a.npy.gz", () => gzipSync(bytes(2_000_000))],
    ["npz", "a.npz", () => encodeNpz({ x: { data: new Float64Array(4e6) } }, { compress: true })],
    ["IDX", "a-ubyte.gz", () => gzipSync(encodeIdx(new Uint8Array(4e6), [4e6]))],
    ["csv", "a.csv.gz", () => gzipSync("1,2\n".repeat(2_000_000))],
  ])("a bomb of %s is refused before it is unpacked", { tags: ["long"] }, async (_, name, content) => {
    const { code, peak } = await measure(name, content(), "f32", "4e6");
    expect(code).toBe("E_LIMIT");
    expect(peak).toBeLessThan(32e6);
  });
});
