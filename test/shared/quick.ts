import { expect } from "vitest";
import type { JudgedClaim } from "../../claims/claim.js";
import type { Estimate } from "../../claims/estimate.js";

/** Numbers, or estimates, by their paths: "pairs.rows.2.p". */
export type Changes = Readonly<Record<string, number | Estimate>>;

/** A study with other numbers, each in the place of one that is there. */
export function studyWith<T>(study: T, changes: Changes): T {
  const copy = structuredClone(study);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split(".");
    const last = keys.pop() as string;
    const owner = keys.reduce((place: unknown, key) => (place as Record<string, unknown>)[key], copy);
    expect(owner).toHaveProperty(last);
    const old = (owner as Record<string, unknown>)[last];
    if (typeof value === "number") expect(old).toBeTypeOf("number");
    else expect(old).toMatchObject({ value: expect.any(Number), standardError: expect.any(Number) });
    (owner as Record<string, unknown>)[last] = value;
  }
  return copy;
}

/**
 * A quick run shows figures: neither its page nor its numbers have a verdict, a mark of one, or why a claim holds.
 * @param claims what a full run would say of the same numbers
 */
export function expectNoVerdicts(page: string, numbers: string, claims: readonly JudgedClaim[]): void {
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
