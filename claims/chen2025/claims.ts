import type { JudgedClaim } from "../claim.js";
import { listed, pm, share, short, told } from "../told.js";
import { CLEAR } from "../estimate.js";
import { settings } from "./settings.js";
import type { Study } from "./study.js";

const columnOf = (study: Study, name: string) => {
  const found = study.figure3.columns.find((column) => column.name === name);
  if (found === undefined) throw new Error(`the study has no column ${name}`);
  return found;
};

/** The claims of Chen 2025 beside the numbers of a study. Every verdict follows from the numbers. */
export function claimsOf(study: Study): JudgedClaim[] {
  const { figure1, losses, divergences, figure3, curves, sizes } = study;
  const claims: JudgedClaim[] = [];
  const count = sizes.particles;

  const relu = figure1.networks.filter(({ activation }) => activation === "relu");
  const widths = relu.map(({ width }) => width.value);
  const nearest = Math.max(...relu.map(({ distance }) => distance.value));
  claims.push({
    id: "networks",
    where: "Sec. 4.1, Fig. 1",
    says: "Networks trained with weight decay learn scores that are nearly piecewise linear, matched by smoothing of a width that grows with the decay: 0.35, 0.42, 0.53.",
    measured: told`Best widths ${listed(relu.map(({ width }) => pm(width)))}; the score on [-1, 1] is off by at most ${short(100 * nearest, 2)}% of its size (root mean square).`,
    verdict:
      widths.every((width, k) => k === 0 || width > widths[k - 1]) && nearest < 0.1
        ? "holds"
        : "does not hold",
    why: "The order and the shape come out; the widths depend on the layers and their activation, which the paper does not print (64 and 64 ReLU units here; SiLU in the table).",
  });

  const finest = losses.rows.filter(
    ({ kappa, t }) => kappa === settings.kappa && t === Math.min(...settings.lossTimes),
  );
  const [at] = finest as [(typeof finest)[number]];
  const limit = losses.limits.find(({ kappa }) => kappa === settings.kappa) as (typeof losses.limits)[number];
  const nearer = Math.abs(at.value - limit.corrected) < Math.abs(at.value - limit.printed);
  claims.push({
    id: "loss",
    where: "Prop. 2, Eq. 29",
    says: "Smoothed over 1 - sqrt(kappa t), the loss tends to F(kappa) / 2, F(kappa) = 2 times the integral from kappa of (u - kappa)² phi(u).",
    measured: told`kappa = ${at.kappa}, t = ${at.t}: loss ${short(at.value, 5)}; F / 2 is ${short(limit.corrected, 5)} with sqrt(kappa), ${short(limit.printed, 5)} as printed.`,
    verdict: nearer ? "corrected" : "holds",
    why: "The change of variables leaves delta / sigma = sqrt(kappa), not kappa.",
  });

  const piecewise = columnOf(study, "piecewise");
  claims.push({
    id: "law",
    where: "Eq. 13, Fig. 3 (iii)",
    says: "The end law of the piecewise score is an atom at each point and a density between, in closed form.",
    measured: told`${share(piecewise.near, count)} of the samples within 0.01 of a point; chi-square against the law: p = ${short(piecewise.p, 2)}; continuous mass ${short(figure3.continuousMass, 5)} in theory.`,
    verdict: piecewise.p > 1e-4 ? "holds" : "does not hold",
    why: "Euler's method in sqrt(t) is exact where the score is linear in x with these coefficients.",
  });

  const smoothed = columnOf(study, "smoothed");
  const excess = smoothed.ks / smoothed.ksChance;
  claims.push({
    id: "agreement",
    where: "Sec. 4.2, Fig. 3 (ii)",
    says: "At t = 0 the histogram of the smoothed score is well matched by the same prediction.",
    measured: told`Largest distance of the distribution functions between the points: ${short(smoothed.ks, 3)} (${short(excess, 3)} times what chance exceeds once in 100), ${short(piecewise.ks, 3)} for the piecewise score; chi-square: p = ${short(smoothed.p, 2)}.`,
    verdict: excess > 1.2 ? "does not hold" : "holds",
    why: "Near the points the smoothed score turns over a length t / Delta, the piecewise one at once (Lemma 1 is an asymptotic bound: at kappa = 0.4 it is near 1 for all t): some mass that would sit on a point stays beside it. To the eye the histograms agree.",
  });

  const exact = columnOf(study, "exact");
  claims.push({
    id: "memorizes",
    where: "Sec. 2, Fig. 3 (i)",
    says: "The exact score ends on the training points.",
    measured: told`${share(exact.near, count)} within 0.01 of a point.`,
    verdict: exact.near.value > 0.999 ? "holds" : "does not hold",
    why: "The flow's end at t = 0 is the empirical distribution.",
  });

  const early = columnOf(study, "early stopping");
  claims.push({
    id: "early",
    where: "Sec. 3.4",
    says: "Early stopping is not the same: it leaves noise in every direction, smoothing keeps the samples on the line.",
    measured: told`Across the line, root mean square: ${short(early.across, 3)} when stopped at t = ${settings.earlyStop}, ${short(smoothed.across, 2)} smoothed, ${short(piecewise.across, 2)} piecewise.`,
    verdict: early.across > 100 * smoothed.across ? "holds" : "does not hold",
    why: "The average along the line leaves the linear part across it as it is, which contracts as sqrt(t).",
  });

  const network = columnOf(study, "network");
  claims.push({
    id: "network",
    where: "Sec. 4.2, Fig. 3 (iv)",
    says: "A trained network without regularization interpolates too, and converges to near zero in the second dimension.",
    measured: told`${share(network.near, count)} within 0.01 of a point (exact: ${share(exact.near, count)}); across the line, root mean square ${short(network.across, 3)}.`,
    verdict: network.near.value < 0.9 && network.across < 0.02 ? "holds" : "does not hold",
    why: "3,000 steps of 16 samples leave the steps between points smoothed; the linear part across is learned first.",
  });

  const bounded = divergences.rows.filter((row) => row.corrected !== null);
  const valid = bounded.every(
    (row) => row.kl <= (row.printed as number) && row.kl <= (row.corrected as number),
  );
  const [one] = bounded as [(typeof bounded)[number]];
  claims.push({
    id: "divergence",
    where: "Lemma 4, Cor. 5",
    says: "KL of the uniform law from the end law is finite, at most 1 / (3 t (1 - d)) + log(sqrt(t) / (1 - d)) + log(2 sqrt(2 pi)).",
    measured: told`n = 2, kappa = ${one.kappa}, t0 = ${one.t0}: KL ${short(one.kl, 7)}; bound ${short(one.printed as number, 7)} as printed, ${short(one.corrected as number, 7)} tighter.`,
    verdict: valid ? "holds" : "does not hold",
    why: "The printed bound holds; (1 + d + d²) / (6 t) + log(sqrt(t) / (1 - d)) + log(2 pi) / 2 is within 0.2% of the value here.",
  });

  const scanned = figure3.kappas.map(({ theory, measured }) =>
    measured.standardError > 0 ? Math.abs(measured.value - theory) / measured.standardError : 0,
  );
  const worst = Math.max(...scanned);
  claims.push({
    id: "kappa",
    where: "Sec. 3.2",
    says: "kappa sets how much mass ends between the points.",
    measured: told`${figure3.kappas.length} values: theory and samples differ by at most ${worst.toFixed(1)} standard errors; ${short(100 * (figure3.kappas[0]?.theory ?? 0), 3)}% at kappa = ${figure3.kappas[0]?.kappa}, ${short(100 * (figure3.kappas.at(-1)?.theory ?? 0), 3)}% at ${figure3.kappas.at(-1)?.kappa}.`,
    verdict: worst < CLEAR ? "holds" : "does not hold",
    why: "Mass within sqrt(kappa t0) of a point at t0 ends on it.",
  });

  const box = curves.filter(({ model }) => model === "smoothed, box");
  const chords = box.reduce((sum, row) => sum + row.onChord.value, 0);
  const arcs = box.reduce((sum, row) => sum + row.onCurve.value, 0);
  claims.push({
    id: "curves",
    where: "beyond the paper",
    says: "On data along a curve, smoothing interpolates along it.",
    measured: told`Within 0.02, samples off the points: ${listed(
      box.map(
        (row) =>
          told`${row.set}: nearer to the curve ${share(row.onCurve, sizes.curve)}, to the chords ${share(row.onChord, sizes.curve)}, to neither ${share(row.offCurve, sizes.curve)}`,
      ),
      "; ",
    )}.`,
    verdict: arcs > chords ? "holds" : "does not hold",
    why: "The average of linear scores of two neighbours knows their chord; nothing in it knows the curve.",
  });
  return claims;
}
