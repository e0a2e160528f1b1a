/** Where a value lies between two ends, 0 to 1, by its logarithm. */
export const toLog = (value: number, from: number, to: number): number =>
  Math.log(value / from) / Math.log(to / from);

/** The value at a place between two ends. */
export const fromLog = (place: number, from: number, to: number): number => from * (to / from) ** place;

/** A number as the page shows it: four figures, no more digits than it has. */
export function short(value: number, figures = 4): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6))
    return value.toExponential(Math.max(0, figures - 2)).replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(figures)));
}

/** A count with thin spaces between thousands. */
export const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, "\u2009");
