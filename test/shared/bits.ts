/**
 * Runs whose bits are promised: in the simd build, whatever the host, the threads and the block size. Nothing here needs
 * Node, so that Chromium can run the same: `expect(await bitsCases(vkernel)).toEqual(bitsHashes)`.
 */
import type { EngineOptions, Engine, Mixture, Precision, SampleOptions } from "vkernel";

/** The library, as a module. */
export type Vkernel = typeof import("vkernel");

type Bytes = ArrayBufferView<ArrayBuffer>;

/** One run: a name, and what it computes. `count` asks for fewer particles or queries. */
export interface BitsRun {
  readonly name: string;
  /** Particles or queries of the promised run. */
  readonly count: number;
  run(vkernel: Vkernel, engine: Engine, count: number): Promise<readonly Bytes[]>;
}

/** Whole numbers from a linear congruence, as coordinates in [-1, 1): the same on every host. */
export function scattered(length: number, seed: number): Float64Array<ArrayBuffer> {
  let at = seed >>> 0;
  return Float64Array.from({ length }, () => {
    at = (Math.imul(at, 1664525) + 1013904223) >>> 0;
    return (at >>> 8) / 2 ** 23 - 1;
  });
}

const precisions: readonly Precision[] = ["f32", "f64"];

/** The six points of the hexagon, or scattered ones with weights and a width. */
async function setOf(vkernel: Vkernel, engine: Engine, set: string, precision: Precision): Promise<Mixture> {
  if (set === "hexagon") return engine.mixture(vkernel.polygon().points, { dim: 2, precision });
  if (set === "digits") {
    const { points, dim } = await vkernel.loadDataSet("digits");
    return engine.mixture(points, { dim, precision });
  }
  const dim = Number(/\d+/.exec(set)?.[0]);
  // An odd number of points, beyond one chunk of 64.
  const size = 77;
  const weights = Array.from({ length: size }, (_, m) => 1 + (m % 5));
  return engine.mixture(scattered(size * dim, dim), { dim, weights, sigma0: 0.05, precision });
}

/** A run of `sample`; the grid is of 8 steps down to a noise level of 0.05 and then to 0. */
function sampling(
  set: string,
  count: number,
  what: string,
  options: (vkernel: Vkernel) => SampleOptions & { draws?: number; kappa?: number },
): BitsRun[] {
  return precisions.map((precision) => ({
    name: `sample ${set} ${what} ${precision}`,
    count,
    async run(vkernel, engine, n) {
      const data = await setOf(vkernel, engine, set, precision);
      const { draws, kappa, ...rest } = options(vkernel);
      const process = what.includes("songVp") ? vkernel.songVp() : vkernel.edm();
      const field =
        draws !== undefined
          ? vkernel.naiveScore(data, process, { draws })
          : kappa !== undefined
            ? vkernel.naiveScore(data, process, { kappa })
            : vkernel.exactScore(data, process);
      const grid = vkernel.karras({ steps: 8, sigmaMin: 0.05, sigmaMax: 5 });
      const run = await vkernel.sample(field, { grid, seed: 2 ** 40 + 7, ...rest, count: n });
      data.dispose();
      return [run.samples];
    },
  }));
}

/** A run of `evaluate` in every quantity, one time a query. */
function evaluating(set: string, count: number, anisotropic: boolean): BitsRun[] {
  return precisions.map((precision) => ({
    name: `evaluate ${set}${anisotropic ? " anisotropic" : ""} ${precision}`,
    count,
    async run(vkernel, engine, n) {
      const data = await setOf(vkernel, engine, set, precision);
      const { dim } = data;
      const x = scattered(count * dim, 99).subarray(0, n * dim);
      const levels = anisotropic ? [0.5] : [0.02, 0.1, 0.3, 0.7];
      const process = anisotropic
        ? vkernel.anisotropic(vkernel.ou(), {
            covariance: Array.from({ length: dim }, (_, i) =>
              Array.from({ length: dim }, (_, j) => (i === j ? 1 : 0.25)),
            ),
          })
        : vkernel.songVp();
      const t = Float64Array.from({ length: n }, (_, i) => levels[i % levels.length] as number);
      const values = (await vkernel.exactScore(data, process).evaluate(x, t, vkernel.quantities)) as Record<
        string,
        Bytes
      >;
      data.dispose();
      return vkernel.quantities.map((name) => values[name] as Bytes);
    },
  }));
}

/** All the runs; `what` names a sampler of the library. */
export const bitsRuns: readonly BitsRun[] = [
  ...sampling("hexagon", 100_000, "heun", (v) => ({ sampler: v.heun() })),
  ...sampling("hexagon", 100_000, "posterior", (v) => ({ sampler: v.posterior(), initial: "marginal" })),
  ...sampling("hexagon", 100_000, "eulerMaruyama", (v) => ({ sampler: v.eulerMaruyama() })),
  ...sampling("D1", 5000, "naive 2 euler", (v) => ({ sampler: v.euler(), draws: 2 })),
  ...sampling("D2", 5000, "posterior songVp", (v) => ({ sampler: v.posterior(), initial: "marginal" })),
  ...sampling("D3", 5000, "naive kappa euler songVp", (v) => ({ sampler: v.euler(), kappa: 0.1 })),
  ...sampling("D7", 2000, "posterior", (v) => ({ sampler: v.posterior(), initial: "normal" })),
  ...sampling("digits", 100, "heun", (v) => ({ sampler: v.heun() })),
  ...sampling("digits", 100, "posterior", (v) => ({ sampler: v.posterior() })),
  ...["D1", "D2", "D3", "D7"].flatMap((set) => evaluating(set, 1001, false)),
  ...["D2", "D7"].flatMap((set) => evaluating(set, 301, true)),
];

/** SHA-256 of some arrays, one after the other, in hexadecimal. */
export async function hashOf(arrays: readonly Bytes[]): Promise<string> {
  const length = arrays.reduce((sum, array) => sum + array.byteLength, 0);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The hash of every run, on a fresh engine with these options. */
export async function bitsCases(
  vkernel: Vkernel,
  options: EngineOptions = {},
): Promise<Record<string, string>> {
  const engine = await vkernel.createEngine({ kernels: "simd", ...options });
  const hashes: Record<string, string> = {};
  try {
    for (const run of bitsRuns) hashes[run.name] = await hashOf(await run.run(vkernel, engine, run.count));
  } finally {
    engine.close();
  }
  return hashes;
}

/**
 * The promise. A change of these is a change of the numbers that every user gets from a seed: a release note, not a
 * refactoring. `bitsCases` computes them.
 */
export const bitsHashes: Readonly<Record<string, string>> = {
  "sample hexagon heun f32": "e79aeeea2e46ceb997e7b5fddd2ddfd3c15edf29f9e0d38326bd32343c9bfd58",
  "sample hexagon heun f64": "cd6f50363005eda6823f9778bf27a1e297ee9154cda99acde2672bffe9da5d25",
  "sample hexagon posterior f32": "2d6ef78c2cfce838308ec589abd25c283857f26ba29ef7788bf3ba06e828e705",
  "sample hexagon posterior f64": "e28de7eb4931d986e962432f72f3497ed02a95be26595758f4361478c4fa442d",
  "sample hexagon eulerMaruyama f32": "f8958e59c78a2a7d8269c945927d302d44d390b50262ac80d8281660af27c13f",
  "sample hexagon eulerMaruyama f64": "2e52813fb5128919488b0f8b1d0f299283354f2ab479f6f68de83ecf71473f52",
  "sample D1 naive 2 euler f32": "5a2e8aa8eeceff73d87c7e497c3f8b250502c7c6ae696651b9397c1482ce4904",
  "sample D1 naive 2 euler f64": "ba0691838e9672bbeecf6643db72c12fc750b0295d09207ef09f1beb4c5eaf70",
  "sample D2 posterior songVp f32": "4f5816f1e3ec8efb046acc457fa50e8b5bf2bc8445c36a6a9cbbf53e73365f44",
  "sample D2 posterior songVp f64": "0f868d50a9b76b5b6bcea39a36f4451d7d5962e06b3558bfeb021d2a45ff9614",
  "sample D3 naive kappa euler songVp f32":
    "4768ef5cf39f23d85714fb6c976aa522ee444548509ab263964783de638ca3aa",
  "sample D3 naive kappa euler songVp f64":
    "90358c0133ae65bc2d9bb9eed6d7c989b07ccd235babaac710663714d3088198",
  "sample D7 posterior f32": "879b184595736e1f2ebf542940e6ddaebc234902b4e26513a4dd1ccf4e672789",
  "sample D7 posterior f64": "3e6fc56e4681ed369fd606b33a548b6cd9ebdf349227f2407c0727f28cc9c2bd",
  "sample digits heun f32": "0b8e4c41ef452c08b30ebcc5968510dd8c7a4871b5fb5082fa49b80dabd6792a",
  "sample digits heun f64": "91bd838fefd507b3afeb18941a271d8bd33a8f2bc29ba7bef49f9f3f5923d30e",
  "sample digits posterior f32": "61b51d4a60d0d6bd276df6ba36f826b2729ab380e2c90cc9128febdb6185d62d",
  "sample digits posterior f64": "925ace8fabf581943a3c78eefcaa41fe86d03a0009d53914c2bf0e22afcea2f2",
  "evaluate D1 f32": "966e4aa1124c8133b8ba5cd692962233f6f209f5fe456138cdc69c877f3e7bd9",
  "evaluate D1 f64": "d16933bb02fb0ebafe266be63c9ad3df40cb6362f6201fda66a99743ced984e2",
  "evaluate D2 f32": "e51cf2a6c20ffc8e2b6a1f8f11a0a2e6261b44ba9d7a2de7be666a0366728f0e",
  "evaluate D2 f64": "364b5be29d76cb4b4947722a025b4c534475a8fa5e6009812bc90cd86f19b078",
  "evaluate D3 f32": "63dc24983043e5116fd007a3b9bec4a14cbd8823d81946f087ff1002f873c448",
  "evaluate D3 f64": "1af38e1fe32cab074bcc3762e3e3b6da96eee156d1c1265c4fa623e52d4b34b6",
  "evaluate D7 f32": "d982dbbd0cfda01422fc21999c5f92d2ec30d82af24ed9612dd3eecc6f35c71b",
  "evaluate D7 f64": "67f4255e54348756d196bd95a2bc37bcdcfeaa8d5c4d363a0e46e014d10a9302",
  "evaluate D2 anisotropic f32": "feaa1a91398974df2c1fdb5ac90fd8c012fd90322cc086dae15fe6a248277841",
  "evaluate D2 anisotropic f64": "f9d8f0ef83cf9c27b294d48789a78a3b9ddb400df93bf51281784909dc5311cc",
  "evaluate D7 anisotropic f32": "a693c1d98fe16650254cbef83aeb762e6755f525272f5d7dbc92152331c3fd83",
  "evaluate D7 anisotropic f64": "e2e9d7e1489967a508e17f216b6d5f689a1b1a043d3c5448c889e62729df6668",
};
