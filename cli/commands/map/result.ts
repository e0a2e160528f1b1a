import type { Mixture, ScoreField } from "vkernel";
import type { scalarQuantities } from "vkernel/internal";
import type { Colors } from "../../report/map.js";
import type { Asked } from "./choices.js";
import type { Extremes } from "./extremes.js";
import type { View } from "./view.js";

/** A quantity at every place of a map. */
export interface Mapped {
  /** Of the data, as it was given. */
  readonly name: string;
  readonly quantity: (typeof scalarQuantities)[number];
  readonly data: Mixture;
  readonly field: ScoreField;
  readonly asked: Asked;
  readonly view: View;
  readonly values: Float32Array | Float64Array | Int32Array;
  readonly ends: Extremes;
  /** Colours of numbers; undefined where the values are training points. */
  readonly colors: Colors | undefined;
  readonly milliseconds: number;
}
