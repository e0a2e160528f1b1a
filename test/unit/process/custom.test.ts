import { describe, expect, it } from "vitest";
import { type CustomProcessOptions, customProcess, ddpm, ou, vp } from "../../../src/process/index.js";
import { gaussLegendre, integral } from "../../../src/numeric/quadrature.js";
import { karras } from "../../../src/sampler/grids/index.js";

/** What quadrature promises. */
const quadrature = 1e-13;
const close = (a: number, b: number, relative: number, what = ""): void => {
  expect(Math.abs(a - b), `${what}: ${a} and ${b}`).toBeLessThanOrEqual(relative * Math.abs(b));
};
const ouOptions: CustomProcessOptions = {
  alpha: (t) => Math.exp(-t),
  variance: (t) => 1 - Math.exp(-2 * t),
  beta: () => 1,
  diffusion: () => 1,
  end: Number.POSITIVE_INFINITY,
};
/** beta = 1, D = t: S = t - (1 - e^-2t) / 2, by its series where it cancels. */
const ramp = (t: number): number => {
  if (t > 0.5) return t + Math.expm1(-2 * t) / 2;
  let term = t;
  let sum = 0;
  for (let k = 2; k < 40; k++) {
    term *= (-2 * t) / k;
    sum -= term;
  }
  return sum;
};

describe("quadrature", () => {
  it("has nodes and weights exact to degree 31", () => {
    const { nodes, weights } = gaussLegendre(16);
    for (let degree = 0; degree <= 31; degree++) {
      const sum = weights.reduce((total, w, i) => total + w * (nodes[i] as number) ** degree, 0);
      close(sum, 1 / (degree + 1), 4e-15, `degree ${degree}`);
    }
  });

  it("finds what crowds at an end, jumps and roots", () => {
    close(
      integral((u) => Math.exp(-2 * (700 - u)), 0, 700),
      0.5,
      quadrature,
    );
    close(
      integral((u) => 1 / Math.sqrt(u), 0, 4),
      4,
      1e-12,
    );
    close(
      integral((u) => (u < 0.3 ? 1 : 5), 0, 1),
      3.8,
      quadrature,
    );
    close(integral(Math.sin, 0, 10), 1 - Math.cos(10), quadrature);
    expect(integral(() => 1, 2, 2)).toBe(0);
  });

  it("refuses what it cannot resolve, at once", () => {
    let state = 1;
    const noise = () => {
      state = (state * 48271) % 2147483647;
      return state;
    };
    expect(() => integral(noise, 0, 1)).toThrow(expect.objectContaining({ code: "E_LIMIT" }));
  });
});

describe("what is left out is computed", () => {
  it("S = alpha_t^2 int 2 D / alpha^2: beta = 1, D = t, t = 0.8 gives 0.400948", () => {
    const options = { beta: () => 1, diffusion: (t: number) => t, end: 5 };
    const process = customProcess(options);
    expect(process.variance(0.8).toFixed(6)).toBe("0.400948");
    const withAlpha = customProcess({ ...options, alpha: (t) => Math.exp(-t) });
    for (const t of [1e-6, 1e-3, 0.1, 0.8, 2.5, 5]) {
      close(process.variance(t), ramp(t), quadrature, "S");
      close(withAlpha.variance(t), ramp(t), quadrature, "S by alpha");
      close(process.alpha(t), Math.exp(-t), quadrature, "alpha");
      // v(s, t) = int_s^t 2 u e^(-2 (t - u)) du = [(u - 1/2) e^(-2 (t - u))]
      const s = 0.7 * t;
      const own = customProcess({ ...options, alpha: (u) => Math.exp(-u), variance: ramp });
      const { scale, variance } = own.transition(s, t);
      close(scale, Math.exp(s - t), quadrature, "scale");
      close(variance, ramp(t) - scale * scale * ramp(s), 1e-12, "v");
    }
  });

  it("as far as alpha reaches", () => {
    const process = customProcess({ beta: () => 1, diffusion: () => 1, end: Number.POSITIVE_INFINITY });
    for (const t of [1e-12, 1e-6, 0.3, 5, 100, 300]) {
      close(process.variance(t), ou().variance(t), quadrature);
      close(process.alpha(t), ou().alpha(t), 1e-13);
      close(process.timeOfSigma(ou().sigma(t)), t, quadrature);
    }
  });

  it("alpha from beta where the variance is given", () => {
    const { alpha, ...rest } = ouOptions;
    close(customProcess(rest).alpha(2), Math.exp(-2), quadrature);
  });

  it("rates that jump", { tags: ["long"] }, () => {
    const process = customProcess({
      beta: (t) => (t <= 1 ? 0.25 : 2),
      diffusion: (t) => (t <= 1 ? 0.25 : 2),
      end: 2,
    });
    close(process.variance(1.5), -Math.expm1(-2.5), quadrature);
    close(process.timeOfSigma(Math.sqrt(Math.expm1(2.5))), 1.5, quadrature);
  });
});

describe("all given", () => {
  const process = customProcess(ouOptions);

  it("does not cancel in transitions, where S_t - scale^2 S_s would lose all digits", () => {
    for (const t of [0.01, 1, 20]) {
      for (const step of [2 ** -40, 2 ** -20, 0.5]) {
        const s = t - Math.min(step, t / 2);
        close(process.transition(s, t).variance, ou().transition(s, t).variance, quadrature);
      }
    }
    expect(process.transition(1, 1)).toEqual({ scale: 1, variance: 0 });
  });

  it("finds the time of any level, the same at every call", () => {
    for (let k = -12; k <= 30; k++) {
      const t = ou().timeOfSigma(2 ** k);
      close(process.timeOfSigma(2 ** k), t, 1e-12 + 1e-16 / t);
      expect(process.timeOfSigma(2 ** k)).toBe(process.timeOfSigma(2 ** k));
    }
    expect(process.timeOfSigma(0)).toBe(0);
    const short = customProcess({ ...ouOptions, end: 2 });
    expect(short.timeOfSigma(short.sigma(2))).toBeLessThanOrEqual(2);
    expect(short.timeOfSigma(1e3)).toBe(Number.POSITIVE_INFINITY);
    expect(() => karras({ steps: 4 }).times(short)).toThrow(
      expect.objectContaining({ code: "E_RANGE", argument: "sigmaMax" }),
    );
  });

  it("is a process for grids: the times of the built-in one", () => {
    const grid = karras({ steps: 12, sigmaMin: 0.01, sigmaMax: 50 });
    const times = grid.times(process);
    grid.times(ou()).forEach((t, i) => {
      expect(Math.abs((times[i] as number) - t)).toBeLessThanOrEqual(1e-12 * t);
    });
  });

  it("takes transition, sigma and timeOfSigma as given", () => {
    const own = customProcess({
      ...ouOptions,
      name: "mine",
      transition: ou().transition,
      sigma: ou().sigma,
      timeOfSigma: ou().timeOfSigma,
    });
    expect(own.transition(0.1, 0.3)).toEqual(ou().transition(0.1, 0.3));
    expect(own.sigma(0.3)).toBe(ou().sigma(0.3));
    expect(own.timeOfSigma(2)).toBe(ou().timeOfSigma(2));
    expect(own.name).toBe("mine");
    expect(process.name).toBe("custom");
  });

  it("takes built-in processes, one with breaks in its rates among them", () => {
    const levels = ddpm({ schedule: "linear", steps: 10, betaStart: 0.05, betaEnd: 0.4 });
    for (const { alpha, variance, beta, diffusion, end } of [vp(), ou(), levels]) {
      const copy = customProcess({ alpha, variance, beta, diffusion, end });
      expect(copy.alpha(0.5)).toBe(alpha(0.5));
    }
  });
});

describe("what contradicts itself is refused", () => {
  const refused = (change: Partial<CustomProcessOptions>): Error & { argument?: string; code?: string } => {
    try {
      customProcess({ ...ouOptions, ...change });
    } catch (error) {
      return error as Error;
    }
    throw new Error("it was taken");
  };

  it("names the equation, the time and both sides", () => {
    // Vastola 2025's printed S = int 2 D alpha^2 for beta = 1, D = t.
    const printed = refused({
      diffusion: (t) => t,
      variance: (t) => 0.5 * (1 - (1 + 2 * t) * Math.exp(-2 * t)),
    });
    expect(printed).toMatchObject({ name: "VkernelError", code: "E_RANGE", argument: "variance" });
    expect(printed.message).toMatch(
      /S' = -2 beta S \+ 2 D at t = [\d.e-]+: [\d.e-]+ on the right, got [\d.e-]+ on the left/,
    );
    const half = refused({ alpha: (t) => Math.exp(-t / 2) });
    expect(half).toMatchObject({ code: "E_RANGE", argument: "alpha" });
    expect(half.message).toMatch(/alpha' = -beta alpha at t = /);
  });

  it("tells a part in 100,000, and lets a part in 10 million pass", () => {
    for (const end of [1, 5, Number.POSITIVE_INFINITY]) {
      for (const [change, argument] of [
        [{ diffusion: () => 1 + 1e-5 }, "variance"],
        [{ beta: () => 1 + 1e-5, variance: undefined }, "alpha"],
      ] as const) {
        expect(refused({ ...change, end } as never)).toMatchObject({ code: "E_RANGE", argument });
      }
      customProcess({ ...ouOptions, end, diffusion: () => 1 + 1e-7 });
    }
  });

  const bad: [string, unknown, string, string][] = [
    ["no beta", { beta: undefined }, "E_TYPE", "beta"],
    ["a number for diffusion", { diffusion: 1 }, "E_TYPE", "diffusion"],
    ["text for alpha", { alpha: "e" }, "E_TYPE", "alpha"],
    ["no end", { end: undefined }, "E_TYPE", "end"],
    ["end 0", { end: 0 }, "E_RANGE", "end"],
    ["end NaN", { end: Number.NaN }, "E_NONFINITE", "end"],
    ["an empty name", { name: "" }, "E_RANGE", "name"],
    ["a name that is none", { name: 7 }, "E_TYPE", "name"],
    ["a misspelt option", { varience: () => 1 }, "E_USAGE", "varience"],
    ["alpha(0) = 2", { alpha: (t: number) => 2 * Math.exp(-t) }, "E_RANGE", "alpha"],
    ["S_0 = 1", { variance: () => 1 }, "E_RANGE", "variance"],
    ["another sigma", { sigma: (t: number) => t }, "E_RANGE", "sigma"],
    ["another timeOfSigma", { timeOfSigma: (sigma: number) => sigma }, "E_RANGE", "timeOfSigma"],
    ["another transition", { transition: () => ({ scale: 1, variance: 0 }) }, "E_RANGE", "transition"],
    ["no noise", { diffusion: () => 0, variance: () => 0 }, "E_RANGE", "variance(0.00000102)"],
  ];
  it.each(bad)("%s", (_, change, code, argument) => {
    expect(refused(change as never)).toMatchObject({ name: "VkernelError", code, argument });
  });

  it("a function that throws or gives no number is named, at its time", () => {
    const late = (value: unknown) => (t: number) => {
      if (t < 0.5) return 1;
      if (value === undefined) throw new Error("no such time");
      return value as number;
    };
    const end = {
      ...ouOptions,
      alpha: undefined,
      variance: undefined,
      end: 1,
    } as never as CustomProcessOptions;
    const cases: [unknown, string, RegExp][] = [
      [undefined, "E_USAGE", /^diffusion$/],
      ["1", "E_TYPE", /^diffusion\(0\.[\d]+\)$/],
      [Number.NaN, "E_NONFINITE", /^diffusion\(0\.[\d]+\)$/],
      [-1, "E_RANGE", /^diffusion\(0\.[\d]+\)$/],
    ];
    for (const [value, code, argument] of cases) {
      expect(() => customProcess({ ...end, diffusion: late(value) })).toThrow(
        expect.objectContaining({ code, argument: expect.stringMatching(argument) }),
      );
    }
    try {
      customProcess({ ...end, diffusion: late(undefined) });
    } catch (error) {
      expect((error as Error).message).toMatch(/throws at t = 0\.\d+: no such time/);
      expect((error as Error).cause).toBeInstanceOf(Error);
    }
  });
});
