// Ctrl-C while a command computes on its own thread: seen within a slice. By states and counts of slices, not by a clock.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { Files } from "../../cli/files.js";
import { onSlice, PIECE, SLICE, type Slice } from "../../src/core/scheduler.js";
import { readDataSet } from "vkernel/io";
import { runHere } from "../shared/inProcess.js";

const main = fileURLToPath(new URL("../../cli/dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "vkernel-interrupt-"));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const map = (...more: string[]) => ["map", "polygon", "--quantity", "logDensity", "--time", "0.3", ...more];

describe("a map of many places", () => {
  const size = ["--size", "900x900", "--threads", "1"];

  it("is cut in slices, none of them larger than the bound, from its first place to its last pixel", {
    tags: ["long"],
  }, async () => {
    const slices: Slice[] = [];
    const stop = onSlice((slice) => slices.push(slice));
    expect(await runHere(map("--out", at("m.png"), "--quiet", ...size))).toBeUndefined();
    stop();
    expect(readFileSync(at("m.png")).subarray(1, 4).toString()).toBe("PNG");
    rmSync(at("m.png"));
    for (const { units } of slices) expect(units).toBeLessThan(SLICE + PIECE);
    // The places, their values and their pixels: more than one slice each would be without.
    expect(slices.length).toBeGreaterThan(5);
  });

  it("ends within one slice of an abort, whichever slice that is", { tags: ["long"] }, async () => {
    let all = 0;
    const count = onSlice(() => void all++);
    await runHere(map("--out", at("m.png"), "--quiet", ...size));
    count();
    rmSync(at("m.png"));
    for (const last of [1, all - 1]) {
      const controller = new AbortController();
      let [seen, after] = [0, 0];
      const stop = onSlice(() => {
        if (controller.signal.aborted) after++;
        if (++seen === last) controller.abort();
      });
      const failure = await runHere(map("--out", at("m.png"), "--quiet", ...size), controller.signal);
      stop();
      expect([last, failure?.code, failure?.exitCode]).toEqual([last, "E_ABORT", 130]);
      expect(after).toBeLessThanOrEqual(1);
      expect(readdirSync(folder)).toEqual([]);
    }
  });
});

describe("a large file", () => {
  const rows = 60_000;
  const text = `${Array.from({ length: rows }, (_, i) => `${i / 7},${i % 13}`).join("\n")}\n`;

  it("is read elsewhere: this thread goes on meanwhile, with the same numbers and the same errors", {
    tags: ["long"],
  }, async () => {
    writeFileSync(at("big.csv"), text);
    let turns = 0;
    let reading = true;
    const turn = () => {
      turns++;
      if (reading) setImmediate(turn);
    };
    setImmediate(turn);
    const read = await new Files().readData(at("big.csv"));
    reading = false;
    // A parser on this thread would have let none of them in between.
    expect(turns).toBeGreaterThan(10);
    expect(read).toEqual(await readDataSet(new TextEncoder().encode(text), at("big.csv")));
    writeFileSync(at("bad.csv"), `${text}1\n`);
    const failure = await runHere(["sample", at("bad.csv"), "--quiet"]);
    expect([failure?.code, failure?.exitCode, failure?.message]).toEqual([
      "E_FORMAT",
      3,
      `${at("bad.csv")}:${rows + 1}:2: expected 2 cells, got 1`,
    ]);
  });

  it("is left by an abort", async () => {
    const controller = new AbortController();
    const reading = new Files(() => {}, controller.signal).readData(at("big.csv"));
    setImmediate(() => controller.abort());
    await expect(reading).rejects.toThrow();
    for (const name of readdirSync(folder)) rmSync(at(name));
  });
});

describe("the command", () => {
  /** Sends Ctrl-C once the bar says that it computes; then again until it ends, if so asked. */
  async function interrupted(words: readonly string[], again: boolean) {
    const child = spawn(process.execPath, [main, ...words, "--progress"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const closed = once(child, "close");
    await once(child.stderr, "data");
    child.stderr.resume();
    child.kill("SIGINT");
    const more = (): void => {
      if (child.kill("SIGINT")) setTimeout(more);
    };
    if (again) more();
    const [code, signal] = (await closed) as [number | null, NodeJS.Signals | null];
    return { code, signal };
  }
  const large = map("--size", "3000x3000", "--out", "large.png");

  it("ends by one Ctrl-C with 130, and leaves nothing", { tags: ["long"] }, async () => {
    const before = readdirSync(folder);
    expect(await interrupted(large, false)).toEqual({ code: 130, signal: null });
    expect(readdirSync(folder)).toEqual(before);
  });

  it("ends by more of them, of the signal or with 130, and leaves nothing", { tags: ["long"] }, async () => {
    const before = readdirSync(folder);
    const { code, signal } = await interrupted(large, true);
    expect(code === 130 || signal === "SIGINT").toBe(true);
    expect(existsSync(at("large.png"))).toBe(false);
    expect(readdirSync(folder)).toEqual(before);
  });
});
