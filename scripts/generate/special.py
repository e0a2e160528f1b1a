"""Tables of special functions to 30 digits at float64 arguments, by mpmath (Debian: python3-mpmath).

python3 scripts/generate/special.py > test/golden/special.json
Each row is the arguments, as float64 that JSON keeps to the bit, and the value.
"""
import json
import math
import random
from mpmath import mp, mpf, cos, erfc, exp, expm1, gamma, gammainc, log, log1p, pi, quad, sin, sqrt

mp.dps = 60
random.seed(1)


def linear(low, high, count):
    return [low + (high - low) * i / (count - 1) for i in range(count)]


def powers(low, high, count):
    return [10.0 ** e for e in linear(low, high, count)]


def beside(values):
    return [y for x in values for y in (math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf))]


def signed(values):
    return [sign * x for x in values for sign in (1, -1)]


def upper_tail(z):
    return erfc(mpf(z) / sqrt(2)) / 2


def density(z):
    return exp(-mpf(z) ** 2 / 2) / sqrt(2 * pi)


def mass(a, b):
    # From the tail that both are nearer to; digits enough for any cancellation.
    with mp.workdps(450):
        return upper_tail(a) - upper_tail(b) if a + b > 0 else upper_tail(-mpf(b)) - upper_tail(-mpf(a))


def smoothing(kappa):
    with mp.workdps(120):
        k = mpf(kappa)
        r = sqrt(k)
        return 2 * ((1 + k) * upper_tail(r) - r * density(r))


def owen(h, a):
    h, a = mpf(h), mpf(a)
    # In units in which the integrand is exp(-u^2 / 2), cut where it is below 1e-40 of its largest.
    end = a if h == 0 else min(a, 14 / h)
    cuts = sorted({end * k / 8 for k in range(9)} | {c for c in (mpf(1) / 4, mpf(1), mpf(4), mpf(16)) if c < end})
    f = lambda x: exp(-(h * x) ** 2 / 2) / (1 + x * x)
    return exp(-h * h / 2) * quad(f, cuts) / (2 * pi)


def gamma_tail(a, x):
    a, x = mpf(a), mpf(x)
    if a <= 200 or x < a / 2:
        with mp.workdps(90):
            return gammainc(a, x, mp.inf, regularized=True)
    # 1 - P by its power series, with as many digits as Q has zeros.
    zeros = 0 if x < a else int(((x - a) - a * log(x / a)) / log(10)) + 1
    with mp.workdps(50 + zeros):
        term = exp(a * log(x) - x - mp.loggamma(a + 1))
        total = term
        n = 1
        least = mpf(10) ** (-45 - zeros)
        while term > least * total:
            term *= x / (a + n)
            total += term
            n += 1
        return 1 - total


def table(f, arguments):
    rows = []
    seen = set()
    for point in arguments:
        point = point if isinstance(point, tuple) else (point,)
        if point in seen:
            continue
        seen.add(point)
        value = f(*point)
        if abs(value) < mpf(2) ** -1076 or abs(value) > mpf(2) ** 1023:
            continue
        rows.append([*point, mp.nstr(value, 30, strip_zeros=False)])
    return rows


uniform = random.uniform
near_one = [1 + s * 10.0 ** e for e in linear(-15, -0.5, 60) for s in (1, -1)]
zeros = [float(k * pi / 2) for k in [1, 2, 3, 4, 5, 7, 10, 100, 1001, 10_000, 123_456, 636_619]]
halves = [k / 2 for k in range(1, 12)]
angles = linear(-20, 20, 200) + [uniform(-1e6, 1e6) for _ in range(200)] + beside(zeros) + signed(powers(-300, 0, 40))

masses = []
for a in linear(0, 37, 40) + powers(-10, 1, 30) + [1e-300]:
    for e in (-15, -12, -8, -5, -3, -1, -0.3, 0.1, 0.5, 1):
        b = a + 10.0 ** e
        if b > a:
            masses += [(a, b)] if random.random() < 0.5 else [(-b, -a)]
for _ in range(150):
    masses.append((-(10.0 ** uniform(-10, 1.5)), 10.0 ** uniform(-10, 1.5)))
masses += [(-a, a) for a in powers(-15, 1.5, 40)]

owens = [(h, a) for h in [0.0, 1e-8, 1e-3] + linear(0.1, 6, 12) + [8.0, 12.0, 20.0, 30.0, 37.5]
         for a in [1e-12, 1e-4, 0.03, 0.2, 0.5, 0.8, 0.99, 1.0, 1.01, 1.3, 2.0, 4.0, 10.0, 100.0, 1e6]]
owens += [(10.0 ** uniform(-6, 1.5), 10.0 ** uniform(-6, 3)) for _ in range(150)]
owens += [(h, a) for h in (0.3, 1.7, 4.4, 9.1) for a in beside([1.0])]

gammas = []
for a in powers(-10, 3, 53) + [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0, 10.0, 39.5, 40.0, 50.0, 100.5, 1000.0]:
    for x in [1e-100, 1e-10, 1e-3, 0.1, 0.3, 0.499, 0.5, 0.6, 1.0, 1.4, 2.0, 10.0, 100.0, 600.0]:
        gammas.append((a, x))
    for z in (-6.0, -3.0, -1.0, -0.1, 0.0, 0.1, 1.0, 3.0, 6.0, 12.0, 20.0):
        x = a + z * math.sqrt(a)
        if x > 0:
            gammas.append((a, x))
    gammas += [(a, x) for x in beside([a - 1, a]) if x > 0]
big = []
for a in [1001.5, 3e3, 1e4, 12345.678, 1e5, 1e6, 1e7]:
    for z in (-5.0, -2.0, -0.5, 0.0, 0.5, 2.0, 5.0, 12.0, 25.0):
        big.append((a, a + z * math.sqrt(a)))
    big += [(a, x) for x in beside([a - 1, a])]
big += [(1e9, 1e9), (1e9, 1e9 + 1e5), (1e9, 1e9 - 5e4)]

tables = {
    "exp": table(lambda x: exp(mpf(x)), linear(-745, 709.7, 500) + linear(-1, 1, 100) + signed(powers(-300, 0, 40))),
    "expm1": table(lambda x: expm1(mpf(x)), linear(-40, 40, 300) + linear(-1, 1, 200) + beside([0.34, -0.34]) + signed(powers(-300, 0, 60)) + linear(50, 709, 50)),
    "log": table(lambda x: log(mpf(x)), [2.0 ** e for e in linear(-1074, 1023.9, 400)] + near_one + beside([math.sqrt(2), math.sqrt(0.5)])),
    "log2": table(lambda x: log(mpf(x)) / log(mpf(2)), [2.0 ** e for e in linear(-1074, 1023.9, 400)] + near_one),
    "log1p": table(lambda x: log1p(mpf(x)), linear(-0.999, 50, 300) + [-1 + 10.0 ** e for e in linear(-15, -1, 30)] + signed(powers(-300, -0.5, 60)) + powers(0, 300, 60) + beside([0.29, -0.29])),
    "pow": table(lambda x, y: mpf(x) ** mpf(y),
                 [(2.0 ** uniform(-1000, 1000), uniform(-1, 1)) for _ in range(200)]
                 + [(10.0 ** uniform(-3, 3), uniform(-100, 100)) for _ in range(200)]
                 + [(10.0 ** uniform(-2.7, 2), y) for y in (7.0, 1 / 7, 0.5, 2.0, 3.0, -1.0) for _ in range(20)]
                 + [(1 + uniform(-1e-3, 1e-3), uniform(-5e5, 5e5)) for _ in range(100)]
                 + [(1 + uniform(-1e-12, 1e-12), uniform(-5e14, 5e14)) for _ in range(50)]),
    "sin": table(lambda x: sin(mpf(x)), angles),
    "cos": table(lambda x: cos(mpf(x)), angles),
    "sineOfQuarter": table(lambda u: sin(pi * mpf(u) / 2), linear(0, 1, 201)[1:] + powers(-300, -1, 40) + beside([0.5])),
    "normalDensity": table(density, linear(-38.6, 38.6, 400) + linear(-2, 2, 100) + signed(powers(-300, 0, 20))),
    "normalCdf": table(lambda z: upper_tail(-mpf(z)), linear(-38.4, 9, 500) + linear(-3, 3, 200) + beside(signed(halves)) + signed(powers(-300, 0, 40))),
    "smoothingLossLimit": table(smoothing, [0.0, 0.4, 3.0, 1000.0] + powers(-300, 0, 60) + linear(0.01, 20, 200) + powers(0, 3.15, 150) + beside([h * h for h in halves])),
    "normalMass": table(mass, masses),
    "owenT": table(owen, owens),
    "upperGamma": table(gamma_tail, gammas),
    "upperGammaBig": table(gamma_tail, big),
}
print("{")
print(",\n".join(f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]" for name, rows in tables.items()))
print("}")
