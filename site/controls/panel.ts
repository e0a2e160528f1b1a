import type { State } from "../state/state.js";
import type { Store } from "../state/store.js";
import { viewOf } from "../worker/protocol.js";
import { h } from "./dom.js";
import { dataGroup, type PointActions } from "./panel/data.js";
import { paneRow } from "./panel/panes.js";
import { pictureGroup } from "./panel/picture.js";
import { type Pane, showRows } from "./panel/row.js";
import { runGroup } from "./panel/run.js";
import { scoreGroup } from "./panel/score.js";

/** What the panel asks of the rest. */
export interface PanelActions extends PointActions {
  /** Places that the smoothed score there is the mean of, at each particle; 0 where it is none. */
  places(pane: number): number;
}

export interface Panel {
  readonly element: HTMLElement;
  /** The pane whose controls these are. */
  readonly pane: number;
  update(state: State): void;
  /** Few controls at once, for narrow places. */
  fold(narrow: boolean): void;
}

/** The controls of the view, in groups; each is there only where it changes something. */
export function controlPanel(store: Store, actions: PanelActions): Panel {
  const pane: Pane = { store, index: 0 };
  const panes = paneRow(pane, () => update(store.get()));
  const groups = [
    dataGroup(pane, actions),
    scoreGroup(pane, actions.places),
    runGroup(pane),
    pictureGroup(pane),
  ];

  function update(state: State): void {
    if (state.tab !== "compare" || pane.index > state.panes.length) pane.index = 0;
    showRows([panes, ...groups], viewOf(state, pane.index), state);
  }

  let narrow: boolean | undefined;
  return {
    element: h("div", { class: "panel" }, panes.element, ...groups.map((one) => one.element)),
    get pane() {
      return pane.index;
    },
    update,
    fold(now) {
      if (now === narrow) return;
      narrow = now;
      groups.forEach((one, i) => {
        one.element.open = !now || i === 0;
      });
    },
  };
}
