/**
 * What page and worker tell each other: plain data, so that a worker, a frame of a sandbox or the page itself can be the
 * other side. The page asks, the worker computes; whatever is shown of numbers or pixels came from here.
 */
import type { ClaimResult } from "../../claims/held.js";
import type { Recipe } from "../compute/recipe.js";
import type { MapQuantity } from "../state/choices.js";
import type { State, View } from "../state/state.js";
import type { PanelReplies, PanelRequest } from "./panels.js";

export interface Size {
  /** Device pixels of a pane, square or not. */
  readonly width: number;
  readonly height: number;
}

/** Where the worker finds what it must not carry itself; addresses of files beside the page's own script. */
export interface Assets {
  /** dist/wasm/simd-local.wasm and simd-shared.wasm. */
  readonly local: string;
  readonly shared: string;
  /** dist/worker.js, the threads' script. */
  readonly threads: string;
  /** The bundle of site/worker/worker.ts, a module worker; without it the session runs in the page itself. */
  readonly session?: string;
}

/** Every request has a number; exactly one reply or error carries it back. */
export type Request =
  | { readonly kind: "start"; readonly assets: Assets; readonly isolated: boolean }
  /** The whole state, whenever something of it changed; the worker finds out what that touches. */
  | {
      readonly kind: "state";
      readonly state: State;
      readonly sizes: readonly Size[];
      readonly dark: boolean;
      /** The canvases are new: nothing of what was drawn is on them. */
      readonly fresh?: boolean;
    }
  /**
   * Draw a frame: advance by so many grid steps first (0: only draw). `seek` goes to a step of the grid instead. While
   * `playing`, particles may be left out to keep up. `coarse`: fields are drawn so, another frame is asked for soon.
   * `buffers` are those of pictures that were drawn, to be used again.
   */
  | {
      readonly kind: "frame";
      readonly advance: number;
      readonly seek?: number;
      readonly playing?: boolean;
      readonly coarse?: boolean;
      readonly buffers?: readonly ArrayBuffer[];
    }
  /** Values at a place of pane `pane`: float64, by the library. */
  | { readonly kind: "probe"; readonly pane: number; readonly x: readonly number[]; readonly t: number }
  /** The states of pane `pane` now. */
  | { readonly kind: "particles"; readonly pane: number }
  /** Trajectories of the first `count` particles, or from places at step `step` of the grid, for overlays. */
  | {
      readonly kind: "paths";
      readonly pane: number;
      readonly from?: readonly number[];
      readonly step?: number;
      readonly count?: number;
    }
  /** Vectors and ellipses on a coarse grid of places. */
  | { readonly kind: "glyphs"; readonly pane: number; readonly side: number }
  /** Measure a card of a story. */
  | { readonly kind: "claim"; readonly story: string; readonly card: string; readonly seed: number }
  /** What of a story's picture is numerical error: the same run at twice the steps, and in float64. */
  | { readonly kind: "error"; readonly story: string; readonly seed: number }
  /** What the tabs 1-D, Digits and PDE show. */
  | PanelRequest
  /** Gives up an earlier call, by its number, where that can still be done. */
  | { readonly kind: "cancel"; readonly call: number }
  /** Loads what other scores, samplers and sets need, so that they are there without a network. */
  | { readonly kind: "ahead" }
  /** Closes the engine: nothing is computed after it. */
  | { readonly kind: "stop" };

export interface Probe {
  readonly x: readonly number[];
  readonly t: number;
  readonly logDensity: number;
  readonly score: readonly number[];
  readonly proxyVariance: number;
  /** tr C / (tr C + |s|^2). */
  readonly fraction: number;
  /** One per training point. */
  readonly weights: readonly number[];
  readonly nearest: number;
}

export interface Engine {
  readonly threads: number;
  readonly kernels: string;
  readonly note: string | undefined;
}

/** RGBA, transferred: to be put on a canvas as it is. Rows from the top. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}

/** What the colours of a field stand for: values at the two ends of the bar, and whether it is logarithmic. */
export interface Scale {
  readonly quantity: MapQuantity;
  readonly from: number;
  readonly to: number;
  readonly log: boolean;
  /** "cells" has no bar: its colours are names. */
  readonly colours: "cividis" | "purpleOrange" | "cells";
}

/** One pane's picture: a field below, particles above it. */
export interface Frame {
  readonly pane: number;
  /** Opaque, stretched over the pane; "same" where the last one still holds, undefined where there is none. */
  readonly field: Picture | "same" | undefined;
  /** Particles as a density, transparent where there are none; "same" and undefined as above. */
  readonly density: Picture | "same" | undefined;
  readonly scale: Scale | undefined;
  /** At most 500 particles are drawn as circles by the page: `[count, 2]`. */
  readonly circles: Float32Array<ArrayBuffer> | undefined;
  readonly step: number;
  readonly t: number;
  readonly done: boolean;
  /** Whether the field has its final detail; asking for the frame again brings more. */
  readonly fine: boolean;
  /** Said on the page where something had to be left out to keep up. */
  readonly notice: string | undefined;
  /** Values for the stage's description: how many lie within epsilon-sized reach of a point, and so on. */
  readonly summary: Readonly<Record<string, number>>;
  /** Milliseconds of computing behind this frame. */
  readonly milliseconds: number;
}

export interface Replies extends PanelReplies {
  start: Engine;
  state: {
    /** The times of the run of each pane, descending. */
    readonly times: readonly (readonly number[])[];
    /** The training points of each pane, `[count, 2]`, row-major. */
    readonly points: readonly (readonly number[])[];
    /** What runs in each pane. */
    readonly plans: readonly Recipe[];
    /** What was put right, in words. */
    readonly notices: readonly string[];
  };
  frame: readonly Frame[];
  probe: Probe;
  particles: {
    readonly data: Float32Array<ArrayBuffer>;
    readonly count: number;
    readonly dim: number;
    readonly step: number;
  };
  paths: {
    /** `[paths, times, 2]`. */
    readonly data: Float32Array<ArrayBuffer>;
    readonly count: number;
    /** `[times]`, descending. */
    readonly times: readonly number[];
  };
  glyphs: {
    /** `[side * side, 2]` places, scores and `[.., 3]` xx, xy, yy of C. */
    readonly places: Float64Array<ArrayBuffer>;
    readonly scores: Float64Array<ArrayBuffer>;
    readonly covariances: Float64Array<ArrayBuffer>;
  };
  claim: ClaimResult;
  error: readonly (readonly [string, number])[];
  cancel: undefined;
  ahead: undefined;
  stop: undefined;
}

export type Reply<K extends Request["kind"] = Request["kind"]> = Replies[K];

/** What goes from the page to the worker, and back. */
export interface Call {
  readonly id: number;
  readonly request: Request;
}

export type Answer =
  | { readonly id: number; readonly reply: Reply }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } }
  /** Progress of a long claim, 0 to 1; of a start at once and every `BEAT` ms, whatever it is. */
  | { readonly id: number; readonly progress: number };

/** Milliseconds between two signs of life of a session that starts. */
export const BEAT = 250;

/** The view of pane i: the first as it is, the others with what they change. */
export function viewOf(state: State, pane: number): View {
  return pane === 0 ? state.view : { ...state.view, ...state.panes[pane - 1] };
}
