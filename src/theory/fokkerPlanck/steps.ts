import { kernelScratch } from "../../../bindings/abi.js";
import { TimeSlices } from "../../core/scheduler.js";
import type { Kernels } from "../../core/kernels.js";
import { inWorkspace, type LongCall, type Workspace } from "../../dense/workspace.js";
import {
  diffuseLine,
  type GridPlaces,
  type LineStep,
  lineScratch,
  logDensityStrips,
  tileSide,
  transportLine,
} from "./plain.js";
import type { PlaneLaw } from "./law.js";
import { cellCount, type PlaneGrid } from "../planeGrid.js";

/** What the equations are solved by: one density q and the log density phi of the data on a grid. */
export interface PlaneStepper {
  /** phi <- the log density of the data, up to a constant. */
  density(law: PlaneLaw): Promise<void>;
  /** q <- one step of diffusion and drift along an axis. */
  diffuse(axis: number, step: LineStep, order: 1 | 2): Promise<void>;
  /** q <- one step of transport along an axis. */
  transport(axis: number, step: Omit<LineStep, "lambda">): Promise<void>;
  /** A copy of q, `[ny, nx]`. */
  read(): Float64Array;
}

/** Operations per cell of a diffusion step, which is what work is counted in. */
const DIFFUSION = 60;
const densityWork = (points: number): number => 40 + 2 * points;

/** The work of a run of `steps`. */
export function workOf(grid: PlaneGrid, steps: number, points: number, scored: boolean): number {
  const lines = DIFFUSION * grid.cells.length;
  return cellCount(grid) * steps * (lines + (scored ? densityWork(points) : 0));
}

const placesOf = ({ cells, low, width }: PlaneGrid): GridPlaces => ({
  nx: cells[0],
  ny: cells[1] ?? 1,
  x0: low[0] + 0.5 * width[0],
  hx: width[0],
  y0: cells.length === 2 ? low[1] + 0.5 * width[1] : 0,
  hy: width[1] ?? 1,
});

/** Runs `work` with a stepper that starts at q: kernels, or plain TypeScript where the engine has none. */
export async function withStepper<T>(
  engine: Kernels,
  grid: PlaneGrid,
  q: Float64Array,
  options: LongCall,
  total: number,
  work: (stepper: PlaneStepper) => Promise<T>,
): Promise<T> {
  if (engine.runtime === undefined) return work(new PlainStepper(grid, q, options, total, engine));
  return inWorkspace(engine, options, total, (space) => work(new KernelStepper(space, grid, q)));
}

/** The side of the largest tile of `logDensityTiles`, and its limit on exponents. */
const TILE = 16;
const TILE_REACH = 460;

class KernelStepper implements PlaneStepper {
  readonly #space: Workspace;
  readonly #grid: PlaneGrid;
  readonly #places: GridPlaces;
  /** Numbers from row to row, and rows: whole tiles and strips; no multiple of 512 bytes, lest columns collide in caches. */
  readonly #pitch: number;
  readonly #rows: number;
  /** Vectors of two lines that a strip has. */
  readonly #vectors: number;
  readonly #q: number;
  readonly #phi: number;
  #points = { start: 0, size: 0 };

  constructor(space: Workspace, grid: PlaneGrid, q: Float64Array) {
    this.#space = space;
    this.#grid = grid;
    this.#places = placesOf(grid);
    const { nx, ny } = this.#places;
    const flat = grid.cells.length === 1;
    const whole = Math.ceil(nx / TILE) * TILE;
    this.#pitch = whole % 64 === 0 ? whole + TILE : whole;
    this.#rows = flat ? 2 : Math.ceil(ny / TILE) * TILE;
    this.#vectors = flat ? 1 : 4;
    this.#q = space.zeros(this.#pitch * this.#rows, "density");
    this.#phi = space.zeros(this.#pitch * this.#rows, "log density");
    const view = space.f64(this.#q, this.#pitch * this.#rows);
    for (let j = 0; j < ny; j++) view.set(q.subarray(j * nx, (j + 1) * nx), j * this.#pitch);
  }

  async density(law: PlaneLaw): Promise<void> {
    const { alpha, total, points, logWeights } = law;
    const M = logWeights.length;
    if (this.#points.size < M) {
      if (this.#points.start) this.#space.release(this.#points.start);
      this.#points = { start: this.#space.alloc(3 * M, "points"), size: M };
    }
    const { start } = this.#points;
    const view = this.#space.f64(start, 3 * M);
    view.set(points);
    for (let m = 0; m < M; m++) view[2 * M + m] = logWeights[m] * Math.LOG2E;
    const { nx, ny, x0, hx, y0, hy } = this.#places;
    const tile = tileSide(law, this.#places, TILE, TILE_REACH * Math.LN2);
    const down = this.#grid.cells.length === 1 ? 1 : tile;
    // All points that are left out weigh less than 2^-56 together.
    const floor = Math.clz32(M) - 32 - 56;
    const tiles = Math.ceil(ny / down);
    await this.#space.run(
      "logDensityTiles",
      tiles,
      [
        ...[this.#phi, this.#pitch, Math.ceil(nx / tile), tile, down, x0, hx, y0, hy],
        ...[start, start + 16 * M, M, alpha, Math.LOG2E / (2 * total), floor],
      ],
      {
        work: nx * ny * densityWork(M),
        block: Math.ceil(tiles / 16),
        scratch: kernelScratch.density,
      },
    );
  }

  async diffuse(axis: number, { lambda, score, drift0, drift1 }: LineStep, order: 1 | 2): Promise<void> {
    const { nx, ny } = this.#places;
    const [n, lines] = axis === 0 ? [nx, ny] : [ny, nx];
    const strips = Math.ceil(lines / (2 * this.#vectors));
    await this.#space.run(
      "diffuseStrips",
      strips,
      [
        ...[this.#q, this.#phi, this.#pitch, n, this.#vectors, axis],
        ...[lambda, score, drift0, drift1, order],
      ],
      {
        work: nx * ny * DIFFUSION,
        block: Math.ceil(strips / 16),
        scratch: kernelScratch.diffuse + 6 * 16 * n * this.#vectors,
      },
    );
  }

  async transport(axis: number, { score, drift0, drift1 }: Omit<LineStep, "lambda">): Promise<void> {
    const { nx, ny } = this.#places;
    const [n, lines] = axis === 0 ? [nx, ny] : [ny, nx];
    const strips = Math.ceil(lines / 2);
    await this.#space.run(
      "transportStrips",
      strips,
      [this.#q, this.#phi, this.#pitch, n, axis, score, drift0, drift1],
      { work: nx * ny * DIFFUSION, block: Math.ceil(strips / 16), scratch: 64 * (n + 1) },
    );
  }

  read(): Float64Array {
    const { nx, ny } = this.#places;
    return this.#space.read(this.#q, ny, nx, this.#pitch).data;
  }
}

class PlainStepper implements PlaneStepper {
  readonly #places: GridPlaces;
  readonly #q: Float64Array;
  readonly #phi: Float64Array;
  readonly #options: LongCall;
  readonly #slices: TimeSlices;
  readonly #total: number;
  #done = 0;

  constructor(grid: PlaneGrid, q: Float64Array, options: LongCall, total: number, engine: Kernels) {
    this.#places = placesOf(grid);
    this.#q = q.slice();
    this.#phi = new Float64Array(q.length);
    this.#options = options;
    this.#slices = new TimeSlices(options.signal, () => engine.check());
    this.#total = total;
  }

  #breathe(work: number): Promise<void> | undefined {
    this.#done += work;
    return this.#slices.spend(work)?.then(this.#tell);
  }

  readonly #tell = (): void => {
    const { onProgress } = this.#options;
    if (onProgress) this.#slices.report(() => onProgress(Math.min(this.#done, this.#total), this.#total));
  };

  async density(law: PlaneLaw): Promise<void> {
    const each = densityWork(law.logWeights.length);
    for (const cells of logDensityStrips(this.#phi, law, this.#places)) {
      const wait = this.#breathe(cells * each);
      if (wait) await wait;
    }
  }

  async diffuse(axis: number, step: LineStep, order: 1 | 2): Promise<void> {
    const { nx, ny } = this.#places;
    const [n, lines, stride, next] = axis === 0 ? [nx, ny, 1, nx] : [ny, nx, nx, 1];
    const scratch = lineScratch(n);
    for (let line = 0; line < lines; line++) {
      diffuseLine(this.#q, this.#phi, line * next, stride, n, step, order, scratch);
      const wait = this.#breathe(n * DIFFUSION);
      if (wait) await wait;
    }
  }

  async transport(axis: number, step: Omit<LineStep, "lambda">): Promise<void> {
    const { nx, ny } = this.#places;
    const [n, lines, stride, next] = axis === 0 ? [nx, ny, 1, nx] : [ny, nx, nx, 1];
    const scratch = lineScratch(n);
    for (let line = 0; line < lines; line++) {
      transportLine(this.#q, this.#phi, line * next, stride, n, step, scratch);
      const wait = this.#breathe(n * DIFFUSION);
      if (wait) await wait;
    }
  }

  read(): Float64Array {
    return this.#q.slice();
  }
}
