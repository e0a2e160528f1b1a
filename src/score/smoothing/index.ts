export { type SmoothedOptions, type SmoothedScore, smoothedScore } from "./smoothed.js";
