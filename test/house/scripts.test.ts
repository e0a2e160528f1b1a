// Scripts and benchmarks run on what is compiled, by paths and names that no compiler checks: every name they import is there.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
}

/** The names that a source exports, those that it passes on included. */
function exportsOf(path: string): Set<string> {
  const names = new Set<string>();
  for (const statement of parse(path).statements) {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause, moduleSpecifier } = statement;
      if (exportClause && ts.isNamedExports(exportClause)) {
        for (const { name } of exportClause.elements) names.add(name.text);
      } else if (moduleSpecifier && ts.isStringLiteral(moduleSpecifier)) {
        const from = join(dirname(path), moduleSpecifier.text.replace(/\.js$/, ".ts"));
        for (const name of exportsOf(from)) names.add(name);
      }
      continue;
    }
    const exported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (!exported) continue;
    if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations)
        if (ts.isIdentifier(name)) names.add(name.text);
    } else if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
      if (statement.name) names.add(statement.name.text);
    }
  }
  return names;
}

const scripts = ["scripts", "bench", "bench/page", "bench/peers", "scripts/generate"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".js"))
    .map((name) => `${folder}/${name}`),
);

/** What a script imports of the compiled sources: module and name. */
function importsOf(script: string): [module: string, name: string][] {
  const found: [string, string][] = [];
  for (const statement of parse(join(root, script)).statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const place = relative(root, join(root, dirname(script), statement.moduleSpecifier.text));
    const bindings = statement.importClause?.namedBindings;
    if (!place.startsWith(join("build", "ts")) || !bindings || !ts.isNamedImports(bindings)) continue;
    const module = relative(join("build", "ts"), place).replace(/\.js$/, ".ts");
    for (const { name, propertyName } of bindings.elements) found.push([module, (propertyName ?? name).text]);
  }
  return found;
}

describe("scripts import what is there", () => {
  const importing = scripts.filter((script) => importsOf(script).length > 0);

  it("some of them import the compiled sources", () => {
    expect(importing).toContain("scripts/start.js");
    expect(importing.length).toBeGreaterThan(5);
  });

  it.each(importing)("%s", (script) => {
    for (const [module, name] of importsOf(script)) {
      const path = join(root, module);
      expect([module, existsSync(path)]).toEqual([module, true]);
      expect([module, name, exportsOf(path).has(name)]).toEqual([module, name, true]);
    }
  });
});
