import {
  ddpm,
  edm,
  type Grid,
  karras,
  linear,
  logarithmic,
  logSnr,
  ou,
  type Process,
  songVe,
  songVp,
  squareRoot,
  subVp,
  timesteps,
  ve,
  vp,
} from "vkernel";

// The processes and the grids that the command line offers, by name. Samplers are those of the library's registry.

const processes = {
  edm: () => edm(),
  ve: () => ve(),
  vp,
  songVp,
  subVp,
  ou: () => ou(),
  songVe: () => songVe(),
  ddpm: (options: Parameters<typeof ddpm>[0]) => ddpm(options),
};
export type ProcessName = keyof typeof processes;
export const processMakers: Readonly<Record<ProcessName, (options: never) => Process>> = processes;

/** Grids between two ends. */
export const endGrids = { karras, logarithmic, linear, squareRoot, logSnr };
const grids = { ...endGrids, timesteps };
/** `times` is made of the times themselves. */
export type GridName = keyof typeof grids | "times";
export const gridMakers: Readonly<Record<keyof typeof grids, (options: never) => Grid>> = grids;

export const namesOf = <K extends string>(table: Readonly<Record<K, unknown>>): K[] =>
  Object.keys(table) as K[];
