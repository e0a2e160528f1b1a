import { gaussLegendre } from "../process/quadrature.js";

/** Nodes and weights of a rule on an interval. */
export interface Nodes {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

const ORDER = 16;
let rule: Nodes | undefined;

/** Gauss-Legendre with 16 nodes in each panel between ascending `breaks`, none wider than `widest`. */
export function panels(breaks: readonly number[], widest = Number.POSITIVE_INFINITY): Nodes {
  rule ??= gaussLegendre(ORDER);
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let i = 1; i < breaks.length; i++) {
    const from = breaks[i - 1] as number;
    const length = (breaks[i] as number) - from;
    if (!(length > 0)) continue;
    const count = Math.max(1, Math.ceil(length / widest));
    for (let p = 0; p < count; p++) {
      for (let n = 0; n < ORDER; n++) {
        nodes.push(from + ((p + (rule.nodes[n] as number)) * length) / count);
        weights.push(((rule.weights[n] as number) * length) / count);
      }
    }
  }
  return { nodes: Float64Array.from(nodes), weights: Float64Array.from(weights) };
}

/** The integral of a smooth function between breaks. */
export function integrate(f: (x: number) => number, { nodes, weights }: Nodes): number {
  let sum = 0;
  for (let i = 0; i < nodes.length; i++) sum += (weights[i] as number) * f(nodes[i] as number);
  return sum;
}
