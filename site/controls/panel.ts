import {
  type EstimatorName,
  estimatorTable,
  gridTable,
  labelled,
  processTable,
  quantityTable,
  type SetName,
  samplerTable,
  setTable,
} from "../state/choices.js";
import { mostPanes, type Overlays, type State, type View } from "../state/state.js";
import type { Store } from "../state/store.js";
import { viewOf } from "../worker/protocol.js";
import { h, iconButton } from "./dom.js";
import { type Change, choice, type Field, numberField, toggle } from "./fields.js";

const isImages = (set: SetName): boolean => setTable[set].images === true;
const setChoices = labelled(setTable);
const imageNames = setChoices.filter(([set]) => isImages(set));
const setNames = setChoices.filter(([set]) => !isImages(set));
const overlayNames: readonly (readonly [keyof Overlays, string])[] = [
  ["arrows", "Score"],
  ["voronoi", "Cells"],
  ["trajectories", "Paths"],
  ["ellipses", "C"],
];

/** What the panel asks of the rest. */
export interface PanelActions {
  /** The points that a pane shows now, `[count, 2]`. */
  points(pane: number): readonly number[];
  /** Places that the smoothed score there is the mean of, at each particle; 0 where it is none. */
  places(pane: number): number;
  upload(file: File): void;
  openTable(): void;
}

export interface Panel {
  readonly element: HTMLElement;
  /** The pane whose controls these are. */
  readonly pane: number;
  update(state: State): void;
  /** Few controls at once, for narrow places. */
  fold(narrow: boolean): void;
}

type When = (view: View, state: State) => boolean;

const onStage: When = (_, { tab }) => tab === "map" || tab === "particles" || tab === "compare";
const runs: When = (_, { tab }) => tab === "particles" || tab === "compare";
const flows: When = (view, state) => (runs(view, state) || state.tab === "line") && view.estimator !== "kde";

/** Tabs whose scores are what they are, whatever the view asks for. */
const fixed: When = (_, { tab }) => tab === "pde" || tab === "digits";
const smooths: When = (view, state) =>
  state.tab === "line" || state.tab === "digits" || (state.tab !== "pde" && reads(view, "width"));

/** The controls of the view, in groups; each is there only where it changes something. */
export function controlPanel(store: Store, actions: PanelActions): Panel {
  const rows: { row: HTMLElement; when: When; show: (view: View, state: State) => void }[] = [];
  let pane = 0;
  const setView = (patch: Partial<View>, transient = false): void =>
    store.setPane(pane, patch, { transient });

  function add<T>(field: Field<T>, when: When, value: (view: View, state: State) => T): HTMLElement {
    rows.push({ row: field.element, when, show: (view, state) => field.show(value(view, state)) });
    return field.element;
  }
  function of<K extends keyof View>(
    name: K,
    make: (change: Change<View[K]>) => Field<View[K]>,
    when: When,
  ): HTMLElement {
    const field = make((value, transient) => setView({ [name]: value } as Partial<View>, transient));
    return add(field, when, (view) => view[name]);
  }
  const group = (title: string, ...children: HTMLElement[]): HTMLDetailsElement =>
    h("details", { class: "group", open: true }, h("summary", {}, title), ...children);

  const points = h("span", { class: "quiet" });
  const file = h("input", { type: "file", accept: ".csv,.txt,.npy", class: "hidden", tabindex: -1 });
  file.setAttribute("aria-label", "A table of points");
  file.addEventListener("change", () => {
    const [chosen] = file.files ?? [];
    if (chosen) actions.upload(chosen);
    file.value = "";
  });
  const editing = h(
    "div",
    { class: "row buttons" },
    button("Draw", "Points of your own, from those that are shown", () => {
      setView({ set: "own", points: [...actions.points(pane)] });
    }),
    button("Clear", "Takes all points away", () => setView({ set: "own", points: [] })),
    button("Upload", "x and y of each point: .csv or .npy", () => file.click()),
    button("Table", "Points and values as a table", () => actions.openTable()),
    file,
  );
  rows.push({
    row: editing,
    when: (_, { tab }) => tab !== "digits" && tab !== "pde",
    show: () => {
      const count = actions.points(pane).length / 2;
      points.textContent = count > 0 ? `${count} ${count === 1 ? "point" : "points"}` : "";
    },
  });

  const images = choice("Set", imageNames, (set) => setView({ set }));
  const sets = choice("Set", setNames, (set) =>
    setView(
      set === "own" && store.get().view.points.length === 0
        ? { set, points: [...actions.points(pane)] }
        : { set },
    ),
  );
  const data = group(
    "Data",
    add(
      sets,
      (_, { tab }) => tab !== "digits",
      ({ set }) => (isImages(set) ? "polygon" : set),
    ),
    add(
      images,
      (_, { tab, ownImages }) => tab === "digits" && !ownImages,
      ({ set }) => (isImages(set) ? set : "digits"),
    ),
    editing,
  );

  const averaged = h("div", { class: "quiet" });
  rows.push({
    row: averaged,
    when: (view, state) => runs(view, state) && actions.places(pane) > 0,
    show: () => {
      averaged.textContent = `Averaged over ${actions.places(pane)} places per particle.`;
    },
  });
  const tied = toggle("Width follows t", (on) => setView({ tau: on ? "tied" : 0.58 }));
  const process = group(
    "Process and score",
    of(
      "process",
      (change) => choice("Process", labelled(processTable), change),
      () => true,
    ),
    of(
      "estimator",
      (change) => choice("Score", labelled(estimatorTable), change),
      (_, { tab }) => tab !== "pde" && tab !== "digits",
    ),
    of(
      "draws",
      (change) => numberField("Draws R", "draws", change, { whole: true, scale: "log" }),
      (view, state) => !fixed(view, state) && reads(view, "draws"),
    ),
    of(
      "noiseTime",
      (change) => numberField("Noise time", "noiseTime", change),
      (view, state) => !fixed(view, state) && reads(view, "noiseTime"),
    ),
    add(tied, smooths, ({ tau }) => tau === "tied"),
    of(
      "smoothingKappa",
      (change) => numberField("Smoothing \u03ba", "smoothingKappa", change),
      (view, state) => smooths(view, state) && view.tau === "tied",
    ),
    add(
      numberField("Width \u03c4 / \u03b4", "tau", (tau, transient) => setView({ tau }, transient)),
      (view, state) => smooths(view, state) && view.tau !== "tied",
      ({ tau }) => (tau === "tied" ? 0 : tau),
    ),
    averaged,
  );

  const dice = iconButton("dice", "Another seed (S)", () => store.set({ seed: randomSeed() }));
  const seed = numberField("Seed", "seed", (value) => store.set({ seed: value }), {
    whole: true,
    bare: true,
  });
  seed.element.classList.add("seed");
  seed.element.append(dice);
  const run = group(
    "Run",
    of(
      "sampler",
      (change) => choice("Sampler", labelled(samplerTable), change),
      (view, state) => fixed(view, state) || flows(view, state),
    ),
    of(
      "grid",
      (change) => choice("Grid", labelled(gridTable), change),
      (view, state) => state.tab === "digits" || flows(view, state),
    ),
    of("steps", (change) => numberField("Steps", "steps", change, { whole: true, scale: "log" }), flows),
    of(
      "epsilon",
      (change) => numberField("Last time \u03b5", "epsilon", change, { scale: "log" }),
      (_, { tab }) => tab !== "map" && tab !== "pde",
    ),
    of(
      "particles",
      (change) => numberField("Particles", "particles", change, { whole: true, scale: "log" }),
      (_, { tab }) => tab !== "map" && tab !== "digits",
    ),
    add(
      seed,
      (_, { tab }) => tab !== "map",
      (_, state) => state.seed,
    ),
  );

  const overlays = h(
    "div",
    { class: "row switches", role: "group", "aria-label": "Overlays" },
    ...overlayNames.map(([name, label]) => {
      const field = toggle(label, (on) => {
        const old = viewOf(store.get(), pane).overlays;
        setView({ overlays: { ...old, [name]: on } });
      });
      // A map has no run to have paths.
      return add(field, name === "trajectories" ? runs : onStage, (view) => view.overlays[name]);
    }),
  );
  const picture = group(
    "Picture",
    of("quantity", (change) => choice("Colour", labelled(quantityTable), change), onStage),
    overlays,
  );

  const paneList = h("div", { class: "panes", role: "radiogroup", "aria-label": "Pane to change" });
  rows.push({ row: paneList, when: (_, { tab }) => tab === "compare", show: (_, state) => showPanes(state) });
  const groups = [data, process, run, picture];
  const element = h("div", { class: "panel" }, paneList, ...groups);

  function showPanes(state: State): void {
    const count = state.panes.length + 1;
    const names = Array.from({ length: count }, (_, i) => {
      const { estimator } = viewOf(state, i);
      return `${String.fromCharCode(65 + i)} ${estimatorTable[estimator].label}`;
    });
    if (paneList.dataset.names === `${pane}${names.join()}`) return;
    const focused = paneList.contains((paneList.getRootNode() as ShadowRoot).activeElement);
    paneList.dataset.names = `${pane}${names.join()}`;
    const buttons = names.map((name, i) => {
      const one = button(name, `Pane ${String.fromCharCode(65 + i)}`, () => choose(i));
      one.setAttribute("role", "radio");
      one.setAttribute("aria-checked", String(i === pane));
      one.tabIndex = i === pane ? 0 : -1;
      return one;
    });
    const more = iconButton("add", "Another pane", () =>
      store.set({ panes: [...store.get().panes, { estimator: nextEstimator(store.get()) }] }),
    );
    more.toggleAttribute("disabled", count > mostPanes);
    const less = iconButton("no", "Without this pane", () => {
      const { panes } = store.get();
      const rest = panes.filter((_, i) => i !== pane - 1);
      pane = Math.max(0, pane - 1);
      store.set({ panes: rest });
    });
    less.toggleAttribute("disabled", pane === 0);
    paneList.replaceChildren(...buttons, more, less);
    if (focused) buttons[pane]?.focus();
  }
  paneList.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (way === undefined || (event.target as Element).getAttribute("role") !== "radio") return;
    event.preventDefault();
    const count = store.get().panes.length + 1;
    choose((pane + way + count) % count);
  });
  function choose(next: number): void {
    pane = next;
    update(store.get());
  }

  function update(state: State): void {
    if (state.tab !== "compare" || pane > state.panes.length) pane = 0;
    const view = viewOf(state, pane);
    for (const { row, when, show } of rows) {
      const on = when(view, state);
      row.hidden = !on;
      if (on) show(view, state);
    }
    overlays.hidden = !onStage(view, state);
    for (const one of groups)
      one.hidden = [...one.children].slice(1).every((child) => (child as HTMLElement).hidden);
  }

  let narrow: boolean | undefined;
  return {
    element,
    get pane() {
      return pane;
    },
    update,
    fold(now) {
      if (now === narrow) return;
      narrow = now;
      groups.forEach((one, i) => {
        one.open = !now || i === 0;
      });
    },
  };
}

/** Whether the score of a view depends on that. */
const reads = ({ estimator }: View, what: (typeof estimatorTable)[EstimatorName]["reads"]): boolean =>
  estimatorTable[estimator].reads === what;

/** An estimator that no pane has yet. */
function nextEstimator(state: State): EstimatorName {
  const taken = new Set([state.view.estimator, ...state.panes.map(({ estimator }) => estimator)]);
  return (
    (["naive", "smoothed", "kde", "effective", "noiseTime"] as const).find((name) => !taken.has(name)) ??
    "exact"
  );
}

/** Which seed comes next is nobody's business: dice need not be repeatable, the seed that comes of them is. */
export const randomSeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0];

function button(text: string, title: string, onclick: () => void): HTMLButtonElement {
  return h("button", { type: "button", class: "quiet-button", title, onclick }, text);
}
