// Runs the benchmarks: npm run bench -- [SUITE...] [options]. See --help.
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { command } from "./command.js";
import { busy, inWords, machine as here } from "./machine.js";
import { ratio } from "./measure.js";
import { compileNative } from "./native.js";

const suites = /** @type {const} */ ([
  "1-kernels",
  "2-samplers",
  "3-threads",
  "4-dense",
  "5-training",
  "6-pde",
  "7-raster",
  "8-tolerance",
]);

/** The ratios of the issue are medians over this many rounds. */
const ROUNDS = 9;

/**
 * What a suite reports of a case.
 *
 * @typedef {{
 *   name: string, group: string, parameters: Record<string, number | string>, elements: number,
 *   timings: import("./measure.js").Timing[], differences: Record<string, number>,
 *   baselines: string[], targets: { variant: string, least: number }[],
 * }} Case
 */

/**
 * What a suite is given.
 *
 * @typedef {{
 *   rounds: number, native: import("./native.js").Native | undefined,
 *   matches: (name: string) => boolean, report: (item: Case) => void, note: (text: string) => void,
 * }} Context
 */

const help = `npm run bench -- [SUITE...] [options]

Suites: ${suites.join(", ")} (all by default; a number is enough).

  --filter TEXT   only cases whose name contains TEXT ("target" for those that the targets are about)
  --rounds N      rounds per case, ${ROUNDS} by default; the targets are about ${ROUNDS}
  --check         exit with 1 where a target is missed or was not measured
  --json          print the report as JSON on standard output, the tables on standard error
  --out FILE      where the report goes, reports/bench.json by default
  --help
`;

const { positionals, text, flag, fail, say, count, keep } = command("bench", help, {
  filter: { type: "string" },
  rounds: { type: "string" },
  check: { type: "boolean" },
});
const rounds = count("rounds", ROUNDS);
const chosen = suites.filter(
  (suite) =>
    positionals.length === 0 || positionals.some((word) => suite === word || suite.startsWith(`${word}-`)),
);
for (const word of positionals) {
  if (!suites.some((suite) => suite === word || suite.startsWith(`${word}-`))) {
    fail(`unknown suite "${word}": expected one of ${suites.join(", ")}`);
  }
}

const root = new URL("..", import.meta.url);
const { version } = JSON.parse(await readFile(new URL("package.json", root), "utf8"));
const machine = here();
const { native, reason } = await compileNative();
/** @type {string[]} */
const notes = reason === undefined ? [] : [reason];

say(`vkernel ${version}${revision()}, ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC`);
say(inWords(machine));
say(`Node ${machine.node}, V8 ${machine.v8}${reason ? `; ${reason}` : "; C: gcc -O3 -march=x86-64-v3"}`);
say(
  `Median of ${rounds} rounds; in each, every variant has its turn. Spread: (slowest - fastest round) / median.\n` +
    "Elements: (query, point, coordinate) triples. A ratio is the median of the rounds' ratios, with their range.",
);
const warning = busy(machine);
if (warning !== undefined) {
  notes.push(warning);
  say(`Note: ${warning}.`);
}

/** @type {(Case & { suite: string, baseline: string, ratios: Record<string, ReturnType<typeof ratio>> })[]} */
const reports = [];
/** @type {{ case: string, variant: string, baseline: string, least: number, ratio: number, met: boolean }[]} */
const targets = [];
const started = performance.now();
try {
  for (const suite of chosen) {
    say(`\n## ${suite}`);
    const { run } = await import(`./${suite}.js`);
    await run({
      rounds,
      native,
      /** @param {string} name */
      matches: (name) => name.includes(text("filter") ?? ""),
      /** @param {string} text */
      note: (text) => {
        notes.push(`${suite}: ${text}`);
        say(`Note: ${text}.`);
      },
      /** @param {Case} item */
      report: (item) => record(suite, item),
    });
  }
} finally {
  await native?.close();
}

say("\n## Targets");
for (const { case: name, variant, baseline, least, ratio: got, met } of targets) {
  say(
    `${met ? "met   " : "MISSED"}  ${variant} ${got.toFixed(2)} times ${baseline}, target ${least}: ${name}`,
  );
}
if (targets.length === 0) say("none of the chosen cases has a target");
const seconds = (performance.now() - started) / 1000;
const report = {
  version,
  date: new Date().toISOString(),
  machine,
  rounds,
  notes,
  seconds,
  targets,
  cases: reports,
};
await keep(report, "bench.json", `${seconds.toFixed(0)} s; `);
if (flag("check") && (targets.length === 0 || targets.some(({ met }) => !met))) process.exitCode = 1;

/**
 * Prints a case and keeps it.
 *
 * @param {string} suite
 * @param {Case} item
 */
function record(suite, item) {
  // The baseline is the fastest of those that are one.
  const baseline = item.timings
    .filter(({ name }) => item.baselines.includes(name))
    .reduce((best, timing) => (timing.median < best.median ? timing : best));
  const ratios = Object.fromEntries(item.timings.map((timing) => [timing.name, ratio(baseline, timing)]));
  reports.push({ suite, baseline: baseline.name, ratios, ...item });
  for (const { variant, least } of item.targets) {
    const got = ratios[variant].median;
    targets.push({ case: item.name, variant, baseline: baseline.name, least, ratio: got, met: got >= least });
  }
  say(`\n${item.name}`);
  const rows = [["", "median ms", "spread", "elements/s", `times ${baseline.name}`, ""]];
  for (const { name, median, spread, elementsPerSecond } of item.timings) {
    const { median: middle, least, most } = ratios[name];
    const target = item.targets.find(({ variant }) => variant === name);
    rows.push([
      name,
      median.toPrecision(4),
      `${(100 * spread).toFixed(0)}%`,
      `${(elementsPerSecond / 1e9).toPrecision(3)} G`,
      name === baseline.name ? "1" : `${middle.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`,
      target ? (middle >= target.least ? `target ${target.least} met` : `target ${target.least} MISSED`) : "",
    ]);
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) {
    const cells = row.map((cell, i) =>
      i === 0 || i === 5 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]),
    );
    say(`  ${cells.join("  ").trimEnd()}`);
  }
}

/** The commit of a checkout, where there is one. */
function revision() {
  try {
    /** @param {string[]} args */
    const git = (...args) =>
      execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    return ` (${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain") === "" ? "" : ", with changes"})`;
  } catch {
    return "";
  }
}
