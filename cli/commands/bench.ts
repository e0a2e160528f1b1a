import { availableParallelism, cpus, loadavg } from "node:os";
import { benchBuiltIn, benchGroups } from "../benchmark/builtIn.js";
import type { CaseResult, Measured, Measuring } from "../benchmark/measure.js";
import { benchOwn, type OwnResult, type OwnWork, workOf } from "../benchmark/own.js";
import { type CommonChoices, type Context, tell } from "../context.js";
import { usage } from "../errors.js";
import { readSource } from "../input.js";
import { type Chosen, flagOf } from "../option.js";
import { benchOptions, dataOptions, ownOptions, type progressOptions } from "../options.js";
import { Progress } from "../progress.js";
import { printJson, short } from "../text.js";
import { conflict } from "../values.js";
import { version } from "../version.js";

export type BenchChoices = CommonChoices &
  Chosen<typeof benchOptions> &
  Chosen<typeof ownOptions> &
  Chosen<typeof progressOptions>;

/** `vkernel bench`: what the kernels of this machine do, as ratios to plain TypeScript in one run. */
export async function runBench(choices: BenchChoices, context: Context): Promise<void> {
  const { seconds = benchOptions.seconds.default, threads = "auto", only = benchGroups } = choices;
  if (!(seconds >= 1 && seconds <= 3600))
    throw usage("--seconds", "a number from 1 to 3600", String(seconds));
  const load = loadavg()[0];
  const machine = {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    load,
  };
  const own = await readOwn(choices, context);
  const progress = new Progress("measuring", {
    quiet: choices.quiet === true,
    progress: choices.progress === true,
  });
  const measuring: Measuring = { seconds, load, signal: context.signal, onProgress: progress.update };
  try {
    const start = performance.now();
    const result =
      own === undefined
        ? await benchBuiltIn({ groups: only, threads, ...measuring })
        : await benchOwn({ ...own, threads, ...measuring });
    progress.stop();
    const spent = (performance.now() - start) / 1000;
    if (choices.json) {
      const { noisy, notes, cases, ...more } = result;
      printJson({
        command: "bench",
        version,
        machine,
        seconds: spent,
        noisy,
        notes,
        ...own?.told,
        ...more,
        cases,
      });
      return;
    }
    process.stdout.write(
      `vkernel ${version}, Node ${machine.node}, ${machine.platform}, ${machine.cpu}, ${machine.cores} cores\n`,
    );
    process.stdout.write(own === undefined ? heading : headingOf(own));
    tellResult(result);
    tell(choices, `measured for ${spent.toFixed(0)} s`);
  } finally {
    progress.stop();
  }
}

const heading = `Median of the rounds; spread: (slowest - fastest) / median; how many times as fast as plain TypeScript
(reference) in the same round, with the range; largest difference of a number from it.
`;

const headingOf = ({
  told: { data },
  work: { sigma, scale },
}: Own): string => `${data.name}: M = ${data.size}, D = ${data.dim}, ${data.precision}; queries at sigma ${short(sigma)}, the data's scale is ${short(scale)}
Median of the rounds; spread: (slowest - fastest) / median; how many times as fast as tuned plain TypeScript (plain)
in the same round, with the range; largest difference of a number from it: of scores and of all but 2% of end points in
scales of the data, of Hessians in 1 / sigma^2.
`;

/** Data of one's own, and what is measured of it. */
type Own = NonNullable<Awaited<ReturnType<typeof readOwn>>>;

/** Reads what `--data` names; without it the options that say what is read are of no use. */
async function readOwn(choices: BenchChoices, context: Context) {
  const { data: name, count, sigma, only } = choices;
  if (name === undefined) {
    const chosen = Object.keys(ownOptions).find((key) => key in choices);
    if (chosen !== undefined) throw conflict(flagOf(chosen), "needs --data <set|file>");
    return undefined;
  }
  if (only !== undefined) throw conflict("--only", "goes without --data, of which all is measured");
  if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= MOST))
    throw usage("--count", `a whole number from 1 to ${MOST}`, String(count));
  const precision = choices.precision ?? dataOptions.precision.default;
  const largest = LARGEST[precision];
  if (sigma !== undefined && !(sigma >= 1 / largest && sigma <= largest))
    throw usage("--sigma", `a number from ${1 / largest} to ${largest} in ${precision}`, String(sigma));
  const input = await readSource(name, choices, context);
  const { points, rows, dim, weights } = input;
  const data = { points, rows, dim, weights, precision };
  const work: OwnWork = workOf(data, count, sigma);
  return { data, work, told: { data: { name, size: rows, dim, precision }, work } };
}

/** The most queries that may be asked for. */
const MOST = 1_000_000;
/** Noise levels whose squares, and those of their inverses, are numbers. */
const LARGEST = { f32: 1e15, f64: 1e150 };

function tellResult(result: Measured | OwnResult): void {
  const { cases, notes } = result;
  for (const item of cases) process.stdout.write(`\n${tableOf(item)}`);
  if ("verdicts" in result) process.stdout.write(`\n${result.verdicts.map((line) => `${line}\n`).join("")}`);
  if (notes.length > 0) process.stdout.write(`\n${notes.map((note) => `Note: ${note}.\n`).join("")}`);
}

function tableOf({ name, timings, elements }: CaseResult): string {
  const rounds = timings[0]?.rounds.length ?? 0;
  const rows = [
    ["kernels", "median ms", "spread", "elements/s", "times as fast", "(range)", "difference"],
    ...timings.map(({ name, median, spread, ratio, difference }, i) => [
      name,
      median.toPrecision(3),
      `${Math.round(100 * spread)}%`,
      elements === undefined ? "" : `${((1000 * elements) / median / 1e9).toPrecision(3)} G`,
      i === 0 ? "1" : ratio.median.toPrecision(3),
      i === 0 ? "" : `(${ratio.least.toPrecision(3)} to ${ratio.most.toPrecision(3)})`,
      i === 0 ? "" : short(difference, 2),
    ]),
  ];
  const kept = rows[0].map((_, j) => rows.slice(1).some((row) => row[j] !== ""));
  const widths = rows[0].map((_, j) => Math.max(...rows.map((row) => row[j].length)));
  const lines = rows.map((row) =>
    row
      .map((cell, j) => (j === 0 ? cell.padEnd(widths[j]) : cell.padStart(widths[j])))
      .filter((_, j) => kept[j])
      .join("  ")
      .trimEnd(),
  );
  return `${name} (${rounds} rounds)\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
