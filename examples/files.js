// Reads points from .npy and .csv files and writes samples to both. NumPy reads what is written here, and back.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, edm, exactScore, heun, karras, sample } from "vkernel";
import { asTable, encodeCsv, encodeNpy, parseCsv, parseNpy } from "vkernel/io";

const folder = await mkdtemp(join(tmpdir(), "vkernel-example-"));
await writeFile(join(folder, "points.csv"), "x,y\n0,0\n1,0\n1,1\n0,1\n");
await writeFile(join(folder, "points.npy"), encodeNpy(Float32Array.of(0, 0, 1, 0, 1, 1, 0, 1), [4, 2]));

const csv = parseCsv(await readFile(join(folder, "points.csv"), "utf8"), "points.csv");
const npy = asTable(parseNpy(await readFile(join(folder, "points.npy")), "points.npy"), "points.npy");
console.log(
  `points.csv: ${csv.rows} rows of ${csv.header?.join(", ")}; points.npy: ${npy.rows} rows of ${npy.dim}`,
);

const engine = await createEngine();
const field = exactScore(engine.mixture(npy.data, { dim: npy.dim }), edm());
const run = await sample(field, { sampler: heun(), grid: karras({ steps: 18 }), count: 5, seed: 2 });
engine.close();

await writeFile(join(folder, "samples.npy"), encodeNpy(run.samples, [run.count, run.dim]));
await writeFile(join(folder, "samples.csv"), encodeCsv(run.samples, run.count, run.dim, ["x", "y"]));
const back = parseNpy(await readFile(join(folder, "samples.npy")), "samples.npy");
console.log(
  `samples.npy: ${back.shape.join(" x ")}, same bits: ${back.data.every((v, i) => v === run.samples[i])}`,
);
console.log(await readFile(join(folder, "samples.csv"), "utf8"));
await rm(folder, { recursive: true });
