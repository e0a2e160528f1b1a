/** Where claims are measured and stories open: light, so that a page's thread may have it. Chen 2025, Fig. 1 and Sec. 4.2. */

/** Figure 1: the time of all panels and the width of the left one. */
export const TIME = 0.1;
export const WIDTH = 0.58;
/** Figures 2 and 3: tau = Delta - sqrt(kappa t), from t0. */
export const KAPPA = 0.4;
export const T0 = 0.02;
