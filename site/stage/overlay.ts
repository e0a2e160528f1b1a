import type { State } from "../state/state.js";
import type { Client } from "../worker/client.js";
import type { PaneView } from "./paneView.js";

/** Arrows and ellipses along a side. */
const SIDE = 20;
/** Where edges end that go on for ever. */
const FAR = 1e3;
/** Trajectories that clicks have started; older ones go. */
const MOST_OWN = 12;

/** What lies over the panes and is computed apart from frames: arrows, ellipses, edges, trajectories. */
export class Overlays {
  readonly #client: Client;
  readonly #repaint: () => void;
  readonly #keys: Record<"glyphs" | "edges" | "paths" | "own", string>[] = [];
  #asking = false;

  constructor(client: Client, repaint: () => void) {
    this.#client = client;
    this.#repaint = repaint;
  }

  /** Brings marks up to date with what the panes show; one request is under way at a time. */
  update(panes: readonly PaneView[], state: State, playing: boolean): void {
    panes.forEach((pane, i) => {
      this.#keys[i] ??= { glyphs: "", edges: "", paths: "", own: "" };
      const key = this.#runKey(pane, state);
      if (this.#keys[i]?.own !== key) {
        pane.marks.own = [];
        (this.#keys[i] as { own: string }).own = key;
      }
    });
    if (this.#asking) return;
    void this.#bring(panes, state, playing);
  }

  async #bring(panes: readonly PaneView[], state: State, playing: boolean): Promise<void> {
    this.#asking = true;
    try {
      let changed = false;
      for (const [i, pane] of panes.entries()) {
        const keys = this.#keys[i] as Record<"glyphs" | "edges" | "paths" | "own", string>;
        const { overlays } = pane.view;
        const points = pane.points.join();
        const glyphs = JSON.stringify([points, pane.view.process, pane.frame?.t, state.camera]);
        if ((overlays.arrows || overlays.ellipses) && keys.glyphs !== glyphs) {
          const data = await this.#client.call<"glyphs">({ kind: "glyphs", pane: i, side: SIDE });
          pane.marks.glyphs = { data, side: SIDE };
          keys.glyphs = glyphs;
          changed = true;
        }
        if (overlays.voronoi && keys.edges !== points) {
          pane.marks.edges = await edgesOf(pane.points);
          keys.edges = points;
          changed = true;
        }
        const run = this.#runKey(pane, state);
        if (overlays.trajectories && keys.paths !== run && state.tab !== "map") {
          pane.marks.paths = await this.#client.call<"paths">({
            kind: "paths",
            pane: i,
            count: playing ? 60 : 200,
          });
          keys.paths = run;
          changed = true;
        }
      }
      if (changed) this.#repaint();
    } catch {
      // What is over the picture may be late; the picture itself says what is wrong.
    } finally {
      this.#asking = false;
    }
  }

  #runKey(pane: PaneView, state: State): string {
    const { quantity: _quantity, overlays: _overlays, ...run } = pane.view;
    return JSON.stringify([run, pane.points, state.seed]);
  }

  /** Starts a trajectory at a place, from the time that is shown. */
  async start(pane: PaneView, index: number, x: readonly number[], step: number): Promise<void> {
    const paths = await this.#client.call<"paths">({ kind: "paths", pane: index, from: x, step });
    pane.marks.own = [...pane.marks.own, paths].slice(-MOST_OWN);
    this.#repaint();
  }
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
