import type { EngineInfo } from "vkernel";
import { checkInteger } from "vkernel/internal";
import { type CommonChoices, type Context, tell } from "../context.js";
import { type EngineChoices, startEngine } from "../engine.js";
import type { JudgedClaim } from "../../claims/claim.js";
import {
  measureAll,
  type NumbersOf,
  type Parts,
  type PicturesOf,
  type StudyPlan,
} from "../../claims/study.js";
import type { LoadNetworks } from "../../claims/vastola2025/trained.js";
import { loadEnsemble } from "../report/variance/ensemble.js";
import { textOf } from "../report/study/words.js";
import { readNetworks } from "../networks.js";
import type { Chosen } from "../option.js";
import type { progressOptions, reportOptions, varianceOptions } from "../options.js";
import { Progress } from "../progress.js";
import { commandLine, duration, jsonText, onePiece, printJson } from "../text.js";
import { version } from "../version.js";

export type ReportChoices = EngineChoices &
  CommonChoices &
  Chosen<typeof reportOptions> &
  Chosen<typeof varianceOptions> &
  Chosen<typeof progressOptions>;

/** A report: what measures, what judges, what draws. */
interface Report<P extends Parts> {
  readonly name: string;
  readonly plan: StudyPlan<P>;
  readonly claimsOf: (study: NumbersOf<P>) => JudgedClaim[];
  readonly render: (
    study: NumbersOf<P>,
    pictures: PicturesOf<P>,
    about: { command: string; engine: EngineInfo; milliseconds: number },
  ) => string;
}

/** `vkernel report variance`: re-makes the figures and the numbers of Vastola 2025, theory beside. */
export const runVariance = (choices: ReportChoices, context: Context): Promise<void> =>
  runReport(choices, context, async (networks) => {
    const { studyOf } = await import("../../claims/vastola2025/study.js");
    const { renderVariance } = await import("../report/variance/page.js");
    const { claimsOf } = await import("../../claims/vastola2025/claims.js");
    return { name: "variance", plan: studyOf(networks), render: renderVariance, claimsOf };
  });

/** `vkernel report smoothing`: the same for Chen 2025. */
export const runSmoothing = (choices: ReportChoices, context: Context): Promise<void> =>
  runReport(choices, context, async () => {
    const { study } = await import("../../claims/chen2025/study.js");
    const { renderSmoothing } = await import("../report/smoothing/page.js");
    const { claimsOf } = await import("../../claims/chen2025/claims.js");
    return { name: "smoothing", plan: study, render: renderSmoothing, claimsOf };
  });

/** `vkernel report pde`: the same for Cao et al. 2025. */
export const runPde = (choices: ReportChoices, context: Context): Promise<void> =>
  runReport(choices, context, async () => {
    const { study } = await import("../../claims/cao2025/study.js");
    const { renderPde } = await import("../report/pde/page.js");
    const { claimsOf } = await import("../../claims/cao2025/claims.js");
    return { name: "pde", plan: study, render: renderPde, claimsOf };
  });

async function runReport<P extends Parts>(
  choices: ReportChoices,
  context: Context,
  load: (networks?: LoadNetworks) => Promise<Report<P>>,
): Promise<void> {
  const { files, signal } = context;
  const seed = checkInteger(choices.seed ?? 1, "seed", 0, Number.MAX_SAFE_INTEGER - 10_000);
  const networks =
    choices.ensemble === undefined
      ? undefined
      : await readNetworks(choices.ensemble, files, (line) => tell(choices, line));
  const out = await files.claim("--out", choices.out, [".html", ".htm"]);
  const beside = choices.out.replace(/\.html?$/i, ".json");
  const numbers = await files.claim("--out", beside, [".json"]);
  signal.throwIfAborted();
  const engine = await startEngine(choices);
  const progress = new Progress("measuring", {
    quiet: choices.quiet === true,
    progress: choices.progress === true,
  });
  try {
    // Charts take a while to load.
    const { name, plan, render, claimsOf } = await load(networks && loadEnsemble(networks));
    const start = performance.now();
    const { numbers: study, pictures } = await measureAll(engine, plan, {
      seed,
      quick: choices.quick === true,
      signal,
      onProgress: progress.update,
    });
    const milliseconds = performance.now() - start;
    progress.stop();
    const command = commandLine(context.words);
    const page = render(study, pictures, { command, engine: engine.info, milliseconds });
    const judged = claimsOf(study);
    const claims = judged.map(({ measured, id, where, says, ...verdict }) => ({
      ...{ id, where, says },
      measured: textOf(measured),
      // A quick run has figures and no verdicts.
      ...(choices.quick ? {} : verdict),
    }));
    const numbersOf = { command, report: name, version, ...study, claims };
    await files.write(out, onePiece(page));
    await files.write(numbers, onePiece(`${jsonText(numbersOf)}\n`));
    signal.throwIfAborted();
    await files.commit();
    if (choices.json) printJson(numbersOf);
    const held = judged.filter(({ verdict }) => verdict === "holds" || verdict === "exact").length;
    const result = choices.quick ? "in a quick run, too small for verdicts" : `${held} hold`;
    tell(choices, `${name}: ${claims.length} claims measured, ${result}: ${duration(milliseconds)}`);
    for (const path of [choices.out, beside]) tell(choices, `wrote ${path}`);
  } finally {
    progress.stop();
    engine.close();
  }
}
