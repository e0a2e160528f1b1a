import type { Command } from "commander";
import { runClaim } from "../commands/claim.js";
import type { Context } from "../context.js";
import { claimOptions, engineOptions, outputOptions, progressOptions, varianceOptions } from "../options.js";
import type { Add } from "./add.js";

export const addClaim = (add: Add, context: Context): Command =>
  add(
    "claim",
    "Measure one claim of a paper, or list all.",
    [claimOptions, varianceOptions, engineOptions, outputOptions, progressOptions],
    `
Without a name it lists every claim, those of the reports and the cards of the explorer's stories; with one it measures what
that claim takes and nothing else, and says what the paper says, what was measured, the verdict and why. Verdicts are "holds", "holds exactly" (nothing that decides it was sampled),
"does not hold" and "not seen at this size". Where chance enters it makes a verdict wrong at most once in 2,000.

Examples:
  vkernel claim
  vkernel claim chen-divergence
  vkernel claim vastola-kde --seed 2 --json
  vkernel claim smoothed-score/limit
  vkernel claim --all --json > claims.json
`,
  )
    .argument("[name]", "a claim, as the list has it")
    .action((name: string | undefined, choices) => runClaim(name, choices, context));
