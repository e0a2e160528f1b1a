export type {
  AnisotropicOptions,
  AnisotropicProcess,
  MatrixInput,
  TimeAnisotropicOptions,
} from "./anisotropic.js";
export { type CustomProcessOptions, customProcess } from "./custom.js";
export { type DdpmOptions, type DdpmPosterior, type DdpmProcess, type DdpmSchedule, ddpm } from "./ddpm.js";
export { edm } from "./edm.js";
export { ou } from "./ou.js";
export { type ProcessPreset, processPresets } from "./presets.js";
export type { Process, ProcessMatrices } from "./process.js";
export { type SongVeOptions, songVe } from "./songVe.js";
export { subVp } from "./subVp.js";
export { logSnrAt, timeOfLogSnr, type Translated, translate } from "./translate.js";
export { type SongVpOptions, songVp, type VpOptions, vp } from "./vp.js";
export { ve } from "./ve.js";
