/** The scores that are not the exact one: they load when one of them is chosen. */
export { effectiveSde, naiveScore, piecewiseScore, smoothedScore } from "../../src/index.js";
