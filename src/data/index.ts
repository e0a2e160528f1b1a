export { type DataSet, line as lineSet, lShape, polygon, randomOutlier } from "./builtin.js";
export { digits } from "./digits.js";
export type { Mixture, MixtureOptions, Numbers, PointsInput, Precision } from "./mixture.js";
export { type DataSetName, dataSetNames, loadDataSet } from "./sets.js";
