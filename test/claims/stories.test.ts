// The explorer's stories: every card holds with the library's own kernels, on one thread and on two with the same numbers.
// Seeds are fixed. A card's statistical bound lets one false alarm in 1.7 million through; there are fewer than 60 of them.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, type Engine } from "../../src/engine.js";
import { load, stories } from "../../site/stories/index.js";
import type { Bench } from "../../claims/bench.js";
import { type Cards, judge } from "../../claims/held.js";
import { loadCards } from "../../claims/cards.js";
import type { Story } from "../../site/stories/story.js";
import { clampState } from "../../site/state/clamp.js";
import { decodeState } from "../../site/state/decode.js";
import { encodeState } from "../../site/state/hash.js";
import { defaultState, defaultView } from "../../site/state/state.js";

let engines: [Engine, Engine];
beforeAll(async () => {
  engines = [
    await createEngine({ threads: 1, kernels: "simd" }),
    await createEngine({ threads: 2, kernels: "simd" }),
  ];
});
afterAll(() => {
  for (const engine of engines) engine.close();
});

const contextOf = (engine: Engine): Bench => ({
  engine,
  seed: 1,
  signal: new AbortController().signal,
  done: () => {},
});

async function storyOf(name: string): Promise<Story> {
  const story = await load(name);
  if (story === undefined) throw new Error(`no story ${name}`);
  return story;
}

async function cardsOf(name: string): Promise<Cards> {
  const cards = await loadCards(name);
  if (cards === undefined) throw new Error(`no cards of ${name}`);
  return cards;
}

it("the index names every story once, in the order of the page", () => {
  const names = stories.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { title, source, line } of stories) {
    expect(title.length).toBeGreaterThan(3);
    expect(source).toMatch(/Vastola 2025|Chen 2025|Cao et al. 2025|UCI/);
    expect(line).toMatch(/\.$/);
  }
});

it("a name that no story has loads nothing", async () => {
  expect(await load("no-such-story")).toBeUndefined();
  expect(await loadCards("no-such-story")).toBeUndefined();
});

describe.each(stories.map(({ name }) => name))("%s", (name) => {
  it("is what the index says, with a preset that the explorer can show", async () => {
    const story = await storyOf(name);
    expect(story).toMatchObject(stories.find((entry) => entry.name === name) as object);
    const { preset, text, cards } = story;
    expect(new Set(cards.map((card) => card.name)).size).toBe(cards.length);
    expect(cards.length).toBeGreaterThan(1);
    // Every heading has its measure, in the same order.
    expect(Object.keys((await cardsOf(name)).measures)).toEqual(cards.map((card) => card.name));
    for (const words of Object.values(text)) expect(words.length).toBeGreaterThan(60);
    const said: string[] = [];
    const whole = { ...defaultState, ...preset, view: { ...defaultView, ...preset.view } };
    expect(clampState(whole, defaultState, (notice) => said.push(notice))).toEqual(whole);
    expect(said).toEqual([]);
    // Links to a story carry its preset.
    expect(decodeState(encodeState({ ...whole, story: name }))).toEqual({
      state: { ...whole, story: name },
      notices: [],
    });
  });

  it("every card holds, with the same numbers on one thread and on two", { tags: ["long"] }, async () => {
    const { measures } = await cardsOf(name);
    for (const [card, { measure }] of Object.entries(measures)) {
      const [one, two] = [await measure(contextOf(engines[0])), await measure(contextOf(engines[1]))];
      expect(two, card).toEqual(one);
      expect(Number.isFinite(one.theory), card).toBe(true);
      expect(one.tolerance, card).toBeGreaterThanOrEqual(0);
      const result = judge(one);
      expect(result.holds, `${card}: ${one.measured}, expected ${one.theory} +- ${result.allowed}`).toBe(
        true,
      );
    }
  });

  it("the numerical error of its picture is numbers", async () => {
    const cards = await cardsOf(name);
    const rows = await cards.error(contextOf(engines[1]));
    expect(rows.length).toBeGreaterThan(0);
    for (const [label, value] of rows) {
      expect(label.length).toBeGreaterThan(3);
      expect(Number.isFinite(value), label).toBe(true);
    }
  });
});

it("a verdict follows from the numbers alone", () => {
  const claim = { measured: 1.1, theory: 1, tolerance: 0.05 };
  expect(judge(claim).holds).toBe(false);
  expect(judge({ ...claim, standardError: 0.011 }).holds).toBe(true);
  expect(judge({ ...claim, relation: "at least" }).holds).toBe(true);
  expect(judge({ ...claim, relation: "at most" }).holds).toBe(false);
  expect(judge({ ...claim, measured: Number.NaN }).holds).toBe(false);
});
