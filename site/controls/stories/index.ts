import { stories } from "../../stories/index.js";
import { h } from "../dom.js";

/** The list of stories, each of which can be opened. */
export const storyIndex = (open: (name: string) => void): HTMLElement =>
  h(
    "div",
    {},
    h("h2", { tabindex: -1 }, "Stories"),
    h(
      "p",
      { class: "quiet" },
      "One for each result. Each holds what is measured here, now, to what theory says.",
    ),
    h(
      "ul",
      { class: "index" },
      ...stories.map(({ name, title, source, line }) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", "data-story": name, onclick: () => open(name) },
            h("b", {}, title),
            h("span", {}, line),
            h("span", { class: "quiet" }, source),
          ),
        ),
      ),
    ),
  );
