// What a benchmark says of where it ran.
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
