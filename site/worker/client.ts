import { messageOf } from "../load.js";
import {
  BEAT,
  type Answer,
  type Assets,
  type Call,
  type Engine,
  type Reply,
  type Request,
} from "./protocol.js";

/** What went wrong on the other side: the library's code, or E_INTERNAL. */
export class SessionError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "SessionError";
    this.code = code;
  }
}

export interface CallOptions {
  /** Gives the call up: it is rejected at once, with E_ABORT. */
  signal?: AbortSignal;
  /** 0 to 1, of claims. */
  onProgress?: (share: number) => void;
}

interface Waiting {
  resolve(reply: unknown): void;
  reject(error: Error): void;
  progress: ((share: number) => void) | undefined;
}

/** The other side: a worker, or a session in the page. */
interface Carrier {
  send(call: Call): void;
  close(): void;
}

/** The page's end of a session. */
export class Client {
  /** What the session computes with. */
  readonly engine: Engine;
  /** Why something less than a worker with threads computes, if so. */
  readonly note: string | undefined;
  readonly #line: Line;

  /** @internal */
  constructor(line: Line, engine: Engine, note: string | undefined) {
    this.#line = line;
    this.engine = engine;
    this.note = note;
  }

  /**
   * Asks, and gets exactly one reply.
   * @throws {SessionError} with the code of the library's error; E_ABORT, E_WORKER, E_DISPOSED
   */
  call<K extends Request["kind"]>(
    request: Extract<Request, { kind: K }>,
    options: CallOptions = {},
  ): Promise<Reply<K>> {
    return this.#line.call(request, options) as Promise<Reply<K>>;
  }

  close(): void {
    this.#line.close();
  }
}

/** Calls under way, by number. */
class Line {
  #carrier: Carrier | undefined;
  #next = 1;
  #ended: SessionError | undefined;
  readonly #waiting = new Map<number, Waiting>();

  use(carrier: Carrier): void {
    this.#carrier = carrier;
  }

  readonly take = (answer: Answer): void => {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    if ("progress" in answer) {
      waiting.progress?.(answer.progress);
      return;
    }
    this.#waiting.delete(answer.id);
    if ("error" in answer) waiting.reject(new SessionError(answer.error.code, answer.error.message));
    else waiting.resolve(answer.reply);
  };

  call(request: Request, { signal, onProgress }: CallOptions): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (signal?.aborted) return Promise.reject(givenUp());
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        if (!this.#waiting.delete(id)) return;
        this.#carrier?.send({ id: this.#next++, request: { kind: "cancel", call: id } });
        reject(givenUp());
      };
      signal?.addEventListener("abort", leave, { once: true });
      const done = (): void => signal?.removeEventListener("abort", leave);
      this.#waiting.set(id, {
        resolve: (reply) => {
          done();
          resolve(reply);
        },
        reject: (error) => {
          done();
          reject(error);
        },
        progress: onProgress,
      });
      this.#carrier?.send({ id, request });
    });
  }

  /** Nothing comes any more: all that waits is rejected. */
  end(error: SessionError): void {
    this.#ended ??= error;
    for (const waiting of [...this.#waiting.values()]) waiting.reject(error);
    this.#waiting.clear();
  }

  close(): void {
    if (this.#ended) return;
    this.end(new SessionError("E_DISPOSED", "the session was closed"));
    this.#carrier?.close();
  }
}

const givenUp = (): SessionError => new SessionError("E_ABORT", "the call was given up");

/** Beats without a sign of life after which a worker that was starting counts as gone: 5 s. */
const SILENT_BEATS = 20;
/** Workers that are tried. */
const WORKERS = 3;

/** A session in a module worker of its own. */
async function inWorker(script: string, start: Request): Promise<Client> {
  const line = new Line();
  const worker = new Worker(script, { type: "module", name: "vkernel" });
  // None is missed before the first: a script may take long to come.
  let missed = Number.NEGATIVE_INFINITY;
  const watch = setInterval(() => {
    if (++missed > SILENT_BEATS) line.end(new SessionError(STOPPED, "it stopped while it was starting"));
  }, BEAT);
  worker.onmessage = ({ data }: MessageEvent<Answer>) => line.take(data);
  worker.onerror = (event) => {
    event.preventDefault();
    line.end(new SessionError("E_WORKER", event.message || "the worker could not be started"));
  };
  worker.onmessageerror = () => line.end(new SessionError("E_WORKER", "an answer could not be read"));
  line.use({
    send: (call) => worker.postMessage(call, buffersOf(call)),
    close: () => worker.terminate(),
  });
  const alive = (): void => {
    missed = 0;
  };
  try {
    const engine = (await line.call(start, { onProgress: alive })) as Engine;
    return new Client(line, engine, engine.note);
  } catch (error) {
    worker.terminate();
    throw error;
  } finally {
    clearInterval(watch);
  }
}

/** The code of a worker that gave signs of life, and then none. */
const STOPPED = "E_STOPPED";

/**
 * Starts a session: in a module worker where one can be started, else in the page itself, said by `note`. Firefox now and then
 * stops a worker for good that starts workers of its own: another is started then.
 *
 * @example
 * const client = await connect(assets);
 * const value = await client.call({ kind: "probe", pane: 0, x: [0, 0], t: 0.1 });
 */
export async function connect(assets: Assets): Promise<Client> {
  const isolated = globalThis.crossOriginIsolated === true;
  const start: Request = { kind: "start", assets, isolated };
  let why = "no worker's script was given";
  for (let tried = 0; tried < WORKERS && assets.session !== undefined && assets.session !== ""; tried++) {
    try {
      return await inWorker(assets.session, start);
    } catch (error) {
      // A frame of an opaque origin may start no worker; a session that itself failed would fail here too.
      why = messageOf(error);
      if (!(error instanceof SessionError) || error.code !== STOPPED) break;
    }
  }
  const { Session } = await import("./session.js");
  const line = new Line();
  const session = new Session((answer) => line.take(answer));
  line.use({
    send: (call) => session.take(call),
    close: () => session.take({ id: 0, request: { kind: "stop" } }),
  });
  const engine = (await line.call(start, {})) as Engine;
  return new Client(line, engine, `computed in the page itself, without a worker (${why})`);
}

/** Buffers that are given back go over without a copy. */
function buffersOf({ request }: Call): Transferable[] {
  return request.kind === "frame" ? [...(request.buffers ?? [])] : [];
}
