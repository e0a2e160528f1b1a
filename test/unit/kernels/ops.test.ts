// The table of operations: what is written of them is read again, and says what they read, write and need.
import { OpList } from "../../../bindings/opList.js";
import {
  decodeOp,
  OP_WIDTH,
  type Op,
  OpCode,
  type OpName,
  type OpViewHandlers,
  operations,
  reader,
  scalarKey,
  type TermsView,
} from "../../../bindings/ops.js";
import { describe, expect, it } from "vitest";

const seen = { x: 0, mean: 1, k: 0.5, inverseAlpha: 2, points: 1 };
/** Each operation, with what it reads and writes. */
const table: { op: Op; reads: number[]; writes: number[] }[] = [
  { op: { code: OpCode.Score, ...seen, trace: 3 }, reads: [0], writes: [1, scalarKey(3)] },
  {
    op: { code: OpCode.Draw, ...seen, out: 2, draws: 5, step: 4_294_967_295, stream: 6 },
    reads: [0],
    writes: [1, 2],
  },
  { op: { code: OpCode.Spread, ...seen, out: 2, step: 8, stream: 9 }, reads: [0], writes: [1, 2] },
  { op: { code: OpCode.Normal, out: 1, step: 2, stream: 3 }, reads: [], writes: [1] },
  { op: { code: OpCode.Supplied, out: 1, step: 2 }, reads: [], writes: [1] },
  { op: { code: OpCode.Path, out: 1, t: 0.7, s: 0.1, exponent: -9 }, reads: [], writes: [1] },
  {
    op: {
      code: OpCode.Affine,
      out: 1,
      terms: [
        [0, 0.25],
        [2, -1],
      ],
    },
    reads: [0, 2],
    writes: [1],
  },
  { op: { code: OpCode.Linear, out: 1, x: 2, matrix: 1 }, reads: [2], writes: [1] },
  {
    op: {
      code: OpCode.Scalar,
      out: 1,
      constant: 0.1,
      terms: [
        [0, 2],
        [1, 3],
        [2, -4],
        [3, 5],
      ],
    },
    reads: [0, 1, 2, 3].map(scalarKey),
    writes: [scalarKey(1)],
  },
  {
    op: {
      code: OpCode.Adaptive,
      x: 0,
      from: 1,
      to: -1,
      rtol: 1e-3,
      atol: 1e-6,
      sigma0: 0.1,
      size: 2,
      evaluations: 1,
      logLikelihood: 0,
      field: -1,
    },
    reads: [0, ...[2, 1, 0].map(scalarKey)],
    writes: [0, ...[2, 1, 0].map(scalarKey)],
  },
  { op: { code: OpCode.Call, x: 0, out: 1, t: 0.5, field: 0, trace: -1 }, reads: [0], writes: [1] },
  { op: { code: OpCode.Fill, out: 2, row: 0 }, reads: [], writes: [2] },
  { op: { code: OpCode.Record, x: 0, slot: 7 }, reads: [0], writes: [] },
];
const list = table.map(({ op }) => op);
const size = list.length;

/** The numbers of a list, with its pointers in their places. */
function encoded(ops: OpList, shared = false): Float64Array {
  const work = ops.encode(shared, { matrices: [640, 704], pointSets: [0, 1280], rows: [1344] });
  for (let next = work.next(); ; next = work.next()) if (next.done) return next.value;
}

describe("the table of operations", () => {
  it("has a code of its own for each, and a row of this test", () => {
    const codes = Object.values(operations).map(({ code }) => code);
    expect([...codes].sort((a, b) => a - b)).toEqual(codes.map((_, i) => i));
    expect(list.map(({ code }) => code).sort((a, b) => a - b)).toEqual(codes.map((_, i) => i));
  });

  it.each(table.map((row) => [Object.entries(OpCode).find(([, code]) => code === row.op.code)?.[0], row]))(
    "%s: what it reads and writes",
    (_, row) => {
      const { op, reads, writes } = row as (typeof table)[number];
      const ops = new OpList();
      ops.push(op);
      expect(ops.access(0)).toEqual({ reads, writes });
    },
  );

  it("says what a program needs scratch for", () => {
    const needs = (...ops: Op[]) => {
      const some = new OpList();
      for (const op of ops) some.push(op);
      return some.needs;
    };
    const nothing = {
      covariance: false,
      spread: false,
      linear: false,
      path: false,
      adaptive: false,
      draws: 0,
    };
    expect(needs({ code: OpCode.Score, ...seen, trace: -1 })).toEqual(nothing);
    expect(needs({ code: OpCode.Score, ...seen, trace: 0 })).toEqual({ ...nothing, covariance: true });
    expect(needs(...list)).toEqual({
      covariance: true,
      spread: true,
      linear: true,
      path: true,
      adaptive: true,
      draws: 5,
    });
  });
});

describe("operations of a program are kept as numbers", () => {
  it("and read as they were written, beyond the first part of the list as well", () => {
    const ops = new OpList();
    for (let round = 0; round < 3000; round++) for (const op of list) ops.push(op);
    expect(ops.length).toBe(3000 * size);
    expect(ops.slice(size * 2500, size * 2501)).toEqual(list);
    expect(ops.at(ops.length)).toBeUndefined();
    expect(ops.has(OpCode.Fill)).toBe(true);
    expect(new OpList().has(OpCode.Fill)).toBe(false);
  });

  it("addresses of matrices, of points and of rows take the place of their positions", () => {
    const ops = new OpList();
    for (const op of list) ops.push(op);
    const numbers = encoded(ops, true);
    expect(numbers.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(numbers.length).toBe(size * OP_WIDTH);
    const moved = list.map((op): Op => {
      if ("points" in op) return { ...op, points: 1280 };
      if ("matrix" in op) return { ...op, matrix: 704 };
      return "row" in op ? { ...op, row: 1344 } : op;
    });
    expect(list.map((_, i) => decodeOp(numbers, i * OP_WIDTH))).toEqual(moved);
  });

  it("and read where they lie: each field by its name, an operation in pieces beside others of other blocks", () => {
    type Values = Record<string, unknown>;
    /** All fields of an operation, by its entry of the table. */
    const fieldsOf =
      (name: OpName) =>
      (op: object): Values =>
        Object.fromEntries(
          Object.entries(operations[name].fields).map(([field, { type }]) => {
            const value = (op as Values)[field];
            if (type !== "terms") return [field, value];
            const terms = value as TermsView;
            return [
              field,
              Array.from({ length: terms.length }, (_, i) => [terms.register(i), terms.factor(i)]),
            ];
          }),
        );
    const handlers = Object.fromEntries(
      Object.keys(operations).map((name) => [name, fieldsOf(name as OpName)]),
    ) as unknown as OpViewHandlers<undefined, Values>;
    const ops = new OpList();
    for (const op of [...list, ...list.toReversed()]) ops.push(op);
    const numbers = encoded(ops);
    const [one, other] = [reader(handlers)(numbers, undefined), reader(handlers)(numbers, undefined)];
    for (let i = 0; i < ops.length; i++) {
      const { code: _, ...fields } = decodeOp(numbers, i * OP_WIDTH);
      expect(one(i)).toEqual(fields);
      expect(other(ops.length - 1 - i)).toEqual(fields);
    }
  });
});
