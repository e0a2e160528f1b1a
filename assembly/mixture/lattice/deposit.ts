// Masses of points on a lattice: each point gives its weight to 20 nodes an axis by a Gaussian window.
import { EXP2_TABLE, exp2Table } from "../../simd/exp2";
import { madd } from "../../simd/vector";
import { dimOf, firstOf, LARGEST, nodeAt } from "../tree/nodes";
import { BEFORE, TAPS, WINDOW, windowAt } from "./window";

/** Layers of the last axis that a task fills. */
export const SLAB: u32 = 16;

/**
 * The layers SLAB `first` ... of a lattice: x runs fastest, `nx` nodes (a multiple of 8), then y, `ny`. `out` is zero before. `place`:
 * the origin (3 float64) and the inverse spacing. Points are taken in the order of the tree, so what a node gets depends on no task.
 * Scratch: the table of exp2, three windows, a stack of nodes.
 */
export function latticeDeposit<D>(
  first: u32, count: u32, scratch: u32, out: u32, nx: u32, ny: u32, layers: u32, place: u32, window: u32,
  nodes: u32, points: u32, row: u32, M: u32, depth: u32,
): void {
  exp2Table<f64>(scratch);
  const wx = scratch + EXP2_TABLE;
  const wy = wx + WINDOW;
  const wz = wy + WINDOW;
  const stack = wz + WINDOW;
  const D1 = dimOf<D>();
  const last = D1 - 1;
  const per = load<f64>(place, 24);
  const o0 = load<f64>(place);
  const o1 = load<f64>(place, 8);
  const o2 = load<f64>(place, 16);
  const origin = load<f64>(place + 8 * last);
  const line: u32 = 8 * nx;
  const layer: u32 = sizeof<D>() == 4 ? line * ny : sizeof<D>() == 2 ? line : 8;
  for (let task = first; task < first + count; task++) {
    const low = task * SLAB;
    const high = min(low + SLAB, layers);
    let size: u32 = 1;
    store<u32>(stack, 1);
    while (size > 0) {
      size--;
      const id = load<u32>(stack + 4 * size);
      const node = nodeAt(nodes, id);
      // The first node of the least point's window and the last of the largest's, along the last axis.
      const from = <i32>floor((load<f64>(node + 16 * last) - origin) * per) - <i32>BEFORE;
      const to = <i32>floor((load<f64>(node + 16 * last, LARGEST) - origin) * per) + <i32>(TAPS - BEFORE);
      if (from >= <i32>high || to <= <i32>low) continue;
      if (id < (1 << depth)) {
        store<u32>(stack + 4 * size, 2 * id + 1);
        store<u32>(stack + 4 * size, 2 * id, 4);
        size += 2;
        continue;
      }
      const j = id - (1 << depth);
      const end = firstOf(j + 1, depth, M);
      for (let i = firstOf(j, depth, M); i < end; i++) {
        const p = points + 8 * i;
        const at = (load<f64>(p + last * row) - origin) * per;
        const base = <i32>floor(at) - <i32>BEFORE;
        const begin = max(base, <i32>low);
        const stop = min(base + <i32>TAPS, <i32>high);
        if (begin >= stop) continue;
        const weight = load<f64>(p + D1 * row);
        const x = (load<f64>(p) - o0) * per;
        const bx = <u32>floor(x) - BEFORE;
        windowAt(wx, x - floor(x), window, scratch);
        if (sizeof<D>() == 1) {
          for (let g = begin; g < stop; g++) {
            const to = out + 8 * g;
            store<f64>(to, load<f64>(to) + weight * load<f64>(wx + 8 * (g - base)));
          }
        } else {
          const y = (load<f64>(p + row) - o1) * per;
          const by = <u32>floor(y) - BEFORE;
          windowAt(wy, y - floor(y), window, scratch);
          if (sizeof<D>() == 2) {
            for (let g = begin; g < stop; g++) addLine(out + g * layer + 8 * bx, wx, weight * load<f64>(wy + 8 * (g - base)));
          } else {
            const z = (load<f64>(p + 2 * row) - o2) * per;
            windowAt(wz, z - floor(z), window, scratch);
            for (let g = begin; g < stop; g++) {
              const share = weight * load<f64>(wz + 8 * (g - base));
              let to = out + g * layer + by * line + 8 * bx;
              for (let b: u32 = 0; b < TAPS; b++, to += line) addLine(to, wx, share * load<f64>(wy + 8 * b));
            }
          }
        }
      }
    }
  }
}

/** Adds a window times a share to a line of nodes. */
// @ts-ignore: decorator
@inline
function addLine(to: u32, window: u32, share: f64): void {
  const s = f64x2.splat(share);
  for (let o: u32 = 0; o < WINDOW; o += 16) v128.store(to + o, madd<f64>(s, v128.load(window + o), v128.load(to + o)));
}
