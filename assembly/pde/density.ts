// The log density of a noised mixture on a grid, tile by tile.
import { exp2, exp2Table } from "../simd/exp2";
import { c, log, logTable } from "../simd/elementary";

/** Bytes of scratch that `logDensityTiles` needs: coefficients, factors along x, the sums of 16 x 16 cells. */
export const DENSITY_SCRATCH: u32 = 2496;

const LOG_AT: u32 = 192;
const FACTORS_AT: u32 = 320;
const SUMS_AT: u32 = 448;

/**
 * out[j][i] = ln sum_m w_m exp(-|x_ij - alpha mu_m|^2 / (2 V)) at centres x0 + i hx, y0 + j hy of `tilesX` tiles of tx x ty
 * cells (tx 1, 2, 4, 8 or 16) in each of `count` rows of tiles from row `first` on; `pitch` numbers from one row of
 * cells to the next. `points` [M][2] and `lw` (log2 of the weights) are float64; k = log2(e) / (2 V). The same constant
 * is left out everywhere.
 *
 * In a tile all weights are taken relative to the point r that weighs most at its centre, where the log of a relative
 * weight is linear in x and y: its values are products of one factor per column and one per row, each a geometric series.
 * The caller takes tiles so small that k alpha |mu - r| . (tx - 1, ty - 1) h stays below 460, so nothing that counts
 * over- or underflows. Points whose relative weight stays below 2^floor in the whole tile are left out.
 */
export function logDensityTiles(
  first: u32, count: u32, scratch: u32, out: u32, pitch: u32, tilesX: u32, tx: u32, ty: u32,
  x0: f64, hx: f64, y0: f64, hy: f64, points: u32, lw: u32, M: u32, alpha: f64, k: f64, floor: f64,
): void {
  exp2Table<f64>(scratch);
  logTable(scratch + LOG_AT);
  const pairs: u32 = (tx + 1) >> 1;
  const rowBytes: u32 = pairs * 16;
  const halfX = 0.5 * hx * <f64>(tx - 1);
  const halfY = 0.5 * hy * <f64>(ty - 1);
  const minusHalfV = -k * 0.6931471805599453;
  for (let row = first; row < first + count; row++) {
    const bottom = y0 + hy * <f64>(row * ty);
    const yc = bottom + halfY;
    for (let tile: u32 = 0; tile < tilesX; tile++) {
      const left = x0 + hx * <f64>(tile * tx);
      const xc = left + halfX;
      let best: u32 = 0;
      let most = -Infinity;
      for (let m: u32 = 0; m < M; m++) {
        const dx = xc - alpha * load<f64>(points + m * 16);
        const dy = yc - alpha * load<f64>(points + m * 16, 8);
        const value = load<f64>(lw + m * 8) - k * (dx * dx + dy * dy);
        if (value > most) {
          most = value;
          best = m;
        }
      }
      const rx = alpha * load<f64>(points + best * 16);
      const ry = alpha * load<f64>(points + best * 16, 8);
      const rw = load<f64>(lw + best * 8);
      // The point itself weighs 1 everywhere.
      const sums = scratch + SUMS_AT;
      for (let o: u32 = 0; o < rowBytes * ty; o += 16) v128.store(sums + o, c(1.0));
      for (let m: u32 = 0; m < M; m++) {
        if (m === best) continue;
        const mx = alpha * load<f64>(points + m * 16);
        const my = alpha * load<f64>(points + m * 16, 8);
        // log2 of the relative weight: (mu - r) . (2 x - r - mu) k, which does not cancel far from the data.
        const ax = 2.0 * k * (mx - rx);
        const ay = 2.0 * k * (my - ry);
        const centre = load<f64>(lw + m * 8) - rw
          + 0.5 * (ax * (2.0 * xc - rx - mx) + ay * (2.0 * yc - ry - my));
        if (centre + abs(ax) * halfX + abs(ay) * halfY < floor) continue;
        const alongX = exp2<f64>(f64x2(-ax * halfX, ax * hx), scratch);
        const start = max(min(centre - ay * halfY, 1000.0), -1023.0);
        const alongY = exp2<f64>(f64x2(start, ay * hy), scratch);
        // Columns 0 and 1, then by steps of two.
        const lowest = f64x2.extract_lane(alongX, 0);
        const ratio = f64x2.extract_lane(alongX, 1);
        let factor = f64x2(lowest, lowest * ratio);
        const step = c(ratio * ratio);
        for (let o: u32 = 0; o < rowBytes; o += 16) {
          v128.store(scratch + FACTORS_AT + o, factor);
          factor = f64x2.mul(factor, step);
        }
        let up = f64x2.extract_lane(alongY, 0);
        const rise = f64x2.extract_lane(alongY, 1);
        let sum = sums;
        for (let j: u32 = 0; j < ty; j++) {
          const rowFactor = c(up);
          for (let o: u32 = 0; o < rowBytes; o += 16) {
            const term = f64x2.mul(v128.load(scratch + FACTORS_AT + o), rowFactor);
            v128.store(sum, f64x2.add(v128.load(sum), term));
            sum += 16;
          }
          up *= rise;
        }
      }
      let sum = sums;
      const constant = c(rw * 0.6931471805599453);
      for (let j: u32 = 0; j < ty; j++) {
        const dy = bottom + hy * <f64>j - ry;
        const dy2 = c(dy * dy);
        const target = out + ((row * ty + j) * pitch + tile * tx) * 8;
        for (let p: u32 = 0; p < pairs; p++) {
          const i = <f64>(2 * p);
          const dx = f64x2.sub(f64x2(left + hx * i, left + hx * (i + 1.0)), c(rx));
          const square = f64x2.add(f64x2.mul(dx, dx), dy2);
          const base = f64x2.add(f64x2.mul(c(minusHalfV), square), constant);
          const value = f64x2.add(base, log(v128.load(sum), scratch + LOG_AT));
          if (tx === 1) v128.store64_lane(target, value, 0);
          else v128.store(target + p * 16, value);
          sum += 16;
        }
      }
    }
  }
}
