import { short } from "../../text.js";
import { type Html, html } from "../html.js";
import type { Estimate } from "./estimate.js";

/** A number with its standard error, to the digit that the error leaves: 0.0187 ± 0.0022. */
export function pm({ value, standardError }: Estimate): Html {
  if (!(standardError > 0)) return html`${short(value, 4)}`;
  const digits = Math.max(0, Math.min(12, 1 - Math.floor(Math.log10(standardError))));
  const large = Math.max(Math.abs(value), standardError);
  if (large < 1e-3) {
    const power = Math.floor(Math.log10(large));
    const scale = 10 ** -power;
    const left = Math.max(0, digits + power);
    return html`(${(value * scale).toFixed(left)}<span class="error"> ± ${(standardError * scale).toFixed(left)}</span>)e${power}`;
  }
  return html`${value.toFixed(digits)}<span class="error"> ± ${standardError.toFixed(digits)}</span>`;
}

/** A share in percent with its error; of none or all the bound that no hit leaves at 95 % (the rule of three). */
export function share({ value, standardError }: Estimate, count: number): Html {
  if (standardError === 0 && count > 0) {
    const bound = `${short(300 / count, 1)}%`;
    if (value === 0) return html`0<span class="error"> (below ${bound})</span>`;
    if (value === 1) return html`100%<span class="error"> (less at most ${bound})</span>`;
  }
  const digits =
    standardError > 0 ? Math.max(1, Math.min(4, 1 - Math.floor(Math.log10(100 * standardError)))) : 1;
  return html`${(100 * value).toFixed(digits)}%<span class="error"> ± ${(100 * standardError).toFixed(digits)}</span>`;
}

/** Differences of this many standard errors are called differences: 3.5 is exceeded by chance once in 2,000. */
export const CLEAR = 3.5;

export const clear = (z: number): boolean => Math.abs(z) > CLEAR;
