import { paletteOf } from "../../charts/palette.js";
import { imageWays } from "../../worker/panels.js";
import { blobOf } from "../panel.js";
import { type Ways, wayNames } from "./way.js";

/** The three ways as they are shown, side by side. */
export async function pictureOf(root: HTMLElement, ways: Ways): Promise<Blob> {
  const [scale, side, gap] = [2, 64, 8];
  const column = 4 * side + 5 * gap;
  const palette = paletteOf(root);
  const canvas = document.createElement("canvas");
  canvas.width = scale * (imageWays.length * column + gap);
  canvas.height = scale * (56 + 4 * (side + 28));
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(scale, scale);
  context.fillStyle = palette("surface");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  imageWays.forEach((way, w) => {
    const left = gap + w * column;
    const { unit, verdict, pairs } = ways[way];
    context.fillStyle = palette("ink");
    context.font = "600 13px system-ui, sans-serif";
    context.fillText(wayNames[way], left, 20);
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = palette("muted");
    context.fillText(unit.textContent ?? "", left, 36);
    pairs.forEach(({ sample, nearest, text }, i) => {
      const x = left + (i % 2) * (2 * side + 2 * gap);
      const y = 44 + (i >> 1) * (side + 28);
      context.drawImage(sample, x, y, side, side);
      context.drawImage(nearest, x + side + 2, y, side, side);
      context.fillText(text.textContent ?? "", x, y + side + 14);
    });
    context.fillText(verdict.textContent ?? "", left, 44 + 4 * (side + 28) + 6);
  });
  return blobOf(canvas);
}
