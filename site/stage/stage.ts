import { h } from "../controls/dom.js";
import type { Recipe } from "../compute/recipe.js";
import { late, messageOf } from "../load.js";
import type { State } from "../state/state.js";
import type { Store } from "../state/store.js";
import { sheetOf } from "../style/adopt.js";
import styleText from "../style/stage.css";
import type { Client } from "../worker/client.js";
import { type Frame, type Probe, type Replies, viewOf } from "../worker/protocol.js";
import { describeFrame } from "./describe.js";
import type { Overlays } from "./overlay.js";
import { PaneView } from "./paneView.js";
import { Player } from "./player.js";
import type { Pointer } from "./pointer.js";

const adoptStage = sheetOf(styleText);

/** How often, at most, the state's time follows a run that plays; and the description. */
const TELL_TIME = 100;
const DESCRIBE_TIME = 2000;
/** When marks that could not be loaded may be tried again. */
const AGAIN = 10_000;

export interface StageOptions {
  /** Whether it plays at once; by default where the reader has not asked for reduced motion. */
  autoplay?: boolean;
}

/**
 * The stage: panes with fields, particles and marks, drawn by the session behind `client`, as `store` says. It hears of the
 * state itself. Nothing runs while it is hidden or has nothing new to draw.
 *
 * Events: "points" `{ points }` of all panes, "frame" `{ step, t, steps, done, at, milliseconds, particles }`, "play" `{ playing }`, "error" `{ code, message }`.
 */
export class Stage {
  readonly #root: HTMLElement;
  readonly #store: Store;
  readonly #client: Client;
  readonly #events: (type: string, detail: unknown) => void;
  readonly #player = new Player();
  readonly #panes: PaneView[] = [];
  /** Hands on panes; they come after the first picture. */
  readonly #pointers = new Map<PaneView, Pointer>();
  /** Marks over the panes: they load with the first of them. */
  #overlays: Promise<Overlays> | undefined;
  readonly #says = h("p", { class: "says", "aria-live": "polite" });
  readonly #ends: (() => void)[] = [];
  readonly #scheme = matchMedia("(prefers-color-scheme: dark)");
  #times: readonly (readonly number[])[] = [];
  #points: readonly (readonly number[])[] = [];
  #plans: readonly Recipe[] = [];
  /** The state that was sent last. */
  #sent: State;
  #step = 0;
  /** The state must be sent again. */
  #dirty = true;
  /** It was sent and not taken in: whatever is asked for next sends it again. */
  #refused = false;
  /** The step to go to, where one was asked for. */
  #seek: number | undefined;
  /** The time to go to, where one was asked for: the nearest step of the grid that there is then. */
  #at: number | undefined;
  #wanted = true;
  #running = false;
  #hidden = false;
  #disposed = false;
  /** The time that the stage itself has put into the state. */
  #told = Number.NaN;
  #toldAt = 0;
  #describedAt = 0;
  #describing: ReturnType<typeof setTimeout> | undefined;
  #notices = "";
  #free: ArrayBuffer[] = [];
  #settled: (() => void)[] = [];

  constructor(
    host: HTMLElement,
    store: Store,
    client: Client,
    events: (type: string, detail: unknown) => void,
    options: StageOptions = {},
  ) {
    this.#store = store;
    this.#sent = store.get();
    this.#client = client;
    this.#events = events;
    adoptStage(host);
    this.#root = h("div", { class: "vk-stage" }, this.#says);
    host.append(this.#root);
    const resizes = new ResizeObserver(() => this.#measure());
    resizes.observe(this.#root);
    const listen = (target: EventTarget, type: string, listener: () => void): void => {
      target.addEventListener(type, listener);
      this.#ends.push(() => target.removeEventListener(type, listener));
    };
    listen(document, "visibilitychange", () => this.show(!document.hidden));
    listen(this.#scheme, "change", () => this.#refresh());
    this.#ends.push(
      () => resizes.disconnect(),
      store.subscribe((state, previous) => this.#heard(state, previous)),
    );
    this.#arrange();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (options.autoplay ?? !still) {
      if (store.get().tab !== "map") this.play();
    }
    this.#wake();
  }

  get playing(): boolean {
    return this.#player.playing;
  }

  get #state(): State {
    return this.#store.get();
  }

  get #dark(): boolean {
    const { theme } = this.#state;
    return theme === "auto" ? this.#scheme.matches : theme === "dark";
  }

  get #steps(): number {
    return Math.max(1, (this.#times[0]?.length ?? 2) - 1);
  }

  /** From where it is to the data; from noise where it is there already. */
  play(): void {
    if (this.#player.playing) return;
    if (this.#times.length === 0 || this.#wantedStep >= this.#steps) [this.#seek, this.#at] = [0, undefined];
    this.#player.play();
    this.#events("play", { playing: true });
    this.#wake();
  }

  pause(): void {
    if (!this.#player.playing) return;
    this.#player.pause();
    this.#events("play", { playing: false });
    this.#wake();
  }

  /** Forward by steps of the grid, or back where negative; resolves when they are drawn. */
  async step(count = 1): Promise<void> {
    await this.seek(this.#wantedStep + count);
  }

  /** To a step of the grid; resolves when it is drawn. */
  async seek(step: number): Promise<void> {
    const playing = this.#player.playing;
    this.#seek = Math.max(0, Math.min(step, this.#times.length === 0 ? step : this.#steps));
    this.#at = undefined;
    await this.#next();
    if (!playing) this.#tell(true);
  }

  /** Values at a place of a pane, in float64, of the newest points. */
  async probe(x: readonly number[], t: number, pane = 0): Promise<Probe> {
    if (this.#dirty) await this.#next();
    return this.#client.call<"probe">({ kind: "probe", pane, x, t });
  }

  /** The particles of a pane, as they are drawn now. */
  async getParticles(pane = 0): Promise<Replies["particles"]> {
    await this.#next();
    return this.#client.call<"particles">({ kind: "particles", pane });
  }

  /** The training points of a pane, `[count, 2]`, row-major; none before the first picture. */
  points(pane = 0): readonly number[] {
    return this.#points[pane] ?? [];
  }

  /** What runs in a pane, and its times, descending; undefined before the first picture. */
  run(pane = 0): { readonly plan: Recipe; readonly times: readonly number[] } | undefined {
    const [plan, times] = [this.#plans[pane], this.#times[pane]];
    return plan && times && { plan, times };
  }

  /** All panes as a PNG. */
  async picture(): Promise<Blob> {
    await this.#next();
    const sizes = this.#panes.map(({ composed }) => composed);
    const columns = sizes.length > 1 ? 2 : 1;
    const rows = Math.ceil(sizes.length / columns);
    const gap = 16;
    const width = Math.max(...sizes.map((size) => size.width));
    const height = Math.max(...sizes.map((size) => size.height));
    const ratio = Math.max(1, globalThis.devicePixelRatio || 1);
    const canvas = h("canvas", {
      width: Math.round(ratio * (columns * (width + gap) + gap)),
      height: Math.round(ratio * (rows * (height + gap) + gap)),
    });
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    context.fillStyle = this.#dark ? "#14181b" : "#ffffff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.scale(ratio, ratio);
    this.#panes.forEach((pane, i) => {
      pane.compose(
        context,
        gap + (i % columns) * (width + gap),
        gap + Math.floor(i / columns) * (height + gap),
      );
    });
    return new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture could not be made"))));
    });
  }

  /** What is seen, in words. */
  describe(): string {
    const lines = this.#panes.map((pane) => describeFrame(pane.view, pane.frame, this.#steps));
    return lines.length === 1 ? lines[0] : lines.map((line, i) => `Pane ${i + 1}: ${line}`).join(" ");
  }

  /** Whether it can be seen: hidden, nothing runs. */
  show(seen: boolean): void {
    this.#hidden = !seen;
    if (seen) this.#wake();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#describing);
    for (const end of this.#ends.splice(0)) end();
    for (const pane of [...this.#pointers.keys()]) this.#letGo(pane);
    this.#root.remove();
    for (const settle of this.#settled.splice(0)) settle();
  }

  /** Makes as many panes as the state has. */
  #arrange(): void {
    const state = this.#state;
    const count = state.tab === "compare" ? 1 + state.panes.length : 1;
    while (this.#panes.length > count) {
      const pane = this.#panes.pop() as PaneView;
      pane.element.remove();
      this.#letGo(pane);
    }
    while (this.#panes.length < count) {
      const index = this.#panes.length;
      const pane = new PaneView(state, viewOf(state, index));
      this.#panes.push(pane);
      this.#root.insertBefore(pane.element, this.#says);
      this.#takeUp(pane, index).catch(this.#complain);
    }
    this.#root.dataset.panes = String(count);
    this.#panes.forEach((pane, i) => {
      const label = count > 1 ? String.fromCharCode(65 + i) : undefined;
      pane.show(state, viewOf(state, i), this.#dark, label);
      pane.surface.setAttribute("aria-label", count > 1 ? `Stage ${label}` : "Stage");
    });
    this.#measure();
  }

  async #takeUp(pane: PaneView, index: number): Promise<void> {
    const { Pointer } = await late("What moves points", () => import("./pointer.js"));
    if (this.#disposed || !this.#panes.includes(pane)) return;
    const pointer = new Pointer(pane, index, {
      store: this.#store,
      probe: (x) => this.probe(x, pane.frame?.t ?? this.#state.t, index),
      start: async (x) => (await this.#marks()).start(pane, index, x, pane.frame?.step ?? 0),
      repaint: () => pane.paint(),
    });
    this.#pointers.set(pane, pointer);
  }

  readonly #complain = (error: unknown): void => this.#store.notices.say(messageOf(error));

  #letGo(pane: PaneView): void {
    this.#pointers.get(pane)?.dispose();
    this.#pointers.delete(pane);
  }

  #measure(): void {
    let changed = false;
    for (const pane of this.#panes) changed = pane.measure() || changed;
    if (changed) this.#refresh();
  }

  #refresh(): void {
    this.#dirty = true;
    this.#wake();
  }

  #heard(state: State, previous: State): void {
    const { t, ...rest } = state;
    const { t: before, ...others } = previous;
    const same = Object.keys(rest).every(
      (key) => rest[key as keyof typeof rest] === others[key as keyof typeof others],
    );
    if (t !== before && t !== this.#told) {
      // From outside: the nearest step of the run, or the time itself where there is none.
      if (state.tab === "map") this.#dirty = true;
      else [this.#seek, this.#at] = [undefined, t];
      this.#told = Number.NaN;
    }
    if (!same) {
      this.#dirty = true;
      this.#arrange();
      if (state.camera !== previous.camera) this.#repaint();
    }
    this.#wake();
  }

  /** Whether another step or time is asked for. */
  get #seeks(): boolean {
    return this.#seek !== undefined || this.#at !== undefined;
  }

  /** The step that is asked for, or shown. */
  get #wantedStep(): number {
    return this.#at === undefined ? (this.#seek ?? this.#step) : this.#nearest(this.#at);
  }

  #nearest(t: number): number {
    const times = this.#times[0] ?? [];
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    times.forEach((time, i) => {
      const distance = Math.abs(Math.log(time / t));
      if (distance < least) {
        least = distance;
        best = i;
      }
    });
    return best;
  }

  /** Resolves when all that was asked for until now is drawn. */
  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#settled.push(resolve);
      this.#wanted = true;
      this.#wake();
    });
  }

  #wake(): void {
    if (this.#disposed) for (const settle of this.#settled.splice(0)) settle();
    if (this.#running || this.#disposed) return;
    this.#running = true;
    void this.#run().finally(() => {
      this.#running = false;
      if (!this.#disposed && this.#busy) this.#wake();
    });
  }

  /** Whether something is to be drawn. What cannot be seen is drawn only where somebody waits for it. */
  get #busy(): boolean {
    if (this.#hidden || !this.#panes.some(({ visible }) => visible)) return this.#wanted;
    return this.#dirty || this.#wanted || this.#seeks || this.#player.playing || !this.#fine;
  }

  get #fine(): boolean {
    return this.#panes.every(({ frame }) => frame?.fine ?? false);
  }

  /** One frame is computed while the one before it waits for the screen. */
  async #run(): Promise<void> {
    let drawing: Promise<void> | undefined;
    while (this.#busy && !this.#disposed) {
      const settled = this.#settled.splice(0);
      this.#wanted = false;
      try {
        const frames = await this.#ask();
        await drawing;
        if (frames === undefined) {
          await nextFrame();
          this.#settled.unshift(...settled);
          this.#wanted = settled.length > 0;
          continue;
        }
        drawing = nextFrame().then(() => {
          this.#draw(frames);
          for (const settle of settled) settle();
        });
        // What is drawn finely or stands still is seen before anything else is asked.
        if (!this.#player.playing) await drawing;
      } catch (error) {
        for (const settle of settled) settle();
        if (this.#disposed) return;
        this.pause();
        [this.#seek, this.#at] = [undefined, undefined];
        this.#dirty = false;
        const { code = "E_INTERNAL", message } = error as { code?: string; message: string };
        this.#events("error", { code, message });
        this.#store.notices.say(message);
        return;
      }
    }
    await drawing;
  }

  /** Sends the state where it is new, and asks for a frame; undefined where no step is due yet. */
  async #ask(): Promise<readonly Frame[] | undefined> {
    const first = this.#times.length === 0;
    const fresh = this.#dirty || this.#refused;
    if (fresh) {
      // A step that is asked for is one of the newest grid's, also where the state changed while it was sent.
      do {
        this.#dirty = false;
        this.#refused = true;
        await this.#send();
        this.#refused = false;
      } while (this.#dirty && this.#seeks);
      if (first && !this.#seeks && this.#state.tab !== "map") this.#at = this.#state.t;
    }
    // A time that was asked for together with another grid is the nearest of that one's.
    if (this.#at !== undefined) this.#seek = this.#nearest(this.#at);
    const playing = this.#player.playing;
    const seek = this.#seek;
    [this.#seek, this.#at] = [undefined, undefined];
    const advance = playing && seek === undefined ? this.#player.due(this.#steps, this.#state.speed) : 0;
    if (playing && advance === 0 && seek === undefined && !fresh) return undefined;
    const buffers = this.#free.splice(0);
    const frames = await this.#client.call<"frame">({
      kind: "frame",
      advance,
      playing,
      coarse: playing || fresh || seek !== undefined,
      buffers,
      ...(seek !== undefined && { seek }),
    });
    const spent = frames.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    this.#player.took(spent, advance);
    this.#step = frames[0]?.step ?? 0;
    return frames;
  }

  async #send(): Promise<void> {
    const state = this.#state;
    this.#sent = state;
    const sizes = this.#panes.map(({ size }) => size);
    const fresh = this.#times.length === 0;
    const reply = await this.#client.call<"state">({ kind: "state", state, sizes, dark: this.#dark, fresh });
    const changed = JSON.stringify(reply.times[0]) !== JSON.stringify(this.#times[0]);
    const had = this.#times.length > 0;
    this.#times = reply.times;
    const shown = JSON.stringify([reply.points, reply.plans]) !== JSON.stringify([this.#points, this.#plans]);
    this.#plans = reply.plans;
    if (shown) {
      this.#points = reply.points;
      this.#events("points", { points: reply.points });
    }
    if (changed && had && !this.#player.playing && !this.#seeks && state.tab !== "map") this.#at = state.t;
    // A hand or a key that has moved on since is not called back.
    if (this.#state.view === state.view && this.#state.panes === state.panes) {
      reply.points.forEach((points, i) => {
        const pane = this.#panes[i];
        if (pane && !this.#pointers.get(pane)?.holding) pane.setPoints(points);
      });
    }
    const notices = reply.notices.join(" ");
    if (notices !== this.#notices) for (const notice of reply.notices) this.#store.notices.say(notice);
    this.#notices = notices;
  }

  #draw(frames: readonly Frame[]): void {
    if (this.#disposed) return;
    for (const frame of frames) {
      const pane = this.#panes[frame.pane];
      if (pane) this.#free.push(...pane.draw(frame));
    }
    this.#repaint();
    this.#mark();
    const [first] = frames;
    if (first === undefined) return;
    const ended = this.#player.playing && first.done;
    this.#tell(ended || !this.#player.playing);
    const { step, t, done } = first;
    const sum = (of: (frame: Frame) => number): number => frames.reduce((all, frame) => all + of(frame), 0);
    this.#events("frame", {
      step,
      t,
      steps: this.#steps,
      done,
      at: performance.now(),
      milliseconds: sum((frame) => frame.milliseconds),
      particles: sum((frame) => frame.summary.particles ?? 0),
    });
    if (ended && !this.#seeks) this.pause();
    this.#say();
  }

  #marks(): Promise<Overlays> {
    if (this.#overlays === undefined) {
      this.#overlays = late("The marks", () => import("./overlay.js")).then(
        ({ Overlays }) => new Overlays(this.#client, () => this.#repaint()),
      );
      this.#overlays.catch((error) => {
        this.#complain(error);
        setTimeout(() => {
          this.#overlays = undefined;
        }, AGAIN);
      });
    }
    return this.#overlays;
  }

  /** Brings the marks up to date, where there are or should be any. */
  #mark(): void {
    const wanted = this.#panes.some(({ view }) => Object.values(view.overlays).some(Boolean));
    if (!wanted && this.#overlays === undefined) return;
    this.#marks().then(
      (marks) => {
        if (!this.#disposed) marks.update(this.#panes, this.#sent, this.#points, this.#player.playing);
      },
      () => {},
    );
  }

  #repaint(): void {
    for (const pane of this.#panes) if (pane.visible) pane.paint();
  }

  /** The time of the run becomes the state's. */
  #tell(now: boolean): void {
    const t = this.#panes[0]?.frame?.t;
    if (t === undefined || this.#state.tab === "map" ? !this.#player.playing : t === this.#state.t) return;
    if (!now && performance.now() < this.#toldAt + TELL_TIME) return;
    this.#toldAt = performance.now();
    this.#told = t as number;
    this.#store.set({ t: t as number }, { undo: false, transient: true });
    this.#told = this.#state.t;
  }

  /** The description, at most every two seconds. */
  #say(): void {
    clearTimeout(this.#describing);
    const wait = Math.max(0, this.#describedAt + DESCRIBE_TIME - performance.now());
    this.#describing = setTimeout(() => {
      this.#describedAt = performance.now();
      const text = this.describe();
      if (this.#says.textContent !== text) this.#says.textContent = text;
    }, wait);
  }
}

/** When the screen is next drawn; soon, where it is not drawn at all. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    if (document.hidden) setTimeout(resolve, 16);
    else requestAnimationFrame(() => resolve());
  });
}
