import { quantities } from "vkernel";
import { scalarQuantities } from "vkernel/internal";
import { usage } from "../errors.js";
import { colorSchemes } from "../mapColors.js";
import { choice, text, toggle } from "../option.js";
import { word } from "../values.js";

/** Reads a quantity that is one number at each place. */
const scalarOf =
  (flag: string) =>
  (given: string): (typeof scalarQuantities)[number] => {
    const expected = `one number at each place: one of ${scalarQuantities.join(", ")}`;
    if (given === "score" || given === "velocity") {
      throw usage(flag, expected, `"${given}", which is a vector; --arrows ${given} draws it on top of one`);
    }
    const isOf = (list: readonly string[]): boolean => list.includes(given);
    if (!isOf(scalarQuantities) && isOf(quantities)) {
      const hint = `"${given}", which is several; vkernel score --quantity ${given} writes them`;
      throw usage(flag, expected, hint);
    }
    return word(flag, scalarQuantities)(given);
  };

export const mapPlaces = {
  quantity: {
    value: "<name>",
    about: scalarQuantities.join(", "),
    read: scalarOf,
    required: true as const,
  },
  time: text("<t>", "the time; for data of dimension 1 also a range such as 0.01,10: a map over x and t", {
    required: true,
  }),
  out: text("<file>", "the picture (.png, .svg), or the numbers (.npy, .csv)", { required: true }),
};

/** Values on the longer side of a map, unless `--size` says otherwise. */
export const SIDE = 440;

export const mapOptions = {
  range: text("<list>", "xmin,xmax,ymin,ymax (xmin,xmax for dimension 1)", { otherwise: "around the data" }),
  size: text("<WxH>", "values across and up", { otherwise: `${SIDE} on the longer side` }),
  axes: text("<i,j>", "dimension 3 and more: the two coordinates that are drawn, from 0"),
  at: text(
    "<point>",
    "dimension 3 and more: what the others are: a file of one row, a list, or the number of a training point",
  ),
  colors: choice("<scheme>", colorSchemes, "", { otherwise: "viridis; rdbu for divergence" }),
  limits: text("<low,high>", "the ends of the colours", { otherwise: "those of the values" }),
  log: toggle("logarithmic colours, for values above 0"),
  arrows: choice("<quantity>", ["score", "velocity"], "arrows on top: score or velocity"),
};
