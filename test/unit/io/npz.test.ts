import { zipSync } from "fflate";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VkernelError } from "../../../src/core/errors.js";
import { encodeNpy, encodeNpz, encodeSamples, parseNpz } from "../../../src/io/index.js";

// Files written by numpy 2.4.6, whole. Its headers before each file are zip64, its directory is not.
const numpyFiles = {
  // np.savez(f, points=np.array([[0, 1], [2, 3], [4, 5]], "<f4"), labels=np.array([0, 1, 1], "|u1"))
  saved:
    "UEsDBC0AAAAAAAAAIQDMypy9//////////8KABQAcG9pbnRzLm5weQEAEACYAAAAAAAAAJgAAAAAAAAAk05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACAPwAAAEAAAEBAAACAQAAAoEBQSwMELQAAAAAAAAAhAPK7b3X//////////woAFABsYWJlbHMubnB5AQAQAIMAAAAAAAAAgwAAAAAAAACTTlVNUFkBAHYAeydkZXNjcic6ICd8dTEnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgCgABAVBLAQItAy0AAAAAAAAAIQDMypy9mAAAAJgAAAAKAAAAAAAAAAAAAACAAQAAAABwb2ludHMubnB5UEsBAi0DLQAAAAAAAAAhAPK7b3WDAAAAgwAAAAoAAAAAAAAAAAAAAIAB1AAAAGxhYmVscy5ucHlQSwUGAAAAAAIAAgBwAAAAkwEAAAAA",
  // np.savez_compressed(f, x=np.array([[1.5, -2.5], [0.1, 1e300]]), y=np.array([3, -1]), weights=np.array([0.25, 0.75]))
  compressed:
    "UEsDBC0AAAAIAAAAIQDQHk4y//////////8FABQAeC5ucHkBABAAoAAAAAAAAABdAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CkaaOgq1CmQDLgYw+GEPoVkOzJoJAjvt55QydNg8Ma8DAFBLAwQtAAAACAAAACEAZ97/aP//////////BQAUAHkubnB5AQAQAJAAAAAAAAAASgAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mhrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOpo6CrUKFAAuZgYI+A8FAFBLAwQtAAAACAAAACEA/U3qpv//////////CwAUAHdlaWdodHMubnB5AQAQAJAAAAAAAAAATQAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2ahrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOpo6CrUKFAAuBjC4YA+hX9gDAFBLAQItAy0AAAAIAAAAIQDQHk4yXQAAAKAAAAAFAAAAAAAAAAAAAACAAQAAAAB4Lm5weVBLAQItAy0AAAAIAAAAIQBn3v9oSgAAAJAAAAAFAAAAAAAAAAAAAACAAZQAAAB5Lm5weVBLAQItAy0AAAAIAAAAIQD9TeqmTQAAAJAAAAALAAAAAAAAAAAAAACAARUBAAB3ZWlnaHRzLm5weVBLBQYAAAAAAwADAJ8AAACfAQAAAAA=",
  // np.savez(f, points=np.array([[1.0]]), names=np.array(["a", None], dtype=object))
  objects:
    "UEsDBC0AAAAAAAAAIQCL58ss//////////8KABQAcG9pbnRzLm5weQEAEACIAAAAAAAAAIgAAAAAAAAAk05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsIDEpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAADwP1BLAwQtAAAAAAAAACEAF3CT////////////CQAUAG5hbWVzLm5weQEAEAAaAQAAAAAAABoBAAAAAAAAk05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqABJWPAAAAAAAAAIwWbnVtcHkuX2NvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBSwKFlGgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlCiMAWGUTmV0lGIuUEsBAi0DLQAAAAAAAAAhAIvnyyyIAAAAiAAAAAoAAAAAAAAAAAAAAIABAAAAAHBvaW50cy5ucHlQSwECLQMtAAAAAAAAACEAF3CT/xoBAAAaAQAACQAAAAAAAAAAAAAAgAHEAAAAbmFtZXMubnB5UEsFBgAAAAACAAIAbwAAABkCAAAAAA==",
};

const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, "base64"));
// a.npy is np.array([[1.5, -2], [3, 4]], "<f4"), b.npy np.array([7, 8], "<i8").
const zip64 = {
  // zip -fz fz.npz a.npy b.npy (Info-ZIP 3.0): 8-byte lengths before each file, in the directory and at the end
  fz: fromBase64(
    "UEsDBC0AAAAIACOwfV3wDMxS//////////8FADAAYS5ucHlVVAkAA6KgDGuioAxrdXgLAAEEAAAAAAQAAAAAAQAQAJAAAAAAAAAAVQAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2airqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgpGmjoKtQpkAy4GhgP2DECCgcHBgYGhwQEAUEsDBC0AAAAIACOwfV0giU0r//////////8FADAAYi5ucHlVVAkAA6KgDGuioAxrdXgLAAEEAAAAAAQAAAAAAQAQAJAAAAAAAAAASgAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mhrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOpo6CrUKFAAudgYI4IDSAFBLAQIeAy0AAAAIACOwfV3wDMxSVQAAAP////8FACQAAAAAAAAAAACkgQAAAABhLm5weVVUBQADoqAMa3V4CwABBAAAAAAEAAAAAAEACACQAAAAAAAAAFBLAQIeAy0AAAAIACOwfV0giU0rSgAAAP////8FACQAAAAAAAAAAACkgagAAABiLm5weVVUBQADoqAMa3V4CwABBAAAAAAEAAAAAAEACACQAAAAAAAAAFBLBgYsAAAAAAAAAB4DLQAAAAAAAAAAAAIAAAAAAAAAAgAAAAAAAACuAAAAAAAAAEUBAAAAAAAAUEsGBwAAAADzAQAAAAAAAAEAAABQSwUGAAAAAAIAAgCuAAAA/////wAA",
  ),
  // The same into a pipe, where lengths follow the files: zip -fz -fd - a.npy
  piped: fromBase64(
    "UEsDBC0ACAAIACOwfV0AAAAA//////////8FADAAYS5ucHlVVAkAA6KgDGuioAxrdXgLAAEEAAAAAAQAAAAAAQAQAJAAAAAAAAAAAAAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2airqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgpGmjoKtQpkAy4GhgP2DECCgcHBgYGhwQEAUEsHCPAMzFJVAAAAAAAAAJAAAAAAAAAAUEsBAh4DLQAIAAgAI7B9XfAMzFJVAAAA/////wUAJAAAAAAAAAAAAKSBAAAAAGEubnB5VVQFAAOioAxrdXgLAAEEAAAAAAQAAAAAAQAIAJAAAAAAAAAAUEsFBgAAAAABAAEAVwAAAP////8AAA==",
  ),
  // Python's zipfile into a stream that cannot seek, force_zip64=True
  python: fromBase64(
    "UEsDBC0ACAAIAAAAIQAAAAAA//////////8FABQAYS5ucHkBABAAAAAAAAAAAAAAAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CkaaOgq1CmQDLgaGA/YMQIKBwcGBgaHBAQBQSwcI8AzMUlUAAAAAAAAAkAAAAAAAAABQSwMELQAIAAgAAAAhAAAAAAD//////////wUAFABiLm5weQEAEAAAAAAAAAAAAAAAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNpoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaRjqaOgq1ChQALnYGCOCA0gBQSwcIIIlNK0oAAAAAAAAAkAAAAAAAAABQSwECLQMtAAgACAAAACEA8AzMUlUAAACQAAAABQAAAAAAAAAAAAAAgAEAAAAAYS5ucHlQSwECLQMtAAgACAAAACEAIIlNK0oAAACQAAAABQAAAAAAAAAAAAAAgAGkAAAAYi5ucHlQSwUGAAAAAAIAAgBmAAAAPQEAAAAA",
  ),
};
const npy = encodeNpy(Float64Array.of(1, 2), [2]);

function caught(run: () => unknown): VkernelError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(VkernelError);
    return error as VkernelError;
  }
  throw new Error("nothing was thrown");
}

describe("parseNpz reads what numpy writes", () => {
  it("savez", () => {
    expect(parseNpz(fromBase64(numpyFiles.saved))).toEqual(
      new Map([
        ["points", { data: Float32Array.of(0, 1, 2, 3, 4, 5), shape: [3, 2] }],
        ["labels", { data: Float64Array.of(0, 1, 1), shape: [3] }],
      ]),
    );
  });
  it("savez_compressed", () => {
    expect(parseNpz(fromBase64(numpyFiles.compressed))).toEqual(
      new Map([
        ["x", { data: Float64Array.of(1.5, -2.5, 0.1, 1e300), shape: [2, 2] }],
        ["y", { data: Float64Array.of(3, -1), shape: [2] }],
        ["weights", { data: Float64Array.of(0.25, 0.75), shape: [2] }],
      ]),
    );
  });
  it.each(["fz", "python"] as const)("zip64 of few bytes: %s", (kind) => {
    expect(parseNpz(zip64[kind])).toEqual(
      new Map([
        ["a", { data: Float32Array.of(1.5, -2, 3, 4), shape: [2, 2] }],
        ["b", { data: Float64Array.of(7, 8), shape: [2] }],
      ]),
    );
  });
  it("zip64 of few bytes out of a pipe, with the place of its directory left out", () => {
    expect(parseNpz(zip64.piped).get("a")).toEqual({ data: Float32Array.of(1.5, -2, 3, 4), shape: [2, 2] });
  });
  it("no arrays, files of another kind, pooled bytes", () => {
    expect(parseNpz(zipSync({})).size).toBe(0);
    const mixed = zipSync({ "readme.txt": Uint8Array.of(65), folder: { "x.npy": npy } });
    expect([...parseNpz(mixed).keys()]).toEqual(["folder/x"]);
    const larger = Buffer.concat([Buffer.alloc(3), mixed]);
    expect([...parseNpz(larger.subarray(3)).keys()]).toEqual(["folder/x"]);
  });
});

describe("parseNpz refuses", () => {
  const plain = encodeNpz({ x: { data: Float64Array.of(1, 2) } });
  const packed = encodeNpz({ x: { data: new Float64Array(1000) } }, { compress: true });
  const find = (bytes: Uint8Array, magic: number): number => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; ; i++) if (view.getUint32(i, true) === magic) return i;
  };
  const central = (bytes: Uint8Array) => find(bytes, 0x02014b50);
  const end = (bytes: Uint8Array) => find(bytes, 0x06054b50);
  /** A copy with one number changed, little-endian. */
  const patched = (bytes: Uint8Array, at: number, size: 2 | 4, value: number) => {
    const copy = bytes.slice();
    const view = new DataView(copy.buffer);
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    return copy;
  };
  const twice = (() => {
    const two = zipSync({ "a.npy": npy, "b.npy": npy });
    for (let i = 0; i < two.length - 1; i++) {
      if (two[i] === 0x62 && two[i + 1] === 0x2e) two[i] = 0x61;
    }
    return two;
  })();
  const c = central(plain);
  const e = end(plain);
  const flipped = plain.slice();
  flipped[c - 1] = (flipped[c - 1] as number) ^ 1;
  const bomb = zipSync({ "x.npy": new Uint8Array(5_000_000) }, { level: 9 });

  const bad: [string, Uint8Array, string, RegExp][] = [
    ["an empty file", new Uint8Array(), "E_TRUNCATED", /byte 0:.*zip magic/],
    ["one letter", plain.slice(0, 1), "E_TRUNCATED", /byte 1:/],
    ["an npy file", npy, "E_FORMAT", /byte 0:.*zip magic PK, got byte 147/],
    ["half a file", plain.slice(0, 100), "E_TRUNCATED", /byte 100:.*end record/],
    ["a file without its last byte", plain.slice(0, -1), "E_TRUNCATED", /end record/],
    ["bytes after the end", Uint8Array.of(...plain, 0), "E_TRUNCATED", /end record/],
    ["more files than there are", patched(plain, e + 10, 2, 0xffff), "E_FORMAT", /in one piece/],
    ["zip64 without its length", patched(plain, c + 24, 4, 0xffffffff), "E_FORMAT", /"x.npy" in 8 bytes/],
    [
      "zip64 of 2^63 bytes",
      patched(zip64.fz, find(zip64.fz, 0x02014b50) + 83, 4, 2 ** 31),
      "E_LIMIT",
      /got 9223372036854776000/,
    ],
    [
      "zip64 elsewhere",
      patched(zip64.fz, zip64.fz.length - 34, 4, 9),
      "E_FORMAT",
      /end record of zip64, got 9/,
    ],
    ["several disks", patched(plain, e + 4, 2, 1), "E_FORMAT", /several disks/],
    ["a directory elsewhere", patched(plain, e + 16, 4, c - 1), "E_FORMAT", /directory that ends at/],
    [
      "one more entry than there is",
      patched(patched(plain, e + 8, 2, 2), e + 10, 2, 2),
      "E_FORMAT",
      /entry 2 of 2/,
    ],
    [
      "no entry where there is one",
      patched(patched(plain, e + 8, 2, 0), e + 10, 2, 0),
      "E_FORMAT",
      /more bytes/,
    ],
    ["an entry beyond the directory", patched(plain, c + 28, 2, 60_000), "E_FORMAT", /inside the directory/],
    ["a name in Latin-1", patched(plain, c + 46, 2, 0x2ee9), "E_FORMAT", /UTF-8/],
    ["encryption", patched(plain, c + 8, 2, 1), "E_FORMAT", /not encrypted.*x.npy/],
    ["bzip2", patched(plain, c + 10, 2, 12), "E_FORMAT", /got 12 for "x.npy"/],
    ["a name twice", twice, "E_FORMAT", /each name once.*a.npy/],
    ["no file where one should be", patched(plain, c + 42, 4, 1), "E_FORMAT", /no file begins/],
    ["a file beyond the end", patched(plain, c + 42, 4, 2 ** 31), "E_FORMAT", /no file begins/],
    ["another name before the file", patched(plain, 30, 2, 0x2e79), "E_FORMAT", /another name or method/],
    ["another method before the file", patched(plain, 8, 2, 8), "E_FORMAT", /another name or method/],
    ["a file that reaches too far", patched(plain, 28, 2, 60_000), "E_FORMAT", /ends at/],
    ["stored, of two lengths", patched(plain, c + 24, 4, 7), "E_FORMAT", /packed length/],
    ["a damaged value", flipped, "E_FORMAT", /with the sum [0-9a-f]{8}, got [0-9a-f]{8}/],
    ["another sum", patched(plain, c + 16, 4, 0), "E_FORMAT", /with the sum 00000000/],
    [
      "deflate, more than declared",
      patched(packed, central(packed) + 24, 4, 5000),
      "E_FORMAT",
      /5000 bytes.*more/,
    ],
    [
      "deflate, less than declared",
      patched(packed, central(packed) + 24, 4, 9000),
      "E_FORMAT",
      /9000 bytes.*8128/,
    ],
    ["deflate, damaged", patched(packed, 35, 4, 0xffffffff), "E_FORMAT", /damaged data/],
    [
      "deflate that cannot shrink so much",
      patched(packed, central(packed) + 24, 4, 2 ** 31 - 1),
      "E_FORMAT",
      /packed length/,
    ],
    ["an array of 0 bytes", zipSync({ "x.npy": new Uint8Array() }), "E_TRUNCATED", /^"a.npz\[x\]" at byte 0/],
    ["a bad array", zipSync({ "x.npy": Uint8Array.of(1) }), "E_FORMAT", /^"a.npz\[x\]" at byte 0.*npy magic/],
    ["objects", fromBase64(numpyFiles.objects), "E_TYPE", /^"a.npz\[names\]" at byte .*never unpickled/],
  ];
  it.each(bad)("%s", (_, bytes, code, message) => {
    const error = caught(() => parseNpz(bytes, "a.npz"));
    expect(error.message).toMatch(/^"a\.npz(\[\w+\])?" at byte \d+: expected /);
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });
  it("more than its limit, before it unpacks anything", () => {
    expect(bomb.length).toBeLessThan(10_000);
    const error = caught(() => parseNpz(bomb, "bomb.npz", { limit: 4_999_999 }));
    expect([error.code, error.message]).toEqual([
      "E_LIMIT",
      expect.stringContaining("at most 4999999 bytes"),
    ]);
    const pair = zipSync({ "a.npy": new Uint8Array(3_000_000), "b.npy": new Uint8Array(3_000_000) });
    expect(caught(() => parseNpz(pair, "pair.npz", { limit: 5_999_999 })).code).toBe("E_LIMIT");
  });
  it.each([["text"], [null], [[1]], [new ArrayBuffer(8)]])("%s", (value) => {
    expect(caught(() => parseNpz(value as never)).code).toBe("E_TYPE");
  });
  it("wrong options", () => {
    expect(caught(() => parseNpz(plain, "a", { limit: -1 })).code).toBe("E_RANGE");
    expect(caught(() => parseNpz(plain, "a", { limits: 1 } as never)).code).toBe("E_USAGE");
  });

  it("anything or gives a valid result, whatever bytes are changed or cut", { tags: ["slow"] }, () => {
    const files = [...Object.values(numpyFiles).map(fromBase64), plain, packed];
    const changes = fc.array(fc.tuple(fc.nat(700), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...files), changes, fc.nat(1400), (file, flips, length) => {
        const bytes = file.slice(0, length);
        for (const [byte, value] of flips) if (byte < bytes.length) bytes[byte] = value;
        try {
          for (const [name, { data, shape }] of parseNpz(bytes, "a.npz", { limit: 2 ** 20 })) {
            if (data.length !== shape.reduce((a, b) => a * b, 1)) throw new Error(`${name}: ${shape}`);
          }
        } catch (error) {
          if (!(error instanceof VkernelError)) throw error;
        }
      }),
      { seed: 21, numRuns: 5000 },
    );
  });
  it("anything or gives a valid result, every byte of a small file changed", () => {
    for (let byte = 0; byte < plain.length; byte++) {
      for (const mask of [1, 0x80, 0xff]) {
        const bytes = plain.slice();
        bytes[byte] = (bytes[byte] as number) ^ mask;
        try {
          // What may change without notice is what nobody reads: versions, dates, attributes, lengths before the file.
          const { data, shape } = parseNpz(bytes).values().next().value ?? { data: [], shape: [] };
          if (shape.length > 0) expect([data, shape]).toEqual([Float64Array.of(1, 2), [2]]);
        } catch (error) {
          if (!(error instanceof VkernelError)) throw error;
        }
      }
    }
  });
});

describe("encodeNpz", () => {
  it.each([false, true])("reads back the same bits, compress %s", { tags: ["slow"] }, (compress) => {
    const name = fc.stringMatching(/^[a-zA-Z0-9_. é-]{1,12}$/);
    const kinds = fc.constantFrom(Float32Array, Float64Array);
    const values = fc.array(fc.double(), { maxLength: 50 });
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 5 }), kinds, values, (names, Kind, list) => {
        const data = new Kind(list);
        const arrays = new Map(names.map((one) => [one, { data, shape: [1, list.length] }] as const));
        expect(parseNpz(encodeNpz(arrays, { compress }))).toEqual(arrays);
        expect([...parseNpz(encodeNpz(arrays)).keys()]).toEqual(names);
      }),
      { seed: 22, numRuns: 200 },
    );
  });
  it("takes names that mean something to JavaScript, and a plain object", () => {
    const array = { data: Float64Array.of(1), shape: [1] };
    const names = ["__proto__", "constructor", "1"];
    expect([...parseNpz(encodeNpz(new Map(names.map((one) => [one, array])))).keys()]).toEqual(names);
    expect(parseNpz(encodeNpz({ a: { data: Int32Array.of(7, 8) } })).get("a")).toEqual({
      data: Float64Array.of(7, 8),
      shape: [2],
    });
  });
  it("writes the same bytes at any time, and compresses where asked", () => {
    const arrays = { x: { data: new Float64Array(1000) } };
    expect(encodeNpz(arrays)).toEqual(encodeNpz(arrays));
    // A stored archive of one file: 30 + name, the file, 46 + name, 22.
    expect(encodeNpz(arrays)).toHaveLength(30 + 5 + 128 + 8000 + 46 + 5 + 22);
    expect(encodeNpz(arrays, { compress: true }).length).toBeLessThan(400);
    const date = new DataView(encodeNpz(arrays).buffer).getUint32(10, true);
    expect(date).toBe(0x00210000); // 1980-01-01 00:00
  });
  const one = { data: Float64Array.of(1) };
  const bad: [string, () => unknown, string, string][] = [
    ["no arrays", () => encodeNpz(null as never), "E_TYPE", "arrays"],
    ["a list", () => encodeNpz([one] as never), "E_TYPE", "arrays"],
    ["an array alone", () => encodeNpz(one.data as never), "E_TYPE", "arrays"],
    ["values without data", () => encodeNpz({ x: Float64Array.of(1) } as never), "E_TYPE", "arrays[x].data"],
    ["null", () => encodeNpz({ x: null } as never), "E_TYPE", "arrays[x].data"],
    ["bytes", () => encodeNpz({ x: { data: Uint8Array.of(1) } } as never), "E_TYPE", "arrays[x].data"],
    ["another shape", () => encodeNpz({ x: { ...one, shape: [2] } }), "E_SHAPE", "arrays[x].shape"],
    ["no name", () => encodeNpz({ "": one }), "E_FORMAT", "arrays[]"],
    ["a path", () => encodeNpz({ "../x": one }), "E_FORMAT", "arrays[../x]"],
    ["a line break", () => encodeNpz({ "x\n": one }), "E_FORMAT", "arrays[x\n]"],
    ["half a letter", () => encodeNpz({ "\ud800": one }), "E_FORMAT", "arrays[\ud800]"],
    ["a long name", () => encodeNpz({ ["é".repeat(501)]: one }), "E_FORMAT", `arrays[${"é".repeat(40)}]`],
    ["another option", () => encodeNpz({ x: one }, { level: 3 } as never), "E_USAGE", "level"],
    ["compress 1", () => encodeNpz({ x: one }, { compress: 1 as never }), "E_TYPE", "compress"],
  ];
  it.each(bad)("refuses %s", (_, run, code, argument) => {
    expect(caught(run)).toMatchObject({ code, argument });
  });
});

describe("encodeSamples", () => {
  const samples = Float32Array.of(1, 2, 3, 4, 5, 6);
  it("writes samples alone where nothing was recorded", () => {
    const run = { samples, count: 3, dim: 2, times: Float64Array.of(1, 0), recorded: new Int32Array() };
    expect(parseNpz(encodeSamples({ ...run, trajectories: undefined }))).toEqual(
      new Map([["samples", { data: samples, shape: [3, 2] }]]),
    );
  });
  it("writes recorded states with their times", () => {
    const trajectories = Float32Array.of(9, 9, 9, 9, 9, 9, 1, 2, 3, 4, 5, 6);
    const times = Float64Array.of(80, 1, 0.5, 0);
    const file = encodeSamples({
      samples,
      count: 3,
      dim: 2,
      times,
      recorded: Int32Array.of(1, 3),
      trajectories,
    });
    expect(parseNpz(file)).toEqual(
      new Map<string, unknown>([
        ["samples", { data: samples, shape: [3, 2] }],
        ["trajectories", { data: trajectories, shape: [2, 3, 2] }],
        ["times", { data: Float64Array.of(1, 0), shape: [2] }],
      ]),
    );
  });
});
