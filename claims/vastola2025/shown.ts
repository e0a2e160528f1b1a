/** Where claims are measured and stories open: light, so that a page's thread may have it. */

/** The time of the map of Figure 1. */
export const MAP_TIME = 0.2;
/** The width at which estimators are compared: there no training point has 0.9 of the posterior between two of them. */
export const GAP_WIDTH = 0.2;
