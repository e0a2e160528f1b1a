import { type Html, html } from "../html.js";
import type { Recipe } from "./estimate.js";

/** What the numbers say of a sentence. */
export type Verdict = "holds" | "does not hold" | "not seen" | "corrected";

/** A sentence of the paper beside what was measured. */
export interface Claim {
  readonly id: string;
  readonly where: string;
  readonly says: string;
  readonly measured: Html;
  readonly verdict: Verdict;
  readonly why: string;
}

/** Figures, tables and the recipe of one part of the report. */
export function section(id: string, title: string, parts: readonly Html[], recipe?: Recipe): Html {
  return html`<section id="${id}">
<h2>${title}</h2>
${[...parts]}
${
  recipe === undefined
    ? undefined
    : html`<details><summary>A program that gives a number of this part</summary>
<p class="quiet">It prints <code>${recipe.gives}</code> of the JSON. Run it beside an installed vkernel: <code>node part.mjs</code>.</p>
<pre>${recipe.code}</pre></details>`
}
</section>
`;
}

export const text = (...parts: (Html | string)[]): Html => html`<p>${parts}</p>`;
export const note = (...parts: (Html | string)[]): Html => html`<p class="quiet">${parts}</p>`;
export const wide = (content: Html): Html => html`<div class="scroll">${content}</div>`;

export function claimTable(claims: readonly Claim[]): Html {
  const words = { holds: "✓", "does not hold": "✗", "not seen": "–", corrected: "≠" } as const;
  return html`<div class="claims">${claims.map(
    (claim) => html`<article data-claim="${claim.id}" data-verdict="${claim.verdict}">
<p class="where">${claim.where}</p>
<p class="says">${claim.says}</p>
<p class="verdict"><span aria-hidden="true">${words[claim.verdict]}</span> ${claim.verdict}</p>
<p>${claim.measured}</p>
<p class="quiet">${claim.why}</p>
</article>
`,
  )}</div>`;
}
