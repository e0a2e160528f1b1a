import type { Command } from "commander";
import { dataSetNames } from "vkernel";
import { dataFileEndings } from "vkernel/io";
import { addOptions, type Options } from "../option.js";
import { dataOptions } from "../options.js";

export const builtInSet = `a built-in set (${dataSetNames.join(", ")})`;
export const setOrFile = `${builtInSet}, or a file (${dataFileEndings.join(", ")})`;

/** What files may be, for the help of commands that read some. */
export const files = `
Files: .npy, .npz, .csv, IDX (.idx, -ubyte), each also in .gz. data.npz:name takes one array of a .npz file; points.csv:x,y
takes columns, points.csv:named those with a name, points.csv:all all. Arrays of three and four axes are images as data;
as queries the last axes make a point and those before are kept. Numbers that are not finite are written as NaN,
Infinity and -Infinity (in JSON as strings).
`;
export const exits = `
Exit codes: 0 done, 2 usage, 3 data, 4 memory or limit, 5 files, 70 internal, 130 interrupted.`;

/** Adds a command: its name, what it does, its options by groups, and what its help ends with. */
export type Add = (name: string, about: string, lists: readonly Options[], after?: string) => Command;

export const withHelp = (command: Command): Command => command.helpOption("-h, --help", "print this help");

/** What adds commands to a program, or to a command that has several. */
export const adderTo =
  (program: Command): Add =>
  (name, about, lists, after = "") => {
    const made = withHelp(program.command(name).description(about));
    for (const options of lists) addOptions(made, options);
    if (lists.includes(dataOptions)) made.addHelpText("after", files);
    return made.addHelpText("after", `${after}${exits}`);
  };
