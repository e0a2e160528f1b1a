import { type Context, tell } from "../../context.js";
import type { NamedFile } from "../../estimators.js";
import { readInitial, readNoise, readTimes } from "../../given.js";
import { readNetworks } from "../../networks.js";
import type { SampleCommandChoices } from "./result.js";

/** What the choices name as files, read. */
export interface Given {
  readonly states: Float32Array | Float64Array | undefined;
  readonly times: Float64Array | undefined;
  readonly noise: (Awaited<ReturnType<typeof readNoise>> & { readonly path: string }) | undefined;
  readonly networks: readonly NamedFile[] | undefined;
}

export async function readGiven(
  choices: SampleCommandChoices,
  context: Context,
  dim: number,
): Promise<Given> {
  const { initial, times, noise: path, network } = choices;
  const states = await readInitial(initial, context, dim);
  const list = await readTimes(times, context);
  const noise = await readNoise(path, context);
  return {
    states,
    times: list,
    noise: noise && path !== undefined ? { ...noise, path } : undefined,
    networks:
      network === undefined
        ? undefined
        : await readNetworks(network, context.files, (line) => tell(choices, line)),
  };
}
