import type { Answer } from "./protocol.js";
import { Session } from "./session.js";

/** The module worker's script: a session behind messages. */
const scope = globalThis as unknown as {
  postMessage(message: Answer, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<unknown>) => void) | null;
};

const session = new Session((answer, transfer) => scope.postMessage(answer, transfer));
scope.onmessage = ({ data }) => session.take(data);
