import type { Command } from "commander";
import { runPde, runSmoothing, runVariance } from "../commands/report.js";
import type { Context } from "../context.js";
import { engineOptions, outputOptions, progressOptions, reportOptions, varianceOptions } from "../options.js";
import { adderTo, exits, withHelp } from "./add.js";

const reports = [
  {
    name: "variance",
    about: "Generalization through variance (Vastola 2025): every figure and claim, measured.",
    own: [varianceOptions],
    run: runVariance,
  },
  {
    name: "smoothing",
    about: "Interpolation effect of score smoothing (Chen 2025): every figure and claim, measured.",
    own: [],
    run: runSmoothing,
  },
  {
    name: "pde",
    about: "Diffusion models from a PDE perspective (Cao et al. 2025): its figures and claims, measured.",
    own: [],
    run: runPde,
  },
];

/** A command that has one for each paper. */
export function addReport(program: Command, context: Context): Command {
  const report = withHelp(
    program.command("report").description("Re-make the figures and the numbers of a paper."),
  ).addHelpText("after", exits);
  const add = adderTo(report);
  for (const { name, about, own, run } of reports) {
    add(
      name,
      about,
      [reportOptions, ...own, engineOptions, outputOptions, progressOptions],
      `
The whole took 4 to 8 minutes on two cores of an AMD EPYC; --quick takes small numbers of everything. The same seed gives the same numbers on any number of threads.

Example:
  vkernel report ${name} --out ${name}.html
`,
    ).action((choices) => run(choices, context));
  }
  return report;
}
