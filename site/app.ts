import { h, iconButton } from "./controls/dom.js";
import { tabList } from "./controls/tabs.js";
import { type Player, timeBar } from "./controls/timebar.js";
import { decodeState, encodeState } from "./state/hash.js";
import type { State, Tab } from "./state/state.js";
import type { Store } from "./state/store.js";
import type { ClaimResult } from "./stories/story.js";
import sheetText from "./style/shell.css";
import type { Assets, Probe, Replies } from "./worker/protocol.js";

export type ExportFormat = "png" | "csv" | "npy" | "json" | "node";

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
  /** The story to open first. */
  readonly story: string | undefined;
  /** Whether the state is kept in the address of the page. */
  readonly ownsHash: boolean;
  readonly emit: (type: string, detail: unknown) => void;
}

/** What the stage does for the app; it hears of the state itself. */
interface Stage {
  readonly playing: boolean;
  play(): void;
  pause(): void;
  step(count: number): Promise<void>;
  seek(step: number): Promise<void>;
  probe(x: readonly number[], t: number): Promise<Probe>;
  getParticles(pane?: number): Promise<Replies["particles"]>;
  picture(): Promise<Blob>;
  describe(): string;
  dispose(): void;
}

/** How long the state rests before the address follows it, in milliseconds. */
const HASH_DELAY = 250;
/** How long a notice stays. */
const NOTICE_TIME = 8000;

const style = new CSSStyleSheet();
style.replaceSync(sheetText);

/** One life of the element, from being attached to being detached: what is drawn, what listens, what computes. */
export class App implements Player {
  readonly #options: AppOptions;
  readonly #store: Store;
  readonly #ends: (() => void)[] = [];
  readonly #frame: HTMLElement;
  readonly #panel: HTMLElement;
  readonly #bar: ReturnType<typeof timeBar>;
  readonly #tabs: ReturnType<typeof tabList>;
  #stage: Stage | undefined;
  #hashTimer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  constructor(options: AppOptions) {
    this.#options = options;
    const { root, store } = options;
    this.#store = store;
    if (options.ownsHash) this.#readHash();
    this.#tabs = tabList(store, "panel");
    this.#bar = timeBar(store, this);
    this.#panel = h("div", { class: "stage", part: "stage", id: "panel", role: "tabpanel" });
    const notices = h("div", { class: "notices", part: "notices", role: "status" });
    this.#frame = h(
      "div",
      { class: "app", part: "app", "data-controls": options.controls },
      h("header", { class: "head", part: "head" }, this.#tabs.element, h("div", { class: "tools" })),
      this.#panel,
      h("aside", { class: "side", part: "controls", "aria-label": "Controls" }),
      this.#bar.element,
      h("section", { class: "below", part: "cards", "aria-label": "Stories" }),
      notices,
    );
    root.adoptedStyleSheets = [style];
    root.replaceChildren(this.#frame);
    this.#ends.push(
      store.subscribe((state, previous) => this.#update(state, previous)),
      store.notices.subscribe((text) => this.#notice(notices, text)),
    );
    this.#update(store.get(), undefined);
  }

  async start(): Promise<void> {
    // The stage comes here.
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#hashTimer);
    for (const end of this.#ends.splice(0)) end();
    this.#stage?.dispose();
    this.#stage = undefined;
    this.#options.root.replaceChildren();
  }

  /** Whether the element can be seen. */
  show(_seen: boolean): void {}

  showControls(controls: AppOptions["controls"]): void {
    this.#frame.dataset.controls = controls;
  }

  get playing(): boolean {
    return this.#stage?.playing ?? false;
  }

  play(): void {
    this.#stage?.play();
    this.#bar.playing(true);
  }

  pause(): void {
    this.#stage?.pause();
    this.#bar.playing(false);
  }

  async step(count: number): Promise<void> {
    this.pause();
    await this.#stage?.step(count);
  }

  async seek(step: number): Promise<void> {
    this.pause();
    await this.#stage?.seek(step);
  }

  restart(): void {
    void this.#stage?.seek(0).then(() => this.play());
  }

  scrub(t: number): void {
    this.pause();
    this.#store.set({ t }, { undo: false });
  }

  #need(): Stage {
    if (this.#stage === undefined) throw new Error("the explorer is not running");
    return this.#stage;
  }

  probe(x: readonly number[], t: number): Promise<Probe> {
    return this.#need().probe(x, t);
  }

  getParticles(pane: number): Promise<Replies["particles"]> {
    return this.#need().getParticles(pane);
  }

  async exportAs(_format: ExportFormat): Promise<Blob> {
    return this.#need().picture();
  }

  async verify(): Promise<Verdict[]> {
    return [];
  }

  async openStory(name: string | undefined): Promise<void> {
    this.#store.set({ story: name });
  }

  #update(state: State, previous: State | undefined): void {
    this.#frame.dataset.theme = state.theme;
    this.#frame.dataset.tab = state.tab;
    if (state.tab !== previous?.tab) this.#showTab(state.tab);
    this.#tabs.update(state);
    this.#bar.update(state);
    if (previous === undefined) return;
    this.#options.emit("state", { state });
    if (this.#options.ownsHash) this.#writeHash();
  }

  #showTab(tab: Tab): void {
    this.#panel.setAttribute("aria-labelledby", `tab-${tab}`);
  }

  /** The state of the address, when the element starts and when the address is changed by hand. */
  #readHash(): void {
    const read = (): void => {
      const { state, notices } = decodeState(location.hash);
      if (encodeState(state) !== encodeState(this.#store.get())) this.#store.replace(state);
      for (const notice of notices) this.#store.notices.say(notice);
    };
    if (location.hash.length > 1) queueMicrotask(() => this.#disposed || read());
    addEventListener("hashchange", read);
    this.#ends.push(() => removeEventListener("hashchange", read));
  }

  #writeHash(): void {
    clearTimeout(this.#hashTimer);
    this.#hashTimer = setTimeout(() => {
      const hash = encodeState(this.#store.get());
      const rest = location.href.split("#")[0] as string;
      history.replaceState(history.state, "", hash === "" ? rest : `${rest}#${hash}`);
    }, HASH_DELAY);
  }

  #notice(list: HTMLElement, text: string): void {
    const old = [...list.children].find((one) => one.firstChild?.textContent === text);
    old?.remove();
    const item = h("p", {}, h("span", {}, text));
    item.append(iconButton("no", "Dismiss", () => item.remove()));
    list.append(item);
    const timer = setTimeout(() => item.remove(), NOTICE_TIME);
    this.#ends.push(() => clearTimeout(timer));
  }
}
