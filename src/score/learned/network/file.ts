import { isUint8, unshared } from "../../../core/brand.js";
import { badArgument, VkernelError } from "../../../core/errors.js";
import { parameterCount } from "../../../dense/plain/mlp.js";
import { inputCount, MOST_TIME_FEATURES, MOST_WIDTH } from "./shape.js";

export const activations = ["relu", "silu", "tanh"] as const;
export const conditionings = ["scaled", "edm"] as const;
const precisions = ["f32", "f64"] as const;

/** What a network's file says beside its parameters. */
export interface NetworkHeader {
  readonly sizes: readonly number[];
  readonly activation: (typeof activations)[number];
  readonly conditioning: (typeof conditionings)[number];
  readonly timeFeatures: number;
  readonly sigmaData: number;
  readonly precision: (typeof precisions)[number];
  readonly process: { readonly name: string; readonly parameters: Readonly<Record<string, unknown>> };
  /** The last losses of training, for those who look. */
  readonly steps: number;
  /** The least and the most time that it was trained at; files of before have none. */
  readonly times?: readonly [number, number];
}

/** "vknet" and three zeros. */
const MAGIC = [0x76, 0x6b, 0x6e, 0x65, 0x74, 0, 0, 0];
const VERSION = 1;
const LONGEST_HEADER = 10_000;

/** FNV-1a of 32 bits: any changed byte changes it. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * One file: magic (8 bytes), version and length of the header (uint32), checksum of all that follows (uint32), count of
 * parameters (uint32), header as JSON padded to 8 bytes, parameters as float64; little-endian.
 */
export function encodeNetwork(header: NetworkHeader, parameters: Float64Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(24 + length + 8 * parameters.length);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  bytes.fill(32, 24, 24 + length);
  bytes.set(text, 24);
  for (const [i, value] of parameters.entries()) view.setFloat64(24 + length + 8 * i, value, true);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, length, true);
  view.setUint32(20, parameters.length, true);
  view.setUint32(16, checksum(bytes.subarray(20)), true);
  return bytes;
}

const broken = (expected: string, got: unknown): VkernelError =>
  badArgument("E_FORMAT", "bytes", expected, got);

/** @throws {VkernelError} E_TYPE, E_FORMAT (no network, another version, changed bytes), E_TRUNCATED */
export function decodeNetwork(bytes: Uint8Array): { header: NetworkHeader; parameters: Float64Array } {
  if (!isUint8(bytes)) throw badArgument("E_TYPE", "bytes", "a Uint8Array", bytes);
  const shared = Math.min(bytes.length, MAGIC.length);
  for (let i = 0; i < shared; i++) {
    if (bytes[i] !== MAGIC[i]) throw broken("a network that vkernel has saved", `byte ${i} is ${bytes[i]}`);
  }
  const short = (needed: number): VkernelError =>
    new VkernelError("E_TRUNCATED", {
      argument: "bytes",
      expected: `${needed} bytes`,
      got: `${bytes.length}`,
    });
  if (bytes.length < 24) throw short(24);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version !== VERSION) throw broken(`format version ${VERSION}`, version);
  const length = view.getUint32(12, true);
  const count = view.getUint32(20, true);
  if (length > LONGEST_HEADER) throw broken(`a header of at most ${LONGEST_HEADER} bytes`, length);
  const whole = 24 + length + 8 * count;
  if (bytes.length < whole) throw short(whole);
  if (bytes.length > whole) throw broken(`${whole} bytes`, bytes.length);
  if (checksum(bytes.subarray(20)) !== view.getUint32(16, true)) {
    throw broken("bytes that match their checksum", "others");
  }
  let json: unknown;
  try {
    json = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(unshared(bytes.subarray(24, 24 + length))),
    );
  } catch {
    throw broken("a header of JSON", "something else");
  }
  const header = checkHeader(json, count);
  const largest = header.precision === "f32" ? LARGEST_SINGLE : Number.MAX_VALUE;
  const parameters = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const value = view.getFloat64(24 + length + 8 * i, true);
    if (!(Math.abs(value) <= largest))
      throw broken(`parameter ${i} to be finite in ${header.precision}`, value);
    parameters[i] = value;
  }
  return { header, parameters };
}

/** The largest number that float32 has. */
const LARGEST_SINGLE = 2 ** 128 - 2 ** 104;
/** Beyond, squares of it leave float64. */
const MOST_SPREAD = 1e150;

const keys = [
  "sizes",
  "activation",
  "conditioning",
  "timeFeatures",
  "sigmaData",
  "precision",
  "process",
  "steps",
] as const;

/** The least and the most time of training; files of before have none. */
function timesOf(
  given: unknown,
  field: (name: string, expected: string, got: unknown) => VkernelError,
): readonly [number, number] | undefined {
  if (given === undefined) return undefined;
  const [low, high] = Array.isArray(given) && given.length === 2 ? (given as unknown[]) : [];
  if (typeof low === "number" && typeof high === "number" && low > 0 && low <= high) return [low, high];
  throw field("times", "two times above 0 in order", given);
}

/** Checks each field by itself, and sizes against each other and against the number of parameters. */
function checkHeader(json: unknown, count: number): NetworkHeader {
  const field = (name: string, expected: string, got: unknown): VkernelError =>
    broken(
      `a header whose ${name} is ${expected}`,
      typeof got === "object" ? JSON.stringify(got)?.slice(0, 80) : got,
    );
  if (!isRecord(json)) throw field("content", "an object", json);
  const missing = keys.find((key) => !Object.hasOwn(json, key));
  if (missing !== undefined) throw field(missing, "there", undefined);
  const other = Object.keys(json).find(
    (key) => key !== "times" && !(keys as readonly string[]).includes(key),
  );
  if (other !== undefined) throw broken(`a header of ${keys.join(", ")}`, other);
  const word = <T extends string>(name: string, words: readonly T[]): T => {
    const found = words.find((one) => one === json[name]);
    if (found === undefined) throw field(name, `one of ${words.join(", ")}`, json[name]);
    return found;
  };
  const whole = (name: string, value: unknown, least: number, most: number): number => {
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    throw field(name, `a whole number from ${least} to ${most}`, value);
  };
  const { sizes: layers, sigmaData, process } = json;
  if (!Array.isArray(layers) || layers.length < 2) throw field("sizes", "a list of two or more", layers);
  const mostInputs = MOST_WIDTH + 1 + 2 * MOST_TIME_FEATURES;
  const sizes = layers.map((size: unknown, i) =>
    whole(`sizes[${i}]`, size, 1, i === 0 ? mostInputs : MOST_WIDTH),
  );
  const timeFeatures = whole("timeFeatures", json.timeFeatures, 0, MOST_TIME_FEATURES);
  if (typeof sigmaData !== "number" || !(sigmaData > 0 && sigmaData <= MOST_SPREAD)) {
    throw field("sigmaData", `a number above 0 and at most ${MOST_SPREAD}`, sigmaData);
  }
  if (!isRecord(process) || typeof process.name !== "string" || !isRecord(process.parameters)) {
    throw field("process", "a name with parameters", process);
  }
  const times = timesOf(json.times, field);
  const unknown = Object.keys(process).find((key) => key !== "name" && key !== "parameters");
  if (unknown !== undefined) throw field("process", "a name with parameters alone", process);
  const inputs = inputCount({ dim: sizes.at(-1) as number, timeFeatures });
  if (sizes[0] !== inputs)
    throw field("sizes[0]", `${inputs}, as its outputs and timeFeatures ask for`, sizes[0]);
  const needed = parameterCount(sizes);
  if (needed !== count)
    throw field("sizes", `those of ${count} parameters`, `${sizes.join(", ")}: ${needed}`);
  return {
    sizes,
    activation: word("activation", activations),
    conditioning: word("conditioning", conditionings),
    timeFeatures,
    sigmaData,
    precision: word("precision", precisions),
    process: { name: process.name, parameters: process.parameters },
    steps: whole("steps", json.steps, 0, Number.MAX_SAFE_INTEGER),
    ...(times && { times }),
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
