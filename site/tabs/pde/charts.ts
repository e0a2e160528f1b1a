import { Chart } from "../../charts/chart.js";
import type { ChartOptions } from "../../charts/data.js";

/** The charts of the PDE tab, in two columns. */
export interface Charts {
  readonly forward: Chart;
  readonly backward: Chart;
  readonly density: Chart;
  readonly residual: Chart;
  readonly generated: Chart;
  readonly distance: Chart;
  readonly captured: Chart;
  readonly growth: Chart;
  readonly naive: Chart;
}

const ofTime: Readonly<Record<"forward" | "backward" | "density" | "residual", ChartOptions>> = {
  forward: {
    caption: "Forward",
    unit: "√density over x and t, row by row",
    x: "x",
    height: 116,
    log: true,
    bare: true,
  },
  backward: { caption: "Reverse", x: "x", height: 116, log: true, bare: true },
  density: { caption: "Density at t", x: "x", height: 168, bare: true },
  residual: { caption: "Particles minus equation", unit: "density", x: "x", height: 112, ends: true },
};

const ofLaws: Readonly<Record<"generated" | "distance" | "captured", ChartOptions>> = {
  generated: { caption: "Generated law", unit: "mass at each point", x: "x", height: 150 },
  distance: {
    caption: "Distance from the data",
    unit: "total variation",
    x: "horizon T*",
    height: 150,
    log: true,
    logX: true,
  },
  captured: {
    caption: "Capture",
    unit: "share in the cell of its end",
    x: "t (data at the left)",
    height: 150,
    logX: true,
  },
};

const ofReversal: Readonly<Record<"growth" | "naive", ChartOptions>> = {
  growth: {
    caption: "Naive reversal",
    unit: "growth of each wave number",
    x: "wave number k",
    height: 168,
    log: true,
  },
  naive: { caption: "What it makes of the density", x: "x", height: 150 },
};

/** Makes them, in the order of the page: those of the time at the left. */
export const chartsIn = (left: HTMLElement, right: HTMLElement): Charts => ({
  forward: new Chart(left, ofTime.forward),
  backward: new Chart(left, ofTime.backward),
  density: new Chart(left, ofTime.density),
  residual: new Chart(left, ofTime.residual),
  generated: new Chart(right, ofLaws.generated),
  distance: new Chart(right, ofLaws.distance),
  captured: new Chart(left, ofLaws.captured),
  growth: new Chart(right, ofReversal.growth),
  naive: new Chart(right, ofReversal.naive),
});
