import {
  type PlainKernels,
  plainKernels,
  type TaskKernels,
  taskKernels,
  type TypedKernels,
  typedKernels,
} from "../build/generated/abi.js";

export type { TaskKernels };

/** The exports of `assembly/index.ts`. */
export interface Abi {
  [name: string]: Kernel;
}
/** A kernel whose parameters are not known by name. */
export type Kernel = (...args: number[]) => void;

/** The kernels of one precision, those that know none, and those of tasks. */
export type KernelSet = TypedKernels & PlainKernels & TaskKernels;
export type TypedKernelName = keyof TypedKernels;

/** The name under which a kernel is exported: F32 or F64 stands before `Lanes`, else at the end. */
export function exportName(name: TypedKernelName, bytes: 4 | 8): string {
  const suffix = bytes === 4 ? "F32" : "F64";
  const at = name.indexOf("Lanes");
  return at < 0 ? name + suffix : name.slice(0, at) + suffix + name.slice(at);
}

/** The kernels of one precision out of all exports. */
export function kernelSet(exports: Abi, bytes: 4 | 8): KernelSet {
  const set: Record<string, Kernel> = {};
  for (const name of typedKernels) set[name] = exports[exportName(name, bytes)];
  for (const name of [...plainKernels, ...taskKernels]) set[name] = exports[name];
  return set as unknown as KernelSet;
}

/** Whether a module exports every kernel. */
export const isComplete = (exports: Abi): boolean =>
  ([4, 8] as const).every((bytes) =>
    Object.values(kernelSet(exports, bytes)).every((kernel) => typeof kernel === "function"),
  );

/** Bytes of scratch that kernels ask for; a test holds them to the constants of the same names in `assembly/`. */
export const kernelScratch = {
  /** Coefficients of exp2 (`EXP2_TABLE`). */
  exp2Table: 192,
  /** Words and coefficients of the normals (`NORMAL_SCRATCH`). */
  normals: 384,
  /** Totals of the lanes kernels, up to where the running totals of draws begin (`RUNNING`). */
  lanes: 1024,
  /** Coefficients of the tangent kernels (`NTK_SCRATCH`). */
  ntk: 1280,
  /** Coefficients of exp or cos (`FEATURE_SCRATCH`). */
  features: 192,
  /** Coefficients, factors and sums of a tile (`DENSITY_SCRATCH`). */
  density: 2496,
  /** Coefficients and the state of a strip (`DIFFUSE_SCRATCH`). */
  diffuse: 432,
} as const;
