import {
  classMixture,
  edm,
  exactScore,
  hullFraction,
  massNear,
  type Mixture,
  naiveScore,
  nearestPoints,
  polygon,
  reproducibility,
  type ScoreEnsemble,
  type ScoreField,
  splitHalves,
  type StepEstimator,
} from "vkernel";
import type { Claim } from "../claim.js";
import { decide, deviationOf, differenceOf, limitOf, signOf } from "../decide.js";
import { type Estimate, shareIf } from "../estimate.js";
import type { Recipe } from "../recipe.js";
import { apart, listed, pm, share, told } from "../told.js";
import { type Bench, drawsOf, hexagon, logGrid, mixtureOf, runOf, whereabouts } from "./bench.js";
import { learnedSettings } from "./learned.js";
import { fitLinear } from "./linear.js";
import type { Sizes } from "./sizes.js";
import { trainNetwork } from "./tangent.js";

/** A grid of 3 x 3 features, 0.9 apart, without its upper right corner. */
export const corner: readonly [number, number] = [0.9, 0.9];
/** As far from the grid as its missing corner is, and no corner of anything. */
export const elsewhere: readonly [number, number] = [1.8, 0];
export const blendSettings = { radius: 0.3, circle: 32 };

export function gridWithoutCorner(): Float64Array {
  const rows: number[] = [];
  for (const x of [-0.9, 0, 0.9]) {
    for (const y of [-0.9, 0, 0.9]) if (!(x === corner[0] && y === corner[1])) rows.push(x, y);
  }
  return Float64Array.from(rows);
}

export interface KindRow {
  readonly model: string;
  /** On the hexagon: in a gap, and in the gap near the segment between the two nearest points. */
  readonly gap: Estimate;
  readonly between: Estimate;
  /** On the hexagon: outside the hull, farther than the radius of a gap. */
  readonly outside: Estimate;
  readonly undecided: number;
  /** Near the missing corner of the grid; as a control near a place as far from the grid; near the opposite corner, which is a training point. */
  readonly missing: Estimate;
  readonly control: Estimate;
  readonly present: Estimate;
}

export interface HalvesRow {
  readonly model: string;
  readonly paired: Estimate;
  readonly unpaired: Estimate;
  readonly ratio: Estimate;
  /** The same of the halves' samples from starts that have nothing to do with each other: 1. */
  readonly control: Estimate;
}

/** Models of one class of points, x < 0 on a hexagon, and of all: where their samples end. */
export interface ClassRow {
  readonly model: string;
  /** The share of samples nearest to a point of the other class, by the model of the class and by that of all. */
  readonly other: Estimate;
  readonly otherOfAll: Estimate;
  /** In a gap between points of the class. */
  readonly gap: Estimate;
}

export interface Kinds {
  readonly rows: readonly KindRow[];
  readonly classes: readonly ClassRow[];
  readonly halves: readonly HalvesRow[];
  readonly circle: number;
  readonly recipe: Recipe;
}

type Model = ScoreField<"f64"> | StepEstimator<"f64"> | ScoreEnsemble<"f64">;

const names = ["PF-ODE", "kde", "naive, R = 1", "linear, few samples", "network, tau = 100"] as const;

/** Interpolation, extrapolation, feature blending and agreement of halves, as numbers. */
export async function measureKinds(
  bench: Bench,
): Promise<{ result: Kinds; pictures: ReadonlyMap<string, Float64Array> }> {
  const { tMax, epsilon, radius } = learnedSettings;
  const { scanned, linear, steps } = bench.sizes;
  const { signal } = bench;
  const few = linear[linear.length - 1];
  const start = bench.seed + 700;
  const grid = logGrid(steps, tMax, epsilon);
  const hex = hexagon(bench);
  const features = mixtureOf(bench, gridWithoutCorner());
  const disposables: { dispose(): void }[] = [];
  const modelOf = async (name: (typeof names)[number], data: Mixture<"f64">): Promise<Model | undefined> => {
    if (name === "PF-ODE") return exactScore(data, edm());
    if (name === "kde") return undefined;
    if (name === "naive, R = 1") return naiveScore(data, edm(), { draws: 1 });
    if (name === "linear, few samples") return fitLinear(bench, data, few);
    const network = await trainNetwork(bench, data, 100);
    disposables.push(network);
    return network;
  };
  const rows: KindRow[] = [];
  const halves: HalvesRow[] = [];
  const pictures = new Map<string, Float64Array>();
  const classes: ClassRow[] = [];
  const parts = 3 * names.length - 2;
  try {
    for (const [k, name] of names.entries()) {
      const samplesOf = async (data: Mixture<"f64">, seed: number): Promise<Float64Array> => {
        const model = await modelOf(name, data);
        if (model === undefined) return drawsOf(bench, data, { t: epsilon, count: scanned, seed });
        const initial = await drawsOf(bench, data, { t: tMax, count: scanned, seed: seed + 50 });
        return runOf(bench, model, { grid, initial, seed });
      };
      const onHexagon = await samplesOf(hex, start + k);
      const onGrid = await samplesOf(features, start + 10 + k);
      pictures.set(name, onGrid);
      const where = await whereabouts(bench, onHexagon, hex, radius);
      const hull = await hullFraction(onHexagon, hex, { tolerance: radius, signal });
      const { mass, standardError } = massNear(onGrid, [[...corner], [...elsewhere], [-0.9, -0.9]], {
        radius: blendSettings.radius,
        dim: 2,
      });
      const near = (i: number): Estimate => ({
        value: mass[i],
        standardError: standardError[i],
      });
      rows.push({
        model: name,
        gap: where.gap,
        between: where.between,
        outside: { value: hull.fraction, standardError: hull.standardError },
        undecided: hull.undecided,
        missing: near(0),
        control: near(1),
        present: near(2),
      });
      bench.done(rows.length / parts);
    }
    const circle = mixtureOf(bench, polygon({ count: blendSettings.circle }).points);
    const [one, other] = splitHalves(circle, { seed: bench.seed });
    const [initial, unrelated] = await Promise.all(
      [30, 32].map((more) => drawsOf(bench, circle, { t: tMax, count: scanned, seed: start + more })),
    );
    for (const name of names) {
      if (name === "kde") continue;
      // A realization of a learned score for all particles, as one trained model is; another of each half.
      const fieldOf = async (data: Mixture<"f64">, seed: number) => {
        const model = (await modelOf(name, data)) as Model;
        return model.kind === "ensemble" ? model.draw(seed) : model;
      };
      const second = await fieldOf(other, start + 41);
      const from = (field: Model, initial: Float64Array, seed: number): Promise<Float64Array> =>
        runOf(bench, field, { grid, initial, seed });
      const samples = await from(await fieldOf(one, start + 40), initial, start + 31);
      const same = reproducibility(samples, await from(second, initial, start + 31), { dim: 2 });
      const none = reproducibility(samples, await from(second, unrelated, start + 33), { dim: 2 });
      const { paired, unpaired, ratio } = same;
      halves.push({ model: name, paired, unpaired, ratio, control: none.ratio });
      bench.done((rows.length + halves.length) / parts);
    }
    // Six points, turned by 15 degrees: three have x < 0, label 0.
    const turn = Math.PI / 12;
    const turned = Array.from({ length: 6 }, (_, m) => {
      const angle = turn + (m * Math.PI) / 3;
      return [Math.cos(angle), Math.sin(angle)];
    });
    const labels = turned.map(([x]) => (x < 0 ? 0 : 1));
    const labelled = bench.engine.mixture(turned, { precision: "f64", labels });
    const half = classMixture(labelled, [0]);
    for (const name of names) {
      if (name === "kde") continue;
      const samplesOf = async (data: Mixture<"f64">, seed: number): Promise<Float64Array> => {
        const from = await drawsOf(bench, data, { t: tMax, count: scanned, seed });
        return runOf(bench, (await modelOf(name, data)) as Model, { grid, initial: from, seed: seed + 1 });
      };
      const ofClass = await samplesOf(half, start + 60);
      const ofAll = await samplesOf(labelled, start + 62);
      const otherShare = async (samples: Float64Array): Promise<Estimate> => {
        const { index } = await nearestPoints(samples, labelled, { signal });
        return shareIf(index.length, (i) => labels[index[i]] === 1);
      };
      classes.push({
        model: name,
        other: await otherShare(ofClass),
        otherOfAll: await otherShare(ofAll),
        gap: (await whereabouts(bench, ofClass, half, radius)).gap,
      });
      bench.done((rows.length + halves.length + classes.length) / parts);
    }
  } finally {
    for (const one of disposables) one.dispose();
  }
  return {
    pictures,
    result: {
      rows,
      classes,
      halves,
      circle: blendSettings.circle,
      recipe: {
        gives: "kinds.halves.0.ratio.value",
        code: `import {
  createEngine, edm, euler, exactScore, logarithmic, polygon, reproducibility, sample, splitHalves, times,
} from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon({ count: ${blendSettings.circle} }).points, { dim: 2, precision: "f64" });
const start = await sample(exactScore(data, edm()), {
  sampler: euler(), grid: times([${tMax}, ${tMax / 2}]), initial: "marginal", record: [0], count: ${scanned}, seed: ${start + 30},
});
const runs = [];
for (const half of splitHalves(data, { seed: ${bench.seed} })) {
  runs.push(await sample(exactScore(half, edm()), {
    sampler: euler(),
    grid: logarithmic({ steps: ${steps}, tMax: ${tMax}, tMin: ${epsilon}, last: "sigmaMin" }),
    initial: start.trajectories, seed: ${start + 31},
  }));
}
const { ratio } = reproducibility(runs[0].samples, runs[1].samples, { dim: 2 });
console.log(JSON.stringify(ratio.value));
engine.close();`,
      },
    },
  };
}

interface Numbers {
  readonly kinds: Kinds;
  readonly sizes: Sizes;
}

export const blending: Claim<Numbers> = {
  id: "blending",
  source: { paper: "Vastola 2025", where: "Sec. 6" },
  sentence:
    "Boundary smearing generalizes point clouds by interpolation, extrapolation and feature blending.",
  expected:
    "Some model has clearly more mass at the missing corner of a grid than at a place elsewhere that is as far from the grid.",
  reads: ["kinds"],
  judge({ kinds: { rows }, sizes }) {
    const seen = rows.filter(
      ({ missing, control }) => signOf(differenceOf(missing, control), rows.length) > 0,
    );
    const least = limitOf(rows.length) ** 2 / sizes.scanned;
    return {
      measured: told`Mass at the missing corner of a 3 x 3 grid, and as far from it to one side: ${listed(rows.map((row) => told`${share(row.missing, sizes.scanned)} and ${share(row.control, sizes.scanned)} (${row.model})`))}.`,
      verdict: seen.length > 0 ? "holds" : "not seen",
      why: `Of each model, a difference of ${(100 * least).toPrecision(1)}% of the samples would be seen. The exact score and a kernel density estimate of this width reach neither place.`,
    };
  },
};

/** Halves whose samples are clearly no nearer than this are not alike. */
const UNLIKE = 0.9;

export const halves: Claim<Numbers> = {
  id: "halves",
  source: { paper: "Vastola 2025", where: "Sec. 6" },
  sentence:
    "Models trained on non-overlapping halves of the data give highly similar samples from the same noise.",
  expected:
    "For every model the two halves' samples from one start are clearly nearer than those from different starts; from unrelated starts they are not.",
  reads: ["kinds"],
  judge({ kinds: { halves: rows } }) {
    const signs = (from: number): number[] =>
      rows.map(({ ratio }) => signOf(deviationOf(ratio, from), rows.length));
    const controls = decide(rows.map(({ control }) => deviationOf(control, 1)));
    const alike = signs(1).every((sign) => sign < 0);
    return {
      measured: told`Distance of the two halves' samples from one start, over that from different starts: ${listed(rows.map((row) => told`${pm(row.ratio)} (${row.model})`))}. From unrelated starts the ratio is 1 but for ${apart(controls)}.`,
      verdict:
        controls.differs || (!alike && signs(UNLIKE).every((sign) => sign <= 0))
          ? "not seen"
          : alike
            ? "holds"
            : "does not hold",
      why: `It does not hold where a model's ratio is clearly above ${UNLIKE}. Of the exact score it holds too: where the points of both halves line one circle, the flow takes a start to the same place of it.`,
    };
  },
};
