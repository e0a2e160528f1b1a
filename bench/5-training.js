import { createEngine } from "../build/ts/src/engine.js";
import { PerceptronExecutor } from "../build/ts/src/dense/index.js";
import { parameterCount } from "../build/ts/src/dense/plain/mlp.js";
import { generator, normals } from "./data.js";
import { assertAgreement, interleave } from "./measure.js";

/** Times faster than the plain loop, and than the loop tiled in registers. */
const TARGETS = { naive: 8, tiled: 3 };
/** Parameters after one step in float32; a step of Adam is at most the rate. */
const TOLERANCE = 2e-3;

const SIZES = [4, 64, 64, 2];
const ROWS = 1024;
const STEP = {
  rate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  coupled: 0,
  decoupled: 0,
  c1: 0.1,
  c2: 0.001,
};

/**
 * One training step (forward, backward, Adam) of a network of two hidden layers of 64 SiLU units on a batch of 1,024, float32:
 * against loops as one writes them first, and loops that keep 4 x 4 sums in registers. Beside them, where its package is there,
 * tfjs with its wasm backend, forward and backward written in its own operations (it has no kernel for the gradient of every
 * one); its step has no Adam.
 *
 * @param {import("./run.js").Context} context
 */
export async function run({ rounds, matches, report, note }) {
  const name = "training step: 4-64-64-2, batch 1,024, float32";
  if (!matches(name)) return;
  const count = parameterCount(SIZES);
  const start = Float32Array.from(normals(count, generator(1)), (value) => 0.1 * value);
  const inputs = Float32Array.from(normals(ROWS * 4, generator(2)));
  const targets = Float32Array.from(normals(ROWS * 2, generator(3)));
  const batch = {
    inputs: Float64Array.from(inputs),
    targets: Float64Array.from(targets),
    weights: new Float64Array(ROWS).fill(1 / ROWS),
  };
  const engines = await Promise.all(
    /** @type {const} */ ([
      ["simd, 1 thread", { threads: 1, kernels: "simd" }],
      ["simd, 2 threads", { threads: 2, kernels: "simd" }],
      ["relaxed, 1 thread", { threads: 1, kernels: "relaxed" }],
    ]).map(async ([title, options]) => ({ title, engine: await createEngine(options) })),
  );
  const network = /** @type {const} */ ({ sizes: SIZES, activation: "silu" });
  const machine = (/** @type {import("../build/ts/src/engine.js").Engine} */ engine) =>
    new PerceptronExecutor(engine, network, Float64Array.from(start), "f32");
  const naive = plainStep(start, inputs, targets, false);
  const tiled = plainStep(start, inputs, targets, true);
  const variants = [
    { name: "naive", run: naive.step, result: naive.fresh },
    { name: "tiled", run: tiled.step, result: tiled.fresh },
    ...engines.map(({ title, engine }) => {
      const kept = machine(engine);
      return {
        name: title,
        async: true,
        run: () => kept.learn(batch, { step: STEP }),
        result: async () => {
          const once = machine(engine);
          await once.learn(batch, { step: STEP });
          const { parameters } = once;
          once.dispose();
          return parameters;
        },
      };
    }),
  ];
  const tfjs = await tfjsStep(start, inputs, targets).catch((error) => {
    note(`tfjs was left out: ${error.message}`);
    return undefined;
  });
  try {
    const differences = await assertAgreement(name, variants, { tolerance: TOLERANCE });
    const all = tfjs
      ? [...variants, { name: "tfjs wasm, no Adam", async: true, run: tfjs, result: tfjs }]
      : variants;
    const elements = ROWS * count * 3;
    const timings = await interleave(all, { rounds, elements });
    for (const baseline of /** @type {const} */ (["naive", "tiled"])) {
      report({
        name: `${name}, against ${baseline} TypeScript`,
        group: "training",
        parameters: { rows: ROWS, parameters: count },
        elements,
        timings,
        differences,
        baselines: [baseline],
        targets: [{ variant: "simd, 1 thread", least: TARGETS[baseline] }],
      });
    }
  } finally {
    for (const { engine } of engines) engine.close();
  }
}

/** @param {Float32Array} z */
function silu(z) {
  const value = new Float32Array(z.length);
  const slope = new Float32Array(z.length);
  for (let i = 0; i < z.length; i++) {
    const s = 1 / (1 + Math.exp(-z[i]));
    value[i] = z[i] * s;
    slope[i] = s * (1 + z[i] * (1 - s));
  }
  return { value, slope };
}

/**
 * out[n x m] = a[n x k] b', with b [m x k] (or [k x m] where `turned`), and a as [k x n] where `left`.
 *
 * @param {Float32Array} a @param {Float32Array} b @param {number} n @param {number} k @param {number} m
 * @param {boolean} left @param {boolean} turned @param {boolean} tiles
 */
function multiply(a, b, n, k, m, left, turned, tiles) {
  const out = new Float32Array(n * m);
  const [ai, ak] = left ? [1, n] : [k, 1];
  const [bj, bk] = turned ? [1, m] : [k, 1];
  if (!tiles) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < m; j++) {
        let sum = 0;
        for (let q = 0; q < k; q++) sum += a[i * ai + q * ak] * b[j * bj + q * bk];
        out[i * m + j] = sum;
      }
    }
    return out;
  }
  for (let i = 0; i < n; i += 4) {
    const rows = Math.min(4, n - i);
    for (let j = 0; j < m; j += 2) {
      if (rows < 4 || m - j < 2) {
        for (let r = i; r < i + rows; r++) {
          for (let c = j; c < Math.min(m, j + 2); c++) {
            let sum = 0;
            for (let q = 0; q < k; q++) sum += a[r * ai + q * ak] * b[c * bj + q * bk];
            out[r * m + c] = sum;
          }
        }
        continue;
      }
      let s00 = 0;
      let s01 = 0;
      let s10 = 0;
      let s11 = 0;
      let s20 = 0;
      let s21 = 0;
      let s30 = 0;
      let s31 = 0;
      let p = i * ai;
      let r = j * bj;
      for (let q = 0; q < k; q++) {
        const u = b[r];
        const v = b[r + bj];
        const x0 = a[p];
        const x1 = a[p + ai];
        const x2 = a[p + 2 * ai];
        const x3 = a[p + 3 * ai];
        s00 += x0 * u;
        s01 += x0 * v;
        s10 += x1 * u;
        s11 += x1 * v;
        s20 += x2 * u;
        s21 += x2 * v;
        s30 += x3 * u;
        s31 += x3 * v;
        p += ak;
        r += bk;
      }
      const at = i * m + j;
      out[at] = s00;
      out[at + 1] = s01;
      out[at + m] = s10;
      out[at + m + 1] = s11;
      out[at + 2 * m] = s20;
      out[at + 2 * m + 1] = s21;
      out[at + 3 * m] = s30;
      out[at + 3 * m + 1] = s31;
    }
  }
  return out;
}

/** @param {Float32Array} start @param {Float32Array} inputs @param {Float32Array} targets @param {boolean} tiles */
function plainStep(start, inputs, targets, tiles) {
  /** @param {Float32Array} parameters @param {Float32Array} moments @param {Float32Array} squares */
  const step = (parameters, moments, squares) => {
    const layers = [inputs];
    const slopes = [];
    const places = [0];
    for (let l = 1; l < SIZES.length; l++) {
      const [ins, outs] = [SIZES[l - 1], SIZES[l]];
      const at = places[l - 1];
      const weights = parameters.subarray(at, at + ins * outs);
      const z = multiply(layers[l - 1], weights, ROWS, ins, outs, false, false, tiles);
      for (let r = 0; r < ROWS; r++)
        for (let o = 0; o < outs; o++) z[r * outs + o] += parameters[at + ins * outs + o];
      if (l + 1 < SIZES.length) {
        const { value, slope } = silu(z);
        layers.push(value);
        slopes.push(slope);
      } else layers.push(z);
      places.push(at + (ins + 1) * outs);
    }
    const gradient = new Float32Array(parameters.length);
    let delta = layers[SIZES.length - 1].map((value, i) => (2 / ROWS) * (value - targets[i]));
    for (let l = SIZES.length - 1; l > 0; l--) {
      const [ins, outs] = [SIZES[l - 1], SIZES[l]];
      const at = places[l - 1];
      gradient.set(multiply(delta, layers[l - 1], outs, ROWS, ins, true, true, tiles), at);
      for (let r = 0; r < ROWS; r++)
        for (let o = 0; o < outs; o++) gradient[at + ins * outs + o] += delta[r * outs + o];
      if (l === 1) break;
      const next = multiply(
        delta,
        parameters.subarray(at, at + ins * outs),
        ROWS,
        outs,
        ins,
        false,
        true,
        tiles,
      );
      const slope = slopes[l - 2];
      for (let i = 0; i < next.length; i++) next[i] *= slope[i];
      delta = next;
    }
    const { rate, beta1, beta2, epsilon, c1, c2 } = STEP;
    for (let i = 0; i < parameters.length; i++) {
      moments[i] = beta1 * moments[i] + (1 - beta1) * gradient[i];
      squares[i] = beta2 * squares[i] + (1 - beta2) * gradient[i] * gradient[i];
      parameters[i] -= (rate * (moments[i] / c1)) / (Math.sqrt(squares[i] / c2) + epsilon);
    }
  };
  const kept = [start.slice(), new Float32Array(start.length), new Float32Array(start.length)];
  return {
    step: () => step(kept[0], kept[1], kept[2]),
    fresh: () => {
      const parameters = start.slice();
      step(parameters, new Float32Array(start.length), new Float32Array(start.length));
      return Float64Array.from(parameters);
    },
  };
}

/** @param {Float32Array} start @param {Float32Array} inputs @param {Float32Array} targets */
async function tfjsStep(start, inputs, targets) {
  const tf = await import("@tensorflow/tfjs-core");
  await import("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
  await tf.ready();
  const x = tf.tensor2d(inputs, [ROWS, 4]);
  const y = tf.tensor2d(targets, [ROWS, 2]);
  /** @type {{ w: import("@tensorflow/tfjs-core").Tensor2D, b: import("@tensorflow/tfjs-core").Tensor1D }[]} */
  const layers = [];
  let at = 0;
  for (let l = 1; l < SIZES.length; l++) {
    const [ins, outs] = [SIZES[l - 1], SIZES[l]];
    layers.push({
      w: tf.tensor2d(start.slice(at, at + ins * outs), [outs, ins]),
      b: tf.tensor1d(start.slice(at + ins * outs, at + (ins + 1) * outs)),
    });
    at += (ins + 1) * outs;
  }
  return async () => {
    const gradients = tf.tidy(() => {
      const values = [x];
      const slopes = [];
      for (const [l, { w, b }] of layers.entries()) {
        const z = tf.add(tf.matMul(values[l], w, false, true), b);
        if (l + 1 === layers.length) {
          values.push(/** @type {typeof x} */ (z));
          continue;
        }
        const s = tf.sigmoid(z);
        const value = tf.mul(z, s);
        values.push(/** @type {typeof x} */ (value));
        slopes.push(tf.add(s, tf.mul(value, tf.sub(1, s))));
      }
      let delta = /** @type {typeof x} */ (tf.mul(tf.sub(values[layers.length], y), 2 / ROWS));
      const out = [];
      for (let l = layers.length; l > 0; l--) {
        out.push(tf.matMul(delta, values[l - 1], true, false), tf.sum(delta, 0));
        if (l === 1) break;
        delta = /** @type {typeof x} */ (tf.mul(tf.matMul(delta, layers[l - 1].w), slopes[l - 2]));
      }
      return out;
    });
    const last = await gradients[0].data();
    for (const one of gradients) one.dispose();
    return Float64Array.from(last);
  };
}
