/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every instruction set that this processor has against plain loops, over the edges of every tile. */
#include <math.h>
#include <string.h>

#include "nn/kernels/kernels.h"

static const FoveaIsa all_isas[] = { FOVEA_ISA_PLAIN, FOVEA_ISA_SSE41, FOVEA_ISA_AVX2, FOVEA_ISA_AVX512 };

static void
fill (float *values, gsize n, GRand *random)
{
  for (gsize i = 0; i < n; i++)
    values[i] = (float) g_rand_double_range (random, -1, 1);
}

static float
clipped (double x, float low, float high)
{
  return x < (double) low ? low : x > (double) high ? high : (float) x;
}

typedef struct {
  gsize rows, depth, n_taps, columns, width;
  gboolean pointers, residual;
} TileCase;

static void
check_tile (const FoveaKernels *kernels, const TileCase *c, GRand *random)
{
  const gsize n_in = c->rows * c->n_taps * c->depth, y_stride = c->columns + 3;
  g_autofree float *x = g_new (float, n_in), *b = g_new (float, c->n_taps *c->depth * c->width);
  g_autofree float *bias = g_new (float, c->width), *y = g_new (float, c->rows * y_stride);
  g_autofree float *residual = g_new (float, c->rows * c->columns);
  g_autofree const float **a = g_new (const float *, c->rows * c->n_taps);
  FoveaTile tile = {
    .a = c->pointers ? a : NULL, .x = x, .x_stride = c->depth, .tap_stride = c->rows * c->depth, .b = b, .bias = bias, .y = y, .y_stride = y_stride,
    .residual = c->residual ? residual : NULL, .residual_stride = c->columns, .n_taps = c->n_taps, .depth = c->depth,
    .columns = c->columns, .low = -0.5f, .high = 1.5f,
  };

  fill (x, n_in, random);
  fill (b, c->n_taps * c->depth * c->width, random);
  fill (bias, c->width, random);
  fill (residual, c->rows * c->columns, random);
  for (gsize i = 0; i < c->rows * c->n_taps; i++)
    a[i] = x + i * c->depth;
  for (gsize i = 0; i < c->rows * y_stride; i++)
    y[i] = 77;
  kernels->tile (&tile, c->rows, c->width);
  for (gsize r = 0; r < c->rows; r++)
    {
      for (gsize o = 0; o < c->columns; o++)
        {
          double sum = (double) bias[o] + (c->residual ? (double) residual[r * c->columns + o] : 0);

          for (gsize t = 0; t < c->n_taps; t++)
            for (gsize k = 0; k < c->depth; k++)
              sum += (double) x[(t * c->rows + r) * c->depth + k] * (double) b[(t * c->depth + k) * c->width + o];
          g_assert_cmpfloat_with_epsilon (y[r * y_stride + o], clipped (sum, -0.5f, 1.5f), 2e-5f);
        }
      /* Nothing beyond the columns is written. */
      for (gsize o = c->columns; o < y_stride; o++)
        g_assert_cmpfloat (y[r * y_stride + o], ==, 77);
    }
}

static void
test_tile (gconstpointer data)
{
  const FoveaKernels *kernels = data;
  g_autoptr (GRand) random = g_rand_new_with_seed (1);

  for (gsize columns = 1; columns <= kernels->max_width; columns++)
    {
      gsize width = kernels->panel_width (columns);

      if (width < columns)
        continue;
      for (gsize rows = 1; rows <= kernels->panel_rows (width); rows++)
        {
          TileCase plain = { rows, 1 + rows * 3, 1, columns, width, FALSE, columns % 2 == 1 };
          TileCase taps = { rows, 5, 3, columns, width, TRUE, columns % 2 == 0 };
          TileCase strides = { rows, 5, 3, columns, width, FALSE, columns % 2 == 0 };

          check_tile (kernels, &plain, random);
          check_tile (kernels, &taps, random);
          check_tile (kernels, &strides, random);
        }
    }
}

/* Every place that is not zero in some row is named once, in order, and nothing else; the tile over them is the sum over all. */
static void
check_sparse (const FoveaKernels *kernels, gsize rows, gsize depth, gsize columns, double share, GRand *random)
{
  const gsize width = kernels->sparse_width (columns), stride = depth + 1;
  g_autofree float *x = g_new (float, rows *stride), *b = g_new (float, depth *width), *bias = g_new (float, width);
  g_autofree float *y = g_new (float, rows *width);
  g_autofree guint16 *index = g_new0 (guint16, depth + 16);
  FoveaTile tile = {
    .x = x, .x_stride = stride, .b = b, .bias = bias, .y = y, .y_stride = width, .n_taps = 1, .depth = depth,
    .columns = MIN (columns, width), .low = -0.5f, .high = 1.5f,
  };
  gsize n, at = 0;

  fill (x, rows * stride, random);
  fill (b, depth * width, random);
  fill (bias, width, random);
  for (gsize i = 0; i < rows * stride; i++)
    if (g_rand_double (random) > share)
      x[i] = 0;
  n = kernels->find_nonzero (x, stride, rows, depth, index);
  for (gsize k = 0; k < depth; k++)
    {
      gboolean any = FALSE;

      for (gsize r = 0; r < rows; r++)
        any = any || x[r * stride + k] != 0.0f;
      if (any)
        g_assert_cmpuint (index[at++], ==, k);
    }
  g_assert_cmpuint (n, ==, at);
  kernels->sparse_tile (&tile, rows, width, index, n);
  for (gsize r = 0; r < rows; r++)
    for (gsize o = 0; o < tile.columns; o++)
      {
        double sum = (double) bias[o];

        for (gsize k = 0; k < depth; k++)
          sum += (double) x[r * stride + k] * (double) b[k * width + o];
        g_assert_cmpfloat_with_epsilon (y[r * width + o], clipped (sum, -0.5f, 1.5f), 2e-5f);
      }
}

static void
test_sparse (gconstpointer data)
{
  static const double shares[] = { 0.0, 0.1, 0.5, 1.0 };
  g_autoptr (GRand) random = g_rand_new_with_seed (4);

  for (gsize rows = 1; rows <= FOVEA_SPARSE_ROWS; rows++)
    for (gsize depth = 1; depth <= 70; depth += 1 + depth / 9)
      for (gsize columns = 1; columns <= 100; columns += 7)
        for (gsize s = 0; s < G_N_ELEMENTS (shares); s++)
          check_sparse (data, rows, depth, columns, shares[s], random);
}

/* Widths must cover any number of columns, and tiles must fit the callers' arrays. */
static void
test_panels (gconstpointer data)
{
  const FoveaKernels *kernels = data;

  for (gsize columns = 1; columns < 200; columns++)
    {
      gsize left = columns;

      while (left > 0)
        {
          gsize width = kernels->panel_width (left);

          g_assert_cmpuint (width, >, 0);
          g_assert_cmpuint (width, <=, kernels->max_width);
          g_assert_cmpuint (kernels->panel_rows (width), <=, FOVEA_TILE_MAX_ROWS);
          left -= MIN (width, left);
        }
    }
}

static void
check_depthwise (const FoveaKernels *kernels, gsize kernel, gsize stride, gsize dilation, gsize channels, gsize out_w,
                 GRand *random)
{
  const gsize in_w = (out_w - 1) * stride + (kernel - 1) * dilation + 1, row = in_w * channels;
  g_autofree float *x = g_new (float, kernel * row), *w = g_new (float, kernel *kernel * channels);
  g_autofree float *bias = g_new (float, channels), *y = g_new (float, out_w *channels + 1);
  g_autofree const float **rows = g_new (const float *, kernel);
  FoveaDepthwiseRow d = {
    .rows = rows, .w = w, .bias = bias, .y = y, .in_stride = channels, .w_stride = channels, .out_stride = channels,
    .kernel_h = kernel, .kernel_w = kernel, .stride = stride, .dilation = dilation, .channels = channels,
    .out_w = out_w, .low = 0, .high = 6,
  };

  fill (x, kernel * row, random);
  fill (w, kernel * kernel * channels, random);
  fill (bias, channels, random);
  for (gsize u = 0; u < kernel; u++)
    rows[u] = x + u * row;
  y[out_w * channels] = 77;
  kernels->depthwise_row (&d);
  g_assert_cmpfloat (y[out_w * channels], ==, 77);
  for (gsize i = 0; i < out_w; i++)
    for (gsize c = 0; c < channels; c++)
      {
        double sum = (double) bias[c];

        for (gsize u = 0; u < kernel; u++)
          for (gsize v = 0; v < kernel; v++)
            sum += (double) w[(u * kernel + v) * channels + c] *
                   (double) x[u * row + (i * stride + v * dilation) * channels + c];
        g_assert_cmpfloat_with_epsilon (y[i * channels + c], clipped (sum, 0, 6), 2e-5f);
      }
}

static void
test_depthwise (gconstpointer data)
{
  static const gsize channels[] = { 1, 3, 8, 16, 24, 45 };
  g_autoptr (GRand) random = g_rand_new_with_seed (2);

  for (gsize kernel = 1; kernel <= 7; kernel++)
    for (gsize stride = 1; stride <= 3; stride++)
      for (gsize dilation = 1; dilation <= 2; dilation++)
        for (gsize c = 0; c < G_N_ELEMENTS (channels); c++)
          for (gsize out_w = 1; out_w <= 19; out_w += 1 + c % 3)
            check_depthwise (data, kernel, stride, dilation, channels[c], out_w, random);
}

static void
test_elements (gconstpointer data)
{
  const FoveaKernels *kernels = data;
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  float a[70], b[70], y[71], sum[70];

  fill (a, 70, random);
  fill (b, 70, random);
  for (gsize n = 0; n <= 70; n++)
    {
      y[n] = 77;
      kernels->add_clip (a, b, y, n, -0.25f, 0.5f);
      for (gsize i = 0; i < n; i++)
        g_assert_cmpfloat (y[i], ==, clipped ((double) (a[i] + b[i]), -0.25f, 0.5f));
      g_assert_cmpfloat (y[n], ==, 77);
    }
  for (gsize channels = 1; channels <= 35; channels++)
    {
      memset (sum, 0, sizeof sum);
      kernels->sum_pixels (a, channels, 2, channels, sum);
      for (gsize c = 0; c < channels; c++)
        g_assert_cmpfloat (sum[c], ==, a[c] + a[channels + c]);
      g_assert_cmpfloat (sum[channels], ==, 0);
    }
}

/* What is not a number stays so; it does not become a bound. */
static void
test_nan (gconstpointer data)
{
  const FoveaKernels *kernels = data;
  float a[33], b[33], y[33];

  for (gsize i = 0; i < 33; i++)
    {
      a[i] = i % 2 == 0 ? NAN : (float) INFINITY;
      b[i] = 1;
    }
  kernels->add_clip (a, b, y, 33, 0, 6);
  for (gsize i = 0; i < 33; i++)
    if (i % 2 == 0)
      g_assert_true (isnan (y[i]));
    else
      g_assert_cmpfloat (y[i], ==, 6);
}

static void
test_cap (void)
{
  g_assert_cmpint (fovea_isa_from_name (NULL), ==, FOVEA_ISA_AVX512);
  g_assert_cmpint (fovea_isa_from_name ("DEFAULT"), ==, FOVEA_ISA_AVX512);
  g_assert_cmpint (fovea_isa_from_name ("SSE41"), ==, FOVEA_ISA_SSE41);
  g_assert_cmpint (fovea_isa_from_name ("sse41"), ==, FOVEA_ISA_SSE41);
  g_assert_cmpint (fovea_isa_from_name ("AVX"), ==, FOVEA_ISA_SSE41);
  g_assert_cmpint (fovea_isa_from_name ("AVX2"), ==, FOVEA_ISA_AVX2);
  g_assert_cmpint (fovea_isa_from_name ("AVX2_VNNI"), ==, FOVEA_ISA_AVX2);
  g_assert_cmpint (fovea_isa_from_name ("AVX512_CORE"), ==, FOVEA_ISA_AVX512);
  g_assert_cmpint (fovea_isa_from_name ("AVX512_CORE_AMX"), ==, FOVEA_ISA_AVX512);
  g_assert_cmpint (fovea_kernels_get ()->isa, <=,
                   (int) fovea_isa_from_name (g_getenv ("ONEDNN_MAX_CPU_ISA")));
}

static void
add (const FoveaKernels *kernels, const char *name, GTestDataFunc function)
{
  g_autofree char *path = g_strdup_printf ("/nn/kernels/%s/%s", kernels->name, name);

  g_test_add_data_func (path, kernels, function);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (all_isas); i++)
    {
      const FoveaKernels *kernels = fovea_kernels_for_isa (all_isas[i]);

      if (kernels == NULL)
        continue;
      add (kernels, "tile", test_tile);
      add (kernels, "sparse", test_sparse);
      add (kernels, "panels", test_panels);
      add (kernels, "depthwise", test_depthwise);
      add (kernels, "elements", test_elements);
      add (kernels, "nan", test_nan);
    }
  g_test_add_func ("/nn/kernels/cap", test_cap);
  return g_test_run ();
}
