import type { Engine } from "../../src/index.js";
import type { Assets, Reply, Request } from "./protocol.js";

/** What a room may use. Its own memory it disposes of itself. */
export interface RoomContext {
  readonly engine: Engine;
  readonly assets: Assets;
  /** What is shown, where a state has come already. */
  readonly state: () => Extract<Request, { kind: "state" }> | undefined;
}

/** Answers requests of some kinds; its code is loaded when the first of them comes. */
export interface Room {
  answer(request: Request, signal: AbortSignal, progress: (share: number) => void): Promise<Reply>;
  dispose(): void;
}

export type Kinds = Exclude<
  Request["kind"],
  "start" | "state" | "frame" | "probe" | "particles" | "paths" | "glyphs" | "cancel" | "ahead" | "stop"
>;
