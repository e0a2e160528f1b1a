/** Densities and particles at one time, and the particles minus the equation. */
import type { ChartData, Layer } from "../../charts/data.js";
import { count, number } from "../../charts/format.js";
import type { Densities, ParticleBins } from "../../worker/panels.js";
import { niceAbove } from "../panel.js";
import { errorBand, marksOf, rangeOf, sameValues } from "../parts.js";

/** What is known at the kept time nearest to the one that is shown. */
export interface Slice {
  readonly t: number;
  readonly densities: Densities;
  /** Rows of the densities, by cells. */
  readonly forward: Float64Array;
  readonly backward: Float64Array;
  readonly exact: Float64Array;
  readonly masses: readonly [number, number];
  /** Counts in bins, and the density that they are; undefined while there are none of these times. */
  readonly particles:
    | { readonly bins: ParticleBins; readonly counts: Float64Array; readonly density: Float64Array }
    | undefined;
}

/** The row whose time is nearest to t in its logarithm. */
function nearestRow(times: Float64Array, t: number): number {
  let best = 0;
  for (let k = 1; k < times.length; k++) {
    const away = (i: number): number => Math.abs(Math.log(times[i] / t));
    if (away(k) < away(best)) best = k;
  }
  return best;
}

const widthOf = ({ edges }: ParticleBins): number => edges[1] - edges[0];

export function sliceAt(densities: Densities, bins: ParticleBins | undefined, t: number): Slice {
  const { x, times } = densities;
  const k = nearestRow(times, t);
  const row = (of: Float64Array): Float64Array => of.subarray(k * x.length, (k + 1) * x.length);
  let particles: Slice["particles"];
  if (bins && sameValues(bins.times, times)) {
    const each = bins.edges.length - 1;
    const counts = bins.counts.subarray(k * each, (k + 1) * each);
    particles = { bins, counts, density: counts.map((hits) => hits / bins.particles / widthOf(bins)) };
  }
  return {
    t: times[k],
    densities,
    forward: row(densities.forward),
    backward: row(densities.backward),
    exact: row(densities.exact),
    masses: [densities.forwardMass[k], densities.backwardMass[k]],
    particles,
  };
}

export function densityAt({ t, densities, forward, backward, exact, masses, particles }: Slice): ChartData {
  const { x, points, equation } = densities;
  const bars: readonly Layer[] = particles
    ? [
        {
          kind: "bars",
          name: "particles",
          edges: particles.bins.edges,
          y: particles.density,
          colour: "particles",
        },
      ]
    : [];
  const most = Math.max(...[forward, backward].map((row) => row.reduce((a, b) => Math.max(a, b), 0)));
  const many = particles ? `${count(particles.bins.particles)} particles` : "no particles yet";
  return {
    x,
    xRange: rangeOf(x),
    yRange: [0, niceAbove(1.05 * most)],
    layers: [
      ...bars,
      { kind: "curve", name: "forward", y: forward, colour: "exact" },
      { kind: "curve", name: "reverse", y: backward, colour: "smoothed", marker: "ring" },
      { kind: "curve", name: "exact p(x | t)", y: exact, colour: "theory", dash: true },
      marksOf(points, true),
    ],
    description: `Densities at t = ${number(t, 3)}: forward, of ${equation} equation, exact, and ${many}. Their masses are ${number(masses[0], 12)} and ${number(masses[1], 12)}.`,
    table: {
      head: ["x", "forward", "reverse", "exact"],
      rows: Array.from(x, (place, i) => [place, forward[i], backward[i], exact[i]]),
    },
  };
}

/** The density of the particles minus that of the reverse equation, bin by bin. */
export function residualAt({ densities, backward, particles }: Slice): ChartData | undefined {
  if (particles === undefined) return undefined;
  const { bins, counts, density } = particles;
  // Cells fill bins evenly: both are of the same line.
  const each = backward.length / density.length;
  const law = density.map((_, b) => {
    let sum = 0;
    for (let i = b * each; i < (b + 1) * each; i++) sum += backward[i];
    return sum / each;
  });
  const width = widthOf(bins);
  const middles = Float64Array.from(density, (_, b) => bins.edges[b] + width / 2);
  const difference = density.map((value, b) => value - law[b]);
  const bound = law.map((value) => {
    const share = Math.min(1, value * width);
    return (2 * Math.sqrt((share * (1 - share)) / bins.particles)) / width;
  });
  const top = niceAbove([...difference, ...bound].reduce((a, b) => Math.max(a, Math.abs(b)), 0));
  return {
    x: middles,
    xRange: rangeOf(densities.x),
    yRange: [-top, top],
    layers: [
      { kind: "bars", name: "difference", edges: bins.edges, y: difference, colour: "signed" },
      ...errorBand(bound),
    ],
    description: "Density of the particles minus that of the reverse equation, bin by bin.",
    table: {
      head: ["x", "particles", "density", "reverse equation", "difference", "two standard errors"],
      rows: Array.from(middles, (x, b) => [x, counts[b], density[b], law[b], difference[b], bound[b]]),
    },
  };
}
