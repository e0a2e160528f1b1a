/**
 * Runs whose bits are promised: in the simd build, whatever the host, the threads and the block size. Nothing here needs
 * Node, so that Chromium can run the same: `expect(await bitsCases(vkernel)).toEqual(bitsHashes)`.
 */
import type {
  Engine,
  EngineOptions,
  Mixture,
  Precision,
  SampleOptions,
  Sampler,
  ScoreField,
  StepEstimator,
} from "vkernel";

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
  if (set === "few D6") return engine.mixture(scattered(4 * 6, 6), { dim: 6, precision });
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
  options: (vkernel: Vkernel) => SampleOptions & { draws?: number; noiseTime?: number },
): BitsRun[] {
  return precisions.map((precision) => ({
    name: `sample ${set} ${what} ${precision}`,
    count,
    async run(vkernel, engine, n) {
      const data = await setOf(vkernel, engine, set, precision);
      const { draws, noiseTime, ...rest } = options(vkernel);
      const process = what.includes("songVp") ? vkernel.songVp() : vkernel.edm();
      const field =
        draws !== undefined
          ? vkernel.naiveScore(data, process, { draws })
          : noiseTime !== undefined
            ? vkernel.naiveScore(data, process, { noiseTime })
            : vkernel.exactScore(data, process);
      const grid = vkernel.karras({ steps: 8, sigmaMin: 0.05, sigmaMax: 5 });
      const run = await vkernel.sample(field, { grid, seed: 2 ** 40 + 7, ...rest, count: n });
      data.dispose();
      return [run.samples];
    },
  }));
}

/** A matrix with ones on its diagonal and a quarter elsewhere. */
const evenly = (dim: number): number[][] =>
  Array.from({ length: dim }, (_, i) => Array.from({ length: dim }, (_, j) => (i === j ? 1 : 0.25)));

/**
 * A run of any sampler on a short grid: 4 steps from a noise level of 5 to 0.05, in all particles' samples, recorded states
 * and log densities.
 */
function stepping(
  set: string,
  count: number,
  what: string,
  options: (
    vkernel: Vkernel,
    field: (estimator?: { draws: number } | { noiseTime: number }) => ScoreField | StepEstimator,
    n: number,
  ) => SampleOptions & { of?: ScoreField | StepEstimator },
): BitsRun[] {
  return precisions.map((precision) => ({
    name: `sample ${set} ${what} ${precision}`,
    count,
    async run(vkernel, engine, n) {
      const data = await setOf(vkernel, engine, set, precision);
      const process = what.includes("anisotropic")
        ? vkernel.anisotropic(vkernel.edm(), { covariance: evenly(data.dim) })
        : what.includes("songVp")
          ? vkernel.songVp()
          : vkernel.edm();
      const field = (estimator?: { draws: number } | { noiseTime: number }) =>
        estimator ? vkernel.naiveScore(data, process, estimator) : vkernel.exactScore(data, process);
      const { of = field(), ...rest } = options(vkernel, field, n);
      const grid = vkernel.logSnr({ steps: 4, sigmaMin: 0.05, sigmaMax: 5 });
      const run = await vkernel.sample(of, { grid, seed: 2 ** 40 + 7, ...rest, count: n });
      data.dispose();
      return [run.samples, ...(run.likelihood ? [run.likelihood.logDensity, run.likelihood.divergence] : [])];
    },
  }));
}

/** Log densities of given points, carried upward. */
function likelihoods(set: string, count: number, sampler: (vkernel: Vkernel) => Sampler): BitsRun[] {
  return precisions.map((precision) => ({
    name: `logLikelihood ${set} ${precision}`,
    count,
    async run(vkernel, engine, n) {
      const data = await setOf(vkernel, engine, set, precision);
      const points = scattered(count * data.dim, 98).subarray(0, n * data.dim);
      const { logDensity, divergence, latents } = await vkernel.logLikelihood(
        vkernel.exactScore(data, vkernel.songVp()) as ScoreField,
        points,
        {
          sampler: sampler(vkernel),
          grid: vkernel.logSnr({ steps: 3, sigmaMin: 0.2, sigmaMax: 5 }),
          base: "noise",
        },
      );
      data.dispose();
      return [logDensity, divergence, latents];
    },
  }));
}

/** A run of `evaluate` in every quantity, one time per query. */
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
            covariance: evenly(dim),
          })
        : vkernel.songVp();
      const t = Float64Array.from({ length: n }, (_, i) => levels[i % levels.length] as number);
      const values = (await vkernel
        .exactScore(data, process)
        .evaluate(x, t, vkernel.quantities)) as unknown as Record<string, Bytes>;
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
  ...sampling("D3", 5000, "naive kappa euler songVp", (v) => ({ sampler: v.euler(), noiseTime: 0.1 })),
  ...sampling("D7", 2000, "posterior", (v) => ({ sampler: v.posterior(), initial: "normal" })),
  ...sampling("digits", 100, "heun", (v) => ({ sampler: v.heun() })),
  ...sampling("digits", 100, "posterior", (v) => ({ sampler: v.posterior() })),
  ...stepping("D2", 2000, "rk4", (v) => ({ sampler: v.rk4() })),
  ...stepping("D7", 500, "rk4 with densities songVp", (v) => ({ sampler: v.rk4(), logLikelihood: true })),
  ...stepping("D3", 1000, "heun with densities", (v) => ({ sampler: v.heun(), logLikelihood: true })),
  ...stepping("D2", 2000, "dpmpp2m songVp", (v) => ({ sampler: v.dpmpp2m() })),
  ...stepping("D1", 1000, "dopri5", (v) => ({ sampler: v.dopri5() })),
  ...stepping("D3", 1000, "dopri5 with densities songVp", (v) => ({
    sampler: v.dopri5(),
    logLikelihood: true,
  })),
  ...stepping("D7", 300, "dopri5 with densities", (v) => ({
    sampler: v.dopri5({ rtol: 1e-5 }),
    initial: "marginal",
    logLikelihood: true,
  })),
  ...[0, 0.5, 1].flatMap((eta) =>
    stepping("D2", 2000, `ancestral ${eta} songVp`, (v) => ({ sampler: v.ancestral({ eta }) })),
  ),
  ...stepping("D2", 2000, "naive 3 ancestral", (v, field) => ({
    sampler: v.ancestral(),
    of: field({ draws: 3 }),
  })),
  ...stepping("D3", 1000, "heun with churn", (v) => ({ sampler: v.heun({ churn: 1 }) })),
  ...stepping("D7", 500, "heun with churn songVp", (v) => ({
    sampler: v.heun({ churn: 1, churnMin: 0.1, noiseScale: 1.01 }),
  })),
  ...stepping("D2", 2000, "predictorCorrector", (v) => ({
    sampler: v.predictorCorrector({ correctors: 2 }),
  })),
  ...["D2", "D7"].flatMap((set) =>
    stepping(set, 500, "eulerMaruyama shared", (v) => ({ sampler: v.eulerMaruyama(), noise: "shared" })),
  ),
  ...["D2", "D7"].flatMap((set) =>
    stepping(set, 500, "ancestral supplied", (v, _, n) => {
      // Step by step the same numbers for a particle, however many there are.
      const dim = Number(set.slice(1));
      const noise = new Float64Array(4 * n * dim);
      for (let i = 0; i < 4; i++) noise.set(scattered(n * dim, i), i * n * dim);
      return { sampler: v.ancestral(), noise };
    }),
  ),
  ...["D1", "D2", "D7", "few D6"].flatMap((set) =>
    stepping(set, 500, "effective matched", (v, field) => ({
      of: v.effectiveSde(field({ draws: 2 }) as StepEstimator),
    })),
  ),
  ...stepping("D3", 500, "effective literal songVp", (v, field) => ({
    of: v.effectiveSde(field({ draws: 2 }) as StepEstimator, { form: "literal" }),
  })),
  ...stepping("D2", 500, "effective kappa", (v, field) => ({
    of: v.effectiveSde(field({ noiseTime: 0.1 }) as StepEstimator),
    sampler: v.eulerMaruyama(),
  })),
  ...["D2", "D7"].flatMap((set) =>
    stepping(set, 500, "anisotropic heun", (v) => ({ sampler: v.heun(), initial: "marginal" })),
  ),
  ...stepping("D3", 500, "anisotropic eulerMaruyama", (v) => ({ sampler: v.eulerMaruyama() })),
  ...stepping("few D6", 300, "anisotropic dopri5", (v) => ({ sampler: v.dopri5(), logLikelihood: true })),
  ...likelihoods("D1", 300, (v) => v.dopri5()),
  ...likelihoods("D2", 300, (v) => v.rk4()),
  ...likelihoods("D7", 150, (v) => v.dopri5({ rtol: 1e-5 })),
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

/** The hash of every run, one after the other on a fresh engine with these options. */
export async function bitsCases(
  vkernel: Vkernel,
  options: EngineOptions = {},
  runs: readonly BitsRun[] = bitsRuns,
): Promise<Record<string, string>> {
  const engine = await vkernel.createEngine({ kernels: "simd", ...options });
  const hashes: Record<string, string> = {};
  try {
    for (const run of runs) hashes[run.name] = await hashOf(await run.run(vkernel, engine, run.count));
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
  "sample D2 rk4 f32": "ec824939331b1f04a74aa95f33837525c5faab38824b98895689fe428f6ece21",
  "sample D2 rk4 f64": "a8ff8834cdf094a16fda8c88416ff3e38ebcdbe0341f98842e29dba46bfa269c",
  "sample D7 rk4 with densities songVp f32":
    "3b19cba960e3553b4721e39f44b3154cb28d1f157fe6d389c255f4868773e5fd",
  "sample D7 rk4 with densities songVp f64":
    "9c977e3ae1e246a601410232336d0617e36c3cedc19fbe3a9bb2dd134de14685",
  "sample D3 heun with densities f32": "70e67b5a6c80c56dc0b6640f90514a48da058365a9c269bb0a8876c1fde4c49f",
  "sample D3 heun with densities f64": "5e94c46cae5f877f586c17c5e45fb47ea300678caceb0e8fc45da01407c3563b",
  "sample D2 dpmpp2m songVp f32": "45a14d59c4d7507b410cc0fa877b1f9debe72c218e301883242431613efdab06",
  "sample D2 dpmpp2m songVp f64": "e2a4dd1e33d6566f897d38320e63876b3a0e6d290918b2e4b81d7e3b654229cd",
  "sample D1 dopri5 f32": "b9e4a3c5c3a7b8ffe0252653f8e52b7ea911f46bcfdf309bc0136fe87aac65ff",
  "sample D1 dopri5 f64": "c8de258cffea7660cc790760669cdc8908194b95c7493eef15c079dc91188d5d",
  "sample D3 dopri5 with densities songVp f32":
    "397903bf319fd62d59562e1dc76e884f82dde28574d88905485d0e72715e8bc3",
  "sample D3 dopri5 with densities songVp f64":
    "15c0a471d75402ad0e24ebfe900676de7e7bdf69d27c067035002528e9301b7d",
  "sample D7 dopri5 with densities f32": "5cdae63f6a0fa6b5ebacf39033c47669324952c2ab99b0272962e13f73223777",
  "sample D7 dopri5 with densities f64": "f1d3008c609b26ab5faaa6345ae6a8202566ec5d0b4fb74513ee623fcb6c7cce",
  "sample D2 ancestral 0 songVp f32": "d21ebe5a2d0899f1d4323fa17e335475c382bafd61ef8dac0ab33e5a617c7943",
  "sample D2 ancestral 0 songVp f64": "faa888d1a6e756c1cf3734df55e1fc1eca3d53c14e12ac26a19855e88bedff37",
  "sample D2 ancestral 0.5 songVp f32": "5e525b8990d0a8787ad4fdefd97df747d328f164608539582cc5b1e47e2990d0",
  "sample D2 ancestral 0.5 songVp f64": "06489f6745fe40c4ac7635f5e7bbd8958d57a7939a2379694c4e5e72a9e6674b",
  "sample D2 ancestral 1 songVp f32": "fe5c7943b789805780cf4f8adebd233aea08e22ffb19f99916d6075763bf192b",
  "sample D2 ancestral 1 songVp f64": "40353bc5740a5cf389a3ed212e036fe50a429eb0b168bdc0204d2cebfafd5379",
  "sample D2 naive 3 ancestral f32": "1b7415513a809247aa1b0ee87712ee57a5c22188d778b008f39b953fb89f0c41",
  "sample D2 naive 3 ancestral f64": "dd30b3654ffc6d2aeed12b809394829a49b31a7d70f691b2eebeefe30bba0a6a",
  "sample D3 heun with churn f32": "806fff94dcb50e4a4d47aaf189af4a6c5ddcd5096220f00dfe5b072d623f1a2e",
  "sample D3 heun with churn f64": "98396b00ecb1d6619e3c23b57b7bd0d231b712e1e18563e063860f7712c12c18",
  "sample D7 heun with churn songVp f32": "553af7379df859a9a2f6604984766e65bdd4ddcef81f2e007464c74a6016b7ea",
  "sample D7 heun with churn songVp f64": "1b8f2faa36ff682b91ccfb84330c8a4e9a56d3ea2ffd32d120d4c678348e9413",
  "sample D2 predictorCorrector f32": "28895c0ca9156992cdd6cd61bdb15377198d78e1b9b2cef11e649b0eeb4765ee",
  "sample D2 predictorCorrector f64": "29bc5a38ccd82f2f0c98c17010ace5b67f121f2035543d61e560893733f06493",
  "sample D2 eulerMaruyama shared f32": "6248ce731341d15521dd8f54d0ba2fbf43ffb4ae2122e7534d8605d8fd53a03f",
  "sample D2 eulerMaruyama shared f64": "a7b46e3febd9aada8a9ee7d53848b3501985828d7948d1df1b67da7c51c669be",
  "sample D7 eulerMaruyama shared f32": "7df6b294aa6eacc8a37dfbb88ab831313989df3c944588ead9a5d7741ab40d00",
  "sample D7 eulerMaruyama shared f64": "58a200f58fcba806036214ad9b5baafe8a1b4aefb6e16f3f2fcf7e4a7bf818fb",
  "sample D2 ancestral supplied f32": "e2d14d8c7b381951379f947e9ebbf5d6d72100aafdad3b79a54b23d0c0f2c511",
  "sample D2 ancestral supplied f64": "b2ea7c96b44b4777c3506167b6e4c3850ebe78583c8aedf1ff4d5effe9dda3f6",
  "sample D7 ancestral supplied f32": "ce884184573fafe809072d002d7592cc7aaef382df499bbee483b0f46d6355e9",
  "sample D7 ancestral supplied f64": "9a57ec9c4bd43088e4f662a4b08aeb8da6e19484f0df1fe1bc42fffeef2f0741",
  "sample D1 effective matched f32": "0681080ae4beb6cee543c720d04bd132690904bcc0f603e6b97d18766bade70e",
  "sample D1 effective matched f64": "9a09b2d153dbcbbfcff4ffccd415ef3624a04cfbc5cc258ab81377ac4be281ad",
  "sample D2 effective matched f32": "d1ac2e45bc3d3be0ef26ca8ecffc776fc027b87f140f7a756508abc072e06fbc",
  "sample D2 effective matched f64": "0092a0011c7b507eb9a840d1dc5b4973a687fcd361fbddafaaef16c014844bc3",
  "sample D7 effective matched f32": "284fb6d23d5a98421b35a50e67fce429264f7e7183ff7a3f71d7b45a0d5dd1b7",
  "sample D7 effective matched f64": "2578acf582953c6d45d2352737c92828de0fd3548f1ccef30a2d1c0b86a09a9a",
  "sample few D6 effective matched f32": "4a04c76c3793f4cfabe748eb9b0ad04536f3639240372b42bf4aa2f88718d268",
  "sample few D6 effective matched f64": "7093d680a7ce4a6760097d86c32cc3133f4eb66f172ce6616be7f9e8c36f3d3b",
  "sample D3 effective literal songVp f32":
    "ef675f55df14c41e07abc3be13b4796ff73448499d3693b1aad74dbaeab5d0d5",
  "sample D3 effective literal songVp f64":
    "28983f95bb70617f40ae766fbd16551c84ebf48bb5a6f3a20fcf807d6a60fa88",
  "sample D2 effective kappa f32": "8b43c1fdaaeaaf6ca6326f2d2212b53e0f78585009bcaca1432a44fd34692339",
  "sample D2 effective kappa f64": "6783861fca679edcb79c33448fb8eff6c7407b5da0344df66f3a639019a33a05",
  "sample D2 anisotropic heun f32": "a49e21c732435d4f188922313bc7617446f3a62b9302575e7b6490fa08fca317",
  "sample D2 anisotropic heun f64": "ec2666ef0fb89f07b5ba201c78037bf43f876197731119d0a1dd4102af582bd8",
  "sample D7 anisotropic heun f32": "71977ea5cb152a36c9415e5507cf83fd3f8fdea85b431ac7889aa2dcd9193cce",
  "sample D7 anisotropic heun f64": "d8aba1a780a73e785c86fcdeb0157d064939ce8bb136d90187be23f9186d3a34",
  "sample D3 anisotropic eulerMaruyama f32":
    "42641ff5757a7e2de03982cd101c1485b63c4542b7017790e6dcfc527509bba5",
  "sample D3 anisotropic eulerMaruyama f64":
    "063acedcc1a4fcf1c2596ea1e3eaef9fb6f8d9b6da401b574179340b7a4d3ba1",
  "sample few D6 anisotropic dopri5 f32": "c8ee455905e19eff26faf35a602ea2995987f93c29e190a0a3be3646aaa08356",
  "sample few D6 anisotropic dopri5 f64": "b752a1777dd72eb3e5919a230e60fc9c6d978e1f6b8a29a02842aa5986b057b6",
  "logLikelihood D1 f32": "d0464b63786d796dc8cdab518f1222f380a237b0f4eedb6aa59addf43e02d424",
  "logLikelihood D1 f64": "d413fc65ec4efc8318a09a557191fe7bdb9d075870fa3e2dfbd153a00ee131c0",
  "logLikelihood D2 f32": "907e2a7720f7acb34709d8a16bc6f32aeabe13c69d6fd1a98e297f14156dad61",
  "logLikelihood D2 f64": "cfbb46d3a303c1a500e3596f25dc78df5e6c6ad4fb9e65fcd216266cf7b7a013",
  "logLikelihood D7 f32": "aa5bf1700dd16f393b6a2f48223d362a98cd497b7296f551fcc0a9b78f519aee",
  "logLikelihood D7 f64": "05a2ddd0c669ffcf8134bdc18f129e4d8f7055805b03967e13080b87c457bd7f",
  "evaluate D1 f32": "966e4aa1124c8133b8ba5cd692962233f6f209f5fe456138cdc69c877f3e7bd9",
  "evaluate D1 f64": "d16933bb02fb0ebafe266be63c9ad3df40cb6362f6201fda66a99743ced984e2",
  "evaluate D2 f32": "e51cf2a6c20ffc8e2b6a1f8f11a0a2e6261b44ba9d7a2de7be666a0366728f0e",
  "evaluate D2 f64": "364b5be29d76cb4b4947722a025b4c534475a8fa5e6009812bc90cd86f19b078",
  "evaluate D3 f32": "63dc24983043e5116fd007a3b9bec4a14cbd8823d81946f087ff1002f873c448",
  "evaluate D3 f64": "1af38e1fe32cab074bcc3762e3e3b6da96eee156d1c1265c4fa623e52d4b34b6",
  "evaluate D7 f32": "b22dab7a13f81c66b9316748ea572661044d884c20010e4ca1af31c991f9dbb6",
  "evaluate D7 f64": "144d54201e752aa8a29e7aafcc300e88b8cd47b33d57688844c9519906724148",
  "evaluate D2 anisotropic f32": "feaa1a91398974df2c1fdb5ac90fd8c012fd90322cc086dae15fe6a248277841",
  "evaluate D2 anisotropic f64": "f9d8f0ef83cf9c27b294d48789a78a3b9ddb400df93bf51281784909dc5311cc",
  "evaluate D7 anisotropic f32": "4847b4987a06a03266a6b7f38091b9dda8632978bf7307208a7efef09c53be17",
  "evaluate D7 anisotropic f64": "8cf8a8bbae5db4900c86ae0ae37da16337cdbfdc3a4e7f7e3fe90d2be0f8a982",
};
