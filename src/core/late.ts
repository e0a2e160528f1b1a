/**
 * A part of the library that most programs never ask for, in a file that loads when it is wanted. Calls that wait load it; those
 * that cannot find it here, where what needs it brought or loaded it as it was made.
 */
export class Late<T> {
  readonly #load: () => Promise<T>;
  #part: T | undefined;

  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  async load(): Promise<T> {
    this.#part ??= await this.#load();
    return this.#part;
  }

  /** Makes the part known that something imports anyway. */
  bring(part: T): void {
    this.#part = part;
  }

  /** The part, where it is there already. */
  get here(): T | undefined {
    return this.#part;
  }
}
