import { exactScore, gridTimes, mlpScore, piecewiseScore, type ScoreField, smoothedScore, ve } from "vkernel";
import { leastOf } from "vkernel/internal";
import type { Claim } from "../claim.js";
import { differenceOf, signOf } from "../decide.js";
import { type Estimate, meanOfRepeats, rounded } from "../estimate.js";
import { listed, pm, short, told } from "../told.js";
import { type Bench, twoPoints } from "./bench.js";
import { settings } from "./settings.js";

/** A score along the line. */
export interface Curve {
  readonly name: string;
  readonly values: readonly number[];
}

/** Networks of one weight decay and activation. */
export interface FittedNetworks {
  readonly weightDecay: number;
  readonly activation: "relu" | "silu";
  /** The tau whose piecewise score is nearest on [-1, 1], and how near: root mean square over that of the score itself. */
  readonly width: Estimate;
  readonly distance: Estimate;
  readonly loss: Estimate;
}

export interface Figure1 {
  readonly x: readonly number[];
  readonly left: readonly Curve[];
  /** Slope at 0 and largest value of the piecewise score at the paper's t and tau. */
  readonly slope: number;
  readonly largest: number;
  readonly center: readonly Curve[];
  readonly networks: readonly FittedNetworks[];
  readonly right: readonly Curve[];
}

const places = Float64Array.from({ length: 401 }, (_, i) => (i - 200) / 100);

async function along(field: ScoreField, t: number): Promise<Float64Array> {
  return Float64Array.from((await field.evaluate(places, t, ["score"])).score);
}

/** The tau in (0, 1) whose piecewise score is nearest to values on [-1, 1], by golden sections. */
export function bestWidth(values: Float64Array, t: number): { width: number; distance: number } {
  const inner = Array.from(places.keys()).filter((i) => Math.abs(places[i]) <= 1);
  const misfit = (width: number): number => {
    let sum = 0;
    for (const i of inner) {
      const x = places[i];
      const piece = x <= -width ? -1 - x : x >= width ? 1 - x : ((1 - width) * x) / width;
      sum += (piece / t - values[i]) ** 2;
    }
    return sum;
  };
  const search = leastOf([1e-3, ...Array.from({ length: 99 }, (_, k) => (k + 1) / 100), 0.999], 1e-6);
  let next = search.next();
  while (!next.done) next = search.next(misfit(next.value));
  const width = next.value;
  const size = inner.reduce((sum, i) => sum + values[i] ** 2, 0);
  return { width, distance: Math.sqrt(misfit(width) / size) };
}

/** Figure 1: the exact score of two points and what smoothing and training make of it. Chen 2025, Sec. 3, 4.1, A.7. */
export async function measureFigure1(bench: Bench): Promise<Figure1> {
  const { sizes, seed, signal, done } = bench;
  const { time, width, printedWidths, weightDecays, fit } = settings;
  const data = twoPoints(bench);
  const exact = await along(exactScore(data, ve()), time);
  const piecewise = (tau: number) => along(piecewiseScore(data, { width: tau }), time);
  const middle = await piecewise(width);
  const left: Curve[] = [
    { name: "exact score", values: rounded(exact) },
    { name: "nearest point's (Eq. 15)", values: rounded(await piecewise(0)) },
    { name: `piecewise, tau = ${width}`, values: rounded(middle) },
    {
      name: `smoothed, tau = ${width}`,
      values: rounded(await along(smoothedScore(data, ve(), { width }), time)),
    },
  ];
  const center: Curve[] = [{ name: "exact score", values: rounded(exact) }];
  const networks: FittedNetworks[] = [];
  const activations = ["relu", "silu"] as const;
  for (const [a, activation] of activations.entries()) {
    for (const [w, weightDecay] of weightDecays.entries()) {
      const found: { width: number; distance: number; loss: number }[] = [];
      for (let n = 0; n < sizes.networks; n++) {
        const net = await mlpScore(data, ve(), {
          ...fit,
          steps: Math.max(10, Math.round(fit.steps * sizes.training)),
          conditioning: "scaled",
          activation,
          weightDecay,
          loss: "exact",
          times: gridTimes([time]),
          seed: seed + n,
          signal,
        });
        const values = await along(net, time);
        const last = net.losses.slice(-20);
        found.push({
          ...bestWidth(values, time),
          loss: last.reduce((sum, value) => sum + value / last.length, 0),
        });
        if (n === 0 && activation === "relu") {
          center.push({ name: `weight decay ${weightDecay}`, values: rounded(values) });
        }
        net.dispose();
        done((a * weightDecays.length + w + (n + 1) / sizes.networks) / (2 * weightDecays.length));
      }
      networks.push({
        weightDecay,
        activation,
        width: meanOfRepeats(found.map((one) => one.width)),
        distance: meanOfRepeats(found.map((one) => one.distance)),
        loss: meanOfRepeats(found.map((one) => one.loss)),
      });
    }
  }
  const right: Curve[] = [];
  for (const tau of printedWidths)
    right.push({ name: `tau = ${tau}`, values: rounded(await piecewise(tau)) });
  data.dispose();
  return {
    x: rounded(places),
    left,
    slope: (1 - width) / (width * time),
    largest: Math.max(...middle.filter((_, i) => Math.abs(places[i]) <= 1)),
    center,
    networks,
    right,
  };
}

export const networks: Claim<{ figure1: Figure1 }> = {
  id: "networks",
  source: { paper: "Chen 2025", where: "Sec. 4.1, Fig. 1" },
  sentence:
    "Networks trained with weight decay learn scores that are nearly piecewise linear, matched by smoothing of a width that grows with the decay: 0.35, 0.42, 0.53.",
  expected:
    "For ReLU and for SiLU units the best width clearly grows with the decay, and the piecewise score of that width is off by less than a tenth of the score's size.",
  reads: ["figure1"],
  judge({ figure1 }) {
    const kinds = (["relu", "silu"] as const).map((activation) => {
      const rows = figure1.networks.filter((row) => row.activation === activation);
      const grows = rows
        .slice(1)
        .every((row, k) => signOf(differenceOf(row.width, rows[k].width), 2 * (rows.length - 1)) > 0);
      return { activation, rows, fits: grows && rows.every(({ distance }) => distance.value < 0.1) };
    });
    const names = { relu: "ReLU", silu: "SiLU" } as const;
    return {
      measured: told`${listed(
        kinds.map(
          ({ activation, rows }) =>
            told`${names[activation]}: best widths ${listed(rows.map(({ width }) => pm(width)))}, off by ${listed(rows.map(({ distance }) => told`${short(100 * distance.value, 2)}%`))}`,
        ),
        "; ",
      )} of the score's size on [-1, 1] (root mean square).`,
      verdict: kinds.every(({ fits }) => fits) ? "holds" : "does not hold",
      why: `${kinds.some(({ fits }) => fits) ? `Of ${listedWords(kinds.filter(({ fits }) => fits).map(({ activation }) => names[activation]))} networks it holds. ` : ""}The widths and the shape depend on the layers and their activation, which the paper does not print (64 and 64 units here).`,
    };
  },
};

const listedWords = (words: readonly string[]): string => words.join(" and ");
