// The kernels of assembly/pde by themselves: fluxes, log densities and transport against numbers of the host.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { kernelScratch, type KernelSet } from "../../../bindings/abi.js";
import { embedded } from "../../../bindings/embedded.js";
import { instantiate } from "../../../bindings/instantiate.js";
import { Executor } from "../../../bindings/executor.js";
import {
  diffuseLine,
  lineScratch,
  logDensityGrid,
  transportLine,
} from "../../../src/theory/fokkerPlanck/plain.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const builds = ["simd-local", "relaxed-local"] as const;
interface Built {
  readonly memory: WebAssembly.Memory;
  readonly kernels: KernelSet;
}
const built = new Map<string, Built>();
beforeAll(async () => {
  expect((await embedded.loadModule("relaxed", false))?.build).toBe("relaxed");
  for (const name of builds) {
    const module = await WebAssembly.compile(readFileSync(`${root}build/wasm/${name}.wasm`));
    const memory = new WebAssembly.Memory({ initial: 200, maximum: 65536 });
    const executor = new Executor(await instantiate(module, memory), memory);
    built.set(name, { memory, kernels: executor.kernels(8) });
  }
});

/** Where the tests put things. */
const Q = 1024;
const PHI = Q + 2 ** 20;
const POINTS = PHI + 2 ** 20;
const SCRATCH = POINTS + 2 ** 20;
/** A canary behind a kernel's scratch. */
const MARK = 12_345.678;

const f64 = ({ memory }: Built, at: number, length: number) => new Float64Array(memory.buffer, at, length);

/** ulp of a few operations, each below half of one: what fluxes are held to, and the rounding of P in powers of 2. */
const FEW = 6 * 2 ** -52;

describe.each(builds)("%s", (name) => {
  const get = (): Built => built.get(name) as Built;

  it("fluxes are lambda B(-P) and lambda B(P) to a few ulp at any P", () => {
    const one = get();
    // Two cells, one full: of it lambda B / (1 + lambda (B(P) + B(-P))) goes to the other.
    const lambda = 2 ** -45;
    const sizes = [
      1e-300, 1e-30, 1e-16, 1e-9, 3e-5, 1e-3, 0.1, 0.34, 0.35, 0.7, 1, 2, 5, 10, 30, 50, 200, 680,
    ];
    for (const size of sizes) {
      for (const P of [size, -size]) {
        for (const right of [true, false]) {
          const q = f64(one, Q, 4);
          q.set(right ? [1, 1, 0, 0] : [0, 0, 1, 1]);
          f64(one, PHI, 4).fill(0);
          one.kernels.diffuseStrips(0, 1, SCRATCH, Q, PHI, 2, 2, 1, 1, lambda, 0, P, 0, 1);
          const moved = (q[right ? 2 : 0] as number) / lambda;
          expect(q[right ? 3 : 1]).toBe(q[right ? 2 : 0]);
          const x = right ? -P : P;
          const bernoulli = x / Math.expm1(x) / (1 + lambda * (x / Math.expm1(x) - x / Math.expm1(-x)));
          expect([P, right, Math.abs(moved / bernoulli - 1)]).toEqual([
            P,
            right,
            expect.toSatisfy((e: number) => e < FEW + size * 2 ** -52),
          ]);
        }
      }
    }
    // No drift at all; and so much that all is upwind.
    for (const [P, forward, backward] of [
      [0, 1, 1],
      [1e6, 1e6, 0],
      [-1e6, 0, 1e6],
    ] as const) {
      for (const right of [true, false]) {
        const q = f64(one, Q, 4);
        q.set(right ? [1, 1, 0, 0] : [0, 0, 1, 1]);
        one.kernels.diffuseStrips(0, 1, SCRATCH, Q, PHI, 2, 2, 1, 1, lambda, 0, P, 0, 1);
        const moved = (q[right ? 2 : 0] as number) / lambda;
        const expected = (right ? forward : backward) / (1 + lambda * (forward + backward));
        expect(Math.abs(moved - expected)).toBeLessThanOrEqual(FEW * expected + 1e-250);
      }
    }
  });

  it.each([1, 2] as const)("a step of order %d solves its system, along rows and columns", (order) => {
    const one = get();
    const [nx, ny, pitch] = [37, 29, 48];
    const phi = Float64Array.from({ length: nx * ny }, (_, i) => 3 * Math.sin(0.37 * i) - 0.001 * i);
    const start = Float64Array.from({ length: nx * ny }, (_, i) => Math.exp(-20 * Math.sin(0.11 * i) ** 2));
    for (const lambda of [1e-3, 1, 1e6]) {
      for (const columns of [0, 1]) {
        const [n, lines] = columns ? [ny, nx] : [nx, ny];
        const padded = f64(one, Q, pitch * 32).fill(0);
        const paddedPhi = f64(one, PHI, pitch * 32).fill(0);
        for (let j = 0; j < ny; j++) {
          padded.set(start.subarray(j * nx, (j + 1) * nx), j * pitch);
          paddedPhi.set(phi.subarray(j * nx, (j + 1) * nx), j * pitch);
        }
        const end = SCRATCH + kernelScratch.diffuse + 6 * 16 * n * 4;
        f64(one, end, 1)[0] = MARK;
        const step = { lambda, score: 2, drift0: -0.3, drift1: 0.02 };
        // In two calls: strips do not know each other.
        const strips = Math.ceil(lines / 8);
        for (const [first, count] of [
          [0, 1],
          [1, strips - 1],
        ] as const) {
          one.kernels.diffuseStrips(
            first,
            count,
            SCRATCH,
            Q,
            PHI,
            pitch,
            n,
            4,
            columns,
            lambda,
            2,
            -0.3,
            0.02,
            order,
          );
        }
        expect(f64(one, end, 1)[0]).toBe(MARK);
        const plain = start.slice();
        const scratch = lineScratch(n);
        for (let line = 0; line < lines; line++) {
          const [from, stride] = columns ? [line, nx] : [line * nx, 1];
          diffuseLine(plain, phi, from, stride, n, step, order, scratch);
          if (order === 2) continue;
          // (1 + lambda (a + b)) x - lambda a x_left - lambda b x_right = q, cell by cell.
          const rate = (k: number, sign: number): number => {
            const rise = (phi[from + (k + 1) * stride] as number) - (phi[from + k * stride] as number);
            const P = sign * (2 * rise - 0.3 + 0.02 * k);
            return lambda * (P === 0 ? 1 : P / Math.expm1(P));
          };
          for (let k = 0; k < n; k++) {
            const x = (i: number): number => plain[from + i * stride] as number;
            const out = (k + 1 < n ? rate(k, -1) : 0) + (k > 0 ? rate(k - 1, 1) : 0);
            const left = k > 0 ? rate(k - 1, -1) * x(k - 1) : 0;
            const right = k + 1 < n ? rate(k, 1) * x(k + 1) : 0;
            const q = start[from + k * stride] as number;
            const scale = (1 + out) * x(k) + left + right + q;
            expect(Math.abs((1 + out) * x(k) - left - right - q)).toBeLessThan(1e-13 * scale);
          }
        }
        for (let j = 0; j < ny; j++) {
          for (let i = 0; i < nx; i++) {
            const value = padded[j * pitch + i] as number;
            // Each cell to its own relative accuracy, however small it is.
            expect(Math.abs(value / (plain[j * nx + i] as number) - 1)).toBeLessThan(1e-11);
          }
          for (let i = nx; i < pitch; i++) expect(padded[j * pitch + i]).toBe(0);
        }
      }
    }
  });

  it("log densities are those of log-sum-exp, far from the data and between near points too", {
    tags: ["slow"],
  }, () => {
    const one = get();
    const cases: { points: number[]; weights: number[]; total: number; alpha: number; side: number }[] = [
      { points: [-1, 0, 1, 0, 0, 1], weights: [0.2, 0.3, 0.5], total: 0.5, alpha: 0.7, side: 16 },
      { points: [-1, 0, 1, 0, 0, 1], weights: [0.2, 0.3, 0.5], total: 0.02, alpha: 1, side: 4 },
      { points: [-1, 0, 1, 0, 0, 1], weights: [0.2, 0.3, 0.5], total: 2e-4, alpha: 1, side: 1 },
      { points: [0.1, 0.1, 0.1 + 1e-9, 0.1], weights: [1e-12, 1 - 1e-12], total: 1e-3, alpha: 1, side: 16 },
      { points: [3, -2], weights: [1], total: 1e-3, alpha: 0.5, side: 8 },
      {
        points: Array.from({ length: 200 }, (_, i) => 2 * Math.sin(7.7 * i)),
        weights: Array.from({ length: 100 }, (_, i) => (i + 1) / 5050),
        total: 0.04,
        alpha: 0.9,
        side: 2,
      },
    ];
    const [nx, ny, pitch, h] = [64, 48, 80, 0.15];
    for (const { points, weights, total, alpha, side } of cases) {
      const M = weights.length;
      const view = f64(one, POINTS, 3 * M);
      view.set(points);
      weights.forEach((w, m) => {
        view[2 * M + m] = Math.log2(w);
      });
      const [x0, y0] = [-5, -3.6];
      f64(one, SCRATCH + kernelScratch.density, 1)[0] = MARK;
      const k = Math.LOG2E / (2 * total);
      one.kernels.logDensityTiles(
        ...[0, ny / side, SCRATCH, PHI, pitch, nx / side, side, side],
        ...[x0, h, y0, h, POINTS, POINTS + 16 * M, M, alpha, k, -70],
      );
      expect(f64(one, SCRATCH + kernelScratch.density, 1)[0]).toBe(MARK);
      const found = f64(one, PHI, pitch * ny);
      const plain = new Float64Array(nx * ny);
      const mixture = {
        points: Float64Array.from(points),
        logWeights: Float64Array.from(weights, Math.log),
        alpha,
        total,
      };
      logDensityGrid(plain, mixture, { nx, ny, x0, hx: h, y0, hy: h });
      for (let j = 0; j < ny; j++) {
        for (let i = 0; i < nx; i++) {
          const logs = weights.map((w, m) => {
            const dx = x0 + i * h - alpha * (points[2 * m] as number);
            const dy = y0 + j * h - alpha * (points[2 * m + 1] as number);
            return Math.log(w) - (dx * dx + dy * dy) / (2 * total);
          });
          const top = Math.max(...logs);
          const exact = top + Math.log(logs.reduce((sum, l) => sum + Math.exp(l - top), 0));
          // Places are right to some 2e-15, which the slope |x| / V magnifies; exponents of factors reach 320.
          const near = 3e-13 + 1e-15 * (Math.abs(exact) + 8 / total);
          expect(Math.abs((found[j * pitch + i] as number) - exact)).toBeLessThan(near);
          expect(Math.abs((plain[j * nx + i] as number) - exact)).toBeLessThan(near);
        }
      }
    }
  });

  it("transport moves what lies between faces, to the plain twin's numbers", () => {
    const one = get();
    const [nx, ny, pitch] = [40, 26, 48];
    const phi = Float64Array.from({ length: nx * ny }, (_, i) => 2 * Math.sin(0.2 * i));
    const start = Float64Array.from({ length: nx * ny }, (_, i) => Math.exp(-9 * Math.sin(0.21 * i) ** 2));
    for (const columns of [0, 1]) {
      const [n, lines] = columns ? [ny, nx] : [nx, ny];
      const padded = f64(one, Q, pitch * 32).fill(0);
      const paddedPhi = f64(one, PHI, pitch * 32).fill(0);
      for (let j = 0; j < ny; j++) {
        padded.set(start.subarray(j * nx, (j + 1) * nx), j * pitch);
        paddedPhi.set(phi.subarray(j * nx, (j + 1) * nx), j * pitch);
      }
      const end = SCRATCH + 64 * (n + 1);
      f64(one, end, 1)[0] = MARK;
      one.kernels.transportStrips(0, Math.ceil(lines / 2), SCRATCH, Q, PHI, pitch, n, columns, 1.3, -2, 0.15);
      expect(f64(one, end, 1)[0]).toBe(MARK);
      const plain = start.slice();
      for (let line = 0; line < lines; line++) {
        const [from, stride] = columns ? [line, nx] : [line * nx, 1];
        const before = mass(plain, from, stride, n);
        transportLine(plain, phi, from, stride, n, { score: 1.3, drift0: -2, drift1: 0.15 }, lineScratch(n));
        expect(Math.abs(mass(plain, from, stride, n) / before - 1)).toBeLessThan(1e-14);
      }
      for (let j = 0; j < ny; j++) {
        for (let i = 0; i < nx; i++) {
          expect(Math.abs((padded[j * pitch + i] as number) - (plain[j * nx + i] as number))).toBeLessThan(
            1e-13,
          );
        }
      }
    }
    // Three cells to the right, to the number: the last cell takes what came to the wall.
    const line = f64(one, Q, 24).fill(0);
    for (let k = 0; k < 12; k++) line[2 * k] = k + 1;
    f64(one, PHI, 24).fill(0);
    one.kernels.transportStrips(0, 1, SCRATCH, Q, PHI, 2, 12, 1, 0, 3, 0);
    const moved = Array.from({ length: 12 }, (_, k) => line[2 * k]);
    expect(moved.slice(4, 11)).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(moved.reduce((a, b) => (a as number) + (b as number))).toBeCloseTo(78, 12);
  });
});

const mass = (q: Float64Array, from: number, stride: number, n: number): number =>
  Array.from({ length: n }, (_, k) => q[from + k * stride] as number).reduce((a, b) => a + b);
