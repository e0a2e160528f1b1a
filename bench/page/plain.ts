/**
 * What a frame costs without kernels: one Euler step of the probability flow (edm, equal weights) of all particles, their
 * counts per pixel, and colours, in one plain loop of the page.
 */
export class PlainLoop {
  readonly #particles: Float64Array;
  readonly #points: Float64Array;
  readonly #weights: Float64Array;
  readonly #counts: Uint32Array;
  readonly #side: number;
  readonly #image: ImageData;
  readonly #context: CanvasRenderingContext2D;

  constructor(points: readonly number[], count: number, side: number) {
    this.#points = Float64Array.from(points);
    this.#weights = new Float64Array(points.length / 2);
    // A spiral over the pane: where particles are does not change what they cost.
    this.#particles = Float64Array.from({ length: 2 * count }, (_, i) => {
      const k = i >> 1;
      const radius = 2 * Math.sqrt(k / count);
      return radius * (i % 2 === 0 ? Math.cos(2.4 * k) : Math.sin(2.4 * k));
    });
    this.#side = side;
    this.#counts = new Uint32Array(side * side);
    this.#image = new ImageData(side, side);
    const canvas = document.createElement("canvas");
    canvas.width = side;
    canvas.height = side;
    this.#context = canvas.getContext("2d") as CanvasRenderingContext2D;
  }

  /** dx/dt = (x - E[x_0 | x]) / t. */
  #slope(x: number, y: number, t: number, out: Float64Array): void {
    const points = this.#points;
    const weights = this.#weights;
    const size = weights.length;
    let least = Number.POSITIVE_INFINITY;
    for (let m = 0; m < size; m++) {
      const dx = x - (points[2 * m] as number);
      const dy = y - (points[2 * m + 1] as number);
      const square = dx * dx + dy * dy;
      weights[m] = square;
      if (square < least) least = square;
    }
    let sum = 0;
    let mx = 0;
    let my = 0;
    const k = -0.5 / (t * t);
    for (let m = 0; m < size; m++) {
      const w = Math.exp(((weights[m] as number) - least) * k);
      sum += w;
      mx += w * (points[2 * m] as number);
      my += w * (points[2 * m + 1] as number);
    }
    out[0] = (x - mx / sum) / t;
    out[1] = (y - my / sum) / t;
  }

  frame(t: number, s: number, table: Uint8ClampedArray<ArrayBuffer>): void {
    const particles = this.#particles;
    const slope = new Float64Array(2);
    const h = s - t;
    for (let i = 0; i < particles.length; i += 2) {
      const x = particles[i] as number;
      const y = particles[i + 1] as number;
      this.#slope(x, y, t, slope);
      particles[i] = x + h * (slope[0] as number);
      particles[i + 1] = y + h * (slope[1] as number);
    }
    const side = this.#side;
    const counts = this.#counts.fill(0);
    const scale = side / 4;
    let peak = 1;
    for (let i = 0; i < particles.length; i += 2) {
      const x = side / 2 + (particles[i] as number) * scale;
      const y = side / 2 - (particles[i + 1] as number) * scale;
      if (x < 0 || y < 0 || x >= side || y >= side) continue;
      const at = Math.floor(y) * side + Math.floor(x);
      const n = (counts[at] as number) + 1;
      counts[at] = n;
      if (n > peak) peak = n;
    }
    const pixels = this.#image.data;
    for (let i = 0; i < counts.length; i++) {
      const level = Math.round(255 * Math.sqrt((counts[i] as number) / peak));
      for (let c = 0; c < 4; c++) pixels[4 * i + c] = table[4 * level + c] as number;
    }
    this.#context.putImageData(this.#image, 0, 0);
  }
}
