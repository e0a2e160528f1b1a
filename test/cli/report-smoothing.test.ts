// `vkernel report smoothing`, the quick run: its numbers, its page, its verdicts. Seeds are fixed. Statistical: one chi-square at
// p > 1e-6 and eight shares at 5.7 standard errors (1.2e-8 each).
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimsOf } from "../../claims/chen2025/claims.js";
import { shareDeviation } from "../../claims/decide.js";
import { bestWidth } from "../../claims/chen2025/figure1.js";
import type { Study } from "../../claims/chen2025/study.js";
import { type Changes, expectNoVerdicts, studyWith } from "../shared/quick.js";
import { commandLine, type Result } from "../shared/commandLine.js";
import { standardErrors } from "../shared/statistics.js";

type Numbers = Study & { command?: string; claims?: { id: string; verdict: string; measured: string }[] };
const cli = commandLine();
const { run: vkernel, at } = cli;
let result: Result;
let study: Numbers;
let page: string;

beforeAll(async () => {
  result = await vkernel(
    "report",
    "smoothing",
    "--quick",
    "--out",
    "s.html",
    "--seed",
    "3",
    "--threads",
    "2",
  );
  study = JSON.parse(readFileSync(at("s.json"), "utf8"));
  page = readFileSync(at("s.html"), "utf8");
});
afterAll(() => cli.remove());

describe("the quick run", () => {
  it("has figures and no verdicts", () => {
    expectNoVerdicts(page, readFileSync(at("s.json"), "utf8"), claimsOf(study));
  });

  it("writes a page and its numbers, and says so", () => {
    expect(result.code).toBe(0);
    expect(result.stderr).toMatch(
      /^smoothing: (\d+) claims measured, in a quick run, too small for verdicts: [\d.]+ (s|ms)$/m,
    );
    expect(study).toMatchObject({ report: "smoothing", seed: 3, quick: true });
    expect(study.figure1.networks).toHaveLength(6);
    expect(study.figure3.columns.map(({ name }) => name)).toEqual([
      "exact",
      "smoothed",
      "piecewise",
      "network",
      "early stopping",
    ]);
    expect(study.curves).toHaveLength(6);
    expect(cli.hidden()).toEqual([]);
  });

  it("has the paper's own numbers where they are exact", () => {
    // Chen 2025, Fig. 1: t = 0.1, tau = 0.58: slope 7.2414, largest value 4.2.
    expect(study.figure1.slope).toBeCloseTo(7.2414, 4);
    expect(study.figure1.largest).toBeCloseTo(4.2, 9);
    const { rows } = study.divergences;
    expect(rows[0]).toMatchObject({ points: 2, kappa: 0.4, t0: 0.02 });
    expect(rows[0]?.kl).toBeCloseTo(8.192949, 6);
    expect(rows[0]?.printed).toBeCloseTo(18.053582, 6);
    expect(rows[0]?.corrected).toBeCloseTo(8.201981, 6);
    const loss = study.losses.rows.find(({ kappa, t }) => kappa === 0.4 && t === 1e-4);
    expect(loss?.value).toBeCloseTo(0.16446, 5);
    expect(loss?.limit).toBeCloseTo(0.162386, 6);
    expect(study.figure3.continuousMass).toBeCloseTo(0.39528, 5);
    // Paths are straight in sqrt(t), and those within the edges end between the points.
    for (const path of study.paths.paths) {
      for (let i = 1; i + 1 < path.length; i++) {
        const bend = (path[i - 1] as number) - 2 * (path[i] as number) + (path[i + 1] as number);
        expect(Math.abs(bend)).toBeLessThan(1e-4);
      }
      const [start, end] = [path[0] as number, path.at(-1) as number];
      if (Math.abs(start) < 1 - Math.sqrt(0.4)) expect(Math.abs(end)).toBeLessThan(1);
      else expect(Math.abs(end)).toBeCloseTo(1, 4);
    }
  });

  it("measures what theory says of the piecewise score, and ends the exact one on the points", () => {
    const of = (name: string) => study.figure3.columns.find((column) => column.name === name);
    expect(of("piecewise")?.p).toBeGreaterThan(1e-6);
    expect(of("exact")?.near.value).toBe(1);
    expect(of("early stopping")?.across).toBeCloseTo(Math.sqrt(0.002), 2);
    for (const { theory, measured } of study.figure3.kappas) {
      expect(Math.abs(shareDeviation(measured, study.sizes.particles, theory).z)).toBeLessThan(
        standardErrors,
      );
    }
  });

  it("is one page without requests to elsewhere, with a card a claim", () => {
    expect(page).toContain("</html>");
    expect(page).not.toMatch(/(src|href)="https?:/);
    expect(page).not.toContain("NaN");
    for (const claim of study.claims ?? []) {
      expect(page).toContain(`<article data-claim="${claim.id}">`);
    }
  });

  it("has the same numbers on one thread", { tags: ["long"] }, async () => {
    await vkernel("report", "smoothing", "--quick", "--out", "one.html", "--seed", "3", "--threads", "1");
    const { command: a, ...one } = JSON.parse(readFileSync(at("one.json"), "utf8"));
    const { command: b, ...two } = study;
    expect(a).not.toBe(b);
    expect(one).toEqual(two);
  });

  it("an interrupted run leaves nothing", { tags: ["long"] }, async () => {
    const { code } = await cli.interrupt(["report", "smoothing", "--out", "gone.html"]);
    expect(code).toBe(130);
    expect(existsSync(at("gone.html"))).toBe(false);
    expect(cli.hidden()).toEqual([]);
  });

  it("an output that is no page is refused", async () => {
    writeFileSync(at("x.txt"), "");
    const { code, stderr } = await vkernel("report", "smoothing", "--quick", "--out", "x.txt");
    expect([code, stderr]).toEqual([2, expect.stringContaining("--out expected a file that ends in .html")]);
  });
});

describe("verdicts follow from the numbers", () => {
  const verdictOf = (id: string, changes: Changes): string =>
    claimsOf(studyWith(study, changes)).find((claim) => claim.id === id)?.verdict as string;
  const networks = (width: (k: number) => number): Changes =>
    Object.fromEntries(
      [0, 1, 2, 3, 4, 5].flatMap((k) => [
        [`figure1.networks.${k}.width`, { value: width(k % 3), standardError: 1e-3, degrees: 7 }],
        [`figure1.networks.${k}.distance.value`, 0.03],
      ]),
    );
  // kappa = 0.4 at the last time.
  const loss = "losses.rows.7.value";
  it.each<[string, Changes, string, Changes, string]>([
    ["law", { "figure3.columns.2.p": 0.5 }, "holds", { "figure3.columns.2.p": 1e-9 }, "does not hold"],
    [
      "agreement",
      { "figure3.columns.1.ks": 1e-3 },
      "holds",
      { "figure3.columns.1.ks": 0.9 },
      "does not hold",
    ],
    ["kappa", {}, "holds", { "figure3.kappas.0.measured.value": 0.9 }, "does not hold"],
    ["networks", networks((k) => 0.3 + 0.1 * k), "holds", networks((k) => 0.9 - 0.1 * k), "does not hold"],
    ["loss", {}, "does not hold", { [loss]: 0.2524 }, "exact"],
    ["rate", {}, "exact", { "losses.many.3.end": 0.4 }, "does not hold"],
    ["excess", {}, "exact", { "losses.many.3.end": 0.5 }, "does not hold"],
    ["divergence", {}, "exact", { "divergences.rows.0.kl": 20 }, "does not hold"],
    ["memorizes", {}, "holds", { "figure3.columns.0.near.value": 0.9 }, "does not hold"],
    ["early", {}, "holds", { "figure3.columns.4.across": 0 }, "does not hold"],
    [
      "network",
      {
        "figure3.networks.near": { value: 0.1, standardError: 0.01, degrees: 7 },
        "figure3.networks.across": { value: 0.01, standardError: 1e-4, degrees: 7 },
      },
      "holds",
      {
        "figure3.networks.near": { value: 0.1, standardError: 0.01, degrees: 7 },
        "figure3.networks.across": { value: 0.5, standardError: 1e-4, degrees: 7 },
      },
      "does not hold",
    ],
    ["curves", { "curves.1.onCurve.value": 1, "curves.4.onCurve.value": 1 }, "holds", {}, "does not hold"],
  ])("%s", (id, yes, first, no, second) => {
    expect(verdictOf(id, yes)).toBe(first);
    expect(verdictOf(id, no)).toBe(second);
  });

  it("the best width of a piecewise score is its own", () => {
    const x = Array.from({ length: 401 }, (_, i) => (i - 200) / 100);
    const tau = 0.437;
    const values = Float64Array.from(x, (y) =>
      y <= -tau ? -1 - y : y >= tau ? 1 - y : ((1 - tau) * y) / tau,
    );
    const { width, distance } = bestWidth(
      values.map((value) => value / 0.1),
      0.1,
    );
    expect(width).toBeCloseTo(tau, 4);
    expect(distance).toBeLessThan(1e-4);
  });
});
