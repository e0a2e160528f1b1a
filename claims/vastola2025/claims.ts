import type { JudgedClaim } from "../claim.js";
import { CLEAR, clear, differenceOf, type Estimate } from "../estimate.js";
import { listed, pm, share, short, told } from "../told.js";
import type { Study } from "./study.js";

const z = ({ value, standardError }: Estimate): number =>
  standardError > 0 ? value / standardError : value === 0 ? 0 : Number.POSITIVE_INFINITY;

/** The row of a list that a test of its own picks; the study has all that are asked for. */
function only<T>(list: readonly T[], test: (item: T) => boolean): T {
  const found = list.find(test);
  if (found === undefined) throw new Error("a row of the study is missing");
  return found;
}

const percent = (value: number): string => `${(100 * value).toFixed(1)}%`;

/** The table of the report: every verdict follows from the numbers of the study. */
export function claimsOf(study: Study): JudgedClaim[] {
  const { figure1, figure2, scans, linear, tangent, cumulants, objectives, redraws, kinds, factors, paths } =
    study;
  const claims: JudgedClaim[] = [];

  // Where the proxy score varies.
  const [at, between] = figure1.places.map((place) => place.proxyVariance) as [number, number, number];
  claims.push({
    id: "boundaries",
    where: "Sec. 1, Fig. 1",
    says: "The proxy score's variance is high in boundary regions, close to several training examples.",
    measured: told`tr C on the hexagon at t = 0.2 (edm): ${short(at)} at a training point, ${short(between)} halfway between two.`,
    verdict: between > 100 * at ? "holds" : "does not hold",
    why: "Boundaries only: at a training point itself one point explains x, and nothing varies. The fraction f is near 1 there all the same, since the score vanishes too.",
  });

  // Eq. 24.
  const worst = Math.max(...objectives.rows.map(({ identity }) => Math.abs(z(identity))));
  const noise = only(objectives.rows, (row) => row.field === "exact" && row.weighting === "variance");
  claims.push({
    id: "objectives",
    where: "Eq. 24",
    says: "Denoising score matching differs from fitting the score by the proxy score's variance: J1 = J0 + E[lambda tr C] / 2.",
    measured: told`${objectives.rows.length} pairs of field and weighting: the two sides differ by at most ${worst.toFixed(1)} standard errors. The exact score has J1 = ${pm(noise.j1)}.`,
    verdict: worst <= CLEAR ? "holds" : "does not hold",
    why: "An identity: the target's mean is the score.",
  });

  // Eq. 9.
  const spreadOf = (model: string, steps: number): Estimate =>
    only(scans.spread, (row) => row.model === model && row.steps === steps).variance;
  const least = Math.min(...scans.spread.map((row) => row.steps));
  const most = Math.max(...scans.spread.map((row) => row.steps));
  const [coarse, fine] = [spreadOf("R = 1", least), spreadOf("R = 1", most)];
  const [fixedCoarse, fixedFine] = [spreadOf("noise time = 0.1", least), spreadOf("noise time = 0.1", most)];
  claims.push({
    id: "white",
    where: "Prop. 4.1, Eq. 9",
    says: "R fresh proxy scores per step give noise of covariance D C D / R, delta-correlated in time.",
    measured: told`Variance of end points from one start, R = 1: ${pm(coarse)} with ${least} steps, ${pm(fine)} with ${most}. With noise time = 0.1: ${pm(fixedCoarse)} and ${pm(fixedFine)}.`,
    verdict: fine.value < coarse.value / 4 ? "corrected" : "holds",
    why: "Independent draws are correlated by a Kronecker delta: a step adds dt² D C D / R, and the sum vanishes as steps shrink. A noise that keeps its size needs a scale of time, the noise time.",
  });

  // Prop. 4.1, Fig. 2.
  const marginal = figure2.rows.filter((row) => row.model === "marginal");
  const kdes = figure2.rows.filter((row) => row.model === "kde");
  const furthest = Math.max(...marginal.map((row) => row.ks / row.ksChance));
  const gaps = marginal.map((row, k) => differenceOf(row.where.gap, kdes[k].where.gap));
  const widest = gaps.reduce((a, b) => (Math.abs(b.z) > Math.abs(a.z) ? b : a));
  claims.push({
    id: "kde",
    where: "Prop. 4.1, Fig. 2",
    says: "The naive estimator adds more mass to boundary regions than a comparable kernel density estimate.",
    measured: told`Four sets, R = 1, edm, started from p(x|T): the largest Kolmogorov-Smirnov distance from the estimate is ${furthest.toFixed(2)} of what chance exceeds once in 100; shares in gaps differ by at most ${Math.abs(widest.z).toFixed(1)} standard errors.`,
    verdict: furthest < 1.25 && !clear(widest.z) ? "does not hold" : "holds",
    why: "With R = 1 an Euler step of edm is x_0 + (t'/t)(x - x_0) with x_0 drawn from its posterior: again a point plus Gaussian noise of width t'. The law is the kernel density estimate of width epsilon exactly, at any number of steps.",
  });

  // The gaps at small epsilon.
  const smallest = Math.min(...scans.rows.map((row) => row.epsilon));
  const ends = scans.rows.filter(
    (row) => row.epsilon === smallest && row.model !== "kde" && row.model !== "exact",
  );
  const open = ends.filter((row) => row.value !== 10 || row.knob !== "steps");
  const lowest = open.reduce((a, b) => (b.where.within005.value < a.where.within005.value ? b : a));
  const finite = only(
    scans.rows,
    (row) => row.knob === "epsilon" && row.value === 0.1 && row.model === "R = 1",
  );
  claims.push({
    id: "gaps",
    where: "Sec. 4",
    says: "Diffusion models that memorize training data still generalize: the naive estimator fills gaps.",
    measured: told`At epsilon = ${smallest}, over every R, noise time and number of steps (from 20): at least ${percent(lowest.where.within005.value)} of the samples lie within 0.05 of a training point. At epsilon = 0.1, R = 1: ${share(finite.where.gap, finite.where.count)} are farther than 0.1.`,
    verdict: lowest.where.within005.value > 0.99 ? "does not hold" : "holds",
    why: "The noise lives in bands of width about t² / |mu - mu'| around the cells' faces, and pushes particles out of them. What it changes is which point is reached, and the picture at finite epsilon.",
  });

  // Which point is reached.
  const naive = only(scans.fixed, (row) => row.model === "naive, R = 1").masses[1];
  const ode = only(scans.fixed, (row) => row.model === "PF-ODE").masses[1];
  claims.push({
    id: "which",
    where: "Sec. 3",
    says: "The noise is responsible for the difference between the PF-ODE, which reproduces training examples, and typical sampling.",
    measured: told`From x_T = (1.4, -0.9): the PF-ODE takes ${percent(ode.value)} of particles to the second point, R = 1 ${pm({ value: 100 * naive.value, standardError: 100 * naive.standardError })}%.`,
    verdict: clear(differenceOf(naive, ode).z) ? "holds" : "not seen",
    why: "One start, one end for the PF-ODE; with noise a start reaches several points.",
  });

  // The Gaussian truncation.
  const far = scans.farDifference[0];
  if (far !== undefined) {
    const fixedFar = differenceOf(
      only(scans.fixed, (row) => row.model === "naive, noise time = 1").masses[2],
      only(scans.fixed, (row) => row.model === "effective, noise time = 1").masses[2],
    );
    claims.push({
      id: "truncation",
      where: "Prop. 3.1 for Prop. 4.1",
      says: "Sampling with the estimator is equivalent to integrating the effective SDE (third and higher cumulants neglected).",
      measured: told`From one start, R = 1, 60 steps: the share at a far point is higher by ${pm({ value: 100 * far.value, standardError: 100 * far.standardError })} percent points (${far.z.toFixed(1)} standard errors) than by the effective SDE of matched covariance; with noise time = 1 by ${pm({ value: 100 * fixedFar.value, standardError: 100 * fixedFar.standardError })}.`,
      verdict: clear(far.z) ? "does not hold" : "not seen",
      why: "A single draw is far from Gaussian (see the cumulants), and few steps do not average it. Visible in small masses only.",
    });
  }

  // Prop. 3.1 for learned ensembles.
  const learned = [
    ...linear.rows
      .filter((row) => row.ratio === 0.1 || row.ratio === 0.5)
      .map((row) => ({ name: `linear, F/P = ${row.ratio}`, laws: row.laws })),
    ...tangent.rows
      .filter((row) => row.trainingTime === 1 || row.trainingTime === 100)
      .map((row) => ({ name: `network, tau = ${row.trainingTime}`, laws: row.laws })),
  ];
  for (const { name, laws } of learned) {
    const apart = z(laws.ensembleEffective.energy);
    const moved = z(laws.ensembleAverage.energy);
    const verdict = clear(apart) ? "does not hold" : clear(moved) ? "holds" : "not seen";
    claims.push({
      id: `effective ${name}`,
      where: "Prop. 3.1",
      says: `The law of the ensemble is that of its effective SDE (${name}).`,
      measured: told`Energy distance of the ensemble from its effective SDE: ${pm(laws.ensembleEffective.energy)}; from the PF-ODE of its average: ${pm(laws.ensembleAverage.energy)}.`,
      verdict,
      why:
        verdict === "holds"
          ? "The two laws are equal within the errors, and the noise matters: without it the law is another."
          : verdict === "does not hold"
            ? "The two laws differ by more than chance."
            : "The noise is too small here to change the law by more than the errors: the PF-ODE of the average has the same law as far as this run can tell, so the claim is not put to a test.",
    });
  }

  // Prop. 5.1 and 5.2.
  for (const { model, z: largest, entries } of redraws.largest) {
    claims.push({
      id: `redraws ${model}`,
      where: model.startsWith("linear") ? "Prop. 5.1, E.5" : "Prop. 5.2, F.3",
      says: `The covariance of the learned score over redraws of x_0 has a closed form (${model}).`,
      measured: told`${redraws.draws.toLocaleString("en-US")} redraws, ${entries} entries at 15 pairs of places: the largest difference is ${largest.toFixed(1)} standard errors.`,
      verdict: largest < 4.5 ? "holds" : "does not hold",
      why: model.startsWith("linear")
        ? `With the full Q of Eq. 67. Eq. 13 drops its constant term: at these places it gives ${redraws.withoutOne.map((ratio) => ratio.toFixed(3)).join(", ")} of tr V.`
        : "With P x D targets (Eq. 83, as the appendix has it): A(z) = (I - exp(-Lambda K tau / P)) K^-1 k(z), V = sum of A_n A_n' C_n.",
    });
  }

  // F / P.
  const first = linear.rows[0];
  const last = linear.rows[linear.rows.length - 1];
  if (first !== undefined && last !== undefined) {
    const more = differenceOf(last.laws.ensemble.gap, last.laws.average.gap);
    const inside = differenceOf(last.laws.ensemble.between, last.laws.average.between);
    claims.push({
      id: "capacity",
      where: "Prop. 5.1, Sec. 1",
      says: "Linear models generalize as F / P stays finite: their noise fills gaps, more so between training points.",
      measured: told`In gaps (farther than 0.15): exact score ${share(linear.exact.gap, linear.exact.count)}; fits at F/P = ${first.ratio} ${share(first.laws.ensemble.gap, first.laws.count)}, at ${last.ratio} ${share(last.laws.ensemble.gap, last.laws.count)}. At ${last.ratio} the noise itself adds ${pm({ value: 100 * more.value, standardError: 100 * more.standardError })} percent points in gaps and ${pm({ value: 100 * inside.value, standardError: 100 * inside.standardError })} between neighbours.`,
      verdict: clear(more.z) ? (inside.value > 0 ? "holds" : "corrected") : "not seen",
      why: "Most of what leaves the points leaves with the average, which these features cannot make the exact score. What the noise adds lies off the segments between neighbours too: some particles are sent away from the data.",
    });
  }

  // tau.
  const longest = tangent.maps.filter((map) => map.model !== "naive, R = 1").at(-1);
  const bare = tangent.maps.filter((map) => map.model === "naive, R = 1").at(-1);
  if (longest !== undefined && bare !== undefined) {
    claims.push({
      id: "kappa",
      where: "Eq. 17",
      says: "As tau grows the network's V-kernel becomes that of the naive estimator times kappa, proportional to F / P.",
      measured: told`Largest tr V on the square at t = ${longest.t}: ${short(longest.largest)} for ${longest.model}, ${short(bare.largest)} for R = 1.`,
      verdict: "corrected",
      why: "kappa contains the volume of a bin (Eq. 100): it is no number that could be compared. At finite P the closed form above is exact, and its map follows the features, not tr C alone.",
    });
  }

  // Cumulants.
  const rough = only(cumulants.rows, (row) => row.model === "naive, R = 1");
  const smooth = cumulants.rows.filter((row) => !row.model.startsWith("naive"));
  claims.push({
    id: "cumulants",
    where: "Sec. 3, Eq. 47",
    says: "The estimator's distribution is approximately Gaussian, so that higher cumulants can be neglected.",
    measured: told`Largest |excess kurtosis| along an edge: ${short(rough.largestKurtosis)} for R = 1; ${listed(smooth.map((row) => told`${short(row.largestKurtosis)} (${row.model})`))}.`,
    verdict: smooth.every((row) => row.largestKurtosis < 1) ? "holds" : "corrected",
    why: "A Gaussian has 0. Fits average over many samples, the more the smaller F / P and tau; a single draw between two points has two values, and near a point it is a rare event.",
  });

  // The factors.
  const factor = (setting: string): (typeof factors.rows)[number] =>
    only(factors.rows, (row) => row.setting.startsWith(setting));
  const [j0, j1] = [factor("the score itself"), factor("the proxy score")];
  const noisier = differenceOf(j1.gap, j0.gap);
  claims.push({
    id: "objective",
    where: "Sec. 1, factor 1",
    says: "Without the noise of the objective diffusion models do not generalize well.",
    measured: told`Share in gaps, fits of F/P = ${factors.ratio} to the same (x, t): ${pm(j0.gap)} to the score itself, ${pm(j1.gap)} to the proxy score (${noisier.z.toFixed(1)} standard errors).`,
    verdict: clear(noisier.z) ? "holds" : "not seen",
    why: "These features leave most of the gap to their own limits, with or without noise in the targets.",
  });
  const [few, many] = [factor("exact score, 5 steps"), factor("exact score, 160 steps")];
  claims.push({
    id: "steps",
    where: "Sec. 1, factor 3",
    says: "The learned distribution depends nonlinearly on the score, through the reverse process.",
    measured: told`The exact score in gaps: ${share(few.gap, study.sizes.scanned)} with 5 steps, ${share(many.gap, study.sizes.scanned)} with 160.`,
    verdict: clear(differenceOf(few.gap, many.gap).z) ? "holds" : "not seen",
    why: "Few Euler steps stop short of the points, with no noise at all.",
  });
  const outlier = factor("and one far away").special;
  const inner = factor("six points").special;
  if (outlier !== undefined && inner !== undefined) {
    const differ = differenceOf(outlier.between, inner.between);
    claims.push({
      id: "outlier",
      where: "Sec. 1, factor 6",
      says: "Outliers are less likely to be meaningfully generalized.",
      measured: told`Of the samples nearest to a point far away ${pm(outlier.gap)} lie in a gap and ${pm(outlier.between)} between it and its neighbour; of those nearest to one of the six ${pm(inner.gap)} and ${pm(inner.between)}.`,
      verdict: clear(differ.z) ? (differ.value < 0 ? "holds" : "does not hold") : "not seen",
      why: "Counted between neighbours. Samples near the outlier are spread wider, to all sides: these features know little of where so few training samples (x, t) lie.",
    });
  }

  // Kinds.
  const blended = kinds.rows.filter((row) => clear(z(row.missing)));
  const bestMissing = kinds.rows.reduce((a, b) => (b.missing.value > a.missing.value ? b : a));
  claims.push({
    id: "blending",
    where: "Sec. 6",
    says: "Boundary smearing generalizes point clouds by interpolation, extrapolation and feature blending.",
    measured: told`Mass at the missing corner of a 3 x 3 grid: at most ${pm(bestMissing.missing)} (${bestMissing.model}), against ${pm(bestMissing.present)} at a corner that is there.`,
    verdict: blended.length > 0 ? "holds" : "not seen",
    why: "Models with noise or smooth features reach the corner, if rarely; the exact score and a kernel density estimate of this width do not.",
  });
  const alike = kinds.halves.filter((row) => clear((row.ratio.value - 1) / row.ratio.standardError));
  const highest = kinds.halves.reduce((a, b) => (b.ratio.value > a.ratio.value ? b : a));
  claims.push({
    id: "halves",
    where: "Sec. 6",
    says: "Models trained on non-overlapping halves of the data give highly similar samples from the same noise.",
    measured: told`Distance of the two halves' samples from one start, over that from different starts: ${listed(kinds.halves.map((row) => told`${pm(row.ratio)} (${row.model})`))}.`,
    verdict:
      alike.length === kinds.halves.length ? "holds" : highest.ratio.value > 0.95 ? "does not hold" : "holds",
    why: "For the exact score, too: where the points of both halves line one circle, the flow takes a start to the same place of it.",
  });

  // 7b.
  const ratioNear = Math.max(...paths.rows.map((row) => row.ratio));
  const near = paths.rows.filter((row) => row.ratio === ratioNear);
  const worstWeight = Math.max(...near.map((row) => Math.abs((row.mean.value - 1) / row.mean.standardError)));
  const farPaths = paths.rows.filter((row) => row.ratio !== ratioNear);
  const lastFar = farPaths[farPaths.length - 1];
  claims.push({
    id: "paths",
    where: "Eq. 7",
    says: "A path has a weight, exp of M1 and M2.",
    measured: told`Weights of paths from noise time = 1 to ${ratioNear} average to 1 within ${worstWeight.toFixed(1)} standard errors up to ${near.at(-1)?.steps ?? 0} steps${lastFar ? told`; to ${lastFar.ratio}, with ${lastFar.steps} steps, ${short(100 * lastFar.effective, 2)}% of the paths carry the weight` : undefined}.`,
    verdict: worstWeight < CLEAR ? "corrected" : "does not hold",
    why: "On the range of C, and for a given grid only: paths of two noise times become mutually singular as steps grow.",
  });
  if (study.trained !== undefined) {
    const { members, atPoint, between: middle, laws, correlations } = study.trained;
    const [apart, mean] = [z(laws.ensembleEffective.energy), z(laws.ensembleAverage.energy)];
    claims.push({
      id: "trained",
      where: "Prop. 3.1, networks of --ensemble",
      says: "The typical law of trained networks is that of an SDE with their mean score and noise of their V-kernel.",
      measured: told`${members} networks: energy distance of the ensemble from its effective SDE ${pm(laws.ensembleEffective.energy)}, from the PF-ODE of its average ${pm(laws.ensembleAverage.energy)}; of two runs of the ensemble ${pm(laws.ensembleEnsemble.energy)}.`,
      verdict: clear(apart) ? "does not hold" : clear(mean) ? "holds" : "not seen",
      why: "Where the ensemble cannot be told from the PF-ODE of its average, neither can its effective SDE: the members are too alike to put the claim to the test.",
    });
    const least = Math.min(...correlations.map((one) => one.correlation));
    const most = Math.max(...correlations.map((one) => one.correlation));
    claims.push({
      id: "trained boundaries",
      where: "Sec. 3, networks of --ensemble",
      says: "Generalization noise is high in boundary regions: V inherits the proxy score's covariance.",
      measured: told`tr V of the networks: ${short(atPoint)} at a training point, ${short(middle)} halfway between two (t = 0.2). Correlation of its logarithm with that of the naive estimator's tr V at 1,000 draws of p(x|t): ${least.toFixed(2)} to ${most.toFixed(2)}.`,
      verdict: least > 0.3 ? "holds" : "does not hold",
      why: "Networks that see fresh samples at every step average the targets' noise out: what is left between seeds is where training has not come to. Those fitted to few samples (vkernel train --samples) keep it.",
    });
  }
  return claims;
}
