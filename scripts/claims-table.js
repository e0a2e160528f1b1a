// `npm run claims`: measures every claim and writes the tables of docs/papers.md, between its markers. Seeds are fixed, so that numbers come
// out again; the times are this machine's. `npm run claims -- claims.json` takes what `vkernel claim --all --json` found before.
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { verdictWords } from "../build/ts/claims/claim.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = `${root}docs/papers.md`;
const [given] = process.argv.slice(2);
const output = given
  ? await readFile(given, "utf8")
  : execFileSync(process.execPath, [`${root}bin/vkernel.js`, "claim", "--all", "--json"], {
      encoding: "utf8",
      maxBuffer: 2 ** 26,
      stdio: ["ignore", "pipe", "inherit"],
    });
/** @type {{ claims: readonly Record<string, any>[] }} */
const { claims } = JSON.parse(output);

const cell = (text) => String(text).replaceAll("|", "\\|");
const seconds = (milliseconds) => `${Math.max(1, Math.round(milliseconds / 1000))} s`;
const row = (cells) => `| ${cells.map(cell).join(" | ")} |`;

/** A line a claim; how long it takes alone, where that is known of any. */
function table(list) {
  const timed = list.some(({ milliseconds }) => milliseconds !== undefined);
  const heads = ["claim", "where", "verdict", "its command", ...(timed ? ["alone"] : [])];
  return [row(heads), row(heads.map(() => "---")), ...list.map((one) => row(cellsOf(one, timed)))];
}

const cellsOf = ({ name, source, says, verdict, correction, milliseconds }, timed) => [
  says,
  source,
  verdict === undefined
    ? "of networks that one trains: `--ensemble`"
    : `${verdictWords[verdict]}${correction ? ", printed form corrected" : ""}`,
  `\`vkernel claim ${name}\``,
  ...(timed ? [milliseconds === undefined ? "" : seconds(milliseconds)] : []),
];
const papers = { vastola: "Vastola 2025", chen: "Chen 2025", cao: "Cao et al. 2025" };
const claimLines = Object.entries(papers).flatMap(([word, paper]) => [
  `### ${paper}`,
  "",
  ...table(claims.filter(({ name }) => name.startsWith(`${word}-`) && !name.includes("/"))),
  "",
]);
const cards = [
  "### Cards of the explorer's stories",
  "",
  ...table(claims.filter(({ name }) => name.includes("/"))),
  "",
];
const corrections = [
  row(["claim", "printed", "right", "measured"]),
  row(["---", "---", "---", "---"]),
  ...claims
    .filter(({ correction }) => correction !== undefined)
    .map(({ name, source, correction, measured }) =>
      row([`${source} (\`${name}\`)`, correction.printed, correction.right, measured]),
    ),
  "",
];
let text = await readFile(page, "utf8");
for (const [name, lines] of Object.entries({ claims: [...claimLines, ...cards], corrections })) {
  const marked = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
  if (!marked.test(text)) throw new Error(`${page} has no markers for ${name}`);
  text = text.replace(marked, (_, start, end) => `${start}\n${lines.join("\n")}\n${end}`);
}
await writeFile(page, text);
execFileSync(process.execPath, [`${root}node_modules/@biomejs/biome/bin/biome`, "format", "--write", page]);
const counted = Object.keys(verdictWords).map(
  (verdict) => `${claims.filter((claim) => claim.verdict === verdict).length} ${verdictWords[verdict]}`,
);
console.log(`${claims.length} claims: ${counted.join(", ")}`);
