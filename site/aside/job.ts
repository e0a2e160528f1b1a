import { h } from "../controls/dom.js";

/** What a worker makes its engine of: whether memory can be shared with threads, and addresses. */
export interface Host {
  readonly isolated: boolean;
  readonly local: string;
  readonly shared: string;
  readonly threads: string;
}

/** What a worker says last. */
export type End = { readonly kind: "done" } | { readonly kind: "error"; readonly message: string };

/** Addresses of what is run, from a folder beside this script's. */
const address = (path: string): string => new URL(`../${path}`, import.meta.url).href;

/** What a page's worker does, from one button to the other, and the line that says how far it is. */
export class Job<Request extends Host, Message extends { readonly kind: string }> {
  readonly start: HTMLButtonElement;
  readonly stop = h("button", { type: "button", disabled: true }, "Stop");
  readonly status: HTMLElement;
  readonly #script: string;
  readonly #take: (message: Message) => void;
  readonly #ended: () => void;
  #worker: Worker | undefined;

  /**
   * @param script what the worker runs, in the site's folder
   * @param start what the button says that begins it, and the line before it was pressed
   * @param take takes what the worker says, but for the last
   * @param ended called after the end, whichever it was
   */
  constructor(
    script: string,
    start: { readonly button: string; readonly status: string },
    take: (message: Message) => void,
    ended: () => void = () => {},
  ) {
    this.#script = script;
    this.#take = take;
    this.#ended = ended;
    this.start = h("button", { type: "submit" }, start.button);
    this.status = h("p", { role: "status" }, start.status);
    this.stop.addEventListener("click", () => this.#end("Stopped."));
  }

  get running(): boolean {
    return this.#worker !== undefined;
  }

  begin(status: string, request: Omit<Request, keyof Host>): void {
    this.#worker?.terminate();
    this.start.disabled = true;
    this.stop.disabled = false;
    this.status.textContent = status;
    const worker = new Worker(address(this.#script), { type: "module" });
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Message | End>) => {
      if (isEnd(data)) this.#end(data.kind === "done" ? "Done." : `It ended with an error: ${data.message}`);
      else this.#take(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end(`It ended with an error: ${event.message || "a script could not be loaded"}.`);
    };
    const host: Host = {
      isolated: crossOriginIsolated,
      local: address("wasm/simd-local.wasm"),
      shared: address("wasm/simd-shared.wasm"),
      threads: address("threads.js"),
    };
    worker.postMessage({ ...request, ...host });
  }

  #end(message: string): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.start.disabled = false;
    this.stop.disabled = true;
    this.status.textContent = message;
    this.#ended();
  }
}

const isEnd = (message: { readonly kind: string }): message is End =>
  message.kind === "done" || message.kind === "error";
