// Transport of a density along the lines of a grid: no diffusion, neither that of the equation nor one of the scheme's own.
import { turn, turnBack } from "./turn";

/**
 * Carries q along lines of n cells by dq = -d(v q) over one step: strip by strip of 2 lines, in place. At the face between cells
 * k and k + 1 the flow goes score (phi[k + 1] - phi[k]) + drift0 + k drift1 cells in a step.
 *
 * Each face is traced back by the midpoint rule, and a cell gets what lay between the places that its two faces came from: of
 * q linear in each cell, with the slope of its neighbours, cut to keep it from below 0 (a conservative semi-Lagrangian
 * scheme: second order, any step). What leaves one cell enters another, so the mass keeps to rounding, and all parts
 * are sums of numbers that are not negative. Nothing passes the ends.
 *
 * columns 0: lines run along rows of q (`pitch` numbers apart); 1: lines are columns. Scratch: 3 n x 16 + (n + 1) x 16 bytes.
 */
export function transportStrips(
  first: u32, count: u32, scratch: u32, q: u32, phi: u32, pitch: u32, n: u32, columns: u32,
  score: f64, drift0: f64, drift1: f64,
): void {
  const turned = scratch;
  const turnedPhi = turned + n * 16;
  const slopes = turnedPhi + n * 16;
  const flow = slopes + n * 8;
  const source = flow + (n + 1) * 8;
  for (let strip = first; strip < first + count; strip++) {
    const rows = strip * 2 * pitch * 8;
    if (columns) {
      for (let k: u32 = 0; k < n; k++) {
        const o = (k * pitch + strip * 2) * 8;
        v128.store(turned + k * 16, v128.load(q + o));
        v128.store(turnedPhi + k * 16, v128.load(phi + o));
      }
    } else {
      turn(turned, q + rows, pitch * 8, n, 1);
      turn(turnedPhi, phi + rows, pitch * 8, n, 1);
    }
    carry(turned, turnedPhi, n, slopes, flow, source, score, drift0, drift1);
    carry(turned + 8, turnedPhi + 8, n, slopes, flow, source, score, drift0, drift1);
    if (columns) {
      for (let k: u32 = 0; k < n; k++) {
        v128.store(q + (k * pitch + strip * 2) * 8, v128.load(turned + k * 16));
      }
    } else {
      turnBack(q + rows, turned, pitch * 8, n, 1);
    }
  }
}

/** What lies between a and b (0 to 1) of a cell. */
// @ts-ignore: decorator
@inline
function part(value: f64, slope: f64, a: f64, b: f64): f64 {
  return (b - a) * (value + slope * (0.5 * (a + b) - 0.5));
}

/** One line: cell k at q + 16 k. `slopes`: n numbers; `flow` and `source`: n + 1. */
function carry(
  q: u32, phi: u32, n: u32, slopes: u32, flow: u32, source: u32, score: f64, drift0: f64, drift1: f64,
): void {
  for (let k: u32 = 0; k + 1 < n; k++) {
    const rise = load<f64>(phi + 16 * k + 16) - load<f64>(phi + 16 * k);
    store<f64>(flow + 8 * k + 8, score * rise + drift0 + drift1 * <f64>k);
  }
  for (let k: u32 = 0; k < n; k++) {
    let slope = 0.0;
    if (k > 0 && k + 1 < n) {
      slope = 0.5 * (load<f64>(q + 16 * k + 16) - load<f64>(q + 16 * k - 16));
      const most = 2.0 * load<f64>(q + 16 * k);
      slope = max(min(slope, most), -most);
    }
    store<f64>(slopes + 8 * k, slope);
  }
  const end = <f64>n;
  const lastFace = <f64>(n - 1);
  store<f64>(source, 0.0);
  let before = 0.0;
  for (let k: u32 = 1; k < n; k++) {
    const face = <f64>k;
    // The flow half a step back, between the faces there; beyond the outermost it is theirs.
    const middle = max(min(face - 0.5 * load<f64>(flow + 8 * k), lastFace), 1.0);
    const low = min(<u32>middle, n - 2);
    const at = max(low, 1);
    const a = load<f64>(flow + 8 * at);
    const b = load<f64>(flow + 8 * min(at + 1, n - 1));
    const from = face - (a + (b - a) * (middle - <f64>at));
    before = max(min(from, end), before);
    store<f64>(source + 8 * k, before);
  }
  store<f64>(source + 8 * n, end);
  // Cells are written over only when no later one reads them: results go to `flow` first.
  let z0 = 0.0;
  let c0: u32 = 0;
  for (let k: u32 = 0; k < n; k++) {
    const z1 = load<f64>(source + 8 * k + 8);
    const c1 = min(<u32>z1, n - 1);
    const u0 = z0 - <f64>c0;
    const u1 = z1 - <f64>c1;
    const value = load<f64>(q + 16 * c0);
    const slope = load<f64>(slopes + 8 * c0);
    let sum: f64;
    if (c0 === c1) sum = part(value, slope, u0, u1);
    else {
      sum = part(value, slope, u0, 1.0);
      for (let cell = c0 + 1; cell < c1; cell++) sum += load<f64>(q + 16 * cell);
      sum += part(load<f64>(q + 16 * c1), load<f64>(slopes + 8 * c1), 0.0, u1);
    }
    store<f64>(flow + 8 * k, sum);
    z0 = z1;
    c0 = c1;
  }
  for (let k: u32 = 0; k < n; k++) store<f64>(q + 16 * k, load<f64>(flow + 8 * k));
}
