// `npm run samplers`: measures every sampler by the conformance suite and writes the tables of docs/samplers.md, between its
// markers, its programs, and docs/figures/samplers.png. Seeds are fixed: the same file comes out again. `--no-figure` leaves the picture, `--programs` makes the programs of the page alone.
import { access, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { biasOf, groundOf } from "../build/ts/src/conformance/bias.js";
import { flowOrder, strongOrder, weakOrder } from "../build/ts/src/conformance/order.js";
import { makeProblem, single, smooth } from "../build/ts/src/conformance/problems.js";
import { subjectOf } from "../build/ts/src/conformance/subject.js";
import {
  ancestral,
  createEngine,
  digits,
  dopri5,
  dpmpp2m,
  euler,
  eulerMaruyama,
  heun,
  polygon,
  posterior,
  predictorCorrector,
  rk4,
} from "../build/ts/src/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const limits = { signal: undefined, deadline: Number.POSITIVE_INFINITY };
const SEED = 1;
export const BUDGETS = [10, 20, 40, 80, 160];

/** Every sampler, how it is written, and its evaluations in n steps of which the last goes to 0. */
export const samplers = [
  { text: "euler()", sampler: euler(), evaluations: "n" },
  { text: "dpmpp2m()", sampler: dpmpp2m(), evaluations: "n" },
  { text: "heun()", sampler: heun(), evaluations: "2 n - 1" },
  { text: "rk4()", sampler: rk4(), evaluations: "4 n - 3" },
  { text: "ancestral()", sampler: ancestral(), evaluations: "n" },
  { text: "ancestral({ eta: 0.5 })", sampler: ancestral({ eta: 0.5 }), evaluations: "n" },
  { text: "eulerMaruyama()", sampler: eulerMaruyama(), evaluations: "n" },
  { text: "heun({ churn: 10 })", sampler: heun({ churn: 10 }), evaluations: "2 n - 1" },
  { text: "predictorCorrector()", sampler: predictorCorrector(), evaluations: "2 n - 1" },
  { text: "posterior()", sampler: posterior(), evaluations: "n" },
];

export const TOLERANCES = [1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8];

const isRandom = ({ sampler }) => sampler.noise !== "none";

/** Three digits at most, as short as they go. */
const short = (x) => {
  if (x === 0) return "0";
  if (x < 1e-3) return x.toExponential(1);
  return String(Number(x.toPrecision(x < 0.1 ? 2 : 3)));
};

/** A value with its standard error. */
const estimate = ({ value, standardError }) => {
  if (value === 0 && standardError === 0) return "0";
  if (value < 5e-4) return short(value);
  const places = standardError > 0 ? Math.min(5, Math.max(1, -Math.floor(Math.log10(standardError)))) : 3;
  return `${value.toFixed(places)} ± ${standardError.toFixed(places)}`;
};

/** A share in percent: one digit after the point, two where it is small. */
const percent = ({ value, standardError }) => {
  if (value === 0) return "0";
  const places = 100 * standardError < 0.05 ? 3 : 100 * value < 1 ? 2 : 1;
  return `${(100 * value).toFixed(places)} ± ${(100 * standardError).toFixed(places)}%`;
};

/** Columns of one width, as a formatter of Markdown would have them. */
function table(head, rows) {
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(3, ...all.map((row) => row[i].length)));
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [line(head), `| ${widths.map((w) => "-".repeat(w)).join(" | ")} |`, ...rows.map(line)].join("\n");
}

/** Claimed and measured order of one sampler. */
export async function orderRow(engine, entry) {
  const subject = subjectOf(entry.sampler, limits);
  const measured = isRandom(entry)
    ? [await weakOrder(subject, single(engine), SEED), await strongOrder(subject, smooth(engine), SEED)]
    : [await flowOrder(subject, smooth(engine), SEED)];
  const order = (one) => {
    if (one === undefined) return "-";
    if (one.exact) return "exact";
    if (one.order === null || one.order < 0.5) return "none, see below";
    return `${one.order.toFixed(2)} ± ${Math.max(0.01, one.standardError).toFixed(2)}`;
  };
  const [first, strong] = measured;
  const last = first.errors.at(-1);
  return [
    `\`${entry.text}\``,
    entry.evaluations,
    String(entry.sampler.order),
    order(first),
    isRandom(entry) ? order(strong) : "-",
    // Below this it is rounding.
    last < 1e-11 ? "below 1e-11" : last.toExponential(1),
  ];
}

const shared = { repeats: 8, seed: SEED, flow: true };

/** The hexagon with weights 6 to 1: with equal ones the flow's borders are straight by symmetry, and Euler's are too. */
export function polygonGround(engine) {
  const { points, dim } = polygon();
  const problem = makeProblem(engine, "polygon", { points, dim, weights: [6, 5, 4, 3, 2, 1] });
  return groundOf(problem, { ...shared, particles: 4096 });
}

/** The two data sets on an engine, and what all samplers share on them. */
async function groundsOf(engine) {
  const images = await digits();
  return {
    polygon: await polygonGround(engine),
    digits: await groundOf(makeProblem(engine, "digits", { points: images.points, dim: images.dim }), {
      ...shared,
      particles: 128,
    }),
  };
}

/** What one sampler leaves at each budget. */
export async function biasOfEntry(ground, entry) {
  const particles = ground.repeats[0].start.length / ground.problem.dim;
  const options = {
    budgets: BUDGETS,
    particles,
    repeats: shared.repeats,
    seed: SEED,
    random: isRandom(entry),
  };
  return await biasOf(subjectOf(entry.sampler, limits), ground, options);
}

export const flowRow = (entry, list) => [`\`${entry.text}\``, ...list.map((b) => estimate(b.flow))];
export const elsewhereRow = (entry, list) => [`\`${entry.text}\``, ...list.map((b) => percent(b.elsewhere))];
export const lawRow = (entry, list) => [`\`${entry.text}\``, ...list.map((b) => estimate(b.law))];

/** dopri5 at one tolerance: evaluations and distance from the exact flow's end, on both data sets. */
async function toleranceOf(ground, rtol) {
  const [bias] = await biasOfEntry(ground, { sampler: dopri5({ rtol, atol: rtol / 10 }) });
  return bias;
}

const toleranceCells = (b) => [String(Math.round(b.evaluations)), estimate(b.flow), percent(b.elsewhere)];

/** All that stands between the markers of docs/samplers.md, and the numbers of the picture. */
async function makeTables(engine, say) {
  const parts = [];
  const rows = [];
  for (const entry of samplers) rows.push(await orderRow(engine, entry));
  parts.push(
    "### Order",
    "Deterministic samplers: distance of end points from the exact flow's. Stochastic samplers: weak order, the error of mean and variance for one training point of width 0.5; strong order, along one Brownian path. The last column is the error at 512 steps.",
    table(["sampler", "evaluations in n steps", "claimed", "measured", "strong", "error at 512"], rows),
    "`posterior()` is exact in law. `predictorCorrector()` has a limit that is not exact: the Langevin step does not shrink with the steps, so the variance of a point of width sigma0 tends to V / (1 - snr^2 S / V), V = sigma0^2 + S, as that of every unadjusted Langevin step (0.5% too much here, 2.6% at a sharp point).",
  );
  say("orders done");
  const grounds = await groundsOf(engine);
  say("exact flows done");
  const head = ["sampler", ...BUDGETS.map(String)];
  const curves = {};
  for (const [name, title] of [
    ["polygon", "the hexagon, 32,768 particles"],
    ["digits", "the digits, 1,024 particles"],
  ]) {
    const ground = grounds[name];
    const flows = samplers.filter((entry) => !isRandom(entry));
    const lists = new Map();
    for (const entry of samplers) {
      lists.set(entry, await biasOfEntry(ground, entry));
      say(`${name}: ${entry.text}`);
    }
    curves[name] = flows.map((entry) => ({ text: entry.text, list: lists.get(entry) }));
    parts.push(
      `### Error against evaluations: ${title}`,
      name === "polygon"
        ? "The six points of `polygon()` with weights 6, 5, 4, 3, 2, 1. With equal weights the borders between the points' basins are straight by symmetry, and `euler()` puts every one of 4,096 particles where the exact flow does with 10 evaluations."
        : "The 1,797 images of `digits()`, 64 dimensions.",
      `\`karras({ steps })\` to 0, as many steps as the evaluations at the head allow, from p_80 itself. Root mean square distance between where a particle ends and where the exact flow ends (\`dopri5\` at 1e-10); the data's own scale is ${ground.scale.toFixed(2)}:`,
      table(
        head,
        flows.map((entry) => flowRow(entry, lists.get(entry))),
      ),
      "Most end on the right training point to rounding, some on another one, so the distance falls as the square root of this share of particles that end elsewhere:",
      table(
        head,
        flows.map((entry) => elsewhereRow(entry, lists.get(entry))),
      ),
      `Deviation of the law: sliced Wasserstein-1 distance of the end points from the data. As many exact draws have ${estimate(ground.floor)}, so that is the floor:`,
      table(
        head,
        samplers.map((entry) => lawRow(entry, lists.get(entry))),
      ),
    );
  }
  const tolerances = [];
  const adaptive = { polygon: [], digits: [] };
  for (const rtol of TOLERANCES) {
    for (const name of ["polygon", "digits"]) adaptive[name].push(await toleranceOf(grounds[name], rtol));
    const cells = [adaptive.polygon, adaptive.digits].flatMap((list) => toleranceCells(list.at(-1)));
    tolerances.push([rtol.toExponential(0), ...cells]);
    say(`dopri5 at ${rtol}`);
  }
  for (const name of ["polygon", "digits"]) curves[name].push({ text: "dopri5()", list: adaptive[name] });
  parts.push(
    "### dopri5 by tolerance",
    "`dopri5({ rtol, atol: rtol / 10 })` on `karras({ steps: 2 })`: mean evaluations, distance from the exact flow's end, share at another point.",
    table(
      [
        "rtol",
        "polygon: evaluations",
        "distance",
        "elsewhere",
        "digits: evaluations",
        "distance",
        "elsewhere",
      ],
      tolerances,
    ),
  );
  return { text: parts.join("\n\n"), curves };
}

const begin = "<!-- tables: npm run samplers -->";
const end = "<!-- end of tables -->";

/** The page with its tables replaced. */
export function withTables(page, text) {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/samplers.md has no "${begin}" ... "${end}"`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}

/** The page with its programs replaced: a block of code belongs to the example that is linked before it. */
async function withPrograms(page) {
  const parts = page.split(/(\(\.\.\/examples\/sampler-[\w-]+\.js\)[\s\S]*?```js\n)[\s\S]*?(?=```)/);
  for (let i = 1; i < parts.length; i += 2) {
    const [, name] = /\(\.\.\/(examples\/[^)]+)\)/.exec(parts[i]);
    parts[i] += await readFile(join(root, name), "utf8");
  }
  return parts.join("");
}

const colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#5b666d"];

/** Two panels, error against evaluations, both logarithmic. */
async function figure(curves) {
  const font = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
  await access(font).catch(() => {
    throw new Error(`samplers-table: the picture needs ${font}; --no-figure leaves it`);
  });
  const { Resvg } = await import("@resvg/resvg-js");
  const [width, height] = [1200, 460];
  const label = (x, y, size, fill, words, anchor = "start") =>
    `<text x="${x}" y="${y}" font-family="DejaVu Sans" font-size="${size}" fill="${fill}" text-anchor="${anchor}">${words}</text>`;
  const panels = [
    ["polygon", "Six points in the plane"],
    ["digits", "1,797 digits, 64 dimensions"],
  ].map(([name, title], k) => {
    const [left, top, w, h] = [80 + k * 580, 50, 400, 340];
    const values = curves[name].flatMap(({ list }) => list.map((b) => b.flow.value)).filter((v) => v > 1e-6);
    const high = Math.ceil(Math.log10(Math.max(...values)));
    const low = Math.max(-5, Math.floor(Math.log10(Math.min(...values))));
    const px = (n) => left + (Math.log2(n / 8) / Math.log2(190 / 8)) * w;
    const py = (v) => top + ((high - Math.log10(v)) / (high - low)) * h;
    const parts = [label(left, 30, 17, "#1d2428", title)];
    for (let e = low; e <= high; e++) {
      const y = py(10 ** e);
      const tick = e >= -2 ? String(Number((10 ** e).toPrecision(1))) : `1e${e}`;
      parts.push(`<path d="M${left} ${y}h${w}" stroke="#c9d1d6"/>`);
      parts.push(label(left - 8, y + 5, 13, "#5b666d", tick, "end"));
    }
    for (const n of BUDGETS) parts.push(label(px(n), top + h + 22, 13, "#5b666d", n, "middle"));
    parts.push(label(left + w / 2, top + h + 46, 14, "#5b666d", "evaluations per particle", "middle"));
    curves[name].forEach(({ text, list }, i) => {
      const shown = list.filter((b) => b.flow.value >= 10 ** low && b.evaluations <= 190);
      const points = shown.map((b) => [px(b.evaluations), py(b.flow.value)]);
      const key = [left + w + 18, top + 12 + 24 * i];
      if (points.length > 1) {
        const path = points.map((point) => point.map((v) => v.toFixed(1)).join(" ")).join("L");
        parts.push(`<path d="M${path}" fill="none" stroke="${colours[i]}" stroke-width="2.5"/>`);
      }
      for (const [x, y] of [...points, key]) {
        parts.push(`<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4.5" fill="${colours[i]}"/>`);
      }
      parts.push(label(key[0] + 12, key[1] + 5, 14, colours[i], text));
    });
    return parts.join("\n");
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#ffffff"/>${panels.join("\n")}</svg>`;
  const options = { font: { loadSystemFonts: false, fontFiles: [font], defaultFontFamily: "DejaVu Sans" } };
  const png = new Resvg(svg, { fitTo: { mode: "zoom", value: 1.5 }, ...options }).render().asPng();
  await writeFile(join(root, "docs/figures/samplers.png"), png);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const path = join(root, "docs/samplers.md");
  const page = await withPrograms(await readFile(path, "utf8"));
  await writeFile(path, page);
  if (process.argv.includes("--programs")) process.exit(0);
  const engine = await createEngine();
  try {
    const start = performance.now();
    const say = (what) => console.log(`${((performance.now() - start) / 1000).toFixed(0)} s: ${what}`);
    const { text, curves } = await makeTables(engine, say);
    await writeFile(path, withTables(page, text));
    if (!process.argv.includes("--no-figure")) await figure(curves);
  } finally {
    engine.close();
  }
}
