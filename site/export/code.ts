import type { FieldRecipe, Recipe } from "../compute/recipe.js";
import type { Smoothing } from "../compute/smoothing.js";
import { setTable } from "../state/choices.js";
import type { View } from "../state/state.js";

/** Where programs get it from. */
const quoted = `"vkernel"`;

/** Where a program stands: a step of the run's grid, and its time. */
export interface Moment {
  readonly step: number;
  readonly t: number;
}

/** The library's name, which the program then imports. */
type Use = (name: string) => string;

/**
 * A program for Node that makes the very particles that are shown, to the bit: all that runs is written from its recipe.
 *
 * @param points `[count, 2]`, row-major: what is shown, written out where it is no built-in set
 */
export function codeOf(
  view: View,
  recipe: Recipe,
  seed: number,
  points: readonly number[],
  moment: Moment,
): string {
  const names = new Set<string>();
  const use: Use = (name) => {
    names.add(name);
    return name;
  };
  const engine = `const engine = await ${use("createEngine")}();`;
  const data = dataLines(view, points, use);
  const run = recipe.estimator === "kde" ? drawLines(recipe, moment, use) : runLines(recipe, moment, use);
  const { particles } = view;
  return [
    `// npm install vkernel, then: node particles.mjs`,
    `// The particles of the explorer at step ${moment.step}, t = ${moment.t}: the same bits on any machine.`,
    `import { ${[...names].sort().join(", ")} } from ${quoted};`,
    ``,
    engine,
    ...data,
    ...run,
    `  count: ${particles},`,
    `  seed: ${seed},`,
    `});`,
    `/** ${particles} x 2, row-major, float32. */`,
    `const particles = run.trajectories;`,
    `console.log(particles);`,
    `engine.close();`,
    ``,
  ].join("\n");
}

function dataLines(view: View, points: readonly number[], use: Use): string[] {
  if (view.set === "own" && view.points.length >= 2) {
    const rows = Array.from({ length: points.length / 2 }, (_, m) => points.slice(2 * m, 2 * m + 2));
    return [
      `const points = [`,
      ...rows.map(([x, y]) => `  [${x}, ${y}],`),
      `];`,
      `const data = engine.mixture(Float32Array.from(points.flat()), { dim: 2 });`,
    ];
  }
  const set = view.set === "own" ? "polygon" : (setTable[view.set].named ?? view.set);
  return [
    `const { points } = await ${use("loadDataSet")}("${set}");`,
    `const data = engine.mixture(Float32Array.from(points), { dim: 2 });`,
  ];
}

/** Draws of the Gaussian kernel density, up to their count. */
const drawLines = ({ process, field }: Recipe, { t }: Moment, use: Use): string[] => [
  `// Draws of the Gaussian kernel density at t = ${t}: no flow, the state that a run from p(x | t) starts with.`,
  `const run = await ${use("sample")}(${use(field.by)}(data, ${use(process)}()), {`,
  `  grid: ${use("times")}([${t}, ${t / 2}]),`,
  `  initial: "marginal",`,
  `  record: [0],`,
];

/** The run, up to its count. */
function runLines({ process, field, sampler, grid, initial }: Recipe, { step }: Moment, use: Use): string[] {
  const { name, ...ends } = grid;
  return [
    `const process = ${use(process)}();`,
    ...(field.by === "smoothedScore"
      ? [
          `// Half the least distance of two different points: delta of Chen 2025.`,
          `const half = ${field.smoothing.half};`,
        ]
      : []),
    `const field = ${fieldCode(field, use)};`,
    `const run = await ${use("sample")}(field, {`,
    `  sampler: ${use(sampler.by)}(${sampler.options === undefined ? "" : literal(sampler.options)}),`,
    `  grid: ${use(name)}(${literal({ ...ends, last: "sigmaMin" })}),`,
    `  initial: "${initial}",`,
    `  record: [${step}],`,
  ];
}

function fieldCode(field: FieldRecipe, use: Use): string {
  const by = use(field.by);
  switch (field.by) {
    case "exactScore":
      return `${by}(data, process)`;
    case "naiveScore": {
      const naive = `${by}(data, process, ${literal(field.options)})`;
      return field.effective ? `${use("effectiveSde")}(${naive})` : naive;
    }
    case "smoothedScore": {
      const { rule, count } = field.average ?? {};
      const average = rule === undefined ? "" : `  rule: "${rule}",\n  count: ${count},\n`;
      return `${by}(data, process, {\n  width: (t) => ${widthCode(field.smoothing)},\n${average}})`;
    }
    default:
      return `${by}(data, ${literal(field.options, "process")})`;
  }
}

/** `widthAt` of compute/smoothing.ts, of the same numbers in the same order. */
const widthCode = (smoothing: Smoothing): string =>
  "kappa" in smoothing
    ? `Math.max(0, process.alpha(t) * half - Math.sqrt(${smoothing.kappa} * process.variance(t)))`
    : `${smoothing.share} * half * process.alpha(t)`;

/** An object of numbers, words and variables, on one line. */
function literal(options: object, ...variables: string[]): string {
  const pairs = Object.entries(options).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `{ ${[...pairs, ...variables].join(", ")} }`;
}
