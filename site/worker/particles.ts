import type { Engine } from "../../src/index.js";
import { camera, createRaster, type Raster } from "../../src/raster/index.js";
import type { State } from "../state/state.js";
import type { Table } from "./colours.js";
import type { Picture, Size } from "./protocol.js";
import type { Run } from "./run.js";

/** At most this many are drawn one by one. */
export const MOST_CIRCLES = 500;
/** A pixel of this many particles has the last colour, at least: few particles are no peak. */
const LEAST_PEAK = 6;

/** Up to so many particles are dots of 2 x 2 pixels: fewer would be dust. Beyond so many pixels all are: dust again. */
const DOTS = 60_000;
const MOST_PIXELS = 900;

/** Particles as a density: the square root of the count of a pixel, through a table. Counted and coloured by kernels. */
export class Density {
  readonly #engine: Engine;
  #raster: Raster | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async draw(
    run: Run,
    view: State["camera"],
    size: Size,
    table: Table,
    buffer: (bytes: number) => ArrayBuffer,
  ): Promise<Picture> {
    const dot = run.count <= DOTS || Math.max(size.width, size.height) > MOST_PIXELS ? 2 : 1;
    const [width, height] = [Math.ceil(size.width / dot), Math.ceil(size.height / dot)];
    const raster = this.#sized(width, height);
    const scale = Math.min(size.width, size.height) / (2 * view.half * dot);
    const look = camera({ center: [view.x, view.y], scale, width, height });
    await raster.splat(run.live ?? run.view(), { camera: look });
    await raster.colour({ table, exposure: Math.max(LEAST_PEAK, raster.peak) });
    const pixels = new Uint8ClampedArray(buffer(4 * width * height));
    raster.copyTo(pixels);
    return { width, height, pixels };
  }

  #sized(width: number, height: number): Raster {
    if (this.#raster?.width !== width || this.#raster.height !== height) {
      this.#raster?.dispose();
      this.#raster = createRaster(this.#engine, { width, height });
    }
    return this.#raster;
  }

  dispose(): void {
    this.#raster?.dispose();
    this.#raster = undefined;
  }
}

/** Particles that a summary looks at. */
const LOOKED_AT = 2000;
/** Particles times points of a summary. */
const WORK = 2e5;

/**
 * What is said of the particles: how many of the first ones lie near a training point, and which point most are nearest to.
 *
 * @param alpha the factor of the points at the time of the particles
 * @param reach how far near is
 */
export function summarize(
  particles: Float32Array,
  points: Float64Array,
  alpha: number,
  reach: number,
): Record<string, number> {
  const size = points.length / 2;
  const count = Math.min(particles.length / 2, LOOKED_AT, Math.max(1, Math.floor(WORK / size)));
  const cells = new Uint32Array(size);
  let near = 0;
  let inside = 0;
  for (let p = 0; p < count; p++) {
    const x = particles[2 * p];
    const y = particles[2 * p + 1];
    let least = Number.POSITIVE_INFINITY;
    let nearest = 0;
    for (let m = 0; m < size; m++) {
      const dx = x - alpha * points[2 * m];
      const dy = y - alpha * points[2 * m + 1];
      const square = dx * dx + dy * dy;
      if (square < least) {
        least = square;
        nearest = m;
      }
    }
    cells[nearest] = cells[nearest] + 1;
    if (least <= reach * reach) near++;
    if (least <= 9 * reach * reach) inside++;
  }
  let top = 0;
  for (let m = 1; m < size; m++) if (cells[m] > cells[top]) top = m;
  return {
    particles: particles.length / 2,
    lookedAt: count,
    reach,
    near: near / count,
    within3: inside / count,
    topPoint: top,
    topShare: cells[top] / count,
    points: size,
  };
}
