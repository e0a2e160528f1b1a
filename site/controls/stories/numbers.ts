/** The numbers of a claim that was measured, as a card and a table show them. */
import type { ClaimResult } from "../../../claims/held.js";
import { h } from "../dom.js";
import { short } from "../scale.js";

/** A number of a card, with a minus sign as wide as its figures. */
export const shown = (value: number, figures: number): string =>
  short(value, figures).replaceAll("-", "\u2212");

/** Numbers of a claim that stand side by side. */
export const parts = (result: ClaimResult): readonly (readonly [string, string])[] => {
  const { measured, standardError, theory, deviation, allowed, relation = "close" } = result;
  const error = standardError === undefined ? "" : ` \u00b1 ${shown(standardError, 2)}`;
  const side = { close: "\u00b1 ", "at most": "up to ", "at least": "down to \u2212" }[relation];
  return [
    ["Measured", `${shown(measured, 6)}${error}`],
    ["Theory", shown(theory, 6)],
    ["Deviation", shown(deviation, 3)],
    ["Allowed", `${side}${shown(allowed, 3)}`],
  ];
};

export function numbersOf(result: ClaimResult): HTMLElement {
  const list = h(
    "dl",
    {},
    ...parts(result).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
  const { note, details = [], milliseconds } = result;
  const box = h("div", {}, list);
  if (note !== undefined) box.append(h("p", {}, note));
  const more = details.map(([name, value]): readonly [string, string] => [
    name,
    typeof value === "number" ? shown(value, 6) : value,
  ]);
  const rows = [...more, ["Time", `${shown(milliseconds / 1000, 2)} s`] as const];
  box.append(
    h(
      "details",
      {},
      h("summary", { class: "quiet" }, "More"),
      h("dl", {}, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    ),
  );
  return box;
}
