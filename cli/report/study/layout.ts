import { type JudgedClaim, type Verdict, verdictWords } from "../../../claims/claim.js";
import { FALSE_ALARM, limitOf } from "../../../claims/decide.js";
import type { Recipe } from "../../../claims/recipe.js";
import { type Html, html, Section } from "../html.js";
import { htmlOf } from "./words.js";

/** Figures, tables and the recipe of one part of the report. */
export function section(id: string, title: string, parts: readonly Html[], recipe?: Recipe): Section {
  return new Section(
    id,
    title,
    html`<section id="${id}">
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
`,
  );
}

export const text = (...parts: (Html | string)[]): Html => html`<p>${parts}</p>`;
export const note = (...parts: (Html | string)[]): Html => html`<p class="quiet">${parts}</p>`;
export const wide = (content: Html): Html => html`<div class="scroll">${content}</div>`;

/** Claims and their figures alone: what a run that is too small for verdicts has. */
export type Figure = Omit<JudgedClaim, "verdict" | "why">;

/** A sentence about what is seen, which a run must have earned by its size. */
export const earned = ({ quick }: { readonly quick: boolean }, sentence: string): string =>
  quick ? "" : sentence;

/** How every verdict is reached, on every report. */
const rule = `A claim holds, holds exactly (nothing that decides it was sampled), does not hold, or is not seen at this size. Where chance enters, it makes a verdict wrong at most once in ${Math.round(1 / FALSE_ALARM).toLocaleString("en-US")}, whatever is compared: one number is another from ${limitOf().toFixed(1)} standard errors on, one of ten from ${limitOf(10).toFixed(1)}, and chi-squares and distribution functions likewise. Errors of a few repeats, such as trainings, go by Student's t. ≠ marks a printed formula that is corrected.`;

/** The section of claims: verdicts and why, or of a quick run the figures alone. `paper` is its word in names of claims. */
export function claimSection(
  paper: string,
  study: { readonly quick: boolean },
  claims: readonly JudgedClaim[],
): Html {
  return study.quick
    ? section("claims", "What the paper says, and the figures of this quick run", [
        text(
          "A quick run is too small to judge by. Without --quick this page also says what its figures mean.",
        ),
        figureTable(claims),
      ])
    : section("claims", "What the paper says, what is measured, why", [
        text(summary(claims)),
        html`<ul class="verdicts">${claims.map(
          ({ id, where, verdict, correction }) =>
            html`<li><span aria-hidden="true">${marks[verdict]}</span> <a href="#claim-${id}">${where} (${id})</a>: ${verdictWords[verdict]}${correction && ", printed form corrected"}</li>`,
        )}</ul>`,
        text(rule),
        claimTable(paper, claims),
      ]);
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

const marks: Readonly<Record<Verdict, string>> = {
  holds: "✓",
  exact: "✓",
  "does not hold": "✗",
  "not seen": "–",
};

/** What several claims do, of each verdict. */
const plural: Readonly<Record<Verdict, string>> = {
  holds: "hold",
  exact: "hold exactly",
  "does not hold": "do not hold",
  "not seen": "are not seen at this size",
};

/** How many claims there are of each verdict. */
function summary(claims: readonly JudgedClaim[]): string {
  const counted = (Object.keys(plural) as Verdict[])
    .map((verdict) => [claims.filter((claim) => claim.verdict === verdict).length, verdict] as const)
    .filter(([count]) => count > 0)
    .map(([count, verdict]) => `${count} ${count === 1 ? verdictWords[verdict] : plural[verdict]}`);
  return `Of ${claims.length} claims ${counted.join(", ")}.`;
}

export function claimTable(paper: string, claims: readonly JudgedClaim[]): Html {
  return html`<div class="claims">${claims.map(
    (claim) => html`<article id="claim-${claim.id}" data-claim="${claim.id}" data-verdict="${claim.verdict}">
<p class="where">${claim.where}</p>
<p class="says">${claim.says}</p>
<p class="verdict"><span aria-hidden="true">${marks[claim.verdict]}</span> ${verdictWords[claim.verdict]}</p>
<p>${htmlOf(claim.measured)}</p>
${claim.correction && html`<p><span aria-hidden="true">≠</span> Printed: ${claim.correction.printed}. Right: ${claim.correction.right}.</p>`}
<p class="quiet">${claim.why}</p>
<p class="quiet">It holds where: ${claim.expected}</p>
<p class="quiet"><code>vkernel claim ${paper}-${claim.id}</code></p>
</article>
`,
  )}</div>`;
}
