import { gaussLegendre, type Rule } from "../../numeric/quadrature.js";
import { fillNormals, streams, uniform } from "../../numeric/random.js";

/** Places in the cube [-1, 1]^k and their weights (sum 1). */
export interface CubeRule {
  /** `[count, k]` */
  readonly places: Float64Array;
  readonly weights: Float64Array;
}

const rules = new Map<number, Rule>();
/** The rule of n nodes on (0, 1), made once. */
export function legendre(n: number): Rule {
  let rule = rules.get(n);
  if (!rule) {
    rule = gaussLegendre(n);
    rules.set(n, rule);
  }
  return rule;
}

/** Nodes of a panel. */
export const NODES = 16;

/** Gauss-Legendre in `panels` equal panels along each of k axes, 16 nodes in each. */
export function panelRule(k: number, panels: number): CubeRule {
  const { nodes, weights } = legendre(NODES);
  const along = NODES * panels;
  const count = along ** k;
  const places = new Float64Array(count * k);
  const shares = new Float64Array(count).fill(1);
  for (let i = 0; i < count; i++) {
    for (let d = 0, rest = i; d < k; d++, rest = Math.floor(rest / along)) {
      const at = rest % along;
      const node = at % NODES;
      places[i * k + d] = (2 * (Math.floor(at / NODES) + nodes[node])) / panels - 1;
      shares[i] = (shares[i] * weights[node]) / panels;
    }
  }
  return { places, weights: shares };
}

/** Shifts of the quasi-random rule, from whose spread its error is estimated. */
export const SHIFTS = 8;

/**
 * Richtmyer's points, multiples of the square roots of primes modulo 1, in 8 randomly shifted copies of `count` / 8 (rounded
 * up) each; copy r is rows r n / 8 ... (Cranley & Patterson 1976).
 */
export function quasiRule(k: number, count: number, seed: number): CubeRule {
  const each = Math.ceil(count / SHIFTS);
  const places = new Float64Array(SHIFTS * each * k);
  const roots: number[] = [];
  for (let p = 2; roots.length < k; p++) {
    let prime = true;
    for (let q = 2; q * q <= p && prime; q++) prime = p % q !== 0;
    if (prime) roots.push(Math.sqrt(p) % 1);
  }
  for (let r = 0; r < SHIFTS; r++) {
    for (let d = 0; d < k; d++) {
      const shift = uniform(seed, r, d, streams.smoothing, 0);
      for (let i = 0; i < each; i++) {
        places[(r * each + i) * k + d] = 2 * ((shift + (i + 1) * roots[d]) % 1) - 1;
      }
    }
  }
  return { places, weights: new Float64Array(SHIFTS * each).fill(1 / (SHIFTS * each)) };
}

/** Uniform draws, one after another. */
export function drawnRule(k: number, count: number, seed: number): CubeRule {
  const places = new Float64Array(count * k);
  for (let i = 0; i < count; i++) {
    for (let d = 0; d < k; d++) places[i * k + d] = 2 * uniform(seed, i, d, streams.smoothing, 0) - 1;
  }
  return { places, weights: new Float64Array(count).fill(1 / count) };
}

/** Standard normal draws. */
export function normalRule(k: number, count: number, seed: number): CubeRule {
  const places = fillNormals(new Float64Array(count * k), k, count, 0, seed, 0, streams.smoothing);
  return { places, weights: new Float64Array(count).fill(1 / count) };
}
