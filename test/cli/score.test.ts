// `vkernel score` at several times. Seeds are not needed: nothing is drawn.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, edm, type Engine, exactScore, polygon } from "vkernel";
import { encodeNpy, parseNpy, parseNpz, readArray } from "vkernel/io";
import { runHere } from "../shared/inProcess.js";

const folder = mkdtempSync(join(tmpdir(), "vkernel-score-"));
const at = (name: string) => join(folder, name);
const queries = [
  [0.2, 0.3],
  [0.9, -0.1],
  [0, 1],
];
const times = [0.05, 0.5, 0.2];
const quantities = ["score", "logDensity", "hessian", "nearest", "posteriorWeights"] as const;
const widths = { score: [2], logDensity: [], hessian: [2, 2], nearest: [], posteriorWeights: [6] };
let engine: Engine;
let expected: Record<(typeof quantities)[number], number[]>;

beforeAll(async () => {
  writeFileSync(at("q.csv"), queries.map((row) => `${row.join(",")}\n`).join(""));
  engine = await createEngine();
  const field = exactScore(engine.mixture(polygon().points, { dim: 2 }), edm());
  const runs: Record<(typeof quantities)[number], ArrayLike<number>>[] = [];
  for (const t of times) runs.push(await field.evaluate(queries, t, quantities));
  expected = Object.fromEntries(
    quantities.map((name) => [name, runs.flatMap((run) => Array.from(run[name]))]),
  ) as typeof expected;
});
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const score = async (out: string, time = times.join(","), names = quantities.join(",")) => {
  const words = ["score", "polygon", "--at", at("q.csv"), "--time", time, "--quantity", names];
  expect(await runHere([...words, "--out", at(out), "--quiet"])).toBeUndefined();
};

describe("several times", () => {
  it(".npz holds every quantity under its name, times first, and the times", async () => {
    await score("s.npz");
    const arrays = parseNpz(readFileSync(at("s.npz")));
    expect([...arrays.keys()]).toEqual([...quantities, "times"]);
    for (const name of quantities) {
      const { data, shape } = arrays.get(name) as { data: ArrayLike<number>; shape: number[] };
      expect([name, shape]).toEqual([name, [3, 3, ...widths[name]]]);
      expect(Array.from(data)).toEqual(expected[name]);
    }
    expect(Array.from(arrays.get("times")?.data as Float64Array)).toEqual(times);
  });

  it(".npy, .csv and .json have the same numbers", async () => {
    await score("s.npy");
    const file = parseNpy(readFileSync(at("s.hessian.npy")));
    expect([file.shape, Array.from(file.data)]).toEqual([[3, 3, 2, 2], expected.hessian]);

    await score("s.csv", times.join(","), "logDensity,score");
    const [head, ...rows] = readFileSync(at("s.csv"), "utf8").trimEnd().split("\n");
    expect(head).toBe("t,logDensity,score_0,score_1");
    const table = rows.map((row) => row.split(",").map(Number));
    expect(table.map(([t]) => t)).toEqual(times.flatMap((t) => [t, t, t]));
    expect(table.map(([, value]) => Math.fround(value as number))).toEqual(expected.logDensity);

    await score("s.json");
    const told = JSON.parse(readFileSync(at("s.json"), "utf8"));
    expect(told.times).toEqual(times);
    expect(told.hessian.flat(3)).toEqual(expected.hessian);
    expect(told.logDensity.map((one: number[]) => one.length)).toEqual([3, 3, 3]);
    expect(told.score.flat(2)).toEqual(expected.score);
  });

  it("one time has no axis of times", async () => {
    await score("one.npz", "0.5", "score,logDensity");
    const arrays = parseNpz(readFileSync(at("one.npz")));
    expect(Array.from(arrays, ([name, { shape }]) => [name, shape])).toEqual([
      ["score", [3, 2]],
      ["logDensity", [3]],
      ["times", [1]],
    ]);
  });

  it("a time of the list that is none is named", async () => {
    for (const [time, message] of [
      ["0.5,x", '--time expected a number, got "x"'],
      ["0.5,", '--time expected a number, got ""'],
      ["0.5,0", "--time expected a time above 0"],
    ] as const) {
      const failure = await runHere(["score", "polygon", "--at", at("q.csv"), "--time", time, "--quiet"]);
      expect([failure?.exitCode, failure?.message]).toEqual([2, expect.stringContaining(message)]);
    }
  });
});

describe("queries of bytes", () => {
  it("are scaled as the data are: --pixels is for both", async () => {
    const image = encodeNpyBytes([3, 2, 2], [0, 51, 102, 153, 204, 255, 0, 255, 10, 20, 30, 40]);
    writeFileSync(at("images.npy"), image);
    writeFileSync(at("at.npy"), image.subarray());
    for (const pixels of ["unit", "symmetric", undefined]) {
      const words = [
        "score",
        at("images.npy"),
        "--at",
        at("at.npy"),
        "--time",
        "0.1",
        "--quantity",
        "nearestDistance",
        "--precision",
        "f64",
      ];
      const more = pixels === undefined ? [] : ["--pixels", pixels];
      expect(await runHere([...words, ...more, "--out", at("near.npy"), "--quiet"])).toBeUndefined();
      expect(Array.from(parseNpy(readFileSync(at("near.npy"))).data)).toEqual([0, 0, 0]);
    }
    const found = await readArray(readFileSync(at("at.npy")), "at.npy", { range: "symmetric" });
    expect(Array.from(found.data.subarray(0, 6))).toEqual(
      [0, 51, 102, 153, 204, 255].map((x) => (2 * x - 255) / 255),
    );
    writeFileSync(at("floats.npy"), encodeNpy(Float64Array.of(0.5, 7), [2]));
    expect((await readArray(readFileSync(at("floats.npy")), "floats.npy", { range: "unit" })).data).toEqual(
      Float64Array.of(0.5, 7),
    );
  });
});

/** A .npy file of bytes. */
function encodeNpyBytes(shape: readonly number[], values: readonly number[]): Uint8Array {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`.padEnd(117);
  return Buffer.concat([Buffer.from(`\x93NUMPY\x01\x00v\x00${header}\n`, "latin1"), Buffer.from(values)]);
}
