import { encodeNpy } from "vkernel/io";
import type { TimeSlices } from "vkernel/internal";
import type { Context } from "../../context.js";
import { endingOf } from "../../files.js";
import { type Column, csvPieces, onePiece } from "../../text.js";
import type { MapChoices } from "./choices.js";
import { drawn } from "./picture.js";
import type { Mapped } from "./result.js";

/** Writes a map as its file's ending says: as numbers, or as a picture. */
export async function writeMap(
  mapped: Mapped,
  choices: MapChoices,
  out: string,
  slices: TimeSlices,
  { files, signal }: Context,
): Promise<void> {
  const { values, view } = mapped;
  const { kind, width, height } = view;
  const ending = endingOf(out);
  if (ending === ".npy") {
    await files.write(out, onePiece(encodeNpy(values, kind === "curve" ? [width] : [height, width])));
  } else if (ending === ".csv") {
    await files.write(out, csvPieces(columnsOf(mapped), width * height, true, signal));
  } else {
    const svg = await drawn(mapped, choices, slices);
    if (ending === ".svg") await files.write(out, onePiece(svg));
    else {
      const { toPng } = await import("../../report/picture.js");
      await files.write(out, onePiece(await toPng(svg)));
    }
  }
}

/** A row for each value, with its place. */
function columnsOf({ quantity, values, view: { kind, x, y, width, height, across, up } }: Mapped): Column[] {
  const count = width * height;
  const xs = Float64Array.from({ length: count }, (_, i) => across[i % width]);
  const ys = Float64Array.from({ length: count }, (_, i) => up[Math.floor(i / width)]);
  return [
    { name: x.label, values: xs, width: 1, header: [x.label] },
    ...(kind === "curve" ? [] : [{ name: y.label, values: ys, width: 1, header: [y.label] }]),
    { name: quantity, values, width: 1, header: [quantity] },
  ];
}
