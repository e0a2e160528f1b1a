/** Gives the tree that a place is in a style sheet, once: `sheetOf(text)` makes what does that for one. */
export function sheetOf(text: string): (place: Node) => void {
  let sheet: CSSStyleSheet | undefined;
  return (place) => {
    if (sheet === undefined) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
    }
    const root = place.getRootNode() as Document | ShadowRoot;
    if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
  };
}
