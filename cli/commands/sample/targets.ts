/** Where samples go: files of their own for the samples, a report, log densities and recorded states. */
import type { SampleRun } from "vkernel";
import { encodeNpy, encodeSamples } from "vkernel/io";
import type { Context } from "../../context.js";
import { likelihoodPieces } from "../../densities.js";
import { endingOf, type Files } from "../../files.js";
import { type Column, commandLine, csvPieces, onePiece } from "../../text.js";
import { conflict } from "../../values.js";
import type { SampleCommandChoices, SampleResult } from "./result.js";

/** Files that are claimed; undefined is what nobody asked for. */
export interface Targets {
  readonly out: string | undefined;
  readonly report: string | undefined;
  readonly likelihood: string | undefined;
  readonly trajectories: string | undefined;
  /** Whether samples are printed. */
  readonly inText: boolean;
}

export function checkRecord({ record, trajectories, out }: SampleCommandChoices): void {
  const archive = out !== undefined && endingOf(out) === ".npz";
  if (record !== undefined && trajectories === undefined && !archive) {
    throw conflict("--record", "needs --trajectories <file.npy> or --out <file.npz>");
  }
}

export async function claimTargets(choices: SampleCommandChoices, files: Files): Promise<Targets> {
  const out = await files.claimGiven("--out", choices.out, [".npy", ".npz", ".csv"]);
  const report = await files.claimGiven("--report", choices.report, [".html", ".htm"]);
  const likelihood = await files.claimGiven("--likelihood", choices.likelihood, [".npy", ".csv"]);
  const trajectories = await files.claimGiven("--trajectories", choices.trajectories, [".npy"]);
  const inText = out === undefined && (choices.json === true || report === undefined);
  return { out, report, likelihood, trajectories, inText };
}

/** The samples as a table. */
export const columnOf = ({ samples, dim }: SampleRun): Column => ({
  name: "samples",
  values: samples,
  width: dim,
  header: Array.from({ length: dim }, (_, i) => `x${i}`),
});

function samplesFor(path: string, run: SampleRun, signal: AbortSignal) {
  const { samples, count, dim } = run;
  switch (endingOf(path)) {
    case ".npy":
      return onePiece(encodeNpy(samples, [count, dim]));
    case ".npz":
      return onePiece(encodeSamples(run));
    default:
      return csvPieces([columnOf(run)], count, true, signal);
  }
}

/** Writes what was asked for, of which nothing is seen before it is committed. */
export async function writeResult(
  { input, data, plan, run }: SampleResult,
  { out, report, likelihood, trajectories }: Targets,
  { files, signal, words }: Context,
): Promise<void> {
  const { count, dim } = run;
  if (out !== undefined) await files.write(out, samplesFor(out, run, signal));
  if (likelihood !== undefined && run.likelihood !== undefined) {
    await files.write(likelihood, likelihoodPieces(likelihood, run.likelihood, [count], signal));
  }
  if (trajectories !== undefined && run.trajectories !== undefined) {
    const shape = [run.recorded.length, count, dim];
    await files.write(trajectories, onePiece(encodeNpy(run.trajectories, shape)));
  }
  if (report !== undefined) {
    const command = commandLine(words);
    // Charts take a while to load: only who asks for a report waits.
    const { sampleReport } = await import("../../report/sampleReport.js");
    await files.write(report, onePiece(await sampleReport({ input, data, plan, run, command, signal })));
  }
}
