import { grouped, short } from "../text.js";
import {
  commonView,
  distanceBins,
  distanceHistogram,
  lineHistogram,
  MAX_DOTS,
  pageTheme,
  scatter,
  valueHistogram,
} from "./charts.js";
import { Html, html } from "./html.js";
import { type Measures, quantile, shareWithin } from "./measure.js";
import { imageUri } from "./png.js";

/** One set of samples as a report shows it. */
export interface Panel {
  /** A letter that tables refer to. */
  readonly key: string;
  readonly title: string;
  /** One or two sentences under the pictures. */
  readonly about: string;
  readonly samples: Float32Array | Float64Array;
  readonly measures: Measures;
}

/** The training points as a report shows them. */
export interface Points {
  readonly points: Float32Array | Float64Array;
  readonly weights: ArrayLike<number>;
  readonly size: number;
  readonly dim: number;
  /** The median distance of a point to its nearest other one. */
  readonly spacing: number;
}

export const percent = (share: number): string => {
  const value = 100 * share;
  if (share === 0 || share === 1) return `${value}%`;
  return value < 0.1 ? "< 0.1%" : value > 99.9 ? "> 99.9%" : `${value.toFixed(1)}%`;
};

const badge = (key: string): Html => html`<span class="badge">${key}</span>`;

const svg = (text: string): Html => new Html(text);

const diamond = svg(
  '<svg viewBox="0 0 14 14" aria-hidden="true"><path d="M7 1.5L11.5 7L7 12.5L2.5 7Z" fill="none" stroke="var(--point)" stroke-width="2"/></svg>',
);
const dot = svg(
  '<svg viewBox="0 0 14 14" aria-hidden="true"><circle cx="7" cy="7" r="3" fill="var(--sample)"/></svg>',
);
const dashes = svg(
  '<svg class="dash" viewBox="0 0 20 14" aria-hidden="true"><path d="M1 7H19" stroke="currentColor" stroke-dasharray="3 3"/></svg>',
);

/** Cards side by side: scatter (dimension 2) or histogram (dimension 1), and the histogram of distances below. */
export function cards(panels: readonly Panel[], data: Points): Html {
  const distances = panels.map((panel) => panel.measures.distance);
  const bins = distanceBins(distances, data.spacing);
  const view =
    data.dim === 2
      ? commonView(
          data.points,
          panels.map((panel) => panel.samples),
        )
      : undefined;
  const more = panels.some((panel) => panel.measures.count > MAX_DOTS);
  const width = panels.length > 1 ? 300 : 420;
  const one = panels.map((panel) => {
    const theme = pageTheme;
    const label = `${panel.title}: samples and training points`;
    const picture =
      view !== undefined
        ? scatter(data.points, panel.samples, view, { width, theme, label })
        : data.dim === 1
          ? lineHistogram(data.points, panel.samples, { width, height: 240, theme, label })
          : undefined;
    const histogram = distanceHistogram(panel.measures.distance, bins, data.spacing, {
      width,
      height: 160,
      theme,
      label: `${panel.title}: histogram of distances to the nearest training point`,
    });
    return html`<article class="card">
<h3>${panels.length > 1 ? badge(panel.key) : undefined}${panel.title}</h3>
<div>${picture === undefined ? undefined : svg(picture)}</div>
<div>${svg(histogram)}</div>
<p>${panel.about}</p>
</article>
`;
  });
  return html`<div class="key"><span>${dot}samples${more ? ` (the first ${grouped(MAX_DOTS)} are drawn)` : ""}</span><span>${diamond}training points</span><span>${dashes}median distance of training points to their nearest neighbour, ${short(data.spacing)}</span></div>
<div class="${panels.length > 1 ? "cards" : "cards one"}">
${one}</div>
`;
}

/** Samples as images, each beside its nearest training image, with the distance below. */
export function imageSheet(
  panel: Panel,
  data: Points,
  image: { width: number; height: number; channels: number; range: [number, number] },
  shown: number,
): Html {
  const { dim } = data;
  const pairs = Array.from({ length: Math.min(shown, panel.measures.count) }, (_, i) => {
    const m = panel.measures.nearest[i] as number;
    const distance = panel.measures.distance[i] as number;
    const own = imageUri(panel.samples.subarray(i * dim, (i + 1) * dim), image);
    const near = imageUri(data.points.subarray(m * dim, (m + 1) * dim), image);
    return html`<figure><div class="pair"><img src="${own}" alt="sample ${i}" width="${image.width}" height="${image.height}"><img src="${near}" alt="training image ${m}" width="${image.width}" height="${image.height}"></div><figcaption>${distance < 5e-4 * data.spacing ? short(distance, 1) : distance.toFixed(2)}</figcaption></figure>
`;
  });
  return html`<div class="sheet">
${pairs}</div>
`;
}

/** The histogram of distances alone, for reports without a scatter. */
export function histogramCards(panels: readonly Panel[], data: Points): Html {
  const bins = distanceBins(
    panels.map((panel) => panel.measures.distance),
    data.spacing,
  );
  return html`<div class="two">
${panels.map(
  (panel) => html`<div>
<h3>${panels.length > 1 ? badge(panel.key) : undefined}${panel.title}</h3>
${svg(
  distanceHistogram(panel.measures.distance, bins, data.spacing, {
    width: 440,
    height: 190,
    theme: pageTheme,
    label: `${panel.title}: histogram of distances to the nearest training point`,
  }),
)}
</div>
`,
)}</div>
<div class="key"><span>${dashes}median distance of training points to their nearest neighbour, ${short(data.spacing)}</span></div>
`;
}

/** The histogram of one number a sample. */
export function histogram(values: Float64Array, mean: number, axis: string): Html {
  return html`<div class="two"><div>
${svg(
  valueHistogram(values, mean, axis, {
    width: 440,
    height: 190,
    theme: pageTheme,
    label: `histogram of ${axis}`,
  }),
)}
</div></div>
`;
}

/** A table; the first column names the row. */
export function table(head: readonly (Html | string)[], rows: readonly (readonly (Html | string)[])[]): Html {
  return html`<table>
<thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>
${rows.map(
  ([
    first,
    ...rest
  ]) => html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>
`,
)}</tbody>
</table>
`;
}

/** How near the samples are to training points, a row for each panel. */
export function distanceTable(panels: readonly Panel[], data: Points): Html {
  const limits = [0.001, 0.01, 0.1, 0.5].map((part) => part * data.spacing);
  return html`<p>The median distance to the nearest training point, and the share of samples within a distance of one.</p>
${table(
  [
    "samples",
    "median distance",
    ...limits.map((limit) => html`<span class="wide">within </span>${round2(limit)}`),
  ],
  panels.map((panel) => [
    nameOf(panel, panels.length),
    near(quantile(panel.measures.distance, 0.5)),
    ...limits.map((limit) => percent(shareWithin(panel.measures.distance, limit))),
  ]),
)}`;
}

/** Two digits, 0.005 or 5e-4. */
function round2(value: number): string {
  const rounded = Number(value.toPrecision(2));
  return rounded < 1e-3 ? rounded.toExponential() : String(rounded);
}

const near = (distance: number): string => (distance < 1e-3 ? short(distance, 2) : distance.toFixed(3));

export const nameOf = (panel: Panel, of: number): Html =>
  of > 1 ? html`<b>${panel.key}</b><span class="wide"> ${panel.title}</span>` : html`${panel.title}`;

/** A share with its standard error. */
export const withError = (share: number, error: number): Html =>
  html`${share.toFixed(4)} <span class="error">± ${error.toFixed(4)}</span>`;

/** The share of samples nearest to each training point beside its weight. */
export function massTable(panels: readonly Panel[], data: Points): Html {
  const rows = Array.from({ length: data.size }, (_, m) => {
    const at = Array.from(data.points.subarray(m * data.dim, (m + 1) * data.dim), (x) => x.toFixed(2));
    const where = data.dim <= 3 ? html` <span class="wide quiet">(${at.join(", ")})</span>` : undefined;
    return [
      html`${m}${where}`,
      (data.weights[m] as number).toFixed(4),
      ...panels.map(({ measures }) =>
        withError(measures.mass[m] as number, measures.standardError[m] as number),
      ),
    ];
  });
  const largest = panels.map(({ measures }) => {
    let most = 0;
    for (let m = 0; m < data.size; m++) {
      const weight = data.weights[m] as number;
      // The standard error of the weight itself, which is not 0 where no sample came.
      const error = Math.sqrt((weight * (1 - weight)) / measures.count);
      if (error > 0) most = Math.max(most, Math.abs((measures.mass[m] as number) - weight) / error);
    }
    return most.toFixed(1);
  });
  return table(
    [
      html`<span class="wide">training </span>point`,
      "weight",
      ...panels.map((panel) =>
        panels.length > 1 ? html`<b>${panel.key}</b><span class="wide"> share</span>` : "share",
      ),
    ],
    [...rows, [html`largest<span class="wide"> difference, in standard errors</span>`, "", ...largest]],
  );
}
