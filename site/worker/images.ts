/** The Digits tab: training images, samples of them by three ways, and what each sample is nearest to. */
import { digits } from "../../src/data/digits.js";
import { fashion, fashionClasses } from "../../src/data/fashion.js";
import type { Mixture } from "../../src/data/mixture.js";
import { memorization } from "../../src/diagnose/memorization.js";
import { nearestPoints } from "../../src/diagnose/nearest.js";
import type { Engine } from "../../src/engine.js";
import { VkernelError } from "../../src/core/errors.js";
import type { Process } from "../../src/process/index.js";
import { times } from "../../src/sampler/index.js";
import { sample } from "../../src/run/index.js";
import { processOf, timesToZero } from "../compute/make.js";
import { playable } from "../compute/playable.js";
import { calledOf } from "../compute/pairs.js";
import { processTable, samplerTable } from "../state/choices.js";
import type { View } from "../state/state.js";
import type { ImageRun, ImageSet, ImageSetName, PanelRequest } from "./panels.js";
import type { Reply, Request } from "./protocol.js";
import type { Room, RoomContext } from "./room.js";

type Asked<K extends PanelRequest["kind"]> = Extract<PanelRequest, { kind: K }>;

/** Multiplications that a run may take: two seconds or so. */
const MOST_WORK = 3e9;
/** Fewer steps than these show nothing. */
const LEAST_STEPS = 8;
/** Draws that a smoothed score is the mean of: even. */
const DRAWS = 16;
/** Multiplications for the median distance between neighbours. */
const MEDIAN_WORK = 3e7;
/** The reader's images whose neighbours are told. */
const TOLD = 48;
const MOST_OWN = 5000;
const MOST_SIDE = 64;

interface Images {
  readonly width: number;
  readonly height: number;
  readonly data: Mixture<"f32">;
  readonly own: number;
  readonly half: number;
  readonly source: string;
  readonly labelOf: (index: number) => string;
  /** Whether 1 is ink on white paper, or white on black. */
  readonly ink: boolean;
}

interface Run {
  readonly times: Float64Array;
  readonly states: Float32Array;
  readonly sampler: string;
  readonly notices: readonly string[];
}

/** Answers the Digits tab. Sets are loaded when they are asked for first; the last run of each way is kept. */
export class ImageRoom implements Room {
  readonly #engine: Engine;
  #own: Asked<"ownImages"> | undefined;
  #images: { set: ImageSetName; made: Promise<Images> } | undefined;
  readonly #runs = new Map<string, { key: string; made: Promise<Run> }>();

  constructor({ engine }: Pick<RoomContext, "engine">) {
    this.#engine = engine;
  }

  answer(request: Request, signal: AbortSignal, progress: (share: number) => void): Promise<Reply> {
    switch (request.kind) {
      case "ownImages":
        return this.#take(request);
      case "imageSet":
        return this.#describe(request.set, signal);
      case "imageRun":
        return this.#show(request, signal, progress);
      default:
        throw new Error(`the images do not answer "${request.kind}"`);
    }
  }

  dispose(): void {
    void this.#images?.made.then(
      ({ data }) => data.dispose(),
      () => {},
    );
    this.#images = undefined;
    this.#runs.clear();
  }

  async #take(request: Asked<"ownImages">): Promise<{ count: number }> {
    const { values, width, height } = request;
    const count = values.length / (width * height);
    const sides = width >= 1 && height >= 1 && width <= MOST_SIDE && height <= MOST_SIDE;
    if (!sides || !Number.isInteger(count) || count > MOST_OWN) {
      throw new VkernelError("E_SHAPE", {
        argument: "images",
        expected: `at most ${MOST_OWN} images of at most ${MOST_SIDE} x ${MOST_SIDE} pixels`,
        got: `${count} of ${width} x ${height}`,
      });
    }
    this.dispose();
    this.#own = count === 0 ? undefined : request;
    return { count };
  }

  #of(set: ImageSetName): Promise<Images> {
    if (this.#images?.set !== set) {
      this.dispose();
      const made = load(this.#engine, set, this.#own);
      this.#images = { set, made };
      made.catch(() => {
        if (this.#images?.made === made) this.#images = undefined;
      });
    }
    return (this.#images as { made: Promise<Images> }).made;
  }

  async #describe(set: ImageSetName, signal: AbortSignal): Promise<ImageSet> {
    const { data, own, width, height, half, source } = await this.#of(set);
    const first = data.size - own;
    const told = Math.min(own, TOLD);
    const mine = data.points.slice(first * data.dim, (first + told) * data.dim);
    const none = new Float64Array(0);
    const found =
      own === 0 ? { index: new Int32Array(0), distance: none } : await nearestPoints(mine, data, { signal });
    const distance = Float64Array.from(found.distance);
    return {
      count: data.size,
      own,
      width,
      height,
      half,
      source,
      nearest: found.index,
      distance,
      second: nearestOther(data, first, told),
    };
  }

  async #show(
    request: Asked<"imageRun">,
    signal: AbortSignal,
    progress: (share: number) => void,
  ): Promise<ImageRun> {
    const images = await this.#of(request.set);
    const { data, width, height } = images;
    const { view, way, fewSteps, seed, count, t } = request;
    const process = processOf(view.process);
    const key = JSON.stringify([
      request.set,
      view.process,
      view.epsilon,
      view.sampler,
      view.grid,
      way === "few" ? fewSteps : view.steps,
      way === "smoothed" ? [view.tau, view.smoothingKappa] : 0,
      seed,
      count,
    ]);
    let kept = this.#runs.get(way);
    if (kept?.key !== key) {
      kept = { key, made: run(images, process, request, signal, progress) };
      this.#runs.set(way, kept);
      const mine = kept;
      mine.made.catch(() => {
        if (this.#runs.get(way) === mine) this.#runs.delete(way);
      });
    }
    const { times: all, states, sampler, notices } = await kept.made;
    const step = nearestStep(all, t);
    const at = all[step];
    const alpha = at === 0 ? 1 : process.alpha(at);
    const { dim } = data;
    const clean = states.slice(step * count * dim, (step + 1) * count * dim).map((x) => x / alpha);
    const sigma = at === 0 ? 0 : process.sigma(at);
    const found = await memorization(clean, data, { signal });
    const { distance } = await nearestPoints(clean, data, { signal });
    const samples = new Uint8ClampedArray(count * dim);
    const neighbours = new Uint8ClampedArray(count * dim);
    const shrink = 1 / Math.sqrt(1 + 4 * sigma * sigma);
    for (let i = 0; i < count; i++) {
      const from = found.nearest[i] * dim;
      for (let d = 0; d < dim; d++) {
        const value = 0.5 + (clean[i * dim + d] - 0.5) * shrink;
        const near = data.points[from + d];
        samples[i * dim + d] = 255 * (images.ink ? 1 - value : value);
        neighbours[i * dim + d] = 255 * (images.ink ? 1 - near : near);
      }
    }
    return {
      way,
      width,
      height,
      t: at,
      sigma,
      step,
      steps: all.length - 1,
      samples,
      neighbours,
      nearest: found.nearest,
      labels: Array.from(found.nearest, (index) => images.labelOf(index)),
      distance: Float64Array.from(distance),
      ratio: found.ratios,
      sampler,
      notices,
    };
  }
}

async function load(engine: Engine, set: ImageSetName, own: Asked<"ownImages"> | undefined): Promise<Images> {
  const size = own ? own.values.length / (own.width * own.height) : 0;
  if (set === "own") {
    if (own === undefined || size < 2) {
      throw new VkernelError("E_SHAPE", {
        message: "Two images of your own are needed, at least: add PNG files.",
      });
    }
    const data = engine.mixture(own.values.slice(), { dim: own.width * own.height });
    const labelOf = (index: number): string => `your image ${index + 1}`;
    const { width, height } = own;
    return { width, height, data, own: size, half: halfGap(data), source: "your own", labelOf, ink: false };
  }
  const built = set === "digits" ? await digits() : await fashion();
  const { width, height } = built.image as { width: number; height: number };
  const joined = own !== undefined && own.width === width && own.height === height ? own.values : [];
  const ink = set === "digits";
  const all = new Float32Array(built.points.length + joined.length);
  all.set(built.points);
  // What is dark on white becomes ink.
  all.set(ink ? Array.from(joined, (value) => 1 - value) : joined, built.points.length);
  const data = engine.mixture(all, { dim: built.dim });
  const labels = built.labels as Int32Array;
  const count = labels.length;
  return {
    width,
    height,
    data,
    own: joined.length / built.dim,
    half: halfGap(data),
    source: built.source,
    labelOf: (index) =>
      index >= count
        ? `your image ${index - count + 1}`
        : ink
          ? `a ${labels[index]}, number ${index + 1}`
          : `${fashionClasses[labels[index]]}, number ${index + 1}`,
    ink,
  };
}

/** A run of `count` images, all states recorded; its steps are cut to what can be waited for. */
async function run(
  { data, half }: Images,
  process: Process,
  { view, way, fewSteps, seed, count }: Asked<"imageRun">,
  signal: AbortSignal,
  progress: (share: number) => void,
): Promise<Run> {
  const asked: View = {
    ...view,
    estimator: way === "smoothed" ? "smoothed" : "exact",
    steps: way === "few" ? fewSteps : view.steps,
  };
  const { recipe, field, sampler, notices } = await playable(asked, {
    data,
    process,
    half,
    average: { rule: "pairs", count: DRAWS },
    start: processTable[view.process].horizon,
    initial: "marginal",
  });
  const { name } = recipe.sampler;
  const looks = (samplerTable[name].looks ?? 1) * (way === "smoothed" ? DRAWS : 1);
  const most = Math.max(LEAST_STEPS, Math.floor(MOST_WORK / (data.size * data.dim * count * looks)));
  const cut = way !== "few" && most < asked.steps;
  const all = timesToZero({ ...recipe.grid, steps: cut ? most : asked.steps }, process);
  const { trajectories } = await sample(field, {
    sampler,
    grid: times(all),
    count,
    seed,
    initial: "marginal",
    record: "all",
    signal,
    onProgress: ({ done, total }) => progress(done / total),
  });
  return {
    times: all,
    states: trajectories as Float32Array,
    sampler: calledOf(name),
    notices: cut ? [...notices, `${most} steps, not ${asked.steps}: so many images take long.`] : notices,
  };
}

/** The step whose time is nearest to t in its logarithm; the last one, to 0, at the end of the time bar. */
function nearestStep(all: Float64Array, t: number): number {
  const end = all.length - 1;
  if (t <= all[end - 1] * (1 + 1e-6)) return end;
  let best = 0;
  const away = (i: number): number => Math.abs(Math.log(all[i] / t));
  for (let i = 1; i < end; i++) if (away(i) < away(best)) best = i;
  return best;
}

/** Half the median distance from the nearest other point, over as many points as there is time for, evenly chosen. */
function halfGap(data: Mixture): number {
  const { size, dim } = data;
  if (size < 2) return 0;
  const looked = Math.max(4, Math.min(size, Math.floor(MEDIAN_WORK / (size * dim))));
  const stride = Math.max(1, Math.floor(size / looked));
  const found: number[] = [];
  for (let m = 0; m < size; m += stride) found.push(...nearestOther(data, m, 1));
  const positive = found.filter((distance) => distance > 0).sort((a, b) => a - b);
  return (positive[positive.length >> 1] ?? 0) / 2;
}

/** The distance of points `first` ... from the nearest other one; Infinity where there is none. */
function nearestOther(
  { points, size, dim }: Mixture,
  first: number,
  count: number,
): Float64Array<ArrayBuffer> {
  const out = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < count; i++) {
    const own = (first + i) * dim;
    let least = Number.POSITIVE_INFINITY;
    for (let m = 0; m < size; m++) {
      if (m === first + i) continue;
      let square = 0;
      for (let d = 0; d < dim && square < least; d++) {
        square += (points[own + d] - points[m * dim + d]) ** 2;
      }
      least = Math.min(least, square);
    }
    out[i] = Math.sqrt(least);
  }
  return out;
}
