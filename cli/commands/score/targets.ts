/** Where scores go: one file, or one of each quantity. */
import type { Quantity } from "vkernel";
import { encodeNpy, encodeNpz, type NpzInput } from "vkernel/io";
import type { Context } from "../../context.js";
import { exitCodes, Failure } from "../../errors.js";
import { endingOf, type Files } from "../../files.js";
import { grouped, jsonPieces, MAX_JSON, onePiece } from "../../text.js";
import { csvOf, objectOf, type Scores } from "./scores.js";

export interface Targets {
  /** What all files end in; undefined where none is asked for. */
  readonly ending: string | undefined;
  /** Claimed files, by quantity, or one for "all". */
  readonly paths: ReadonlyMap<string, string>;
}

export async function claimTargets(
  out: string | undefined,
  wanted: readonly Quantity[],
  files: Files,
): Promise<Targets> {
  const paths = new Map<string, string>();
  if (out === undefined) return { ending: undefined, paths };
  const ending = endingOf(out);
  const each = ending === ".npy" && wanted.length > 1;
  for (const quantity of each ? wanted : ["all"]) {
    const path = each ? out.replace(/\.[^.]+$/, (end) => `.${quantity}${end}`) : out;
    paths.set(quantity, await files.claim("--out", path, [".npy", ".npz", ".csv", ".json"]));
  }
  return { ending, paths };
}

/** That what becomes JSON is no more than a program reads in one piece. */
export function checkJson({ columns }: Scores): void {
  const total = columns.reduce((sum, column) => sum + column.values.length, 0);
  if (total <= MAX_JSON) return;
  const message = `JSON expected at most ${grouped(MAX_JSON)} numbers, got ${grouped(total)}; write a .npy file`;
  throw new Failure("E_LIMIT", exitCodes.memory, "--out", message);
}

export async function writeScores(
  scores: Scores,
  { ending, paths }: Targets,
  { files, signal }: Context,
): Promise<void> {
  const { columns, when, shape } = scores;
  const all = paths.get("all") as string;
  if (ending === ".csv") await files.write(all, csvOf(scores, signal));
  if (ending === ".json") await files.write(all, jsonPieces(objectOf(scores), signal));
  if (ending === ".npy") {
    for (const column of columns) {
      const path = paths.get(column.name) ?? all;
      await files.write(path, onePiece(encodeNpy(column.values, shape(column))));
    }
  }
  if (ending === ".npz") {
    const arrays: Record<string, NpzInput> = {};
    for (const column of columns) arrays[column.name] = { data: column.values, shape: shape(column) };
    arrays.times = { data: when.times };
    await files.write(all, onePiece(encodeNpz(arrays)));
  }
}
