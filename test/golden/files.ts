import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the golden numbers are: the folder in GOLDEN_DIR, or this one. */
export const goldenFolder = process.env.GOLDEN_DIR || dirname(fileURLToPath(import.meta.url));

/** Reads a golden file. */
export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(join(goldenFolder, name), "utf8")) as T;
}
