// Makes declarations that say the same to every TypeScript from 5.4 on, with or without the types of a browser or of
// Node: what only newer compilers or some hosts declare is looked up where it is used, so that it never becomes `any`.
import ts from "typescript";

/** A host's class, or what of it is used where the host declares none. */
const hostClass = (name, otherwise) =>
  `typeof globalThis extends { ${name}: { prototype: infer T } } ? T : ${otherwise}`;
const ofWasm = (shape, otherwise) =>
  `typeof globalThis extends { WebAssembly: { ${shape} } } ? T : ${otherwise}`;

/** Names that a project's libraries may lack, and what stands for them. */
const hosts = {
  AbortSignal: hostClass(
    "AbortSignal",
    '{ readonly aborted: boolean; readonly reason: unknown; addEventListener(type: "abort", listener: () => void): void; removeEventListener(type: "abort", listener: () => void): void }',
  ),
  URL: hostClass("URL", "{ readonly href: string }"),
  BufferSource: ofWasm("compile: (bytes: infer T) => unknown", "ArrayBuffer | ArrayBufferView"),
  "WebAssembly.Module": ofWasm("Module: { prototype: infer T }", "object"),
  "WebAssembly.Memory": ofWasm("Memory: { prototype: infer T }", "{ readonly buffer: ArrayBufferLike }"),
};

/** Typed arrays take the type of their buffer from TypeScript 5.7 on; `of` has always returned what is wanted. */
const typedArray = /^((Big)?(Ui|I)nt(8|16|32|64)|Uint8Clamped|Float(16|32|64))Array$/;
const ofPlainBuffer = (name) => `ReturnType<${name}Constructor["of"]>`;

/** @returns the declarations with nothing in them that TypeScript 5.4 or a project without a host's types lacks */
export function portable(code) {
  const file = ts.createSourceFile("a.d.ts", code, ts.ScriptTarget.Latest, true);
  const edits = [];
  const aliases = new Map();
  const replace = (node, text) => edits.push({ from: node.getStart(file), to: node.end, text });
  const alias = (node, name, type) => {
    aliases.set(name, type);
    replace(node, name);
  };
  let disposable = false;
  const visit = (node) => {
    if (ts.isPropertyAccessExpression(node) && node.getText(file) === "Symbol.dispose") disposable = true;
    if (!ts.isTypeReferenceNode(node)) return ts.forEachChild(node, visit);
    const name = node.typeName.getText(file);
    const buffer = node.typeArguments?.[0]?.getText(file);
    if (name in hosts) alias(node, `Host${name.replace(".", "")}`, hosts[name]);
    else if (typedArray.test(name) && buffer === "ArrayBufferLike") replace(node, name);
    else if (typedArray.test(name) && buffer === "ArrayBuffer")
      alias(node, `Plain${name}`, ofPlainBuffer(name));
    else if (buffer !== undefined && /^ArrayBuffer(View)?$|^DataView$/.test(buffer + name))
      throw new Error(`no way to write ${node.getText(file)} for older compilers`);
    else ts.forEachChild(node, visit);
  };
  visit(file);
  let out = code;
  for (const { from, to, text } of edits.reverse()) out = out.slice(0, from) + text + out.slice(to);
  // Engines and mixtures work with `using`, whose symbol not every project's libraries have.
  const head = disposable ? '/// <reference lib="esnext.disposable" />\n' : "";
  const tail = Array.from(aliases, ([name, type]) => `type ${name} = ${type};\n`);
  return `${head}${out}${tail.join("")}`;
}
