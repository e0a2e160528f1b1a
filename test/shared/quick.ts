import { expect } from "vitest";
import type { Claim } from "../../build/ts/cli/report/study/layout.js";

/**
 * A quick run shows figures: neither its page nor its numbers have a verdict, a mark of one, or why a claim holds.
 * @param claims what a full run would say of the same numbers
 */
export function expectNoVerdicts(page: string, numbers: string, claims: readonly Claim[]): void {
  expect(claims.length).toBeGreaterThan(0);
  const body = page.slice(page.indexOf("<body>"));
  for (const [what, content] of [
    ["page", body],
    ["numbers", numbers],
  ] as const) {
    for (const sign of [
      "✓",
      "✗",
      "≠",
      "does not hold",
      "not seen",
      "data-verdict",
      'class="verdict"',
      '"verdict"',
      '"why"',
    ]) {
      expect(content.includes(sign), `${what}: ${sign}`).toBe(false);
    }
    expect(/\bholds\b/.test(content), `${what}: holds`).toBe(false);
    for (const { id, why } of claims) expect(content.includes(why), `${what}: why of ${id}`).toBe(false);
  }
  const { claims: told } = JSON.parse(numbers) as { claims: object[] };
  expect(told.map((one) => Object.keys(one).sort())).toEqual(
    told.map(() => ["id", "measured", "says", "where"]),
  );
}
