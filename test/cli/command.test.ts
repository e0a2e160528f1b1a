import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, edm, exactScore, polygon } from "vkernel";
import { encodeIdx, encodeNpy, encodeNpz, parseCsv, parseNpy, parseNpz } from "vkernel/io";

const main = fileURLToPath(new URL("../../cli/dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "vkernel-cli-"));
const at = (name: string) => join(folder, name);

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command line as a shell would, in a folder of its own. */
function vkernel(...words: string[]): Promise<Result> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, ...words],
      { cwd: folder, maxBuffer: 2 ** 28 },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
      },
    );
  });
}

const hidden = () => readdirSync(folder).filter((name) => name.startsWith("."));

beforeAll(() => {
  const save = (name: string, rows: number[][]) => {
    const flat = Float64Array.from(rows.flat());
    writeFileSync(at(name), encodeNpy(flat, [rows.length, rows[0]?.length ?? 0]));
  };
  save("points.npy", [
    [0, 0],
    [1, 0],
    [0, 2],
  ]);
  save("queries.npy", [
    [0.2, 0.3],
    [0.9, -0.1],
    [0, 1],
    [5, 5],
  ]);
  save("wide.npy", [[1, 2, 3]]);
  save("nan.npy", [
    [0, 0],
    [1, Number.NaN],
  ]);
  save("huge.npy", [[1e30, 0]]);
  writeFileSync(at("none.npy"), encodeNpy(new Float64Array(0), [0, 2]));
  writeFileSync(at("cube.npy"), encodeNpy(new Float64Array(8), [2, 2, 2, 1, 1]));
  writeFileSync(at("noqueries.npy"), encodeNpy(new Float64Array(0), [0, 2]));
  writeFileSync(at("short.npy"), readFileSync(at("points.npy")).subarray(0, -4));
  writeFileSync(at("long.npy"), Buffer.concat([readFileSync(at("points.npy")), Buffer.alloc(3)]));
  writeFileSync(at("empty.npy"), "");
  writeFileSync(at("empty.csv"), "");
  writeFileSync(at("text.npy"), "1,2\n3,4\n");
  writeFileSync(at("ragged.csv"), "1,2\n3\n");
  writeFileSync(at("hex.csv"), "1,2\n3,0x10\n");
  writeFileSync(at("hole.csv"), "1,2\n3,\n");
  writeFileSync(at("latin.csv"), Buffer.from([0x31, 0x2c, 0xe9, 0x0a]));
  writeFileSync(at("points.txt"), "1,2\n");
  writeFileSync(at("times.csv"), "0.1\n0.5\n1\n2\n");
  writeFileSync(at("object.npy"), objectFile());
  mkdirSync(at("folder.npy"));
  mkdirSync(at("folder"));
  execFileSync("mkfifo", [at("pipe.npy")]);
  symlinkSync(at("points.npy"), at("link.npy"));
  linkSync(at("points.npy"), at("same.npy"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The header of a file of pickled objects; it has no body that could be read. */
function objectFile(): Uint8Array {
  const header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".padEnd(117);
  return Buffer.concat([
    Buffer.from([0x93]),
    Buffer.from("NUMPY"),
    Buffer.from([1, 0, 118, 0]),
    Buffer.from(`${header}\n`),
  ]);
}

// [words, exit code, what the one line on stderr holds]
const bad: [string, number, RegExp][] = [
  ["sample", 2, /missing required argument 'data'/],
  ["smaple polygon", 2, /unknown command 'smaple'.*sample/],
  ["sample poligon", 2, /unknown data set "poligon".*polygon/],
  ["sample polygon extra", 2, /too many arguments/],
  ["sample polygon --stpes 3", 2, /unknown option '--stpes'.*--steps/],
  ["sample polygon --__proto__ 3", 2, /unknown option '--__proto__'/],
  ["sample polygon --steps", 2, /--steps.*argument missing/],
  ["sample polygon --steps 0", 2, /^vkernel: --steps expected a whole number/],
  ["sample polygon --steps -1", 2, /--steps expected/],
  ["sample polygon --steps 1.5", 2, /--steps expected/],
  ["sample polygon --steps 1e10", 2, /--steps expected/],
  ["sample polygon --steps ten", 2, /--steps expected a number, got "ten"/],
  ["sample polygon --steps 0x10", 2, /--steps expected a number/],
  ["sample polygon --threads 0", 2, /--threads expected/],
  ["sample polygon --threads many", 2, /--threads expected/],
  ["sample polygon --seed -1", 2, /--seed expected/],
  ["sample polygon --seed 1.5", 2, /--seed expected/],
  ["sample polygon --seed 18446744073709551616", 2, /--seed expected/],
  ["sample polygon --count -1", 2, /--count expected/],
  ["sample polygon --sampler hoin", 2, /--sampler expected.*heun.*got "hoin"/],
  ["sample polygon --process edn", 2, /--process expected.*edm\?/],
  ["sample polygon --grid karas", 2, /--grid expected.*karras\?/],
  ["sample polygon --precision f16", 2, /--precision expected/],
  ["sample polygon --kernels fast", 2, /--kernels expected/],
  ["sample polygon --initial nose", 2, /--initial expected.*noise\?/],
  ["sample polygon --sigma0 -1", 2, /--sigma0 expected/],
  ["sample polygon --sigma-min 2 --sigma-max 1", 2, /--sigma-max expected/],
  [
    "sample polygon --sigma-max 1 --t-min 0.1",
    2,
    /'--sigma-max <level>' cannot be used with option '--t-min <time>'/,
  ],
  [
    "sample polygon --sigma-min 1 --t-max 2",
    2,
    /'--sigma-min <level>' cannot be used with option '--t-max <time>'/,
  ],
  ["sample polygon --process vp --t-max 2 --t-min 0.1", 2, /--t-max expected a time at most 1/],
  ["sample polygon --grid linear --rho 3", 2, /--rho goes with --grid karras/],
  [
    "sample polygon --draws 1 --noise-time 0.1",
    2,
    /'--draws <R>' cannot be used with option '--noise-time <time>'/,
  ],
  ["sample polygon --kappa 0.1", 2, /--kappa of the naive estimator is --noise-time now/],
  ["sample polygon --estimator naive --kappa 0.1", 2, /--kappa of the naive estimator is --noise-time now/],
  [
    "sample polygon --estimator exact --kappa 0.1",
    2,
    /--kappa goes with --estimator smoothed or piecewise only/,
  ],
  ["sample polygon --draws 1 --estimator exact", 2, /--draws goes with --estimator naive/],
  [
    "sample polygon --estimator naive --sampler heun",
    2,
    /--sampler heun does not take the naive estimator.*euler, ancestral or eulerMaruyama do/,
  ],
  ["sample polygon --out samples.txt", 2, /--out expected a file that ends in .npy or .npz or .csv/],
  ["sample polygon --report report.pdf", 2, /--report expected/],
  ["sample points.txt", 2, /points.txt expected a file that ends in/],
  ["score points.npy --at queries.npy", 2, /required option '--time <list\|file>' not specified/],
  ["score points.npy --at queries.npy --time 0", 2, /--time expected a time above 0/],
  ["score points.npy --at queries.npy --time nan", 2, /--time expected a number/],
  ["score points.npy --at queries.npy --time 1 --quantity scor", 2, /--quantity expected.*score\?/],
  [
    "score points.npy --at queries.npy --time 1 --quantity score,score",
    2,
    /--quantity expected each word once/,
  ],
  ["data digit", 2, /set expected.*digits\?/],
  ["data polygon --labels l.npy", 2, /--labels expected a set that has labels/],
  ["data --out x.npy", 2, /--out needs the name of a set/],
  ["info --threads 65", 2, /--threads expected/],

  ["sample none.npy", 3, /none.npy expected at least one point/],
  ["sample nan.npy", 3, /nan.npy\[1, 1\] expected a finite number, got NaN/],
  ["sample huge.npy", 3, /huge.npy\[0, 0\] expected a number whose square/],
  ["sample cube.npy", 3, /"cube.npy" expected a table/],
  ["sample short.npy", 3, /"short.npy" at byte \d+: expected/],
  ["sample long.npy", 3, /"long.npy" at byte \d+: expected the end of the file/],
  ["sample empty.npy", 3, /"empty.npy" at byte 0/],
  ["sample empty.csv", 3, /empty.csv:1:1: expected rows of numbers/],
  ["sample text.npy", 3, /"text.npy" at byte 0: expected the npy magic/],
  ["sample object.npy", 3, /"object.npy" at byte .*never unpickled/],
  ["sample ragged.csv", 3, /ragged.csv:2:2: expected 2 cells/],
  ["sample hex.csv", 3, /hex.csv:2:2: expected/],
  ["sample hole.csv", 3, /hole.csv:2:2: expected/],
  ["sample latin.csv", 3, /latin.csv: expected UTF-8/],
  ["sample polygon --initial wide.npy", 3, /wide.npy expected rows of 2/],
  ["sample polygon --initial queries.npy --count 3", 3, /queries.npy expected 3 rows/],
  ["sample polygon --initial nan.npy", 3, /nan.npy\[1, 1\] expected a finite number/],
  [
    "score points.npy --at wide.npy --time 1",
    3,
    /wide.npy expected rows of 2 as points.npy has, got rows of 3/,
  ],
  ["score points.npy --at nan.npy --time 1", 3, /nan.npy\[1, 1\] expected a finite number/],
  ["score points.npy --at queries.npy --time points.npy", 3, /points.npy expected 4 rows of one time/],

  ["sample polygon --count 2000000000", 4, /--count expected fewer than 2\^31 numbers/],
  ["sample polygon --count 1000000000 --out x.npy", 4, /count/],
  ["sample digits --count 1000000 --json", 4, /--json expected at most/],

  ["sample missing.npy", 5, /missing.npy: there is no such file/],
  ["sample missing/points.csv", 5, /there is no such file/],
  ["sample folder.npy", 5, /folder.npy: expected a file, got a folder/],
  ["sample folder", 5, /folder: expected a file, got a folder/],
  ["sample pipe.npy", 5, /pipe.npy: expected a file, got a pipe/],
  ["sample points.npy --out points.npy", 5, /--out points.npy: it is also the input points.npy/],
  ["sample points.npy --out ./folder/../points.npy", 5, /it is also the input/],
  ["sample points.npy --out link.npy", 5, /it is also the input/],
  ["sample points.npy --out same.npy", 5, /it is also the input/],
  ["score points.npy --at queries.npy --time 1 --out queries.npy", 5, /it is also the input queries.npy/],
  ["score points.npy --at queries.npy --time times.csv --out times.csv", 5, /it is also the input times.csv/],
  ["data digits --out d.npy --labels d.npy", 5, /--labels d.npy: it is also the output of --out/],
  ["sample polygon --out folder.npy", 5, /--out folder.npy: expected a file, got a folder/],
  ["sample polygon --out nowhere/x.npy", 5, /there is no folder/],
  ["sample polygon --report points.npy/x.html", 5, /--report points.npy\/x.html/],
];

describe("bad input: exit code and one line on stderr", () => {
  const results = new Map<string, Result>();
  beforeAll(async () => {
    const queue = bad.map(([words]) => words);
    const work = async () => {
      for (let words = queue.shift(); words !== undefined; words = queue.shift()) {
        results.set(words, await vkernel(...words.split(" ")));
      }
    };
    await Promise.all([work(), work()]);
  });

  it.each(bad)("%s", (words, code, line) => {
    const result = results.get(words) as Result;
    expect(result.stderr.trimEnd()).toMatch(line);
    expect(result.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(result.stdout).toBe("");
    expect(result.code).toBe(code);
  });

  it("leaves nothing behind", () => {
    expect(hidden()).toEqual([]);
    expect(existsSync(at("x.npy")) || existsSync(at("d.npy"))).toBe(false);
    expect(readFileSync(at("points.npy"))).toHaveLength(128 + 48);
  });

  it.skipIf(process.getuid?.() === 0)("an unreadable file and a read-only folder", async () => {
    writeFileSync(at("secret.npy"), readFileSync(at("points.npy")));
    chmodSync(at("secret.npy"), 0);
    expect((await vkernel("sample", "secret.npy")).code).toBe(5);
    mkdirSync(at("closed"), { mode: 0o500 });
    expect((await vkernel("sample", "polygon", "--out", "closed/x.npy")).code).toBe(5);
  });

  it("with --json the error is one JSON line on stderr", async () => {
    const { code, stdout, stderr } = await vkernel("sample", "polygon", "--json", "--steps", "0");
    expect([code, stdout]).toEqual([2, ""]);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: "E_RANGE", argument: "--steps", message: expect.any(String), exitCode: 2 },
    });
  });

  it("help is no error, no command is", { tags: ["long"] }, async () => {
    expect(await vkernel("--help")).toMatchObject({ code: 0, stderr: "" });
    expect((await vkernel("sample", "--help")).stdout).toContain("Exit codes");
    expect(await vkernel("--version")).toMatchObject({ code: 0, stdout: "0.1.0\n" });
    expect(await vkernel()).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("sample", () => {
  const base = ["sample", "polygon", "--count", "300", "--seed", "3", "--steps", "10", "--last", "sigmaMin"];

  it("writes the same numbers as .npy, as .csv and on stdout", async () => {
    const more = ["--sigma-min", "0.1"];
    const [npy, csv, printed] = await Promise.all([
      vkernel(...base, ...more, "--out", "a.npy"),
      vkernel(...base, ...more, "--out", "a.csv"),
      vkernel(...base, ...more, "--quiet"),
    ]);
    expect([npy.code, csv.code, printed.code]).toEqual([0, 0, 0]);
    expect([npy.stdout, csv.stdout, printed.stderr]).toEqual(["", "", ""]);
    const a = parseNpy(readFileSync(at("a.npy")));
    expect(a.shape).toEqual([300, 2]);
    expect(a.data).toBeInstanceOf(Float32Array);
    const b = parseCsv(readFileSync(at("a.csv"), "utf8"));
    expect(b.header).toEqual(["x0", "x1"]);
    expect(Float32Array.from(b.data)).toEqual(a.data);
    expect(printed.stdout).toBe(readFileSync(at("a.csv"), "utf8"));
    expect(hidden()).toEqual([]);
  });

  it("writes the same bytes on one thread and on two", async () => {
    const words = ["sample", "digits", "--count", "40", "--seed", "5", "--sampler", "posterior"];
    await Promise.all([
      vkernel(...words, "--threads", "1", "--out", "one.npy"),
      vkernel(...words, "--threads", "2", "--out", "two.npy"),
    ]);
    const one = readFileSync(at("one.npy"));
    expect(one.equals(readFileSync(at("two.npy")))).toBe(true);
    expect(parseNpy(one).shape).toEqual([40, 64]);
  });

  it("--json is one object, with the samples where no file takes them", async () => {
    const { code, stdout, stderr } = await vkernel("sample", "points.npy", "--count", "5", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ command: "sample", count: 5, dim: 2, seed: 0, sampler: { name: "heun" } });
    expect(result.samples).toHaveLength(5);
    expect(result.times).toHaveLength(41);
    const toFile = await vkernel("sample", "points.npy", "--count", "5", "--json", "--out", "j.npy");
    expect(JSON.parse(toFile.stdout).samples).toBeUndefined();
    expect(Array.from(parseNpy(readFileSync(at("j.npy"))).data)).toEqual(result.samples.flat());
  });

  it("starts from the rows of a file, and replaces an old output", async () => {
    writeFileSync(at("old.npy"), "old");
    const words = ["sample", "points.npy", "--initial", "queries.npy", "--t-max", "1", "--t-min", "0.1"];
    const { code, stderr } = await vkernel(...words, "--out", "old.npy");
    expect(stderr).toContain("4 samples by heun with the exact score");
    expect(code).toBe(0);
    expect(parseNpy(readFileSync(at("old.npy"))).shape).toEqual([4, 2]);
  });

  it.each([
    ["edm", "euler"],
    ["ve", "heun"],
    ["vp", "posterior"],
    ["songVp", "eulerMaruyama"],
    ["ou", "heun"],
  ])("runs %s by %s with the defaults, on every kernel", async (process, sampler) => {
    const words = ["sample", "polygon", "--process", process, "--sampler", sampler, "--count", "20"];
    const run = await vkernel(...words, "--kernels", "reference", "--precision", "f64", "--json");
    expect(run.stderr).toBe("");
    for (const [x = 0, y = 0] of JSON.parse(run.stdout).samples) {
      expect(Math.hypot(x, y)).toBeCloseTo(1, 6); // each sample ends on a corner of the hexagon
    }
  });
});

describe("score", () => {
  const words = ["score", "points.npy", "--at", "queries.npy", "--precision", "f64"];

  it("gives what the API's evaluate gives", async () => {
    const quantities = ["score", "logDensity", "nearest", "hessian", "posteriorWeights"] as const;
    const list = quantities.join(",");
    const [npy, csv, json, printed] = await Promise.all([
      vkernel(...words, "--time", "0.5", "--quantity", list, "--out", "q.npy"),
      vkernel(...words, "--time", "0.5", "--quantity", list, "--out", "q.csv"),
      vkernel(...words, "--time", "0.5", "--quantity", list, "--out", "q.json"),
      vkernel(...words, "--time", "0.5", "--quantity", list, "--json"),
    ]);
    expect([npy, csv, json, printed].map((result) => result.code)).toEqual([0, 0, 0, 0]);
    const engine = await createEngine();
    const data = engine.mixture(parseNpy(readFileSync(at("points.npy"))).data, { dim: 2, precision: "f64" });
    const queries = parseNpy(readFileSync(at("queries.npy"))).data;
    const truth = await exactScore(data, edm()).evaluate(queries, 0.5, quantities);
    engine.close();

    const shapes = {
      score: [4, 2],
      logDensity: [4],
      nearest: [4],
      hessian: [4, 2, 2],
      posteriorWeights: [4, 3],
    };
    const object = JSON.parse(readFileSync(at("q.json"), "utf8"));
    for (const name of quantities) {
      const { data, shape } = parseNpy(readFileSync(at(`q.${name}.npy`)));
      expect(shape).toEqual(shapes[name]);
      expect(Array.from(data)).toEqual(Array.from(truth[name]));
      expect(object[name].flat(2)).toEqual(Array.from(truth[name]));
    }
    expect(JSON.parse(printed.stdout).values).toEqual(object);
    const table = parseCsv(readFileSync(at("q.csv"), "utf8"));
    expect(table.header?.slice(0, 5)).toEqual(["score_0", "score_1", "logDensity", "nearest", "hessian_0_0"]);
    expect([table.rows, table.dim]).toEqual([4, 11]);
    expect(table.data[2]).toBe(truth.logDensity[0]);
    expect(existsSync(at("q.npy"))).toBe(false);
  });

  it("takes one time per query, and writes one quantity under its own name", async () => {
    const { code } = await vkernel(
      ...words,
      "--time",
      "times.csv",
      "--quantity",
      "logDensity",
      "--out",
      "l.npy",
    );
    expect(code).toBe(0);
    expect(parseNpy(readFileSync(at("l.npy"))).shape).toEqual([4]);
  });

  it("no queries are valid", async () => {
    const none = await vkernel("score", "points.npy", "--at", "noqueries.npy", "--time", "1", "--quiet");
    expect(none).toEqual({ code: 0, stdout: "score_0,score_1\n", stderr: "" });
  });
});

describe("data and info", () => {
  it("lists the sets, writes one, and reads it back", { tags: ["long"] }, async () => {
    const list = await vkernel("data", "--json");
    expect(JSON.parse(list.stdout).sets.map((set: { name: string }) => set.name)).toContain("digits");
    expect((await vkernel("data")).stdout).toContain("1,797");
    await vkernel("data", "polygon", "--out", "hexagon.csv");
    expect(parseCsv(readFileSync(at("hexagon.csv"), "utf8")).data).toEqual(polygon().points);
    await vkernel("data", "digits", "--out", "digits.npy", "--labels", "labels.npy");
    expect(parseNpy(readFileSync(at("digits.npy"))).shape).toEqual([1797, 64]);
    expect(parseNpy(readFileSync(at("labels.npy"))).shape).toEqual([1797]);
  });

  it("tells what runs", async () => {
    const { stdout } = await vkernel("info", "--json", "--threads", "1");
    expect(JSON.parse(stdout)).toMatchObject({ command: "info", version: "0.1.0", engine: { threads: 1 } });
    expect((await vkernel("info", "--kernels", "reference")).stdout).toMatch(/kernels +reference/);
  });
});

describe("the report", () => {
  it.each([
    ["polygon", ["--count", "500"]],
    ["digits", ["--count", "16", "--steps", "5"]],
    ["points.npy", ["--count", "50", "--sigma0", "0.1"]],
    ["wide.npy", ["--count", "50"]],
    ["times.csv", ["--count", "50"]],
    ["polygon", ["--count", "0"]],
  ])(
    "of %s %j is one file that needs no other, and holds its command",
    { tags: ["long"] },
    async (set, more) => {
      const name = "it's <a> report.html";
      const { code, stdout, stderr } = await vkernel("sample", set, ...more, "--report", name, "--quiet");
      expect([code, stdout, stderr]).toEqual([0, "", ""]);
      const text = readFileSync(at(name), "utf8");
      expect(text.startsWith("<!doctype html>")).toBe(true);
      expect(text.replaceAll('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(
        /https?:\/\/|<script|<link|url\(/i,
      );
      expect(text).not.toMatch(/NaN|undefined|Infinity|\[object/);
      const quoted = "'it'\\''s <a> report.html'";
      const escaped = quoted.replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("'", "&#39;");
      expect(text).toContain(
        `<pre>vkernel sample ${set} ${more.join(" ")} --report ${escaped} --quiet</pre>`,
      );
      for (const [, src = ""] of text.matchAll(/ src="([^"]*)"/g))
        expect(src).toMatch(/^data:image\/png;base64,/);
      rmSync(at(name));
    },
  );
});

describe("interrupted", () => {
  const long = ["sample", "digits", "--steps", "100000", "--count", "20000", "--out", "long-run.npy"];

  async function interrupt(words: readonly string[], signals: number): Promise<Result> {
    const child = spawn(process.execPath, [main, ...words], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (piece) => {
      stdout += piece;
    });
    const started = new Promise<void>((resolve) => {
      child.stderr.on("data", (piece) => {
        stderr += piece;
        resolve();
      });
    });
    await started; // the bar that --progress asks for: the run is under way
    for (let i = 0; i < signals; i++) child.kill("SIGINT");
    const [code] = await once(child, "close");
    return { code, stdout, stderr };
  }

  it("by Ctrl-C it ends with 130, and leaves no file", { tags: ["long"] }, async () => {
    const result = await interrupt([...long, "--progress"], 1);
    expect(result.code).toBe(130);
    expect(result.stderr).toMatch(/vkernel: interrupted; nothing was written\n$/);
    expect(existsSync(at("long-run.npy"))).toBe(false);
    expect(hidden()).toEqual([]);
  });

  it("by a second Ctrl-C it ends at once", { tags: ["long"] }, async () => {
    const result = await interrupt([...long, "--progress", "--kernels", "reference"], 2);
    expect(result.code).toBe(130);
    expect(hidden()).toEqual([]);
  });

  it("by a reader that closes stdout it ends quietly", async () => {
    const words = ["sample", "polygon", "--count", "400000", "--steps", "2", "--quiet"];
    const child = spawn(process.execPath, [main, ...words], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (piece) => {
      stderr += piece;
    });
    await once(child.stdout, "data");
    child.stdout.destroy();
    const [code] = await once(child, "close");
    expect([code, stderr]).toEqual([0, ""]);
  });
});

it("the package's command is executable", () => {
  expect(statSync(main).mode & 0o111).toBe(0o111);
  expect(readFileSync(main, "utf8").startsWith("#!/usr/bin/env node\n")).toBe(true);
});

describe("npz, IDX and packed files", () => {
  const cloud = Float64Array.of(0, 0, 1, 0, 0, 2);

  it("are data like others: the same samples from each", { tags: ["long"] }, async () => {
    writeFileSync(at("cloud.npz"), encodeNpz({ points: { data: cloud, shape: [3, 2] } }, { compress: true }));
    writeFileSync(at("cloud.idx"), encodeIdx(cloud, [3, 2]));
    writeFileSync(at("cloud.npy.gz"), gzipSync(encodeNpy(cloud, [3, 2])));
    const names = ["points.npy", "cloud.npz", "cloud.idx", "cloud.npy.gz"];
    const runs = await Promise.all(names.map((name) => vkernel("sample", name, "--count", "20", "--quiet")));
    expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual(names.map(() => [0, ""]));
    expect(new Set(runs.map(({ stdout }) => stdout)).size).toBe(1);
  });

  it("are queries too", async () => {
    writeFileSync(at("at.npz"), encodeNpz({ x: { data: cloud, shape: [3, 2] } }));
    const [one, other] = await Promise.all([
      vkernel("score", "polygon", "--at", "points.npy", "--time", "1", "--quiet"),
      vkernel("score", "polygon", "--at", "at.npz", "--time", "1", "--quiet"),
    ]);
    expect(other).toEqual(one);
    expect(one.code).toBe(0);
  });

  it("images of IDX files have their report", async () => {
    const bytes = Uint8Array.from({ length: 5 * 16 }, (_, i) => (37 * i) % 256);
    writeFileSync(at("tiny-images-idx3-ubyte.gz"), gzipSync(encodeIdx(bytes, [5, 4, 4])));
    const words = ["sample", "tiny-images-idx3-ubyte.gz", "--count", "3", "--sigma-max", "1000"];
    const { code, stderr } = await vkernel(...words, "--report", "tiny.html", "--quiet");
    expect([code, stderr]).toEqual([0, ""]);
    expect(readFileSync(at("tiny.html"), "utf8")).toContain("nearest training images");
  });

  it("a set is written with its labels", { tags: ["long"] }, async () => {
    const { code } = await vkernel("data", "twoMoons", "--out", "moons.npz", "--quiet");
    expect(code).toBe(0);
    const arrays = parseNpz(readFileSync(at("moons.npz")));
    expect([...arrays.keys()]).toEqual(["points", "labels"]);
    expect(arrays.get("points")?.shape).toEqual([1000, 2]);
    await vkernel("data", "swissRoll", "--out", "roll.npz", "--quiet");
    expect([...parseNpz(readFileSync(at("roll.npz"))).keys()]).toEqual(["points", "values"]);
    const list = JSON.parse((await vkernel("data", "--json")).stdout);
    expect(list.sets.map((set: { name: string }) => set.name)).toContain("fashion");
  });

  it.each([
    ["text.npz", 3, /^vkernel: "text.npz" at byte 0: expected the zip magic PK/],
    ["short-ubyte", 3, /^vkernel: "short-ubyte" at byte 8: expected 9 bytes/],
    ["objects.npz", 3, /^vkernel: "objects.npz" expected an array named points, x/],
    ["cut.npy.gz", 3, /^vkernel: "cut.npy.gz" at byte 40: expected a whole gzip file/],
    ["none-ubyte", 5, /^vkernel: none-ubyte: there is no such file/],
  ])("%s is refused", async (name, code, line) => {
    writeFileSync(at("text.npz"), "1,2\n");
    writeFileSync(at("short-ubyte"), Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 9));
    const one = { data: Float64Array.of(1) };
    writeFileSync(at("objects.npz"), encodeNpz({ a: one, b: one }));
    writeFileSync(at("cut.npy.gz"), gzipSync(encodeNpy(cloud, [3, 2])).subarray(0, 40));
    const result = await vkernel("sample", name);
    expect(result.stderr).toMatch(line);
    expect([result.code, result.stdout, result.stderr.trimEnd().split("\n").length]).toEqual([code, "", 1]);
  });
});
