/** What recipes name, made: processes and grids. */
import {
  edm,
  type Grid,
  karras,
  linear,
  logarithmic,
  ou,
  type Process,
  squareRoot,
  ve,
  vp,
} from "../../src/index.js";
import type { GridName, ProcessName } from "../state/choices.js";
import type { GridRecipe } from "./recipe.js";

const processes: Readonly<Record<ProcessName, () => Process>> = { edm, ve, vp, ou };

export const processOf = (name: ProcessName): Process => processes[name]();

type Ends = Omit<GridRecipe, "name"> & { readonly last: "sigmaMin" };
const grids: Readonly<Record<GridName, (options: Ends) => Grid>> = {
  karras,
  linear,
  logarithmic,
  squareRoot,
};

export const gridOf = ({ name, ...ends }: GridRecipe): Grid => grids[name]({ ...ends, last: "sigmaMin" });

/** The times of a grid, and 0 after them. */
export function timesToZero(recipe: GridRecipe, process: Process): Float64Array {
  const times = gridOf(recipe).times(process);
  const all = new Float64Array(times.length + 1);
  all.set(times);
  return all;
}
