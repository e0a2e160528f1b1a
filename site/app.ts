import { h, iconButton, quietButton } from "./controls/dom.js";
import { headTools } from "./controls/head.js";
import { onKey } from "./controls/keys.js";
import { controlPanel } from "./controls/panel.js";
import { randomSeed } from "./controls/panel/run.js";
import { fromLog, toLog } from "./controls/scale.js";
import type { StoryPanel } from "./controls/stories.js";
import { tabList } from "./controls/tabs.js";
import { type Player, stride, timeBar } from "./controls/timebar.js";
import type { ExportFormat, Exporter } from "./exporter.js";
import { late, messageOf } from "./load.js";
import { placesOf } from "./compute/recipe.js";
import { decoder, HashLink } from "./state/address.js";
import { processTable } from "./state/choices.js";
import { encodeState } from "./state/hash.js";
import { defaultState, type State, type Tab } from "./state/state.js";
import type { Store } from "./state/store.js";
import type { ClaimResult } from "../claims/held.js";
import { Stage } from "./stage/stage.js";
import sheetText from "./style/shell.css";
import { type Client, connect } from "./worker/client.js";
import type { Assets, Probe, Replies } from "./worker/protocol.js";

/** What became of a card. */
export interface Verdict extends ClaimResult {
  readonly story: string;
  readonly card: string;
}

export interface AppOptions {
  readonly root: ShadowRoot;
  readonly store: Store;
  readonly assets: Assets;
  /** The page that links lead to. */
  readonly home: string;
  readonly controls: "none" | "min" | "full";
  /** What has to be there before anything is shown. */
  readonly before: Promise<void>;
  /** The story to open first. */
  readonly story: string | undefined;
  /** Whether the state is kept in the address of the page. */
  readonly ownsHash: boolean;
  readonly emit: (type: string, detail: unknown) => void;
}

/** A tab that is no stage. */
interface TabPanel {
  update(state: State): void;
  dispose(): void;
  picture?(): Promise<Blob>;
  table?(): (string | number)[][];
}

type TabModule = { mount(host: HTMLElement, store: Store, client: Client): TabPanel };

const tabModules: Partial<Record<Tab, () => Promise<TabModule>>> = {
  line: () => import("./tabs/line.js"),
  digits: () => import("./tabs/digits.js"),
  pde: () => import("./tabs/pde.js"),
};

/** Small parts of the page that come when they are asked for, or ahead of that when there is nothing else to do. */
const parts = {
  help: () => import("./controls/help.js"),
  table: () => import("./controls/table.js"),
  stories: () => import("./controls/stories.js"),
  exporter: () => import("./exporter.js"),
  overlays: () => import("./stage/overlay.js"),
  cells: () => import("d3-delaunay"),
  decoder,
};
/** So long it waits before the first of them, and between two, in milliseconds. */
const AHEAD = 1000;

/** How long a notice stays, in milliseconds. */
const NOTICE_TIME = 10_000;
/** A run of a tab without a stage takes so long from end to end. */
const SWEEP = 8000;
/** Where the layout folds, as the style sheet has it. */
const NARROW = 720;
/** What the panes of Compare show first. */
const firstPanes: State["panes"] = [{ estimator: "naive" }, { estimator: "smoothed" }, { estimator: "kde" }];

const style = new CSSStyleSheet();
style.replaceSync(sheetText);

/** One life of the element, from being attached to being detached: what is drawn, what listens, what computes. */
export class App implements Player {
  readonly #options: AppOptions;
  readonly #store: Store;
  readonly #ends: (() => void)[] = [];
  readonly #frame: HTMLElement;
  readonly #panelHost: HTMLElement;
  readonly #below: HTMLElement;
  readonly #notices = h("div", { class: "notices", part: "notices", role: "status" });
  /** A word to the visitor, beside the first pictures. */
  readonly #intro = h("slot", { name: "intro" });
  readonly #engineLine = h("p", { class: "engine quiet" });
  readonly #bar: ReturnType<typeof timeBar>;
  readonly #tabs: ReturnType<typeof tabList>;
  readonly #tools: ReturnType<typeof headTools>;
  readonly #controls: ReturnType<typeof controlPanel>;
  readonly #life = new AbortController();
  /** When the state of the page's address has been taken in. */
  #linked: Promise<void> = Promise.resolve();
  #exporter: Exporter | undefined;
  #client: Client | undefined;
  #stage: Stage | undefined;
  #panel: TabPanel | undefined;
  /** The tab that is mounted, or being mounted. */
  #mounted: Tab | undefined;
  #stories: Promise<StoryPanel> | undefined;
  /** Whether it should run; what is hidden stands still. */
  #wanted = false;
  #seen = true;
  #sweep = 0;

  constructor(options: AppOptions) {
    this.#options = options;
    const { root, store } = options;
    this.#store = store;
    this.#tabs = tabList(store, "panel");
    this.#tools = headTools(store, {
      stories: () => this.#try(this.#goToStories()),
      share: () => void this.#share(),
      save: (format) => void this.#save(format),
      help: () => this.#try(this.#help()),
    });
    this.#bar = timeBar(store, this);
    this.#controls = controlPanel(store, {
      points: (pane) => this.#points(pane),
      places: (pane) => {
        const run = this.#stage?.run(pane);
        return run === undefined ? 0 : placesOf(run.plan);
      },
      upload: (file) => void this.#upload(file),
      openTable: () => this.#try(this.#openTable()),
    });
    this.#panelHost = h("div", { class: "stage", part: "stage", id: "panel", role: "tabpanel" });
    this.#below = h(
      "section",
      { class: "below", part: "cards", "aria-label": "Stories" },
      h("h2", {}, "Stories"),
    );
    this.#frame = h(
      "div",
      { class: "app", part: "app", "data-controls": options.controls },
      h("header", { class: "head", part: "head" }, this.#tabs.element, this.#tools.element),
      this.#panelHost,
      this.#bar.element,
      this.#notices,
      h(
        "aside",
        { class: "side", part: "controls", "aria-label": "Controls" },
        this.#intro,
        this.#controls.element,
        this.#engineLine,
      ),
      this.#below,
    );
    root.adoptedStyleSheets = [style];
    root.replaceChildren(this.#frame);
    this.#listen();
    this.#update(store.get(), undefined);
    if (options.ownsHash) {
      const link = new HashLink(store);
      this.#linked = link.ready;
      this.#ends.push(() => link.dispose());
    }
  }

  #listen(): void {
    const { signal } = this.#life;
    const store = this.#store;
    this.#ends.push(
      store.subscribe((state, previous) => this.#update(state, previous)),
      store.notices.subscribe((text) => this.#notice(text)),
    );
    this.#frame.addEventListener("keydown", (event) =>
      onKey(event, {
        toggle: () => (this.playing ? this.pause() : this.play()),
        stride: (way, fine) => stride(store, this, way, fine),
        step: (count) => void this.step(count),
        restart: () => this.restart(),
        reseed: () => store.set({ seed: randomSeed() }),
        addPoint: () => this.#addPoint(),
        undo: () => store.undo(),
        redo: () => store.redo(),
        help: () => this.#try(this.#help()),
      }),
    );
    document.addEventListener("visibilitychange", () => this.#sync(), { signal });
    const sizes = new ResizeObserver(([entry]) => {
      if (entry) this.#controls.fold(entry.contentRect.width < NARROW);
    });
    sizes.observe(this.#options.root.host);
    this.#ends.push(() => sizes.disconnect());
  }

  /** Starts what computes, and shows the first picture. */
  async start(): Promise<void> {
    const { assets, emit, story } = this.#options;
    try {
      const [client] = await Promise.all([connect(assets), this.#linked, this.#options.before]);
      if (this.#life.signal.aborted) {
        client.close();
        return;
      }
      this.#client = client;
      this.#sayEngine(client);
      const fromLink = this.#store.get().story;
      if (story !== undefined && fromLink === undefined)
        await this.openStory(story, false).catch((error) => this.#complain(error));
      await this.#mount(this.#store.get().tab);
      if (this.#moves() && !(await this.#atRest())) this.play();
      emit("ready", { engine: client.engine, note: client.note });
      this.#storiesWhenSeen();
      void this.#fetchAhead(client);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** Whether things may move by themselves. */
  #moves(): boolean {
    return !matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  /** Whether what a link opened is the picture of one time: a map, or a story that says so. */
  async #atRest(): Promise<boolean> {
    const { tab, story } = this.#store.get();
    if (story === undefined) return tab === "map";
    const { stories } = await import("./stories/entries.js").catch(() => ({ stories: [] }));
    return stories.some(({ name, still }) => name === story && still === true);
  }

  /** Fetches what comes late while nothing else is to be done: it is there then when the network goes away. */
  async #fetchAhead(client: Client): Promise<void> {
    const { connection } = navigator as { connection?: { readonly saveData?: boolean } };
    for (const fetch of [...Object.values(parts), () => client.call({ kind: "ahead" })]) {
      await idle();
      if (this.#life.signal.aborted || connection?.saveData === true || !navigator.onLine) return;
      await fetch().catch(() => {});
    }
  }

  dispose(): void {
    this.#life.abort();
    cancelAnimationFrame(this.#sweep);
    for (const end of this.#ends.splice(0)) end();
    this.#unmount();
    this.#stories?.then(
      (panel) => panel.dispose(),
      () => {},
    );
    this.#client?.close();
    this.#client = undefined;
    this.#options.root.replaceChildren();
  }

  /** Whether the element can be seen. */
  show(seen: boolean): void {
    this.#seen = seen;
    this.#sync();
  }

  showControls(controls: AppOptions["controls"]): void {
    this.#frame.dataset.controls = controls;
  }

  // What moves the time.

  get playing(): boolean {
    return this.#wanted;
  }

  play(): void {
    this.#wanted = true;
    this.#sync();
  }

  pause(): void {
    this.#wanted = false;
    this.#sync();
  }

  async step(count: number): Promise<void> {
    this.pause();
    if (this.#stage) await this.#stage.step(count);
    else stride(this.#store, this, Math.sign(count), true);
  }

  async seek(step: number): Promise<void> {
    this.pause();
    await this.#need().seek(step);
  }

  restart(): void {
    if (this.#stage) void this.#stage.seek(0).then(() => this.play());
    else {
      this.scrub(processTable[this.#store.get().view.process].start);
      this.play();
    }
  }

  scrub(t: number): void {
    this.pause();
    this.#store.set({ t }, { undo: false });
  }

  /** Lets run what should run and can be seen. */
  #sync(): void {
    const on = this.#wanted && this.#seen && !document.hidden;
    this.#bar.playing(this.#wanted);
    cancelAnimationFrame(this.#sweep);
    if (this.#stage) {
      this.#stage.show(this.#seen && !document.hidden);
      if (this.#wanted) this.#stage.play();
      else this.#stage.pause();
    } else if (on && this.#panel) this.#sweepTime();
  }

  /** Moves the time of a tab without particles from noise to data. */
  #sweepTime(): void {
    let last = performance.now();
    const turn = (now: number): void => {
      const { t, view, speed } = this.#store.get();
      const [from, to] = [processTable[view.process].start, view.epsilon];
      const place = toLog(Math.min(t, from), from, to) + ((now - last) * speed) / SWEEP;
      last = now;
      this.#store.set({ t: fromLog(Math.min(1, place), from, to) }, { undo: false });
      if (place < 1) this.#sweep = requestAnimationFrame(turn);
      else this.pause();
    };
    this.#sweep = requestAnimationFrame(turn);
  }

  // What others ask.

  #need(): Stage {
    if (this.#stage === undefined) throw new Error("There are no particles on this tab.");
    return this.#stage;
  }

  async probe(x: readonly number[], t: number): Promise<Probe> {
    return this.#need().probe(x, t);
  }

  async getParticles(pane: number): Promise<Replies["particles"]> {
    return this.#need().getParticles(pane);
  }

  async #exports(): Promise<Exporter> {
    const { Exporter } = await late("The export", parts.exporter);
    this.#exporter ??= new Exporter(this.#store, this.#options.home);
    return this.#exporter;
  }

  async exportAs(format: ExportFormat): Promise<Blob> {
    const exporter = await this.#exports();
    if (this.#client === undefined) throw new Error("the explorer is not running");
    return exporter.make(format, {
      client: this.#client,
      stage: this.#stage,
      picture: () => (this.#stage ?? this.#panel)?.picture?.(),
      pane: this.#controls.pane,
    });
  }

  async verify(): Promise<Verdict[]> {
    const all = await (await this.#storyPanel()).runAll();
    return all.map(({ story, card, result }) => ({ story, card, ...result }));
  }

  /** Opens a story; with `measure`, its cards are measured at once. */
  async openStory(name: string | undefined, measure = true): Promise<void> {
    await (await this.#storyPanel()).open(name, measure);
  }

  // Tabs.

  #update(state: State, previous: State | undefined): void {
    const { dataset } = this.#frame;
    dataset.theme = state.theme;
    dataset.panes = String(state.panes.length + 1);
    if (state.tab === "compare" && state.panes.length === 0 && previous?.tab !== "compare") {
      queueMicrotask(() => this.#store.set({ panes: firstPanes }, { undo: false }));
    }
    this.#intro.hidden = state.story !== undefined || (state.tab !== "particles" && state.tab !== "map");
    this.#tabs.update(state);
    this.#tools.update(state);
    this.#bar.update(state);
    if (previous === undefined || state.view !== previous.view || !onlyTime(state, previous))
      this.#controls.update(state);
    if (state.tab !== previous?.tab) {
      dataset.tab = state.tab;
      this.#panelHost.setAttribute("aria-labelledby", `tab-${state.tab}`);
      if (this.#client) this.#mounting = this.#mount(state.tab).catch((error) => this.#fail(error));
    }
    this.#panel?.update(state);
    if (previous === undefined) return;
    if (state.story !== previous.story) this.#try(this.#storyPanel().then((panel) => panel.update(state)));
    this.#options.emit("state", { state });
  }

  #mounting: Promise<void> = Promise.resolve();

  async #mount(tab: Tab): Promise<void> {
    const client = this.#client;
    const kind = tabModules[tab] === undefined ? "particles" : tab;
    if (client === undefined || this.#mounted === kind) return;
    this.#unmount();
    this.#mounted = kind;
    const host = h("div", { class: "mount" });
    this.#panelHost.replaceChildren(host);
    const load = tabModules[tab];
    if (load === undefined) {
      this.#stage = new Stage(host, this.#store, client, (type, detail) => this.#hear(type, detail), {
        autoplay: false,
      });
    } else {
      const module = await late("This tab", load).catch((error) => this.#missing(tab, kind, error));
      if (module === undefined || this.#mounted !== kind || this.#life.signal.aborted) return;
      this.#panel = module.mount(host, this.#store, client);
      this.#panel.update(this.#store.get());
    }
    this.#sync();
  }

  #unmount(): void {
    cancelAnimationFrame(this.#sweep);
    this.#stage?.dispose();
    this.#panel?.dispose();
    this.#stage = undefined;
    this.#panel = undefined;
    this.#mounted = undefined;
    this.#panelHost.replaceChildren();
  }

  /** What the stage tells. */
  #hear(type: string, detail: unknown): void {
    if (type === "play") {
      this.#wanted = (detail as { playing: boolean }).playing;
      this.#bar.playing(this.#wanted);
      return;
    }
    if (type === "points") {
      this.#controls.update(this.#store.get());
      return;
    }
    this.#options.emit(type, detail);
  }

  // Points.

  #points(pane: number): readonly number[] {
    return this.#stage?.points(pane) ?? this.#store.get().view.points;
  }

  #addPoint(): void {
    const { camera } = this.#store.get();
    const { pane } = this.#controls;
    this.#store.setPane(pane, { set: "own", points: [...this.#points(pane), camera.x, camera.y] });
  }

  async #upload(file: File): Promise<void> {
    try {
      const { readPoints } = await late("What reads files", () => import("./controls/upload.js"));
      const { points, notices } = await readPoints(file);
      this.#store.setPane(this.#controls.pane, { set: "own", points });
      for (const notice of notices) this.#store.notices.say(notice);
    } catch (error) {
      this.#complain(error);
    }
  }

  async #openTable(): Promise<void> {
    const { showTable } = await late("The table", parts.table);
    const { pane } = this.#controls;
    showTable(this.#frame, this.#store, pane, this.#points(pane), this.#panel?.table?.() ?? []);
  }

  // Stories.

  /** The panel loads when the reader comes near it, or a link has opened a story. */
  #storiesWhenSeen(): void {
    if (this.#store.get().story !== undefined) this.#try(this.#storyPanel());
    const near = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) this.#try(this.#storyPanel());
      },
      { rootMargin: "-64px" },
    );
    near.observe(this.#below);
    this.#ends.push(() => near.disconnect());
  }

  #storyPanel(): Promise<StoryPanel> {
    this.#stories ??= late("The stories", parts.stories).then((part) => {
      const panel = new part.StoryPanel(this.#below, this.#store, {
        claim: (story, card, options) => {
          if (this.#client === undefined) throw new Error("the explorer is not running");
          return this.#client.call<"claim">(
            { kind: "claim", story, card, seed: this.#store.get().seed },
            options,
          );
        },
        error: (story, options) => {
          if (this.#client === undefined) throw new Error("the explorer is not running");
          return this.#client.call<"error">({ kind: "error", story, seed: this.#store.get().seed }, options);
        },
        done: (story, card, result) => this.#options.emit("claim", { story, card, result }),
        opened: ({ still }) => {
          if (still === true) this.pause();
          else if (this.#moves()) void this.#mounting.then(() => this.restart());
        },
      });
      panel.update(this.#store.get());
      return panel;
    });
    this.#stories.catch(() => {
      this.#stories = undefined;
    });
    return this.#stories;
  }

  async #goToStories(): Promise<void> {
    await this.#storyPanel();
    this.#below.scrollIntoView({ block: "start" });
    this.#below.querySelector("h2")?.focus({ preventScroll: true });
  }

  // Words.

  async #help(): Promise<void> {
    const { showHelp } = await late("The help", parts.help);
    showHelp(this.#frame, this.#engineLine.textContent ?? "", this.#options.home);
  }

  #link(): string {
    const hash = encodeState(this.#store.get());
    const home = this.#options.ownsHash ? location.href.split("#")[0] : this.#options.home;
    return hash === "" ? home : `${home}#${hash}`;
  }

  async #share(): Promise<void> {
    const link = this.#link();
    try {
      await navigator.clipboard.writeText(link);
      this.#notice("The link is copied.");
    } catch {
      // Frames and insecure pages may not write there: the reader copies it.
      const field = h("input", { class: "number", readonly: true, value: link, "aria-label": "Link" });
      this.#notice("Copy this link:", field);
      field.select();
    }
  }

  async #save(format: ExportFormat): Promise<void> {
    try {
      const said = await (await this.#exports()).deliver(format, await this.exportAs(format));
      if (said !== undefined) this.#notice(said);
    } catch (error) {
      this.#complain(error);
    }
  }

  #sayEngine({ engine, note }: Client): void {
    const { threads, kernels } = engine;
    const what = `${kernels} kernels, ${threads} ${threads === 1 ? "thread" : "threads"}`;
    this.#engineLine.textContent = note === undefined ? `${what}.` : `${what}: ${note}.`;
  }

  #notice(text: string, ...more: HTMLElement[]): void {
    const old = [...this.#notices.children].find((one) => one.firstChild?.textContent === text);
    old?.remove();
    const item = h("p", {}, h("span", {}, text), ...more);
    item.append(iconButton("no", "Dismiss", () => item.remove()));
    this.#notices.append(item);
    if (more.length > 0) return;
    const timer = setTimeout(() => item.remove(), NOTICE_TIME);
    this.#life.signal.addEventListener("abort", () => clearTimeout(timer));
  }

  /** Does what was asked for, or says that it cannot be done. */
  #try(work: Promise<unknown>): void {
    work.catch((error) => this.#complain(error));
  }

  /** Something that was asked for could not be done. */
  #complain(error: unknown): void {
    this.#notice(this.#report(error));
  }

  /** A tab could not be loaded: says so in its place, where it can be tried again. */
  #missing(tab: Tab, kind: Tab, error: unknown): undefined {
    if (this.#mounted !== kind) return;
    this.#mounted = undefined;
    const again = (): void => void this.#mount(tab).catch((other) => this.#fail(other));
    const button = quietButton("Try again", again);
    this.#instead(h("p", {}, this.#report(error)), button);
  }

  /** Nothing can be computed: says so where the picture would be. */
  #fail(error: unknown): void {
    this.#instead(
      h("p", {}, "The explorer cannot compute here."),
      h("p", { class: "quiet" }, this.#report(error)),
      document.createElement("slot"),
    );
  }

  #instead(...words: HTMLElement[]): void {
    this.#panelHost.replaceChildren(h("div", { class: "failure", role: "alert" }, ...words));
  }

  /** Tells the page of an error; returns its words. */
  #report(error: unknown): string {
    const message = messageOf(error);
    this.#options.emit("error", { code: codeOf(error), message });
    return message;
  }
}

const codeOf = (error: unknown): string => (error as { code?: string } | undefined)?.code ?? "E_INTERNAL";

/** A while later, when the page has nothing else to do. */
const idle = (): Promise<void> =>
  new Promise((done) => {
    setTimeout(() => {
      if ("requestIdleCallback" in globalThis) requestIdleCallback(() => done());
      else done();
    }, AHEAD);
  });

/** Whether two states differ in nothing that controls show. */
function onlyTime(a: State, b: State): boolean {
  return (Object.keys(defaultState) as (keyof State)[]).every((key) => key === "t" || a[key] === b[key]);
}
