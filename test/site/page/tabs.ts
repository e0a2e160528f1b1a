// A page with one panel of a tab, its store and its worker: what tests of tabs open.
import { defaultState, type State, type Tab } from "../../../site/state/state.js";
import { type Patch, Store } from "../../../site/state/store.js";
import type { Panel } from "../../../site/tabs/panel.js";
import { type Client, connect } from "../../../site/worker/client.js";

const at = (path: string): string => new URL(path, location.href).href;
const assets = {
  local: at("site/wasm/simd-local.wasm"),
  shared: at("site/wasm/simd-shared.wasm"),
  threads: at("site/threads.js"),
  session: at("site/worker.js"),
};

const mounts: Partial<
  Record<Tab, () => Promise<{ mount: (...all: [HTMLElement, Store, Client]) => Panel }>>
> = {
  line: () => import("../../../site/tabs/line.js"),
  digits: () => import("../../../site/tabs/digits.js"),
  pde: () => import("../../../site/tabs/pde.js"),
};

export interface Opened {
  readonly store: Store;
  readonly panel: Panel;
  readonly client: Client;
  /** The kinds of the requests so far. */
  readonly asked: string[];
  /** Requests that were given up. */
  readonly dropped: string[];
}

/** Mounts a tab with a state. */
async function open(tab: Tab, patch: Patch): Promise<void> {
  const real = await connect(assets);
  const asked: string[] = [];
  const dropped: string[] = [];
  const client = Object.create(real) as Client;
  client.call = async (request, options) => {
    asked.push(request.kind);
    try {
      return await real.call(request, options);
    } catch (error) {
      dropped.push(request.kind);
      throw error;
    }
  };
  const view = { ...defaultState.view, ...patch.view };
  const store = new Store({ ...defaultState, ...patch, view, tab } as State);
  const make = mounts[tab];
  if (make === undefined) throw new Error(`no tab ${tab}`);
  const panel = (await make()).mount(document.querySelector("#host") as HTMLElement, store, client);
  store.subscribe((state) => panel.update(state));
  panel.update(store.get());
  (globalThis as PageGlobals).opened = { store, panel, client, asked, dropped };
}

export type PageGlobals = typeof globalThis & { opened: Opened; openTab: typeof open };
(globalThis as PageGlobals).openTab = open;
