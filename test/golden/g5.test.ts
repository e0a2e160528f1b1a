// g5: the reverse process, against numbers of 30 and 50 digits. Chromium runs the same checks.
import { createEngine, type Engine } from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGolden } from "./files.js";
import {
  checkBridge,
  checkForward,
  checkGenerated,
  checkLosses,
  checkPaths,
  checkSteps,
  type ReverseGolden,
} from "./g5.check.js";

const golden = readGolden<ReverseGolden>("g5_reverse.json");

describe.each(["simd", "relaxed", "reference"] as const)("g5, %s", (kernels) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ kernels, threads: 1 });
  });
  afterAll(() => engine.close());

  it.each([
    ["coefficients of steps: DDPM, DDIM, Euler and Maruyama", checkSteps],
    ["Theorem 2", checkBridge],
    ["whole paths with given noise", checkPaths],
    ["the forward flow: density, score and change", checkForward],
    ["Corollary 3.2 and the laws on the way", checkGenerated],
    ["objectives, losses and what is between them", checkLosses],
  ] as const)("%s", async (_, check) => {
    expect(await check(engine, golden)).toEqual([]);
  });
});
