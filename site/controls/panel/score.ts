import { estimatorTable, processTable } from "../../state/choices.js";
import { h } from "../dom.js";
import { numberField, toggle } from "../fields.js";
import { type Group, group, numberRow, type Pane, type Row, rowOf, setView, wordRow } from "./row.js";
import { reads, runs, scored, smooths, type When } from "./when.js";

const draws: When = (view, state) => scored(view, state) && reads(view, "draws");
const adds: When = (view, state) => scored(view, state) && reads(view, "noiseTime");

/** The process, the score and what the score depends on; `places` are those that it is the mean of, of a pane. */
export const scoreGroup = (pane: Pane, places: (pane: number) => number): Group =>
  group("Process and score", [
    wordRow(pane, "process", "Process", processTable, () => true),
    wordRow(pane, "estimator", "Score", estimatorTable, scored),
    numberRow(pane, "draws", "Draws R", draws, { whole: true, scale: "log" }),
    numberRow(pane, "noiseTime", "Noise time", adds),
    ...widthRows(pane),
    averaged(pane, places),
  ]);

/** The width of a smoothed score, of its own or by the time. */
const widthRows = (pane: Pane): readonly Row[] => [
  rowOf(
    toggle("Width follows t", (on) => setView(pane, { tau: on ? "tied" : 0.58 })),
    smooths,
    ({ tau }) => tau === "tied",
  ),
  numberRow(
    pane,
    "smoothingKappa",
    "Smoothing \u03ba",
    (view, state) => smooths(view, state) && view.tau === "tied",
  ),
  rowOf(
    numberField("Width \u03c4 / \u03b4", "tau", (tau, transient) => setView(pane, { tau }, transient)),
    (view, state) => smooths(view, state) && view.tau !== "tied",
    ({ tau }) => (tau === "tied" ? 0 : tau),
  ),
];

function averaged(pane: Pane, places: (pane: number) => number): Row {
  const element = h("div", { class: "quiet" });
  return {
    element,
    when: (view, state) => runs(view, state) && places(pane.index) > 0,
    show() {
      element.textContent = `Averaged over ${places(pane.index)} places per particle.`;
    },
  };
}
