// Links carry the whole state: what goes into an address comes out of it to the bit, and nothing that stands in an address
// can break the page.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  estimatorTable,
  gridTable,
  namesOf,
  processTable,
  quantityTable,
  samplerTable,
  setTable,
} from "../../site/state/choices.js";
import { clampState } from "../../site/state/clamp.js";
import { decodeState } from "../../site/state/decode.js";
import { encodeState } from "../../site/state/hash.js";
import {
  defaultState,
  defaultView,
  mostPanes,
  mostPoints,
  pointScale,
  ranges,
  reverseStarts,
  type State,
  tabs,
  type View,
} from "../../site/state/state.js";

const RUNS = { numRuns: 500, seed: 20261127 };

const number = (name: keyof typeof ranges): fc.Arbitrary<number> => {
  const [min, max] = ranges[name];
  return fc.oneof(fc.double({ min, max, noNaN: true }), fc.constantFrom(min, max)).map((x) => x + 0);
};
const integer = (name: keyof typeof ranges): fc.Arbitrary<number> =>
  fc.integer({ min: ranges[name][0], max: ranges[name][1] });

const point = fc
  .integer({ min: ranges.point[0] * pointScale, max: ranges.point[1] * pointScale })
  .map((scaled) => scaled / pointScale);
const points = fc
  .array(fc.tuple(point, point), { maxLength: 40 })
  .map((rows) => rows.flat() as readonly number[]);

const view: fc.Arbitrary<View> = fc.record({
  set: fc.constantFrom(...namesOf(setTable)),
  points,
  process: fc.constantFrom(...namesOf(processTable)),
  estimator: fc.constantFrom(...namesOf(estimatorTable)),
  sampler: fc.constantFrom(...namesOf(samplerTable)),
  grid: fc.constantFrom(...namesOf(gridTable)),
  steps: integer("steps"),
  epsilon: number("epsilon"),
  draws: integer("draws"),
  noiseTime: number("noiseTime"),
  smoothingKappa: number("smoothingKappa"),
  tau: fc.oneof(fc.constant("tied" as const), number("tau")),
  start: number("start"),
  particles: integer("particles"),
  quantity: fc.constantFrom(...namesOf(quantityTable)),
  overlays: fc.record({
    arrows: fc.boolean(),
    voronoi: fc.boolean(),
    trajectories: fc.boolean(),
    ellipses: fc.boolean(),
  }),
});

/** Some fields of a view, as panes have them. */
const partial: fc.Arbitrary<Partial<View>> = fc
  .tuple(view, fc.subarray(Object.keys(defaultView) as (keyof View)[]))
  .map(([whole, names]) => Object.fromEntries(names.map((name) => [name, whole[name]])));

const state: fc.Arbitrary<State> = fc
  .record({
    tab: fc.constantFrom(...tabs),
    story: fc.option(fc.stringMatching(/^[\w-]{1,40}$/), { nil: undefined }),
    view: fc.oneof(
      view,
      partial.map((some) => ({ ...defaultView, ...some })),
    ),
    panes: fc.array(partial, { maxLength: mostPanes }),
    t: number("t"),
    seed: integer("seed"),
    horizon: number("horizon"),
    reverseStart: fc.constantFrom(...reverseStarts),
    fewSteps: integer("fewSteps"),
    ownImages: fc.boolean(),
    camera: fc.record({ x: number("centre"), y: number("centre"), half: number("half") }),
    theme: fc.constantFrom("auto" as const, "light" as const, "dark" as const),
    speed: number("speed"),
  })
  .map((one) => ({ ...one, t: Math.min(one.t, processTable[one.view.process].horizon) }));

describe("links", () => {
  it("an allowed state is left as it is by the clamp", () => {
    fc.assert(
      fc.property(state, (one) => {
        const said: string[] = [];
        expect(clampState(one, defaultState, (text) => said.push(text))).toEqual(one);
        expect(said).toEqual([]);
      }),
      RUNS,
    );
  });

  it("bring back every state to the bit, without a word", () => {
    fc.assert(
      fc.property(state, (one) => {
        const { state: back, notices } = decodeState(`#${encodeState(one)}`);
        expect(back).toEqual(one);
        expect(notices).toEqual([]);
      }),
      RUNS,
    );
  });

  it("stand in an address as they are", () => {
    fc.assert(
      fc.property(state, (one) => {
        const link = encodeState(one);
        expect(new URL(`https://example.org/#${link}`).hash).toBe(link === "" ? "" : `#${link}`);
      }),
      RUNS,
    );
  });

  it("have nothing in them where nothing differs from the defaults", () => {
    expect(encodeState(defaultState)).toBe("");
    expect(encodeState({ ...defaultState, view: { ...defaultView, steps: 30, set: "four" } })).toBe(
      "v1;set=four;n=30",
    );
    expect(encodeState({ ...defaultState, tab: "pde", reverseStart: "marginal" })).toBe(
      "v1;tab=pde;rev=marginal",
    );
    expect(encodeState({ ...defaultState, tab: "digits", ownImages: true })).toBe("v1;tab=digits;own=1");
  });

  it("of before there was a start and images of one's own mean what they meant", () => {
    const { state: got, notices } = decodeState("#v1;tab=pde;set=two;proc=ou;end=1.5;few=3;t=0.2;seed=9");
    expect(notices).toEqual([]);
    expect(got).toEqual({
      ...defaultState,
      tab: "pde",
      view: { ...defaultView, set: "two", process: "ou" },
      horizon: 1.5,
      fewSteps: 3,
      t: 0.2,
      seed: 9,
    });
  });

  it("of before the noise time had its name mean what they meant, in panes too", () => {
    const { state: got, notices } = decodeState("#v1;est=kappa;smp=euler;kn=0.37;ks=0.2;1.est=kappa;1.kn=1");
    expect(notices).toEqual([]);
    expect(got).toEqual({
      ...defaultState,
      view: {
        ...defaultView,
        estimator: "noiseTime",
        sampler: "euler",
        noiseTime: 0.37,
        smoothingKappa: 0.2,
      },
      panes: [{ estimator: "noiseTime", noiseTime: 1 }],
    });
    expect(encodeState(got)).toBe("v1;est=noiseTime;smp=euler;nt=0.37;ks=0.2;1.est=noiseTime;1.nt=1");
    expect(decodeState("#v1;kn=5").notices).toEqual(["noise time goes from 0 to 2: 2 is taken."]);
  });

  it("say nothing of what they leave as it is, where they change another state than the defaults", () => {
    const base = { ...defaultState, reverseStart: "noise" as const, ownImages: true };
    expect(decodeState("v1;n=30", base).state).toEqual({ ...base, view: { ...defaultView, steps: 30 } });
    expect(decodeState("v1;rev=auto;own=0", base).state).toEqual(defaultState);
  });

  it("carry points in few letters", () => {
    const hexagon = [0, 1, 2, 3, 4, 5].flatMap((k) => [
      Math.cos((k * Math.PI) / 3),
      Math.sin((k * Math.PI) / 3),
    ]);
    const rounded = hexagon.map((value) => Math.round(value * pointScale) / pointScale);
    const link = encodeState({ ...defaultState, view: { ...defaultView, set: "own", points: rounded } });
    // A coordinate of 20,001 values takes 15 bits, five a letter.
    expect(link.length).toBeLessThanOrEqual("v1;set=own;pts=".length + 12 * 3);
  });

  it.each([
    ["", undefined],
    ["#", undefined],
    ["#nonsense", /malformed/],
    ["#%E0%A4%A", /malformed/],
    ["#v9;n=30", /version v9/],
    ['#{"steps":30}', /malformed/],
  ])("%s: the defaults, and a notice", (hash, expected) => {
    const { state: got, notices } = decodeState(hash);
    expect(got).toEqual(defaultState);
    if (expected === undefined) expect(notices).toEqual([]);
    else expect(notices.join()).toMatch(expected);
  });

  it.each([
    ["n=1e9", { steps: 1000 }, /steps goes from 1 to 1000: 1000 is taken/],
    ["n=0", { steps: 1 }, /steps goes from 1 to 1000: 1 is taken/],
    ["eps=-1", { epsilon: ranges.epsilon[0] }, /epsilon goes from/],
    ["count=1e7", { particles: 500_000 }, /particles goes from/],
    ["tau=1", { tau: 0.99 }, /tau goes from/],
    ["n=abc", {}, /"n=abc" of the link makes no sense/],
    ["n=NaN", {}, /makes no sense/],
    ["n=", {}, /makes no sense/],
    ["smp=magic", {}, /Sampler has no "magic": heun stays/],
    ["set=__proto__", {}, /Data has no "__proto__"/],
    ["pts=AAA", {}, /makes no sense/],
    ["pts=!!", {}, /makes no sense/],
    ["ov=xyz", {}, /makes no sense/],
    ["rev=elsewhere", {}, /The reverse start has no "elsewhere": auto stays/],
    ["own=yes", {}, /"own=yes" of the link makes no sense/],
    ["wat=1", {}, /"wat=1" of the link makes no sense/],
    ["__proto__=1", {}, /makes no sense/],
    ["4.n=30", {}, /makes no sense/],
  ])("%s: put right, and said", (part, changes, expected) => {
    const { state: got, notices } = decodeState(`v1;${part}`);
    expect(got).toEqual({ ...defaultState, view: { ...defaultView, ...changes } });
    expect(notices.join(" ")).toMatch(expected);
  });

  it("t beyond the end of a process is its end", () => {
    const { state: got, notices } = decodeState("v1;proc=vp;t=30");
    expect(got.t).toBe(1);
    expect(notices.join()).toMatch(/vp ends at t = 1/);
  });

  it("no text whatever throws, and what comes of it is an allowed state", () => {
    const part = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc
        .tuple(
          fc.constantFrom("n", "eps", "pts", "t", "cam", "1.smp", "2.", "tau", "ov", "proc", "rev", "own"),
          fc.string(),
        )
        .map(([key, value]) => `${key}=${value}`),
    );
    const text = fc.array(part, { maxLength: 8 }).map((parts) => `#v1;${parts.join(";")}`);
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (hash) => {
        const { state: got } = decodeState(hash);
        const said: string[] = [];
        expect(clampState(got, defaultState, (notice) => said.push(notice))).toEqual(got);
        expect(said).toEqual([]);
      }),
      RUNS,
    );
  });

  it("no more points than a set has", () => {
    const many = Array.from({ length: 2 * mostPoints + 2 }, (_, i) => (i % 7) / 10);
    const said: string[] = [];
    const own = { ...defaultState, view: { ...defaultView, set: "own" as const, points: many } };
    const clamped = clampState(own, defaultState, (text) => said.push(text));
    expect(clamped.view.points).toHaveLength(2 * mostPoints);
    expect(said.join()).toMatch(/at most 2000 points/);
    expect(decodeState(encodeState(clamped)).state).toEqual(clamped);
  });

  it("say little of what is wrong, however long it is", () => {
    const long = "x".repeat(5000);
    const many = Array.from({ length: 3000 }, (_, i) => `q${i}=1`).join(";");
    const links = [
      `#v1;set=${long}`,
      `#v1;${long}`,
      `#v1;theme=${long};tab=${long};1.smp=${long}`,
      `#v${"9".repeat(5000)}`,
      `#v1;${many}`,
    ];
    for (const link of links) {
      const { notices } = decodeState(link);
      expect(notices.length).toBeGreaterThan(0);
      expect(notices.join(" ").length, link.slice(0, 20)).toBeLessThan(700);
    }
    expect(decodeState(`#v1;${many}`).notices.at(-1)).toBe(
      "More of the link was put right: 2994 other parts.",
    );
    expect(decodeState(`#v1;set=${long}`).notices).toEqual([
      `Data has no "${"x".repeat(40)}…": ${defaultView.set} stays.`,
    ]);
  });
});
