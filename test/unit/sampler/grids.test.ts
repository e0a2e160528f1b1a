import { describe, expect, it } from "vitest";
import { anisotropic } from "../../../src/score/index.js";
import { ddpm, edm, ou, songVp, ve, vp } from "../../../src/process/index.js";
import {
  type Grid,
  type GridOptions,
  karras,
  linear,
  logarithmic,
  logSnr,
  squareRoot,
  type TimestepsOptions,
  times,
  timesteps,
} from "../../../src/sampler/grids/index.js";

/** Each time is a handful of pow, exp and log calls. */
const tolerance = 1e-13;

const byName: [string, (options: GridOptions) => Grid][] = [
  ["karras", karras],
  ["logSnr", logSnr],
  ["linear", linear],
  ["logarithmic", logarithmic],
  ["squareRoot", squareRoot],
];

function expectTimes(got: Float64Array, expected: readonly number[]): void {
  expect(got.length).toBe(expected.length);
  got.forEach((t, i) => {
    expect(Math.abs(t - (expected[i] as number)), `time ${i}`).toBeLessThanOrEqual(
      tolerance * (expected[i] as number),
    );
  });
}

describe.each(byName)("%s", (name, make) => {
  it.each([edm(), ve(), vp(), songVp(), ou()].map((process) => [process.name, process] as const))(
    "descends on %s, steps + 1 long, with the given ends to the bit",
    (_, process) => {
      for (const steps of [1, 2, 3, 18, 257]) {
        const last = make({ steps, tMax: 0.987, tMin: 0.00123, last: "sigmaMin" }).times(process);
        expect(last).toBeInstanceOf(Float64Array);
        expect(last.length).toBe(steps + 1);
        expect(last[0]).toBe(0.987);
        expect(last[steps]).toBe(0.00123);
        const zero = make({ steps, tMax: 0.987, tMin: 0.00123, last: "zero" }).times(process);
        expect(zero.length).toBe(steps + 1);
        expect(zero[0]).toBe(0.987);
        if (steps > 1) expect(zero[steps - 1]).toBe(0.00123);
        expect(zero[steps]).toBe(0);
        // "zero" is one step shorter, and 0 after it.
        if (steps > 1) {
          const shorter = make({ steps: steps - 1, tMax: 0.987, tMin: 0.00123, last: "sigmaMin" });
          expect(Array.from(zero.subarray(0, steps))).toEqual(Array.from(shorter.times(process)));
        }
        for (const grid of [last, zero]) {
          for (let i = 0; i < steps; i++) expect(grid[i]).toBeGreaterThan(grid[i + 1] as number);
        }
      }
    },
  );

  it("takes noise levels, which are times on edm", () => {
    const options = { steps: 12, last: "sigmaMin" } as const;
    const levels = make({ ...options, sigmaMax: 3, sigmaMin: 0.1 });
    const timesOf = make({ ...options, tMax: 3, tMin: 0.1 });
    expect(Array.from(levels.times(edm()))).toEqual(Array.from(timesOf.times(edm())));
    const onVe = levels.times(ve());
    expect([onVe[0], onVe[12]]).toEqual([9, 0.1 * 0.1]);
    expect(levels.name).toBe(name);
    expect(levels.parameters).toMatchObject({ steps: 12, last: "sigmaMin", sigmaMax: 3, sigmaMin: 0.1 });
  });

  it("refuses a level or time beyond the end of the process, by name", () => {
    const end = vp().sigma(1);
    const first = make({ steps: 4, sigmaMax: end, sigmaMin: 0.01 }).times(vp())[0] as number;
    expect(first).toBeLessThanOrEqual(1);
    expect(first).toBeGreaterThan(1 - tolerance);
    expect(make({ steps: 4, tMax: 1, tMin: 0.01 }).times(vp())[0]).toBe(1);
    expect(() => make({ steps: 4, sigmaMax: end * 1.001, sigmaMin: 0.01 }).times(vp())).toThrow(
      expect.objectContaining({ code: "E_RANGE", argument: "sigmaMax" }),
    );
    expect(() => make({ steps: 4, tMax: 1.001, tMin: 0.01 }).times(vp())).toThrow(
      expect.objectContaining({ code: "E_RANGE", argument: "tMax" }),
    );
  });

  it("refuses more steps than float64 can tell apart", () => {
    const grid = make({ steps: 100, tMax: 1 + 2 ** -50, tMin: 1, last: "sigmaMin" });
    expect(() => grid.times(edm())).toThrow(expect.objectContaining({ code: "E_RANGE", argument: "steps" }));
  });

  const ends = { tMax: 1, tMin: 0.1 };
  const bad: [string, unknown, string, string?][] = [
    ["no options", undefined, "E_TYPE"],
    ["no steps", { ...ends }, "E_TYPE", "steps"],
    ["steps 0", { ...ends, steps: 0 }, "E_RANGE", "steps"],
    ["steps -1", { ...ends, steps: -1 }, "E_RANGE", "steps"],
    ["steps 1.5", { ...ends, steps: 1.5 }, "E_RANGE", "steps"],
    ["steps 1e10", { ...ends, steps: 1e10 }, "E_RANGE", "steps"],
    ["steps NaN", { ...ends, steps: Number.NaN }, "E_RANGE", "steps"],
    ["steps as text", { ...ends, steps: "10" }, "E_TYPE", "steps"],
    ["both pairs", { ...ends, steps: 4, sigmaMin: 0.1, sigmaMax: 1 }, "E_USAGE"],
    ["a mixed pair", { steps: 4, sigmaMin: 0.1, tMax: 1 }, "E_USAGE"],
    ["half a pair of times", { steps: 4, tMax: 1 }, "E_USAGE", "tMin"],
    ["tMin above tMax", { steps: 4, tMin: 2, tMax: 1 }, "E_RANGE", "tMax"],
    ["equal ends", { steps: 4, tMin: 1, tMax: 1 }, "E_RANGE", "tMax"],
    ["a negative end", { steps: 4, tMin: -1, tMax: 1 }, "E_RANGE", "tMin"],
    [
      "an infinite end",
      { steps: 4, sigmaMin: 1, sigmaMax: Number.POSITIVE_INFINITY },
      "E_NONFINITE",
      "sigmaMax",
    ],
    ["an unknown last", { ...ends, steps: 4, last: "one" }, "E_USAGE", "last"],
    ["a misspelt option", { ...ends, step: 4 }, "E_USAGE", "step"],
    ["lower end 0 and then 0 again", { steps: 4, tMin: 0, tMax: 1, last: "zero" }, "E_RANGE", "tMin"],
  ];
  it.each(bad)("refuses %s", (_, options, code, argument) => {
    expect(() => make(options as never)).toThrow(
      expect.objectContaining({
        name: "VkernelError",
        code,
        ...(argument === undefined ? {} : { argument }),
      }),
    );
  });
});

describe("spacing", () => {
  it("karras has EDM's own levels by default", () => {
    const got = karras({ steps: 18 }).times(edm());
    const a = 80 ** (1 / 7);
    const b = 0.002 ** (1 / 7);
    const expected = Array.from({ length: 18 }, (_, i) => (a + (i / 17) * (b - a)) ** 7);
    expectTimes(got, [...expected, 0]);
    expect([got[0], got[17], got[18]]).toEqual([80, 0.002, 0]);
    expect(karras({ steps: 18 }).parameters).toEqual({
      steps: 18,
      last: "zero",
      sigmaMin: 0.002,
      sigmaMax: 80,
      rho: 7,
    });
    // k-diffusion, get_sigmas_karras(10, 0.1, 10): levels 1 and 5
    const other = karras({ steps: 10, sigmaMin: 0.1, sigmaMax: 10 }).times(edm());
    expect(other[1]).toBeCloseTo((10 ** (1 / 7) + (0.1 ** (1 / 7) - 10 ** (1 / 7)) / 9) ** 7, 12);
    expect(karras({ steps: 4, rho: 1, sigmaMin: 1, sigmaMax: 4 }).times(edm())).toEqual(
      Float64Array.of(4, 3, 2, 1, 0),
    );
  });

  it("logSnr divides sigma by the same factor, on every process", () => {
    for (const process of [edm(), ve(), vp(), ou()]) {
      const got = logSnr({ steps: 4, sigmaMax: 100, sigmaMin: 0.01 }).times(process);
      got.forEach((t, i) => {
        expect(process.sigma(t) / 10 ** (2 - i)).toBeCloseTo(1, 12);
      });
    }
  });

  it("linear, logarithmic and squareRoot space the time", () => {
    expectTimes(linear({ steps: 4, tMax: 2, tMin: 1 }).times(ou()), [2, 1.75, 1.5, 1.25, 1]);
    expectTimes(logarithmic({ steps: 3, tMax: 10, tMin: 0.01 }).times(ou()), [10, 1, 0.1, 0.01]);
    expectTimes(squareRoot({ steps: 3, tMax: 16, tMin: 1 }).times(ou()), [16, 9, 4, 1]);
    expectTimes(linear({ steps: 2, tMax: 1, tMin: 0 }).times(ou()), [1, 0.5, 0]);
    expectTimes(squareRoot({ steps: 2, tMax: 1, tMin: 0 }).times(ve()), [1, 0.25, 0]);
  });

  it("refuses rho below 1 and unknown rho elsewhere", () => {
    expect(() => karras({ steps: 4, rho: 0 })).toThrow(
      expect.objectContaining({ code: "E_RANGE", argument: "rho" }),
    );
    expect(() => linear({ steps: 4, tMin: 0.1, tMax: 1, rho: 7 } as never)).toThrow(
      expect.objectContaining({ code: "E_USAGE" }),
    );
  });
});

describe("times", () => {
  it("takes any descending list and copies it", () => {
    const list = [3, 1.5, 0.1, 0];
    const grid = times(list);
    list[0] = 9;
    grid.times(edm())[0] = 9;
    expect(Array.from(grid.times(edm()))).toEqual([3, 1.5, 0.1, 0]);
    expect(Array.from(times(Float32Array.of(1, 0.5)).times(vp()))).toEqual([1, 0.5]);
    expect(Object.is(times([1, -0]).times(edm())[1], 0)).toBe(true);
  });

  const bad: [string, unknown, string][] = [
    ["empty", [], "E_RANGE"],
    ["one time", [1], "E_RANGE"],
    ["ascending", [1, 2], "E_RANGE"],
    ["unsorted", [3, 1, 2], "E_RANGE"],
    ["repeats", [3, 1, 1], "E_RANGE"],
    ["negative", [3, 1, -1], "E_RANGE"],
    ["NaN", [3, Number.NaN], "E_NONFINITE"],
    ["infinite", [Number.POSITIVE_INFINITY, 1], "E_NONFINITE"],
    ["text", ["3", "1"], "E_TYPE"],
    ["no list", 7, "E_TYPE"],
    ["nothing", undefined, "E_TYPE"],
    ["Int32Array", Int32Array.of(3, 1), "E_TYPE"],
  ];
  it.each(bad)("refuses: %s", (_, list, code) => {
    expect(() => times(list as never)).toThrow(expect.objectContaining({ name: "VkernelError", code }));
  });

  it("refuses times beyond the end of the process", () => {
    expect(() => times([1.1, 0.5]).times(vp())).toThrow(expect.objectContaining({ code: "E_RANGE" }));
  });
});

describe("timesteps", () => {
  const process = ddpm({ schedule: "linear" });
  const spacings = ["leading", "linspace", "trailing"] as const;
  /** diffusers' timesteps, from 0 to T - 1. */
  const timestepsOf = (options: TimestepsOptions, on = process): number[] =>
    Array.from(timesteps(options).times(on).subarray(0, options.steps), (t) => t - 1);

  it("are those of diffusers' formulas run in NumPy 2.4", () => {
    expect(timestepsOf({ steps: 4, spacing: "leading" })).toEqual([750, 500, 250, 0]);
    expect(timestepsOf({ steps: 7, spacing: "leading", offset: 1 })).toEqual([
      853, 711, 569, 427, 285, 143, 1,
    ]);
    expect(timestepsOf({ steps: 4, spacing: "linspace" })).toEqual([999, 666, 333, 0]);
    expect(timestepsOf({ steps: 7, spacing: "linspace" })).toEqual([999, 832, 666, 500, 333, 166, 0]);
    expect(timestepsOf({ steps: 1, spacing: "linspace" })).toEqual([0]);
    expect(timestepsOf({ steps: 4, spacing: "trailing" })).toEqual([999, 749, 499, 249]);
    expect(timestepsOf({ steps: 7, spacing: "trailing" })).toEqual([999, 856, 713, 570, 428, 285, 142]);
    // Halves: 62.5 apart, to the even neighbour.
    expect(timestepsOf({ steps: 16, spacing: "trailing" })).toEqual([
      999, 937, 874, 811, 749, 687, 624, 561, 499, 437, 374, 311, 249, 187, 124, 61,
    ]);
  });

  it.each([
    ["leading", 1020742582, 1137529032],
    ["linspace", 889222597, 2037847653],
    ["trailing", 468290876, 1868793901],
  ] as const)("%s: at every number of steps, by a sum that NumPy's lists gave too", (spacing, ...sums) => {
    // Sums of the first n of each list: arange gives one more, -1, where n T / n rounds up.
    for (const [k, total] of [1000, 97].entries()) {
      const on = ddpm({ schedule: "linear", steps: total });
      let sum = 0;
      for (let steps = 1; steps <= total; steps++) {
        timestepsOf({ steps, spacing }, on).forEach((value, i) => {
          sum = (sum * 31 + (value + 1) * (i + 1)) % 2147483647;
        });
      }
      expect(sum).toBe(sums[k]);
    }
  });

  it.each(spacings)("%s: descends to 0, visits every level at full length", (spacing) => {
    const all = timesteps({ steps: 1000, spacing }).times(process);
    expect(Array.from(all)).toEqual(Array.from({ length: 1001 }, (_, i) => 1000 - i));
    for (const steps of [1, 3, 10, 333, 999]) {
      const got = timesteps({ steps, spacing }).times(process);
      expect([got.length, got[steps]]).toEqual([steps + 1, 0]);
      for (let i = 0; i < steps; i++) expect(got[i]).toBeGreaterThan(got[i + 1] as number);
      // One level more in place of the 0.
      const open = timesteps({ steps, spacing, last: "sigmaMin" }).times(process);
      const longer = timesteps({ steps: steps + 1, spacing }).times(process);
      expect(Array.from(open)).toEqual(Array.from(longer.subarray(0, steps + 1)));
    }
  });

  it("takes a process made from ddpm, and refuses others by name", () => {
    const tilted = anisotropic(process, { covariance: [[2]] });
    expect(timestepsOf({ steps: 2, spacing: "trailing" }, tilted as never)).toEqual([999, 499]);
    expect(() => timesteps({ steps: 2, spacing: "trailing" }).times(vp())).toThrow(
      expect.objectContaining({ code: "E_USAGE", argument: "grid", got: '"vp"' }),
    );
    expect(timesteps({ steps: 2, spacing: "leading", offset: 1 }).parameters).toEqual({
      steps: 2,
      spacing: "leading",
      offset: 1,
      last: "zero",
    });
  });

  const bad: [string, unknown, string, string][] = [
    ["nothing", undefined, "E_TYPE", "options"],
    ["no spacing", { steps: 4 }, "E_TYPE", "spacing"],
    ["an unknown spacing", { steps: 4, spacing: "trail" }, "E_USAGE", "spacing"],
    ["steps 0", { steps: 0, spacing: "leading" }, "E_RANGE", "steps"],
    ["an offset elsewhere", { steps: 4, spacing: "trailing", offset: 1 }, "E_USAGE", "offset"],
    ["a negative offset", { steps: 4, spacing: "leading", offset: -1 }, "E_RANGE", "offset"],
    ["a misspelt option", { steps: 4, spacings: "leading" }, "E_USAGE", "spacings"],
  ];
  it.each(bad)("refuses %s", (_, options, code, argument) => {
    expect(() => timesteps(options as never)).toThrow(expect.objectContaining({ code, argument }));
  });

  it("refuses more steps than levels, and an offset beyond the last", () => {
    for (const spacing of spacings) {
      expect(() => timesteps({ steps: 1001, spacing }).times(process)).toThrow(
        expect.objectContaining({ code: "E_RANGE", argument: "steps" }),
      );
      expect(() => timesteps({ steps: 1000, spacing, last: "sigmaMin" }).times(process)).toThrow(
        expect.objectContaining({ code: "E_RANGE", argument: "steps" }),
      );
    }
    expect(timestepsOf({ steps: 4, spacing: "leading", offset: 249 })[0]).toBe(999);
    expect(() => timesteps({ steps: 4, spacing: "leading", offset: 250 }).times(process)).toThrow(
      expect.objectContaining({ code: "E_RANGE", argument: "offset" }),
    );
  });
});
