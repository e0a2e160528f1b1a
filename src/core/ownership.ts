/**
 * The calls of one owner of memory: one after the other. What it owns is given back when it has been disposed of and no
 * call is under way.
 */
export class Ownership {
  readonly #check: () => void;
  readonly #release: () => void;
  #last: Promise<void> = Promise.resolve();
  #busy = 0;
  #disposed = false;

  /** `check` throws where nothing can be done any more. */
  constructor(check: () => void, release: () => void) {
    this.#check = check;
    this.#release = release;
  }

  get busy(): boolean {
    return this.#busy > 0;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Does work after all that was asked for before. */
  async add(work: () => Promise<void>): Promise<void> {
    this.#check();
    const result = this.hold(() =>
      this.#last.then(() => {
        this.#check();
        return work();
      }),
    );
    this.#last = result.catch(() => {});
    await result;
  }

  /** Keeps the memory until work is done that waits for nothing before it. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++;
    try {
      return await work();
    } finally {
      this.#busy--;
      this.#settle();
    }
  }

  /** Whether this is the first time. */
  dispose(): boolean {
    if (this.#disposed) return false;
    this.#disposed = true;
    this.#settle();
    return true;
  }

  #settle(): void {
    if (this.#disposed && this.#busy === 0) this.#release();
  }
}
