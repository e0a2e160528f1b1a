// Writes build/generated/digits.ts: data/digits.csv.gz as base64, so that Node and browsers load the
// same bytes without a request. Run by the build; or alone: node scripts/generate/digits.js
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

/**
 * @param {string} root the root folder of the repository
 * @returns {Promise<boolean>} whether the file was written (its content changed)
 */
export async function generateDigits(root) {
  const bytes = await readFile(path.join(root, "data", "digits.csv.gz"));
  const target = path.join(root, "build", "generated", "digits.ts");
  const content = [
    "// Written by scripts/generate/digits.js from data/digits.csv.gz. UCI Optical Recognition of Handwritten",
    "// Digits, E. Alpaydin and C. Kaynak, 1998, CC BY 4.0: see data/README.md.",
    `export const digitsGzipBase64: string =\n  "${bytes.toString("base64")}";`,
    "",
  ].join("\n");
  const old = await readFile(target, "utf8").catch((error) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (old === content) return false;
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, content);
  return true;
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await generateDigits(fileURLToPath(new URL("../..", import.meta.url)));
}
