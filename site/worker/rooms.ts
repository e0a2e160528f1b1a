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

async function line(context: RoomContext): Promise<Room> {
  return new (await import("./curves.js")).LineRoom(context);
}
async function claims(context: RoomContext): Promise<Room> {
  return new (await import("./claims.js")).Claims(context);
}

async function images(context: RoomContext): Promise<Room> {
  return new (await import("./images.js")).ImageRoom(context);
}

async function density(context: RoomContext): Promise<Room> {
  return new (await import("./density.js")).DensityRoom(context);
}

/** Which room answers what, by the kind of request; kinds of one room have one function. */
export const rooms: Readonly<Partial<Record<Kinds, (context: RoomContext) => Promise<Room>>>> = {
  curves: line,
  flow: line,
  histogram: line,
  claim: claims,
  error: claims,
  densities: density,
  densityParticles: density,
  captureShares: density,
  generatedMasses: density,
  reversal: density,
  ownImages: images,
  imageSet: images,
  imageRun: images,
};
