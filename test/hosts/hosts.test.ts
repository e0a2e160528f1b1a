// Hosts that refuse something, made of Node by flags, limits and missing globals in a process of their own.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createEngine, type EngineInfo, edm, euler, exactScore, karras, sample } from "vkernel";
import { describe, expect, it } from "vitest";

const library = new URL("../../dist/index.js", import.meta.url).href;
const wasm = (build: string): string =>
  fileURLToPath(new URL(`../../dist/wasm/${build}.wasm`, import.meta.url));

/** What each host is asked: what it runs on, and eight samples of a run without noise. */
const program = `
  const { createEngine, edm, euler, exactScore, karras, sample } = await import(${JSON.stringify(library)});
  const engine = await createEngine(OPTIONS);
  const field = exactScore(engine.mixture([[1, 2], [3, 5]], { precision: "f64" }), edm());
  const { samples } = await sample(field, { sampler: euler(), count: 8, grid: karras({ steps: 6, sigmaMin: 0.1 }), seed: 3 });
  console.log(JSON.stringify({ info: engine.info, samples: Array.from(samples) }));
  engine.close();
`;

interface Host {
  flags?: readonly string[];
  /** Runs before the library is loaded. */
  before?: string;
  /** The options of the engine, as an expression. */
  options?: string;
  /** `ulimit -v`, in KiB. */
  limit?: number;
}

async function ask({ flags = [], before = "", options = "{}", limit }: Host) {
  const node = [
    process.execPath,
    ...flags,
    "--input-type=module",
    "-e",
    before + program.replace("OPTIONS", options),
  ];
  const [command, ...args] =
    limit === undefined ? node : ["bash", "-c", `ulimit -v ${limit}; exec "$@"`, "bash", ...node];
  const { stdout } = await promisify(execFile)(command as string, args);
  return JSON.parse(stdout) as { info: EngineInfo; samples: number[] };
}

/** The same here, where nothing is refused. */
const wanted = (async () => {
  const engine = await createEngine({ threads: 2 });
  const field = exactScore(
    engine.mixture(
      [
        [1, 2],
        [3, 5],
      ],
      { precision: "f64" },
    ),
    edm(),
  );
  const grid = karras({ steps: 6, sigmaMin: 0.1 });
  const { samples } = await sample(field, { sampler: euler(), count: 8, grid, seed: 3 });
  engine.close();
  return Array.from(samples);
})();

const refuses = (what: string): string =>
  `WebAssembly.${what} = async () => { throw new WebAssembly.CompileError("not allowed here"); };`;
const noShared = `
  const { Memory } = WebAssembly;
  WebAssembly.Memory = function (limits) {
    if (limits.shared) throw new RangeError("no shared memory");
    return new Memory(limits);
  };`;
const moduleOf = (build: string): string =>
  `globalThis.given = new WebAssembly.Module((await import("node:fs")).readFileSync(${JSON.stringify(wasm(build))}));`;

describe("where Wasm is refused, plain TypeScript runs and says why", () => {
  it.each<[string, Host, RegExp]>([
    ["no WebAssembly (--jitless)", { flags: ["--jitless"] }, /: this host has no WebAssembly$/],
    ["no WebAssembly", { before: "delete globalThis.WebAssembly;" }, /: this host has no WebAssembly$/],
    [
      "compile throws",
      { before: refuses("compile") },
      /refuses to compile.*not allowed here.*wasm-unsafe-eval/,
    ],
    [
      "compile and validate throw",
      { before: `${refuses("compile")} WebAssembly.validate = () => { throw new Error("nor here"); };` },
      /refuses to compile.*nor here.*"wasm"/,
    ],
    ["no SIMD", { before: "WebAssembly.validate = () => false;" }, /has no SIMD$/],
    [
      "no memory",
      { before: 'WebAssembly.Memory = class { constructor() { throw new RangeError("none"); } };' },
      /refuses Wasm memory \(none\)$/,
    ],
    [
      "own bytes, compile throws",
      { before: refuses("compile"), options: `{ wasm: ${JSON.stringify(wasm("simd-local"))} }` },
      /refuses to compile/,
    ],
  ])("%s", async (_, host, note) => {
    const { info, samples } = await ask(host);
    expect(info).toMatchObject({ kernels: "reference", threads: 1, sharedMemory: false });
    expect(info.note).toMatch(/^plain TypeScript, in float64, equal to rounding and slower: /);
    expect(info.note).toMatch(note);
    for (const [i, x] of (await wanted).entries()) expect(samples[i]).toBeCloseTo(x, 11);
  });

  it("a refusal is not remembered: the next engine has kernels", async () => {
    const { compile } = WebAssembly;
    WebAssembly.compile = async () => {
      throw new WebAssembly.CompileError("not now");
    };
    // A build that no other test of this file compiles.
    const first = await createEngine({ kernels: "relaxed", threads: 1 });
    WebAssembly.compile = compile;
    const second = await createEngine({ kernels: "relaxed", threads: 1 });
    expect([first.info.kernels, second.info.kernels]).toEqual(["reference", "relaxed"]);
    first.close();
    second.close();
  });
});

describe("where Wasm runs, the bits are the same and a note says what is less than asked for", () => {
  it.each<[string, Host, Partial<EngineInfo>, RegExp | undefined]>([
    ["nothing refused", { options: "{ threads: 2 }" }, { threads: 2, sharedMemory: true }, undefined],
    [
      "shared memory refused",
      { before: noShared, options: "{ threads: 2 }" },
      { threads: 1, sharedMemory: false },
      /^one thread: this host refuses shared memory \(no shared memory\)$/,
    ],
    [
      "no SharedArrayBuffer",
      { before: "delete globalThis.SharedArrayBuffer;", options: "{ threads: 2 }" },
      { threads: 1 },
      /^one thread: this host has no shared memory$/,
    ],
    [
      "a permission model without workers",
      { flags: ["--experimental-permission", "--allow-fs-read=*"], options: "{ threads: 2 }" },
      { threads: 1 },
      /^one thread: workers could not be started: .*restricted.*--allow-worker$/,
    ],
    [
      "a local module",
      { before: moduleOf("simd-local"), options: "{ wasm: given, threads: 2 }" },
      { threads: 1, sharedMemory: false },
      /^one thread: the module given as "wasm" has a memory of its own: a shared build/,
    ],
    [
      "a shared module",
      { before: moduleOf("simd-shared"), options: "{ wasm: given, threads: 2 }" },
      { threads: 2, sharedMemory: true },
      undefined,
    ],
    [
      "a shared module, one thread",
      { before: moduleOf("simd-shared"), options: "{ wasm: given, threads: 1 }" },
      { threads: 1, sharedMemory: true },
      undefined,
    ],
    [
      "a local module where compiling is refused",
      {
        before: moduleOf("simd-local") + refuses("compile") + refuses("validate"),
        options: "{ wasm: given, threads: 1 }",
      },
      { threads: 1 },
      undefined,
    ],
    [
      "a module of another realm",
      {
        before: `globalThis.given = (await import("node:vm")).runInNewContext("new WebAssembly.Module(bytes)", { bytes: (await import("node:fs")).readFileSync(${JSON.stringify(wasm("simd-local"))}) });`,
        options: "{ wasm: given, threads: 1 }",
      },
      { threads: 1 },
      undefined,
    ],
    [
      "a URL of another realm",
      {
        before: `globalThis.given = new (class { get [Symbol.toStringTag]() { return "URL"; } toString() { return ${JSON.stringify(new URL("../../dist/wasm/simd-local.wasm", import.meta.url).href)}; } })();`,
        options: "{ wasm: given, threads: 1 }",
      },
      { threads: 1 },
      undefined,
    ],
    [
      "bytes in shared memory",
      {
        before: `const bytes = (await import("node:fs")).readFileSync(${JSON.stringify(wasm("simd-local"))}); globalThis.given = new Uint8Array(new SharedArrayBuffer(bytes.length)); given.set(bytes);`,
        options: "{ wasm: given, threads: 1 }",
      },
      { threads: 1 },
      undefined,
    ],
  ])("%s", async (_, host, expected, note) => {
    const { info, samples } = await ask(host);
    expect(info).toMatchObject({ kernels: "simd", ...expected });
    if (note === undefined) expect(info.note).toBeUndefined();
    else expect(info.note).toMatch(note);
    expect(samples).toEqual(await wanted);
  });

  it.each([
    ["kernels", {}, { kernels: "simd", note: "one thread: this host has no workers" }],
    ["no kernels", { before: refuses("compile") }, { kernels: "reference" }],
  ])(
    "a bare host that is not Node: no workers, clock, timers for turns or navigator, %s",
    async (_, host: Host, expected) => {
      const bare = ["process", "performance", "setImmediate", "MessageChannel", "navigator", "Buffer"]
        .map((name) => `delete globalThis.${name};`)
        .join(" ");
      const { info, samples } = await ask({
        before: `${host.before ?? ""} ${bare}`,
        options: "{ threads: 2 }",
      });
      expect(info).toMatchObject({ threads: 1, ...expected });
      for (const [i, x] of (await wanted).entries()) expect(samples[i]).toBeCloseTo(x, 11);
    },
  );

  it.each(["simd-local", "simd-shared"])("%s, threads chosen by the engine", async (build) => {
    const engine = await createEngine({ wasm: new WebAssembly.Module(readFileSync(wasm(build))) });
    expect(engine.info.kernels).toBe("simd");
    if (build === "simd-local") expect(engine.info.threads).toBe(1);
    engine.close();
  });

  it("a module that is no kernels, and bytes that are none, are errors", async () => {
    const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
    await expect(createEngine({ wasm: new WebAssembly.Module(empty) })).rejects.toMatchObject({
      code: "E_USAGE",
    });
    await expect(createEngine({ wasm: empty.slice(4) })).rejects.toMatchObject({ code: "E_IO" });
    await expect(createEngine({ wasm: "/nowhere.wasm" })).rejects.toMatchObject({ code: "E_IO" });
  });
});

describe.skipIf(process.platform !== "linux")("where the address space is limited (ulimit -v)", () => {
  const flag = "--disable-wasm-trap-handler";
  it.each<[number, readonly string[], EngineInfo["kernels"], RegExp]>([
    [1_500_000, [], "reference", new RegExp(`limited to 1465 MiB.*start Node with ${flag}$`)],
    [4_000_000, [], "reference", new RegExp(`limited to 3906 MiB.*start Node with ${flag}$`)],
    [4_000_000, [flag], "simd", /at most \d+ MiB of Wasm memory: this host gives no more$/],
    [12_600_000, [], "simd", /^(one|\d+) threads?: the address space is limited to 12305 MiB/],
  ])("%d KiB %j: %s", { tags: ["long"] }, async (limit, flags, kernels, note) => {
    const { info, samples } = await ask({ limit, flags, options: "{ threads: 8 }" });
    expect(info.kernels).toBe(kernels);
    expect(info.note).toMatch(note);
    for (const [i, x] of (await wanted).entries()) expect(samples[i]).toBeCloseTo(x, 11);
  });
});
