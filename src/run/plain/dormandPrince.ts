/** Nodes, stages, and the difference of the weights of orders 5 and 4: Dormand and Prince (1980), Table 2. */
const nodes = [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1];
const stages = [
  [],
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
];
const errors = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40];

export interface DormandPrinceOptions {
  readonly from: number;
  readonly to: number;
  readonly rtol: number;
  readonly atol: number;
  /** The size of the first step, and of the one that would come next, without sign. */
  readonly step?: number;
  /** How many of the first coordinates are averaged over; each other one counts by itself. All by default. */
  readonly size?: number;
  /** The most attempts; 100,000 by default. */
  readonly most?: number;
}

/**
 * Integrates dy/dl = slope(y, l) of one particle by the pair of orders 5 and 4 with steps of its own: an error of root mean
 * square above atol + rtol max(|y|, |y_new|) is a step that failed; the next is 0.9 error^(-1/5) times as long, between
 * a fifth and five times.
 *
 * @returns the end, the evaluations (-1 where `most` was not enough) and the step that would come next
 */
export function dormandPrince(
  y: Float64Array,
  slope: (y: Float64Array, l: number) => Float64Array,
  options: DormandPrinceOptions,
): DormandPrinceEnd {
  const work = dormandPrinceSteps(y, options);
  let next = work.next();
  while (!next.done) next = work.next(slope(next.value.y, next.value.l));
  return next.value;
}

export interface DormandPrinceEnd {
  readonly y: Float64Array;
  readonly evaluations: number;
  readonly step: number;
}

/** The same for slopes that come later: it yields the places where it needs one, and is resumed with it. */
export function* dormandPrinceSteps(
  y: Float64Array,
  { from, to, rtol, atol, step = 0.25, size = y.length, most = 100_000 }: DormandPrinceOptions,
): Generator<{ readonly y: Float64Array; readonly l: number }, DormandPrinceEnd, Float64Array> {
  const direction = Math.sign(to - from);
  if (direction === 0) return { y, evaluations: 0, step };
  const combine = (start: Float64Array, h: number, a: readonly number[], k: readonly Float64Array[]) =>
    start.map((value, i) => {
      let sum = 0;
      for (let j = 0; j < a.length; j++) sum += a[j] * k[j][i];
      return value + h * sum;
    });
  let l = from;
  let next = direction * step;
  let failed = false;
  let first = yield { y, l };
  let evaluations = 1;
  for (let attempt = 0; attempt < most; attempt++) {
    const left = to - l;
    const last = Math.abs(next) * 1.000001 >= Math.abs(left);
    const h = last ? left : next;
    const k = [first];
    let end = y;
    for (let s = 1; s < 7; s++) {
      end = combine(y, h, stages[s], k);
      k.push(yield { y: end, l: l + nodes[s] * h });
    }
    evaluations += 6;
    const error = combine(new Float64Array(y.length), h, errors, k);
    let sum = 0;
    let apart = 0;
    for (let i = 0; i < y.length; i++) {
      const scale = atol + rtol * Math.max(Math.abs(y[i]), Math.abs(end[i]));
      const square = (error[i] / scale) ** 2;
      if (i < size) sum += square;
      else apart = Math.max(apart, square);
    }
    const norm = Math.sqrt(Math.max(sum / size, apart));
    const accepted = norm <= 1;
    const grow = Number.isNaN(norm) ? 0.2 : 0.9 * Math.max(norm, 1e-30) ** -0.2;
    const proposed = h * Math.min(failed ? 1 : 5, Math.max(0.2, grow));
    if (!accepted || !last || Math.abs(proposed) > Math.abs(next)) next = proposed;
    failed = !accepted;
    if (!accepted) continue;
    y = end;
    first = k[6];
    l = last ? to : l + h;
    if (last) return { y, evaluations, step: Math.abs(next) };
  }
  return { y, evaluations: -1, step: Math.abs(next) };
}
