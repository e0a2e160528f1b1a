/** Dense algebra for learned scores; not part of the public API. */
export {
  type CholeskyOptions,
  cholesky,
  conditionEstimate,
  type Factorization,
  solveCholesky,
  solveTriangular,
  type TriangularOptions,
} from "./cholesky.js";
export { type Eigen, symmetricEigen } from "./eigen.js";
export {
  type FeatureOptions,
  fourierFeatures,
  type PolynomialOptions,
  polynomialExponents,
  polynomialFeatures,
  rbfFeatures,
} from "./features.js";
export { MAX_ORDER, type Matrix, type RowSource } from "./matrix.js";
export { type NtkCall, type NtkOptions, NtkPoints, ntkDiagonal, ntkGram, ntkPoints } from "./ntk.js";
export {
  crossWeighted,
  gramWeighted,
  type MatmulOptions,
  type MomentOptions,
  matmul,
  normalEquations,
} from "./products.js";
export type { LongCall } from "./workspace.js";
export { type Batch, PerceptronExecutor, type PerceptronPrecision } from "./mlp.js";
