// A tree over points in one to three dimensions: complete and binary, node i over 2 i and 2 i + 1, the root 1. Node j of level l
// holds the points floor(j M / 2^l) to floor((j + 1) M / 2^l), so no node says where its points are.
//
// Points lie in rows of float64, coordinate by coordinate, `row` bytes apart: D of them, then the weights. Nodes 2 p and 2 p + 1 share a
// record, number for number side by side: least coordinates, largest coordinates, the sums of their weights; 0 and 1 are the first.

/** Bytes of the record of two nodes, and where in it their largest coordinates and their weights are. */
export const PAIR: u32 = 128;
export const LARGEST: u32 = 48;
export const WEIGHT: u32 = 96;

/** Where the numbers of a node begin, 16 bytes apart. */
// @ts-ignore: decorator
@inline
export function nodeAt(nodes: u32, id: u32): u32 {
  return nodes + (id >> 1) * PAIR + (id & 1) * 8;
}

/** The first point of node j of a level. */
// @ts-ignore: decorator
@inline
export function firstOf(j: u32, level: u32, M: u32): u32 {
  return <u32>((<u64>j * M) >> level);
}

/** Coordinates of a type that says how many: u8, u16 or u32 for 1, 2 or 3. */
// @ts-ignore: decorator
@inline
export function dimOf<D>(): u32 {
  return sizeof<D>() == 4 ? 3 : sizeof<D>();
}

// @ts-ignore: decorator
@inline
function swap(points: u32, row: u32, rows: u32, order: u32, i: u32, j: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    const base = points + r * row;
    const kept = load<f64>(base + 8 * i);
    store<f64>(base + 8 * i, load<f64>(base + 8 * j));
    store<f64>(base + 8 * j, kept);
  }
  const index = load<u32>(order + 4 * i);
  store<u32>(order + 4 * i, load<u32>(order + 4 * j));
  store<u32>(order + 4 * j, index);
}

/** The median of three numbers. */
// @ts-ignore: decorator
@inline
function middle(a: f64, b: f64, c: f64): f64 {
  return max(min(a, b), min(max(a, b), c));
}

/**
 * Moves points `from` to `to` (exclusive) so that none before `at` is above it along an axis and none after it below (Hoare's
 * selection). Pivots come from a generator that starts anew in each call, so no order of points is slow and all runs agree.
 */
function select(points: u32, row: u32, rows: u32, order: u32, axis: u32, from: u32, to: u32, at: u32): void {
  const key = points + axis * row;
  let low: i32 = from;
  let high: i32 = to - 1;
  let random: u32 = 0x9e3779b9;
  while (low < high) {
    const span = <u32>(high - low + 1);
    random = random * 1664525 + 1013904223;
    const a = load<f64>(key + 8 * (low + <i32>((<u64>random * span) >> 32)));
    random = random * 1664525 + 1013904223;
    const b = load<f64>(key + 8 * (low + <i32>((<u64>random * span) >> 32)));
    random = random * 1664525 + 1013904223;
    const pivot = middle(a, b, load<f64>(key + 8 * (low + <i32>((<u64>random * span) >> 32))));
    let i = low;
    let j = high;
    while (i <= j) {
      while (load<f64>(key + 8 * i) < pivot) i++;
      while (load<f64>(key + 8 * j) > pivot) j--;
      if (i > j) break;
      swap(points, row, rows, order, i, j);
      i++;
      j--;
    }
    if (<i32>at <= j) high = j;
    else if (<i32>at >= i) low = i;
    else return;
  }
}

/**
 * Nodes `first` ... of a level: their boxes and weights, and where `split`, their points on either side of the middle one along the
 * longest side. Every level needs the one above it to be split.
 */
export function treeNodes(
  first: u32, count: u32, nodes: u32, points: u32, row: u32, order: u32, M: u32, D: u32, level: u32, split: u32,
): void {
  for (let j = first; j < first + count; j++) {
    const from = firstOf(j, level, M);
    const to = firstOf(j + 1, level, M);
    const node = nodeAt(nodes, (1 << level) + j);
    let axis: u32 = 0;
    let longest: f64 = -1;
    for (let d: u32 = 0; d < 3; d++) {
      let least: f64 = 0;
      let largest: f64 = 0;
      if (d < D) {
        const base = points + d * row;
        least = load<f64>(base + 8 * from);
        largest = least;
        for (let i = from + 1; i < to; i++) {
          const x = load<f64>(base + 8 * i);
          if (x < least) least = x;
          if (x > largest) largest = x;
        }
        if (largest - least > longest) {
          longest = largest - least;
          axis = d;
        }
      }
      store<f64>(node + 16 * d, least);
      store<f64>(node + 16 * d, largest, LARGEST);
    }
    let weight: f64 = 0;
    for (let i = from; i < to; i++) weight += load<f64>(points + D * row + 8 * i);
    store<f64>(node, weight, WEIGHT);
    if (split) select(points, row, D + 1, order, axis, from, to, firstOf(2 * j + 1, level + 1, M));
  }
}
