// Writes assembly/simd/coefficients.ts: the polynomials of the kernels' exp2, log and sincos.
// Each interpolates its function at Chebyshev nodes (near-minimax), solved in 256-bit fixed point,
// so every printed constant is the float64 nearest to the true coefficient.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const BITS = 256n;
const ONE = 1n << BITS;
const mul = (a, b) => (a * b) >> BITS;
const div = (a, b) => (a << BITS) / b;

function fromNumber(x) {
  const scaled = BigInt(Math.round(x * 2 ** 53));
  return (scaled << BITS) >> 53n;
}

function toNumber(a) {
  const negative = a < 0n;
  const magnitude = negative ? -a : a;
  if (magnitude === 0n) return 0;
  const length = BigInt(magnitude.toString(2).length);
  const shift = length - 64n;
  const top = shift > 0n ? magnitude >> shift : magnitude << -shift;
  // 64 bits to the nearest 53: round half to even by BigInt -> Number, which rounds to nearest even.
  const value = Number(top) * 2 ** Number(shift - BITS);
  return negative ? -value : value;
}

/** sum of term_k x^k, the terms made by a recurrence, until they vanish. */
function series(x, first, next) {
  let term = first;
  let sum = first;
  for (let k = 1; k < 400 && term !== 0n; k++) {
    term = next(term, x, BigInt(k));
    sum += term;
  }
  return sum;
}

// ln 2 = sum 1 / (k 2^k)
let LN2 = 0n;
for (let k = 1n; k < 300n; k++) LN2 += ONE / (k << k);
// pi by Machin
const atanInverse = (q) => {
  let sum = 0n;
  let power = ONE / q;
  for (let k = 0n; k < 400n && power !== 0n; k++) {
    sum += (k % 2n === 0n ? power : -power) / (2n * k + 1n);
    power /= q * q;
  }
  return sum;
};
const PI = 4n * (4n * atanInverse(5n) - atanInverse(239n));

const exp = (x) => series(x, ONE, (t, y, k) => mul(t, y) / k);
const functions = {
  // 2^f, f in [-1/2, 1/2]
  exp2: (f) => exp(mul(f, LN2)),
  // atanh(s) / s as a function of z = s^2
  atanhRatio: (z) => {
    let sum = 0n;
    let power = ONE;
    for (let k = 0n; power !== 0n && k < 400n; k++) {
      sum += power / (2n * k + 1n);
      power = mul(power, z);
    }
    return sum;
  },
  // atan(s) / s as a function of z = s^2
  atanRatio: (z) => {
    let sum = 0n;
    let power = ONE;
    for (let k = 0n; power !== 0n && k < 400n; k++) {
      sum += (k % 2n === 0n ? power : -power) / (2n * k + 1n);
      power = mul(power, z);
    }
    return sum;
  },
  // sin(pi f / 2) / f and cos(pi f / 2) as functions of z = f^2
  sinRatio: (z) => {
    const c = mul(PI, PI) / 4n;
    return mul(
      PI / 2n,
      series(z, ONE, (t, y, k) => -mul(mul(t, c), y) / (2n * k * (2n * k + 1n))),
    );
  },
  cosine: (z) => {
    const c = mul(PI, PI) / 4n;
    return series(z, ONE, (t, y, k) => -mul(mul(t, c), y) / (2n * k * (2n * k - 1n)));
  },
};

function interpolate(f, low, high, degree) {
  const n = degree + 1;
  const rows = [];
  for (let i = 0; i < n; i++) {
    const x = fromNumber((low + high) / 2 + ((high - low) / 2) * Math.cos(((i + 0.5) * Math.PI) / n));
    const row = [];
    let power = ONE;
    for (let j = 0; j < n; j++) {
      row.push(power);
      power = mul(power, x);
    }
    row.push(f(x));
    rows.push(row);
  }
  for (let c = 0; c < n; c++) {
    let pivot = c;
    const size = (v) => (v < 0n ? -v : v);
    for (let r = c + 1; r < n; r++) if (size(rows[r][c]) > size(rows[pivot][c])) pivot = r;
    [rows[c], rows[pivot]] = [rows[pivot], rows[c]];
    for (let r = 0; r < n; r++) {
      if (r === c) continue;
      const factor = div(rows[r][c], rows[c][c]);
      for (let j = c; j <= n; j++) rows[r][j] -= mul(factor, rows[c][j]);
    }
  }
  return rows.map((row, i) => toNumber(div(row[n], row[i])));
}

const SQRT_HALF_RANGE = ((Math.SQRT2 - 1) / (Math.SQRT2 + 1)) ** 2 * 1.0001;
const ATAN_RANGE = (Math.SQRT2 - 1) ** 2 * 1.0001;
const tables = [
  ["EXP2_F32", "exp2", -0.5, 0.5, 6, "2^f, f in [-1/2, 1/2], relative error 2e-9"],
  ["EXP2_F64", "exp2", -0.5, 0.5, 11, "2^f, f in [-1/2, 1/2], relative error 4e-18"],
  ["LOG_F64", "atanhRatio", 0, SQRT_HALF_RANGE, 8, "atanh(s) / s in z = s^2, z below 0.0295"],
  ["SIN_F64", "sinRatio", 0, 0.25, 7, "sin(pi f / 2) / f in z = f^2, f in [-1/2, 1/2]"],
  ["COS_F64", "cosine", 0, 0.25, 8, "cos(pi f / 2) in z = f^2, f in [-1/2, 1/2]"],
  ["ATAN_F64", "atanRatio", 0, ATAN_RANGE, 11, "atan(s) / s in z = s^2, |s| below tan(pi / 8)"],
];

export function coefficientSource() {
  const lines = ["// Written by scripts/generate/coefficients.js; a test keeps the two equal."];
  for (const [name, f, low, high, degree, comment] of tables) {
    lines.push("", `// ${comment}`);
    const values = interpolate(functions[f], low, high, degree);
    values.forEach((value, k) => {
      const text = String(value);
      lines.push(`export const ${name}_${k}: f64 = ${/[.e]/.test(text) ? text : `${text}.0`};`);
    });
  }
  lines.push("", `export const LN2: f64 = ${toNumber(LN2)};`, "");
  return lines.join("\n");
}

const target = fileURLToPath(new URL("../../assembly/simd/coefficients.ts", import.meta.url));
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const source = coefficientSource();
  const old = await readFile(target, "utf8").catch(() => "");
  if (old !== source) await writeFile(target, source);
}
