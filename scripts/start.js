// `npm start`: writes reports/polygon.html and reports/digits.html and tells where they are.
// Every panel is made by the code behind `vkernel sample`; the command on the page makes the same samples again.
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { planSample, sampleWords } from "../build/ts/cli/plan.js";
import { html } from "../build/ts/cli/report/html.js";
import { gapLimit } from "../build/ts/claims/decide.js";
import { kernelDensityGap } from "../build/ts/claims/vastola2025/kernelDensity.js";
import { measure, quantile, shareWithin } from "../build/ts/cli/report/measure.js";
import { renderPage } from "../build/ts/cli/report/page.js";
import {
  cards,
  distanceTable,
  histogramCards,
  imageSheet,
  nameOf,
  percent,
  table,
} from "../build/ts/cli/report/parts.js";
import { masses, pointsOf } from "../build/ts/cli/report/sampleReport.js";
import { commandLine, duration, grouped, short } from "../build/ts/cli/text.js";
import { createEngine, edm, exactScore, loadDataSet, sample, times } from "../build/ts/src/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs what `vkernel sample` would, and measures where the samples lie. */
async function runPanel(data, set, choices) {
  const plan = await planSample(data, choices);
  const run = await sample(plan.field, plan.options);
  return {
    samples: run.samples,
    measures: await measure(run.samples, data),
    command: commandLine(sampleWords(set, choices)),
    milliseconds: run.stats.milliseconds,
  };
}

/** The width at which the naive estimator stops, and that of the kernel density beside it. */
export const WIDTH = 0.15;

/** The four panels of the hexagon, and what is measured beside them. */
export async function polygonPanels(engine) {
  const set = await loadDataSet("polygon");
  const data = engine.mixture(set.points, { dim: 2 });
  const count = 4000;
  const seed = 1;
  const toWidth = { grid: "logarithmic", steps: 40, tMax: 10, tMin: WIDTH, count, seed, initial: "marginal" };
  const exact = await runPanel(data, "polygon", { sampler: "heun", steps: 40, count, seed });
  const few = {
    sampler: "euler",
    grid: "linear",
    steps: 5,
    tMax: 2,
    tMin: 0,
    count,
    seed,
    initial: "marginal",
  };
  const coarse = await runPanel(data, "polygon", few);
  const naive = await runPanel(data, "polygon", { estimator: "naive", draws: 1, ...toWidth });
  const stopped = await runPanel(data, "polygon", { sampler: "heun", ...toWidth });
  const close = await runPanel(data, "polygon", { estimator: "naive", draws: 1, ...toWidth, tMin: 0.01 });
  // p_t of the data at t = WIDTH, drawn directly: a training point plus Gaussian noise. No step is made of it.
  const density = await sample(exactScore(data, edm()), {
    grid: times([WIDTH, WIDTH / 2]),
    initial: "marginal",
    record: [0],
    count,
    seed,
  });
  const kernel = { samples: density.trajectories, measures: await measure(density.trajectories, data) };
  const within = percent(shareWithin(exact.measures.distance, 0.01));
  const panels = [
    {
      key: "A",
      title: "Exact, Heun, 40 steps",
      about: `The score of the noised data, integrated down to t = 0. Every sample ends on a training point: ${within} are within 0.01 of one.`,
      ...exact,
    },
    {
      key: "B",
      title: "Exact, Euler, 5 steps",
      about:
        "The same score in five coarse steps from t = 2. The last one, from t = 0.4, replaces each particle by its posterior mean, " +
        "an average of training points. What lies between the points is the work of the steps, not of the score.",
      ...coarse,
    },
    {
      key: "C",
      title: "Naive estimator, R = 1",
      about:
        "At every step one training point drawn afresh from the posterior stands for the score, as if training and sampling " +
        `were interleaved. From the noised data at t = 10 in 40 Euler steps, stopped at t = ${WIDTH}.`,
      ...naive,
    },
    {
      key: "D",
      title: "Kernel density estimate",
      about: `A training point drawn at random plus Gaussian noise of width ${WIDTH}. No score and no steps; the law of C is the same.`,
      ...kernel,
    },
  ];
  return { set, data, panels, stopped, close, count };
}

async function polygonReport(engine) {
  const { set, data, panels, stopped, close, count } = await polygonPanels(engine);
  const points = await pointsOf(data);
  const axes = [
    [1, 0],
    [0, 1],
  ];
  const gaps = (samples) => axes.map((axis) => kernelDensityGap(samples, data, WIDTH, axis).toFixed(4));
  const rows = [
    ...panels.map((panel) => [nameOf(panel, panels.length), ...gaps(panel.samples)]),
    [html`Exact score, Heun, stopped at t = ${WIDTH}`, ...gaps(stopped.samples)],
  ];
  const nearShare = percent(shareWithin(close.measures.distance, 0.05));
  const sections = [
    html`<h2>Samples and training points</h2>
${cards(panels, points)}`,
    html`<h2>C and D have one law</h2>
<p>With one draw on edm, an Euler step carries the noised data at one level exactly to the noised data at the next, whatever its size.
So C is a Gaussian kernel density estimate of width ${WIDTH}, by theory for any number of steps. Measured: the largest gap between the distribution
function of the samples and that of the kernel density, coordinate by coordinate. By chance at most one run in 2,000 with
${grouped(count)} samples exceeds ${gapLimit(count).toFixed(4)}.</p>
${table(["samples", "gap in x", "gap in y"], rows)}
<p>Stopped at the same level, the exact score has this law too: the last row. The noise of this estimator does not fill the gaps
between the points by itself. Stopped at t = 0.01, ${nearShare} of its samples are within 0.05 of a training point.</p>
`,
    html`<h2>Distances</h2>
${distanceTable(panels, points)}`,
    masses(panels, points, undefined),
    commandSection([
      ...panels,
      { title: `Exact score, Heun, stopped at t = ${WIDTH}`, command: stopped.command },
      { title: "Naive estimator, stopped at t = 0.01", command: close.command },
    ]),
  ];
  return renderPage({
    title: "Six points, four ways to sample",
    lead: `The training points are the corners of a hexagon. Each panel shows ${grouped(count)} samples, all from seed 1; the process is edm, where the time t is the noise level itself.`,
    command: "npm start",
    sections,
    engine: engine.info,
    source: set.source,
  });
}

function commandSection(panels) {
  const list = panels.filter(({ command }) => command !== undefined);
  return html`<h2>Make them again</h2>
<p>Each command prints the same samples, bit for bit, on any machine and with any number of threads; <code>--out samples.npy</code> writes them to a file.</p>
<div class="commands">
${list.map(
  ({
    key,
    title,
    command,
  }) => html`<h3>${key === undefined ? undefined : html`<span class="badge">${key}</span>`}${title}</h3>
<pre>${command}</pre>
`,
)}</div>
`;
}

/** The digits by the exact score, in enough steps and in few. */
export async function digitPanels(engine) {
  const set = await loadDataSet("digits");
  const data = engine.mixture(set.points, { dim: set.dim, labels: set.labels });
  const count = 1000;
  const seed = 1;
  const exact = await runPanel(data, "digits", { sampler: "heun", steps: 18, count, seed });
  const few = {
    sampler: "euler",
    grid: "linear",
    steps: 4,
    tMax: 2,
    tMin: 0,
    count,
    seed,
    initial: "marginal",
  };
  const coarse = await runPanel(data, "digits", few);
  const panels = [
    { key: "A", title: "Exact score, Heun, 18 steps", ...exact },
    { key: "B", title: "Exact score, Euler, 4 steps", ...coarse },
  ];
  return { set, data, panels, count };
}

async function digitsReport(engine) {
  const { set, data, panels, count } = await digitPanels(engine);
  const [exact, coarse] = panels;
  const points = await pointsOf(data);
  const part = 0.01 * points.spacing;
  const shown = 32;
  const said = (panel) => {
    const { distance } = panel.measures;
    const reached = new Set(panel.measures.nearest).size;
    return `Of ${grouped(count)} samples ${percent(shareWithin(distance, part))} are within ${short(part, 2)} of a training digit; the median distance is ${short(quantile(distance, 0.5))}. They are nearest to ${grouped(reached)} different digits.`;
  };
  const legend = html`Left, under green: a sample. Right, under vermillion: the training digit nearest to it. Below: their Euclidean distance. The first ${shown} of ${grouped(count)}.`;
  const sections = [
    html`<h2>A. Exact score, Heun, 18 steps: the training digits come back</h2>
<p>The exact score integrated from noise down to t = 0 returns the digits it was made from. ${said(exact)}</p>
<p class="quiet">${legend}</p>
${imageSheet(exact, points, set.image, shown)}`,
    html`<h2>B. Exact score, Euler, 4 steps: averages of training digits</h2>
<p>The same score in four coarse steps from t = 2. The last one, from t = 0.5, replaces each particle by its posterior mean, a weighted
average of training digits. What is new here comes from the coarse steps, not from a score that generalizes. ${said(coarse)}</p>
<p class="quiet">${legend}</p>
${imageSheet(coarse, points, set.image, shown)}`,
    html`<h2>Distances</h2>
${histogramCards(panels, points)}
${distanceTable(panels, points)}`,
    masses(panels, points, set.labels),
    commandSection(panels),
  ];
  return renderPage({
    title: "Handwritten digits by the exact score",
    lead: `The training points are ${grouped(data.size)} real digits of 8 x 8 pixels, each pixel from 0 (paper) to 1 (ink). Two runs of ${grouped(count)} samples from seed 1; the process is edm, where the time t is the noise level itself.`,
    command: "npm start",
    sections,
    engine: engine.info,
    source: set.source,
  });
}

async function write(name, text) {
  const folder = join(root, "reports");
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
  return relative(process.cwd(), path);
}

async function main() {
  const engine = await createEngine();
  const { kernels, threads } = engine.info;
  try {
    for (const [name, make, what] of [
      ["polygon.html", polygonReport, "six points, four ways to sample"],
      ["digits.html", digitsReport, "real digits by the exact score"],
    ]) {
      const start = performance.now();
      const path = await write(name, await make(engine));
      console.log(`${path.padEnd(22)} ${what}, ${duration(performance.now() - start)}`);
    }
  } finally {
    engine.close();
  }
  console.log(
    `Made with ${kernels} kernels on ${threads} ${threads === 1 ? "thread" : "threads"}. Open them in a browser.`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
