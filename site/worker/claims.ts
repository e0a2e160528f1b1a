import { type Engine, VkernelError } from "../../src/index.js";
import type { Bench } from "../../claims/bench.js";
import { judge } from "../../claims/held.js";
import { loadCards } from "../../claims/cards.js";
import { makeEngine } from "./engine.js";
import type { Reply, Request } from "./protocol.js";
import type { Room, RoomContext } from "./room.js";

/** Measures the cards of stories, on an engine of its own: the stage goes on meanwhile. */
export class Claims implements Room {
  readonly #context: RoomContext;
  #engine: Promise<Engine> | undefined;

  constructor(context: RoomContext) {
    this.#context = context;
  }

  async answer(request: Request, signal: AbortSignal, progress: (share: number) => void): Promise<Reply> {
    if (request.kind !== "claim" && request.kind !== "error")
      throw new VkernelError("E_UNSUPPORTED", { message: `no card answers "${request.kind}"` });
    const cards = await loadCards(request.story);
    if (cards === undefined)
      throw new VkernelError("E_USAGE", {
        argument: "story",
        message: `there is no story "${request.story}"`,
      });
    const engine = await this.#own();
    const bench: Bench = { engine, seed: request.seed, signal, done: progress };
    if (request.kind === "error") return cards.error(bench);
    const { measures } = cards;
    if (!Object.hasOwn(measures, request.card))
      throw new VkernelError("E_USAGE", {
        argument: "card",
        message: `the story "${request.story}" has no card "${request.card}"`,
      });
    const start = performance.now();
    const verified = judge(await measures[request.card].measure(bench));
    return { ...verified, milliseconds: performance.now() - start };
  }

  /** An engine with the kernels that the stage's has. */
  #own(): Promise<Engine> {
    if (this.#engine !== undefined) return this.#engine;
    const { assets, engine: stage } = this.#context;
    this.#engine = makeEngine(assets, globalThis.crossOriginIsolated === true).then(({ engine }) => {
      if (engine.info.kernels !== "reference" || stage.info.kernels === "reference") return engine;
      engine.close();
      throw new VkernelError("E_IO", {
        message: "The kernels could not be loaded: try again when there is a network.",
      });
    });
    this.#engine.catch(() => {
      this.#engine = undefined;
    });
    return this.#engine;
  }

  dispose(): void {
    this.#engine?.then(
      (engine) => engine.close(),
      () => {},
    );
    this.#engine = undefined;
  }
}
