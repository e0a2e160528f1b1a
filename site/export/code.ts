import type { SetName, View } from "../state/state.js";
import type { Plan } from "../worker/protocol.js";

/** Where programs get it from. */
const quoted = `"vkernel"`;

const setNames: Partial<Record<SetName, string>> = { l: "L" };

/** Where a program stands: a step of the run's grid, and its time. */
export interface Moment {
  readonly step: number;
  readonly t: number;
}

/**
 * A program for Node that makes the very particles that are shown, to the bit.
 *
 * @param plan what runs, where the view's choices do not go together
 * @param points `[count, 2]`, row-major: what is shown, written out where it is no built-in set
 */
export function codeOf(
  view: View,
  plan: Plan,
  seed: number,
  points: readonly number[],
  moment: Moment,
): string {
  const { process, particles: count, steps, grid } = view;
  const { estimator, sampler, tMin, tMax, initial, places } = plan;
  const names = new Set(["createEngine", "exactScore", "sample", process]);
  const use = (name: string): string => {
    names.add(name);
    return name;
  };
  const own = view.set === "own" && view.points.length >= 2;
  const set = setNames[view.set] ?? (view.set === "own" ? "polygon" : view.set);
  const rows: string[] = [];
  for (let i = 0; i < points.length; i += 2) rows.push(`  [${points[i]}, ${points[i + 1]}],`);
  const data = own
    ? [
        `const points = [`,
        ...rows,
        `];`,
        `const data = engine.mixture(Float32Array.from(points.flat()), { dim: 2 });`,
      ]
    : [
        `const { points } = await ${use("loadDataSet")}("${set}");`,
        `const data = engine.mixture(Float32Array.from(points), { dim: 2 });`,
      ];
  const flat = own ? "points.flat()" : "points";

  if (estimator === "kde") {
    return program(names, data, [
      `// Draws of the Gaussian kernel density at t = ${moment.t}: no flow, the state that a run from p(x | t) starts with.`,
      `const run = await sample(exactScore(data, ${process}()), {`,
      `  grid: ${use("times")}([${moment.t}, ${moment.t / 2}]),`,
      `  initial: "marginal",`,
      `  record: [0],`,
      `  count: ${count},`,
      `  seed: ${seed},`,
      `});`,
    ]);
  }

  const before: string[] = [];
  const field = ((): string => {
    switch (estimator) {
      case "naive":
        return `${use("naiveScore")}(data, process, { draws: ${view.draws} })`;
      case "noiseTime":
        return `${use("naiveScore")}(data, process, { noiseTime: ${view.noiseTime} })`;
      case "effective":
        return `${use("effectiveSde")}(${use("naiveScore")}(data, process, { draws: ${view.draws} }))`;
      case "smoothed": {
        before.push(...halfGapLines(flat));
        const width =
          view.tau === "tied"
            ? `Math.max(0, process.alpha(t) * half - Math.sqrt(${view.smoothingKappa} * process.variance(t)))`
            : `${view.tau} * half * process.alpha(t)`;
        const rule = places === 0 ? "" : `  rule: "quasi",\n  count: ${places},\n`;
        return `${use("smoothedScore")}(data, process, {\n  width: (t) => ${width},\n${rule}})`;
      }
      case "piecewise": {
        if (view.tau === "tied")
          return `${use("piecewiseScore")}(data, { kappa: ${view.smoothingKappa}, process })`;
        before.push(...halfGapLines(flat));
        return `${use("piecewiseScore")}(data, { width: ${view.tau} * half, process })`;
      }
      default:
        return "exactScore(data, process)";
    }
  })();
  if (!field.startsWith("exactScore")) names.delete("exactScore");
  return program(names, data, [
    `const process = ${process}();`,
    ...before,
    `const field = ${field};`,
    `const run = await sample(field, {`,
    `  sampler: ${
      sampler === "eulerMaruyamaPrinted"
        ? `${use("eulerMaruyama")}({ noise: "asPrinted" })`
        : `${use(sampler)}()`
    },`,
    `  grid: ${use(grid)}({ steps: ${steps}, tMin: ${tMin}, tMax: ${tMax}, last: "sigmaMin" }),`,
    `  initial: "${initial}",`,
    `  record: [${moment.step}],`,
    `  count: ${count},`,
    `  seed: ${seed},`,
    `});`,
  ]);

  function program(imports: Set<string>, data: string[], body: string[]): string {
    return [
      `// npm install vkernel, then: node particles.mjs`,
      `// The particles of the explorer at step ${moment.step}, t = ${moment.t}: the same bits on any machine.`,
      `import { ${[...imports].sort().join(", ")} } from ${quoted};`,
      ``,
      `const engine = await createEngine();`,
      ...data,
      ...body,
      `/** ${count} x 2, row-major, float32. */`,
      `const particles = run.trajectories;`,
      `console.log(particles);`,
      `engine.close();`,
      ``,
    ].join("\n");
  }
}

/** delta of Chen 2025: half the least distance of two different points. */
function halfGapLines(flat: string): string[] {
  return [
    `const all = ${flat};`,
    `let half = Number.POSITIVE_INFINITY;`,
    `for (let i = 0; i < all.length; i += 2)`,
    `  for (let j = 0; j < i; j += 2) {`,
    `    const [dx, dy] = [all[i] - all[j], all[i + 1] - all[j + 1]];`,
    `    const square = dx * dx + dy * dy;`,
    `    if (square > 0) half = Math.min(half, Math.sqrt(square) / 2);`,
    `  }`,
    `if (half === Number.POSITIVE_INFINITY) half = 1;`,
  ];
}
