/** Built-in sets that load when they are chosen. */
export { fourPoints, twoPoints } from "../../src/index.js";
