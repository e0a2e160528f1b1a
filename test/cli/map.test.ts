// `vkernel map`.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, edm, type Engine, exactScore, ou, polygon } from "vkernel";
import { encodeNpy, parseCsv, parseNpy } from "vkernel/io";
import { commandLine, type Result, runAll } from "../shared/commandLine.js";

const cli = commandLine();
const { run: vkernel, at } = cli;
let engine: Engine;

const line = Float64Array.of(-1, 0.2, 1);
const cube = Float64Array.of(0, 0, 0, 1, 2, 3);

beforeAll(async () => {
  engine = await createEngine();
  writeFileSync(at("line.npy"), encodeNpy(line, [3, 1]));
  writeFileSync(at("cube.npy"), encodeNpy(cube, [2, 3]));
  writeFileSync(at("place.csv"), "0.5,0.25,1\n");
});

afterAll(() => {
  engine.close();
  cli.remove();
});

/** The middles of equal cells, as the command's help says. */
const middles = (low: number, high: number, count: number) =>
  Array.from({ length: count }, (_, i) => {
    const u = (i + 0.5) / count;
    return (1 - u) * low + u * high;
  });

/** Width, height and colour type of a PNG. */
function pngOf(name: string): [number, number, number] {
  const bytes = readFileSync(at(name));
  expect(bytes.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20), bytes[25] as number];
}

const map = ["map", "polygon", "--quantity", "logDensity", "--time", "0.3"];

describe("map", () => {
  it("gives the numbers of evaluate, as .npy and .csv, lowest row first", async () => {
    const where = ["--range", "-2,2,-1,1", "--size", "8x4", "--precision", "f64"];
    const npy = await vkernel(...map, ...where, "--out", "m.npy", "--json");
    await vkernel(...map, ...where, "--out", "m.csv");
    const [xs, ys] = [middles(-2, 2, 8), middles(-1, 1, 4)];
    const states = ys.flatMap((y) => xs.map((x) => [x, y]));
    const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
    const { logDensity } = await exactScore(data, edm()).evaluate(states, 0.3, ["logDensity"]);
    const read = parseNpy(readFileSync(at("m.npy")));
    expect(read.shape).toEqual([4, 8]);
    expect(read.data).toEqual(logDensity);
    const table = parseCsv(readFileSync(at("m.csv"), "utf8"));
    expect(table.header).toEqual(["x0", "x1", "logDensity"]);
    expect(Array.from(table.data)).toEqual(states.flatMap((state, i) => [...state, logDensity[i]]));
    const result = JSON.parse(npy.stdout);
    const least = logDensity.indexOf(Math.min(...logDensity));
    const [x0, x1] = states[least] as number[];
    expect(result.min).toEqual({ value: logDensity[least], at: { x0, x1 } });
    expect(result.max.value).toBe(Math.max(...logDensity));
    expect(result.range).toEqual({ x0: [-2, 2], x1: [-1, 1] });
    expect(result.size).toEqual([8, 4]);
  });

  it("over a line, and over x and t", async () => {
    const words = ["map", "line.npy", "--process", "ou", "--quantity", "proxyVariance", "--precision", "f64"];
    const where = ["--range", "-2,2"];
    await vkernel(...words, ...where, "--time", "0.5", "--size", "6", "--out", "curve.npy");
    await vkernel(...words, ...where, "--time", "0.25,4", "--size", "6x4", "--out", "field.npy");
    const field = exactScore(engine.mixture(line, { dim: 1, precision: "f64" }), ou());
    const xs = middles(-2, 2, 6);
    const curve = await field.evaluate(
      xs.map((x) => [x]),
      0.5,
      ["proxyVariance"],
    );
    const read = parseNpy(readFileSync(at("curve.npy")));
    expect([read.shape, read.data]).toEqual([[6], curve.proxyVariance]);
    const ts = [0.5, 1.5, 2.5, 3.5].map((k) => 0.25 * 16 ** (k / 4));
    const all = await field.evaluate(
      ts.flatMap(() => xs.map((x) => [x])),
      ts.flatMap((t) => xs.map(() => t)),
      ["proxyVariance"],
    );
    const over = parseNpy(readFileSync(at("field.npy")));
    expect([over.shape, over.data]).toEqual([[4, 6], all.proxyVariance]);
  });

  it("of a plane through a point where there are more dimensions", async () => {
    const words = [
      "map",
      "cube.npy",
      "--quantity",
      "nearest",
      "--time",
      "1",
      "--axes",
      "2,0",
      "--size",
      "5x3",
    ];
    const range = ["--range", "-1,4,-1,2"];
    const places: Record<string, number> = { "place.csv": 0.25, "9,0.25,9": 0.25, "1": 2 };
    for (const [place, y] of Object.entries(places)) {
      const { code } = await vkernel(...words, ...range, "--at", place, "--out", "plane.npy");
      expect(code).toBe(0);
      const states = middles(-1, 2, 3).flatMap((x0) => middles(-1, 4, 5).map((x2) => [x0, y, x2]));
      const field = exactScore(engine.mixture(cube, { dim: 3 }), edm());
      const { nearest } = await field.evaluate(states, 1, ["nearest"]);
      expect(Array.from(parseNpy(readFileSync(at("plane.npy"))).data)).toEqual(Array.from(nearest));
    }
  });

  it.each([
    ["logDensity", "polygon", ""],
    ["divergence", "polygon", "--process vp --arrows velocity"],
    ["nearest", "polygon", ""],
    ["posteriorEntropy", "polygon", "--log --colors magma"],
    ["effectiveCount", "cube.npy", "--axes 0,1 --at 1 --limits 1,2"],
  ])("draws %s of %s %s as SVG and PNG", { tags: ["long"] }, async (quantity, set, more) => {
    const words = ["map", set, "--quantity", quantity, "--time", "0.4", "--size", "40x40"];
    const extra = more === "" ? [] : more.split(" ");
    await vkernel(...words, ...extra, "--out", "p.svg");
    const { code, stderr } = await vkernel(...words, ...extra, "--out", "p.png");
    expect([code, stderr.includes("wrote p.png")]).toEqual([0, true]);
    const svg = readFileSync(at("p.svg"), "utf8");
    expect(svg).toContain(`${set}</text>`);
    expect(svg).toContain("t = 0.4");
    expect(svg).not.toMatch(/NaN|undefined|Infinity|\[object/);
    // The raster inside has the size that was asked for, and the colours of a palette.
    const [, base64 = ""] = /href="data:image\/png;base64,([^"]*)"/.exec(svg) ?? [];
    const raster = Buffer.from(base64, "base64");
    expect([raster.readUInt32BE(16), raster.readUInt32BE(20), raster[25]]).toEqual([40, 40, 3]);
    const [, width, height] = (/width="(\d+)" height="(\d+)"/.exec(svg) ?? []).map(Number);
    expect(pngOf("p.png").slice(0, 2)).toEqual([2 * (width as number), 2 * (height as number)]);
  });

  it("the letters of a PNG come from the package's font", { tags: ["long"] }, async () => {
    await vkernel(...map, "--size", "2x2", "--limits", "-1e6,-1e5", "--out", "blank.png");
    const { Resvg } = await import("@resvg/resvg-js");
    await vkernel(...map, "--size", "2x2", "--limits", "-1e6,-1e5", "--out", "blank.svg");
    const svg = readFileSync(at("blank.svg"), "utf8");
    const bare = new Resvg(svg, { fitTo: { mode: "zoom", value: 2 }, font: { loadSystemFonts: false } });
    // Without any font the same drawing has no text and is smaller.
    expect(readFileSync(at("blank.png")).length).toBeGreaterThan(bare.render().asPng().length + 2000);
  });
});

// [words, exit code, what the one line on stderr holds]
const bad: [string, number, RegExp][] = [
  [
    "map polygon --quantity score --time 1 --out x.png",
    2,
    /--quantity expected one number at each place: .*--arrows score draws it on top of one/,
  ],
  ["map polygon --quantity logDensity --out x.png", 2, /required option '--time <t>'/],
  ["map polygon --quantity logDensity --time 0 --out x.png", 2, /--time expected a time above 0/],
  ["map polygon --quantity logDensity --time 1,2 --out x.png", 2, /--time expected one time/],
  [
    "map line.npy --quantity logDensity --time 2,1 --out x.png",
    2,
    /--time expected a time above 0 .*ascending/,
  ],
  [
    "map polygon --process vp --quantity logDensity --time 2 --out x.png",
    2,
    /--time expected a time at most 1/,
  ],
  ["map polygon --quantity logDensity --time 1 --out x.jpg", 2, /--out expected a file that ends in .png/],
  [
    "map polygon --quantity logDensity --time 1 --range 1,2 --out x.png",
    2,
    /--range expected xmin,xmax,ymin,ymax/,
  ],
  ["map polygon --quantity logDensity --time 1 --range 2,1,0,1 --out x.png", 2, /--range expected/],
  [
    "map polygon --quantity logDensity --time 1 --size 0x5 --out x.png",
    2,
    /--size expected two whole numbers/,
  ],
  ["map polygon --quantity logDensity --time 1 --size 9 --out x.png", 2, /--size expected two whole numbers/],
  ["map polygon --quantity logDensity --time 1 --colors jet --out x.png", 2, /--colors expected one of/],
  [
    "map polygon --quantity logDensity --time 1 --limits 2,1 --out x.png",
    2,
    /--limits expected two ascending/,
  ],
  [
    "map polygon --quantity logDensity --time 1 --log --out x.png",
    2,
    /--log needs values above 0: logDensity goes/,
  ],
  [
    "map polygon --quantity nearest --time 1 --log --out x.png",
    2,
    /--log does not go with --quantity nearest/,
  ],
  [
    "map polygon --quantity logDensity --time 1 --log --out x.npy",
    2,
    /--log goes with --out .png or .svg only/,
  ],
  [
    "map polygon --quantity logDensity --time 1 --axes 0,1 --out x.png",
    2,
    /--axes goes with data of dimension 3/,
  ],
  [
    "map line.npy --quantity logDensity --time 1 --arrows score --out x.png",
    2,
    /--arrows goes with data of dimension 2/,
  ],
  ["map line.npy --quantity logDensity --time 1 --limits 0,1 --out x.png", 2, /--limits goes with maps/],
  [
    "map cube.npy --quantity logDensity --time 1 --out x.png",
    2,
    /--axes expected two coordinates from 0 to 2/,
  ],
  ["map cube.npy --quantity logDensity --time 1 --axes 0,3 --at 0 --out x.png", 2, /--axes expected/],
  ["map cube.npy --quantity logDensity --time 1 --axes 0,1 --out x.png", 2, /--at expected what the other/],
  [
    "map cube.npy --quantity logDensity --time 1 --axes 0,1 --at 7 --out x.png",
    2,
    /--at expected the number of a training/,
  ],
  [
    "map cube.npy --quantity logDensity --time 1 --axes 0,1 --at 1,2 --out x.png",
    3,
    /--at expected 3 numbers, got 2/,
  ],
  ["map line.npy --quantity logDensity --time 1 --out line.npy", 5, /it is also the input line.npy/],
];

describe("bad options: exit code and one line on stderr", () => {
  let results: Map<string, Result>;
  beforeAll(async () => {
    results = await runAll(
      cli,
      bad.map(([words]) => words),
    );
  });

  it.each(bad)("%s", (words, code, expected) => {
    const result = results.get(words) as Result;
    expect(result.stderr.trimEnd()).toMatch(expected);
    expect(result.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect([result.code, result.stdout]).toEqual([code, ""]);
  });

  it("leaves nothing behind", () => {
    expect(cli.hidden()).toEqual([]);
    expect(["x.png", "x.npy"].filter((name) => existsSync(at(name)))).toEqual([]);
  });
});
