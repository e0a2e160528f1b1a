import type { Mixture, SampleRun } from "vkernel";
import { bitsSentence, meanOf } from "../densities.js";
import type { Input } from "../input.js";
import type { Plan } from "../plan.js";
import { duration, grouped, short } from "../text.js";
import { type Html, html } from "./html.js";
import { classMass, measure, quantile, shareWithin, spacingOf } from "./measure.js";
import { renderPage } from "./page.js";
import {
  cards,
  distanceTable,
  histogram,
  histogramCards,
  imageSheet,
  massTable,
  type Panel,
  type Points,
  percent,
  table,
  withError,
} from "./parts.js";

/** The most training points that get a row of their own. */
const MAX_ROWS = 40;
/** The most samples that are drawn as images. */
const MAX_IMAGES = 64;

export async function pointsOf(data: Mixture, signal?: AbortSignal): Promise<Points> {
  const { points, weights, size, dim } = data;
  return { points, weights, size, dim, spacing: await spacingOf(points, dim, signal) };
}

/** What the numbers say, in a sentence or two. */
export function reading(panel: Panel, data: Points): string {
  const { distance, count } = panel.measures;
  if (count === 0) return "No samples were asked for.";
  const close = shareWithin(distance, 0.01 * data.spacing);
  const median = quantile(distance, 0.5);
  return (
    `${percent(close)} of ${grouped(count)} samples are within ${short(0.01 * data.spacing, 2)} of a training point, ` +
    `a hundredth of the distance between neighbours; the median distance is ${short(median)}.`
  );
}

/** Masses by training point where these are few, by class where there are labels. */
export function masses(panels: readonly Panel[], data: Points, labels: ArrayLike<number> | undefined): Html {
  if (data.size <= MAX_ROWS) {
    return html`<h2>Share of each training point</h2>
<p>A sample counts for the training point nearest to it. Standard errors are binomial.</p>
${massTable(panels, data)}`;
  }
  if (labels !== undefined) {
    const classes = panels.map((panel) => classMass(panel.measures, labels, data.weights));
    const rows = (classes[0] ?? []).map(({ label, weight }, i) => [
      String(label),
      weight.toFixed(4),
      ...classes.map((list) => withError(list[i]?.mass ?? 0, list[i]?.standardError ?? 0)),
    ]);
    return html`<h2>Share of each class</h2>
<p>A sample counts for the class of the training point nearest to it. Standard errors are binomial.</p>
${table(["class", "weight", ...panels.map((panel) => (panels.length > 1 ? html`<b>${panel.key}</b>` : "share"))], rows)}`;
  }
  const reached = panels.map(({ key, measures }) => {
    const points = new Set(measures.nearest).size;
    return `${panels.length > 1 ? `${key}: ` : ""}${grouped(points)} of ${grouped(data.size)}`;
  });
  return html`<h2>Training points that were reached</h2>
<p>A sample counts for the training point nearest to it. Training points with one sample or more: ${reached.join("; ")}.</p>
`;
}

/** How often the score is evaluated, or the mean of it where samples choose their own steps. */
const evaluationsOf = (evaluations: number): string =>
  Number.isInteger(evaluations)
    ? `${grouped(evaluations)} ${evaluations === 1 ? "evaluation" : "evaluations"} of the score per sample`
    : `${evaluations.toFixed(1)} evaluations of the score per sample on average`;

/** The report of `vkernel sample`. */
export async function sampleReport(from: {
  input: Input;
  data: Mixture;
  plan: Plan;
  run: SampleRun;
  command: string;
  signal?: AbortSignal;
}): Promise<string> {
  const { input, data, plan, run, command, signal } = from;
  const points = await pointsOf(data, signal);
  const panel: Panel = {
    key: "A",
    title: "Samples",
    about: "",
    samples: run.samples,
    measures: await measure(run.samples, data),
  };
  const shown = { ...panel, about: reading(panel, points) };
  const sections: Html[] = [];
  if (run.count === 0) {
    sections.push(html`<h2>No samples</h2><p>The run was asked for none.</p>`);
  } else if (input.image !== undefined) {
    const drawn = Math.min(MAX_IMAGES, run.count);
    sections.push(
      html`<h2>Samples beside their nearest training images</h2>
<p>Left (green): a sample. Right (vermillion): the training image nearest to it. Below: their Euclidean distance${drawn < run.count ? `. The first ${drawn} of ${grouped(run.count)}` : ""}.</p>
${imageSheet(shown, points, input.image, MAX_IMAGES)}`,
      html`<h2>Distances</h2>
<p>${shown.about}</p>
${histogramCards([{ ...shown, title: "Distance to the nearest training image" }], points)}
${distanceTable([shown], points)}`,
    );
  } else {
    sections.push(
      html`<h2>Samples and training points</h2>
${cards([shown], points)}`,
      html`<h2>Distances</h2>
${distanceTable([shown], points)}`,
    );
  }
  if (run.count > 0) sections.push(masses([shown], points, input.labels));
  if (run.likelihood !== undefined && run.count > 0) {
    const { bitsPerDim, logDensity } = run.likelihood;
    const nats = meanOf(logDensity);
    sections.push(html`<h2>Log densities</h2>
<p>The density that the flow gives to each sample at t = ${short(run.times.at(-1) as number)}: ${bitsSentence(run.likelihood)};
mean log density ${short(nats.mean ?? 0, 4)} nats. The dashed rule marks the mean.</p>
${histogram(bitsPerDim, meanOf(bitsPerDim).mean ?? 0, "bits per dimension")}`);
  }
  const { evaluations, milliseconds } = run.stats;
  const lead =
    `${plan.sentence}. The data: ${input.description} (${grouped(data.size)} points of dimension ${data.dim}` +
    `${data.sigma0 > 0 ? `, each a Gaussian of width ${short(data.sigma0)}` : ""}). ` +
    `${evaluationsOf(evaluations)}, ${duration(milliseconds)} in all.` +
    run.notes.map((note) => ` Note: ${note}.`).join("");
  return renderPage({
    title: `Samples of ${input.name}`,
    lead,
    command,
    sections,
    engine: data.engine.info,
    source: input.source,
  });
}
