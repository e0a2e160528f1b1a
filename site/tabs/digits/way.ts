/** One way to sample: its pairs, and how many of them are copies. */
import { number } from "../../charts/format.js";
import { type ImageRun, type ImageWay, imageWays } from "../../worker/panels.js";
import { make } from "../panel.js";
import { isCopy, makePair, type Pair, showPair } from "./pair.js";

/** Samples of each way. */
export const SAMPLES = 8;

export const wayNames: Record<ImageWay, string> = {
  exact: "Exact score",
  smoothed: "Smoothed score",
  few: "Exact score, few steps",
};

export interface Way {
  readonly element: HTMLElement;
  readonly unit: HTMLElement;
  readonly verdict: HTMLElement;
  readonly progress: HTMLProgressElement;
  readonly pairs: readonly Pair[];
  last: ImageRun | undefined;
}

export type Ways = Readonly<Record<ImageWay, Way>>;

export const makeWays = (): Ways =>
  Object.fromEntries(imageWays.map((way) => [way, makeWay(way)])) as Record<ImageWay, Way>;

function makeWay(way: ImageWay): Way {
  const unit = make("span", "chart-unit");
  const verdict = make("p", "image-verdict");
  const progress = make("progress", "image-progress");
  progress.hidden = true;
  progress.max = 1;
  progress.setAttribute("aria-label", `${wayNames[way]}: computing`);
  const pairs = Array.from({ length: SAMPLES }, makePair);
  const element = make("section", "image-way", [
    make("div", "chart-caption", [make("span", "chart-title", wayNames[way]), unit]),
    make(
      "div",
      "image-pairs",
      pairs.map((pair) => pair.element),
    ),
    verdict,
    progress,
  ]);
  return { element, unit, verdict, progress, pairs, last: undefined };
}

export function showProgress({ progress }: Way, share: number): void {
  progress.value = share;
  progress.hidden = share >= 1;
}

export function showRun(way: Way, reply: ImageRun): void {
  way.last = reply;
  way.pairs.forEach((pair, i) => {
    showPair(pair, reply, i, wayNames[reply.way]);
  });
  const copies = way.pairs.filter((_, i) => isCopy(reply, i)).length;
  const middle = [...reply.distance].sort((a, b) => a - b)[SAMPLES >> 1];
  const are = reply.t === 0 ? "are copies" : "are copies already";
  way.unit.textContent = `${reply.sampler}, step ${reply.step} of ${reply.steps}`;
  way.verdict.textContent = `${copies} of ${SAMPLES} ${are}; median distance ${number(middle, 3)}`;
}
