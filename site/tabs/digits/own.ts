/** The reader's own images among those of a set: in its size, and listed with the images nearest to them. */
import { count as grouped, number } from "../../charts/format.js";
import type { ImageSet, ImageSetName } from "../../worker/panels.js";
import { type OwnImage, paint, type ReadImages, resized } from "../ownImages.js";
import { make } from "../panel.js";

/** Images that are listed. */
const SHOWN = 12;

/** Images of one size, one after another. */
export interface Packed {
  readonly values: Float32Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  readonly notices: readonly string[];
}

/** The images in the size of a set; those alone have the size of the first. */
export function packedFor(name: ImageSetName, own: readonly OwnImage[]): Packed {
  const [width, height] =
    name === "digits" ? [8, 8] : name === "fashion" ? [28, 28] : [own[0]?.width ?? 1, own[0]?.height ?? 1];
  const values = new Float32Array(own.length * width * height);
  own.forEach((image, i) => {
    values.set(resized(image, width, height), i * width * height);
  });
  const other = own.filter((image) => image.width !== width || image.height !== height).length;
  const are = other === 1 ? "is" : "are";
  const notices =
    other === 0 ? [] : [`${grouped(other)} of your images ${are} resized to ${width} × ${height}.`];
  return { values, width, height, notices };
}

/** Sentences on files that were not taken as they are. */
export function noticesOf({ refused, shrunk }: ReadImages): string[] {
  const more = refused.length - 5;
  return [
    ...refused.slice(0, 5),
    ...(more > 0 ? [`${more} more files were not taken.`] : []),
    ...(shrunk.length > 0 ? [`Larger than 64 × 64 and shrunk to fit: ${listed(shrunk)}.`] : []),
  ];
}

const listed = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;

/** Where the images of a set are from. */
export function sourceOf(name: ImageSetName, { count, own: mine, half, source }: ImageSet): string {
  const yours = mine > 0 && name !== "own" ? `, ${grouped(mine)} of them yours` : "";
  const from = name === "own" ? "They stay in this page: nothing is sent anywhere." : `${source}.`;
  return `${grouped(count)} training images${yours}; half the median distance of neighbours Δ = ${number(half, 3)}. ${from}`;
}

/** The title and the list of the reader's images in a set that has some. */
export function listOf(own: readonly OwnImage[], set: ImageSet): HTMLElement[] {
  const { own: mine } = set;
  const title = mine > SHOWN ? `Your images, the first ${SHOWN} of ${grouped(mine)}` : "Your images";
  const items = own.slice(0, Math.min(mine, SHOWN)).map((image, i) => itemOf(image, set, i));
  return [make("p", "chart-title", title), make("ul", "image-list", items)];
}

function itemOf(
  image: OwnImage,
  { count, own: mine, nearest, distance, second }: ImageSet,
  i: number,
): HTMLElement {
  const canvas = make("canvas", "image");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `your image ${image.name}`);
  paint(
    canvas,
    image.width,
    image.height,
    Uint8ClampedArray.from(image.values, (value) => 255 * value),
  );
  const itself = nearest[i] === count - mine + i;
  const words = `nearest: ${itself ? "itself" : `number ${nearest[i] + 1}`}, ${number(distance[i], 3)}; next ${number(second[i], 3)}`;
  return make("li", "", [canvas, make("span", "image-name", image.name), make("span", "image-text", words)]);
}
