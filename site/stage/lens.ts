import { ranges, type State } from "../state/state.js";

/** Between the plane and a pane's pixels: square pixels, y upward in the plane. */
export class Lens {
  readonly width: number;
  readonly height: number;
  readonly camera: State["camera"];
  /** Pixels per unit. */
  readonly scale: number;

  constructor(camera: State["camera"], width: number, height: number) {
    this.camera = camera;
    this.width = width;
    this.height = height;
    this.scale = Math.min(width, height) / (2 * camera.half);
  }

  toPixel(x: number, y: number): [number, number] {
    const { camera, scale, width, height } = this;
    return [width / 2 + (x - camera.x) * scale, height / 2 - (y - camera.y) * scale];
  }

  toPlane(px: number, py: number): [number, number] {
    const { camera, scale, width, height } = this;
    return [camera.x + (px - width / 2) / scale, camera.y - (py - height / 2) / scale];
  }

  /** The camera that is zoomed by a factor, as far as that goes, with the place under a pixel kept there. */
  zoomed(factor: number, px: number, py: number): State["camera"] {
    const [x, y] = this.toPlane(px, py);
    const { camera } = this;
    const [least, most] = ranges.half;
    const half = Math.min(most, Math.max(least, camera.half / factor));
    const share = half / camera.half;
    return { x: x + (camera.x - x) * share, y: y + (camera.y - y) * share, half };
  }

  /** The camera moved by pixels. */
  panned(dx: number, dy: number): State["camera"] {
    const { camera, scale } = this;
    return { ...camera, x: camera.x - dx / scale, y: camera.y + dy / scale };
  }
}

/** Round numbers in a range, about `count` of them. */
export function ticksOf(from: number, to: number, count: number): number[] {
  const raw = (to - from) / Math.max(1, count);
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * ([1, 2, 5, 10].find((m) => m * unit >= raw) as number);
  const ticks: number[] = [];
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + 1e-9 * step; k++) ticks.push(k * step);
  return ticks;
}

/** A number in few characters: "0.25", "1e-4", "156". */
export function shortNumber(value: number, digits = 3): string {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "–";
  const size = Math.abs(value);
  const text =
    size >= 1e5 || size < 1e-3
      ? value
          .toExponential(Math.max(0, digits - 1))
          .replace(/\.?0+e/, "e")
          .replace("e+", "e")
      : String(Number(value.toPrecision(digits)));
  return text.replaceAll("-", "−");
}
