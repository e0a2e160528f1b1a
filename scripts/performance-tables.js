// `npm run performance`: writes what the benchmarks found last, reports/bench*.json, between the markers of docs/performance.md. A
// table whose report is not there stays as it is.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { inWords } from "../bench/tables.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = `${root}docs/performance.md`;

const read = async (name) => {
  try {
    return JSON.parse(await readFile(`${root}reports/${name}`, "utf8"));
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  }
};

const digits = (value) => Number(value.toPrecision(3)).toString();
const grouped = (value) => value.toLocaleString("en");
const timing = (item, name) => item.timings.find((one) => one.name === name);
const milliseconds = (item, name) => {
  const found = timing(item, name);
  return found === undefined ? "" : digits(found.median);
};

/** How many times as fast `name` is as `other`: the median of the rounds. */
function ratio(item, name, other) {
  const [fast, slow] = [timing(item, name), timing(item, other)];
  if (fast === undefined || slow === undefined) return "";
  const ratios = slow.rounds.map((time, round) => time / fast.rounds[round]).sort((a, b) => a - b);
  const half = ratios.length >> 1;
  return (ratios.length % 2 === 1 ? ratios[half] : (ratios[half - 1] + ratios[half]) / 2).toFixed(2);
}

const tableOf = (heads, rows) => [
  `| ${heads.join(" | ")} |`,
  `| ${heads.map(() => "---").join(" | ")} |`,
  ...rows.map((row) => `| ${row.join(" | ")} |`),
];

/** Where and when a report was made. */
const madeOn = ({ machine, date, rounds }, what) =>
  `${what} on ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${date.slice(0, 10)}${
    rounds === undefined ? "" : `; median of ${rounds} rounds`
  }${machine.load > 0.5 * machine.cores ? `; the machine was busy (load ${machine.load.toFixed(1)})` : ""}.`;

/** Milliseconds of all that took part, and ratios to what the targets are about. */
function peerTable(report, kind) {
  const cases = report.cases.filter(({ parameters }) => parameters.kind === kind);
  if (cases.length === 0) return undefined;
  const names = [...new Set(cases.flatMap(({ timings }) => timings.map(({ name }) => name)))];
  const heads = ["", ...names.map((name) => `${name}, ms`), "simd", "relaxed", "times as fast as"];
  const rows = cases.map((item) => [
    item.name,
    ...names.map((name) => milliseconds(item, name)),
    ratio(item, "simd", item.baseline),
    ratio(item, "relaxed", item.baseline),
    item.baseline,
  ]);
  const by = report.blas === undefined ? "" : ` numpy multiplies by ${report.blas}.`;
  return [madeOn(report, "`npm run bench:peers`") + by, "", ...tableOf(heads, rows)];
}

/** Vector operations per query and point in the plane and its neighbours: those of docs/performance.md. */
const small = { simd: (D) => 9 * D + 20, relaxed: (D) => 6 * D + 17, C: (D) => 5 * D + 17 };
/** Per coordinate, in many dimensions. */
const large = { simd: 5, relaxed: 3, C: 3 };

/** What operations alone would leave of C's speed: 4 numbers at a time instead of 8. */
const allowed = (name, D) =>
  (D <= 3 ? small.C(D) / small[name](D) / 2 : large.C / large[name] / 2).toFixed(2);

function limitTable(report) {
  const cases = report.cases.filter(
    ({ suite, group, timings }) =>
      suite === "1-kernels" && group !== "sweep" && timings.some(({ name }) => name === "C"),
  );
  if (cases.length === 0) return undefined;
  const heads = ["", "simd, ms", "relaxed, ms", "C, ms", "simd / C", "allowed", "relaxed / C", "allowed"];
  const rows = cases.map((item) => [
    item.name,
    ...["simd", "relaxed", "C"].map((name) => milliseconds(item, name)),
    ...["simd", "relaxed"].flatMap((name) => [ratio(item, name, "C"), allowed(name, item.parameters.dim)]),
  ]);
  return [madeOn(report, "`npm run bench -- 1`"), "", ...tableOf(heads, rows)];
}

function scalingTable(report) {
  if (report.laws.length === 0) return undefined;
  const rows = report.laws.map(({ sweep, variant, from, to, exponent, worst, expected }) => [
    sweep,
    variant,
    `${grouped(from)} to ${grouped(to)}`,
    exponent.toFixed(2),
    `${(100 * (worst - 1)).toFixed(0)}%`,
    expected.map(({ size, milliseconds }) => `${inWords(milliseconds)} at ${grouped(size)}`).join(", "),
  ]);
  const heads = ["sweep", "", "fitted", "exponent", "off by", "expected"];
  return [madeOn(report, "`npm run bench -- 9`"), "", ...tableOf(heads, rows)];
}

function pageTable(report) {
  if (report.gains === undefined) return undefined;
  const rows = report.gains.flatMap(({ name, rows }) =>
    rows.slice(1).map((cells, i) => [i === 0 ? name : "", ...cells.slice(0, 4)]),
  );
  const heads = ["", "", "ms", "spread", "times as fast"];
  const what = `\`npm run bench:page\`, Chromium ${report.browser},`;
  return [madeOn(report, what), "", ...tableOf(heads, rows)];
}

const [kernels, peers, browser] = await Promise.all(
  ["bench.json", "bench-peers.json", "bench-page.json"].map(read),
);
const tables = {
  limit: kernels && limitTable(kernels),
  scaling: kernels && scalingTable(kernels),
  means: peers && peerTable(peers, "mean"),
  covariances: peers && peerTable(peers, "covariance"),
  runs: peers && peerTable(peers, "heun"),
  page: browser && pageTable(browser),
};
let text = await readFile(page, "utf8");
for (const [name, lines] of Object.entries(tables)) {
  const marked = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
  if (!marked.test(text)) throw new Error(`${page} has no markers for ${name}`);
  console.log(`${name}: ${lines === undefined ? "no report, left as it is" : "written"}`);
  if (lines !== undefined)
    text = text.replace(marked, (_, start, end) => `${start}\n${lines.join("\n")}\n\n${end}`);
}
await writeFile(page, text);
