import type { Estimate } from "./bias.js";
import type { ConformanceReport } from "./conformance.js";

/** A report as a short text to read. */
export function formatConformance(report: ConformanceReport): string {
  const lines = [
    `${report.name} (${report.stochastic ? "stochastic" : "deterministic"}): ${report.passed ? "passed" : "FAILED"}`,
  ];
  for (const { level, part, code, message } of report.findings)
    lines.push(`  ${level} [${part}, ${code}] ${message}`);
  const { order, law, stability, bias } = report;
  if (order !== null) {
    const claimed = order.claimed === null ? "none claimed" : `${order.claimed} claimed`;
    if (order.measured.length === 0) lines.push(`order: ${claimed}; not measured, it chooses its own steps`);
    for (const one of order.measured) {
      const value =
        one.order === null
          ? one.exact
            ? one.method === "exact"
              ? "exact to rounding"
              : "no error beyond the standard errors"
            : "no power of the step"
          : `${one.order.toFixed(2)} +- ${(one.standardError as number).toFixed(2)}`;
      lines.push(`order, ${one.kind}: ${value} (${claimed})`);
      lines.push(`  ${one.steps.map((n, i) => `${n}: ${digits(one.errors[i])}`).join("  ")}`);
    }
  }
  if (law !== null) {
    lines.push(`law after ${law.steps} steps, ${law.particles} particles:`);
    lines.push(
      `  shares ${law.atoms.map((a) => `${a.share.toFixed(3)} (${a.weight.toFixed(2)})`).join("  ")}  chi-square p ${digits(law.chiSquare.p)}`,
    );
    const { spread } = law;
    lines.push(
      `  spread ${spread === null ? "of none" : `${spread.value.toFixed(3)} +- ${spread.standardError.toFixed(3)} sigma^2`}; Kolmogorov-Smirnov ${law.kolmogorov.distance.toFixed(4)}, p ${digits(law.kolmogorov.p)}`,
    );
    lines.push(
      `  between atoms ${digits(law.between)}; left after a step to 0: ${digits(law.leftover)} of the level before${law.elsewhere === null ? "" : `; at another atom than the exact flow: ${digits(law.elsewhere)}`}`,
    );
  }
  if (stability !== null) {
    const said = stability.map(({ steps, fault, excess }) =>
      fault === null
        ? `${steps}: ${excess === null ? "finite" : excess.toPrecision(2)}`
        : `${steps}: ${fault}`,
    );
    lines.push(`states outside the data at few steps, in units of sigma: ${said.join("  ")}`);
  }
  if (bias !== null && bias.length > 0) {
    lines.push("error at a number of evaluations (karras to 0, five atoms):");
    const head = [
      "evaluations",
      "steps",
      "law",
      "exact draws",
      "between",
      "from the flow's end",
      "other atom",
    ];
    const rows = bias.map((b) => [
      String(Math.round(b.evaluations)),
      String(b.steps),
      estimate(b.law),
      estimate(b.floor),
      estimate(b.between),
      b.flow === null ? "-" : estimate(b.flow),
      b.elsewhere === null ? "-" : estimate(b.elsewhere),
    ]);
    const widths = head.map((word, i) => Math.max(word.length, ...rows.map((row) => row[i].length)));
    for (const row of [head, ...rows])
      lines.push(`  ${row.map((cell, i) => cell.padStart(widths[i])).join("  ")}`);
  }
  return lines.join("\n");
}

const digits = (x: number): string =>
  x === 0 ? "0" : Math.abs(x) < 1e-3 || Math.abs(x) >= 1e4 ? x.toExponential(1) : x.toPrecision(3);

const estimate = ({ value, standardError }: Estimate): string =>
  `${value.toFixed(4)} +- ${standardError.toFixed(4)}`;
