import {
  compareFields,
  exactScore,
  gapFraction,
  heun,
  logSnr,
  logUniformTimes,
  memorization,
  mlpScore,
  ou,
  sample,
  type ScoreField,
} from "vkernel";
import type { Claim } from "../claim.js";
import { differenceOf, signOf } from "../decide.js";
import { type Estimate, meanOfRepeats, percent } from "../estimate.js";
import { listed, pm, share, short, told } from "../told.js";
import { type Bench, hexagon } from "./bench.js";
import { settings } from "./settings.js";

/** One network, or the exact score itself. */
export interface Practical {
  readonly name: string;
  readonly steps: number | null;
  readonly rows: readonly {
    readonly t: number;
    /** Root mean square of the predictions' difference, in units of the data: at draws of p_t, and on the network's paths. */
    readonly marginal: Estimate;
    readonly along: Estimate;
    /** E |s-hat - s|^2 / E |s|^2 at draws of p_t. */
    readonly relative: Estimate;
    readonly departed: Estimate;
    /** The best width of a box, null where none is better than the exact score; and what it leaves of the difference. */
    readonly width: number | null;
    readonly widthError: number | null;
    readonly unexplained: Estimate;
  }[];
  /** Paths that end nearest to another point than the exact ones; the share by time of those that departed ever. */
  readonly elsewhere: Estimate;
  readonly departed: Estimate;
  /** The median time of departure, of those that depart. */
  readonly departure: number | null;
  /** Samples that are no copies: farther from all points than a tenth of their spacing; and copies as they are counted. */
  readonly fresh: Estimate;
  readonly copies: Estimate;
  /** The share that is new of every network of this training: its mean, with the error between seeds, least and most. */
  readonly seeds: {
    readonly count: number;
    readonly fresh: Estimate;
    readonly least: number;
    readonly most: number;
  };
}

export interface Practicals {
  readonly threshold: number;
  readonly count: number;
  readonly networks: readonly Practical[];
}

/** Where the flow of a trained network departs from the exact one. Sec. 5. */
export async function measurePractical(
  bench: Bench,
): Promise<{ result: Practicals; pictures: ReadonlyMap<string, Float64Array> }> {
  const { sizes, seed, signal, done } = bench;
  const process = ou();
  const data = hexagon(bench);
  const exact = exactScore(data, process);
  const { tMin, tMax, ...shape } = settings.network;
  const networks: Practical[] = [];
  const pictures = new Map<string, Float64Array>();
  let threshold = 0;
  const trained = (steps: number, which: number) =>
    mlpScore(data, process, {
      ...shape,
      widths: [...shape.widths],
      steps,
      times: logUniformTimes({ tMin, tMax }),
      seed: seed + 80 + 1000 * which,
      signal,
    });
  const samplesOf = async (field: ScoreField<"f64">): Promise<Float64Array> => {
    const { samples } = await sample(field, {
      sampler: heun(),
      grid: logSnr({ steps: 60, tMax, tMin, last: "zero" }),
      initial: "marginal",
      count: sizes.compared,
      seed: seed + 82,
      signal,
    });
    return samples;
  };
  const freshOf = async (samples: Float64Array): Promise<Estimate> =>
    estimateOf(await gapFraction(samples, data, { signal }));
  for (const [k, steps] of [...sizes.training, null].entries()) {
    const net = steps === null ? undefined : await trained(steps, 0);
    const field: ScoreField<"f64"> = net ?? exact;
    const name = steps === null ? "exact score" : `${steps} steps of training`;
    const { marginal, along, departures, smoothing, times } = await compareFields(field, exact, {
      times: sizes.compareTimes,
      count: sizes.compared,
      seed: seed + 81,
      signal,
    });
    threshold = departures.threshold;
    const samples = await samplesOf(field);
    pictures.set(name, samples);
    const fresh = await freshOf(samples);
    const copies = await memorization(samples, data, { signal });
    const shares = [fresh.value];
    for (let which = 1; steps !== null && which < sizes.networks; which++) {
      const other = await trained(steps, which);
      shares.push((await freshOf(await samplesOf(other))).value);
      other.dispose();
      done((k + which / sizes.networks) / (sizes.training.length + 1));
    }
    const root = ({ mean, standardError }: typeof marginal.prediction, row: number): Estimate => {
      const value = Math.sqrt(mean[row]);
      return { value, standardError: value > 0 ? standardError[row] / (2 * value) : 0 };
    };
    const gone = departures.time.filter((t) => !Number.isNaN(t)).sort();
    networks.push({
      name,
      steps,
      rows: Array.from(times, (t, row) => {
        const fit = smoothing?.[row] as NonNullable<typeof smoothing>[number];
        return {
          t,
          marginal: root(marginal.prediction, row),
          along: root(along.prediction, row),
          relative: {
            value: marginal.relative.mean[row],
            standardError: marginal.relative.standardError[row],
          },
          departed: {
            value: departures.departed.fraction[row],
            standardError: departures.departed.standardError[row],
          },
          width: fit.width > 0 ? fit.width : null,
          widthError: Number.isNaN(fit.standardError) ? null : fit.standardError,
          unexplained: { value: fit.unexplained, standardError: fit.unexplainedError },
        };
      }),
      elsewhere: estimateOf(departures.elsewhere),
      departed: estimateOf(departures.departedAtEnd),
      departure: gone.length > 0 ? gone[gone.length >> 1] : null,
      fresh,
      copies: estimateOf(copies),
      seeds: {
        count: shares.length,
        // The exact score has no seed: its error is that of the samples.
        fresh: steps === null ? fresh : meanOfRepeats(shares),
        least: Math.min(...shares),
        most: Math.max(...shares),
      },
    });
    net?.dispose();
    done((k + 1) / (sizes.training.length + 1));
  }
  data.dispose();
  return { result: { threshold, count: sizes.compared, networks }, pictures };
}

const estimateOf = ({ fraction, standardError }: { fraction: number; standardError: number }): Estimate => ({
  value: fraction,
  standardError,
});

const percentOf = ({ value, standardError }: Estimate): Estimate => ({
  value: 100 * value,
  standardError: 100 * standardError,
});

export const inexact: Claim<{ practical: Practicals }> = {
  id: "practical",
  source: { paper: "Cao et al. 2025", where: "Sec. 5" },
  sentence:
    "A minimization that is not exact is what lets new samples be; one can identify where the practical flow departs from the exact one.",
  expected:
    "Networks that are trained less leave clearly more new samples, and both kinds clearly more than the exact score.",
  reads: ["practical"],
  judge({ practical: { networks, count } }) {
    const nets = networks.filter(({ steps }) => steps !== null);
    const exact = networks.find(({ steps }) => steps === null) as Practical;
    const [brief, long] = [nets[0], nets[nets.length - 1]];
    return {
      measured: told`Farther than a tenth of the spacing from every point: ${listed(nets.map(({ name, seeds }) => told`${pm(percentOf(seeds.fresh))}% (${name}, ${seeds.count} networks, ${percent(seeds.least)} to ${percent(seeds.most)})`))}, ${share(exact.fresh, count)} (${exact.name}). Of the first of each, half of the paths that part have parted by ${listed(nets.map(({ name, departure }) => told`t = ${departure === null ? "never" : short(departure, 2)} (${name})`))}; ends elsewhere ${listed(nets.map(({ elsewhere }) => share(elsewhere, count)))}.`,
      verdict:
        signOf(differenceOf(brief.seeds.fresh, long.seeds.fresh), 2) > 0 &&
        signOf(differenceOf(long.seeds.fresh, exact.fresh), 2) > 0
          ? "holds"
          : "not seen",
      why: "Errors of the predictor at small t are what is left in the samples; more training takes them away.",
    };
  },
};
