/** Plain float64, beside which the kernels are held: it loads when somebody looks. */
export { evaluatePoint, levelAt } from "../../src/score/evaluate/plain.js";
