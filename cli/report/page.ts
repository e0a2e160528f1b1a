import type { EngineInfo } from "vkernel";
import { version } from "../version.js";
import { Html, html, Section } from "./html.js";

/** What every page says around its content. */
export interface Page {
  readonly title: string;
  /** What was run, in a sentence or two. */
  readonly lead: string;
  /** The exact command that made this file. */
  readonly command: string;
  readonly sections: readonly Html[];
  readonly engine: EngineInfo;
  /** Where the data come from. */
  readonly source: string;
}

const style = `
:root { color-scheme: light dark; --paper: #ffffff; --card: #ffffff; --ink: #1d2428; --quiet: #5b666d; --line: #c9d1d6;
  --wash: #f4f6f7; --sample: #009E73; --point: #D55E00; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181b; --card: #1a1f23; --ink: #e6eaec; --quiet: #9daab1; --line: #4a555c; --wash: #20262b;
    --sample: #1fc296; --point: #ee7a1c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main, header, footer { max-width: 1240px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 36px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 10px; }
h2 { font-size: 20px; margin: 40px 0 6px; }
h3 { font-size: 16px; margin: 0; display: flex; gap: 8px; align-items: center; }
p { margin: 0 0 12px; max-width: 76ch; }
p.quiet, .quiet { color: var(--quiet); font-size: 14px; }
pre { margin: 0 0 12px; padding: 10px 12px; background: var(--wash); border-radius: 6px; font: 13px/1.5 ui-monospace, monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; }
.key { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 4px 0 14px; font-size: 14px; color: var(--quiet); }
.key span { display: inline-flex; align-items: center; gap: 6px; }
.key svg { width: 14px; height: 14px; flex: none; }
.key svg.dash { width: 20px; }
.badge { flex: none; width: 22px; height: 22px; border-radius: 50%; background: var(--ink); color: var(--paper); font: 600 13px/22px system-ui, sans-serif;
  text-align: center; }
.cards { display: grid; gap: 20px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 270px), 1fr)); }
.cards.one { grid-template-columns: minmax(0, 560px) minmax(0, 560px); }
.card { display: grid; grid-template-rows: subgrid; grid-row: span 4; gap: 8px; align-content: start; border: 1px solid var(--line); border-radius: 8px;
  background: var(--card); padding: 14px; --paper: var(--card); }
.card p { font-size: 14px; margin: 0; color: var(--quiet); }
@media (max-width: 1180px) { .cards:not(.one) { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@media (max-width: 640px) { .cards, .cards:not(.one), .cards.one { grid-template-columns: minmax(0, 1fr); } h1 { font-size: 24px; } }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; margin: 0 0 12px; }
th, td { text-align: right; padding: 5px 14px; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 400; }
td { white-space: nowrap; }
.error { color: var(--quiet); white-space: nowrap; }
.wide { display: inline; }
@media (max-width: 640px) { th, td { padding: 5px 4px; font-size: 12px; } td .error { display: block; } .wide { display: none; } }
.sheet { display: grid; grid-template-columns: repeat(8, minmax(0, 1fr)); gap: 14px 16px; margin: 4px 0 16px; }
.sheet figure { margin: 0; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 4px; }
.pair img { display: block; width: 100%; height: auto; image-rendering: pixelated; border-top: 3px solid var(--sample); background: #fff; }
.pair img:last-child { border-top-color: var(--point); }
@media (prefers-color-scheme: dark) { .pair img { filter: brightness(0.9); } }
figcaption { font-size: 13px; text-align: center; color: var(--quiet); font-variant-numeric: tabular-nums; }
@media (max-width: 900px) { .sheet { grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 10px 12px; } }
.two { display: grid; grid-template-columns: repeat(2, minmax(0, 560px)); gap: 16px 40px; align-items: start; }
@media (max-width: 800px) { .two { grid-template-columns: minmax(0, 1fr); } }
.commands h3 { margin: 14px 0 6px; }
ul { padding-left: 20px; max-width: 76ch; margin: 0 0 12px; }
.scroll { overflow-x: auto; margin: 0 0 12px; }
.scroll table { margin: 0; }
.scroll tbody th { white-space: nowrap; }
details { margin: 8px 0 12px; font-size: 14px; }
summary { cursor: pointer; color: var(--quiet); }
details pre { margin-top: 8px; }
.bar { display: flex; gap: 12px; align-items: flex-start; font-size: 13px; color: var(--quiet); margin: 8px 0 20px; font-variant-numeric: tabular-nums; }
.bar img { display: block; width: min(256px, 60vw); height: 12px; }
.ends { display: flex; justify-content: space-between; }
.grid { display: grid; gap: 8px; align-items: center; margin: 4px 0 8px; max-width: 900px; }
.grid[data-columns="1"] { grid-template-columns: 84px minmax(0, 1fr); }
.grid[data-columns="2"] { grid-template-columns: 84px repeat(2, minmax(0, 1fr)); max-width: 560px; }
.grid[data-columns="3"] { grid-template-columns: 84px repeat(3, minmax(0, 1fr)); max-width: 760px; }
.grid[data-columns="4"] { grid-template-columns: 84px repeat(4, minmax(0, 1fr)); }
.grid[data-columns="5"] { grid-template-columns: 84px repeat(5, minmax(0, 1fr)); }
.grid .column { font-size: 13px; text-align: center; color: var(--quiet); align-self: end; }
.grid .row { font-size: 13px; color: var(--quiet); }
.grid svg image { image-rendering: pixelated; }
@media (max-width: 640px) { .grid[data-columns] { gap: 4px; }
  .grid[data-columns="2"] { grid-template-columns: 44px repeat(2, minmax(0, 1fr)); }
  .grid[data-columns="3"] { grid-template-columns: 44px repeat(3, minmax(0, 1fr)); }
  .grid[data-columns="4"] { grid-template-columns: 44px repeat(4, minmax(0, 1fr)); }
  .grid[data-columns="5"] { grid-template-columns: 44px repeat(5, minmax(0, 1fr)); }
  .grid .column, .grid .row { font-size: 10px; line-height: 1.25; overflow-wrap: anywhere; } }
.chart { min-width: 0; }
section h3 { margin: 20px 0 6px; }
.grid div .column { display: block; }
.claims { display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 360px), 1fr)); }
.claims article { border: 1px solid var(--line); border-radius: 8px; background: var(--card); padding: 12px 14px; font-size: 14px; }
.claims p { margin: 0 0 6px; }
.claims .where { color: var(--quiet); font-size: 13px; }
.claims .says { font-weight: 600; }
.claims .verdict { font-weight: 600; }
.claims [data-verdict="holds"] .verdict, .claims [data-verdict="exact"] .verdict { color: var(--sample); }
.claims [data-verdict="does not hold"] .verdict { color: var(--point); }
nav ul { columns: 2 300px; gap: 24px; margin: 12px 0 0; padding-left: 18px; font-size: 14px; }
nav li { break-inside: avoid; margin-bottom: 3px; }
.verdicts { list-style: none; padding: 0; margin: 0 0 18px; columns: 2 340px; font-size: 14px; }
.verdicts li { break-inside: avoid; margin-bottom: 3px; }
@media print { .claims article, figure, table, svg { break-inside: avoid; } pre { white-space: pre-wrap; }
  .scroll { overflow: visible; } }
footer { margin-top: 40px; padding-top: 14px; padding-bottom: 36px; color: var(--quiet); font-size: 14px; }
footer p { max-width: none; margin: 0 0 4px; }
`;

/** One self-contained HTML file: no script, nothing from a network. */
export function renderPage(page: Page): string {
  const { engine } = page;
  const contents = page.sections.filter((part) => part instanceof Section);
  const threads = `${engine.threads} ${engine.threads === 1 ? "thread" : "threads"}`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${page.title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<header>
<h1>${page.title}</h1>
<p>${page.lead}</p>
<p class="quiet">Made by</p>
<pre>${page.command}</pre>
${
  contents.length > 0
    ? html`<nav aria-label="Contents"><ul>${contents.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>`
    : undefined
}
</header>
<main>
${[...page.sections]}
</main>
<footer>
<p>vkernel ${version}: ${engine.kernels} kernels, ${threads}, Node ${process.version} on ${process.platform} ${process.arch}.</p>
<p>Data: ${page.source}.</p>
</footer>
</body>
</html>
`.text;
}
