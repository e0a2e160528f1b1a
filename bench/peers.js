// vkernel beside others that do the same work: npm run bench:peers -- [options]. See --help.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, edm, exactScore, fashion, heun, karras, sample } from "vkernel";
import { command } from "./command.js";
import { generator, makeData, normals } from "./data.js";
import { busy, inWords, machine as here, versionInWords } from "./machine.js";
import { assertAgreement, interleave } from "./measure.js";
import { compileNative } from "./native.js";
import { blasOf, findPeers, startPeer } from "./peers/peers.js";
import { Tables } from "./tables.js";

const ROUNDS = 9;

const help = `npm run bench:peers -- [options]

Posterior means, covariances and whole runs beside numpy, torch, onnxruntime, tfjs, jax-js and C, those of them that are
installed; one thread each. All compute from the same numbers, and a case ends with an error where they do not agree.

  --filter TEXT   only cases whose name contains TEXT: mean, covariance, Heun, fashion
  --peer NAME     only this peer
  --rounds N      rounds per case, ${ROUNDS} by default; the targets are about ${ROUNDS}
  --check         exit with 1 where a target is missed or was not measured
  --json          print the report as JSON on standard output, the tables on standard error
  --out FILE      where the report goes, reports/bench-peers.json by default
  --help
`;

/** Means and covariances of unit-scale data agree to this: the expanded squares of the peers lose digits that direct differences keep. */
const TOLERANCE = 1e-3;
/** End points agree to this, but for those near the border of two basins. */
const END_TOLERANCE = 5e-3;
const OUTLIERS = 0.02;

/** A run of Karras et al. 2022: 18 steps from 80 to 0.002, then to 0. */
const STEPS = 18;

/**
 * Least ratios to the faster one of numpy and torch. On the line, in the plane and in space nothing is a product of large
 * matrices, and direct differences win. In many dimensions BLAS does a multiply-add of 8 numbers where the portable kernels
 * subtract, multiply and add 4: a sixth for distances, a quarter for means (the relaxed ones a quarter for both), and the
 * exponentials, which are the same work for all, matter less and less.
 *
 * @type {Record<number, { simd: number, relaxed: number }>}
 */
const MEAN_TARGETS = {
  2: { simd: 2, relaxed: 3 },
  16: { simd: 1, relaxed: 1.2 },
  64: { simd: 0.4, relaxed: 0.5 },
  784: { simd: 0.2, relaxed: 0.25 },
};
/**
 * Of covariances: half of a symmetric matrix, against a product of the whole one and a weighting of all points per query. The larger
 * the matrix, the more BLAS gains by its wider registers.
 *
 * @type {Record<number, { simd: number, relaxed: number }>}
 */
const COVARIANCE_TARGETS = {
  4: { simd: 2, relaxed: 2 },
  16: { simd: 1, relaxed: 1 },
  32: { simd: 0.8, relaxed: 0.8 },
  64: { simd: 0.6, relaxed: 0.6 },
};
/** Of whole runs, against torch as users write it. */
const PLANE_RUN_TARGETS = { simd: 3, relaxed: 4 };

/** @typedef {import("./child.js").Input & { sigmas?: ArrayLike<number> }} Input */
/**
 * @typedef {{
 *   name: string, kind: import("./peers/peers.js").Kind, input: Input, elements: number,
 *   tolerance: number, outliers?: number, targets: Partial<Record<"simd" | "relaxed", number>>,
 *   ours: (engine: import("vkernel").Engine) => { run: () => unknown, result: () => Promise<ArrayLike<number>> },
 * }} PeerCase
 */

const { positionals, text, flag, fail, say, count, keep } = command("bench:peers", help, {
  filter: { type: "string" },
  peer: { type: "string" },
  rounds: { type: "string" },
  check: { type: "boolean" },
});
if (positionals.length > 0) fail(`expected no word, got "${positionals[0]}"`);
const rounds = count("rounds", ROUNDS);
const only = text("peer");

const { installed, missing } = await findPeers();
const known = [...installed, ...missing].map(({ name }) => name);
if (only !== undefined && !known.includes(only))
  fail(`--peer expected one of ${known.join(", ")}, got "${only}"`);
const { native, reason } = await compileNative();
const machine = here();
const { version, line } = await versionInWords();
/** @type {string[]} */
const notes = reason === undefined ? [] : [reason];
say(line);
say(`${inWords(machine)}; Node ${machine.node}; one thread each`);
say(`Here: ${[...installed.map(({ name }) => name), ...(native ? ["C"] : [])].join(", ")}`);
const blas = installed.some(({ name }) => name === "numpy") ? await blasOf() : undefined;
if (blas !== undefined) {
  say(`numpy multiplies by ${blas}`);
  // The reference of BLAS, which is what there is without another, is ten times as slow as a tuned one.
  if (!/openblas|mkl|blis|atlas/.test(blas)) {
    notes.push(`numpy multiplies by ${blas}, which is not tuned: libopenblas0-pthread is, in Debian`);
    say(`Note: ${notes.at(-1)}.`);
  }
}
for (const { name, install } of missing) {
  notes.push(`${name} is not installed`);
  say(`Not here: ${name}. To have it: ${install}`);
}
const warning = busy(machine);
if (warning !== undefined) {
  notes.push(warning);
  say(`Note: ${warning}.`);
}
say(
  `Median of ${rounds} rounds; in each, every one has its turn. Spread: (slowest - fastest round) / median.\n` +
    "A ratio is the median of the rounds' ratios, with their range.",
);

const engines = {
  simd: await createEngine({ threads: 1, kernels: "simd" }),
  relaxed: await createEngine({ threads: 1, kernels: "relaxed" }),
};
/** @type {("simd" | "relaxed")[]} */
const builds = engines.relaxed.info.kernels === "relaxed" ? ["simd", "relaxed"] : ["simd"];
if (builds.length === 1) notes.push("relaxed is left out: this host has no relaxed SIMD");
const folder = await mkdtemp(join(tmpdir(), "vkernel-peers-"));
const tables = new Tables(say);
try {
  for (const make of cases()) {
    if (!make.name.includes(text("filter") ?? "")) continue;
    await measure(await make());
  }
} finally {
  engines.simd.close();
  engines.relaxed.close();
  await native?.close();
  await rm(folder, { recursive: true, force: true });
}
tables.tellTargets();
await keep(
  {
    ...{ version, date: new Date().toISOString(), machine, blas, rounds, notes },
    ...{ missing: missing.map(({ name }) => name), targets: tables.targets, cases: tables.cases },
  },
  "bench-peers.json",
);
if (flag("check") && tables.failed) process.exitCode = 1;

/** What makes each case when its turn comes: data may be large. The name of what makes it is what is asked for by `--filter`. */
function cases() {
  /** @param {string} name @param {(name: string) => PeerCase | Promise<PeerCase>} make */
  const named = (name, make) => Object.defineProperty(() => make(name), "name", { value: name });
  const plane = normals(4096 * 2, generator(1));
  return [
    ...[2, 16, 64, 784].map((dim) =>
      named(`posterior mean: D = ${dim}, M = 4,096, 1,024 queries`, (name) => meanCase(name, dim)),
    ),
    ...[4, 16, 32, 64].map((dim) =>
      named(`covariance: D = ${dim}, M = 4,096, 256 queries`, (name) => covarianceCase(name, dim)),
    ),
    named(`Heun, ${STEPS} steps: D = 2, M = 4,096, 1,024 particles`, (name) =>
      runCase(name, { points: plane, dim: 2, particles: 1024, targets: PLANE_RUN_TARGETS }),
    ),
    named(`Heun, ${STEPS} steps, fashion: D = 784, M = 1,000, 1,000 particles`, async (name) => {
      const { points, dim } = await fashion();
      return runCase(name, { points: Float32Array.from(points), dim, particles: 1000, targets: {} });
    }),
  ];
}

/** @param {string} name @param {number} dim @returns {PeerCase} */
function meanCase(name, dim) {
  const shape = { dim, size: 4096, count: 1024, sigma: 0.3 * Math.sqrt(dim) };
  const { points, queries } = makeData(shape);
  return {
    name,
    kind: "mean",
    input: { ...shape, points, queries },
    elements: shape.count * shape.size * dim,
    tolerance: TOLERANCE,
    targets: MEAN_TARGETS[dim],
    ours: evaluated("posteriorMean", { ...shape, points, queries }),
  };
}

/** @param {string} name @param {number} dim @returns {PeerCase} */
function covarianceCase(name, dim) {
  const shape = { dim, size: 4096, count: 256, sigma: 0.3 * Math.sqrt(dim) };
  const { points, queries } = makeData(shape);
  return {
    name,
    kind: "covariance",
    input: { ...shape, points, queries },
    elements: shape.count * shape.size * dim * dim,
    tolerance: TOLERANCE,
    targets: COVARIANCE_TARGETS[dim],
    ours: evaluated("posteriorCovariance", { ...shape, points, queries }),
  };
}

/**
 * @param {"posteriorMean" | "posteriorCovariance"} quantity
 * @param {Input} input
 * @returns {PeerCase["ours"]}
 */
function evaluated(quantity, { points, dim, queries, sigma }) {
  return (engine) => {
    const field = exactScore(engine.mixture(points, { dim }), edm());
    const run = () => field.evaluateSync(queries, sigma, [quantity])[quantity];
    return { run, result: async () => run() };
  };
}

/**
 * @param {string} name
 * @param {{ points: Float32Array, dim: number, particles: number, targets: PeerCase["targets"] }} options
 * @returns {PeerCase}
 */
function runCase(name, { points, dim, particles, targets }) {
  const process = edm();
  const grid = karras({ steps: STEPS });
  const sigmas = grid.times(process);
  const size = points.length / dim;
  const initial = normals(particles * dim, generator(2)).map((value) => value * sigmas[0]);
  return {
    name,
    kind: "heun",
    input: { dim, size, count: particles, sigma: sigmas[0], sigmas, points, queries: initial },
    // The step to 0 is one evaluation.
    elements: (2 * STEPS - 1) * particles * size * dim,
    tolerance: END_TOLERANCE,
    outliers: OUTLIERS,
    targets,
    ours: (engine) => {
      const field = exactScore(engine.mixture(points, { dim }), process);
      const run = async () => (await sample(field, { sampler: heun(), grid, initial, seed: 1 })).samples;
      return { run, result: run };
    },
  };
}

/** @param {PeerCase} item */
async function measure({ name, kind, input, elements, tolerance, outliers, targets, ours }) {
  /** @type {import("./measure.js").Variant[]} */
  const variants = builds.map((build) => ({
    name: build,
    async: kind === "heun",
    ...ours(engines[build]),
  }));
  /** @type {import("./child.js").Child[]} */
  const children = [];
  /** @param {string} title @param {import("./child.js").Child} child */
  const add = (title, child) => {
    children.push(child);
    variants.push({ name: title, async: true, run: child.run, result: child.result });
  };
  try {
    for (const peer of installed) {
      if (!peer.kinds.includes(kind) || (only !== undefined && peer.name !== only)) continue;
      const child = await startPeer(peer, folder, kind, input);
      try {
        await child.run();
        add(peer.name, child);
      } catch (error) {
        await child.stop();
        notes.push(`${peer.name} was left out of ${name}: ${/** @type {Error} */ (error).message}`);
        say(`Note: ${notes.at(-1)}.`);
      }
    }
    if (native && kind !== "covariance" && only === undefined) add("C", await native.start(input));
    const differences = await assertAgreement(name, variants, {
      tolerance,
      ...(outliers === undefined ? {} : { outliers }),
    });
    const timings = await interleave(variants, { rounds, elements });
    // Runs are held to torch as users write it, all else to the faster one of numpy and torch.
    const wanted = kind === "heun" ? ["torch"] : ["numpy", "torch"];
    const found = wanted.filter((one) => variants.some((variant) => variant.name === one));
    tables.record("peers", {
      ...{ name, group: "peers", elements, timings, differences },
      parameters: { kind, dim: input.dim, size: input.size, count: input.count },
      baselines: found.length > 0 ? found : ["simd"],
      targets:
        found.length === 0
          ? []
          : builds.flatMap((variant) => {
              const least = targets[variant];
              return least === undefined ? [] : [{ variant, least }];
            }),
    });
  } finally {
    for (const child of children) await child.stop();
  }
}
