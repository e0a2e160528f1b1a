import { edm, exactScore, type Mixture, varianceFraction } from "vkernel";
import { MAP_TIME } from "./shown.js";

/** Places of the hexagon where the proxy score's variance is looked at. */
export const varianceAtPlaces = [
  { place: "at a training point", x: [1, 0] },
  { place: "halfway between two neighbours", x: [0.75, Math.sqrt(3) / 4] },
  { place: "at the centre", x: [0, 0] },
] as const satisfies readonly { readonly place: string; readonly x: readonly [number, number] }[];

/** tr C of the hexagon under edm at these places, and its share f. */
export const proxyVarianceOf = (
  data: Mixture,
  round: (x: number) => number = (x) => x,
): ReturnType<typeof varianceFraction> =>
  varianceFraction(
    exactScore(data, edm()),
    varianceAtPlaces.map(({ x }) => x.map(round)),
    MAP_TIME,
  );
