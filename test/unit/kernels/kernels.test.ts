// Every build of the kernels by itself, as it lies in build/wasm: what all else is made of.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { normalPair, philox4x32, uniform } from "vkernel/reference";
import { beforeAll, describe, expect, it } from "vitest";
import { exportName, type Kernel, type KernelSet } from "../../../bindings/abi.js";
import { plainKernels, taskKernels, typedKernels } from "../../../build/generated/abi.js";
import { embedded } from "../../../bindings/embedded.js";
import { instantiate } from "../../../bindings/instantiate.js";
import { Executor } from "../../../bindings/executor.js";
import { normalCdf } from "../../../src/numeric/special.js";
import { distanceBound, ksDistance, possibleCount, standardErrors } from "../../shared/statistics.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const text = (path: string): string => readFileSync(root + path, "utf8");

interface Built {
  readonly memory: WebAssembly.Memory;
  readonly executor: Executor;
  readonly module: WebAssembly.Module;
}

const builds = ["simd-local", "simd-shared", "relaxed-local", "relaxed-shared"] as const;
type BuildName = (typeof builds)[number];
const built = new Map<BuildName, Built>();
const get = (name: BuildName): Built => built.get(name) as Built;

/** 69 MiB: 36 for inputs and 29 for outputs. */
const pages = 1100;

beforeAll(async () => {
  // The loader knows how this version of Node is asked for relaxed SIMD, which is done before anything is compiled.
  expect((await embedded.loadModule("relaxed", false))?.build).toBe("relaxed");
  for (const name of builds) {
    const module = await WebAssembly.compile(readFileSync(`${root}build/wasm/${name}.wasm`));
    const memory = new WebAssembly.Memory({
      initial: pages,
      maximum: 65536,
      shared: name.endsWith("shared"),
    });
    built.set(name, { memory, module, executor: new Executor(await instantiate(module, memory), memory) });
  }
});

/** Where the tests put things: the table of exp2, scratch of a kernel, its input, its output. */
const TABLE = 1024;
const SCRATCH = 2048;
const INPUT = 65536;
const OUTPUT = 40 * 2 ** 20;

const f32 = ({ memory }: Built, at: number, length: number) => new Float32Array(memory.buffer, at, length);
const f64 = ({ memory }: Built, at: number, length: number) => new Float64Array(memory.buffer, at, length);
const u32 = ({ memory }: Built, at: number, length: number) => new Uint32Array(memory.buffer, at, length);

describe("the ABI page", () => {
  /** Name -> number of parameters, as the source has them. */
  const written = new Map<string, number>();
  const page = text("assembly/index.ts");
  for (const [, name, parameters] of page.matchAll(/^export function (\w+)\(([^)]*)\)/gm)) {
    written.set(name as string, (parameters as string).split(",").length);
  }
  for (const [, names, file] of page.matchAll(/^export \{ ([\w, ]+) \} from "(.+)";/gm)) {
    const source = text(`assembly/${file}.ts`);
    for (const name of (names as string).split(", ")) {
      const parameters = new RegExp(`export function ${name}\\(([^)]*)\\)`).exec(source)?.[1] as string;
      written.set(name, parameters.split(",").filter((item) => item.trim() !== "").length);
    }
  }
  /** The same, as the bindings have them. */
  const bound = [
    ...plainKernels,
    ...taskKernels,
    ...typedKernels.flatMap((name) => [exportName(name, 4), exportName(name, 8)]),
  ];

  it("has the names that bindings are generated with", () => {
    expect([...written.keys()].sort()).toEqual([...bound].sort());
  });

  it.each(builds)("is what %s exports, and nothing else", (name) => {
    const { module, memory } = get(name);
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const found = Object.entries(exports).map(([key, value]) => [key, (value as () => void).length]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(written));
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
  });

  it.each(builds)("reaches %s through the loader", (name) => {
    const { executor } = get(name);
    for (const bytes of [4, 8] as const) {
      const set = executor.kernels(bytes);
      const names = [...typedKernels, ...plainKernels, ...taskKernels];
      expect(Object.keys(set).sort()).toEqual(names.sort());
      for (const kernel of Object.values(set)) expect(typeof kernel).toBe("function");
    }
  });
});

describe("the generated coefficients", () => {
  it("are what their generator writes", async () => {
    const { coefficientSource } = (await import(`${root}scripts/generate/coefficients.js`)) as {
      coefficientSource(): string;
    };
    expect(text("assembly/simd/coefficients.ts")).toBe(coefficientSource());
  });
});

describe.each(builds)("philoxBlock: %s", (name) => {
  type Four = [number, number, number, number];
  // Random123 1.14, examples/kat_vectors: philox4x32 10.
  const known: [string, Four, [number, number], number[]][] = [
    ["zeros", [0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
    [
      "ones",
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      "digits of pi",
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  const block = (counter: Four, key: [number, number]): number[] => {
    get(name)
      .executor.kernels(4)
      .philoxBlock(OUTPUT, ...counter, ...key);
    return Array.from(u32(get(name), OUTPUT, 4));
  };

  it.each(known)("Random123's known answer: %s", (_, counter, key, words) => {
    expect(block(counter, key)).toEqual(words);
  });

  it("the reference's words at 2,000 counters and keys", () => {
    let at = 1;
    const next = (): number => {
      at = (Math.imul(at, 1664525) + 1013904223) >>> 0;
      return at;
    };
    for (let i = 0; i < 2000; i++) {
      const counter: Four = [next(), next(), next(), next()];
      const key: [number, number] = [next(), next()];
      expect(block(counter, key)).toEqual(Array.from(philox4x32(counter, key)));
    }
  });
});

describe.each(builds)("uniforms: %s", (name) => {
  it("the reference's numbers, bit for bit, at any particle, step, stream and seed", () => {
    const build = get(name);
    const seed = 2 ** 40 + 12345;
    for (const [n, per] of [
      [37, 3],
      [1, 1],
      [101, 1],
      [6, 5],
    ] as const) {
      const [particle, step, stream] = [1000 + n, 7, per % 4];
      const [low, high] = [seed >>> 0, Math.floor(seed / 2 ** 32)];
      build.executor.kernels(8).uniforms(OUTPUT, n, per, particle, step, stream, low, high, SCRATCH);
      const got = f64(build, OUTPUT, n * per);
      for (let i = 0; i < n; i++) {
        for (let r = 0; r < per; r++) {
          expect(got[i * per + r]).toBe(uniform(seed, particle + i, step, stream, r));
        }
      }
    }
  });
});

/**
 * exp2 splits x = n + f exactly and multiplies a polynomial in f by 2^n exactly, so its error depends on f alone. The
 * sweep takes every 61st float32 (a prime, so that no pattern of mantissas is favoured) of 2^-30 ... 127 and of their
 * negatives, 1.0e7 numbers; every 7th of those with |f| from 0.45 to 1/2, where the error is largest, 4.2e5; and every
 * whole and half number with 16 neighbours on each side, where n changes and f is extreme.
 */
const stride = 61;
const fineStride = 7;
/** In units in the last place. What the comment in assembly/simd/exp2.ts states is what is shown here. */
const exp2F32Bound = Number(/Error below ([\d.]+) ulp/.exec(text("assembly/simd/exp2.ts"))?.[1]);
/** The smallest normal float32: 2^x below it may be subnormal or 0. */
const smallestF32 = 2 ** -126;

describe.each(builds)("exp2F32: %s", (name) => {
  const run = (xs: Float32Array): Float32Array => {
    const build = get(name);
    f32(build, INPUT, xs.length).set(xs);
    build.executor.kernels(4).exp2(OUTPUT, INPUT, xs.length, TABLE);
    return f32(build, OUTPUT, xs.length);
  };
  /** The largest error in ulp; a result that would be subnormal is right to its last place, or 0. */
  const worst = (xs: Float32Array): number => {
    const out = run(xs);
    let most = 0;
    for (let i = 0; i < xs.length; i++) {
      const x = xs[i] as number;
      const got = out[i] as number;
      // The host's power is right to 1 ulp of float64, 2^-29 of what is counted here.
      const truth = 2 ** x;
      if (truth < smallestF32) {
        if (got !== 0 && !(Math.abs(got - truth) <= 2 ** -149)) return Number.POSITIVE_INFINITY;
      } else {
        // 2^x lies in [2^n, 2^(n+1)) exactly where x lies in [n, n + 1).
        most = Math.max(most, Math.abs(got - truth) / 2 ** (Math.floor(x) - 23));
      }
    }
    return most;
  };
  const bits = new Float32Array(1);
  const word = new Uint32Array(bits.buffer);
  const bitsOf = (x: number): number => {
    bits[0] = x;
    return word[0] as number;
  };
  const sweep = (from: number, to: number, step: number): number => {
    const chunk = 2 ** 20;
    const words = new Uint32Array(chunk);
    const last = bitsOf(to);
    let most = 0;
    for (const sign of [0, 0x80000000]) {
      for (let at = bitsOf(from); at <= last; at += chunk * step) {
        for (let i = 0; i < chunk; i++) words[i] = (Math.min(at + i * step, last) | sign) >>> 0;
        most = Math.max(most, worst(new Float32Array(words.buffer)));
      }
    }
    return most;
  };

  it(`within ${exp2F32Bound} ulp over the whole range, of both signs`, { tags: ["slow"] }, () => {
    expect(sweep(2 ** -30, 127, stride)).toBeLessThanOrEqual(exp2F32Bound);
    expect(sweep(0.45, 0.5, fineStride)).toBeLessThanOrEqual(exp2F32Bound);
  });

  it(`within ${exp2F32Bound} ulp around every whole and half number`, () => {
    const xs: number[] = [];
    for (let twice = -254; twice <= 254; twice++) {
      const centre = bitsOf(twice / 2);
      for (let offset = -16; offset <= 16; offset++) {
        word[0] = centre + offset;
        const x = bits[0] as number;
        if (Math.abs(x) <= 127) xs.push(x);
      }
    }
    while (xs.length % 4 !== 0) xs.push(0);
    expect(worst(Float32Array.from(xs))).toBeLessThanOrEqual(exp2F32Bound);
  });

  it("exactly 0 at the floor, 1 at 0 and next to it, and powers of two at whole numbers", () => {
    const tiny = [0, -0, 1e-45, -1e-45, 1e-38, -1e-38, 2 ** -26, -(2 ** -26)];
    expect(Array.from(run(Float32Array.from(tiny)))).toEqual(tiny.map(() => 1));
    expect(Array.from(run(Float32Array.of(-127, -127, -127, -127)))).toEqual([0, 0, 0, 0]);
    const whole = Array.from({ length: 256 }, (_, i) => Math.max(-126, i - 128));
    expect(Array.from(run(Float32Array.from(whole)))).toEqual(whole.map((n) => 2 ** n));
  });
});

/** 128 fractional bits: 2^-76 of the last place of a float64 in [1, 2). */
const fraction = 128n;
const one = 1n << fraction;
const ln2 = (() => {
  let sum = 0n;
  for (let k = 1n; k < 160n; k++) sum += one / (k << k);
  return sum;
})();

/** x times 2^128 as a whole number; bits below are dropped. */
function fixed(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(x));
  const word = view.getBigUint64(0);
  const exponent = Number(word >> 52n);
  const mantissa = (word & 0xfffffffffffffn) | (exponent === 0 ? 0n : 1n << 52n);
  const shift = BigInt(Math.max(exponent, 1) - 1075) + fraction;
  const value = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return x < 0 ? -value : value;
}

/** 2^f for 0 <= f <= 1, by its series in fixed point. */
function exp2Fixed(f: bigint): bigint {
  const y = (f * ln2) >> fraction;
  let term = one;
  let sum = one;
  for (let k = 1n; term !== 0n; k++) {
    term = ((term * y) >> fraction) / k;
    sum += term;
  }
  return sum;
}

/**
 * In units in the last place of float64: the last two operations of Horner's scheme round once each. Measured: 1.031
 * simd, 0.788 relaxed.
 */
const exp2F64Bound = 1.5;
const exp2F64Points = 6000;

describe.each(builds)("exp2F64: %s", (name) => {
  const run = (xs: number[]): number[] => {
    const build = get(name);
    f64(build, INPUT, xs.length).set(xs);
    build.executor.kernels(8).exp2(OUTPUT, INPUT, xs.length, TABLE);
    return Array.from(f64(build, OUTPUT, xs.length));
  };

  it(`within ${exp2F64Bound} ulp of whole-number arithmetic at 6,000 points`, () => {
    const xs: number[] = [];
    for (let i = 0; i < exp2F64Points / 3; i++) {
      // Multiples of the golden ratio fill each range evenly.
      const u = (i * 0.6180339887498949) % 1;
      xs.push(u - 0.5, 2043 * u - 1021, Math.floor(2000 * u - 1000) + 0.5 + (i % 2 === 0 ? 1e-9 : -1e-9));
    }
    const out = run(xs);
    let most = 0;
    xs.forEach((x, i) => {
      const n = Math.floor(x);
      // The fraction of x in whole numbers: exact, and so is the result divided by 2^n.
      const truth = exp2Fixed(fixed(x) - BigInt(n) * one);
      const error = fixed((out[i] as number) / 2 ** n) - truth;
      most = Math.max(most, Math.abs(Number(error >> 64n)) / 2 ** (128 - 64 - 52));
    });
    expect(most).toBeLessThanOrEqual(exp2F64Bound);
  });

  it("exactly 0 at the floor, 1 at 0, and powers of two at whole numbers", () => {
    expect(run([-1023, -1023])).toEqual([0, 0]);
    expect(run([0, -0, 1e-300, -1e-300])).toEqual([1, 1, 1, 1]);
    const whole = Array.from({ length: 2046 }, (_, i) => i - 1022);
    expect(run(whole)).toEqual(whole.map((n) => 2 ** n));
  });
});

/** Reference and kernel take the same uniforms and round each of some ten operations: 1e-15 each. */
const normalTolerance = 1e-14;

describe.each(builds)("normals: %s", (name) => {
  const seed = 2 ** 45 + 987654321;
  const low = seed >>> 0;
  const high = Math.floor(seed / 2 ** 32);
  const kernels = (bytes: 4 | 8): KernelSet => get(name).executor.kernels(bytes);
  const doubles = (dim: number, width: number, n: number, particle: number, step: number, stream: number) => {
    const view = f64(get(name), OUTPUT, n * width).fill(-99);
    kernels(8).normals(OUTPUT, dim, width, n, particle, step, stream, low, high, SCRATCH);
    return view.slice();
  };

  it("the reference's pairs to 1e-14, in every layout, and nothing written between rows", () => {
    for (const [dim, width, n] of [
      [1, 1, 1],
      [1, 1, 501],
      [2, 2, 499],
      [2, 2, 3],
      [3, 3, 333],
      [3, 4, 100],
      [5, 8, 77],
      [8, 8, 50],
    ] as const) {
      const [particle, step, stream] = [12345 + dim, 3, n % 4];
      const got = doubles(dim, width, n, particle, step, stream);
      for (let i = 0; i < n; i++) {
        for (let d = 0; d < width; d++) {
          const value = got[i * width + d] as number;
          if (d >= dim) expect(value).toBe(-99);
          else {
            const truth = normalPair(seed, particle + i, step, stream, d >> 1)[d % 2] as number;
            expect(Math.abs(value / truth - 1)).toBeLessThanOrEqual(normalTolerance);
          }
        }
      }
    }
  });

  it("float32 is the rounded float64, bit for bit", { tags: ["slow"] }, () => {
    for (const dim of [1, 2, 3, 7]) {
      const n = 20_000;
      const wide = doubles(dim, dim, n, 5, 1, 0);
      kernels(4).normals(OUTPUT, dim, dim, n, 5, 1, 0, low, high, SCRATCH);
      expect(f32(get(name), OUTPUT, n * dim)).toEqual(Float32Array.from(wide));
    }
  });

  it("a batch split anywhere gives the same bits", () => {
    for (const dim of [1, 2, 3, 5]) {
      const whole = doubles(dim, dim, 101, 0, 9, 2);
      for (const cut of [1, 2, 3, 50, 100]) {
        const parts = [doubles(dim, dim, cut, 0, 9, 2), doubles(dim, dim, 101 - cut, cut, 9, 2)];
        expect(Float64Array.from(parts.flatMap((part) => Array.from(part)))).toEqual(whole);
      }
    }
  });
});

describe("the law of the normals", () => {
  // The shared build has the same bits, relaxed ones differ by 1e-15: one build is enough.
  // Some 25 assertions at 1.2e-8 or less: false alarms 3e-7 for a change of stream.
  const n = 2_000_000;
  const half = n / 2;
  const fill = (name: BuildName, step: number, stream: number): Float64Array => {
    const build = get(name);
    build.executor.kernels(8).normals(OUTPUT, 2, 2, half, 0, step, stream, 2024, 0, SCRATCH);
    return f64(build, OUTPUT, n).slice();
  };
  let draws: Float64Array;
  beforeAll(() => {
    draws = fill("simd-local", 0, 0);
  });

  it("the same bits in the shared build", () => {
    const shared = fill("simd-shared", 0, 0);
    expect(Buffer.from(shared.buffer).equals(Buffer.from(draws.buffer))).toBe(true);
  });

  it("Kolmogorov-Smirnov: cosines, sines, both", { tags: ["long"] }, () => {
    for (const parity of [0, 1]) {
      const one = draws.filter((_, i) => i % 2 === parity);
      expect(ksDistance(one, normalCdf)).toBeLessThan(distanceBound(half));
    }
    expect(ksDistance(draws.slice(), normalCdf)).toBeLessThan(distanceBound(n));
  });

  it("moments 1 to 6", { tags: ["slow"] }, () => {
    // k, E z^k, Var z^k = (2k - 1)!! - (E z^k)^2.
    const moments: [number, number, number][] = [
      [1, 0, 1],
      [2, 1, 2],
      [3, 0, 15],
      [4, 3, 96],
      [5, 0, 945],
      [6, 15, 10170],
    ];
    for (const [k, mean, variance] of moments) {
      let sum = 0;
      for (const z of draws) sum += z ** k;
      expect(Math.abs(sum / n - mean)).toBeLessThan(standardErrors * Math.sqrt(variance / n));
    }
  });

  it("tails: counts beyond 2, 3, 4, 4.5 and 5 on either side", () => {
    for (const bound of [2, 3, 4, 4.5, 5]) {
      const expected = n * normalCdf(-bound);
      let above = 0;
      let below = 0;
      for (const z of draws) {
        if (z > bound) above++;
        if (z < -bound) below++;
      }
      expect(possibleCount(above, expected), `${above} above ${bound}, ${expected} expected`).toBe(true);
      expect(possibleCount(below, expected), `${below} below -${bound}, ${expected} expected`).toBe(true);
    }
  });

  it("no correlation: within a pair, of its squares, between particles, steps and streams", () => {
    /** The mean of products over pairs (i, partner), in standard errors: products have the given deviation. */
    const correlation = (count: number, deviation: number, product: (i: number) => number): number => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += product(i);
      return Math.abs(sum) / Math.sqrt(count) / deviation;
    };
    const z = (i: number): number => draws[i] as number;
    expect(correlation(half, 1, (i) => z(2 * i) * z(2 * i + 1))).toBeLessThan(standardErrors);
    const squares = correlation(half, 2, (i) => (z(2 * i) ** 2 - 1) * (z(2 * i + 1) ** 2 - 1));
    expect(squares).toBeLessThan(standardErrors);
    expect(correlation(half - 1, 1, (i) => z(2 * i) * z(2 * i + 2))).toBeLessThan(standardErrors);
    for (const other of [fill("simd-local", 1, 0), fill("simd-local", 0, 3)]) {
      expect(correlation(n, 1, (i) => z(i) * (other[i] as number))).toBeLessThan(standardErrors);
    }
  });
});

/** A fused multiply-add leaves out one rounding, half an ulp of a partial sum, of which there are at most four. */
const fusedRoundings = 4;

describe.each(builds)("affine: %s", (name) => {
  const fused = name.startsWith("relaxed");
  const factors = [1.25, -0.3, 1e-3, 7.7];

  it.each([4, 8] as const)("1 to 4 terms of %d bytes: products and sums in order, each rounded", (bytes) => {
    const build = get(name);
    const array = bytes === 4 ? f32 : f64;
    const round = bytes === 4 ? Math.fround : (x: number) => x;
    const epsilon = bytes === 4 ? 2 ** -24 : 2 ** -53;
    for (const count of [1, 4, 5, 64, 1001]) {
      const sources = [0, 1, 2, 3].map((j) => {
        const source = array(build, INPUT + j * 65536, count + 8);
        for (let i = 0; i < source.length; i++) source[i] = Math.sin(1 + i * (j + 1)) * 10 ** (i % 5);
        return source;
      });
      for (let terms = 1; terms <= 4; terms++) {
        const out = array(build, OUTPUT, count + 8).fill(-99);
        const list = [0, 1, 2, 3].flatMap((j) =>
          j < terms ? [INPUT + j * 65536, factors[j] as number] : [0, 0],
        );
        const affine: Kernel = build.executor.kernels(bytes).affine;
        affine(OUTPUT, count, terms, ...list);
        for (let i = 0; i < count; i++) {
          let sum = 0;
          let scale = 0;
          for (let j = 0; j < terms; j++) {
            const product = round(round(factors[j] as number) * (sources[j]?.[i] as number));
            sum = j === 0 ? product : round(product + sum);
            scale += Math.abs(product);
          }
          if (!fused) expect(out[i]).toBe(sum);
          else
            expect(Math.abs((out[i] as number) - sum)).toBeLessThanOrEqual(fusedRoundings * epsilon * scale);
        }
        // Written up to the next whole vector and no further.
        const end = Math.ceil((count * bytes) / 16) * (16 / bytes);
        expect(Array.from(out.subarray(end))).toEqual(new Array(count + 8 - end).fill(-99));
      }
    }
  });

  it("may write to one of its sources", () => {
    const build = get(name);
    const source = f64(build, INPUT, 8).fill(3);
    f64(build, INPUT + 65536, 8).fill(5);
    build.executor.kernels(8).affine(INPUT, 8, 2, INPUT + 65536, 2, INPUT, 10, 0, 0, 0, 0);
    expect(Array.from(source)).toEqual(new Array(8).fill(40));
  });
});
