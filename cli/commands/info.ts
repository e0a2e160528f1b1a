import { availableParallelism } from "node:os";
import { type EngineChoices, startEngine } from "../engine.js";
import type { CommonChoices, Context } from "../context.js";
import { grouped, printJson } from "../text.js";
import { version } from "../version.js";

export interface InfoChoices extends EngineChoices, CommonChoices {}

/** `vkernel info`: what runs here. */
export async function runInfo(choices: InfoChoices, _context: Context): Promise<void> {
  const engine = await startEngine(choices);
  const { info } = engine;
  engine.close();
  const host = {
    version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
  };
  if (choices.json) {
    printJson({ command: "info", ...host, engine: { ...info, note: info.note ?? null } });
    return;
  }
  const rows: [string, string][] = [
    ["vkernel", host.version],
    ["node", host.node],
    ["machine", `${host.platform}, ${host.cores} ${host.cores === 1 ? "core" : "cores"}`],
    ["kernels", info.kernels],
    ["threads", `${info.threads}${info.sharedMemory ? " over one shared memory" : ""}`],
  ];
  if (info.kernels !== "reference") rows.push(["memory", `up to ${grouped(info.memoryCap / 2 ** 20)} MiB`]);
  if (info.note !== undefined) rows.push(["note", info.note]);
  for (const [name, value] of rows) process.stdout.write(`${name.padEnd(9)}${value}\n`);
}
