import { spawn } from "node:child_process";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { Failure } from "../../cli/errors.js";
import { Files } from "../../cli/files.js";
import { parseNpy } from "vkernel/io";
import { commandLine, type Result } from "../shared/commandLine.js";

const main = fileURLToPath(new URL("../../cli/dist/main.js", import.meta.url));
const cli = commandLine();
const { at, hidden, run: vkernel } = cli;
afterAll(() => cli.remove());

const few = ["sample", "polygon", "--count", "3", "--steps", "2"];

/** A command whose output is a pipe: all it computes is done, and its other files wait to be put in their places. */
async function held(
  words: readonly string[],
  pipe: string,
  meanwhile: () => void,
): Promise<Result & { piped: string }> {
  execFileSync("mkfifo", [at(pipe)]);
  const child = spawn(process.execPath, [main, ...words], {
    cwd: at("."),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (piece) => {
    stdout += piece;
  });
  const closed = once(child, "close");
  await new Promise<void>((resolve) => {
    child.stderr.on("data", (piece) => {
      stderr += piece;
      if (stderr.includes("waiting for its reader")) resolve();
    });
    void closed.then(() => resolve());
  });
  meanwhile();
  const reader = spawn("cat", [at(pipe)]);
  let piped = "";
  reader.stdout.on("data", (piece) => {
    piped += piece;
  });
  const [code] = await closed;
  if (reader.exitCode === null) {
    // Whoever did not open the pipe leaves its reader waiting.
    closeSync(openSync(at(pipe), "r+"));
    await once(reader, "close");
  }
  rmSync(at(pipe));
  return { code, stdout, stderr, piped };
}

/** The one line that says what went wrong; notes come before it. */
function oneLine({ stderr }: Result): string {
  const lines = stderr
    .trimEnd()
    .split("\n")
    .filter((line) => !line.startsWith("note:"));
  expect(lines).toHaveLength(1);
  return lines[0] as string;
}

describe("one output", () => {
  it("may have the longest name that the file system takes, and no longer one", {
    tags: ["long"],
  }, async () => {
    const longest = `${"n".repeat(251)}.npy`;
    expect((await vkernel(...few, "--out", longest)).code).toBe(0);
    expect(parseNpy(readFileSync(at(longest))).shape).toEqual([3, 2]);
    const longer = await vkernel(...few, "--out", `n${longest}`);
    expect([longer.code, oneLine(longer)]).toEqual([5, expect.stringContaining("the name is too long")]);
    expect(hidden()).toEqual([]);
    rmSync(at(longest));
  });

  it("keeps the mode of what it replaces", { tags: ["long"] }, async () => {
    for (const mode of [0o600, 0o640, 0o666]) {
      writeFileSync(at("mode.npy"), "old");
      chmodSync(at("mode.npy"), mode);
      await vkernel(...few, "--out", "mode.npy");
      expect(statSync(at("mode.npy")).mode & 0o777).toBe(mode);
      expect(parseNpy(readFileSync(at("mode.npy"))).shape).toEqual([3, 2]);
    }
  });

  it("goes where symbolic links lead, which stay", async () => {
    mkdirSync(at("real"));
    writeFileSync(at("real/there.npy"), "old");
    symlinkSync("real/there.npy", at("there.npy"));
    symlinkSync("real/new.npy", at("new.npy"));
    symlinkSync("loop.npy", at("loop.npy"));
    for (const name of ["there.npy", "new.npy"]) {
      expect((await vkernel(...few, "--out", name)).code).toBe(0);
      expect(lstatSync(at(name)).isSymbolicLink()).toBe(true);
      expect(parseNpy(readFileSync(at(`real/${name}`))).shape).toEqual([3, 2]);
    }
    const loop = await vkernel(...few, "--out", "loop.npy");
    expect([loop.code, oneLine(loop)]).toEqual([5, expect.stringContaining("too many links")]);
    expect(readdirSync(at("real")).sort()).toEqual(["new.npy", "there.npy"]);
  });

  it("may be a pipe, once somebody reads it", async () => {
    const { code, piped, stderr } = await held([...few, "--out", "pipe.csv"], "pipe.csv", () => {});
    const file = await vkernel(...few);
    expect([code, piped]).toEqual([0, file.stdout]);
    expect(stderr).toContain("wrote pipe.csv");
  });

  it("to a device that is full, or stdout that is, is a matter of files", { tags: ["long"] }, async () => {
    symlinkSync("/dev/full", at("full.csv"));
    const device = await vkernel(...few, "--out", "full.csv");
    expect([device.code, oneLine(device)]).toEqual([5, "vkernel: --out /dev/full: the disk is full"]);
    for (const words of [few, [...few, "--json"], ["info"], ["data"]]) {
      const full = openSync("/dev/full", "w");
      const child = spawn(process.execPath, [main, ...words], {
        cwd: at("."),
        stdio: ["ignore", full, "pipe"],
      });
      closeSync(full);
      let stderr = "";
      child.stderr?.on("data", (piece) => {
        stderr += piece;
      });
      const [code] = await once(child, "close");
      expect([code, stderr]).toEqual([5, expect.stringContaining("stdout: the disk is full")]);
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    }
  });

  it("--out /dev/stdout is told how", async () => {
    const { code, stderr } = await vkernel(...few, "--out", "/dev/stdout");
    expect(code).toBe(2);
    expect(stderr).toContain("what it prints without --out goes to stdout");
  });
});

describe("several outputs: all or none", () => {
  const words = [...few, "--last", "sigmaMin", "--sampler", "heun", "--likelihood", "pipe.csv"];
  const more = ["--out", "a.npy", "--report", "b.html", "--trajectories", "c.npy"];
  const old = { "a.npy": "an old one", "b.html": "another" };

  const prepare = () => {
    for (const [name, text] of Object.entries(old)) writeFileSync(at(name), text);
    rmSync(at("c.npy"), { force: true, recursive: true });
  };

  it("all", async () => {
    prepare();
    const { code } = await held([...words, ...more], "pipe.csv", () => {
      expect(hidden()).toHaveLength(3);
      expect(readFileSync(at("a.npy"), "utf8")).toBe(old["a.npy"]);
    });
    expect(code).toBe(0);
    expect(parseNpy(readFileSync(at("a.npy"))).shape).toEqual([3, 2]);
    expect(readFileSync(at("b.html"), "utf8")).toContain("<!doctype html>");
    expect(parseNpy(readFileSync(at("c.npy"))).shape).toEqual([3, 3, 2]);
    expect(hidden()).toEqual([]);
  });

  it("none, where the last cannot be put in its place: the others are what they were", {
    tags: ["long"],
  }, async () => {
    prepare();
    const result = await held([...words, ...more], "pipe.csv", () => mkdirSync(at("c.npy")));
    expect([result.code, oneLine(result)]).toEqual([5, expect.stringContaining("it is a folder")]);
    for (const [name, text] of Object.entries(old)) expect(readFileSync(at(name), "utf8")).toBe(text);
    expect(readdirSync(at("c.npy"))).toEqual([]);
    expect(hidden()).toEqual([]);
  });

  it("none, where what is written is taken away: one line, no stack trace", async () => {
    prepare();
    mkdirSync(at("d"));
    const result = await held([...words, "--out", "a.npy", "--trajectories", "d/c.npy"], "pipe.csv", () => {
      renameSync(at("d"), at("moved"));
      writeFileSync(at("d"), "a file");
    });
    expect([result.code, oneLine(result)]).toEqual([
      5,
      expect.stringContaining("a part of the path is not a folder"),
    ]);
    expect(readFileSync(at("a.npy"), "utf8")).toBe(old["a.npy"]);
    expect(readFileSync(at("d"), "utf8")).toBe("a file");
    expect(hidden()).toEqual([]);
  });

  it("every place where it can fail, with what was there before and without", async () => {
    const folder = at("places");
    for (const bad of [0, 1, 2]) {
      for (const existed of [[], [0], [1, 2], [0, 1, 2]]) {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder);
        for (const i of existed) writeFileSync(join(folder, `${i}.csv`), `old ${i}`);
        const files = new Files();
        for (const i of [0, 1, 2]) {
          const path = await files.claim("--out", join(folder, `${i}.csv`), [".csv"]);
          await files.write(
            path,
            (async function* () {
              yield `new ${i}`;
            })(),
          );
        }
        rmSync(join(folder, `${bad}.csv`), { force: true });
        mkdirSync(join(folder, `${bad}.csv`));
        await expect(files.commit()).rejects.toBeInstanceOf(Failure);
        expect(files.discard()).toEqual([]);
        const kept = existed.filter((i) => i !== bad).map((i) => `${i}.csv`);
        expect(readdirSync(folder).sort()).toEqual([...kept, `${bad}.csv`].sort());
        for (const name of kept)
          expect(readFileSync(join(folder, name), "utf8")).toBe(`old ${Number.parseInt(name, 10)}`);
      }
    }
  });
});

describe("what a run that was killed leaves", () => {
  it("is found by the next one in that folder, and said", { tags: ["long"] }, async () => {
    mkdirSync(at("left"));
    // No process has so high a number.
    writeFileSync(at("left/.vkernel-2147483646-0123456789ab.tmp"), "");
    writeFileSync(at(`left/.vkernel-${process.pid}-0123456789ab.tmp`), "");
    const one = await vkernel(...few, "--out", "left/x.npy");
    expect(one.stderr).toMatch(
      /^note: .*left holds an unfinished file of runs that were killed \(\.vkernel-2147/,
    );
    writeFileSync(at("left/.vkernel-2147483646-ba9876543210.tmp"), "");
    const two = await vkernel(...few, "--out", "left/x.npy");
    expect(two.stderr).toMatch(/^note: .*left holds 2 unfinished files/);
    expect((await vkernel(...few, "--out", "left/x.npy", "--quiet")).stderr).toBe("");
    expect(existsSync(at("left/.vkernel-2147483646-0123456789ab.tmp"))).toBe(true);
  });
});
