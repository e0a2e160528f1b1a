import { type Engine as Library, VkernelError } from "../../src/index.js";
import { others } from "../compute/samplers.js";
import { messageOf } from "../load.js";
import { makeEngine } from "./engine.js";
import { nextTask } from "./nextTask.js";
import { Pane } from "./pane.js";
import { type Answer, type Assets, BEAT, type Call, type Reply, type Request, viewOf } from "./protocol.js";
import { rooms } from "./rooms.js";
import type { Room } from "./room.js";

type Asked<K extends Request["kind"]> = Extract<Request, { kind: K }>;

/** Buffers of drawn pictures that are kept to be used again. */
const MOST_BUFFERS = 16;
/** Requests that wait for nobody: what they ask has an engine or a time of its own. */
const apart: ReadonlySet<Request["kind"]> = new Set(["claim", "error", "cancel", "ahead"]);

/**
 * The computing side of the explorer: takes calls, gives answers, and does not know whether a worker or the page itself
 * carries them. Calls are answered one after another, claims beside them.
 */
export class Session {
  readonly #post: (answer: Answer, transfer: Transferable[]) => void;
  #engine: Library | undefined;
  #assets: Assets | undefined;
  #panes: Pane[] = [];
  #state: Asked<"state"> | undefined;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();
  #closed = false;
  readonly #calls = new Map<number, AbortController>();
  readonly #rooms = new Map<unknown, Promise<Room>>();
  readonly #buffers = new Map<number, ArrayBuffer[]>();

  constructor(post: (answer: Answer, transfer: Transferable[]) => void) {
    this.#post = post;
  }

  /** Takes a call; its answer is posted. Whatever else comes is answered by an error, to number 0 where it has none. */
  take(message: unknown): void {
    const { id, request } = (message ?? {}) as Partial<Call>;
    if (typeof id !== "number" || typeof request?.kind !== "string") {
      const error = { code: "E_USAGE", message: "expected a call: { id: a number, request: { kind } }" };
      this.#post({ id: typeof id === "number" ? id : 0, error }, []);
      return;
    }
    this.#take(id, request);
  }

  #take(id: number, request: Request): void {
    const controller = new AbortController();
    this.#calls.set(id, controller);
    const work = async (): Promise<void> => {
      try {
        controller.signal.throwIfAborted();
        const reply = await this.#answer(id, request, controller.signal);
        this.#post({ id, reply }, transferables(reply));
      } catch (error) {
        this.#post({ id, error: describe(error) }, []);
      } finally {
        this.#calls.delete(id);
      }
    };
    if (apart.has(request.kind)) {
      void work();
      return;
    }
    this.#waiting++;
    this.#last = this.#last.then(async () => {
      this.#waiting--;
      await work();
    });
  }

  /** Whether a call waits for the one under way. */
  readonly #newer = async (): Promise<boolean> => {
    await nextTask();
    return this.#waiting > 0;
  };

  readonly #buffer = (bytes: number): ArrayBuffer =>
    this.#buffers.get(bytes)?.pop() ?? new ArrayBuffer(bytes);

  #keep(buffers: readonly ArrayBuffer[]): void {
    for (const buffer of buffers) {
      const list = this.#buffers.get(buffer.byteLength) ?? [];
      if (list.length < MOST_BUFFERS) list.push(buffer);
      this.#buffers.set(buffer.byteLength, list);
    }
  }

  async #answer(id: number, request: Request, signal: AbortSignal): Promise<Reply> {
    if (this.#closed) throw new VkernelError("E_DISPOSED", { message: "the session is closed" });
    switch (request.kind) {
      case "start": {
        const beat = () => this.#post({ id, progress: 0 }, []);
        beat();
        const beats = setInterval(beat, BEAT);
        try {
          return await this.#start(request);
        } finally {
          clearInterval(beats);
        }
      }
      case "state":
        return this.#update(request);
      case "frame":
        return this.#frame(request);
      case "probe":
        return (await import("./places.js")).probe(this.#pane(request.pane), request.x, request.t);
      case "particles": {
        const pane = this.#pane(request.pane);
        const data = await pane.particles();
        return { data, count: data.length / 2, dim: 2, step: pane.step };
      }
      case "paths":
        return (await import("./places.js")).paths(this.#pane(request.pane), this.#shown.state.seed, request);
      case "glyphs": {
        const pane = this.#pane(request.pane);
        return (await import("./places.js")).glyphs(pane, this.#shown.state.camera, pane.t, request.side);
      }
      case "cancel":
        this.#calls.get(request.call)?.abort();
        return undefined;
      case "ahead":
        await Promise.all([
          import("../compute/estimators.js"),
          import("../compute/pairs.js"),
          others(),
          import("./shapes.js"),
          import("./kernelDensityRun.js"),
          import("./plain.js"),
          // What runs load where the score is not the exact one.
          import("../../src/run/rowCalls.js"),
        ]);
        return undefined;
      case "stop":
        await this.#close();
        return undefined;
      default: {
        const room = await this.#room(request.kind);
        return room.answer(request, signal, (progress) => this.#post({ id, progress }, []));
      }
    }
  }

  async #start({ assets, isolated }: Asked<"start">): Promise<Reply<"start">> {
    const { engine, note } = await makeEngine(assets, isolated);
    this.#engine = engine;
    this.#assets = assets;
    const { threads, kernels } = engine.info;
    return { threads, kernels, note: note ?? engine.info.note };
  }

  get #library(): Library {
    if (this.#engine === undefined)
      throw new VkernelError("E_USAGE", { message: "the session has not been started" });
    return this.#engine;
  }

  get #shown(): Asked<"state"> {
    if (this.#state === undefined) throw new VkernelError("E_USAGE", { message: "there is no state yet" });
    return this.#state;
  }

  #pane(index: number): Pane {
    const pane = this.#panes[index];
    if (pane === undefined) throw new VkernelError("E_RANGE", { message: `there is no pane ${index}` });
    return pane;
  }

  async #update(request: Asked<"state">): Promise<Reply<"state">> {
    const { state, sizes, dark, fresh = false } = request;
    if (fresh) for (const pane of this.#panes) pane.forget();
    const engine = this.#library;
    while (this.#panes.length > sizes.length) this.#panes.pop()?.dispose();
    for (let i = 0; i < sizes.length; i++) {
      const view = viewOf(state, i);
      this.#panes[i] ??= new Pane(engine, i, state, view);
      await this.#panes[i].update(state, view, sizes[i], dark);
    }
    this.#state = request;
    return {
      times: this.#panes.map((pane) => Array.from(pane.drive.times)),
      points: this.#panes.map((pane) => Array.from(pane.data.points)),
      plans: this.#panes.map(({ drive }) => drive.recipe),
      notices: [...new Set(this.#panes.flatMap((pane) => pane.notices))],
    };
  }

  async #frame({
    advance,
    seek,
    playing = false,
    coarse = playing,
    buffers = [],
  }: Asked<"frame">): Promise<Reply<"frame">> {
    this.#keep(buffers);
    const first = this.#pane(0);
    const step = Math.max(0, Math.min(seek ?? first.step + advance, first.drive.times.length - 1));
    const frames = [];
    for (const pane of this.#panes) {
      frames.push(
        await pane.frame({
          step: pane === first ? step : pane.stepLike(first, step),
          playing,
          coarse,
          newer: this.#newer,
          buffer: this.#buffer,
        }),
      );
    }
    // The first picture is there: what a hand over it asks for comes next, also where the network goes away.
    void import("./places.js").catch(() => {});
    return frames;
  }

  #room(kind: keyof typeof rooms): Promise<Room> {
    const make = Object.hasOwn(rooms, kind) ? rooms[kind] : undefined;
    if (make === undefined) throw new VkernelError("E_UNSUPPORTED", { message: `nothing answers "${kind}"` });
    let room = this.#rooms.get(make);
    if (room === undefined) {
      room = make({ engine: this.#library, assets: this.#assets as Assets, state: () => this.#state });
      room.catch(() => this.#rooms.delete(make));
      this.#rooms.set(make, room);
    }
    return room;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    for (const controller of this.#calls.values()) controller.abort();
    for (const room of this.#rooms.values()) {
      void room.then(
        (made) => made.dispose(),
        () => {},
      );
    }
    for (const pane of this.#panes.splice(0)) pane.dispose();
    this.#engine?.close();
  }
}

function describe(error: unknown): { code: string; message: string } {
  if (error instanceof VkernelError) return { code: error.code, message: error.message };
  if (error instanceof Error && error.name === "AbortError")
    return { code: "E_ABORT", message: "the call was given up" };
  // Chromium and Firefox, Safari: a module that cannot be fetched. The next call fetches it again.
  if (error instanceof TypeError && /dynamically imported module|importing a module/i.test(error.message))
    return {
      code: "E_IO",
      message: "A part of the explorer could not be loaded: try again when there is a network.",
    };
  return { code: "E_INTERNAL", message: messageOf(error) };
}

/** The buffers of a reply, which are handed over: nothing here reads them again. */
function transferables(value: unknown, found = new Set<Transferable>()): Transferable[] {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (typeof value === "object" && value !== null) {
    for (const one of Object.values(value)) {
      if (typeof one === "object" && one !== null) transferables(one, found);
    }
  }
  return [...found];
}
