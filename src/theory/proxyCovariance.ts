import type { PointsInput, Precision } from "../data/mixture.js";
import type { StepEstimator } from "../score/field.js";

/**
 * How much of the proxy score's second moment is variance: f = tr C / (tr C + |s|^2), with tr C itself. Vastola 2025,
 * Fig. 1 and Eq. 5.
 */
export async function varianceFraction<P extends Precision>(
  field: { evaluate: StepEstimator<P>["average"]["evaluate"]; data: { dim: number } },
  x: PointsInput,
  t: number | ArrayLike<number>,
): Promise<{ fraction: Float64Array; proxyVariance: Float64Array }> {
  const { proxyVariance, score } = await field.evaluate(x, t, ["proxyVariance", "score"]);
  const { dim } = field.data;
  const fraction = Float64Array.from(proxyVariance, (variance, q) => {
    let square = 0;
    for (let d = 0; d < dim; d++) square += score[q * dim + d] ** 2;
    return variance === 0 && square === 0 ? 0 : variance / (variance + square);
  });
  return { fraction, proxyVariance: Float64Array.from(proxyVariance) };
}

/**
 * The Fisher information of p(x_0 | x, t) about x, which is the covariance of the proxy score. Vastola 2025, B.2.
 *
 * @returns `[count, dim, dim]`
 */
export async function fisherInformation<P extends Precision>(
  field: { evaluate: StepEstimator<P>["average"]["evaluate"] },
  x: PointsInput,
  t: number | ArrayLike<number>,
): Promise<Float64Array> {
  return Float64Array.from((await field.evaluate(x, t, ["proxyCovariance"])).proxyCovariance);
}
