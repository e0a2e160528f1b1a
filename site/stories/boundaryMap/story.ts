import { cards } from "../../../claims/vastola2025/said/boundaryMap.js";
import { MAP_TIME } from "../../../claims/vastola2025/shown.js";
import { entryOf } from "../entries.js";
import { presetOf } from "../preset.js";
import type { Story } from "../story.js";

export const story: Story = {
  ...entryOf("boundary-map"),
  preset: presetOf({
    tab: "map",
    t: MAP_TIME,
    camera: { x: 0, y: 0, half: 1.6 },
    view: { set: "polygon", process: "edm", estimator: "exact", quantity: "fraction" },
  }),
  text: {
    see: "Six training points and, in colour, how much of what a network is shown there is noise: f is 1 where the target is all noise and 0 where it is all score. Move the time: at small times the lines between neighbours light up, at larger ones only coarser boundaries remain.",
    says: "The target of denoising score matching is a noisy version of the score. Its covariance C is 1/S plus the curvature of log p, and the paper finds it large at training points and at the boundaries between them.",
    measured:
      "C is exactly 1/S plus the Hessian. Half way between two points it is α² |μ₁\u00a0−\u00a0μ₂|\u2060² / (4\u00a0S²). At a training point, though, it is next to nothing: 0.0047 against 156 between neighbours. Only the boundaries are high, because at a point the curvature cancels 1/S.",
  },
  cards,
};
