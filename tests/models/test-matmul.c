/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "models/matmul.h"

static float *
noise (gsize n, guint32 seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  float *values = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    values[i] = (float) g_rand_double_range (random, -1.0, 1.0);
  return values;
}

/* Every combination of sizes around the tiles' edges, plain and transposed A, with and without adding. */
static void
test_product (void)
{
  static const gsize sizes[] = { 1, 2, 3, 5, 6, 7, 12, 13, 25, 600 };

  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (gsize p = 1; p < 1100; p = p * 3 + 1)
      for (guint how = 0; how < 4; how++)
        {
          gsize m = sizes[s], n = 32;
          gboolean transposed = (how & 1) != 0, add = (how & 2) != 0;
          g_autofree float *a = noise (m * p, 1), *b = noise (p * n, 2), *c = noise (m * n, 3), *before = noise (m * n, 3);

          fovea_matmul (m, n, p, a, transposed ? 1 : p, transposed ? m : 1, b, n, c, n, add);
          for (gsize i = 0; i < m; i += 1 + m / 7)
            for (gsize j = 0; j < n; j++)
              {
                double sum = add ? (double) before[i * n + j] : 0.0;

                for (gsize l = 0; l < p; l++)
                  sum += (double) (transposed ? a[l * m + i] : a[i * p + l]) * (double) b[l * n + j];
                g_assert_cmpfloat_with_epsilon ((double) c[i * n + j], sum, 1e-4);
              }
        }
}

static void
test_gram (void)
{
  for (gsize n = 1; n < 80; n += 13)
    for (gsize from = 0; from <= n; from += 7)
      {
        gsize dim = 37, stride = n + 5;
        g_autofree float *x = noise (n * dim, 4), *g = g_new0 (float, n * stride);

        fovea_matmul_gram (n, dim, from, x, g, stride, 2);
        for (gsize i = 0; i < n; i++)
          for (gsize j = 0; j < n; j++)
            {
              double sum = 0.0;

              for (gsize l = 0; l < dim && (i >= from || j >= from); l++)
                sum += (double) x[i * dim + l] * (double) x[j * dim + l];
              g_assert_cmpfloat_with_epsilon ((double) g[i * stride + j], sum, 1e-4);
            }
      }
}

static void
test_functions (void)
{
  const FoveaMatmulKernels *kernels = fovea_matmul_kernels ();
  float x[16], y[16];

  for (double from = -86.0; from < 87.0; from += 0.61)
    {
      for (guint i = 0; i < 16; i++)
        x[i] = y[i] = (float) (from + 0.037 * i);
      kernels->exp (16, y);
      for (guint i = 0; i < 16; i++)
        g_assert_cmpfloat (fabs ((double) y[i] / exp ((double) x[i]) - 1.0), <, 3e-7);
    }
  for (double from = 1e-30; from < 1e30; from *= 1.9)
    {
      for (guint i = 0; i < 16; i++)
        x[i] = y[i] = (float) (from * (1.0 + 0.05 * i));
      kernels->log (16, y);
      for (guint i = 0; i < 16; i++)
        g_assert_cmpfloat (fabs ((double) y[i] - log ((double) x[i])), <, 3e-7 * MAX (1.0, fabs (log ((double) x[i]))));
    }
  for (guint i = 0; i < 16; i++)
    x[i] = i % 2 == 0 ? -1000.0f : 1000.0f;
  kernels->exp (16, x);
  for (guint i = 0; i < 16; i++)
    g_assert_true (isfinite (x[i]) && x[i] >= 0.0f);
}

static void
test_columns (void)
{
  const FoveaMatmulKernels *kernels = fovea_matmul_kernels ();
  gsize n = 131, width = 48;
  g_autofree float *a = noise (n * width, 5), *b = noise (n * width, 6),
                   *f = noise (width, 7), *y = noise (n * width, 8), *was = noise (n * width, 8);
  g_autofree double *dots = g_new (double, width);

  kernels->column_dots (n, width, a, b, dots);
  kernels->column_axpy (n, width, f, a, y);
  for (gsize j = 0; j < width; j++)
    {
      double sum = 0.0;

      for (gsize i = 0; i < n; i++)
        {
          sum += (double) a[i * width + j] * (double) b[i * width + j];
          g_assert_cmpfloat_with_epsilon ((double) y[i * width + j], (double) was[i * width + j] + (double) f[j] * (double) a[i * width + j], 1e-6);
        }
      g_assert_cmpfloat_with_epsilon (dots[j], sum, 1e-4);
    }
}

/* The environment of each run of this test says which kernels it is about. */
static void
test_cap (void)
{
  const char *expected = g_getenv ("FOVEA_TEST_KERNELS");

  if (expected != NULL)
    g_assert_cmpstr (fovea_matmul_kernels ()->name, ==, expected);
  else
    g_assert_nonnull (fovea_matmul_kernels ()->name);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/models/matmul/product", test_product);
  g_test_add_func ("/models/matmul/gram", test_gram);
  g_test_add_func ("/models/matmul/functions", test_functions);
  g_test_add_func ("/models/matmul/columns", test_columns);
  g_test_add_func ("/models/matmul/cap", test_cap);
  return g_test_run ();
}
