/** Numbers as they are read beside charts. */

const MINUS = "−";

/** Up to `digits` significant digits, powers of ten where zeros would hide it. */
export function number(x: number, digits = 4): string {
  if (Number.isNaN(x)) return "–";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : `${MINUS}∞`;
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1e6 || size < 1e-4) {
    const [mantissa, exponent] = x.toExponential(digits - 1).split("e") as [string, string];
    const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
    return `${short}e${Number(exponent)}`.replaceAll("-", MINUS);
  }
  return String(Number(x.toPrecision(digits))).replace("-", MINUS);
}

const counts = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
/** Thousands apart: 20,000. */
export const count = (n: number): string => counts.format(n);

/** 12.3 % */
export const percent = (share: number): string => `${number(100 * share, 3)} %`;
