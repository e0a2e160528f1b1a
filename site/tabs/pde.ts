/** The tab PDE: densities by the Fokker-Planck equations beside particles, what a reverse process generates, and the naive reversal. */
import { Chart, type Layer } from "../charts/chart.js";
import { count, number } from "../charts/format.js";
import type { Table } from "../charts/table.js";
import { messageOf } from "../load.js";
import type { State } from "../state/state.js";
import type { Store } from "../state/store.js";
import type { Client } from "../worker/client.js";
import type {
  CaptureShares,
  Densities,
  DensityStart,
  GeneratedMasses,
  ParticleBins,
  Reversal,
} from "../worker/panels.js";
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

const BINS = 96;
/** Modes that begin smaller than this are rounding, not the density. */
const ROUNDING = 1e-13;
/** Distances below this are rounding. */
const EQUAL = 1e-12;
/** The naive density is shown while it is no larger than this many times the true one. */
const IN_SIGHT = 20;

const startNames: Record<DensityStart, string> = {
  marginal: "the law of the data",
  noise: "N(0, S)",
  normal: "N(0, 1)",
};

export function mount(host: HTMLElement, store: Store, client: Client): Panel {
  adoptStyle(host);
  const root = make("div", "tab-panel");
  const bar = make("div", "panel-bar");
  const horizon = make("input", "");
  [horizon.type, horizon.min, horizon.max, horizon.step] = ["range", "0.25", "4", "0.05"];
  const shown = make("output", "panel-output");
  const horizonField = field("Horizon T*", horizon);
  horizonField.firstElementChild?.append(" = ", shown);
  const select = make("select", "");
  for (const [name, text] of Object.entries(startNames)) {
    const option = make("option", "", text);
    option.value = name;
    select.append(option);
  }
  const status = make("p", "panel-status");
  status.setAttribute("role", "status");
  bar.append(horizonField, field("The reverse process starts from", select), status);
  const notices = make("div", "panel-notices");
  const grid = make("div", "panel-grid is-two");
  const [left, right] = [make("div", "panel-column"), make("div", "panel-column")];
  grid.append(left, right);
  root.append(bar, notices, grid);
  host.append(root);

  const forward = new Chart(left, {
    caption: "Forward",
    unit: "√density over x and t, row by row",
    x: "x",
    height: 116,
    log: true,
    bare: true,
  });
  const backward = new Chart(left, { caption: "Reverse", x: "x", height: 116, log: true, bare: true });
  const density = new Chart(left, { caption: "Density at t", x: "x", height: 168, bare: true });
  const residual = new Chart(left, {
    caption: "Particles minus equation",
    unit: "density",
    x: "x",
    height: 112,
    ends: true,
  });
  const generated = new Chart(right, {
    caption: "Generated law",
    unit: "mass at each point",
    x: "x",
    height: 150,
  });
  const distance = new Chart(right, {
    caption: "Distance from the data",
    unit: "total variation",
    x: "horizon T*",
    height: 150,
    log: true,
    logX: true,
  });
  const captured = new Chart(left, {
    caption: "Capture",
    unit: "share in the cell of its end",
    x: "t (data at the left)",
    height: 150,
    logX: true,
  });
  const growth = new Chart(right, {
    caption: "Naive reversal",
    unit: "growth of each wave number",
    x: "wave number k",
    height: 168,
    log: true,
  });
  const naive = new Chart(right, { caption: "What it makes of the density", x: "x", height: 150 });
  const charts = [forward, backward, density, residual, generated, distance, captured, growth, naive];

  let state: State | undefined;
  let start: DensityStart = "normal";
  let seen = false;
  let busy = 0;
  let densities: Densities | undefined;
  let bins: ParticleBins | undefined;
  let shares: CaptureShares | undefined;
  let masses: GeneratedMasses | undefined;
  let reversal: Reversal | undefined;
  const told = new Map<string, readonly string[]>();
  const tables = new Map<string, Table>();
  const tell = (name: string, list: readonly string[]): void => {
    told.set(name, list);
    showNotices(notices, [...told.values()].flat());
  };
  const counted = (on: boolean): void => {
    busy += on ? 1 : -1;
    root.setAttribute("aria-busy", String(busy > 0));
  };
  const names = ["densities", "particles", "capture", "generated", "reversal"] as const;
  type Name = (typeof names)[number];
  const asks = Object.fromEntries(
    names.map((name) => [name, new Latest(counted, (error) => tell(name, [messageOf(error)]))]),
  ) as Record<Name, Latest>;
  const keys: Record<Name, string> = {
    densities: "",
    particles: "",
    capture: "",
    generated: "",
    reversal: "",
  };

  const ask = (name: Name, key: string, work: (signal: AbortSignal) => Promise<void>): void => {
    if (keys[name] === key) return;
    keys[name] = key;
    asks[name].ask(key, async (signal) => {
      try {
        await work(signal);
      } catch (error) {
        if (keys[name] === key && signal.aborted) keys[name] = "";
        throw error;
      }
    });
  };

  const request = (): void => {
    if (state === undefined || !seen) return;
    const { view, seed, horizon: far } = state;
    const setting = JSON.stringify([
      view.set,
      view.set === "own" ? view.points : 0,
      view.process,
      far,
      start,
    ]);
    const common = { view, horizon: far, start };
    const run = `${setting}${view.sampler}${seed} ${view.particles}`;
    ask("densities", setting + view.sampler, async (signal) => {
      densities = await client.call({ kind: "densities", ...common }, { signal });
      tell("densities", densities.notices);
      backward.say(`${densities.equation} equation`);
      await showMaps();
      await pause();
      showTime();
    });
    ask("particles", run, async (signal) => {
      bins = await client.call(
        { kind: "densityParticles", ...common, seed, particles: view.particles, bins: BINS },
        { signal },
      );
      tell("particles", bins.notices);
      showTime();
    });
    ask("generated", setting, async (signal) => {
      masses = await client.call({ kind: "generatedMasses", ...common }, { signal });
      tell("generated", masses.notices);
      showGenerated();
    });
    ask("capture", run, async (signal) => {
      shares = await client.call(
        { kind: "captureShares", ...common, seed, particles: view.particles },
        { signal },
      );
      tell("capture", []);
      showCapture();
      await pause();
      showGenerated();
    });
    ask("reversal", setting, async (signal) => {
      reversal = await client.call({ kind: "reversal", ...common }, { signal });
      tell("reversal", []);
      showReversal();
    });
  };

  const marksOf = (points: ArrayLike<number>, quiet = true): Layer => ({
    kind: "marks",
    name: "data",
    x: points,
    colour: "points",
    shape: "diamond",
    quiet,
  });

  const showMaps = async (): Promise<void> => {
    const { x, times, points, equation } = densities as Densities;
    const range = rangeOf(x);
    const span: [number, number] = [times.at(-1) as number, times[0]];
    for (const [chart, pixels, values, name] of [
      [forward, densities?.forwardPixels, densities?.forward, "forward"],
      [backward, densities?.backwardPixels, densities?.backward, "reverse"],
    ] as const) {
      await pause();
      tables.set(chart.options.caption, {
        head: ["t", ...thin(x).map((i) => `x = ${number(x[i], 3)}`)],
        rows: Array.from(times, (t, k) => [
          t,
          ...thin(x).map((i) => (values as Float64Array)[k * x.length + i]),
        ]),
      });
      chart.show({
        x,
        xRange: range,
        yRange: span,
        layers: [
          {
            kind: "heat",
            name: "density",
            pixels: pixels as Uint8ClampedArray<ArrayBuffer>,
            width: x.length,
            height: times.length,
            quiet: true,
          },
          marksOf(points, name !== "forward"),
        ],
        description: `Density of ${name === "forward" ? "the forward equation" : `${equation} equation, started from ${startNames[start]}`}, from t = ${number(span[1], 3)} at the top to ${number(span[0], 3)}.`,
        table: tables.get(chart.options.caption) as Table,
      });
    }
  };

  /** What changes with the shared time: rows that have come already. */
  const showTime = (): void => {
    if (densities === undefined || state === undefined) return;
    const { x, times, points } = densities;
    const k = nearestRow(times, state.t);
    const t = times[k];
    const cells = x.length;
    const row = (of: Float64Array): Float64Array => of.subarray(k * cells, (k + 1) * cells);
    const range = rangeOf(x);
    status.textContent = `t = ${number(t, 3)} of ${number(times[0], 3)}`;
    const layers: Layer[] = [];
    const here = bins && sameTimes(bins.times, times) ? bins : undefined;
    let found: Float64Array | undefined;
    if (here) {
      const width = here.edges[1] - here.edges[0];
      found = here.counts.subarray(k * BINS, (k + 1) * BINS).map((hits) => hits / here.particles / width);
      layers.push({ kind: "bars", name: "particles", edges: here.edges, y: found, colour: "particles" });
    }
    layers.push(
      { kind: "curve", name: "forward", y: row(densities.forward), colour: "exact" },
      { kind: "curve", name: "reverse", y: row(densities.backward), colour: "smoothed", marker: "ring" },
      { kind: "curve", name: "exact p(x | t)", y: row(densities.exact), colour: "theory", dash: true },
      marksOf(points),
    );
    tables.set("Density at t", {
      head: ["x", "forward", "reverse", "exact"],
      rows: Array.from(x, (place, i) => [
        place,
        row((densities as Densities).forward)[i],
        row((densities as Densities).backward)[i],
        row((densities as Densities).exact)[i],
      ]),
    });
    const most = Math.max(
      ...[densities.forward, densities.backward].map((of) => row(of).reduce((a, b) => Math.max(a, b), 0)),
    );
    density.show({
      x,
      xRange: range,
      yRange: [0, niceAbove(1.05 * most)],
      layers,
      description: `Densities at t = ${number(t, 3)}: forward, of ${densities.equation} equation, exact, and ${
        here ? `${count(here.particles)} particles` : "no particles yet"
      }. Their masses are ${number(densities.forwardMass[k], 12)} and ${number(densities.backwardMass[k], 12)}.`,
      table: tables.get("Density at t") as Table,
    });
    showResidual(here, found, row(densities.backward), range, k);
    for (const chart of [forward, backward]) chart.mark({ level: t });
    captured.mark({ at: t });
  };

  const showResidual = (
    here: ParticleBins | undefined,
    found: Float64Array | undefined,
    cells: Float64Array,
    range: [number, number],
    k: number,
  ): void => {
    if (here === undefined || found === undefined) return;
    // Cells fill bins evenly: both are of the same line.
    const each = cells.length / BINS;
    const law = found.map((_, b) => {
      let sum = 0;
      for (let i = b * each; i < (b + 1) * each; i++) sum += cells[i];
      return sum / each;
    });
    const width = here.edges[1] - here.edges[0];
    const middles = Float64Array.from(found, (_, b) => here.edges[b] + width / 2);
    const difference = found.map((value, b) => value - law[b]);
    const bound = law.map((value) => {
      const share = Math.min(1, value * width);
      return (2 * Math.sqrt((share * (1 - share)) / here.particles)) / width;
    });
    const top = niceAbove([...difference, ...bound].reduce((a, b) => Math.max(a, Math.abs(b)), 0));
    tables.set("Particles minus equation", {
      head: ["x", "particles", "density", "reverse equation", "difference", "two standard errors"],
      rows: Array.from(middles, (x, b) => [
        x,
        here.counts[k * BINS + b],
        found[b],
        law[b],
        difference[b],
        bound[b],
      ]),
    });
    residual.show({
      x: middles,
      xRange: range,
      yRange: [-top, top],
      layers: [
        { kind: "bars", name: "difference", edges: here.edges, y: difference, colour: "signed" },
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
      ],
      description: "Density of the particles minus that of the reverse equation, bin by bin.",
      table: tables.get("Particles minus equation") as Table,
    });
  };

  const showGenerated = (): void => {
    if (masses === undefined) return;
    const { points, masses: law, weights, errors, totalVariation } = masses;
    const ends = shares && sameTimes(shares.points, points) ? shares.ends : undefined;
    const extent = (points.at(-1) as number) - points[0] || 2;
    const range: [number, number] = [points[0] - 0.2 * extent, (points.at(-1) as number) + 0.2 * extent];
    const n = shares?.particles ?? 1;
    tables.set("Generated law", {
      head: ["x", "Corollary 3.2", "its error", "weight in the data", "particles", "standard error"],
      rows: Array.from(points, (x, m) => [
        x,
        law[m],
        errors[m],
        weights[m],
        ends ? ends[m] : "–",
        ends ? Math.sqrt((law[m] * (1 - law[m])) / n) : "–",
      ]),
    });
    generated.show({
      x: points,
      xRange: range,
      yRange: [0, niceAbove(1.3 * Math.max(...law, ...weights, ...(ends ?? [])))],
      layers: [
        {
          kind: "stems",
          name: "Corollary 3.2",
          x: points,
          y: law,
          colour: "theory",
          shape: "ring",
          theory: true,
        },
        ...(ends
          ? [
              {
                kind: "stems",
                name: shares?.flow ? "particles, of the flow" : "particles",
                x: points,
                y: ends,
                colour: "particles",
                shape: "dot",
              } as const,
            ]
          : []),
        {
          kind: "stems",
          name: "data",
          x: points,
          y: weights,
          colour: "points",
          shape: "diamond",
          faint: true,
        },
      ],
      description: Array.from(
        points,
        (x, m) =>
          `At ${number(x, 3)} the law has ${number(law[m])}, the data ${number(weights[m])}${ends ? `, the particles ${number(ends[m])}` : ""}`,
      ).join("; "),
      table: tables.get("Generated law") as Table,
    });
    const { horizons, distances, horizon: now } = masses;
    // Rounding of masses is no distance.
    const positive = distances.map((value) => (value > EQUAL ? value : Number.NaN));
    tables.set("Distance from the data", {
      head: ["horizon", "total variation"],
      rows: Array.from(horizons, (t, i) => [t, distances[i]]),
    });
    const least = Math.min(...[...positive].filter(Number.isFinite), 1);
    const nothing = !positive.some(Number.isFinite);
    distance.show({
      x: horizons,
      xRange: rangeOf(horizons),
      yRange: [10 ** Math.floor(Math.log10(least)), 1],
      layers: [{ kind: "curve", name: "Corollary 3.2", y: positive, colour: "exact", marker: "dot" }],
      at: now,
      description: `Total variation of the generated law from the data: ${number(totalVariation)} at T* = ${number(now, 3)}.`,
      table: tables.get("Distance from the data") as Table,
      ...(nothing ? { empty: "It is the law of the data, to rounding, at every horizon." } : {}),
    });
  };

  const showCapture = (): void => {
    const { times, inFinalCell, settled, inFinalCellTheory, settledTheory, particles, error } =
      shares as CaptureShares;
    const layers: Layer[] = [
      { kind: "curve", name: "in it", y: inFinalCell, colour: "particles", marker: "dot" },
      { kind: "curve", name: "to stay", y: settled, colour: "exact", marker: "square" },
    ];
    for (const [y, name] of [
      [inFinalCellTheory, "theory"],
      [settledTheory, "theory, to stay"],
    ] as const) {
      if (y) layers.push({ kind: "curve", name, y, colour: "theory", dash: true, quiet: name !== "theory" });
    }
    tables.set("Capture", {
      head: ["t", "in its final cell", "standard error", "theory", "to stay", "theory"],
      rows: Array.from(times, (t, k) => [
        t,
        inFinalCell[k],
        error[k],
        inFinalCellTheory ? inFinalCellTheory[k] : "–",
        settled[k],
        settledTheory ? settledTheory[k] : "–",
      ]),
    });
    const ascending = (y: Float64Array): Float64Array => y.slice().reverse();
    captured.show({
      x: ascending(times),
      xRange: [times.at(-1) as number, times[0]],
      yRange: [0, 1.05],
      layers: layers.map((layer) =>
        layer.kind === "curve" ? { ...layer, y: ascending(layer.y as Float64Array) } : layer,
      ),
      ...(state && { at: state.t }),
      description: `Share of ${count(particles)} particles in the Voronoi cell of the point that they end on, and to stay there.`,
      table: tables.get("Capture") as Table,
    });
  };

  const showReversal = (): void => {
    const {
      times,
      waveNumbers,
      amplitudes,
      growth: law,
      gridGrowth,
      fineCells,
      scales,
      x,
      densities: made,
      truth,
      stopped,
    } = reversal as Reversal;
    const n = waveNumbers.length;
    const largest = (values: Float64Array, k: number): number =>
      values.subarray(k * n, (k + 1) * n).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const from = largest(amplitudes, 0);
    // While nothing is larger than the density itself, its own modes are right to rounding.
    let last = 1;
    while (last + 1 < times.length && largest(made, last + 1) < IN_SIGHT * largest(truth, last + 1)) last++;
    last = Math.min(last, times.length - 1);
    const rows = [last - 6, last - 3, last].filter((k) => k > 0);
    // Modes that the density has: of symmetric data every other one is rounding.
    const modes = Array.from(waveNumbers.keys()).filter((j) => Math.abs(amplitudes[j]) > ROUNDING * from);
    const waves = Float64Array.from(modes, (j) => waveNumbers[j]);
    const of = (list: Float64Array, k: number): Float64Array =>
      Float64Array.from(modes, (j) => list[k * n + j]);
    const measured = (k: number): Float64Array =>
      Float64Array.from(modes, (j) => Math.abs(amplitudes[k * n + j] / amplitudes[j]));
    const end = times[0];
    const shapes = ["dot", "square", "triangle"] as const;
    const colours = ["exact", "smoothed", "piecewise"] as const;
    const taken = (k: number): string => `s = ${number(end - times[k], 2)}`;
    const layers: Layer[] = rows.flatMap((k, i): Layer[] => [
      {
        kind: "curve",
        name: taken(k),
        y: measured(k),
        colour: colours[i] as "exact",
        marker: shapes[i] as "dot",
      },
      {
        kind: "curve",
        name: "on this grid",
        y: of(gridGrowth, k),
        colour: "muted",
        dash: true,
        quiet: i > 0,
      },
      { kind: "curve", name: "theory", y: of(law, k), colour: "theory", dash: true, quiet: i > 0 },
    ]);
    const most = rows.reduce((sum, k) => measured(k).reduce((a, b) => Math.max(a, b), sum), 10);
    const halt =
      stopped === undefined
        ? ""
        : ` On ${fineCells} cells the run is stopped at t = ${number(stopped.time, 3)}, before overflow: amplitudes have reached ${number(stopped.largest, 2)}.`;
    tables.set("Naive reversal", {
      head: ["k", ...rows.flatMap((k) => [`growth, ${taken(k)}`, "theory", "theory on this grid"])],
      rows: modes.map((j, i) => [
        waveNumbers[j],
        ...rows.flatMap((k) => [measured(k)[i], law[k * n + j], gridGrowth[k * n + j]]),
      ]),
    });
    growth.show({
      x: waves,
      xRange: [0, (waves.at(-1) as number) || 1],
      yRange: [0.5, 10 ** Math.ceil(1.2 * Math.log10(most))],
      layers,
      description: `Growth of each wave number of the naive reversal against exp(k² v / 2), v the variance taken back.${halt}`,
      table: tables.get("Naive reversal") as Table,
    });
    const scale = scales[last];
    const places = x.map((value) => value * scale);
    const row = (of: Float64Array): Float64Array => of.slice(last * n, (last + 1) * n);
    const top = niceAbove(Math.max(largest(made, last), largest(truth, last)));
    tables.set("What it makes of the density", {
      head: ["x", "naive reversal", "exact"],
      rows: Array.from(places, (place, i) => [place, row(made)[i], row(truth)[i]]),
    });
    naive.say(
      `at t = ${number(times[last], 3)}${
        stopped === undefined
          ? ""
          : `; on ${fineCells} cells stopped at t = ${number(stopped.time, 3)}, at ${number(stopped.largest, 1)}`
      }`,
    );
    naive.show({
      x: places,
      xRange: rangeOf(places),
      yRange: [-top, top],
      layers: [
        { kind: "curve", name: "naive reversal", y: row(made), colour: "smoothed" },
        { kind: "curve", name: "exact", y: row(truth), colour: "theory", dash: true },
      ],
      description: `The density by the naive reversal at t = ${number(times[last], 3)}, from ${number(end, 3)}.${halt}`,
      table: tables.get("What it makes of the density") as Table,
    });
  };

  horizon.addEventListener("input", () => {
    shown.textContent = horizon.value;
    store.set({ horizon: horizon.valueAsNumber }, { transient: true });
  });
  horizon.addEventListener("change", () => store.set({ horizon: horizon.valueAsNumber }));
  select.addEventListener("change", () => store.set({ reverseStart: select.value as DensityStart }));
  const restyle = (): void => {
    for (const chart of charts) chart.restyle();
  };
  const ends = [
    watchSeen(root, (now) => {
      seen = now;
      request();
    }),
    watchScheme(restyle),
  ];
  let theme: State["theme"] | undefined;
  let t: number | undefined;

  const update = (next: State): void => {
    state = next;
    const { process } = next.view;
    const limit = process === "ou" || process === "vp" ? "normal" : "noise";
    start = next.reverseStart === "auto" ? limit : next.reverseStart;
    select.value = start;
    if (!isFocused(horizon)) horizon.value = String(next.horizon);
    shown.textContent = number(next.horizon, 3);
    if (theme !== undefined && theme !== next.theme) requestAnimationFrame(restyle);
    theme = next.theme;
    request();
    if (t !== next.t && seen) showTime();
    t = next.t;
  };

  return {
    update,
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

const rangeOf = (x: ArrayLike<number>): [number, number] => [x[0], x[x.length - 1]];

/** A dozen places of a long list. */
const thin = (x: ArrayLike<number>): number[] =>
  Array.from({ length: 12 }, (_, i) => Math.round(((i + 0.5) * x.length) / 12));

/** The row whose time is nearest to t in its logarithm. */
function nearestRow(times: Float64Array, t: number): number {
  let best = 0;
  for (let k = 1; k < times.length; k++) {
    const away = (i: number): number => Math.abs(Math.log(times[i] / t));
    if (away(k) < away(best)) best = k;
  }
  return best;
}

const sameTimes = (a: Float64Array, b: Float64Array): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);
