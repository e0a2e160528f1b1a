// Peak resident memory of a call, above what the process held before it: no more than the queries as the kernels want them, the
// results and 64 MiB. Bytes are counted, not time. Each call has a process of its own, for Wasm memory never shrinks.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Writing 5 sets the peak of a process to what it holds (Linux). */
const cleared = "/proc/self/clear_refs";

const script = `
import { readFileSync, writeFileSync } from "node:fs";
import { createEngine, edm, exactScore, heun, karras, sample } from "vkernel";
const [code, threads] = process.argv.slice(2);
const engine = await createEngine({ threads: Number(threads) });
const read = (name) => 1024 * Number(new RegExp(name + ":\\\\s*(\\\\d+) kB").exec(readFileSync("/proc/self/status", "utf8"))[1]);
const waves = (rows, dim) => Float32Array.from({ length: rows * dim }, (_, i) => Math.sin(1.7 * i + (i % 13)));
const fieldOf = (rows, dim) => exactScore(engine.mixture(waves(rows, dim), { dim }), edm());
const few = fieldOf(50, 2);
await few.evaluate(waves(100, 2), 0.5, ["score", "hessian", "posteriorWeights"]);
await sample(few, { sampler: heun(), grid: karras({ steps: 3 }), count: 100 });
// Prepares what the call may use, and gives the call and the bytes of its queries in the kernels' precision.
const Async = (async () => {}).constructor;
const run = new Async("engine", "waves", "fieldOf", "edm", "exactScore", "heun", "karras", "sample", code);
const { call, queries } = await run(engine, waves, fieldOf, edm, exactScore, heun, karras, sample);
gc();
writeFileSync("${cleared}", "5");
const before = read("VmRSS");
const results = await call();
const peak = read("VmHWM") - before;
const bytes = Object.values(results).reduce((sum, value) => sum + (value?.byteLength ?? 0), 0);
console.log(JSON.stringify({ peak, bytes, queries }));
engine.close();
`;

const calls: [string, string][] = [
  [
    "a mixture of a million points",
    "const points = waves(1e6, 3); return { queries: 12e6, call: async () => { engine.mixture(points, { dim: 3 }); return {}; } };",
  ],
  [
    "scores, log densities and Hessians of a million queries",
    `const field = fieldOf(16, 2), x = waves(1e6, 2);
     return { queries: 8e6, call: () => field.evaluate(x, 0.5, ["score", "posteriorMean", "logDensity", "hessian"]) };`,
  ],
  [
    "scores of 20,000 images",
    `const field = fieldOf(50, 784), x = waves(2e4, 784);
     return { queries: x.byteLength, call: () => field.evaluate(x, 20, ["score"]) };`,
  ],
  [
    "Hessians of 64 by 64",
    `const field = fieldOf(50, 64), x = waves(4000, 64);
     return { queries: x.byteLength, call: () => field.evaluate(x, 0.5, ["hessian", "proxyCovariance"]) };`,
  ],
  [
    "posterior weights",
    `const field = fieldOf(10000, 2), x = waves(4000, 2);
     return { queries: x.byteLength, call: () => field.evaluate(x, 0.5, ["posteriorWeights", "score"]) };`,
  ],
  [
    "a run of a million particles",
    `const field = fieldOf(16, 2);
     return { queries: 8e6, call: () => sample(field, { sampler: heun(), grid: karras({ steps: 3 }), count: 1e6 }) };`,
  ],
  [
    "scores to a tolerance, the tree being there",
    `const field = fieldOf(100000, 3), x = waves(4e5, 3); await field.prepare();
     return { queries: x.byteLength, call: () => field.evaluate(x, 1e-3, ["score"], { tolerance: 1e-4 }) };`,
  ],
];

describe.runIf(existsSync(cleared))("peak memory of a call", () => {
  // Below the package, whose name the program imports.
  let folder: string;
  beforeAll(async () => {
    await mkdir(path.join(root, "build"), { recursive: true });
    folder = await mkdtemp(path.join(root, "build", "peak-"));
    await writeFile(path.join(folder, "peak.mjs"), script);
  });
  afterAll(() => rm(folder, { recursive: true }));

  for (const threads of [1, 2]) {
    it.each(calls)(
      `%s, ${threads} ${threads === 1 ? "thread" : "threads"}`,
      { tags: ["long"] },
      async (_, code) => {
        const args = ["--expose-gc", "peak.mjs", code, String(threads)];
        const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
        const { peak, bytes, queries } = JSON.parse(stdout) as Record<"peak" | "bytes" | "queries", number>;
        console.log("PEAK", (peak - queries - bytes) / 2 ** 20);
        expect(peak).toBeLessThan(queries + bytes + 2 ** 26);
      },
    );
  }
});
