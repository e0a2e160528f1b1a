import { checkInteger, checkNumber, checkOptions } from "../core/check.js";
import { badArgument } from "../core/errors.js";

/**
 * Places to pixels, as a canvas has it: `[a, b, c, d, e, f]` takes (x, y) to (a x + c y + e, b x + d y + f). Pixel (i, j),
 * j downward, is where i <= the first < i + 1 and j <= the second < j + 1.
 */
export type Camera = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export interface CameraOptions {
  /** The place in the middle of the picture. */
  center: readonly [number, number];
  /** Pixels per unit of the data. */
  scale: number;
  width: number;
  height: number;
}

/**
 * A camera that looks at a place, y upward.
 *
 * @example camera({ center: [0, 0], scale: 100, width: 600, height: 600 }); // [100, 0, 0, -100, 300, 300]
 * @throws {VkernelError} E_USAGE, E_TYPE, E_RANGE, E_NONFINITE
 */
export function camera(options: CameraOptions): Camera {
  checkOptions(options, ["center", "scale", "width", "height"]);
  const { center, scale, width, height } = options;
  if (!Array.isArray(center) || center.length !== 2) {
    throw badArgument("E_TYPE", "center", "[x, y]", center);
  }
  const [x, y] = center.map((value, i) => checkNumber(value, `center[${i}]`)) as [number, number];
  checkNumber(scale, "scale", { above: 0 });
  const w = checkInteger(width, "width", 1, 2 ** 23);
  const h = checkInteger(height, "height", 1, 2 ** 23);
  return checkCamera([scale, 0, 0, -scale, w / 2 - scale * x, h / 2 + scale * y]);
}

/** Six finite numbers, a copy of them. */
export function checkCamera(value: unknown): Camera {
  if (!Array.isArray(value) || value.length !== 6) {
    throw badArgument(
      "E_TYPE",
      "camera",
      "six numbers such as camera({ center, scale, width, height })",
      value,
    );
  }
  return value.map((x: unknown, i) => checkNumber(x, `camera[${i}]`)) as unknown as Camera;
}
