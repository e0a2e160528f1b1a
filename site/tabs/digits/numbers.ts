/** The numbers of what is shown: a table of the samples, another of the reader's images. */
import { type ImageSet, imageWays } from "../../worker/panels.js";
import type { OwnImage } from "../ownImages.js";
import type { Ways } from "./way.js";

type Row = (string | number)[];

export const sampleHead: readonly string[] = [
  "way",
  "sample",
  "t",
  "step",
  "nearest",
  "nearest is",
  "distance",
  "ratio",
];

export const sampleRows = (ways: Ways): Row[] =>
  imageWays.flatMap((way) => {
    const { last } = ways[way];
    if (last === undefined) return [];
    const { t, step, nearest, labels, distance, ratio } = last;
    return Array.from(
      nearest,
      (index, i): Row => [way, i + 1, t, step, index + 1, labels[i], distance[i], ratio[i]],
    );
  });

const ownRows = (
  own: readonly OwnImage[],
  { count, own: mine, nearest, distance, second }: ImageSet,
): Row[] =>
  Array.from(
    nearest,
    (index, i): Row => [own[i].name, count - mine + i + 1, index + 1, distance[i], second[i]],
  );

export function tableOf(ways: Ways, own: readonly OwnImage[], set: ImageSet | undefined): Row[] {
  const samples = [["Samples"], [...sampleHead], ...sampleRows(ways)];
  if (set === undefined || set.own === 0) return samples;
  const head = ["name", "number", "nearest", "distance", "next distance"];
  return [...samples, ["Your images"], head, ...ownRows(own, set)];
}
