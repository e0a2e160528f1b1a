// `vkernel score` at several times. Seeds are not needed: nothing is drawn.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, edm, type Engine, exactScore, polygon } from "../../build/ts/src/index.js";
import { parseNpy, parseNpz } from "../../build/ts/src/io/index.js";
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
