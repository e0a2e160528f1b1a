import { quantityTable } from "../../state/choices.js";
import type { Overlays } from "../../state/state.js";
import { viewOf } from "../../worker/protocol.js";
import { h } from "../dom.js";
import { toggle } from "../fields.js";
import { type Group, group, type Pane, type Row, rowOf, rowsIn, setView, wordRow } from "./row.js";
import { onStage, runs } from "./when.js";

const overlayNames: readonly (readonly [keyof Overlays, string])[] = [
  ["arrows", "Score"],
  ["voronoi", "Cells"],
  ["trajectories", "Paths"],
  ["ellipses", "C"],
];

/** What is drawn on the stage. */
export const pictureGroup = (pane: Pane): Group =>
  group("Picture", [wordRow(pane, "quantity", "Colour", quantityTable, onStage), overlayRow(pane)]);

const overlayRow = (pane: Pane): Row =>
  rowsIn(
    h("div", { class: "row switches", role: "group", "aria-label": "Overlays" }),
    overlayNames.map(([name, label]) =>
      rowOf(
        toggle(label, (on) => {
          const { overlays } = viewOf(pane.store.get(), pane.index);
          setView(pane, { overlays: { ...overlays, [name]: on } });
        }),
        // A map has no run to have paths.
        name === "trajectories" ? runs : onStage,
        (view) => view.overlays[name],
      ),
    ),
  );
