// `npm run trips`: follows four trips through the house and writes what each passes between the markers of
// docs/architecture.md: the rooms and files in which a function was called, as V8 counts calls. `--files` prints the files.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { Session as Inspector } from "node:inspector/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";
import { Files } from "../build/ts/cli/files.js";
import { makeProgram } from "../build/ts/cli/program.js";
import { createEngine, edm, exactScore, heun, polygon, sample } from "../build/ts/src/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const built = pathToFileURL(join(root, "build/ts/")).href;

/** The page's modules beside the library's: its bundle has no files to count. */
for (const name of await readdir(join(root, "site"), { recursive: true })) {
  if (!name.endsWith(".ts")) continue;
  const { outputText } = ts.transpileModule(await readFile(join(root, "site", name), "utf8"), {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  const file = join(root, "build/ts/site", name.replace(/\.ts$/, ".js"));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, outputText);
}
const { defaultState } = await import(new URL("site/state/state.js", built).href);
const { Session } = await import(new URL("site/worker/session.js", built).href);

const engine = await createEngine({ threads: 1 });
const field = exactScore(engine.mixture(polygon().points, { dim: 2 }), edm());

/** A session as the page's worker has it, and how it is asked. */
const waiting = new Map();
const session = new Session((answer) => {
  if ("progress" in answer) return;
  waiting.get(answer.id)?.(answer);
});
let calls = 0;
const ask = async (request) => {
  const id = ++calls;
  const { error, reply } = await new Promise((resolve) => {
    waiting.set(id, resolve);
    session.take({ id, request });
  });
  if (error) throw new Error(error.message);
  return reply;
};
const wasm = (memory) => join(root, `build/wasm/simd-${memory}.wasm`);
await ask({ kind: "start", assets: { local: wasm("local"), shared: wasm("shared") }, isolated: false });
const show = (state) => ask({ kind: "state", state, sizes: [{ width: 60, height: 60 }], dark: false });

const trips = [
  {
    name: "`sample(field, { sampler: heun() })`, one thread",
    go: () => sample(field, { sampler: heun(), count: 64, seed: 1 }),
  },
  {
    name: "`field.evaluate(x, t, ['score'])`, one thread",
    go: () => field.evaluate([[0.1, 0.2]], 0.5, ["score"]),
  },
  {
    name: "`vkernel sample polygon --sampler heun`",
    async go() {
      const words = ["sample", "polygon", "--sampler", "heun", "--count", "64", "--threads", "1"];
      const [out, err] = [process.stdout.write, process.stderr.write];
      process.stdout.write = () => true;
      process.stderr.write = () => true;
      try {
        const { signal } = new AbortController();
        await makeProgram({ files: new Files(), signal, words, sources: {} }).parseAsync(words, {
          from: "user",
        });
      } finally {
        process.stdout.write = out;
        process.stderr.write = err;
      }
    },
  },
  {
    name: "page: another estimator, to its pixels (the worker's side)",
    async go() {
      const view = { ...defaultState.view, estimator: "naive", sampler: "euler", particles: 500 };
      await show({ ...defaultState, view });
      await ask({ kind: "frame", advance: 5 });
    },
    before: () => show(defaultState),
  },
];

const inspector = new Inspector();
inspector.connect();
await inspector.post("Profiler.enable");
const rows = [];
for (const { name, go, before } of trips) {
  await before?.();
  await inspector.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  await go();
  const { result } = await inspector.post("Profiler.takePreciseCoverage");
  await inspector.post("Profiler.stopPreciseCoverage");
  const files = new Map();
  for (const { url, functions } of result) {
    if (!url.startsWith(built)) continue;
    // The first function of a file is the file itself.
    const called = functions.slice(1).filter(({ ranges }) => ranges[0].count > 0);
    if (called.length > 0) files.set(url.slice(built.length).replace(/\.js$/, ".ts"), called.length);
  }
  const rooms = new Set([...files.keys()].map(dirname));
  rows.push({ name, rooms, files });
}
engine.close();
await ask({ kind: "stop" });
inspector.disconnect();

if (process.argv.includes("--files")) {
  for (const { name, files } of rows) {
    console.log(`\n${name}`);
    for (const [file, count] of [...files].sort()) console.log(`  ${file} (${count})`);
  }
}
const sum = (files) => [...files.values()].reduce((a, b) => a + b, 0);
const table = [
  "| trip | rooms | files | functions | through |",
  "| --- | --- | --- | --- | --- |",
  ...rows.map(
    ({ name, rooms, files }) =>
      `| ${name} | ${rooms.size} | ${files.size} | ${sum(files)} | ${[...rooms].sort().join(", ")} |`,
  ),
].join("\n");
const page = join(root, "docs/architecture.md");
const text = await readFile(page, "utf8");
const marked = /(<!-- trips: npm run trips -->\n)[\s\S]*?(\n<!-- end of trips -->)/;
if (!marked.test(text)) throw new Error(`${page} has no markers for the trips`);
await writeFile(
  page,
  text.replace(marked, (_, start, end) => `${start}\n${table}\n${end}`),
);
console.log(table);
