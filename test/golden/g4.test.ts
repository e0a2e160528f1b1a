// g4: smoothing, against numbers of 50 digits and other routes. Chromium runs the same checks.
import { createEngine, type Engine } from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGolden } from "./files.js";
import {
  checkFlowMaps,
  checkLaws,
  checkLosses,
  checkPiecewise,
  checkPlane,
  checkScheme,
  checkSmoothed,
  type SmoothingGolden,
} from "./g4.check.js";

const golden = readGolden<SmoothingGolden>("g4_smoothing.json");

describe.each(["simd", "relaxed", "reference"] as const)("g4, %s", (kernels) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ kernels, threads: 1 });
  });
  afterAll(() => engine.close());

  it.each([
    ["smoothed scores on the line", checkSmoothed],
    ["piecewise scores", checkPiecewise],
    ["flow maps", checkFlowMaps],
    ["terminal laws", checkLaws],
    ["losses and their limits", checkLosses],
    ["cubes and shortest means in the plane", checkPlane],
    ["the scheme of Section 4.2", checkScheme],
  ] as const)("%s", async (_, check) => {
    expect(await check(engine, golden)).toEqual([]);
  });
});
