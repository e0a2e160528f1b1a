// `vkernel report pde`, the quick run: its numbers, its page, its verdicts. Seeds are fixed. Statistical: fifteen chi-squares at
// p > 1e-6, some sixty shares and variances at 5.7 standard errors (1.2e-8 each).
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimsOf } from "../../claims/cao2025/claims.js";
import type { Study } from "../../claims/cao2025/study.js";
import { type Changes, expectNoVerdicts, studyWith } from "../shared/quick.js";
import { commandLine, type Result } from "../shared/commandLine.js";
import { standardErrors } from "../shared/statistics.js";

type Numbers = Study & { command?: string; claims?: { id: string; verdict: string; measured: string }[] };
const root = fileURLToPath(new URL("../..", import.meta.url));
const execute = promisify(execFile);
const cli = commandLine();
const { run: vkernel, at } = cli;
let result: Result;
let study: Numbers;
let page: string;

beforeAll(async () => {
  result = await vkernel("report", "pde", "--quick", "--out", "p.html", "--seed", "3", "--threads", "2");
  study = JSON.parse(readFileSync(at("p.json"), "utf8"));
  page = readFileSync(at("p.html"), "utf8");
});
afterAll(() => cli.remove());

type Estimate = { value: number; standardError: number };
const near = ({ value, standardError }: Estimate, truth: number, room = 0): void => {
  expect(Math.abs(value - truth)).toBeLessThan(standardErrors * standardError + room);
};

describe("the quick run", () => {
  it("has figures and no verdicts", () => {
    expectNoVerdicts(page, readFileSync(at("p.json"), "utf8"), claimsOf(study));
  });

  it("writes a page and its numbers, and says so", () => {
    expect(result.stderr).toMatch(
      /^pde: (\d+) claims measured, in a quick run, too small for verdicts: [\d.]+ (s|ms)$/m,
    );
    expect(result.code).toBe(0);
    expect(study).toMatchObject({ report: "pde", seed: 3, quick: true });
    expect(study.densities.rows).toHaveLength(12);
    expect(study.captured.curves.map(({ set }) => set)).toEqual(["hexagon", "six points without symmetry"]);
    expect(study.schemes.rows).toHaveLength(24);
    expect(study.practical.networks.map(({ steps }) => steps)).toEqual([20, 60, null]);
    expect(cli.hidden()).toEqual([]);
  });

  it("equations, particles and closed forms agree", () => {
    const { densities, illPosed, pairs, generated } = study;
    for (const { distance, mass, p } of densities.rows) {
      expect(distance).toBeLessThan(2e-3);
      expect(mass).toBeLessThan(1e-12);
      expect(p).toBeGreaterThan(1e-6);
    }
    for (const { s, k, theory, onGrid, brownian } of [...illPosed.growth, ...illPosed.slow]) {
      expect(theory / Math.exp((k * k * -Math.expm1(-2 * s)) / 2)).toBeCloseTo(1, 9);
      expect(brownian).toBeGreaterThanOrEqual(onGrid);
    }
    // The scheme follows its fastest mode to 1e-5 of its growth per step.
    expect(illPosed.worst).toBeLessThan(1e-2);
    expect(illPosed.stopped?.largest).toBeGreaterThan(1e149);
    for (const { p } of pairs.rows) expect(p).toBeGreaterThan(1e-6);
    expect(pairs.bayes).toBeLessThan(1e-10);
    for (const { masses, sampled } of generated.rows) {
      expect(masses.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
      sampled.forEach((one, m) => {
        near(one, masses[m] as number);
      });
    }
    // e^(-2 T*): the mean of the data is not 0.
    expect(generated.rate).toBeCloseTo(-2, 1);
  });

  it("both shares of Figure 10 have their exact values", () => {
    const { rows, recordings, curves, started, basins } = study.captured;
    const exact = [0.25564922343, 0.64696177012, 0.99444159481, 1];
    const settled = [0.00599807532, 0.34880275485, 0.98888321666, 1];
    rows.forEach((row, i) => {
      expect(row.inCell.exact).toBeCloseTo(exact[i] as number, 10);
      expect(row.settled.exact).toBeCloseTo(settled[i] as number, 10);
      near(row.inCell.sde, row.inCell.exact, 0.005);
      expect([row.inCell.ode.value, row.settled.ode.value]).toEqual([1, 1]);
      const spread = standardErrors * Math.sqrt((row.settled.exact * (1 - row.settled.exact)) / 1000) + 1e-12;
      expect(row.settled.low.value).toBeLessThan(row.settled.exact + spread);
      expect(row.settled.high.value).toBeGreaterThan(row.settled.exact - spread);
    });
    // What a record sees falls with its steps, at t = 0.13 by much more than chance.
    const seen = recordings.map((one) => one.seen[1]?.value as number);
    expect(seen[0]).toBeGreaterThan((seen[1] as number) + 0.05);
    expect(seen[1]).toBeGreaterThan((seen[2] as number) + 0.05);
    for (const curve of curves) {
      curve.inCell.forEach((one, k) => {
        near(one, curve.inCellExact[k] as number, 0.005);
      });
    }
    for (const { exact: share, measured, maruyama } of started) {
      near(measured, share);
      near(maruyama, share);
    }
    expect(basins[0]?.flow).toBeGreaterThan(basins[2]?.flow as number);
  });

  it("one point: (4.21) and bridges are exact, the printed noise has half the variance", () => {
    const of = (scheme: string, steps: number) =>
      study.schemes.single.find((row) => row.scheme === scheme && row.steps === steps)?.variance as Estimate;
    for (const steps of [5, 100]) {
      near(of("stable diffusion (4.21)", steps), 1);
      near(of("exact bridges", steps), 1);
    }
    // The same noise but for its size; what is left of the start is e^-3 of it.
    expect(of("Euler-Maruyama, noise as printed", 100).value / of("Euler-Maruyama", 100).value).toBeCloseTo(
      0.5,
      2,
    );
    for (const { t, difference, conditional } of study.identities.loss) {
      expect(t).toBeGreaterThan(0);
      const error = Math.hypot(difference.standardError, conditional.standardError);
      near({ value: difference.value, standardError: error }, conditional.value);
    }
  });

  it("is one page without requests to elsewhere, with a card a claim", () => {
    expect(page).toContain("</html>");
    expect(page).not.toMatch(/(src|href)="https?:/);
    expect(page).not.toContain("NaN");
    expect(page).not.toContain("undefined");
    for (const claim of study.claims ?? []) {
      expect(page).toContain(`<article data-claim="${claim.id}">`);
    }
    expect(study.claims).toHaveLength(16);
  });

  it("its programs give its numbers, to the bit", { tags: ["long"] }, async () => {
    const folder = mkdtempSync(join(root, "build", "recipes-"));
    try {
      for (const [name, { code, gives }] of Object.entries(study.recipes)) {
        expect(page).toContain(gives);
        const file = join(folder, `${name}.mjs`);
        writeFileSync(file, code);
        const { stdout } = await execute(process.execPath, [file], { cwd: root });
        const truth = gives
          .split(".")
          .reduce((place: unknown, key) => (place as Record<string, unknown>)[key], study as unknown);
        expect([name, JSON.parse(stdout)]).toEqual([name, truth]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("has the same numbers on one thread", { tags: ["long"] }, async () => {
    await vkernel("report", "pde", "--quick", "--out", "one.html", "--seed", "3", "--threads", "1");
    const { command: a, ...one } = JSON.parse(readFileSync(at("one.json"), "utf8"));
    const { command: b, ...two } = study;
    expect(a).not.toBe(b);
    expect(one).toEqual(two);
  });

  it("an interrupted run leaves nothing", async () => {
    const { code } = await cli.interrupt(["report", "pde", "--out", "gone.html"]);
    expect(code).toBe(130);
    expect(existsSync(at("gone.html"))).toBe(false);
    expect(cli.hidden()).toEqual([]);
  });

  it("an output that is no page is refused", async () => {
    writeFileSync(at("x.txt"), "");
    const { code, stderr } = await vkernel("report", "pde", "--quick", "--out", "x.txt");
    expect([code, stderr]).toEqual([2, expect.stringContaining("--out expected a file that ends in .html")]);
  });
});

describe("verdicts follow from the numbers", () => {
  const verdictOf = (id: string, changes: Changes): string =>
    claimsOf(studyWith(study, changes)).find((claim) => claim.id === id)?.verdict as string;
  const each = (list: readonly string[], value: number): Changes =>
    Object.fromEntries(list.map((path) => [path, value]));
  it.each<[string, Changes, string, Changes, string]>([
    ["reversal", {}, "holds", { "densities.rows.5.distance": 0.1 }, "does not hold"],
    ["deterministic", {}, "holds", { "densities.rows.9.p": 1e-9 }, "does not hold"],
    ["ill-posed", {}, "exact", { "illPosed.worst": 0.5 }, "does not hold"],
    ["past", {}, "holds", { "pairs.rows.1.p": 1e-9 }, "does not hold"],
    ["generated", {}, "holds", { "generated.rows.0.sampled.0.value": 0.9 }, "does not hold"],
    ["pointwise", {}, "holds", { "generated.rows.4.pointwise": 0.5 }, "does not hold"],
    ["support", {}, "holds", { "generated.rows.1.onPoints.value": 0.5 }, "does not hold"],
    ["cells", {}, "holds", { "captured.rows.1.inCell.sde.value": 0.9 }, "does not hold"],
    ["settled", {}, "holds", { "captured.rows.1.settled.high.value": 0.1 }, "does not hold"],
    ["flow", {}, "holds", { "captured.rows.0.settled.ode.value": 0.9 }, "does not hold"],
    ["constant", {}, "exact", { "identities.inside.5.within": 0.5 }, "does not hold"],
    ["noise", {}, "does not hold", { "schemes.single.3.variance.value": 1 }, "holds"],
    ["single", {}, "holds", { "schemes.single.4.variance.value": 2 }, "does not hold"],
    [
      "schemes",
      {
        ...each(
          [0, 1, 2, 12, 13, 14].map((k) => `schemes.rows.${k}.distance.value`),
          9,
        ),
      },
      "holds",
      {
        ...each(
          [0, 1, 2, 12, 13, 14].map((k) => `schemes.rows.${k}.distance.value`),
          0,
        ),
      },
      "does not hold",
    ],
    [
      "loss",
      {},
      "does not hold",
      each(
        [0, 1, 2, 3].map((k) => `identities.loss.${k}.difference.standardError`),
        1e3,
      ),
      "holds",
    ],
    [
      "practical",
      {
        "practical.networks.0.seeds.fresh": { value: 0.5, standardError: 0.01, degrees: 7 },
        "practical.networks.1.seeds.fresh": { value: 0.2, standardError: 0.01, degrees: 7 },
        "practical.networks.2.fresh.value": 0,
      },
      "holds",
      // The same numbers of two seeds are no difference.
      {
        "practical.networks.0.seeds.fresh": { value: 0.5, standardError: 0.01, degrees: 1 },
        "practical.networks.1.seeds.fresh": { value: 0.2, standardError: 0.01, degrees: 1 },
        "practical.networks.2.fresh.value": 0,
      },
      "not seen",
    ],
  ])("%s", (id, yes, first, no, second) => {
    expect(verdictOf(id, yes)).toBe(first);
    expect(verdictOf(id, no)).toBe(second);
  });
});
