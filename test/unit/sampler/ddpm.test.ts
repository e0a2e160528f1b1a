// The discrete levels of DDPM against their defining formulas in whole-number arithmetic of 70 decimal places: nothing
// of the oracle is float64 but the last conversion.
import { describe, expect, it } from "vitest";
import { type DdpmSchedule, ddpm, processPresets } from "../../../src/process/index.js";

const one = 10n ** 70n;
const mul = (a: bigint, b: bigint): bigint => (a * b) / one;
const div = (a: bigint, b: bigint): bigint => (a * one) / b;

/** The whole square root, by Newton's method. */
function root(a: bigint): bigint {
  const target = a * one;
  if (target === 0n) return 0n;
  let x = 1n << BigInt((target.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (x + target / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

/** The arctangent of 1 / n. */
function arctangent(n: bigint): bigint {
  let power = one / n;
  let sum = 0n;
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += k % 4n === 1n ? power / k : -(power / k);
    power /= n * n;
  }
  return sum;
}

/** Machin, 1706. */
const pi = 4n * (4n * arctangent(5n) - arctangent(239n));

function cosine(x: bigint): bigint {
  const square = mul(x, x);
  let term = one;
  let sum = 0n;
  for (let k = 1n; term !== 0n; k += 2n) {
    sum += term;
    term = -mul(term, square) / (k * (k + 1n));
  }
  return sum;
}

/** A decimal number, such as "0.00085". */
function decimal(text: string): bigint {
  const [whole, part = ""] = text.split(".") as [string, string?];
  return BigInt(whole + part) * 10n ** BigInt(70 - part.length);
}

/** 17 significant digits of a fixed-point number. */
function toNumber(a: bigint): number {
  const digits = a.toString();
  const cut = Math.max(0, digits.length - 25);
  return Number(`${digits.slice(0, digits.length - cut)}e${cut - 70}`);
}

/** The betas as the sources define them: DDPM, Sec. 4; diffusers' scaled_linear; Nichol and Dhariwal, Eq. 17. */
function exactBetas(schedule: DdpmSchedule, steps: number): bigint[] {
  const n = BigInt(steps);
  if (schedule === "cosine") {
    // alpha_bar(t) = cos^2((t + 0.008) / 1.008 pi / 2) at t = i / n
    const bar = Array.from({ length: steps + 1 }, (_, i) => {
      const angle = (pi * (1000n * BigInt(i) + 8n * n)) / (2n * 1008n * n);
      const c = cosine(angle);
      return mul(c, c);
    });
    const cap = decimal("0.999");
    return bar.slice(1).map((next, i) => {
      const beta = one - div(next, bar[i] as bigint);
      return beta < cap ? beta : cap;
    });
  }
  const scaled = schedule === "scaledLinear";
  const ends = scaled ? ["0.00085", "0.012"] : ["0.0001", "0.02"];
  const [first, last] = ends.map((text) => (scaled ? root(decimal(text)) : decimal(text))) as [
    bigint,
    bigint,
  ];
  return Array.from({ length: steps }, (_, i) => {
    const value = first + ((last - first) * BigInt(i)) / (n - 1n);
    return scaled ? mul(value, value) : value;
  });
}

const relative = (got: number, exact: bigint): number => {
  const expected = toNumber(exact);
  return expected === 0 ? Math.abs(got) : Math.abs(got / expected - 1);
};

/** What is asked for; sums of 1,000 logarithms in two parts leave about 1e-15, a beta of 0.999 leaves 3e-14 in 1 - beta. */
const tolerance = 1e-13;

describe("the oracle", () => {
  it("has pi, cosines and roots", () => {
    expect(pi.toString().slice(0, 60)).toBe("314159265358979323846264338327950288419716939937510582097494");
    expect(toNumber(cosine(pi / 3n))).toBe(0.5);
    expect(toNumber(root(2n * one))).toBe(Math.SQRT2);
    expect(toNumber(decimal("0.00085"))).toBe(0.00085);
  });
});

describe.each(["linear", "scaledLinear", "cosine"] as const)("%s, 1,000 steps", (schedule) => {
  const steps = 1000;
  const process = ddpm({ schedule });
  const betas = exactBetas(schedule, steps);
  const bars = [one];
  for (const beta of betas) bars.push(mul(bars[bars.length - 1] as bigint, one - beta));
  const bar = (i: number) => bars[i] as bigint;

  it("betas and alphasCumprod are those of the source", () => {
    // The cosine's are the worst: four sines of two units and the rounding of their arguments, six operations.
    const got = process.betas;
    expect(got.length).toBe(steps);
    expect(Math.max(...betas.map((beta, i) => relative(got[i] as number, beta)))).toBeLessThan(5e-15);
    const cumprod = process.alphasCumprod;
    expect(Math.max(...Array.from(cumprod, (value, k) => relative(value, bar(k + 1))))).toBeLessThan(
      tolerance,
    );
  });

  it("posterior means and variances are Eq. 7 of DDPM at every step", () => {
    let worst = 0;
    for (let i = 1; i <= steps; i++) {
      const beta = betas[i - 1] as bigint;
      const got = process.posterior(i);
      const rest = one - bar(i);
      const before = one - bar(i - 1);
      worst = Math.max(
        worst,
        relative(got.meanCoefficientX0, div(mul(root(bar(i - 1)), beta), rest)),
        relative(got.meanCoefficientX, div(mul(root(one - beta), before), rest)),
        relative(got.variance, div(mul(before, beta), rest)),
      );
    }
    expect(worst).toBeLessThan(tolerance);
    expect(process.posterior(1)).toEqual({ meanCoefficientX0: 1, meanCoefficientX: 0, variance: 0 });
  });

  it("alpha, S, sigma and transitions are those of the levels, without cancellation", () => {
    for (let i = 1; i <= steps; i += 37) {
      expect(relative(process.alpha(i), root(bar(i)))).toBeLessThan(tolerance);
      expect(relative(process.variance(i), one - bar(i))).toBeLessThan(tolerance);
      expect(relative(process.sigma(i), root(div(one - bar(i), bar(i))))).toBeLessThan(tolerance);
      for (const j of [i - 1, Math.max(0, i - 2), i >> 1, 0]) {
        const { scale, variance } = process.transition(j, i);
        const share = div(bar(i), bar(j));
        expect(relative(scale, root(share))).toBeLessThan(tolerance);
        expect(relative(variance, one - share)).toBeLessThan(tolerance);
      }
    }
    const last = process.transition(steps - 1, steps);
    expect(relative(last.variance, betas[steps - 1] as bigint)).toBeLessThan(tolerance);
  });

  it("keeps the digits of a transition over three pieces, late as early", () => {
    // A beta's 5e-15 and a few roundings; differences of plain running sums of up to 20 would lose 2e-14 and more.
    let worst = 0;
    for (let i = 3; i <= steps; i++) {
      const { variance } = process.transition(i - 3, i);
      worst = Math.max(worst, relative(variance, one - div(bar(i), bar(i - 3))));
    }
    expect(worst).toBeLessThan(6e-15);
  });

  it("log alpha^2 is linear between levels; a rate belongs to the piece that ends at its level", () => {
    const middle = Math.log(process.alpha(499)) + Math.log(process.alpha(500));
    expect(Math.abs(2 * Math.log(process.alpha(499.5)) - middle)).toBeLessThan(1e-13);
    for (const i of [1, 2, 500, 1000]) {
      // -log(1 - beta) / 2, by the host: 1 - beta is exact to 1e-16.
      const rate = -0.5 * Math.log1p(-(process.betas[i - 1] as number));
      for (const t of [i, i - 0.25, i - 0.999]) {
        expect(Math.abs(process.beta(t) / rate - 1)).toBeLessThan(1e-14);
        expect(process.diffusion(t)).toBe(process.beta(t));
      }
    }
    expect(process.beta(0)).toBe(process.beta(1));
    // Within one piece and across several: the parts compose.
    for (const [s, u, t] of [
      [3.1, 3.5, 3.9],
      [3.1, 4, 4.2],
      [0, 0.5, 999.75],
      [998.5, 999, 1000],
    ] as const) {
      const whole = process.transition(s, t);
      const first = process.transition(s, u);
      const second = process.transition(u, t);
      expect(Math.abs(first.scale * second.scale - whole.scale)).toBeLessThan(1e-14);
      const sum = second.scale ** 2 * first.variance + second.variance;
      expect(Math.abs(sum / whole.variance - 1)).toBeLessThan(1e-13);
    }
  });

  it("has the time of every level, and more of it beyond the end", () => {
    for (let i = 1; i <= steps; i++) {
      expect(Math.abs(process.timeOfSigma(process.sigma(i)) / i - 1)).toBeLessThan(tolerance);
    }
    expect(process.timeOfSigma(0)).toBe(0);
    expect(process.timeOfSigma(2 * process.sigma(steps))).toBeGreaterThan(steps);
  });
});

describe("ddpm", () => {
  it("has the last levels that these schedules are known for", () => {
    const last = (["ddpm", "stableDiffusion", "improvedDdpm"] as const).map((name) => {
      const process = processPresets[name].make();
      return process.alpha(process.end) ** 2;
    });
    expect(last.map((value) => value.toPrecision(4))).toEqual(["0.00004036", "0.004660", "2.429e-9"]);
  });

  it("keeps its arrays out of reach and says what it was made with", () => {
    const process = ddpm({ schedule: "linear", steps: 10, betaStart: 0.01, betaEnd: 0.2 });
    process.betas.fill(7);
    process.alphasCumprod.fill(7);
    expect([process.betas[0], process.betas[9]]).toEqual([0.01, 0.2]);
    expect(process.alphasCumprod[0]).toBeCloseTo(0.99, 15);
    expect(process.parameters).toEqual({ schedule: "linear", steps: 10, betaStart: 0.01, betaEnd: 0.2 });
    expect(ddpm({ schedule: "cosine", steps: 4 }).parameters).toEqual({ schedule: "cosine", steps: 4 });
    expect(ddpm({ schedule: "scaledLinear", steps: 1 }).betas[0]).toBeCloseTo(0.00085, 18);
    expect([process.end, process.name, process.schedule]).toEqual([10, "ddpm", "linear"]);
    expect(ddpm({ schedule: "cosine", steps: 1 }).betas[0]).toBe(0.999);
  });

  const bad: [string, unknown, string, string][] = [
    ["no options", undefined, "E_TYPE", "schedule"],
    ["no schedule", { steps: 10 }, "E_TYPE", "schedule"],
    ["an unknown schedule", { schedule: "linaer" }, "E_USAGE", "schedule"],
    ["steps 0", { schedule: "linear", steps: 0 }, "E_RANGE", "steps"],
    ["steps 1.5", { schedule: "linear", steps: 1.5 }, "E_RANGE", "steps"],
    ["betaStart 0", { schedule: "linear", betaStart: 0 }, "E_RANGE", "betaStart"],
    ["betaEnd 1", { schedule: "linear", betaEnd: 1 }, "E_RANGE", "betaEnd"],
    ["betaEnd NaN", { schedule: "linear", betaEnd: Number.NaN }, "E_NONFINITE", "betaEnd"],
    ["nothing left", { schedule: "linear", betaEnd: 0.9999 }, "E_RANGE", "betaEnd"],
    ["ends of a cosine", { schedule: "cosine", betaEnd: 0.02 }, "E_USAGE", "betaEnd"],
    ["a misspelt option", { schedule: "cosine", step: 3 }, "E_USAGE", "step"],
  ];
  it.each(bad)("refuses %s", (_, options, code, argument) => {
    expect(() => ddpm(options as never)).toThrow(
      expect.objectContaining({ name: "VkernelError", code, argument }),
    );
  });

  it("refuses a posterior of no level", () => {
    const process = ddpm({ schedule: "linear", steps: 10 });
    for (const i of [0, 11, 1.5]) {
      expect(() => process.posterior(i)).toThrow(expect.objectContaining({ code: "E_RANGE", argument: "i" }));
    }
    expect(() => process.posterior("1" as never)).toThrow(expect.objectContaining({ code: "E_TYPE" }));
  });
});
