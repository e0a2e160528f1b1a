import { h } from "../controls/dom.js";
import type { Probe } from "../worker/protocol.js";
import { shortNumber } from "./lens.js";

/** What is known of a place: values, and the points that weigh most there. */
export function readoutOf(probe: Probe): readonly HTMLElement[] {
  const rows: [string, string][] = [
    ["x", probe.x.map((value) => shortNumber(value)).join(", ")],
    ["p", shortNumber(Math.exp(probe.logDensity))],
    ["s", probe.score.map((value) => shortNumber(value)).join(", ")],
    ["tr C", shortNumber(probe.proxyVariance)],
    ["f", shortNumber(probe.fraction)],
  ];
  const list = h("dl", {});
  for (const [name, value] of rows) list.append(h("dt", {}, name), h("dd", {}, value));
  const heaviest = probe.weights
    .map((weight, m) => ({ weight, m }))
    .sort((a, b) => b.weight - a.weight)
    .filter(({ weight }, i) => i < 4 && weight >= 5e-4);
  const weights = h("div", { class: "weights" });
  for (const { weight, m } of heaviest) {
    const bar = h("i", {});
    bar.style.width = `${100 * weight}%`;
    weights.append(h("span", {}, String(m + 1)), h("b", {}, bar), h("em", {}, shortNumber(weight)));
  }
  return [list, weights];
}
