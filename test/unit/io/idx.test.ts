import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VkernelError } from "../../../src/core/errors.js";
import { encodeIdx, type IdxArray, parseIdx } from "../../../src/io/index.js";

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

function caught(run: () => unknown): VkernelError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(VkernelError);
    return error as VkernelError;
  }
  throw new Error("nothing was thrown");
}

describe("parseIdx", () => {
  // Bytes by hand from the description of the format: 00 00, type, dimensions, lengths and values big-endian.
  const valid: [string, string, IdxArray][] = [
    [
      "labels of MNIST",
      "00000801 00000003 070209",
      { data: Uint8Array.of(7, 2, 9), shape: [3], type: "ubyte" },
    ],
    [
      "images of MNIST",
      "00000803 00000001 00000002 00000002 00ff8001",
      { data: Uint8Array.of(0, 255, 128, 1), shape: [1, 2, 2], type: "ubyte" },
    ],
    ["byte", "00000901 00000002 ff7f", { data: Int8Array.of(-1, 127), shape: [2], type: "byte" }],
    ["short", "00000b01 00000002 fffe0100", { data: Int16Array.of(-2, 256), shape: [2], type: "short" }],
    [
      "int",
      "00000c01 00000002 fffffffe 00010000",
      { data: Int32Array.of(-2, 65536), shape: [2], type: "int" },
    ],
    [
      "float",
      "00000d02 00000001 00000002 3fc00000 ff800000",
      { data: Float32Array.of(1.5, Number.NEGATIVE_INFINITY), shape: [1, 2], type: "float" },
    ],
    [
      "double",
      "00000e01 00000001 3fb999999999999a",
      { data: Float64Array.of(0.1), shape: [1], type: "double" },
    ],
    ["nothing", "00000801 00000000", { data: new Uint8Array(), shape: [0], type: "ubyte" }],
    [
      "nothing of many",
      "00000803 00000000 ffffffff ffffffff",
      { data: new Uint8Array(), shape: [0, 2 ** 32 - 1, 2 ** 32 - 1], type: "ubyte" },
    ],
  ];
  it.each(valid)("takes %s", (_, text, expected) => {
    expect(parseIdx(hex(text))).toEqual(expected);
    expect(encodeIdx(expected.data, expected.shape)).toEqual(hex(text));
  });
  it("misaligned and pooled bytes, and shares no memory with them", () => {
    const file = hex("00000c01 00000001 00000007");
    const larger = Buffer.alloc(file.length + 3);
    larger.set(file, 3);
    const { data } = parseIdx(larger.subarray(3));
    larger.fill(0);
    expect(data[0]).toBe(7);
  });

  const bad: [string, string, string, RegExp][] = [
    ["an empty file", "", "E_TRUNCATED", /byte 0:/],
    ["half a magic", "00", "E_TRUNCATED", /byte 1:/],
    ["bad magic", "01000801", "E_FORMAT", /byte 0:.*got byte 1/],
    ["a gzip file", "1f8b0800", "E_FORMAT", /byte 0:/],
    ["no type", "0000", "E_TRUNCATED", /byte 2:/],
    ["type 0x0a", "00000a01 00000000", "E_FORMAT", /byte 2:.*8 \(ubyte\).*got 10/],
    ["no dimensions", "000008", "E_TRUNCATED", /byte 3:/],
    ["0 dimensions", "00000800", "E_FORMAT", /byte 3:.*got 0/],
    ["33 dimensions", "00000821", "E_FORMAT", /byte 3:.*got 33/],
    ["half a length", "00000802 00000001 0000", "E_TRUNCATED", /byte 10:/],
    ["2^31 values", "00000802 00010000 00008000", "E_LIMIT", /byte 4:.*2147483647/],
    ["2^128 values", `00000804 ${"ffffffff".repeat(4)}`, "E_LIMIT", /byte 4:/],
    ["no body", "00000c01 00000002", "E_TRUNCATED", /byte 8:.*8 bytes.*after 0/],
    ["a short body", "00000801 00000003 0102", "E_TRUNCATED", /byte 10:.*3 bytes.*after 2/],
    ["a long body", "00000801 00000001 0102", "E_FORMAT", /byte 9:.*1 more/],
  ];
  it.each(bad)("refuses %s", (_, text, code, message) => {
    const error = caught(() => parseIdx(hex(text), "x-ubyte"));
    expect(error.message).toMatch(/^"x-ubyte" at byte \d+: expected /);
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });
  it.each([["text"], [null], [[0, 0, 8]], [new ArrayBuffer(8)]])("refuses %s", (value) => {
    expect(caught(() => parseIdx(value as never)).code).toBe("E_TYPE");
  });

  it("gives a valid result or an error of its own, whatever bytes are changed or cut", {
    tags: ["slow"],
  }, () => {
    const files = valid.map(([, text]) => hex(text));
    const changes = fc.array(fc.tuple(fc.nat(24), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...files), changes, fc.nat(30), (file, flips, length) => {
        const bytes = file.slice(0, length);
        for (const [byte, value] of flips) if (byte < bytes.length) bytes[byte] = value;
        try {
          const { data, shape } = parseIdx(bytes);
          const count = shape.includes(0) ? 0 : shape.reduce((a, b) => a * b, 1);
          if (data.length !== count) throw new Error(`${data.length} in ${shape}`);
        } catch (error) {
          if (!(error instanceof VkernelError)) throw error;
        }
      }),
      { seed: 11, numRuns: 20_000 },
    );
  });
});

describe("encodeIdx", () => {
  it("reads back the same bits", () => {
    const kinds = [Uint8Array, Int8Array, Int16Array, Int32Array, Float32Array, Float64Array] as const;
    const shapes = fc.array(fc.nat(4), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom(...kinds),
        fc.infiniteStream(fc.double()),
        (shape, Kind, stream) => {
          const count = shape.reduce((a, b) => a * b, 1);
          const data = new Kind(Array.from({ length: count }, () => stream.next().value as number));
          expect(parseIdx(encodeIdx(data, shape))).toMatchObject({ data, shape });
        },
      ),
      { seed: 12, numRuns: 300 },
    );
  });
  const two = Uint8Array.of(1, 2);
  const bad: [string, unknown, unknown, string][] = [
    ["a plain array", [1, 2], [2], "E_TYPE"],
    ["unsigned shorts", Uint16Array.of(1, 2), [2], "E_TYPE"],
    ["no shape", two, undefined, "E_TYPE"],
    ["no dimensions", Uint8Array.of(1), [], "E_SHAPE"],
    ["33 dimensions", Uint8Array.of(1), new Array(33).fill(1), "E_SHAPE"],
    ["a shape of another size", two, [3], "E_SHAPE"],
    ["a length of 2^32", new Uint8Array(), [2 ** 32, 0], "E_RANGE"],
    ["half a length", two, [1.5], "E_RANGE"],
  ];
  it.each(bad)("refuses %s", (_, data, shape, code) => {
    expect(caught(() => encodeIdx(data as never, shape as never)).code).toBe(code);
  });
});
