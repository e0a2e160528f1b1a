import type { Engine } from "../../src/index.js";
import { estimatorTable } from "../state/choices.js";
import { type State, scoreOf, type View } from "../state/state.js";
import { densityTables } from "./colours.js";
import { FieldMap } from "./fields.js";
import { Density, MOST_CIRCLES, summarize } from "./particles.js";
import type { Frame, Size } from "./protocol.js";
import { startRun } from "./runs.js";
import type { Run } from "./run.js";
import { type Data, type Drive, dataKey, driveKey, loadData, makeDrive } from "./setup.js";

/** A frame of particles that takes longer than this, in milliseconds, drops some while it plays. */
const SLOW = 120;
/**
 * A run that takes longer than this to where it is wanted, in milliseconds, drops particles in any case: kernels are given
 * time even on a busy machine, scores that are functions of rows are slow for good.
 */
const LONGEST = { kernels: 10_000, rows: 1500 } as const;
/** Steps at a time are chosen so that they take about this long: then the clock is looked at. */
const CHUNK = 60;
/** A frame that takes longer than this, in milliseconds, while it plays, draws the field less often: so many apart. */
const BUSY = 10;
const FIELD_TIME = 50;
/** At least so many are kept. */
const LEAST_PARTICLES = 200;

export interface FrameRequest {
  /** The step to go to. */
  readonly step: number;
  readonly playing: boolean;
  readonly coarse: boolean;
  readonly newer: () => Promise<boolean>;
  readonly buffer: (bytes: number) => ArrayBuffer;
}

/** One pane: its data, what drives its particles, where they are, its field. */
export class Pane {
  readonly #engine: Engine;
  readonly index: number;
  readonly #field = new FieldMap();
  readonly #density: Density;
  #view: View;
  #state: State;
  #size: Size = { width: 1, height: 1 };
  #dark = false;
  #data: Data | undefined;
  #drive: Drive | undefined;
  #run: Run | undefined;
  #keys = { data: "", drive: "", run: "", density: "" };
  /** The time that is shown where there are no particles. */
  #t = 1;
  #step = 0;
  /** Particles while it plays, where all are too many to keep up. */
  #limit = Number.POSITIVE_INFINITY;
  /** Particles at any time, where all would take too long. */
  #most = Number.POSITIVE_INFINITY;
  /** Milliseconds per particle and step, as last measured. */
  #pace = 0;
  #slow = 0;
  /** When the field was drawn last, what of it beside the time, and how long the last frame took. */
  #drawnField = { at: 0, of: "", spent: 0 };

  constructor(engine: Engine, index: number, state: State, view: View) {
    this.#engine = engine;
    this.#density = new Density(engine);
    this.index = index;
    this.#state = state;
    this.#view = view;
  }

  get data(): Data {
    return this.#data as Data;
  }

  get drive(): Drive {
    return this.#drive as Drive;
  }

  get view(): View {
    return this.#view;
  }

  get step(): number {
    return this.#step;
  }

  /** The time that is shown. */
  get t(): number {
    return this.#t;
  }

  get notices(): readonly string[] {
    return [...this.data.notices, ...this.drive.notices];
  }

  /** Whether particles are drawn: the map shows the field alone. */
  get #particles(): boolean {
    return this.#state.tab !== "map";
  }

  /** Takes a new state in; what it does not touch stays. */
  async update(state: State, view: View, size: Size, dark: boolean): Promise<void> {
    const moved = this.#data === undefined || state.t !== this.#state.t || state.tab !== this.#state.tab;
    this.#state = state;
    this.#view = view;
    this.#size = size;
    this.#dark = dark;
    const keys = { data: dataKey(view), drive: driveKey(view) };
    if (keys.drive !== this.#keys.drive) {
      // Where something cannot be loaded, all stays as it was.
      const fresh = keys.data === this.#keys.data ? undefined : await loadData(this.#engine, view);
      const drive = await makeDrive(fresh ?? this.data, view).catch((error) => {
        fresh?.dispose();
        throw error;
      });
      this.#dropRun();
      if (fresh !== undefined) {
        this.#data?.dispose();
        this.#data = fresh;
      }
      this.#drive = drive;
      this.#keys = { ...this.#keys, ...keys };
      this.#limit = Number.POSITIVE_INFINITY;
      this.#most = Number.POSITIVE_INFINITY;
      this.#pace = 0;
    }
    const { process } = this.drive;
    if (moved && !this.#particles) this.#t = Math.min(state.t, process.end);
    this.#step = Math.min(this.#step, this.drive.times.length - 1);
  }

  /** The step of this pane's grid whose noise level is nearest to that of a step of another pane. */
  stepLike(other: Pane, step: number): number {
    const level = Math.log(other.drive.process.sigma(other.drive.times[step]));
    const { times, process } = this.drive;
    if (step === other.drive.times.length - 1) return times.length - 1;
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < times.length; i++) {
      const distance = Math.abs(Math.log(process.sigma(times[i])) - level);
      if (distance < least) {
        least = distance;
        best = i;
      }
    }
    return best;
  }

  #dropRun(): void {
    this.#run?.dispose();
    this.#run = undefined;
    this.#keys = { ...this.#keys, run: "" };
  }

  /** The run of so many particles, or of as many of them as are in time for it, at a step. */
  async #runAt(wanted: number, step: number): Promise<Run> {
    const keyOf = (count: number): string => JSON.stringify([this.#keys.drive, this.#state.seed, count]);
    const here = this.#run;
    // Particles that came here step by step, as it played, are kept where all of them would take too long.
    if (
      here !== undefined &&
      here.step === step &&
      here.count < wanted &&
      this.#keys.run === keyOf(here.count) &&
      this.#pace * wanted * step > this.#longest
    ) {
      this.#most = here.count;
      return here;
    }
    for (let count = Math.min(wanted, this.#most); ; ) {
      const key = keyOf(count);
      if (this.#run === undefined || key !== this.#keys.run) {
        this.#dropRun();
        this.#run = await startRun(this.drive, { count, seed: this.#state.seed });
        this.#keys = { ...this.#keys, run: key };
      }
      const needed = await this.#goTo(this.#run, step);
      if (needed === undefined || count <= LEAST_PARTICLES) {
        if (needed !== undefined) await this.#run.seek(step);
        return this.#run;
      }
      // With room, so that the next attempt is the last.
      count = Math.max(LEAST_PARTICLES, Math.floor((0.7 * count * this.#longest) / needed));
      this.#most = count;
    }
  }

  get #longest(): number {
    const { estimator } = this.drive.recipe;
    return LONGEST[estimatorTable[estimator].reads === "width" ? "rows" : "kernels"];
  }

  /** Brings a run to a step; or gives up, with the milliseconds that the whole way would take. */
  async #goTo(run: Run, step: number): Promise<number | undefined> {
    if (run.live === undefined) {
      await run.seek(step);
      return undefined;
    }
    if (step < run.step) await run.seek(0);
    const [began, from] = [performance.now(), run.step];
    for (let chunk = 1; run.step !== step; ) {
      const [before, at] = [performance.now(), run.step];
      const to = Math.min(step, at + chunk);
      await run.seek(to);
      const [now, done] = [performance.now(), to - from];
      this.#pace = (now - before) / (run.count * (to - at));
      if (to !== step && now - began > this.#longest / 4) {
        const needed = ((now - began) * (step - from)) / done;
        if (needed > this.#longest) return needed;
      }
      chunk = Math.max(1, Math.min(4 * chunk, Math.floor((chunk * CHUNK) / Math.max(0.1, now - before))));
    }
    return undefined;
  }

  async frame({ step, playing, coarse, newer, buffer }: FrameRequest): Promise<Frame> {
    const began = performance.now();
    const { drive } = this;
    const last = drive.times.length - 1;
    const before = this.#step;
    this.#step = Math.max(0, Math.min(step, last));
    const { particles: wanted } = this.#view;
    let notice: string | undefined;
    let drawn: Pick<Frame, "density" | "circles" | "summary"> = {
      density: undefined,
      circles: undefined,
      summary: {},
    };
    if (this.#particles) {
      // Each run through is a chance to keep up after all.
      if (playing && this.#step === 0) this.#limit *= 4;
      const count = playing ? Math.min(wanted, this.#limit) : wanted;
      const run = await this.#runAt(count, this.#step);
      this.#t = drive.times[this.#step];
      drawn = await this.#draw(run, buffer);
      if (run.count < wanted) {
        const [some, all] = [run.count, wanted].map((n) => n.toLocaleString("en"));
        notice = `${some} of ${all} ${run.count < this.#most ? "while it plays" : "to keep up"}`;
      }
      if (playing) this.#keepUp(performance.now() - began, run.count, this.#step - before);
    } else if (this.#step !== before) this.#t = drive.times[this.#step];
    const field = await this.#drawField(playing, coarse, newer, buffer);
    const milliseconds = performance.now() - began;
    this.#drawnField.spent = milliseconds;
    return {
      pane: this.index,
      field,
      ...drawn,
      scale: this.#field.scale,
      step: this.#step,
      t: this.#t,
      done: this.#step === last,
      fine: this.#field.fine,
      notice,
      milliseconds,
    };
  }

  /** Fewer particles where one step at a time is too slow, twice in a row. */
  #keepUp(spent: number, count: number, steps: number): void {
    this.#slow = spent > SLOW && steps <= 1 ? this.#slow + 1 : 0;
    if (this.#slow < 2) return;
    this.#slow = 0;
    const fitting = Math.floor((count * SLOW) / (2 * spent));
    this.#limit = Math.max(LEAST_PARTICLES, fitting);
  }

  async #draw(
    run: Run,
    buffer: (bytes: number) => ArrayBuffer,
  ): Promise<Pick<Frame, "density" | "circles" | "summary">> {
    const { drive, data } = this;
    const particles = run.view();
    const alpha = drive.process.alpha(this.#t);
    const summary = summarize(
      particles,
      data.points,
      alpha,
      3 * Math.sqrt(drive.process.variance(drive.times.at(-1) as number)),
    );
    const { camera } = this.#state;
    if (run.count <= MOST_CIRCLES) {
      this.#keys = { ...this.#keys, density: "" };
      return { density: undefined, circles: particles.slice(), summary };
    }
    const bright = this.#dark || this.#view.quantity !== "none";
    const tables = densityTables[drive.recipe.estimator === "kde" ? "kernel" : "sampler"];
    const key = JSON.stringify([this.#keys.run, this.#step, camera, this.#size, bright]);
    if (key === this.#keys.density) return { density: "same", circles: undefined, summary };
    this.#keys = { ...this.#keys, density: key };
    const table = tables[bright ? "bright" : "deep"];
    const density = await this.#density.draw(run, camera, this.#size, table, buffer);
    return { density, circles: undefined, summary };
  }

  #drawField(
    playing: boolean,
    coarse: boolean,
    newer: () => Promise<boolean>,
    buffer: (bytes: number) => ArrayBuffer,
  ): ReturnType<FieldMap["draw"]> {
    const { view, data, drive } = { view: this.#view, data: this.data.f32, drive: this.drive };
    const { camera } = this.#state;
    const request = {
      view,
      data,
      process: drive.process,
      t: this.#t,
      camera,
      size: this.#size,
      dark: this.#dark,
    };
    const v = view.quantity === "vKernel" ? scoreOf(view) : [];
    const themed = view.quantity === "cells" && this.#dark;
    const of = JSON.stringify([this.#keys.data, view.process, view.quantity, v, camera, this.#size, themed]);
    const now = performance.now();
    const { at, of: before, spent } = this.#drawnField;
    if (playing && of === before && spent > BUSY && now < at + FIELD_TIME) {
      return Promise.resolve(this.#field.late());
    }
    this.#drawnField = { at: now, of, spent };
    const key = `${of} ${this.#t}`;
    return this.#field.draw(request, key, !coarse, newer, buffer);
  }

  /** All particles at the step that is shown, however few were drawn and however long it takes. */
  async particles(): Promise<Float32Array<ArrayBuffer>> {
    const count = this.#view.particles;
    const shown = this.#run;
    if (shown?.count === count && shown.step === this.#step) return shown.samples;
    const run = await startRun(this.drive, { count, seed: this.#state.seed });
    try {
      await run.seek(this.#step);
      return run.samples;
    } finally {
      run.dispose();
    }
  }

  /** Pictures that the page has are no longer what was drawn last. */
  forget(): void {
    this.#field.forget();
    this.#keys = { ...this.#keys, density: "" };
  }

  dispose(): void {
    this.#density.dispose();
    this.#dropRun();
    this.#data?.dispose();
  }
}
