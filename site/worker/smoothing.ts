/**
 * How boxes are averaged: in closed form where the points vary along one axis, else over few places, the same at every
 * query, which is what a picture that moves has time for.
 */
export function smoothingRule(points: ArrayLike<number>): { rule: "quasi"; count: number } | undefined {
  const varies = (axis: number): boolean => {
    for (let i = axis; i < points.length; i += 2) if (points[i] !== points[axis]) return true;
    return false;
  };
  return varies(0) && varies(1) ? { rule: "quasi", count: 64 } : undefined;
}
