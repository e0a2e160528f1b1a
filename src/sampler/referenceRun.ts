import { type Op, OpCode } from "../../bindings/job.js";
import type { Mixture, Precision } from "../data/mixture.js";
import { evaluatePoint } from "../reference/mixture.js";
import { fillNormals, uniform } from "../reference/random.js";
import { categorical } from "../reference/samplers.js";
import { aborted } from "../score/exact.js";
import type { Program } from "./program.js";
import type { RunInput, RunOutput } from "./sample.js";

/** Particles between two looks at the clock. */
const BATCH = 64;

/** Runs a program without Wasm: the same operations on plain float64 arrays, by the reference's functions. */
export async function runReference<P extends Precision>(
  data: Mixture<P>,
  program: Program,
  input: RunInput,
): Promise<RunOutput<P>> {
  const { dim, packed } = data;
  const { count, states, recorded, signal, report } = input;
  const mixture = { points: packed.points, dim, weights: packed.weights, sigma0: 0 };
  const samples = data.array(count * dim);
  if (states) samples.set(states);
  const trajectories = recorded > 0 ? data.array(recorded * count * dim) : undefined;
  const total = count * program.ops.length;
  let until = performance.now() + 12;
  for (let first = 0; first < count; first += BATCH) {
    const n = Math.min(BATCH, count - first);
    const registers = Array.from({ length: program.registers }, () => new Float64Array(n * dim));
    const register = (r: number): Float64Array => registers[r] as Float64Array;
    register(0).set(samples.subarray(first * dim, (first + n) * dim));
    for (let i = 0; i < program.ops.length; i++) {
      runOp(program.ops[i] as Op, register, n, first);
      if (performance.now() < until) continue;
      await new Promise((resolve) => setTimeout(resolve));
      data.check();
      if (signal?.aborted) throw aborted(signal);
      report?.(first * program.ops.length + n * (i + 1), total);
      until = performance.now() + 12;
    }
    samples.set(register(0), first * dim);
  }
  report?.(total, total);
  return { samples, trajectories };

  function runOp(op: Op, register: (r: number) => Float64Array, n: number, first: number): void {
    switch (op.code) {
      case OpCode.Score:
      case OpCode.Draw: {
        // Weights at the level that k stands for: alpha 1 and variance log2(e) / (2 k), seen from x / alpha.
        const level = { alpha: 1, variance: Math.LOG2E / (2 * op.k), beta: 0, diffusion: 0 };
        const x = register(op.x);
        for (let p = 0; p < n; p++) {
          const y = x.slice(p * dim, (p + 1) * dim).map((value) => value * op.inverseAlpha);
          const { posteriorMean, posteriorWeights } = evaluatePoint(mixture, level, y, [
            "posteriorMean",
            "posteriorWeights",
          ]);
          register(op.mean).set(posteriorMean, p * dim);
          if (op.code === OpCode.Score) continue;
          const out = register(op.out)
            .subarray(p * dim, (p + 1) * dim)
            .fill(0);
          for (let r = 0; r < op.draws; r++) {
            const m = categorical(posteriorWeights, uniform(input.seed, first + p, op.step, op.stream, r));
            for (let d = 0; d < dim; d++) {
              out[d] = (out[d] as number) + (packed.points[m * dim + d] as number) / op.draws;
            }
          }
        }
        break;
      }
      case OpCode.Normal:
        fillNormals(register(op.out), dim, n, first, input.seed, op.step, op.stream);
        break;
      case OpCode.Affine: {
        const sums = new Float64Array(n * dim);
        for (const [source, factor] of op.terms) {
          const x = register(source);
          for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + factor * (x[i] as number);
        }
        register(op.out).set(sums);
        break;
      }
      case OpCode.Record:
        trajectories?.set(register(op.x), (op.slot * count + first) * dim);
        break;
    }
  }
}
