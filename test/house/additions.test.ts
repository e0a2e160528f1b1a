// What an addition touches, counted on what is there: the files whose code (not its comments) names one of each kind.
// docs/architecture.md has the table; `UPDATE_ADDITIONS=1 npx vitest run test/house/additions.test.ts` writes it anew.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The words of a source's code: identifiers, and the words in its strings; sentences are no names. */
function wordsOf(source: string): Set<string> {
  const words = new Set<string>();
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, source);
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    if (kind === ts.SyntaxKind.Identifier || kind === ts.SyntaxKind.StringLiteral)
      words.add(scanner.getTokenValue());
  }
  return words;
}

/** What measures and shows results uses what is there: it is not touched. */
const users = /^(cli\/report|cli\/benchmark|site\/stories|src\/conformance)/;

const files = ["src", "cli", "site"]
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map(
      (name) => `${folder}/${name.split(sep).join("/")}`,
    ),
  )
  .filter((path) => path.endsWith(".ts") && !users.test(path))
  .map((path) => ({ path, words: wordsOf(readFileSync(join(root, path), "utf8")) }));

const naming = (name: string): string[] =>
  files
    .filter(({ words }) => words.has(name))
    .map(({ path }) => path)
    .sort();

/** A row for each kind of addition, by one of its kind that is there. */
const additions: readonly (readonly [what: string, name: string])[] = [
  ["a sampler", "dpmpp2m"],
  ["a process", "subVp"],
  ["a score", "piecewiseScore"],
  ["an option of a sampler", "snr"],
  ["a time grid", "logSnr"],
  ["a field of the explorer's state", "noiseTime"],
];

const table = [
  "| added | files | in the code of |",
  "| --- | --- | --- |",
  ...additions.map(([what, name]) => {
    const found = naming(name).filter((path) => !what.includes("explorer") || path.startsWith("site/"));
    return `| ${what} (\`${name}\`) | ${found.length} | ${found.join(", ")} |`;
  }),
];

describe("what an addition touches", () => {
  const file = join(root, "docs/architecture.md");
  if (process.env.UPDATE_ADDITIONS === "1") {
    const marked = /(<!-- additions -->\n)[\s\S]*?(\n<!-- end of additions -->)/;
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace(marked, (_, start, end) => `${start}\n${table.join("\n")}\n${end}`),
    );
  }
  // The formatter pads cells and draws rules.
  const rows = readFileSync(file, "utf8").replaceAll(/ +/g, " ").replaceAll(/-+/g, "---").split("\n");

  it("code is told from comments", () => {
    expect([...wordsOf('// heun\nconst a = "b c"; /* rk4 */ use(euler);')]).toEqual([
      "a",
      "b c",
      "use",
      "euler",
    ]);
  });

  it.each(table)("docs/architecture.md has %s", (row) => {
    expect(rows).toContain(row.replaceAll(/-+/g, "---"));
  });
});
