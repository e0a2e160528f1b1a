import { type Engine, exactScore } from "vkernel";
import { TimeSlices } from "vkernel/internal";
import type { Context } from "../context.js";
import { type Input, mixtureOptions, readSource } from "../input.js";
import { onEngine } from "../onEngine.js";
import type { Progress } from "../progress.js";
import { printJson } from "../text.js";
import { type Asked, askedOf, type MapChoices } from "./map/choices.js";
import { colorsOf } from "./map/colors.js";
import { extremes } from "./map/extremes.js";
import type { Mapped } from "./map/result.js";
import { statesOf } from "./map/states.js";
import { tellMap, toldOf } from "./map/told.js";
import { type View, viewOf } from "./map/view.js";
import { writeMap } from "./map/write.js";

/** `vkernel map`: draws a quantity of the exact score over the plane or over a line. */
export async function runMap(name: string, choices: MapChoices, context: Context): Promise<void> {
  const { files, signal } = context;
  const input = await readSource(name, choices, context);
  const asked = await askedOf(choices, input, context);
  const out = await files.claim("--out", choices.out, [".png", ".svg", ".npy", ".csv"]);
  const view = viewOf(input, choices, asked);
  signal.throwIfAborted();
  await onEngine("mapping", choices, async (engine, progress) => {
    const slices = new TimeSlices(signal);
    const mapped = {
      name,
      ...(await mappedOf({ input, choices, asked, view }, engine, progress, slices, context)),
    };
    await writeMap(mapped, choices, out, slices, context);
    signal.throwIfAborted();
    await files.commit();
    if (choices.json) printJson(toldOf(mapped, engine.info, out));
    tellMap(mapped, choices, input);
  });
}

interface Wanted {
  readonly input: Input;
  readonly choices: MapChoices;
  readonly asked: Asked;
  readonly view: View;
}

/** Evaluates the quantity at every place. */
async function mappedOf(
  { input, choices, asked, view }: Wanted,
  engine: Engine,
  progress: Progress,
  slices: TimeSlices,
  { signal, sources }: Context,
): Promise<Omit<Mapped, "name">> {
  const { quantity } = choices;
  const data = engine.mixture(input.points, mixtureOptions(input, choices));
  const field = exactScore(data, asked.process);
  const { states, times = asked.time } = await slices.run(statesOf(input.dim, asked, view));
  sources.t = { option: "--time" };
  const start = performance.now();
  const result = await field.evaluate(states, times, [quantity], { signal, onProgress: progress.update });
  const milliseconds = performance.now() - start;
  progress.stop();
  const values = result[quantity];
  const ends = await slices.run(extremes(values));
  const colors = quantity === "nearest" ? undefined : colorsOf(choices, values, asked.limits, ends);
  return { quantity, data, field, asked, view, values, ends, colors, milliseconds };
}
