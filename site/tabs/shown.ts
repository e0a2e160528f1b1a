import type { Chart } from "../charts/chart.js";
import type { State } from "../state/state.js";
import { type Panel, pictureOf, stackTables, watchScheme, watchSeen } from "./panel.js";

/** A panel of charts: followed by `request` when it comes into view, restyled with the theme, saved as picture and table. */
export class ShownCharts {
  readonly #root: HTMLElement;
  readonly #charts: readonly Chart[];
  readonly #ends: (() => void)[];
  #theme: State["theme"] | undefined;
  #seen = false;

  constructor(root: HTMLElement, charts: readonly Chart[], request: () => void) {
    this.#root = root;
    this.#charts = charts;
    this.#ends = [
      watchSeen(root, (now) => {
        this.#seen = now;
        request();
      }),
      watchScheme(this.#restyle),
    ];
  }

  /** Whether anybody sees it. */
  get seen(): boolean {
    return this.#seen;
  }

  /** Takes a theme in, which may be new. */
  follow({ theme }: State): void {
    if (this.#theme !== undefined && this.#theme !== theme) requestAnimationFrame(this.#restyle);
    this.#theme = theme;
  }

  readonly #restyle = (): void => {
    for (const chart of this.#charts) chart.restyle();
  };

  dispose(): void {
    for (const end of this.#ends) end();
    for (const chart of this.#charts) chart.dispose();
    this.#root.remove();
  }

  /** What a panel saves; `tabled` are the charts whose numbers are in its table. */
  saves(tabled: readonly Chart[] = this.#charts): Required<Pick<Panel, "picture" | "table">> {
    return {
      picture: () => pictureOf(this.#root, this.#charts),
      table: () => stackTables(tabled.map((chart) => [chart.options.caption, chart.table])),
    };
  }
}
