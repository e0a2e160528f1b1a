import type { JudgedClaim } from "../../../claims/claim.js";
import type { Recipe } from "../../../claims/recipe.js";
import { type Html, html } from "../html.js";
import { htmlOf } from "./words.js";

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

/** Claims and their figures alone: what a run that is too small for verdicts has. */
export type Figure = Omit<JudgedClaim, "verdict" | "why">;

/** A sentence about what is seen, which a run must have earned by its size. */
export const earned = ({ quick }: { readonly quick: boolean }, sentence: string): string =>
  quick ? "" : sentence;

/** The section of claims: verdicts and why, or of a quick run the figures alone. */
export function claimSection(
  study: { readonly quick: boolean },
  claims: readonly JudgedClaim[],
  legend: string,
): Html {
  return study.quick
    ? section("claims", "What the paper says, and the figures of this quick run", [
        text(
          "A quick run is too small to judge by. Without --quick this page also says what its figures mean.",
        ),
        figureTable(claims),
      ])
    : section("claims", "What the paper says, what is measured, why", [text(legend), claimTable(claims)]);
}

function figureTable(claims: readonly Figure[]): Html {
  return html`<div class="claims">${claims.map(
    (claim) => html`<article data-claim="${claim.id}">
<p class="where">${claim.where}</p>
<p class="says">${claim.says}</p>
<p>${htmlOf(claim.measured)}</p>
</article>
`,
  )}</div>`;
}

export function claimTable(claims: readonly JudgedClaim[]): Html {
  const words = { holds: "✓", "does not hold": "✗", "not seen": "–", corrected: "≠" } as const;
  return html`<div class="claims">${claims.map(
    (claim) => html`<article data-claim="${claim.id}" data-verdict="${claim.verdict}">
<p class="where">${claim.where}</p>
<p class="says">${claim.says}</p>
<p class="verdict"><span aria-hidden="true">${words[claim.verdict]}</span> ${claim.verdict}</p>
<p>${htmlOf(claim.measured)}</p>
<p class="quiet">${claim.why}</p>
</article>
`,
  )}</div>`;
}
