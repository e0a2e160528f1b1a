import { type Engine, VkernelError } from "../../src/index.js";
import { load } from "../stories/index.js";
import { type CardContext, judge } from "../stories/story.js";
import { makeEngine } from "./engine.js";
import type { Reply, Request } from "./protocol.js";
import type { Room, RoomContext } from "./rooms.js";

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
    const story = await load(request.story);
    if (story === undefined)
      throw new VkernelError("E_USAGE", {
        argument: "story",
        message: `there is no story "${request.story}"`,
      });
    this.#engine ??= makeEngine(this.#context.assets, globalThis.crossOriginIsolated === true).then(
      ({ engine }) => engine,
    );
    const engine = await this.#engine;
    const context: CardContext = { engine, seed: request.seed, signal, progress };
    if (request.kind === "error") return story.error(context);
    const card = story.cards.find(({ name }) => name === request.card);
    if (card === undefined)
      throw new VkernelError("E_USAGE", {
        argument: "card",
        message: `the story "${request.story}" has no card "${request.card}"`,
      });
    const start = performance.now();
    return judge(await card.measure(context), performance.now() - start);
  }

  dispose(): void {
    void this.#engine?.then((engine) => engine.close());
    this.#engine = undefined;
  }
}
