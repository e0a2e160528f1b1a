import { pixelRanges } from "vkernel/internal";
import { choice, numeric, text } from "../option.js";
import { classList } from "../values.js";

/** Which part of labelled data, and how images are scaled. */
const partOptions = {
  classes: { value: "<list>", about: "only points with these labels: 3,8", read: classList },
  pixels: choice("<range>", pixelRanges, "images: unit [0, 1] or symmetric [-1, 1]"),
};

export const dataOptions = {
  labels: text("<file>", "labels of the points of a file, one per point"),
  weights: text("<file>", "weights of the points of a file, one per point"),
  ...partOptions,
  limit: numeric("<bytes>", "the most that the numbers of a file may take in memory", {
    otherwise: "2 GiB, or a quarter of what is free",
  }),
  sigma0: numeric("<width>", "standard deviation of the Gaussian at each training point", { default: 0 }),
  precision: choice("<p>", ["f32", "f64"], "", { default: "f32" }),
};

/** Of `vkernel data`, which says nothing without the name of a set. */
export const setOptions = {
  count: numeric("<n>", "how many points, for sets that are drawn"),
  noise: numeric("<std>", "standard deviation of noise on the points"),
  seed: numeric("<n>", "of a set that is drawn", { otherwise: "0" }),
  ...partOptions,
  out: text("<file>", "write the points, count x dim (.npy, .csv; .npz with the labels)"),
  labels: text("<file>", "write the labels, one per point (.npy, .csv)"),
};
