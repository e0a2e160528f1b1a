// Kernels that are wrong on purpose: the compiled module with one output of one kernel off by one percent.
import { readFileSync } from "node:fs";
import binaryen from "binaryen";

/** One output of a kernel: where its numbers are and how many, from the kernel's own arguments. */
interface Output {
  /** The argument with the pointer; 0 there means the output was not asked for. */
  readonly pointer: number;
  /** The count is the product of these arguments and this number. */
  readonly counts: readonly number[];
  readonly times?: number;
  /** Numbers before the first one, counted as the others: the product of these arguments and `times`. */
  readonly skip?: readonly number[];
  /** Only where argument 0, the first task, is 0. */
  readonly firstOnly?: boolean;
  /** Bytes of a number; the kernel's own precision where it is left out. */
  readonly bytes?: 8;
  /** Bytes from one number to the next, and to the first, where they do not stand side by side. */
  readonly stride?: number;
  readonly offset?: number;
  /** What the percent is of: the distance from this number. 0 by default. */
  readonly origin?: number;
}

/** The arguments are those of `assembly/index.ts`, from 0. */
const lanes = (dim: number): Record<string, Output> => ({
  mean: { pointer: 0, counts: [13], times: dim },
  // The sum of the weights, in units of the largest: the others are off.
  stats: { pointer: 1, counts: [13], bytes: 8, stride: 32, offset: 8, origin: 1 },
  covariance: { pointer: 2, counts: [13], times: (dim * (dim + 1)) / 2 },
  weights: { pointer: 3, counts: [13, 14] },
  draw: { pointer: 4, counts: [13], times: dim },
});

const outputs: Record<string, Record<string, Output>> = {
  posteriorLanes1: lanes(1),
  posteriorLanes2: lanes(2),
  posteriorLanes3: lanes(3),
  affine: { "": { pointer: 0, counts: [1] } },
  normals: { "": { pointer: 0, counts: [2, 3] } },
  // Tasks `first` to first + count - 1 write a chunk of rows each, of up to 4 outputs padded to 4.
  mlpForward: { "": { pointer: 8, counts: [1, 9], times: 4, skip: [0, 9] } },
  average: { "": { pointer: 0, counts: [1, 7] } },
  distances: { "": { pointer: 0, counts: [1, 5], bytes: 8 } },
  // The first line of a grid, which is all of it in one dimension.
  diffuseStrips: { "": { pointer: 3, counts: [6], firstOnly: true } },
  transportStrips: { "": { pointer: 3, counts: [6], firstOnly: true } },
  logDensityTiles: { "": { pointer: 3, counts: [4], firstOnly: true } },
  rbf: { "": { pointer: 3, counts: [1, 4], skip: [0, 4] } },
  solveStrips: { "": { pointer: 2, counts: [1, 5], times: 4, skip: [0, 5] } },
  // Tiles of one table, which is spoiled as a whole by who does the first.
  multiplyStrips: { "": { pointer: 2, counts: [3, 6], firstOnly: true } },
  ntkTiles: { "": { pointer: 3, counts: [4, 8], firstOnly: true } },
  uniforms: { "": { pointer: 0, counts: [1, 2], bytes: 8 } },
};

/** How much of the number is added to it. */
const PERCENT = 0.01;

/** The exports that a card's name of a kernel stands for. */
export function exportsOf(name: string): { exports: string[]; output: Output } {
  const [kernel, which = ""] = name.split(".") as [string, string | undefined];
  const output = outputs[kernel]?.[which];
  if (output === undefined) throw new Error(`no output ${name} is known to the poisoner`);
  const layout = /Lanes\d$/.exec(kernel)?.[0] ?? "";
  const operation = kernel.slice(0, kernel.length - layout.length);
  const typed = ["F32", "F64"].map((precision) => `${operation}${precision}${layout}`);
  return { exports: [kernel, ...typed], output };
}

/**
 * The bytes of `build/wasm/simd-local.wasm` with one output of a kernel multiplied by 1.01 in both precisions, by a function
 * around the kernel that takes its name.
 *
 * @param name as cards have it: `affine`, `posteriorLanes2.covariance`
 */
export function poisoned(name: string, file: URL | string): Uint8Array<ArrayBuffer> {
  const module = binaryen.readBinary(new Uint8Array(readFileSync(file)));
  try {
    module.setFeatures(binaryen.Features.All);
    const { exports, output } = exportsOf(name);
    let changed = 0;
    for (const exported of exports) {
      const reference = exportedFunction(module, exported);
      if (reference === undefined) continue;
      wrap(module, exported, reference, output);
      changed++;
    }
    if (changed === 0) throw new Error(`the module exports none of ${exports.join(", ")}`);
    if (!module.validate()) throw new Error(`the module poisoned in ${name} is not valid`);
    return new Uint8Array(module.emitBinary());
  } finally {
    module.dispose();
  }
}

function exportedFunction(module: binaryen.Module, name: string): string | undefined {
  for (let i = 0; i < module.getNumExports(); i++) {
    const info = binaryen.getExportInfo(module.getExportByIndex(i));
    if (info.name === name && info.kind === binaryen.ExternalKinds.Function) return info.value;
  }
  return undefined;
}

function wrap(module: binaryen.Module, exported: string, original: string, output: Output): void {
  const info = binaryen.getFunctionInfo(module.getFunction(original));
  const types = binaryen.expandType(info.params);
  const { i32, f32, f64 } = module;
  const bytes = output.bytes ?? (/F64/.test(exported) || !/F32/.test(exported) ? 8 : 4);
  const [float, width] = bytes === 8 ? [f64, "f64" as const] : [f32, "f32" as const];
  const { stride = bytes, offset = 0, origin = 0 } = output;
  const argument = (k: number): number => module.local.get(k, types[k] as number);
  const [at, left] = [types.length, types.length + 1];
  const local = (k: number): number => module.local.get(k, binaryen.i32);
  const product = (list: readonly number[], factor: number): number =>
    list.reduce((so, k) => i32.mul(so, argument(k)), i32.const(factor));
  const count = product(output.counts, output.times ?? 1);
  const skip = output.skip ? product(output.skip, (output.times ?? 1) * stride) : i32.const(0);
  const value = (): number =>
    width === "f64" ? f64.load(offset, 1, local(at)) : f32.load(offset, 1, local(at));
  const spoiled = float.add(
    value(),
    float.mul(float.const(PERCENT), float.sub(value(), float.const(origin))),
  );
  const body = module.block(null, [
    module.call(
      original,
      types.map((_, k) => argument(k)),
      binaryen.none,
    ),
    module.local.set(
      at,
      module.select(argument(output.pointer), i32.add(argument(output.pointer), skip), i32.const(0)),
    ),
    module.local.set(left, count),
    module.if(
      i32.and(
        i32.and(i32.ne(local(at), i32.const(0)), i32.gt_s(local(left), i32.const(0))),
        output.firstOnly ? i32.eqz(argument(0)) : i32.const(1),
      ),
      module.loop(
        "each",
        module.block(null, [
          float.store(offset, 1, local(at), spoiled),
          module.local.set(at, i32.add(local(at), i32.const(stride))),
          module.local.set(left, i32.sub(local(left), i32.const(1))),
          module.br("each", i32.gt_s(local(left), i32.const(0))),
        ]),
      ),
    ),
  ]);
  const name = `poisoned-${exported}`;
  module.addFunction(name, info.params, binaryen.none, [binaryen.i32, binaryen.i32], body);
  module.removeExport(exported);
  module.addFunctionExport(name, exported);
}
