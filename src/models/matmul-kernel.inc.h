/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One instruction set's build of the loops in matmul.h. Included by matmul.c, which defines KERNEL (name), LANES
 * (floats a register) and TILE_ROWS, so that TILE_ROWS × 16 / LANES sums stay in registers. */
#define VECS (FOVEA_MATMUL_WIDTH / LANES)

typedef float KERNEL (Vec) __attribute__ ((vector_size (LANES * 4), aligned (4), may_alias));
typedef gint32 KERNEL (IVec) __attribute__ ((vector_size (LANES * 4), aligned (4), may_alias));
#define Vec KERNEL (Vec)
#define IVec KERNEL (IVec)

static inline __attribute__ ((always_inline)) void
KERNEL (tile) (const gsize rows, gsize p, const float *a, gsize a_row, gsize a_col, const float *b, gsize ldb, float *c,
               gsize ldc, gboolean accumulate)
{
  Vec sum[TILE_ROWS][VECS];

  for (gsize r = 0; r < rows; r++)
    for (gsize v = 0; v < VECS; v++)
      sum[r][v] = accumulate ? *(const Vec *) (c + r * ldc + v * LANES) : (Vec){ 0 };
  for (gsize l = 0; l < p; l++)
    {
      Vec line[VECS];

      for (gsize v = 0; v < VECS; v++)
        line[v] = *(const Vec *) (b + l * ldb + v * LANES);
#pragma GCC unroll 16
      for (gsize r = 0; r < rows; r++)
        for (gsize v = 0; v < VECS; v++)
          sum[r][v] += a[r * a_row + l * a_col] * line[v];
    }
  for (gsize r = 0; r < rows; r++)
    for (gsize v = 0; v < VECS; v++)
      *(Vec *) (c + r * ldc + v * LANES) = sum[r][v];
}

static void
KERNEL (panel) (gsize m, gsize p, const float *a, gsize a_row, gsize a_col, const float *b, gsize ldb, float *c, gsize ldc,
                gboolean accumulate)
{
  gsize i = 0;

  for (; i + TILE_ROWS <= m; i += TILE_ROWS)
    KERNEL (tile) (TILE_ROWS, p, a + i * a_row, a_row, a_col, b, ldb, c + i * ldc, ldc, accumulate);
  for (; i < m; i++)
    KERNEL (tile) (1, p, a + i * a_row, a_row, a_col, b, ldb, c + i * ldc, ldc, accumulate);
}

static void
KERNEL (column_dots) (gsize n, gsize width, const float *a, const float *b, double *ret)
{
  for (gsize j = 0; j < width; j += FOVEA_MATMUL_WIDTH)
    {
      double total[FOVEA_MATMUL_WIDTH] = { 0 };

      /* f32 over at most 64 rows, f64 above: as exact as wanted and as fast as memory. */
      for (gsize from = 0; from < n; from += 64)
        {
          gsize to = MIN (from + 64, n);
          Vec sum[VECS] = { 0 };

          for (gsize i = from; i < to; i++)
            for (gsize v = 0; v < VECS; v++)
              sum[v] += *(const Vec *) (a + i * width + j + v * LANES) * *(const Vec *) (b + i * width + j + v * LANES);
          for (gsize v = 0; v < VECS; v++)
            for (gsize e = 0; e < LANES; e++)
              total[v * LANES + e] += (double) sum[v][e];
        }
      memcpy (ret + j, total, sizeof total);
    }
}

static void
KERNEL (column_axpy) (gsize n, gsize width, const float *f, const float *x, float *y)
{
  for (gsize j = 0; j < width; j += FOVEA_MATMUL_WIDTH)
    {
      Vec factor[VECS];

      for (gsize v = 0; v < VECS; v++)
        factor[v] = *(const Vec *) (f + j + v * LANES);
      for (gsize i = 0; i < n; i++)
        for (gsize v = 0; v < VECS; v++)
          *(Vec *) (y + i * width + j + v * LANES) += factor[v] * *(const Vec *) (x + i * width + j + v * LANES);
    }
}

/* exp (x) = 2^k · e^r, |r| ≤ ln 2 / 2, by the polynomial of the Cephes library's expf. */
static void
KERNEL (exp_all) (gsize n, float *x)
{
  const Vec magic = (Vec){ 0 } + 12582912.0f; /* 1.5 · 2^23: adding it rounds to the nearest integer */

  for (gsize i = 0; i < n; i += LANES)
    {
      Vec *at = (Vec *) (x + i);
      Vec v = *at, k, r, y;
      IVec low = v < -87.0f, high = v > 88.0f, bits;

      v = (Vec) (((IVec) v & ~low) | ((IVec) ((Vec){ 0 } - 87.0f) & low));
      v = (Vec) (((IVec) v & ~high) | ((IVec) ((Vec){ 0 } + 88.0f) & high));
      k = (v * 1.44269504088896341f + magic) - magic;
      r = v - k * 0.693359375f + k * 2.12194440e-4f;
      y = r * 1.9875691500e-4f + 1.3981999507e-3f;
      y = y * r + 8.3334519073e-3f;
      y = y * r + 4.1665795894e-2f;
      y = y * r + 1.6666665459e-1f;
      y = y * r + 5.0000001201e-1f;
      y = y * r * r + r + 1.0f;
      bits = ((IVec) (k + magic) << 23) + (IVec) y; /* the low bits of k + magic are k */
      *at = (Vec) bits;
    }
}

/* log (x) = e · ln 2 + log (m), m in [√½, √2), by the polynomial of the Cephes library's logf. x > 0, normal. */
static void
KERNEL (log_all) (gsize n, float *x)
{
  for (gsize i = 0; i < n; i += LANES)
    {
      Vec *at = (Vec *) (x + i);
      IVec bits = (IVec) *at, exponent = ((bits >> 23) & 0xff) - 126, small;
      Vec m = (Vec) ((bits & 0x007fffff) | 0x3f000000), e, y, z;

      small = m < 0.707106781186547524f;
      exponent += small; /* a true comparison is −1 */
      m = m + (Vec) ((IVec) m & small) - 1.0f;
      for (gsize j = 0; j < LANES; j++)
        e[j] = (float) exponent[j];
      z = m * m;
      y = m * 7.0376836292e-2f - 1.1514610310e-1f;
      y = y * m + 1.1676998740e-1f;
      y = y * m - 1.2420140846e-1f;
      y = y * m + 1.4249322787e-1f;
      y = y * m - 1.6668057665e-1f;
      y = y * m + 2.0000714765e-1f;
      y = y * m - 2.4999993993e-1f;
      y = y * m + 3.3333331174e-1f;
      y = y * m * z - e * 2.12194440e-4f - z * 0.5f;
      *at = m + y + e * 0.693359375f;
    }
}

static const FoveaMatmulKernels KERNEL (kernels) = {
  G_STRINGIFY (ISA_NAME), KERNEL (panel), KERNEL (column_dots), KERNEL (column_axpy), KERNEL (exp_all), KERNEL (log_all)
};

#undef Vec
#undef IVec
#undef VECS
#undef KERNEL
#undef LANES
#undef TILE_ROWS
#undef ISA_NAME
