// `vkernel claim`: the list, one claim alone, a card alone, and what is refused.
import { afterAll, describe, expect, it } from "vitest";
import { allCards, allClaims } from "../../claims/index.js";
import { commandLine } from "../shared/commandLine.js";

const cli = commandLine();
const { run: vkernel } = cli;
afterAll(() => cli.remove());

describe("vkernel claim", () => {
  it("lists every claim and every card, in lines and as JSON", async () => {
    const names = [...allClaims, ...allCards].map(({ name }) => name);
    const { code, stdout } = await vkernel("claim");
    expect(code).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ")[0]),
    ).toEqual(names);
    const { claims } = JSON.parse((await vkernel("claim", "--json")).stdout);
    expect(claims.map(({ name }: { name: string }) => name)).toEqual(names);
    expect(claims[0]).toEqual({
      name: "vastola-boundaries",
      source: "Vastola 2025, Sec. 1, Fig. 1",
      says: expect.stringMatching(/^The proxy score's variance/),
      expected: expect.stringMatching(/^tr C halfway/),
    });
  });

  it("measures one alone: what is said, measured, corrected and judged", async () => {
    const { code, stdout } = await vkernel("claim", "chen-loss", "--quiet");
    expect(code).toBe(0);
    const rows = stdout.split("\n");
    expect(rows[0]).toBe("chen-loss  Chen 2025, Prop. 2, Eq. 29");
    expect(rows[2]).toMatch(/^ {2}measured {2}kappa = 0\.4, t = 0\.00001: loss 0\.163/);
    expect(rows[3]).toBe("  verdict   does not hold");
    expect(rows[4]).toMatch(/^ {2}printed {3}F\(kappa\) = 2 times the integral from kappa/);
    expect(rows[5]).toMatch(/^ {2}right {5}F\(kappa\) = 2 times the integral from sqrt\(kappa\)/);
    const { claims, seed } = JSON.parse((await vkernel("claim", "chen-loss", "--json")).stdout);
    expect([seed, claims.length]).toEqual([1, 1]);
    expect(claims[0]).toMatchObject({ name: "chen-loss", verdict: "does not hold" });
    expect(stdout).toContain(claims[0].measured);
  });

  it("measures a card alone, and a quick claim without a verdict", { tags: ["slow"] }, async () => {
    const card = JSON.parse((await vkernel("claim", "smoothed-score/limit", "--json")).stdout).claims[0];
    expect(card).toMatchObject({ verdict: "exact", measured: "0.162386" });
    const quick = JSON.parse((await vkernel("claim", "cao-past", "--quick", "--json")).stdout).claims[0];
    expect(quick.measured).toMatch(/^From y = 0\.6: forward pairs p = /);
    expect(quick).not.toHaveProperty("verdict");
    expect(quick).not.toHaveProperty("why");
  });

  it.each([
    [["claim", "vastola-kdee"], "vastola-kde"],
    [["claim", "chen-loss", "--all"], "--all"],
    [["claim", "vastola-trained"], "--ensemble"],
    [["claim", "chen-loss", "--seed", "-1"], "--seed"],
    [["claim", "vastola-trained", "--ensemble", "no/such"], "no/such"],
  ])("%j is refused", async (words, message) => {
    const { code, stderr, stdout } = await vkernel(...words);
    expect(code).toBeGreaterThan(1);
    expect(stderr).toContain(message);
    expect(stdout).toBe("");
  });
});
