// Colour tables against d3-scale-chromatic, which the page does not carry.
import { interpolateCividis, interpolatePuOr } from "d3-scale-chromatic";
import { describe, expect, it } from "vitest";
import { densityTables, fieldTables } from "../../site/worker/colours.js";
import { levelOf, scaleOf } from "../../site/worker/fields.js";

const numbers = (text: string): number[] => (text.match(/\d+(\.\d+)?/g) ?? []).map(Number);

describe("colour tables", () => {
  it.each([
    ["cividis", interpolateCividis],
    // d3 has purple first.
    ["purpleOrange", (u: number) => interpolatePuOr(1 - u)],
  ] as const)("%s is d3's", (name, d3) => {
    const table = fieldTables[name];
    for (let i = 0; i < 256; i++) {
      const want = numbers(d3(i / 255));
      // d3 rounds on its way to text: one of 255.
      for (let c = 0; c < 3; c++) {
        expect(
          Math.abs((table[4 * i + c] as number) - (want[c] as number)),
          `${name} ${i}`,
        ).toBeLessThanOrEqual(1);
      }
      expect(table[4 * i + 3]).toBe(255);
    }
  });

  it("densities are clear where nothing is, and seen where one particle is", () => {
    for (const { bright, deep } of Object.values(densityTables)) {
      for (const table of [bright, deep]) {
        expect(Array.from(table.slice(0, 4))).toEqual([0, 0, 0, 0]);
        for (let i = 1; i < 256; i++) {
          expect(table[4 * i + 3]).toBeGreaterThanOrEqual(100);
          expect(table[4 * i + 3]).toBeGreaterThanOrEqual(table[4 * i - 1] as number);
        }
      }
    }
  });
});

describe("scales", () => {
  it("f is fixed to [0, 1]; logarithms end at powers of ten; residuals are even about 0", () => {
    expect(scaleOf("fraction", [0.2, 0.3], 6)).toMatchObject({ from: 0, to: 1, log: false });
    expect(scaleOf("proxyVariance", [3e-9, 0.5, 740], 6)).toMatchObject({ from: 1e-3, to: 1e3, log: true });
    expect(scaleOf("proxyVariance", [20, 740], 6)).toMatchObject({ from: 10, to: 1e3 });
    expect(scaleOf("residual", [-3e-7, 1e-7], 6)).toMatchObject({
      from: -5e-7,
      to: 5e-7,
      colours: "purpleOrange",
    });
    expect(scaleOf("posteriorEntropy", [0], 6)).toMatchObject({ from: 0, to: Math.log(6) });
  });

  it("levels run from the first to the last colour, and stay there beyond", () => {
    const scale = scaleOf("fraction", [], 6);
    expect([-1, 0, 0.5, 1, 2, Number.NaN].map((value) => levelOf(scale, value))).toEqual([
      0, 0, 128, 255, 255, 0,
    ]);
    const log = scaleOf("proxyVariance", [1e-3, 1e3], 6);
    expect([0, 1e-3, 1, 1e3].map((value) => levelOf(log, value))).toEqual([0, 0, 128, 255]);
  });
});
