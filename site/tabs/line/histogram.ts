/** Particles beside their law, and what is left between them. */
import type { ChartData, Layer } from "../../charts/data.js";
import { count, number } from "../../charts/format.js";
import type { Histogram } from "../../worker/panels.js";
import { niceAbove } from "../panel.js";
import { errorBand, marksOf, niceTop, rangeOf } from "../parts.js";

/** A histogram as densities. */
export interface Binned {
  readonly reply: Histogram;
  readonly middles: Float64Array;
  readonly found: Float64Array;
  /** Of the law, where one is known, and the standard error of `found` about it. */
  readonly law: Float64Array | undefined;
  readonly error: Float64Array | undefined;
  /** At t = 0, of each point: the share on it, and its mass in theory. */
  readonly atoms: readonly (readonly [x: number, share: number, mass: number | undefined])[];
}

export function binnedOf(reply: Histogram): Binned {
  const { edges, counts, particles: n, theory, atoms, points } = reply;
  const width = edges[1] - edges[0];
  return {
    reply,
    middles: Float64Array.from(counts, (_, i) => edges[i] + width / 2),
    found: Float64Array.from(counts, (hits) => hits / n / width),
    law: theory && Float64Array.from(theory, (mass) => mass / width),
    error: theory && Float64Array.from(theory, (mass) => Math.sqrt((mass * (1 - mass)) / n) / width),
    atoms: atoms ? Array.from(points, (x, k) => [x, atoms.share[k], atoms.theory?.[k]] as const) : [],
  };
}

export const whereOf = ({ t, step, steps }: Histogram): string =>
  `t = ${number(t, 3)}, step ${step} of ${steps}`;

/** The particles of a score that is called so. */
export function particlesOf(binned: Binned, score: string): ChartData {
  const { reply, middles, found, law, atoms } = binned;
  const { edges, outside, particles: n } = reply;
  const words = atoms
    .map(([x, share, mass]) => {
      const said = mass === undefined ? "" : ` (theory ${number(mass)})`;
      return `${number(share)} at ${number(x)}${said}`;
    })
    .join(", ");
  const sight = outside === 0 ? "all in sight" : `${count(outside)} out of sight`;
  return {
    x: middles,
    xRange: rangeOf(edges),
    yRange: [0, Math.max(niceTop(found), niceTop(law ?? found))],
    layers: particleLayers(binned),
    description: `${count(n)} particles of the ${score} at ${whereOf(reply)}, ${sight}.${
      words === "" ? "" : ` Mass on the points: ${words}.`
    }`,
    table: { head: columns, rows: particleRows(binned) },
  };
}

function particleLayers({ reply, found, law }: Binned): Layer[] {
  const { edges, points, atoms } = reply;
  const layers: Layer[] = [{ kind: "bars", name: "particles", edges, y: found, colour: "particles" }];
  if (law) layers.push({ kind: "curve", name: `theory: ${reply.law}`, y: law, colour: "theory", dash: true });
  if (atoms) {
    const stems = { kind: "stems", x: points, own: true } as const;
    const { share, theory } = atoms;
    if (theory)
      layers.push({ ...stems, name: "its theory", y: theory, colour: "theory", shape: "ring", theory: true });
    layers.push({ ...stems, name: "mass on a point", y: share, colour: "particles", shape: "dot" });
  }
  layers.push(marksOf(points, true));
  return layers;
}

const columns = ["x", "particles", "density", "theory", "difference", "standard error"];

function particleRows({ reply, middles, found, law, error, atoms }: Binned): (string | number)[][] {
  const n = reply.particles;
  return [
    ...atoms.map(([x, share, mass]) => [
      `atom at ${number(x)}`,
      Math.round(share * n),
      share,
      mass ?? "–",
      mass === undefined ? "–" : share - mass,
      mass === undefined ? "–" : Math.sqrt((mass * (1 - mass)) / n),
    ]),
    ...Array.from(middles, (x, i) => [
      x,
      reply.counts[i],
      found[i],
      law ? law[i] : "–",
      law ? found[i] - law[i] : "–",
      error ? error[i] : "–",
    ]),
  ];
}

/** What is left between the particles and their law: of masses where the law has all of its mass on the points. */
export function residualOf(binned: Binned): ChartData {
  const { atoms } = binned.reply;
  return atoms?.theory && binned.law?.every((value) => value === 0)
    ? massResidual(binned.reply, atoms.share, atoms.theory)
    : densityResidual(binned);
}

const residualColumns = ["x", "difference", "two standard errors"];

function densityResidual({ reply, middles, found, law, error }: Binned): ChartData {
  const { edges } = reply;
  const difference = law && found.map((value, i) => value - law[i]);
  const bound = error?.map((value) => 2 * value);
  let most = 0;
  for (const list of [difference, bound])
    for (const value of list ?? []) most = Math.max(most, Math.abs(value));
  const top = niceAbove(most);
  const shown = difference && bound ? { difference, bound } : undefined;
  return {
    x: middles,
    xRange: rangeOf(edges),
    yRange: [-top, top],
    layers: shown
      ? [
          { kind: "bars", name: "difference", edges, y: shown.difference, colour: "signed" },
          ...errorBand(shown.bound),
        ]
      : [],
    description: "Density of the particles minus that of the law, bin by bin, beside two standard errors.",
    table: {
      head: residualColumns,
      rows: shown ? Array.from(middles, (x, i) => [x, shown.difference[i], shown.bound[i]]) : [],
    },
    ...(shown ? {} : { empty: "No closed form is known for this run." }),
  };
}

function massResidual(
  { points, edges, particles: n }: Histogram,
  share: Float64Array,
  theory: Float64Array,
): ChartData {
  const difference = share.map((value, k) => value - theory[k]);
  const bound = theory.map((mass) => 2 * Math.sqrt((mass * (1 - mass)) / n));
  const top = niceAbove(Math.max(...difference.map(Math.abs), ...bound));
  return {
    x: points,
    xRange: rangeOf(edges),
    yRange: [-top, top],
    layers: [
      { kind: "curve", name: "", y: points.map(() => 0), colour: "muted", width: 1, quiet: true },
      {
        kind: "stems",
        name: "two standard errors",
        x: [...points, ...points],
        y: [...bound, ...bound.map((value) => -value)],
        colour: "muted",
        shape: "ring",
        theory: true,
      },
      {
        kind: "marks",
        name: "difference of the masses",
        x: points,
        y: difference,
        colour: "particles",
        shape: "dot",
      },
    ],
    description: "Share of the particles on each point minus its mass in theory, beside two standard errors.",
    table: {
      head: residualColumns,
      rows: Array.from(points, (x, k) => [`mass at ${number(x)}`, difference[k], bound[k]]),
    },
  };
}
