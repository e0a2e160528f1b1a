// `vkernel sample` with every sampler and its options, and `vkernel likelihood`: the numbers of the API, bit for bit.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ancestral,
  createEngine,
  dopri5,
  dpmpp2m,
  edm,
  effectiveSde,
  type Engine,
  euler,
  eulerMaruyama,
  exactScore,
  heun,
  karras,
  linearScore,
  logarithmic,
  logLikelihood,
  logUniformTimes,
  type Mixture,
  naiveScore,
  ntkScore,
  polygon,
  posterior,
  predictorCorrector,
  rbfFeatures,
  rk4,
  type Sampler,
  sample,
  type SampleOptions,
  songVp,
  times,
  vp,
  piecewiseScore,
  smoothedScore,
  squareRoot,
  ve,
} from "vkernel";
import { encodeNpy, parseCsv, parseNpy } from "vkernel/io";
import { commandLine, type Result, runAll } from "../shared/commandLine.js";

const cli = commandLine();
const { run: vkernel, at } = cli;
let engine: Engine;
let data: Mixture<"f32">;

/** 3 steps of 5 samples. */
const normals = Float64Array.from({ length: 3 * 5 * 2 }, (_, i) => ((7 * i) % 11) / 5 - 1);
const queries = [
  [0.2, 0.3],
  [0.9, -0.1],
];

beforeAll(async () => {
  engine = await createEngine();
  data = engine.mixture(polygon().points, { dim: 2 });
  writeFileSync(at("noise.npy"), encodeNpy(normals, [3, 5, 2]));
  writeFileSync(at("flat.npy"), encodeNpy(normals, [15, 2]));
  writeFileSync(at("queries.npy"), encodeNpy(Float64Array.from(queries.flat()), [2, 2]));
  writeFileSync(at("wide.npy"), encodeNpy(new Float64Array(3), [1, 3]));
  writeFileSync(at("times.csv"), "10\n1\n0.1\n0\n");
  writeFileSync(at("up.csv"), "1\n10\n");
});

afterAll(() => {
  engine.close();
  cli.remove();
});

const grid = karras({ steps: 6 });
const base = ["sample", "polygon", "--count", "5", "--seed", "3", "--json"];

/** What the API gives with the command's defaults. */
const truth = (sampler: Sampler, options: SampleOptions = {}) =>
  sample(exactScore(data, edm()), { sampler, grid, count: 5, seed: 3, ...options });

const rows = (values: ArrayLike<number>) =>
  Array.from({ length: values.length / 2 }, (_, i) => [values[2 * i], values[2 * i + 1]]);

describe("the samplers and their options", () => {
  const samplers: [string, Sampler][] = [
    ["--sampler euler", euler()],
    ["--sampler heun", heun()],
    [
      "--sampler heun --churn 3 --churn-min 0.05 --churn-max 50 --noise-scale 1.003",
      heun({ churn: 3, churnMin: 0.05, churnMax: 50, noiseScale: 1.003 }),
    ],
    ["--sampler rk4", rk4()],
    ["--sampler dpmpp2m", dpmpp2m()],
    ["--sampler dopri5 --rtol 1e-3 --atol 1e-4", dopri5({ rtol: 1e-3, atol: 1e-4 })],
    ["--sampler ancestral --eta 0.5", ancestral({ eta: 0.5 })],
    ["--sampler eulerMaruyama", eulerMaruyama()],
    ["--sampler posterior", posterior()],
    [
      "--sampler predictorCorrector --snr 0.1 --correctors 2",
      predictorCorrector({ snr: 0.1, correctors: 2 }),
    ],
  ];

  it.each(samplers)("%s", async (words, sampler) => {
    const { code, stdout } = await vkernel(...base, "--steps", "6", ...words.split(" "));
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    const expected = await truth(sampler);
    expect(result.samples).toEqual(rows(expected.samples));
    expect(result.sampler).toEqual({ name: sampler.name, ...sampler.parameters });
    expect(result.stats.evaluations).toBe(expected.stats.evaluations);
  });

  it("dopri5 has two steps by default, the others 40", { tags: ["long"] }, async () => {
    const own = await vkernel(...base, "--sampler", "dopri5");
    const fixed = await vkernel(...base, "--sampler", "rk4");
    expect(JSON.parse(own.stdout).times).toHaveLength(3);
    expect(JSON.parse(fixed.stdout).times).toHaveLength(41);
  });

  it.each([
    ["vp --beta-min 0.2 --beta-d 10", vp({ betaMin: 0.2, betaD: 10 })],
    ["songVp --beta-min 0.2 --beta-max 10", songVp({ betaMin: 0.2, betaMax: 10 })],
  ])("--process %s", async (words, process) => {
    const sigmaMax = Math.min(80, process.sigma(1));
    const { stdout } = await vkernel(...base, "--steps", "6", "--process", ...words.split(" "));
    const expected = await sample(exactScore(data, process), {
      sampler: heun(),
      grid: karras({ steps: 6, sigmaMax }),
      count: 5,
      seed: 3,
    });
    expect(JSON.parse(stdout).samples).toEqual(rows(expected.samples));
    expect(JSON.parse(stdout).process).toEqual({ name: process.name, ...process.parameters });
  });
});

describe("times, noise, paths, effective SDE", () => {
  it("--times as a list and in a file", { tags: ["long"] }, async () => {
    const list = await vkernel(...base, "--times", "10,1,0.1,0");
    const file = await vkernel(...base, "--times", "times.csv", "--grid", "times");
    const expected = await truth(heun(), { grid: times([10, 1, 0.1, 0]) });
    expect(JSON.parse(list.stdout).samples).toEqual(rows(expected.samples));
    expect(JSON.parse(file.stdout).samples).toEqual(rows(expected.samples));
  });

  it("--noise shared, and from a file", { tags: ["long"] }, async () => {
    const words = [...base, "--sampler", "eulerMaruyama", "--times", "times.csv"];
    const shared = await vkernel(...words, "--noise", "shared");
    const file = await vkernel(...words, "--noise", "noise.npy");
    const options = { grid: times([10, 1, 0.1, 0]) };
    const one = await truth(eulerMaruyama(), { ...options, noise: "shared" });
    const two = await truth(eulerMaruyama(), { ...options, noise: normals });
    expect(JSON.parse(shared.stdout).samples).toEqual(rows(one.samples));
    expect(JSON.parse(file.stdout).samples).toEqual(rows(two.samples));
    expect(one.samples).not.toEqual(two.samples);
  });

  it("--trajectories holds all times, or those that --record names", async () => {
    const all = await vkernel(...base, "--steps", "6", "--trajectories", "all.npy");
    await vkernel(...base, "--steps", "6", "--trajectories", "some.npy", "--record", "0,6");
    const expected = await truth(heun(), { record: "all" });
    const paths = expected.trajectories as Float32Array;
    const read = parseNpy(readFileSync(at("all.npy")));
    expect(read.shape).toEqual([7, 5, 2]);
    expect(read.data).toEqual(paths);
    expect(JSON.parse(all.stdout).trajectories.recorded).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const some = parseNpy(readFileSync(at("some.npy")));
    expect(some.shape).toEqual([2, 5, 2]);
    expect(Array.from(some.data)).toEqual([...paths.slice(0, 10), ...paths.slice(60)]);
  });

  it.each(["matched", "literal"] as const)("--effective %s", async (form) => {
    const { stdout } = await vkernel(...base, "--steps", "6", "--effective", form, "--draws", "2");
    const field = effectiveSde(naiveScore(data, edm(), { draws: 2 }), { form });
    const expected = await sample(field, { sampler: euler(), grid, count: 5, seed: 3 });
    expect(JSON.parse(stdout).samples).toEqual(rows(expected.samples));
    expect(JSON.parse(stdout).estimator).toEqual({ kind: "naive", draws: 2, gaussian: form });
  });
});

describe("--tolerance", () => {
  it("is that of the API, and says what was certified", async () => {
    const { code, stdout } = await vkernel(...base, "--steps", "6", "--tolerance", "1e-3");
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    const expected = await truth(heun(), { tolerance: 1e-3 });
    expect(result.samples).toEqual(rows(expected.samples));
    expect(result.tolerance).toBe(1e-3);
    expect(result.stats.errorBound).toBe(expected.stats.errorBound);
    const told = await vkernel("sample", "polygon", "--count", "5", "--steps", "6", "--tolerance", "1e-3");
    expect(told.stderr + told.stdout).toMatch(
      /scores are within [\d.e-]+ of those of all points, in units of their scale/,
    );
  });

  it.each([
    [["--tolerance", "-1"], /--tolerance/],
    [["--tolerance", "1e-3", "--sampler", "posterior"], /--tolerance.* 0 with posterior/],
    [
      ["--tolerance", "1e-3", "--estimator", "naive", "--draws", "1"],
      /--tolerance.* 0 for fields other than exactScore/,
    ],
  ] as const)("%j is refused", async (words, message) => {
    const { code, stderr } = await vkernel("sample", "polygon", ...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe("learned scores", () => {
  const run = ["--grid", "logarithmic", "--t-max", "3", "--t-min", "0.1", "--steps", "6"];
  const law = logUniformTimes({ tMin: 0.1, tMax: 3 });
  const along = { grid: logarithmic({ steps: 6, tMax: 3, tMin: 0.1 }), count: 5, seed: 3 };
  const small = ["--feature-count", "9", "--fit-samples", "40", "--fit-seed", "4"];
  const fitted = () =>
    linearScore(data, edm(), {
      features: rbfFeatures({ count: 9, seed: 4 }),
      samples: 40,
      times: law,
      seed: 4,
      ridge: 1e-6,
    });

  it("--estimator linear: a fresh fit for each sample, shared ones, their effective SDE", {
    tags: ["long"],
  }, async () => {
    const words = [...base, ...run, "--estimator", "linear", ...small];
    const each = await vkernel(...words);
    const two = await vkernel(...words, "--per-realization", "2");
    const gaussian = await vkernel(...words, "--effective", "matched");
    const linear = await fitted();
    const truths = [
      await sample(linear, { sampler: euler(), ...along }),
      await sample(linear, { sampler: euler(), ...along, particlesPerRealization: 2 }),
      await sample(effectiveSde(linear), { sampler: euler(), ...along }),
    ];
    [each, two, gaussian].forEach(({ stdout }, i) => {
      expect(JSON.parse(stdout).samples).toEqual(rows((truths[i] as { samples: Float32Array }).samples));
    });
    expect(JSON.parse(two.stdout).estimator).toMatchObject({
      kind: "linear",
      F: 9,
      samples: 40,
      times: { name: "logUniform", tMin: 0.1, tMax: 3 },
      realization: "each",
      perRealization: 2,
    });
  });

  it("--realization average and fit are fields, for any sampler", { tags: ["long"] }, async () => {
    const words = [...base, ...run, "--estimator", "linear", ...small, "--realization"];
    const linear = await fitted();
    const average = await vkernel(...words, "average");
    const one = await vkernel(...words, "fit", "--sampler", "rk4");
    const truth = await sample(linear.average, { sampler: heun(), ...along });
    expect(JSON.parse(average.stdout).samples).toEqual(rows(truth.samples));
    const other = await sample(await linear.fit(), { sampler: rk4(), ...along });
    expect(JSON.parse(one.stdout).samples).toEqual(rows(other.samples));
  });

  it("--estimator ntk, with a report", async () => {
    const words = ["--estimator", "ntk", "--fit-samples", "30", "--training-time", "7", "--depth", "2"];
    const report = await vkernel(...base, ...run, ...words, "--report", "ntk.html");
    const ntk = await ntkScore(data, edm(), { samples: 30, trainingTime: 7, depth: 2, times: law, seed: 0 });
    const truth = await sample(ntk, { sampler: euler(), ...along });
    expect(JSON.parse(report.stdout).samples).toEqual(rows(truth.samples));
    expect(readFileSync(at("ntk.html"), "utf8")).toContain("an infinitely wide network of depth 2");
    ntk.dispose();
  });

  it("--network-start gaussian draws the output before training too", async () => {
    const words = ["--estimator", "ntk", "--fit-samples", "30", "--training-time", "7", "--depth", "2"];
    const { stdout } = await vkernel(...base, ...run, ...words, "--network-start", "gaussian");
    const options = { samples: 30, trainingTime: 7, depth: 2, times: law, seed: 0 };
    const ntk = await ntkScore(data, edm(), { ...options, initial: "gaussian" });
    expect(JSON.parse(stdout).samples).toEqual(
      rows((await sample(ntk, { sampler: euler(), ...along })).samples),
    );
    const zero = await ntkScore(data, edm(), options);
    const other = await sample(zero, { sampler: euler(), ...along });
    expect(JSON.parse(stdout).samples).not.toEqual(rows(other.samples));
    ntk.dispose();
    zero.dispose();
  });

  it("--estimator smoothed and piecewise, with Euler in sqrt(t)", { tags: ["long"] }, async () => {
    writeFileSync(at("two.csv"), "x0\n-1\n1\n");
    const grids = [
      "--process",
      "ve",
      "--grid",
      "squareRoot",
      "--t-max",
      "0.5",
      "--t-min",
      "0",
      "--steps",
      "4",
    ];
    const common = ["sample", "two.csv", "--count", "5", "--seed", "3", "--json", ...grids];
    const line = engine.mixture([[-1], [1]]);
    const grid = squareRoot({ steps: 4, tMax: 0.5, tMin: 0 });
    const options = { sampler: euler({ variable: "squareRoot" }), grid, count: 5, seed: 3 };
    const smoothing = ["--sampler", "euler", "--variable", "squareRoot", "--kappa", "0.4"];
    const pieces = await vkernel(...common, ...smoothing, "--estimator", "piecewise");
    const expected = await sample(piecewiseScore(line, { kappa: 0.4 }), options);
    expect(JSON.parse(pieces.stdout).samples).toEqual(Array.from(expected.samples, (value) => [value]));
    expect(JSON.parse(pieces.stdout).estimator).toEqual({ kind: "piecewise", kappa: 0.4 });
    const smooth = await vkernel(...common, ...smoothing, "--estimator", "smoothed");
    const width = (t: number) => 1 - Math.sqrt(0.4 * t);
    const other = await sample(smoothedScore(line, ve(), { width }), options);
    expect(JSON.parse(smooth.stdout).samples).toEqual(
      Array.from(other.samples, (value) => [expect.closeTo(value, 6)]),
    );
    const gaussian = await vkernel(
      ...common,
      ...[
        "--sampler",
        "heun",
        "--estimator",
        "smoothed",
        "--width",
        "0.2",
        "--kernel",
        "gaussian",
        "--places",
        "64",
      ],
    );
    const third = await sample(smoothedScore(line, ve(), { width: 0.2, kernel: "gaussian", count: 64 }), {
      ...options,
      sampler: heun(),
    });
    expect(JSON.parse(gaussian.stdout).samples).toEqual(Array.from(third.samples, (value) => [value]));
  });

  it("what it costs is told before it runs", async () => {
    const { stderr } = await vkernel(
      "sample",
      "polygon",
      ...run,
      "--estimator",
      "linear",
      ...small,
      "--out",
      "s.npy",
    );
    // 1,000 fits of (9 + 1) features by 40 samples by 2 coordinates.
    expect(stderr).toMatch(/^polygon: 1,000 realizations to draw, about 8.00e5 multiplications$/m);
  });

  it.each([
    [["--estimator", "exact", "--ridge", "1"], "--ridge goes with --estimator linear or ntk only"],
    [["--draws", "2", "--depth", "1"], "--depth goes with --estimator ntk only"],
    [["--estimator", "linear", "--degree", "2"], "--degree goes with --features polynomial or hermite only"],
    [
      ["--estimator", "ntk", "--training-time", "-1"],
      "--training-time expected a finite number at least 0, got -1",
    ],
    [["--estimator", "linear", "--fit-samples", "0"], "--fit-samples expected"],
    [
      ["--estimator", "linear", "--ridge", "0", "--fit-samples", "50"],
      "--fit-samples expected at least 101 samples",
    ],
    [
      ["--estimator", "linear", "--effective", "literal"],
      "--effective literal goes with --estimator naive only",
    ],
    [
      ["--estimator", "linear", "--realization", "fit", "--per-realization", "2"],
      "--per-realization goes with",
    ],
    [["--estimator", "smoothed"], "smoothed needs --width or --kappa"],
    [["--estimator", "smoothed", "--width", "-1"], "--width expected a finite number at least 0, got -1"],
    [
      ["--estimator", "piecewise", "--kappa", "1"],
      "--estimator piecewise is for points on one line, and these are not: point",
    ],
    [["--estimator", "smoothed", "--width", "1", "--places", "7"], "--places expected a whole number from 8"],
    [["--estimator", "linear", "--kernel", "box"], "--kernel goes with --estimator smoothed only"],
    [["--sampler", "heun", "--variable", "squareRoot"], "--variable goes with --sampler euler only"],
    [["--estimator", "ntk", "--network-start", "normal"], "--network-start expected"],
    [["--estimator", "naive", "--sampler", "rk4"], "--sampler rk4 does not take the naive estimator"],
    [
      ["--estimator", "smoothed", "--width", "0.4", "--sampler", "posterior"],
      "--sampler posterior does not take",
    ],
    [["--estimator", "linear", "--sampler", "posterior"], "--sampler posterior does not take"],
    [["--estimator", "linear", "--likelihood", "l.csv"], "--likelihood does not go with a linear score"],
    [["--estimator", "linear", "--fit-t-max", "0.01"], "--fit-t-max expected"],
  ])("%j is refused", async (words, message) => {
    const { code, stderr } = await vkernel("sample", "polygon", ...run, ...words);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

describe("log densities", () => {
  it("of samples, as .csv and .npy", async () => {
    const words = [...base, "--sampler", "rk4", "--steps", "6", "--last", "sigmaMin"];
    const csv = await vkernel(...words, "--likelihood", "l.csv");
    await vkernel(...words, "--likelihood", "l.npy");
    const { likelihood } = await truth(rk4(), {
      grid: karras({ steps: 6, last: "sigmaMin" }),
      logLikelihood: true,
    });
    const table = parseCsv(readFileSync(at("l.csv"), "utf8"));
    expect(table.header).toEqual(["logDensity", "divergence", "bitsPerDim"]);
    const names = ["logDensity", "divergence", "bitsPerDim"] as const;
    const expected = Array.from(
      { length: 15 },
      (_, i) => likelihood?.[names[i % 3] as "divergence"][Math.floor(i / 3)],
    );
    expect(Array.from(table.data)).toEqual(expected);
    const npy = parseNpy(readFileSync(at("l.npy")));
    expect([npy.shape, Array.from(npy.data)]).toEqual([[5, 3], expected]);
    const mean = Array.from(likelihood?.bitsPerDim ?? []).reduce((a, b) => a + b, 0) / 5;
    expect(JSON.parse(csv.stdout).likelihood.bitsPerDim.mean).toBe(mean);
  });

  it("of given points: vkernel likelihood", { tags: ["long"] }, async () => {
    const words = ["likelihood", "polygon", "--at", "queries.npy", "--t-min", "0.1", "--t-max", "80"];
    const more = ["--rtol", "1e-5", "--base", "marginal"];
    const json = await vkernel(...words, ...more, "--json");
    const file = await vkernel(...words, ...more, "--out", "p.npy", "--latents", "z.npy");
    expect([json.code, file.code, file.stdout]).toEqual([0, 0, ""]);
    const run = await logLikelihood(exactScore(data, edm()), queries, {
      sampler: dopri5({ rtol: 1e-5 }),
      grid: logarithmic({ steps: 1, tMin: 0.1, tMax: 80 }),
      base: "marginal",
    });
    const expected = [0, 1].map((i) => [run.logDensity[i], run.divergence[i], run.bitsPerDim[i]]);
    const result = JSON.parse(json.stdout);
    expect(result.values).toEqual(expected);
    expect(result.columns).toEqual(["logDensity", "divergence", "bitsPerDim"]);
    expect(result.stats.evaluations).toBe(run.evaluations);
    expect(Array.from(parseNpy(readFileSync(at("p.npy"))).data)).toEqual(expected.flat());
    expect(parseNpy(readFileSync(at("z.npy"))).data).toEqual(run.latents);
    const printed = await vkernel(...words, ...more, "--quiet");
    expect(Array.from(parseCsv(printed.stdout).data)).toEqual(expected.flat());
  });
});

it("a report tells the sampler's parameters, mean evaluations and log densities", {
  tags: ["long"],
}, async () => {
  const words = ["sample", "polygon", "--count", "50", "--sampler", "dopri5", "--rtol", "1e-3"];
  await vkernel(...words, "--last", "sigmaMin", "--likelihood", "r.npy", "--report", "r.html");
  const page = readFileSync(at("r.html"), "utf8");
  expect(page).toContain(
    "50 samples by dopri5 (rtol 0.001, atol 0.00001) with the exact score, process edm, steps of its own",
  );
  expect(page).toMatch(/evaluations of the score per sample/);
  expect(page).toContain("<h2>Log densities</h2>");
  expect(page).toMatch(/bits per dimension \(mean and standard error\)/);
  expect(page).not.toMatch(/NaN|undefined|\[object/);
  await vkernel("sample", "polygon", "--count", "50", "--effective", "matched", "--report", "e.html");
  expect(readFileSync(at("e.html"), "utf8")).toContain(
    "the effective SDE of the naive estimator (R = 1, matched covariance)",
  );
});

// [words, exit code, what the one line on stderr holds]
const bad: [string, number, RegExp][] = [
  ["sample polygon --sampler euler --churn 3", 2, /^vkernel: --churn goes with --sampler heun only$/],
  ["sample polygon --churn-min 3", 2, /--churn-min needs --churn$/],
  ["sample polygon --churn -1", 2, /--churn expected a finite number at least 0, got -1/],
  ["sample polygon --churn 1 --churn-min 2 --churn-max 1", 2, /--churn-max expected/],
  ["sample polygon --rtol 1e-3", 2, /--rtol goes with --sampler dopri5 only/],
  ["sample polygon --sampler dopri5 --rtol 1e-9", 2, /--rtol expected at least 0.00001 in float32/],
  ["sample polygon --sampler dopri5 --atol 0", 2, /--atol expected/],
  ["sample polygon --eta 0.5", 2, /--eta goes with --sampler ancestral only/],
  ["sample polygon --sampler ancestral --eta 2", 2, /--eta expected/],
  ["sample polygon --snr 0.1", 2, /--snr goes with --sampler predictorCorrector only/],
  ["sample polygon --correctors 1", 2, /--correctors goes with --sampler predictorCorrector only/],
  ["sample polygon --beta-min 1", 2, /--beta-min goes with --process vp, songVp or subVp only/],
  ["sample polygon --process songVp --beta-d 1", 2, /--beta-d goes with --process vp only/],
  ["sample polygon --process vp --beta-d -1", 2, /--beta-d expected/],
  ["sample polygon --times 10,1 --grid karras", 2, /--times goes with --grid times only/],
  ["sample polygon --grid times", 2, /--grid times needs --times/],
  ["sample polygon --times 10,1 --steps 3", 2, /--steps goes with --grid karras, .* only/],
  ["sample polygon --times 10,1 --last zero", 2, /--last goes with --grid karras, .* only/],
  ["sample polygon --times 1,10", 2, /--times expected a time below the one before it/],
  ["sample polygon --times 10", 2, /--times expected a strictly descending list/],
  ["sample polygon --times 10,x", 2, /--times expected a number, got "x"/],
  ["sample polygon --process ou --noise shred", 2, /--noise expected.*shared\?/],
  ["sample polygon --noise shared --sampler posterior", 2, /--noise expected "independent"/],
  ["sample polygon --record all", 2, /--record needs --trajectories/],
  ["sample polygon --record 3,2 --trajectories t.npy", 2, /--record expected/],
  ["sample polygon --trajectories t.csv", 2, /--trajectories expected a file that ends in .npy/],
  ["sample polygon --estimator exact --effective matched", 2, /--effective goes with --estimator naive/],
  ["sample polygon --noise-time 0.1 --effective literal", 2, /--effective literal goes with --draws/],
  [
    "sample polygon --estimator naive --last sigmaMin --likelihood x.csv",
    2,
    /--likelihood does not go with the naive/,
  ],
  ["sample polygon --sampler posterior --likelihood x.csv", 2, /--likelihood goes with --sampler euler/],
  [
    "sample polygon --churn 1 --last sigmaMin --likelihood x.csv",
    2,
    /goes with --sampler euler, heun without --churn, rk4, dpmpp2m, dopri5 or ancestral with --eta 0 only/,
  ],
  [
    "sample polygon --sampler ancestral --last sigmaMin --likelihood x.csv",
    2,
    /--likelihood goes with .* ancestral with --eta 0 only/,
  ],
  [
    "likelihood polygon --at queries.npy --sampler ancestral",
    2,
    /--sampler ancestral follows the flow with --eta 0 only/,
  ],
  [
    "likelihood polygon --at queries.npy --rtol 1e-3 --sampler rk4",
    2,
    /--rtol goes with --sampler dopri5 only/,
  ],
  [
    "likelihood polygon --at queries.npy --sampler posterior",
    2,
    /--sampler expected one of dopri5, euler, heun, rk4, dpmpp2m, ancestral/,
  ],
  ["likelihood polygon --at queries.npy --times 10,0", 2, /--times expected a last time above 0/],
  [
    "likelihood polygon --at queries.npy --grid linear --t-min 0 --t-max 1",
    2,
    /--t-min expected a last time above 0/,
  ],
  ["likelihood polygon", 2, /required option '--at <points>'/],

  ["sample polygon --times up.csv", 3, /up.csv\[1, 0\] expected a time below/],
  ["sample polygon --times queries.npy", 3, /queries.npy expected one column or one row of times/],
  ["sample polygon --noise flat.npy", 3, /flat.npy expected the shape 40 x 1000 x 2 .*, got 15 x 2/],
  ["sample polygon --noise noise.npy", 3, /noise.npy expected the shape 40 x 1000 x 2 .*, got 3 x 5 x 2/],
  ["sample polygon --noise times.csv", 3, /times.csv expected the shape 40 x 1000 x 2 .*, got 4 x 1/],
  ["likelihood polygon --at wide.npy", 3, /wide.npy expected rows of 2/],
  ["sample polygon --noise nowhere.npy", 5, /nowhere.npy: there is no such file/],
  [
    "sample polygon --out x.npy --trajectories x.npy",
    5,
    /--trajectories x.npy: it is also the output of --out/,
  ],
  ["likelihood polygon --at queries.npy --out queries.npy", 5, /it is also the input queries.npy/],
  ["sample polygon --likelihood x.csv", 2, /--likelihood needs a last time above 0: --last sigmaMin/],
];

describe("bad options: exit code and one line on stderr", () => {
  let results: Map<string, Result>;
  beforeAll(async () => {
    results = await runAll(
      cli,
      bad.map(([words]) => words),
    );
  });

  it.each(bad)("%s", (words, code, line) => {
    const result = results.get(words) as Result;
    expect(result.stderr.trimEnd()).toMatch(line);
    expect(result.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect([result.code, result.stdout]).toEqual([code, ""]);
  });

  it("leaves nothing behind", () => {
    expect(cli.hidden()).toEqual([]);
    expect(["x.csv", "x.npy", "t.npy"].filter((name) => existsSync(at(name)))).toEqual([]);
  });
});
