/** PNG files of the reader's own as small grey images: decoded in the page, checked before, refused by name. */

export const MOST_IMAGES = 5000;
export const MOST_SIDE = 64;
/** Pixels of a side that are decoded at all. */
const MOST_DECODED = 4096;
/** Bytes of a file. */
const MOST_BYTES = 8 * 2 ** 20;

export interface OwnImage {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** 0 (black) to 1 (white), row by row. */
  readonly values: Float32Array<ArrayBuffer>;
}

export interface ReadImages {
  readonly images: readonly OwnImage[];
  /** One sentence per file that was not taken. */
  readonly refused: readonly string[];
  /** Files that were larger than 64 x 64 and are now smaller. */
  readonly shrunk: readonly string[];
}

/**
 * Reads PNG files. Images of more than 64 x 64 pixels are shrunk to fit; transparent parts count as white.
 *
 * @param room how many images may still be taken
 */
export async function readImages(
  files: readonly File[],
  room: number,
  progress: (done: number) => void,
): Promise<ReadImages> {
  const images: OwnImage[] = [];
  const refused: string[] = [];
  const shrunk: string[] = [];
  for (const [i, file] of files.entries()) {
    if (images.length >= room) {
      const left = files.length - i;
      refused.push(`${left} more ${left === 1 ? "file" : "files"}: at most ${MOST_IMAGES} images are taken.`);
      break;
    }
    const size = await sizeOf(file);
    if (typeof size === "string") {
      refused.push(`${file.name}: ${size}`);
      continue;
    }
    try {
      const fit = Math.min(1, MOST_SIDE / size.width, MOST_SIDE / size.height);
      const width = Math.max(1, Math.round(size.width * fit));
      const height = Math.max(1, Math.round(size.height * fit));
      if (fit < 1) shrunk.push(file.name);
      const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
      images.push({ name: file.name, width, height, values: greyOf(bitmap, width, height) });
      bitmap.close();
    } catch {
      refused.push(`${file.name}: damaged, it cannot be decoded.`);
    }
    progress(i + 1);
  }
  return { images, refused, shrunk };
}

/** The pixels of a side by a PNG's header, or why it is none. */
async function sizeOf(file: File): Promise<{ width: number; height: number } | string> {
  if (file.size > MOST_BYTES) return "larger than 8 MiB.";
  const head = new DataView(await file.slice(0, 24).arrayBuffer());
  const signature = [0x89504e47, 0x0d0a1a0a];
  const isPng =
    head.byteLength === 24 &&
    signature.every((word, i) => head.getUint32(4 * i) === word) &&
    head.getUint32(12) === 0x49484452;
  if (!isPng) return "no PNG image.";
  const [width, height] = [head.getUint32(16), head.getUint32(20)];
  if (width === 0 || height === 0) return "a PNG without pixels.";
  if (width > MOST_DECODED || height > MOST_DECODED) {
    return `${width} x ${height} pixels, more than ${MOST_DECODED} on a side.`;
  }
  return { width, height };
}

/** Grey values (Rec. 601 luma) of a picture drawn on white, `width` by `height`; pixel for pixel where the size is its own. */
function greyOf(
  picture: ImageBitmap | HTMLCanvasElement,
  width: number,
  height: number,
): Float32Array<ArrayBuffer> {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingEnabled = picture.width !== width || picture.height !== height;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const values = new Float32Array(width * height);
  for (let i = 0; i < values.length; i++) {
    const [red, green, blue] = [data[4 * i], data[4 * i + 1], data[4 * i + 2]];
    values[i] = (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
  }
  return values;
}

/** An image in another size, by the canvas. */
export function resized(image: OwnImage, width: number, height: number): Float32Array<ArrayBuffer> {
  if (image.width === width && image.height === height) return image.values;
  return greyOf(canvasOf(image), width, height);
}

function canvasOf({ width, height, values }: OwnImage): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  paint(
    canvas,
    width,
    height,
    Uint8ClampedArray.from(values, (value) => 255 * value),
  );
  return canvas;
}

/** Puts grey bytes on a canvas of as many pixels. */
export function paint(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  grey: ArrayLike<number>,
  from = 0,
): void {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const value = grey[from + i];
    image.data.set([value, value, value, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
}
