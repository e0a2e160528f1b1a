import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { line, lShape, polygon, randomOutlier } from "../../../src/data/builtin.js";
import { digits } from "../../../src/data/digits.js";
import { fashion, fashionClasses } from "../../../src/data/fashion.js";
import { dataSetNames, loadDataSet } from "../../../src/data/sets.js";
import { VkernelError } from "../../../src/core/errors.js";
import { encodeIdx, parseIdx } from "../../../src/io/index.js";
import { generateDigits } from "../../../scripts/generate/digits.js";
import { firstOfEachClass, generateFashion } from "../../../scripts/generate/fashion.js";

const root = path.resolve(import.meta.dirname, "../../..");

async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    expect(error).toBeInstanceOf(VkernelError);
    return (error as VkernelError).code;
  }
  return "nothing was thrown";
}

describe("polygon", () => {
  it("is the hexagon of Vastola 2025, to the last bit", () => {
    const h = Math.sqrt(3) / 2;
    expect(polygon().points).toEqual(Float64Array.of(1, 0, 0.5, h, -0.5, h, -1, 0, -0.5, -h, 0.5, -h));
  });
  it("is exact for squares and octagons", () => {
    expect(polygon({ count: 4, radius: 2 }).points).toEqual(Float64Array.of(2, 0, 0, 2, -2, 0, 0, -2));
    expect(Array.from(polygon({ count: 8 }).points.subarray(2, 4))).toEqual([Math.SQRT1_2, Math.SQRT1_2]);
    expect(polygon({ count: 1 }).points).toEqual(Float64Array.of(1, 0));
  });
  // The angle given to the host is off by 2.6e-16 of itself at most (pi, product and quotient rounded), and
  // each side's value by one ulp, 1.1e-16: 1.7e-15 + 2.2e-16 on the circle, 2.1e-16 + 2.2e-16 on its first eighth.
  const ON_CIRCLE = 1.92e-15;
  const ON_EIGHTH = 4.3e-16;
  it.each([2, 3, 5, 7, 12, 16, 97, 360, 1001])("of %i corners agrees with cos and sin", (count) => {
    const { points } = polygon({ count });
    for (let k = 0; k < count; k++) {
      const angle = (2 * Math.PI * k) / count;
      const tolerance = 8 * k <= count ? ON_EIGHTH : ON_CIRCLE;
      expect(Math.abs((points[2 * k] as number) - Math.cos(angle))).toBeLessThan(tolerance);
      expect(Math.abs((points[2 * k + 1] as number) - Math.sin(angle))).toBeLessThan(tolerance);
    }
  });
});

describe("the other shapes", () => {
  it("line is that of the golden files", () => {
    expect(line().points).toEqual(Float64Array.of(-1.25, 0, -0.75, 0, -0.25, 0, 0.25, 0, 0.75, 0, 1.25, 0));
    expect(line({ count: 1 }).points).toEqual(Float64Array.of(0, 0));
    expect(line({ count: 3 }).points).toEqual(Float64Array.of(-1.25, 0, 0, 0, 1.25, 0));
  });
  it("L has four points down and two to the right", () => {
    const { points } = lShape();
    const x = points.filter((_, i) => i % 2 === 0);
    const y = points.filter((_, i) => i % 2 === 1);
    expect(x).toEqual(Float64Array.of(-0.75, -0.75, -0.75, -0.75, 0, 0.75));
    expect(y).toEqual(Float64Array.of(1.125, 0.375, -0.375, -1.125, -1.125, -1.125));
  });
  it("random is random_outlier of the golden file g2", () => {
    const first = [0.000615, 0.149373, -0.137069, -0.445296, -0.227335, -0.495823];
    expect(randomOutlier().points).toEqual(
      Float64Array.of(...first, 0.030072, 0.670108, -0.246103, -0.310237, 1.75, 1.5),
    );
  });
});

describe("digits", () => {
  it("are the 1,797 images of the file, in [0, 1]", { tags: ["slow"] }, async () => {
    const set = await digits();
    const text = gunzipSync(await readFile(path.join(root, "data/digits.csv.gz"))).toString();
    const rows = text.trim().split("\n");
    expect(rows.length).toBe(1797);
    const values = rows.map((row) => row.split(",").map(Number));
    expect(set.points).toEqual(
      Float64Array.from(values.flatMap((row) => row.slice(0, 64).map((v) => v / 16))),
    );
    expect(set.labels).toEqual(Int32Array.from(values.map((row) => row[64] as number)));
    expect(set).toMatchObject({ name: "digits", dim: 64, image: { width: 8, height: 8, range: [0, 1] } });
    expect(Math.min(...set.points)).toBe(0);
    expect(Math.max(...set.points)).toBe(1);
  });
  it("have the class counts that UCI states", async () => {
    const counts = new Array(10).fill(0);
    for (const label of (await digits()).labels ?? []) counts[label]++;
    expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
  });
  it("can be a part of the set, in its order", async () => {
    const all = await digits();
    const some = await digits({ labels: [3, 8], count: 5 });
    const indices = Array.from(all.labels ?? [], (label, i) => (label === 3 || label === 8 ? i : -1));
    const chosen = indices.filter((i) => i >= 0).slice(0, 5);
    expect(Array.from(some.labels ?? [])).toEqual(chosen.map((i) => all.labels?.[i]));
    expect(some.points).toEqual(
      Float64Array.from(chosen.flatMap((i) => Array.from(all.points.subarray(i * 64, i * 64 + 64)))),
    );
  });
  it("give each caller its own arrays", async () => {
    const [a, b] = [await digits({ count: 1 }), await digits({ count: 1 })];
    a.points.fill(7);
    expect(Math.max(...b.points)).toBeLessThanOrEqual(1);
  });
});

describe("fashion", () => {
  const file = async () =>
    parseIdx(gunzipSync(await readFile(path.join(root, "data/fashion-images-idx3-ubyte.gz"))));
  it("are the 1,000 images of the file, in [0, 1], classes in turn", { tags: ["long"] }, async () => {
    const set = await fashion();
    const { data, shape, type } = await file();
    expect([shape, type]).toEqual([[1000, 28, 28], "ubyte"]);
    expect(set.points).toEqual(Float64Array.from(data, (v) => v / 255));
    expect(set.labels).toEqual(Int32Array.from({ length: 1000 }, (_, i) => i % 10));
    expect(set).toMatchObject({ name: "fashion", dim: 784, image: { width: 28, height: 28, range: [0, 1] } });
    expect(fashionClasses).toHaveLength(10);
  });
  it("look like their classes", async () => {
    // Mean bytes of all 60,000: sandal 34.9, sneaker 42.8, trouser 56.8, ..., bag 90.2, pullover 96.1, coat 98.3.
    const { points, labels } = await fashion();
    const ink = new Array(10).fill(0);
    for (let i = 0; i < 1000; i++)
      for (let j = 0; j < 784; j++) ink[labels?.[i] as number] += points[i * 784 + j] as number;
    const byInk = ink.map((_, label) => label).sort((a, b) => ink[a] - ink[b]);
    expect(byInk[0]).toBe(fashionClasses.indexOf("sandal"));
    expect(byInk.slice(1, 3)).toContain(fashionClasses.indexOf("sneaker"));
    expect(byInk.slice(-3)).toContain(fashionClasses.indexOf("pullover"));
  });
  it("can be a part of the set, in its order", async () => {
    const all = await fashion();
    const some = await fashion({ labels: [9, 7], count: 3 });
    expect(some.labels).toEqual(Int32Array.of(7, 9, 7));
    const rows = [7, 9, 17].flatMap((i) => Array.from(all.points.subarray(i * 784, (i + 1) * 784)));
    expect(some.points).toEqual(Float64Array.from(rows));
  });
});

describe("pixels in [-1, 1]", () => {
  it.each([
    ["digits", digits, 16],
    ["fashion", fashion, 255],
  ] as const)("%s", { tags: ["slow"] }, async (_, make, top) => {
    const [unit, symmetric] = [await make({ count: 50 }), await make({ count: 50, range: "symmetric" })];
    expect(symmetric.image?.range).toEqual([-1, 1]);
    expect(symmetric.points).toEqual(unit.points.map((v) => (2 * Math.round(v * top) - top) / top));
    expect([Math.min(...symmetric.points), Math.max(...symmetric.points)]).toEqual([-1, 1]);
    expect(await make({ count: 50, range: "unit" })).toEqual(unit);
  });
});

describe("bad options", () => {
  const bad: [string, () => unknown, string][] = [
    ["polygon count 0", () => polygon({ count: 0 }), "E_RANGE"],
    ["polygon count 1.5", () => polygon({ count: 1.5 }), "E_RANGE"],
    ["polygon count 1e10", () => polygon({ count: 1e10 }), "E_RANGE"],
    ["polygon count as text", () => polygon({ count: "6" as never }), "E_TYPE"],
    ["polygon radius 0", () => polygon({ radius: 0 }), "E_RANGE"],
    ["polygon radius NaN", () => polygon({ radius: Number.NaN }), "E_NONFINITE"],
    ["polygon radius whose square overflows", () => polygon({ radius: 1e200 }), "E_RANGE"],
    ["a misspelt option", () => polygon({ cuont: 6 } as never), "E_USAGE"],
    ["__proto__", () => polygon(JSON.parse('{"__proto__": 1}')), "E_USAGE"],
    ["options null", () => polygon(null as never), "E_TYPE"],
    ["line count -1", () => line({ count: -1 }), "E_RANGE"],
    ["line radius", () => line({ radius: 1 } as never), "E_USAGE"],
    ["digits count 0", () => digits({ count: 0 }), "E_RANGE"],
    ["digits count 1798", () => digits({ count: 1798 }), "E_RANGE"],
    ["more digits than there are", () => digits({ labels: [0], count: 179 }), "E_RANGE"],
    ["digits label 10", () => digits({ labels: [10] }), "E_RANGE"],
    ["digits label 1.5", () => digits({ labels: [1.5] }), "E_RANGE"],
    ["digits label as text", () => digits({ labels: ["3"] as never }), "E_TYPE"],
    ["digits labels no array", () => digits({ labels: 3 as never }), "E_TYPE"],
    ["digits without labels", () => digits({ labels: [] }), "E_RANGE"],
    ["digits label", () => digits({ label: [3] } as never), "E_USAGE"],
  ];
  it.each(bad)("%s", async (_, run, code) => {
    expect(await codeOf(run)).toBe(code);
  });
});

describe("loadDataSet", () => {
  it.each(dataSetNames)("%s", async (name) => {
    const set = await loadDataSet(name);
    expect(set.name).toBe(name);
    expect(set.points.length % set.dim).toBe(0);
    expect(set.points.every(Number.isFinite)).toBe(true);
    expect(set.description).not.toBe("");
    expect(set.source).not.toBe("");
    if (set.labels !== undefined) expect(set.labels.length * set.dim).toBe(set.points.length);
  });
  it("offers the nearest name for an unknown one", async () => {
    await expect(loadDataSet("polygn")).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining("polygon (did you mean that?)"),
    });
    expect(await codeOf(() => loadDataSet("__proto__"))).toBe("E_USAGE");
    expect(await codeOf(() => loadDataSet("toString"))).toBe("E_USAGE");
    expect(await codeOf(() => loadDataSet(""))).toBe("E_USAGE");
    expect(await codeOf(() => loadDataSet(undefined as never))).toBe("E_TYPE");
  });
});

describe("data/digits.csv.gz", () => {
  it("is the file that data/README.md describes", async () => {
    const bytes = await readFile(path.join(root, "data/digits.csv.gz"));
    const readme = await readFile(path.join(root, "data/README.md"), "utf8");
    expect(readme).toContain(createHash("sha256").update(bytes).digest("hex"));
  });
  it("is embedded by a generator that writes only what changed", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "vkernel-digits-"));
    try {
      await mkdir(path.join(folder, "data"));
      await writeFile(path.join(folder, "data/digits.csv.gz"), Uint8Array.of(1, 2, 3));
      expect(await generateDigits(folder)).toBe(true);
      const target = path.join(folder, "build/generated/digits.ts");
      expect(await readFile(target, "utf8")).toContain('"AQID"');
      const { mtimeNs } = await stat(target, { bigint: true });
      expect(await generateDigits(folder)).toBe(false);
      expect((await stat(target, { bigint: true })).mtimeNs).toBe(mtimeNs);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("data/fashion-images-idx3-ubyte.gz", () => {
  it("is the file that data/README.md describes", async () => {
    const bytes = await readFile(path.join(root, "data/fashion-images-idx3-ubyte.gz"));
    const readme = await readFile(path.join(root, "data/README.md"), "utf8");
    for (const one of [bytes, gunzipSync(bytes)]) {
      expect(readme).toContain(createHash("sha256").update(one).digest("hex"));
    }
  });
  it("is made of the first 100 of each class, in turn", () => {
    // A set of 1,500 images: image i has label (7 i) mod 10 and the pixels i mod 251, so that each class has 150.
    const count = 1500;
    const labels = Uint8Array.from({ length: count }, (_, i) => (7 * i) % 10);
    const images = new Uint8Array(count * 784).map((_, k) => Math.floor(k / 784) % 251);
    const packed = firstOfEachClass(encodeIdx(images, [count, 28, 28]), encodeIdx(labels, [count]));
    const { data, shape } = parseIdx(gunzipSync(packed));
    expect(shape).toEqual([1000, 28, 28]);
    for (let i = 0; i < 1000; i++) {
      // The k-th image of label i mod 10: 7^-1 = 3 mod 10.
      const from = ((3 * (i % 10)) % 10) + 10 * Math.floor(i / 10);
      expect(data[i * 784]).toBe(from % 251);
      expect(data[i * 784 + 783]).toBe(from % 251);
    }
    expect(() => firstOfEachClass(encodeIdx(images, [count, 28, 28]), new Uint8Array(9))).toThrow("one set");
  });
  it("is embedded by a generator that writes only what changed", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "vkernel-fashion-"));
    try {
      await mkdir(path.join(folder, "data"));
      await writeFile(path.join(folder, "data/fashion-images-idx3-ubyte.gz"), gzipSync("x"));
      expect(await generateFashion(folder)).toBe(true);
      const target = path.join(folder, "build/generated/fashion.ts");
      expect(await readFile(target, "utf8")).toContain(gzipSync("x").toString("base64"));
      expect(await generateFashion(folder)).toBe(false);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
