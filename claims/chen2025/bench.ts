import type { Mixture } from "vkernel";
import type { SizedBench } from "../bench.js";
import type { Sizes } from "./settings.js";

/** What a part of the study is measured with. */
export type Bench = SizedBench<Sizes>;

export const twoPoints = ({ engine }: Bench): Mixture<"f64"> =>
  engine.mixture([[-1], [1]], { precision: "f64" });
