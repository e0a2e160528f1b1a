import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What of other packages is inside the files of this one, as its files must say. */
const inside = ["@assemblyscript/loader", "fflate", "papaparse"];

/** @returns {Promise<string>} names, versions and licences, with their texts where the packages bring them */
export async function licenses(root) {
  const parts = inside.map(async (name) => {
    const folder = join(root, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const text = await readFile(join(folder, "LICENSE"), "utf8").catch(() => "");
    return `${name} ${version}, ${license}\n${text === "" ? "" : `\n${text.trim()}\n`}`;
  });
  return (await Promise.all(parts)).join(`\n${"-".repeat(72)}\n\n`);
}
