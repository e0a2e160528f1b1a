import type { Engine } from "vkernel";
import type { SizedBench } from "./bench.js";
import type { Claim, Judgement } from "./claim.js";

/** A part of a study: what is measured in one go. */
export interface Part<Sizes, Result, Pictures> {
  /** How long it takes, in hundredths of the whole. */
  readonly share: number;
  /** Its numbers, and what is drawn and kept in no JSON. */
  measure(bench: SizedBench<Sizes>): Promise<{ readonly result: Result; readonly pictures: Pictures }>;
}

/** A part without pictures. */
export const part = <Sizes, Result>(
  share: number,
  measure: (bench: SizedBench<Sizes>) => Result | Promise<Result>,
): Part<Sizes, Result, undefined> => ({
  share,
  measure: async (bench) => ({ result: await measure(bench), pictures: undefined }),
});

/** A part with pictures. */
export const drawn = <Sizes, Result, Pictures>(
  share: number,
  measure: Part<Sizes, Result, Pictures>["measure"],
): Part<Sizes, Result, Pictures> => ({ share, measure });

// biome-ignore lint/suspicious/noExplicitAny: of any sizes, results and pictures; what they are is inferred from the parts.
export type Parts = Readonly<Record<string, Part<any, unknown, unknown>>>;
type Measured<P extends Parts, K extends keyof P> = Awaited<ReturnType<P[K]["measure"]>>;
type SizesOf<P extends Parts> = P[keyof P] extends Part<infer Sizes, unknown, unknown> ? Sizes : never;

/** Every number of a study: what the JSON of a report has, less the claims. */
export type NumbersOf<P extends Parts> = {
  readonly seed: number;
  readonly quick: boolean;
  readonly sizes: SizesOf<P>;
} & { readonly [K in keyof P]: Measured<P, K>["result"] };

/** What its parts draw. */
export type PicturesOf<P extends Parts> = { readonly [K in keyof P]: Measured<P, K>["pictures"] };

/** How much of everything: for a report, or the same in small. */
export interface Budgets<Sizes> {
  readonly full: Sizes;
  readonly quick: Sizes;
}

export interface StudyOptions {
  readonly seed: number;
  readonly quick: boolean;
  readonly signal: AbortSignal;
  /** In thousandths of the whole. */
  readonly onProgress: (progress: { done: number; total: number }) => void;
}

/** A study: what is measured, and how much of it. */
export interface StudyPlan<P extends Parts> {
  readonly parts: P;
  readonly budgets: Budgets<SizesOf<P>>;
}

/** Measures parts of a study, in their order. The same seed gives the same numbers on any number of threads, whichever parts there are. */
async function measure<P extends Parts>(
  engine: Engine,
  { parts, budgets }: StudyPlan<P>,
  names: readonly (keyof P & string)[],
  { seed, quick, signal, onProgress }: StudyOptions,
): Promise<{ numbers: Record<string, unknown>; pictures: Record<string, unknown> }> {
  const sizes = quick ? budgets.quick : budgets.full;
  const whole = names.reduce((sum, name) => sum + parts[name].share, 0);
  const numbers: Record<string, unknown> = { seed, quick, sizes };
  const pictures: Record<string, unknown> = {};
  let before = 0;
  for (const name of names) {
    signal.throwIfAborted();
    const { share } = parts[name];
    const done = (of: number): void =>
      onProgress({ done: Math.round((1000 * (before + of * share)) / Math.max(1, whole)), total: 1000 });
    const found = await parts[name].measure({ engine, sizes, seed, signal, done });
    numbers[name] = found.result;
    pictures[name] = found.pictures;
    before += share;
  }
  onProgress({ done: 1000, total: 1000 });
  return { numbers, pictures };
}

/** Measures all parts of a study. */
export async function measureAll<P extends Parts>(
  engine: Engine,
  study: StudyPlan<P>,
  options: StudyOptions,
): Promise<{ numbers: NumbersOf<P>; pictures: PicturesOf<P> }> {
  const { numbers, pictures } = await measure(engine, study, Object.keys(study.parts), options);
  return { numbers: numbers as NumbersOf<P>, pictures: pictures as PicturesOf<P> };
}

/** Measures claims without the rest of their study: only what they read. */
export async function measureClaims<P extends Parts>(
  engine: Engine,
  study: StudyPlan<P>,
  claims: readonly Claim<NumbersOf<P>>[],
  options: StudyOptions,
): Promise<(Judgement | undefined)[]> {
  const read = new Set<string>(claims.flatMap(({ reads }) => reads));
  const names = Object.keys(study.parts).filter((name) => read.has(name));
  const { numbers } = await measure(engine, study, names, options);
  // They read nothing else.
  return claims.map((claim) => claim.judge(numbers as NumbersOf<P>));
}
