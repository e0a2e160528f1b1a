export { type CsvColumns, type CsvTable, encodeCsv, type ParseCsvOptions, parseCsv } from "./csv.js";
export {
  type DataFile,
  dataFileEndings,
  type FileChoice,
  isDataFile,
  type NamedBytes,
  npzNames,
  type ReadDataSetOptions,
  readArray,
  readDataSet,
  splitChoice,
} from "./dataset.js";
export { encodeIdx, type IdxArray, type IdxType, parseIdx } from "./idx.js";
export { asTable, encodeNpy, type NpyArray, parseNpy, type Table } from "./npy.js";
export { encodeNpz, type NpzInput, parseNpz } from "./npz.js";
export { encodeSamples, type SamplesInput } from "./samples.js";
