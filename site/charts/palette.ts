/**
 * Colours of marks by what they mean. Each is a CSS variable of the charts' sheet, so that a theme or the page around may change
 * it; canvases need it resolved.
 */

export const meanings = [
  "ink",
  "muted",
  "grid",
  "surface",
  "theory",
  "points",
  "particles",
  "exact",
  "smoothed",
  "piecewise",
  "above",
  "below",
] as const;
export type Meaning = (typeof meanings)[number];

export type Palette = (meaning: Meaning) => string;

/** Resolves the variables as they are at `host` now; made anew when the theme changes. */
export function paletteOf(host: HTMLElement): Palette {
  const known = new Map<Meaning, string>();
  return (meaning) => {
    let colour = known.get(meaning);
    if (colour === undefined) {
      const probe = document.createElement("span");
      probe.style.color = `var(--chart-${meaning})`;
      probe.style.display = "none";
      host.append(probe);
      colour = getComputedStyle(probe).color;
      probe.remove();
      known.set(meaning, colour);
    }
    return colour;
  };
}
