import type { KernelSet, plainKernels } from "./abi.js";

/** The kernels of `assembly/learn/`: each begins with the first and the count of the tasks that it is to do. */
export type DenseKernel = Exclude<keyof typeof plainKernels, "philoxBlock" | "uniforms">;

/** Dense algebra in float64: `count` tasks of one kernel, none of which reads what another writes. */
export interface DenseJob {
  kind: "dense";
  kernel: DenseKernel;
  count: number;
  /** Tasks that a thread takes at a time; all of them where they must be done in order. */
  block: number;
  /** Tasks a call of the kernel: between calls the caller may stop. */
  step: number;
  /** Arguments after the tasks and the scratch. */
  args: number[];
  /** Units of work of a task, by `work.ts`, on average. */
  work: number;
  /** Bytes of scratch, passed after the tasks; 0: the kernel has none. */
  scratch: number;
}

/** Runs tasks first ... first + n - 1, yielding the tasks done. */
export function* runDense(
  kernels: KernelSet,
  { kernel, step, args, scratch: bytes }: DenseJob,
  first: number,
  n: number,
  scratch: number,
): Generator<number, void, void> {
  const rest = bytes > 0 ? [scratch, ...args] : args;
  for (let at = 0; at < n; at += step) {
    const count = Math.min(step, n - at);
    kernels[kernel](first + at, count, ...rest);
    yield count;
  }
}
