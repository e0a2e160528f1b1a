export { nearestPoints, voronoiMass } from "./nearest.js";
