// The module of the stage's test page: a store, a session, a stage, at hand for tests.
import { Stage } from "../../../site/stage/stage.js";
import { defaultState, type State } from "../../../site/state/state.js";
import { Store } from "../../../site/state/store.js";
import { type Client, connect } from "../../../site/worker/client.js";
import { hashOf } from "./hash.js";

export interface StagePage {
  readonly store: Store;
  readonly client: Client;
  readonly stage: Stage;
  readonly events: [string, unknown][];
  readonly violations: string[];
  readonly notices: string[];
  readonly hashOf: typeof hashOf;
}

export type StageGlobals = typeof globalThis & { vk: Promise<StagePage> };

/** `/?{"state": {...}, "autoplay": false, "worker": false}`: how the page starts. */
const asked = location.search.length > 1 ? JSON.parse(decodeURIComponent(location.search.slice(1))) : {};
const violations: string[] = [];
document.addEventListener("securitypolicyviolation", (event) => {
  violations.push(`${event.effectiveDirective}: ${event.blockedURI}`);
});
const url = (path: string): string => new URL(path, location.href).href;

(globalThis as StageGlobals).vk = (async () => {
  const state: State = {
    ...defaultState,
    ...asked.state,
    view: { ...defaultState.view, ...asked.state?.view },
  };
  const store = new Store(state);
  const notices: string[] = [];
  store.notices.subscribe((text) => notices.push(text));
  const client = await connect({
    local: url("/simd-local.wasm"),
    shared: url("/simd-shared.wasm"),
    threads: url("/threads.js"),
    session: asked.worker === false ? "" : url("/session.js"),
  });
  const events: [string, unknown][] = [];
  const host = document.getElementById("host") as HTMLElement;
  const stage = new Stage(host, store, client, (type, detail) => void events.push([type, detail]), {
    autoplay: asked.autoplay ?? false,
  });
  return { store, client, stage, events, violations, notices, hashOf };
})();
