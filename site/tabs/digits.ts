/** The tab Digits: samples of images by three ways, each beside the training image that is nearest to it. */
import { count as grouped, number } from "../charts/format.js";
import { paletteOf } from "../charts/palette.js";
import { numberTable } from "../charts/numberTable.js";
import { messageOf } from "../load.js";
import type { State } from "../state/state.js";
import type { Store } from "../state/store.js";
import type { Client } from "../worker/client.js";
import {
  type ImageRun,
  type ImageSet,
  type ImageSetName,
  type ImageWay,
  imageSets,
  imageWays,
} from "../worker/panels.js";
import { MOST_IMAGES, type OwnImage, paint, readImages, resized } from "./ownImages.js";
import {
  adoptStyle,
  blobOf,
  field,
  isFocused,
  Latest,
  make,
  type Panel,
  showNotices,
  watchSeen,
} from "./panel.js";

/** Samples of each way. */
const SAMPLES = 8;
/** Below this ratio of the nearest to the second nearest distance a sample counts as a copy, as the literature has it. */
const COPY = 1 / 3;
/** Images of the reader's own that are shown. */
const SHOWN = 12;

const setNames: Record<ImageSetName, string> = {
  digits: "Digits, 8 × 8",
  fashion: "Fashion, 28 × 28",
  own: "Your images alone",
};

const wayNames: Record<ImageWay, string> = {
  exact: "Exact score",
  smoothed: "Smoothed score",
  few: "Exact score, few steps",
};

interface Pair {
  readonly element: HTMLElement;
  readonly sample: HTMLCanvasElement;
  readonly nearest: HTMLCanvasElement;
  readonly text: HTMLElement;
}

interface Way {
  readonly element: HTMLElement;
  readonly unit: HTMLElement;
  readonly verdict: HTMLElement;
  readonly progress: HTMLProgressElement;
  readonly pairs: readonly Pair[];
  readonly latest: Latest;
  key: string;
  last: ImageRun | undefined;
}

export function mount(host: HTMLElement, store: Store, client: Client): Panel {
  adoptStyle(host);
  const root = make("div", "tab-panel");
  const bar = make("div", "panel-bar");
  const select = make("select", "");
  for (const name of imageSets) {
    const option = make("option", "", setNames[name]);
    option.value = name;
    select.append(option);
  }
  const numeric = (label: string, least: number, most: number, step: string): HTMLInputElement => {
    const input = make("input", "");
    input.type = "number";
    [input.min, input.max, input.step] = [String(least), String(most), step];
    bar.append(field(label, input));
    return input;
  };
  bar.append(field("Training images", select));
  const level = numeric("Noise level t", 1e-4, 80, "any");
  const steps = numeric("Steps", 1, 1000, "1");
  const few = numeric("Few steps", 1, 20, "1");
  const file = make("input", "");
  file.type = "file";
  file.accept = "image/png,.png";
  file.multiple = true;
  file.hidden = true;
  const add = make("button", "panel-button", "Add PNG images…");
  add.type = "button";
  const clear = make("button", "panel-button", "Remove yours");
  clear.type = "button";
  clear.hidden = true;
  const status = make("p", "panel-status");
  status.setAttribute("role", "status");
  bar.append(make("div", "panel-buttons", [add, clear]), file, status);
  const notices = make("div", "panel-notices");
  notices.setAttribute("role", "status");
  const grid = make("div", "panel-grid is-three");
  const ownPart = make("section", "image-own");
  ownPart.hidden = true;
  const source = make("p", "panel-source");
  const hint = make(
    "p",
    "panel-hint",
    "Each pair: a sample and the training image nearest to it; below, their distance and its ratio to the distance from the second nearest. A copy has a ratio below 1/3.",
  );
  const numbers = numberTable("the samples");
  root.append(bar, notices, hint, grid, ownPart, source, numbers.element);
  host.append(root);

  let state: State | undefined;
  let seen = false;
  let busy = 0;
  let own: readonly OwnImage[] = [];
  let generation = 0;
  let set: ImageSet | undefined;
  let setKey = "";
  const told = new Map<string, readonly string[]>();
  const tell = (name: string, list: readonly string[]): void => {
    told.set(name, list);
    showNotices(notices, [...told.values()].flat());
  };
  const counted = (on: boolean): void => {
    busy += on ? 1 : -1;
    root.setAttribute("aria-busy", String(busy > 0));
  };
  const ways = Object.fromEntries(
    imageWays.map((way) => [way, makeWay(grid, way, counted, (error) => tell(way, [messageOf(error)]))]),
  ) as Record<ImageWay, Way>;
  const setLatest = new Latest(counted, (error) => {
    setKey = "";
    tell("set", [messageOf(error)]);
  });

  const setOf = ({ view, ownImages }: State): ImageSetName =>
    ownImages ? "own" : view.set === "fashion" ? "fashion" : "digits";

  /** Hands the reader's images over in the size of the set, then asks what the set is. */
  const describe = async (name: ImageSetName, signal: AbortSignal): Promise<void> => {
    const first = own[0];
    const [width, height] =
      name === "digits" ? [8, 8] : name === "fashion" ? [28, 28] : [first?.width ?? 1, first?.height ?? 1];
    const values = new Float32Array(own.length * width * height);
    let other = 0;
    own.forEach((image, i) => {
      if (image.width !== width || image.height !== height) other++;
      values.set(resized(image, width, height), i * width * height);
    });
    await client.call({ kind: "ownImages", values, width, height }, { signal });
    const resizedOnes =
      other === 0
        ? []
        : [`${grouped(other)} of your images ${other === 1 ? "is" : "are"} resized to ${width} × ${height}.`];
    tell("resized", resizedOnes);
    set = await client.call({ kind: "imageSet", set: name }, { signal });
    tell("set", []);
    showSet(name);
    for (const way of imageWays) ways[way].key = "";
    request();
  };

  const request = (): void => {
    if (state === undefined || !seen) return;
    const { view, seed, t, fewSteps } = state;
    const name = setOf(state);
    const wanted = `${name} ${generation}`;
    if (wanted !== setKey) {
      setKey = wanted;
      set = undefined;
      for (const way of imageWays) ways[way].latest.stop();
      setLatest.ask(wanted, (signal) => describe(name, signal));
    }
    if (set === undefined) return;
    for (const way of imageWays) {
      const base = JSON.stringify([
        wanted,
        view.process,
        view.epsilon,
        view.sampler,
        view.grid,
        way === "few" ? fewSteps : view.steps,
        way === "smoothed" ? [view.tau, view.smoothingKappa] : 0,
        seed,
      ]);
      const key = `${base}|${t}`;
      const mine = ways[way];
      if (mine.key === key) continue;
      mine.key = key;
      mine.latest.ask(base, async (signal) => {
        try {
          const reply = await client.call(
            { kind: "imageRun", set: name, way, view, fewSteps, seed, t, count: SAMPLES },
            {
              signal,
              onProgress: (share) => {
                mine.progress.value = share;
                mine.progress.hidden = share >= 1;
              },
            },
          );
          showRun(mine, reply);
        } catch (error) {
          if (mine.key === key) mine.key = "";
          throw error;
        } finally {
          mine.progress.hidden = true;
        }
      });
    }
  };

  const showRun = (way: Way, reply: ImageRun): void => {
    way.last = reply;
    tell(reply.way, reply.notices);
    const { width, height, distance, ratio, labels } = reply;
    const dim = width * height;
    const atEnd = reply.t === 0;
    let copies = 0;
    way.pairs.forEach((pair, i) => {
      paint(pair.sample, width, height, reply.samples, i * dim);
      paint(pair.nearest, width, height, reply.neighbours, i * dim);
      const copy = ratio[i] < COPY;
      if (copy) copies++;
      const words = `distance ${number(distance[i], 3)}, ratio ${number(ratio[i], 2)}`;
      pair.sample.setAttribute(
        "aria-label",
        `${wayNames[reply.way]}, sample ${i + 1}${atEnd ? "" : ` at noise level ${number(reply.sigma, 3)}`}: ${copy ? "a copy" : "no copy"}, ${words}`,
      );
      pair.nearest.setAttribute("aria-label", `nearest training image: ${labels[i]}`);
      const verdict = copy ? "copy  " : atEnd ? "new  " : "";
      pair.text.textContent = `${verdict}${brief(distance[i])} · ${brief(ratio[i])}`;
      pair.element.classList.toggle("is-copy", copy);
    });
    way.unit.textContent = `${reply.sampler}, step ${reply.step} of ${reply.steps}`;
    const middle = [...distance].sort((a, b) => a - b)[SAMPLES >> 1];
    way.verdict.textContent = `${copies} of ${SAMPLES} ${atEnd ? "are copies" : "are copies already"}; median distance ${number(middle, 3)}`;
    const rows = tableOf(ways, [], undefined);
    numbers.show({ head: rows[1] as string[], rows: rows.slice(2) });
    status.textContent = `t = ${number(reply.t, 3)}, noise ${number(reply.sigma, 3)}`;
  };

  const showSet = (name: ImageSetName): void => {
    const { count, own: mine, half, source: from, nearest, distance, second } = set as ImageSet;
    source.textContent = `${grouped(count)} training images${
      mine > 0 && name !== "own" ? `, ${grouped(mine)} of them yours` : ""
    }; half the median distance of neighbours Δ = ${number(half, 3)}. ${
      name === "own" ? "They stay in this page: nothing is sent anywhere." : `${from}.`
    }`;
    ownPart.hidden = mine === 0;
    clear.hidden = own.length === 0;
    if (mine === 0) return;
    const list = make("ul", "image-list");
    for (let i = 0; i < Math.min(mine, SHOWN); i++) {
      const image = own[i];
      const canvas = make("canvas", "image");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `your image ${image.name}`);
      paint(
        canvas,
        image.width,
        image.height,
        Uint8ClampedArray.from(image.values, (value) => 255 * value),
      );
      const itself = nearest[i] === count - mine + i;
      const words = `nearest: ${itself ? "itself" : `number ${nearest[i] + 1}`}, ${number(distance[i], 3)}; next ${number(second[i], 3)}`;
      list.append(
        make("li", "", [canvas, make("span", "image-name", image.name), make("span", "image-text", words)]),
      );
    }
    ownPart.replaceChildren(
      make(
        "p",
        "chart-title",
        mine > SHOWN ? `Your images, the first ${SHOWN} of ${grouped(mine)}` : "Your images",
      ),
      list,
    );
  };

  const take = async (files: readonly File[]): Promise<void> => {
    if (files.length === 0) return;
    counted(true);
    try {
      const read = await readImages(files, MOST_IMAGES - own.length, (done) => {
        if (files.length > 20) status.textContent = `${grouped(done)} of ${grouped(files.length)} files read`;
      });
      const shrunk =
        read.shrunk.length === 0 ? [] : [`Larger than 64 × 64 and shrunk to fit: ${listed(read.shrunk)}.`];
      tell("files", [...read.refused.slice(0, 5), ...moreOf(read.refused.length - 5), ...shrunk]);
      if (read.images.length > 0) {
        own = [...own, ...read.images];
        generation++;
      }
    } finally {
      counted(false);
    }
    request();
  };

  select.addEventListener("change", () => {
    const name = select.value as ImageSetName;
    store.set(name === "own" ? { ownImages: true } : { ownImages: false, view: { set: name } });
  });
  const bind = (
    input: HTMLInputElement,
    put: (value: number) => void,
    now: (state: State) => number,
  ): void => {
    input.addEventListener("change", () => {
      if (Number.isFinite(input.valueAsNumber)) put(input.valueAsNumber);
      input.value = String(now(store.get()));
    });
  };
  bind(
    level,
    (t) => store.set({ t }),
    (now) => now.t,
  );
  bind(
    steps,
    (value) => store.set({ view: { steps: Math.round(value) } }),
    (now) => now.view.steps,
  );
  bind(
    few,
    (value) => store.set({ fewSteps: Math.round(value) }),
    (now) => now.fewSteps,
  );
  add.addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    const files = [...(file.files ?? [])];
    file.value = "";
    void take(files);
  });
  clear.addEventListener("click", () => {
    own = [];
    generation++;
    tell("files", []);
    add.focus();
    store.set({ ownImages: false });
    request();
  });
  root.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    root.classList.add("is-target");
  });
  root.addEventListener("dragleave", () => root.classList.remove("is-target"));
  root.addEventListener("drop", (event) => {
    root.classList.remove("is-target");
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    void take(files);
  });

  const ends = [
    watchSeen(root, (now) => {
      seen = now;
      request();
    }),
  ];

  return {
    update(next) {
      state = next;
      if (!isFocused(select)) select.value = setOf(next);
      if (!isFocused(level)) level.value = String(Number(next.t.toPrecision(4)));
      if (!isFocused(steps)) steps.value = String(next.view.steps);
      if (!isFocused(few)) few.value = String(next.fewSteps);
      request();
    },
    dispose() {
      for (const end of ends) end();
      for (const way of Object.values(ways)) way.latest.stop();
      setLatest.stop();
      root.remove();
    },
    picture: () => pictureOf(root, ways),
    table: () => tableOf(ways, own, set),
  };
}

function makeWay(
  grid: HTMLElement,
  way: ImageWay,
  busy: (on: boolean) => void,
  failed: (error: unknown) => void,
): Way {
  const unit = make("span", "chart-unit");
  const verdict = make("p", "image-verdict");
  const progress = make("progress", "image-progress");
  progress.hidden = true;
  progress.max = 1;
  progress.setAttribute("aria-label", `${wayNames[way]}: computing`);
  const pairs = Array.from({ length: SAMPLES }, (): Pair => {
    const [sample, nearest] = [make("canvas", "image"), make("canvas", "image")];
    for (const canvas of [sample, nearest]) {
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", "not computed yet");
      [canvas.width, canvas.height] = [8, 8];
    }
    const text = make("figcaption", "image-text");
    return { element: make("figure", "image-pair", [sample, nearest, text]), sample, nearest, text };
  });
  const element = make("section", "image-way", [
    make("div", "chart-caption", [make("span", "chart-title", wayNames[way]), unit]),
    make(
      "div",
      "image-pairs",
      pairs.map((pair) => pair.element),
    ),
    verdict,
    progress,
  ]);
  grid.append(element);
  return {
    element,
    unit,
    verdict,
    progress,
    pairs,
    latest: new Latest(busy, failed),
    key: "",
    last: undefined,
  };
}

function tableOf(
  ways: Record<ImageWay, Way>,
  own: readonly OwnImage[],
  set: ImageSet | undefined,
): (string | number)[][] {
  const rows: (string | number)[][] = [
    ["Samples"],
    ["way", "sample", "t", "step", "nearest", "nearest is", "distance", "ratio"],
  ];
  for (const way of imageWays) {
    const { last } = ways[way];
    if (last === undefined) continue;
    last.nearest.forEach((index, i) => {
      rows.push([way, i + 1, last.t, last.step, index + 1, last.labels[i], last.distance[i], last.ratio[i]]);
    });
  }
  if (set !== undefined && set.own > 0) {
    rows.push(["Your images"], ["name", "number", "nearest", "distance", "next distance"]);
    set.nearest.forEach((index, i) => {
      rows.push([own[i].name, set.count - set.own + i + 1, index + 1, set.distance[i], set.second[i]]);
    });
  }
  return rows;
}

/** The three ways as they are shown, side by side. */
async function pictureOf(root: HTMLElement, ways: Record<ImageWay, Way>): Promise<Blob> {
  const [scale, side, gap] = [2, 64, 8];
  const column = 4 * side + 5 * gap;
  const palette = paletteOf(root);
  const canvas = document.createElement("canvas");
  canvas.width = scale * (imageWays.length * column + gap);
  canvas.height = scale * (56 + 4 * (side + 28));
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(scale, scale);
  context.fillStyle = palette("surface");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  imageWays.forEach((way, w) => {
    const left = gap + w * column;
    const { unit, verdict, pairs } = ways[way];
    context.fillStyle = palette("ink");
    context.font = "600 13px system-ui, sans-serif";
    context.fillText(wayNames[way], left, 20);
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = palette("muted");
    context.fillText(unit.textContent ?? "", left, 36);
    pairs.forEach(({ sample, nearest, text }, i) => {
      const x = left + (i % 2) * (2 * side + 2 * gap);
      const y = 44 + (i >> 1) * (side + 28);
      context.drawImage(sample, x, y, side, side);
      context.drawImage(nearest, x + side + 2, y, side, side);
      context.fillText(text.textContent ?? "", x, y + side + 14);
    });
    context.fillText(verdict.textContent ?? "", left, 44 + 4 * (side + 28) + 6);
  });
  return blobOf(canvas);
}

/** Two digits; what is smaller than rounding to float32 leaves is 0. */
const brief = (x: number): string => (x > 0 && x < 1e-5 ? "0" : number(x, 2));

const listed = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
const moreOf = (n: number): string[] => (n > 0 ? [`${n} more files were not taken.`] : []);
