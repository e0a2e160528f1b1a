// What messages say to do now: words of others lead to ours, options that do not go lead to those that do.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, edm, type Engine, exactScore, quantities, sample } from "../../src/index.js";
import { meantBy } from "../../src/core/synonyms.js";
import { runHere } from "../shared/inProcess.js";

const folder = mkdtempSync(join(tmpdir(), "vkernel-words-"));
const at = (name: string) => join(folder, name);
let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
  writeFileSync(at("line.csv"), "0,0\n1,0\n3,0\n");
  writeFileSync(at("plane.csv"), "0,0\n1,0\n0,2\n");
  writeFileSync(at("wide.csv"), "0,0,1\n1,0,2\n0,2,3\n");
});
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("options by the words of others", () => {
  it.each([
    ["steps", "grid: karras({ steps: 40 })"],
    ["num_steps", "grid: karras({ steps: 40 })"],
    ["n_samples", "n_samples is count here"],
    ["x_T", "x_T is initial here"],
    ["callback", "callback is onProgress here"],
    ["solver", "solver is sampler here"],
  ])("%s leads to %s", async (word, way) => {
    const field = exactScore(engine.mixture([[0, 0]]), edm());
    await expect(sample(field, { [word]: 1 } as never)).rejects.toThrow(way);
  });

  it("does not lead to what a function has not", () => {
    expect(() => engine.mixture([[0, 0]], { steps: 3 } as never)).toThrow(
      /^(?!.*grid).*unknown option "steps"/,
    );
  });
});

describe("quantities by the words of others", () => {
  it.each([
    ["denoiser", "posteriorMean", "predict"],
    ["D", "posteriorMean", "predict"],
    ["x0", "posteriorMean", "predict"],
    ["x0_hat", "posteriorMean", "predict"],
    ["x̂0", "posteriorMean", "predict"],
    ["denoised", "posteriorMean", "predict"],
    ["pred_x_start", "posteriorMean", "predict"],
    ["eps", "predict", '"noise"'],
    ["epsilon", "predict", '"noise"'],
    ["ε", "predict", '"noise"'],
    ["eps_theta", "predict", '"noise"'],
    ["noise", "predict", '"noise"'],
    ["v", "posteriorMean", "predict"],
    ["v-prediction", "posteriorMean", "predict"],
    ["drift", "velocity", "velocity"],
    ["log_prob", "logDensity", "logDensity"],
    ["responsibilities", "posteriorWeights", "posteriorWeights"],
    ["jacobian", "hessian", "hessian"],
    ["ESS", "effectiveCount", "effectiveCount"],
  ])("%s leads to %s", async (word, ours, more) => {
    const data = engine.mixture([[0, 0]]);
    const told = await exactScore(data, edm())
      .evaluate([[0, 1]], 1, [word as "score"])
      .then(
        () => "nothing",
        (error: Error) => error.message,
      );
    expect(told).toContain(ours);
    expect(told).toContain(more);
    const failure = await runHere(["score", "polygon", "--at", "polygon", "--time", "1", "--quantity", word]);
    expect([failure?.exitCode, failure?.message]).toEqual([2, expect.stringContaining(ours)]);
    expect(failure?.message).toContain(more);
  });

  it("no word of ours is one of theirs, and what a word leads to is there", () => {
    for (const name of quantities)
      if (name !== "velocity") expect(meantBy(name, "quantity", [])).toBeUndefined();
    for (const name of ["constructor", "__proto__", "toString", "poligon"]) {
      expect(meantBy(name, "quantity", quantities)).toBeUndefined();
    }
  });
});

describe("what to do now", () => {
  const cases: [string, RegExp][] = [
    [
      "sample polygon --estimator smoothed --kappa 0.4",
      /--kappa is for points on one line.*point \d, which is off it by 0\.\d+; --width is for this one/,
    ],
    [
      "sample polygon --estimator piecewise --width 0.2",
      /--estimator piecewise is for points on one line.*--estimator smoothed --width/,
    ],
    ["sample polygon --estimator smoothed", /smoothed needs --width or --kappa/],
    ["sample polygon --classes 1", /--classes expected a set that has labels, such as digits/],
    ["sample FOLDER/plane.csv --classes 1", /--classes expected labels.*--labels <file> gives them/],
    ["map polygon --quantity score --time 1 --out FOLDER/x.png", /--arrows score draws it/],
    ["map polygon --quantity velocity --time 1 --out FOLDER/x.png", /--arrows velocity draws it/],
    [
      "map polygon --quantity posteriorMean --time 1 --out FOLDER/x.png",
      /vkernel score --quantity posteriorMean/,
    ],
    [
      "map FOLDER/wide.csv --quantity logDensity --time 1 --out FOLDER/x.png",
      /--axes expected two coordinates from 0 to 2, such as 0,1/,
    ],
    ["sample polygon --sampler ddim", /ddim is ancestral here \(with eta 0/],
    ["sample polygon --sampler ddpm", /ddpm is ancestral here/],
    ["sample polygon --sampler dpm++", /dpm\+\+ is dpmpp2m here/],
    ["sample polygon --sampler rk45", /rk45 is dopri5 here/],
    ["sample polygon --process karras", /karras is edm here/],
    ["sample polygon --process variance-exploding", /is ve here/],
    ["sample polygon --likelihood FOLDER/l.csv", /--last sigmaMin/],
    ["sample polygon --grid times", /times needs --times <list\|file>/],
    ["sample polygon --record 0,1", /--record needs --trajectories <file.npy> or --out <file.npz>/],
    ["sample polygon --estimator network", /network needs --network <file\|folder>/],
    [
      "sample polygon --sampler dopri5 --rtol 1e-9",
      /--rtol expected at least .*; --precision f64 takes less/,
    ],
    [
      "score polygon --at polygon --time FOLDER/plane.csv",
      /several times for all queries are a list: --time 0\.05,0\.2/,
    ],
    ["data --out FOLDER/x.npy", /needs the name of a set, such as: vkernel data digits/],
  ];
  it.each(cases)("%s", async (words, told) => {
    const failure = await runHere(words.replaceAll("FOLDER", folder).split(" "));
    expect(failure?.message).toMatch(told);
    expect([2, 3]).toContain(failure?.exitCode);
  });

  it("a flat list of numbers is told what it may be", () => {
    const mixture = (points: unknown, options?: object) => () =>
      engine.mixture(points as number[][], options as { dim: number });
    expect(mixture([1, 2, 3])).toThrow(
      /a list of numbers on a line is new Float64Array\(\[1, \.\.\.\]\) with dim: 1, or \[\[1\], \.\.\.\]/,
    );
    expect(mixture(Float64Array.of(1, 2, 3))).toThrow(
      /such as \{ dim: 2 \}, or \{ dim: 1 \} for numbers on a line/,
    );
  });
});
