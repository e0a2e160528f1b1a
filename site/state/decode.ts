import { clampState, quote } from "./clamp.js";
import { alphabet, overlayLetters, stateKeys, stateNames, version, viewKeys, viewNames } from "./hash.js";
import { defaultState, mostPanes, type Overlays, pointScale, type State, type View } from "./state.js";

/** Notices of one link that a reader still reads; how many more there were is said in one sentence. */
const MOST_NOTICES = 6;

const nameOfKey = new Map<string, keyof View>(viewNames.map((name) => [viewKeys[name], name]));
// Links of before the noise time had its name called it kappa: `est=kappa;kn=0.1`.
nameOfKey.set("kn", "noiseTime");

/** Points as `encodeState` packs them; undefined where the text holds none. */
function unpackPoints(text: string): number[] | undefined {
  const points: number[] = [];
  let value = 0;
  let place = 1;
  for (const letter of text) {
    const digit = alphabet.indexOf(letter);
    if (digit < 0 || place > 2 ** 45) return undefined;
    value += (digit % 32) * place;
    place *= 32;
    if (digit >= 32) continue;
    points.push((value % 2 === 1 ? -(value + 1) / 2 : value / 2) / pointScale);
    value = 0;
    place = 1;
  }
  return place === 1 && points.length % 2 === 0 ? points : undefined;
}

/** A number as links have it: digits, a point, an exponent; undefined where the text is none. */
const readNumber = (text: string): number | undefined =>
  /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;

/** A value of a view from its text; undefined where it makes no sense. Words and ranges are checked afterwards. */
function readValue(name: keyof View, text: string): View[keyof View] | undefined {
  switch (name) {
    case "points":
      return unpackPoints(text);
    case "overlays": {
      if (!/^[avte]*$/.test(text)) return undefined;
      const on = overlayLetters.map(([key, letter]) => [key, text.includes(letter)] as const);
      return Object.fromEntries(on) as unknown as Overlays;
    }
    case "estimator":
      return text === "kappa" ? "noiseTime" : (text as View["estimator"]);
    case "set":
    case "process":
    case "sampler":
    case "grid":
    case "quantity":
      return text as View[keyof View];
    case "tau":
      return text === "tied" ? "tied" : readNumber(text);
    default:
      return readNumber(text);
  }
}

/**
 * The state of a link. Whatever is malformed, unknown or out of range falls back or is clamped, and a notice says so.
 *
 * @param text what follows the #, with or without it
 * @param base what the link changes; the defaults unless given
 */
export function decodeState(
  text: string,
  base: State = defaultState,
): { readonly state: State; readonly notices: readonly string[] } {
  const notices: string[] = [];
  let more = 0;
  const say = (notice: string): void => {
    if (notices.includes(notice)) return;
    if (notices.length < MOST_NOTICES) notices.push(notice);
    else more++;
  };
  let body = text.replace(/^#/, "");
  if (body === "") return { state: base, notices };
  try {
    body = decodeURIComponent(body);
  } catch {
    return { state: base, notices: ["The link is malformed: the defaults are shown."] };
  }
  const [head, ...parts] = body.split(";");
  if (head !== version) {
    const known = /^v\d{1,6}$/.test(head ?? "");
    const why = known ? `is of version ${head}, this page reads ${version}` : "is malformed";
    return { state: base, notices: [`The link ${why}: the defaults are shown.`] };
  }
  const top: { -readonly [K in keyof State]?: State[K] } = {};
  const view: Record<string, unknown> = {};
  const panes: Record<string, unknown>[] = [];
  for (const part of parts) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const key = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? "" : part.slice(equals + 1);
    const malformed = (): void => say(`${quote(part)} of the link makes no sense and is left out.`);
    const pane = /^(\d)\.(.*)$/.exec(key);
    const name = nameOfKey.get(pane === null ? key : pane[2]);
    if (pane !== null) {
      const index = Number(pane[1]) - 1;
      if (index < 0 || index >= mostPanes) {
        malformed();
        continue;
      }
      while (panes.length <= index) panes.push({});
      if (pane[2] === "") continue;
    }
    if (name !== undefined) {
      const read = readValue(name, value);
      const target = pane === null ? view : panes[Number(pane[1]) - 1];
      if (read === undefined) malformed();
      else target[name] = read;
      continue;
    }
    const number = readNumber(value);
    const ofState = stateNames.find((one) => stateKeys[one] === key);
    if (ofState !== undefined && number !== undefined) {
      top[ofState] = number;
      continue;
    }
    if (key === "tab") top.tab = value as State["tab"];
    else if (key === "theme") top.theme = value as State["theme"];
    else if (key === "rev") top.reverseStart = value as State["reverseStart"];
    else if (key === "own" && /^[01]$/.test(value)) top.ownImages = value === "1";
    else if (key === "story" && /^[\w-]{1,40}$/.test(value)) top.story = value;
    else if (key === "cam") {
      const [x, y, half] = value.split(",").map(readNumber);
      if (x === undefined || y === undefined || half === undefined) malformed();
      else top.camera = { x, y, half };
    } else malformed();
  }
  const asked = {
    ...base,
    ...top,
    view: { ...base.view, ...view } as View,
    panes: panes.length > 0 ? (panes as Partial<View>[]) : base.panes,
  };
  const state = clampState(asked, base, say);
  if (more > 0)
    notices.push(`More of the link was put right: ${more} other ${more === 1 ? "part" : "parts"}.`);
  return { state, notices };
}
