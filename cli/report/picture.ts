import { join } from "node:path";
import { exitCodes, Failure } from "../errors.js";
import { home } from "../home.js";

/** Pixels of a picture file to a unit of its drawing. */
const ZOOM = 2;

/**
 * A drawing as the bytes of a PNG. Its text is set in the font of the package (`font/DejaVuSans.ttf`), so that the picture
 * is the same on every machine, whatever fonts it has.
 */
export async function toPng(svg: string): Promise<Buffer> {
  const library = await import("@resvg/resvg-js").catch((error: unknown) => {
    const message = "--out .png has no renderer on this platform (@resvg/resvg-js did not load); write .svg";
    throw new Failure("E_UNSUPPORTED", exitCodes.usage, "--out", message, error);
  });
  // On a thread of its own: Ctrl-C need not wait for it.
  const picture = await library.renderAsync(svg, {
    fitTo: { mode: "zoom", value: ZOOM },
    font: {
      loadSystemFonts: false,
      fontFiles: [join(home, "font/DejaVuSans.ttf")],
      defaultFontFamily: "DejaVu Sans",
    },
  });
  return picture.asPng();
}
