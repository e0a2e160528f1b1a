// What the benchmarks' commands have in common: options, and where reports go.
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The options that every benchmark has. */
const common = /** @type {const} */ ({
  json: { type: "boolean", default: false },
  out: { type: "string" },
  help: { type: "boolean", default: false },
});

/**
 * Reads the words of a command; `--help` prints the help and ends it, a wrong word says what was wrong and ends it with 2.
 *
 * @template {NonNullable<import("node:util").ParseArgsConfig["options"]>} O
 * @param {string} name
 * @param {string} help
 * @param {O} options its own
 */
export function command(name, help, options) {
  /** @param {string} message @returns {never} */
  const fail = (message) => {
    console.error(`${name}: ${message}\n\n${help}`);
    process.exit(2);
  };
  const read = () => {
    try {
      return parseArgs({ allowPositionals: true, options: { ...options, ...common } });
    } catch (error) {
      return fail(/** @type {Error} */ (error).message);
    }
  };
  const { values, positionals } = read();
  const { json, out, help: asked } = /** @type {{ json: boolean, out?: string, help: boolean }} */ (values);
  if (asked) {
    process.stdout.write(help);
    process.exit(0);
  }
  /** @param {string} text */
  const say = (text) => (json ? process.stderr : process.stdout).write(`${text}\n`);
  /**
   * A whole number from 1.
   *
   * @param {string} option
   * @param {unknown} given
   * @param {number} otherwise
   */
  const count = (option, given, otherwise) => {
    const number = Number(given ?? otherwise);
    if (!Number.isInteger(number) || number < 1)
      fail(`--${option} expected a whole number from 1, got ${given}`);
    return number;
  };
  /**
   * Writes a report to reports/`file` or to `--out`, and with `--json` to standard output.
   *
   * @param {object} report
   * @param {string} file
   * @param {string} before what is said before its place
   */
  const keep = async (report, file, before = "") => {
    if (out === undefined) await mkdir(`${root}reports`, { recursive: true });
    await writeFile(out ?? `${root}reports/${file}`, `${JSON.stringify(report, undefined, 1)}\n`);
    say(`\n${before}written to ${out ?? `reports/${file}`}`);
    if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  };
  return { values, positionals, fail, say, count, keep };
}
