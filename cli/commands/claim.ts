import type { Engine } from "vkernel";
import { checkInteger } from "vkernel/internal";
import { type Correction, type Judgement, verdictWords } from "../../claims/claim.js";
import type { Verified } from "../../claims/held.js";
import type { ClaimGroup, NamedCard, NamedClaim } from "../../claims/index.js";
import type { StudyOptions } from "../../claims/study.js";
import { type CommonChoices, type Context, tell } from "../context.js";
import { type EngineChoices, startEngine } from "../engine.js";
import { usage } from "../errors.js";
import { readNetworks } from "../networks.js";
import type { Chosen } from "../option.js";
import type { claimOptions, progressOptions, varianceOptions } from "../options.js";
import { Progress } from "../progress.js";
import { textOf } from "../report/study/words.js";
import { loadEnsemble } from "../report/variance/ensemble.js";
import { duration, printJson, short } from "../text.js";
import { conflict, word } from "../values.js";
import { version } from "../version.js";

export type ClaimChoices = EngineChoices &
  CommonChoices &
  Chosen<typeof claimOptions> &
  Chosen<typeof varianceOptions> &
  Chosen<typeof progressOptions>;

/** A claim as JSON has it: in words, and where it was measured what was found. */
interface Line {
  readonly name: string;
  readonly source: string;
  readonly says: string;
  readonly expected?: string;
  readonly correction?: Correction;
  readonly measured?: string;
  readonly verdict?: Judgement["verdict"];
  readonly why?: string;
  readonly milliseconds?: number;
}

/** What is measured in one go: claims that read the same numbers, or a card of the explorer. */
interface Job {
  readonly lines: readonly Line[];
  readonly measure: (engine: Engine, options: StudyOptions) => Promise<Line[]>;
}

const lineOf = ({ name, source, sentence, expected, correction }: NamedClaim): Line => ({
  name,
  source: `${source.paper}, ${source.where}`,
  says: sentence,
  expected,
  ...(correction && { correction }),
});

const jobOf = ({ claims, measure }: ClaimGroup): Job => ({
  lines: claims.map(lineOf),
  measure: async (engine, options) => {
    const judgements = await measure(engine, options);
    return claims.map((claim, i) => {
      const judgement = judgements[i];
      if (judgement === undefined) return lineOf(claim);
      const { verdict, why } = judgement;
      return {
        ...lineOf(claim),
        measured: textOf(judgement.measured),
        // A quick run has figures and no verdicts.
        ...(options.quick ? {} : { verdict, why }),
      };
    });
  },
});

const jobOfCard = ({ name, title, source, measure }: NamedCard): Job => {
  const line = { name, source, says: title };
  return {
    lines: [line],
    measure: async (engine, { seed, signal, onProgress }) => {
      const done = (part: number): void => onProgress({ done: Math.round(1000 * part), total: 1000 });
      const found = await measure({ engine, seed, signal, done });
      return [{ ...line, ...verified(found) }];
    },
  };
};

/** What a card found, in the words of a claim. */
function verified({ measured, standardError, theory, allowed, relation, holds, note }: Verified) {
  const words = { close: "", "at most": "at most ", "at least": "at least " } as const;
  const error = standardError ? ` ± ${short(standardError, 2)}` : "";
  return {
    expected: `It is ${words[relation ?? "close"]}${short(theory, 6)}, but for ${short(allowed, 2)}.`,
    measured: `${short(measured, 6)}${error}`,
    verdict: holds ? (standardError ? "holds" : "exact") : "does not hold",
    ...(note !== undefined && { why: note }),
  } as const;
}

/** `vkernel claim [name]`: measures a claim alone, or lists them. */
export async function runClaim(
  name: string | undefined,
  choices: ClaimChoices,
  context: Context,
): Promise<void> {
  if (name !== undefined && choices.all) throw conflict("--all", "cannot go with the name of a claim");
  const seed = checkInteger(choices.seed ?? 1, "seed", 0, Number.MAX_SAFE_INTEGER - 10_000);
  // What measures takes a while to load.
  const { allCards, claimGroups } = await import("../../claims/index.js");
  const networks =
    choices.ensemble === undefined
      ? undefined
      : await readNetworks(choices.ensemble, context.files, (line) => tell(choices, line));
  const jobs = [...claimGroups(networks && loadEnsemble(networks)).map(jobOf), ...allCards.map(jobOfCard)];
  const lines = jobs.flatMap((job) => job.lines);
  const head = { command: "claim", version };
  if (name === undefined && !choices.all) {
    if (choices.json) printJson({ ...head, claims: lines });
    else process.stdout.write(listing(lines));
    return;
  }
  const names = lines.map((line) => line.name);
  const asked = new Set(name === undefined ? names : [word("name", names)(name)]);
  const found = await measured(
    jobs.filter((job) => job.lines.some((line) => asked.has(line.name))),
    asked,
    seed,
    choices,
    context,
  );
  if (choices.json) printJson({ ...head, seed, quick: choices.quick === true, claims: found });
}

/** Measures jobs, tells what was found as it is found, and gives it. */
async function measured(
  jobs: readonly Job[],
  asked: ReadonlySet<string>,
  seed: number,
  choices: ClaimChoices,
  { signal }: Context,
): Promise<Line[]> {
  const { quiet = false, quick = false, progress: always = false } = choices;
  const found: Line[] = [];
  const engine = await startEngine(choices);
  try {
    for (const job of jobs) {
      const progress = new Progress("measuring", { quiet, progress: always });
      const start = performance.now();
      let lines: Line[];
      try {
        lines = await job.measure(engine, { seed, quick, signal, onProgress: progress.update });
      } finally {
        progress.stop();
      }
      // Each took the time of all of its job, since they read the same numbers.
      const milliseconds = performance.now() - start;
      for (const line of lines.filter((one) => asked.has(one.name))) {
        if (line.measured === undefined && asked.size === 1)
          throw usage("--ensemble", "a folder of networks, which this claim is about", "none");
        const whole = line.measured === undefined ? line : { ...line, milliseconds };
        found.push(whole);
        if (!choices.json) process.stdout.write(inWords(whole));
      }
    }
  } finally {
    engine.close();
  }
  return found;
}

function inWords({ name, source, says, expected, correction, ...found }: Line): string {
  const rows: (string | undefined)[] = [
    `${name}  ${source}`,
    `  says      ${says}`,
    `  measured  ${found.measured ?? "not: it is of networks that --ensemble names"}`,
    found.verdict && `  verdict   ${verdictWords[found.verdict]}`,
    correction && `  printed   ${correction.printed}`,
    correction && `  right     ${correction.right}`,
    found.why && `  why       ${found.why}`,
    expected && `  holds if  ${expected}`,
    found.milliseconds === undefined ? undefined : `  took      ${duration(found.milliseconds)}`,
  ];
  return `${rows.filter((row) => row !== undefined).join("\n")}\n\n`;
}

function listing(lines: readonly Line[]): string {
  const width = Math.max(...lines.map(({ name }) => name.length));
  return `${lines.map(({ name, source, says }) => `${name.padEnd(width)}  ${source}: ${says}`).join("\n")}\n`;
}
