/**
 * The baseline: the same mathematics in plain JavaScript types, as one would first write it. Float64 arrays, direct
 * differences, softmax with the maximum subtracted, posterior mean; samplers on edm (alpha = 1, S = sigma^2) that
 * score all particles, then step all particles. Nothing here is tuned, and nothing is made slow.
 */

/**
 * The posterior mean of queries x at noise level sigma.
 *
 * @param {Float64Array} x [count, dim]
 * @param {Float64Array} points [size, dim]
 * @param {number} dim
 * @param {number} sigma
 * @returns {Float64Array} [count, dim]
 */
export function posteriorMean(x, points, dim, sigma) {
  const count = x.length / dim;
  const size = points.length / dim;
  const mean = new Float64Array(count * dim);
  const logits = new Float64Array(size);
  for (let q = 0; q < count; q++) {
    const query = x.subarray(q * dim, (q + 1) * dim);
    const sums = mean.subarray(q * dim, (q + 1) * dim);
    let max = Number.NEGATIVE_INFINITY;
    for (let m = 0; m < size; m++) {
      const row = m * dim;
      let square = 0;
      for (let d = 0; d < dim; d++) {
        const difference = query[d] - points[row + d];
        square += difference * difference;
      }
      logits[m] = -square / (2 * sigma * sigma);
      if (logits[m] > max) max = logits[m];
    }
    let sum = 0;
    for (let m = 0; m < size; m++) {
      const row = m * dim;
      const weight = Math.exp(logits[m] - max);
      sum += weight;
      for (let d = 0; d < dim; d++) sums[d] += weight * points[row + d];
    }
    for (let d = 0; d < dim; d++) sums[d] /= sum;
  }
  return mean;
}

/**
 * One training point for each query, drawn from its posterior.
 *
 * @param {Float64Array} x [count, dim]
 * @param {Float64Array} points [size, dim]
 * @param {number} dim
 * @param {number} sigma
 * @param {() => number} random uniform on [0, 1)
 * @returns {Float64Array} [count, dim]
 */
export function drawPosterior(x, points, dim, sigma, random) {
  const count = x.length / dim;
  const size = points.length / dim;
  const drawn = new Float64Array(count * dim);
  const weights = new Float64Array(size);
  for (let q = 0; q < count; q++) {
    const query = x.subarray(q * dim, (q + 1) * dim);
    let max = Number.NEGATIVE_INFINITY;
    for (let m = 0; m < size; m++) {
      const row = m * dim;
      let square = 0;
      for (let d = 0; d < dim; d++) {
        const difference = query[d] - points[row + d];
        square += difference * difference;
      }
      weights[m] = -square / (2 * sigma * sigma);
      if (weights[m] > max) max = weights[m];
    }
    let sum = 0;
    for (let m = 0; m < size; m++) {
      weights[m] = Math.exp(weights[m] - max);
      sum += weights[m];
    }
    let left = random() * sum;
    let chosen = 0;
    while (chosen < size - 1 && left >= weights[chosen]) left -= weights[chosen++];
    for (let d = 0; d < dim; d++) drawn[q * dim + d] = points[chosen * dim + d];
  }
  return drawn;
}

/**
 * Carries particles down a list of noise levels on edm; a step to 0 takes the posterior mean.
 *
 * @param {"euler" | "heun" | "posterior" | "eulerMaruyama" | "naive"} name
 * @param {Float64Array} initial [count, dim]
 * @param {Float64Array} points [size, dim]
 * @param {number} dim
 * @param {ArrayLike<number>} sigmas descending
 * @param {() => number} random uniform on [0, 1)
 * @returns {Float64Array} [count, dim]
 */
export function sample(name, initial, points, dim, sigmas, random) {
  /** @type {Float64Array} */
  let x = Float64Array.from(initial);
  for (let i = 0; i + 1 < sigmas.length; i++) {
    const sigma = sigmas[i];
    const next = sigmas[i + 1];
    const h = next - sigma;
    if (next === 0) {
      x = posteriorMean(x, points, dim, sigma);
    } else if (name === "euler") {
      const mean = posteriorMean(x, points, dim, sigma);
      x = x.map((value, k) => value + (h * (value - mean[k])) / sigma);
    } else if (name === "heun") {
      const mean = posteriorMean(x, points, dim, sigma);
      const slope = x.map((value, k) => (value - mean[k]) / sigma);
      const predicted = x.map((value, k) => value + h * slope[k]);
      const mean2 = posteriorMean(predicted, points, dim, next);
      const slope2 = predicted.map((value, k) => (value - mean2[k]) / next);
      x = x.map((value, k) => value + (h * (slope[k] + slope2[k])) / 2);
    } else if (name === "eulerMaruyama") {
      // dx = 2 D s dt + sqrt(2 D dt) z with D = sigma, s = (mean - x) / sigma^2
      const mean = posteriorMean(x, points, dim, sigma);
      const noise = Math.sqrt(2 * sigma * -h);
      x = x.map((value, k) => value + (2 * h * (value - mean[k])) / sigma + noise * normal(random));
    } else if (name === "naive") {
      const drawn = drawPosterior(x, points, dim, sigma, random);
      x = x.map((value, k) => value + (h * (value - drawn[k])) / sigma);
    } else {
      // The bridge from x at sigma to a drawn training point at 0.
      const drawn = drawPosterior(x, points, dim, sigma, random);
      const ratio = (next / sigma) ** 2;
      const noise = next * Math.sqrt(1 - ratio);
      x = x.map((value, k) => ratio * value + (1 - ratio) * drawn[k] + noise * normal(random));
    }
  }
  return x;
}

/**
 * A standard normal by Box and Muller.
 *
 * @param {() => number} random uniform on [0, 1)
 */
export function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
