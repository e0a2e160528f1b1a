// What a picture of points and samples shows: all of them but what lies far away, which is counted.

/** The share of a table that a frame may leave out at either end of an axis, if it lies far away. */
const FAR_SHARE = 0.02;
/** From this many rows on one of them may be called far. */
const FAR_ROWS = 10;
export interface View {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** What a frame shows of a table of rows, and what it leaves out. */
export interface Left {
  readonly count: number;
  /** The row that is farthest from the frame's middle. */
  readonly farthest: readonly number[] | undefined;
}

const sortedColumn = (table: ArrayLike<number>, width: number, axis: number): Float64Array =>
  Float64Array.from({ length: Math.floor(table.length / width) }, (_, i) => table[width * i + axis]).sort();

/**
 * The ends of one axis that hold all tables but what is far away: of each table at most 2 % at either end (from ten rows on
 * at least one), and only what lies farther from the rest than half of the rest's own extent.
 */
export function robustRange(
  tables: readonly ArrayLike<number>[],
  width: number,
  axis: number,
): [number, number] {
  const columns = tables.map((table) => sortedColumn(table, width, axis)).filter(({ length }) => length > 0);
  if (columns.length === 0) return [0, 0];
  const core = columns.map((column) => {
    const n = column.length;
    const cut = Math.max(n >= FAR_ROWS ? 1 : 0, Math.floor(FAR_SHARE * n));
    return [column[cut], column[n - 1 - cut]] as const;
  });
  const low = Math.min(...core.map(([a]) => a));
  const high = Math.max(...core.map(([, b]) => b));
  const room = 0.5 * (high - low);
  let [least, most] = [low, high];
  for (const column of columns) {
    // Sorted: the first and the last that are near enough.
    const first = column.find((value) => value >= low - room) as number;
    let last = column.length - 1;
    while (last > 0 && column[last] > high + room) last--;
    least = Math.min(least, first);
    most = Math.max(most, column[last]);
  }
  // All but a few in one place: there is no scale but that of the few.
  if (!(most > least)) {
    least = Math.min(...columns.map((column) => column[0]));
    most = Math.max(...columns.map((column) => column.at(-1) as number));
  }
  return [least, most];
}

/** The square that holds points and samples, less what is far away; the same scale on both axes. */
export function commonView(points: ArrayLike<number>, sets: readonly ArrayLike<number>[]): View {
  const [x, y] = [0, 1].map((axis) => robustRange([points, ...sets], 2, axis)) as [
    [number, number],
    [number, number],
  ];
  const largest = Math.max(...x.map(Math.abs), ...y.map(Math.abs));
  // Where all is in one place there is still a frame around it that numbers can tell.
  const half = 0.53 * Math.max(x[1] - x[0], y[1] - y[0], 1e-6 * largest, 1e-12);
  const around = ([low, high]: [number, number]): [number, number] => [
    (low + high) / 2 - half,
    (low + high) / 2 + half,
  ];
  return { x: around(x), y: around(y) };
}

/** What of a table of rows of 2 lies outside the frame. */
export function leftOut(table: ArrayLike<number>, { x, y }: View): Left {
  let count = 0;
  let farthest: readonly number[] | undefined;
  let most = 0;
  const [cx, cy] = [(x[0] + x[1]) / 2, (y[0] + y[1]) / 2];
  for (let i = 0; i + 1 < table.length; i += 2) {
    const [a, b] = [table[i], table[i + 1]];
    if (a >= x[0] && a <= x[1] && b >= y[0] && b <= y[1]) continue;
    count++;
    const distance = Math.hypot(a - cx, b - cy);
    if (distance > most) {
      most = distance;
      farthest = [a, b];
    }
  }
  return { count, farthest };
}

/** The frame of dimension 1: all but what is far away, with some room. */
export function lineView(
  points: ArrayLike<number>,
  sets: readonly ArrayLike<number>[],
): readonly [number, number] {
  const [low, high] = robustRange([points, ...sets], 1, 0);
  const room = Math.max(0.04 * (high - low), 1e-6 * Math.max(Math.abs(low), Math.abs(high)), 1e-12);
  return [low - room, high + room];
}

/** The two coordinates of largest variance, in their own order: what is drawn of more dimensions. */
export function widestAxes(points: ArrayLike<number>, dim: number): [number, number] {
  const size = points.length / dim;
  const variances = Array.from({ length: dim }, (_, axis) => {
    let [mean, square] = [0, 0];
    for (let i = 0; i < size; i++) {
      const step = points[i * dim + axis] - mean;
      mean += step / (i + 1);
      square += step * (points[i * dim + axis] - mean);
    }
    return square;
  });
  const order = variances.map((_, axis) => axis).sort((a, b) => variances[b] - variances[a] || a - b);
  const [first, second] = order.slice(0, 2).sort((a, b) => a - b) as [number, number];
  return [first, second];
}

/** Two coordinates of a table of rows. */
export function twoOf(
  table: ArrayLike<number>,
  dim: number,
  [i, j]: readonly [number, number],
): Float64Array {
  const out = new Float64Array((2 * table.length) / dim);
  for (let row = 0; 2 * row < out.length; row++) {
    out[2 * row] = table[row * dim + i];
    out[2 * row + 1] = table[row * dim + j];
  }
  return out;
}
