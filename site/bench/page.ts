import { Job } from "../aside/job.js";
import { short } from "../aside/short.js";
import { h } from "../controls/dom.js";
import type { Message, Request, Table } from "./protocol.js";

/** Rounds that differ by more than this share of their median are no measure. */
const NOISE = 0.5;
/** The most numbers of the data, so that no tab runs out of memory. */
const MOST_NUMBERS = 2 ** 22;

const number = (name: string, about: string, value: number, max: number) => {
  const input = h("input", { type: "number", name, id: name, value, min: 1, max, step: 1, required: true });
  return { input, field: h("label", { for: name }, h("span", {}, about), input) };
};
const points = number("points", "Points", 1024, 65_536);
const dim = number("dim", "Dimensions", 2, 1024);
const seconds = number("seconds", "Seconds", 20, 600);
const job = new Job<Request, Message>(
  "bench/measure.js",
  { button: "Measure", status: "Nothing has been measured yet." },
  take,
  ended,
);
const form = h(
  "form",
  { "aria-label": "What to measure" },
  points.field,
  dim.field,
  seconds.field,
  h("span", { class: "buttons" }, job.start, job.stop),
);
const notes = h("ul", { class: "notes" });
const tables = h("div", { class: "tables" });

let hidden = false;

function ended(): void {
  if (hidden)
    note("the page was hidden while it measured, and browsers slow hidden pages down: measure again");
}

function note(text: string): void {
  notes.append(h("li", {}, `${text[0].toUpperCase()}${text.slice(1)}.`));
}

function begin(): void {
  points.input.setCustomValidity(
    points.input.valueAsNumber * dim.input.valueAsNumber > MOST_NUMBERS
      ? `Points times dimensions: at most ${MOST_NUMBERS.toLocaleString("en-US")}`
      : "",
  );
  if (!form.reportValidity()) return;
  notes.replaceChildren();
  tables.replaceChildren();
  hidden = document.hidden;
  job.begin("Starting the kernels.", {
    points: points.input.valueAsNumber,
    dim: dim.input.valueAsNumber,
    seconds: seconds.input.valueAsNumber,
  });
}

function take(message: Message): void {
  switch (message.kind) {
    case "next":
      job.status.textContent = `Measuring ${message.name}, ${message.index + 1} of ${message.total}. Leave this page in front.`;
      break;
    case "table":
      tables.append(tableOf(message.table));
      break;
    case "note":
      note(message.note);
  }
}

function tableOf({ name, rounds, rows }: Table): HTMLElement {
  const id = `table-${tables.childElementCount}`;
  const cells = rows.map(({ name, median, spread, ratio, difference }, i) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      h("td", {}, short(median)),
      h("td", {}, `${Math.round(100 * spread)}%`),
      i === 0
        ? h("td", {}, "1")
        : h(
            "td",
            {},
            short(ratio.median),
            " ",
            h("span", { class: "range" }, `(${short(ratio.least, 2)} to ${short(ratio.most, 2)})`),
          ),
      h("td", {}, i === 0 ? "" : difference.toExponential(0)),
    ),
  );
  const heads = ["", "ms", "Spread", "Times as fast", "Difference"].map((text) =>
    text === "" ? h("td", {}) : h("th", { scope: "col" }, text),
  );
  const told = [
    ...rows
      .slice(1)
      .flatMap(({ name, ratio }) =>
        ratio.median < 1 ? [`Plain TypeScript wins here: it is faster than ${name}.`] : [],
      ),
    ...(rows.some(({ spread }) => spread > NOISE)
      ? ["Noisy: rounds differ by more than half of their median. Something else was running."]
      : []),
  ];
  return h(
    "section",
    {},
    h("h2", { id }, name),
    h(
      "div",
      // It scrolls sideways where it is wider than the screen, by keys too.
      { class: "wide", tabindex: 0, role: "region", "aria-labelledby": id },
      h("table", {}, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...cells)),
    ),
    h("p", { class: "quiet" }, [`${rounds} rounds.`, ...told].join(" ")),
  );
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  begin();
});
for (const { input } of [points, dim])
  input.addEventListener("input", () => points.input.setCustomValidity(""));
document.addEventListener("visibilitychange", () => {
  if (job.running && document.hidden) hidden = true;
});
document.querySelector("#measure")?.replaceChildren(form, job.status, notes, tables);
