/** The tab 1-D: density, scores, flow and particles on a line, each beside its theory. */
import { estimatorTable } from "../state/choices.js";
import { type State, scoreOf, type View } from "../state/state.js";
import type { Store } from "../state/store.js";
import type { Client } from "../worker/client.js";
import type { Curves, Flow, Histogram } from "../worker/panels.js";
import { Asks } from "./asks.js";
import { type Charts, chartsIn } from "./line/charts.js";
import { controls } from "./line/controls.js";
import { densityOf, scoresOf } from "./line/curves.js";
import { flowOf, pathsOf } from "./line/flow.js";
import { binnedOf, particlesOf, residualOf, whereOf } from "./line/histogram.js";
import { adoptStyle, make, type Panel, pause } from "./panel.js";
import { ShownCharts } from "./shown.js";

const PLACES = 401;
const FLOW_PLACES = 241;
const PATHS = 48;
const BINS = 96;

export const mount = (host: HTMLElement, store: Store, client: Client): Panel =>
  new LinePanel(host, store, client);

class LinePanel implements Panel {
  readonly picture: () => Promise<Blob>;
  readonly table: () => (string | number)[][];
  readonly #client: Client;
  readonly #controls: ReturnType<typeof controls>;
  readonly #charts: Charts;
  readonly #shown: ShownCharts;
  readonly #asks: Asks<"curves" | "flow" | "histogram">;
  #state: State | undefined;

  constructor(host: HTMLElement, store: Store, client: Client) {
    adoptStyle(host);
    this.#client = client;
    this.#controls = controls(store, (why) => this.#asks.tell("points", why));
    const notices = make("div", "panel-notices");
    const [left, right] = [make("div", "panel-column"), make("div", "panel-column")];
    const grid = make("div", "panel-grid is-two", [left, right]);
    const root = make("div", "tab-panel", [this.#controls.bar, notices, grid]);
    host.append(root);
    this.#charts = chartsIn(left, right);
    this.#asks = new Asks(root, notices);
    const all = Object.values(this.#charts);
    this.#shown = new ShownCharts(root, all, () => this.#request());
    // Trajectories have a table of their own, of a hundred columns.
    const { picture, table } = this.#shown.saves(all.filter((chart) => chart !== this.#charts.paths));
    this.picture = picture;
    this.table = table;
  }

  update(next: State): void {
    this.#state = next;
    this.#controls.update(next);
    this.#shown.follow(next);
    this.#request();
  }

  dispose(): void {
    this.#asks.stop();
    this.#shown.dispose();
  }

  /** Asks for what the state needs and nobody has asked for yet, while somebody sees it. */
  #request(): void {
    if (this.#state === undefined || !this.#shown.seen) return;
    const { view, seed, t } = this.#state;
    const { set, points, process, start, epsilon, tau, smoothingKappa, sampler, grid, steps } = view;
    const own = set === "own" ? points : 0;
    const problem = JSON.stringify([set, own, process, start, epsilon, tau, smoothingKappa]);
    const run = JSON.stringify([problem, scoreOf(view), sampler, grid, steps, seed]);
    const client = this.#client;
    this.#asks.ask("curves", problem, String(t), async (signal) => {
      await this.#showCurves(await client.call({ kind: "curves", view, t, places: PLACES }, { signal }));
    });
    this.#asks.ask("histogram", `${run}${view.particles}`, String(t), async (signal) => {
      const request = { kind: "histogram", view, seed, t, bins: BINS } as const;
      await this.#showHistogram(await client.call(request, { signal }), view);
    });
    this.#asks.ask("flow", run, "", async (signal) => {
      const request = { kind: "flow", view, seed, places: FLOW_PLACES, paths: PATHS } as const;
      await this.#showFlow(await client.call(request, { signal }), view);
    });
  }

  async #showCurves(curves: Curves): Promise<void> {
    this.#asks.tell("curves", curves.notices);
    this.#controls.showPoints(curves.points);
    this.#charts.density.show(densityOf(curves));
    await pause();
    this.#charts.scores.show(scoresOf(curves));
  }

  async #showHistogram(histogram: Histogram, { estimator }: View): Promise<void> {
    this.#asks.tell("histogram", histogram.notices);
    const binned = binnedOf(histogram);
    this.#controls.status.textContent = whereOf(histogram);
    this.#charts.particles.show(particlesOf(binned, estimatorTable[estimator].called));
    await pause();
    this.#charts.residual.show(residualOf(binned));
  }

  async #showFlow(flow: Flow, { estimator }: View): Promise<void> {
    this.#asks.tell("flow", flow.notices);
    this.#charts.paths.show(pathsOf(flow, estimator, PATHS));
    await pause();
    this.#charts.flow.show(flowOf(flow, estimator));
  }
}
