// What is true of every data set (docs/reliability.md, "Invariants"), on random ones. The seed is fixed: no run is retried.
import fc from "fast-check";
import {
  createEngine,
  edm,
  type Engine,
  type ExactScore,
  exactScore,
  ou,
  type Precision,
  type Process,
  type Quantity,
  quantities,
  songVp,
  ve,
  vp,
} from "vkernel";
import { evaluatePoint, levelAt, type ReferenceMixture, type ReferenceResult } from "vkernel/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const runs = { seed: 20260727, numRuns: 150 } as const;
const precisions = ["f32", "f64"] as const;
const processes: readonly Process[] = [edm(), ve(), vp(), songVp(), ou()];

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
});
afterAll(() => engine.close());

/** A data set, a process at a time, and queries. */
interface Case {
  readonly dim: number;
  readonly points: readonly (readonly number[])[];
  readonly weights: readonly number[];
  readonly sigma0: number;
  readonly process: Process;
  readonly t: number;
  readonly queries: readonly (readonly number[])[];
}

/** Coordinates are multiples of 1/128, so that float32 holds them exactly; points and queries may coincide. */
const coordinate = (most: number) => fc.integer({ min: -128 * most, max: 128 * most }).map((k) => k / 128);

/** D 1 to 6, M 1 to 9, weights 1 to 8 or all equal, sigma0 0 or more; noise levels from `low` to `high`. */
function cases(low: number, high: number, widths = [0, 0, 1 / 16, 0.5]): fc.Arbitrary<Case> {
  return fc.integer({ min: 1, max: 6 }).chain((dim) => {
    const row = (most: number) => fc.array(coordinate(most), { minLength: dim, maxLength: dim });
    return fc.array(row(2), { minLength: 1, maxLength: 9 }).chain((points) => {
      const { length: size } = points;
      return fc
        .record({
          weights: fc.oneof(
            fc.constant(new Array<number>(size).fill(1)),
            fc.array(fc.integer({ min: 1, max: 8 }), { minLength: size, maxLength: size }),
          ),
          sigma0: fc.constantFrom(...widths),
          process: fc.constantFrom(...processes),
          level: fc.double({ min: Math.log(low), max: Math.log(high), noNaN: true }),
          queries: fc.array(row(4), { minLength: 1, maxLength: 3 }),
        })
        .map(({ level, ...rest }) => ({
          ...rest,
          dim,
          points,
          t: Math.min(rest.process.end, rest.process.timeOfSigma(Math.exp(level))),
        }));
    });
  });
}

/** All quantities of each query, from the kernels. */
type Values = Record<Quantity, ArrayLike<number>>;
function evaluateAll(item: Case, precision: Precision): Values[] {
  return withField(item, precision, (field) =>
    split(item, field.evaluateSync(flat(item), item.t, quantities)),
  );
}

const flat = (item: Case): Float64Array => Float64Array.from(item.queries.flat());

function withField<R>(item: Case, precision: Precision, use: (field: ExactScore) => R): R {
  const { dim, weights, sigma0, process } = item;
  const points = Float64Array.from(item.points.flat());
  const data = engine.mixture(points, { dim, weights, sigma0, precision });
  try {
    return use(exactScore(data, process));
  } finally {
    data.dispose();
  }
}

function split(
  item: Case,
  all: Record<Quantity, { length: number; slice(a: number, b: number): ArrayLike<number> }>,
) {
  return item.queries.map((_, q) => {
    const out = {} as Values;
    for (const name of quantities) {
      const each = all[name].length / item.queries.length;
      out[name] = all[name].slice(q * each, (q + 1) * each);
    }
    return out;
  });
}

const mixtureOf = (item: Case): ReferenceMixture => {
  const sum = item.weights.reduce((a, b) => a + b, 0);
  return {
    points: Float64Array.from(item.points.flat()),
    dim: item.dim,
    weights: Float64Array.from(item.weights, (w) => w / sum),
    sigma0: item.sigma0,
  };
};

/** One unit in the last place of 1. */
const units: Record<Precision, number> = { f32: 2 ** -23, f64: 2 ** -52 };
/** Float32 loses weights below its smallest normal number. */
const lost: Record<Precision, number> = { f32: 2 ** -120, f64: 2 ** -1000 };
/** The constants below count operations roughly; all of them together are within this factor. */
const slack = 4;

/**
 * What rounding may do to each quantity at a query, from the condition of the problem. With u a unit of the arithmetic
 * and E_m = |x - alpha mu_m|^2 / 2V, an exponent is off by
 *   e_m = u (D + 8) (1 + E_m + E_best + |log w_m| + alpha^2 / V |mu_m - mu_best| (|x / alpha| + |mu|))
 * (direct differences of rounded coordinates), a weight by p_m (e_m + sum p e), and what follows from the weights
 * accordingly. Scale factors are off by a few u of their size.
 */
function tolerances(item: Case, x: readonly number[], precision: Precision): Record<Quantity, number> {
  const u = units[precision];
  const { dim, process, t, sigma0 } = item;
  const mixture = mixtureOf(item);
  const level = levelAt(process, t);
  const { alpha, variance, beta, diffusion } = level;
  const total = (alpha * sigma0) ** 2 + variance;
  const size = item.points.length;
  const norm = (v: readonly number[]) => Math.hypot(...v);
  const truth = evaluatePoint(mixture, level, Float64Array.from(x), [
    "posteriorWeights",
    "logDensity",
    "velocity",
    "effectiveCount",
  ]);
  const p = Array.from(truth.posteriorWeights);
  const exponents = item.points.map(
    (mu) => x.reduce((sum, value, d) => sum + (value - alpha * (mu[d] as number)) ** 2, 0) / (2 * total),
  );
  const best = p.indexOf(Math.max(...p));
  const reach = Math.max(...item.points.map(norm));
  const far = norm(x) / alpha + reach;
  const logs = Array.from(mixture.weights, (w) => Math.abs(Math.log(w)));
  const apart = (a: readonly number[], b: readonly number[]) =>
    norm(a.map((value, d) => value - (b[d] as number)));
  const e = item.points.map((mu, m) => {
    const cross = ((alpha * alpha) / total) * apart(mu, item.points[best] as readonly number[]) * far;
    return (
      u *
      (dim + 8) *
      (1 + (exponents[m] as number) + (exponents[best] as number) + (logs[m] as number) + cross)
    );
  });
  const mean = Array.from({ length: dim }, (_, d) =>
    item.points.reduce((sum, mu, m) => sum + (p[m] as number) * (mu[d] as number), 0),
  );
  const spread = item.points.map((mu) => apart(mu, mean));
  const sum = (f: (m: number) => number) => p.reduce((total, _, m) => total + f(m), 0);
  const average = sum((m) => (p[m] as number) * (e[m] as number));
  const dp = p.map((value, m) => value * ((e[m] as number) + average) + lost[precision]);
  const weight = Math.max(...dp) + 4 * u;
  const means = sum((m) => (dp[m] as number) * (spread[m] as number)) + u * (size + 8) * reach;
  const square = sum((m) => (p[m] as number) * (spread[m] as number) ** 2);
  const first = sum((m) => (p[m] as number) * (spread[m] as number));
  const covariance =
    sum((m) => (dp[m] as number) * (spread[m] as number) ** 2) +
    2 * first * (means + u * reach) +
    (means + u * reach) ** 2 +
    u * (size + dim + 8) * square;
  const score = (alpha * means + 8 * u * (norm(x) + alpha * reach)) / total;
  const inner = (alpha / total) ** 2;
  const extra = ((alpha * sigma0) / variance) * ((alpha * sigma0) / total);
  const proxy = inner * covariance + 8 * u * (inner * square + extra);
  const shrink = variance / total;
  const speed = norm(Array.from(truth.velocity));
  const entropy = sum((m) => {
    const value = p[m] as number;
    return (dp[m] as number) * (1 + (value > 0 ? Math.abs(Math.log(value)) : 0)) + value * (e[m] as number);
  });
  const count = truth.effectiveCount;
  const list: Record<Quantity, number> = {
    logDensity:
      2 * average +
      (e[best] as number) +
      8 *
        u *
        (Math.abs(truth.logDensity) + (exponents[best] as number) + dim * (2 + Math.abs(Math.log(total)))),
    divergence:
      diffusion * (dim * proxy + (8 * u * dim) / total) + 8 * u * (beta * dim + diffusion * inner * square),
    proxyVariance: dim * proxy,
    nearest: 0,
    nearestDistance: 8 * u * (norm(x) + alpha * reach),
    posteriorEntropy: 4 * entropy + 16 * u * (1 + Math.log(size)),
    effectiveCount: count * count * sum((m) => 2 * (p[m] as number) * (dp[m] as number)) + 16 * u * count,
    score,
    posteriorMean: means + 8 * u * (norm(x) / alpha + reach),
    velocity: diffusion * score + 8 * u * (beta * norm(x) + speed),
    posteriorWeights: weight,
    hessian: proxy + (8 * u) / total,
    proxyCovariance: proxy,
    posteriorCovariance:
      shrink * shrink * covariance + 8 * u * (shrink * shrink * square + sigma0 * sigma0 * shrink),
  };
  for (const name of quantities) list[name] *= slack;
  return list;
}

function close(name: string, got: ArrayLike<number>, truth: ArrayLike<number>, tolerance: number): void {
  expect(got.length, name).toBe(truth.length);
  for (let i = 0; i < truth.length; i++) {
    const error = Math.abs((got[i] as number) - (truth[i] as number));
    if (!(error <= tolerance)) {
      throw new Error(`${name}[${i}]: ${got[i]}, not ${truth[i]}: off by ${error}, allowed ${tolerance}`);
    }
  }
}

const at = (values: ArrayLike<number>, i = 0): number => values[i] as number;
const list = (value: number | Float64Array): ArrayLike<number> =>
  typeof value === "number" ? [value] : value;

const vectors: readonly Quantity[] = ["score", "posteriorMean", "velocity"];
const matrices: readonly Quantity[] = ["hessian", "proxyCovariance", "posteriorCovariance"];
/** Quantities that do not name points. */
const plain = quantities.filter((name) => name !== "nearest" && name !== "posteriorWeights");

/** Both cases give the same, query by query, within the rounding of both. */
function same(
  a: Case,
  b: Case,
  precision: Precision,
  names: readonly Quantity[] = plain,
  map: (name: Quantity, values: ArrayLike<number>) => ArrayLike<number> = (_, values) => values,
): void {
  const [left, right] = [evaluateAll(a, precision), evaluateAll(b, precision)];
  a.queries.forEach((x, q) => {
    const one = tolerances(a, x, precision);
    const two = tolerances(b, b.queries[q] as readonly number[], precision);
    for (const name of names) {
      close(name, right[q]?.[name] ?? [], map(name, left[q]?.[name] ?? []), one[name] + two[name]);
    }
  });
}

/** The numbers of a permutation, from a seed. */
function shuffled(length: number, seed: number): number[] {
  const order = Array.from({ length }, (_, i) => i);
  let state = seed >>> 0;
  for (let i = length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

const check = (arbitrary: fc.Arbitrary<Case>, property: (item: Case, seed: number) => void): void =>
  fc.assert(
    fc.property(arbitrary, fc.nat(), (item, seed) => property(item, seed)),
    runs,
  );

describe.each(precisions)("on random data sets, %s", (precision) => {
  const some = cases(0.05, 20);

  it("every quantity is the reference's", () => {
    check(some, (item) => {
      const values = evaluateAll(item, precision);
      const level = levelAt(item.process, item.t);
      item.queries.forEach((x, q) => {
        const truth: ReferenceResult<Quantity> = evaluatePoint(
          mixtureOf(item),
          level,
          Float64Array.from(x),
          quantities,
        );
        const tolerance = tolerances(item, x, precision);
        for (const name of quantities) {
          if (name !== "nearest") close(name, values[q]?.[name] ?? [], list(truth[name]), tolerance[name]);
        }
        // The nearest point by its distance: points may coincide.
        const point = item.points[at(values[q]?.nearest ?? [])] as readonly number[];
        const distance = Math.hypot(...x.map((value, d) => value - level.alpha * (point[d] as number)));
        close("nearest", [distance], [truth.nearestDistance], tolerance.nearestDistance);
      });
    });
  });

  it("weights are not negative and sum to 1", () => {
    check(some, (item) => {
      for (const { posteriorWeights } of evaluateAll(item, precision)) {
        let sum = 0;
        for (const weight of Array.from(posteriorWeights)) {
          expect(weight).toBeGreaterThanOrEqual(0);
          sum += weight;
        }
        // Each weight, of at most 1, is rounded twice.
        expect(Math.abs(sum - 1)).toBeLessThanOrEqual(2 * units[precision] * (1 + item.points.length / 2));
      }
    });
  });

  it("the posterior mean lies in the box of the data (sigma0 = 0)", () => {
    check(cases(0.05, 20, [0]), (item) => {
      for (const { posteriorMean } of evaluateAll(item, precision)) {
        for (let d = 0; d < item.dim; d++) {
          const column = item.points.map((mu) => mu[d] as number);
          // Sums of M products, each rounded.
          const room = units[precision] * (item.points.length + 2) * Math.max(...column.map(Math.abs));
          expect(at(posteriorMean, d)).toBeGreaterThanOrEqual(Math.min(...column) - room);
          expect(at(posteriorMean, d)).toBeLessThanOrEqual(Math.max(...column) + room);
        }
      }
    });
  });

  it("s = (alpha m - x) / S with m the posterior mean, v = -beta x - D s", () => {
    check(some, (item) => {
      const { alpha, variance, beta, diffusion } = levelAt(item.process, item.t);
      evaluateAll(item, precision).forEach(({ score, posteriorMean, velocity }, q) => {
        const x = item.queries[q] as readonly number[];
        const tolerance = tolerances(item, x, precision);
        const byMean = x.map((value, d) => (alpha * at(posteriorMean, d) - value) / variance);
        close("score", score, byMean, tolerance.score + (alpha / variance) * tolerance.posteriorMean);
        const byScore = x.map((value, d) => -beta * value - diffusion * at(score, d));
        close("velocity", velocity, byScore, tolerance.velocity + diffusion * tolerance.score);
      });
    });
  });

  it("C is symmetric to the bit and positive semidefinite, and so are the others of its kind", () => {
    check(some, (item) => {
      const { dim } = item;
      evaluateAll(item, precision).forEach((values, q) => {
        const tolerance = tolerances(item, item.queries[q] as readonly number[], precision);
        for (const name of ["proxyCovariance", "posteriorCovariance", "hessian"] as const) {
          const matrix = Array.from(values[name]);
          for (let i = 0; i < dim; i++) {
            for (let j = 0; j < i; j++) expect(matrix[i * dim + j]).toBe(matrix[j * dim + i]);
          }
          if (name !== "hessian")
            expect(smallestPivot(matrix, dim, tolerance[name] * dim)).toBeGreaterThanOrEqual(0);
        }
      });
    });
  });

  it("Hessian = C - S^-1; C = alpha^2 Cov(x_0) / S^2; traces; entropy and effective count of the weights", () => {
    check(some, (item) => {
      const { dim } = item;
      const { alpha, variance, beta, diffusion } = levelAt(item.process, item.t);
      evaluateAll(item, precision).forEach((values, q) => {
        const tolerance = tolerances(item, item.queries[q] as readonly number[], precision);
        const u = units[precision];
        const c = Array.from(values.proxyCovariance);
        const largest = Math.max(...c.map(Math.abs), 1 / variance);
        const difference = c.map((value, i) => value - (i % (dim + 1) === 0 ? 1 / variance : 0));
        close(
          "hessian",
          values.hessian,
          difference,
          tolerance.hessian + tolerance.proxyCovariance + 8 * u * largest,
        );
        const factor = (alpha / variance) ** 2;
        close(
          "proxyCovariance",
          values.proxyCovariance,
          Array.from(values.posteriorCovariance, (value) => factor * value),
          tolerance.proxyCovariance + factor * tolerance.posteriorCovariance,
        );
        const trace = (matrix: ArrayLike<number>) =>
          Array.from({ length: dim }, (_, d) => at(matrix, d * (dim + 1))).reduce((a, b) => a + b, 0);
        close("proxyVariance", values.proxyVariance, [trace(c)], dim * 2 * tolerance.proxyCovariance);
        const divergence = -beta * dim - diffusion * trace(values.hessian);
        close(
          "divergence",
          values.divergence,
          [divergence],
          tolerance.divergence + diffusion * dim * tolerance.hessian,
        );
        const weights = Array.from(values.posteriorWeights).filter((w) => w > 0);
        const entropy = weights.reduce((sum, w) => sum - w * Math.log(w), 0);
        close("posteriorEntropy", values.posteriorEntropy, [entropy], 2 * tolerance.posteriorEntropy);
        const count = 1 / weights.reduce((sum, w) => sum + w * w, 0);
        close(
          "effectiveCount",
          values.effectiveCount,
          [count],
          2 * tolerance.effectiveCount + 32 * u * count,
        );
      });
    });
  });

  it("the order of the points does not matter", () => {
    check(some, (item, seed) => {
      const order = shuffled(item.points.length, seed);
      const moved = {
        ...item,
        points: order.map((m) => item.points[m] as readonly number[]),
        weights: order.map((m) => item.weights[m] as number),
      };
      same(item, moved, precision, [...plain, "posteriorWeights"], (name, values) =>
        name === "posteriorWeights" ? order.map((m) => at(values, m)) : values,
      );
    });
  });

  it("the order of the coordinates does not matter", () => {
    check(some, (item, seed) => {
      const { dim } = item;
      const order = shuffled(dim, seed);
      const turn = (row: readonly number[]) => order.map((d) => row[d] as number);
      const moved = { ...item, points: item.points.map(turn), queries: item.queries.map(turn) };
      same(item, moved, precision, [...plain, "posteriorWeights"], (name, values) => {
        if (vectors.includes(name)) return order.map((d) => at(values, d));
        if (matrices.includes(name)) return order.flatMap((i) => order.map((j) => at(values, i * dim + j)));
        return values;
      });
    });
  });

  it("two equal points are one of twice the weight", () => {
    check(some, (item, seed) => {
      const twice = seed % item.points.length;
      const weights = item.weights.map((w, m) => (m === twice ? 2 * w : w));
      const doubled = {
        ...item,
        points: [...item.points, item.points[twice] as readonly number[]],
        weights: [...item.weights, item.weights[twice] as number],
      };
      const names = plain.filter((name) => name !== "posteriorEntropy" && name !== "effectiveCount");
      same({ ...item, weights }, doubled, precision, names);
    });
  });

  it("a point of weight 0 is absent, bit for bit", () => {
    check(some, (item, seed) => {
      const place = seed % (item.points.length + 1);
      const insert = <T>(values: readonly T[], value: T) => [
        ...values.slice(0, place),
        value,
        ...values.slice(place),
      ];
      // It lies where it would be nearest.
      const more = {
        ...item,
        points: insert(item.points, item.queries[0] as readonly number[]),
        weights: insert(item.weights, 0),
      };
      const [without, with0] = [evaluateAll(item, precision), evaluateAll(more, precision)];
      without.forEach((values, q) => {
        for (const name of plain) expect(with0[q]?.[name], name).toEqual(values[name]);
        expect(Array.from(with0[q]?.posteriorWeights ?? [])).toEqual(
          insert(Array.from(values.posteriorWeights), 0),
        );
        const nearest = at(values.nearest);
        expect(at(with0[q]?.nearest ?? [])).toBe(nearest < place ? nearest : nearest + 1);
      });
    });
  });

  it("one time for each query gives the bits of one time at once", () => {
    check(some, (item) => {
      withField(item, precision, (field) => {
        const x = flat(item);
        const other = item.process.timeOfSigma(item.process.sigma(item.t) / 2);
        const ts = item.queries.map((_, q) => (q % 2 === 0 ? item.t : other));
        const all = field.evaluateSync(x, item.t, quantities);
        expect(
          field.evaluateSync(
            x,
            item.queries.map(() => item.t),
            quantities,
          ),
        ).toEqual(all);
        const mixed = split(item, field.evaluateSync(x, ts, quantities));
        const singles = [item.t, other].map((t) => split(item, field.evaluateSync(x, t, quantities)));
        mixed.forEach((values, q) => {
          expect(values).toEqual(singles[q % 2]?.[q]);
        });
      });
    });
  });

  it("t to 0: the nearest point; t to infinity: the mean of the data", () => {
    check(cases(0.9, 1.1, [0]), (item) => {
      const { process } = item;
      const sum = item.weights.reduce((a, b) => a + b, 0);
      const mean = Array.from({ length: item.dim }, (_, d) =>
        item.points.reduce(
          (total, mu, m) => total + ((item.weights[m] as number) / sum) * (mu[d] as number),
          0,
        ),
      );
      // Squares of distances differ by multiples of 2^-14 where they differ, unless alpha moves them: edm and ve.
      if (process.name === "edm" || process.name === "ve") {
        const near = evaluateAll({ ...item, t: process.timeOfSigma(1e-4) }, precision);
        near.forEach(({ posteriorMean, nearest, nearestDistance, effectiveCount }, q) => {
          const x = item.queries[q] as readonly number[];
          const squares = item.points.map((mu) =>
            mu.reduce((s, value, d) => s + (value - (x[d] as number)) ** 2, 0),
          );
          const least = Math.min(...squares);
          expect(squares[at(nearest)]).toBe(least);
          expect(Math.abs(at(nearestDistance) - Math.sqrt(least))).toBeLessThanOrEqual(4 * units[precision]);
          // Ties share by weight, and the heaviest is the nearest.
          const tied = squares.map((s, m) => (s === least ? (item.weights[m] as number) : 0));
          expect(item.weights[at(nearest)]).toBe(Math.max(...tied));
          const share = tied.reduce((a, b) => a + b, 0);
          const limit = mean.map((_, d) =>
            item.points.reduce(
              (total, mu, m) => total + ((tied[m] as number) / share) * (mu[d] as number),
              0,
            ),
          );
          close("posteriorMean", posteriorMean, limit, 16 * units[precision] * 2);
          const alike = share ** 2 / tied.reduce((a, b) => a + b * b, 0);
          close("effectiveCount", effectiveCount, [alike], 64 * units[precision] * alike);
        });
      }
      if (process.end < Number.POSITIVE_INFINITY) return;
      const sigma = 1e6;
      for (const { posteriorMean } of evaluateAll({ ...item, t: process.timeOfSigma(sigma) }, precision)) {
        // Weights move by |mu| |x / alpha| / sigma^2. For ou x / alpha is of the size of sigma itself.
        const moved = item.dim * 4 * 4 * (process.name === "ou" ? 1 / sigma : 1 / sigma ** 2) * 4;
        close("posteriorMean", posteriorMean, mean, moved + 32 * units[precision] * 2);
      }
    });
  });
});

/** The smallest pivot of a Cholesky factorization of a matrix plus `shift` times the identity; 0 where it is done. */
function smallestPivot(matrix: readonly number[], dim: number, shift: number): number {
  const a = matrix.map((value, i) => value + (i % (dim + 1) === 0 ? shift : 0));
  let smallest = 0;
  for (let k = 0; k < dim; k++) {
    const pivot = a[k * (dim + 1)] as number;
    if (!(pivot > 0)) {
      smallest = Math.min(smallest, pivot);
      continue;
    }
    for (let i = k + 1; i < dim; i++) {
      const factor = (a[i * dim + k] as number) / pivot;
      for (let j = k + 1; j < dim; j++) {
        a[i * dim + j] = (a[i * dim + j] as number) - factor * (a[k * dim + j] as number);
      }
    }
  }
  return smallest;
}

describe("on random data sets, float64 and the calculus of it", () => {
  const precision = "f64";

  it("moving data and queries moves nothing else (alpha = 1)", () => {
    check(cases(0.05, 20), (item, seed) => {
      if (item.process.name !== "edm" && item.process.name !== "ve") return;
      const shift = shuffled(item.dim, seed).map((d) => 8 * d - 13);
      const move = (row: readonly number[]) => row.map((value, d) => value + (shift[d] as number));
      const moved = { ...item, points: item.points.map(move), queries: item.queries.map(move) };
      const names = plain.filter((name) => name !== "posteriorMean" && name !== "velocity");
      same(item, moved, precision, names);
      same(item, moved, precision, ["posteriorMean"], (_, values) => move(Array.from(values)));
    });
  });

  it("moving data by c and queries by alpha c moves nothing else", () => {
    check(cases(0.1, 5), (item) => {
      const alpha = item.process.alpha(item.t);
      const moved = {
        ...item,
        points: item.points.map((row) => row.map((value) => value + 3)),
        queries: item.queries.map((row) => row.map((value) => value + 3 * alpha)),
      };
      // The queries are rounded once more: what that does to a score is u |x| |Hessian|, and likewise for the others.
      const names = ["score", "posteriorWeights", "proxyVariance"] as const;
      const [left, right] = [evaluateAll(item, precision), evaluateAll(moved, precision)];
      const variance = item.process.variance(item.t);
      item.queries.forEach((x, q) => {
        const one = tolerances(item, x, precision);
        const two = tolerances(moved, moved.queries[q] as readonly number[], precision);
        for (const name of names)
          close(
            name,
            right[q]?.[name] ?? [],
            left[q]?.[name] ?? [],
            one[name] + two[name] + 1e-14 / variance ** 2,
          );
      });
    });
  });

  it("turning data and queries turns scores and matrices", () => {
    check(cases(0.1, 20), (item, seed) => {
      const { dim } = item;
      // A reflection, I - 2 n n' / |n|^2, with n from the seed: orthogonal, no coordinate left alone.
      const n = shuffled(dim, seed).map((d) => d + 1);
      const square = n.reduce((sum, value) => sum + value * value, 0);
      const matrix = n.map((a, i) => n.map((b, j) => (i === j ? 1 : 0) - (2 * a * b) / square));
      const turn = (row: ArrayLike<number>) =>
        matrix.map((line) => line.reduce((sum, value, j) => sum + value * at(row, j), 0));
      const turned = {
        ...item,
        points: item.points.map(turn),
        queries: item.queries.map(turn),
      };
      const [left, right] = [evaluateAll(item, precision), evaluateAll(turned, precision)];
      item.queries.forEach((x, q) => {
        // Turning rounds coordinates of up to 4 sqrt(6): as the tolerances of both, some times over.
        const one = tolerances(item, x, precision);
        const two = tolerances(turned, turned.queries[q] as readonly number[], precision);
        for (const name of plain) {
          const values = Array.from(left[q]?.[name] ?? []);
          let image: ArrayLike<number> = values;
          if (vectors.includes(name)) image = turn(values);
          else if (matrices.includes(name)) {
            const rows = Array.from({ length: dim }, (_, i) => turn(values.slice(i * dim, (i + 1) * dim)));
            image = Array.from({ length: dim * dim }, (_, k) => {
              const column = rows.map((row) => row[k % dim] as number);
              return turn(column)[Math.floor(k / dim)] as number;
            });
          }
          close(name, right[q]?.[name] ?? [], image, 16 * dim * (one[name] + two[name]));
        }
      });
    });
  });

  it("scaling data, width, noise and queries by 8 divides scores by 8, matrices by 64 (edm)", () => {
    check(cases(0.05, 20), (item) => {
      const scale = 8;
      const grow = (row: readonly number[]) => row.map((value) => scale * value);
      const t = item.process.sigma(item.t);
      const one = { ...item, process: edm(), t };
      const large = {
        ...one,
        points: item.points.map(grow),
        queries: item.queries.map(grow),
        sigma0: scale * item.sigma0,
        t: scale * t,
      };
      const powers: Partial<Record<Quantity, number>> = {
        score: -1,
        posteriorMean: 1,
        nearestDistance: 1,
        velocity: 0,
        hessian: -2,
        proxyCovariance: -2,
        posteriorCovariance: 2,
        proxyVariance: -2,
        posteriorEntropy: 0,
        effectiveCount: 0,
        posteriorWeights: 0,
      };
      const [left, right] = [evaluateAll(one, precision), evaluateAll(large, precision)];
      left.forEach((values, q) => {
        const tolerance = tolerances(one, one.queries[q] as readonly number[], precision);
        for (const [name, power] of Object.entries(powers) as [Quantity, number][]) {
          const image = Array.from(values[name], (value) => value * scale ** power);
          close(name, right[q]?.[name] ?? [], image, 2 * tolerance[name] * scale ** power);
        }
        const shifted = at(values.logDensity) - one.dim * Math.log(scale);
        close(
          "logDensity",
          right[q]?.logDensity ?? [],
          [shifted],
          4 * tolerance.logDensity + 1e-14 * one.dim,
        );
      });
    });
  });

  /**
   * Differences of fourth order in steps of h sqrt(V), h = 2^-8. In units of sqrt(V) the fifth derivative of log p is at
   * most some 24 r^5 with r the data's reach alpha |mu| / sqrt(V), here at most 14 (noise levels of 0.5 and more, D up
   * to 6): 4 h^4 / 5! of it is below 3e-5 of the scale r^5 / r ... and far less where weights are even. Rounding of
   * log p adds its u |log p| / h.
   */
  const h = 2 ** -8;
  const gradientTolerance = 2e-4;
  const gentle = cases(0.7, 5);

  it("the score is the numerical gradient of logDensity, and the Hessian that of the score", () => {
    check(gentle, (item) => {
      const { alpha, variance } = levelAt(item.process, item.t);
      const total = (alpha * item.sigma0) ** 2 + variance;
      const step = h * Math.sqrt(total);
      const x = item.queries[0] as readonly number[];
      const offsets = [-2, -1, 1, 2];
      const moved = x.flatMap((_, d) =>
        offsets.map((k) => x.map((value, e) => (e === d ? value + k * step : value))),
      );
      const values = evaluateAll({ ...item, queries: [x, ...moved] }, precision);
      const difference = (d: number, pick: (v: Values) => number) => {
        const [a, b, c, e] = offsets.map((_, k) => pick(values[1 + 4 * d + k] as Values)) as [
          number,
          number,
          number,
          number,
        ];
        return (a - 8 * b + 8 * c - e) / (12 * step);
      };
      const here = values[0] as Values;
      for (let d = 0; d < item.dim; d++) {
        const slope = difference(d, (v) => at(v.logDensity));
        close("score", [at(here.score, d)], [slope], gradientTolerance / Math.sqrt(total));
        for (let e = 0; e < item.dim; e++) {
          const curvature = difference(d, (v) => at(v.score, e));
          close("hessian", [at(here.hessian, d * item.dim + e)], [curvature], gradientTolerance / total);
        }
      }
    });
  });

  it("d/dt log p + v . s + div v = 0, for every process", () => {
    check(gentle, (item) => {
      const { process } = item;
      // Away from the end of vp, where there is no later time.
      const t = Math.min(item.t, 0.9 * process.end);
      const sigma = process.sigma(t);
      const width = (process.timeOfSigma(sigma * 1.01) - t) / 4;
      const logs = [-2, -1, 1, 2].map((k) =>
        evaluateAll({ ...item, t: t + k * width }, precision).map(({ logDensity }) => at(logDensity)),
      ) as [number[], number[], number[], number[]];
      evaluateAll({ ...item, t }, precision).forEach(({ velocity, score, divergence }, q) => {
        const [a, b, c, e] = logs.map((values) => values[q] as number) as [number, number, number, number];
        const rate = (a - 8 * b + 8 * c - e) / (12 * width);
        let flow = at(divergence);
        let scale = Math.abs(flow);
        for (let d = 0; d < item.dim; d++) {
          flow += at(velocity, d) * at(score, d);
          scale += Math.abs(at(velocity, d) * at(score, d));
        }
        // Of fourth order in steps of a quarter percent of sigma; rounding of log p is divided by them.
        close("continuity", [rate], [-flow], 1e-6 * (1 + scale) + (1e-13 * (1 + Math.abs(a))) / width);
      });
    });
  });

  it("E[s] = 0 and E[x . s] = -D under p_t, by quadrature in one dimension", () => {
    // The trapezoid rule on a Gaussian times a smooth function: its error falls as exp(-(2 pi / step)^2 / 2).
    const step = 1 / 16;
    const nodes = Array.from({ length: 2 * 16 * 9 + 1 }, (_, i) => -9 + i * step);
    check(cases(0.5, 5), (item) => {
      const one: Case = { ...item, dim: 1, points: item.points.map((mu) => [mu[0] as number]), queries: [] };
      const { alpha, variance } = levelAt(item.process, item.t);
      const total = (alpha * item.sigma0) ** 2 + variance;
      const sum = one.weights.reduce((a, b) => a + b, 0);
      let first = 0;
      let second = 0;
      one.points.forEach((mu, m) => {
        const xs = nodes.map((z) => [alpha * (mu[0] as number) + Math.sqrt(total) * z]);
        evaluateAll({ ...one, queries: xs }, precision).forEach(({ score }, i) => {
          const z = nodes[i] as number;
          const density = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * step;
          const w = ((one.weights[m] as number) / sum) * density;
          first += w * at(score);
          second += w * at(score) * at(xs[i] as number[]);
        });
      });
      expect(Math.abs(first) * Math.sqrt(total)).toBeLessThan(1e-9);
      expect(Math.abs(second + 1)).toBeLessThan(1e-9);
    });
  });

  it("posteriorExpectation: of the points the mean, of 1 the 1, of memberships their weights", async () => {
    await fc.assert(
      fc.asyncProperty(cases(0.1, 10, [0]), async (item) => {
        const { dim, points, weights, process } = item;
        const data = engine.mixture(Float64Array.from(points.flat()), { dim, weights, precision });
        const field = exactScore(data, process);
        const x = flat(item);
        const { posteriorMean, posteriorWeights } = field.evaluateSync(x, item.t, [
          "posteriorMean",
          "posteriorWeights",
        ]);
        const size = points.length;
        const means = await field.posteriorExpectation(x, item.t, Float64Array.from(points.flat()));
        // Both are sums of at most 9 products of at most 2.
        close("mean", means, posteriorMean, 64 * units.f64);
        const ones = await field.posteriorExpectation(x, item.t, new Array<number>(size).fill(1));
        close(
          "one",
          ones,
          item.queries.map(() => 1),
          16 * units.f64,
        );
        const classes = points.flatMap((_, m) => [m % 2 === 0 ? 1 : 0, m % 2 === 1 ? 1 : 0]);
        const both = await field.posteriorExpectation(x, item.t, classes);
        const sums = item.queries.flatMap((_, q) =>
          [0, 1].map((c) =>
            points.reduce(
              (sum, _, m) => sum + (m % 2 === c ? (posteriorWeights[q * size + m] as number) : 0),
              0,
            ),
          ),
        );
        close("classes", both, sums, 16 * units.f64);
        data.dispose();
      }),
      runs,
    );
  });
});

describe("extreme inputs are valid and finite", () => {
  const finite = (values: Values): void => {
    for (const name of quantities) {
      for (const value of Array.from(values[name])) {
        if (!Number.isFinite(value)) throw new Error(`${name} is ${value}`);
      }
    }
    expect(Math.abs(Array.from(values.posteriorWeights).reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-6);
  };
  const dims = [1, 2, 3, 5];
  const base = (dim: number, process: Process, sigma: number): Case => ({
    dim,
    points: [
      new Array<number>(dim).fill(1),
      new Array<number>(dim).fill(-0.5),
      new Array<number>(dim).fill(0.25),
    ],
    weights: [1, 2, 1],
    sigma0: 0,
    process,
    t: process.timeOfSigma(sigma),
    queries: [new Array<number>(dim).fill(0.3)],
  });

  describe.each(precisions)("%s", (precision) => {
    it("denormal and negative zero coordinates, of points and of queries", () => {
      const tiny = precision === "f32" ? 1e-45 : 5e-324;
      for (const dim of dims) {
        for (const process of processes) {
          const row = (value: number) => new Array<number>(dim).fill(value);
          const item = {
            ...base(dim, process, 0.5),
            points: [row(tiny), row(-0), row(-tiny), row(1)],
            weights: [1, 1, 1, 1],
            queries: [row(-0), row(tiny), row(1e-39)],
          };
          const values = evaluateAll(item, precision);
          values.forEach(finite);
          const zeros = evaluateAll(
            { ...item, points: [row(0), row(0), row(0), row(1)], queries: [row(0)] },
            precision,
          );
          close("score", values[0]?.score ?? [], Array.from(zeros[0]?.score ?? []), 1e-30);
          expect(values[0]?.posteriorWeights).toEqual(zeros[0]?.posteriorWeights);
        }
      }
    });

    it("all points identical: one Gaussian, nothing left of C", () => {
      for (const dim of dims) {
        for (const process of processes) {
          const item = base(dim, process, 0.5);
          const point = new Array<number>(dim).fill(0.75);
          const values = evaluateAll({ ...item, points: [point, point, point] }, precision);
          values.forEach(finite);
          const { alpha, variance } = levelAt(process, item.t);
          const tolerance = tolerances(
            { ...item, points: [point, point, point] },
            item.queries[0] as number[],
            precision,
          );
          const score = new Array<number>(dim).fill((alpha * 0.75 - 0.3) / variance);
          close("score", values[0]?.score ?? [], score, tolerance.score);
          expect(Array.from(values[0]?.proxyCovariance ?? [])).toEqual(new Array<number>(dim * dim).fill(0));
          expect(Array.from(values[0]?.posteriorWeights ?? [])).toEqual([0.25, 0.5, 0.25]);
        }
      }
    });

    it("queries 1,000 sigma away and far beyond underflow", () => {
      for (const dim of dims) {
        for (const process of processes) {
          for (const sigma of [0.002, 0.3, 50]) {
            const item = base(dim, process, sigma);
            const { alpha, variance } = levelAt(process, item.t);
            for (const distance of [1e3 * sigma, 1e6 * sigma, 1e9, 1e12, precision === "f64" ? 1e18 : 1e15]) {
              const x = new Array<number>(dim).fill(Math.fround(alpha * (1 + distance)));
              const far = { ...item, queries: [x] };
              const values = evaluateAll(far, precision);
              values.forEach(finite);
              const tolerance = tolerances(far, x, precision);
              const nearest = values[0]?.posteriorMean ?? [];
              const score = x.map((value, d) => (alpha * at(nearest, d) - value) / variance);
              close("score", values[0]?.score ?? [], score, tolerance.score);
              // Where all others underflow the nearest point is left, if x - alpha mu still tells it.
              if (distance / sigma ** 2 > 1e4 && tolerance.posteriorMean < 0.1) {
                expect(Array.from(nearest)).toEqual(new Array<number>(dim).fill(1));
                expect(Array.from(values[0]?.proxyCovariance ?? [])).toEqual(
                  new Array<number>(dim * dim).fill(0),
                );
              }
            }
          }
        }
      }
    });

    it("weights from 1 to 1e-300, and coordinates as large as are taken", () => {
      for (const dim of dims) {
        const item = { ...base(dim, edm(), 0.5), weights: [1, 1e-300, 1e-12] };
        evaluateAll(item, precision).forEach(finite);
        // The largest number whose squares can be summed 16 times over; the noise is of its size.
        const most = Math.sqrt((precision === "f32" ? 3.4e38 : 1.79e308) / (16 * dim)) * 0.99;
        const row = (value: number) => new Array<number>(dim).fill(value);
        const large: Case = {
          ...item,
          weights: [1, 2, 1],
          points: [row(most), row(-most), row(0)],
          queries: [row(most / 2)],
          process: edm(),
          t: most,
        };
        const { score, posteriorMean, logDensity } = evaluateAll(large, precision)[0] as Values;
        for (const value of [...Array.from(score), ...Array.from(posteriorMean), at(logDensity)]) {
          expect(Number.isFinite(value)).toBe(true);
        }
      }
    });

    it("noise levels from 1e-12 to 1e12", () => {
      for (const dim of dims) {
        for (const process of [edm(), ve(), ou()]) {
          for (const sigma of [1e-12, 1e-6, 1e-3, 1, 1e3, 1e6, 1e12]) {
            const values = evaluateAll(base(dim, process, sigma), precision)[0] as Values;
            for (const name of [
              "posteriorMean",
              "posteriorWeights",
              "posteriorEntropy",
              "effectiveCount",
            ] as const) {
              for (const value of Array.from(values[name])) expect(Number.isFinite(value)).toBe(true);
            }
          }
        }
      }
    });
  });
});
