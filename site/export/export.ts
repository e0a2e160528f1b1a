import { encodeCsv } from "../../src/io/csv.js";
import { encodeNpy } from "../../src/io/npy.js";
import { encodeState } from "../state/hash.js";
import type { State } from "../state/state.js";
import type { Engine, Replies } from "../worker/protocol.js";

export type Particles = Replies["particles"];

/** Particles as a table: a header and a row a particle, with digits enough to read the same float32 back. */
export function csvOf({ data, count, dim }: Particles): Blob {
  const names = dim === 2 ? ["x", "y"] : Array.from({ length: dim }, (_, i) => `x${i + 1}`);
  return new Blob([encodeCsv(data, count, dim, names)], { type: "text/csv" });
}

/** Particles as numpy reads them: float32, `[count, dim]`. */
export function npyOf({ data, count, dim }: Particles): Blob {
  return new Blob([encodeNpy(data, [count, dim]) as Uint8Array<ArrayBuffer>], {
    type: "application/octet-stream",
  });
}

/** All that is shown, and the particles with it. */
export function jsonOf(state: State, engine: Engine, link: string, particles: Particles | undefined): Blob {
  const value = {
    link,
    state,
    hash: encodeState(state),
    engine,
    ...(particles && {
      step: particles.step,
      dim: particles.dim,
      particles: Array.from({ length: particles.count }, (_, i) =>
        Array.from(particles.data.subarray(i * particles.dim, (i + 1) * particles.dim)),
      ),
    }),
  };
  return new Blob([`${JSON.stringify(value)}\n`], { type: "application/json" });
}

/** Hands a file to the reader. */
export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
