// Runs the built command line in a folder of its own.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../cli/dist/main.js", import.meta.url));

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandLine {
  /** Runs it as a shell would. */
  run(...words: string[]): Promise<Result>;
  /** The same, with Ctrl-C as soon as the bar of `--progress`, which is added, says that work is under way. */
  interrupt(words: readonly string[]): Promise<Result>;
  /** A path in the folder. */
  at(name: string): string;
  /** Half-written files that were left. */
  hidden(): string[];
  remove(): void;
}

export function commandLine(): CommandLine {
  const folder = mkdtempSync(join(tmpdir(), "vkernel-cli-"));
  const start = (words: readonly string[], interrupted = false): Promise<Result> =>
    new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [main, ...words],
        { cwd: folder, maxBuffer: 2 ** 28 },
        (error, stdout, stderr) =>
          resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr }),
      );
      if (interrupted) child.stderr?.once("data", () => child.kill("SIGINT"));
    });
  return {
    run: (...words) => start(words),
    interrupt: (words) => start([...words, "--progress"], true),
    at: (name) => join(folder, name),
    hidden: () => readdirSync(folder).filter((name) => name.startsWith(".")),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Runs a list of words, two at a time, and keeps the results by the words. */
export async function runAll(cli: CommandLine, list: readonly string[]): Promise<Map<string, Result>> {
  const results = new Map<string, Result>();
  const queue = [...list];
  const work = async () => {
    for (let words = queue.shift(); words !== undefined; words = queue.shift()) {
      results.set(words, await cli.run(...words.split(" ")));
    }
  };
  await Promise.all([work(), work()]);
  return results;
}
