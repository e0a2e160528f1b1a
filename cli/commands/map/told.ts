/** What is told of a map: an object for programs, sentences for a person. */
import { tell } from "../../context.js";
import type { Input } from "../../input.js";
import { duration, grouped, notFinite, short } from "../../text.js";
import type { MapChoices } from "./choices.js";
import type { Mapped } from "./result.js";
import { leftOutOf } from "./view.js";

export function toldOf(
  { name, quantity, data, asked, view, values, ends, colors, milliseconds }: Mapped,
  { threads, kernels }: { readonly threads: number; readonly kernels: string },
  out: string,
): object {
  const { kind, x, y, width, height, across, up } = view;
  const { process, time, end, axes, place } = asked;
  const at = (i: number) => ({
    [x.label]: across[i % width],
    ...(kind === "curve" ? {} : { [y.label]: up[Math.floor(i / width)] }),
  });
  return {
    command: "map",
    data: { name, size: data.size, dim: data.dim, sigma0: data.sigma0 },
    process: { name: process.name, ...process.parameters },
    quantity,
    time: end === undefined ? time : [time, end],
    ...(place === undefined ? {} : { axes, at: Array.from(place) }),
    range: { [x.label]: [x.low, x.high], ...(kind === "curve" ? {} : { [y.label]: [y.low, y.high] }) },
    size: kind === "curve" ? [width] : [width, height],
    min: { value: values[ends.least], at: at(ends.least) },
    max: { value: values[ends.most], at: at(ends.most) },
    colors: kind === "curve" ? null : (colors ?? null),
    precision: data.precision,
    stats: { milliseconds, threads, kernels },
    out,
  };
}

export function tellMap(mapped: Mapped, choices: MapChoices, input: Input): void {
  const { name, quantity, data, asked, view, values, ends, milliseconds } = mapped;
  const [low, high] = [ends.least, ends.most].map((i) => short(values[i]));
  const where = `${quantity} of ${name} at ${grouped(values.length)} places`;
  tell(choices, `${where}, ${low} to ${high}: ${duration(milliseconds)}`);
  const odd = notFinite([{ name: quantity, values }]);
  if (odd !== undefined) tell(choices, odd);
  const left = choices.range === undefined ? leftOutOf(input, asked, view) : 0;
  if (left > 0) {
    const points = `${grouped(left)} of ${grouped(data.size)} training points`;
    tell(choices, `note: the picture leaves out ${points}, which lie far away; --range shows them`);
  }
  tell(choices, `wrote ${choices.out}`);
}
