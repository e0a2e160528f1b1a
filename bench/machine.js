// What a benchmark says of where it ran.
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";

/** The machine and what runs on it. */
export const machine = () => ({
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: availableParallelism(),
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  system: `${type()} ${release()}`,
  node: process.version,
  v8: process.versions.v8,
  load: loadavg()[0],
});

/**
 * The same in a line.
 *
 * @param {ReturnType<typeof machine>} machine
 */
export const inWords = ({ cpu, cores, memory, system, load }) =>
  `${cpu}, ${cores} cores, ${memory}; ${system}; load ${load.toFixed(1)}`;

/**
 * Why timings are not to be trusted, where others use the machine.
 *
 * @param {ReturnType<typeof machine>} machine
 */
export const busy = ({ load, cores }) =>
  load > 0.5 * cores
    ? `the machine is busy (load ${load.toFixed(1)} on ${cores} cores): timings of threads above all are not to be trusted`
    : undefined;

const root = new URL("..", import.meta.url);

/** The version, and a line of it with the commit of a checkout, where there is one, and the time. */
export async function versionInWords() {
  const { version } = JSON.parse(await readFile(new URL("package.json", root), "utf8"));
  const time = new Date().toISOString().slice(0, 16).replace("T", " ");
  return { version, line: `vkernel ${version}${revision()}, ${time} UTC` };
}

function revision() {
  try {
    /** @param {string[]} args */
    const git = (...args) =>
      execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    return ` (${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain") === "" ? "" : ", with changes"})`;
  } catch {
    return "";
  }
}
