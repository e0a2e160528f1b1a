/** How space is looked at: turned about the upright axis and tilted, in radians. */
export interface View {
  readonly turn: number;
  readonly tilt: number;
}

export interface Cloud {
  /** Rows of three. */
  readonly rows: Float32Array;
  readonly colour: readonly [number, number, number];
  /** How much of its colour a pixel takes for each point on it. */
  readonly strength: number;
}

/** Draws clouds of points on a transparent picture; half a side is `reach`. */
export function draw(image: ImageData, clouds: readonly Cloud[], { turn, tilt }: View, reach: number): void {
  const { width, height, data } = image;
  data.fill(0);
  const unit = (0.48 * Math.min(width, height)) / reach;
  const [c, s, ct, st] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
  for (const { rows, colour, strength } of clouds) {
    for (let i = 0; i < rows.length; i += 3) {
      const [x, y, z] = [rows[i], rows[i + 1], rows[i + 2]];
      const depth = s * x + c * y;
      const column = Math.floor(width / 2 + unit * (c * x - s * y));
      const row = Math.floor(height / 2 - unit * (ct * z + st * depth));
      if (!(column >= 0 && column < width && row >= 0 && row < height)) continue;
      const at = 4 * (row * width + column);
      const old = data[at + 3] / 255;
      const alpha = strength + old * (1 - strength);
      for (let k = 0; k < 3; k++)
        data[at + k] = (colour[k] * strength + data[at + k] * old * (1 - strength)) / alpha;
      data[at + 3] = 255 * alpha;
    }
  }
}
