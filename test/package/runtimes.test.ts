// The package in other hosts than the Node that runs the tests: the same bits, the same files, and an end by itself.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../browser/bundle.js";
import { bitsHashes } from "../shared/bits.js";
import { limits } from "../shared/limits.js";
import { type PackedProject, packProject } from "./packed.js";

const execute = promisify(execFile);
const installed = (path: string) => join(root, "test/runtimes/node_modules", path);

/** Each host: its program, and what comes before a script's name. */
const runtimes = [
  { name: "Node 22", program: installed("node-22/bin/node"), args: [] },
  { name: "Node 24", program: installed("node-24/bin/node"), args: [] },
  { name: "Deno", program: installed("@deno/linux-x64-glibc/deno"), args: ["run", "--allow-all"] },
  { name: "Bun", program: installed("@oven/bun-linux-x64/bin/bun"), args: ["run"] },
] as const;

/** In CI all of them must be there. */
const required = process.env.VKERNEL_RUNTIMES === "required";
const skipped = (program: string) => !required && !existsSync(program);
const absent = runtimes.filter(({ program }) => skipped(program)).map(({ name }) => name);
const remedy = "npm ci --prefix test/runtimes installs them, on Linux x64";
if (absent.length > 0)
  console.warn(`Tests on other runtimes are skipped: no ${absent.join(", ")} (${remedy})`);

const some = /^sample (D1 naive|D2 posterior|D3 dopri5|digits heun|hexagon heun)|^evaluate D7 f64/;
const promised = Object.fromEntries(Object.entries(bitsHashes).filter(([name]) => some.test(name)));
const program = `
import * as vkernel from "vkernel";
import { evaluate } from "vkernel/reference";
import { parseCsv } from "vkernel/io";
import { bitsCases, bitsRuns } from "./bits.js";
const engine = await vkernel.createEngine({ threads: 2 });
const { kernels, threads, note } = engine.info;
engine.close();
const hashes = await bitsCases(vkernel, { threads: 2 }, bitsRuns.filter(({ name }) => ${some}.test(name)));
console.log(JSON.stringify({ kernels, threads, note, hashes, others: [typeof evaluate, typeof parseCsv] }));
`;

describe("the package", () => {
  let made: PackedProject;
  let expectedSamples: Buffer;

  /** Runs a script in a host until it ends. */
  const run = async (host: string, args: readonly string[]) => {
    const env = {
      ...process.env,
      DENO_DIR: join(made.project, "deno"),
      DENO_NO_UPDATE_CHECK: "1",
      NODE_OPTIONS: "",
    };
    return execute(host, args, { cwd: made.project, env, timeout: limits.state });
  };
  const sampled = async (host: string, before: readonly string[], out: string) => {
    const command = [
      "sample",
      "polygon",
      "--sampler",
      "heun",
      "--count",
      "5000",
      "--seed",
      "7",
      "--threads",
      "2",
    ];
    await run(host, [...before, "node_modules/vkernel/bin/vkernel.js", ...command, "--out", out]);
    return readFile(join(made.project, out));
  };

  beforeAll(async () => {
    made = await packProject(["vkernel", "vkernel-cli"]);
    const source = await readFile(join(root, "test/shared/bits.ts"), "utf8");
    const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
    await writeFile(
      join(made.project, "bits.js"),
      ts.transpileModule(source, { compilerOptions }).outputText,
    );
    await writeFile(join(made.project, "program.js"), program);
    expectedSamples = await sampled(process.execPath, [], "here.npy");
    expect(expectedSamples.length).toBeGreaterThan(5000 * 2 * 4);
  });
  afterAll(() => made?.remove());

  for (const { name, program: host, args } of runtimes) {
    describe.skipIf(skipped(host))(skipped(host) ? `${name} (skipped: ${remedy})` : name, () => {
      it("computes the promised bits on two threads, and ends", { tags: ["long"] }, async () => {
        const { stdout, stderr } = await run(host, [...args, "program.js"]);
        const result = JSON.parse(stdout);
        expect(result).toEqual({
          kernels: "simd",
          threads: 2,
          hashes: promised,
          others: ["function", "function"],
        });
        expect(stderr).toBe("");
      });

      it("samples from the command line to the same bytes", { tags: ["long"] }, async () => {
        expect(await sampled(host, args, `${name}.npy`)).toEqual(expectedSamples);
      });
    });
  }

  it("is promised more than six of these runs", () => {
    expect(Object.keys(promised).length).toBeGreaterThan(6);
  });
});
