import { grouped, short } from "../text.js";
import { distanceBins, distanceHistogram, pageTheme, valueHistogram } from "./charts.js";
import { Html, html } from "./html.js";
import { type Measures, quantile, shareWithin } from "./measure.js";
import { commonView, type Left, leftOut, lineView, twoOf, widestAxes } from "./frames.js";
import { lineHistogram, MAX_DOTS, MAX_MARKS, MAX_TICKS, scatter } from "./pictures.js";
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

/** The pictures of all panels in one frame, and what is said of it. */
interface Shown {
  readonly pictures: readonly string[];
  readonly samples: string;
  readonly points: string;
  /** What lies outside the frame, and which coordinates are drawn. */
  readonly notes: readonly string[];
}

/** "the frame leaves out 3 of 500 training points, the farthest at (1000, 0.2)" */
function leftSentence(what: string, table: ArrayLike<number>, width: number, left: Left): string | undefined {
  if (left.count === 0 || left.farthest === undefined) return undefined;
  const at = left.farthest.map((value) => short(value, 3)).join(", ");
  return `The frame leaves out ${grouped(left.count)} of ${grouped(table.length / width)} ${what}, which lie far away; the farthest is at ${width === 1 ? at : `(${at})`}.`;
}

function shownInPlane(panels: readonly Panel[], data: Points, width: number): Shown {
  const axes = data.dim > 2 ? widestAxes(data.points, data.dim) : ([0, 1] as const);
  const flat = (table: Float32Array | Float64Array) => (data.dim > 2 ? twoOf(table, data.dim, axes) : table);
  const points = flat(data.points);
  const samples = panels.map((panel) => flat(panel.samples));
  const view = commonView(points, samples);
  const pictures = panels.map((panel, k) =>
    scatter(points, samples[k] as ArrayLike<number>, view, {
      width,
      theme: pageTheme,
      label: `${panel.title}: samples and training points`,
    }),
  );
  const dense = samples.some((table) => table.length / 2 > MAX_DOTS);
  return {
    pictures,
    samples: dense ? "samples, all of them: the more in a place, the darker (by logarithm)" : "samples",
    points:
      data.size > MAX_MARKS ? "training points, below the samples: the more, the darker" : "training points",
    notes: [
      ...(data.dim > 2
        ? [
            `Drawn are coordinates ${axes[0]} and ${axes[1]} of ${data.dim} (from 0), in which the training points vary most; distances are in all ${data.dim}.`,
          ]
        : []),
      leftSentence("training points", points, 2, leftOut(points, view)),
      ...panels.map((panel, k) =>
        leftSentence(
          panels.length > 1 ? `samples of ${panel.key}` : "samples",
          samples[k] as ArrayLike<number>,
          2,
          leftOut(samples[k] as ArrayLike<number>, view),
        ),
      ),
    ].filter((line) => line !== undefined),
  };
}

function shownOnLine(panels: readonly Panel[], data: Points, width: number): Shown {
  const view = lineView(
    data.points,
    panels.map((panel) => panel.samples),
  );
  const outside = (table: ArrayLike<number>): Left => {
    let count = 0;
    let most = 0;
    for (let i = 0; i < table.length; i++) {
      const value = table[i];
      if (value >= view[0] && value <= view[1]) continue;
      if (count === 0 || Math.abs(value) > Math.abs(most)) most = value;
      count++;
    }
    return { count, farthest: [most] };
  };
  return {
    pictures: panels.map((panel) =>
      lineHistogram(data.points, panel.samples, view, {
        width,
        height: 240,
        theme: pageTheme,
        label: `${panel.title}: samples and training points`,
      }),
    ),
    samples: "samples",
    points: data.size > MAX_TICKS ? "training points, in the same bars" : "training points",
    notes: [
      leftSentence("training points", data.points, 1, outside(data.points)),
      ...panels.map((panel) =>
        leftSentence(
          panels.length > 1 ? `samples of ${panel.key}` : "samples",
          panel.samples,
          1,
          outside(panel.samples),
        ),
      ),
    ].filter((line) => line !== undefined),
  };
}

/** Cards side by side: a scatter, or the histogram of dimension 1, and the histogram of distances below. */
export function cards(panels: readonly Panel[], data: Points): Html {
  const distances = panels.map((panel) => panel.measures.distance);
  const bins = distanceBins(distances, data.spacing);
  const width = panels.length > 1 ? 300 : 420;
  const shown = data.dim === 1 ? shownOnLine(panels, data, width) : shownInPlane(panels, data, width);
  const one = panels.map((panel, k) => {
    const histogram = distanceHistogram(panel.measures.distance, bins, data.spacing, {
      width,
      height: 160,
      theme: pageTheme,
      label: `${panel.title}: histogram of distances to the nearest training point`,
    });
    return html`<article class="card">
<h3>${panels.length > 1 ? badge(panel.key) : undefined}${panel.title}</h3>
<div>${svg(shown.pictures[k])}</div>
<div>${svg(histogram)}</div>
<p>${panel.about}</p>
</article>
`;
  });
  return html`<div class="key"><span>${dot}${shown.samples}</span><span>${diamond}${shown.points}</span><span>${dashes}median distance of training points to their nearest neighbour, ${short(data.spacing)}</span></div>
${shown.notes.map(
  (line) => html`<p class="quiet">${line}</p>
`,
)}<div class="${panels.length > 1 ? "cards" : "cards one"}">
${one}</div>
`;
}

/** Samples as images, each beside its nearest training image, with the distance below. */
export function imageSheet(
  panel: Panel,
  data: Points,
  image: { width: number; height: number; channels?: number; range: [number, number] },
  shown: number,
): Html {
  const { dim } = data;
  const pairs = Array.from({ length: Math.min(shown, panel.measures.count) }, (_, i) => {
    const m = panel.measures.nearest[i];
    const distance = panel.measures.distance[i];
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

/** The histogram of one number per sample. */
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
      data.weights[m].toFixed(4),
      ...panels.map(({ measures }) => withError(measures.mass[m], measures.standardError[m])),
    ];
  });
  const largest = panels.map(({ measures }) => {
    let most = 0;
    for (let m = 0; m < data.size; m++) {
      const weight = data.weights[m];
      // The standard error of the weight itself, which is not 0 where no sample came.
      const error = Math.sqrt((weight * (1 - weight)) / measures.count);
      if (error > 0) most = Math.max(most, Math.abs(measures.mass[m] - weight) / error);
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
