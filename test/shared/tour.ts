/**
 * Every public function once, on small data, with arrays that `kit` makes: of another realm, or for an engine without Wasm.
 * Nothing here needs Node, so that pages can run the same.
 */
import type { Engine } from "vkernel";
import { scattered, type Vkernel } from "./bits.js";

/** Makes arrays of some realm. */
export interface Kit {
  f32(values: ArrayLike<number>): Float32Array;
  f64(values: ArrayLike<number>): Float64Array;
  u8(values: ArrayLike<number>): Uint8Array;
  rows(values: readonly (readonly number[])[]): number[][];
}

/** The kit of a realm, by its constructors. */
export const kitOf = (realm: {
  Float32Array: Float32ArrayConstructor;
  Float64Array: Float64ArrayConstructor;
  Uint8Array: Uint8ArrayConstructor;
  Array: ArrayConstructor;
}): Kit => ({
  f32: (values) => realm.Float32Array.from(values),
  f64: (values) => realm.Float64Array.from(values),
  u8: (values) => realm.Uint8Array.from(values),
  rows: (values) => realm.Array.from(values, (row) => realm.Array.from(row)),
});

/** All numbers of a result, in order: of arrays, of fields of plain objects; functions and handles are left out. */
export function numbersOf(value: unknown, depth = 0): number[] {
  if (typeof value === "number") return [value];
  if (value === null || typeof value !== "object" || depth > 4) return [];
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  return Object.values(value).flatMap((one) => numbersOf(one, depth + 1));
}

/** `relative`: how far engines without Wasm may be, of the largest number; 1e-10 by default. Undefined: draws differ. */
export interface Stop {
  run(v: Vkernel, engine: Engine, kit: Kit): unknown;
  relative?: number | undefined;
}

const hexagon = Array.from({ length: 6 }, (_, k) => [
  Math.cos((k * Math.PI) / 3),
  Math.sin((k * Math.PI) / 3),
]);
const onLine = [[-1], [0], [1]];

const plane = (v: Vkernel, engine: Engine, kit: Kit) =>
  v.exactScore(
    engine.mixture(kit.f64(hexagon.flat()), {
      dim: 2,
      weights: kit.f64([1, 2, 3, 1, 2, 3]),
      labels: kit.f64([0, 0, 0, 1, 1, 1]),
      precision: "f64",
    }),
    v.edm(),
  );
const single = (v: Vkernel, engine: Engine, kit: Kit) =>
  v.exactScore(engine.mixture(kit.f32(hexagon.flat()), { dim: 2, sigma0: 0.1 }), v.edm());
const line = (engine: Engine, kit: Kit) => engine.mixture(kit.rows(onLine), { precision: "f64" });
const grid = (v: Vkernel) => v.karras({ steps: 5, sigmaMin: 0.2, sigmaMax: 4 });
const tuples = (kit: Kit) => ({
  x: kit.f64(scattered(48, 1)),
  x0: kit.f64(hexagon.flat().concat(hexagon.flat(), hexagon.flat(), hexagon.flat())),
  t: kit.f64(Array.from({ length: 24 }, (_, i) => 0.3 + 0.05 * i)),
  lambda: kit.f64(new Array(24).fill(1)),
});

const samplers = [
  "ancestral",
  "dopri5",
  "dpmpp2m",
  "euler",
  "eulerMaruyama",
  "heun",
  "posterior",
  "predictorCorrector",
  "rk4",
] as const;

export const tour: Record<string, Stop> = {
  "evaluate, every quantity, f64": {
    run: (v, engine, kit) =>
      plane(v, engine, kit).evaluate(
        kit.f64(scattered(14, 2)),
        kit.f64([0.3, 0.5, 1, 2, 0.4, 0.6, 3]),
        v.quantities,
      ),
  },
  "evaluate, every quantity, f32": {
    run: (v, engine, kit) => single(v, engine, kit).evaluate(kit.f32(scattered(14, 2)), 0.5, v.quantities),
    relative: 1e-4,
  },
  evaluateSync: {
    run: (v, engine, kit) => plane(v, engine, kit).evaluateSync(kit.rows([[0.1, 0.2]]), 0.5, v.quantities),
  },
  posteriorExpectation: {
    run: (v, engine, kit) =>
      plane(v, engine, kit).posteriorExpectation(kit.f64([0.1, 0.2]), 0.5, kit.f64(scattered(12, 3))),
  },
  ...Object.fromEntries(
    samplers.map((name): [string, Stop] => [
      `sample, ${name}`,
      {
        run: async (v, engine, kit) => {
          const field = plane(v, engine, kit);
          const run = await v.sample(field, {
            sampler: v[name](),
            grid: grid(v),
            initial: kit.f64(scattered(32, 4)),
            seed: 5,
            record: "all",
          });
          return [run.samples, run.trajectories];
        },
        // Draws of points are by thresholds that rounding may cross; the adaptive one may take other steps.
        relative: name === "dopri5" ? 1e-3 : 1e-8,
      },
    ]),
  ),
  "sample, given noise and times": {
    run: async (v, engine, kit) =>
      (
        await v.sample(plane(v, engine, kit), {
          sampler: v.eulerMaruyama(),
          grid: v.times(kit.f64([2, 1, 0.5])),
          count: 3,
          noise: kit.f64(scattered(12, 6)),
          seed: 1,
        })
      ).samples,
  },
  "sample, shared noise, other grids": {
    run: (v, engine, kit) =>
      Promise.all(
        [v.linear, v.logarithmic, v.logSnr, v.squareRoot].map(
          async (make) =>
            (
              await v.sample(plane(v, engine, kit), {
                sampler: v.eulerMaruyama(),
                grid: make({ steps: 4, sigmaMin: 0.2, sigmaMax: 3 }),
                count: 4,
                noise: "shared",
                seed: 2,
              })
            ).samples,
        ),
      ),
  },
  "sample, naive": {
    run: async (v, engine, kit) =>
      (
        await v.sample(v.naiveScore(plane(v, engine, kit).data, v.edm(), { noiseTime: 0.2 }), {
          grid: grid(v),
          initial: kit.f64(scattered(16, 4)),
          seed: 5,
        })
      ).samples,
    relative: 1e-8,
  },
  liveRun: {
    run: async (v, engine, kit) => {
      const live = await v.liveRun(plane(v, engine, kit), {
        sampler: v.heun(),
        grid: grid(v),
        initial: kit.f64(scattered(16, 4)),
        seed: 1,
      });
      await live.advance();
      await live.advance();
      const samples = live.samples.slice();
      live.dispose();
      return samples;
    },
  },
  logLikelihood: {
    run: (v, engine, kit) =>
      v.logLikelihood(plane(v, engine, kit), kit.f64(scattered(8, 7)), {
        sampler: v.rk4(),
        grid: v.karras({ steps: 5, sigmaMin: 0.2, sigmaMax: 4, last: "sigmaMin" }),
      }),
    relative: 1e-8,
  },
  customScore: {
    run: async (v, engine, kit) => {
      const field = v.customScore(plane(v, engine, kit).data, v.edm(), (x, t) =>
        kit.f64(Array.from(x, (a) => -a / (1 + t * t))),
      );
      const run = await v.sample(field, { grid: grid(v), initial: kit.f64(scattered(16, 4)) });
      return [run.samples, await field.evaluate(kit.f64(scattered(4, 1)), 0.5, ["score"])];
    },
  },
  linearScore: {
    run: async (v, engine, kit) => {
      const { data, process } = plane(v, engine, kit);
      const maps = [
        v.rbfFeatures({ centres: kit.rows(hexagon), width: 1 }),
        v.fourierFeatures({ count: 3, seed: 1 }),
        v.gaussFourierFeatures({ count: 3, width: 1, seed: 2 }),
        v.polynomialFeatures({ degree: 2 }),
        v.hermiteFeatures({ degree: 2 }),
        v.customFeatures({ count: 2, row: (x) => kit.f64([x[0] as number, x[1] as number]) }),
      ];
      const out: unknown[] = [];
      for (const features of maps) {
        const ensemble = await v.linearScore(data, process, { features, samples: tuples(kit), ridge: 1e-2 });
        out.push(await ensemble.average.evaluate(kit.f64(scattered(6, 8)), 0.6, ["score"]));
        out.push(v.ensembleCost(ensemble, { count: 10 }));
      }
      return out;
    },
    relative: 1e-7,
  },
  "linearScore, drawn": {
    run: async (v, engine, kit) => {
      const { data, process } = plane(v, engine, kit);
      const ensemble = await v.linearScore(data, process, {
        features: v.polynomialFeatures({ degree: 2 }),
        samples: 200,
        times: v.gridTimes(kit.f64([0.4, 0.8, 1.2])),
        ridge: 1e-2,
        seed: 1,
      });
      const x = kit.f64(scattered(4, 8));
      const sde = v.effectiveSde(ensemble);
      const run = await v.sample(ensemble, {
        sampler: v.eulerMaruyama(),
        grid: grid(v),
        initial: kit.f64(scattered(8, 4)),
        seed: 5,
      });
      return [
        await (await ensemble.draw(3)).evaluate(x, 0.6, ["score"]),
        run.samples,
        sde.kind === undefined,
      ];
    },
    relative: 1e-6,
  },
  ntkScore: {
    run: async (v, engine, kit) => {
      const { data, process } = plane(v, engine, kit);
      const out: unknown[] = [];
      for (const activation of ["relu", "erf"] as const) {
        const ensemble = await v.ntkScore(data, process, {
          activation,
          samples: tuples(kit),
          ridge: 1e-2,
          trainingTime: 10,
        });
        out.push(await ensemble.average.evaluate(kit.f64(scattered(6, 8)), 0.6, ["score"]));
      }
      return out;
    },
    relative: 1e-6,
  },
  mlpScore: {
    run: async (v, engine, kit) => {
      const { data, process } = plane(v, engine, kit);
      const network = await v.mlpScore(data, process, {
        widths: [8],
        steps: 20,
        batch: 32,
        seed: 1,
        precision: "f64",
        times: v.gridTimes(kit.f64([0.4, 0.8, 1.2])),
      });
      const bytes = kit.u8(network.save());
      const loaded = v.loadNetwork(bytes, data, process);
      const both = v.ensemble([network, loaded]);
      return [
        await network.evaluate(kit.f64(scattered(6, 8)), 0.6, ["score"]),
        await loaded.evaluate(kit.f64(scattered(6, 8)), 0.6, ["score"]),
        both.members.length,
      ];
    },
    relative: 1e-5,
  },
  smoothedScore: {
    run: (v, engine, kit) => {
      const { data, process } = plane(v, engine, kit);
      return Promise.all(
        (["box", "minimumNorm", "gaussian"] as const).map((kernel) =>
          v
            .smoothedScore(data, process, { kernel, width: 0.3 })
            .evaluate(kit.f64(scattered(6, 8)), 0.6, ["score"]),
        ),
      );
    },
    relative: 1e-7,
  },
  piecewiseScore: {
    run: (v, engine, kit) =>
      v.piecewiseScore(line(engine, kit), { kappa: 0.1 }).evaluate(kit.f64([-0.4, 0.2, 0.9]), 0.3, ["score"]),
  },
  "predictions and targets": {
    run: async (v, engine, kit) => {
      const field = plane(v, engine, kit);
      const x = kit.f64(scattered(6, 8));
      const { x: at, x0, t } = tuples(kit);
      return [
        await v.predict(field, x, 0.5, "noise"),
        v.convertPrediction(kit.f64(scattered(6, 9)), x, kit.f64([0.5, 0.6, 0.7]), v.vp(), {
          from: "noise",
          to: "score",
        }),
        v.stableTargets(field.data, field.process, { x: at, x0, t }, { batch: 4, seed: 1 }),
        v.translate(kit.f32([0.5, 1]), 0.5, v.vp(), v.edm()),
        v.translate(kit.f64([0.5, 1]), 0.5, v.ou(), v.edm()),
      ];
    },
  },
  processes: {
    run: async (v, engine, kit) => {
      const { data } = plane(v, engine, kit);
      const base = v.songVp();
      const turned = v.anisotropic(v.edm(), { covariance: kit.f64([1, 0.25, 0.25, 1]) });
      const own = v.customProcess({ beta: () => 1, diffusion: () => 1, end: 5 });
      const out: unknown[] = [
        v.logSnrAt(base, 0.4),
        v.timeOfLogSnr(base, 0),
        v.reverseCoefficients(base, 0.3),
      ];
      for (const process of [
        base,
        turned,
        own,
        v.subVp(),
        v.songVe(),
        v.ve(),
        v.ddpm({ schedule: "linear" }),
      ]) {
        out.push(
          await v
            .exactScore(data, process)
            .evaluate(kit.f64(scattered(6, 8)), process.name === "ddpm" ? 50 : 0.4, ["score", "logDensity"]),
        );
      }
      const steps = v.timesteps({ steps: 4, spacing: "leading" });
      out.push(
        (
          await v.sample(v.exactScore(data, v.ddpm({ schedule: "linear" })), {
            grid: steps,
            initial: kit.f64(scattered(8, 4)),
          })
        ).samples,
      );
      return out;
    },
    relative: 1e-8,
  },
  "diagnose, points": {
    run: (v, engine, kit) => {
      const { data } = plane(v, engine, kit);
      const a = kit.f64(scattered(40, 10));
      const b = kit.f32(scattered(40, 11));
      return Promise.all([
        v.nearestPoints(a, data),
        v
          .voronoiMass(a, data)
          .then((masses) => [
            masses,
            v.massKl(
              { mass: kit.f64(masses.mass), count: 20 },
              kit.f64([1, 1, 1, 1, 1, 1].map((w) => w / 6)),
            ),
          ]),
        v.memorization(a, data),
        v.coverage(a, data),
        v.gapFraction(a, data),
        v.hullFraction(a, data),
        v.energyDistance(a, b, { dim: 2 }),
        v.mmd(a, data),
        v.slicedWasserstein(a, b, { dim: 2 }),
        v.reproducibility(kit.rows(hexagon), kit.rows(hexagon)),
        v.massNear(kit.rows(hexagon), kit.rows(hexagon), { radius: 0.1 }),
        v.cellMap(data, { x: [-1, 1], y: [-1, 1], width: 4, through: kit.f64([0, 0]) }),
      ]);
    },
    relative: 1e-6,
  },
  "diagnose, runs": {
    run: async (v, engine, kit) => {
      const field = plane(v, engine, kit);
      const run = await v.sample(field, {
        grid: grid(v),
        sampler: v.heun(),
        initial: kit.f64(scattered(32, 4)),
        record: "all",
      });
      const foreign = {
        ...run,
        samples: kit.f64(run.samples) as Float64Array<ArrayBuffer>,
        trajectories: kit.f64(run.trajectories as Float64Array) as Float64Array<ArrayBuffer>,
        times: kit.f64(run.times) as Float64Array<ArrayBuffer>,
      };
      return [
        await v.alongRun(field, foreign),
        await v.capture(field, foreign),
        await v.basinMap(field, {
          t: 2,
          x: [-1, 1],
          y: [-1, 1],
          width: 3,
          grid: v.karras({ steps: 4, sigmaMin: 0.2, sigmaMax: 2 }),
        }),
        await v.compareFields(v.smoothedScore(field.data, field.process, { width: 0.2 }), field, {
          times: kit.f64([1, 0.5]),
          count: 8,
          steps: 4,
        }),
      ];
    },
    relative: 1e-6,
  },
  "theory, on the line": {
    run: async (v, engine, kit) => {
      const data = line(engine, kit);
      const terminal = v.terminalLaw(data, { kappa: 0.1, from: 1 });
      return [
        v.flowMap(data, { kappa: 0.1, from: 1 })(kit.f64([-0.5, 0.2, 0.8])),
        terminal,
        v.smoothingLoss(data, { kappa: 0.1, t: 0.5 }),
        v.piecewiseError(data, { kappa: 0.1, t: 0.5 }),
        v.smoothingLossLimit(0.1),
        await v.cellLaw(data, v.ve(), { times: kit.f64([0.2, 0.5]) }),
        v.wassersteinCurve(v.ou(), { point: kit.f64([1]), horizon: 2, times: kit.f64([0.5, 1]) }),
        v.wassersteinToPoint(kit.rows([[1], [2]]), kit.f64([1])),
        v.bridgeLaw(v.ou(), { from: 2, to: 1 }).draw(kit.f64([0.5]), kit.f64([1])),
      ];
    },
    relative: 1e-8,
  },
  "theory, laws": {
    run: async (v, engine, kit) => {
      const data = line(engine, kit);
      const law = await v.generatedLaw(data, v.ou(), {
        horizon: 2,
        initial: { x: kit.f64([-4, -2, 0, 2, 4]), density: kit.f64([0, 0.15, 0.2, 0.15, 0]) },
      } as unknown as Parameters<Vkernel["generatedLaw"]>[2]);
      const pair = v.pairLaw(data, v.ou(), { earlier: 0.5, later: 1 });
      return [
        law,
        await pair.joint(kit.f64([0.5]), kit.f64([0.2])),
        pair.forward(kit.rows([[0.5]]), kit.rows([[0.2]])),
      ];
    },
    relative: 1e-7,
  },
  "theory, ensembles": {
    run: async (v, engine, kit) => {
      const field = plane(v, engine, kit);
      const naive = v.naiveScore(field.data, field.process, { noiseTime: 0.2 });
      const places = { x: kit.f64(scattered(4, 8)), t: kit.f64([0.5, 0.8]) };
      const kernel = v.vKernel(naive);
      return [
        await v.stepCovariance(naive, places, { dt: 0.1 }),
        await v.varianceFraction(field, kit.f64(scattered(4, 8)), kit.f64([0.5, 0.8])),
        await v.fisherInformation(field, kit.f64(scattered(4, 8)), 0.5),
        await v.cumulants(naive, places),
        typeof kernel,
        await v.reverseDrift(field, kit.f64(scattered(4, 8)), 0.5),
        await v.objectives(field, { samples: tuples(kit) }),
        await v.scoreLosses(field, { samples: tuples(kit) }),
        v.quadratureTuples(line(engine, kit), v.ve(), { t: kit.f64([0.5, 1]) }),
        await v.pathLogDensity(
          { trajectories: kit.f64(scattered(12, 3)), times: kit.f64([1, 0.8, 0.6]), count: 2 },
          v.effectiveSde(naive),
        ),
      ];
    },
    relative: 1e-7,
  },
  fokkerPlanck: {
    run: async (v, engine, kit) => {
      const { densities, mass } = await v.fokkerPlanck(line(engine, kit), v.ou(), {
        direction: "forward",
        times: kit.f64([0.1, 0.2]),
        cells: 32,
        domain: [-5, 5],
        initial: kit.f64(Array.from({ length: 32 }, (_, i) => Math.exp(-((i - 15.5) ** 2) / 20) / 2.4770783)),
      });
      return [densities, mass];
    },
    relative: 1e-9,
  },
  "data sets": {
    run: async (v, engine, kit) => {
      const field = plane(v, engine, kit);
      const sets = [
        v.polygon(),
        v.lineSet(),
        v.lShape(),
        v.randomOutlier(),
        v.twoPoints(),
        v.linePoints(),
        v.fourPoints(),
        v.twoMoons(),
        v.circle(),
        v.spiral(),
        v.checkerboard(),
        v.swissRoll(),
      ];
      return [
        sets.map((set) => Array.from(set.points.subarray(0, 20))),
        (await v.loadDataSet("digits")).points.subarray(0, 64),
        (await v.digits()).points.length,
        (await v.fashion()).points.length,
        v.classMixture(field.data, [1]).points,
        v.splitHalves(field.data).map((half) => half.points),
      ];
    },
  },
};

/** What takes no arrays and computes on no engine, or is one; `createEngine` makes the engine of the tour. */
export const apart = [
  "VkernelError",
  "createEngine",
  "dataSetNames",
  "fashionClasses",
  "logNormalTimes",
  "logUniformTimes",
  "processPresets",
  "refusalOf",
  "uniformTimes",
];

/** Runs one stop: its numbers, and the names of the library that it used. */
export async function visit(
  v: Vkernel,
  name: string,
  engine: Engine,
  kit: Kit,
): Promise<{ numbers: number[]; used: string[] }> {
  const used = new Set<string>();
  const watched = new Proxy(v, {
    get(target, key) {
      if (typeof key === "string") used.add(key);
      return Reflect.get(target, key);
    },
  });
  const numbers = numbersOf(await (tour[name] as Stop).run(watched, engine, kit));
  return { numbers, used: [...used] };
}
