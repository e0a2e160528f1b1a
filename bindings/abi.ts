/** The exports of `assembly/index.ts`, in its order; a test holds the two to each other. */
export interface Abi {
  [name: string]: Kernel;
}
export type Kernel = (...args: number[]) => void;

/** The exported kernels of one precision, without the precision in their names. */
export const typedKernels = {
  posteriorLanes1: 15,
  posteriorLanes2: 15,
  posteriorLanes3: 15,
  distances: 8,
  relativeWeights: 11,
  average: 13,
  averageDistance: 7,
  covariance: 13,
  normalise: 6,
  drawRows: 13,
  normals: 10,
  affine: 11,
  colour: 8,
  spreadRows: 21,
  linear: 7,
  slope: 5,
  stage: 8,
  errorNorm: 14,
  exp2: 4,
} as const;

/** The kernels that know no precision. */
export const plainKernels = {
  philoxBlock: 7,
  uniforms: 9,
  choleskyBlock: 8,
  choleskyRows: 7,
  solveStrips: 7,
  qlSweeps: 9,
  rotateStrips: 6,
  tridiagonalColumns: 13,
  fourier: 11,
  polynomial: 11,
  rbf: 11,
  ntkDiagonal: 13,
  ntkPrepare: 13,
  ntkTiles: 20,
  ntkZonal: 8,
  mlpForwardF32: 13,
  mlpForwardF64: 13,
  mlpGradientF32: 17,
  mlpGradientF64: 17,
  mlpAdamF32: 16,
  mlpAdamF64: 16,
  mirror: 5,
  multiplyStrips: 13,
  packStrips: 10,
  logDensityTiles: 18,
  diffuseStrips: 14,
  transportStrips: 11,
  colourCounts: 8,
  colourFieldF32: 7,
  colourFieldF64: 7,
  splatF32: 20,
  splatF64: 20,
  sumCounts: 7,
} as const;

export type TypedKernelName = keyof typeof typedKernels;
export type KernelSet = Record<TypedKernelName, Kernel> & Record<keyof typeof plainKernels, Kernel>;

/** The name under which a kernel is exported: F32 or F64 stands before `Lanes`, else at the end. */
export function exportName(name: TypedKernelName, bytes: 4 | 8): string {
  const suffix = bytes === 4 ? "F32" : "F64";
  const at = name.indexOf("Lanes");
  return at < 0 ? name + suffix : name.slice(0, at) + suffix + name.slice(at);
}

/** The kernels of one precision out of all exports. */
export function kernelSet(exports: Abi, bytes: 4 | 8): KernelSet {
  const set: Record<string, Kernel> = {};
  for (const name of Object.keys(typedKernels) as TypedKernelName[]) {
    set[name] = exports[exportName(name, bytes)];
  }
  for (const name of Object.keys(plainKernels)) set[name] = exports[name];
  return set as KernelSet;
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
