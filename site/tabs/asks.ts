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
  readonly #again: "stopped" | "failed";
  #busy = 0;

  /** `again`: what is asked for anew when it is wanted again: what was stopped, or what failed too. */
  constructor(root: HTMLElement, notices: HTMLElement, again: "stopped" | "failed" = "stopped") {
    this.#root = root;
    this.#notices = notices;
    this.#again = again;
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
        const again = signal.aborted || this.#again === "failed";
        if (again && this.#keys.get(name) === key) this.#keys.delete(name);
        throw error;
      }
    });
  }

  /** Stops what is under way and what waits, of all names or of some; it is asked for anew when it is wanted again. */
  stop(names: Iterable<Name> = this.#latest.keys()): void {
    for (const name of names) {
      this.#latest.get(name)?.stop();
      this.#keys.delete(name);
    }
  }

  /** Says that something is on its way while other work is done. */
  async during(work: () => Promise<void>): Promise<void> {
    this.#counted(true);
    try {
      await work();
    } finally {
      this.#counted(false);
    }
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
