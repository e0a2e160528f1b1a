// `vkernel train`, and sampling the networks that it writes. Seeds are fixed; nothing here is statistical.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
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
} from "vkernel";
import { commandLine } from "../shared/commandLine.js";

const main = fileURLToPath(new URL("../../cli/dist/main.js", import.meta.url));
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
    expect(readdirSync(at("nets"))).toEqual([
      "manifest.json",
      "network-001.vkn",
      "network-002.vkn",
      "network-003.vkn",
    ]);
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
    [["--widths", "8,0"], "--widths expected a whole number from 1 to 4096, got 0", 2],
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

describe("a folder of networks is one training", () => {
  const train = (folder: string, members: number, seed: number, ...more: string[]) =>
    vkernel(
      ...["train", "polygon", "--members", String(members), "--seed", String(seed), "--out", folder],
      ...few,
      ...more,
    );
  const use = (folder: string) =>
    vkernel("sample", "polygon", "--estimator", "network", "--network", folder, "--count", "2", "--json");
  const manifestOf = (folder: string) => JSON.parse(readFileSync(at(`${folder}/manifest.json`), "utf8"));
  const contents = (folder: string) =>
    Object.fromEntries(
      readdirSync(at(folder)).map((name) => [name, readFileSync(at(`${folder}/${name}`), "hex")]),
    );

  it("its manifest names the files, their seeds and their SHA-256, and the settings", async () => {
    await train("told", 2, 7);
    const { complete, settings, seed, networks, ...rest } = manifestOf("told");
    expect(rest).toEqual({ format: "vkernel networks", version: 1, vkernel: expect.any(String) });
    expect([complete, seed]).toEqual([true, 7]);
    expect(settings).toMatchObject({ data: { name: "polygon", size: 6, dim: 2 }, steps: 40, widths: [8, 8] });
    expect(networks).toEqual(
      [1, 2].map((i) => ({
        file: `network-00${i}.vkn`,
        seed: 6 + i,
        sha256: createHash("sha256")
          .update(readFileSync(at(`told/network-00${i}.vkn`)))
          .digest("hex"),
      })),
    );
  });

  it("is neither overwritten nor mixed without --force; with it the old ones go as a whole", {
    tags: ["long"],
  }, async () => {
    await train("kept", 3, 1);
    writeFileSync(at("kept/notes.txt"), "mine");
    const before = contents("kept");
    const refused = await train("kept", 1, 9);
    expect([refused.code, refused.stderr]).toEqual([
      5,
      expect.stringMatching(/it holds 3 networks of another training; choose another folder, or .* --force/),
    ]);
    expect(contents("kept")).toEqual(before);
    expect((await train("kept", 1, 9, "--force")).code).toBe(0);
    expect(readdirSync(at("kept"))).toEqual(["manifest.json", "network-001.vkn", "notes.txt"]);
    expect(manifestOf("kept")).toMatchObject({ complete: true, seed: 9 });
    expect((await use("kept")).code).toBe(0);
    writeFileSync(at("kept/other.vkn"), "");
    const mixed = await train("kept", 1, 2, "--force");
    expect([mixed.code, mixed.stderr]).toEqual([
      5,
      expect.stringContaining("manifest.json does not list (other.vkn)"),
    ]);
  });

  it("that is missing a network, has one more, or a changed one is refused by name", {
    tags: ["long"],
  }, async () => {
    await train("held", 3, 4);
    const whole = contents("held");
    const restore = () => {
      rmSync(at("held"), { recursive: true });
      mkdirSync(at("held"));
      for (const [name, hex] of Object.entries(whole))
        writeFileSync(at(`held/${name}`), Buffer.from(hex, "hex"));
    };
    const changes: [() => void, number, string][] = [
      [() => rmSync(at("held/network-002.vkn")), 5, "network-002.vkn of its manifest.json is missing"],
      [
        () => writeFileSync(at("held/network-004.vkn"), readFileSync(at("held/network-001.vkn"))),
        3,
        "network-004.vkn is not in its manifest.json",
      ],
      [
        () => writeFileSync(at("held/network-003.vkn"), readFileSync(at("held/network-001.vkn"))),
        3,
        "network-003.vkn: it was changed after its training",
      ],
      [
        () =>
          writeFileSync(at("held/manifest.json"), JSON.stringify({ ...manifestOf("held"), complete: false })),
        3,
        "its training was not finished",
      ],
      [() => writeFileSync(at("held/manifest.json"), "{"), 3, "got no JSON"],
      [
        () => writeFileSync(at("held/manifest.json"), JSON.stringify({ ...manifestOf("held"), version: 2 })),
        3,
        "expected version 1, got 2",
      ],
      [
        () =>
          writeFileSync(
            at("held/manifest.json"),
            JSON.stringify({
              ...manifestOf("held"),
              networks: [{ ...manifestOf("held").networks[0], file: "../kept/notes.vkn" }],
            }),
          ),
        3,
        "got an entry that is no network",
      ],
    ];
    for (const [change, code, message] of changes) {
      restore();
      change();
      const result = await use("held");
      expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(message)]);
      expect(result.stderr.trimEnd().split("\n")).toHaveLength(1);
    }
    restore();
    expect((await use("held")).code).toBe(0);
  });

  it("without a manifest, as older versions wrote it, is loaded with a note if nothing speaks against it", {
    tags: ["long"],
  }, async () => {
    await train("older", 2, 3);
    const { stdout } = await use("older");
    rmSync(at("older/manifest.json"));
    const old = await vkernel(
      "sample",
      "polygon",
      "--estimator",
      "network",
      "--network",
      "older",
      "--count",
      "2",
    );
    expect(old.stderr).toMatch(
      /^note: older has no manifest.json; its 2 networks are taken as those of one training/,
    );
    expect(JSON.parse((await use("older")).stdout).samples).toEqual(JSON.parse(stdout).samples);
    expect((await train("older", 1, 1, "--force")).stderr).toContain("2 networks without a manifest.json");
    renameSync(at("older/network-002.vkn"), at("older/network-003.vkn"));
    expect((await use("older")).stderr).toContain("they may be of several trainings");
    renameSync(at("older/network-003.vkn"), at("older/network-002.vkn"));
    await train("wider", 1, 1, "--widths", "9,9");
    writeFileSync(at("older/network-002.vkn"), readFileSync(at("wider/network-001.vkn")));
    expect((await use("older")).stderr).toContain("older/network-002.vkn expected layers");
  });

  it("that a killed training leaves says that it is incomplete; --force goes on from there", {
    tags: ["long"],
  }, async () => {
    const child = spawn(
      process.execPath,
      [main, "train", "polygon", "--steps", "100000000", "--out", "killed"],
      {
        cwd: at("."),
        stdio: "ignore",
      },
    );
    await expect.poll(() => existsSync(at("killed/manifest.json"))).toBe(true);
    const meanwhile = await use("killed");
    expect(meanwhile.stderr).toContain("its training was not finished");
    child.kill("SIGKILL");
    await once(child, "close");
    expect((await use("killed")).code).toBe(3);
    expect((await train("killed", 1, 1)).stderr).toContain("a training that was not finished");
    expect((await train("killed", 1, 1, "--force")).code).toBe(0);
    expect((await use("killed")).code).toBe(0);
  });
});
