// The machine code that this Node makes of a kernel: node bench/emitted.js KERNEL [simd | relaxed]. Without a kernel: their names.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [kernel, build = "simd", role] = process.argv.slice(2);
if (!["simd", "relaxed"].includes(build)) throw new Error(`the build is simd or relaxed, not ${build}`);
const file = fileURLToPath(new URL(`../build/wasm/${build}-local.wasm`, import.meta.url));
/** Relaxed SIMD is behind a flag in Node 20 and 21, and later ones do not know the flag. */
const isOld = Number(process.versions.node.split(".")[0]) < 22;
const relaxed = build === "relaxed" && isOld ? ["--experimental-wasm-relaxed-simd"] : [];

/** @param {string[]} flags @param {string} given */
const again = (flags, given) =>
  spawnSync(process.execPath, [...flags, fileURLToPath(import.meta.url), given, build, "inside"], {
    encoding: "utf8",
    maxBuffer: 2 ** 30,
  });

if (role === "inside") {
  const module = new WebAssembly.Module(readFileSync(file));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536 });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  // The name of a function that is exported is its index in the module.
  for (const [name, value] of Object.entries(exports))
    if (kernel === "names" && typeof value === "function") console.log(`${name} ${value.name}`);
} else {
  const { stdout, stderr, status } = again(relaxed, "names");
  if (status !== 0) throw new Error(stderr);
  const indices = new Map(
    stdout
      .trim()
      .split("\n")
      .map((line) => /** @type {[string, string]} */ (line.split(" "))),
  );
  const index = indices.get(kernel);
  if (index === undefined) {
    console.error(`kernels: ${[...indices.keys()].join(", ")}`);
    process.exitCode = kernel === undefined ? 0 : 2;
  } else {
    // The optimizing compiler alone, everything at once.
    const flags = ["--no-liftoff", "--no-wasm-lazy-compilation", `--print-wasm-code-function-index=${index}`];
    const code = again([...relaxed, ...flags], "code").stdout;
    process.stdout.write(code);
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const [, name] of code.matchAll(/^0x[\da-f]+ +[\da-f]+ +[\da-f]+ +(v\w+)/gm))
      counts.set(name, (counts.get(name) ?? 0) + 1);
    const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, 12);
    console.error(`vector instructions: ${most.map(([name, count]) => `${name} ${count}`).join(", ")}`);
  }
}
