/** States that several tests of the explorer look at, and a second opinion on them: plain float64 formulas. */
import { defaultState, defaultView, type State, type View } from "../../site/state/state.js";

export const stateWith = (view: Partial<View>, rest: Partial<Omit<State, "view">> = {}): State => ({
  ...defaultState,
  ...rest,
  view: { ...defaultView, ...view },
});

/** The hexagon, as Vastola 2025 has it. */
export const hexagon: readonly number[] = Array.from({ length: 6 }, (_, k) => [
  Math.cos((k * Math.PI) / 3),
  Math.sin((k * Math.PI) / 3),
]).flat();

/** alpha and S of a process. `docs/mathematics.md`, Conventions. */
export function levelOf(process: View["process"], t: number): { alpha: number; variance: number } {
  switch (process) {
    case "edm":
      return { alpha: 1, variance: t * t };
    case "ve":
      return { alpha: 1, variance: t };
    case "vp": {
      const b = 0.1 * t + (19.9 * t * t) / 2;
      return { alpha: Math.exp(-b), variance: -Math.expm1(-2 * b) };
    }
    case "ou":
      return { alpha: Math.exp(-t), variance: -Math.expm1(-2 * t) };
  }
}

/** p, s, tr C, f and the weights at a place: sums over the points, no kernel, no library. */
export function oracle(points: readonly number[], process: View["process"], x: readonly number[], t: number) {
  const { alpha, variance } = levelOf(process, t);
  const size = points.length / 2;
  const at = (m: number): [number, number] => [
    alpha * (points[2 * m] as number),
    alpha * (points[2 * m + 1] as number),
  ];
  const squares = Array.from({ length: size }, (_, m) => {
    const [px, py] = at(m);
    return ((x[0] as number) - px) ** 2 + ((x[1] as number) - py) ** 2;
  });
  const least = Math.min(...squares);
  const raw = squares.map((square) => Math.exp((least - square) / (2 * variance)));
  const sum = raw.reduce((a, b) => a + b, 0);
  const weights = raw.map((w) => w / sum);
  const mean = [0, 1].map((d) => weights.reduce((total, w, m) => total + w * (at(m)[d] as number), 0));
  const score = [0, 1].map((d) => ((mean[d] as number) - (x[d] as number)) / variance);
  let trace = 0;
  for (let m = 0; m < size; m++) {
    const [px, py] = at(m);
    trace += (weights[m] as number) * ((px - (mean[0] as number)) ** 2 + (py - (mean[1] as number)) ** 2);
  }
  const proxyVariance = trace / variance ** 2;
  const norm = (score[0] as number) ** 2 + (score[1] as number) ** 2;
  return {
    logDensity: Math.log(sum / size) - least / (2 * variance) - Math.log(2 * Math.PI * variance),
    score,
    proxyVariance,
    fraction: proxyVariance / (proxyVariance + norm),
    weights,
    nearest: squares.indexOf(least),
  };
}
