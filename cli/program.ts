import { Command } from "commander";
import { dataSetNames, quantities } from "vkernel";
import { dataFileEndings } from "vkernel/io";
import { pixelRanges, scalarQuantities } from "vkernel/internal";
import { benchGroups } from "./benchmark.js";
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
import { usage } from "./errors.js";
import { estimatorNames, estimators } from "./estimators.js";
import { numberList } from "./given.js";
import { classList } from "./input.js";
import { number, threads, word, words } from "./values.js";
import { type Parameter, parametersOf } from "./parameters.js";
import {
  flowNames,
  gridNames,
  grids,
  lastParameter,
  processes,
  processNames,
  samplerNames,
  samplers,
} from "./tables.js";
import { colorSchemes } from "./mapColors.js";
import { version } from "./version.js";

const kernels = ["auto", "simd", "relaxed", "reference"] as const;
const precisions = ["f32", "f64"] as const;
const setOrFile = `a built-in set (${dataSetNames.join(", ")}), or a file (${dataFileEndings.join(", ")})`;

const files = `
Files: .npy, .npz, .csv, IDX (.idx, -ubyte), each also in .gz. data.npz:name takes one array of a .npz file; points.csv:x,y
takes columns, points.csv:named those with a name, points.csv:all all. Arrays of three and four axes are images as data;
as queries the last axes make a point and those before are kept. Numbers that are not finite are written as NaN,
Infinity and -Infinity (in JSON as strings).
`;
const exits = `
Exit codes: 0 done, 2 usage, 3 data, 4 memory or limit, 5 files, 70 internal, 130 interrupted.`;

/** Reads a quantity that is one number at each place. */
function mapQuantity(given: string): (typeof scalarQuantities)[number] {
  const expected = `one number at each place: one of ${scalarQuantities.join(", ")}`;
  if (given === "score" || given === "velocity") {
    throw usage(
      "--quantity",
      expected,
      `"${given}", which is a vector; --arrows ${given} draws it on top of one`,
    );
  }
  const scalar = (scalarQuantities as readonly string[]).includes(given);
  if (!scalar && (quantities as readonly string[]).includes(given)) {
    const hint = `"${given}", which is several; vkernel score --quantity ${given} writes them`;
    throw usage("--quantity", expected, hint);
  }
  return word("--quantity", scalarQuantities)(given);
}

/** The whole command line, ready to parse. */
export function makeProgram(context: Context): Command {
  const program = new Command("vkernel")
    .description("What a diffusion model samples when its score is known exactly, is noisy or learned.")
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
      .addHelpText("after", files)
      .option("--labels <file>", "labels of the points of a file, one per point")
      .option("--weights <file>", "weights of the points of a file, one per point")
      .option("--classes <list>", "only points with these labels: 3,8", classList("--classes"))
      .option("--pixels <range>", "images: unit [0, 1] or symmetric [-1, 1]", word("--pixels", pixelRanges))
      .option(
        "--limit <bytes>",
        "the most that the numbers of a file may take in memory (default 2 GiB, or a quarter of what is free)",
        number("--limit"),
      )
      .option(
        "--sigma0 <width>",
        "standard deviation of the Gaussian at each training point (default 0)",
        number("--sigma0"),
      )
      .option("--precision <p>", "f32 or f64 (default f32)", word("--precision", precisions));
  const bar = (command: Command): Command =>
    command.option("--progress", "a progress bar also where stderr is no terminal");

  const parameters = (command: Command, list: readonly Parameter[]): Command => {
    for (const { flags, about, parse } of list) command.option(flags, about, parse);
    return command;
  };
  const process = (command: Command): Command =>
    parameters(
      command.option(
        "--process <name>",
        `${processNames.join(", ")} (default edm)`,
        word("--process", processNames),
      ),
      parametersOf(processes),
    );
  const grid = (command: Command, about: string, without?: Parameter): Command =>
    parameters(
      command.option("--grid <name>", about, word("--grid", gridNames)),
      parametersOf(grids).filter((one) => one !== without),
    ).option("--times <list|file>", "the times themselves, descending: 10,1,0.1,0 or a file (.npy, .csv)");

  const sample = common(
    "sample",
    "Draw samples of a data set by its exact score, or by a noisy or learned one.",
  ).argument("<data>", setOrFile);
  process(sample).option(
    "--sampler <name>",
    `${samplerNames.join(", ")} (default heun; euler where the score is random)`,
    word("--sampler", samplerNames),
  );
  parameters(sample, parametersOf(samplers));
  grid(sample, `${gridNames.join(", ")} (default karras)`)
    .option(
      "--count <n>",
      "number of samples (default 1000, or the rows of an initial file)",
      number("--count"),
    )
    .option("--seed <n>", "0 to 2^53 - 1; the same seed gives the same bits (default 0)", number("--seed"))
    .option("--initial <law|file>", "noise (default), normal, marginal, or a file of states (.npy, .csv)")
    .option(
      "--noise <kind|file>",
      "independent (default); shared: one Brownian path per sample, whatever the grid; or a file of standard normals, steps x count x dim (.npy)",
    )
    .option(
      "--estimator <name>",
      `${estimatorNames.join(", ")} (default exact): naive takes fresh training points at every step; linear and ntk are fitted to samples`,
      word("--estimator", estimatorNames),
    );
  parameters(sample, parametersOf(estimators));
  data(sample);
  engine(sample);
  sample
    .option("--out <file>", "write the samples, count x dim (.npy, .csv; .npz also has what was recorded)")
    .option("--report <file>", "write a report with pictures, one HTML file (.html)")
    .option(
      "--likelihood <file>",
      "write log densities along the flow, count x 3: logDensity, divergence, bitsPerDim (.npy, .csv)",
    )
    .option("--trajectories <file>", "write the recorded states, recorded x count x dim (.npy)")
    .option(
      "--record <which>",
      "what --trajectories holds: all times (default) or a list of indices: 0,10,40",
    );
  bar(output(sample)).addHelpText(
    "after",
    `
Without --out and --report the samples are printed: as csv, or inside the JSON.

Examples:
  vkernel sample digits --sampler posterior --count 64 --seed 1 --out samples.npy --report report.html
  vkernel sample polygon --sampler dopri5 --rtol 1e-5 --last sigmaMin --likelihood densities.csv
  vkernel sample polygon --estimator naive --initial marginal --grid logarithmic --t-max 10 --t-min 0.1
  vkernel sample polygon --estimator linear --feature-count 60 --grid logarithmic --t-max 3 --t-min 0.05 --report linear.html
${exits}`,
  );
  sample.action((name: string, choices) => runSample(name, choices, context));

  const score = common("score", "Evaluate the exact score and what comes with it at given places.")
    .argument("<data>", setOrFile)
    .requiredOption("--at <file>", "the queries, count x dim: a file (.npy, .csv) or a built-in set")
    .requiredOption(
      "--time <list|file>",
      "one time for all queries, several (0.05,0.2,0.5: all queries at each), or a file of one time per query",
    );
  process(score).option(
    "--quantity <list>",
    `one or more of ${quantities.join(", ")} (default score)`,
    words("--quantity", quantities),
  );
  data(score);
  engine(score);
  score.option("--out <file>", "write the values (.npy, .npz, .csv, .json)");
  bar(output(score)).addHelpText(
    "after",
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
${exits}`,
  );
  score.action((name: string, choices) => runScore(name, choices, context));

  const flowSamplers = ["dopri5", ...flowNames.filter((name) => name !== "dopri5")];
  const likelihood = common("likelihood", "The log density that the probability flow gives to points.")
    .argument("<data>", setOrFile)
    .requiredOption(
      "--at <points>",
      "the points, count x dim, at the last time: a file (.npy, .csv) or a built-in set",
    );
  process(likelihood).option(
    "--sampler <name>",
    `${flowSamplers.join(", ")} (default dopri5; ancestral with --eta 0)`,
    word("--sampler", flowSamplers),
  );
  parameters(
    likelihood,
    ["dopri5", "ancestral"].flatMap((name) => samplers[name]?.parameters ?? []),
  );
  grid(
    likelihood,
    `${gridNames.join(", ")} (default logarithmic); it ends at the lower end`,
    lastParameter,
  ).option(
    "--base <law>",
    "the law at the first time: noise (default), normal, or marginal: the noised data themselves",
    word("--base", ["noise", "normal", "marginal"]),
  );
  data(likelihood);
  engine(likelihood);
  likelihood
    .option("--out <file>", "write count x 3: logDensity, divergence, bitsPerDim (.npy, .csv)")
    .option("--latents <file>", "write where the flow takes the points, count x dim (.npy, .csv)");
  bar(output(likelihood)).addHelpText(
    "after",
    `
Without --out the values are printed: as csv, or inside the JSON.

Example:
  vkernel likelihood polygon --at points.csv --t-min 0.1 --t-max 80 --out densities.csv
${exits}`,
  );
  likelihood.action((name: string, choices) => runLikelihood(name, choices, context));

  const map = common("map", "Draw a quantity of the exact score over the plane, or over a line.")
    .argument("<data>", setOrFile)
    .requiredOption("--quantity <name>", scalarQuantities.join(", "), mapQuantity)
    .requiredOption(
      "--time <t>",
      "the time; for data of dimension 1 also a range such as 0.01,10: a map over x and t",
    )
    .requiredOption("--out <file>", "the picture (.png, .svg), or the numbers (.npy, .csv)");
  process(map)
    .option("--range <list>", "xmin,xmax,ymin,ymax (xmin,xmax for dimension 1); default: around the data")
    .option("--size <WxH>", "values across and up (default 440 on the longer side)")
    .option("--axes <i,j>", "dimension 3 and more: the two coordinates that are drawn, from 0")
    .option(
      "--at <point>",
      "dimension 3 and more: what the others are: a file of one row, a list, or the number of a training point",
    )
    .option(
      "--colors <scheme>",
      `${colorSchemes.join(", ")} (default viridis; rdbu for divergence)`,
      word("--colors", colorSchemes),
    )
    .option("--limits <low,high>", "the ends of the colours (default: those of the values)")
    .option("--log", "logarithmic colours, for values above 0")
    .option(
      "--arrows <quantity>",
      "arrows on top: score or velocity",
      word("--arrows", ["score", "velocity"]),
    );
  data(map);
  engine(map);
  bar(output(map)).addHelpText(
    "after",
    `
.npy: height x width, the first row at the lowest y. .csv: one row per value, with its place.
Training points are drawn where the process has taken them: alpha(t) times the point.

Examples:
  vkernel map polygon --quantity logDensity --time 0.3 --out map.png
  vkernel map polygon --quantity posteriorEntropy --time 0.5 --arrows score --out map.svg
${exits}`,
  );
  map.action((name: string, choices) => runMap(name, choices, context));

  const train = common("train", "Train networks to be the score of a data set; each is a file.")
    .argument("<data>", setOrFile)
    .requiredOption("--out <folder>", "where network-001.vkn and so on go; made where it is missing")
    .option("--force", "replace the networks that the folder holds, all of them, once the new ones are there")
    .option("--members <n>", "networks, of seeds one after another (default 1)", number("--members"))
    .option("--widths <list>", "units of the hidden layers (default 64,64)", (given: string) =>
      numberList("--widths", given),
    )
    .option(
      "--activation <name>",
      "silu (default), relu or tanh",
      word("--activation", ["relu", "silu", "tanh"]),
    )
    .option(
      "--conditioning <name>",
      "edm: EDM's preconditioning (default); scaled: output over sqrt(S)",
      word("--conditioning", ["scaled", "edm"]),
    )
    .option(
      "--time-features <n>",
      "pairs of sines and cosines of the noise level (default 0)",
      number("--time-features"),
    )
    .option("--steps <n>", "steps of Adam (default 3000)", number("--steps"))
    .option("--batch <n>", "samples per step (default 256)", number("--batch"))
    .option("--learning-rate <r>", "(default 0.001)", number("--learning-rate"))
    .option("--weight-decay <w>", "(default 0)", number("--weight-decay"))
    .option(
      "--decay <kind>",
      "coupled (default): L2; decoupled: AdamW",
      word("--decay", ["coupled", "decoupled"]),
    )
    .option(
      "--loss <name>",
      "denoising (default): proxy scores; exact: the exact score",
      word("--loss", ["exact", "denoising"]),
    )
    .option(
      "--samples <P>",
      "so many samples, drawn once (default: fresh ones at every step)",
      number("--samples"),
    )
    .option(
      "--weighting <name>",
      "variance (default), one or edm",
      word("--weighting", ["variance", "one", "edm"]),
    )
    .option(
      "--law <name>",
      "times: logUniform (default), uniform, or logNormal as EDM",
      word("--law", ["logUniform", "uniform", "logNormal"]),
    )
    .option("--t-min <time>", "least time (default: noise level 0.01)", number("--t-min"))
    .option(
      "--t-max <time>",
      "largest time (default: noise level 20, or the process's end)",
      number("--t-max"),
    )
    .option("--seed <n>", "of the first network (default 0)", number("--seed"));
  process(train);
  data(train);
  engine(train);
  bar(output(train)).addHelpText(
    "after",
    `
The same seed gives the same network on any number of threads. The folder's manifest.json has the settings, the
seeds and the SHA-256 of every network; a folder that holds networks is left alone without --force.

Examples:
  vkernel train polygon --members 20 --out nets/
  vkernel sample polygon --estimator network --network nets/ --count 2000 --out samples.npy
${exits}`,
  );
  train.action((name: string, choices) => runTrain(name, choices, context));

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
    const one = report
      .command(name)
      .description(about)
      .helpOption("-h, --help", "print this help")
      .requiredOption(
        "--out <file>",
        "the page (.html); the numbers go to a .json of the same name beside it",
      )
      .option("--seed <n>", "0 to 2^53 - 1 (default 1)", number("--seed"))
      .option("--quick", "small numbers of everything, for a look: figures without verdicts");
    if (name === "variance") {
      one.option(
        "--ensemble <folder>",
        "networks of vkernel train polygon: their V-kernel and their laws too",
      );
    }
    engine(one);
    bar(output(one)).addHelpText(
      "after",
      `
The whole took 1.5 to 3 minutes on two cores of an AMD EPYC; --quick takes small numbers of everything. The same seed gives the same numbers on any number of threads.

Example:
  vkernel report ${name} --out ${name}.html
${exits}`,
    );
    one.action((choices) => action(choices, context));
  }

  const sets = common("data", "List the built-in data sets, or write one to a file.")
    .argument("[set]", `a built-in set (${dataSetNames.join(", ")})`)
    .option("--count <n>", "how many points, for sets that are drawn", number("--count"))
    .option("--noise <std>", "standard deviation of noise on the points", number("--noise"))
    .option("--seed <n>", "of a set that is drawn (default 0)", number("--seed"))
    .option("--classes <list>", "only points with these labels: 3,8", classList("--classes"))
    .option("--pixels <range>", "images: unit [0, 1] or symmetric [-1, 1]", word("--pixels", pixelRanges))
    .option("--out <file>", "write the points, count x dim (.npy, .csv; .npz with the labels)")
    .option("--labels <file>", "write the labels, one per point (.npy, .csv)");
  output(sets).addHelpText("after", exits);
  sets.action((name: string | undefined, choices) => runData(name, choices, context));

  const info = common("info", "Tell what runs here: version, machine, kernels, threads.");
  output(engine(info)).addHelpText("after", exits);
  info.action((choices) => runInfo(choices, context));

  const serve = common("serve", "Serve the explorer, a page that computes it all live, on this machine.")
    .option("--port <n>", "0 for any that is free (default 4173)", number("--port"))
    .option("--host <address>", "who may reach it (default 127.0.0.1: this machine alone)")
    .option(
      "--origin <origin...>",
      'other origins whose pages may use the files (http://localhost:8080, or "*")',
    );
  output(serve).addHelpText("after", exits);
  serve.action((choices) => runServe(choices, context));

  const bench = common(
    "bench",
    "Measure the kernels on this machine, as ratios to plain TypeScript in one run.",
  )
    .option("--seconds <n>", "time to spend in all, 1 to 3600 (default 20)", number("--seconds"))
    .option("--only <list>", `${benchGroups.join(", ")} (default both)`, words("--only", benchGroups))
    .option("--threads <n>", "threads of the last column, 1 to 64, or auto (default auto)", threads);
  bar(output(bench)).addHelpText(
    "after",
    `
Each case is measured in rounds in which every kernel has its turn; a ratio is the median of those of the rounds,
with their range. Close other programs first: a noisy machine is told.
${exits}`,
  );
  bench.action((choices) => runBench(choices, context));

  for (const command of [program, ...program.commands, ...report.commands]) {
    command.exitOverride().configureOutput({
      // What went wrong is told once, by `run`; help that nobody asked for goes to stderr as it is.
      outputError: () => {},
    });
  }
  return program;
}
