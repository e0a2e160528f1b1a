import { App, type Verdict } from "./app.js";
import type { ExportFormat } from "./exporter.js";
import { messageOf } from "./load.js";
import { decoder } from "./state/address.js";
import { defaultState, type State, type tabs } from "./state/state.js";
import { type Patch, Store } from "./state/store.js";
import type { Assets, Probe, Replies } from "./worker/protocol.js";

/** Files beside this script; the bundle keeps it at the top of the folder. */
const assets: Assets = {
  local: new URL("./wasm/simd-local.wasm", import.meta.url).href,
  shared: new URL("./wasm/simd-shared.wasm", import.meta.url).href,
  threads: new URL("./threads.js", import.meta.url).href,
  session: new URL("./worker.js", import.meta.url).href,
};

/** Where links to a state lead: the page that is served with this script. */
const home = new URL("./index.html", import.meta.url).href;

/** How much is around the stage. "min": the time bar. */
export type Controls = "none" | "min" | "full";

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** A promise to be settled later; nobody has to listen to its failure. */
function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, "promise"> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {});
  return { promise, ...(settle as Omit<Deferred<T>, "promise">) };
}

const controlsOf = (value: string | null): Controls => (value === "none" || value === "min" ? value : "full");

/**
 * The explorer as an element of any page. `docs/explorer.md` lists attributes, methods, events, parts and variables.
 *
 * It starts when it is attached (with `loading="lazy"`: when it comes into view), stops and lets go of everything when it
 * is detached, and starts where it was when it is attached again. What is between its tags shows until then.
 */
export class VkernelExplorer extends HTMLElement {
  static readonly observedAttributes = [
    "data-view",
    "data-preset",
    "data-t",
    "data-seed",
    "data-controls",
    "data-story",
    "data-theme",
  ];

  readonly #store = new Store();
  readonly #root: ShadowRoot;
  #app: App | undefined;
  #observer: IntersectionObserver | undefined;
  #begun = false;
  /** When the state of the attributes is the store's. */
  #attributes: Promise<void> = Promise.resolve();
  #ready = deferred<App>();

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: "open" });
    this.#root.append(document.createElement("slot"));
  }

  connectedCallback(): void {
    if (!this.#begun) this.#attributes = this.#begin();
    this.#observer = new IntersectionObserver(
      (entries) => {
        const seen = entries.at(-1)?.isIntersecting === true;
        if (seen && this.#app === undefined) this.#start();
        this.#app?.show(seen);
      },
      { rootMargin: "64px" },
    );
    this.#observer.observe(this);
    // A task of its own: where the element stands in the page already, its definition has just taken one.
    if (this.getAttribute("loading") !== "lazy") {
      setTimeout(() => {
        if (this.isConnected) this.#start();
      });
    }
  }

  disconnectedCallback(): void {
    this.#observer?.disconnect();
    this.#observer = undefined;
    this.#app?.dispose();
    this.#app = undefined;
    this.#ready = deferred();
    this.#root.replaceChildren(document.createElement("slot"));
  }

  attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    if (!this.#begun || before === value) return;
    if (name === "data-controls") this.#app?.showControls(controlsOf(value));
    else if (name === "data-preset") this.#try(this.#preset(value ?? ""));
    else if (name === "data-story") this.#try(this.openStory(value ?? undefined));
    else this.#store.set(this.#patch(name, value));
  }

  /** Nobody waits for what an attribute asks for: where it cannot be done, a notice says so. */
  #try(work: Promise<unknown>): void {
    work.catch((error) => this.#store.notices.say(messageOf(error)));
  }

  /** What an attribute asks of the state. */
  #patch(name: string, value: string | null): Patch {
    switch (name) {
      case "data-view":
        return { tab: (value ?? defaultState.tab) as (typeof tabs)[number] };
      case "data-t":
        return { t: value === null ? defaultState.t : Number(value) };
      case "data-seed":
        return { seed: value === null ? defaultState.seed : Number(value) };
      case "data-theme":
        return { theme: (value ?? "auto") as State["theme"] };
      default:
        return {};
    }
  }

  /** Takes in a state in the form of links, with or without their version. */
  async #preset(text: string): Promise<void> {
    const { decodeState } = await decoder();
    const whole = text.replace(/^#?(?=.)(?!v\d)/, "v1;");
    const { state, notices } = decodeState(whole, this.#store.get());
    this.#store.set(state, { undo: false });
    for (const notice of notices) this.#store.notices.say(notice);
  }

  /** The state of the attributes, once: what the others say goes over the preset. */
  async #begin(): Promise<void> {
    this.#begun = true;
    const preset = this.getAttribute("data-preset");
    if (preset !== null) await this.#preset(preset);
    for (const name of ["data-view", "data-t", "data-seed", "data-theme"]) {
      const value = this.getAttribute(name);
      if (value !== null) this.#store.set(this.#patch(name, value), { undo: false });
    }
  }

  #start(): void {
    if (this.#app !== undefined) return;
    const { resolve, reject } = this.#ready;
    const app = new App({
      root: this.#root,
      store: this.#store,
      assets,
      home,
      before: this.#attributes,
      controls: controlsOf(this.getAttribute("data-controls")),
      story: this.getAttribute("data-story") ?? undefined,
      ownsHash: this.hasAttribute("data-hash"),
      emit: (type, detail) => {
        this.dispatchEvent(new CustomEvent(`vkernel-${type}`, { detail, bubbles: true, composed: true }));
      },
    });
    this.#app = app;
    app.start().then(
      () => {
        if (this.#app === app) resolve(app);
      },
      (error) => {
        if (this.#app === app) reject(error);
      },
    );
  }

  /** The app, as soon as it runs; starts it where it waits to be seen. */
  #running(): Promise<App> {
    if (this.isConnected) this.#start();
    return this.#ready.promise;
  }

  /** Resolves when the first picture is there; rejects where nothing can be computed. */
  get ready(): Promise<void> {
    return this.#ready.promise.then(() => {});
  }

  get playing(): boolean {
    return this.#app?.playing ?? false;
  }

  /** Runs on, from noise to data. */
  async play(): Promise<void> {
    (await this.#running()).play();
  }

  async pause(): Promise<void> {
    (await this.#running()).pause();
  }

  /** Goes so many steps of the grid forward, or back where negative, and stays there. */
  async step(count = 1): Promise<void> {
    await (await this.#running()).step(count);
  }

  /** Goes to a step of the grid: 0 is the noise that a run starts from. */
  async seek(step: number): Promise<void> {
    await (await this.#running()).seek(step);
  }

  /** Puts points in the place of the data: `[[x, y], ...]`, or flat, `[count, 2]` row-major. */
  setPoints(points: readonly (readonly number[])[] | ArrayLike<number>): void {
    const flat = Array.from(points as ArrayLike<number | readonly number[]>).flat();
    this.#store.set({ view: { set: "own", points: flat } });
  }

  /** All that is shown, as plain values. */
  getState(): State {
    return this.#store.get();
  }

  /** Changes what is shown; values out of range are clamped, and a notice says so. */
  setState(patch: Patch): void {
    this.#store.set(patch);
  }

  /** The values of the exact score and its kin at a place, in float64. */
  async probe(x: readonly number[], t = this.#store.get().t): Promise<Probe> {
    return (await this.#running()).probe(x, t);
  }

  /** The particles as they are now: `data` `[count, dim]`, row-major. */
  async getParticles(pane = 0): Promise<Replies["particles"]> {
    return (await this.#running()).getParticles(pane);
  }

  /** What is shown, as a file. "node": a program that makes the very same particles. */
  async exportAs(format: ExportFormat): Promise<Blob> {
    return (await this.#running()).exportAs(format);
  }

  /** Measures every card of the story that is open, or of all stories where none is. */
  async verify(): Promise<Verdict[]> {
    return (await this.#running()).verify();
  }

  async openStory(name: string | undefined): Promise<void> {
    await (await this.#running()).openStory(name);
  }
}
