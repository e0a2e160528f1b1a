import { createEngine } from "../build/ts/src/engine.js";
import { cholesky, normalEquations, ntkGram, solveCholesky } from "../build/ts/src/dense/index.js";
import { generator, normals } from "./data.js";
import { assertAgreement, interleave } from "./measure.js";

/** Times faster than the plain loop, and than the loop tiled in registers. */
const TARGETS = { naive: 10, tiled: 3 };

/** Agreement of fits and kernel values: entries of order 1 from a matrix of condition below 10. */
const TOLERANCE = 1e-10;

/**
 * Dense algebra in float64 against TypeScript: a linear fit (Gram matrix, cross products, Cholesky, solution) and the
 * Gram matrix of a tangent kernel. The plain loops are what one writes first; the tiled ones keep 4 x 2 sums in
 * registers over packed strips, use symmetry, and take each square root once.
 *
 * @param {import("./run.js").Context} context
 */
export async function run({ rounds, matches, report }) {
  const engines = await Promise.all(
    /** @type {const} */ ([
      ["simd, 1 thread", { threads: 1, kernels: "simd" }],
      ["simd, 2 threads", { threads: 2, kernels: "simd" }],
      ["relaxed, 1 thread", { threads: 1, kernels: "relaxed" }],
    ]).map(async ([name, options]) => ({ name, engine: await createEngine(options) })),
  );
  /** @type {{ name: string, parameters: Record<string, number>, elements: number, plain: () => Float64Array, tiled: () => Float64Array, ours: (engine: import("../build/ts/src/engine.js").Engine) => Promise<Float64Array> }[]} */
  const cases = [linearFit(512, 20_000, 2), kernel(1024, 4, 3)];
  try {
    for (const { name, parameters, elements, plain, tiled, ours } of cases) {
      if (!matches(name)) continue;
      const variants = [
        { name: "naive", run: plain, result: plain },
        { name: "tiled", run: tiled, result: tiled },
        ...engines.map(({ name: title, engine }) => ({
          name: title,
          async: true,
          run: () => ours(engine),
          result: () => ours(engine),
        })),
      ];
      const differences = await assertAgreement(name, variants, { tolerance: TOLERANCE });
      const timings = await interleave(variants, { rounds, elements });
      for (const baseline of /** @type {const} */ (["naive", "tiled"])) {
        report({
          name: `${name}, against ${baseline} TypeScript`,
          group: "dense",
          parameters,
          elements,
          timings,
          differences,
          baselines: [baseline],
          targets: [
            { variant: "simd, 1 thread", least: TARGETS[baseline] },
            { variant: "simd, 2 threads", least: TARGETS[baseline] },
          ],
        });
      }
    }
  } finally {
    for (const { engine } of engines) engine.close();
  }
}

/** @param {number} F @param {number} P @param {number} D */
function linearFit(F, P, D) {
  const phi = { data: Float64Array.from(normals(P * F, generator(1))), rows: P, columns: F };
  const y = { data: Float64Array.from(normals(P * D, generator(2))), rows: P, columns: D };
  return {
    name: `linear fit: F = ${F}, P = ${P.toLocaleString("en")}, D = ${D}`,
    parameters: { F, P, D },
    elements: P * F * (F / 2 + D),
    plain: () => {
      const gram = new Float64Array(F * F);
      const cross = new Float64Array(F * D);
      for (let n = 0; n < P; n++) {
        for (let i = 0; i < F; i++) {
          const value = phi.data[n * F + i];
          for (let j = 0; j <= i; j++) gram[i * F + j] += value * phi.data[n * F + j];
          for (let d = 0; d < D; d++) cross[i * D + d] += value * y.data[n * D + d];
        }
      }
      return solve(gram, F, cross, D);
    },
    tiled: () => {
      const gram = new Float64Array(F * F);
      const cross = new Float64Array(F * D);
      const chunk = 256;
      const strips = F / 4;
      const packed = new Float64Array(F * chunk);
      const side = F;
      for (let start = 0; start < P; start += chunk) {
        const count = Math.min(chunk, P - start);
        for (let s = 0; s < strips; s++) {
          for (let k = 0; k < count; k++) {
            const from = (start + k) * F + 4 * s;
            const to = (s * count + k) * 4;
            packed[to] = phi.data[from];
            packed[to + 1] = phi.data[from + 1];
            packed[to + 2] = phi.data[from + 2];
            packed[to + 3] = phi.data[from + 3];
          }
        }
        for (let i = 0; i < strips; i++) {
          for (let j = 0; j <= i; j++) {
            tile(gram, side, packed, i, 4 * j, count);
            tile(gram, side, packed, i, 4 * j + 2, count);
          }
        }
        for (let k = 0; k < count; k++) {
          for (let i = 0; i < F; i++) {
            const value = phi.data[(start + k) * F + i];
            for (let d = 0; d < D; d++) cross[i * D + d] += value * y.data[(start + k) * D + d];
          }
        }
      }
      return solve(gram, F, cross, D);
    },
    /** @param {import("../build/ts/src/engine.js").Engine} engine */
    ours: async (engine) => {
      const { gram, cross } = await normalEquations(engine, phi, y);
      const factor = await cholesky(engine, gram);
      if (!factor.ok) throw new Error("the Gram matrix is singular");
      return (await solveCholesky(engine, factor.l, cross)).data;
    },
  };
}

/**
 * 4 x 2 results: strip i with columns j and j + 1.
 *
 * @param {Float64Array} gram @param {number} F @param {Float64Array} packed
 * @param {number} i @param {number} j @param {number} count
 */
function tile(gram, F, packed, i, j, count) {
  let s00 = 0;
  let s01 = 0;
  let s10 = 0;
  let s11 = 0;
  let s20 = 0;
  let s21 = 0;
  let s30 = 0;
  let s31 = 0;
  let p = i * count * 4;
  let q = (j >> 2) * count * 4 + (j & 3);
  for (const end = p + count * 4; p < end; p += 4) {
    const u = packed[q];
    const v = packed[q + 1];
    const a = packed[p];
    const b = packed[p + 1];
    const c = packed[p + 2];
    const d = packed[p + 3];
    s00 += a * u;
    s01 += a * v;
    s10 += b * u;
    s11 += b * v;
    s20 += c * u;
    s21 += c * v;
    s30 += d * u;
    s31 += d * v;
    q += 4;
  }
  const at = 4 * i * F + j;
  gram[at] += s00;
  gram[at + 1] += s01;
  gram[at + F] += s10;
  gram[at + F + 1] += s11;
  gram[at + 2 * F] += s20;
  gram[at + 2 * F + 1] += s21;
  gram[at + 3 * F] += s30;
  gram[at + 3 * F + 1] += s31;
}

/**
 * Solves A x = b by Cholesky's factor of the lower triangle, in place.
 *
 * @param {Float64Array} a @param {number} n @param {Float64Array} b @param {number} columns
 */
function solve(a, n, b, columns) {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j];
      for (let k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j];
    }
  }
  for (let d = 0; d < columns; d++) {
    for (let i = 0; i < n; i++) {
      let sum = b[i * columns + d];
      for (let k = 0; k < i; k++) sum -= a[i * n + k] * b[k * columns + d];
      b[i * columns + d] = sum / a[i * n + i];
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = b[i * columns + d];
      for (let k = i + 1; k < n; k++) sum -= a[k * n + i] * b[k * columns + d];
      b[i * columns + d] = sum / a[i * n + i];
    }
  }
  return b;
}

/** @param {number} P @param {number} N0 @param {number} depth */
function kernel(P, N0, depth) {
  const psi = { data: Float64Array.from(normals(P * N0, generator(3))), rows: P, columns: N0 };
  return {
    name: `tangent kernel, relu: P = ${P.toLocaleString("en")}, N0 = ${N0}, ${depth} layers`,
    parameters: { P, N0, depth },
    elements: P * P,
    plain: () => {
      const out = new Float64Array(P * P);
      for (let i = 0; i < P; i++) {
        for (let j = 0; j < P; j++) {
          let s12 = 0;
          let s11 = 0;
          let s22 = 0;
          for (let k = 0; k < N0; k++) {
            const a = psi.data[i * N0 + k];
            const b = psi.data[j * N0 + k];
            s12 += (a * b) / N0;
            s11 += (a * a) / N0;
            s22 += (b * b) / N0;
          }
          let value = s12;
          for (let l = 1; l < depth; l++) {
            const size = Math.sqrt(s11 * s22);
            const angle = i === j ? 0 : Math.acos(Math.max(-1, Math.min(1, s12 / size)));
            s12 = (size * (Math.sin(angle) + (Math.PI - angle) * Math.cos(angle))) / (2 * Math.PI);
            value = s12 + (value * (Math.PI - angle)) / (2 * Math.PI);
            s11 /= 2;
            s22 /= 2;
          }
          out[i * P + j] = value;
        }
      }
      return out;
    },
    tiled: () => {
      const out = new Float64Array(P * P);
      // Unit rows, one length per row, the triangle alone; sin and cos of the angle need no function.
      const lengths = new Float64Array(P);
      const unit = new Float64Array(P * N0);
      for (let i = 0; i < P; i++) {
        let sum = 0;
        for (let k = 0; k < N0; k++) sum += psi.data[i * N0 + k] * psi.data[i * N0 + k];
        lengths[i] = Math.sqrt(sum / N0);
        for (let k = 0; k < N0; k++) unit[i * N0 + k] = psi.data[i * N0 + k] / Math.sqrt(sum);
      }
      /** @param {number} i @param {number} j @param {number} dot */
      const put = (i, j, dot) => {
        const size = lengths[i] * lengths[j];
        let rho = dot;
        let value = size * rho;
        let scale = size;
        for (let l = 1; l < depth; l++) {
          const cosine = i === j && l === 1 ? 1 : Math.max(-1, Math.min(1, rho));
          const angle = Math.acos(cosine);
          rho = (Math.sqrt(1 - cosine * cosine) + (Math.PI - angle) * cosine) / Math.PI;
          scale *= 0.5;
          value = scale * rho + (value * (Math.PI - angle)) / (2 * Math.PI);
        }
        out[i * P + j] = value;
        out[j * P + i] = value;
      };
      for (let i = 0; i < P; i += 2) {
        for (let j = 0; j <= i; j += 2) {
          let s00 = 0;
          let s01 = 0;
          let s10 = 0;
          let s11 = 0;
          for (let k = 0; k < N0; k++) {
            const a = unit[i * N0 + k];
            const b = unit[(i + 1) * N0 + k];
            const u = unit[j * N0 + k];
            const v = unit[(j + 1) * N0 + k];
            s00 += a * u;
            s01 += a * v;
            s10 += b * u;
            s11 += b * v;
          }
          put(i, j, s00);
          put(i, j + 1, s01);
          put(i + 1, j, s10);
          put(i + 1, j + 1, s11);
        }
      }
      return out;
    },
    /** @param {import("../build/ts/src/engine.js").Engine} engine */
    ours: async (engine) => (await ntkGram(engine, psi, undefined, { depth })).data,
  };
}
