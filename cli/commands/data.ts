import { dataSetNames } from "vkernel";
import { encodeNpy, encodeNpz, type NpzInput } from "vkernel/io";
import { type CommonChoices, type Context, tell } from "../context.js";
import { usage } from "../errors.js";
import { endingOf } from "../files.js";
import { type Input, readInput } from "../input.js";
import { type Chosen, chosenOf, flagOf } from "../option.js";
import { setOptions } from "../options.js";
import { conflict, word } from "../values.js";
import { csvPieces, grouped, onePiece, printJson } from "../text.js";

export type DataChoices = CommonChoices & Chosen<typeof setOptions>;

/** `vkernel data [set]`: lists the built-in sets, or tells of one and writes it. */
export async function runData(
  name: string | undefined,
  choices: DataChoices,
  context: Context,
): Promise<void> {
  const { files } = context;
  if (name === undefined) {
    const [key] = Object.keys(chosenOf(setOptions, choices));
    if (key !== undefined)
      throw conflict(flagOf(key), "needs the name of a set, such as: vkernel data digits");
    const sets = await Promise.all(dataSetNames.map((set) => readInput(set, files)));
    if (choices.json) printJson({ command: "data", sets: sets.map(summary) });
    else process.stdout.write(listing(sets));
    return;
  }
  const { pixels, classes, count, noise, seed } = choices;
  const set = await readInput(word("set", dataSetNames)(name), files, {
    ...(pixels === undefined ? {} : { range: pixels }),
    ...(classes === undefined ? {} : { classes }),
    set: { count, noise, seed },
  });
  if (choices.labels !== undefined && set.labels === undefined) {
    throw usage("--labels", "a set that has labels, such as digits", name);
  }
  const out = await files.claimGiven("--out", choices.out, [".npy", ".npz", ".csv"]);
  const labels = await files.claimGiven("--labels", choices.labels, [".npy", ".csv"]);
  const write = async (path: string, values: Float64Array | Int32Array, width: number, names: string[]) => {
    if (endingOf(path) === ".npy") {
      const shape = width === 1 && values instanceof Int32Array ? [set.rows] : [set.rows, width];
      await files.write(path, onePiece(encodeNpy(values, shape)));
    } else {
      const column = { name, values, width, header: names };
      await files.write(path, csvPieces([column], set.rows, true, context.signal));
    }
  };
  const names = Array.from({ length: set.dim }, (_, i) => `x${i}`);
  if (out && endingOf(out) === ".npz") await files.write(out, onePiece(encodeNpz(arraysOf(set))));
  else if (out) await write(out, set.points as Float64Array, set.dim, names);
  if (labels) await write(labels, set.labels as Int32Array, 1, ["label"]);
  context.signal.throwIfAborted();
  await files.commit();
  for (const path of [choices.out, choices.labels]) {
    if (path !== undefined) tell(choices, `wrote ${path}`);
  }
  if (choices.json) {
    printJson({ command: "data", ...summary(set), out: out ?? null, labels: labels ?? null });
  } else if (out === undefined && labels === undefined) process.stdout.write(listing([set]));
}

/** What of a set goes into a `.npz` file. */
function arraysOf({ points, rows, dim, labels, values }: Input): Record<string, NpzInput> {
  return {
    points: { data: points, shape: [rows, dim] },
    ...(labels === undefined ? {} : { labels: { data: labels } }),
    ...(values === undefined ? {} : { values: { data: values } }),
  };
}

const summary = (set: Input) => ({
  name: set.name,
  size: set.rows,
  dim: set.dim,
  labelled: set.labels !== undefined,
  image: set.image === undefined ? null : { width: set.image.width, height: set.image.height },
  description: set.description,
  source: set.source,
});

function listing(sets: readonly Input[]): string {
  const rows = sets.map((set) => [set.name, grouped(set.rows), String(set.dim), set.description, set.source]);
  const head = ["set", "points", "dim", "what", "source"];
  const widths = head.map((_, j) => Math.max(...[head, ...rows].map((row) => row[j].length)));
  const lines = [head, ...rows].map((row) =>
    row
      .map((text, j) => (j === 1 || j === 2 ? text.padStart(widths[j]) : text.padEnd(widths[j])))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}
