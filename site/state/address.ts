import { late, messageOf } from "../load.js";
import { encodeState } from "./hash.js";
import type { Store } from "./store.js";

/** What reads links. */
export const decoder = (): Promise<typeof import("./decode.js")> =>
  late("What reads links", () => import("./decode.js"));

/** How long the state rests before the address follows it, in milliseconds. */
const DELAY = 250;

/** Keeps the state in the fragment of the page's address, both ways. */
export class HashLink {
  /** When the state of the address is the store's. */
  readonly ready: Promise<void>;
  readonly #store: Store;
  readonly #unsubscribe: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: Store) {
    this.#store = store;
    this.ready = location.hash.length > 1 ? this.#read() : Promise.resolve();
    addEventListener("hashchange", this.#follow);
    this.#unsubscribe = store.subscribe(() => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(this.#write, DELAY);
    });
  }

  readonly #follow = (): void => {
    this.#read().catch((error) => this.#store.notices.say(messageOf(error)));
  };

  readonly #read = async (): Promise<void> => {
    const { decodeState } = await decoder();
    const { state, notices } = decodeState(location.hash);
    if (encodeState(state) !== encodeState(this.#store.get())) this.#store.replace(state);
    for (const notice of notices) this.#store.notices.say(notice);
  };

  readonly #write = (): void => {
    const hash = encodeState(this.#store.get());
    const [page] = location.href.split("#");
    const url = hash === "" ? page : `${page}#${hash}`;
    if (url !== location.href) history.replaceState(history.state, "", url);
  };

  dispose(): void {
    clearTimeout(this.#timer);
    removeEventListener("hashchange", this.#follow);
    this.#unsubscribe();
  }
}
