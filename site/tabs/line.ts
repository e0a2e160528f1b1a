/** The tab 1-D: density, scores, flow and particles on a line, each beside its theory. */
import { Chart, type Layer } from "../charts/chart.js";
import { count, number } from "../charts/format.js";
import type { Meaning } from "../charts/palette.js";
import type { Table } from "../charts/table.js";
import { messageOf } from "../load.js";
import { type EstimatorName, estimatorTable } from "../state/choices.js";
import { type State, scoreOf, type View } from "../state/state.js";
import type { Store } from "../state/store.js";
import type { Client } from "../worker/client.js";
import type { Curves, Flow, Histogram } from "../worker/panels.js";
import {
  adoptStyle,
  field,
  isFocused,
  Latest,
  make,
  niceAbove,
  pause,
  type Panel,
  pictureOf,
  showNotices,
  stackTables,
  watchScheme,
  watchSeen,
} from "./panel.js";

const PLACES = 401;
const FLOW_PLACES = 241;
const PATHS = 48;
const BINS = 96;
/** Points that are taken from the field. */
const MOST_POINTS = 64;

const colourOf: Partial<Record<EstimatorName, Meaning>> = {
  exact: "exact",
  smoothed: "smoothed",
  piecewise: "piecewise",
};

export function mount(host: HTMLElement, store: Store, client: Client): Panel {
  adoptStyle(host);
  const root = make("div", "tab-panel");
  const bar = make("div", "panel-bar");
  const pointsInput = make("input", "");
  pointsInput.type = "text";
  pointsInput.inputMode = "text";
  pointsInput.autocomplete = "off";
  pointsInput.spellcheck = false;
  const startInput = make("input", "");
  startInput.type = "number";
  startInput.min = "0.0001";
  startInput.max = "80";
  startInput.step = "any";
  const status = make("p", "panel-status");
  status.setAttribute("role", "status");
  bar.append(
    field("Points on the line", pointsInput, true),
    field("Runs start at t\u2080", startInput),
    status,
  );
  const notices = make("div", "panel-notices");
  const grid = make("div", "panel-grid is-two");
  const [left, right] = [make("div", "panel-column"), make("div", "panel-column")];
  grid.append(left, right);
  root.append(bar, notices, grid);
  host.append(root);

  const paths = new Chart(left, {
    caption: "Trajectories",
    unit: "x against the noise level",
    x: "x",
    height: 196,
    bare: true,
  });
  const particles = new Chart(left, {
    caption: "Particles",
    unit: "density",
    x: "x",
    height: 190,
    bare: true,
  });
  const residual = new Chart(left, {
    caption: "Computed minus theory",
    unit: "density",
    x: "x",
    height: 112,
    ends: true,
  });
  const density = new Chart(right, { caption: "Density", unit: "p(x | t)", x: "x", height: 128, bare: true });
  const scores = new Chart(right, { caption: "Score", unit: "s(x, t)", x: "x", height: 172 });
  const flow = new Chart(right, {
    caption: "Flow map",
    unit: "where a place ends",
    x: "x at t\u2080",
    height: 180,
  });
  const charts = [particles, residual, paths, density, scores, flow];

  const told = new Map<string, readonly string[]>();
  const tables = new Map<string, Table>();
  const tell = (name: string, list: readonly string[]): void => {
    told.set(name, list);
    showNotices(notices, [...told.values()].flat());
  };
  let busy = 0;
  const counted = (on: boolean): void => {
    busy += on ? 1 : -1;
    root.setAttribute("aria-busy", String(busy > 0));
  };
  const failed =
    (name: string) =>
    (error: unknown): void =>
      tell(name, [messageOf(error)]);
  const asks = {
    curves: new Latest(counted, failed("curves")),
    flow: new Latest(counted, failed("flow")),
    histogram: new Latest(counted, failed("histogram")),
  };
  const keys = { curves: "", flow: "", histogram: "" };
  let state: State | undefined;
  let seen = false;

  const request = (): void => {
    if (state === undefined || !seen) return;
    const { view, seed, t } = state;
    const problem = JSON.stringify([
      view.set,
      view.set === "own" ? view.points : 0,
      view.process,
      view.start,
      view.epsilon,
      view.tau,
      view.smoothingKappa,
    ]);
    const run = JSON.stringify([problem, scoreOf(view), view.sampler, view.grid, view.steps, seed]);
    ask("curves", problem, String(t), async (signal) => {
      await showCurves(await client.call({ kind: "curves", view, t, places: PLACES }, { signal }));
    });
    ask("histogram", `${run}${view.particles}`, String(t), async (signal) => {
      await showHistogram(
        await client.call({ kind: "histogram", view, seed, t, bins: BINS }, { signal }),
        view,
      );
    });
    ask("flow", run, "", async (signal) => {
      await showFlow(
        await client.call({ kind: "flow", view, seed, places: FLOW_PLACES, paths: PATHS }, { signal }),
        view,
      );
    });
  };
  const ask = (
    name: keyof typeof asks,
    base: string,
    rest: string,
    work: (signal: AbortSignal) => Promise<void>,
  ): void => {
    const key = `${base}|${rest}`;
    if (keys[name] === key) return;
    keys[name] = key;
    asks[name].ask(base, async (signal) => {
      try {
        await work(signal);
      } catch (error) {
        // What failed or was stopped is asked for again when it is wanted again.
        if (keys[name] === key && signal.aborted) keys[name] = "";
        throw error;
      }
    });
  };

  const showCurves = async (reply: Curves): Promise<void> => {
    const { x, points } = reply;
    tell("curves", reply.notices);
    if (!isFocused(pointsInput)) {
      pointsInput.value = Array.from(points, (value) => number(value, 6)).join(", ");
    }
    const range: [number, number] = [x[0], x.at(-1) as number];
    const marks: Layer = { kind: "marks", name: "data", x: points, colour: "points", shape: "diamond" };
    const at = `t = ${number(reply.t, 3)}, noise level ${number(reply.sigma, 3)}`;
    tables.set("Density", {
      head: ["x", "p", "theory", "difference"],
      rows: Array.from(x, (value, i) => {
        const [p, q] = [reply.density[i], reply.densityTheory[i]];
        return [value, p, q, p - q];
      }),
    });
    density.show({
      x,
      xRange: range,
      yRange: [0, niceTop(reply.densityTheory)],
      layers: [
        { kind: "curve", name: "computed", y: reply.density, colour: "exact" },
        { kind: "curve", name: "theory", y: reply.densityTheory, colour: "theory", dash: true },
        marks,
      ],
      description: `Density of the noised data at ${at}: ${count(points.length)} points.`,
      table: tables.get("Density") as Table,
    });
    await pause();
    const inner = (y: ArrayLike<number> | undefined): number => {
      let most = 0;
      for (let i = 0; y && i < x.length; i++) {
        const place = x[i];
        if (place < points[0] || place > (points.at(-1) as number)) continue;
        most = Math.max(most, Math.abs(y[i]));
      }
      return most;
    };
    // The exact score's teeth grow as 1 / S: they may leave the picture, so that the others are seen in it.
    const gentle = Math.max(inner(reply.smoothed), inner(reply.piecewise));
    const steep = Math.max(inner(reply.exact), 1 / reply.sigma);
    const top = niceAbove(gentle > 0 ? Math.min(steep, 6 * gentle) : steep);
    const layers: Layer[] = [{ kind: "curve", name: "exact", y: reply.exact, colour: "exact" }];
    const { smoothed, smoothedTheory, piecewise } = reply;
    if (smoothed) {
      layers.push({ kind: "curve", name: "smoothed", y: smoothed, colour: "smoothed", marker: "ring" });
    }
    if (piecewise) {
      layers.push({ kind: "curve", name: "piecewise", y: piecewise, colour: "piecewise", marker: "square" });
    }
    layers.push({ kind: "curve", name: "theory", y: reply.exactTheory, colour: "theory", dash: true });
    if (smoothedTheory) {
      layers.push({
        kind: "curve",
        name: "theory, smoothed",
        y: smoothedTheory,
        colour: "theory",
        dash: true,
        quiet: true,
      });
    }
    layers.push({ ...marks, quiet: true } as Layer);
    const column = (y: ArrayLike<number> | undefined, i: number): (number | string)[] => (y ? [y[i]] : []);
    tables.set("Score", {
      head: [
        "x",
        "exact",
        "theory",
        ...(smoothed ? ["smoothed", "theory, smoothed"] : []),
        ...(piecewise ? ["piecewise"] : []),
      ],
      rows: Array.from(x, (value, i) => [
        value,
        reply.exact[i],
        reply.exactTheory[i],
        ...column(smoothed, i),
        ...column(smoothedTheory, i),
        ...column(piecewise, i),
      ]),
    });
    scores.show({
      x,
      xRange: range,
      yRange: [-top, top],
      layers,
      description:
        reply.width === undefined
          ? `Exact score at ${at}; nothing is smoothed there.`
          : `Exact, smoothed and piecewise score at ${at}; smoothed over ${number(2 * reply.width, 3)}.`,
      table: tables.get("Score") as Table,
    });
  };

  const residualColumns = ["x", "difference", "two standard errors"];

  const showMassResidual = (
    share: Float64Array,
    theory: Float64Array,
    { points, particles: n }: Histogram,
    range: [number, number],
  ): void => {
    const difference = share.map((value, k) => value - theory[k]);
    const bound = theory.map((mass) => 2 * Math.sqrt((mass * (1 - mass)) / n));
    const top = niceAbove(Math.max(...difference.map(Math.abs), ...bound));
    tables.set("Computed minus theory", {
      head: residualColumns,
      rows: Array.from(points, (x, k) => [`mass at ${number(x)}`, difference[k], bound[k]]),
    });
    residual.show({
      x: points,
      xRange: range,
      yRange: [-top, top],
      layers: [
        { kind: "curve", name: "", y: points.map(() => 0), colour: "muted", width: 1, quiet: true },
        {
          kind: "stems",
          name: "two standard errors",
          x: [...points, ...points],
          y: [...bound, ...bound.map((value) => -value)],
          colour: "muted",
          shape: "ring",
          theory: true,
        },
        {
          kind: "marks",
          name: "difference of the masses",
          x: points,
          y: difference,
          colour: "particles",
          shape: "dot",
        },
      ],
      description:
        "Share of the particles on each point minus its mass in theory, beside two standard errors.",
      table: tables.get("Computed minus theory") as Table,
    });
  };

  const showHistogram = async (reply: Histogram, view: View): Promise<void> => {
    tell("histogram", reply.notices);
    const { edges, counts, particles: n, theory, atoms, points } = reply;
    const width = edges[1] - edges[0];
    const middles = Float64Array.from(counts, (_, i) => edges[i] + width / 2);
    const found = Float64Array.from(counts, (hits) => hits / n / width);
    const law = theory && Float64Array.from(theory, (mass) => mass / width);
    const error = theory && Float64Array.from(theory, (mass) => Math.sqrt((mass * (1 - mass)) / n) / width);
    const range: [number, number] = [edges[0], edges.at(-1) as number];
    const layers: Layer[] = [{ kind: "bars", name: "particles", edges, y: found, colour: "particles" }];
    if (law)
      layers.push({ kind: "curve", name: `theory: ${reply.law}`, y: law, colour: "theory", dash: true });
    if (atoms) {
      if (atoms.theory) {
        layers.push({
          kind: "stems",
          name: "its theory",
          x: points,
          y: atoms.theory,
          colour: "theory",
          shape: "ring",
          theory: true,
          own: true,
        });
      }
      layers.push({
        kind: "stems",
        name: "mass on a point",
        x: points,
        y: atoms.share,
        colour: "particles",
        shape: "dot",
        own: true,
      });
    }
    layers.push({ kind: "marks", name: "data", x: points, colour: "points", shape: "diamond", quiet: true });
    const on = atoms ? Array.from(points, (x, k) => [x, atoms.share[k], atoms.theory?.[k]] as const) : [];
    tables.set("Particles", {
      head: ["x", "particles", "density", "theory", "difference", "standard error"],
      rows: [
        ...on.map(([x, share, mass]) => [
          `atom at ${number(x)}`,
          Math.round(share * n),
          share,
          mass ?? "–",
          mass === undefined ? "–" : share - mass,
          mass === undefined ? "–" : Math.sqrt((mass * (1 - mass)) / n),
        ]),
        ...Array.from(middles, (x, i) => [
          x,
          counts[i],
          found[i],
          law ? law[i] : "–",
          law ? found[i] - law[i] : "–",
          error ? error[i] : "–",
        ]),
      ],
    });
    const where = `t = ${number(reply.t, 3)}, step ${reply.step} of ${reply.steps}`;
    status.textContent = where;
    const atomWords = on
      .map(([x, share, mass]) => {
        const said = mass === undefined ? "" : ` (theory ${number(mass)})`;
        return `${number(share)} at ${number(x)}${said}`;
      })
      .join(", ");
    particles.show({
      x: middles,
      xRange: range,
      yRange: [0, Math.max(niceTop(found), niceTop(law ?? found))],
      layers,
      description: `${count(n)} particles of the ${estimatorTable[view.estimator].called} at ${where}, ${
        reply.outside === 0 ? "all in sight" : `${count(reply.outside)} out of sight`
      }.${atomWords === "" ? "" : ` Mass on the points: ${atomWords}.`}`,
      table: tables.get("Particles") as Table,
    });
    await pause();
    // Where the law has all of its mass on the points, no density is left to compare.
    if (atoms?.theory && law?.every((value) => value === 0)) {
      showMassResidual(atoms.share, atoms.theory, reply, range);
      return;
    }
    const difference = law && found.map((value, i) => value - law[i]);
    const bound = error?.map((value) => 2 * value);
    let most = 0;
    for (const list of [difference, bound])
      for (const value of list ?? []) most = Math.max(most, Math.abs(value));
    const top = niceAbove(most);
    tables.set("Computed minus theory", {
      head: residualColumns,
      rows: difference ? Array.from(middles, (x, i) => [x, difference[i], (bound as Float64Array)[i]]) : [],
    });
    residual.show({
      x: middles,
      xRange: range,
      yRange: [-top, top],
      layers:
        difference && bound
          ? [
              { kind: "bars", name: "difference", edges, y: difference, colour: "signed" },
              { kind: "curve", name: "two standard errors", y: bound, colour: "muted", dash: true, width: 1 },
              {
                kind: "curve",
                name: "",
                y: bound.map((v) => -v),
                colour: "muted",
                dash: true,
                width: 1,
                quiet: true,
              },
            ]
          : [],
      description: "Density of the particles minus that of the law, bin by bin, beside two standard errors.",
      table: tables.get("Computed minus theory") as Table,
      ...(difference ? {} : { empty: "No closed form is known for this run." }),
    });
  };

  const showFlow = async (reply: Flow, view: View): Promise<void> => {
    tell("flow", reply.notices);
    const { from, points } = reply;
    const range: [number, number] = [from[0], from.at(-1) as number];
    const colour = colourOf[view.estimator] ?? "particles";
    const name = estimatorTable[view.estimator].called;
    const marks: Layer = { kind: "marks", name: "data", x: points, colour: "points", shape: "diamond" };
    paths.show({
      x: from,
      xRange: range,
      yRange: [0, reply.sigmas[0] || 1],
      layers: [{ kind: "bundle", name, x: reply.paths, y: reply.sigmas, count: PATHS, colour }, marks],
      description: `${PATHS} trajectories of the ${name} from noise level ${number(reply.sigmas[0], 3)} to 0.`,
      table: {
        head: ["t", "noise level", ...Array.from({ length: PATHS }, (_, p) => `path ${p + 1}`)],
        rows: Array.from(reply.times, (t, i) => [
          t,
          reply.sigmas[i],
          ...Array.from(reply.paths.subarray(i * PATHS, (i + 1) * PATHS)),
        ]),
      },
    });
    await pause();
    const layers: Layer[] = [
      { kind: "curve", name: "exact score", y: reply.exact, colour: "exact" },
      { kind: "curve", name: "its quantiles", y: reply.exactTheory, colour: "muted", dash: true },
    ];
    if (reply.chosen) {
      layers.push(
        reply.random
          ? { kind: "marks", name, x: from, y: reply.chosen, colour, shape: "dot" }
          : {
              kind: "curve",
              name,
              y: reply.chosen,
              colour,
              marker: view.estimator === "piecewise" ? "square" : "ring",
            },
      );
    }
    if (reply.closedForm) {
      layers.push({
        kind: "curve",
        name: "smoothed, closed form",
        y: reply.closedForm,
        colour: "theory",
        dash: true,
      });
    }
    layers.push({ ...marks, quiet: true } as Layer);
    tables.set("Flow map", {
      head: [
        "x at start",
        "exact score",
        "quantiles",
        ...(reply.chosen ? [name] : []),
        ...(reply.closedForm ? ["closed form"] : []),
      ],
      rows: Array.from(from, (x, i) => [
        x,
        reply.exact[i],
        reply.exactTheory[i],
        ...(reply.chosen ? [reply.chosen[i]] : []),
        ...(reply.closedForm ? [reply.closedForm[i]] : []),
      ]),
    });
    const extent = (points.at(-1) as number) - points[0] || 1;
    flow.show({
      x: from,
      xRange: range,
      yRange: [points[0] - 0.15 * extent, (points.at(-1) as number) + 0.15 * extent],
      layers,
      description: `Where places at t = ${number(reply.times[0], 3)} end at t = 0.`,
      table: tables.get("Flow map") as Table,
    });
  };

  pointsInput.addEventListener("change", () => {
    const parsed = parsePoints(pointsInput.value);
    const wrong = typeof parsed === "string";
    pointsInput.setAttribute("aria-invalid", String(wrong));
    tell("points", wrong ? [parsed] : []);
    if (!wrong) store.set({ view: { set: "own", points: parsed.flatMap((x) => [x, 0]) } });
  });
  startInput.addEventListener("change", () => {
    const start = Number(startInput.value);
    if (start > 0) store.set({ view: { start } });
    else startInput.value = String(store.get().view.start);
  });
  const ends = [
    watchSeen(root, (now) => {
      seen = now;
      request();
    }),
    watchScheme(() => restyle()),
  ];
  const restyle = (): void => {
    for (const chart of charts) chart.restyle();
  };
  let theme: State["theme"] | undefined;

  return {
    update(next) {
      state = next;
      if (!isFocused(startInput)) startInput.value = String(next.view.start);
      if (theme !== undefined && theme !== next.theme) requestAnimationFrame(restyle);
      theme = next.theme;
      request();
    },
    dispose() {
      for (const end of ends) end();
      for (const one of Object.values(asks)) one.stop();
      for (const chart of charts) chart.dispose();
      root.remove();
    },
    picture: () => pictureOf(root, charts),
    table: () => stackTables(charts.map(({ options }) => [options.caption, tables.get(options.caption)])),
  };
}

/** Numbers between commas, blanks or semicolons; or why they are none. */
export function parsePoints(text: string): number[] | string {
  const words = text
    .replaceAll("\u2212", "-")
    .split(/[\s,;]+/)
    .filter((word) => word !== "");
  if (words.length === 0) return "Give at least one number.";
  if (words.length > MOST_POINTS) return `At most ${MOST_POINTS} points, these are ${words.length}.`;
  const numbers = words.map(Number);
  const wrong = numbers.findIndex((x) => !Number.isFinite(x) || Math.abs(x) > 1e3);
  if (wrong >= 0) return `"${words[wrong]}" is no number from \u22121000 to 1000.`;
  return numbers;
}

const maxOf = (y: ArrayLike<number>): number => {
  let most = 0;
  for (let i = 0; i < y.length; i++) if (y[i] > most) most = y[i];
  return most;
};
const niceTop = (y: ArrayLike<number>): number => niceAbove(1.05 * maxOf(y));
