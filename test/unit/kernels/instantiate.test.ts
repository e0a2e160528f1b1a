import { describe, expect, it } from "vitest";
import { instantiate } from "../../../bindings/instantiate.js";

/** (module (import "env" "memory" (memory 1)) (import "env" "abort" (func $abort (param i32 i32 i32 i32))) (func (export "fail") (call $abort 0 0 7 9))) */
const asserting = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 11, 2, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 0, 0x60, 0, 0],
  ...[2, 27, 2, 3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2, 0, 1],
  ...[3, 101, 110, 118, 5, 97, 98, 111, 114, 116, 0, 0],
  ...[3, 2, 1, 1],
  ...[7, 8, 1, 4, 102, 97, 105, 108, 0, 1],
  ...[10, 14, 1, 12, 0, 0x41, 0, 0x41, 0, 0x41, 7, 0x41, 9, 0x10, 0, 0x0b],
);

describe("instantiate", () => {
  it("a build that asserts has AssemblyScript's loader, which says where it failed", async () => {
    const module = await WebAssembly.compile(asserting);
    const memory = new WebAssembly.Memory({ initial: 1 });
    const exports = (await instantiate(module, memory)) as unknown as { fail(): void };
    expect(() => exports.fail()).toThrow(/abort: .*:7:9/);
  });
});
