import { type EngineInfo, lineSet as line, lShape, polygon, randomOutlier } from "vkernel";
import { grouped, short } from "../../text.js";
import { type Html, html } from "../html.js";
import { renderPage } from "../page.js";
import { table } from "../parts.js";
import { type Estimate, exactly } from "../../../claims/estimate.js";
import { cloud, colorBar, curves, mapTile, pictureGrid, type Series } from "../study/charts.js";
import { claimsOf } from "../../../claims/vastola2025/claims.js";
import { claimSection, earned, note, section, text, wide } from "../study/layout.js";
import { corner, elsewhere, gridWithoutCorner } from "../../../claims/vastola2025/kinds.js";
import { figureTimes, HALF } from "../../../claims/vastola2025/figure1.js";
import { figure2Settings } from "../../../claims/vastola2025/figure2.js";
import type { LawDistance, ThreeLaws } from "../../../claims/vastola2025/learned.js";
import { learnedSettings } from "../../../claims/vastola2025/learned.js";
import { pathSettings } from "../../../claims/vastola2025/paths.js";
import { redrawPlaces } from "../../../claims/vastola2025/redraws.js";
import { scanSettings } from "../../../claims/vastola2025/scans.js";
import type { Pictures, Study } from "../../../claims/vastola2025/study.js";
import { KERNEL_HALF, type KernelMap, kernelMapTimes } from "../../../claims/vastola2025/tangent.js";
import { pm, share } from "../study/words.js";

const sets = [polygon(), line(), lShape(), randomOutlier()];
const hexagon = polygon().points;
const names: Readonly<Record<string, string>> = {
  polygon: "polygon",
  line: "line",
  L: "L",
  random: "random, one outlier",
};
const nameOf = (set: string): string => names[set] ?? set;

function figure1(study: Study): Html {
  const { figure1: part } = study;
  const largest = Math.max(...part.maps.map((map) => map.largest));
  const domain: [number, number] = [1e-2, 10 ** Math.ceil(Math.log10(largest))];
  const grid = (pick: "fraction" | "proxyVariance"): Html =>
    pictureGrid(
      figureTimes.map((t) => `t = ${t}`),
      sets.map((set) => ({
        name: nameOf(set.name),
        pictures: part.maps
          .filter((map) => map.set === set.name)
          .map((map) =>
            mapTile(map[pick], map.side, {
              domain: pick === "fraction" ? [0, 1] : domain,
              log: pick !== "fraction",
              points: set.points.map((x) => Math.sqrt(1 - map.t) * x),
              half: HALF,
              label: `${pick === "fraction" ? "f" : "tr C"} of ${set.name} at t = ${map.t}`,
            }),
          ),
      })),
    );
  const [at, between, centre] = part.places as [
    (typeof part.places)[number],
    (typeof part.places)[number],
    (typeof part.places)[number],
  ];
  return section(
    "figure-1",
    "Figure 1: where the proxy score is noise",
    [
      text(
        "The fraction f = tr C / (tr C + |s|²) of the proxy score's second moment that is variance, on [-2, 2]², for alpha² = 1 - t and sigma² = t. Diamonds are the training points at time t, alpha times where they were.",
      ),
      grid("fraction"),
      colorBar([0, 1], false, "f"),
      text(
        `The variance itself, tr C, on a logarithmic scale${earned(study, ": high on the boundaries between points alone")}.`,
      ),
      grid("proxyVariance"),
      colorBar(domain, true, "tr C"),
      note(
        `In numbers, the hexagon under edm at t = 0.2: tr C is ${short(at.proxyVariance)} at a training point, ${short(between.proxyVariance, 4)} halfway between two neighbours, ${short(centre.proxyVariance, 4)} at the centre; f is ${at.fraction.toFixed(5)}, ${between.fraction.toFixed(5)} and ${centre.fraction.toFixed(5)}. At a point both tr C and the score are small: f alone does not tell that nothing varies there. These numbers are exact; they have no sampling error.`,
      ),
    ],
    part.recipe,
  );
}

function figure2(study: Study, pictures: Pictures): Html {
  const { figure2: part } = study;
  const { epsilon, steps, tMax } = figure2Settings;
  const models = { noise: "naive, from N(0, T²)", marginal: "naive, from p(x|T)", kde: "kernel density" };
  const keys = Object.keys(models) as (keyof typeof models)[];
  return section(
    "figure-2",
    "Figure 2: the naive estimator and a kernel density estimate",
    [
      text(
        `One fresh training point per step (R = 1), edm, ${steps} steps from T = ${tMax} to epsilon = ${epsilon}, beside the kernel density estimate of width epsilon. From p(x|T) the two laws are equal; from N(0, T²) they differ by what that start differs.`,
      ),
      pictureGrid(
        keys.map((key) => models[key]),
        sets.map((set) => ({
          name: nameOf(set.name),
          pictures: keys.map((key) =>
            cloud(set.points, pictures.figure2.get(`${set.name} ${key}`) ?? [], {
              half: set.name === "random" ? 2.25 : 1.75,
              label: `${set.name}, ${models[key]}`,
              color: key === "kde" ? 0 : 2,
            }),
          ),
        })),
      ),
      wide(
        table(
          [
            "set",
            "model",
            "within 0.05",
            `farther than ${2 * epsilon}`,
            "energy distance to the estimate",
            "KS / chance",
          ],
          part.rows.map((row) => [
            nameOf(row.set),
            models[row.model],
            share(row.where.within005, row.where.count),
            share(row.where.gap, row.where.count),
            pm(row.energy),
            (row.ks / row.ksChance).toFixed(2),
          ]),
        ),
      ),
      note(
        `${grouped(part.rows[0]?.where.count ?? 0)} samples each. KS / chance: the larger Kolmogorov-Smirnov distance of the two coordinates from the estimate's exact distribution function, over what 1 in 100 samples of it exceed. Energy distances can be below 0 by chance.`,
      ),
    ],
    part.recipe,
  );
}

function scans(study: Study): Html {
  const { scans: part } = study;
  const { radius, epsilons, stepCounts, steps, ends } = scanSettings;
  const rows = part.rows;
  const byEpsilon = (pick: "gap" | "within005" | "between"): Series[] =>
    ["exact", "R = 1", "R = 4", "noise time = 0.1", "noise time = 1", "kde"].map((model) => ({
      name: model === "exact" ? "exact score" : model === "kde" ? "kernel density" : model,
      points: rows
        .filter((row) => row.knob === "epsilon" && row.model === model)
        .map((row) => ({ x: row.value, y: row.where[pick] })),
    }));
  const end = ends[0];
  const bySteps: Series[] = ["R = 1", "R = 4"].map((model) => ({
    name: model,
    points: rows
      .filter((row) => row.knob === "steps" && row.model === model && row.epsilon === end)
      .map((row) => ({ x: row.value, y: row.where.gap })),
  }));
  const spreads: Series[] = ["R = 1", "R = 4", "noise time = 0.1"].map((model) => ({
    name: model,
    points: part.spread
      .filter((row) => row.model === model)
      .map((row) => ({ x: row.steps, y: row.variance })),
  }));
  const knobs = rows.filter((row) => row.knob === "R" || row.knob === "noise time");
  return section(
    "scans",
    "The naive estimator by epsilon, steps, R and noise time",
    [
      text(
        `On the hexagon, edm from T = ${scanSettings.tMax}, started from p(x|T), ${steps} steps unless told. Left: the share of samples farther than ${radius} from every training point. Right: the share within 0.05 of one.${earned(study, " As epsilon goes to 0 every curve ends at the training points.")}`,
      ),
      html`<div class="two">${curves(byEpsilon("gap"), {
        label: "Share of samples in gaps by epsilon",
        x: { label: "epsilon", log: true, reverse: true, ticks: epsilons },
        y: { label: `farther than ${radius}`, domain: [0, 1] },
      })}${curves(byEpsilon("within005"), {
        label: "Share of samples at training points by epsilon",
        x: { label: "epsilon", log: true, reverse: true, ticks: epsilons },
        y: { label: "within 0.05", domain: [0, 1] },
      })}</div>`,
      text(
        `More steps. Left: the share in gaps at epsilon = ${end}${earned(study, "; with R = 1 it does not depend on the number of steps at all")}. Right: how far end points of one start, x_T = (1.4, -0.9), T = 3 to 0.5, vary.${earned(study, " With R draws a step the noise vanishes as steps shrink; with a noise time it keeps its size.")}`,
      ),
      html`<div class="two">${curves(bySteps, {
        label: "Share in gaps by steps",
        x: { label: "steps", log: true, ticks: stepCounts },
        y: { label: `farther than ${radius}` },
      })}${curves(spreads, {
        label: "Variance of end points by steps",
        x: { label: "steps", log: true, ticks: [10, 40, 160, 640] },
        y: { label: "variance of end points", log: true, ticks: [1e-3, 0.01, 0.1] },
      })}</div>`,
      wide(
        table(
          [
            "knob",
            "epsilon",
            "steps",
            "within 0.05",
            `farther than ${radius}`,
            "between neighbours",
            "mean distance",
          ],
          knobs.map((row) => [
            `${row.knob} = ${row.value}`,
            String(row.epsilon),
            String(row.steps),
            share(row.where.within005, row.where.count),
            share(row.where.gap, row.where.count),
            share(row.where.between, row.where.count),
            pm(row.where.meanDistance),
          ]),
        ),
      ),
      text(
        "Which point is reached from one start, x_T = (1.4, -0.9), T = 3, 60 steps to 0.01: the share of particles at each of the six points, in percent.",
      ),
      wide(
        table(
          ["model", ...Array.from({ length: 6 }, (_, m) => `point ${m}`)],
          part.fixed.map((row) => [row.model, ...row.masses.map((mass) => share(mass, study.sizes.fixed))]),
        ),
      ),
    ],
    part.recipe,
  );
}

const distanceHead = [
  "model",
  "distance",
  "ensemble, effective SDE",
  "ensemble, PF-ODE of average",
  "effective SDE, PF-ODE of average",
  "two runs of the ensemble",
];

function distanceRows(name: string, laws: ThreeLaws): (Html | string)[][] {
  const kinds: [string, (distance: LawDistance) => Estimate][] = [
    ["energy", (distance) => distance.energy],
    ["MMD²", (distance) => distance.mmd],
    ["sliced Wasserstein", (distance) => distance.slicedWasserstein],
  ];
  return kinds.map(([kind, pick], k) => [
    k === 0 ? name : "",
    kind,
    pm(pick(laws.ensembleEffective)),
    pm(pick(laws.ensembleAverage)),
    pm(pick(laws.effectiveAverage)),
    pm(pick(laws.ensembleEnsemble)),
  ]);
}

const lawHead = ["model", "law", `farther than ${learnedSettings.radius}`, "between neighbours", "copies"];

function lawRows(name: string, laws: ThreeLaws): (Html | string)[][] {
  return (["ensemble", "effective", "average"] as const).map((law, k) => [
    k === 0 ? name : "",
    { ensemble: "ensemble", effective: "effective SDE", average: "PF-ODE of average" }[law],
    share(laws[law].gap, laws.count),
    share(laws[law].between, laws.count),
    share(laws[law].memorized, laws.count),
  ]);
}

const lawSeries = (rows: readonly { x: number; laws: ThreeLaws }[], pick: "gap" | "between"): Series[] =>
  (["ensemble", "effective", "average"] as const).map((law) => ({
    name: { ensemble: "ensemble", effective: "effective SDE", average: "PF-ODE of the average" }[law],
    points: rows.map(({ x, laws }) => ({ x, y: laws[law][pick] })),
  }));

function linear(study: Study, pictures: Pictures): Html {
  const { linear: part } = study;
  const { tMax, epsilon, radius } = learnedSettings;
  const rows = part.rows.map((row) => ({ x: row.ratio, laws: row.laws }));
  const ticks = part.rows.map((row) => row.ratio);
  const options = { half: 2, most: 1200 };
  return section(
    "linear",
    "Linear scores by F / P",
    [
      text(
        `${part.rows[0]?.features} radial functions, fitted to P samples of the hexagon by denoising score matching; edm from T = ${tMax} to ${epsilon}, a fresh fit for every particle, all laws from the same starts. The PF-ODE of the exact score has ${(100 * part.exact.gap.value).toFixed(1)}% of its samples farther than ${radius} from all points.`,
      ),
      pictureGrid(
        ["exact score", "PF-ODE of the average", "ensemble", "effective SDE"],
        part.rows.flatMap((row, k) => {
          const found = pictures.linear.laws[k];
          if (found === undefined) return [];
          const label = `F/P = ${row.ratio}`;
          return [
            {
              name: label,
              pictures: [pictures.linear.exact, found.average, found.ensemble, found.effective].map(
                (samples, i) => cloud(hexagon, samples, { ...options, label, color: [0, 4, 2, 3][i] }),
              ),
            },
          ];
        }),
      ),
      html`<div class="two">${curves(lawSeries(rows, "gap"), {
        label: "Share in gaps by F / P",
        x: { label: "F / P", log: true, ticks },
        y: { label: `farther than ${radius}` },
      })}${curves(lawSeries(rows, "between"), {
        label: "Share between neighbours by F / P",
        x: { label: "F / P", log: true, ticks },
        y: { label: "in a gap, between neighbours" },
      })}</div>`,
      wide(
        table(
          lawHead,
          part.rows.flatMap((row) => lawRows(`F/P = ${row.ratio}`, row.laws)),
        ),
      ),
      text(
        "Distances between the laws (Prop. 3.1), from the same starts; the last column is what no difference looks like.",
      ),
      wide(
        table(
          distanceHead,
          part.rows.flatMap((row) => distanceRows(`F/P = ${row.ratio}`, row.laws)),
        ),
      ),
      note(
        "Energy distance 2E|X - Y| - E|X - X'| - E|Y - Y'| and squared maximum mean discrepancy (Gaussian kernel of width 0.5), both without pairs of one start, unbiased and so possibly below 0; errors by Hoeffding's decomposition. The sliced Wasserstein distance is above 0 for equal laws: compare it with the last column.",
      ),
    ],
    part.recipe,
  );
}

/** tr V of models at the times of maps, each from 0 to its own largest value. */
function kernelMaps(maps: readonly KernelMap[]): Html {
  const models = [...new Set(maps.map((map) => map.model))];
  return pictureGrid(
    models,
    kernelMapTimes.map((t) => ({
      name: `t = ${t}`,
      pictures: models.map((model) => {
        const map = maps.find((one) => one.model === model && one.t === t);
        const { trace = [], side = 0, largest = 1 } = map ?? {};
        const tile = mapTile(trace, side, {
          domain: [0, largest],
          points: hexagon,
          half: KERNEL_HALF,
          label: `tr V of ${model} at t = ${t}`,
        });
        return html`${tile}<span class="column">largest ${short(largest)}</span>`;
      }),
    })),
  );
}

function tangent(study: Study, pictures: Pictures): Html {
  const { tangent: part } = study;
  const { radius } = learnedSettings;
  const rows = part.rows.map((row) => ({ x: row.trainingTime, laws: row.laws }));
  const ticks = part.rows.map((row) => row.trainingTime);
  const options = { half: 2, most: 1200 };
  const spectrum: Series[] = part.rows.map((row) => ({
    name: `tau = ${row.trainingTime}`,
    points: row.spectrum.map(({ mode, learned }) => ({ x: mode, y: exactly(learned) })),
  }));
  return section(
    "network",
    "Infinitely wide networks by training time",
    [
      text(
        `A fully connected ReLU network of ${part.depth} layers in the lazy regime, ${part.samples} samples, output 0 at the start of training; training time tau. Left: how much of each mode of the kernel is learned, 1 - exp(-lambda tau). Right: the share of samples in gaps.`,
      ),
      html`<div class="two">${curves(spectrum, {
        label: "Share of modes learned",
        x: { label: "mode", log: true, ticks: [1, 4, 16, 64, 256] },
        y: { label: "learned", domain: [0, 1] },
      })}${curves(lawSeries(rows, "gap"), {
        label: "Share in gaps by training time",
        x: { label: "tau", log: true, ticks },
        y: { label: `farther than ${radius}` },
      })}</div>`,
      pictureGrid(
        ["exact score", "PF-ODE of the average", "ensemble", "effective SDE"],
        part.rows.flatMap((row, k) => {
          const found = pictures.tangent[k];
          if (found === undefined || row.trainingTime < 1) return [];
          const label = `tau = ${row.trainingTime}`;
          return [
            {
              name: label,
              pictures: [pictures.linear.exact, found.average, found.ensemble, found.effective].map(
                (samples, i) => cloud(hexagon, samples, { ...options, label, color: [0, 4, 2, 3][i] }),
              ),
            },
          ];
        }),
      ),
      wide(
        table(
          lawHead,
          part.rows.flatMap((row) => lawRows(`tau = ${row.trainingTime}`, row.laws)),
        ),
      ),
      wide(
        table(
          distanceHead,
          part.rows.flatMap((row) => distanceRows(`tau = ${row.trainingTime}`, row.laws)),
        ),
      ),
      text(
        `The V-kernel itself, tr V(z, z) on [-2, 2]², each map from 0 to its own largest value${earned(study, ": of the naive estimator it follows tr C, of the network its kernel as well")}.`,
      ),
      kernelMaps(part.maps),
      colorBar([0, 1], false, "tr V / largest"),
    ],
    part.recipe,
  );
}

function trained(study: Study, pictures: Pictures): Html[] {
  const { trained: part } = study;
  if (part === undefined) return [];
  const found = pictures.trained;
  const options = { half: 2, most: 1200 };
  const label = `${part.members} networks`;
  const parts = [
    text(
      `${part.members} networks of layers ${part.sizes.join(", ")}, as they were trained: their mean, their empirical V-kernel (of rank ${part.members - 1}), their laws. Left the naive estimator's tr V on [-2, 2]², each map from 0 to its own largest value.`,
    ),
    kernelMaps(part.maps),
    note(
      `Correlation of log tr V of the networks with the naive estimator's at 1,000 draws of p(x|t): ${part.correlations.map(({ t, correlation }) => `${correlation.toFixed(2)} at t = ${t}`).join(", ")}.`,
    ),
    ...(found === undefined
      ? []
      : [
          pictureGrid(
            ["exact score", "PF-ODE of the average", "ensemble", "effective SDE"],
            [
              {
                name: label,
                pictures: [pictures.linear.exact, found.average, found.ensemble, found.effective].map(
                  (samples, i) => cloud(hexagon, samples, { ...options, label, color: [0, 4, 2, 3][i] }),
                ),
              },
            ],
          ),
        ]),
    wide(table(lawHead, lawRows(label, part.laws))),
    wide(table(distanceHead, distanceRows(label, part.laws))),
  ];
  return [section("trained", "Trained networks", parts)];
}

function redraws(study: Study): Html {
  const { redraws: part } = study;
  const place = (p: number): string => `(${(redrawPlaces.x[p]).join(", ")}) at ${redrawPlaces.t[p]}`;
  return section(
    "redraws",
    "The covariance of learned scores: formula and redraws",
    [
      text(
        `Prop. 5.1 and 5.2 for finite P: the covariance of s-hat over redraws of x_0 given (x, t), by its formula and over ${grouped(part.draws)} redraws; traces of the 2 x 2 blocks.`,
      ),
      wide(
        table(
          ["model", "between", "and", "formula", "measured", "in standard errors"],
          part.pairs.map((pair) => [
            pair.model,
            place(pair.a),
            pair.a === pair.b ? "itself" : place(pair.b),
            short(pair.formula, 4),
            pm(pair.measured),
            pair.z.toFixed(1),
          ]),
        ),
      ),
    ],
    part.recipe,
  );
}

function cumulants(study: Study): Html {
  const { cumulants: part } = study;
  const series = (pick: "skewness" | "excessKurtosis"): Series[] =>
    part.rows.map((row) => ({
      name: row.model,
      points: row.along.map((x, i) => ({ x, y: exactly(row[pick][i]) })),
    }));
  return section(
    "cumulants",
    "How Gaussian the estimators are",
    [
      text(
        "Skewness and excess kurtosis of the first coordinate of s-hat along the upper edge of the hexagon at t = 0.3, exact. A Gaussian has 0 of both; where they are large, Prop. 3.1 neglects something.",
      ),
      html`<div class="two">${curves(series("skewness"), {
        label: "Skewness along an edge",
        x: { label: "from one training point to the next" },
        y: { label: "skewness", domain: [-4, 4] },
        bars: false,
      })}${curves(series("excessKurtosis"), {
        label: "Excess kurtosis along an edge",
        x: { label: "from one training point to the next" },
        y: { label: "excess kurtosis", domain: [-3, 8] },
        bars: false,
      })}</div>`,
      note(
        `The axes are cut: near the points R = 1 reaches ${short(Math.max(...part.rows.map((row) => row.largestSkewness)))} and ${short(Math.max(...part.rows.map((row) => row.largestKurtosis)))}.`,
      ),
    ],
    part.recipe,
  );
}

function objectiveTable(study: Study): Html {
  const { objectives: part } = study;
  return section(
    "objectives",
    "Objectives",
    [
      text(
        "J0 (to the score, Eq. 3), J1 (to the proxy score, Eq. 4), and the identity between them (Eq. 24), by weighting. All rows of a weighting use the same samples.",
      ),
      wide(
        table(
          ["field", "weighting", "J0", "J1", "E[lambda tr C] / 2", "J1 - J0 - that"],
          part.rows.map((row) => [
            row.field,
            row.weighting,
            pm(row.j0),
            pm(row.j1),
            pm(row.halfProxyVariance),
            pm(row.identity),
          ]),
        ),
      ),
    ],
    part.recipe,
  );
}

function kinds(study: Study, pictures: Pictures): Html {
  const { kinds: part } = study;
  const models = part.rows.map((row) => row.model);
  const grid = gridWithoutCorner();
  const count = study.sizes.scanned;
  return section(
    "kinds",
    "Kinds of generalization",
    [
      text(
        `Interpolation: in a gap between two neighbours of the hexagon. Extrapolation: outside its hull by more than ${learnedSettings.radius}. Feature blending: at the missing corner (${corner.join(", ")}) of a grid of 3 x 3 features, within 0.3; the control is the place (${elsewhere.join(", ")}), as far from the grid.`,
      ),
      pictureGrid(models, [
        {
          name: "grid without a corner",
          pictures: models.map((model) =>
            cloud(grid, pictures.kinds.get(model) ?? [], { half: 1.75, label: model, most: 1200 }),
          ),
        },
      ]),
      wide(
        table(
          [
            "model",
            "in a gap",
            "between neighbours",
            "outside the hull",
            "missing corner",
            "control",
            "the corner opposite",
          ],
          part.rows.map((row) => [
            row.model,
            share(row.gap, count),
            share(row.between, count),
            share(row.outside, count),
            share(row.missing, count),
            share(row.control, count),
            share(row.present, count),
          ]),
        ),
      ),
      text(
        `Two halves of ${part.circle} points on a circle, a model of each, the same starts: the mean distance of samples from one start over that of samples from different starts. 0 is the same model, 1 nothing in common; the control is the ratio from unrelated starts.`,
      ),
      wide(
        table(
          ["model", "same start", "different starts", "ratio", "control"],
          part.halves.map((row) => [
            row.model,
            pm(row.paired),
            pm(row.unpaired),
            pm(row.ratio),
            pm(row.control),
          ]),
        ),
      ),
      text(
        "Models of one class of the hexagon's points (x < 0) and of all points: how many samples end nearest to the other class.",
      ),
      wide(
        table(
          ["model", "of the class, at the other", "of all, at the other", "of the class, in a gap"],
          part.classes.map((row) => [
            row.model,
            share(row.other, count),
            share(row.otherOfAll, count),
            share(row.gap, count),
          ]),
        ),
      ),
    ],
    part.recipe,
  );
}

function factors(study: Study): Html {
  const { factors: part } = study;
  const titles = {
    objective: `1. The noise of the objective (averages over ${part.fits} fits, errors between them)`,
    process: "2. The forward process: noise by direction",
    steps: "3. From score to samples: integration steps",
    features: "5. Features",
    data: "6. The training set",
  } as const;
  const parts = (Object.keys(titles) as (keyof typeof titles)[]).flatMap((factor) => {
    const rows = part.rows.filter((row) => row.factor === factor);
    const special = rows.some((row) => row.special !== undefined);
    return [
      html`<h3>${titles[factor]}</h3>`,
      wide(
        table(
          [
            "setting",
            "in a gap",
            "between neighbours",
            "offset along x",
            "along y",
            ...(special ? ["weight of the point", "share at it", "of these in a gap", "between"] : []),
          ],
          rows.map((row) => [
            row.setting,
            pm(row.gap),
            pm(row.between),
            pm(row.offset[0]),
            pm(row.offset[1]),
            ...(row.special
              ? [
                  short(row.special.weight),
                  pm(row.special.mass),
                  pm(row.special.gap),
                  pm(row.special.between),
                ]
              : special
                ? ["", "", "", ""]
                : []),
          ]),
        ),
      ),
    ];
  });
  return section(
    "factors",
    "The six factors, one knob each",
    [
      text(
        `The factors of the introduction, each turned alone; linear scores with F/P = ${part.ratio} unless told. Factor 4, capacity, is the section on linear scores. Offsets are root mean squares from the nearest point, of samples within 0.5 of one.`,
      ),
      ...parts,
    ],
    part.recipe,
  );
}

function paths(study: Study): Html {
  const { paths: part } = study;
  return section(
    "paths",
    "Weights of paths",
    [
      text(
        `Eq. 7 as the density of an Euler path on the range of C. Paths of the effective SDE with noise time = ${pathSettings.noiseTime} (t = ${pathSettings.tMax} to ${pathSettings.tMin}), weighted to another noise time${earned(study, ": weights average to 1, but the more steps and the farther apart the noise times, the fewer paths carry them")}.`,
      ),
      wide(
        table(
          ["steps", "to noise time", "E[w]", "E[w²]", "share that the mean is worth"],
          part.rows.map((row) => [
            String(row.steps),
            short(row.ratio * pathSettings.noiseTime),
            pm(row.mean),
            short(row.square, 4),
            `${short(100 * row.effective, 3)}%`,
          ]),
        ),
      ),
    ],
    part.recipe,
  );
}

/** The report as one HTML page. */
export function renderVariance(
  study: Study,
  pictures: Pictures,
  about: { command: string; engine: EngineInfo; milliseconds: number },
): string {
  const claims = claimsOf(study);
  const quick = study.quick
    ? " This is the quick run: small numbers of everything, for a look, without verdicts."
    : "";
  return renderPage({
    title: "Generalization through variance",
    lead: `Everything that the paper of this name (Vastola 2025) draws and claims, computed: the exact, the naive, the linear and the infinitely wide score on small sets. Numbers come with their standard error.${quick}`,
    command: about.command,
    engine: about.engine,
    source: "built into vkernel",
    sections: [
      claimSection("vastola", study, claims),
      figure1(study),
      figure2(study, pictures),
      scans(study),
      linear(study, pictures),
      tangent(study, pictures),
      ...trained(study, pictures),
      redraws(study),
      cumulants(study),
      objectiveTable(study),
      kinds(study, pictures),
      factors(study),
      paths(study),
      section("data", "All numbers", [
        text(
          `The command above writes them as JSON beside this page; it took ${(about.milliseconds / 1000).toFixed(0)} s. The same seed gives the same numbers on any number of threads.`,
        ),
      ]),
    ],
  });
}
