/** Colour tables: 256 entries of RGBA, computed once. Fields are opaque; densities are clear where nothing is. */

export type Table = Uint8ClampedArray<ArrayBuffer>;

type Rgb = readonly [number, number, number];
type Rgba = readonly [number, number, number, number];

/** Entries of a table. */
export const LEVELS = 256;

function tableOf(colour: (u: number) => Rgb | Rgba): Table {
  const table = new Uint8ClampedArray(4 * LEVELS);
  for (let i = 0; i < LEVELS; i++) {
    const [r, g, b, a = 255] = colour(i / (LEVELS - 1));
    table.set([r, g, b, a], 4 * i);
  }
  return table;
}

/** A polynomial in u, its coefficients from the constant on. */
const polynomial = (u: number, ...coefficients: number[]): number =>
  coefficients.reduceRight((sum, c) => sum * u + c, 0);

/** Cividis of Nuñez et al. (2018), by the polynomials of d3-scale-chromatic. */
const cividis = (u: number): Rgb => [
  Math.round(polynomial(u, -4.54, -35.34, 2381.73, -6402.7, 7024.72, -2710.57)),
  Math.round(polynomial(u, 32.49, 170.73, 52.82, -131.46, 176.58, -67.37)),
  Math.round(polynomial(u, 81.24, 442.36, -2482.43, 6167.24, -6614.94, 2475.67)),
];

const hex = (text: string): Rgb => [
  Number.parseInt(text.slice(0, 2), 16),
  Number.parseInt(text.slice(2, 4), 16),
  Number.parseInt(text.slice(4, 6), 16),
];

/** ColorBrewer's PuOr of 11, from orange to purple. */
const puOr = "7f3b08b35806e08214fdb863fee0b6f7f7f7d8daebb2abd28073ac5427882d004b"
  .match(/.{6}/g)
  ?.map(hex) as Rgb[];

/** A uniform cubic B-spline through the first and last colour, as d3's rgbBasis. */
function spline(colours: readonly Rgb[], u: number): Rgb {
  const n = colours.length - 1;
  const i = Math.min(n - 1, Math.floor(u * n));
  const t = u * n - i;
  const at = (k: number, channel: number): number => {
    const inside = colours[Math.max(0, Math.min(n, k))];
    if (k >= 0 && k <= n) return inside[channel];
    const next = colours[k < 0 ? 1 : n - 1];
    return 2 * inside[channel] - next[channel];
  };
  const channel = (c: number): number => {
    const [v0, v1, v2, v3] = [at(i - 1, c), at(i, c), at(i + 1, c), at(i + 2, c)];
    const [t2, t3] = [t * t, t * t * t];
    return (
      ((1 - 3 * t + 3 * t2 - t3) * v0 +
        (4 - 6 * t2 + 3 * t3) * v1 +
        (1 + 3 * t + 3 * t2 - 3 * t3) * v2 +
        t3 * v3) /
      6
    );
  };
  return [channel(0), channel(1), channel(2)];
}

/** Through colours at equal distances, in straight lines. */
function ramp(stops: readonly Rgba[], u: number): Rgba {
  const at = u * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(at));
  const [a, b] = [stops[i], stops[i + 1]];
  return a.map((value, c) => value + (at - i) * (b[c] - value)) as unknown as Rgba;
}

/** A density of particles: entry 0 is clear, the first that is not is already visible. */
function density(...stops: Rgba[]): Table {
  const table = tableOf((u) => ramp(stops, u));
  table.fill(0, 0, 4);
  return table;
}

/** Signed numbers run from orange (below) over white to purple (above). */
export const fieldTables = {
  cividis: tableOf(cividis),
  purpleOrange: tableOf((u) => spline(puOr, u)),
} as const;

/** Bluish green for samplers, blue for kernel densities (Okabe and Ito); "bright" on fields and dark pages. */
export const densityTables = {
  sampler: {
    bright: density([0, 190, 140, 150], [60, 226, 178, 235], [222, 255, 240, 255]),
    deep: density([0, 158, 115, 120], [0, 128, 94, 225], [0, 62, 46, 255]),
  },
  kernel: {
    bright: density([70, 160, 225, 150], [120, 196, 244, 235], [228, 245, 255, 255]),
    deep: density([0, 114, 178, 120], [0, 92, 150, 225], [0, 44, 84, 255]),
  },
} as const;

/** Muted colours for Voronoi cells, one per training point in turn. */
const cellColours = {
  light: ["dbe7f0", "f3e3d3", "dcebdf", "efdfe9", "f2ecd0", "dfe9ea", "e6e1f0", "ead9d6"],
  dark: ["22384a", "4a3728", "23402f", "43293c", "454022", "25403f", "352f4a", "472b29"],
} as const;

/** The colour of cell `index`. */
export function cellColour(index: number, dark: boolean): Rgb {
  const colours = cellColours[dark ? "dark" : "light"];
  return hex(colours[index % colours.length] as string);
}
