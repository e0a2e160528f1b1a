import { numeric, toggle } from "../option.js";

export const claimOptions = {
  all: toggle("every claim of the papers, one after the other"),
  seed: numeric("<n>", "0 to 2^53 - 1", { default: 1 }),
  quick: toggle("small numbers of everything, for a look: figures without a verdict"),
};
