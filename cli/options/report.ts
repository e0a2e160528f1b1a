import { numeric, text, toggle } from "../option.js";

export const reportOptions = {
  out: text("<file>", "the page (.html); the numbers go to a .json of the same name beside it", {
    required: true,
  }),
  seed: numeric("<n>", "0 to 2^53 - 1", { default: 1 }),
  quick: toggle("small numbers of everything, for a look: figures without verdicts"),
};

export const varianceOptions = {
  ensemble: text("<folder>", "networks of vkernel train polygon: their V-kernel and their laws too"),
};
