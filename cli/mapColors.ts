/** The colour schemes of `vkernel map`, by the names of d3-scale-chromatic; the last three have a middle. */
export const colorSchemes = [
  "viridis",
  "magma",
  "inferno",
  "plasma",
  "cividis",
  "turbo",
  "greys",
  "blues",
  "rdbu",
  "puor",
  "brbg",
] as const;

export type ColorScheme = (typeof colorSchemes)[number];

export const isDiverging = (scheme: ColorScheme): boolean => ["rdbu", "puor", "brbg"].includes(scheme);
