import type { Kinds, Room, RoomContext } from "./room.js";

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
