// Which modules of the library share a file of the package. Bundlers put a file into one chunk of a page, with all that it imports:
// what runs always take stands together, what loads when it is wanted alone, and entries are lists of names. A file a module would do
// for pages, but Node takes three times as long to import it.
import { join, relative } from "node:path";

/** Modules that share a file, by their places in `src`, or in `bindings`; all others have files of their own. */
const together = [
  ["core", /^core\//],
  ["process", /^process\/(?!bridgeMatrices)/],
  ["dense", /^dense\//],
  ["data/mixture", /^data\/(mixture|centre|parts)$/],
  ["data/sets", /^data\//],
  ["score/learned", /^score\/learned\/(?!prediction)/],
  ["score/smoothing", /^score\/smoothing\//],
  ["score/exact", /^score\/(exact|field|level|evaluate\/(evaluate|isotropic|late|request|score))$/],
  ["score/tolerance", /^score\/tolerance\//],
  ["sampler/grids", /^sampler\/grids\//],
  ["run/plain", /^run\/plain\//],
  ["run/directed", /^run\/(directed|frame|whiten)/],
  ["run/run", /^run\/(?!ensemble|likelihood|rowCalls|tolerant)/],
  ["theory", /^theory\//],
  ["diagnose", /^diagnose\//],
  ["bindings", /^bindings\/(?!addressSpace|embedded|importNode|node|refusal)/],
];

/** A module that is a list of names alone, of others' things. */
const isList = (code) =>
  /^(\s*export \* (as \w+ )?from "[^"]+";|\s*export \{[^}]*\} from "[^"]+";)*\s*$/.test(
    code.replace(/\/\*[\s\S]*?\*\/|^\/\/.*$/gm, ""),
  );

/** @returns the name of the chunk that a compiled module is in; undefined of lists of names, which are in none */
export function chunkOf(root, id, code) {
  if (isList(code)) return undefined;
  const path = relative(join(root, "build/ts"), id).replaceAll("\\", "/");
  const packaged = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path);
  if (packaged) return packaged[1];
  const place = path.replace(/^(src|build\/generated)\//, "").replace(/\.js$/, "");
  return together.find(([, pattern]) => pattern.test(place))?.[0] ?? place;
}
