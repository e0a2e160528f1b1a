import { exactScore, type Quantity } from "vkernel";
import { encodeNpy, encodeNpz, isDataFile, type NpzInput } from "vkernel/io";
import { matrixQuantities, scalarQuantities } from "vkernel/internal";
import { type CommonChoices, type Context, tell } from "../context.js";
import { type EngineChoices, startEngine } from "../engine.js";
import { dataFailure, exitCodes, Failure } from "../errors.js";
import { endingOf } from "../files.js";
import { numberList } from "../values.js";
import { type DataOptions, mixtureOptions, readSource, readQueries } from "../input.js";
import type { Chosen } from "../option.js";
import { type progressOptions, scoreOptions, type scoreOutputs, type scorePlaces } from "../options.js";
import { makeProcess, type ProcessChoices } from "../processes.js";
import { Progress } from "../progress.js";
import {
  type Column,
  csvPieces,
  duration,
  grouped,
  jsonPieces,
  MAX_JSON,
  notFinite,
  onePiece,
  print,
  Shaped,
  short,
} from "../text.js";

export type ScoreChoices = DataOptions &
  EngineChoices &
  CommonChoices &
  ProcessChoices &
  Chosen<typeof scorePlaces> &
  Chosen<typeof scoreOptions> &
  Chosen<typeof scoreOutputs> &
  Chosen<typeof progressOptions>;

/** `vkernel score`: evaluates quantities of the exact score at queries. */
export async function runScore(name: string, choices: ScoreChoices, context: Context): Promise<void> {
  const { files, signal, sources } = context;
  const input = await readSource(name, choices, context);
  const queries = await readQueries(choices.at, input, choices, files);
  const { lead } = queries;
  sources.x = { file: choices.at, dim: input.dim };
  const when = await readTimes(choices.time, queries.rows, context);
  const wanted = choices.quantity ?? scoreOptions.quantity.default;

  const ending = choices.out === undefined ? undefined : endingOf(choices.out);
  const targets = new Map<string, string>();
  if (choices.out !== undefined) {
    const endings = [".npy", ".npz", ".csv", ".json"];
    const each = ending === ".npy" && wanted.length > 1;
    for (const quantity of each ? wanted : ["all"]) {
      const path = each ? choices.out.replace(/\.[^.]+$/, (end) => `.${quantity}${end}`) : choices.out;
      targets.set(quantity, await files.claim("--out", path, endings));
    }
  }
  signal.throwIfAborted();

  const process = makeProcess(choices);
  const engine = await startEngine(choices);
  const progress = new Progress("scoring", {
    quiet: choices.quiet === true,
    progress: choices.progress === true,
  });
  try {
    const data = engine.mixture(input.points, mixtureOptions(input, choices));
    const start = performance.now();
    const field = exactScore(data, process);
    const runs: Awaited<ReturnType<typeof field.evaluate<Quantity>>>[] = [];
    for (const [k, time] of when.passes.entries()) {
      runs.push(
        await field.evaluate(queries.points, time, wanted, {
          signal,
          onProgress: ({ done, total }) =>
            progress.update({ done: k * total + done, total: when.passes.length * total }),
        }),
      );
    }
    const milliseconds = performance.now() - start;
    progress.stop();

    const count = queries.rows;
    const { list } = when;
    // Rows of all times, one time after the other.
    const rows = runs.length * count;
    const columns = wanted.map((quantity) =>
      columnOf(quantity, joined(runs.map((run) => run[quantity])), input.dim, input.rows),
    );
    const shape = (column: Column) => [
      ...(list === undefined ? [] : [list.length]),
      ...shapeOf(column, lead, input.dim),
    ];
    const total = columns.reduce((sum, column) => sum + column.values.length, 0);
    const inJson = ending === ".json" || (choices.json === true && choices.out === undefined);
    if (inJson && total > MAX_JSON) {
      const message = `JSON expected at most ${grouped(MAX_JSON)} numbers, got ${grouped(total)}; write a .npy file`;
      throw new Failure("E_LIMIT", exitCodes.memory, "--out", message);
    }
    const object = () =>
      Object.fromEntries([
        ...(list === undefined ? [] : [["times", list]]),
        ...columns.map((column) => [column.name, new Shaped(column.values, shape(column))]),
      ]);
    const inRows = list === undefined ? columns : [timeColumn(list, count), ...columns];
    const csv = () => csvPieces(inRows, rows, true, signal);
    if (ending === ".csv") await files.write(targets.get("all") as string, csv());
    if (ending === ".json") {
      await files.write(targets.get("all") as string, jsonPieces(object(), signal));
    }
    if (ending === ".npy") {
      for (const column of columns) {
        const path = (targets.get(column.name) ?? targets.get("all")) as string;
        await files.write(path, onePiece(encodeNpy(column.values, shape(column))));
      }
    }
    if (ending === ".npz") {
      const arrays: Record<string, NpzInput> = {};
      for (const column of columns) arrays[column.name] = { data: column.values, shape: shape(column) };
      arrays.times = { data: when.times };
      await files.write(targets.get("all") as string, onePiece(encodeNpz(arrays)));
    }
    signal.throwIfAborted();
    await files.commit();

    const { info } = engine;
    if (choices.json) {
      const told = {
        command: "score",
        data: { name, size: input.rows, dim: input.dim, sigma0: data.sigma0 },
        process: process.name,
        time: list ?? (when.times.length === 1 && !when.file ? when.times[0] : choices.time),
        count,
        precision: data.precision,
        quantities: wanted,
        stats: { milliseconds, threads: info.threads, kernels: info.kernels },
        out: choices.out === undefined ? null : [...targets.values()],
        ...(choices.out === undefined ? { values: object() } : {}),
      };
      await print(jsonPieces(told, signal));
    } else if (choices.out === undefined) await print(csv());
    const at = when.file
      ? `the times of ${choices.time}`
      : `t = ${Array.from(when.times, (t) => short(t)).join(", ")}`;
    tell(
      choices,
      `${wanted.join(", ")} of ${name} at ${grouped(count)} queries, process ${process.name}, ${at}: ${duration(milliseconds)}`,
    );
    const odd = notFinite(columns);
    if (odd !== undefined) tell(choices, odd);
    for (const path of targets.values()) tell(choices, `wrote ${path}`);
  } finally {
    progress.stop();
    engine.close();
  }
}

/** When queries are scored: each of `passes` is a time of all of them, or one of each. */
interface When {
  readonly passes: readonly (number | Float64Array)[];
  /** The times of a list, over which results have an axis of their own. */
  readonly list: readonly number[] | undefined;
  /** All times as they go to a file. */
  readonly times: Float64Array;
  readonly file: boolean;
}

/** One number, a list of numbers, or a file of one number per query. */
async function readTimes(given: string, count: number, context: Context): Promise<When> {
  if (!isDataFile(given)) {
    context.sources.t = { option: "--time" };
    const passes = numberList("--time", given);
    return {
      passes,
      list: passes.length > 1 ? passes : undefined,
      times: Float64Array.from(passes),
      file: false,
    };
  }
  const table = await context.files.readTable(given);
  context.sources.t = { file: given, dim: 1 };
  if (table.dim !== 1 || table.rows !== count) {
    const message = `${given} expected ${count} rows of one time, a time for each query, got ${table.rows} rows of ${table.dim}; several times for all queries are a list: --time 0.05,0.2`;
    throw dataFailure("E_SHAPE", given, message);
  }
  const times = Float64Array.from(table.data);
  return { passes: [times], list: undefined, times, file: true };
}

type Values = Float32Array | Float64Array | Int32Array;

/** Arrays of one kind, one after the other. */
function joined(parts: readonly Values[]): Values {
  const [first] = parts as [Values];
  if (parts.length === 1) return first;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const out = new (first.constructor as Float64ArrayConstructor)(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const timeColumn = (list: readonly number[], count: number): Column => ({
  name: "t",
  values: Float64Array.from({ length: list.length * count }, (_, i) => list[Math.floor(i / count)]),
  width: 1,
  header: ["t"],
});

const isOneOf = (names: readonly Quantity[], name: string): boolean =>
  (names as readonly string[]).includes(name);

function columnOf(
  name: Quantity,
  values: Float32Array | Float64Array | Int32Array,
  dim: number,
  size: number,
): Column {
  const numbered = (count: number) => Array.from({ length: count }, (_, i) => `${name}_${i}`);
  if (isOneOf(scalarQuantities, name)) return { name, values, width: 1, header: [name] };
  if (name === "posteriorWeights") return { name, values, width: size, header: numbered(size) };
  if (!isOneOf(matrixQuantities, name)) return { name, values, width: dim, header: numbered(dim) };
  const header = numbered(dim).flatMap((row) => Array.from({ length: dim }, (_, j) => `${row}_${j}`));
  return { name, values, width: dim * dim, header };
}

function shapeOf({ name, width }: Column, lead: readonly number[], dim: number): number[] {
  if (isOneOf(scalarQuantities, name)) return [...lead];
  return isOneOf(matrixQuantities, name) ? [...lead, dim, dim] : [...lead, width];
}
