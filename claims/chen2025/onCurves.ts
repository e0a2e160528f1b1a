import { euler, exactScore, sample, smoothedScore, squareRoot, ve } from "vkernel";
import type { Claim } from "../claim.js";
import { type Estimate, meanOf, shareIf } from "../estimate.js";
import { listed, share, told } from "../told.js";
import type { Bench } from "./bench.js";
import type { Sizes } from "./settings.js";

export interface OnCurve {
  readonly set: string;
  readonly model: string;
  /** Shares within 0.02 of a point; else within 0.02 of the curve; else of a chord between neighbours. */
  readonly atPoint: Estimate;
  readonly onCurve: Estimate;
  readonly onChord: Estimate;
  readonly offCurve: Estimate;
}

const COUNT = 12;
const T0 = 0.02;
const NEAR = 0.02;
/** Places of a box: with 256 some samples of the circle end beside the chords, with 1,024 none does. */
const BOX = 1024;
/** tau as a share of half the distance of neighbours. */
const SHARE = 0.7;

type Place = readonly [number, number];

function spiral(): Place[] {
  return Array.from({ length: 16 }, (_, k) => {
    const turn = 0.6 + (k / 15) * 2.2 * Math.PI;
    return [0.22 * turn * Math.cos(turn), 0.22 * turn * Math.sin(turn)];
  });
}

function segmentDistance([px, py]: Place, [ax, ay]: Place, [bx, by]: Place): number {
  const [dx, dy] = [bx - ax, by - ay];
  const u = Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(px - ax - u * dx, py - ay - u * dy);
}

/** Beyond the paper: points on a circle and on a spiral, cube averages, and what lies between the points at the end. */
export async function measureCurves(
  bench: Bench,
): Promise<{ result: OnCurve[]; pictures: ReadonlyMap<string, Float64Array> }> {
  const { engine, sizes, seed, signal, done } = bench;
  const sets: { name: string; points: Place[]; curve: Place[]; closed: boolean }[] = [
    {
      name: "circle",
      points: Array.from({ length: COUNT }, (_, k) => {
        const turn = (2 * Math.PI * k) / COUNT;
        return [Math.cos(turn), Math.sin(turn)] as const;
      }),
      curve: Array.from(
        { length: 721 },
        (_, k) => [Math.cos((k * Math.PI) / 360), Math.sin((k * Math.PI) / 360)] as const,
      ),
      closed: true,
    },
    {
      name: "spiral",
      points: spiral(),
      curve: Array.from({ length: 721 }, (_, k) => {
        const turn = 0.6 + (k / 720) * 2.2 * Math.PI;
        return [0.22 * turn * Math.cos(turn), 0.22 * turn * Math.sin(turn)] as const;
      }),
      closed: false,
    },
  ];
  const rows: OnCurve[] = [];
  const pictures = new Map<string, Float64Array>();
  for (const [s, { name, points, curve, closed }] of sets.entries()) {
    const data = engine.mixture(
      points.map(([x, y]) => [x, y]),
      { precision: "f64" },
    );
    const pairs = points.slice(1).map((b, k) => [points[k], b] as const);
    if (closed) pairs.push([points.at(-1) as Place, points[0]]);
    const gap = meanOf(pairs.map(([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]))).value;
    const tau = (SHARE * gap) / 2;
    const fields = [
      ["exact score", exactScore(data, ve())],
      ["smoothed, box", smoothedScore(data, ve(), { width: tau, rule: "quasi", count: BOX, seed })],
      [
        "smoothed, Gaussian",
        smoothedScore(data, ve(), { width: tau / Math.sqrt(3), kernel: "gaussian", count: 64, seed }),
      ],
    ] as const;
    for (const [f, [model, field]] of fields.entries()) {
      const { samples } = await sample(field, {
        sampler: euler({ variable: "squareRoot" }),
        grid: squareRoot({ steps: 30, tMin: 0, tMax: T0 }),
        initial: "marginal",
        count: sizes.curve,
        seed,
        signal,
      });
      const at = (i: number): Place => [samples[2 * i], samples[2 * i + 1]];
      const toPoint = (p: Place): number =>
        Math.min(...points.map(([x, y]) => Math.hypot(p[0] - x, p[1] - y)));
      const toChord = (p: Place): number => Math.min(...pairs.map(([a, b]) => segmentDistance(p, a, b)));
      const toCurve = (p: Place): number =>
        Math.min(...curve.slice(1).map((b, k) => segmentDistance(p, curve[k], b)));
      const kinds = Array.from({ length: sizes.curve }, (_, i) => {
        const p = at(i);
        if (toPoint(p) <= NEAR) return "point";
        const [c, h] = [toCurve(p), toChord(p)];
        if (Math.min(c, h) > NEAR) return "off";
        return c <= h ? "curve" : "chord";
      });
      const share = (kind: string): Estimate => shareIf(sizes.curve, (i) => kinds[i] === kind);
      rows.push({
        set: name,
        model,
        atPoint: share("point"),
        onCurve: share("curve"),
        onChord: share("chord"),
        offCurve: share("off"),
      });
      pictures.set(`${name} ${model}`, samples);
      done((s * fields.length + f + 1) / (2 * fields.length));
    }
    data.dispose();
  }
  return { result: rows, pictures };
}

export const curves: Claim<{ curves: readonly OnCurve[]; sizes: Sizes }> = {
  id: "curves",
  source: { paper: "Chen 2025", where: "beyond the paper" },
  sentence: "On data along a curve, smoothing interpolates along it.",
  expected: "Samples off the points are nearer to the curve than to the chords between neighbours.",
  reads: ["curves"],
  judge({ curves: rows, sizes }) {
    const box = rows.filter(({ model }) => model === "smoothed, box");
    const chords = box.reduce((sum, row) => sum + row.onChord.value, 0);
    const arcs = box.reduce((sum, row) => sum + row.onCurve.value, 0);
    const of = (row: OnCurve) =>
      told`${row.set}: nearer to the curve ${share(row.onCurve, sizes.curve)}, to the chords ${share(row.onChord, sizes.curve)}, to neither ${share(row.offCurve, sizes.curve)}`;
    return {
      measured: told`Within 0.02, samples off the points: ${listed(box.map(of), "; ")}.`,
      verdict: arcs > chords ? "holds" : "does not hold",
      why: "The average of linear scores of two neighbours knows their chord; nothing in it knows the curve.",
    };
  },
};
