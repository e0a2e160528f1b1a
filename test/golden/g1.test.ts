import { createEngine, type Engine } from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGolden } from "./files.js";
import { checkScoreCase, type ScoreGolden } from "./g1.check.js";
import { variants, variantTitle } from "./golden.js";

const golden = readGolden<ScoreGolden>("g1_score_mixture.json");

describe.each(variants)(`g1, scores: ${variantTitle}`, ({ kernels, precision }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ kernels, threads: 1 });
  });
  afterAll(() => engine.close());

  it.each(golden.cases.map((item) => [item.name, item] as const))("%s", async (_, item) => {
    const { failures } = await checkScoreCase(engine, precision, item);
    expect(failures).toEqual([]);
  });
});
