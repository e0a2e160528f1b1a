/** What a map is asked to show, read and checked. */
import type { Process } from "vkernel";
import type { Context } from "../../context.js";
import { usage } from "../../errors.js";
import { endingOf } from "../../files.js";
import { readPoint } from "../../given.js";
import type { DataOptions, Input } from "../../input.js";
import type { RunChoices } from "../../onEngine.js";
import type { Chosen } from "../../option.js";
import type { mapOptions, mapPlaces } from "../../options.js";
import { makeProcess, type ProcessChoices } from "../../processes.js";
import { conflict, numberList } from "../../values.js";

export type MapChoices = DataOptions &
  RunChoices &
  ProcessChoices &
  Chosen<typeof mapPlaces> &
  Chosen<typeof mapOptions>;

/** What lies on the axes of a map. */
export type Kind = "curve" | "overTime" | "plane";

/** What is mapped, where. */
export interface Asked {
  readonly kind: Kind;
  readonly process: Process;
  readonly time: number;
  /** The later end of a range of times; undefined where there is one time. */
  readonly end: number | undefined;
  /** The coordinates that lie on the axes. */
  readonly axes: readonly [number, number];
  readonly limits: readonly [number, number] | undefined;
  /** The point that a plane goes through; undefined where the data have no more dimensions than it. */
  readonly place: Float64Array | undefined;
}

export async function askedOf(choices: MapChoices, input: Input, context: Context): Promise<Asked> {
  const { dim } = input;
  const process = makeProcess(choices);
  const [time, end] = readTime(choices.time, dim, process);
  const kind = dim > 1 ? "plane" : end === undefined ? "curve" : "overTime";
  const axes = readAxes(choices, dim);
  checkChoices(choices, kind, dim);
  const limits = readPair("--limits", choices.limits);
  if (choices.log && limits !== undefined && !(limits[0] > 0)) {
    throw usage("--limits", "two numbers above 0 with --log", JSON.stringify(choices.limits));
  }
  const place =
    dim > 2 ? await readPlace(choices.at as string, input, process.alpha(time), context) : undefined;
  return { kind, process, time, end, axes, limits, place };
}

/** One time, or the two ends of a range. */
function readTime(given: string, dim: number, process: Process): [number, number?] {
  const list = numberList("--time", given);
  const [low = 0, high] = list;
  if (list.length > 2 || (list.length === 2 && dim > 1)) {
    throw usage("--time", dim > 1 ? "one time" : "one time, or two: low,high", JSON.stringify(given));
  }
  if (!(low > 0) || (high !== undefined && !(high > low))) {
    throw usage("--time", "a time above 0 (two of them ascending)", JSON.stringify(given));
  }
  if ((high ?? low) > process.end) {
    throw usage("--time", `a time at most ${process.end} (the end of ${process.name})`, given);
  }
  return high === undefined ? [low] : [low, high];
}

function readAxes({ axes, at }: MapChoices, dim: number): [number, number] {
  if (dim <= 2) {
    const option = axes !== undefined ? "--axes" : at !== undefined ? "--at" : undefined;
    if (option !== undefined)
      throw conflict(option, `goes with data of dimension 3 and more, these have ${dim}`);
    return [0, 1];
  }
  const expected = `two coordinates from 0 to ${dim - 1}, such as 0,1 (the data have dimension ${dim})`;
  if (axes === undefined) throw usage("--axes", expected, "none");
  const list = numberList("--axes", axes);
  const [i = -1, j = -1] = list;
  const right = (k: number) => Number.isInteger(k) && k >= 0 && k < dim;
  if (list.length !== 2 || !right(i) || !right(j) || i === j)
    throw usage("--axes", expected, JSON.stringify(axes));
  if (at === undefined)
    throw usage(
      "--at",
      "what the other coordinates are: a file of one row, a list, or the number of a training point",
      "nothing",
    );
  return [i, j];
}

function checkChoices(choices: MapChoices, kind: Kind, dim: number): void {
  if (choices.arrows !== undefined && kind !== "plane")
    throw conflict("--arrows", "goes with data of dimension 2 and more");
  if (choices.quantity === "nearest") {
    for (const option of ["log", "limits", "colors"] as const) {
      if (choices[option] !== undefined)
        throw conflict(`--${option}`, "does not go with --quantity nearest, whose colours are names");
    }
  }
  if (kind === "curve") {
    for (const option of ["limits", "colors"] as const) {
      if (choices[option] !== undefined)
        throw conflict(
          `--${option}`,
          `goes with maps: data of dimension ${dim} need two times for one, --time low,high`,
        );
    }
  }
  const picture = [".png", ".svg"].includes(endingOf(choices.out));
  for (const option of ["colors", "limits", "log", "arrows"] as const) {
    if (!picture && choices[option] !== undefined)
      throw conflict(`--${option}`, "goes with --out .png or .svg only");
  }
}

function readPair(option: string, given: string | undefined): [number, number] | undefined {
  if (given === undefined) return undefined;
  const list = numberList(option, given);
  const [low = 0, high = 0] = list;
  if (list.length !== 2 || !(low < high))
    throw usage(option, "two ascending numbers: low,high", JSON.stringify(given));
  return [low, high];
}

/** The point that a plane goes through: a training point by its number, a list, or a file of one row. */
async function readPlace(
  given: string,
  input: Input,
  alpha: number,
  context: Context,
): Promise<Float64Array> {
  const { dim, rows, points } = input;
  if (!/^\d+$/.test(given)) return readPoint("--at", given, dim, context);
  const m = Number(given);
  if (m >= rows) throw usage("--at", `the number of a training point, 0 to ${rows - 1}`, given);
  return Float64Array.from(points.subarray(m * dim, (m + 1) * dim), (value) => alpha * value);
}
