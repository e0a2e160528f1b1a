import { availableParallelism, cpus, loadavg } from "node:os";
import { benchGroups, type CaseResult, runBenchmark } from "../benchmark.js";
import { type CommonChoices, type Context, tell } from "../context.js";
import { usage } from "../errors.js";
import type { Chosen } from "../option.js";
import { benchOptions, type progressOptions } from "../options.js";
import { Progress } from "../progress.js";
import { printJson, short } from "../text.js";
import { version } from "../version.js";

export type BenchChoices = CommonChoices & Chosen<typeof benchOptions> & Chosen<typeof progressOptions>;

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
  const progress = new Progress("measuring", {
    quiet: choices.quiet === true,
    progress: choices.progress === true,
  });
  try {
    const start = performance.now();
    const { cases, notes, noisy } = await runBenchmark({
      groups: only,
      seconds,
      threads,
      load,
      signal: context.signal,
      onProgress: progress.update,
    });
    progress.stop();
    const spent = (performance.now() - start) / 1000;
    if (choices.json) {
      printJson({ command: "bench", version, machine, seconds: spent, noisy, notes, cases });
      return;
    }
    process.stdout.write(
      `vkernel ${version}, Node ${machine.node}, ${machine.platform}, ${machine.cpu}, ${machine.cores} cores\n` +
        "Median of the rounds; spread: (slowest - fastest) / median; how many times as fast as plain TypeScript\n" +
        "(reference) in the same round, with the range; largest difference of a number from it.\n",
    );
    for (const item of cases) process.stdout.write(`\n${tableOf(item)}`);
    if (notes.length > 0) process.stdout.write(`\n${notes.map((note) => `Note: ${note}.\n`).join("")}`);
    tell(choices, `measured for ${spent.toFixed(0)} s`);
  } finally {
    progress.stop();
  }
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
