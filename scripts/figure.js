// `npm run figure`: draws docs/figures/polygon.png and docs/figures/digits.png from the panels of `npm start`.
// Text needs a TrueType font: DejaVu Sans where it is, or `--font path.ttf`.
import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";
import { commonView } from "../build/ts/cli/report/frames.js";
import { scatter } from "../build/ts/cli/report/pictures.js";
import { imageUri } from "../build/ts/cli/report/png.js";
import { createEngine } from "../build/ts/src/index.js";
import { digitPanels, polygonPanels, WIDTH } from "./start.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "docs/figures");

const theme = {
  ink: "#1d2428",
  soft: "#c9d1d6",
  paper: "#ffffff",
  sample: "#009E73",
  point: "#D55E00",
  font: "DejaVu Sans",
};
const quiet = "#5b666d";
const width = 1200;

async function findFont() {
  const asked = process.argv.indexOf("--font");
  const places = [
    ...(asked > 0 ? [process.argv[asked + 1]] : []),
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
    "/Library/Fonts/Arial.ttf",
    "C:/Windows/Fonts/arial.ttf",
  ];
  for (const place of places) {
    if (
      await access(place).then(
        () => true,
        () => false,
      )
    ) {
      return place;
    }
  }
  throw new Error("figure: no TrueType font found; give one with --font path.ttf");
}

const text = (x, y, size, fill, words, anchor = "start") =>
  `<text x="${x}" y="${y}" font-family="${theme.font}" font-size="${size}" fill="${fill}" text-anchor="${anchor}">${words}</text>`;

const badge = (x, y, letter) =>
  `<circle cx="${x}" cy="${y}" r="12" fill="${theme.ink}"/>${text(x, y + 5, 14, "#ffffff", letter, "middle")}`;

async function draw(name, height, parts, font) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<rect width="100%" height="100%" fill="#ffffff"/>${parts.join("\n")}</svg>`;
  const png = new Resvg(svg, {
    fitTo: { mode: "zoom", value: 1.5 },
    font: { loadSystemFonts: false, fontFiles: [font], defaultFontFamily: theme.font },
  })
    .render()
    .asPng();
  await writeFile(join(folder, name), png);
  console.log(`docs/figures/${name}: ${Math.round(png.length / 1024)} KiB`);
}

async function polygon(engine, font) {
  const { set, panels } = await polygonPanels(engine);
  const view = commonView(
    set.points,
    panels.map((panel) => panel.samples),
  );
  const below = [
    ["every sample ends on", "a training point"],
    ["coarse steps end between", "the points"],
    ["a training point drawn afresh", `at every step, to t = ${WIDTH}`],
    [`Gaussians of width ${WIDTH}:`, "the same law as C"],
  ];
  const side = 276;
  const gap = (width - 32 - 4 * side) / 3;
  const parts = panels.map((panel, i) => {
    const x = 16 + i * (side + gap);
    const picture = scatter(set.points, panel.samples, view, {
      width: side,
      theme,
      label: panel.title,
    }).replace("<svg", `<svg x="${x}" y="44"`);
    const [first, second] = below[i];
    return [
      badge(x + 46, 26, panel.key),
      text(x + 66, 31, 15, theme.ink, panel.title),
      picture,
      text(x + 34, 328, 14, quiet, first),
      text(x + 34, 348, 14, quiet, second),
    ].join("\n");
  });
  await draw("polygon.png", 366, parts, font);
}

async function digits(engine, font) {
  const { set, data, panels } = await digitPanels(engine);
  const { dim } = data;
  const columns = 8;
  const rows = 2;
  const image = 30;
  const pair = { width: 2 * image + 4, step: 72, height: image + 30 };
  const left = [16, 16 + columns * pair.step + 18];
  const titles = [
    "Exact, Heun, 18 steps: the training digits come back",
    "Exact, Euler, 4 steps: averages of them",
  ];
  const picture = (values, x, y, bar) =>
    `<rect x="${x}" y="${y - 4}" width="${image}" height="3" fill="${bar}"/>` +
    `<image x="${x}" y="${y}" width="${image}" height="${image}" image-rendering="optimizeSpeed" href="${imageUri(values, set.image)}"/>`;
  const parts = panels.map((panel, k) => {
    const cells = Array.from({ length: columns * rows }, (_, i) => {
      const x = left[k] + (i % columns) * pair.step;
      const y = 64 + Math.floor(i / columns) * pair.height;
      const m = panel.measures.nearest[i];
      const distance = panel.measures.distance[i];
      const own = panel.samples.subarray(i * dim, (i + 1) * dim);
      const near = data.points.subarray(m * dim, (m + 1) * dim);
      const said = distance < 5e-4 ? "0" : distance.toFixed(2);
      return (
        picture(own, x, y, theme.sample) +
        picture(near, x + image + 4, y, theme.point) +
        text(x + pair.width / 2, y + image + 15, 12, quiet, said, "middle")
      );
    });
    return [
      badge(left[k] + 12, 26, panel.key),
      text(left[k] + 32, 31, 15, theme.ink, titles[k]),
      ...cells,
    ].join("\n");
  });
  const bottom = 64 + rows * pair.height + 10;
  parts.push(
    text(
      16,
      bottom,
      13,
      quiet,
      "Each pair: a sample (green) beside the training digit nearest to it (vermillion), and their distance.",
    ),
  );
  await draw("digits.png", bottom + 16, parts, font);
}

await mkdir(folder, { recursive: true });
const font = await findFont();
const engine = await createEngine();
try {
  await polygon(engine, font);
  await digits(engine, font);
} finally {
  engine.close();
}
