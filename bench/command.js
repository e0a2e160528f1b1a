// What the benchmarks' commands have in common: options, and where reports go.
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The options that every benchmark has. */
const common = /** @type {const} */ ({
  json: { type: "boolean" },
  out: { type: "string" },
  help: { type: "boolean" },
});

/**
 * Reads the words of a command; `--help` prints the help and ends it, a wrong word says what was wrong and ends it with 2.
 *
 * @param {string} name
 * @param {string} help
 * @param {Record<string, { type: "string" | "boolean" }>} options its own
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
  const { values: given, positionals } = read();
  const values = /** @type {Record<string, unknown>} */ (given);
  /** @param {string} option @returns {string | undefined} */
  const text = (option) => {
    const value = values[option];
    return typeof value === "string" ? value : undefined;
  };
  /** @param {string} option */
  const flag = (option) => values[option] === true;
  const [json, out] = [flag("json"), text("out")];
  if (flag("help")) {
    process.stdout.write(help);
    process.exit(0);
  }
  /** @param {string} line */
  const say = (line) => (json ? process.stderr : process.stdout).write(`${line}\n`);
  /**
   * A whole number from 1.
   *
   * @param {string} option
   * @param {number} otherwise
   */
  const count = (option, otherwise) => {
    const given = text(option);
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
  return { positionals, text, flag, fail, say, count, keep };
}
