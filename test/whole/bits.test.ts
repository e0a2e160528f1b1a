// Same seed, same bits: whatever the threads, the block size, the size of the batch and the host.
import { readFileSync, writeFileSync } from "node:fs";
import * as vkernel from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BitsRun, bitsCases, bitsHashes, bitsRuns, hashOf } from "../shared/bits.js";

/** Blocks of 1 cost one call per particle: fewer of these. */
const fewer = 300;
/** Runs of which a shorter one is a prefix; `evaluate` gives several arrays. */
const prefix = (arrays: Awaited<ReturnType<BitsRun["run"]>>, count: number, part: number) =>
  arrays.map((array) => {
    const each = array.byteLength / count;
    return new Uint8Array(array.buffer, array.byteOffset, each * part);
  });

/** `UPDATE_BITS=1 npx vitest run test/whole/bits.test.ts` writes a new promise; the old one is broken by it. */
it.runIf(process.env.UPDATE_BITS)("writes the hashes", async () => {
  const file = new URL("../shared/bits.ts", import.meta.url);
  const source = readFileSync(file, "utf8");
  const lines = Object.entries(await bitsCases(vkernel, { threads: 1 })).map(
    ([k, v]) => `  "${k}": "${v}",\n`,
  );
  const start = source.indexOf("{", source.indexOf("export const bitsHashes"));
  writeFileSync(file, `${source.slice(0, start)}{\n${lines.join("")}};\n`);
});

describe("SHA-256 of 100,000 samples and of every quantity", () => {
  it("is the promised one on one thread", { tags: ["long"] }, async () => {
    expect(await bitsCases(vkernel, { threads: 1 })).toEqual(bitsHashes);
  });

  it.each([2, 3])("is the same on %d threads", { tags: ["long"] }, async (threads) => {
    expect(await bitsCases(vkernel, { threads })).toEqual(bitsHashes);
  });

  it.each([7, 64, 1000])("is the same in blocks of %d", { tags: ["long"] }, async (blockSize) => {
    expect(await bitsCases(vkernel, { threads: 1, blockSize })).toEqual(bitsHashes);
  });

  it("is the same on two threads in blocks of 7", { tags: ["long"] }, async () => {
    expect(await bitsCases(vkernel, { threads: 2, blockSize: 7 })).toEqual(bitsHashes);
  });

  it("does not depend on what ran before: all runs in the other order", { tags: ["long"] }, async () => {
    expect(await bitsCases(vkernel, { threads: 1 }, [...bitsRuns].reverse())).toEqual(bitsHashes);
  });

  it("tells runs apart: all hashes differ", () => {
    expect(new Set(Object.values(bitsHashes)).size).toBe(bitsRuns.length);
  });
});

describe("a particle does not depend on those beside it", () => {
  let whole: vkernel.Engine;
  let single: vkernel.Engine;
  beforeAll(async () => {
    whole = await vkernel.createEngine({ kernels: "simd", threads: 1 });
    single = await vkernel.createEngine({ kernels: "simd", threads: 1, blockSize: 1 });
  });
  afterAll(() => {
    whole.close();
    single.close();
  });

  it.each(bitsRuns.map((run) => [run.name, run] as const))(
    "blocks of 1, fewer of them: %s",
    async (_, run) => {
      const full = Math.min(run.count, 4 * fewer);
      const part = Math.min(run.count, run.name.includes("digits") ? 20 : fewer) - 1;
      const long = await run.run(vkernel, whole, full);
      const short = await run.run(vkernel, single, part);
      expect(await hashOf(short)).toBe(await hashOf(prefix(long, full, part)));
    },
  );

  const sets: [string, number, number | undefined][] = [
    ["D = 1", 1, undefined],
    ["D = 2, weights", 2, 3],
    ["D = 3", 3, undefined],
    ["D = 6, weights", 6, 3],
  ];
  describe.each(sets)("evaluate: %s", (_, dim, classes) => {
    it.each(["f32", "f64"] as const)("a batch split in two, %s", async (precision) => {
      const size = 70;
      const count = 23;
      const random = (length: number, seed: number) =>
        Float64Array.from({ length }, (_, i) => Math.sin(seed + 12.9898 * i) * 1.5);
      const data = whole.mixture(random(size * dim, 1), {
        dim,
        precision,
        ...(classes === undefined
          ? {}
          : { weights: Array.from({ length: size }, (_, m) => 1 + (m % classes)) }),
      });
      const field = vkernel.exactScore(data, vkernel.edm());
      const x = random(count * dim, 2);
      const together = await field.evaluate(x, 0.4, vkernel.quantities);
      for (const cut of [1, 2, 3, 11, 22]) {
        const parts = [x.subarray(0, cut * dim), x.subarray(cut * dim)];
        const [a, b] = await Promise.all(parts.map((part) => field.evaluate(part, 0.4, vkernel.quantities)));
        for (const name of vkernel.quantities) {
          const joined = [...(a?.[name] ?? []), ...(b?.[name] ?? [])];
          expect([name, joined]).toEqual([name, Array.from(together[name])]);
        }
      }
      data.dispose();
    });
  });

  it("evaluateSync, evaluate on one thread and on two: the same bits", async () => {
    const two = await vkernel.createEngine({ kernels: "simd", threads: 2, blockSize: 5 });
    for (const dim of [2, 5]) {
      const points = Float64Array.from({ length: 40 * dim }, (_, i) => Math.cos(i * i));
      const x = Float64Array.from({ length: 33 * dim }, (_, i) => Math.sin(i));
      const results = await Promise.all(
        [whole, two].map(async (engine) => {
          const field = vkernel.exactScore(engine.mixture(points, { dim }), vkernel.ou());
          const later = await field.evaluate(x, 0.3, vkernel.quantities);
          expect(field.evaluateSync(x, 0.3, vkernel.quantities)).toEqual(later);
          return later;
        }),
      );
      expect(results[0]).toEqual(results[1]);
    }
    two.close();
  });

  it("a seed of 53 bits counts in all its bits", async () => {
    const data = whole.mixture([[0]]);
    const seeds = [0, 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 52, 2 ** 53 - 1];
    const hashes = new Set<string>();
    for (const seed of seeds) {
      const run = await vkernel.sample(vkernel.exactScore(data, vkernel.edm()), {
        count: 8,
        seed,
        grid: vkernel.karras({ steps: 3, last: "sigmaMin" }),
      });
      hashes.add(await hashOf([run.samples]));
    }
    data.dispose();
    expect(hashes.size).toBe(seeds.length);
  });
});
