/** Values of quantities as columns of a table, and the shapes that they are of. */
import type { Quantity } from "vkernel";
import { matrixQuantities, scalarQuantities } from "vkernel/internal";
import type { Column } from "../../text.js";

type Values = Float32Array | Float64Array | Int32Array;

/** Arrays of one kind, one after the other. */
export function joined(parts: readonly Values[]): Values {
  const [first] = parts as [Values];
  if (parts.length === 1) return first;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const out = new (first.constructor as Float64ArrayConstructor)(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const timeColumn = (list: readonly number[], count: number): Column => ({
  name: "t",
  values: Float64Array.from({ length: list.length * count }, (_, i) => list[Math.floor(i / count)]),
  width: 1,
  header: ["t"],
});

const isOneOf = (names: readonly Quantity[], name: string): boolean =>
  (names as readonly string[]).includes(name);

export function columnOf(name: Quantity, values: Values, dim: number, size: number): Column {
  const numbered = (count: number) => Array.from({ length: count }, (_, i) => `${name}_${i}`);
  if (isOneOf(scalarQuantities, name)) return { name, values, width: 1, header: [name] };
  if (name === "posteriorWeights") return { name, values, width: size, header: numbered(size) };
  if (!isOneOf(matrixQuantities, name)) return { name, values, width: dim, header: numbered(dim) };
  const header = numbered(dim).flatMap((row) => Array.from({ length: dim }, (_, j) => `${row}_${j}`));
  return { name, values, width: dim * dim, header };
}

export function shapeOf({ name, width }: Column, lead: readonly number[], dim: number): number[] {
  if (isOneOf(scalarQuantities, name)) return [...lead];
  return isOneOf(matrixQuantities, name) ? [...lead, dim, dim] : [...lead, width];
}
