/** The tab PDE: densities by the Fokker-Planck equations beside particles, what a reverse process generates, and the naive reversal. */
import { number } from "../charts/format.js";
import type { State } from "../state/state.js";
import type { Store } from "../state/store.js";
import type { Client } from "../worker/client.js";
import type { CaptureShares, Densities, GeneratedMasses, ParticleBins } from "../worker/panels.js";
import { Asks } from "./asks.js";
import { adoptStyle, make, type Panel, pause } from "./panel.js";
import { captureOf } from "./pde/capture.js";
import { chartsIn, type Charts } from "./pde/charts.js";
import { controls, startOf } from "./pde/controls.js";
import { distanceOf, generatedLawOf } from "./pde/generated.js";
import { mapOf } from "./pde/maps.js";
import { growthOf, naiveDensityOf, naiveUnit } from "./pde/reversal.js";
import { densityAt, residualAt, sliceAt } from "./pde/slice.js";
import { ShownCharts } from "./shown.js";

const BINS = 96;

export const mount = (host: HTMLElement, store: Store, client: Client): Panel =>
  new PdePanel(host, store, client);

class PdePanel implements Panel {
  readonly picture: () => Promise<Blob>;
  readonly table: () => (string | number)[][];
  readonly #client: Client;
  readonly #controls: ReturnType<typeof controls>;
  readonly #charts: Charts;
  readonly #shown: ShownCharts;
  readonly #asks: Asks<"densities" | "particles" | "capture" | "generated" | "reversal">;
  #state: State | undefined;
  // What came last of each.
  #densities: Densities | undefined;
  #bins: ParticleBins | undefined;
  #shares: CaptureShares | undefined;
  #masses: GeneratedMasses | undefined;

  constructor(host: HTMLElement, store: Store, client: Client) {
    adoptStyle(host);
    this.#client = client;
    this.#controls = controls(store);
    const notices = make("div", "panel-notices");
    const [left, right] = [make("div", "panel-column"), make("div", "panel-column")];
    const grid = make("div", "panel-grid is-two", [left, right]);
    const root = make("div", "tab-panel", [this.#controls.bar, notices, grid]);
    host.append(root);
    this.#charts = chartsIn(left, right);
    this.#asks = new Asks(root, notices);
    this.#shown = new ShownCharts(root, Object.values(this.#charts), () => this.#request());
    const { picture, table } = this.#shown.saves();
    this.picture = picture;
    this.table = table;
  }

  update(next: State): void {
    const before = this.#state;
    this.#state = next;
    this.#controls.update(next);
    this.#shown.follow(next);
    this.#request();
    if (before?.t !== next.t && this.#shown.seen) this.#showTime();
  }

  dispose(): void {
    this.#asks.stop();
    this.#shown.dispose();
  }

  /** Asks for what the state needs and nobody has asked for yet, while somebody sees it. */
  #request(): void {
    if (this.#state === undefined || !this.#shown.seen) return;
    const { view, seed, horizon } = this.#state;
    const start = startOf(this.#state);
    const points = view.set === "own" ? view.points : 0;
    const setting = JSON.stringify([view.set, points, view.process, horizon, start]);
    const run = `${view.sampler}${seed} ${view.particles}`;
    const common = { view, horizon, start };
    this.#askDensities(setting + view.sampler, common);
    this.#askParticles(setting + run, common, seed);
    this.#askGenerated(setting, common);
    this.#askCapture(setting + run, common, seed);
    this.#askReversal(setting, common);
  }

  #askDensities(key: string, common: Common): void {
    this.#asks.ask("densities", key, "", async (signal) => {
      const densities = await this.#client.call({ kind: "densities", ...common }, { signal });
      this.#densities = densities;
      this.#asks.tell("densities", densities.notices);
      const { forward, backward } = this.#charts;
      backward.say(`${densities.equation} equation`);
      await pause();
      forward.show(mapOf(densities, "forward", common.start));
      await pause();
      backward.show(mapOf(densities, "backward", common.start));
      await pause();
      this.#showTime();
    });
  }

  #askParticles(key: string, common: Common, seed: number): void {
    const { particles } = common.view;
    this.#asks.ask("particles", key, "", async (signal) => {
      const request = { kind: "densityParticles", ...common, seed, particles, bins: BINS } as const;
      this.#bins = await this.#client.call(request, { signal });
      this.#asks.tell("particles", this.#bins.notices);
      this.#showTime();
    });
  }

  #askGenerated(key: string, common: Common): void {
    this.#asks.ask("generated", key, "", async (signal) => {
      this.#masses = await this.#client.call({ kind: "generatedMasses", ...common }, { signal });
      this.#asks.tell("generated", this.#masses.notices);
      this.#showGenerated();
    });
  }

  #askCapture(key: string, common: Common, seed: number): void {
    const { particles } = common.view;
    this.#asks.ask("capture", key, "", async (signal) => {
      const request = { kind: "captureShares", ...common, seed, particles } as const;
      this.#shares = await this.#client.call(request, { signal });
      this.#asks.tell("capture", []);
      this.#charts.captured.show(captureOf(this.#shares, this.#state?.t));
      await pause();
      this.#showGenerated();
    });
  }

  #askReversal(key: string, common: Common): void {
    this.#asks.ask("reversal", key, "", async (signal) => {
      const reversal = await this.#client.call({ kind: "reversal", ...common }, { signal });
      this.#asks.tell("reversal", []);
      const { growth, naive } = this.#charts;
      growth.show(growthOf(reversal));
      naive.say(naiveUnit(reversal));
      naive.show(naiveDensityOf(reversal));
    });
  }

  /** What changes with the shared time: rows that have come already. */
  #showTime(): void {
    if (this.#densities === undefined || this.#state === undefined) return;
    const { forward, backward, density, residual, captured } = this.#charts;
    const slice = sliceAt(this.#densities, this.#bins, this.#state.t);
    const { t } = slice;
    this.#controls.status.textContent = `t = ${number(t, 3)} of ${number(this.#densities.times[0], 3)}`;
    density.show(densityAt(slice));
    const difference = residualAt(slice);
    if (difference) residual.show(difference);
    for (const chart of [forward, backward]) chart.mark({ level: t });
    captured.mark({ at: t });
  }

  #showGenerated(): void {
    if (this.#masses === undefined) return;
    this.#charts.generated.show(generatedLawOf(this.#masses, this.#shares));
    this.#charts.distance.show(distanceOf(this.#masses));
  }
}

/** What every request of the tab has. */
interface Common {
  readonly view: State["view"];
  readonly horizon: number;
  readonly start: ReturnType<typeof startOf>;
}
