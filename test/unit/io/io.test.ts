import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VkernelError } from "../../../src/core/errors.js";
import { asTable, encodeCsv, encodeNpy, parseCsv, parseNpy } from "../../../src/io/index.js";

// Files written by numpy 1.24.2, whole: np.save, and numpy.lib.format.write_array for the versions.
const numpyFiles = {
  float64:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAADwPwAAAAAAAATAAAAAAAAACECamZmZmZm5PwEAAAAAAAAAnHUAiDzkN34=",
  bigEndianFortran:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPmY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAEAIAAAAAAAAP/AAAAAAAABAEAAAAAAAAEAAAAAAAAAAQBQAAAAAAAA=",
  fortran3d:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAADAQAAAQEAAABBBAACAPwAA4EAAAIBAAAAgQQAAAEAAAABBAACgQAAAMEE=",
  version2:
    "k05VTVBZAgB0AAAAeydkZXNjcic6ICc8ZjQnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMSwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/",
  version3Structured:
    "k05VTVBZAwB0AAAAeydkZXNjcic6IFsoJ8OkJywgJzxmNCcpLCAoJ3knLCAnPGY0JyldLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMSwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAA==",
  pickled:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqAA2NudW1weS5jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CnEAY251bXB5Cm5kYXJyYXkKcQFLAIVxAkMBYnEDh3EEUnEFKEsBSwKFcQZjbnVtcHkKZHR5cGUKcQdYAgAAAE84cQiJiIdxCVJxCihLA1gBAAAAfHELTk5OSv////9K/////0s/dHEMYoldcQ0oTn1xDmV0cQ9iLg==",
};

const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, "base64"));
const fromHex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** A file as numpy lays it out, from any header text (one byte a letter) and body. */
function npy(header: string, body: Uint8Array | string = "", major = 1, minor = 0): Uint8Array {
  const bytes = typeof body === "string" ? fromHex(body) : body;
  const start = major === 1 ? 10 : 12;
  const size = Math.ceil((start + header.length + 1) / 64) * 64 - start;
  const length = major === 1 ? [size & 255, size >> 8] : [size & 255, (size >> 8) & 255, size >> 16, 0];
  const text = `${header.padEnd(size - 1)}\n`;
  const front = [0x93, ...Buffer.from("NUMPY"), major, minor, ...length, ...Buffer.from(text, "latin1")];
  return Uint8Array.of(...front, ...bytes);
}
const dictionary = (descr: string, shape: string, fortran = "False") =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
const simple = (descr: string, shape: string, body: string) => npy(dictionary(descr, shape), body);

function caught(run: () => unknown): VkernelError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(VkernelError);
    return error as VkernelError;
  }
  throw new Error("nothing was thrown");
}

describe("parseNpy reads what numpy writes", () => {
  it("float64", () => {
    const { data, shape } = parseNpy(fromBase64(numpyFiles.float64));
    expect(data).toEqual(Float64Array.of(1, -2.5, 3, 0.1, 5e-324, 1e300));
    expect(shape).toEqual([2, 3]);
  });
  it("big-endian, Fortran order", () => {
    const { data, shape } = parseNpy(fromBase64(numpyFiles.bigEndianFortran));
    expect(data).toEqual(Float64Array.of(0, 1, 2, 3, 4, 5));
    expect(shape).toEqual([2, 3]);
  });
  it("float32 in Fortran order, three dimensions", () => {
    const { data, shape } = parseNpy(fromBase64(numpyFiles.fortran3d));
    expect(data).toEqual(Float32Array.from({ length: 12 }, (_, i) => i));
    expect(shape).toEqual([2, 2, 3]);
  });
  it("version 2.0", () => {
    expect(parseNpy(fromBase64(numpyFiles.version2))).toEqual({ data: Float32Array.of(1.5), shape: [1] });
  });

  const inf = Number.POSITIVE_INFINITY;
  const f64 = (...values: number[]) => Float64Array.from(values);
  // [dtype, shape, body, values]; the bodies of i8, b1 and f2 are numpy's own.
  const valid: [string, string, string, number[], Float32Array | Float64Array][] = [
    ["<i8", "(3,)", "0100000000000000 feffffffffffffff ffffffffffff1f00", [3], f64(1, -2, 2 ** 53 - 1)],
    [">u8", "(1,)", "001fffffffffffff", [1], f64(2 ** 53 - 1)],
    ["|b1", "(2,)", "0100", [2], f64(1, 0)],
    ["|i1", "(2,)", "ff7f", [2], f64(-1, 127)],
    ["|u1", "(2,)", "ff7f", [2], f64(255, 127)],
    ["<i2", "(2,)", "feff 0100", [2], f64(-2, 1)],
    [">i2", "(2,)", "fffe 0001", [2], f64(-2, 1)],
    ["<u2", "(1,)", "feff", [1], f64(65534)],
    ["<i4", "(1,)", "feffffff", [1], f64(-2)],
    [">u4", "(1,)", "fffffffe", [1], f64(4294967294)],
    [">f4", "(1,)", "3fc00000", [1], Float32Array.of(1.5)],
    ["<f8", "()", "0000000000001e40", [], f64(7.5)],
    ["<f8", "(0, 3)", "", [0, 3], f64()],
    ["<f8", "(0, 9007199254740991, 9007199254740991)", "", [0, 2 ** 53 - 1, 2 ** 53 - 1], f64()],
    ["<f8", "(1L, 1L)", "0000000000001e40", [1, 1], f64(7.5)],
    ["<f8", "(2,)", "000000000000f87f 000000000000f0ff", [2], f64(Number.NaN, -inf)],
    [
      "<f2",
      "(7,)",
      "003c 00c1 0100 ff7b 007c 007e 0080",
      [7],
      Float32Array.of(1, -2.5, 2 ** -24, 65504, inf, Number.NaN, -0),
    ],
  ];
  it.each(valid)("%s %s %s", (descr, shape, body, lengths, values) => {
    expect(parseNpy(simple(descr, shape, body))).toEqual({ data: values, shape: lengths });
  });

  it("a header with other quotes, order and spaces, without the last comma", () => {
    const header = `{"shape":(1,),"fortran_order":False,"descr":"|u1"}`;
    expect(parseNpy(npy(header, "05", 2)).data).toEqual(Float64Array.of(5));
  });
  it("misaligned and pooled bytes, and shares no memory with them", () => {
    const file = fromBase64(numpyFiles.float64);
    const larger = Buffer.alloc(file.length + 3);
    larger.set(file, 3);
    const bytes = larger.subarray(3);
    const { data } = parseNpy(bytes);
    bytes.fill(0);
    expect(data[0]).toBe(1);
  });
});

describe("parseNpy refuses", () => {
  const one = simple("<f8", "(1,)", "0000000000001e40");
  const patched = (byte: number, value: number) => {
    const bytes = one.slice();
    bytes[byte] = value;
    return bytes;
  };
  const header = (text: string) => npy(text, "0000000000001e40");
  const bad: [string, Uint8Array, string, RegExp][] = [
    ["an empty file", new Uint8Array(), "E_TRUNCATED", /byte 0:/],
    ["half a magic", one.slice(0, 3), "E_TRUNCATED", /byte 3:/],
    ["bad magic", patched(0, 0x50), "E_FORMAT", /byte 0:/],
    ["bad magic later", patched(5, 0x50), "E_FORMAT", /byte 5:/],
    ["no version", one.slice(0, 7), "E_TRUNCATED", /byte 7:/],
    ["version 0.0", patched(6, 0), "E_FORMAT", /byte 6:.*got 0\.0/],
    ["version 4.0", patched(6, 4), "E_FORMAT", /byte 6:.*got 4\.0/],
    ["version 1.1", patched(7, 1), "E_FORMAT", /byte 6:.*got 1\.1/],
    ["no header length", one.slice(0, 9), "E_TRUNCATED", /byte 9:/],
    ["a header longer than the file", patched(9, 0x20), "E_TRUNCATED", /byte 136:/],
    ["a header longer than 10,000 bytes", patched(9, 0xff), "E_FORMAT", /byte 8:.*10000/],
    ["a header of 4 GB", npy("", "", 2).fill(255, 8, 12), "E_FORMAT", /byte 8:.*4294967295/],
    ["an empty header", header(""), "E_FORMAT", /byte 10:/],
    ["shape -1", simple("<f8", "(-1,)", "0000000000001e40"), "E_FORMAT", /byte \d+:.*shape.*-1/],
    ["shape 1e30", simple("<f8", "(1e30,)", "0000000000001e40"), "E_FORMAT", /shape/],
    ["shape 10^30", simple("<f8", `(1${"0".repeat(30)},)`, ""), "E_FORMAT", /shape/],
    ["shape 1.5", simple("<f8", "(1.5,)", ""), "E_FORMAT", /shape/],
    ["shape no tuple", simple("<f8", "(1)", "0000000000001e40"), "E_FORMAT", /shape/],
    ["shape of two commas", simple("<f8", "(1,,)", "0000000000001e40"), "E_FORMAT", /shape/],
    ["shape a name", simple("<f8", "(n,)", "0000000000001e40"), "E_FORMAT", /shape/],
    ["2^31 values", simple("<f8", "(65536, 32768)", ""), "E_LIMIT", /2147483647/],
    ["a product that overflows", simple("<f8", "(9007199254740991,)", ""), "E_LIMIT", /2147483647/],
    ["a truncated body", one.slice(0, -1), "E_TRUNCATED", /byte 135:.*8 bytes.*after 7/],
    ["no body", one.slice(0, 128), "E_TRUNCATED", /byte 128:/],
    ["a trailing byte", Uint8Array.of(...one, 0), "E_FORMAT", /byte 136:.*1 more/],
    ["no dictionary", header("'<f8'"), "E_FORMAT", /byte 10:/],
    ["a missing key", header("{'descr': '<f8', 'shape': (1,)}"), "E_FORMAT", /fortran_order/],
    ["a repeated key", header("{'shape': (1,), 'shape': (1,)}"), "E_FORMAT", /byte 26:.*once/],
    ["another key", header(`${dictionary("<f8", "(1,)").slice(0, -1)}'x': 1}`), "E_FORMAT", /once/],
    ["__proto__", header("{'__proto__': (1,)}"), "E_FORMAT", /byte 11:/],
    ["code", header("{'descr': __import__('os')}"), "E_FORMAT", /byte 20:.*dtype/],
    ["fortran_order 1", npy(dictionary("<f8", "(1,)", "1"), ""), "E_FORMAT", /True or False/],
    ["text after the dictionary", header(`${dictionary("<f8", "(1,)")} x`), "E_FORMAT", /end of the dict/],
    ["a bool of 2", simple("|b1", "(2,)", "0102"), "E_FORMAT", /byte 129:.*got 2/],
    ["an i8 of 2^53", simple("<i8", "(2,)", `${"00".repeat(8)}0000000000002000`), "E_RANGE", /byte 136:/],
    ["an i8 of -2^63", simple("<i8", "(1,)", "0000000000000080"), "E_RANGE", /byte 128:/],
    ["a u8 of 2^64 - 1", simple("<u8", "(1,)", "ff".repeat(8)), "E_RANGE", /byte 128:/],
    ["objects", fromBase64(numpyFiles.pickled), "E_TYPE", /never unpickled/],
    ["structures", fromBase64(numpyFiles.version3Structured), "E_TYPE", /byte 22:.*structured/],
    ["a subarray", header("{'descr': ('<f8', (2,)), }"), "E_TYPE", /structured/],
    ["complex numbers", simple("<c8", "(1,)", "00".repeat(8)), "E_TYPE", /byte 20:.*complex/],
    ["text", simple("<U2", "(1,)", "00".repeat(8)), "E_TYPE", /<U2/],
    ["dates", simple("<M8[D]", "(1,)", "00".repeat(8)), "E_TYPE", /M8/],
    ["raw bytes", simple("|V4", "(1,)", "00000000"), "E_TYPE", /void/],
    ["f16", simple("<f16", "(1,)", "00".repeat(16)), "E_TYPE", /f16/],
    ["no dtype", simple("", "(1,)", ""), "E_TYPE", /dtype/],
  ];
  it.each(bad)("%s", (_, bytes, code, message) => {
    const error = caught(() => parseNpy(bytes, "points.npy"));
    expect(error.message).toMatch(/^"points\.npy" at byte \d+: expected /);
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });
  it.each([["text"], [null], [[1, 2]], [new ArrayBuffer(8)], [new Float64Array(3)]])("%s", (value) => {
    expect(caught(() => parseNpy(value as never)).code).toBe("E_TYPE");
  });

  it("anything or gives a valid result, whatever bytes are flipped", () => {
    const files = [fromBase64(numpyFiles.float64), fromBase64(numpyFiles.fortran3d), one];
    const flips = fc.array(fc.tuple(fc.nat(175), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.constantFrom(...files), flips, fc.nat(200), (file, changes, length) => {
        const bytes = length > file.length ? file.slice() : file.slice(0, length);
        if (length % 2 === 0) bytes.set(file.subarray(0, bytes.length));
        for (const [byte, mask] of changes)
          if (byte < bytes.length) bytes[byte] = (bytes[byte] as number) ^ mask;
        checkOutcome(bytes);
      }),
      { seed: 1, numRuns: 5000 },
    );
  });
  it("anything or gives a valid result, one byte of the header set to each value", { tags: ["slow"] }, () => {
    const file = fromBase64(numpyFiles.float64);
    for (let byte = 0; byte < 80; byte++) {
      for (let value = 0; value < 256; value++) {
        const bytes = file.slice();
        bytes[byte] = value;
        checkOutcome(bytes);
      }
    }
  });
  function checkOutcome(bytes: Uint8Array) {
    try {
      const { data, shape } = parseNpy(bytes);
      if (data.length !== shape.reduce((a, b) => a * b, 1)) throw new Error(`${data.length} in ${shape}`);
    } catch (error) {
      if (!(error instanceof VkernelError)) throw error;
    }
  }
});

describe("encodeNpy", () => {
  it("writes numpy's own bytes", () => {
    const values = Float64Array.of(1, -2.5, 3, 0.1, 5e-324, 1e300);
    expect(encodeNpy(values, [2, 3])).toEqual(fromBase64(numpyFiles.float64));
  });
  it("reads back the same bits", () => {
    const lengths = fc.array(fc.nat(4), { maxLength: 4 });
    const kinds = fc.constantFrom(Float32Array, Float64Array);
    fc.assert(
      fc.property(lengths, kinds, fc.infiniteStream(fc.double()), (shape, Kind, stream) => {
        const count = shape.reduce((a, b) => a * b, 1);
        const data = new Kind(Array.from({ length: count }, () => stream.next().value as number));
        const bytes = encodeNpy(data, shape);
        expect(bytes.length % 64).toBe((count * data.BYTES_PER_ELEMENT) % 64);
        expect(parseNpy(bytes)).toEqual({ data, shape });
      }),
      { seed: 2, numRuns: 300 },
    );
  });
  it("writes int32, which reads back as float64", () => {
    const bytes = encodeNpy(Int32Array.of(-1, 2 ** 31 - 1), [2]);
    expect(parseNpy(bytes)).toEqual({ data: Float64Array.of(-1, 2 ** 31 - 1), shape: [2] });
  });
  it("writes a part of a larger array", () => {
    const part = Float64Array.of(1, 2, 3, 4).subarray(1, 3);
    expect(parseNpy(encodeNpy(part, [1, 2])).data).toEqual(Float64Array.of(2, 3));
  });
  const two = Float64Array.of(1, 2);
  const bad: [string, unknown, unknown, string][] = [
    ["a plain array", [1, 2], [2], "E_TYPE"],
    ["bytes", Uint8Array.of(1, 2), [2], "E_TYPE"],
    ["no shape", two, undefined, "E_TYPE"],
    ["a shape of another size", two, [3], "E_SHAPE"],
    ["a negative length", two, [-2], "E_RANGE"],
    ["half a length", two, [1.5], "E_RANGE"],
    ["a length of text", two, ["2"], "E_TYPE"],
    ["33 dimensions", Float64Array.of(1), new Array(33).fill(1), "E_SHAPE"],
    ["a hole in the shape", two, new Array(1), "E_TYPE"],
  ];
  it.each(bad)("refuses %s", (_, data, shape, code) => {
    expect(caught(() => encodeNpy(data as never, shape as never)).code).toBe(code);
  });
});

describe("asTable", () => {
  const data = Float64Array.of(1, 2, 3, 4);
  it.each([
    [[4], 4, 1],
    [[2, 2], 2, 2],
  ])("takes shape %j", (shape, rows, dim) => {
    expect(asTable({ data, shape })).toEqual({ data, rows, dim });
  });
  it("takes no rows", () => {
    const none = new Float64Array();
    expect(asTable({ data: none, shape: [0, 3] })).toEqual({ data: none, rows: 0, dim: 3 });
    expect(asTable({ data: none, shape: [0] })).toEqual({ data: none, rows: 0, dim: 1 });
  });
  it.each([[[]], [[1, 2, 2]], [[4, 0]], [[0, 0]], [[1, 1, 1, 4]]])("refuses shape %j", (shape) => {
    const error = caught(() => asTable({ data, shape }, "x.npy"));
    expect(error.code).toBe("E_SHAPE");
    expect(error.message).toContain(`"x.npy" expected a table`);
    expect(error.message).toContain(`shape (${shape.join(", ")})`);
  });
});

describe("parseCsv", () => {
  const table = (rows: number, dim: number, values: number[], header?: string[]) => ({
    data: Float64Array.from(values),
    rows,
    dim,
    ...(header === undefined ? {} : { header }),
  });
  const valid: [string, string, ReturnType<typeof table>][] = [
    ["rows", "1,2\n3,4\n", table(2, 2, [1, 2, 3, 4])],
    ["no last line end", "1,2\n3,4", table(2, 2, [1, 2, 3, 4])],
    ["blank last lines", "1,2\n\n \n\n", table(1, 2, [1, 2])],
    ["CRLF", "1,2\r\n3,4\r\n", table(2, 2, [1, 2, 3, 4])],
    ["CRLF and a blank last line", "1,2\r\n3,4\r\n\r\n", table(2, 2, [1, 2, 3, 4])],
    ["CR", "1,2\r3,4\r", table(2, 2, [1, 2, 3, 4])],
    ["mixed line ends", "1,2\r\n3,4\n5,6", table(3, 2, [1, 2, 3, 4, 5, 6])],
    ["a byte-order mark", "\ufeff1,2\n", table(1, 2, [1, 2])],
    ["a byte-order mark and a header", "\ufeffx,y\n1,2\n", table(1, 2, [1, 2], ["x", "y"])],
    ["a header", "x,y\n1,2\n", table(1, 2, [1, 2], ["x", "y"])],
    ["a header of numpy.savetxt", "# x,y\n1,2\n", table(1, 2, [1, 2], ["# x", "y"])],
    ["a quoted header over two lines", '"x,\n1",y\n1,2\n', table(1, 2, [1, 2], ["x,\n1", "y"])],
    ["an unnamed column that is not the first", "x,\n0,5\n", table(1, 2, [0, 5], ["x", ""])],
    ["a header only", "x,y\n", table(0, 2, [], ["x", "y"])],
    ["one column", "1\n2\n3", table(3, 1, [1, 2, 3])],
    ["quotes and blanks", '"1", 2\t\n" 3 ",4', table(2, 2, [1, 2, 3, 4])],
    ["quotes with CRLF", '"1","2"\r\n"3","4"\r\n', table(2, 2, [1, 2, 3, 4])],
    ["all forms of numbers", "+1,-.5,2.,1e3,1E-3,-0,007", table(1, 7, [1, -0.5, 2, 1000, 0.001, -0, 7])],
    ["denormals", "5e-324,1e-400", table(1, 2, [5e-324, 0])],
  ];
  it.each(valid)("takes %s", (_, text, expected) => {
    expect(parseCsv(text)).toEqual(expected);
  });

  const bad: [string, string, string, string][] = [
    ["an empty file", "", "E_FORMAT", "1:1"],
    ["blank lines only", "\ufeff\n \r\n", "E_FORMAT", "1:1"],
    ["a decimal comma in quotes", '1,2\n"1,5",2\n', "E_FORMAT", "2:1"],
    ["a decimal comma in the first row", '"1,5"\n', "E_FORMAT", "1:1"],
    ["a hexadecimal number", "1,2\n3,0x10\n", "E_FORMAT", "2:2"],
    ["a hexadecimal number in the first row", "0x10\n3\n", "E_FORMAT", "1:1"],
    ["an empty cell", "1,2\n3,\n", "E_FORMAT", "2:2"],
    ["a blank cell", "1,2\n , 4\n", "E_FORMAT", "2:1"],
    ["an empty first cell", ",2\n", "E_FORMAT", "1:1"],
    ["a short row", "1,2\n3\n", "E_FORMAT", "2:2"],
    ["a long row", "1,2\n3,4,5\n", "E_FORMAT", "2:3"],
    ["a row shorter than the header", "x,y\n1\n", "E_FORMAT", "2:2"],
    ["a blank line inside", "1,2\n\n3,4\n", "E_FORMAT", "2:1"],
    ["a blank line inside one column", "1\n\n3\n", "E_FORMAT", "2:1"],
    ["a blank first line", "\n1,2\n", "E_FORMAT", "1:1"],
    ["a header of two rows", "x,y\na,b\n1,2\n", "E_FORMAT", "2:1"],
    ["words and numbers in the first row", "x,2\n1,2\n", "E_FORMAT", "1:1"],
    ["a word", "1,2\n3,four\n", "E_FORMAT", "2:2"],
    ["underscores", "1,1_000\n", "E_FORMAT", "1:2"],
    ["two numbers in a cell", "1 2,3\n", "E_FORMAT", "1:1"],
    ["a semicolon", "1;2\n", "E_FORMAT", "1:1"],
    ["an exponent without digits", "1,1e\n", "E_FORMAT", "1:2"],
    ["a point alone", "1,.\n", "E_FORMAT", "1:2"],
    ["a bad cell after one over two lines", '"x\nz",y\n1,2\n3,a\n', "E_FORMAT", "4:2"],
    ["an open quote", '1,2\n3,"4\n5,6\n', "E_FORMAT", "2:2"],
    ["text after a quote", '1,2\n3,"4"5\n', "E_FORMAT", "2:2"],
    ["NaN", "1,2\n3,NaN\n", "E_NONFINITE", "2:2"],
    ["NaN in the first row", "nan,nan\n", "E_NONFINITE", "1:1"],
    ["inf", "1,-inf\n", "E_NONFINITE", "1:2"],
    ["Infinity", "1,2\nInfinity,1\n", "E_NONFINITE", "2:1"],
    ["overflow", "1,1e999\n", "E_NONFINITE", "1:2"],
  ];
  it.each(bad)("refuses %s", (_, text, code, place) => {
    const error = caught(() => parseCsv(text, "points.csv"));
    expect(error.message).toMatch(new RegExp(`^points\\.csv:${place}: expected `));
    expect(error.code).toBe(code);
  });
  it("refuses what is no text", () => {
    expect(caught(() => parseCsv(new Uint8Array(3) as never)).code).toBe("E_TYPE");
  });
  it("anything or gives a valid table", () => {
    const letters = fc.string({ unit: fc.constantFrom(...'01.,-e"\n\r\t xN\ufeff'), maxLength: 30 });
    fc.assert(
      fc.property(letters, (text) => {
        try {
          const { data, rows, dim } = parseCsv(text);
          if (data.length !== rows * dim || !data.every(Number.isFinite)) throw new Error(text);
        } catch (error) {
          if (!(error instanceof VkernelError)) throw error;
        }
      }),
      { seed: 3, numRuns: 5000 },
    );
  });
});

describe("encodeCsv", () => {
  const finite = { noNaN: true, noDefaultInfinity: true };
  it("writes the shortest numbers", () => {
    expect(encodeCsv(Float64Array.of(0.1, -0, 1e21, 5e-324), 2, 2)).toBe("0.1,-0\n1e+21,5e-324\n");
    expect(encodeCsv(Float32Array.of(0.1, -0, 16777216, 1e-45), 2, 2)).toBe("0.1,-0\n16777216,1e-45\n");
    expect(encodeCsv(Int32Array.of(-1, 2 ** 31 - 1), 1, 2, ["a", "b,c"])).toBe('a,"b,c"\n-1,2147483647\n');
  });
  it("reads back the same float64", () => {
    fc.assert(
      fc.property(fc.array(fc.double(finite), { minLength: 1 }), (values) => {
        const data = Float64Array.from(values);
        expect(parseCsv(encodeCsv(data, 1, data.length)).data).toEqual(data);
      }),
      { seed: 4, numRuns: 500 },
    );
  });
  it("reads back the same float32", () => {
    fc.assert(
      fc.property(fc.array(fc.float(finite), { minLength: 1 }), (values) => {
        const data = Float32Array.from(values);
        const { data: read } = parseCsv(encodeCsv(data, data.length, 1, ["x"]));
        expect(Float32Array.from(read)).toEqual(data);
      }),
      { seed: 5, numRuns: 500 },
    );
  });
  it("reads back any header that it writes", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 4 }), (header) => {
        let text = "";
        try {
          text = encodeCsv(new Float64Array(header.length), 1, header.length, header);
        } catch (error) {
          expect((error as VkernelError).code).toBe("E_FORMAT");
          return;
        }
        expect(parseCsv(text).header).toEqual(header);
      }),
      { seed: 6, numRuns: 2000 },
    );
  });
  const two = Float64Array.of(1, 2);
  const bad: [string, () => string, string][] = [
    ["a plain array", () => encodeCsv([1, 2] as never, 1, 2), "E_TYPE"],
    ["another length", () => encodeCsv(two, 2, 2), "E_SHAPE"],
    ["dim 0", () => encodeCsv(new Float64Array(), 0, 0), "E_RANGE"],
    ["rows -1", () => encodeCsv(two, -1, 2), "E_RANGE"],
    ["NaN", () => encodeCsv(Float64Array.of(1, Number.NaN), 1, 2), "E_NONFINITE"],
    ["a header of another length", () => encodeCsv(two, 1, 2, ["x"]), "E_SHAPE"],
    ["a header of numbers", () => encodeCsv(two, 1, 2, ["x", "1"]), "E_FORMAT"],
    ["a header without names", () => encodeCsv(two, 1, 2, ["", ""]), "E_FORMAT"],
    ["a header whose first name reads as row numbers", () => encodeCsv(two, 1, 2, ["", "x"]), "E_FORMAT"],
    ["a header over two lines", () => encodeCsv(two, 1, 2, ["x", "a\nb"]), "E_FORMAT"],
    ["a header of no strings", () => encodeCsv(two, 1, 2, [1, 2] as never), "E_TYPE"],
  ];
  it.each(bad)("refuses %s", (_, run, code) => {
    expect(caught(run).code).toBe(code);
  });
});
