import type { JudgedClaim } from "../claim.js";
import { CLEAR, clear, differenceOf, type Estimate, exactly } from "../estimate.js";
import { listed, pm, share, short, type Told, told } from "../told.js";
import type { SchemeRow } from "./schemes.js";
import { settings } from "./settings.js";
import type { Study } from "./study.js";

/** p-values of chi-square below this are called a difference: by chance once in 10,000. */
export const RARE = 1e-4;
/** A solution on a grid whose total variation from the exact law is below this is the law. */
const NEAR = 2e-3;

/** Numbers of one scheme by steps. */
export function schemeRow(study: Study, scheme: string, grid: "log" | "uniform", steps: number): SchemeRow {
  const found = study.schemes.rows.find(
    (row) => row.scheme === scheme && row.grid === grid && row.steps === steps,
  );
  if (found === undefined) throw new Error(`the study has no ${scheme} of ${steps} steps`);
  return found;
}

/** Distances of two schemes. */
interface Pair {
  readonly steps: number;
  readonly euler: Estimate;
  readonly stable: Estimate;
}

/** The claims of Cao et al. 2025 beside the numbers of a study. Every verdict follows from the numbers. */
export function claimsOf(study: Study): JudgedClaim[] {
  const { densities, illPosed, pairs, generated, captured, schemes, identities, practical, sizes } = study;
  const claims: JudgedClaim[] = [];
  const of = (equation: string) => densities.rows.filter((row) => row.equation === equation);
  const worstOf = (equation: string) => Math.max(...of(equation).map(({ distance }) => distance));
  const leastOf = (equation: string) => Math.min(...of(equation).map(({ p }) => p));

  for (const [id, where, equation, says, why] of [
    [
      "reversal",
      "Sec. 2.1, Eq. 2.7, Fig. 3",
      "reverse",
      "Started from rho(x, T*), the stable reverse diffusion is the forward law read backward: q(x, s) = rho(x, T* - s).",
      "The score of rho turns half of the antidiffusion into transport; a finite volume scheme and particles agree with the closed form.",
    ],
    [
      "deterministic",
      "Eq. 2.8",
      "deterministic",
      "Adding the Laplacian once instead of twice gives the same laws without diffusion.",
      "Transport by -x - grad log rho carries rho(T* - s) along.",
    ],
  ] as const) {
    claims.push({
      id,
      where,
      says,
      measured: told`Total variation from the exact law at most ${short(worstOf(equation), 2)} on ${settings.cells} cells, mass off 1 by ${short(Math.max(...of(equation).map(({ mass }) => mass)), 1)}; particles against it: p at least ${short(leastOf(equation), 2)} in ${of(equation).length} chi-squares.`,
      verdict: worstOf(equation) < NEAR && leastOf(equation) > RARE ? "holds" : "does not hold",
      why,
    });
  }

  const naive = illPosed.growth.filter(({ measured }) => Number.isFinite(measured));
  const fastest = naive.reduce((best, row) => (row.measured > best.measured ? row : best));
  claims.push({
    id: "ill-posed",
    where: "Eq. 2.3, Fig. 3",
    says: "Read backward without the score the equation is ill-posed.",
    measured: told`Wave number ${short(fastest.k, 3)} grows ${short(fastest.measured, 2)} times by s = ${fastest.s.toFixed(2)}; ${naive.length + illPosed.slow.length} growths agree with theory on the grid to ${short(illPosed.worst, 1)}.${illPosed.stopped ? told` From p_T, rounding passes 1e150 at s = ${short(illPosed.stopped.s, 2)}.` : ""}`,
    verdict: fastest.measured > 1e3 && illPosed.worst < 0.01 ? "holds" : "does not hold",
    why: "A wave number k0 grows by exp(k0² (1 - e^(-2s)) / 2): without bound in k0 for any s. exp(k² s) is that of (2.9): the drift of (2.3) moves k, and long waves come to an end.",
  });

  claims.push({
    id: "past",
    where: "Theorem 1, Fig. 5",
    says: "The past of rho is the future of q: rho(x, t1 | y, t2) = q(x, s1 | y, s2).",
    measured: told`From y = ${settings.pair.y}: ${listed(pairs.rows.map(({ name, p }) => told`${name} p = ${short(p, 2)}`))}.`,
    verdict: pairs.rows.every(({ p }) => p > RARE) ? "holds" : "does not hold",
    why: "Forward pairs near y and reverse paths from y have one law, a Gaussian bridge from each training point with its posterior weight.",
  });

  const zs = generated.rows.flatMap(({ masses, sampled }) =>
    sampled.map((one, m) => differenceOf(one, exactly(masses[m])).z),
  );
  const worst = Math.max(...zs.map(Math.abs));
  claims.push({
    id: "generated",
    where: "Cor. 3.2, Eq. 3.19, Fig. 6",
    says: "The generated law is rho_0(y) times the integral of rho(x, T* | y, 0) q_0(x) / rho(x, T*).",
    measured: told`${zs.length} shares at ${generated.rows.length} horizons differ from it by at most ${worst.toFixed(1)} standard errors; total variation from the weights ${listed(generated.rows.map(({ horizon, totalVariation }) => told`${short(totalVariation, 2)} at T* = ${horizon}`))}.`,
    verdict: worst < CLEAR + 0.5 ? "holds" : "does not hold",
    why: "By quadrature over the start, and by samples of exact bridges from N(0, 1).",
  });
  const last = generated.rows.at(-1) as (typeof generated.rows)[number];
  const falling = generated.rows.every(
    ({ pointwise }, k) => k === 0 || pointwise < generated.rows[k - 1]?.pointwise,
  );
  claims.push({
    id: "pointwise",
    where: "Remark after Cor. 3.2",
    says: "q(y, T*) converges to rho_0(y) pointwise as T* grows.",
    measured: told`Largest |q / rho_0 - 1| on [-1.5, 2.5]: ${listed(generated.rows.map(({ pointwise }) => told`${short(pointwise, 2)}`))}; between the last two it falls as e^(${generated.rate.toFixed(2)} T*).`,
    verdict: falling && last.pointwise < 0.01 ? "holds" : "does not hold",
    why: "p_T differs from N(0, 1) by its mean, of order e^-T, and the start remembers y by e^-T again: e^(-2 T*).",
  });
  const onPoints = generated.rows.map((row) => row.onPoints);
  const least = onPoints.reduce((a, b) => (a.value <= b.value ? a : b));
  claims.push({
    id: "support",
    where: "Cor. 3.3, Eq. 4.45",
    says: "Exact reverse diffusion does not generalize: it ends on one of the original samples.",
    measured: told`Within 0.01 of a point, at every horizon at least ${share(least, generated.count)}.`,
    verdict: least.value > 0.999 ? "holds" : "does not hold",
    why: "The law is rho_0 times a factor: where the data have no mass it has none, from any start.",
  });

  const cellZs = captured.rows.map(({ inCell }) => differenceOf(inCell.sde, exactly(inCell.exact)));
  const shares = captured.rows.map(({ inCell }) => inCell.exact);
  const trapped = shares.every((value, k) => k === 0 || value >= shares[k - 1]);
  claims.push({
    id: "cells",
    where: "Sec. 4.5, Fig. 10, Eq. 4.42",
    says: "The reverse process becomes trapped in a Voronoi cell as t goes to 0.",
    measured: told`In the final cell at t = ${settings.captureTimes.join(", ")}: ${listed(captured.rows.map(({ inCell }) => told`${pm(inCell.sde)}`))}; exactly ${listed(shares.map((value) => short(value, 5)))}.`,
    verdict:
      trapped && (shares.at(-1) as number) > 0.999 && cellZs.every(({ z }) => !clear(z))
        ? "holds"
        : "does not hold",
    why: "Given X_t the end has the law of the posterior weights: the exact share is the mass of N(mu, S / alpha²) in the cell of mu.",
  });
  const bracketed = captured.rows.every(({ settled: { exact, low, high } }) => {
    // Of rare events the spread of a few is no error: no weight between 0 and 1 spreads more than this.
    const room = CLEAR * Math.sqrt((exact * (1 - exact)) / captured.count) + 1e-12;
    return low.value - room <= exact && high.value + room >= exact;
  });
  claims.push({
    id: "settled",
    where: "Fig. 10, Eq. 4.44",
    says: "As t goes to 0 it is more likely to stay inside the cell.",
    measured: told`Never to leave it again: ${listed(captured.rows.map(({ settled }) => told`${pm(settled.low)} to ${pm(settled.high)}`))}; exactly ${listed(captured.rows.map(({ settled }) => short(settled.exact, 4)))}. A record alone sees ${listed(captured.rows.map(({ settled }) => told`${pm(settled.seen)}`))}.`,
    verdict: bracketed ? "holds" : "does not hold",
    why: "Another number than the share in the cell, and far below it at large t. Divided by alpha a path is Brownian motion in S / alpha²: the reflection principle gives its survival. Excursions between recorded times are not seen; they fall as the root of the step.",
  });
  const [oblique] = captured.curves.slice(-1) as [(typeof captured.curves)[number]];
  const flowAll = captured.rows.every(
    ({ inCell, settled }) => inCell.ode.value === 1 && settled.ode.value === 1,
  );
  const early = oblique.flowInCell[0];
  claims.push({
    id: "flow",
    where: "beyond the paper",
    says: "The deterministic process (2.8) is trapped in the same cells, and earlier.",
    measured: told`On the hexagon ${flowAll ? "all trajectories are" : "not all trajectories are"} in their final cell at all times; on six points without symmetry ${share(early, captured.count)} at t = ${short(oblique.times[0], 2)} (reverse SDE: ${share(oblique.inCell[0], captured.count)}).`,
    verdict: flowAll ? "holds" : "does not hold",
    why: "The flow cannot cross a line of symmetry. Elsewhere its basins are not the cells, but come to them as t goes to 0.",
  });

  const inside = identities.inside;
  const constant = inside.at(-1) as (typeof inside)[number];
  claims.push({
    id: "constant",
    where: "Eq. 4.41, 4.43",
    says: "Inside the cells the predictor tends to the cell's sample as t goes to 0.",
    measured: told`Within 0.01 of the nearest point under p_t: ${listed(inside.map(({ t, within }) => told`${share(within, identities.count)} at t = ${t}`))}.`,
    verdict: constant.within.value > 0.99 ? "holds" : "does not hold",
    why: "What is left is a band around the walls of width about t over the distance of neighbours, where p_t has ever less mass.",
  });

  const largest = Math.max(...sizes.schemeSteps);
  const variance = (scheme: string) =>
    schemes.single.find((row) => row.scheme === scheme && row.steps === largest)?.variance as Estimate;
  const [right, printed] = [variance("Euler-Maruyama"), variance("Euler-Maruyama, noise as printed")];
  claims.push({
    id: "noise",
    where: "Eq. 4.19",
    says: "Euler-Maruyama with the noise sqrt(ds) e.",
    measured: told`One sample, ${largest} steps: variance over the exact one ${pm(printed)} as printed, ${pm(right)} with sqrt(2 ds).`,
    verdict:
      Math.abs(printed.value - 1) >
      Math.abs(right.value - 1) + CLEAR * Math.hypot(printed.standardError, right.standardError)
        ? "corrected"
        : "holds",
    why: "The reverse SDE (4.6) has sqrt(2) dB. With half the variance all clusters are narrower by sqrt(2), at any number of steps.",
  });
  const few = sizes.schemeSteps[0];
  const one = schemes.single.find((row) => row.scheme === "stable diffusion (4.21)" && row.steps === few)
    ?.variance as Estimate;
  claims.push({
    id: "single",
    where: "Theorem 2, Eq. 4.12, 4.21-4.24",
    says: "For one sample (4.21) is exact at any step.",
    measured: told`${few} steps: variance over the exact one ${pm(one)}.`,
    verdict: clear((one.value - 1) / one.standardError) ? "does not hold" : "holds",
    why: "With the origin known the process is a Gaussian bridge.",
  });
  const compared = (["log", "uniform"] as const).map((grid) =>
    sizes.schemeSteps.map((steps) => ({
      steps,
      euler: schemeRow(study, "Euler-Maruyama", grid, steps).distance,
      stable: schemeRow(study, "stable diffusion (4.21)", grid, steps).distance,
    })),
  ) as [Pair[], Pair[]];
  const [onLog, onUniform] = compared.map((list) =>
    list.filter(({ euler, stable }) => differenceOf(euler, stable).z > CLEAR),
  ) as [Pair[], Pair[]];
  const all = 2 * sizes.schemeSteps.length;
  const distances = (list: readonly Pair[]): Told =>
    listed(
      list.map(({ steps, euler, stable }) => told`${steps} steps ${pm(euler)}, ${pm(stable)}`),
      "; ",
    );
  claims.push({
    id: "schemes",
    where: "Sec. 4.3, Eq. 4.19, 4.21",
    says: "Freezing the predictor alone over a step is subtler than Euler-Maruyama.",
    measured: told`Wasserstein distance from p at t = ${settings.schemes.epsilon}, Euler-Maruyama and (4.21). Steps uniform in t: ${distances(compared[1])}. Uniform in log sigma: ${distances(compared[0])}. As many exact draws: ${pm(schemes.floor)}.`,
    verdict:
      onLog.length + onUniform.length === all
        ? "holds"
        : onLog.length + onUniform.length > 0
          ? "not seen"
          : "does not hold",
    why: `(4.21) is nearer at ${onUniform.length} of ${sizes.schemeSteps.length} step counts uniform in t, where Euler-Maruyama overshoots at small t, and at ${onLog.length} uniform in log sigma. It has the width of the clusters right, but a frozen mean of several samples puts wrong masses on them. Drawing the origin from the posterior instead of its mean has neither error.`,
  });

  const lossZ = identities.loss.map(({ difference, conditional, printed: own }) => ({
    right: differenceOf(difference, conditional).z,
    printed: differenceOf(difference, own).z,
  }));
  const [first] = identities.loss as [(typeof identities.loss)[number]];
  claims.push({
    id: "loss",
    where: "Eq. 4.29",
    says: "The total loss is the flow's loss plus E Var[c x0-bar(X_t, t)].",
    measured: told`t = ${first.t}: total less flow ${pm(first.difference)}; c² E Var(X_0 | X_t) ${pm(first.conditional)}; Var[c x0-bar(X_t)] ${pm(first.printed)}.`,
    verdict:
      lossZ.every(({ right: z }) => !clear(z)) && lossZ.some(({ printed: z }) => clear(z))
        ? "corrected"
        : "holds",
    why: "What a predictor cannot know is the variance of X_0 given X_t, not that of its mean.",
  });

  const nets = practical.networks.filter(({ steps }) => steps !== null);
  const exact = practical.networks.find(({ steps }) => steps === null) as (typeof practical.networks)[number];
  const [short_, long] = [nets[0], nets.at(-1)] as [(typeof nets)[number], (typeof nets)[number]];
  claims.push({
    id: "practical",
    where: "Sec. 5",
    says: "A minimization that is not exact is what lets new samples be; one can identify where the practical flow departs from the exact one.",
    measured: told`Farther than a tenth of the spacing from every point: ${listed([...nets, exact].map(({ name, fresh }) => told`${share(fresh, practical.count)} (${name})`))}. Half of the paths that part have parted by ${listed(nets.map(({ name, departure }) => told`t = ${departure === null ? "never" : short(departure, 2)} (${name})`))}; ends elsewhere ${listed(nets.map(({ elsewhere }) => told`${share(elsewhere, practical.count)}`))}.`,
    verdict:
      short_.fresh.value > long.fresh.value && differenceOf(long.fresh, exact.fresh).z > CLEAR
        ? "holds"
        : "not seen",
    why: "Errors of the predictor at small t are what is left in the samples; more training takes them away.",
  });
  return claims;
}
