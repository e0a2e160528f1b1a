/** Colours of marks. Categories are those of Okabe and Ito; each has a shape of its own too. */
export interface Palette {
  readonly ink: string;
  /** Second to it. */
  readonly dim: string;
  /** Behind marks and text, so that they stand out on any field. */
  readonly halo: string;
  readonly point: string;
  readonly sampler: string;
  readonly kernel: string;
  /** A trajectory that was asked for by a click. */
  readonly own: string;
  readonly page: string;
}

const light: Palette = {
  ink: "#1d2428",
  dim: "#5a666d",
  halo: "rgba(255, 255, 255, 0.88)",
  point: "#d55e00",
  sampler: "#007a58",
  kernel: "#0072b2",
  own: "#a8397a",
  page: "#ffffff",
};

const dark: Palette = {
  ink: "#e6eaec",
  dim: "#a3afb6",
  halo: "rgba(13, 17, 20, 0.82)",
  point: "#ff8533",
  sampler: "#4fe0b0",
  kernel: "#7cc4f2",
  own: "#f0a0cc",
  page: "#14181b",
};

/** Marks on a field are those of a dark page: cividis is dark where most of it is. */
export const paletteOf = (isDark: boolean): Palette => (isDark ? dark : light);
