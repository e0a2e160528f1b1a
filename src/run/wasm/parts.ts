import { carriedAcross } from "../../../bindings/carry.js";
import type { Carried, SampleJob } from "../../../bindings/job.js";
import { OP_WIDTH, Scalar } from "../../../bindings/ops.js";
import { runAtOnce, TimeSlices } from "../../core/scheduler.js";
import type { Mixture, Numbers, Precision } from "../../data/mixture.js";
import { isCalled } from "../calledFields.js";
import { type Blocks, writeStart } from "./upload.js";
import { type Part, type PartOptions, type Parts, waits, type Whole } from "../parts.js";
import { checkEnds, checkEvaluations } from "../compile.js";

/** States and what else lives between parts, in Wasm memory. */
interface Kept {
  readonly state: number;
  readonly carried: ReadonlyMap<string, number>;
}

const nameOf = ({ register, scalar }: Carried): string => `${scalar ? "scalar" : "register"} ${register}`;

/** On the kernels: every part reads one of two sets of buffers and writes the other. */
export class WasmParts<P extends Precision> implements Parts<P> {
  readonly #data: Mixture<P>;
  readonly #cuts: readonly number[];
  readonly #blocks: Blocks;
  readonly #job: SampleJob;
  /** What a program that stops at a cut has to keep. */
  readonly #carried: readonly Carried[][];
  #now: Kept;
  #spare: Kept;

  constructor({ data, compiled, run }: Whole<P>, job: SampleJob, blocks: Blocks) {
    const { program, cuts } = compiled;
    const { layout } = data;
    this.#data = data;
    this.#cuts = cuts;
    this.#carried = carriedAcross(program.ops, cuts);
    this.#blocks = blocks;
    this.#job = job;
    const all = new Map(this.#carried.flat().map((one) => [nameOf(one), one]));
    const rowBytes = layout.width * layout.bytes;
    const keep = (): Kept => ({
      state: this.#blocks.take(run.count * rowBytes, "count"),
      carried: new Map(
        Array.from(all, ([name, { scalar }]) => [
          name,
          this.#blocks.take(run.count * (scalar ? 8 : rowBytes), "count"),
        ]),
      ),
    });
    this.#now = keep();
    this.#spare = keep();
  }

  get pointer(): number {
    return this.#now.state;
  }

  async run(part: Part<P>, options: PartOptions): Promise<void> {
    const calledFields = part.calledFields(options.signal);
    const slices = new TimeSlices(options.signal, () => this.#data.check());
    if (part.run.count > 0) {
      const job = await slices.run(this.#jobOf(part));
      await this.#data.runtime.run(job, { ...options, calledFields });
    }
    this.#commit(part);
  }

  runSync(part: Part<P>): void {
    const calledFields = part.calledFields(undefined);
    if (part.run.count > 0) this.#data.runtime.runSync(runAtOnce(this.#jobOf(part)), calledFields, waits);
    this.#commit(part);
  }

  *#jobOf({ run, from, to }: Part<P>): Generator<number, SampleJob, void> {
    const at = (kept: Kept, step: number) =>
      this.#carried[step].map((one) => ({
        ...one,
        at: kept.carried.get(nameOf(one)) as number,
      }));
    const [now, spare] = [this.#now, this.#spare];
    if (from === undefined) yield* writeStart(this.#data, spare.state, run);
    const first = from === undefined ? 0 : this.#cuts[from];
    return {
      ...this.#job,
      seedLow: run.seed >>> 0,
      seedHigh: Math.floor(run.seed / 2 ** 32),
      ops: this.#opsOf(first, this.#cuts[to]),
      state: (from === undefined ? spare : now).state,
      end: spare.state,
      loads: from === undefined ? [] : at(now, from),
      saves: at(spare, to),
    };
  }

  #opsOf(first: number, last: number): Float64Array {
    const { ops } = this.#job;
    const [from, to] = [first * OP_WIDTH, last * OP_WIDTH];
    // Of one that is not shared a part of its own: a view would be posted with all that is behind it.
    return this.#data.runtime.memory.shared ? ops.subarray(from, to) : ops.slice(from, to);
  }

  /** Takes what a part has made for the present, unless something is wrong with it. */
  #commit({ field, run }: Part<P>): void {
    const { count } = run;
    const { layout, dim } = this.#data;
    const made = this.#spare;
    const evaluations = made.carried.get(nameOf({ register: Scalar.Evaluations, scalar: true }));
    if (evaluations !== undefined) {
      checkEvaluations(this.#data.runtime.memory.f64(evaluations, count));
    }
    if (isCalled(field)) {
      checkEnds(this.#data.readRows(made.state, count, dim, layout.width), dim);
    }
    [this.#now, this.#spare] = [made, this.#now];
  }

  read(): Numbers<P> {
    const { width } = this.#job.mixture;
    return this.#data.readRows(this.#now.state, this.#job.count, this.#data.dim, width);
  }

  dispose(): void {
    this.#blocks.free();
  }
}
