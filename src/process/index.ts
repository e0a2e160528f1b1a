export { type AnisotropicOptions, anisotropic } from "./anisotropic.js";
export { edm } from "./edm.js";
export { ou } from "./ou.js";
export type { Process } from "./process.js";
export { type SongVpOptions, songVp, type VpOptions, vp } from "./vp.js";
export { ve } from "./ve.js";
