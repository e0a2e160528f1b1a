// `vkernel bench`: the built-in cases, and data of one's own. Nothing here depends on how fast anything is.
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeNpy } from "vkernel/io";
import { commandLine, type Result, runAll } from "../shared/commandLine.js";

const cli = commandLine();
const { run: vkernel, at } = cli;

/** 40 points on a curve in the plane, at float32. */
const curve = Float32Array.from({ length: 80 }, (_, i) => (i % 2 === 0 ? i / 20 - 2 : Math.sin((i - 1) / 5)));

beforeAll(() => {
  writeFileSync(at("curve.npy"), encodeNpy(curve, [40, 2]));
  writeFileSync(at("weights.csv"), Array.from({ length: 40 }, (_, i) => `${i < 20 ? 0 : i}\n`).join(""));
  writeFileSync(
    at("wide.npy"),
    encodeNpy(
      Float32Array.from({ length: 260 }, (_, i) => i % 7),
      [4, 65],
    ),
  );
  writeFileSync(at("open.csv"), "0,0\n1,NaN\n");
});
afterAll(() => cli.remove());

const bad: readonly (readonly [string, number, RegExp])[] = [
  ["bench --seconds 0", 2, /--seconds expected a number from 1 to 3600/],
  ["bench --only speed", 2, /--only expected one of scores, samplers/],
  ["bench --threads 0 --seconds 1", 2, /--threads expected/],
  ["bench --count 3", 2, /--count needs --data <set\|file>/],
  ["bench --precision f64", 2, /--precision needs --data <set\|file>/],
  ["bench --data curve.npy --only scores", 2, /--only goes without --data/],
  ["bench --data curve.npy --count 0", 2, /--count expected a whole number from 1 to 1000000, got 0/],
  ["bench --data curve.npy --count 1.5", 2, /--count expected a whole number from 1 to 1000000, got 1.5/],
  ["bench --data curve.npy --sigma 0", 2, /--sigma expected a number from 1e-15 to 1000000000000000 in f32/],
  [
    "bench --data curve.npy --sigma 1e151 --precision f64",
    2,
    /--sigma expected a number .* in f64, got 1e\+151/,
  ],
  ["bench --data curve.npy --sigma -1", 2, /--sigma expected a number/],
  ["bench --data curve.npy --sigma0 1", 2, /unknown option '--sigma0'/],
  ["bench --data curve", 2, /curve.*or a file that ends in/],
  ["bench --data none.npy", 5, /none\.npy: there is no such file/],
  ["bench --data open.csv", 3, /open\.csv/],
  ["bench --data polygon --weights weights.csv", 2, /--weights goes with a file/],
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
});

describe("the built-in cases", () => {
  /** float32 against float64 at 0.3 of the data's width: the bound of bench/1-kernels.js. */
  const TOLERANCE = 1e-4;

  it("measures every kernel in every round, against the reference", { tags: ["long"] }, async () => {
    const { code, stdout } = await vkernel("bench", "--seconds", "1", "--only", "scores", "--json");
    expect(code).toBe(0);
    const { cases, noisy, notes } = JSON.parse(stdout);
    expect(cases.map(({ parameters }: { parameters: { dim: number } }) => parameters.dim)).toEqual([
      2, 64, 784,
    ]);
    for (const { timings, elements } of cases) {
      expect(timings[0]).toMatchObject({ name: "reference", ratio: { median: 1, least: 1, most: 1 } });
      expect(timings[1].name).toBe("simd");
      expect(elements).toBeGreaterThan(1e6);
      for (const { rounds, median, ratio, difference } of timings) {
        expect(rounds.length).toBe(timings[0].rounds.length);
        expect(rounds.length).toBeGreaterThanOrEqual(3);
        const sorted = [...rounds].sort((a, b) => a - b);
        expect(median).toBeGreaterThanOrEqual(sorted[0]);
        expect(median).toBeLessThanOrEqual(sorted.at(-1));
        expect(ratio.median).toBeGreaterThanOrEqual(ratio.least);
        expect(ratio.median).toBeLessThanOrEqual(ratio.most);
        expect(difference).toBeLessThan(TOLERANCE);
      }
    }
    expect(noisy).toBe(notes.some((note: string) => note.startsWith("noisy: ")));
  });

  it("prints tables of the samplers", { tags: ["long"] }, async () => {
    const { code, stdout } = await vkernel("bench", "--seconds", "1", "--only", "samplers", "--threads", "1");
    expect(code).toBe(0);
    for (const name of ["euler", "heun", "posterior", "dopri5"])
      expect(stdout).toContain(`${name}, D = 2, M = 1024`);
    expect(stdout).toContain("Note: one thread only.");
    expect(stdout.match(/^ {2}reference +[\d.e+]+ +\d+% +1$/gm)).toHaveLength(4);
  });
});

interface Measured {
  readonly name: string;
  readonly group: string;
  readonly timings: readonly { name: string; rounds: number[]; median: number; difference: number }[];
}

describe("data of one's own", () => {
  /** Rounding of float32, in scales of the data and of 1 / sigma^2, with room for sums of 40 points. */
  const TOLERANCE = 1e-5;
  const own = (...words: string[]) => vkernel("bench", "--seconds", "1", "--threads", "1", ...words);

  it("is measured by every kernel beside plain TypeScript, of the same numbers", {
    tags: ["slow"],
  }, async () => {
    const { code, stdout } = await own("--data", "curve.npy", "--count", "33", "--json");
    expect(code).toBe(0);
    const { data, work, cases, startUp, verdicts, notes } = JSON.parse(stdout);
    expect(data).toEqual({ name: "curve.npy", size: 40, dim: 2, precision: "f32" });
    expect(work).toMatchObject({ queries: 33, matrices: 33, particles: 33 });
    expect(work.sigma).toBeCloseTo(0.1 * work.scale, 12);
    const groups = (cases as Measured[]).map(({ group }) => group);
    expect(groups).toEqual(["scores", "scores", "scores", "hessian", "run"]);
    expect((cases as Measured[]).map(({ name }) => name)).toEqual([
      "score, D = 2, M = 40, 33 queries",
      "score, D = 2, M = 40, 1 query",
      "score, D = 2, M = 16, 1 query",
      "Hessian, D = 2, M = 40, 33 queries",
      "Heun, 18 steps, D = 2, M = 40, 33 particles",
    ]);
    for (const { timings } of cases as Measured[]) {
      expect(timings.slice(0, 2).map(({ name }) => name)).toEqual(["plain", "simd"]);
      for (const { rounds, median, difference } of timings) {
        expect(rounds.length).toBeGreaterThanOrEqual(3);
        expect(median).toBeGreaterThan(0);
        expect(difference).toBeLessThan(TOLERANCE);
      }
    }
    expect(startUp.first).toBeGreaterThan(0);
    expect(verdicts.at(-1)).toMatch(/^Start-up: the kernels answer their first query after [\d.e+]+ ms/);
    expect(notes).toContain("one thread only");
  });

  it("with weights, in float64, at a noise level", { tags: ["slow"] }, async () => {
    const words = ["--weights", "weights.csv", "--precision", "f64", "--sigma", "0.3", "--count", "5"];
    const { code, stdout } = await own("--data", "curve.npy", ...words, "--json");
    expect(code).toBe(0);
    const { data, work, cases } = JSON.parse(stdout);
    expect([data.precision, work.sigma]).toEqual(["f64", 0.3]);
    // The first points weigh nothing: few of them are no data.
    expect((cases as Measured[]).map(({ group }) => group)).toEqual(["scores", "scores", "hessian", "run"]);
    for (const { timings } of cases as Measured[])
      for (const { difference } of timings) expect(difference).toBeLessThan(1e-12);
  });

  it("of more dimensions than matrices have is measured without them", { tags: ["slow"] }, async () => {
    const { code, stdout } = await own("--data", "wide.npy", "--count", "2");
    expect(code).toBe(0);
    expect(stdout).toContain("wide.npy: M = 4, D = 65, f32; queries at sigma");
    expect(stdout).toContain("Note: no Hessian: matrices are for at most 64 dimensions, this is 65.");
    expect(stdout).not.toMatch(/^Hessian, D/m);
    expect(stdout).toMatch(/^Start-up: /m);
    expect(stdout.match(/^ {2}plain +[\d.e+-]+ +\d+% +[\d.e+-]+ G +1$/gm)).toHaveLength(3);
  });
});
