// Tables of 30 digits at float64 arguments, by mpmath: `scripts/generate/special.py`. Errors are relative to the exact value at
// the float64 argument, whatever its condition.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cos, sin } from "../../../src/numeric/circular.js";
import { exp, expm1, log, log1p, log2, pow, scaledExp } from "../../../src/numeric/elementary.js";
import { sineOfQuarter } from "../../../src/numeric/sine.js";
import { normalCdf, normalDensity, normalMass, owenT, upperGamma } from "../../../src/numeric/special.js";
import { smoothingLossLimit } from "../../../src/theory/smoothingLoss.js";

type Row = readonly [...number[], string];
const tables = JSON.parse(
  readFileSync(new URL("../../golden/special.json", import.meta.url), "utf8"),
) as Record<string, readonly Row[]>;

/** The least normal number; below it results have steps of 2^-1074. */
const LEAST = 2 ** -1022;
const STEP = 2 ** -1074;

/** The largest relative error, and where it is. */
function worst(name: string, f: (...x: number[]) => number): { error: number; at: string } {
  let most = { error: 0, at: "" };
  for (const row of tables[name] as readonly Row[]) {
    const x = row.slice(0, -1) as number[];
    const truth = Number(row[row.length - 1]);
    const value = f(...x);
    const off = Math.abs(value - truth);
    const size = Math.abs(truth);
    // Below the normal range steps count, three of them.
    const error = size < LEAST ? (off <= 3 * STEP ? 0 : Number.POSITIVE_INFINITY) : off / size;
    if (!(error <= most.error)) most = { error, at: `${name}(${x.join(", ")}) = ${value}, not ${truth}` };
  }
  return most;
}

const functions: Record<string, (...x: number[]) => number> = {
  exp: (x) => exp(x as number),
  expm1: (x) => expm1(x as number),
  log: (x) => log(x as number),
  log2: (x) => log2(x as number),
  log1p: (x) => log1p(x as number),
  pow: (x, y) => pow(x as number, y as number),
  sin: (x) => sin(x as number),
  cos: (x) => cos(x as number),
  sineOfQuarter: (u) => sineOfQuarter(u as number),
  normalDensity: (z) => normalDensity(z as number),
  normalCdf: (z) => normalCdf(z as number),
  smoothingLossLimit: (kappa) => smoothingLossLimit(kappa as number),
  normalMass: (a, b) => normalMass(a as number, b as number),
  owenT: (h, a) => owenT(h as number, a as number),
  upperGamma: (a, x) => upperGamma(a as number, x as number),
  upperGammaBig: (a, x) => upperGamma(a as number, x as number),
};

describe("special functions against 30 digits", () => {
  for (const [name, f] of Object.entries(functions)) {
    const most = name === "upperGammaBig" ? 1e-13 : 4e-15;
    it(`${name} within ${most} of the exact value at float64 arguments`, () => {
      const { error, at } = worst(name, f);
      expect(error, at).toBeLessThanOrEqual(most);
      expect((tables[name] as readonly Row[]).length).toBeGreaterThan(name === "upperGammaBig" ? 60 : 200);
    });
  }

  it("every table is tested", () => {
    expect(Object.keys(tables).sort()).toEqual(Object.keys(functions).sort());
  });

  it("at the ends", () => {
    const { POSITIVE_INFINITY: infinity, NaN: nan } = Number;
    expect([normalCdf(-infinity), normalCdf(0), normalCdf(infinity), normalCdf(-40)]).toEqual([0, 0.5, 1, 0]);
    expect([normalDensity(infinity), normalDensity(-1e200)]).toEqual([0, 0]);
    expect([
      normalMass(-infinity, infinity),
      normalMass(0, infinity),
      normalMass(3, 3),
      normalMass(4, 3),
    ]).toEqual([1, 0.5, 0, 0]);
    expect(normalMass(-infinity, -1)).toBe(normalCdf(-1));
    expect([owenT(infinity, 1), owenT(3, 0), owenT(0, infinity)]).toEqual([0, 0, 0.25]);
    expect([upperGamma(3, 0), upperGamma(3, infinity), upperGamma(infinity, 3), upperGamma(1, 1e4)]).toEqual([
      1, 0, 1, 0,
    ]);
    expect([smoothingLossLimit(0), smoothingLossLimit(1e300)]).toEqual([1, 0]);
    expect([pow(0, 0), pow(0, 2), pow(0, -2), pow(2, 1e6), pow(2, -1e6), pow(2, 1000)]).toEqual([
      1,
      0,
      infinity,
      infinity,
      0,
      2 ** 1000,
    ]);
    expect([scaledExp(-2000, 0, 1), scaledExp(2000, 0, 1)]).toEqual([0, infinity]);
    for (const f of [normalCdf, normalDensity]) expect(f(nan)).toBeNaN();
    expect([normalMass(nan, 1), normalMass(1, nan), upperGamma(nan, 1), upperGamma(1, nan)]).toEqual([
      nan,
      nan,
      nan,
      nan,
    ]);
  });
});
