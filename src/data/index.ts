export { classMixture, splitHalves } from "./subsets.js";
export { type DataSet, line as lineSet, lShape, polygon, randomOutlier } from "./builtin.js";
export { digits } from "./digits.js";
export { fashion, fashionClasses } from "./fashion.js";
export type { ImageOptions, PixelRange } from "./images.js";
export type { Mixture, MixtureOptions, Numbers, PointsInput, Precision } from "./mixture.js";
export type { PlaneOptions } from "./plane.js";
export { type DataSetName, type DataSetOptions, dataSetNames, loadDataSet } from "./sets.js";
export {
  checkerboard,
  circle,
  fourPoints,
  linePoints,
  type ShapeOptions,
  spiral,
  swissRoll,
  twoMoons,
  twoPoints,
} from "./shapes.js";
