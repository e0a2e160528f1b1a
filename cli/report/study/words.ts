import type { Estimate } from "../../../claims/estimate.js";
import type { Figure, Told } from "../../../claims/told.js";
import { short } from "../../text.js";
import { type Html, html } from "../html.js";

/** A number as it is read: what comes before its error, the error, what comes after. */
type Written = readonly [before: string, error?: string, after?: string];

/** A number with its standard error, to the digit that the error leaves: 0.0187 ± 0.0022. */
function withError({ value, standardError }: Estimate): Written {
  if (!(standardError > 0)) return [short(value, 4)];
  const digits = Math.max(0, Math.min(12, 1 - Math.floor(Math.log10(standardError))));
  const large = Math.max(Math.abs(value), standardError);
  if (large < 1e-3) {
    const power = Math.floor(Math.log10(large));
    const scale = 10 ** -power;
    const left = Math.max(0, digits + power);
    return [`(${(value * scale).toFixed(left)}`, ` ± ${(standardError * scale).toFixed(left)}`, `)e${power}`];
  }
  return [value.toFixed(digits), ` ± ${standardError.toFixed(digits)}`];
}

/** A share in percent with its error; of none or all the bound that no hit leaves at 95 % (the rule of three). */
function percent({ value, standardError }: Estimate, count: number): Written {
  if (standardError === 0 && count > 0) {
    const bound = `${short(300 / count, 1)}%`;
    if (value === 0) return ["0", ` (below ${bound})`];
    if (value === 1) return ["100%", ` (less at most ${bound})`];
  }
  const digits =
    standardError > 0 ? Math.max(1, Math.min(4, 1 - Math.floor(Math.log10(100 * standardError)))) : 1;
  return [`${(100 * value).toFixed(digits)}%`, ` ± ${(100 * standardError).toFixed(digits)}`];
}

function written(figure: Figure): Written {
  switch (figure.as) {
    case "number":
      return [short(figure.value, figure.digits)];
    case "estimate":
      return withError(figure);
    case "share":
      return percent(figure, figure.count);
  }
}

const marked = ([before, error, after]: Written): Html =>
  error === undefined ? html`${before}` : html`${before}<span class="error">${error}</span>${after}`;

export const pm = (estimate: Estimate): Html => marked(withError(estimate));

export const share = (estimate: Estimate, count: number): Html => marked(percent(estimate, count));

/** What was measured, for a page. */
export const htmlOf = (told: Told): Html =>
  html`${told.map((part) => (typeof part === "string" ? part : marked(written(part))))}`;

/** What was measured, as plain text. */
export const textOf = (told: Told): string =>
  told.map((part) => (typeof part === "string" ? part : written(part).join(""))).join("");
