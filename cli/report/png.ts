import { promisify } from "node:util";
import { deflate, deflateSync } from "node:zlib";

const packed = promisify(deflate);

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = table[(c ^ byte) & 255] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

function chunk(type: string, body: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + body.length);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, "latin1");
  out.set(body, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
  return out;
}

/** Colour types by the number of 8-bit values that a pixel has. */
const TYPES: Readonly<Record<number, number>> = { 1: 0, 3: 2, 4: 6 };

/**
 * The bytes of a PNG of 8-bit values, `[height, width, channels]` row-major: grey, colours, colours with alpha, or places
 * in a palette. Source: RFC 2083.
 */
function encode(pixels: Uint8Array, width: number, height: number, look: Look = {}): Buffer {
  const rows = filtered(pixels, width, height, look);
  return assembled(deflateSync(rows, { level: 9 }), width, height, look);
}

interface Look {
  readonly palette?: Uint8Array;
  readonly channels?: number;
}

/** The rows of a picture, each of which begins with filter 0: none. */
function filtered(pixels: Uint8Array, width: number, height: number, { channels = 1 }: Look): Buffer {
  const line = width * channels;
  const rows = Buffer.alloc(height * (line + 1));
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * line, (y + 1) * line), y * (line + 1) + 1);
  return rows;
}

function assembled(body: Uint8Array, width: number, height: number, { palette, channels = 1 }: Look): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, palette === undefined ? TYPES[channels] : 3, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    ...(palette === undefined ? [] : [chunk("PLTE", palette)]),
    chunk("IDAT", body),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** The bytes of a PNG of 8-bit grey values, `[height, width]` row-major. */
export const grayPng = (gray: Uint8Array, width: number, height: number): Buffer =>
  encode(gray, width, height);

/** The bytes of a PNG of places in a palette of up to 256 colours, three bytes each. */
export const palettePng = (places: Uint8Array, width: number, height: number, palette: Uint8Array): Buffer =>
  encode(places, width, height, { palette });

/** The same off the calling thread, for large pictures: the same bytes. */
export const palettePngAsync = async (
  places: Uint8Array,
  width: number,
  height: number,
  palette: Uint8Array,
): Promise<Buffer> =>
  assembled(await packed(filtered(places, width, height, {}), { level: 9 }), width, height, { palette });

/**
 * An image of values in `range` as a data URI. Of one channel: the lower end is white paper, the upper black ink. Of three
 * or four: red, green, blue and alpha.
 */
export function imageUri(
  values: ArrayLike<number>,
  image: { width: number; height: number; channels?: number | undefined; range: readonly [number, number] },
): string {
  const { width, height, channels = 1 } = image;
  const [low, high] = image.range;
  const pixels = Uint8Array.from(values, (value) => {
    const part = Math.min(1, Math.max(0, (value - low) / (high - low)));
    return Math.round(255 * (channels === 1 ? 1 - part : part));
  });
  return `data:image/png;base64,${encode(pixels, width, height, { channels }).toString("base64")}`;
}
