// Runs the benchmarks: npm run bench -- [SUITE...] [options]. See --help.
import { command } from "./command.js";
import { busy, inWords, machine as here, versionInWords } from "./machine.js";
import { compileNative } from "./native.js";
import { Tables } from "./tables.js";

const suites = /** @type {const} */ ([
  "1-kernels",
  "2-samplers",
  "3-threads",
  "4-dense",
  "5-training",
  "6-pde",
  "7-raster",
  "8-tolerance",
  "10-images",
  "9-scaling",
]);

/** The ratios of the issue are medians over this many rounds. */
const ROUNDS = 9;

/**
 * What a suite is given.
 *
 * @typedef {{
 *   rounds: number, native: import("./native.js").Native | undefined,
 *   matches: (name: string) => boolean, say: (line: string) => void, report: (item: import("./tables.js").Case) => void, law: (law: object) => void, note: (text: string) => void,
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

const machine = here();
const { native, reason } = await compileNative();
/** @type {string[]} */
const notes = reason === undefined ? [] : [reason];

const { version, line } = await versionInWords();
say(line);
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

const tables = new Tables(say);
/** How times grow, as suites found it. @type {object[]} */
const laws = [];
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
      say,
      /** @param {object} law */
      law: (law) => laws.push(law),
      /** @param {import("./tables.js").Case} item */
      report: (item) => tables.record(suite, item),
    });
  }
} finally {
  await native?.close();
}

tables.tellTargets();
const seconds = (performance.now() - started) / 1000;
const report = {
  version,
  date: new Date().toISOString(),
  machine,
  rounds,
  notes,
  seconds,
  targets: tables.targets,
  cases: tables.cases,
  laws,
};
await keep(report, "bench.json", `${seconds.toFixed(0)} s; `);
if (flag("check") && tables.failed) process.exitCode = 1;
