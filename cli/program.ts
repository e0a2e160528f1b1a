import { Command } from "commander";
import { runData } from "./commands/data.js";
import { runInfo } from "./commands/info.js";
import { runServe } from "./commands/serve.js";
import type { Context } from "./context.js";
import { engineOptions, outputOptions, serveOptions, setOptions } from "./options.js";
import { adderTo, builtInSet, exits, withHelp } from "./program/add.js";
import { addBench } from "./program/bench.js";
import { addClaim } from "./program/claim.js";
import { addLikelihood } from "./program/likelihood.js";
import { addMap } from "./program/map.js";
import { addReport } from "./program/report.js";
import { addSample } from "./program/sample.js";
import { addScore } from "./program/score.js";
import { addTrain } from "./program/train.js";
import { version } from "./version.js";

/** The whole command line, ready to parse. */
export function makeProgram(context: Context): Command {
  const program = withHelp(
    new Command("vkernel")
      .description("What a diffusion model samples when its score is known exactly, is noisy or learned.")
      .version(version, "-V, --version", "print the version"),
  )
    .helpCommand("help [command]", "print the help of a command")
    .showSuggestionAfterError()
    .addHelpText("after", exits);
  const add = adderTo(program);
  addSample(add, context);
  addScore(add, context);
  addLikelihood(add, context);
  addMap(add, context);
  addTrain(add, context);
  const report = addReport(program, context);
  addClaim(add, context);
  add("data", "List the built-in data sets, or write one to a file.", [setOptions, outputOptions])
    .argument("[set]", builtInSet)
    .action((name: string | undefined, choices) => runData(name, choices, context));
  add("info", "Tell what runs here: version, machine, kernels, threads.", [
    engineOptions,
    outputOptions,
  ]).action((choices) => runInfo(choices, context));
  add("serve", "Serve the explorer, a page that computes it all live, on this machine.", [
    serveOptions,
    outputOptions,
  ]).action((choices) => runServe(choices, context));
  addBench(add, context);

  for (const one of [program, ...program.commands, ...report.commands]) {
    one.exitOverride().configureOutput({
      // What went wrong is told once, by `run`; help that nobody asked for goes to stderr as it is.
      outputError: () => {},
    });
  }
  return program;
}
