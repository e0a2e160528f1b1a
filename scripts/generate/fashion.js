// Writes build/generated/fashion.ts: data/fashion-images-idx3-ubyte.gz as base64, so that Node and browsers load the
// same bytes without a request. Run by the build.
//
// Alone it makes that file again from the training set of Fashion-MNIST, byte for byte (the compressor is fflate):
//   apt-get install dataset-fashion-mnist
//   node scripts/generate/fashion.js [folder of the four original files]
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { gzipSync } from "fflate";

const debian = "/usr/share/datasets/fashion-mnist";
const name = "fashion-images-idx3-ubyte.gz";
const CLASSES = 10;
const EACH = 100;
const SIDE = 28;

/**
 * @param {string} root the root folder of the repository
 * @returns {Promise<boolean>} whether the file was written (its content changed)
 */
export async function generateFashion(root) {
  const bytes = await readFile(path.join(root, "data", name));
  const target = path.join(root, "build", "generated", "fashion.ts");
  const content = [
    `// Written by scripts/generate/fashion.js from data/${name}.`,
    "// Fashion-MNIST, H. Xiao, K. Rasul and R. Vollgraf, 2017, MIT licence, Zalando SE: see data/README.md.",
    `export const fashionGzipBase64: string =\n  "${bytes.toString("base64")}";`,
    "",
  ].join("\n");
  const old = await readFile(target, "utf8").catch((error) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (old === content) return false;
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, content);
  return true;
}

/**
 * The first 100 images of each class of the training set; classes take turns, so image i is of class i mod 10.
 *
 * @param {Uint8Array} images the IDX file of the training images, unpacked
 * @param {Uint8Array} labels the IDX file of their labels, unpacked
 * @returns {Uint8Array} an IDX file of 1,000 images, gzip-compressed
 */
export function firstOfEachClass(images, labels) {
  const size = SIDE * SIDE;
  const count = labels.length - 8;
  if (images.length !== 16 + count * size) throw new Error("images and labels are not of one set");
  const out = new Uint8Array(16 + CLASSES * EACH * size);
  const header = new DataView(out.buffer);
  [0x0803, CLASSES * EACH, SIDE, SIDE].forEach((word, i) => {
    header.setUint32(4 * i, word);
  });
  const seen = new Array(CLASSES).fill(0);
  for (let i = 0; i < count; i++) {
    const label = labels[8 + i];
    if (seen[label] === EACH) continue;
    const place = seen[label]++ * CLASSES + label;
    out.set(images.subarray(16 + i * size, 16 + (i + 1) * size), 16 + place * size);
  }
  return gzipSync(out, { level: 9, mem: 12, mtime: 0 });
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const folder = process.argv[2] ?? debian;
  /** @param {string} file */
  const read = async (file) => gunzipSync(await readFile(path.join(folder, file)));
  const [images, labels] = await Promise.all(
    ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"].map(read),
  );
  await writeFile(path.join(root, "data", name), firstOfEachClass(images, labels));
  await generateFashion(root);
}
