import { messageOf } from "../../load.js";
import type { Story } from "../../stories/story.js";
import { h } from "../dom.js";
import type { Measures } from "./measures.js";
import { shown } from "./numbers.js";

/** What of the picture is numerical error, measured when it is asked for. */
export function errorsOf(story: Story, measures: Measures, signal: AbortSignal): HTMLElement {
  const errors = h("details", { class: "group" }, h("summary", {}, "Numerical error"));
  errors.addEventListener("toggle", () => {
    if (errors.open && errors.children.length === 1) void showError(errors, story, measures, signal);
  });
  return errors;
}

async function showError(
  place: HTMLElement,
  story: Story,
  measures: Measures,
  signal: AbortSignal,
): Promise<void> {
  const status = h("p", { role: "status" }, "Measuring: the same run at twice the steps, and in float64.");
  place.append(status);
  try {
    const rows = await measures.error(story.name, { signal });
    status.replaceWith(
      h(
        "dl",
        { class: "errors" },
        ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, shown(value, 3))]),
      ),
    );
  } catch (error) {
    status.textContent = messageOf(error);
  }
}
