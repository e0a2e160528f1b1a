import { checkInteger } from "../../src/check.js";
import { createEngine } from "../../src/engine.js";
import { type CommonChoices, type Context, tell } from "../context.js";
import { Progress } from "../progress.js";
import { commandLine, duration, onePiece, printJson } from "../text.js";

export interface ReportChoices extends CommonChoices {
  out: string;
  seed?: number;
  quick?: boolean;
  threads?: number | "auto";
  kernels?: "auto" | "simd" | "relaxed" | "reference";
  progress?: boolean;
}

/** `vkernel report variance`: re-makes the figures and the numbers of paper 002, theory beside. */
export async function runVariance(choices: ReportChoices, context: Context): Promise<void> {
  const { files, signal } = context;
  const seed = checkInteger(choices.seed ?? 1, "seed", 0, Number.MAX_SAFE_INTEGER - 10_000);
  const out = await files.claim("--out", choices.out, [".html", ".htm"]);
  const beside = choices.out.replace(/\.html?$/i, ".json");
  const numbers = await files.claim("--out", beside, [".json"]);
  signal.throwIfAborted();
  const engine = await createEngine({
    ...(choices.threads === undefined ? {} : { threads: choices.threads }),
    ...(choices.kernels === undefined ? {} : { kernels: choices.kernels }),
  });
  const progress = new Progress("measuring", {
    quiet: choices.quiet === true,
    progress: choices.progress === true,
  });
  try {
    const { runStudy } = await import("../report/variance/study.js");
    const start = performance.now();
    const { study, pictures } = await runStudy(engine, {
      seed,
      quick: choices.quick === true,
      signal,
      onProgress: progress.update,
    });
    const milliseconds = performance.now() - start;
    progress.stop();
    // Charts take a while to load: only now.
    const { renderVariance } = await import("../report/variance/page.js");
    const { claimsOf } = await import("../report/variance/claims.js");
    const command = commandLine(context.words);
    const page = renderVariance(study, pictures, { command, engine: engine.info, milliseconds });
    const claims = claimsOf(study).map(({ measured, ...claim }) => ({
      ...claim,
      measured: measured.text.replace(/<[^>]*>/g, "").replace(/&#39;/g, "'"),
    }));
    const result = { command, ...study, claims };
    await files.write(out, onePiece(page));
    await files.write(numbers, onePiece(`${JSON.stringify(result)}\n`));
    signal.throwIfAborted();
    await files.commit();
    if (choices.json) printJson(result);
    const held = claims.filter(({ verdict }) => verdict === "holds").length;
    tell(choices, `variance: ${claims.length} claims measured, ${held} hold: ${duration(milliseconds)}`);
    for (const path of [choices.out, beside]) tell(choices, `wrote ${path}`);
  } finally {
    progress.stop();
    engine.close();
  }
}
