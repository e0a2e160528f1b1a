// The one table of options: what it says of each holds together, and all that is made from it follows.
import { describe, expect, it } from "vitest";
import { Files } from "../../cli/files.js";
import { flagOf, type Options } from "../../cli/option.js";
import { gridOptions } from "../../cli/grids.js";
import * as others from "../../cli/options.js";
import { processOptions } from "../../cli/processes.js";
import { samplerOptions } from "../../cli/samplers.js";
import { makeProgram } from "../../cli/program.js";
import { inFlags } from "../../cli/taken.js";
import { runHere } from "../shared/inProcess.js";

const tables = { ...others, gridOptions, processOptions, samplerOptions };
/** Each group of options, by its name. */
const groups = Object.entries<unknown>(tables).filter((one): one is [string, Options] =>
  /(Options|Outputs|Places)$/.test(one[0]),
);
/** What is asked of the option at the same time: groups of one command. */
const together: Options = {
  ...tables.processOptions,
  ...tables.samplerOptions,
  ...tables.gridOptions,
  ...tables.runOptions,
  ...tables.estimatorOptions,
};

describe("the table of options", () => {
  it("has groups, and every one is on some command's help", () => {
    expect(groups.length).toBeGreaterThan(15);
    const { signal } = new AbortController();
    const program = makeProgram({ files: new Files(), signal, words: [], sources: {} });
    const shown = program.commands
      .flatMap((command) => [command, ...command.commands])
      .map((command) => command.helpInformation())
      .join("\n");
    for (const [name, options] of groups)
      for (const key of Object.keys(options))
        expect([name, key, new RegExp(`^  ${flagOf(key)}\\b`, "m").test(shown)]).toEqual([name, key, true]);
  });

  it.each(groups.filter(([, options]) => Object.values(options).some(({ of }) => of)))(
    "%s: takers are words of their option, needs and conflicts are options",
    (_, options) => {
      for (const { of = {}, needs, conflicts = [] } of Object.values(options)) {
        for (const [by, words] of Object.entries(of)) {
          const { choices = [] } = { ...together, ...options }[by] ?? {};
          expect(words.filter((word) => !choices.includes(word))).toEqual([]);
        }
        for (const key of [...(needs === undefined ? [] : [needs]), ...conflicts])
          expect(Object.keys(options)).toContain(key);
      }
    },
  );

  it("gives the library's names their flags", () => {
    const flags = tables.flagsByName;
    for (const [name, flag] of [
      ["t", "--time"],
      ["grid times", "--grid"],
      ["logLikelihood", "--likelihood"],
      ["particlesPerRealization", "--per-realization"],
      ["learningRate", "--learning-rate"],
      ["count", "--count"],
      ["steps", "--steps"],
    ] as const)
      expect([name, flags.get(name)]).toEqual([name, flag]);
    expect(inFlags('above sigmaMin, "sigmaMin" or edm()', flags)).toBe(
      'above --sigma-min, "sigmaMin" or edm()',
    );
  });

  const refused = groups.flatMap(([, options]) =>
    Object.entries(options).flatMap(([key, { of = {}, value }]) =>
      options === tables.samplerOptions || options === tables.processOptions
        ? Object.entries(of).map(([by, words]) => ({ key, by, words, value, options }))
        : [],
    ),
  );
  it.each(refused)("--$by refuses $key of others, by its flag", async ({ key, by, words, options }) => {
    const { choices = [] } = options[by] ?? {};
    const other = choices.find((one) => !words.includes(String(one)));
    const value = String(options[key]?.choices?.[0] ?? 1);
    const failure = await runHere(["sample", "polygon", flagOf(by), String(other), flagOf(key), value]);
    expect(failure?.message).toMatch(new RegExp(`^${flagOf(key)} goes with ${flagOf(by)} .* only$`));
  });
});
