/** The PDE tab's numbers: densities by the Fokker-Planck equations, particles of the same process, laws, and the naive reversal. */
import { exactScore } from "../../src/score/exact.js";
import { capture } from "../../src/diagnose/capture.js";
import { nearestPoints } from "../../src/diagnose/nearest.js";
import type { Engine } from "../../src/engine.js";
import { type Sampler, times as given } from "../../src/sampler/index.js";
import { sample, type SampleRun } from "../../src/run/index.js";
import { cellLaw } from "../../src/theory/cellLaw.js";
import { fokkerPlanck } from "../../src/theory/fokkerPlanck/fokkerPlanck.js";
import { generatedLaw } from "../../src/theory/laws/index.js";
import { type Playable, playable } from "../compute/playable.js";
import type { View } from "../state/state.js";
import { fieldTables, LEVELS } from "./colours.js";
import { disposeLine, type LineProblem, lawAt, lineProblem, short } from "./line.js";
import { logDensity } from "./lineLaw.js";
import type {
  CaptureShares,
  DensityStart,
  Densities,
  GeneratedMasses,
  PanelRequest,
  ParticleBins,
  Reversal,
} from "./panels.js";
import type { Reply, Request } from "./protocol.js";
import type { Room, RoomContext } from "./room.js";

type Asked<K extends PanelRequest["kind"]> = Extract<PanelRequest, { kind: K }>;

/** Cells of the line. */
const CELLS = 384;
/** Times at which densities are kept, evenly spaced in the logarithm of t. */
const FRAMES = 72;
/** Standard deviations that the line reaches beyond the data. */
const REACH = 5;
/** The last time: its noise is so many cells wide. */
const LEAST_NOISE = 2;
/** Cells of the naive reversal: with more of them rounding takes over before anything is seen. */
const NAIVE_CELLS = 64;
const NAIVE_FRAMES = 24;
/** Cells of the run that shows where it has to be stopped. */
const FINE_CELLS = 384;
/** sqrt(S) / alpha at its last time, in cells: sqrt(S) itself is then a cell or more. */
const NAIVE_NOISE = 1.5;
/** Of them, those at which shares of captured particles are told. */
const SHARES = 25;
/** Steps of the particles between two kept times. */
const SUBSTEPS = 2;
/** Numbers of recorded particles. */
const KEPT = 8e6;
/** Horizons of the curve of distances. */
const HORIZONS = 13;

interface Setting {
  readonly line: LineProblem;
  readonly horizon: number;
  readonly start: DensityStart;
  /** Descending, from the horizon. */
  readonly times: Float64Array<ArrayBuffer>;
  readonly low: number;
  readonly high: number;
  readonly notices: readonly string[];
}

/** Answers the PDE tab; the setting, its densities and its particles are kept while the same are asked for. */
export class DensityRoom implements Room {
  readonly #engine: Engine;
  #kept: { key: string; setting: Promise<Setting> } | undefined;
  readonly #made = new Map<string, { key: string; made: Promise<unknown> }>();

  constructor({ engine }: Pick<RoomContext, "engine">) {
    this.#engine = engine;
  }

  answer(request: Request, signal: AbortSignal): Promise<Reply> {
    switch (request.kind) {
      case "densities":
        return this.#densities(request, signal);
      case "densityParticles":
        return this.#particles(request, signal);
      case "captureShares":
        return this.#capture(request, signal);
      case "generatedMasses":
        return this.#generated(request, signal);
      case "reversal":
        return this.#reversal(request, signal);
      default:
        throw new Error(`the densities do not answer "${request.kind}"`);
    }
  }

  dispose(): void {
    void this.#kept?.setting.then(
      ({ line }) => disposeLine(line),
      () => {},
    );
    this.#kept = undefined;
    this.#made.clear();
  }

  #setting(view: View, horizon: number, start: DensityStart): Promise<Setting> {
    const { set, points, process } = view;
    const key = JSON.stringify([set, set === "own" ? points : 0, process, horizon, start]);
    if (this.#kept?.key !== key) {
      this.dispose();
      this.#kept = { key, setting: settingOf(this.#engine, view, horizon, start) };
    }
    return this.#kept.setting;
  }

  /** What `make` made for the same key before, or makes now. */
  #once<T>(name: string, key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#made.get(name);
    if (known?.key === key) return known.made as Promise<T>;
    const made = make();
    this.#made.set(name, { key, made });
    made.catch(() => {
      if (this.#made.get(name)?.made === made) this.#made.delete(name);
    });
    return made;
  }

  async #densities({ view, horizon, start }: Asked<"densities">, signal: AbortSignal): Promise<Densities> {
    const setting = await this.#setting(view, horizon, start);
    const { line, times, low, high, notices } = setting;
    const { flow } = (await played(setting, view)).sampler;
    return this.#once("densities", String(flow), async () => {
      const shared = { cells: CELLS, domain: [low, high] as const, signal };
      const ascending = times.slice().reverse();
      const forward = await fokkerPlanck(line.data, line.process, {
        ...shared,
        direction: "forward",
        times: ascending,
      });
      const direction = flow ? "deterministic" : "reverse";
      const backward = await fokkerPlanck(line.data, line.process, {
        ...shared,
        direction,
        times,
        initial: start,
      });
      const x = forward.axes[0];
      const flat = (rows: readonly Float64Array[]): Float64Array<ArrayBuffer> => {
        const out = new Float64Array(rows.length * CELLS);
        for (const [i, row] of rows.entries()) out.set(row, i * CELLS);
        return out;
      };
      const exact = new Float64Array(FRAMES * CELLS);
      for (let k = 0; k < FRAMES; k++) {
        const law = lawAt(line, times[k]);
        for (let i = 0; i < CELLS; i++) exact[k * CELLS + i] = Math.exp(logDensity(law, x[i]));
      }
      const forwards = flat([...forward.densities].reverse());
      const backwards = flat(backward.densities);
      return {
        points: line.points.slice(),
        notices,
        times: times.slice(),
        x: Float64Array.from(x),
        equation: flow ? "the probability flow's (2.8)" : "the reverse SDE's (2.7)",
        forward: forwards,
        backward: backwards,
        exact,
        forwardMass: Float64Array.from(forward.mass).reverse(),
        backwardMass: Float64Array.from(backward.mass),
        forwardPixels: heat(forwards),
        backwardPixels: heat(backwards),
      };
    }).then(copied);
  }

  async #run(
    { view, horizon, start, seed, particles }: Asked<"densityParticles"> | Asked<"captureShares">,
    signal: AbortSignal,
  ): Promise<{ run: SampleRun<"f32">; sampler: Sampler; setting: Setting; notices: readonly string[] }> {
    const setting = await this.#setting(view, horizon, start);
    const key = JSON.stringify([seed, particles, view.sampler]);
    return this.#once("run", key, async () => {
      const { times } = setting;
      const { field, sampler, notices: told } = await played(setting, view);
      const notices = [...told];
      const most = Math.max(100, Math.floor(KEPT / FRAMES));
      const count = Math.min(particles, most);
      if (count < particles)
        notices.push(`${count.toLocaleString("en")} particles run, so that all their times are kept.`);
      // Steps between the kept times, halved in the logarithm.
      const fine = new Float64Array((FRAMES - 1) * SUBSTEPS + 1);
      for (let k = 0; k + 1 < FRAMES; k++) {
        const [a, b] = [times[k], times[k + 1]];
        for (let s = 0; s < SUBSTEPS; s++)
          fine[k * SUBSTEPS + s] = s === 0 ? a : a * (b / a) ** (s / SUBSTEPS);
      }
      fine[fine.length - 1] = times[FRAMES - 1];
      const run = await sample(field, {
        sampler,
        grid: given(fine),
        count,
        seed,
        initial: start,
        record: Array.from(times, (_, k) => k * SUBSTEPS),
        signal,
      });
      return { run, sampler, setting, notices };
    });
  }

  async #particles(request: Asked<"densityParticles">, signal: AbortSignal): Promise<ParticleBins> {
    const { run, setting, notices } = await this.#run(request, signal);
    const { low, high, times, line } = setting;
    const { bins } = request;
    const { count } = run;
    const counts = new Float64Array(FRAMES * bins);
    const states = run.trajectories as Float32Array;
    for (let k = 0; k < FRAMES; k++) {
      for (let i = 0; i < count; i++) {
        const bin = Math.floor(((states[k * count + i] - low) / (high - low)) * bins);
        if (bin >= 0 && bin < bins) counts[k * bins + bin] = counts[k * bins + bin] + 1;
      }
    }
    return {
      points: line.points.slice(),
      notices: [...setting.notices, ...notices],
      times: times.slice(),
      particles: count,
      edges: Float64Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * i) / bins),
      counts,
    };
  }

  async #capture(request: Asked<"captureShares">, signal: AbortSignal): Promise<CaptureShares> {
    const { run, setting, sampler } = await this.#run(request, signal);
    const { line, start, horizon } = setting;
    const field = exactScore(line.particles, line.process);
    const rows = Array.from({ length: SHARES }, (_, i) => Math.round((i * (FRAMES - 1)) / (SHARES - 1)));
    const times = Float64Array.from(rows, (k) => setting.times[k]);
    const states = run.trajectories as Float32Array;
    const trajectories = new Float32Array(SHARES * run.count);
    for (const [i, k] of rows.entries()) {
      trajectories.set(states.subarray(k * run.count, (k + 1) * run.count), i * run.count);
    }
    const recorded = Int32Array.from(rows, (k) => run.recorded[k]);
    const { shareByTime } = await capture(field, { ...run, recorded, trajectories }, { signal });
    const random = !sampler.flow;
    const law =
      random && line.points.length > 1
        ? await theory(() =>
            cellLaw(line.data, line.process, {
              times: Array.from(times.subarray(1)),
              initial: start,
              ...(start === "marginal" ? {} : { horizon }),
              signal,
            }),
          )
        : undefined;
    const found = await nearestPoints(run.samples, line.particles, { signal });
    const ends = new Float64Array(line.points.length);
    for (const index of found.index) ends[index] = ends[index] + 1 / run.count;
    const withStart = (values: Float64Array): Float64Array<ArrayBuffer> =>
      Float64Array.from(times, (_, k) => (k === 0 ? Number.NaN : values[k - 1]));
    return {
      points: line.points.slice(),
      notices: setting.notices,
      times,
      particles: run.count,
      inFinalCell: Float64Array.from(shareByTime.inFinalCell.fraction),
      settled: Float64Array.from(shareByTime.settled.fraction),
      error: Float64Array.from(shareByTime.inFinalCell.standardError),
      inFinalCellTheory: law && withStart(law.inFinalCell),
      settledTheory: law?.settled.some(Number.isFinite) ? withStart(law.settled) : undefined,
      flow: sampler.flow,
      ends,
    };
  }

  async #generated(
    { view, horizon, start }: Asked<"generatedMasses">,
    signal: AbortSignal,
  ): Promise<GeneratedMasses> {
    const setting = await this.#setting(view, horizon, start);
    const { line } = setting;
    const law = await generatedLaw(line.data, line.process, {
      horizon: setting.horizon,
      initial: start,
      signal,
    });
    const distances = await this.#once("distances", "", async () => {
      const horizons = Float64Array.from({ length: HORIZONS }, (_, i) =>
        Math.min(line.process.end, 0.25 * 16 ** (i / (HORIZONS - 1))),
      ).filter((value, i, all) => i === 0 || value > all[i - 1]);
      const values = new Float64Array(horizons.length);
      for (const [i, one] of horizons.entries()) {
        const at = await generatedLaw(line.data, line.process, { horizon: one, initial: start, signal });
        values[i] = at.totalVariation.value;
      }
      return { horizons, values };
    });
    return {
      points: line.points.slice(),
      notices: setting.notices,
      horizon: setting.horizon,
      masses: Float64Array.from(law.masses),
      errors: Float64Array.from(law.massErrors),
      weights: Float64Array.from(line.data.weights),
      totalVariation: law.totalVariation.value,
      horizons: distances.horizons.slice(),
      distances: distances.values.slice(),
    };
  }

  async #reversal({ view, horizon, start }: Asked<"reversal">, signal: AbortSignal): Promise<Reversal> {
    const setting = await this.#setting(view, horizon, start);
    const { line } = setting;
    const { process } = line;
    const end = setting.horizon;
    const { low, high } = span(line, end, Math.sqrt(process.variance(end)));
    const width = (high - low) / NAIVE_CELLS;
    // Cells are no wider than the noise; the time taken back grows a thousandfold, as most happens in the first of it.
    const last = Math.min(process.timeOfSigma(NAIVE_NOISE * width), end / 2);
    const list = new Float64Array(NAIVE_FRAMES + 1);
    for (let k = 0; k <= NAIVE_FRAMES; k++) {
      list[k] = k === 0 ? end : end - (end - last) * 10 ** (-3 * (1 - k / NAIVE_FRAMES));
    }
    const { run, stopped } = await this.#once("reversal", "", async () => {
      const options = { direction: "unstable", domain: [low, high], signal } as const;
      const shown = await fokkerPlanck(line.data, process, { ...options, times: list, cells: NAIVE_CELLS });
      const fine = await fokkerPlanck(line.data, process, {
        ...options,
        times: [end, last],
        cells: FINE_CELLS,
      });
      return { run: shown, stopped: fine.stopped };
    });
    const rows = run.times.length;
    const flat = (all: readonly Float64Array[], scaled = false): Float64Array<ArrayBuffer> => {
      const out = new Float64Array(rows * NAIVE_CELLS);
      for (let k = 0; k < rows; k++) {
        const scale = scaled ? run.scales[k] : 1;
        for (let i = 0; i < NAIVE_CELLS; i++) out[k * NAIVE_CELLS + i] = all[k]?.[i] / scale;
      }
      return out;
    };
    const truth = new Float64Array(rows * NAIVE_CELLS);
    for (let k = 0; k < rows; k++) {
      const law = lawAt(line, run.times[k]);
      for (let i = 0; i < NAIVE_CELLS; i++) {
        truth[k * NAIVE_CELLS + i] = Math.exp(logDensity(law, run.axis[i] * run.scales[k]));
      }
    }
    return {
      points: line.points.slice(),
      notices: setting.notices,
      times: Float64Array.from(run.times),
      scales: Float64Array.from(run.scales),
      stopped: stopped && { ...stopped },
      fineCells: FINE_CELLS,
      waveNumbers: Float64Array.from(run.waveNumbers),
      amplitudes: flat(run.amplitudes),
      growth: flat(run.growth),
      gridGrowth: flat(run.gridGrowth),
      x: Float64Array.from(run.axis),
      densities: flat(run.densities, true),
      truth,
    };
  }
}

async function settingOf(engine: Engine, view: View, asked: number, start: DensityStart): Promise<Setting> {
  const line = await lineProblem(engine, view);
  const { process } = line;
  // What it says of the 1-D tab's runs does not concern this one.
  const notices = line.notices.filter((text) => !text.includes("uns "));
  const horizon = Math.min(asked, process.end);
  if (horizon < asked) notices.push(`The process ends at t = ${short(process.end)}: so does the horizon.`);
  const noise = Math.sqrt(process.variance(horizon));
  const { low, high } = span(line, horizon, Math.max(noise, start === "normal" ? 1 : 0));
  const least = process.timeOfSigma((LEAST_NOISE * (high - low)) / CELLS);
  const last = Math.min(least, horizon / 4);
  const times = Float64Array.from({ length: FRAMES }, (_, k) =>
    k === 0 ? horizon : k === FRAMES - 1 ? last : horizon * (last / horizon) ** (k / (FRAMES - 1)),
  );
  return { line, horizon, start, times, low, high, notices };
}

/** What the particles follow: the exact score's equations, by the view's sampler. */
const played = ({ line, horizon }: Setting, view: View): Promise<Playable<"f32">> =>
  playable(
    { ...view, estimator: "exact" },
    {
      data: line.particles,
      process: line.process,
      half: line.half,
      start: horizon,
      initial: "marginal",
      equations: true,
    },
  );

/** What holds the data, noised or not, and so much beside it. */
function span({ points, process }: LineProblem, t: number, noise: number): { low: number; high: number } {
  const alpha = process.alpha(t);
  const ends = [points[0], points.at(-1) as number];
  return {
    low: Math.min(...ends, ...ends.map((x) => alpha * x), 0) - REACH * noise,
    high: Math.max(...ends, ...ends.map((x) => alpha * x), 0) + REACH * noise,
  };
}

/** Rows from noise to data through cividis, each by the root of its share of the row's largest: narrow peaks stay in sight. */
function heat(rows: Float64Array): Uint8ClampedArray<ArrayBuffer> {
  const table = fieldTables.cividis;
  const out = new Uint8ClampedArray(4 * rows.length);
  for (let k = 0; k < FRAMES; k++) {
    let most = 0;
    for (let i = 0; i < CELLS; i++) most = Math.max(most, rows[k * CELLS + i]);
    for (let i = 0; i < CELLS; i++) {
      const at = k * CELLS + i;
      const level = Math.round((LEVELS - 1) * Math.sqrt(Math.max(0, rows[at]) / most));
      out.set(table.subarray(4 * level, 4 * level + 4), 4 * at);
    }
  }
  return out;
}

/** A law, or none where it is not known for such data. */
async function theory<T>(make: () => Promise<T>): Promise<T | undefined> {
  try {
    return await make();
  } catch (error) {
    if (["E_LIMIT", "E_UNSUPPORTED"].includes((error as { code?: string }).code ?? "")) return undefined;
    throw error;
  }
}

/** A reply hands its buffers over: what is kept goes out as a copy. */
const copied = <T extends object>(reply: T): T => structuredClone(reply);
