// `vkernel train`, and sampling the networks that it writes. Seeds are fixed; nothing here is statistical.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createEngine,
  edm,
  effectiveSde,
  type Engine,
  ensemble,
  euler,
  heun,
  karras,
  loadNetwork,
  logUniformTimes,
  type Mixture,
  mlpScore,
  polygon,
  sample,
} from "../../build/ts/src/index.js";
import { commandLine } from "../shared/commandLine.js";

const cli = commandLine();
const { run: vkernel, interrupt, at } = cli;
let engine: Engine;
let data: Mixture;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
  data = engine.mixture(polygon().points, { dim: 2 });
});
afterAll(() => {
  engine.close();
  cli.remove();
});

const few = ["--steps", "40", "--batch", "32", "--widths", "8,8", "--t-min", "0.05", "--t-max", "5"];
const options = {
  steps: 40,
  batch: 32,
  widths: [8, 8],
  times: logUniformTimes({ tMin: 0.05, tMax: 5 }),
};

describe("vkernel train", () => {
  it("writes networks of seeds one after another, the same on any threads, and says how they went", async () => {
    const { stdout, code } = await vkernel(
      ...["train", "polygon", "--members", "3", "--seed", "5", "--out", "nets", "--json", ...few],
    );
    expect(code).toBe(0);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({ command: "train", data: "polygon", steps: 40, process: { name: "edm" } });
    expect(readdirSync(at("nets"))).toEqual(["network-001.vkn", "network-002.vkn", "network-003.vkn"]);
    for (const [i, { seed, first, last }] of told.networks.entries()) {
      expect(seed).toBe(5 + i);
      const net = await mlpScore(data, edm(), { ...options, seed });
      expect(new Uint8Array(readFileSync(at(`nets/network-00${i + 1}.vkn`)))).toEqual(net.save());
      expect(first).toBeCloseTo(
        net.losses.reduce((sum, value) => sum + value / 40, 0),
        9,
      );
      expect(last).toBe(first);
      net.dispose();
    }
  });

  it("tells a person in one line", async () => {
    const { stderr, stdout } = await vkernel("train", "polygon", "--out", "one", ...few);
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /^polygon: a network of \d+ parameters, 40 steps; loss [\d.]+, then [\d.]+; \d.* in one\n$/,
    );
  });

  it("its networks are sampled: one as a field, a folder as an ensemble or its effective SDE", async () => {
    const words = ["sample", "polygon", "--estimator", "network", "--count", "6", "--seed", "2", "--json"];
    const grid = ["--steps", "5", "--sigma-max", "5", "--sigma-min", "0.1"];
    const one = await vkernel(...words, ...grid, "--network", "nets/network-001.vkn", "--sampler", "heun");
    const load = (i: number) => loadNetwork(readFileSync(at(`nets/network-00${i}.vkn`)), data, edm());
    const along = { grid: karras({ steps: 5, sigmaMax: 5, sigmaMin: 0.1 }), count: 6, seed: 2 };
    const members = [1, 2, 3].map(load);
    const rows = (samples: ArrayLike<number>) =>
      Array.from({ length: 6 }, (_, i) => [samples[2 * i] as number, samples[2 * i + 1] as number]);
    const field = members[0] as (typeof members)[number];
    expect(JSON.parse(one.stdout).samples).toEqual(
      rows((await sample(field, { sampler: heun(), ...along })).samples),
    );
    const all = await vkernel(...words, ...grid, "--network", "nets");
    expect(JSON.parse(all.stdout).estimator).toEqual({ kind: "network", network: "nets", members: 3 });
    expect(JSON.parse(all.stdout).samples).toEqual(
      rows((await sample(ensemble(members), { sampler: euler(), ...along })).samples),
    );
    const effective = await vkernel(...words, ...grid, "--network", "nets", "--effective", "matched");
    expect(JSON.parse(effective.stdout).samples).toEqual(
      rows((await sample(effectiveSde(ensemble(members)), { sampler: euler(), ...along })).samples),
    );
  });

  it("an interrupted run leaves nothing, not even the folder that it made", async () => {
    const { code, stderr } = await interrupt([
      "train",
      "polygon",
      "--members",
      "2",
      "--steps",
      "1000000",
      "--out",
      "gone",
    ]);
    expect(stderr).toContain("interrupted");
    expect(code).toBe(130);
    expect(existsSync(at("gone"))).toBe(false);
  });

  it.each<[string[], string, number]>([
    [["--members", "0"], "--members expected a whole number from 1 to 999, got 0", 2],
    [["--steps", "0"], "--steps expected a whole number from 1", 2],
    [["--widths", "8,0"], '"widths[1]" expected', 2],
    [["--activation", "gelu"], "--activation", 2],
    [["--learning-rate", "-1"], "--learning-rate expected a finite number above 0", 2],
    [["--law", "logNormal", "--t-min", "0.1"], "--t-min goes with --law logUniform or uniform only", 2],
    [["--samples", "0"], "--samples expected a whole number from 1", 2],
  ])("%j is refused, and no folder is left", async (words, message, exit) => {
    const { code, stderr } = await vkernel("train", "polygon", "--out", "refused", ...words);
    expect(stderr).toContain(message);
    expect(code).toBe(exit);
    expect(existsSync(at("refused"))).toBe(false);
  });

  it("an --out that is a file, a --network that is none or another's, are named", async () => {
    writeFileSync(at("file"), "x");
    const taken = await vkernel("train", "polygon", "--out", "file", ...few);
    expect([taken.code, taken.stderr]).toEqual([5, expect.stringContaining("--out file")]);
    const network = (path: string, set = "polygon") =>
      vkernel("sample", set, "--estimator", "network", "--network", path, "--count", "2", "--json");
    writeFileSync(at("bad.vkn"), "no network");
    mkdirSync(at("empty"));
    for (const [path, code, message] of [
      ["bad.vkn", 3, "bad.vkn: expected a network that vkernel has saved"],
      ["missing.vkn", 5, "missing.vkn"],
      ["empty", 5, "there is no file that ends in .vkn"],
    ] as const) {
      const result = await network(path);
      expect([path, result.code, result.stderr]).toEqual([path, code, expect.stringContaining(message)]);
    }
    const other = await network("nets/network-001.vkn", "digits");
    expect([other.code, other.stderr]).toEqual([3, expect.stringContaining("data expected 2 dimensions")]);
    const none = await vkernel("sample", "polygon", "--estimator", "network", "--json");
    expect(none.stderr).toContain("network needs --network");
  });
});
