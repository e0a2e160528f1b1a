import { VkernelError } from "../../core/errors.js";
import { aborted, TimeSlices } from "../../core/scheduler.js";
import type { EvaluateOptions } from "../../score/field.js";
import { type Nodes, panels } from "../../numeric/panels.js";
import { checkIntegral, type Grid, gridAt, remembered } from "./grid.js";
import { type LawCall, type LawParts, variationOf } from "./law.js";
import type { DensityStart } from "./start.js";

/** Nodes of the finest rule, by dimension. */
const MOST_NODES = { 1: 2 ** 18, 2: 2 ** 22 } as const;
/** Orders of rules end before the finest level. */
const FINEST = 16;
/** Numbers of one call of the kernels. */
const BATCH = 2 ** 22;
/** Ratios beyond e^600 are added by their logarithms. */
const LARGEST = 600;

/** q_0 / rho_T at the nodes of a level. */
interface Table {
  readonly rule: readonly Nodes[];
  readonly count: number;
  /** log of q_0 / rho_T times the weight of the node. */
  readonly logRatio: Float64Array;
  readonly largest: number;
  /** Of a mixture, `[size]`. */
  readonly masses: Float64Array;
}

/** By panels that are halved until masses, or densities, change by no more than the tolerance. */
export async function byQuadrature(call: LawCall, start: DensityStart): Promise<LawParts> {
  const { past, horizon, tolerance, signal, onProgress } = call;
  const most = MOST_NODES[past.dim as 1 | 2];
  const tables: (Table | undefined)[] = [];
  const tableOf = async (level: number, options: EvaluateOptions): Promise<Table | undefined> => {
    const rule = start.rule(level);
    const count = rule.reduce((product, { nodes }) => product * nodes.length, 1);
    if (level > FINEST || count > most) return undefined;
    tables[level] ??= await makeTable(call, start, rule, count, options);
    return tables[level];
  };
  /** Two levels that agree in what `probe` gives, to the tolerance. */
  const settle = async (
    probe: (table: Table) => Float64Array,
    scale: (values: Float64Array) => number,
    from: number,
    options: EvaluateOptions,
  ) => {
    let coarse: Float64Array | undefined;
    let change = Number.POSITIVE_INFINITY;
    for (let level = from; ; level++) {
      const table = await tableOf(level, options);
      if (table === undefined) break;
      const fine = probe(table);
      if (coarse !== undefined) {
        const errors = fine.map((value, i) => Math.abs(value - (coarse as Float64Array)[i]));
        change = errors.reduce((most, value) => Math.max(most, value), 0) / scale(fine);
        if (change <= tolerance) return { values: fine, errors, table, level };
      }
      coarse = fine;
    }
    throw new VkernelError("E_LIMIT", {
      argument: "tolerance",
      expected: `a start (and a time below the horizon) that ${most} nodes resolve, or a tolerance above ${change.toPrecision(2)}`,
      got: String(tolerance),
    });
  };
  const { values, errors, table, level } = await settle(
    ({ masses }) => masses,
    () => 1,
    0,
    { ...(signal && { signal }), ...(onProgress && { onProgress }) },
  );
  const weights = past.field?.data.weights;
  const coarser = (): Float64Array => (tables[level - 1] as Table).masses;
  return {
    method: "quadrature",
    nodes: table.count,
    ...(weights && {
      masses: {
        values,
        errors,
        totalVariation: {
          value: variationOf(values, weights),
          standardError: Math.abs(variationOf(values, weights) - variationOf(coarser(), weights)),
        },
      },
    }),
    async ratio(rows, t, options) {
      if (t === horizon) {
        const marginal = await past.logDensity(rows, t, options);
        const exact = start.logDensity(rows).map((value, q) => Math.exp(value - marginal[q]));
        return { values: exact, errors: exact.map(() => 0) };
      }
      const transition = past.process.transition(t, horizon);
      const found = await settle(
        (some) => ratioBy(some, rows, transition),
        (list) => list.reduce((most, value) => Math.max(most, value), 1),
        level - 1,
        options,
      );
      return { values: found.values, errors: found.errors };
    },
  };
}

async function makeTable(
  { past, horizon }: LawCall,
  start: DensityStart,
  rule: readonly Nodes[],
  count: number,
  { signal, onProgress }: EvaluateOptions,
): Promise<Table> {
  const size = past.field?.data.size ?? 0;
  const masses = new Float64Array(size);
  const logRatio = new Float64Array(count);
  const onRule = past.onRule?.(rule, horizon);
  const batch = Math.max(1, Math.floor(BATCH / Math.max(size, 64)));
  let total = 0;
  const slices = new TimeSlices(signal);
  for (let first = 0; first < count; first += batch) {
    if (signal?.aborted) throw aborted(signal);
    const last = Math.min(count, first + batch);
    const rows = rowsOf(rule, first, last);
    const logStart = start.logDensity(rows);
    const seen = await past.field?.evaluate(
      rows,
      horizon,
      ["logDensity", "posteriorWeights"],
      signal && { signal },
    );
    for (let k = first; k < last; k++) {
      const logShare = Math.log(weightOf(rule, k)) + logStart[k - first];
      const share = Math.exp(logShare);
      const logPast = (onRule?.[k] ?? seen?.logDensity[k - first]) as number;
      logRatio[k] = share === 0 ? Number.NEGATIVE_INFINITY : logShare - logPast;
      total += share;
      if (share === 0 || seen === undefined) continue;
      for (let m = 0; m < size; m++) {
        masses[m] = masses[m] + share * seen.posteriorWeights[(k - first) * size + m];
      }
    }
    const wait = slices.spend((last - first) * (size * 4 + 200));
    if (wait) await wait;
    if (onProgress) {
      slices.report(() => onProgress({ done: last, total: count }));
      await slices.settle();
    }
  }
  checkIntegral(total, "initial");
  let largest = Number.NEGATIVE_INFINITY;
  const shift = Math.log(total);
  for (let k = 0; k < count; k++) {
    logRatio[k] = logRatio[k] - shift;
    largest = Math.max(largest, logRatio[k]);
  }
  return { rule, count, logRatio, largest, masses: masses.map((mass) => mass / total) };
}

/** Rows first ... last - 1 of a product of rules, the first running fastest. */
function rowsOf(rule: readonly Nodes[], first: number, last: number): Float64Array {
  const dim = rule.length;
  const rows = new Float64Array((last - first) * dim);
  for (let k = first; k < last; k++) {
    let rest = k;
    for (let d = 0; d < dim; d++) {
      const { nodes } = rule[d];
      rows[(k - first) * dim + d] = nodes[rest % nodes.length];
      rest = Math.floor(rest / nodes.length);
    }
  }
  return rows;
}

function weightOf(rule: readonly Nodes[], k: number): number {
  let product = 1;
  let rest = k;
  for (const { weights } of rule) {
    product *= weights[rest % weights.length];
    rest = Math.floor(rest / weights.length);
  }
  return product;
}

/** The mean of q_0 / rho_T under N(scale z, variance I), at each row z. */
function ratioBy(
  { rule, logRatio, largest, count }: Table,
  rows: Float64Array,
  { scale, variance }: { scale: number; variance: number },
): Float64Array {
  const dim = rule.length;
  const [across, down] = rule as [Nodes, Nodes | undefined];
  const width = across.nodes.length;
  const constant = -0.5 * dim * Math.log(2 * Math.PI * variance);
  const exponents = (z: number, { nodes }: Nodes): Float64Array =>
    nodes.map((y) => -((y - scale * z) ** 2) / (2 * variance));
  const weights = largest < LARGEST ? logRatio.map(Math.exp) : undefined;
  // Rows of a map share their x: the sums along it are kept.
  const alongX = remembered((z) => {
    const along = exponents(z, across).map(Math.exp);
    const part = new Float64Array(count / width);
    return part.map((_, j) => {
      let sum = 0;
      for (let i = 0, k = j * width; i < width; i++, k++) {
        sum += (weights as Float64Array)[k] * along[i];
      }
      return sum;
    });
  });
  return Float64Array.from({ length: rows.length / dim }, (_, q) => {
    const y = down ? exponents(rows[q * dim + 1], down) : Float64Array.of(0);
    if (weights === undefined) {
      const along = exponents(rows[q * dim], across);
      const at = (k: number): number => logRatio[k] + along[k % width] + y[Math.floor(k / width)];
      let top = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < count; k++) top = Math.max(top, at(k));
      if (top === Number.NEGATIVE_INFINITY) return 0;
      let sum = 0;
      for (let k = 0; k < count; k++) sum += Math.exp(at(k) - top);
      return sum * Math.exp(top + constant);
    }
    let sum = 0;
    const inner = alongX(rows[q * dim]);
    for (let j = 0; j < y.length; j++) sum += Math.exp(y[j]) * inner[j];
    return sum * Math.exp(constant);
  });
}

/** Nodes in each cell, for the integral over a density on a grid and for its error. */
const IN_CELL = { 1: [4, 2], 2: [2, 1] } as const;

/** Half the integral of rho_0 |ratio - 1| over a density on a grid. */
export async function variationOnGrid(grid: Grid, parts: LawParts, options: EvaluateOptions) {
  const [fine, coarse] = await Promise.all(
    IN_CELL[grid.dim].map(async (order) => {
      const rule = grid.axes.map((places) => panels(places, Number.POSITIVE_INFINITY, order));
      const count = rule.reduce((product, { nodes }) => product * nodes.length, 1);
      const rows = rowsOf(rule, 0, count);
      const { values, errors } = await parts.ratio(rows, 0, options);
      const density = gridAt(grid, rows);
      let [value, error] = [0, 0];
      for (let k = 0; k < count; k++) {
        const share = 0.5 * weightOf(rule, k) * density[k];
        value += share * Math.abs(values[k] - 1);
        error += share * errors[k];
      }
      return { value, error };
    }),
  );
  const { value, error } = fine;
  return { value, standardError: error + Math.abs(value - (coarse as { value: number }).value) };
}
