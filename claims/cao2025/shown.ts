/** Where claims are measured and stories open: light, so that a page's thread may have it. */

/** Cao et al. 2025, Theorem 2: from xT at time T toward the one training point x0, for a time s. */
export const T = 2;
export const X0 = 1.5;
export const S = 1;
