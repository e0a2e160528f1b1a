// A build of the kernels for shared memory is the one for memory of its own with another flag at the memory's import.

/** Reads an unsigned LEB128 number: [value, where it ends]. */
function number(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value >>> 0, at];
  }
}

/** Where the flags of the imported memory stand (WebAssembly Core Specification, 5.5.5: sections of imports). */
function memoryFlags(bytes) {
  for (let at = 8; at < bytes.length; ) {
    const section = bytes[at];
    const [size, start] = number(bytes, at + 1);
    at = start + size;
    if (section !== 2) continue;
    let [count, place] = number(bytes, start);
    for (; count > 0; count--) {
      for (let name = 0; name < 2; name++) {
        const [length, text] = number(bytes, place);
        place = text + length;
      }
      const kind = bytes[place++];
      if (kind === 2) return place;
      // A function has the number of its type; tables and globals the kernels do not import.
      if (kind !== 0) break;
      [, place] = number(bytes, place);
    }
  }
  throw new Error("no memory is imported");
}

/**
 * @param {Uint8Array} local a module that imports a memory with a maximum
 * @returns {Uint8Array} the same module, which takes a shared memory
 */
export function withSharedMemory(local) {
  const at = memoryFlags(local);
  const hasMaximum = 1;
  const isShared = 2;
  if (local[at] !== hasMaximum) throw new Error(`the memory's flags are ${local[at]}, not ${hasMaximum}`);
  const shared = Uint8Array.from(local);
  shared[at] = hasMaximum | isShared;
  return shared;
}
