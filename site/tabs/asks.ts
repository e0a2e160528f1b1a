import { messageOf } from "../load.js";
import { Latest, showNotices } from "./panel.js";

/**
 * What a panel asks of the worker, one request in flight for each name; what was asked for already is not asked again. Of each name
 * the notices of its last answer stand in `notices`, and `root` says whether anything is on its way.
 */
export class Asks<Name extends string> {
  readonly #root: HTMLElement;
  readonly #notices: HTMLElement;
  readonly #latest = new Map<Name, Latest>();
  readonly #keys = new Map<Name, string>();
  readonly #told = new Map<string, readonly string[]>();
  #busy = 0;

  constructor(root: HTMLElement, notices: HTMLElement) {
    this.#root = root;
    this.#notices = notices;
  }

  /** Shows the notices of a name, in the place of those before. */
  tell(name: string, list: readonly string[]): void {
    this.#told.set(name, list);
    showNotices(this.#notices, [...this.#told.values()].flat());
  }

  /** Asks, unless the same was asked last; another `base` stops what is under way. */
  ask(name: Name, base: string, rest: string, work: (signal: AbortSignal) => Promise<void>): void {
    const key = `${base}|${rest}`;
    if (this.#keys.get(name) === key) return;
    this.#keys.set(name, key);
    this.#of(name).ask(base, async (signal) => {
      try {
        await work(signal);
      } catch (error) {
        // What was stopped is asked for again when it is wanted again.
        if (this.#keys.get(name) === key && signal.aborted) this.#keys.delete(name);
        throw error;
      }
    });
  }

  stop(): void {
    for (const one of this.#latest.values()) one.stop();
  }

  #of(name: Name): Latest {
    let latest = this.#latest.get(name);
    if (latest === undefined) {
      latest = new Latest(this.#counted, (error) => this.tell(name, [messageOf(error)]));
      this.#latest.set(name, latest);
    }
    return latest;
  }

  readonly #counted = (on: boolean): void => {
    this.#busy += on ? 1 : -1;
    this.#root.setAttribute("aria-busy", String(this.#busy > 0));
  };
}
