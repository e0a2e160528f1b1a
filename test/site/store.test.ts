// What holds the state: every value in it is allowed, undo goes back to the bit, and listeners hear of changes alone.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultState, ranges, reverseStarts } from "../../site/state/state.js";
import { type Patch, Store } from "../../site/state/store.js";

const RUNS = { numRuns: 200, seed: 20261127 };

describe("the store", () => {
  it("clamps what it is given, and says so once", () => {
    const store = new Store();
    const said: string[] = [];
    store.notices.subscribe((text) => said.push(text));
    store.set({ view: { steps: 1e9, epsilon: Number.NaN, particles: 10.4 }, t: -1 });
    expect(store.get()).toEqual({
      ...defaultState,
      t: ranges.t[0],
      view: { ...defaultState.view, steps: 1000, particles: 10 },
    });
    expect(said.sort()).toEqual([
      "epsilon is no number: 0.02 stays.",
      "steps goes from 1 to 1000: 1000 is taken.",
      "t goes from 0.0001 to 80: 0.0001 is taken.",
    ]);
  });

  it("does not take words that it does not know", () => {
    const store = new Store();
    store.set({ tab: "elsewhere" as "map", theme: "pink" as "dark", view: { sampler: "magic" as "heun" } });
    expect(store.get()).toEqual(defaultState);
  });

  it("says what a view does not have, such as a name that is old", () => {
    const store = new Store();
    const said: string[] = [];
    store.notices.subscribe((text) => said.push(text));
    store.set({ view: { noiseKappa: 0.5, steps: 30 } } as Patch);
    expect(store.get().view).toEqual({ ...defaultState.view, steps: 30 });
    expect(said).toEqual(['A view has no "noiseKappa".']);
  });

  it("tells listeners of changes, and of nothing else", () => {
    const store = new Store();
    const heard: [number, number][] = [];
    const end = store.subscribe((state, previous) => heard.push([previous.seed, state.seed]));
    store.set({ seed: 1 });
    store.set({ seed: 7 });
    store.set({ view: {} });
    end();
    store.set({ seed: 8 });
    expect(heard).toEqual([[1, 7]]);
  });

  it("keeps what did not change as the same object", () => {
    const store = new Store();
    const { view, panes, camera } = store.get();
    store.set({ t: 0.3 });
    expect([store.get().view, store.get().panes, store.get().camera]).toEqual([view, panes, camera]);
    expect(store.get().view).toBe(view);
    expect(store.get().panes).toBe(panes);
    expect(store.get().camera).toBe(camera);
  });

  it("makes a gesture one step of undo", () => {
    const store = new Store();
    for (const x of [0.1, 0.2, 0.3]) store.set({ view: { set: "own", points: [x, 0] } }, { transient: true });
    store.set({ view: { points: [0.4, 0] } });
    store.set({ seed: 5 });
    store.undo();
    expect(store.get().view.points).toEqual([0.4, 0]);
    store.undo();
    expect(store.get()).toEqual(defaultState);
    expect(store.canUndo).toBe(false);
    store.redo();
    store.redo();
    expect([store.get().view.points, store.get().seed]).toEqual([[0.4, 0], 5]);
    expect(store.canRedo).toBe(false);
  });

  it("leaves the time, the camera and the theme where they are when it goes back", () => {
    const store = new Store();
    store.set({ view: { steps: 20 } });
    store.set({ t: 0.5, theme: "dark", camera: { x: 1, y: 2, half: 3 } });
    store.undo();
    expect(store.get()).toEqual({ ...defaultState, t: 0.5, theme: "dark", camera: { x: 1, y: 2, half: 3 } });
  });

  it("takes back what the tabs PDE and Digits let one choose", () => {
    const store = new Store();
    for (const horizon of [1.9, 1.8]) store.set({ horizon }, { transient: true });
    store.set({ horizon: 1.8 });
    store.set({ reverseStart: "marginal" });
    store.set({ fewSteps: 7 });
    store.set({ ownImages: true });
    store.undo();
    expect(store.get()).toEqual({ ...defaultState, horizon: 1.8, reverseStart: "marginal", fewSteps: 7 });
    store.undo();
    store.undo();
    expect(store.get()).toEqual({ ...defaultState, horizon: 1.8 });
    store.undo();
    expect([store.get(), store.canUndo]).toEqual([defaultState, false]);
  });

  it("changes of one pane stay in it", () => {
    const store = new Store();
    store.set({ panes: [{ estimator: "naive" }, {}] });
    store.setPane(2, { steps: 1e5 });
    expect(store.get().panes).toEqual([{ estimator: "naive" }, { steps: 1000 }]);
    expect(store.get().view).toEqual(defaultState.view);
  });

  it("whatever is set, undo brings back every state before, in order", () => {
    const patch: fc.Arbitrary<Patch> = fc.oneof(
      fc.record({ seed: fc.nat() }),
      fc.record({ view: fc.record({ steps: fc.integer({ min: 1, max: 1000 }) }) }),
      fc.record({ view: fc.record({ points: fc.array(fc.integer(), { maxLength: 6 }) }) }),
      fc.record({ reverseStart: fc.constantFrom(...reverseStarts), horizon: fc.constantFrom(1, 2, 3) }),
      fc.record({ ownImages: fc.boolean(), fewSteps: fc.integer({ min: 1, max: 20 }) }),
      fc.record({ story: fc.option(fc.constantFrom("a", "b"), { nil: undefined }) }),
    );
    fc.assert(
      fc.property(fc.array(patch, { maxLength: 30 }), (patches) => {
        const store = new Store();
        const states = [store.get()];
        for (const one of patches) {
          store.set(one);
          if (store.get() !== states.at(-1)) states.push(store.get());
        }
        for (let i = states.length - 2; i >= 0; i--) {
          store.undo();
          expect(store.get()).toEqual(states[i]);
        }
        expect(store.canUndo).toBe(false);
        for (let i = 1; i < states.length; i++) {
          store.redo();
          expect(store.get()).toEqual(states[i]);
        }
      }),
      RUNS,
    );
  });
});
