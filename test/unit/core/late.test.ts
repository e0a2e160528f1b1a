// What loads when it is wanted: once, and where a call cannot wait for it, with what needs it.
import { createEngine, edm, exactScore } from "vkernel";
import { describe, expect, it, vi } from "vitest";
import { Late } from "../../../src/core/late.js";
import { anisotropicProcess } from "../../../src/process/anisotropic.js";

describe("a part that loads when it is wanted", () => {
  it("is not there before, loads once, and is there from then on", async () => {
    let loads = 0;
    const late = new Late(async () => ++loads);
    expect(late.here).toBeUndefined();
    expect([await late.load(), await late.load(), late.here, loads]).toEqual([1, 1, 1, 1]);
  });

  it("one that did not come is asked for again", async () => {
    let loads = 0;
    const late = new Late(async () => {
      if (++loads === 1) throw new Error("no network");
      return loads;
    });
    await expect(late.load()).rejects.toThrow("no network");
    expect(await late.load()).toBe(2);
  });

  it("one that was brought is not loaded", async () => {
    const late = new Late<number>(() => Promise.reject(new Error("loaded")));
    late.bring(3);
    expect([late.here, await late.load()]).toEqual([3, 3]);
  });
});

describe("calls that cannot wait", () => {
  const covariance = [
    [1, 0.3],
    [0.3, 0.5],
  ];
  const x = [[0.2, 0.1]];

  it("under noise with a direction: after an evaluate that was awaited, or with a process of anisotropic", async () => {
    // A library of its own: other tests have loaded what this one is to find missing.
    vi.resetModules();
    const fresh = await import("vkernel");
    using engine = await fresh.createEngine({ threads: 1 });
    const data = engine.mixture([
      [0, 0],
      [1, 1],
    ]);
    // As somebody would make one by hand: nothing has brought what its scores take.
    const field = fresh.exactScore(data, anisotropicProcess(edm(), { covariance }));
    const refused = (): unknown => {
      try {
        return field.evaluateSync(x, 1, ["score"]);
      } catch (error) {
        return error;
      }
    };
    expect(refused()).toBeInstanceOf(fresh.VkernelError);
    expect(refused()).toMatchObject({ code: "E_UNSUPPORTED", argument: "evaluateSync" });
    const { score } = await field.evaluate(x, 1, ["score"]);
    expect(field.evaluateSync(x, 1, ["score"]).score).toEqual(score);
    const brought = fresh.exactScore(data, fresh.anisotropic(edm(), { covariance }));
    expect(brought.evaluateSync(x, 1, ["score"]).score).toEqual(score);
  });

  it("without Wasm: with the engine", async () => {
    using engine = await createEngine({ kernels: "reference" });
    const field = exactScore(engine.mixture([[0, 0]]), edm());
    const { score } = field.evaluateSync(x, 1, ["score"]);
    expect(Array.from(score, (value) => value)).toEqual([Math.fround(-0.2), Math.fround(-0.1)]);
  });
});
