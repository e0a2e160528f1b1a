export { type CsvTable, encodeCsv, parseCsv } from "./csv.js";
export { asTable, encodeNpy, type NpyArray, parseNpy, type Table } from "./npy.js";
