import { edm, loadNetwork, VkernelError } from "vkernel";
import type { LoadNetworks } from "../../../claims/vastola2025/trained.js";
import { exitCodes, Failure } from "../../errors.js";
import type { NamedFile } from "../../estimators.js";

/** The networks of `--ensemble`, which were trained on the polygon under edm. */
export function loadEnsemble(files: readonly NamedFile[]): LoadNetworks {
  if (files.length < 2) {
    const message = `--ensemble expected at least two networks, got ${files.length}`;
    throw new Failure("E_USAGE", exitCodes.usage, "--ensemble", message);
  }
  return (data) =>
    files.map(({ name, bytes }) => {
      try {
        return loadNetwork(bytes, data, edm());
      } catch (error) {
        if (!(error instanceof VkernelError)) throw error;
        const message = `--ensemble ${name}: expected ${error.expected}, got ${error.got}; the report's networks are those of vkernel train polygon under edm`;
        const code = error.code === "E_USAGE" ? exitCodes.usage : exitCodes.data;
        throw new Failure(error.code, code, "--ensemble", message, error);
      }
    });
}
