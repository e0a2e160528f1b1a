import { late } from "./load.js";
import { encodeState } from "./state/hash.js";
import type { Store } from "./state/store.js";
import type { Stage } from "./stage/stage.js";
import type { Client } from "./worker/client.js";
import { viewOf } from "./worker/protocol.js";

export type ExportFormat = "png" | "csv" | "npy" | "json" | "node";

export interface ExportSource {
  readonly client: Client;
  /** The stage, where there is one. */
  readonly stage: Stage | undefined;
  picture(): Promise<Blob> | undefined;
  readonly pane: number;
}

const names: Readonly<Record<ExportFormat, string>> = {
  png: "vkernel.png",
  csv: "particles.csv",
  npy: "particles.npy",
  json: "vkernel.json",
  node: "particles.mjs",
};

const files = () => late("The export", () => import("./export/export.js"));

/** What is shown, as files; what writes them loads when it is asked for. */
export class Exporter {
  readonly #store: Store;
  readonly #home: string;

  constructor(store: Store, home: string) {
    this.#store = store;
    this.#home = home;
  }

  async make(format: ExportFormat, source: ExportSource): Promise<Blob> {
    if (!Object.hasOwn(names, format))
      throw new Error(`exportAs expected one of ${Object.keys(names).join(", ")}, got ${format}`);
    if (format === "png") {
      const picture = await source.picture();
      if (picture === undefined) throw new Error("This tab has no picture.");
      return picture;
    }
    const { stage, pane, client } = source;
    const state = this.#store.get();
    const particles = await stage?.getParticles(pane);
    const { csvOf, npyOf, jsonOf } = await files();
    if (format === "json")
      return jsonOf(state, client.engine, `${this.#home}#${encodeState(state)}`, particles);
    const run = stage?.run(pane);
    if (stage === undefined || run === undefined || particles === undefined)
      throw new Error("There are no particles on this tab.");
    if (format === "csv") return csvOf(particles);
    if (format === "npy") return npyOf(particles);
    const { codeOf } = await late("The export", () => import("./export/code.js"));
    const code = codeOf(viewOf(state, pane), run.plan, state.seed, stage.points(pane), {
      step: particles.step,
      t: run.times[particles.step],
    });
    return new Blob([code], { type: "text/javascript" });
  }

  /** Hands a file to the reader, or a program to the clipboard; returns what to say of it. */
  async deliver(format: ExportFormat, blob: Blob): Promise<string | undefined> {
    if (format === "node") {
      try {
        await navigator.clipboard.writeText(await blob.text());
        return "The program is copied: it makes these very particles.";
      } catch {
        // No clipboard here: a file will do.
      }
    }
    const { download } = await files();
    download(blob, names[format]);
    return undefined;
  }
}
