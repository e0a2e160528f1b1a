// What an addition touches, counted on what is there: the files whose code (not its comments) names one of each kind.
// docs/architecture.md has the table; `UPDATE_ADDITIONS=1 npx vitest run test/house/additions.test.ts` writes it anew.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The names in a source's code: its identifiers, and strings that are one as a whole. */
function namesIn(source: string): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) || ts.isStringLiteralLike(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("a.ts", source, ts.ScriptTarget.Latest));
  return names;
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
  .map((path) => ({ path, names: namesIn(readFileSync(join(root, path), "utf8")) }));

const naming = (name: string): string[] =>
  files
    .filter(({ names }) => names.has(name))
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

  it("code is told from comments and sentences", () => {
    const source = `// heun
      const a = \`x \${"b"} it's rk4 \${c}\`; /* rk4 */
      use({ "d-e": /f/ }, "two words", euler);`;
    expect([...namesIn(source)].sort()).toEqual(["a", "b", "c", "d-e", "euler", "two words", "use"]);
  });

  it.each(table)("docs/architecture.md has %s", (row) => {
    expect(rows).toContain(row.replaceAll(/-+/g, "---"));
  });
});
