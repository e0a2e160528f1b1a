/** Shapes that tell categories apart without colour, the same on canvases and in legends. */

export type Shape = "diamond" | "dot" | "ring" | "square" | "triangle";

/** Adds a shape around (x, y) to the current path of a canvas. */
export function addShape(
  context: CanvasRenderingContext2D,
  shape: Shape,
  x: number,
  y: number,
  r: number,
): void {
  switch (shape) {
    case "dot":
    case "ring":
      context.moveTo(x + r, y);
      context.arc(x, y, r, 0, 2 * Math.PI);
      break;
    case "diamond":
      polygon(context, [x, y - 1.3 * r, x + 1.3 * r, y, x, y + 1.3 * r, x - 1.3 * r, y]);
      break;
    case "square":
      context.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
      break;
    case "triangle":
      polygon(context, [x, y - 1.2 * r, x + 1.15 * r, y + 0.85 * r, x - 1.15 * r, y + 0.85 * r]);
      break;
  }
}

function polygon(context: CanvasRenderingContext2D, corners: readonly number[]): void {
  for (let i = 0; i < corners.length; i += 2) {
    const [x, y] = [corners[i], corners[i + 1]];
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.closePath();
}

/** A shape with a halo of the background, so that it stands out of whatever is below. */
export function drawShape(
  context: CanvasRenderingContext2D,
  shape: Shape,
  [x, y]: readonly [number, number],
  r: number,
  colour: string,
  halo: string,
): void {
  context.beginPath();
  addShape(context, shape, x, y, r);
  context.lineWidth = shape === "ring" ? 2 + r : r;
  context.strokeStyle = halo;
  context.stroke();
  if (shape === "ring") {
    context.fillStyle = halo;
    context.fill();
    context.lineWidth = Math.max(1, 0.5 * r);
    context.strokeStyle = colour;
    context.stroke();
  } else {
    context.fillStyle = colour;
    context.fill();
  }
}

/** How a mark looks in a legend. */
export type Sample =
  | { readonly kind: "line"; readonly dash: boolean; readonly marker: Shape | undefined }
  | { readonly kind: "bar" }
  | { readonly kind: "signed" }
  | { readonly kind: "shape"; readonly shape: Shape }
  | { readonly kind: "stem"; readonly shape: Shape };

/** Draws such a sample, 24 x 12, with its left upper corner at (x, y). */
export function drawSample(
  context: CanvasRenderingContext2D,
  sample: Sample,
  [x, y]: readonly [number, number],
  colours: readonly [string, string],
  halo: string,
): void {
  const [first, second] = colours;
  const middle = y + 6;
  context.save();
  if (sample.kind === "bar") {
    context.globalAlpha = 0.55;
    context.fillStyle = first;
    context.fillRect(x + 4, y + 4, 7, 8);
    context.fillRect(x + 12, y, 7, 12);
  } else if (sample.kind === "signed") {
    context.fillStyle = first;
    context.fillRect(x + 4, y, 7, 6);
    context.fillStyle = second;
    context.fillRect(x + 12, y + 6, 7, 6);
  } else if (sample.kind === "line") {
    context.strokeStyle = first;
    context.lineWidth = sample.dash ? 1.5 : 2;
    if (sample.dash) context.setLineDash([5, 4]);
    context.beginPath();
    context.moveTo(x, middle);
    context.lineTo(x + 24, middle);
    context.stroke();
    context.setLineDash([]);
    if (sample.marker) drawShape(context, sample.marker, [x + 12, middle], 3.5, first, halo);
  } else {
    if (sample.kind === "stem") {
      context.strokeStyle = first;
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(x + 12, y + 12);
      context.lineTo(x + 12, middle);
      context.stroke();
    }
    drawShape(context, sample.shape, [x + 12, sample.kind === "stem" ? y + 4 : middle], 3.5, first, halo);
  }
  context.restore();
}
