import type { End, Host } from "../aside/job.js";

/** What runs: points of a shape in space, particles that sample it, and how exactly. */
export interface Request extends Host {
  readonly shape: string;
  readonly points: number;
  readonly particles: number;
  readonly tolerance: number;
}

/** Where the particles are after a step. */
export interface Frame {
  readonly step: number;
  readonly steps: number;
  readonly sigma: number;
  /** Rows of three. */
  readonly particles: Float32Array;
  /** Of the step, and what its scores would have taken by all points, measured with a few queries of them. */
  readonly milliseconds: number;
  readonly full: number;
  readonly errorBound: number;
}

export type Message =
  | { readonly kind: "tree"; readonly done: number; readonly total: number }
  | { readonly kind: "start"; readonly threads: number; readonly milliseconds: number }
  | { readonly kind: "frame"; readonly frame: Frame }
  | End;
