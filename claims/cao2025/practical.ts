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
import { CLEAR, differenceOf, type Estimate } from "../estimate.js";
import { listed, share, short, told } from "../told.js";
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
  for (const [k, steps] of [...sizes.training, null].entries()) {
    const net =
      steps === null
        ? undefined
        : await mlpScore(data, process, {
            ...shape,
            widths: [...shape.widths],
            steps,
            times: logUniformTimes({ tMin, tMax }),
            seed: seed + 80,
            signal,
          });
    const field: ScoreField<"f64"> = net ?? exact;
    const name = steps === null ? "exact score" : `${steps} steps of training`;
    const { marginal, along, departures, smoothing, times } = await compareFields(field, exact, {
      times: sizes.compareTimes,
      count: sizes.compared,
      seed: seed + 81,
      signal,
    });
    threshold = departures.threshold;
    const { samples } = await sample(field, {
      sampler: heun(),
      grid: logSnr({ steps: 60, tMax, tMin, last: "zero" }),
      initial: "marginal",
      count: sizes.compared,
      seed: seed + 82,
      signal,
    });
    pictures.set(name, samples);
    const [gaps, copies] = [
      await gapFraction(samples, data, { signal }),
      await memorization(samples, data, { signal }),
    ];
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
      fresh: estimateOf(gaps),
      copies: estimateOf(copies),
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

export const inexact: Claim<{ practical: Practicals }> = {
  id: "practical",
  source: { paper: "Cao et al. 2025", where: "Sec. 5" },
  sentence:
    "A minimization that is not exact is what lets new samples be; one can identify where the practical flow departs from the exact one.",
  expected:
    "The network that is trained less leaves more new samples, and both leave clearly more than the exact score.",
  reads: ["practical"],
  judge({ practical: { networks, count } }) {
    const nets = networks.filter(({ steps }) => steps !== null);
    const exact = networks.find(({ steps }) => steps === null) as Practical;
    const [brief, long] = [nets[0], nets[nets.length - 1]];
    return {
      measured: told`Farther than a tenth of the spacing from every point: ${listed([...nets, exact].map(({ name, fresh }) => told`${share(fresh, count)} (${name})`))}. Half of the paths that part have parted by ${listed(nets.map(({ name, departure }) => told`t = ${departure === null ? "never" : short(departure, 2)} (${name})`))}; ends elsewhere ${listed(nets.map(({ elsewhere }) => share(elsewhere, count)))}.`,
      verdict:
        brief.fresh.value > long.fresh.value && differenceOf(long.fresh, exact.fresh).z > CLEAR
          ? "holds"
          : "not seen",
      why: "Errors of the predictor at small t are what is left in the samples; more training takes them away.",
    };
  },
};
