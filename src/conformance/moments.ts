import { type Op, OpCode } from "../../bindings/ops.js";
import { edm } from "../process/edm.js";
import { ProgramBuilder } from "../run/programBuilder.js";
import type { Sampler } from "../sampler/sampler.js";
import type { Problem } from "./problems.js";

/** a x + b + sum over c_k eps_k: what a register holds. */
interface Affine {
  a: number;
  b: number;
  c: Map<string, number>;
}

/**
 * Mean and variance of a vkernel sampler's end points for one training point on the line, from a Gaussian start: read from
 * the program that it writes, without a run. For samplers that make draws of their own, in whose place none can be supplied.
 */
export function programMoments(
  sampler: Sampler,
  problem: Problem,
  sigmas: Float64Array,
  start: { mean: number; variance: number },
): { mean: number; variance: number } {
  const steps = sigmas.length - 1;
  const process = edm();
  const program = new ProgramBuilder({ process, dim: 1, sigma0: problem.sigma0, precision: "f64", steps });
  for (let i = 0; i < steps; i++) {
    const [t, s] = [sigmas[i], sigmas[i + 1]];
    Object.assign(program, { step: i, t, s, previous: i > 0 ? sigmas[i - 1] : undefined });
    sampler.step(program, t, s);
  }
  const point: Affine = { a: 0, b: problem.points[0], c: new Map() };
  const registers: Affine[] = [];
  registers[0] = { a: 1, b: 0, c: new Map() };
  for (const op of program.ops) apply(op);
  const { a, b, c } = registers[0];
  let variance = a * a * start.variance;
  for (const value of c.values()) variance += value * value;
  return { mean: a * start.mean + b, variance };

  function apply(op: Op): void {
    switch (op.code) {
      case OpCode.Score:
        registers[op.mean] = point;
        break;
      case OpCode.Draw:
        registers[op.mean] = point;
        registers[op.out] = point;
        break;
      case OpCode.Normal:
        registers[op.out] = { a: 0, b: 0, c: new Map([[`${op.step}/${op.stream}`, 1]]) };
        break;
      case OpCode.Affine: {
        const sum: Affine = { a: 0, b: 0, c: new Map() };
        for (const [register, factor] of op.terms) {
          // A register that no operation has written holds 0.
          const from = registers[register];
          if (from === undefined) continue;
          sum.a += factor * from.a;
          sum.b += factor * from.b;
          for (const [key, value] of from.c) sum.c.set(key, (sum.c.get(key) ?? 0) + factor * value);
        }
        registers[op.out] = sum;
        break;
      }
      default:
        throw new Error(`no moments of an operation of code ${op.code}`);
    }
  }
}
