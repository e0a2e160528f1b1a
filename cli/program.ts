import { Command } from "commander";
import { dataSetNames } from "vkernel";
import { dataFileEndings } from "vkernel/io";
import { runBench } from "./commands/bench.js";
import { runData } from "./commands/data.js";
import { runInfo } from "./commands/info.js";
import { runLikelihood } from "./commands/likelihood.js";
import { runMap } from "./commands/map.js";
import { runPde, runSmoothing, runVariance } from "./commands/report.js";
import { runSample } from "./commands/sample.js";
import { runScore } from "./commands/score.js";
import { runServe } from "./commands/serve.js";
import { runTrain } from "./commands/train.js";
import type { Context } from "./context.js";
import { gridOptions } from "./grids.js";
import { addOptions, type Options } from "./option.js";
import {
  benchOptions,
  dataOptions,
  engineOptions,
  estimatorOptions,
  flowGridOptions,
  flowOptions,
  likelihoodOptions,
  likelihoodOutputs,
  likelihoodPlaces,
  mapOptions,
  mapPlaces,
  networkOptions,
  outputOptions,
  progressOptions,
  reportOptions,
  runOptions,
  sampleOutputs,
  scoreOptions,
  scoreOutputs,
  scorePlaces,
  serveOptions,
  setOptions,
  trainOptions,
  varianceOptions,
} from "./options.js";
import { processOptions } from "./processes.js";
import { samplerOptions } from "./samplers.js";
import { version } from "./version.js";

const setOrFile = `a built-in set (${dataSetNames.join(", ")}), or a file (${dataFileEndings.join(", ")})`;

const files = `
Files: .npy, .npz, .csv, IDX (.idx, -ubyte), each also in .gz. data.npz:name takes one array of a .npz file; points.csv:x,y
takes columns, points.csv:named those with a name, points.csv:all all. Arrays of three and four axes are images as data;
as queries the last axes make a point and those before are kept. Numbers that are not finite are written as NaN,
Infinity and -Infinity (in JSON as strings).
`;
const exits = `
Exit codes: 0 done, 2 usage, 3 data, 4 memory or limit, 5 files, 70 internal, 130 interrupted.`;

/** The whole command line, ready to parse. */
export function makeProgram(context: Context): Command {
  const program = new Command("vkernel")
    .description("What a diffusion model samples when its score is known exactly, is noisy or learned.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .showSuggestionAfterError()
    .addHelpText("after", exits);
  const command = (name: string, about: string, lists: readonly Options[], after = ""): Command => {
    const made = program.command(name).description(about).helpOption("-h, --help", "print this help");
    for (const options of lists) addOptions(made, options);
    if (lists.includes(dataOptions)) made.addHelpText("after", files);
    return made.addHelpText("after", `${after}${exits}`);
  };

  command(
    "sample",
    "Draw samples of a data set by its exact score, or by a noisy or learned one.",
    [
      processOptions,
      samplerOptions,
      gridOptions,
      runOptions,
      estimatorOptions,
      dataOptions,
      engineOptions,
      sampleOutputs,
      outputOptions,
      progressOptions,
    ],
    `
Without --out and --report the samples are printed: as csv, or inside the JSON.

Examples:
  vkernel sample digits --sampler posterior --count 64 --seed 1 --out samples.npy --report report.html
  vkernel sample polygon --sampler dopri5 --rtol 1e-5 --last sigmaMin --likelihood densities.csv
  vkernel sample polygon --estimator naive --initial marginal --grid logarithmic --t-max 10 --t-min 0.1
  vkernel sample polygon --estimator linear --feature-count 60 --grid logarithmic --t-max 3 --t-min 0.05 --report linear.html
`,
  )
    .argument("<data>", setOrFile)
    .action((name: string, choices) => runSample(name, choices, context));

  command(
    "score",
    "Evaluate the exact score and what comes with it at given places.",
    [
      scorePlaces,
      processOptions,
      scoreOptions,
      dataOptions,
      engineOptions,
      scoreOutputs,
      outputOptions,
      progressOptions,
    ],
    `
Output, by the ending of --out:
  .npy   one quantity: that file. Several: one file each with the name of the quantity before
         the ending (scores.npy becomes scores.score.npy and scores.logDensity.npy).
         Shapes: (count), (count, dim), (count, size) for posteriorWeights, (count, dim, dim);
         of several times (times, count, ...).
  .npz   all quantities in one file, each under its name, of these shapes; and times: those of --time.
  .csv   one row per query, all quantities side by side, a header row of names: score_0, score_1, ...;
         of several times one block of rows after the other, with a first column t.
  .json  one object with an array per quantity; of several times an array of arrays, and times.
Without --out the values are printed: as csv, or inside the JSON.

Example:
  vkernel score points.csv --at queries.npy --process edm --time 0.5 --quantity score,logDensity --out scores.npy
  vkernel score digits --at digits --time 0.05,0.2,0.5 --quantity logDensity,posteriorMean --out scores.npz
`,
  )
    .argument("<data>", setOrFile)
    .action((name: string, choices) => runScore(name, choices, context));

  command(
    "likelihood",
    "The log density that the probability flow gives to points.",
    [
      likelihoodPlaces,
      processOptions,
      flowOptions,
      flowGridOptions,
      likelihoodOptions,
      dataOptions,
      engineOptions,
      likelihoodOutputs,
      outputOptions,
      progressOptions,
    ],
    `
Without --out the values are printed: as csv, or inside the JSON.

Example:
  vkernel likelihood polygon --at points.csv --t-min 0.1 --t-max 80 --out densities.csv
`,
  )
    .argument("<data>", setOrFile)
    .action((name: string, choices) => runLikelihood(name, choices, context));

  command(
    "map",
    "Draw a quantity of the exact score over the plane, or over a line.",
    [mapPlaces, processOptions, mapOptions, dataOptions, engineOptions, outputOptions, progressOptions],
    `
.npy: height x width, the first row at the lowest y. .csv: one row per value, with its place.
Training points are drawn where the process has taken them: alpha(t) times the point.

Examples:
  vkernel map polygon --quantity logDensity --time 0.3 --out map.png
  vkernel map polygon --quantity posteriorEntropy --time 0.5 --arrows score --out map.svg
`,
  )
    .argument("<data>", setOrFile)
    .action((name: string, choices) => runMap(name, choices, context));

  command(
    "train",
    "Train networks to be the score of a data set; each is a file.",
    [
      trainOptions,
      networkOptions,
      processOptions,
      dataOptions,
      engineOptions,
      outputOptions,
      progressOptions,
    ],
    `
The same seed gives the same network on any number of threads. The folder's manifest.json has the settings, the
seeds and the SHA-256 of every network; a folder that holds networks is left alone without --force.

Examples:
  vkernel train polygon --members 20 --out nets/
  vkernel sample polygon --estimator network --network nets/ --count 2000 --out samples.npy
`,
  )
    .argument("<data>", setOrFile)
    .action((name: string, choices) => runTrain(name, choices, context));

  const report = program.command("report").description("Re-make the figures and the numbers of a paper.");
  report.helpOption("-h, --help", "print this help").addHelpText("after", exits);
  for (const { name, about, action } of [
    {
      name: "variance",
      about: "Generalization through variance (Vastola 2025): every figure and claim, measured.",
      action: runVariance,
    },
    {
      name: "smoothing",
      about: "Interpolation effect of score smoothing (Chen 2025): every figure and claim, measured.",
      action: runSmoothing,
    },
    {
      name: "pde",
      about: "Diffusion models from a PDE perspective (Cao et al. 2025): its figures and claims, measured.",
      action: runPde,
    },
  ]) {
    const one = report.command(name).description(about).helpOption("-h, --help", "print this help");
    const own = name === "variance" ? [varianceOptions] : [];
    for (const options of [reportOptions, ...own, engineOptions, outputOptions, progressOptions])
      addOptions(one, options);
    one.addHelpText(
      "after",
      `
The whole took 1.5 to 3 minutes on two cores of an AMD EPYC; --quick takes small numbers of everything. The same seed gives the same numbers on any number of threads.

Example:
  vkernel report ${name} --out ${name}.html
${exits}`,
    );
    one.action((choices) => action(choices, context));
  }

  command("data", "List the built-in data sets, or write one to a file.", [setOptions, outputOptions])
    .argument("[set]", `a built-in set (${dataSetNames.join(", ")})`)
    .action((name: string | undefined, choices) => runData(name, choices, context));

  command("info", "Tell what runs here: version, machine, kernels, threads.", [
    engineOptions,
    outputOptions,
  ]).action((choices) => runInfo(choices, context));

  command("serve", "Serve the explorer, a page that computes it all live, on this machine.", [
    serveOptions,
    outputOptions,
  ]).action((choices) => runServe(choices, context));

  command(
    "bench",
    "Measure the kernels on this machine, as ratios to plain TypeScript in one run.",
    [benchOptions, outputOptions, progressOptions],
    `
Each case is measured in rounds in which every kernel has its turn; a ratio is the median of those of the rounds,
with their range. Close other programs first: a noisy machine is told.
`,
  ).action((choices) => runBench(choices, context));

  for (const one of [program, ...program.commands, ...report.commands]) {
    one.exitOverride().configureOutput({
      // What went wrong is told once, by `run`; help that nobody asked for goes to stderr as it is.
      outputError: () => {},
    });
  }
  return program;
}
