export { customFeatures } from "./custom.js";
export type { BoundFeatures, FeatureKernel, FeatureMap, TimeFactor } from "./feature.js";
export {
  type FourierOptions,
  fourierFeatures,
  type GaussFourierOptions,
  gaussFourierFeatures,
} from "./fourier.js";
export { hermiteFeatures, type PolynomialOptions, polynomialFeatures } from "./polynomial.js";
export { type RbfOptions, rbfFeatures } from "./rbf.js";
