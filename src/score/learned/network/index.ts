export { loadNetwork, type MlpScore, type MlpScoreOptions, mlpScore } from "./mlp.js";
