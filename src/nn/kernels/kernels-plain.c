/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plain loops for processors that the other sets do not know, and the readable reference of their tests. */
#include "nn/kernels/kernels-private.h"

#define PANEL_WIDTH 8

static inline float
clip (float x, float low, float high)
{
  x = x < low ? low : x;
  return x > high ? high : x;
}

static gsize
panel_width (gsize columns_left)
{
  return PANEL_WIDTH;
}

static gsize
panel_rows (gsize width)
{
  return 8;
}

static void
tile (const FoveaTile *t, gsize rows, gsize width)
{
  for (gsize r = 0; r < rows; r++)
    for (gsize o = 0; o < t->columns; o++)
      {
        float sum = t->bias[o];

        for (gsize tap = 0; tap < t->n_taps; tap++)
          {
            const float *a = t->a != NULL ? t->a[tap * rows + r] : t->x + tap * t->tap_stride + r * t->x_stride;

            for (gsize k = 0; k < t->depth; k++)
              sum += a[k] * t->b[(tap * t->depth + k) * width + o];
          }
        if (t->residual != NULL)
          sum += t->residual[r * t->residual_stride + o];
        t->y[r * t->y_stride + o] = clip (sum, t->low, t->high);
      }
}

static gsize
find_nonzero (const float *x, gsize stride, gsize rows, gsize depth, guint16 *index)
{
  gsize n = 0;

  for (gsize k = 0; k < depth; k++)
    {
      gboolean zero = TRUE;

      for (gsize r = 0; r < rows; r++)
        zero = zero && x[r * stride + k] == 0;
      if (!zero)
        index[n++] = (guint16) k;
    }
  return n;
}

static void
sparse_tile (const FoveaTile *t, gsize rows, gsize width, const guint16 *index, gsize n_index)
{
  for (gsize r = 0; r < rows; r++)
    for (gsize o = 0; o < t->columns; o++)
      {
        float sum = t->bias[o];

        for (gsize i = 0; i < n_index; i++)
          sum += t->x[r * t->x_stride + index[i]] * t->b[index[i] * width + o];
        if (t->residual != NULL)
          sum += t->residual[r * t->residual_stride + o];
        t->y[r * t->y_stride + o] = clip (sum, t->low, t->high);
      }
}

static void
depthwise_row (const FoveaDepthwiseRow *d)
{
  for (gsize x = 0; x < d->out_w; x++)
    for (gsize c = 0; c < d->channels; c++)
      {
        float sum = d->bias[c];

        for (gsize u = 0; u < d->kernel_h; u++)
          for (gsize v = 0; v < d->kernel_w; v++)
            sum += d->w[(u * d->kernel_w + v) * d->w_stride + c] *
                   d->rows[u][(x * d->stride + v * d->dilation) * d->in_stride + c];
        d->y[x * d->out_stride + c] = clip (sum, d->low, d->high);
      }
}

static void
add_clip (const float *a, const float *b, float *y, gsize n, float low, float high)
{
  for (gsize i = 0; i < n; i++)
    y[i] = clip (a[i] + b[i], low, high);
}

static void
sum_pixels (const float *x, gsize stride, gsize n_pixels, gsize channels, float *sum)
{
  for (gsize p = 0; p < n_pixels; p++)
    for (gsize c = 0; c < channels; c++)
      sum[c] += x[p * stride + c];
}

const FoveaKernels fovea_kernels_plain = {
  FOVEA_ISA_PLAIN, "plain", PANEL_WIDTH, panel_width, panel_rows, tile, find_nonzero, panel_width, sparse_tile,
  depthwise_row, add_clip, sum_pixels,
};
