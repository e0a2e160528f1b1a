import { Command } from "commander";
import { dataSetNames } from "../src/data/sets.js";
import { quantities } from "../src/score/field.js";
import { runData } from "./commands/data.js";
import { runInfo } from "./commands/info.js";
import { runSample } from "./commands/sample.js";
import { runScore } from "./commands/score.js";
import type { Context } from "./context.js";
import { number, threads, word, words } from "./options.js";
import { gridNames, processNames, samplerNames } from "./plan.js";
import { version } from "./version.js";

const kernels = ["auto", "simd", "relaxed", "reference"] as const;
const precisions = ["f32", "f64"] as const;
const setOrFile = `a built-in set (${dataSetNames.join(", ")}), or a file (.npy, .csv)`;

const exits = `
Exit codes: 0 done, 2 usage, 3 data, 4 memory or limit, 5 files, 70 internal, 130 interrupted.`;

/** The whole command line, ready to parse. */
export function makeProgram(context: Context): Command {
  const program = new Command("vkernel")
    .description("What a diffusion model samples when its score is known exactly, or is noisy.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .showSuggestionAfterError()
    .addHelpText("after", exits);
  const common = (name: string, about: string): Command => {
    const command = program.command(name).description(about);
    command.helpOption("-h, --help", "print this help");
    return command;
  };
  const engine = (command: Command): Command =>
    command
      .option(
        "--threads <n>",
        "worker threads, 1 to 64, or auto (default auto); results do not depend on it",
        threads,
      )
      .option("--kernels <name>", `${kernels.join(", ")} (default auto)`, word("--kernels", kernels));
  const output = (command: Command): Command =>
    command
      .option("--json", "print one JSON result on stdout; errors are one JSON line on stderr")
      .option("--quiet", "no progress bar and no summary on stderr");
  const data = (command: Command): Command =>
    command
      .option(
        "--sigma0 <width>",
        "standard deviation of the Gaussian at each training point (default 0)",
        number("--sigma0"),
      )
      .option("--precision <p>", "f32 or f64 (default f32)", word("--precision", precisions));
  const bar = (command: Command): Command =>
    command.option("--progress", "a progress bar also where stderr is no terminal");

  const sample = common("sample", "Draw samples of a data set by its exact score, or by a noisy one.")
    .argument("<data>", setOrFile)
    .option("--process <name>", `${processNames.join(", ")} (default edm)`, word("--process", processNames))
    .option(
      "--sampler <name>",
      `${samplerNames.join(", ")} (default heun; euler for the naive estimator)`,
      word("--sampler", samplerNames),
    )
    .option("--steps <n>", "number of steps (default 40)", number("--steps"))
    .option("--grid <name>", `${gridNames.join(", ")} (default karras)`, word("--grid", gridNames))
    .option("--sigma-min <level>", "lowest noise level above 0 (default 0.002)", number("--sigma-min"))
    .option("--sigma-max <level>", "noise level to start from (default 80)", number("--sigma-max"))
    .option("--t-min <time>", "the lower end as a time, instead of a level", number("--t-min"))
    .option("--t-max <time>", "the upper end as a time, instead of a level", number("--t-max"))
    .option(
      "--last <end>",
      "zero: a last step to 0 (default for karras); sigmaMin: stop at the lower end (default for the others)",
      word("--last", ["zero", "sigmaMin"]),
    )
    .option("--rho <n>", "how karras levels crowd at the lower end (default 7)", number("--rho"))
    .option(
      "--count <n>",
      "number of samples (default 1000, or the rows of an initial file)",
      number("--count"),
    )
    .option("--seed <n>", "0 to 2^53 - 1; the same seed gives the same bits (default 0)", number("--seed"))
    .option("--initial <law|file>", "noise (default), normal, marginal, or a file of states (.npy, .csv)")
    .option(
      "--estimator <name>",
      "exact, or naive: fresh training points at every step (default exact)",
      word("--estimator", ["exact", "naive"]),
    )
    .option("--draws <R>", "naive: training points a step (default 1)", number("--draws"))
    .option("--kappa <time>", "naive: noise that keeps its size as steps shrink", number("--kappa"));
  data(sample);
  engine(sample);
  sample
    .option("--out <file>", "write the samples, count x dim (.npy, .csv)")
    .option("--report <file>", "write a report with pictures, one HTML file (.html)");
  bar(output(sample)).addHelpText(
    "after",
    `
Without --out and --report the samples are printed: as csv, or inside the JSON.

Examples:
  vkernel sample digits --sampler posterior --count 64 --seed 1 --out samples.npy --report report.html
  vkernel sample polygon --estimator naive --initial marginal --grid logarithmic --t-max 10 --t-min 0.1
${exits}`,
  );
  sample.action((name: string, choices) => runSample(name, choices, context));

  const score = common("score", "Evaluate the exact score and what comes with it at given places.")
    .argument("<data>", setOrFile)
    .requiredOption("--at <file>", "the queries, count x dim: a file (.npy, .csv) or a built-in set")
    .requiredOption("--time <t|file>", "one time for all queries, or a file of one time a query")
    .option("--process <name>", `${processNames.join(", ")} (default edm)`, word("--process", processNames))
    .option(
      "--quantity <list>",
      `one or more of ${quantities.join(", ")} (default score)`,
      words("--quantity", quantities),
    );
  data(score);
  engine(score);
  score.option("--out <file>", "write the values (.npy, .csv, .json)");
  bar(output(score)).addHelpText(
    "after",
    `
Output, by the ending of --out:
  .npy   one quantity: that file. Several: one file each with the name of the quantity before
         the ending (scores.npy becomes scores.score.npy and scores.logDensity.npy).
         Shapes: (count), (count, dim), (count, size) for posteriorWeights, (count, dim, dim).
  .csv   one row a query, all quantities side by side, a header row of names: score_0, score_1, ...
  .json  one object with an array a quantity
Without --out the values are printed: as csv, or inside the JSON.

Example:
  vkernel score points.csv --at queries.npy --process edm --time 0.5 --quantity score,logDensity --out scores.npy
${exits}`,
  );
  score.action((name: string, choices) => runScore(name, choices, context));

  const sets = common("data", "List the built-in data sets, or write one to a file.")
    .argument("[set]", `a built-in set (${dataSetNames.join(", ")})`)
    .option("--out <file>", "write the points, count x dim (.npy, .csv)")
    .option("--labels <file>", "write the labels, one a point (.npy, .csv)");
  output(sets).addHelpText("after", exits);
  sets.action((name: string | undefined, choices) => runData(name, choices, context));

  const info = common("info", "Tell what runs here: version, machine, kernels, threads.");
  output(engine(info)).addHelpText("after", exits);
  info.action((choices) => runInfo(choices, context));

  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      // What went wrong is told once, by `run`; help that nobody asked for goes to stderr as it is.
      outputError: () => {},
    });
  }
  return program;
}
