// The declarations under the compilers and settings of users, with nothing excused: what does not resolve is an error
// here, and `any` there.
import { execFile } from "node:child_process";
import { cp, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import type ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../browser/bundle.js";
import { type PackedProject, packProject } from "./packed.js";

const execute = promisify(execFile);
const require = createRequire(import.meta.url);

/** From the oldest that the README names to the newest, as packages of this repository. */
const compilers = ["typescript-5.4", "typescript-5.7", "typescript", "typescript-7"];
/** The last without a compiler's interface in JavaScript. */
const native = "typescript-7";

const strict = {
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  target: "es2022",
  types: [] as string[],
};

/** Ways to find packages and hosts' types, each with the programs that go with it. */
const settings = [
  ["nodenext, no host", ["bare.ts"], { module: "nodenext", moduleResolution: "nodenext", lib: ["es2022"] }],
  [
    "bundler, DOM",
    ["dom.ts", "first.ts"],
    { module: "esnext", moduleResolution: "bundler", lib: ["es2022", "dom"] },
  ],
] as const;
/** What newer compilers have dropped or take for the same as another. */
const older = [
  ["node16, DOM", ["dom.ts"], { module: "node16", moduleResolution: "node16", lib: ["es2022", "dom"] }],
  ["node, no host", ["bare.ts"], { module: "esnext", moduleResolution: "node", lib: ["es2022"] }],
] as const;

describe("the package's types", () => {
  let made: PackedProject;
  beforeAll(async () => {
    made = await packProject();
    await cp(join(root, "test/package/consumer"), made.project, { recursive: true });
    await cp(join(root, "examples/first.js"), join(made.project, "first.ts"));
  });
  afterAll(() => made?.remove());

  /** What a compiler complains about, which should be nothing. */
  async function check(compiler: string, files: readonly string[], options: object): Promise<string> {
    const config = { compilerOptions: { ...strict, ...options }, files };
    await writeFile(join(made.project, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules", compiler, "bin/tsc");
    return execute(process.execPath, [tsc, "-p", made.project], { cwd: made.project }).then(
      () => "",
      (error: { stdout: string }) => error.stdout,
    );
  }

  describe.each(compilers)("%s", (compiler) => {
    it.each(settings)("checks: %s", { tags: ["long"] }, async (_, files, options) => {
      expect(await check(compiler, files, options)).toBe("");
    });
  });

  it.each(older)("typescript-5.4 checks: %s", { tags: ["long"] }, async (_, files, options) => {
    expect(await check("typescript-5.4", files, options)).toBe("");
  });

  it.each(compilers.filter((name) => name !== native))("have no `any` that nobody wrote: %s", (compiler) => {
    const compile: typeof ts = require(compiler);
    const options = {
      strict: true,
      skipLibCheck: true,
      types: [],
      target: compile.ScriptTarget.ES2022,
      module: compile.ModuleKind.NodeNext,
      moduleResolution: compile.ModuleResolutionKind.NodeNext,
      lib: ["lib.es2022.d.ts"],
    };
    const program = compile.createProgram([join(made.project, "bare.ts")], options);
    const checker = program.getTypeChecker();
    const found: string[] = [];
    let seen = 0;
    for (const file of program.getSourceFiles()) {
      if (!file.fileName.includes("/node_modules/vkernel/")) continue;
      const visit = (node: ts.Node): void => {
        if (compile.isTypeNode(node)) {
          seen++;
          if (checker.getTypeFromTypeNode(node).flags & compile.TypeFlags.Any) {
            const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
            found.push(`${file.fileName}:${line + 1}: ${node.getText(file)}`);
          }
        }
        compile.forEachChild(node, visit);
      };
      visit(file);
    }
    expect(found).toEqual([]);
    expect(seen).toBeGreaterThan(2000);
  });
});
