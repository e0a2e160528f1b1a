/** A number of so many digits, without an exponent. */
export const short = (value: number, digits = 3): string =>
  value.toLocaleString("en-US", { maximumSignificantDigits: digits, useGrouping: false });
