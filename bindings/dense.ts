import type { Kernel, KernelSet, TaskKernels } from "./abi.js";

/** Kernels of tasks: each begins with the first and the count of those that it is to do. */
export type DenseKernel = keyof TaskKernels;

/** Dense algebra in float64: `count` tasks of one kernel, none of which reads what another writes. */
export interface DenseJob {
  kind: "dense";
  kernel: DenseKernel;
  count: number;
  /** Tasks that a thread takes at a time; all of them where they must be done in order. */
  block: number;
  /** Tasks per call of the kernel: between calls the caller may stop. */
  step: number;
  /** Arguments after the tasks and the scratch. */
  args: number[];
  /** Units of work of a task, by `work.ts`, on average. */
  work: number;
  /** Bytes of scratch, passed after the tasks; 0: the kernel has none. */
  scratch: number;
  /** The pieces of a task that is more than one: what they add to the arguments, and their work. They share the scratch. */
  pieces?: readonly TaskPiece[] | undefined;
}

export interface TaskPiece {
  args: [from: number, to: number];
  work: number;
}

/** Runs tasks first ... first + n - 1, yielding the tasks done; `spent` is told the work. */
export function* runDense(
  kernels: KernelSet,
  { kernel, step, args, work, scratch: bytes, pieces }: DenseJob,
  first: number,
  n: number,
  scratch: number,
  spent: (work: number) => void,
): Generator<number, void, void> {
  const rest = bytes > 0 ? [scratch, ...args] : args;
  const run: Kernel = kernels[kernel];
  if (pieces) {
    for (let at = 0; at < n; at++) {
      for (const piece of pieces) {
        run(first + at, 1, ...rest, ...piece.args);
        spent(piece.work);
        yield piece === pieces.at(-1) ? 1 : 0;
      }
    }
    return;
  }
  for (let at = 0; at < n; at += step) {
    const count = Math.min(step, n - at);
    run(first + at, count, ...rest);
    spent(count * work);
    yield count;
  }
}
