import { karras } from "../sampler/grids/karras.js";
import { drawMarginal, type Problem } from "./problems.js";
import { Fault, type Subject } from "./subject.js";

/** Few and large steps: karras from 80 to 0.002 and then to 0. */
export interface Stability {
  readonly steps: number;
  /** What was wrong, where the run did not end. */
  readonly fault: string | null;
  /**
   * How far a state was at most outside the ball around the data, in units of its level sigma: below 6 for states that
   * follow p_sigma. Null where no state in between is seen.
   */
  readonly excess: number | null;
  /** How far an end point lies outside that ball, in units of its radius: 0 for averages of data. */
  readonly outside: number | null;
}

export async function stabilityOf(subject: Subject, problem: Problem, seed: number): Promise<Stability[]> {
  const { points, dim, weights } = problem;
  const size = weights.length;
  const centre = Float64Array.from({ length: dim }, (_, d) => {
    let sum = 0;
    for (let m = 0; m < size; m++) sum += points[m * dim + d] / size;
    return sum;
  });
  const reach = (x: Float64Array): number => {
    let most = 0;
    for (let i = 0; i < x.length; i += dim) {
      let square = 0;
      for (let d = 0; d < dim; d++) square += (x[i + d] - centre[d]) ** 2;
      // Not Math.max: NaN is to be kept.
      if (!(Math.sqrt(square) <= most)) most = Math.sqrt(square);
    }
    return most;
  };
  const radius = reach(points);
  const out: Stability[] = [];
  for (const steps of [4, 6, 10, 20]) {
    const sigmas = karras({ steps }).times(problem.field.process);
    const start = drawMarginal(problem, sigmas[0], 1024, seed);
    let excess: number | null = null;
    const watch = (x: Float64Array, sigma: number) => {
      excess = Math.max(excess ?? 0, (reach(x) - radius) / sigma);
    };
    try {
      const { ends } = await subject.run({ problem, start, sigmas, seed, watch });
      out.push({ steps, fault: null, excess, outside: Math.max(0, reach(ends) / radius - 1) });
    } catch (error) {
      if (!(error instanceof Fault) || error.code === "time-limit") throw error;
      out.push({ steps, fault: error.message, excess, outside: null });
    }
  }
  return out;
}
