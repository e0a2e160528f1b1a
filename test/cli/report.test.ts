// `vkernel report variance`, the quick run: its numbers, its page, its verdicts, and the programs that give its numbers.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { html } from "../../cli/report/html.js";
import { claimSection } from "../../cli/report/study/layout.js";
import { claimsOf } from "../../claims/vastola2025/claims.js";
import type { Study } from "../../claims/vastola2025/study.js";
import { expectNoVerdicts } from "../shared/quick.js";
import { commandLine, type Result } from "../shared/commandLine.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const cli = commandLine();
const { run: vkernel, at } = cli;

type Numbers = Study & {
  report?: string;
  command?: string;
  claims?: { id: string; verdict: string; measured: string }[];
};
let result: Result;
let study: Numbers;
let page: string;

beforeAll(async () => {
  result = await vkernel("report", "variance", "--quick", "--out", "v.html", "--seed", "3", "--threads", "2");
  study = JSON.parse(readFileSync(at("v.json"), "utf8"));
  page = readFileSync(at("v.html"), "utf8");
});
afterAll(() => cli.remove());

/** A value by its path: "scans.fixed.1.masses.2.value". */
const valueAt = (path: string): unknown =>
  path.split(".").reduce((value: unknown, key) => (value as Record<string, unknown>)[key], study);

const sections = [
  "figure1",
  "figure2",
  "scans",
  "linear",
  "tangent",
  "cumulants",
  "objectives",
  "kinds",
  "factors",
  "redraws",
  "paths",
] as const;

describe("the quick run", () => {
  it("has figures and no verdicts", () => {
    expectNoVerdicts(page, readFileSync(at("v.json"), "utf8"), claimsOf(study));
  });

  it("writes a page and its numbers, and says so", () => {
    expect(result.code).toBe(0);
    expect(result.stderr).toMatch(
      /^variance: (\d+) claims measured, in a quick run, too small for verdicts: [\d.]+ s$/m,
    );
    expect(result.stderr).toContain("wrote v.html");
    expect(study.report).toBe("variance");
    expect(study.seed).toBe(3);
    expect(study.figure1.maps).toHaveLength(4 * 5);
    expect(study.figure2.rows).toHaveLength(4 * 3);
    expect(study.linear.rows.map((row) => row.ratio)).toEqual([0.05, 0.1, 0.2, 0.5]);
    expect(study.tangent.rows.map((row) => row.trainingTime)).toEqual([0.1, 1, 10, 100, 1000]);
    expect(new Set(study.factors.rows.map((row) => row.factor))).toEqual(
      new Set(["objective", "process", "steps", "features", "data"]),
    );
  });

  it("has no number that is not one", () => {
    const bad: string[] = [];
    const look = (value: unknown, path: string): void => {
      // NaN and infinities become null in JSON.
      if (value === null) bad.push(path);
      else if (typeof value === "object")
        for (const [key, one] of Object.entries(value as object)) look(one, `${path}.${key}`);
    };
    look(study, "");
    expect(bad).toEqual([]);
    expect(/\b(NaN|undefined)\b|\[object/.exec(page.replace(/"data:[^"]*"/g, ""))?.[0]).toBeUndefined();
  });

  it("asks nothing of a network, and runs no script", () => {
    expect(page.includes("default-src 'none'")).toBe(true);
    expect(/<script|<link|\burl\((?!#)|\b(src|href)="(?!data:|#)/.exec(page)?.[0]).toBeUndefined();
    for (const id of [
      "claims",
      "figure-1",
      "figure-2",
      "scans",
      "linear",
      "network",
      "kinds",
      "factors",
      "paths",
    ]) {
      expect(page.includes(`<section id="${id}">`), id).toBe(true);
    }
  });

  it("gives the same numbers on one thread", { tags: ["long"] }, async () => {
    const one = await vkernel(
      "report",
      "variance",
      "--quick",
      "--seed",
      "3",
      "--threads",
      "1",
      "--out",
      "o.html",
      "--json",
    );
    const { command: _, ...numbers } = JSON.parse(one.stdout) as Numbers;
    const { command: __, ...expected } = study;
    expect(numbers).toEqual(expected);
  });

  it("the known values: tr C of the hexagon, the kernel density, the naive estimator at small epsilon", () => {
    // docs/mathematics.md, Where tr C is high: 0.0047 at a point, 156 at the midpoint of two neighbours (25 |dmu|^2 25 / 4 = 156.25).
    expect(study.figure1.places.map((place) => Number(place.proxyVariance.toPrecision(2)))).toEqual([
      0.0047, 160, 620,
    ]);
    expect(study.figure1.places[1]?.proxyVariance).toBeCloseTo(156.25, 4);
    const last = study.scans.rows.find((row) => row.knob === "R" && row.value === 1 && row.epsilon === 0.01);
    expect(last?.where.within005.value).toBeGreaterThan(0.99);
  });
});

describe("the programs of the page", () => {
  const folder = mkdtempSync(join(root, "build", "recipes-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(sections)("%s: its program gives its number, to the bit", async (name) => {
    const { code, gives } = study[name].recipe;
    expect(page.includes(gives)).toBe(true);
    const file = join(folder, `${name}.mjs`);
    writeFileSync(file, code);
    const { stdout } = await run(process.execPath, [file], { cwd: root });
    expect(JSON.parse(stdout)).toBe(valueAt(gives));
  });
});

describe("verdicts follow the numbers", () => {
  const verdictOf = (change: (copy: Study) => void, id: string): string | undefined => {
    const copy = structuredClone(study) as Study;
    change(copy);
    return claimsOf(copy).find((claim) => claim.id === id)?.verdict;
  };
  type Writable<T> = { -readonly [K in keyof T]: Writable<T[K]> };
  const edit = (copy: Study): Writable<Study> => copy as Writable<Study>;

  it("a full run shows the verdict of every claim, and why; the figures are those of the JSON", () => {
    const claims = claimsOf(study);
    expect(study.claims?.map(({ id }) => id)).toEqual(claims.map(({ id }) => id));
    const shown = claimSection("vastola", { quick: false }, claims).text;
    for (const { id, verdict, why } of claims) {
      expect(shown).toContain(`data-claim="${id}" data-verdict="${verdict}"`);
      expect(shown).toContain(html`${why}`.text);
    }
  });

  const laws = (copy: Study, effective: number, average: number): void => {
    const row = edit(copy).linear.rows.find(({ ratio }) => ratio === 0.5);
    if (row === undefined) throw new Error("no row");
    row.laws.ensembleEffective.energy = { value: effective, standardError: 0.001 };
    row.laws.ensembleAverage.energy = { value: average, standardError: 0.001 };
  };
  it.each([
    ["holds", 0.001, 0.02],
    ["does not hold", 0.02, 0.02],
    ["not seen", 0.001, 0.001],
  ] as const)("Prop. 3.1: %s", (verdict, effective, average) => {
    expect(verdictOf((copy) => laws(copy, effective, average), "effective-linear-0.5")).toBe(verdict);
  });

  it("gaps would be filled, if samples lay there", () => {
    expect(verdictOf(() => {}, "gaps")).toBe("does not hold");
    const filled = (copy: Study): void => {
      for (const row of edit(copy).scans.rows) {
        if (row.epsilon === 0.01) row.where.within005 = { value: 0.8, standardError: 0.01 };
      }
    };
    expect(verdictOf(filled, "gaps")).toBe("holds");
  });

  it("noise that kept its size would be white", () => {
    expect(verdictOf(() => {}, "white")).toBe("does not hold");
    const kept = (copy: Study): void => {
      for (const row of edit(copy).scans.spread) row.variance = { value: 0.1, standardError: 0.001 };
    };
    expect(verdictOf(kept, "white")).toBe("holds");
  });

  it("a covariance that its formula misses is said to", () => {
    const off = (copy: Study): void => {
      for (const row of edit(copy).redraws.largest) row.z = 9;
    };
    expect(verdictOf(off, "redraws-network")).toBe("does not hold");
  });
});

describe("bad input and interrupts", () => {
  it.each([
    [["report"], 2, "variance"],
    [["report", "variance"], 2, "--out"],
    [["report", "variance", "--out", "v.pdf"], 2, "--out"],
    [["report", "variance", "--out", "v.html", "--seed", "-1"], 2, "--seed"],
    [["report", "variance", "--out", "no/such/folder.html"], 5, "no/such"],
    [["report", "smoothness", "--out", "v.html"], 2, "smoothness"],
  ] as const)("%j", async (words, code, message) => {
    const failed = await vkernel(...words);
    expect(failed.code).toBe(code);
    expect(failed.stderr).toContain(message);
  });

  it("leaves nothing when it is interrupted", async () => {
    const before = readdirSync(at("."));
    const stopped = await cli.interrupt(["report", "variance", "--out", "half.html"]);
    expect(stopped.code).toBe(130);
    expect(existsSync(at("half.html"))).toBe(false);
    expect(readdirSync(at("."))).toEqual(before);
  });
});

describe("--ensemble", () => {
  const quick = ["report", "variance", "--quick", "--seed", "3"];

  it("measures networks that vkernel train made", { tags: ["long"] }, async () => {
    const few = ["--steps", "60", "--batch", "32", "--samples", "100", "--t-min", "0.05", "--t-max", "1.5"];
    await vkernel("train", "polygon", "--members", "3", "--out", "nets", ...few);
    const { code } = await vkernel(...quick, "--ensemble", "nets", "--out", "n.html");
    expect(code).toBe(0);
    const found: Numbers = JSON.parse(readFileSync(at("n.json"), "utf8"));
    const { trained } = found;
    expect(trained).toMatchObject({ members: 3, sizes: [3, 64, 64, 2] });
    expect(trained?.maps.map(({ model }) => model)).toEqual([
      "naive, R = 1",
      "trained networks",
      "naive, R = 1",
      "trained networks",
    ]);
    for (const { correlation } of trained?.correlations ?? [])
      expect(Math.abs(correlation)).toBeLessThanOrEqual(1);
    expect(trained?.between).toBeGreaterThan(0);
    expect(readFileSync(at("n.html"), "utf8")).toContain(`<article data-claim="trained">`);
    // The rest is what it is without them.
    const { claims, command, trained: own, ...rest } = found;
    const { claims: other, command: words, ...without } = study;
    expect(rest).toEqual(without);
    const copy = structuredClone(found) as Study;
    const verdictOf = (id: string, one: Study) => claimsOf(one).find((item) => item.id === id)?.verdict;
    const { laws } = copy.trained as NonNullable<Study["trained"]>;
    for (const [effective, average, verdict] of [
      [0, 9, "holds"],
      [0, 1, "not seen"],
      [9, 9, "does not hold"],
    ] as const) {
      Object.assign(laws.ensembleEffective.energy, { value: effective, standardError: 1 });
      Object.assign(laws.ensembleAverage.energy, { value: average, standardError: 1 });
      expect(verdictOf("trained", copy)).toBe(verdict);
    }
    for (const [value, verdict] of [
      [0.9, "holds"],
      [-0.5, "does not hold"],
    ] as const) {
      Object.assign(copy.trained?.correlations[0] as object, { correlation: value });
      Object.assign(copy.trained?.correlations[1] as object, { correlation: 0.9 });
      expect(verdictOf("trained-boundaries", copy)).toBe(verdict);
    }
  });

  it("refuses networks of another process, one alone, and none", { tags: ["long"] }, async () => {
    await vkernel("train", "polygon", "--process", "ve", "--members", "2", "--steps", "1", "--out", "ve");
    for (const [path, code, message] of [
      ["ve", 2, "--ensemble ve/network-001.vkn: expected"],
      ["nets/network-001.vkn", 2, "--ensemble expected at least two networks, got 1"],
      ["nowhere", 5, "nowhere"],
    ] as const) {
      const refused = await vkernel(...quick, "--ensemble", path, "--out", "r.html");
      expect([path, refused.code, refused.stderr]).toEqual([path, code, expect.stringContaining(message)]);
      expect(existsSync(at("r.html"))).toBe(false);
    }
  });
});
