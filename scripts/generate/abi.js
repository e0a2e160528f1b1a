// Kernels as TypeScript sees them, the text of build/generated/abi.ts: from assembly/index.ts and the files whose functions it hands on.
// Pairs of one kernel in float32 and in float64 have one entry; kernels of tasks begin with the first of them.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";

const parse = async (path) =>
  ts.createSourceFile(path, await readFile(path, "utf8"), ts.ScriptTarget.Latest, true);

const isExported = (node) =>
  node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;

/** The names of a function's parameters, by the names of a file's exported functions. */
function functionsOf(source) {
  const found = new Map();
  for (const node of source.statements) {
    if (ts.isFunctionDeclaration(node) && isExported(node))
      found.set(
        node.name.text,
        node.parameters.map(({ name }) => name.getText()),
      );
  }
  return found;
}

/** Every exported kernel and the names of its parameters, sorted by how bindings call it. */
async function kernelsOf(root) {
  const index = await parse(join(root, "assembly/index.ts"));
  const all = functionsOf(index);
  for (const node of index.statements) {
    if (!ts.isExportDeclaration(node)) continue;
    const path = join(root, "assembly", `${node.moduleSpecifier.text}.ts`);
    const functions = functionsOf(await parse(path));
    for (const { name } of node.exportClause.elements) {
      const parameters = functions.get(name.text);
      if (parameters === undefined) throw new Error(`${path} exports no function ${name.text}`);
      all.set(name.text, parameters);
    }
  }
  const kinds = { typed: new Map(), plain: new Map(), task: new Map() };
  for (const [name, parameters] of all) {
    if (parameters[0] === "first") {
      kinds.task.set(name, parameters);
      continue;
    }
    const other = all.get(name.includes("F32") ? name.replace("F32", "F64") : name.replace("F64", "F32"));
    if (!/F(32|64)/.test(name)) kinds.plain.set(name, parameters);
    else if (other?.join() !== parameters.join())
      throw new Error(`${name} has no twin of the same parameters in the other precision`);
    else kinds.typed.set(name.replace(/F(32|64)/, ""), parameters);
  }
  return kinds;
}

const heads = {
  typed: "Kernels of one precision, without the precision in their names.",
  plain: "Kernels that know no precision.",
  task: "Kernels that do `count` tasks from the `first` on.",
};

export async function abiSource(root) {
  const kinds = await kernelsOf(root);
  let text = "// Made by scripts/generate/abi.js from assembly/index.ts.\n";
  for (const [kind, kernels] of Object.entries(kinds)) {
    const entries = [...kernels];
    const name = `${kind[0].toUpperCase()}${kind.slice(1)}Kernels`;
    const lines = entries.map(
      ([key, names]) => `  ${key}(${names.map((one) => `${one}: number`).join(", ")}): void;\n`,
    );
    text += `\n/** ${heads[kind]} */\nexport interface ${name} {\n${lines.join("")}}\n`;
    text += `export const ${kind}Kernels: readonly (keyof ${name})[] = ${JSON.stringify(entries.map(([key]) => key))};\n`;
  }
  return text;
}
