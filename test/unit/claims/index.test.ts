// The claims of papers as a list: names that last, words for each, and each measured alone as in the whole of its study.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, type Engine } from "vkernel";
import { study as chen } from "../../../claims/chen2025/study.js";
import { allCards, allClaims, claimGroups } from "../../../claims/index.js";
import { loadCards } from "../../../claims/cards.js";
import { measureAll, part } from "../../../claims/study.js";
import { stories } from "../../../site/stories/index.js";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
});
afterAll(() => engine.close());

const options = {
  seed: 1,
  quick: true,
  signal: new AbortController().signal,
  onProgress: () => {},
};

/** Measures one claim. */
const measured = async (name: string) => {
  for (const { claims, measure } of claimGroups()) {
    const at = claims.findIndex((claim) => claim.name === name);
    if (at >= 0) return (await measure(engine, options))[at];
  }
  throw new Error(`no claim ${name}`);
};

describe("the list of claims", () => {
  it("names each once, in words that a shell takes as they are", () => {
    const names = allClaims.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^(vastola|chen|cao)(-[a-z0-9.]+)+$/.test(name))).toEqual([]);
    expect(names.length).toBe(25 + 12 + 16);
  });

  it.each(allClaims.map((claim) => [claim.name, claim] as const))("%s has its words", (_, claim) => {
    expect(claim.source.paper).toMatch(/ 2025$/);
    expect(claim.source.where.length).toBeGreaterThan(2);
    expect(claim.sentence).toMatch(/^[A-Zkq].*\.$/s);
    expect(claim.expected).toMatch(/^([A-Z]|tr C).*\.$/s);
  });

  it("a claim with a card has one of a story's", async () => {
    const cards = await Promise.all(stories.map(async ({ name }) => (await loadCards(name))?.measures ?? {}));
    const all = new Set(cards.flatMap((measures) => Object.values(measures)));
    const both = allClaims.flatMap(({ name, card }) => (card === undefined ? [] : [[name, card] as const]));
    expect(both.length).toBeGreaterThan(9);
    expect(both.filter(([, card]) => !all.has(card)).map(([name]) => name)).toEqual([]);
  });
});

describe("the list of cards", () => {
  it("has every card of every story, by both names", async () => {
    const expected: string[] = [];
    for (const { name } of stories)
      expected.push(...Object.keys((await loadCards(name))?.measures ?? {}).map((card) => `${name}/${card}`));
    expect(allCards.map(({ name }) => name)).toEqual(expected);
  });

  it("measures one alone", async () => {
    const card = allCards.find(({ name }) => name === "smoothed-score/limit");
    const { signal } = new AbortController();
    const found = await card?.measure({ engine, seed: 1, signal, done: () => {} });
    expect(found).toMatchObject({ holds: true, theory: expect.closeTo(0.16239, 5) });
  });
});

describe("a claim alone", () => {
  it("is judged by the parts that it reads, as in the whole", async () => {
    const divergence = await measured("chen-divergence");
    expect(divergence?.verdict).toBe("exact");
    const loss = await measured("chen-loss");
    expect(loss?.verdict).toBe("does not hold");
    const { losses, divergences } = chen.parts;
    const { numbers } = await measureAll(
      engine,
      { parts: { divergences, losses }, budgets: chen.budgets },
      options,
    );
    const [one] = numbers.divergences.rows;
    expect(divergence?.measured).toContainEqual({ as: "number", value: one.kl, digits: 7 });
    expect(numbers.losses.limits.some(({ corrected }) => Math.abs(corrected - 0.16239) < 1e-5)).toBe(true);
  });

  it("of networks that nobody trained is not judged", async () => {
    expect(await measured("vastola-trained")).toBeUndefined();
  });
});

describe("a study", () => {
  const parts = {
    first: part(30, ({ sizes, done }: { sizes: number; done: (part: number) => void }) => {
      done(0.5);
      return sizes;
    }),
    second: part(10, ({ seed }: { seed: number }) => seed),
  };

  it("counts its parts by their shares, to the whole", async () => {
    const seen: number[] = [];
    const { numbers } = await measureAll(
      engine,
      { parts, budgets: { full: 100, quick: 2 } },
      { ...options, onProgress: ({ done, total }) => seen.push(done / total) },
    );
    expect(numbers).toEqual({ seed: 1, quick: true, sizes: 2, first: 2, second: 1 });
    expect(seen).toEqual([0.375, 1]);
  });

  it("stops between its parts", async () => {
    const controller = new AbortController();
    const stopping = { ...parts, first: part(30, () => controller.abort()) };
    const all = measureAll(
      engine,
      { parts: stopping, budgets: { full: 100, quick: 2 } },
      { ...options, signal: controller.signal },
    );
    await expect(all).rejects.toThrow();
  });
});
