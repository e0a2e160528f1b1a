// A function fits a screen or two: no one of the sources is longer than that, but for a few with a reason each.
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Lines of a function, from its name to its last brace. */
const MOST = 80;

interface Long {
  readonly name: string;
  readonly lines: number;
}

/** The functions of a source that are longer than `most` lines, by the syntax tree: methods and arrow functions too. */
function longIn(source: string, most: number): Long[] {
  const file = ts.createSourceFile("a.ts", source, ts.ScriptTarget.Latest, true);
  const line = (at: number): number => file.getLineAndCharacterOfPosition(at).line;
  const found: Long[] = [];
  const nameOf = (node: ts.FunctionLikeDeclaration): string => {
    if (node.name !== undefined) return node.name.getText(file);
    const { parent } = node;
    const named = ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent);
    return named
      ? parent.name.getText(file)
      : ts.isConstructorDeclaration(node)
        ? "constructor"
        : "(no name)";
  };
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
      const lines = line(node.end) - line(node.getStart(file)) + 1;
      if (lines > most) found.push({ name: nameOf(node), lines });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

const files = ["bindings", "bin", "cli", "scripts", "site", "src"]
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map(
      (name) => `${folder}/${name.split(sep).join("/")}`,
    ),
  )
  .filter((path) => /\.(ts|js)$/.test(path) && !/^cli\/(dist|node_modules)\//.test(path))
  // What measures and shows results follows the papers, section by section.
  .filter((path) => !/^(cli\/report|site\/stories)\//.test(path));

/** What is longer, and why; none may grow beyond the lines that it has. */
const exceptions: Readonly<Record<string, { readonly lines: number; readonly why: string }>> = {
  "bindings/adaptive.ts integrate": {
    lines: 212,
    why: "one generator over rows that move in memory as they arrive: its slopes, steps and removals share every row",
  },
  "bindings/posterior.ts #stage": { lines: 114, why: "a table: the call of the kernel of each stage" },
  "bindings/scratch.ts scratchLayout": { lines: 97, why: "a table: the bytes of scratch, one after another" },
  "bindings/pool.ts #run": {
    lines: 93,
    why: "one promise over all threads: who is done, who is silent, who failed",
  },
  "src/score/evaluate/anisotropic.ts anisotropic": {
    lines: 123,
    why: "the hot loop of anisotropic scores: what a query writes is at hand where it is made",
  },
  "src/score/learned/linear.ts linearScore": {
    lines: 115,
    why: "one derivation from samples to normal equations, whose panels are read again and again",
  },
  "src/process/ddpm.ts discreteProcess": {
    lines: 99,
    why: "a process is one object of functions over its tables",
  },
  "src/numeric/linear.ts symmetricEigen": {
    lines: 90,
    why: "EISPACK's tred2 and tql2, to be read beside their source",
  },
};

describe("a function fits a screen or two", () => {
  it("the parser of this test sees functions of every kind", () => {
    const body = "{\n  a;\n  b;\n}";
    const source = [
      `function one() ${body}`,
      `const two = () => ${body};`,
      `const made = { three() ${body}, four: function () ${body} };`,
      `class Five { constructor() ${body} get six() ${body} #seven() ${body} }`,
      "function short() {}",
    ].join("\n");
    expect(longIn(source, 3).map(({ name, lines }) => [name, lines])).toEqual(
      ["one", "two", "three", "four", "constructor", "six", "#seven"].map((name) => [name, 4]),
    );
    expect(longIn(source, 4)).toEqual([]);
    expect(files.length).toBeGreaterThan(400);
  });

  const found = files.flatMap((path) =>
    longIn(readFileSync(join(root, path), "utf8"), MOST).map(({ name, lines }) => ({
      key: `${path} ${name}`,
      lines,
    })),
  );

  it(`of ${MOST} lines`, () => {
    const longer = found.filter(({ key, lines }) => lines > (exceptions[key]?.lines ?? MOST));
    expect(longer).toEqual([]);
  });

  it("but for exceptions that are there, each of which is still as long", () => {
    const lengths = Object.fromEntries(found.map(({ key, lines }) => [key, lines]));
    const stated = Object.fromEntries(Object.entries(exceptions).map(([key, { lines }]) => [key, lines]));
    expect(Object.fromEntries(Object.keys(stated).map((key) => [key, lengths[key]]))).toEqual(stated);
  });
});
