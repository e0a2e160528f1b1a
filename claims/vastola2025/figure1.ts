import { customProcess, exactScore, type Process, varianceFraction } from "vkernel";
import type { Claim } from "../claim.js";
import { rounded } from "../estimate.js";
import type { Recipe } from "../recipe.js";
import { short, told } from "../told.js";
import { type Bench, hexagon, mixtureOf, sets, squareGrid } from "./bench.js";
import { atPoint } from "./boundaryMap.js";
import { proxyVarianceOf, varianceAtPlaces } from "./proxyVariance.js";

/** The process of Figure 1: alpha^2 = 1 - t, sigma^2 = t. */
export const figureProcess = (): Process =>
  customProcess({
    name: "alpha^2 = 1 - t",
    beta: (t) => 1 / (2 * (1 - t)),
    diffusion: (t) => 1 / (2 * (1 - t)),
    alpha: (t) => Math.sqrt(1 - t),
    variance: (t) => t,
    end: 0.99,
  });

export const figureTimes = [0.05, 0.1, 0.2, 0.5, 0.75];
export const HALF = 2;

/** Maps of one set at one time, `[side, side]`, y from the top. */
export interface Maps {
  readonly set: string;
  readonly t: number;
  readonly side: number;
  readonly fraction: readonly number[];
  readonly proxyVariance: readonly number[];
  /** The largest of the map, and the largest at any training point as it is at time t, alpha mu. */
  readonly largest: number;
  readonly atPoints: number;
  readonly fractionAtPoints: readonly [number, number];
}

export interface Figure1 {
  readonly maps: readonly Maps[];
  /** The hexagon under edm at t = 0.2: at a point, halfway between two neighbours, and at the centre. */
  readonly places: readonly {
    readonly place: string;
    readonly x: readonly [number, number];
    readonly proxyVariance: number;
    readonly fraction: number;
  }[];
  readonly recipe: Recipe;
}

/** Figure 1 of Vastola 2025: how much of the proxy score is noise, and where. */
export async function measureFigure1(bench: Bench): Promise<Figure1> {
  const process = figureProcess();
  const side = bench.sizes.map;
  const grid = squareGrid(side, HALF);
  const maps: Maps[] = [];
  for (const set of sets) {
    const data = mixtureOf(bench, set.points);
    const field = exactScore(data, process);
    for (const t of figureTimes) {
      bench.signal.throwIfAborted();
      const { fraction, proxyVariance } = await varianceFraction(field, grid, t);
      const alpha = process.alpha(t);
      const at = await varianceFraction(
        field,
        set.points.map((x) => alpha * x),
        t,
      );
      maps.push({
        set: set.name,
        t,
        side,
        fraction: rounded(fraction),
        proxyVariance: rounded(proxyVariance),
        largest: proxyVariance.reduce((most, value) => Math.max(most, value), 0),
        atPoints: at.proxyVariance.reduce((most, value) => Math.max(most, value), 0),
        fractionAtPoints: [Math.min(...at.fraction), Math.max(...at.fraction)],
      });
      bench.done(maps.length / (sets.length * figureTimes.length));
    }
  }
  const data = hexagon(bench);
  const values = await proxyVarianceOf(data);
  return {
    maps,
    places: varianceAtPlaces.map(({ place, x }, i) => ({
      place,
      x,
      proxyVariance: values.proxyVariance[i],
      fraction: values.fraction[i],
    })),
    recipe: {
      gives: "figure1.places.1.proxyVariance",
      code: `import { createEngine, edm, exactScore, polygon, varianceFraction } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const x = [[1, 0], [0.75, Math.sqrt(3) / 4], [0, 0]];
const { proxyVariance } = await varianceFraction(exactScore(data, edm()), x, 0.2);
console.log(JSON.stringify(proxyVariance[1]));
engine.close();`,
    },
  };
}

export const boundaries: Claim<{ figure1: Figure1 }> = {
  id: "boundaries",
  source: { paper: "Vastola 2025", where: "Sec. 1, Fig. 1" },
  sentence: "The proxy score's variance is high in boundary regions, close to several training examples.",
  expected: "tr C halfway between two points is over 100 times what it is at a point.",
  reads: ["figure1"],
  card: atPoint,
  judge({ figure1 }) {
    const [at, between] = figure1.places.map((place) => place.proxyVariance);
    return {
      measured: told`tr C on the hexagon at t = 0.2 (edm): ${short(at)} at a training point, ${short(between)} halfway between two.`,
      verdict: between > 100 * at ? "exact" : "does not hold",
      why: "Boundaries only: at a training point itself one point explains x, and nothing varies. The fraction f is near 1 there all the same, since the score vanishes too.",
    };
  },
};
