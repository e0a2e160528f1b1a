// Where `ulimit -v` bounds the address space, a worker too many ends the process: what fits is counted beforehand.
import { importNode } from "./importNode.js";

const MIB = 2 ** 20;

/** V8 reserves this for any Wasm memory, so that no access needs a check (8 GiB, 2 GiB before it, and some). */
const GUARDED = 10_300 * MIB;

/** What a worker of Node reserves: 570 to 850 MiB in Node 20 to 24 on Linux. */
const WORKER = 900 * MIB;

/** What is left to the heap of the calling thread, and the least of a memory that is worth having. */
const HEAP = 400 * MIB;
const LEAST = 64 * MIB;

/** A memory's cap and the threads that fit. */
export interface Room {
  readonly cap: number;
  readonly threads: number;
  readonly reason?: string;
}

/** A memory's cap and the threads that fit, and the reason if that is less than asked for; or why no Wasm memory fits. */
export async function addressSpace(cap: number, threads: number): Promise<Room | string> {
  const limits = await readLimits();
  if (limits === undefined) return { cap, threads };
  const limit = `the address space is limited to ${Math.round(limits.most / MIB)} MiB (ulimit -v)`;
  const room = limits.most - limits.taken - HEAP;
  const flag = "--disable-wasm-trap-handler";
  const guarded = !process.execArgv.includes(flag) && !process.env.NODE_OPTIONS?.includes(flag);
  if (guarded && room < GUARDED) {
    return `${limit}, and V8 reserves 10 GiB for a Wasm memory: raise the limit, or start Node with ${flag}`;
  }
  if (room < LEAST)
    return `${limit}, and ${Math.round(limits.taken / MIB)} MiB of it are taken: raise the limit`;
  const memoryCap = guarded ? cap : Math.min(cap, Math.max(LEAST, Math.floor(room / 2)));
  const fit = Math.max(1, Math.min(threads, Math.floor((room - (guarded ? GUARDED : memoryCap)) / WORKER)));
  return fit < threads || memoryCap < cap
    ? { cap: memoryCap, threads: fit, reason: `${limit}, and a thread of Node reserves up to 900 MiB` }
    : { cap, threads };
}

/** The most bytes of address space and those that are taken; undefined where there is no limit or none is told. */
async function readLimits(): Promise<{ most: number; taken: number } | undefined> {
  if (process.platform !== "linux") return undefined;
  try {
    const fs = await importNode<typeof import("node:fs/promises")>("node:fs/promises");
    const most = /^Max address space\s+(\d+)/m.exec(await fs.readFile("/proc/self/limits", "utf8"))?.[1];
    const taken = /^VmSize:\s+(\d+) kB/m.exec(await fs.readFile("/proc/self/status", "utf8"))?.[1];
    if (most === undefined || taken === undefined) return undefined;
    return { most: Number(most), taken: Number(taken) * 1024 };
  } catch {
    return undefined;
  }
}
