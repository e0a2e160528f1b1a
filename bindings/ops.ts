/**
 * The operations of a program, one entry each: its code, its fields by name and type, which registers they read and write, and
 * what a block needs scratch for. Programs are encoded, decoded, cut in parts and laid out by this table alone. What an
 * operation does is said in `sampleOps.ts`, on the kernels, and in `src/run/plain/ops.ts`, without Wasm.
 */

/** A vector register: one row of coordinates per particle. Number 0 is the state, the others are scratch. */
export type Register = number;

/** Scalar registers: one float64 per particle. The first `SCALAR_OUTPUTS` are results of a run. */
export const Scalar = { LogLikelihood: 0, Evaluations: 1 } as const;
export const SCALAR_OUTPUTS = 2;

/** A register and the factor that it is taken times. */
export type OpTerm = readonly [register: number, factor: number];
/** The most terms of an operation. */
export const MAX_TERMS = 4;

/** What a block of a program needs scratch for. */
export interface ProgramNeeds {
  covariance: boolean;
  spread: boolean;
  linear: boolean;
  path: boolean;
  adaptive: boolean;
  /** The most draws of an operation. */
  draws: number;
}

/** Where the pointers of operations lead: until a program is encoded, each is a position in one of these lists. */
export interface AddressTables {
  /** Matrices, column by column. */
  readonly matrices: readonly number[];
  /** Sets of points of the shape and the weights of the job's own, which come first: the kernels take them for 0. */
  readonly pointSets: readonly number[];
  /** Rows that registers are filled with. */
  readonly rows: readonly number[];
}

type Access = "reads" | "writes" | "updates";
/** A register of either kind; a scalar one may be -1: none. */
interface RegisterField {
  readonly type: "register";
  readonly access: Access;
  readonly scalar: boolean;
}
type Field =
  | { readonly type: "f64" | "u32" | "i32" }
  | { readonly type: "pointer"; readonly table: keyof AddressTables }
  | RegisterField
  /** Up to `MAX_TERMS` registers, each with a factor. */
  | { readonly type: "terms"; readonly access: "reads"; readonly scalar: boolean };
type Fields = Readonly<Record<string, Field>>;
type ValueOf<F extends Field> = F extends { readonly type: "terms" } ? readonly OpTerm[] : number;
type FieldValues<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> };

const f64 = { type: "f64" } as const;
const u32 = { type: "u32" } as const;
const i32 = { type: "i32" } as const;
const pointer = <T extends keyof AddressTables>(table: T) => ({ type: "pointer", table }) as const;
const register = <A extends Access>(access: A) => ({ type: "register", access, scalar: false }) as const;
const scalar = <A extends Access>(access: A) => ({ type: "register", access, scalar: true }) as const;
const terms = { type: "terms", access: "reads", scalar: false } as const;
const scalarTerms = { type: "terms", access: "reads", scalar: true } as const;

function operation<const C extends number, const F extends Fields>(
  code: C,
  fields: F,
  needs?: Partial<ProgramNeeds> | ((op: FieldValues<F>) => Partial<ProgramNeeds>),
) {
  return { code, fields, needs };
}

/** The points seen from a register: x times inverseAlpha is in the units of the points, k is their level. */
const seen = {
  x: register("reads"),
  mean: register("writes"),
  k: f64,
  inverseAlpha: f64,
  points: pointer("pointSets"),
} as const;
/** The words that random numbers are counted by, beside the particle's. */
const counter = { step: u32, stream: u32 } as const;

export const operations = {
  /** mean <- weighted mean of the points seen from x; `trace` <- the trace of their covariance. */
  Score: operation(0, { ...seen, trace: scalar("writes") }, ({ trace }) => ({ covariance: trace >= 0 })),
  /** As Score, and out <- average of `draws` points drawn from the weights. */
  Draw: operation(1, { ...seen, out: register("writes"), draws: u32, ...counter }, ({ draws }) => ({
    draws,
  })),
  /** out <- standard normals. */
  Normal: operation(2, { out: register("writes"), ...counter }),
  /** out <- sum of factor * register. */
  Affine: operation(3, { out: register("writes"), terms }),
  /** Copies x to a slot of the record. */
  Record: operation(4, { x: register("reads"), slot: u32 }),
  /** As Score, and out <- Gaussian noise of the points' weighted covariance. */
  Spread: operation(5, { ...seen, out: register("writes"), ...counter }, { covariance: true, spread: true }),
  /** out <- A x. */
  Linear: operation(
    6,
    { out: register("writes"), x: register("reads"), matrix: pointer("matrices") },
    { linear: true },
  ),
  /** out <- the standard normals that the caller supplied for a step. */
  Supplied: operation(7, { out: register("writes"), step: u32 }),
  /** out <- (W_t - W_s) / sqrt(t - s) of the particle's Brownian path; every s is at least 2^exponent. */
  Path: operation(8, { out: register("writes"), t: f64, s: f64, exponent: i32 }, { path: true }),
  /** out <- constant + sum of factor * scalar. */
  Scalar: operation(9, { out: scalar("writes"), constant: f64, terms: scalarTerms }),
  /**
   * Carries y = x / alpha along dy/dlog2(sigma) = ln 2 sigma^2 / (sigma^2 + sigma0^2) (y - mean), from one log2(sigma) to
   * another, by Dormand and Prince's pair with steps of each particle's own. `logLikelihood` gains the change of y's.
   */
  Adaptive: operation(
    10,
    {
      x: register("updates"),
      from: f64,
      to: f64,
      rtol: f64,
      atol: f64,
      sigma0: f64,
      /** Each particle's next step. */
      size: scalar("updates"),
      evaluations: scalar("updates"),
      logLikelihood: scalar("updates"),
      /** The called field whose slopes take the place of the exact ones; -1: the exact ones. */
      field: i32,
    },
    ({ logLikelihood, field }) => ({ adaptive: true, covariance: logLikelihood >= 0 && field < 0 }),
  ),
  /**
   * out <- the score of a called field at (x, t), and `trace` <- the trace of its derivative: the caller's own, so that the
   * job runs on the calling thread.
   */
  Call: operation(11, {
    x: register("reads"),
    out: register("writes"),
    t: f64,
    field: i32,
    trace: scalar("writes"),
  }),
  /** out <- one row for all particles. */
  Fill: operation(12, { out: register("writes"), row: pointer("rows") }),
} as const;

type Operations = typeof operations;
export type OpName = keyof Operations;
/** One operation, by its name in the table: its fields, and its code. */
export type OpOf<N extends OpName> = { readonly code: Operations[N]["code"] } & FieldValues<
  Operations[N]["fields"]
>;
/** One operation on a block of particles. A sampler is a list of these: score a block, then one affine-plus-noise step. */
export type Op = { [N in OpName]: OpOf<N> }[OpName];

const names = Object.keys(operations) as OpName[];

export const OpCode = Object.fromEntries(names.map((name) => [name, operations[name].code])) as {
  readonly [N in OpName]: Operations[N]["code"];
};

/** A field at its place among the numbers of an operation. */
interface Placed {
  readonly name: string;
  readonly field: Field;
  readonly at: number;
}

const widthOf = (field: Field): number => (field.type === "terms" ? 1 + 2 * MAX_TERMS : 1);

/** By code: the fields in order, the first after the code itself. */
const placed: readonly (readonly Placed[])[] = byCode((name) => {
  let end = 1;
  return Object.entries<Field>(operations[name].fields).map(([name, field]) => {
    const at = end;
    end += widthOf(field);
    return { name, field, at };
  });
});

/** Numbers that an operation takes where a program is posted. */
export const OP_WIDTH = Math.max(...placed.flat().map(({ field, at }) => at + widthOf(field)));

/** An entry for each code. */
function byCode<T>(entry: (name: OpName) => T): T[] {
  const entries: T[] = [];
  for (const name of names) entries[operations[name].code] = entry(name);
  return entries;
}

type OpValues = Readonly<Record<string, number | readonly OpTerm[]>>;

/** Writes an operation as `OP_WIDTH` numbers, which are 0 before. */
export function encodeOp(op: Op, numbers: Float64Array, start: number): void {
  const values: OpValues = op;
  numbers[start] = op.code;
  for (const { name, at } of placed[op.code]) {
    const value = values[name];
    if (typeof value === "number") {
      numbers[start + at] = value;
      continue;
    }
    numbers[start + at] = value.length;
    for (let i = 0; i < value.length; i++) {
      const [register, factor] = value[i];
      numbers[start + at + 1 + 2 * i] = register;
      numbers[start + at + 2 + 2 * i] = factor;
    }
  }
}

/** The operation that the numbers from `start` on are. */
export function decodeOp(numbers: Float64Array, start: number): Op {
  const op: Record<string, number | OpTerm[]> = { code: numbers[start] };
  for (const { name, field, at } of placed[numbers[start]]) {
    const first = start + at;
    op[name] =
      field.type !== "terms"
        ? numbers[first]
        : Array.from(
            { length: numbers[first] },
            (_, i): OpTerm => [numbers[first + 1 + 2 * i], numbers[first + 2 + 2 * i]],
          );
  }
  // The code says which fields there are.
  return op as unknown as Op;
}

/** Puts addresses in the place of positions in `tables`, in the numbers of an operation. */
export function relocateOp(numbers: Float64Array, start: number, tables: AddressTables): void {
  for (const { field, at } of placed[numbers[start]]) {
    if (field.type === "pointer") numbers[start + at] = tables[field.table][numbers[start + at]];
  }
}

/** What an operation needs scratch for; undefined: nothing of its own. */
export function needsOf(op: Op): Partial<ProgramNeeds> | undefined {
  const needs = needsByCode[op.code];
  return typeof needs === "function" ? needs(op) : needs;
}
// The code of an operation picks the entry of its own name.
const needsByCode = byCode(
  (name) => operations[name].needs as Partial<ProgramNeeds> | ((op: Op) => Partial<ProgramNeeds>) | undefined,
);

/** A register of either kind: a vector register by its number, a scalar one from -1 down. */
export type RegisterKey = number;
export const scalarKey = (scalar: number): RegisterKey => -1 - scalar;

/** What the operation that the numbers from `start` on are reads, and what it writes in full. */
export function accessOf(
  numbers: Float64Array,
  start: number,
): { reads: RegisterKey[]; writes: RegisterKey[] } {
  const reads: RegisterKey[] = [];
  const writes: RegisterKey[] = [];
  for (const { field, at } of placed[numbers[start]]) {
    if (field.type !== "register" && field.type !== "terms") continue;
    const first = start + at;
    const last = field.type === "terms" ? first + 2 * numbers[first] : first;
    // Terms come after their number, each register before its factor.
    for (let i = field.type === "terms" ? first + 1 : first; i <= last; i += 2) {
      const r = numbers[i];
      if (r < 0) continue;
      const key = field.scalar ? scalarKey(r) : r;
      if (field.access !== "writes") reads.push(key);
      if (field.access !== "reads") writes.push(key);
    }
  }
  return { reads, writes };
}

/** The terms of an operation where it lies. */
export interface TermsView {
  readonly length: number;
  /** 0 beyond the last. */
  register(i: number): number;
  factor(i: number): number;
}

/** An operation where it lies among the numbers of a job: its fields are read there, and nothing is made of them. */
export type OpView<N extends OpName> = ViewOf<Operations[N]["fields"]>;
type ViewOf<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends { readonly type: "terms" } ? TermsView : number;
};

/** The numbers that views of one block read, from `start` on. */
interface Place {
  readonly numbers: Float64Array;
  start: number;
}

class Terms implements TermsView {
  readonly #place: Place;
  readonly #at: number;

  constructor(place: Place, at: number) {
    this.#place = place;
    this.#at = at;
  }

  get length(): number {
    return this.#place.numbers[this.#place.start + this.#at];
  }

  register(i: number): number {
    return this.#place.numbers[this.#place.start + this.#at + 1 + 2 * i];
  }

  factor(i: number): number {
    return this.#place.numbers[this.#place.start + this.#at + 2 + 2 * i];
  }
}

/** By code: a class of views, whose fields are found through their names. */
const views = placed.map((fields) => {
  class View implements Place {
    readonly numbers: Float64Array;
    start = 0;
    made: Terms | undefined;
    constructor(numbers: Float64Array) {
      this.numbers = numbers;
    }
  }
  for (const { name, field, at } of fields) {
    Object.defineProperty(View.prototype, name, {
      get: field.type === "terms" ? termsOf : numberOf,
    });
    function numberOf(this: View): number {
      return this.numbers[this.start + at];
    }
    function termsOf(this: View): Terms {
      this.made ??= new Terms(this, at);
      return this.made;
    }
  }
  return View;
});

/** One function for each operation of the table, on a block of some kind. */
export type OpHandlers<B, R> = { readonly [N in OpName]: (op: OpOf<N>, block: B) => R };
/** The same on operations where they lie. */
export type OpViewHandlers<B, R> = { readonly [N in OpName]: (op: OpView<N>, block: B) => R };

/** The functions as one of any operation. */
export function dispatcher<B, R>(handlers: OpHandlers<B, R>): (op: Op, block: B) => R {
  // The code of an operation picks the function of its own name: it takes what no type can say here.
  const handlerOf = byCode((name): ((op: never, block: B) => R) => handlers[name]);
  return (op, block) => handlerOf[op.code](op as never, block);
}

/**
 * The functions as one that does an operation of a job on a block, by its number. Each block has one of its own: an operation
 * that is done in pieces reads its fields until it is done.
 */
export function reader<B, R>(
  handlers: OpViewHandlers<B, R>,
): (numbers: Float64Array, block: B) => (index: number) => R {
  const handlerOf = byCode((name): ((op: never, block: B) => R) => handlers[name]);
  return (numbers, block) => {
    const made: Place[] = [];
    return (index) => {
      const start = index * OP_WIDTH;
      const code = numbers[start];
      made[code] ??= new views[code](numbers);
      const view = made[code];
      view.start = start;
      return handlerOf[code](view as never, block);
    };
  };
}
