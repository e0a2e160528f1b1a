// Words with figures in them.
import { expect, it } from "vitest";
import { listed, pm, share, short, told } from "../../../claims/told.js";

it("a template keeps figures as they are and writes numbers", () => {
  const error = { value: 0.5, standardError: 0.1 };
  expect(told`${3} steps: ${short(0.25, 2)}${undefined}, ${share(error, 20)}.`).toEqual([
    "3",
    " steps: ",
    { as: "number", value: 0.25, digits: 2 },
    ", ",
    { as: "share", ...error, count: 20 },
    ".",
  ]);
});

it("what is told may hold what was told, and several stand in a row", () => {
  const one = (x: number) => told`at ${x}`;
  expect(told`${listed([one(1), one(2)], "; ")}`).toEqual(["at ", "1", "; ", "at ", "2"]);
  expect(listed([])).toEqual([]);
});

it("an estimate is its number and its error, whatever else it has", () => {
  expect(pm(Object.assign({ value: 1, standardError: 2 }, { z: 3 }))).toEqual({
    as: "estimate",
    value: 1,
    standardError: 2,
  });
});
