/** The tab Digits: samples of images by three ways, each beside the training image that is nearest to it. */
import { count as grouped, number } from "../charts/format.js";
import { type NumberTable, numberTable } from "../charts/numberTable.js";
import type { State } from "../state/state.js";
import type { Store } from "../state/store.js";
import type { Client } from "../worker/client.js";
import {
  type ImageRun,
  type ImageSet,
  type ImageSetName,
  type ImageWay,
  imageWays,
} from "../worker/panels.js";
import { Asks } from "./asks.js";
import { controls, setOf } from "./digits/controls.js";
import { type ImageFiles, imageFiles, takeDropped } from "./digits/files.js";
import { sampleHead, sampleRows, tableOf } from "./digits/numbers.js";
import { listOf, noticesOf, packedFor, sourceOf } from "./digits/own.js";
import { pictureOf } from "./digits/picture.js";
import { makeWays, SAMPLES, showProgress, showRun, type Ways } from "./digits/way.js";
import { MOST_IMAGES, type OwnImage, readImages } from "./ownImages.js";
import { adoptStyle, make, type Panel, watchSeen } from "./panel.js";

const HINT =
  "Each pair: a sample and the training image nearest to it; below, their distance and its ratio to the distance from the second nearest. A copy has a ratio below 1/3.";

export const mount = (host: HTMLElement, store: Store, client: Client): Panel =>
  new DigitsPanel(host, store, client);

class DigitsPanel implements Panel {
  readonly #store: Store;
  readonly #client: Client;
  readonly #root: HTMLElement;
  readonly #files: ImageFiles;
  readonly #controls: ReturnType<typeof controls>;
  readonly #ways: Ways = makeWays();
  readonly #ownPart = make("section", "image-own");
  readonly #source = make("p", "panel-source");
  readonly #numbers: NumberTable = numberTable("the samples");
  readonly #asks: Asks<"set" | ImageWay>;
  readonly #unwatch: () => void;
  #state: State | undefined;
  #seen = false;
  /** The reader's images, and how often they have changed. */
  #own: readonly OwnImage[] = [];
  #generation = 0;
  /** The set that is wanted, and what the worker says it is; undefined until it does. */
  #wanted = "";
  #set: ImageSet | undefined;

  constructor(host: HTMLElement, store: Store, client: Client) {
    adoptStyle(host);
    this.#store = store;
    this.#client = client;
    const take = (files: readonly File[]): void => void this.#take(files);
    this.#files = imageFiles(take, () => this.#removeOwn());
    this.#controls = controls(store, this.#files.elements);
    const notices = make("div", "panel-notices");
    notices.setAttribute("role", "status");
    this.#ownPart.hidden = true;
    this.#root = make("div", "tab-panel", [
      this.#controls.bar,
      notices,
      make("p", "panel-hint", HINT),
      make(
        "div",
        "panel-grid is-three",
        imageWays.map((way) => this.#ways[way].element),
      ),
      this.#ownPart,
      this.#source,
      this.#numbers.element,
    ]);
    host.append(this.#root);
    takeDropped(this.#root, take);
    this.#asks = new Asks(this.#root, notices, "failed");
    this.#unwatch = watchSeen(this.#root, (now) => {
      this.#seen = now;
      this.#request();
    });
  }

  update(next: State): void {
    this.#state = next;
    this.#controls.update(next);
    this.#request();
  }

  dispose(): void {
    this.#unwatch();
    this.#asks.stop();
    this.#root.remove();
  }

  picture(): Promise<Blob> {
    return pictureOf(this.#root, this.#ways);
  }

  table(): (string | number)[][] {
    return tableOf(this.#ways, this.#own, this.#set);
  }

  /** Asks for what the state needs and nobody has asked for yet, while somebody sees it: first for the set, then for samples. */
  #request(): void {
    if (this.#state === undefined || !this.#seen) return;
    const name = setOf(this.#state);
    const wanted = `${name} ${this.#generation}`;
    if (wanted !== this.#wanted) {
      this.#wanted = wanted;
      this.#set = undefined;
      this.#asks.stop(imageWays);
    }
    this.#asks.ask("set", wanted, "", (signal) => this.#describe(name, signal));
    if (this.#set === undefined) return;
    for (const way of imageWays) this.#askRun(way, name, this.#state);
  }

  /** Hands the reader's images over in the size of the set, then asks what the set is. */
  async #describe(name: ImageSetName, signal: AbortSignal): Promise<void> {
    const { values, width, height, notices } = packedFor(name, this.#own);
    await this.#client.call({ kind: "ownImages", values, width, height }, { signal });
    this.#asks.tell("resized", notices);
    const set = await this.#client.call({ kind: "imageSet", set: name }, { signal });
    this.#set = set;
    this.#asks.tell("set", []);
    this.#source.textContent = sourceOf(name, set);
    this.#ownPart.hidden = set.own === 0;
    this.#files.show(this.#own.length > 0);
    if (set.own > 0) this.#ownPart.replaceChildren(...listOf(this.#own, set));
    this.#request();
  }

  #askRun(way: ImageWay, name: ImageSetName, { view, seed, t, fewSteps }: State): void {
    const { process, epsilon, sampler, grid } = view;
    const steps = way === "few" ? fewSteps : view.steps;
    const smoothing = way === "smoothed" ? [view.tau, view.smoothingKappa] : 0;
    const base = JSON.stringify([this.#wanted, process, epsilon, sampler, grid, steps, smoothing, seed]);
    const shown = this.#ways[way];
    this.#asks.ask(way, base, String(t), async (signal) => {
      const request = { kind: "imageRun", set: name, way, view, fewSteps, seed, t, count: SAMPLES } as const;
      const onProgress = (share: number): void => showProgress(shown, share);
      try {
        this.#showRun(await this.#client.call(request, { signal, onProgress }));
      } finally {
        shown.progress.hidden = true;
      }
    });
  }

  #showRun(reply: ImageRun): void {
    this.#asks.tell(reply.way, reply.notices);
    showRun(this.#ways[reply.way], reply);
    this.#numbers.show({ head: sampleHead, rows: sampleRows(this.#ways) });
    this.#controls.status.textContent = `t = ${number(reply.t, 3)}, noise ${number(reply.sigma, 3)}`;
  }

  async #take(files: readonly File[]): Promise<void> {
    if (files.length === 0) return;
    await this.#asks.during(async () => {
      const read = await readImages(files, MOST_IMAGES - this.#own.length, (done) => {
        if (files.length > 20)
          this.#controls.status.textContent = `${grouped(done)} of ${grouped(files.length)} files read`;
      });
      this.#asks.tell("files", noticesOf(read));
      if (read.images.length > 0) this.#changeOwn([...this.#own, ...read.images]);
    });
    this.#request();
  }

  #removeOwn(): void {
    this.#changeOwn([]);
    this.#asks.tell("files", []);
    this.#store.set({ ownImages: false });
    this.#request();
  }

  #changeOwn(own: readonly OwnImage[]): void {
    this.#own = own;
    this.#generation++;
  }
}
