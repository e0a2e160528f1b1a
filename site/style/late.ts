import text from "./late.css";

let sheet: CSSStyleSheet | undefined;

/** Gives the tree that `place` is in the style of stories and dialogs, once. */
export function adoptLate(place: Node): void {
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
  }
  const root = place.getRootNode() as ShadowRoot;
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}
