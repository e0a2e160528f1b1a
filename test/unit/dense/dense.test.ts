// Dense algebra for learned scores: against plain loops and closed forms; the same bits for any thread, block, panel.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, type Engine } from "../../../src/engine.js";
import {
  cholesky,
  conditionEstimate,
  crossWeighted,
  gramWeighted,
  type Matrix,
  matmul,
  normalEquations,
  ntkGram,
  rbfFeatures,
  solveCholesky,
  solveTriangular,
  symmetricEigen,
} from "../../../src/dense/index.js";
import * as reference from "../../../src/numeric/linear.js";
import { bitsOf, codeOf, difference, matrixOf, randomMatrix, square } from "../../shared/dense.js";
import { abortedAfter } from "../../shared/turns.js";

/** Unit roundoff. */
const U = 2 ** -53;

const engines = new Map<string, Engine>();
const engineOf = (name: string): Engine => engines.get(name) as Engine;
const kinds = ["simd", "relaxed", "reference"] as const;

beforeAll(async () => {
  engines.set("simd", await createEngine({ threads: 2, kernels: "simd" }));
  engines.set("relaxed", await createEngine({ threads: 1, kernels: "relaxed" }));
  engines.set("reference", await createEngine({ kernels: "reference" }));
});
afterAll(() => {
  for (const engine of engines.values()) engine.close();
});

const transpose = ({ data, rows, columns }: Matrix): Matrix => ({
  data: Float64Array.from({ length: data.length }, (_, at) => {
    const [j, i] = [Math.floor(at / rows), at % rows];
    return data[i * columns + j] as number;
  }),
  rows: columns,
  columns: rows,
});
const map = (matrix: Matrix, f: (value: number) => number): Matrix => ({
  ...matrix,
  data: matrix.data.map(f),
});

/** What sums of P products may be apart: 2 (P + 3) units of the sums of absolute values (Higham 2002, Section 3.1). */
const sumBound = (absolute: Matrix, P: number): number =>
  2 * (P + 3) * U * absolute.data.reduce((most, value) => Math.max(most, value), 0);

describe.each(kinds)("sums over rows, %s", (kind) => {
  // Below and above a chunk of 256 and a tile of 64; sides that are no multiples of 4.
  it.each([
    [1, 1, 1],
    [5, 3, 2],
    [255, 7, 1],
    [257, 64, 5],
    [700, 67, 3],
  ])("%i rows of %i features and %i targets", { tags: ["slow"] }, async (P, F, D) => {
    const phi = randomMatrix(P, F, 1);
    const y = randomMatrix(P, D, 2);
    const weights = randomMatrix(P, 1, 3).data;
    for (const w of [undefined, weights]) {
      const { gram, cross } = await normalEquations(engineOf(kind), phi, y, w);
      const scaled = { ...phi, data: phi.data.map((v, at) => v * (w?.[Math.floor(at / F)] ?? 1)) };
      const plain = reference.matmul(scaled, phi, true);
      const size = reference.matmul(map(scaled, Math.abs), map(phi, Math.abs), true);
      expect(difference(gram.data, plain.data)).toBeLessThanOrEqual(sumBound(size, P));
      const crossSize = reference.matmul(map(scaled, Math.abs), map(y, Math.abs), true);
      const crossPlain = reference.matmul(scaled, y, true);
      expect(difference(cross.data, crossPlain.data)).toBeLessThanOrEqual(sumBound(crossSize, P));
      expect(bitsOf(gram.data)).toEqual(bitsOf(transpose(gram).data));
      // Alone, each has the same bits.
      expect(bitsOf((await gramWeighted(engineOf(kind), phi, w)).data)).toEqual(bitsOf(gram.data));
      expect(bitsOf((await crossWeighted(engineOf(kind), phi, y, w)).data)).toEqual(bitsOf(cross.data));
    }
  });

  it("whole numbers add without an error, so every term is there once", async () => {
    const P = 1300;
    const phi = map(randomMatrix(P, 19, 4), (v) => Math.round(50 * v));
    const weights = randomMatrix(P, 1, 5).data.map((v) => Math.round(3 * v));
    const gram = await gramWeighted(engineOf(kind), phi, weights);
    const scaled = { ...phi, data: phi.data.map((v, at) => v * (weights[Math.floor(at / 19)] as number)) };
    expect(difference(gram.data, reference.matmul(scaled, phi, true).data)).toBe(0);
  });

  it("products with every transpose", async () => {
    const a = map(randomMatrix(70, 301, 6), (v) => Math.round(100 * v));
    const b = map(randomMatrix(301, 45, 7), (v) => Math.round(100 * v));
    const plain = reference.matmul(a, b).data;
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const left = transposeA ? transpose(a) : a;
        const right = transposeB ? transpose(b) : b;
        const product = await matmul(engineOf(kind), left, right, { transposeA, transposeB });
        expect([product.rows, product.columns]).toEqual([70, 45]);
        expect(difference(product.data, plain)).toBe(0);
      }
    }
  });
});

/** |A - L L'| of a factor is at most this much of |A| (Higham 2002, Theorem 10.3, with |L||L'| <= n |A|). */
const factorBound = (n: number): number => 4 * n * (n + 1) * U;

describe.each(kinds)("factors, %s", (kind) => {
  it.each([1, 2, 3, 4, 5, 63, 64, 65, 66, 130, 201])("n = %i", async (n) => {
    const engine = engineOf(kind);
    const a = reference.matmul(randomMatrix(n + 10, n, 8), randomMatrix(n + 10, n, 8), true);
    const factor = await cholesky(engine, a);
    if (!factor.ok) throw new Error("not positive definite");
    const { l } = factor;
    for (let i = 0; i < n; i++)
      expect(l.data.slice(i * n + i + 1, (i + 1) * n).every((v) => v === 0)).toBe(true);
    const largest = Math.max(...a.data.map(Math.abs));
    const product = reference.matmul(l, l, false, true);
    expect(difference(product.data, a.data)).toBeLessThanOrEqual(factorBound(n) * largest);
    const b = randomMatrix(n, 6, 9);
    for (const [x, back] of [
      [await solveTriangular(engine, l, b), (v: Matrix) => reference.matmul(l, v)],
      [await solveTriangular(engine, l, b, { transpose: true }), (v: Matrix) => reference.matmul(l, v, true)],
      [await solveCholesky(engine, l, b), (v: Matrix) => reference.matmul(a, v)],
    ] as const) {
      const sizes = Math.max(...x.data.map(Math.abs)) * Math.max(1, largest) * n;
      expect(difference(back(x).data, b.data)).toBeLessThanOrEqual(factorBound(n) * sizes + n * U);
    }
    // A right side's solution is its own: the same bits among others and alone.
    const whole = await solveCholesky(engine, l, b);
    const alone = await solveCholesky(engine, l, {
      data: Float64Array.from({ length: n }, (_, i) => b.data[i * 6 + 4] as number),
      rows: n,
      columns: 1,
    });
    expect(bitsOf(alone.data)).toEqual(
      bitsOf(Float64Array.from({ length: n }, (_, i) => whole.data[i * 6 + 4] as number)),
    );
  });

  it("says which pivot fails, and its value", async () => {
    const engine = engineOf(kind);
    expect(
      await cholesky(
        engine,
        matrixOf([
          [1, 2],
          [2, 1],
        ]),
      ),
    ).toEqual({ ok: false, pivot: { index: 1, value: -3 } });
    for (const at of [0, 63, 64, 149]) {
      const a = square(150, (i, j) => (i !== j ? 0 : i === at ? -2 : 4));
      expect(await cholesky(engine, a)).toEqual({ ok: false, pivot: { index: at, value: -2 } });
    }
    expect(
      await cholesky(
        engine,
        square(3, () => 0),
      ),
    ).toEqual({ ok: false, pivot: { index: 0, value: 0 } });
    // Rank 10: the eleventh pivot is what rounding leaves, on either side of 0.
    const thin = randomMatrix(10, 90, 10);
    const low = reference.matmul(thin, thin, true);
    const found = await cholesky(engine, low);
    expect(found.ok ? undefined : found.pivot.index).toBe(10);
    // With no tolerance a positive rest passes; a semidefinite matrix of whole numbers never does.
    const ones = square(80, () => 1);
    expect(await cholesky(engine, ones, { tolerance: 0 })).toEqual({
      ok: false,
      pivot: { index: 1, value: 0 },
    });
  });

  it("estimates condition numbers", async () => {
    const engine = engineOf(kind);
    const estimate = async (a: Matrix): Promise<number> => {
      const factor = await cholesky(engine, a, { tolerance: 0 });
      if (!factor.ok) throw new Error("not positive definite");
      return conditionEstimate(engine, a, factor.l);
    };
    expect(await estimate(square(9, (i, j) => (i === j ? i + 1 : 0)))).toBeCloseTo(9, 12);
    // The 1-norm condition of Hilbert's matrices: 748, 943656, 29070279, 33872791095 (n = 3, 5, 6, 8).
    for (const [n, condition] of [
      [3, 748],
      [5, 943_656],
      [6, 29_070_279],
      [8, 33_872_791_095],
    ] as const) {
      const ratio = (await estimate(square(n, (i, j) => 1 / (i + j + 1)))) / condition;
      // A lower bound, but for what the condition makes of rounding.
      expect(ratio).toBeLessThan(1 + 4 * n * n * U * condition + 1e-9);
      expect(ratio).toBeGreaterThan(1 / 3);
    }
  });
});

/** Residual and orthogonality, both over n |A| and n. */
function defects(
  a: Matrix,
  { values, vectors }: { values: Float64Array; vectors: Matrix },
): [number, number] {
  const n = a.rows;
  const largest = Math.max(...values.map(Math.abs));
  const unit = map(a, (v) => v / largest);
  const image = reference.matmul(unit, vectors, false, true);
  let residual = 0;
  for (let k = 0; k < n; k++) {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const along = ((values[k] as number) / largest) * (vectors.data[k * n + i] as number);
      sum += ((image.data[i * n + k] as number) - along) ** 2;
    }
    residual = Math.max(residual, Math.sqrt(sum));
  }
  const gram = reference.matmul(vectors, vectors, false, true);
  const identity = square(n, (i, j) => (i === j ? 1 : 0));
  return [residual / n, difference(gram.data, identity.data) / n];
}

/** What is promised of residual and orthogonality. */
const EIGEN = 1e-13;

describe.each(kinds)("eigenvectors, %s", (kind) => {
  const n = 97;
  const reflect = (d: readonly number[]): Matrix => {
    // A symmetric matrix of spectrum d: two reflections of a diagonal.
    let a = square(d.length, (i, j) => (i === j ? (d[i] as number) : 0));
    for (const seed of [11, 12]) {
      const v = randomMatrix(d.length, 1, seed).data;
      const norm = v.reduce((sum, x) => sum + x * x, 0);
      const h = square(
        d.length,
        (i, j) => (i === j ? 1 : 0) - (2 * (v[i] as number) * (v[j] as number)) / norm,
      );
      a = reference.matmul(reference.matmul(h, a), h);
    }
    return square(
      d.length,
      (i, j) => 0.5 * ((a.data[i * d.length + j] as number) + (a.data[j * d.length + i] as number)),
    );
  };
  const range = (f: (k: number) => number): number[] =>
    Array.from({ length: n }, (_, k) => f(k)).sort((a, b) => a - b);
  const cases: [string, Matrix, number[] | undefined][] = [
    [
      "second differences",
      square(n, (i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0)),
      range((k) => 4 * Math.sin(((k + 1) * Math.PI) / (2 * (n + 1))) ** 2),
    ],
    ["all ones: rank 1", square(n, () => 1), range((k) => (k === 0 ? n : 0))],
    ["the identity", square(n, (i, j) => (i === j ? 1 : 0)), range(() => 1)],
    [
      "two values, many times",
      reflect(range((k) => (k % 2 === 0 ? 3 : -1))),
      range((k) => (k % 2 === 0 ? 3 : -1)),
    ],
    ["rank 5", reflect(range((k) => (k < 5 ? k + 1 : 0))), range((k) => (k < 5 ? k + 1 : 0))],
    ["graded over 30 decades", reflect(range((k) => 10 ** (-k / 3))), range((k) => 10 ** (-k / 3))],
    [
      "Wilkinson's pairs",
      square(n, (i, j) => (i === j ? Math.abs(i - 48) : Math.abs(i - j) === 1 ? 1 : 0)),
      undefined,
    ],
    ["Hilbert's", square(n, (i, j) => 1 / (i + j + 1)), undefined],
    [
      "a small block beside a large one",
      square(n, (i, j) => (i < 50 === j < 50 ? 1 / (1 + Math.abs(i - j)) : 0) * (i < 50 ? 1 : 1e-250)),
      undefined,
    ],
    [
      "random",
      reference.matmul(
        randomMatrix(n, n, 13),
        square(n, (i, j) => (i === j ? 1 : 0)),
      ),
      undefined,
    ],
  ].map(([name, a, spectrum]) => {
    const m = a as Matrix;
    const even = square(
      m.rows,
      (i, j) => 0.5 * ((m.data[i * m.rows + j] as number) + (m.data[j * m.rows + i] as number)),
    );
    return [name, even, spectrum] as [string, Matrix, number[] | undefined];
  });

  it.each(cases)("%s", async (_, a, spectrum) => {
    for (const scale of [1, 1e-200, 1e200, 2 ** -1000]) {
      const scaled = map(a, (v) => v * scale);
      const eigen = await symmetricEigen(engineOf(kind), scaled);
      expect(eigen.values.every((value, k) => k === 0 || value >= (eigen.values[k - 1] as number))).toBe(
        true,
      );
      const [residual, orthogonality] = defects(scaled, eigen);
      expect(residual).toBeLessThanOrEqual(EIGEN);
      expect(orthogonality).toBeLessThanOrEqual(EIGEN);
      if (spectrum === undefined || scale !== 1) continue;
      const size = Math.max(...spectrum.map(Math.abs));
      expect(difference(eigen.values, spectrum)).toBeLessThanOrEqual(EIGEN * n * size);
    }
  });

  it("small orders, and zero", async () => {
    for (const order of [1, 2, 3, 4, 5, 8, 31, 32, 33, 34]) {
      const random = randomMatrix(order, order, 14);
      const a = square(
        order,
        (i, j) => (random.data[i * order + j] as number) + (random.data[j * order + i] as number),
      );
      const eigen = await symmetricEigen(engineOf(kind), a);
      expect(Math.max(...defects(a, eigen))).toBeLessThanOrEqual(EIGEN);
      const trace = a.data.reduce((sum, v, at) => sum + (at % (order + 1) === 0 ? v : 0), 0);
      expect(Math.abs(eigen.values.reduce((sum, v) => sum + v, 0) - trace)).toBeLessThan(EIGEN * order);
      const zero = await symmetricEigen(
        engineOf(kind),
        square(order, () => 0),
      );
      expect([...zero.values]).toEqual(new Array(order).fill(0));
      expect(difference(zero.vectors.data, square(order, (i, j) => (i === j ? 1 : 0)).data)).toBe(0);
    }
  });

  it("a permutation moves no eigenvalue", async () => {
    const random = randomMatrix(n, n, 15);
    const a = square(n, (i, j) => (random.data[i * n + j] as number) + (random.data[j * n + i] as number));
    const to = (i: number): number => (i * 31) % n;
    const moved = square(n, (i, j) => a.data[to(i) * n + to(j)] as number);
    const [x, y] = [await symmetricEigen(engineOf(kind), a), await symmetricEigen(engineOf(kind), moved)];
    expect(difference(x.values, y.values)).toBeLessThanOrEqual(EIGEN * n * Math.max(...x.values));
  });
});

describe("the same bits", () => {
  // Large enough that jobs go to the pool.
  const phi = randomMatrix(1300, 141, 16);
  const y = randomMatrix(1300, 9, 17);
  const weights = randomMatrix(1300, 1, 18).data;

  async function everything(engine: Engine, panelRows?: number): Promise<Record<string, Float64Array>> {
    const source = {
      rows: phi.rows,
      columns: phi.columns,
      read: (first: number, count: number) => phi.data.slice(first * 141, (first + count) * 141),
    };
    const { gram, cross } = await normalEquations(engine, panelRows ? source : phi, y, weights, {
      ...(panelRows ? { panelRows } : {}),
    });
    const positive = await gramWeighted(engine, phi);
    const factor = await cholesky(engine, positive);
    if (!factor.ok) throw new Error("not positive definite");
    const right = randomMatrix(141, 40, 19);
    const eigen = await symmetricEigen(engine, gram);
    const some = randomMatrix(150, 141, 20);
    return {
      gram: gram.data,
      cross: cross.data,
      product: (await matmul(engine, some, phi, { transposeB: true })).data,
      factor: factor.l.data,
      solution: (await solveCholesky(engine, factor.l, right)).data,
      values: eigen.values,
      vectors: eigen.vectors.data,
      kernel: (await ntkGram(engine, some, undefined, { depth: 3, biasVariance: 0.1 })).data,
      features: (await rbfFeatures(engine, some, some, 10)).data,
    };
  }

  it("for 1, 2 and 3 threads, any block, any panel; simd and its shared build", {
    tags: ["slow"],
  }, async () => {
    const expected = new Map<string, BigUint64Array>();
    for (const [options, panelRows] of [
      [{ threads: 1 }, undefined],
      [{ threads: 2 }, undefined],
      [{ threads: 3, blockSize: 1 }, 256],
      [{ threads: 2, blockSize: 3 }, 1024],
      [{ threads: 1, blockSize: 2 }, 512],
    ] as const) {
      const engine = await createEngine({ ...options, kernels: "simd" });
      const used = engine.info.memoryUsed;
      const results = await everything(engine, panelRows);
      for (const [name, numbers] of Object.entries(results)) {
        const bits = bitsOf(numbers);
        const first = expected.get(name);
        if (first)
          expect([
            name,
            options,
            Buffer.compare(Buffer.from(bits.buffer), Buffer.from(first.buffer)),
          ]).toEqual([name, options, 0]);
        else expected.set(name, bits.slice());
      }
      expect(engine.info.memoryUsed).toBe(used);
      engine.close();
    }
    expect(expected.size).toBe(9);
  });
});

describe("long calls", () => {
  it.each([1, 2])(
    "are aborted, early or late, and leave no memory behind, %i threads",
    { tags: ["slow"] },
    async (threads) => {
      const engine = await createEngine({ threads, kernels: "simd" });
      const a = square(1500, (i, j) => 1 / (1 + Math.abs(i - j)));
      const used = engine.info.memoryUsed;
      const tall = {
        rows: 2 ** 22,
        columns: 64,
        read: (_: number, count: number) => new Float64Array(count * 64),
      };
      for (const [turns, work] of [
        [1, (signal: AbortSignal) => symmetricEigen(engine, a, { signal })],
        [6, (signal: AbortSignal) => symmetricEigen(engine, a, { signal })],
        [1, (signal: AbortSignal) => matmul(engine, { ...a }, a, { signal })],
        [3, (signal: AbortSignal) => matmul(engine, { ...a }, a, { signal })],
        [1, (signal: AbortSignal) => gramWeighted(engine, tall, undefined, { signal })],
        [6, (signal: AbortSignal) => gramWeighted(engine, tall, undefined, { signal })],
      ] as const) {
        expect([turns, (await abortedAfter(turns, work)).code]).toEqual([turns, "E_ABORT"]);
        expect(engine.info.memoryUsed).toBe(used);
      }
      const gone = AbortSignal.abort();
      expect(await codeOf(() => cholesky(engine, a, { signal: gone }))).toBe("E_ABORT");
      // The engine goes on.
      expect(
        (
          await cholesky(
            engine,
            square(3, (i, j) => (i === j ? 1 : 0)),
          )
        ).ok,
      ).toBe(true);
      engine.close();
      expect(await codeOf(() => cholesky(engine, a))).toBe("E_DISPOSED");
    },
  );

  it("report progress that grows to the whole", async () => {
    for (const kind of ["simd", "relaxed"]) {
      const seen: [number, number][] = [];
      const a = square(400, (i, j) => 1 / (1 + Math.abs(i - j)));
      await symmetricEigen(engineOf(kind), a, { onProgress: (done, total) => seen.push([done, total]) });
      const [done, total] = seen.at(-1) as [number, number];
      expect(done).toBe(total);
      expect(seen.every(([part], i) => i === 0 || part >= (seen[i - 1] as [number, number])[0])).toBe(true);
    }
  });

  it("ask a source for every row once, in order", async () => {
    const asked: [number, number][] = [];
    const rows = 1000;
    const gram = await gramWeighted(
      engineOf("simd"),
      {
        rows,
        columns: 2,
        read: (first, count) => {
          asked.push([first, count]);
          return new Float64Array(2 * count).fill(1);
        },
      },
      undefined,
      { panelRows: 256 },
    );
    expect(asked).toEqual([
      [0, 256],
      [256, 256],
      [512, 256],
      [768, 232],
    ]);
    expect([...gram.data]).toEqual([rows, rows, rows, rows]);
  });

  it("free what they took where memory ends or a source fails", async () => {
    const engine = await createEngine({ threads: 2, kernels: "simd", memory: 4 * 2 ** 20 });
    const used = engine.info.memoryUsed;
    const a = randomMatrix(600, 600, 21);
    expect(await codeOf(() => matmul(engine, a, a))).toBe("E_MEMORY");
    expect(engine.info.memoryUsed).toBe(used);
    let calls = 0;
    const read = (_: number, count: number): Float64Array => {
      if (++calls === 3) throw new RangeError("no more");
      return new Float64Array(count * 64).fill(1);
    };
    expect(
      await codeOf(() =>
        gramWeighted(engine, { rows: 5000, columns: 64, read }, undefined, { panelRows: 1024 }),
      ),
    ).toBe("no code: no more");
    expect(engine.info.memoryUsed).toBe(used);
    const short = { rows: 600, columns: 3, read: () => new Float64Array(3) };
    expect(await codeOf(() => gramWeighted(engine, short))).toBe("E_SHAPE");
    const nan = { rows: 2, columns: 1, read: () => Float64Array.of(1, Number.NaN) };
    expect(await codeOf(() => gramWeighted(engine, nan))).toBe("E_NONFINITE");
    engine.close();
  });
});

describe("bad input", () => {
  const two = matrixOf([
    [2, 1],
    [1, 2],
  ]);
  const wide = randomMatrix(2, 3, 22);
  const bad = <T>(value: unknown): T => value as T;
  const cases: [string, string, (engine: Engine) => unknown][] = [
    ["no matrix", "E_TYPE", (e) => gramWeighted(e, bad(undefined))],
    ["plain numbers", "E_TYPE", (e) => gramWeighted(e, bad({ data: [1], rows: 1, columns: 1 }))],
    ["no rows", "E_SHAPE", (e) => gramWeighted(e, { data: new Float64Array(0), rows: 0, columns: 1 })],
    [
      "too few numbers",
      "E_SHAPE",
      (e) => gramWeighted(e, { data: new Float64Array(5), rows: 2, columns: 3 }),
    ],
    ["infinite", "E_NONFINITE", (e) => gramWeighted(e, matrixOf([[1, Number.POSITIVE_INFINITY]]))],
    ["weights of another length", "E_SHAPE", (e) => gramWeighted(e, wide, new Float64Array(3))],
    ["weights of NaN", "E_NONFINITE", (e) => gramWeighted(e, wide, Float64Array.of(1, Number.NaN))],
    ["targets of another length", "E_SHAPE", (e) => crossWeighted(e, wide, randomMatrix(3, 1, 1))],
    ["panelRows off the chunks", "E_RANGE", (e) => gramWeighted(e, wide, undefined, { panelRows: 300 })],
    ["an unknown option", "E_USAGE", (e) => gramWeighted(e, wide, undefined, bad({ signals: 1 }))],
    ["sides that do not fit", "E_SHAPE", (e) => matmul(e, wide, wide)],
    ["a flag that is none", "E_TYPE", (e) => matmul(e, two, two, { transposeA: bad(1) })],
    ["not square", "E_SHAPE", (e) => cholesky(e, wide)],
    [
      "not symmetric",
      "E_RANGE",
      (e) =>
        cholesky(
          e,
          matrixOf([
            [1, 2],
            [0, 1],
          ]),
        ),
    ],
    [
      "not symmetric",
      "E_RANGE",
      (e) =>
        symmetricEigen(
          e,
          matrixOf([
            [1, 2],
            [0, 1],
          ]),
        ),
    ],
    [
      "too large",
      "E_LIMIT",
      (e) => symmetricEigen(e, { data: new Float64Array(1), rows: 4097, columns: 4097 }),
    ],
    ["a negative tolerance", "E_RANGE", (e) => cholesky(e, two, { tolerance: -1 })],
    [
      "a zero on the diagonal",
      "E_RANGE",
      (e) =>
        solveCholesky(
          e,
          matrixOf([
            [1, 0],
            [1, 0],
          ]),
          two,
        ),
    ],
    ["right sides of another length", "E_SHAPE", (e) => solveTriangular(e, two, randomMatrix(3, 1, 1))],
    ["a matrix of another order", "E_SHAPE", (e) => conditionEstimate(e, randomMatrix(3, 3, 1), two)],
    ["a signal that is none", "E_TYPE", (e) => symmetricEigen(e, two, { signal: bad(1) })],
  ];
  it.each(cases)("%s: %s", async (_, code, work) => {
    for (const kind of ["simd", "reference"]) expect(await codeOf(() => work(engineOf(kind)))).toBe(code);
  });
});
