import { Job } from "../aside/job.js";
import { short } from "../aside/short.js";
import { h } from "../controls/dom.js";
import type { Frame, Message, Request } from "./protocol.js";
import { pointsOf, reachOf, shapes } from "./shapes.js";
import { type Cloud, draw } from "./space.js";

/** Pixels of the picture's side. */
const SIDE = 720;
/** Points that show a shape before it runs. */
const SHOWN = 20_000;
/** The field's colours for what is given and what is sampled (Okabe and Ito): vermillion and bluish green. */
const GIVEN = [213, 94, 0] as const;
const SAMPLED = [0, 158, 115] as const;

const choice = (name: string, about: string, options: readonly (readonly [string, string])[]) => {
  const input = h(
    "select",
    { name, id: name },
    ...options.map(([value, text]) => h("option", { value }, text)),
  );
  return { input, field: h("label", { for: name }, h("span", {}, about), input) };
};
const counts = (values: readonly number[]) =>
  values.map((value) => [String(value), value.toLocaleString("en-US")] as const);
const shape = choice(
  "shape",
  "Data",
  Object.entries(shapes).map(([name, { title }]) => [name, title] as const),
);
const points = choice("points", "Points", counts([1_000_000, 300_000, 100_000, 10_000]));
const particles = choice("particles", "Particles", counts([10_000, 3_000, 1_000]));
const tolerance = choice("tolerance", "Tolerance", [
  ["1e-5", "0.00001"],
  ["1e-4", "0.0001"],
  ["1e-3", "0.001"],
]);
const slider = (name: string, about: string, value: number) => {
  const input = h("input", { type: "range", name, id: name, min: 0, max: 360, step: 5, value });
  return { input, field: h("label", { for: name }, h("span", {}, about), input) };
};
const turn = slider("turn", "Turn, degrees", 30);
const tilt = slider("tilt", "Tilt, degrees", 35);
const job = new Job<Request, Message>(
  "million/run.js",
  { button: "Run", status: "Nothing has been run yet." },
  take,
);
const form = h(
  "form",
  { "aria-label": "What to run" },
  shape.field,
  points.field,
  particles.field,
  tolerance.field,
  h("span", { class: "buttons" }, job.start, job.stop),
);
const progress = h("progress", { value: 0, max: 1, "aria-label": "How far the run is" });
const canvas = h("canvas", { width: SIDE, height: SIDE, role: "img", class: "space" });
const numbers = h("p", { class: "quiet" }, "");

let given: Float32Array | undefined;
let sampled: Float32Array | undefined;
let reach = 1;
let frames: Frame[] = [];

const radians = (input: HTMLInputElement): number => (input.valueAsNumber * Math.PI) / 180;

function show(): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const image = context.createImageData(SIDE, SIDE);
  const clouds: Cloud[] = [];
  if (given) clouds.push({ rows: given, colour: GIVEN, strength: 0.35 });
  if (sampled) clouds.push({ rows: sampled, colour: SAMPLED, strength: 0.8 });
  draw(image, clouds, { turn: radians(turn.input), tilt: radians(tilt.input) }, 1.1 * reach);
  context.putImageData(image, 0, 0);
}

/** The shape by fewer points: these are of the same law. */
function preview(): void {
  given = pointsOf(shape.input.value, SHOWN);
  reach = reachOf(given);
  canvas.setAttribute("aria-label", `The data: ${shapes[shape.input.value].title.toLowerCase()}.`);
  show();
}

function begin(): void {
  sampled = undefined;
  frames = [];
  preview();
  numbers.textContent = "";
  progress.value = 0;
  job.begin("Making the data.", {
    shape: shape.input.value,
    points: Number(points.input.value),
    particles: Number(particles.input.value),
    tolerance: Number(tolerance.input.value),
  });
}

const seconds = (milliseconds: number): string => `${short(milliseconds / 1000)} s`;

function take(message: Message): void {
  switch (message.kind) {
    case "tree":
      job.status.textContent = `Building the tree, level ${message.done} of ${message.total}.`;
      progress.max = message.total;
      progress.value = message.done;
      break;
    case "start":
      job.status.textContent = `The tree took ${seconds(message.milliseconds)}. Sampling by ${message.threads} ${message.threads === 1 ? "thread" : "threads"}.`;
      break;
    case "frame":
      takeFrame(message.frame);
  }
}

function takeFrame(frame: Frame): void {
  frames.push(frame);
  const { step, steps, sigma, errorBound } = frame;
  sampled = frame.particles;
  progress.max = steps;
  progress.value = step;
  job.status.textContent = `Step ${step} of ${steps}, noise ${sigma.toPrecision(2)}.`;
  numbers.textContent = `${summary()} No score so far is off by more than ${errorBound.toExponential(1)} of its scale.`;
  canvas.setAttribute("aria-label", `Data and particles after step ${step} of ${steps}.`);
  show();
}

/** What the steps so far took, and would have taken by all points. */
function summary(): string {
  let [spent, full] = [0, 0];
  for (const frame of frames) {
    spent += frame.milliseconds;
    full += frame.full;
  }
  return `The steps so far took ${seconds(spent)}; by all points they would take about ${seconds(full)}, ${short(full / spent, 2)} times as long.`;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  begin();
});
shape.input.addEventListener("change", () => {
  if (job.running) return;
  sampled = undefined;
  preview();
});
for (const { input } of [turn, tilt]) input.addEventListener("input", show);
let held: { readonly x: number; readonly y: number } | undefined;
canvas.addEventListener("pointerdown", (event) => {
  held = { x: event.clientX, y: event.clientY };
  canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener("pointermove", (event) => {
  if (held === undefined) return;
  const by = (input: HTMLInputElement, pixels: number): void => {
    input.value = String((((input.valueAsNumber + pixels / 2) % 360) + 360) % 360);
  };
  by(turn.input, event.clientX - held.x);
  by(tilt.input, event.clientY - held.y);
  held = { x: event.clientX, y: event.clientY };
  show();
});
for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (held = undefined));
document
  .querySelector("#million")
  ?.replaceChildren(
    form,
    job.status,
    progress,
    canvas,
    h("div", { class: "turns" }, turn.field, tilt.field),
    numbers,
  );
preview();
