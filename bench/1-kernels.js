import { createEngine, edm, exactScore } from "vkernel";
import { evaluate, levelAt } from "vkernel/reference";
import { makeData } from "./data.js";
import { assertAgreement, interleave } from "./measure.js";

/**
 * Posterior means on one thread: the exact score of a standard normal data set.
 *
 * `sigma` is in units of the data: 0.3 of the scale of a coordinate; and, where there are many, 0.3 sqrt(D), which is
 * 0.3 of the scale of a point, where many weights count.
 *
 * @typedef {{ group: string, dim: number, size: number, count: number, sigma: number, light?: boolean, target?: { simd: number, relaxed?: number } }} KernelCase
 */

/** Posterior means of unit-scale data agree to this: what float32 exponents of up to 100 may do, with room. */
const TOLERANCE = 1e-4;

/** Query-point pairs of a case of the sweep. */
const SWEEP_PAIRS = 2 ** 22;

/** @returns {KernelCase[]} */
function cases() {
  const dims = [1, 2, 3, 8, 64].map((dim) => {
    /** @type {KernelCase} */
    const item = { group: "dimensions", dim, size: 4096, count: 1024, sigma: 0.3 };
    if (dim === 2) Object.assign(item, { group: "target", target: { simd: 10, relaxed: 16 } });
    return item;
  });
  const images = [0.3, 0.3 * Math.sqrt(784)].map((sigma) => ({
    group: "target",
    dim: 784,
    size: 2048,
    count: 1024,
    sigma,
    target: { simd: 15 },
  }));
  // 8 bytes per point: 2 KiB, 16 KiB, 128 KiB, 1 MiB, 8 MiB, 64 MiB.
  const sweep2 = [2 ** 8, 2 ** 11, 2 ** 14, 2 ** 17, 2 ** 20, 2 ** 23].map((size) => ({
    group: "sweep",
    dim: 2,
    size,
    count: Math.max(8, SWEEP_PAIRS / size),
    sigma: 0.3,
    light: true,
  }));
  // 3,136 bytes per point: 200 KiB, 800 KiB, 3 MiB, 50 MiB.
  const sweep784 = [64, 256, 1024, 16384].map((size) => ({
    group: "sweep",
    dim: 784,
    size,
    count: Math.max(16, SWEEP_PAIRS / 32 / size),
    sigma: 0.3 * Math.sqrt(784),
    light: true,
  }));
  return [...dims, ...images, ...sweep2, ...sweep784];
}

/**
 * A copy of the baseline of its own for every case, so that what the compiler learned from one shape of data does not
 * slow it down at another.
 *
 * @param {string} name
 * @returns {Promise<typeof import("./baseline.js")>}
 */
function freshBaseline(name) {
  return import(`./baseline.js?${encodeURIComponent(name)}`);
}

/** @param {import("./run.js").Context} context */
export async function run({ rounds, native, matches, report, note }) {
  const engines = {
    simd: await createEngine({ threads: 1, kernels: "simd" }),
    relaxed: await createEngine({ threads: 1, kernels: "relaxed" }),
  };
  const hasRelaxed = engines.relaxed.info.kernels === "relaxed";
  if (!hasRelaxed) note("relaxed skipped: this host has no relaxed SIMD");
  try {
    for (const item of cases()) {
      const { dim, size, count, sigma, light = false } = item;
      const name = `D = ${dim}, M = ${size.toLocaleString("en")}, ${count.toLocaleString("en")} queries, sigma = ${Number(sigma.toFixed(2))}`;
      if (!matches(`${item.group} ${name}`)) continue;
      const { points, queries, points64, queries64 } = makeData(item);
      const process = edm();
      /** @type {import("./measure.js").Variant[]} */
      const variants = [];
      /** @param {string} title @param {() => ArrayLike<number>} compute */
      const add = (title, compute) => variants.push({ name: title, run: compute, result: compute });
      const { posteriorMean } = await freshBaseline(name);
      add("plain", () => posteriorMean(queries64, points64, dim, sigma));
      if (!light) {
        const weights = new Float64Array(size).fill(1 / size);
        const mixture = { points: points64, dim, weights, sigma0: 0 };
        const level = levelAt(process, sigma);
        add("reference", () => evaluate(mixture, level, queries64, ["posteriorMean"]).posteriorMean);
      }
      const mixtures = [];
      for (const kernels of hasRelaxed
        ? /** @type {const} */ (["simd", "relaxed"])
        : /** @type {const} */ (["simd"])) {
        const data = engines[kernels].mixture(points, { dim });
        mixtures.push(data);
        const field = exactScore(data, process);
        add(kernels, () => field.evaluateSync(queries, sigma, ["posteriorMean"]).posteriorMean);
      }
      if (!light) {
        const data = engines.simd.mixture(points64, { dim, precision: "f64" });
        mixtures.push(data);
        const field = exactScore(data, process);
        add("simd f64", () => field.evaluateSync(queries64, sigma, ["posteriorMean"]).posteriorMean);
      }
      const child = await native?.start({ dim, size, count, sigma, points, queries });
      if (child) variants.push({ name: "C", async: true, run: child.run, result: child.result });
      try {
        const differences = await assertAgreement(name, variants, { tolerance: TOLERANCE });
        const elements = count * size * dim;
        const timings = await interleave(variants, { rounds, elements });
        report({
          name,
          group: item.group,
          parameters: { dim, size, count, sigma },
          elements,
          timings,
          differences,
          baselines: ["plain", "reference"],
          targets: Object.entries(item.target ?? {})
            .filter(([variant]) => variant !== "relaxed" || hasRelaxed)
            .map(([variant, least]) => ({ variant, least })),
        });
      } finally {
        await child?.stop();
        for (const data of mixtures) data.dispose();
      }
    }
  } finally {
    engines.simd.close();
    engines.relaxed.close();
  }
}
