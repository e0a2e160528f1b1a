import { labelled, type SetName, setTable } from "../../state/choices.js";
import { h, quietButton } from "../dom.js";
import { choice } from "../fields.js";
import { type Group, group, type Pane, type Row, rowOf, setView } from "./row.js";
import { outside } from "./when.js";

const isImages = (set: SetName): boolean => setTable[set].images === true;
const setChoices = labelled(setTable);
const imageNames = setChoices.filter(([set]) => isImages(set));
const setNames = setChoices.filter(([set]) => !isImages(set));

/** What the controls of the points ask of the rest. */
export interface PointActions {
  /** The points that a pane shows now, `[count, 2]`. */
  points(pane: number): readonly number[];
  upload(file: File): void;
  openTable(): void;
}

/** The points: a set of them, or the reader's own. */
export const dataGroup = (pane: Pane, actions: PointActions): Group =>
  group("Data", [setRow(pane, actions), imageRow(pane), editing(pane, actions)]);

function setRow(pane: Pane, actions: PointActions): Row {
  const field = choice("Set", setNames, (set) => {
    const first = set === "own" && pane.store.get().view.points.length === 0;
    setView(pane, first ? { set, points: [...actions.points(pane.index)] } : { set });
  });
  return rowOf(field, outside("digits"), ({ set }) => (isImages(set) ? "polygon" : set));
}

const imageRow = (pane: Pane): Row =>
  rowOf(
    choice("Set", imageNames, (set) => setView(pane, { set })),
    (_, { tab, ownImages }) => tab === "digits" && !ownImages,
    ({ set }) => (isImages(set) ? set : "digits"),
  );

function editing(pane: Pane, actions: PointActions): Row {
  const file = h("input", {
    type: "file",
    accept: ".csv,.txt,.npy",
    class: "hidden",
    tabindex: -1,
    "aria-label": "A table of points",
    onchange() {
      const [chosen] = file.files ?? [];
      if (chosen) actions.upload(chosen);
      file.value = "";
    },
  });
  const draw = (): void => setView(pane, { set: "own", points: [...actions.points(pane.index)] });
  return {
    element: h(
      "div",
      { class: "row buttons" },
      quietButton("Draw", draw, { title: "Points of your own, from those that are shown" }),
      quietButton("Clear", () => setView(pane, { set: "own", points: [] }), {
        title: "Takes all points away",
      }),
      quietButton("Upload", () => file.click(), { title: "x and y of each point: .csv or .npy" }),
      quietButton("Table", () => actions.openTable(), { title: "Points and values as a table" }),
      file,
    ),
    when: outside("digits", "pde"),
    show() {},
  };
}
