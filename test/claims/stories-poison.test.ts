// A card that cannot fail holds nothing: with one output of one kernel wrong by one percent, every card that names it fails.
import { describe, expect, it } from "vitest";
import { createEngine } from "../../src/engine.js";
import { judge } from "../../claims/held.js";
import { stories } from "../../site/stories/index.js";
import { loadCards } from "../../claims/cards.js";
import { poisoned } from "../shared/poison.js";

const kernels = new URL("../../build/wasm/simd-local.wasm", import.meta.url);

describe.each(stories.map(({ name }) => name))("%s", (name) => {
  it("its cards fail where a kernel that they name is off by one percent", { tags: ["long"] }, async () => {
    const cards = Object.entries((await loadCards(name))?.measures ?? {});
    const held: string[] = [];
    let pairs = 0;
    for (const kernel of new Set(cards.flatMap(([, { kernels }]) => kernels))) {
      const engine = await createEngine({ threads: 1, wasm: poisoned(kernel, kernels) });
      try {
        for (const [card, { kernels: named, measure }] of cards) {
          if (!named.includes(kernel)) continue;
          pairs++;
          const signal = new AbortController().signal;
          const claim = await measure({ engine, seed: 1, signal, done: () => {} });
          if (judge(claim).holds) held.push(`${card} with ${kernel}: ${claim.measured}`);
        }
      } finally {
        engine.close();
      }
    }
    expect(held).toEqual([]);
    expect(pairs).toBeGreaterThan(0);
  });
});

it("a kernel or an output that is not there is not poisoned in silence", () => {
  expect(() => poisoned("posteriorLanes2.nothing", kernels)).toThrow(/no output/);
});
