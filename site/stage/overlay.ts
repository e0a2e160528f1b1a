import type { State } from "../state/state.js";
import type { Client } from "../worker/client.js";
import { viewOf } from "../worker/protocol.js";
import type { PaneView } from "./paneView.js";

/** Arrows and ellipses along a side. */
const SIDE = 20;
/** Where edges end that go on for ever. */
const FAR = 1e3;
/** Fewer trajectories of a run than there could be, where they are asked for while it plays. */
const PLAYING_PATHS = 60;
/** Trajectories that clicks have started; older ones go. */
const MOST_OWN = 12;

/** What lies over the panes and is computed apart from frames: arrows, ellipses, edges, trajectories. */
export class Overlays {
  readonly #client: Client;
  readonly #repaint: () => void;
  /** What a pane's marks are of. */
  readonly #keys = new WeakMap<PaneView, Record<"glyphs" | "edges" | "paths" | "own", string>>();
  /** What is to be brought next. */
  #wish: (() => Promise<void>) | undefined;
  #asking = false;

  constructor(client: Client, repaint: () => void) {
    this.#client = client;
    this.#repaint = repaint;
  }

  /**
   * Brings marks up to date; one request is under way at a time, and the newest wish comes after it.
   *
   * @param state what the session was told: its answers are of that or of something newer, as the page may be already
   * @param points the training points of each pane that it has then
   */
  update(
    panes: readonly PaneView[],
    state: State,
    points: readonly (readonly number[])[],
    playing: boolean,
  ): void {
    panes.forEach((pane, i) => {
      const keys = this.#keys.get(pane) ?? { glyphs: "", edges: "", paths: "", own: "" };
      this.#keys.set(pane, keys);
      const { marks } = pane;
      const { arrows, ellipses, voronoi, trajectories } = pane.view.overlays;
      // What is not shown is not kept: it would be of something else when it is shown again.
      if (!arrows && !ellipses) [marks.glyphs, keys.glyphs] = [undefined, ""];
      if (!voronoi) [marks.edges, keys.edges] = [undefined, ""];
      if (!trajectories || state.tab === "map") [marks.paths, keys.paths] = [undefined, ""];
      const key = runKey(state, i, points);
      if (keys.own === key) return;
      keys.own = key;
      if (marks.own.length === 0) return;
      marks.own = [];
      this.#repaint();
    });
    this.#wish = () => this.#bring([...panes], state, points, playing);
    if (!this.#asking) void this.#work();
  }

  async #work(): Promise<void> {
    this.#asking = true;
    while (this.#wish !== undefined) {
      const wish = this.#wish;
      this.#wish = undefined;
      // What is over the picture may be late; the picture itself says what is wrong.
      await wish().catch(() => {});
    }
    this.#asking = false;
  }

  async #bring(
    panes: readonly PaneView[],
    state: State,
    points: readonly (readonly number[])[],
    playing: boolean,
  ): Promise<void> {
    let changed = false;
    for (const [i, pane] of panes.entries()) {
      const keys = this.#keys.get(pane) as Record<"glyphs" | "edges" | "paths", string>;
      const { overlays } = pane.view;
      const glyphs = JSON.stringify([points[i], viewOf(state, i).process, pane.frame?.t, state.camera]);
      if ((overlays.arrows || overlays.ellipses) && keys.glyphs !== glyphs) {
        const data = await this.#client.call<"glyphs">({ kind: "glyphs", pane: i, side: SIDE });
        pane.marks.glyphs = { data, side: SIDE };
        keys.glyphs = glyphs;
        changed = true;
      }
      const edges = pane.points.join();
      if (overlays.voronoi && keys.edges !== edges) {
        pane.marks.edges = await edgesOf(pane.points);
        keys.edges = edges;
        changed = true;
      }
      const run = runKey(state, i, points);
      const few = pane.marks.paths?.count === PLAYING_PATHS && pane.view.particles > PLAYING_PATHS;
      if (overlays.trajectories && (keys.paths !== run || (few && !playing)) && state.tab !== "map") {
        const some = playing ? { count: PLAYING_PATHS } : {};
        pane.marks.paths = await this.#client.call<"paths">({ kind: "paths", pane: i, ...some });
        keys.paths = run;
        changed = true;
      }
    }
    if (changed) this.#repaint();
  }

  /** Starts a trajectory at a place, from the time that is shown. */
  async start(pane: PaneView, index: number, x: readonly number[], step: number): Promise<void> {
    const paths = await this.#client.call<"paths">({ kind: "paths", pane: index, from: x, step });
    pane.marks.own = [...pane.marks.own, paths].slice(-MOST_OWN);
    this.#repaint();
  }
}

function runKey(state: State, pane: number, points: readonly (readonly number[])[]): string {
  const { quantity: _quantity, overlays: _overlays, ...run } = viewOf(state, pane);
  return JSON.stringify([run, points[pane], state.seed]);
}

/** The edges of the points' Voronoi cells, far beyond any camera: `[count, 4]`. */
async function edgesOf(points: readonly number[]): Promise<Float64Array> {
  const { Delaunay } = await import("d3-delaunay");
  const voronoi = new Delaunay(Float64Array.from(points)).voronoi([-FAR, -FAR, FAR, FAR]);
  const edges: number[] = [];
  const known = new Set<string>();
  const rim = (a: number, b: number): boolean => a === b && Math.abs(a) === FAR;
  for (let m = 0; m < points.length / 2; m++) {
    const cell = voronoi.cellPolygon(m);
    for (let i = 0; i + 1 < (cell?.length ?? 0); i++) {
      const [[x1, y1], [x2, y2]] = [cell[i], cell[i + 1]] as [[number, number], [number, number]];
      if (rim(x1, x2) || rim(y1, y2)) continue;
      // Two cells share an edge: it is drawn once.
      const key = [x1 + x2, y1 + y2].map((sum) => sum.toFixed(6)).join();
      if (known.has(key)) continue;
      known.add(key);
      edges.push(x1, y1, x2, y2);
    }
  }
  return Float64Array.from(edges);
}
