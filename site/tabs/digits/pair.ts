/** A sample beside the training image that is nearest to it. */
import { number } from "../../charts/format.js";
import type { ImageRun } from "../../worker/panels.js";
import { paint } from "../ownImages.js";
import { make } from "../panel.js";

/** Below this ratio of the nearest to the second nearest distance a sample counts as a copy, as the literature has it. */
const COPY = 1 / 3;

export interface Pair {
  readonly element: HTMLElement;
  readonly sample: HTMLCanvasElement;
  readonly nearest: HTMLCanvasElement;
  readonly text: HTMLElement;
}

export const isCopy = ({ ratio }: ImageRun, i: number): boolean => ratio[i] < COPY;

export function makePair(): Pair {
  const [sample, nearest] = [make("canvas", "image"), make("canvas", "image")];
  for (const canvas of [sample, nearest]) {
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "not computed yet");
    [canvas.width, canvas.height] = [8, 8];
  }
  const text = make("figcaption", "image-text");
  return { element: make("figure", "image-pair", [sample, nearest, text]), sample, nearest, text };
}

/** Shows sample `i` of a run, which is called `name`. */
export function showPair(
  { element, sample, nearest, text }: Pair,
  reply: ImageRun,
  i: number,
  name: string,
): void {
  const { t, sigma, width, height, samples, neighbours, labels } = reply;
  const [distance, ratio] = [reply.distance[i], reply.ratio[i]];
  const dim = width * height;
  const atEnd = t === 0;
  paint(sample, width, height, samples, i * dim);
  paint(nearest, width, height, neighbours, i * dim);
  const copy = isCopy(reply, i);
  const level = atEnd ? "" : ` at noise level ${number(sigma, 3)}`;
  sample.setAttribute(
    "aria-label",
    `${name}, sample ${i + 1}${level}: ${copy ? "a copy" : "no copy"}, distance ${number(distance, 3)}, ratio ${number(ratio, 2)}`,
  );
  nearest.setAttribute("aria-label", `nearest training image: ${labels[i]}`);
  const verdict = copy ? "copy  " : atEnd ? "new  " : "";
  text.textContent = `${verdict}${brief(distance)} · ${brief(ratio)}`;
  element.classList.toggle("is-copy", copy);
}

/** Two digits; what is smaller than rounding to float32 leaves is 0. */
const brief = (x: number): string => (x > 0 && x < 1e-5 ? "0" : number(x, 2));
