/**
 * `vkernel/raster`: particles and fields to pixels.
 *
 * @module
 */
export { type Camera, type CameraOptions, camera } from "./camera.js";
export {
  type ColourOptions,
  createRaster,
  type FieldOptions,
  type Particles,
  type Raster,
  type SplatOptions,
} from "./raster.js";
export type { ColourTable, Scale } from "./tables.js";
