/* The native limit: the posterior mean in C, float32, direct differences, tiled, 256-bit vectors; and whole runs by it.
 *
 *   gcc -O3 -march=x86-64-v3 -o score score.c -lm
 *   score DATA DIM SIZE COUNT SIGMA OUT [SIGMA ...]
 *
 * DATA holds SIZE x DIM points, then COUNT x DIM queries (float32). For every line on standard input it computes
 * once and prints the milliseconds that took; the first time it also writes the COUNT x DIM means to OUT. Where noise
 * levels follow it carries the queries from the first to the last by Heun's steps, the last of which may be 0, and
 * writes where they end. */
#include <float.h>
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef float v8 __attribute__((vector_size(32)));
typedef int32_t i8 __attribute__((vector_size(32)));

#define LANES 8
#define CHUNK 64  /* points summed in float32 before they are added in float64 */
#define QUERIES 32 /* queries per tile, for dim > 3 */

static inline v8 splat(float x) { return (v8){x, x, x, x, x, x, x, x}; }
static inline v8 larger(v8 a, v8 b) { return (v8)_mm256_max_ps((__m256)a, (__m256)b); }
static inline v8 smaller(v8 a, v8 b) { return (v8)_mm256_min_ps((__m256)a, (__m256)b); }
/* the sums over the lanes of four vectors */
static inline void across4(float *out, v8 a, v8 b, v8 c, v8 d) {
  __m256 sums = _mm256_hadd_ps(_mm256_hadd_ps((__m256)a, (__m256)b), _mm256_hadd_ps((__m256)c, (__m256)d));
  _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1)));
}

/* 2^x for x <= 0, by the Taylor polynomial of degree 6 on [-1/2, 1/2], 1e-7 relative; 0 below 2^-126 */
static inline v8 exp2v(v8 argument) {
  v8 x = larger(argument, splat(-126));
  const v8 magic = splat(12582912.0f);
  v8 shifted = x + magic;
  v8 f = x - (shifted - magic);
  v8 p = splat(1.5403530e-4f);
  p = p * f + splat(1.3333558e-3f);
  p = p * f + splat(9.6181291e-3f);
  p = p * f + splat(5.5504109e-2f);
  p = p * f + splat(2.4022651e-1f);
  p = p * f + splat(6.9314718e-1f);
  p = p * f + splat(1.0f);
  return (v8)(((i8)p + (((i8)shifted) << 23)) & (argument > splat(-126)));
}

static int dim, size, count, width; /* width: dim padded to whole vectors where dim > 3 */
static float *points, *queries, *means;
static float *d2, *weights;
static double *totals;

/* dim <= 3: 8 queries across the lanes */
static inline __attribute__((always_inline)) void lanes(int D, float k) {
  for (int first = 0; first < count; first += LANES) {
    int n = count - first < LANES ? count - first : LANES;
    v8 x[3] = {splat(0), splat(0), splat(0)};
    for (int i = 0; i < LANES; i++)
      for (int d = 0; d < D; d++) x[d][i] = queries[(first + (i < n ? i : n - 1)) * D + d];
    v8 least = splat(FLT_MAX);
    for (int m = 0; m < size; m++) {
      v8 square = splat(0);
      for (int d = 0; d < D; d++) {
        v8 e = x[d] - splat(points[m * D + d]);
        square += e * e;
      }
      least = smaller(square, least);
    }
    double sum[LANES] = {0}, sums[3][LANES] = {{0}};
    for (int start = 0; start < size; start += CHUNK) {
      int stop = start + CHUNK < size ? start + CHUNK : size;
      v8 s = splat(0), sd[3] = {splat(0), splat(0), splat(0)};
      for (int m = start; m < stop; m++) {
        v8 square = splat(0);
        for (int d = 0; d < D; d++) {
          v8 e = x[d] - splat(points[m * D + d]);
          square += e * e;
        }
        v8 w = exp2v(splat(k) * (least - square));
        s += w;
        for (int d = 0; d < D; d++) sd[d] += w * splat(points[m * D + d]);
      }
      for (int i = 0; i < LANES; i++) {
        sum[i] += s[i];
        for (int d = 0; d < D; d++) sums[d][i] += sd[d][i];
      }
    }
    for (int i = 0; i < n; i++)
      for (int d = 0; d < D; d++) means[(first + i) * D + d] = (float)(sums[d][i] / sum[i]);
  }
}

/* dim > 3: coordinates across the lanes, 2 queries x 4 points at a time */
static void tiles(float k) {
  int vectors = width / LANES;
  int rows = (size + 3) / 4 * 4;
  for (int first = 0; first < count; first += QUERIES) {
    int n = count - first < QUERIES ? count - first : QUERIES;
    for (int m = 0; m < rows; m += 4) {
      for (int i = 0; i < n; i += 2) {
        int j = i + 1 < n ? i + 1 : i;
        const v8 *x = (const v8 *)(queries + (size_t)(first + i) * width);
        const v8 *y = (const v8 *)(queries + (size_t)(first + j) * width);
        const v8 *p = (const v8 *)(points + (size_t)m * width);
        const v8 *q = p + vectors, *r = q + vectors, *s = r + vectors;
        v8 a0 = splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (int c = 0; c < vectors; c++) {
          v8 u = x[c], v = y[c], mu = p[c], e = u - mu, f = v - mu;
          a0 += e * e;
          b0 += f * f;
          mu = q[c], e = u - mu, f = v - mu;
          a1 += e * e;
          b1 += f * f;
          mu = r[c], e = u - mu, f = v - mu;
          a2 += e * e;
          b2 += f * f;
          mu = s[c], e = u - mu, f = v - mu;
          a3 += e * e;
          b3 += f * f;
        }
        across4(d2 + (size_t)i * rows + m, a0, a1, a2, a3);
        across4(d2 + (size_t)j * rows + m, b0, b1, b2, b3);
      }
    }
    for (int i = 0; i < n; i++) {
      float *row = d2 + (size_t)i * rows, *w = weights + (size_t)i * rows, least = FLT_MAX;
      for (int m = 0; m < size; m++) least = row[m] < least ? row[m] : least;
      for (int m = size; m < rows; m++) row[m] = FLT_MAX;
      int m = 0;
      for (; m + LANES <= rows; m += LANES) {
        v8 square;
        memcpy(&square, row + m, sizeof square);
        v8 e = exp2v(splat(k) * (splat(least) - square));
        memcpy(w + m, &e, sizeof e);
      }
      for (; m < rows; m++) w[m] = exp2f(k * (least - row[m]));
      for (m = size; m < rows; m++) w[m] = 0;
    }
    memset(totals, 0, sizeof(double) * (size_t)n * width);
    double sum[QUERIES] = {0};
    for (int start = 0; start < rows; start += CHUNK) {
      int stop = start + CHUNK < rows ? start + CHUNK : rows;
      for (int i = 0; i < n; i += 2) {
        int j = i + 1 < n ? i + 1 : i;
        const float *wi = weights + (size_t)i * rows, *wj = weights + (size_t)j * rows;
        float si = 0, sj = 0;
        for (int m = start; m < stop; m++) {
          si += wi[m];
          sj += wj[m];
        }
        sum[i] += si;
        if (j != i) sum[j] += sj;
        if (si == 0 && sj == 0) continue;
        for (int c = 0; c < vectors; c += 4) {
          int some = vectors - c < 4 ? vectors - c : 4;
          v8 a[4] = {splat(0), splat(0), splat(0), splat(0)}, b[4] = {splat(0), splat(0), splat(0), splat(0)};
          if (some == 4) {
            v8 a0 = splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
            for (int m = start; m < stop; m++) {
              const v8 *p = (const v8 *)(points + (size_t)m * width) + c;
              v8 u = splat(wi[m]), v = splat(wj[m]);
              a0 += u * p[0];
              b0 += v * p[0];
              a1 += u * p[1];
              b1 += v * p[1];
              a2 += u * p[2];
              b2 += v * p[2];
              a3 += u * p[3];
              b3 += v * p[3];
            }
            a[0] = a0, a[1] = a1, a[2] = a2, a[3] = a3;
            b[0] = b0, b[1] = b1, b[2] = b2, b[3] = b3;
          } else {
            for (int r = 0; r < some; r++)
              for (int m = start; m < stop; m++) {
                v8 mu = ((const v8 *)(points + (size_t)m * width))[c + r];
                a[r] += splat(wi[m]) * mu;
                b[r] += splat(wj[m]) * mu;
              }
          }
          for (int r = 0; r < some; r++)
            for (int l = 0; l < LANES; l++) {
              totals[(size_t)i * width + (c + r) * LANES + l] += a[r][l];
              if (j != i) totals[(size_t)j * width + (c + r) * LANES + l] += b[r][l];
            }
        }
      }
    }
    for (int i = 0; i < n; i++)
      for (int d = 0; d < dim; d++)
        means[(size_t)(first + i) * dim + d] = (float)(totals[(size_t)i * width + d] / sum[i]);
  }
}

static void *take(size_t bytes) {
  void *p = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (!p) exit(1);
  memset(p, 0, bytes);
  return p;
}

static void read_rows(FILE *file, float *to, int rows) {
  for (int i = 0; i < rows; i++)
    if (fread(to + (size_t)i * width, sizeof(float), dim, file) != (size_t)dim) exit(1);
}

static void mean_at(double sigma) {
  float k = (float)(1.4426950408889634 / (2 * sigma * sigma));
  if (dim == 1) lanes(1, k);
  else if (dim == 2) lanes(2, k);
  else if (dim == 3) lanes(3, k);
  else tiles(k);
}

/* dx/dsigma = (x - mean) / sigma; ends in `means` */
static void heun(const float *initial, float *start, float *slopes, int steps, const double *sigmas) {
  memcpy(queries, initial, sizeof(float) * (size_t)count * width);
  for (int step = 0; step < steps; step++) {
    double sigma = sigmas[step], next = sigmas[step + 1];
    float h = (float)(next - sigma), inverse = (float)(1 / sigma);
    mean_at(sigma);
    if (next == 0) return;
    for (int i = 0; i < count; i++)
      for (int d = 0; d < dim; d++) {
        size_t at = (size_t)i * width + d, to = (size_t)i * dim + d;
        start[to] = queries[at];
        slopes[to] = (queries[at] - means[to]) * inverse;
        queries[at] += h * slopes[to];
      }
    mean_at(next);
    inverse = (float)(1 / next);
    for (int i = 0; i < count; i++)
      for (int d = 0; d < dim; d++) {
        size_t at = (size_t)i * width + d, to = (size_t)i * dim + d;
        queries[at] = start[to] + 0.5f * h * (slopes[to] + (queries[at] - means[to]) * inverse);
      }
  }
  for (int i = 0; i < count; i++)
    memcpy(means + (size_t)i * dim, queries + (size_t)i * width, sizeof(float) * dim);
}

int main(int argc, char **argv) {
  if (argc < 7 || argc == 8) return 2;
  dim = atoi(argv[2]);
  size = atoi(argv[3]);
  count = atoi(argv[4]);
  double sigma = atof(argv[5]);
  int steps = argc - 8;
  double *sigmas = take(sizeof(double) * argc);
  for (int i = 0; i <= steps; i++) sigmas[i] = atof(argv[7 + i]);
  width = dim <= 3 ? dim : (dim + LANES - 1) / LANES * LANES;
  size_t rows = (size + 3) / 4 * 4;
  points = take(rows * width * sizeof(float));
  queries = take((size_t)count * width * sizeof(float));
  means = take((size_t)count * dim * sizeof(float));
  d2 = take(QUERIES * rows * sizeof(float));
  weights = take(QUERIES * rows * sizeof(float));
  totals = take((size_t)QUERIES * width * sizeof(double));
  FILE *file = fopen(argv[1], "rb");
  if (!file) return 1;
  read_rows(file, points, size);
  read_rows(file, queries, count);
  fclose(file);
  float *initial = take((size_t)count * width * sizeof(float));
  float *start = take((size_t)count * dim * sizeof(float));
  float *slopes = take((size_t)count * dim * sizeof(float));
  memcpy(initial, queries, sizeof(float) * (size_t)count * width);
  _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
  char line[16];
  int written = 0;
  while (fgets(line, sizeof line, stdin)) {
    struct timespec from, end;
    clock_gettime(CLOCK_MONOTONIC, &from);
    if (steps > 0) heun(initial, start, slopes, steps, sigmas);
    else mean_at(sigma);
    clock_gettime(CLOCK_MONOTONIC, &end);
    if (!written) {
      FILE *out = fopen(argv[6], "wb");
      if (!out || fwrite(means, sizeof(float), (size_t)count * dim, out) != (size_t)count * dim) return 1;
      fclose(out);
      written = 1;
    }
    printf("%.6f\n", (end.tv_sec - from.tv_sec) * 1e3 + (end.tv_nsec - from.tv_nsec) / 1e6);
    fflush(stdout);
  }
  return 0;
}
