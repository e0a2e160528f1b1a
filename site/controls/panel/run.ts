import { gridTable, samplerTable } from "../../state/choices.js";
import { iconButton } from "../dom.js";
import { numberField } from "../fields.js";
import { type Group, group, numberRow, type Pane, type Row, rowOf, wordRow } from "./row.js";
import { fixed, flows, outside } from "./when.js";

/** The sampler, its steps, and what it begins with. */
export const runGroup = (pane: Pane): Group =>
  group("Run", [
    wordRow(
      pane,
      "sampler",
      "Sampler",
      samplerTable,
      (view, state) => fixed(view, state) || flows(view, state),
    ),
    wordRow(pane, "grid", "Grid", gridTable, (view, state) => state.tab === "digits" || flows(view, state)),
    numberRow(pane, "steps", "Steps", flows, { whole: true, scale: "log" }),
    numberRow(pane, "epsilon", "Last time \u03b5", outside("map", "pde"), {
      scale: "log",
    }),
    numberRow(pane, "particles", "Particles", outside("map", "digits"), {
      whole: true,
      scale: "log",
    }),
    seedRow(pane),
  ]);

function seedRow({ store }: Pane): Row {
  const seed = numberField("Seed", "seed", (value) => store.set({ seed: value }), {
    whole: true,
    bare: true,
  });
  seed.element.classList.add("seed");
  seed.element.append(iconButton("dice", "Another seed (S)", () => store.set({ seed: randomSeed() })));
  return rowOf(seed, outside("map"), (_, state) => state.seed);
}

/** Which seed comes next is nobody's business: dice need not be repeatable, the seed that comes of them is. */
export const randomSeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0];
