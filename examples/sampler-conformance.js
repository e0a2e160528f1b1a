// Measure your own sampler: one step of it, from noise level t to s, with the exact denoiser at hand.
import { conformance, formatConformance } from "vkernel/conformance";

/** @type {import("vkernel/conformance").StepSampler} */
const midpoint = {
  name: "midpoint",
  step({ x, t, s, denoise }) {
    const first = denoise(x, t);
    if (s === 0) return first;
    const middle = (t + s) / 2;
    const half = x.map((v, i) => v + ((middle - t) / t) * (v - first[i]));
    const second = denoise(half, middle);
    return x.map((v, i) => v + ((s - t) / middle) * (half[i] - second[i]));
  },
};
const report = await conformance(midpoint, { order: 2, seed: 1 });
console.log(formatConformance(report));

// A mistake is found: noise levels one percent too large.
const { passed, findings } = await conformance(
  { step: (state) => midpoint.step({ ...state, denoise: (x, sigma) => state.denoise(x, 1.01 * sigma) }) },
  { name: "mistaken", order: 2, seed: 1 },
);
console.log(`mistaken: ${passed ? "passed" : "failed"}`);
for (const { level, code, message } of findings) console.log(`  ${level}, ${code}: ${message}`);
