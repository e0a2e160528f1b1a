// Arrows between folders go down only: cli, site -> claims -> vkernel (src) -> bindings -> (compiled) assembly, and inside them too; nothing
// goes in a circle.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { kernelScratch } from "../../bindings/abi.js";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Every file of a folder with this ending, as paths from the root with forward slashes. */
function filesIn(folder: string, ending = ".ts"): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.split(sep).join("/")}`)
    .filter((path) => path.endsWith(ending) && statSync(join(root, path)).isFile())
    .filter((path) => folder !== "cli" || !/^cli\/(dist|node_modules)\//.test(path))
    .sort();
}

/** What a source names as a module: imports, re-exports, dynamic imports and types of modules. */
function modulesOf(source: string): string[] {
  return ts.preProcessFile(source, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** The imports of a folder: [file, what it imports: a path from the root, or the name of a package]. */
function importsOf(folder: string): [string, string][] {
  return filesIn(folder).flatMap((file) =>
    modulesOf(read(file)).map((name): [string, string] => [
      file,
      name.startsWith(".")
        ? relative(root, join(root, dirname(file), name))
            .split(sep)
            .join("/")
        : name,
    ]),
  );
}

const inside = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
const isLocal = (path: string): boolean =>
  /^(assembly|bindings|build|claims|cli|src|scripts|test|site|bench)\//.test(path);

/** Imports of a folder that go to none of the allowed ones. */
const strays = (folder: string, allowed: readonly string[], packages: RegExp): string[] =>
  importsOf(folder)
    .filter(([, to]) => (isLocal(to) ? !allowed.some((one) => inside(to, one)) : !packages.test(to)))
    .map(([from, to]) => `${from} imports ${to}`);

describe("arrows between folders go down only", () => {
  it("the parser of these tests sees imports", () => {
    const source =
      'import a from "./a.js";\nimport type { B } from "../b.js";\nexport * from "./c.js";\nconst d = await import("./d.js");\ntype E = typeof import("node:os");\nimport "./f.js";\n';
    expect(modulesOf(source)).toEqual(["./a.js", "../b.js", "./c.js", "./d.js", "node:os", "./f.js"]);
    expect(importsOf("src").length).toBeGreaterThan(50);
  });

  it("assembly imports itself alone", () => {
    const to = filesIn("assembly").flatMap((file) =>
      modulesOf(read(file)).map((name) =>
        relative(root, join(root, dirname(file), name))
          .split(sep)
          .join("/"),
      ),
    );
    expect(to.length).toBeGreaterThan(5);
    expect(to.filter((path) => !inside(path, "assembly"))).toEqual([]);
  });

  it("bindings import themselves, the built kernels, the loader and Node", () => {
    expect(strays("bindings", ["bindings", "build/generated"], /^(@assemblyscript\/loader|node:)/)).toEqual(
      [],
    );
  });

  it("only one file knows the loader", () => {
    const users = [...importsOf("bindings"), ...importsOf("src")].filter(
      ([, to]) => to === "@assemblyscript/loader",
    );
    expect(users.map(([from]) => from)).toEqual(["bindings/instantiate.ts"]);
  });

  it("src never imports cli, and takes nothing of build but data", () => {
    expect(
      strays(
        "src",
        ["src", "bindings", "build/generated/digits.js", "build/generated/fashion.js"],
        /^node:|^(fflate|npyjs|papaparse)/,
      ),
    ).toEqual([]);
  });

  it("the library entry has no runtime dependency but the loader", () => {
    // Files for tables and archives live in src/io, an entry of its own.
    const packages = importsOf("src").filter(([from, to]) => !isLocal(to) && !inside(from, "src/io"));
    expect(
      packages.map(([from, to]) => `${from} imports ${to}`).filter((line) => !/ node:/.test(line)),
    ).toEqual([]);
  });

  it("what vkernel/reference exports imports nothing of bindings, neither itself nor through others", () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file) || !existsSync(join(root, file))) return;
      seen.add(file);
      const source = read(file);
      // Types vanish when compiled.
      const code = source.replace(/^(import|export) type [^;]+;$/gm, "");
      for (const name of modulesOf(code)) {
        if (!name.startsWith(".")) throw new Error(`${file} imports ${name}`);
        visit(
          relative(root, join(root, dirname(file), name))
            .split(sep)
            .join("/")
            .replace(/\.js$/, ".ts"),
        );
      }
    };
    for (const file of filesIn("src/reference")) visit(file);
    expect(seen.size).toBeGreaterThan(filesIn("src/reference").length);
    expect([...seen].filter((path) => !inside(path, "src"))).toEqual([]);
  });

  it("nothing but its entry imports src/reference", () => {
    const users = ["src", "claims", "cli"].flatMap((folder) =>
      importsOf(folder).filter(([from, to]) => inside(to, "src/reference") && !inside(from, "src/reference")),
    );
    expect(users).toEqual([]);
  });

  it("claims import themselves and the library by its names, without its files", () => {
    expect(importsOf("claims").length).toBeGreaterThan(50);
    expect(strays("claims", ["claims"], /^vkernel(\/(internal|reference))?$/)).toEqual([]);
  });

  it("claims of one paper import nothing of another's", () => {
    const papers = ["vastola2025", "chen2025", "cao2025"];
    const paperOf = (path: string): string | undefined =>
      papers.find((paper) => inside(path, `claims/${paper}`));
    for (const paper of papers) expect(filesIn(`claims/${paper}`).length).toBeGreaterThan(5);
    const across = importsOf("claims").filter(
      ([from, to]) =>
        paperOf(from) !== undefined && paperOf(to) !== undefined && paperOf(from) !== paperOf(to),
    );
    expect(across).toEqual([]);
  });

  it("cli imports itself, claims, the library by its names, and the packages that it says it needs", () => {
    const { dependencies } = JSON.parse(read("cli/package.json")) as { dependencies: object };
    const named = Object.keys(dependencies).join("|");
    expect(strays("cli", ["cli", "claims"], new RegExp(`^(node:|(${named})(/|$))`))).toEqual([]);
  });

  it("vkernel/internal has what cli and claims ask of it, and no public name", () => {
    const asked = new Set<string>();
    for (const file of [...filesIn("cli"), ...filesIn("claims")]) {
      for (const [, names = ""] of read(file).matchAll(
        /import (?:type )?\{([^}]*)\} from "vkernel\/internal"/g,
      ))
        for (const name of names.split(",")) if (name.trim()) asked.add(name.trim().replace(/^type /, ""));
    }
    const list = (path: string): string[] =>
      Array.from(read(path).matchAll(/export (?:type )?\{([^}]*)\}/g), ([, names = ""]) => names.split(","))
        .flat()
        .map((name) =>
          name
            .trim()
            .replace(/^type /, "")
            .replace(/^.* as /, ""),
        )
        .filter((name) => name !== "");
    expect(list("src/internal.ts").sort()).toEqual([...asked].sort());
    const shared = list("src/internal.ts").filter((name) => list("src/index.ts").includes(name));
    expect(shared).toEqual([]);
  });

  it("site imports itself, claims and src, and the packages that the page may carry", () => {
    expect(
      strays("site", ["site", "claims", "src"], /^(uplot|d3-)/).filter(
        // The page that measures is a bundle of its own.
        (stray) => !/^site\/bench\/\S+ imports tinybench$/.test(stray),
      ),
    ).toEqual([]);
  });

  it("outside its worker site takes of claims words, numbers that both show, and types: no measure", () => {
    const taken = filesIn("site")
      .filter((file) => !inside(file, "site/worker"))
      .flatMap((file) =>
        Array.from(
          read(file).matchAll(/^import (type )?[^;]*? from "[./]*\/(claims\/[^"]*)";$/gm),
          (found) => ({
            file,
            types: found[1] !== undefined,
            module: found[2],
          }),
        ),
      );
    expect(taken.length).toBeGreaterThan(10);
    const measures = taken.filter(({ types, module }) => !types && !/\/(said\/\w+|shown)\.js$/.test(module));
    expect(measures).toEqual([]);
    // Those import types alone.
    const light = filesIn("claims").filter((file) => /\/(said\/\w+|shown)\.ts$/.test(file));
    expect(light.filter((file) => /^import (?!type )/m.test(read(file)))).toEqual([]);
  });

  /** From the bottom up: a room may import those before it. What lies beside the rooms comes last where it is not named. */
  const orders: Readonly<Record<string, readonly string[]>> = {
    src: [
      "core",
      "numeric",
      "baseline",
      "process",
      "dense",
      "data",
      "score",
      "engine.ts",
      "sampler",
      "run",
      "theory",
      "diagnose",
      "conformance",
      "io",
      "raster",
      "reference",
    ],
    site: [
      "load.ts",
      "style",
      "state",
      "compute",
      "stories",
      "worker",
      "controls",
      "stage",
      "charts",
      "tabs",
      "export",
      "aside",
      "bench",
      "million",
    ],
    claims: ["vastola2025", "chen2025", "cao2025", "digits", "cards.ts", "index.ts"],
    "cli/report": ["study", "smoothing", "variance", "pde"],
  };

  it.each(Object.keys(orders))("inside %s", (top) => {
    const order = orders[top];
    const placeOf = (path: string): number => {
      const room = path.slice(top.length + 1).split("/")[0];
      const place = order.indexOf(room.replace(/\.js$/, ".ts"));
      // Files beside the rooms: in claims and in cli/report below them, elsewhere above.
      return place >= 0 ? place : top === "claims" || top === "cli/report" ? -1 : order.length;
    };
    const arrows = importsOf(top).filter(([from, to]) => inside(from, top) && inside(to, top));
    expect(arrows.length).toBeGreaterThan(20);
    expect(filesIn(top).filter((file) => placeOf(file) >= 0).length).toBeGreaterThan(5);
    const up = arrows.filter(([from, to]) => placeOf(to) > placeOf(from));
    expect(up.map(([from, to]) => `${from} imports ${to}`)).toEqual([]);
  });

  it("src/index.ts is imported by nothing inside src", () => {
    expect(importsOf("src").filter(([, to]) => to === "src/index.js")).toEqual([]);
  });
});

describe("circles", () => {
  /** Groups of files that import each other, types included. */
  function circlesOf(arrows: readonly (readonly [string, string])[]): string[][] {
    const next = new Map<string, string[]>();
    for (const [from, to] of arrows) next.set(from, [...(next.get(from) ?? []), to]);
    const reach = (start: string): Set<string> => {
      const seen = new Set<string>();
      const open = [...(next.get(start) ?? [])];
      for (let file = open.pop(); file !== undefined; file = open.pop()) {
        if (seen.has(file)) continue;
        seen.add(file);
        open.push(...(next.get(file) ?? []));
      }
      return seen;
    };
    const inCircles = [...next.keys()].filter((file) => reach(file).has(file));
    const groups = new Map<string, string[]>();
    for (const file of inCircles) {
      const all = inCircles.filter(
        (other) => other === file || (reach(file).has(other) && reach(other).has(file)),
      );
      groups.set(all.sort().join(" "), all);
    }
    return [...groups.values()];
  }

  it("there are none, types included", () => {
    const made = [
      ["a", "b"],
      ["b", "c"],
      ["c", "a"],
      ["c", "d"],
      ["e", "e"],
    ] as const;
    expect(circlesOf(made)).toEqual([["a", "b", "c"], ["e"]]);
    const arrows = ["bindings", "src", "claims", "cli", "site"].flatMap((folder) =>
      importsOf(folder).map(([from, to]): [string, string] => [from, to.replace(/\.js$/, ".ts")]),
    );
    expect(arrows.length).toBeGreaterThan(500);
    expect(circlesOf(arrows)).toEqual([]);
  });
});

describe("casts of an index", () => {
  /** `a[i] as T`: to its own type it checks nothing. */
  function castsIn(source: string): number {
    let found = 0;
    const visit = (node: ts.Node): void => {
      if (ts.isAsExpression(node) && ts.isElementAccessExpression(node.expression)) found++;
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile("source.ts", source, ts.ScriptTarget.ES2022, true));
    return found;
  }

  it("are those alone that narrow a type: their number may not rise", () => {
    expect(castsIn("const a = b[0] as number; const c = d as number; const e = (f[1] as string) + 1;")).toBe(
      2,
    );
    const all = ["bindings", "src", "claims", "cli", "site"].flatMap((folder) => filesIn(folder));
    expect(all.reduce((sum, file) => sum + castsIn(read(file)), 0)).toBeLessThanOrEqual(47);
  });
});

describe("values of other realms", () => {
  /** What stands right of `instanceof` in a source and is no class of the library's own: neither declared there nor imported from it. */
  function hostClasses(source: string): string[] {
    const file = ts.createSourceFile("source.ts", source, ts.ScriptTarget.ES2022, true);
    const own = new Set<string>();
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isClassDeclaration(node) && node.name) own.add(node.name.text);
      if (
        ts.isImportDeclaration(node) &&
        ts.isStringLiteral(node.moduleSpecifier) &&
        node.moduleSpecifier.text.startsWith(".") &&
        node.importClause?.namedBindings &&
        ts.isNamedImports(node.importClause.namedBindings)
      ) {
        for (const { name } of node.importClause.namedBindings.elements) own.add(name.text);
      }
      if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword) {
        found.push(node.right.getText(file));
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
    return found.filter((name) => !own.has(name));
  }

  it("src and bindings know them by brand: no instanceof of a host's class", () => {
    const source =
      'import { Own } from "./own.js";\nclass Other {}\na instanceof Own; b instanceof Other; c instanceof Float32Array; d instanceof WebAssembly.Module;';
    expect(hostClasses(source)).toEqual(["Float32Array", "WebAssembly.Module"]);
    const wrong = ["src", "bindings"].flatMap((folder) =>
      filesIn(folder).flatMap((file) => hostClasses(read(file)).map((name) => `${file}: ${name}`)),
    );
    expect(wrong).toEqual([]);
  });
});

describe("docs/architecture.md", () => {
  /** Folders of the first and second level that hold code. */
  const folders = () => {
    const list = new Set<string>();
    for (const top of [
      "assembly",
      "bin",
      "bindings",
      "src",
      "claims",
      "cli",
      "site",
      "bench",
      "scripts",
      "test",
      "examples",
    ]) {
      for (const ending of [".ts", ".js", ".mjs"]) {
        for (const file of filesIn(top, ending)) {
          list.add(top);
          const [, second, third] = file.split("/");
          if (third !== undefined) list.add(`${top}/${second}`);
        }
      }
    }
    return [...list].sort();
  };

  it("names every folder that holds code", () => {
    const page = read("docs/architecture.md");
    expect(folders()).toContain("src/reference");
    // As a whole path or, under its parent's heading, as `name/`.
    const missing = folders().filter((folder) => {
      const name = folder.split("/").at(-1) as string;
      return !new RegExp(`(^|[^\\w-])${name}/`, "m").test(page);
    });
    expect(missing).toEqual([]);
  });
});

describe("package.json, after the build", () => {
  interface Entry {
    types?: string;
    default?: string;
  }
  const manifest = JSON.parse(read("package.json")) as {
    name: string;
    type: string;
    exports: Record<string, string | Entry>;
    bin: Record<string, string>;
    files: string[];
    engines: { node: string };
    scripts: Record<string, string>;
    dependencies: Record<string, string>;
  };

  it("every export exists, types first", () => {
    expect(Object.keys(manifest.exports)).toEqual(expect.arrayContaining([".", "./reference"]));
    for (const [name, entry] of Object.entries(manifest.exports)) {
      const paths = typeof entry === "string" ? [entry] : Object.values(entry);
      if (typeof entry !== "string") expect([name, Object.keys(entry)[0]]).toEqual([name, "types"]);
      for (const path of paths) {
        // A pattern: some file fits it.
        const [start, end] = path.split("*") as [string, string | undefined];
        const found =
          end === undefined
            ? existsSync(join(root, path))
            : filesIn(start.replace(/^\.\/|\/$/g, ""), end).length > 0;
        expect([path, found]).toEqual([path, true]);
      }
    }
  });

  it("every command exists, is executable and starts Node", () => {
    for (const path of Object.values(manifest.bin)) {
      expect(statSync(join(root, path)).mode & 0o111).not.toBe(0);
      expect(read(path).split("\n")[0]).toBe("#!/usr/bin/env node");
    }
  });

  it("every entry can be imported by its name", async () => {
    const library = (await import("vkernel")) as Record<string, unknown>;
    for (const name of [
      "createEngine",
      "exactScore",
      "naiveScore",
      "sample",
      "VkernelError",
      "edm",
      "heun",
      "karras",
    ]) {
      expect(library[name]).toBeTypeOf("function");
    }
    const reference = (await import("vkernel/reference")) as Record<string, unknown>;
    expect(reference.evaluatePoint).toBeTypeOf("function");
  });

  it("is ESM for Node 20 and later, ships what is built, and installs no scripts", () => {
    expect(manifest.type).toBe("module");
    expect(manifest.engines.node).toBe(">=20");
    expect(manifest.files).toEqual(expect.arrayContaining(["dist", "README.md", "LICENSE"]));
    for (const name of ["preinstall", "install", "postinstall"])
      expect(manifest.scripts[name]).toBeUndefined();
  });

  it.each([
    ["dist", "package.json", ["vkernel"]],
    ["cli/dist", "cli/package.json", []],
  ] as const)("what %s imports is a dependency, Node's or its own", (folder, path, own) => {
    const { dependencies } = JSON.parse(read(path)) as typeof manifest;
    const files = filesIn(folder, ".js");
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      for (const name of modulesOf(read(file))) {
        if (name.startsWith("node:") || own.some((one) => one === name)) continue;
        if (name.startsWith(".")) {
          expect([file, name, existsSync(join(root, dirname(file), name))]).toEqual([file, name, true]);
          continue;
        }
        const scope = name.startsWith("@")
          ? name.split("/").slice(0, 2).join("/")
          : (name.split("/")[0] as string);
        expect([file, scope, scope in dependencies]).toEqual([file, scope, true]);
      }
    }
  });
});

describe("scratch of the kernels", () => {
  // Too little of it and a kernel writes over its neighbours.
  it.each([
    ["exp2Table", "assembly/simd/exp2.ts", /EXP2_TABLE: u32 = (\d+) \* (\d+);/],
    ["normals", "assembly/random/normal.ts", /NORMAL_SCRATCH: u32 = (\d+);/],
    ["lanes", "assembly/mixture/lanes.ts", /RUNNING: u32 = (\d+);/],
    ["ntk", "assembly/learn/ntk.ts", /NTK_SCRATCH: u32 = (\d+);/],
    ["features", "assembly/learn/features.ts", /FEATURE_SCRATCH: u32 = (\d+);/],
    ["density", "assembly/pde/density.ts", /DENSITY_SCRATCH: u32 = (\d+);/],
    ["diffuse", "assembly/pde/diffuse.ts", /DIFFUSE_SCRATCH: u32 = (\d+);/],
  ] as const)("%s is what the bindings give", (name, file, pattern) => {
    const factors = pattern.exec(read(file))?.slice(1).map(Number) ?? [];
    expect(factors.reduce((product, factor) => product * factor, 1)).toBe(kernelScratch[name]);
  });
});
