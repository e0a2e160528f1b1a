// What the build says, and what a release writes. That a second compile of the kernels has the same bytes takes minutes: it is no
// test; `rm -r build dist && npm run build` prints the same integrity hash.
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { step } from "../../scripts/step.js";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vkernel-build-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("a step of the build", () => {
  it("says what it is doing before it does it, and is done again when its sources change or it failed", async () => {
    const seen: string[] = [];
    const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      seen.push(String(text));
      return true;
    });
    const work = (result: string) => async () => {
      seen.push(result);
      if (result === "fails") throw new Error("broken");
    };
    try {
      expect(await step(folder, "wasm", "building the kernels", "a", work("works"))).toBeGreaterThanOrEqual(
        0,
      );
      expect(await step(folder, "wasm", "building the kernels", "a", work("works"))).toBeUndefined();
      await expect(step(folder, "wasm", "building again", "b", work("fails"))).rejects.toThrow("broken");
      await step(folder, "wasm", "building once more", "b", work("works"));
    } finally {
      write.mockRestore();
    }
    const lines = ["building the kernels ...\n", "works", "building again ...\n", "fails"];
    expect(seen).toEqual([...lines, "building once more ...\n", "works"]);
  });

  it("has words for each step", async () => {
    const source = await readFile(join(root, "scripts/build.js"), "utf8");
    const [, words = ""] = /const doing = \{([\s\S]*?)\n\};/.exec(source) ?? [];
    const told = Array.from(words.matchAll(/^ {2}(\w+): "([^"]+)",$/gm), ([, name]) => name);
    const done = Array.from(source.matchAll(/await step\(\s*"(\w+)"/g), ([, name]) => name);
    expect(done.length).toBe(3);
    expect(told.sort()).toEqual(done.sort());
  });
});

describe("npm version", () => {
  it("writes the version and the hash of the bundle into docs/pages.md, and nothing else", async () => {
    const at = (name: string): string => join(folder, name);
    for (const name of ["docs", "dist"]) await mkdir(at(name));
    for (const name of ["docs/pages.md", "dist/vkernel.integrity"])
      await copyFile(join(root, name), at(name));
    await writeFile(at("package.json"), JSON.stringify({ version: "12.3.4-rc.1" }));
    const { stdout } = await execute(process.execPath, [join(root, "scripts/stamp-integrity.js"), folder]);
    const hash = (await readFile(join(root, "dist/vkernel.integrity"), "utf8")).trim();
    expect(stdout).toBe(`vkernel 12.3.4-rc.1: ${hash}\n`);
    const [before, after] = [
      await readFile(join(root, "docs/pages.md"), "utf8"),
      await readFile(at("docs/pages.md"), "utf8"),
    ];
    expect(after).toContain(`\nvkernel 12.3.4-rc.1: ${hash}\n`);
    const without = (text: string): string => text.replace(/^vkernel .*: sha384-.*$/m, "");
    expect(without(after)).toBe(without(before));

    await writeFile(at("docs/pages.md"), "no line");
    await expect(
      execute(process.execPath, [join(root, "scripts/stamp-integrity.js"), folder]),
    ).rejects.toThrow(/expected one line/);
    const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    expect(scripts.version).toMatch(
      /build\.js.* && node scripts\/stamp-cli\.js && node scripts\/stamp-integrity\.js && git add cli\/package\.json package-lock\.json docs\/pages\.md$/,
    );
  });

  it("gives the command line the same version, and that version as its dependency", async () => {
    const at = (name: string): string => join(folder, "stamped", name);
    await mkdir(at("cli"), { recursive: true });
    const names = ["cli/package.json", "package-lock.json"];
    for (const name of names) await copyFile(join(root, name), at(name));
    await writeFile(at("package.json"), JSON.stringify({ version: "12.3.4-rc.1" }));
    const { stdout } = await execute(process.execPath, [join(root, "scripts/stamp-cli.js"), at("")]);
    expect(stdout).toBe("vkernel-cli 12.3.4-rc.1\n");
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    for (const name of names) {
      const before = await readFile(join(root, name), "utf8");
      const after = JSON.parse(await readFile(at(name), "utf8"));
      const manifest = name === "package-lock.json" ? after.packages.cli : after;
      expect([manifest.version, manifest.dependencies.vkernel]).toEqual(["12.3.4-rc.1", "12.3.4-rc.1"]);
      manifest.version = manifest.dependencies.vkernel = version;
      expect(`${JSON.stringify(after, null, 2)}\n`).toBe(before);
    }
  });
});
