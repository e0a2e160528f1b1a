import type { Recipe } from "../recipe.js";
import { settings, type Sizes } from "./settings.js";

/** Programs that give a number of each part, to the bit. */
export function recipesOf(seed: number, sizes: Sizes) {
  const { line, network, schemes } = settings;
  const points = `${JSON.stringify(line.points)}.map((x) => [x])`;
  const weights = JSON.stringify(line.weights);
  return {
    "figure-3": {
      gives: "illPosed.growth.0.measured",
      code: `import { createEngine, fokkerPlanck, ou } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(${points}, { weights: ${weights}, precision: "f64" });
const cells = ${settings.growthCells};
const [low, high] = ${JSON.stringify(settings.domain)};
const level = 1 / ((high - low) * (1 + 1e-3 / cells));
const { amplitudes } = await fokkerPlanck(data, ou(), {
  direction: "unstable",
  times: [2, ...${JSON.stringify(settings.growthTimes)}.map((s) => 2 - s)],
  cells,
  domain: [low, high],
  initial: Float64Array.from({ length: cells }, (_, i) => level * (i === 17 ? 1 + 1e-3 : 1)),
});
const first = amplitudes[0].findIndex((a, j) => j > 0 && Math.abs(a) >= 1e-8);
console.log(JSON.stringify(amplitudes[1][first] / amplitudes[0][first]));
engine.close();`,
    },
    "figure-5": {
      gives: "pairs.posterior.0",
      code: `import { createEngine, ou, pairLaw } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(${points}, { weights: ${weights}, precision: "f64" });
const law = pairLaw(data, ou(), { earlier: ${settings.pair.earlier}, later: ${settings.pair.later} });
const { weights } = await law.bridges([[${settings.pair.y}]]);
console.log(JSON.stringify(weights[0]));
engine.close();`,
    },
    "figure-6": {
      gives: "generated.rows.0.masses.0",
      code: `import { createEngine, generatedLaw, ou } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(${points}, { weights: ${weights}, precision: "f64" });
const { masses } = await generatedLaw(data, ou(), { horizon: ${settings.horizons[0]}, initial: "normal" });
console.log(JSON.stringify(masses[0]));
engine.close();`,
    },
    "figure-10": {
      gives: "captured.rows.1.settled.exact",
      code: `import { cellLaw, createEngine, ou, polygon } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const { inFinalCell, settled } = await cellLaw(data, ou(), { times: ${JSON.stringify(settings.captureTimes)} });
console.log(JSON.stringify(settled[1]));
engine.close();`,
    },
    schemes: {
      gives: "schemes.single.0.variance.value",
      code: `import { createEngine, eulerMaruyama, exactScore, logSnr, ou, sample } from "vkernel";

const engine = await createEngine();
const data = engine.mixture([[0.7]], { precision: "f64" });
const { samples } = await sample(exactScore(data, ou()), {
  sampler: eulerMaruyama(),
  grid: logSnr({ steps: 5, tMax: ${schemes.tMax}, tMin: ${schemes.epsilon} }),
  initial: "marginal",
  count: ${sizes.schemeParticles},
  seed: ${seed + 62},
});
const mean = ou().alpha(${schemes.epsilon}) * 0.7;
let variance = 0;
for (const x of samples) variance += (x - mean) ** 2 / ou().variance(${schemes.epsilon}) / samples.length;
console.log(JSON.stringify(variance));
engine.close();`,
    },
    practical: {
      gives: "practical.networks.0.elsewhere.value",
      code: `import { compareFields, createEngine, exactScore, logUniformTimes, mlpScore, ou, polygon } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const net = await mlpScore(data, ou(), {
  widths: ${JSON.stringify(network.widths)},
  batch: ${network.batch},
  learningRate: ${network.learningRate},
  steps: ${sizes.training[0]},
  times: logUniformTimes({ tMin: ${network.tMin}, tMax: ${network.tMax} }),
  seed: ${seed + 80},
});
const { departures } = await compareFields(net, exactScore(data, ou()), {
  times: ${JSON.stringify(sizes.compareTimes)},
  count: ${sizes.compared},
  seed: ${seed + 81},
  smoothing: false,
});
console.log(JSON.stringify(departures.elsewhere.fraction));
engine.close();`,
    },
  } satisfies Record<string, Recipe>;
}
