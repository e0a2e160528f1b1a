import type { FromWorker, ToWorker } from "./worker.js";

/** One worker, the same in Node and browsers. */
export interface Thread {
  post(message: ToWorker): void;
  terminate(): void;
  /** Keeps a Node process alive while there is work, and only then. */
  keepAlive(on: boolean): void;
}

export interface ThreadEvents {
  message(message: FromWorker): void;
  death(reason: string): void;
}
