import { VkernelError } from "../core/errors.js";
import { sineOfQuarter } from "./sine.js";

/** Nodes in (0, 1) and weights (sum 1) of the Gauss-Legendre rule. */
export interface Rule {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/** The rule of n nodes: Newton's method on the Legendre polynomial, from the usual cosine guesses. */
export function gaussLegendre(n: number): Rule {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < Math.ceil(n / 2); i++) {
    // cos(pi (i + 3/4) / (n + 1/2)) as a sine of the complement.
    let x = sineOfQuarter(Math.max(0, 1 - (2 * (i + 0.75)) / (n + 0.5)));
    let slope = 1;
    for (let round = 0; round < 8; round++) {
      let before = 1;
      let value = x;
      for (let k = 2; k <= n; k++) {
        const next = ((2 * k - 1) * x * value - (k - 1) * before) / k;
        before = value;
        value = next;
      }
      slope = (n * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    const weight = 1 / ((1 - x * x) * slope * slope);
    nodes[i] = 0.5 - 0.5 * x;
    nodes[n - 1 - i] = 0.5 + 0.5 * x;
    weights[i] = weight;
    weights[n - 1 - i] = weight;
  }
  return { nodes, weights };
}

let rule: (Rule & { readonly ends: Float64Array }) | undefined;

/** The 16-node rule, and what extrapolates values at its nodes to 1; reversed, to 0. */
function kept() {
  if (rule !== undefined) return rule;
  const { nodes, weights } = gaussLegendre(16);
  const ends = nodes.map((own, i) =>
    nodes.reduce((product, node, k) => (k === i ? product : (product * (1 - node)) / (own - node)), 1),
  );
  rule = { nodes, weights, ends };
  return rule;
}

/**
 * A panel is taken when it and its halves agree to this share of the whole, which is above the rounding of an integrand
 * such as exp(-600 u); the halves, which are kept, are closer than that by far, since the rule is of order 32.
 */
const agreement = 1e-13;
/** The same for an integral inside the integrand of another, which must not see its jumps. */
const innerAgreement = 4e-15;
/** Panels thinner than this share of the interval are taken as they are: 2^-120 of a bounded function is nothing. */
const deepest = 120;
/** How near to the lower end, as a share of a panel, a value is asked for. */
const edge = 2 ** -40;
/** A function with 20 jumps takes no more: two panels for each of 45 halvings. */
const mostPanels = 4000;

interface Panel {
  readonly sum: number;
  readonly unseen: number;
}

/**
 * The integral of f from a to b by adaptive Gauss-Legendre panels of 16 nodes, to about 1e-14 of that of |f|.
 *
 * @param crowded whether f may crowd at an end, so that the first panels shrink towards both; if not, it is smooth
 *   enough for one panel to start with, and done more exactly, for an integrand of another integral
 * @throws {VkernelError} E_LIMIT for a function that no panels resolve
 */
export function integral(f: (u: number) => number, a: number, b: number, crowded = true): number {
  if (a === b) return 0;
  const { nodes, weights, ends } = kept();
  const { length } = nodes;
  const share = crowded ? agreement : innerAgreement;
  let size = 0;
  let panels = 0;
  const panel = (from: number, to: number): Panel => {
    if (++panels > mostPanels) {
      throw new VkernelError("E_LIMIT", {
        argument: "process",
        expected: "functions of t that can be integrated to 1e-13",
        got: `one that ${mostPanels} panels between t = ${a} and ${b} do not resolve`,
      });
    }
    let sum = 0;
    let absolute = 0;
    let first = 0;
    let last = 0;
    for (let i = 0; i < nodes.length; i++) {
      const raw = f(from + (to - from) * nodes[i]);
      first += ends[length - 1 - i] * raw;
      last += ends[i] * raw;
      const value = weights[i] * raw;
      sum += value;
      absolute += Math.abs(value);
    }
    size = Math.max(size, absolute * (to - from));
    // What a jump between the outermost node and the end, which no node sees, would add. Not at a itself, where f may
    // have no value.
    const start = from === a ? from + edge * (to - from) : from;
    const unseen = Math.max(Math.abs(f(start) - first), Math.abs(f(to) - last)) * nodes[0];
    return { sum: sum * (to - from), unseen: unseen * (to - from) };
  };
  const refine = (from: number, to: number, whole: Panel, depth: number): number => {
    const middle = from + 0.5 * (to - from);
    const left = panel(from, middle);
    const right = panel(middle, to);
    const sum = left.sum + right.sum;
    const gap = Math.max(Math.abs(sum - whole.sum), left.unseen, right.unseen);
    // Negated, so that NaN ends the descent too.
    if (depth >= deepest || !(gap > share * size)) return sum;
    return refine(from, middle, left, depth + 1) + refine(middle, to, right, depth + 1);
  };
  const half = 0.5 * (b - a);
  const cuts = !crowded ? [a, b] : [a, a + half / 64, a + half / 8, a + half, b - half / 8, b - half / 64, b];
  const first = cuts.slice(1).map((to, i) => panel(cuts[i], to));
  return first.reduce((sum, whole, i) => sum + refine(cuts[i], cuts[i + 1], whole, 0), 0);
}
