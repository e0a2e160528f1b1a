import { ratio } from "./measure.js";

/**
 * What is reported of a case.
 *
 * @typedef {{
 *   name: string, group: string, parameters: Record<string, number | string>, elements: number,
 *   timings: import("./measure.js").Timing[], differences: Record<string, number>,
 *   baselines: string[], targets: { variant: string, least: number }[],
 * }} Case
 */

/** Cases as tables, and the targets that they have. */
export class Tables {
  /** @type {(Case & { suite: string, baseline: string, ratios: Record<string, ReturnType<typeof ratio>> })[]} */
  cases = [];
  /** @type {{ case: string, variant: string, baseline: string, least: number, ratio: number, met: boolean }[]} */
  targets = [];
  #say;

  /** @param {(line: string) => void} say */
  constructor(say) {
    this.#say = say;
  }

  /**
   * Prints a case and keeps it.
   *
   * @param {string} suite
   * @param {Case} item
   */
  record(suite, item) {
    // The baseline is the fastest of those that are one.
    const baseline = item.timings
      .filter(({ name }) => item.baselines.includes(name))
      .reduce((best, timing) => (timing.median < best.median ? timing : best));
    const ratios = Object.fromEntries(item.timings.map((timing) => [timing.name, ratio(baseline, timing)]));
    this.cases.push({ suite, baseline: baseline.name, ratios, ...item });
    for (const { variant, least } of item.targets) {
      const got = ratios[variant].median;
      this.targets.push({
        case: item.name,
        variant,
        baseline: baseline.name,
        least,
        ratio: got,
        met: got >= least,
      });
    }
    const rows = [["", "median ms", "spread", "elements/s", `times ${baseline.name}`, ""]];
    for (const { name, median, spread, elementsPerSecond } of item.timings) {
      const { median: middle, least, most } = ratios[name];
      const target = item.targets.find(({ variant }) => variant === name);
      rows.push([
        name,
        median.toPrecision(4),
        `${(100 * spread).toFixed(0)}%`,
        `${(elementsPerSecond / 1e9).toPrecision(3)} G`,
        name === baseline.name ? "1" : `${middle.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`,
        target
          ? middle >= target.least
            ? `target ${target.least} met`
            : `target ${target.least} MISSED`
          : "",
      ]);
    }
    this.#say(`\n${item.name}`);
    for (const line of columns(rows, [0, 5])) this.#say(line);
  }

  /** Prints whether the targets are met. */
  tellTargets() {
    this.#say("\n## Targets");
    for (const { case: name, variant, baseline, least, ratio: got, met } of this.targets) {
      this.#say(
        `${met ? "met   " : "MISSED"}  ${variant} ${got.toFixed(2)} times ${baseline}, target ${least}: ${name}`,
      );
    }
    if (this.targets.length === 0) this.#say("none of the chosen cases has a target");
  }

  /** Whether some target was missed, or none was measured. */
  get failed() {
    return this.targets.length === 0 || this.targets.some(({ met }) => !met);
  }
}

/**
 * Rows as lines of aligned columns.
 *
 * @param {readonly (readonly string[])[]} rows
 * @param {readonly number[]} words columns that begin at the left; the others end at the right
 */
export function columns(rows, words = [0]) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => {
    const cells = row.map((cell, i) =>
      words.includes(i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i]),
    );
    return `  ${cells.join("  ").trimEnd()}`;
  });
}

/** Milliseconds of two digits, or seconds. @param {number} milliseconds */
export const inWords = (milliseconds) =>
  milliseconds < 1000
    ? `${Number(milliseconds.toPrecision(2))} ms`
    : `${Number((milliseconds / 1000).toPrecision(2))} s`;
