import { createEngine, type Engine } from "vkernel";

export interface Named {
  readonly name: string;
  readonly engine: Engine;
}

/** An engine of each build of the kernels on one thread, and one on several; who starts them closes them. */
export interface Engines {
  readonly list: readonly Named[];
  /** What is not there, and why. */
  readonly notes: readonly string[];
  close(): void;
}

export async function startEngines(threads: number | "auto"): Promise<Engines> {
  const list: Named[] = [];
  const notes: string[] = [];
  const close = (): void => {
    for (const { engine } of list) engine.close();
  };
  try {
    const simd = await createEngine({ kernels: "simd", threads: 1 });
    list.push({ name: "simd", engine: simd });
    if (simd.info.note !== undefined) notes.push(simd.info.note);
    const relaxed = await createEngine({ kernels: "relaxed", threads: 1 });
    if (relaxed.info.kernels === "relaxed") list.push({ name: "relaxed", engine: relaxed });
    else {
      relaxed.close();
      notes.push("relaxed is left out: this host has no relaxed SIMD");
    }
    const many = await createEngine({ kernels: "simd", threads });
    const { info } = many;
    if (info.threads > 1) list.push({ name: `simd, ${info.threads} threads`, engine: many });
    else {
      many.close();
      notes.push("one thread only");
    }
    return { list, notes, close };
  } catch (error) {
    close();
    throw error;
  }
}
