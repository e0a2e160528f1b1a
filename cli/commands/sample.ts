import { createEngine } from "../../src/engine.js";
import { encodeNpy } from "../../src/io/index.js";
import { sample } from "../../src/sampler/index.js";
import { type CommonChoices, type Context, tell } from "../context.js";
import { exitCodes, Failure } from "../errors.js";
import { endingOf } from "../files.js";
import { readInput } from "../input.js";
import { word } from "../options.js";
import { initialNames, planSample, type SampleChoices } from "../plan.js";
import { Progress } from "../progress.js";
import { commandLine, csvPieces, duration, grouped, nested, onePiece, print, printJson } from "../text.js";

export interface SampleCommandChoices extends SampleChoices, CommonChoices {
  threads?: number | "auto";
  kernels?: "auto" | "simd" | "relaxed" | "reference";
  out?: string;
  report?: string;
  progress?: boolean;
}

/** JSON text is for small results; files are for large ones. */
const MAX_JSON = 5_000_000;

/** `vkernel sample`: draws samples, writes them, and a report. */
export async function runSample(
  name: string,
  choices: SampleCommandChoices,
  context: Context,
): Promise<void> {
  const { files, signal, sources } = context;
  const input = await readInput(name, files);
  sources.points = { file: name, dim: input.dim };
  const states = await readInitial(choices.initial, context, input.dim);
  const out =
    choices.out === undefined ? undefined : await files.claim("--out", choices.out, [".npy", ".csv"]);
  const report =
    choices.report === undefined
      ? undefined
      : await files.claim("--report", choices.report, [".html", ".htm"]);
  const inText = out === undefined && (choices.json === true || report === undefined);
  signal.throwIfAborted();

  const engine = await createEngine({
    ...(choices.threads === undefined ? {} : { threads: choices.threads }),
    ...(choices.kernels === undefined ? {} : { kernels: choices.kernels }),
  });
  const progress = new Progress("sampling", {
    quiet: choices.quiet === true,
    progress: choices.progress === true,
  });
  try {
    const data = engine.mixture(input.points, {
      dim: input.dim,
      sigma0: choices.sigma0 ?? 0,
      precision: choices.precision ?? "f32",
    });
    const plan = planSample(data, choices, states);
    if (inText && choices.json && plan.count * input.dim > MAX_JSON) {
      const message = `--json expected at most ${grouped(MAX_JSON)} numbers without --out, got ${grouped(plan.count * input.dim)}`;
      throw new Failure("E_LIMIT", exitCodes.memory, "--json", message);
    }
    const run = await sample(plan.field, { ...plan.options, signal, onProgress: progress.update });
    progress.stop();
    const { samples, count, dim } = run;

    const names = Array.from({ length: dim }, (_, i) => `x${i}`);
    const column = { name: "samples", values: samples, width: dim, header: names };
    if (out !== undefined) {
      const pieces =
        endingOf(out) === ".npy"
          ? onePiece(encodeNpy(samples, [count, dim]))
          : csvPieces([column], count, true, signal);
      await files.write(out, pieces);
    }
    const command = commandLine(context.words);
    if (report !== undefined) {
      // Charts take a while to load: only who asks for a report waits.
      const { sampleReport } = await import("../report/sampleReport.js");
      await files.write(report, onePiece(await sampleReport({ input, data, plan, run, command })));
    }
    signal.throwIfAborted();
    await files.commit();

    if (choices.json) {
      const { process } = plan.field;
      const { sampler, grid, seed } = plan.options;
      printJson({
        command: "sample",
        data: { name, size: data.size, dim, sigma0: data.sigma0 },
        process: { name: process.name, ...process.parameters },
        estimator: plan.estimator,
        sampler: { name: sampler.name, ...sampler.parameters },
        grid: { name: grid.name, ...grid.parameters },
        times: Array.from(run.times),
        initial: choices.initial ?? "noise",
        count,
        dim,
        seed,
        precision: data.precision,
        stats: run.stats,
        out: out ?? null,
        report: report ?? null,
        ...(inText ? { samples: nested(samples, count, dim) } : {}),
      });
    } else if (inText) await print(csvPieces([column], count, true, signal));
    const { milliseconds, threads, kernels } = run.stats;
    tell(
      choices,
      `${name}: ${plan.sentence}: ${duration(milliseconds)} (${kernels}, ${threads} ${threads === 1 ? "thread" : "threads"})`,
    );
    for (const path of [choices.out, choices.report]) if (path !== undefined) tell(choices, `wrote ${path}`);
  } finally {
    progress.stop();
    engine.close();
  }
}

/** The states of a file given as the initial law, if one is. */
async function readInitial(
  given: string | undefined,
  context: Context,
  dim: number,
): Promise<Float32Array | Float64Array | undefined> {
  if (given === undefined) return undefined;
  if (!/\.(npy|csv)$/i.test(given)) {
    word("--initial", initialNames)(given);
    return undefined;
  }
  const table = await context.files.readTable(given);
  context.sources.initial = { file: given, dim };
  if (table.dim !== dim) {
    const message = `${given} expected rows of ${dim} as the data have, got rows of ${table.dim}`;
    throw new Failure("E_SHAPE", exitCodes.data, given, message);
  }
  return table.data;
}
