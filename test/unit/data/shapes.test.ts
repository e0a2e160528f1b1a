import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { circlePoint, turn } from "../../../src/data/circle.js";
import { type DataSet, dataSetNames, loadDataSet } from "../../../src/data/index.js";
import {
  checkerboard,
  circle,
  fourPoints,
  linePoints,
  spiral,
  swissRoll,
  twoMoons,
  twoPoints,
} from "../../../src/data/shapes.js";
import { VkernelError } from "../../../src/core/errors.js";
import { normalCdf } from "../../../src/numeric/special.js";
import { distanceBound, ksDistance, possibleCount } from "../../shared/statistics.js";

const at = (set: DataSet, i: number): number[] =>
  Array.from(set.points.subarray(i * set.dim, (i + 1) * set.dim));

// The angle within an eighth is off by 2.1e-16 at most (pi, product), and the host's value by one ulp.
const ON_EIGHTH = 4.3e-16;
// A point of the unit circle off by ON_EIGHTH in both coordinates, and one rounding of up to 1.1e-16 where the circle
// is shifted: c^2 + s^2 is off by 2 sqrt(2) (4.3e-16 + 1.1e-16) and three roundings.
const ON_ARC = 2e-15;

describe("turn", () => {
  it("is exact at quarters", () => {
    for (const whole of [0, 1, -1, 3, -1000, 2 ** 40]) {
      expect(turn(whole)).toEqual([1, 0]);
      expect(turn(whole + 0.25)).toEqual([0, 1]);
      expect(turn(whole + 0.5)).toEqual([-1, 0]);
      expect(turn(whole + 0.75)).toEqual([0, -1]);
    }
  });
  it("agrees with cos and sin of what is left of the nearest quarter turn", () => {
    let worst = 0;
    for (let i = 0; i < 200_001; i++) {
      const u = -3 + i * 3e-5;
      const quarter = Math.floor(4 * u + 0.5);
      const x = (4 * u - quarter) * (Math.PI / 2);
      const [c, s] = [Math.cos(x), Math.sin(x)];
      const truth = [
        [c, s],
        [-s, c],
        [-c, -s],
        [s, -c],
      ][((quarter % 4) + 4) % 4] as [number, number];
      const [mine, other] = turn(u);
      worst = Math.max(worst, Math.abs(mine - truth[0]), Math.abs(other - truth[1]));
    }
    expect(worst).toBeLessThan(ON_EIGHTH);
  });
  it("agrees with the reduction in whole numbers", () => {
    // k / 1024 is exact, and so is the angle that each reduces.
    for (let k = 0; k < 1024; k++) {
      const [a, b] = [turn(k / 1024), circlePoint(k, 1024)];
      expect(Math.abs(a[0] - b[0])).toBeLessThan(ON_EIGHTH);
      expect(Math.abs(a[1] - b[1])).toBeLessThan(ON_EIGHTH);
    }
  });
});

describe("points on a line", () => {
  it("two are half the distance from the origin", () => {
    expect(twoPoints().points).toEqual(Float64Array.of(-1, 0, 1, 0));
    expect(twoPoints({ distance: 3, dim: 1 }).points).toEqual(Float64Array.of(-1.5, 1.5));
    expect(twoPoints({ dim: 3 }).points).toEqual(Float64Array.of(-1, 0, 0, 1, 0, 0));
  });
  it("four are those of Chen 2025", () => {
    expect(fourPoints().points).toEqual(Float64Array.of(-1, 0, -1 / 3, 0, 1 / 3, 0, 1, 0));
    expect(fourPoints({ dim: 1 }).points).toEqual(Float64Array.of(-1, -1 / 3, 1 / 3, 1));
    expect(fourPoints()).toMatchObject({ name: "four", dim: 2 });
  });
  it("any number is symmetric to the bit, from -1 to 1", () => {
    expect(linePoints({ count: 1 }).points).toEqual(Float64Array.of(0, 0));
    for (const count of [2, 3, 7, 10, 1001]) {
      const { points } = linePoints({ count, dim: 1 });
      expect([points[0], points.at(-1)]).toEqual([-1, 1]);
      for (let k = 0; k < count; k++) {
        expect((points[k] as number) + (points[count - 1 - k] as number)).toBe(0);
        if (k > 0) expect(points[k]).toBeGreaterThan(points[k - 1] as number);
      }
    }
  });
});

describe("two moons", () => {
  it("of six points are those of make_moons", () => {
    // make_moons(6, shuffle=False), worked out by hand: angles 0, pi / 2, pi on each arc.
    const { points, labels } = twoMoons({ count: 6 });
    expect(points).toEqual(Float64Array.of(1, 0, 0, 1, -1, 0, 0, 0.5, 1, -0.5, 2, 0.5));
    expect(labels).toEqual(Int32Array.of(0, 0, 0, 1, 1, 1));
  });
  it("lie on their arcs, ends included", () => {
    for (const count of [7, 100, 1001]) {
      const set = twoMoons({ count });
      const first = Math.floor(count / 2);
      expect(Array.from(set.labels ?? [])).toEqual(Array.from({ length: count }, (_, i) => +(i >= first)));
      for (let i = 0; i < count; i++) {
        const [x, y] = at(set, i) as [number, number];
        const [u, v] = i < first ? [x, y] : [1 - x, 0.5 - y];
        expect(Math.abs(u * u + v * v - 1)).toBeLessThan(ON_ARC);
        expect(v).toBeGreaterThanOrEqual(0);
      }
      expect([at(set, 0), at(set, first - 1)]).toEqual([
        [1, 0],
        [-1, 0],
      ]);
      expect([at(set, first), at(set, count - 1)]).toEqual([
        [0, 0.5],
        [2, 0.5],
      ]);
    }
  });
  it("of one and two points", () => {
    expect(twoMoons({ count: 1 })).toMatchObject({
      points: Float64Array.of(0, 0.5),
      labels: Int32Array.of(1),
    });
    expect(twoMoons({ count: 2 }).points).toEqual(Float64Array.of(1, 0, 0, 0.5));
  });
});

describe("circle", () => {
  it("is evenly spaced on its radius", () => {
    expect(circle({ count: 4, radius: 2 }).points).toEqual(Float64Array.of(2, 0, 0, 2, -2, 0, 0, -2));
    const set = circle({ count: 97 });
    for (let i = 0; i < 97; i++) {
      const [x, y] = at(set, i) as [number, number];
      expect(Math.abs(x * x + y * y - 1)).toBeLessThan(ON_ARC);
    }
  });
});

// Each assertion below on 20,000 draws fails for a right generator with probability 1e-8 (rareRate).
const DRAWS = 20_000;
const uniform = (u: number): number => Math.min(1, Math.max(0, u));

describe("spiral", () => {
  it("has arms turned by equal parts, angles whose squares are uniform, and labels in order", {
    tags: ["slow"],
  }, () => {
    for (const [arms, turns] of [
      [1, 1.5],
      [2, 1.5],
      [3, 0.7],
    ] as const) {
      const set = spiral({ count: DRAWS, arms, turns, seed: arms });
      const squares = new Float64Array(DRAWS);
      for (let i = 0; i < DRAWS; i++) {
        const [x, y] = at(set, i) as [number, number];
        const label = Math.floor((i * arms) / DRAWS);
        const radius = Math.hypot(x, y);
        const angle = 3 * radius - (2 * Math.PI * label) / arms;
        // Angles up to 3 pi are off by a few roundings of 1.8e-15 each, times the radius (pi at most).
        expect(Math.abs(x + radius * Math.cos(angle))).toBeLessThan(3e-14);
        expect(Math.abs(y - radius * Math.sin(angle))).toBeLessThan(3e-14);
        if (set.labels?.[i] !== label) throw new Error(`label ${i}`);
        squares[i] = ((3 * radius) / (2 * Math.PI * turns)) ** 2;
      }
      expect(ksDistance(squares, uniform)).toBeLessThan(distanceBound(DRAWS));
    }
  });
});

describe("checkerboard", () => {
  it.each([2, 4, 10])("of %i cells is uniform on the dark ones", { tags: ["slow"] }, (cells) => {
    const set = checkerboard({ count: DRAWS, cells, seed: cells });
    const counts = new Array((cells * cells) / 2).fill(0);
    const inside = [new Float64Array(DRAWS), new Float64Array(DRAWS)];
    for (let i = 0; i < DRAWS; i++) {
      const cell = at(set, i).map((x) => ((x + 4) / 8) * cells);
      const [column, row] = cell.map(Math.floor) as [number, number];
      expect((column + row) % 2).toBe(0);
      expect(Math.min(column, row)).toBeGreaterThanOrEqual(0);
      expect(Math.max(column, row)).toBeLessThan(cells);
      const label = (row * cells) / 2 + Math.floor(column / 2);
      expect(set.labels?.[i]).toBe(label);
      counts[label]++;
      cell.forEach((x, d) => {
        (inside[d] as Float64Array)[i] = x - Math.floor(x);
      });
    }
    expect(counts.filter((n) => !possibleCount(n, DRAWS / counts.length))).toEqual([]);
    for (const draws of inside) expect(ksDistance(draws, uniform)).toBeLessThan(distanceBound(DRAWS));
  });
});

describe("Swiss roll", () => {
  it("is that of make_swiss_roll, in three dimensions and seen from its end", { tags: ["slow"] }, () => {
    const set = swissRoll({ count: DRAWS, seed: 5 });
    const flat = swissRoll({ count: DRAWS, seed: 5, dim: 2 });
    expect([set.dim, flat.dim]).toEqual([3, 2]);
    expect(flat.values).toEqual(set.values);
    const heights = new Float64Array(DRAWS);
    const angles = new Float64Array(DRAWS);
    for (let i = 0; i < DRAWS; i++) {
      const [x, y, z] = at(set, i) as [number, number, number];
      const a = set.values?.[i] as number;
      expect(at(flat, i)).toEqual([x, z]);
      // The angle, up to 14.2, is off by 1.8e-15 at most, and the radius times that by 2.5e-14.
      expect(Math.abs(x - a * Math.cos(a))).toBeLessThan(6e-14);
      expect(Math.abs(z - a * Math.sin(a))).toBeLessThan(6e-14);
      heights[i] = y / 21;
      angles[i] = (a / (1.5 * Math.PI) - 1) / 2;
    }
    expect(ksDistance(heights, uniform)).toBeLessThan(distanceBound(DRAWS));
    expect(ksDistance(angles, uniform)).toBeLessThan(distanceBound(DRAWS));
  });
});

describe("noise", () => {
  it.each([
    ["twoMoons", twoMoons],
    ["circle", circle],
    ["spiral", spiral],
    ["checkerboard", checkerboard],
    ["swissRoll", swissRoll],
  ] as const)("of %s is standard normal in every coordinate, after division", (_, make) => {
    const clean = make({ count: DRAWS, seed: 11 });
    const noisy = make({ count: DRAWS, seed: 11, noise: 0.25 });
    expect(noisy.labels).toEqual(clean.labels);
    for (let d = 0; d < clean.dim; d++) {
      const z = Float64Array.from({ length: DRAWS }, (_, i) => {
        const k = i * clean.dim + d;
        return ((noisy.points[k] as number) - (clean.points[k] as number)) / 0.25;
      });
      // The mean of n standard normals is below 5.7 / sqrt(n), and the sum of their squares within
      // 5.7 sqrt(2 n) of n, but for 1.2e-8.
      const sum = z.reduce((a, b) => a + b, 0);
      const squares = z.reduce((a, b) => a + b * b, 0);
      expect(Math.abs(sum)).toBeLessThan(5.7 * Math.sqrt(DRAWS));
      expect(Math.abs(squares - DRAWS)).toBeLessThan(5.7 * Math.sqrt(2 * DRAWS));
      expect(ksDistance(z, normalCdf)).toBeLessThan(distanceBound(DRAWS));
    }
  });
  it("of another seed is another one, and a first part of a set of independent draws is the same", () => {
    const few = swissRoll({ count: 10, noise: 1, seed: 1 }).points;
    expect(swissRoll({ count: 20, noise: 1, seed: 1 }).points.subarray(0, 30)).toEqual(few);
    expect(swissRoll({ count: 10, noise: 1, seed: 2 }).points).not.toEqual(few);
    expect(swissRoll({ count: 10, noise: 1, seed: 1 + 2 ** 32 }).points).not.toEqual(few);
  });
});

/** The promise: what everybody gets from these options. A change is a release note, not a refactoring. */
const promised: [string, object, string][] = [
  ["polygon", {}, "d37c463e02971b1eeb98d0de10f7cfd0e3aa8d16b5d5adc697f3b2ac38b86dc3"],
  ["line", {}, "c0a148c83285a9895ad228d86f88ccdd7f02bbd89a175344dd28b7e7b08600aa"],
  ["L", {}, "98c3b11524344754ccbeda9cee920f5076acafb41039f8c5d043ac789700084f"],
  ["random", {}, "8c9aa825a3f23accdd86557da4b9187eb6905eb156176f6a03b0a935eedf3d35"],
  ["two", {}, "09601fe2fdc09f985d57706d8d8d3100984457940645e3ba3b1bba5c2d15be67"],
  ["four", {}, "ca834c55c21fbaa2d28b473199e4f0b210a726075c6cc317ce941aec54de6b0d"],
  ["circle", {}, "be751a6549e4c3a10cf52014f42eec15fb0210bcda7c547cf67d082c6e7dee5c"],
  ["twoMoons", {}, "17dda1e30b22243310127473cc28b8a03c052e08c53f7eda3f2d00b43800c88a"],
  ["spiral", {}, "b0f5029126d6f1cb7338a519eb7605a72162f503b0b87fc55a2f4a2fc5aea0c9"],
  ["checkerboard", {}, "a1f6f632a32682ca69801fc8a077607e0f311146f381366c01b9651ecc03b4a4"],
  ["swissRoll", {}, "0ea0f1861b589af45796b1f46c288cafca46560ed5904915dfc3d389d906650a"],
  ["digits", {}, "23a53393488b04f92efc45ebc92767e2dcfdf206ba37a928f497d261e42267d2"],
  ["fashion", {}, "fa91afb0a3030169cc5fa47f92096808dbe83a81c0f3431812a663a6d9b59bd8"],
  [
    "circle",
    { count: 500, noise: 0.1, seed: 1 },
    "c4767e5d14574eb6f411687ba35fb5c8e1cb2536b25108c7a1193df84af5e59c",
  ],
  [
    "twoMoons",
    { count: 500, noise: 0.1, seed: 2 },
    "74f1fc2356dda94b92000da92afd5d84998a94214198b5dfeb5dbdc30a36944c",
  ],
  [
    "spiral",
    { count: 500, noise: 0.1, seed: 3, arms: 3 },
    "d1b4c5c33a9603c82ca4ee9d267d5eb04f1c8ac768bece4f0dff6a8c6fd6d72b",
  ],
  [
    "checkerboard",
    { count: 500, noise: 0.1, seed: 4, cells: 6 },
    "ffde188534c95928a47a38120dc38502687c29aeb94d685639c2eb47f1fea298",
  ],
  [
    "swissRoll",
    { count: 500, noise: 0.1, seed: 2 ** 53 - 1 },
    "851747864745b228f7194ca66a8658c48d44ed8ad6c2f4c42207812b89f3dad5",
  ],
  [
    "swissRoll",
    { count: 500, noise: 0.1, seed: 2 ** 40 + 7, dim: 2 },
    "57a83e7b57722ab81cee8d7bec5d14b1cfdf137cd624ea3f696c5159882d1fc2",
  ],
  ["digits", { range: "symmetric" }, "606742fb7926aab16b1c12461882989fbdc7a7cc32f12bb6979518822733414e"],
  ["fashion", { range: "symmetric" }, "99e78a1ac3464e485c924d33b01891ff33551555475a8326a4592c0432efa712"],
];

describe("the bits of every set are promised", () => {
  it("all sets are among them", () => {
    expect(promised.filter(([, options]) => Object.keys(options).length === 0).map(([name]) => name)).toEqual(
      dataSetNames,
    );
  });
  it.each(promised)("%s %j", { tags: ["slow"] }, async (name, options, hash) => {
    const { points } = await loadDataSet(name, options);
    expect(createHash("sha256").update(new Uint8Array(points.buffer)).digest("hex")).toBe(hash);
  });
});

describe("bad options", () => {
  const bad: [string, () => unknown, string, string][] = [
    ["two at distance 0", () => twoPoints({ distance: 0 }), "E_RANGE", "distance"],
    ["two at distance NaN", () => twoPoints({ distance: Number.NaN }), "E_NONFINITE", "distance"],
    ["two of dim 0", () => twoPoints({ dim: 0 }), "E_RANGE", "dim"],
    ["two, a count", () => twoPoints({ count: 2 } as never), "E_USAGE", "count"],
    ["four, a count", () => fourPoints({ count: 5 } as never), "E_USAGE", "count"],
    ["four of dim 4097", () => fourPoints({ dim: 4097 }), "E_RANGE", "dim"],
    ["line of no points", () => linePoints({ count: 0 }), "E_RANGE", "count"],
    ["line of 2^31 numbers", () => linePoints({ count: 1e6, dim: 4096 }), "E_LIMIT", "count"],
    ["moons count 0", () => twoMoons({ count: 0 }), "E_RANGE", "count"],
    ["moons count 1e7", () => twoMoons({ count: 1e7 }), "E_RANGE", "count"],
    ["moons noise -1", () => twoMoons({ noise: -1 }), "E_RANGE", "noise"],
    ["moons noise infinite", () => twoMoons({ noise: Number.POSITIVE_INFINITY }), "E_NONFINITE", "noise"],
    ["moons noise as text", () => twoMoons({ noise: "0.1" as never }), "E_TYPE", "noise"],
    ["moons seed -1", () => twoMoons({ seed: -1 }), "E_RANGE", "seed"],
    ["moons seed 2^53", () => twoMoons({ seed: 2 ** 53 }), "E_RANGE", "seed"],
    ["moons shuffled", () => twoMoons({ shuffle: true } as never), "E_USAGE", "shuffle"],
    ["moons options null", () => twoMoons(null as never), "E_TYPE", "options"],
    ["circle radius 0", () => circle({ radius: 0 }), "E_RANGE", "radius"],
    ["spiral arms 0", () => spiral({ arms: 0 }), "E_RANGE", "arms"],
    ["spiral turns 0", () => spiral({ turns: 0 }), "E_RANGE", "turns"],
    ["board of 3 cells", () => checkerboard({ cells: 3 }), "E_RANGE", "cells"],
    ["board of 102 cells", () => checkerboard({ cells: 102 }), "E_RANGE", "cells"],
    ["roll of dim 4", () => swissRoll({ dim: 4 as never }), "E_RANGE", "dim"],
    ["__proto__", () => spiral(JSON.parse('{"__proto__": 1}')), "E_USAGE", "__proto__"],
    ["L, a count", () => loadDataSet("L", { count: 3 } as never), "E_USAGE", "count"],
    ["random, options null", () => loadDataSet("random", null as never), "E_TYPE", "options"],
    ["a misspelt option by name", () => loadDataSet("spiral", { arm: 3 } as never), "E_USAGE", "arm"],
    ["fashion label 10", () => loadDataSet("fashion", { labels: [10] }), "E_RANGE", "labels[0]"],
    ["fashion count 1001", () => loadDataSet("fashion", { count: 1001 }), "E_RANGE", "count"],
    ["fashion range", () => loadDataSet("fashion", { range: "unti" as never }), "E_USAGE", "range"],
    ["digits range as pair", () => loadDataSet("digits", { range: [0, 1] as never }), "E_TYPE", "range"],
  ];
  it.each(bad)("%s", async (_, run, code, argument) => {
    const error = await (async () => run())().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(VkernelError);
    expect(error).toMatchObject({ code, argument });
  });
});
