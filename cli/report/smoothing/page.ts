import type { EngineInfo } from "vkernel";
import { grouped, short } from "../../text.js";
import { type Html, html } from "../html.js";
import { renderPage } from "../page.js";
import { table } from "../parts.js";
import { cloud, curves, pictureGrid, type Series } from "../study/charts.js";
import { exactly } from "../../../claims/estimate.js";
import { claimSection, note, section, text, wide } from "../study/layout.js";
import { pm, share } from "../study/words.js";
import { claimsOf } from "../../../claims/chen2025/claims.js";
import type { Curve } from "../../../claims/chen2025/figure1.js";
import { settings } from "../../../claims/chen2025/settings.js";
import type { Pictures, Study } from "../../../claims/chen2025/study.js";

const seriesOf = (x: readonly number[], list: readonly Curve[], half: number): Series[] =>
  list.map(({ name, values }) => ({
    name,
    points: x.flatMap((place, i) => (Math.abs(place) <= half ? [{ x: place, y: exactly(values[i]) }] : [])),
  }));

function figure1(study: Study): Html {
  const { figure1: part } = study;
  const shape = { x: { label: "x" }, y: { label: "score" }, bars: false, width: 400, height: 280 };
  return section("figure-1", "Figure 1: two points", [
    text(
      `The score of -1 and 1 at t = ${settings.time}. Left: the exact score, the score of the nearest point, that one averaged over ${settings.width} on both sides, and the exact one averaged. The piecewise score has slope ${short(part.slope, 5)} at 0 and reaches ${short(part.largest, 4)}.`,
    ),
    curves(seriesOf(part.x, part.left, 2), {
      ...shape,
      label: "The exact score and its substitutes",
      width: 860,
      height: 340,
    }),
    text(
      "Networks of two hidden layers of 64 ReLU units, fitted to the exact score by Adam with three weight decays; and the piecewise score with the widths that the paper picked to match its networks.",
    ),
    html`<div class="two">${curves(seriesOf(part.x, part.center, 1.5), { ...shape, label: "Scores that networks learned" })}${curves(
      seriesOf(part.x, part.right, 1.5),
      { ...shape, label: "Piecewise scores of three widths" },
    )}</div>`,
    wide(
      table(
        ["weight decay", "activation", "best tau", "distance from it", "loss", "the paper's tau"],
        part.networks.map((row) => [
          String(row.weightDecay),
          row.activation,
          pm(row.width),
          pm({ value: 100 * row.distance.value, standardError: 100 * row.distance.standardError }),
          pm(row.loss),
          String(settings.printedWidths[settings.weightDecays.indexOf(row.weightDecay as never)] ?? ""),
        ]),
      ),
    ),
    note(
      `${study.sizes.networks} networks of different seeds each. Best tau: least squares on [-1, 1] against Eq. 9; the distance is what is left, in percent of the network's score (root mean square).`,
    ),
  ]);
}

function losses(study: Study): Html {
  const { rows, limits } = study.losses;
  const series: Series[] = limits.map(({ kappa, corrected }) => ({
    name: `kappa = ${kappa}`,
    points: rows
      .filter((row) => row.kappa === kappa)
      .map((row) => ({ x: row.t, y: exactly(row.value / corrected) })),
  }));
  return section("loss", "What smoothing costs", [
    text(
      "The loss of the piecewise score with tau = 1 - sqrt(kappa t) against the exact one, over its limit F(kappa) / 2 (Prop. 2, with sqrt(kappa) in F). No sampling: composite Gauss-Legendre quadrature.",
    ),
    html`<div class="two">${curves(series, {
      label: "Loss over its limit by t",
      x: { label: "t", log: true, reverse: true, ticks: [...settings.lossTimes] },
      y: { label: "loss / (F / 2)" },
    })}</div>`,
    wide(
      table(
        ["kappa", ...settings.lossTimes.map((t) => `t = ${t}`), "F / 2", "F / 2 as printed"],
        limits.map(({ kappa, corrected, printed }) => [
          String(kappa),
          ...rows.filter((row) => row.kappa === kappa).map((row) => short(row.value, 5)),
          short(corrected, 5),
          short(printed, 5),
        ]),
      ),
    ),
  ]);
}

function figure2(study: Study): Html {
  const { roots, paths, edge } = study.paths;
  const lines: Series[] = [
    ...[edge, edge.map((value) => -value)].map((values) => ({
      name: "edges of the middle region, tau and -tau",
      look: 1,
      points: roots.map((root, i) => ({ x: root, y: exactly(values[i]) })),
    })),
    ...paths.map((values) => ({
      name: "paths",
      look: 0,
      points: roots.map((root, i) => ({ x: root, y: exactly(values[i]) })),
    })),
  ];
  return section("figure-2", "Figure 2: where the flow goes", [
    text(
      `Paths of the flow of the piecewise score of two points, kappa = ${settings.kappa}, from t = 1 to 0, against sqrt(t): straight lines. What is between the edges, tau and -tau, ends between the points; the rest ends on them.`,
    ),
    html`<div class="two">${curves(lines, {
      label: "Paths of the flow and the edges of its regions",
      x: { label: "sqrt(t)", reverse: true },
      y: { label: "x" },
      bars: false,
      height: 340,
    })}</div>`,
    wide(
      table(
        ["points", "kappa", "t0", "continuous mass", "KL", "bound, printed", "bound, corrected"],
        study.divergences.rows.map((row) => [
          String(row.points),
          String(row.kappa),
          String(row.t0),
          short(row.continuousMass, 5),
          short(row.kl, 7),
          row.printed === null ? "" : short(row.printed, 7),
          row.corrected === null ? "" : short(row.corrected, 7),
        ]),
      ),
    ),
    note(
      "KL of the uniform law between the outer points from the continuous part of the end law (Lemma 4, Corollary 5).",
    ),
  ]);
}

function figure3(study: Study, pictures: Pictures): Html {
  const { columns, cells, law, continuousMass, kappas, networks } = study.figure3;
  const points = settings.line.flatMap((y) => [y, 0]);
  const names = columns.map(({ name }) => name);
  const series = (name: string): Series[] => {
    const column = columns.find((one) => one.name === name) as (typeof columns)[number];
    return [
      { name: "density of Eq. 13", points: cells.map((x, i) => ({ x, y: exactly(law[i]) })) },
      { name, points: cells.map((x, i) => ({ x, y: column.histogram[i] })) },
    ];
  };
  const highest = (name: string): number =>
    Math.max(
      ...series(name).flatMap(({ points: some }) => some.map(({ y }) => y.value + 2 * y.standardError)),
    );
  const kappaSeries: Series[] = [
    { name: "theory", points: kappas.map(({ kappa, theory }) => ({ x: kappa, y: exactly(theory) })) },
    { name: "samples", points: kappas.map(({ kappa, measured }) => ({ x: kappa, y: measured })) },
  ];
  return section("figure-3", "Figure 3: four points on a line in the plane", [
    text(
      `From one law at t0 = ${settings.t0}, ${grouped(Math.min(settings.particles, study.sizes.particles))} particles, Euler's method in sqrt(t) with steps of ${settings.du}, kappa = ${settings.kappa}: the exact score, the smoothed one, the piecewise one, a network trained as in A.7, and the exact one stopped at t = ${settings.earlyStop}.`,
    ),
    pictureGrid(
      names,
      ["t0", "t0 / 2", "end"].map((name, slot) => ({
        name,
        pictures: names.map((column, k) =>
          cloud(points, pictures.figure3.get(column)?.[slot] ?? [], {
            half: 1.4,
            label: `${column}, ${name}`,
            color: k,
          }),
        ),
      })),
    ),
    text(
      `Along the line at the end, with the density between the points that Eq. 13 gives, cell by cell (mass ${short(continuousMass, 5)}; what has reached a point is left out).`,
    ),
    html`<div class="two">${["smoothed", "piecewise", "network", "early stopping"].map((name) =>
      curves(series(name), {
        label: `Density along the line, ${name}`,
        x: { label: "place along the line" },
        y: { label: "density", domain: [0, highest(name)] },
        width: 440,
        height: 230,
      }),
    )}</div>`,
    wide(
      table(
        [
          "score",
          "within 0.01 of a point",
          "across the line, root mean square",
          "KS from the law",
          "KS / chance",
          "chi-square p",
        ],
        columns.map((column) => [
          column.name,
          share(column.near, study.sizes.particles),
          short(column.across, 3),
          short(column.ks, 3),
          short(column.ks / column.ksChance, 3),
          short(column.p, 2),
        ]),
      ),
    ),
    text(
      "Networks of ",
      String(networks.count),
      " seeds: within 0.01 of a point ",
      pm({ value: 100 * networks.near.value, standardError: 100 * networks.near.standardError }),
      "%, across the line ",
      pm(networks.across),
      ". The table and the pictures are of the first.",
    ),
    note(
      `${grouped(study.sizes.particles)} particles each. KS: the largest distance from the law's distribution function at samples between the points; chance: what a sample of the law exceeds once in 2,000. Chi-square: 25 cells whose edges are between the points.`,
    ),
    text(
      "The mass that ends between the points, by kappa: the closed form and samples of the piecewise score.",
    ),
    html`<div class="two">${curves(kappaSeries, {
      label: "Mass between the points by kappa",
      x: { label: "kappa", log: true, ticks: [...settings.kappas] },
      y: { label: "mass between the points" },
    })}</div>`,
  ]);
}

function onCurves(study: Study, pictures: Pictures): Html {
  const sets = [...new Set(study.curves.map(({ set }) => set))];
  const models = [...new Set(study.curves.map(({ model }) => model))];
  return section("curves", "Beyond the paper: points on a curve", [
    text(
      "Twelve points on a circle, sixteen on a spiral; the exact score, its mean over a square of 0.7 of half the distance of neighbours (256 quasi-random places), and over a Gaussian of the same variance (64 draws).",
    ),
    pictureGrid(
      models,
      sets.map((set) => ({
        name: set,
        pictures: models.map((model, k) =>
          cloud([], pictures.curves.get(`${set} ${model}`) ?? [], {
            half: 1.7,
            label: `${set}, ${model}`,
            color: k,
          }),
        ),
      })),
    ),
    wide(
      table(
        ["set", "score", "at a point", "nearer to the curve", "nearer to the chords", "off both"],
        study.curves.map((row) => [
          row.set,
          row.model,
          ...[row.atPoint, row.onCurve, row.onChord, row.offCurve].map((value) =>
            share(value, study.sizes.curve),
          ),
        ]),
      ),
    ),
    note(
      "At a point: within 0.02 of one. The others by the nearer of curve and chords between neighbours, within 0.02.",
    ),
  ]);
}

/** The report as one HTML page. */
export function renderSmoothing(
  study: Study,
  pictures: Pictures,
  about: { command: string; engine: EngineInfo; milliseconds: number },
): string {
  const quick = study.quick
    ? " This is the quick run: small numbers of everything, for a look, without verdicts."
    : "";
  return renderPage({
    title: "Interpolation effect of score smoothing",
    lead: `Everything that the paper of this name (Chen 2025) draws and claims, computed: smoothed, piecewise and trained scores of points on a line. Numbers that are sampled come with their standard error.${quick}`,
    command: about.command,
    engine: about.engine,
    source: "built into vkernel",
    sections: [
      claimSection("chen", study, claimsOf(study)),
      figure1(study),
      losses(study),
      figure2(study),
      figure3(study, pictures),
      onCurves(study, pictures),
      section("data", "All numbers", [
        text(
          `The command above writes them as JSON beside this page; it took ${(about.milliseconds / 1000).toFixed(0)} s. The same seed gives the same numbers on any number of threads.`,
        ),
      ]),
    ],
  });
}
