// Words that others use for what has another name here. An unknown name that is one of them is answered with ours.

/** What to ask for, and how to get from it to what was meant. */
interface Meant {
  readonly word: string;
  readonly how?: string;
}

const noise: Meant = {
  word: "score",
  how: 'predictions of noise, data, v and velocity are made by predict(field, x, t, "noise"), or as -sqrt(S) times the score',
};
const v: Meant = {
  word: "posteriorMean",
  how: 'predict(field, x, t, "v") gives v; in terms of the posterior mean m it is alpha (x - alpha m) / sigma - sigma m',
};
const denoiser: Meant = {
  word: "posteriorMean",
  how: "the ideal denoiser D(x, t), the mean of x_0 given x; predict gives it of any field",
};

const quantityWords: Readonly<Record<string, Meant>> = {
  ...named(denoiser, "denoiser d denoised denoise x0 x0hat xhat xhat0 xstart predxstart sample mean mmse"),
  ...named(noise, "eps epsilon epshat epsilonhat epstheta noise noisehat z"),
  ...named(v, "v vhat vprediction"),
  ...named({ word: "score" }, "grad gradient gradlogp gradlogdensity nablalogp s stein scores"),
  ...named({ word: "velocity" }, "drift flow u ode pfode vectorfield field"),
  ...named(
    { word: "logDensity" },
    "logp logprob logprobability logpdf logdensity density p pdf prob energy nll loglikelihood",
  ),
  ...named(
    { word: "posteriorWeights" },
    "weights w responsibilities responsibility softmax attention posterior lambda probabilities",
  ),
  ...named({ word: "posteriorEntropy" }, "entropy h"),
  ...named({ word: "effectiveCount" }, "neff ess perplexity effectivesamplesize"),
  ...named({ word: "hessian" }, "jacobian hess jac jacobianofscore"),
  ...named({ word: "posteriorCovariance" }, "covariance cov sigma"),
  ...named({ word: "proxyCovariance" }, "c proxycov"),
  ...named({ word: "proxyVariance" }, "trc variance var trace"),
  ...named({ word: "divergence" }, "div"),
  ...named({ word: "nearest" }, "nn nearestneighbor nearestneighbour neighbor neighbour argmin index"),
  ...named({ word: "nearestDistance" }, "distance dist nndistance"),
};

const samplerWords: Readonly<Record<string, Meant>> = {
  ...named({ word: "ancestral", how: "eta 1, the default, is DDPM" }, "ddpm"),
  ...named({ word: "ancestral", how: "with eta 0, which is DDIM" }, "ddim"),
  ...named({ word: "dpmpp2m" }, "dpm dpm++ dpmsolver dpmsolver++ dpmpp dpm++2m"),
  ...named({ word: "eulerMaruyama" }, "em sde reversesde maruyama"),
  ...named({ word: "dopri5" }, "rk45 ode45 dopri adaptive"),
  ...named({ word: "heun", how: "with churn for the stochastic one" }, "edm edmsampler heun2"),
  ...named({ word: "predictorCorrector" }, "pc langevin"),
};

const processWords: Readonly<Record<string, Meant>> = {
  ...named({ word: "vp" }, "variancepreserving"),
  ...named({ word: "ve" }, "varianceexploding"),
  ...named({ word: "ou" }, "ornsteinuhlenbeck"),
  ...named({ word: "edm" }, "karras"),
};

const grid: Meant = {
  word: "grid",
  how: "its options are the steps and the ends: grid: karras({ steps: 40 })",
};
const optionWords: Readonly<Record<string, Meant>> = {
  ...named(
    grid,
    "steps numsteps nsteps nfe timesteps sigmas schedule scheduler times tmin tmax sigmamin sigmamax",
  ),
  ...named({ word: "count" }, "n num numsamples nsamples samples batch batchsize size particles"),
  ...named({ word: "initial" }, "x xt x0 init start latents"),
  ...named({ word: "record" }, "trajectory trajectories history save saveat"),
  ...named({ word: "onProgress" }, "callback progress"),
  ...named({ word: "seed" }, "rng generator randomstate key"),
  ...named({ word: "sampler" }, "solver method integrator"),
};

const tables = {
  quantity: quantityWords,
  sampler: samplerWords,
  process: processWords,
  option: optionWords,
} as const;

function named(meant: Meant, words: string): Record<string, Meant> {
  return Object.fromEntries(words.split(" ").map((word) => [word, meant]));
}

/** A word without case, dashes, underscores, hats and brackets: "x0_hat" and "x̂0" are one. */
const plain = (word: string): string =>
  word
    .normalize("NFD")
    .replace(/\u03b5|\u03f5/g, "eps")
    .replace(/\u03c3/g, "sigma")
    .replace(/\u03bb/g, "lambda")
    .replace(/\p{Mark}/gu, "")
    .replace(/_theta$/, "")
    .replace(/[\s_\-()[\]{}^]/g, "")
    .toLowerCase();

/** What a word of others is here, in a sentence; undefined where it is not known. */
export function meantBy(word: string, kind: string, known: readonly string[]): string | undefined {
  const table = Object.hasOwn(tables, kind) ? tables[kind as keyof typeof tables] : undefined;
  const key = plain(word);
  if (table === undefined || !Object.hasOwn(table, key)) return undefined;
  const { word: ours, how } = table[key];
  if (!known.includes(ours) && (how === undefined || kind === "option")) return undefined;
  return `${known.includes(ours) ? `${word} is ${ours} here` : `${ours} goes by evaluate`}${how === undefined ? "" : ` (${how})`}`;
}
