import { parseCsv } from "../../src/io/csv.js";
import { asTable, parseNpy } from "../../src/io/npy.js";
import type { VkernelError } from "../../src/core/errors.js";
import { mostPoints } from "../state/state.js";

/** A file larger than this is no table of points for a page. */
const MOST_BYTES = 2 ** 24;

/**
 * The points of a file, `[count, 2]`: its first two columns; a single column is x, with y = 0.
 *
 * @returns them, and what to say of them
 * @throws {VkernelError} E_FORMAT, E_TRUNCATED, E_SHAPE and their kin: what the parsers say
 */
export async function readPoints(file: File): Promise<{ points: number[]; notices: string[] }> {
  if (file.size > MOST_BYTES) throw new Error(`${file.name} has more than ${MOST_BYTES / 2 ** 20} MiB.`);
  const { data, rows, dim } = tableOf(new Uint8Array(await file.arrayBuffer()), file.name);
  if (rows === 0) throw new Error(`${file.name} has no points.`);
  const points: number[] = [];
  const count = Math.min(rows, mostPoints);
  for (let i = 0; i < count; i++) points.push(data[i * dim], dim > 1 ? data[i * dim + 1] : 0);
  const notices: string[] = [];
  if (rows > count) notices.push(`The first ${count} of the ${rows} points of ${file.name} are taken.`);
  if (dim > 2) notices.push(`The first two of the ${dim} columns of ${file.name} are taken.`);
  return { points, notices };
}

function tableOf(bytes: Uint8Array, name: string) {
  try {
    return /\.npy$/i.test(name)
      ? asTable(parseNpy(bytes, name), name)
      : parseCsv(new TextDecoder().decode(bytes), name);
  } catch (error) {
    // The way out of row numbers is written behind a file's name, which a page has no place for.
    const { message, hint } = error as VkernelError;
    if (hint === undefined) throw error;
    throw new Error(message.replace(hint, "Take that column out of the file and choose it again."));
  }
}
