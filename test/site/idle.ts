import { cpus } from "node:os";

/** Share of all cores' time, 0 to 1, that went into work over the next `milliseconds`, ours included. */
export async function busyShare(milliseconds = 1000): Promise<number> {
  const read = (): readonly [number, number] => {
    let [idle, all] = [0, 0];
    for (const { times } of cpus()) {
      idle += times.idle;
      all += times.user + times.nice + times.sys + times.irq + times.idle;
    }
    return [idle, all];
  };
  const [idle, all] = read();
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  const [idleThen, allThen] = read();
  return 1 - (idleThen - idle) / (allThen - all);
}

/** Below this share the machine is ours: absolute times say something of the software. */
export const IDLE = 0.15;
