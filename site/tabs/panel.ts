/** What the panels of tabs share: one request in flight for each thing shown, and nothing while nobody sees it. */
import type { Chart } from "../charts/chart.js";
import { paletteOf } from "../charts/palette.js";
import type { Table } from "../charts/numberTable.js";
import type { State } from "../state/state.js";
import { sheetOf } from "../style/adopt.js";
import text from "./panel.css";

/** What a tab mounts. */
export interface Panel {
  update(state: State): void;
  dispose(): void;
  picture?(): Promise<Blob>;
  table?(): (string | number)[][];
}

/** Gives the tree that `host` is in the panels' style, once. */
export const adoptStyle = sheetOf(text);

type Work = (signal: AbortSignal) => Promise<void>;

/**
 * The newest of many requests: while one runs, only the last that came waits. One whose `base` differs makes the running one
 * stop; the same base at another time lets it finish, so that something is shown while the time plays.
 */
export class Latest {
  #controller: AbortController | undefined;
  #base = "";
  #waiting: { base: string; work: Work } | undefined;
  readonly #busy: (busy: boolean) => void;
  readonly #failed: (error: unknown) => void;

  constructor(busy: (busy: boolean) => void, failed: (error: unknown) => void) {
    this.#busy = busy;
    this.#failed = failed;
  }

  ask(base: string, work: Work): void {
    if (this.#controller !== undefined) {
      this.#waiting = { base, work };
      if (base !== this.#base) this.#controller.abort();
      return;
    }
    void this.#run(base, work);
  }

  stop(): void {
    this.#waiting = undefined;
    this.#controller?.abort();
  }

  async #run(base: string, work: Work): Promise<void> {
    const controller = new AbortController();
    this.#controller = controller;
    this.#base = base;
    this.#busy(true);
    try {
      await work(controller.signal);
    } catch (error) {
      if (!controller.signal.aborted) this.#failed(error);
    }
    this.#controller = undefined;
    const next = this.#waiting;
    this.#waiting = undefined;
    this.#busy(false);
    if (next) void this.#run(next.base, next.work);
  }
}

/** Calls `changed` when the host comes into view or leaves it, or its page does. */
export function watchSeen(host: HTMLElement, changed: (seen: boolean) => void): () => void {
  let inView = false;
  let seen = false;
  const tell = (): void => {
    const now = inView && document.visibilityState === "visible";
    if (now === seen) return;
    seen = now;
    changed(now);
  };
  const observer = new IntersectionObserver((entries) => {
    inView = entries.at(-1)?.isIntersecting === true;
    tell();
  });
  observer.observe(host);
  document.addEventListener("visibilitychange", tell);
  return () => {
    observer.disconnect();
    document.removeEventListener("visibilitychange", tell);
  };
}

/** Calls `changed` when the system turns light or dark. */
export function watchScheme(changed: () => void): () => void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", changed);
  return () => dark.removeEventListener("change", changed);
}

/** Charts, one below another, as a PNG twice as fine as CSS pixels. */
export async function pictureOf(host: HTMLElement, charts: readonly Chart[], width = 880): Promise<Blob> {
  const scale = 2;
  const shown = charts.filter(({ element }) => element.checkVisibility());
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  let height = 8;
  for (const chart of shown) height += await chart.drawOn(context, { top: 0, width, scale, draw: false });
  canvas.width = width * scale;
  canvas.height = Math.ceil(height * scale);
  context.fillStyle = paletteOf(host)("surface");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(scale, scale);
  let top = 8;
  for (const chart of shown) top += await chart.drawOn(context, { top, width, scale, draw: true });
  return blobOf(canvas);
}

export function blobOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png");
  });
}

/** Tables below one another, each under its name. */
export function stackTables(named: readonly (readonly [string, Table | undefined])[]): (string | number)[][] {
  return named.flatMap(([name, table]) =>
    table === undefined ? [] : [[name], [...table.head], ...table.rows.map((row) => [...row])],
  );
}

/** An element with a class and text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  content: string | readonly Node[] = "",
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  if (typeof content === "string") element.textContent = content;
  else element.append(...content);
  return element;
}

/** A labelled field that says what it did not take. */
export function field(
  label: string,
  input: HTMLInputElement | HTMLSelectElement,
  wide = false,
): HTMLLabelElement {
  const element = make("label", wide ? "panel-field is-wide" : "panel-field", [
    make("span", "", label),
    input,
  ]);
  return element;
}

/** Whether an element has the focus, in whatever tree it is: its text must not change under the reader's hands. */
export const isFocused = (element: HTMLElement): boolean =>
  (element.getRootNode() as Document | ShadowRoot).activeElement === element;

/** Lets the page answer before more is drawn. */
export const pause = (): Promise<void> => new Promise((done) => setTimeout(done));

/** Shows sentences, once each; empty: nothing. */
export function showNotices(host: HTMLElement, notices: readonly string[]): void {
  const wanted = [...new Set(notices)];
  const now = Array.from(host.children, (child) => child.textContent);
  if (wanted.length === now.length && wanted.every((one, i) => one === now[i])) return;
  host.replaceChildren(...wanted.map((one) => make("p", "", one)));
}

/** The next of 1, 1.2, 1.5, 2, ... times a power of ten: ranges that change seldom. */
export function niceAbove(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]) if (step * power >= value) return step * power;
  return 10 * power;
}
