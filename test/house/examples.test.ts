import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** What every example must print. */
const checks: Record<string, (output: string) => void> = {
  "first.js": (output) => {
    // The exact score memorizes: the first two samples are corners of the hexagon.
    const numbers = numbersOf(/Float32Array\(4\) \[([^\]]*)\]/, output);
    expect(numbers).toHaveLength(4);
    for (const k of [0, 2]) expect(Math.hypot(numbers[k], numbers[k + 1])).toBeCloseTo(1, 6);
  },
  "fokker-planck.js": (output) => {
    for (const direction of ["reverse", "deterministic"]) {
      const pattern = new RegExp(
        `^${direction}: apart from the forward law by ([\\d., ]+); mass 1\\.000000000000$`,
        "m",
      );
      for (const distance of numbersOf(pattern, output)) expect(distance).toBeLessThan(5e-4);
    }
    // Weights 1/4, 1/2, 1/4; e^-2 of the start's error is left, and the tails at t = 0.05.
    const masses = numbersOf(/masses ([\d., ]+)$/m, output);
    [0.25, 0.5, 0.25].forEach((weight, m) => {
      expect(Math.abs(masses[m] - weight)).toBeLessThan(0.03);
    });
    const [k, grown] = numbersOf(/k = ([\d.]+ times [\d.]+)/, output, " times ");
    expect(Math.abs(grown / Math.exp(0.5 * k * k * -Math.expm1(-0.04)) - 1)).toBeLessThan(1e-3);
    expect(output).toMatch(/^stopped at t = [01]\.\d\d: rounding has grown to \de\+1[45]\d$/m);
  },
  "score.js": (output) => {
    // At the centre of the hexagon: by symmetry no score; |mu| = 1, so log p = log(1 / (2 pi s^2)) - 1 / (2 s^2) and
    // the proxy variance is |mu|^2 / s^4.
    const sigma = 0.5;
    const logDensity = -Math.log(2 * Math.PI * sigma ** 2) - 1 / (2 * sigma ** 2);
    expect(output).toContain(
      `at (0,0): log density ${logDensity.toFixed(6)}, proxy variance ${(sigma ** -4).toFixed(6)}`,
    );
    expect(output).toMatch(/score \(-?0\.000000, -?0\.000000\)/);
    expect(output).toContain("same bits: true");
    expect(output).toMatch(/class 1 with probability 0\.500000 and 0\.02/);
  },
  "sample.js": (output) => {
    expect(output).toMatch(/^done: (\d+) of \1$/m);
    expect(output).toContain("200 samples of 64 pixels, 10 evaluations each");
    expect(output).toContain("times 20.000, 0.806, 0.000");
    expect(output).toContain(`recorded ${3 * 200 * 64} numbers`);
    // A last step to 0 takes the posterior mean at sigma = 0.01, far below the distances between the digits.
    expect(numbersOf(/training set ([\d.]+)/, output)[0]).toBeLessThan(1e-4);
    expect(output).toContain("same bits: true");
  },
  "tolerance.js": (output) => {
    for (const q of [0, 1]) {
      const [error, bound] = numbersOf(
        new RegExp(`^query ${q}: off by (\\S+, at most \\S+)$`, "m"),
        output,
        ", at most ",
      );
      expect(error).toBeLessThanOrEqual(bound);
      expect(bound).toBeLessThanOrEqual(1e-5);
    }
    expect(numbersOf(/every score within (\S+)$/m, output)[0]).toBeLessThanOrEqual(1e-5);
  },
  "live.js": (output) => {
    expect(output).toMatch(/^step 0, t = 10\.000: mean radius 1\d\.\d{3}$/m);
    expect(output).toContain("step 20, t = 0.000: mean radius 1.000");
    expect(output).toContain("same bits as sample: true");
    expect(output).toContain("back at step 5 with the same bits: true");
  },
  "processes.js": (output) => {
    expect(output).toContain("edm: alpha, S, beta, D at t = 0.5: 1.000000, 0.250000, 0.000000, 0.500000");
    expect(output).toContain("ve: alpha, S, beta, D at t = 0.5: 1.000000, 0.500000, 0.000000, 0.500000");
    const alpha = Math.exp(-0.5);
    expect(output).toContain(
      `ou: alpha, S, beta, D at t = 0.5: ${alpha.toFixed(6)}, ${(1 - alpha ** 2).toFixed(6)},`,
    );
    // Karras et al., Eq. 5.
    const karras = [0, 1, 2, 3, 4, 5].map(
      (i) => (10 ** (1 / 7) + (i / 5) * (0.01 ** (1 / 7) - 10 ** (1 / 7))) ** 7,
    );
    expect(output).toContain(`karras: ${[...karras.map((t) => t.toPrecision(4)), "0.000"].join(" ")}`);
    expect(output.match(/^\w+: mean radius 1\.0000$/gm)).toHaveLength(5);
  },
  "smoothed.js": (output) => {
    expect(output).toContain("in theory 0.3953 of the mass");
    // Of the 0.3953, some lie within 0.01 of a point. The smoothed score itself leaves a little more between (0.027; the
    // sampling error is 0.0035).
    const [piecewise] = numbersOf(/piecewise: ([\d.]+)/, output);
    const [smoothed] = numbersOf(/smoothed: ([\d.]+)/, output);
    expect(piecewise).toBeGreaterThan(0.3);
    expect(piecewise).toBeLessThan(0.4);
    expect(smoothed - piecewise).toBeGreaterThan(0.005);
    expect(smoothed - piecewise).toBeLessThan(0.05);
  },
  "naive.js": (output) => {
    // With one draw the law is the kernel density of width 0.1 at any number of steps: E d^2 = 0.02, of 20,000 draws
    // with a standard error of 0.02 / sqrt(20,000); the root to 0.005 of 0.1414 is seven of them.
    for (const steps of [1, 3, 30]) {
      const [distance] = numbersOf(new RegExp(`^  1 draw, ${steps} steps: ([\\d.]+)`, "m"), output);
      expect(Math.abs(distance - 0.1 * Math.SQRT2)).toBeLessThan(0.005 * Math.SQRT2);
    }
    expect(numbersOf(/^ {2}exact, 1 steps: ([\d.]+)/m, output)[0]).toBeGreaterThan(0.5);
    expect(output.match(/steps: \d\.\d{4}$/gm)).toHaveLength(12);
  },
  "process-ddpm.js": (output) => {
    expect(output).toContain("alphas_cumprod[999] = 4.036e-5");
    expect(output).toContain("leading: 751 501 251 1 0");
    expect(output).toContain("linspace: 1000 667 334 1 0");
    expect(output).toContain("trailing: 1000 750 500 250 0");
    expect(output).toContain("posterior means agree: true");
    expect(output).toContain("sampled from 1000 down to 0");
    // The two coefficients take x_500 to alpha_499 x_0 where x_500 = alpha_500 x_0.
    const betas = Array.from({ length: 500 }, (_, i) => 1e-4 + (i * (0.02 - 1e-4)) / 999);
    const before = betas.slice(0, 499).reduce((product, beta) => product * (1 - beta), 1);
    const now = before * (1 - betas[499]);
    const [x0] = numbersOf(/step 500: ([\d.]+) x_0/, output);
    const [x] = numbersOf(/\+ ([\d.]+) x_t/, output);
    expect(x0 + x * Math.sqrt(now)).toBeCloseTo(Math.sqrt(before), 5);
    expect(numbersOf(/variance ([\d.]+)/, output)[0]).toBeCloseTo((betas[499] * (1 - before)) / (1 - now), 6);
  },
  "process-custom.js": (output) => {
    // t - (1 - e^-2t) / 2
    expect(output).toContain(`S(0.8) = ${(0.8 - (1 - Math.exp(-1.6)) / 2).toFixed(6)}`);
    const [t] = numbersOf(/sigma = 1 at t = ([\d.]+)/, output);
    expect((t - (1 - Math.exp(-2 * t)) / 2) * Math.exp(2 * t)).toBeCloseTo(1, 4);
    expect(output).toContain(`E_RANGE: "variance" expected S' = -2 beta S + 2 D`);
    const [c, s] = [Math.cos(0.5), Math.sin(0.5)];
    // D = t A + t^2 A' / 2
    const d = 0.5 * (2 * c * c + 0.5 * s * s) + 0.125 * -3 * c * s;
    expect(output).toContain(`S: ${(0.25 * (2 * c * c + 0.5 * s * s)).toFixed(4)}`);
    expect(output).toContain(`D: ${d.toFixed(4)}`);
    expect(output).toMatch(/^score -?[\d.]+ -?[\d.]+; divergence -?[\d.]+$/m);
  },
  "diagnose.js": (output) => {
    // With the exact score all are copies and none lies in a gap; of the kernel density of width 0.25, few are.
    expect(output).toMatch(/^exact: copies 1\.000 \+- 0\.000, in gaps 0\.000 /m);
    const [copies] = numbersOf(/^blurred: copies ([\d.]+)/m, output);
    expect(copies).toBeGreaterThan(0.3);
    expect(copies).toBeLessThan(0.9);
    expect(numbersOf(/^blurred: .* in gaps ([\d.]+)/m, output)[0]).toBeGreaterThan(0.7);
    // Both reach all six points; the exact one's law is the training law, to its own error.
    expect(output.match(/covers 1\.000/g)).toHaveLength(2);
    expect(output).toMatch(
      /^settled by noise level: 100\.00 0\.[0-4]\d, .*0\.42 0\.[5-9]\d, .*0\.00 1\.00$/m,
    );
  },
  "linear.js": (output) => {
    const [near] = numbersOf(/^tr V at t = 0\.3: ([\d.]+) at a point/m, output);
    expect(near).toBeGreaterThan(0);
    // Between two points a fit varies most.
    expect(numbersOf(/, ([\d.]+) between two$/m, output)[0]).toBeGreaterThan(3 * near);
    const shares = ["average", "ensemble", "effective SDE"].map(
      (name) => numbersOf(new RegExp(`^${name}: in gaps ([\\d.]+)`, "m"), output)[0],
    );
    // 500 samples: 0.022 each, so two differ by less than 5.7 times 0.032.
    for (const share of shares) expect(Math.abs(share - shares[0])).toBeLessThan(0.18);
  },
  "sampler-fewest.js": (output) => {
    const [second, heun, first] = ["dpmpp2m: 20", "heun: 19", "euler: 20"].map(
      (start) => numbersOf(new RegExp(`^${start} evaluations, distance ([\\d.]+)$`, "m"), output)[0],
    );
    expect(Math.max(second, heun)).toBeLessThan(first);
    expect(Math.min(second, heun)).toBeGreaterThan(0);
  },
  "sampler-exact.js": (output) => {
    // Binomial standard errors of 100,000 draws are 0.0016 at most; 5.7 of them are 0.009.
    for (const steps of [2, 5, 40]) {
      const shares = numbersOf(new RegExp(`^posterior, ${steps} steps: (.*)$`, "m"), output, " ");
      for (const [m, weight] of [0.6, 0.3, 0.1].entries())
        expect(Math.abs(shares[m] - weight)).toBeLessThan(0.009);
    }
    // DDPM in two steps ends on the mean of the data, which is nearest to the heaviest point.
    expect(output).toContain("ancestral, 2 steps: 1.0000 0.0000 0.0000");
  },
  "sampler-reproduce.js": (output) => {
    const ends = (name: string) =>
      numbersOf(new RegExp(`^${name}: ([-\\d. ]+) \\(\\d+ eval`, "m"), output, " ");
    expect(ends("DDIM, vp")).toEqual(ends("DDIM, edm"));
    for (const name of ["DDIM, vp", "EDM 1", "EDM 2", "DPM-Solver\\+\\+", "score SDE"]) {
      const x = ends(name);
      // On the hexagon: to 0.03 where the last level is 0.01, else to the digits that are shown.
      for (const k of [0, 2]) expect(Math.abs(Math.hypot(x[k], x[k + 1]) - 1)).toBeLessThan(0.03);
    }
    expect(output).toMatch(/^EDM 2: .*\(511 evaluations\)$/m);
  },
  "sampler-density.js": (output) => {
    const pairs = Array.from(output.matchAll(/: (-[\d.]+) by the flow, (-[\d.]+) exactly$/gm));
    expect(pairs).toHaveLength(3);
    // dopri5 at its default tolerance, 1e-4 of numbers up to 11.
    for (const [, flow, exact] of pairs) expect(Math.abs(Number(flow) - Number(exact))).toBeLessThan(2e-3);
    expect(numbersOf(/mean difference ([\d.]+)$/m, output)[0]).toBeLessThan(0.01);
  },
  "sampler-tolerance.js": (output) => {
    const rows = Array.from(output.matchAll(/^rtol (\S+): ([\d.]+) evaluations, largest error (\S+)$/gm));
    expect(rows).toHaveLength(5);
    for (const [i, [, , evaluations, error]] of rows.entries()) {
      if (i < 2) continue;
      expect(Number(evaluations)).toBeLessThan(Number(rows[i - 1][2]));
      expect(Number(error)).toBeGreaterThan(10 * Number(rows[i - 1][3]));
    }
    expect(Number(rows[1][3])).toBeLessThan(1e-6);
  },
  "sampler-path.js": (output) => {
    const distances = (noise: string) =>
      Array.from(output.matchAll(new RegExp(`^${noise}: .* end ([\\d.]+) apart$`, "gm")), (m) =>
        Number(m[1]),
      );
    const own = distances("shared");
    expect(own).toHaveLength(4);
    // Strong order 1: an eighth for eight times the steps.
    expect(Math.log2(own[0] / own[3]) / 3).toBeGreaterThan(0.85);
    for (const d of distances("independent")) expect(d).toBeGreaterThan(0.5);
  },
  "sampler-replay.js": (output) => {
    expect(numbersOf(/largest difference after 10 steps: (\S+)/, output)[0]).toBeLessThan(1e-12);
  },
  "sampler-noisy.js": (output) => {
    // One draw, Euler: the kernel density of width 0.1.
    const [distance] = numbersOf(/^1 draws, euler: root mean square distance ([\d.]+)/m, output);
    expect(Math.abs(distance - 0.1 * Math.SQRT2)).toBeLessThan(0.005);
    expect(output).toContain("heun: E_USAGE");
  },
  "sampler-conformance.js": (output) => {
    expect(output).toContain("midpoint (deterministic): passed");
    expect(output).toMatch(/^order, flow: 2\.0\d \+- 0\.0\d \(2 claimed\)$/m);
    expect(output).toMatch(/^mistaken: failed\n {2}fault, no-convergence: does not converge/m);
  },
  "sampler-ddpm.js": (output) => {
    expect(numbersOf(/from Eq\. 7 after 1000 steps: (\S+)/, output)[0]).toBeLessThan(1e-12);
    // Width 0.1: a share 1 - exp(-4.5) = 0.989 of the exact law.
    for (const eta of [1, 0]) {
      const [near] = numbersOf(new RegExp(`^50 steps, eta ${eta}: ([\\d.]+)%`, "m"), output);
      expect(near).toBeGreaterThan(97);
    }
  },
  "generated-law.js": (output) => {
    const rows = Array.from(output.matchAll(/^T\* = [\d.]+: ([\d. ]+), (\S+) from the weights$/gm));
    expect(rows).toHaveLength(5);
    for (const [i, [, masses, distance]] of rows.entries()) {
      const sum = masses.split(" ").reduce((total, mass) => total + Number(mass), 0);
      expect(sum).toBeCloseTo(1, 4);
      if (i > 0) expect(Number(distance)).toBeLessThan(Number(rows[i - 1][2]));
    }
    const theory = rows[1][1].split(" ").map(Number);
    // Binomial standard errors of 100,000 draws are 0.0016 at most; 5.7 of them are 0.009.
    for (const [m, share] of numbersOf(/^sampled: (.*)$/m, output, " ").entries())
      expect(Math.abs(share - theory[m])).toBeLessThan(0.009);
    const [left, , last] = numbersOf(/^from \[1, 2\]: (.*)$/m, output, " ");
    expect(last).toBeGreaterThan(left);
    // Symmetric data from a symmetric start.
    const [a, , b] = numbersOf(/^a triangle: (.*)$/m, output, " ");
    expect(a).toBe(b);
    expect(numbersOf(/^from 1\.5: (.*)$/m, output, " ").reduce((x, y) => x + y)).toBeCloseTo(1, 4);
  },
  "capture.js": (output) => {
    const rows = Array.from(
      output.matchAll(
        /final cell ([\d.]+) \+- ([\d.]+), exactly ([\d.]+); to stay ([\d.]+) \+- ([\d.]+) to ([\d.]+) \+- [\d.]+, exactly ([\d.]+) \(seen: ([\d.]+)/g,
      ),
      (match) =>
        match.slice(1).map(Number) as [number, number, number, number, number, number, number, number],
    );
    expect(rows).toHaveLength(3);
    for (const [here, error, exact, low, lowError, high, stays, seen] of rows) {
      // Numbers are shown to 1e-4.
      expect(Math.abs(here - exact)).toBeLessThan(5.7 * error + 1e-4);
      expect(low - 5.7 * lowError - 1e-4).toBeLessThan(stays);
      expect(high + 5.7 * lowError + 1e-4).toBeGreaterThan(stays);
      expect(seen).toBeGreaterThanOrEqual(high);
    }
    expect(output).toMatch(/^ode, t = 1: in the final cell 1$/m);
    const [apart] = numbersOf(/a share of ([\d.]+) ends on another/, output);
    expect(apart).toBeGreaterThan(0.1);
    expect(apart).toBeLessThan(0.3);
  },
  "compare-fields.js": (output) => {
    const rows = Array.from(output.matchAll(/off by ([\d.]+) \+- ([\d.]+) at p_t, .* departed ([\d.]+);/g));
    expect(rows).toHaveLength(5);
    for (const [, off, error] of rows) {
      expect(Number(off)).toBeLessThan(1);
      expect(Number(error)).toBeLessThan(Number(off));
    }
    expect(numbersOf(/^ends on another point: ([\d.]+) /m, output)[0]).toBeLessThan(0.5);
  },
  "parameterizations.js": (output) => {
    expect(numbersOf(/^score from noise: (.*)$/m, output, " ")).toEqual(
      numbersOf(/^score: (.*)$/m, output, " "),
    );
    const [mean, noise, v] = ["posteriorMean", "noise", "v"].map(
      (name) => numbersOf(new RegExp(`^${name}: (.*)$`, "m"), output, " ")[0],
    );
    const alpha = Math.exp(-0.5);
    const deviation = Math.sqrt(1 - alpha ** 2);
    // The place and v from noise and mean.
    expect(alpha * mean + deviation * noise).toBeCloseTo(0.3, 5);
    expect(alpha * noise - deviation * mean).toBeCloseTo(v, 5);
    // A Gaussian of the data's mean square: 1,000 samples, 0.032 each.
    expect(Math.abs(numbersOf(/radius ([\d.]+)/, output)[0] - 1)).toBeLessThan(0.18);
    const [total, other] = numbersOf(/total ([\d.]+ = [\d.]+)$/m, output, " = ");
    expect(total).toBe(other);
    const [difference, variance] = numbersOf(
      /^total - score ([\d.]+, variance [\d.]+)$/m,
      output,
      ", variance ",
    );
    expect(difference).toBeCloseTo(variance, 5);
  },
  "files.js": (output) => {
    expect(output).toContain("points.csv: 4 rows of x, y; points.npy: 4 rows of 2");
    expect(output).toContain("samples.npy: 5 x 2, same bits: true");
    const csv = output
      .slice(output.indexOf("\nx,y\n") + 1)
      .trim()
      .split("\n");
    expect(csv).toHaveLength(6);
    for (const row of csv.slice(1)) expect(row).toMatch(/^[01],[01]$/);
  },
};

/** The numbers in the first group of a match. */
function numbersOf(pattern: RegExp, output: string, separator = ","): number[] {
  const match = pattern.exec(output);
  if (match === null) throw new Error(`the output has no ${pattern}:\n${output}`);
  return match[1].split(separator).map(Number);
}

const examples = readdirSync(`${root}/examples`).filter((name) => /\.[jt]s$/.test(name));

describe("examples", () => {
  it("each has a check", () => {
    expect(Object.keys(checks).sort()).toEqual(examples.sort());
  });

  it.each(examples)("%s", { tags: ["long"] }, async (name) => {
    const { stdout, stderr } = await run(process.execPath, [`examples/${name}`], { cwd: root });
    expect(stderr).toBe("");
    checks[name]?.(stdout);
  });

  it("use only what the package exports", () => {
    for (const name of examples) {
      const text = readFileSync(`${root}/examples/${name}`, "utf8");
      const imports = Array.from(text.matchAll(/from "([^"]+)"/g), (match) => match[1]);
      expect(imports.filter((id) => !/^(node:|vkernel(\/|$))/.test(id))).toEqual([]);
    }
  });
});
