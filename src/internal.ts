/**
 * `vkernel/internal`: what `vkernel-cli` needs of the library beyond its public names. It has no declarations, no promise and no
 * place in the documentation; `vkernel-cli` of a version depends on `vkernel` of the same.
 */
export { Baseline } from "./baseline/baseline.js";
export { differenceOf, medianOf, type Timing, timingOf } from "./baseline/timing.js";
export { checkInteger, checkWord } from "./core/check.js";
export { inSlices, TimeSlices, unitOfWork } from "./core/scheduler.js";
export { checkClasses, indicesOf, pixelRanges } from "./data/images.js";
export { ntkValue } from "./dense/plain/ntk.js";
export { readOwnDataSet } from "./io/dataset.js";
export { cholesky, multiplyLower, solve } from "./numeric/linear.js";
export { leastOf } from "./numeric/minimize.js";
export { integrate, panels } from "./numeric/panels.js";
export { gaussLegendre } from "./numeric/quadrature.js";
export { normalCdf, normalDensity, normalMass, upperGamma } from "./numeric/special.js";
export { chiSquare, kolmogorov, shareOf } from "./numeric/statistics.js";
export { flowsFor, likelihoodRefusal, listed } from "./sampler/capabilities.js";
export { registry } from "./sampler/registry.js";
export { MAX_MATRIX_DIM } from "./score/evaluate/request.js";
export { matrixQuantities, scalarQuantities } from "./score/field.js";
export { LINEAR_RIDGE } from "./score/learned/linear.js";
export { NTK_RIDGE } from "./score/learned/ntk.js";
export type { Smoother } from "./score/learned/smoother.js";
export { trainingTuples } from "./score/learned/training.js";
export { shrinkingWidth } from "./score/line.js";
export { voronoiCells } from "./theory/voronoi.js";
