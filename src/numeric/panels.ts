import { gaussLegendre } from "./quadrature.js";

/** Nodes and weights of a rule on an interval. */
export interface Nodes {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

const ORDER = 16;
const rules = new Map<number, Nodes>();

/** The rule of `order` nodes on (0, 1), made once. */
export function unitRule(order = ORDER): Nodes {
  let rule = rules.get(order);
  if (rule === undefined) {
    rule = gaussLegendre(order);
    rules.set(order, rule);
  }
  return rule;
}

/** Gauss-Legendre with `order` nodes in each panel between ascending `breaks`, none wider than `widest`. */
export function panels(
  breaks: ArrayLike<number>,
  widest = Number.POSITIVE_INFINITY,
  order: number = ORDER,
): Nodes {
  const rule = unitRule(order);
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let i = 1; i < breaks.length; i++) {
    const from = breaks[i - 1];
    const length = breaks[i] - from;
    if (!(length > 0)) continue;
    const count = Math.max(1, Math.ceil(length / widest));
    for (let p = 0; p < count; p++) {
      for (let n = 0; n < order; n++) {
        nodes.push(from + ((p + rule.nodes[n]) * length) / count);
        weights.push((rule.weights[n] * length) / count);
      }
    }
  }
  return { nodes: Float64Array.from(nodes), weights: Float64Array.from(weights) };
}

/** The integral of a smooth function between breaks. */
export function integrate(f: (x: number) => number, { nodes, weights }: Nodes): number {
  let sum = 0;
  for (let i = 0; i < nodes.length; i++) sum += weights[i] * f(nodes[i]);
  return sum;
}
