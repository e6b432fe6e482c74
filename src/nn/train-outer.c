/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gradients of the weights of convolutions that have few weights and many pixels: the first layers, where oneDNN spends
 * most of its time on turning pictures. Both pictures are tall matrices with a row a pixel,
 *
 *   dw[o][k] += Σ_p dy[p][o] · columns[p][k],   columns[p] = what the window at p reads, k = (tap, channel)
 *
 * and the narrower of the two goes to f32 a few rows at a time. Threads take pixels; their sums are added in order. */
#include <omp.h>
#include <string.h>

#include "nn/train-private.h"

/* Rows a time: both matrices of that many stay in the first cache; and they are summed up by themselves first, so that the
 * last of some hundred thousand pixels is not rounded to what the sum of all before it can hold. */
#define ROWS 64

/* Columns that are worth it, and the least pixels of a picture. */
#define MAX_NARROW 64
#define MIN_PIXELS 784

static gsize
n_taps (const FoveaDnnlWindow *w)
{
  return w->kernel[0] * w->kernel[1];
}

static gboolean
is_pointwise (const FoveaDnnlWindow *w)
{
  return n_taps (w) == 1 && w->stride[0] == 1 && w->stride[1] == 1 && w->before[0] + w->before[1] + w->after[0] + w->after[1] == 0;
}

gboolean
fovea_train_outer_pays (const FoveaDnnlConvOptions *o)
{
  const FoveaDnnlWindow *w = &o->window;
  gsize columns = w->in[2] * n_taps (w);

  if (o->groups != 1 || o->transposed || w->out[0] * w->out[1] < MIN_PIXELS)
    return FALSE;
  return columns <= MAX_NARROW || (is_pointwise (w) && w->out[2] <= MAX_NARROW);
}

/* The columns (with a column of ones behind them, whose row is then db) are the narrow side, or dy is. */
static gboolean
columns_are_narrow (const FoveaDnnlWindow *w)
{
  return !is_pointwise (w) || w->in[2] <= w->out[2];
}

static gsize
narrow_size (const FoveaDnnlWindow *w)
{
  return ((columns_are_narrow (w) ? w->in[2] * n_taps (w) + 1 : w->out[2]) + 3) / 4 * 4;
}

static gsize
wide_size (const FoveaDnnlWindow *w)
{
  return (columns_are_narrow (w) ? w->out[2] : w->in[2]) + 15;
}

/* Floats of one thread: sums, narrow rows, and db where dy is narrow. */
static gsize
thread_share (const FoveaDnnlWindow *w)
{
  return (narrow_size (w) * (wide_size (w) / 16 * 16 + ROWS) + w->out[2] + 31) / 16 * 16;
}

gsize
fovea_train_outer_scratch (const FoveaDnnlConvOptions *o, guint n_threads)
{
  return n_threads * thread_share (&o->window) * sizeof (float);
}

static inline float
get (const void *data, gsize i, gboolean half)
{
  return half ? fovea_bf16_to_float (((const guint16 *) data)[i]) : ((const float *) data)[i];
}

/* What the window of output pixel @p (counted over the batch) reads, in the order of taps and channels. */
static void
fill_columns (const FoveaDnnlConvOptions *o, const void *x, gsize p, float *to)
{
  const FoveaDnnlWindow *w = &o->window;
  const gsize channels = w->in[2], plane = w->out[0] * w->out[1], n = p / plane;
  const gssize top = (gssize) (p % plane / w->out[1] * w->stride[0]) - (gssize) w->before[0];
  const gssize left = (gssize) (p % w->out[1] * w->stride[1]) - (gssize) w->before[1];

  for (gsize u = 0; u < w->kernel[0]; u++)
    for (gsize v = 0; v < w->kernel[1]; v++, to += channels)
      {
        const gssize i = top + (gssize) (u * w->dilation[0]), j = left + (gssize) (v * w->dilation[1]);

        if (i < 0 || j < 0 || i >= (gssize) w->in[0] || j >= (gssize) w->in[1])
          memset (to, 0, channels * sizeof (float));
        else
          for (gsize c = 0; c < channels; c++)
            to[c] = get (x, ((n * w->in[0] + (gsize) i) * w->in[1] + (gsize) j) * channels + c, o->half);
      }
}

static void
add_columns (const float *rows, gsize stride, gsize n_rows, gsize n, float *db)
{
  float sums[MAX_NARROW] = { 0 };

  for (gsize r = 0; r < n_rows; r++)
    for (gsize c = 0; c < n; c++)
      sums[c] += rows[r * stride + c];
  for (gsize c = 0; c < n; c++)
    db[c] += sums[c];
}

/* Sums of pixels [from, to); sums [narrow][wide], db of dy where that is narrow. */
static void
sum_pixels (const FoveaDnnlConvOptions *o, const char *x, const char *dy, gsize from, gsize to, float *sums, float *rows, float *db)
{
  const FoveaDnnlWindow *w = &o->window;
  const FoveaTrainKernels *kernels = fovea_train_kernels_get ();
  const gboolean columns = columns_are_narrow (w);
  const gsize narrow = narrow_size (w), n = columns ? w->out[2] : w->in[2], size = o->half ? 2 : 4;
  const gsize used = columns ? w->in[2] * n_taps (w) : w->out[2];

  for (gsize first = from; first < to; first += ROWS)
    {
      const gsize count = MIN (ROWS, to - first);

      for (gsize r = 0; r < count; r++)
        {
          float *row = rows + r * narrow;

          if (columns)
            fill_columns (o, x, first + r, row);
          else
            for (gsize c = 0; c < used; c++)
              row[c] = get (dy, (first + r) * used + c, o->half);
          for (gsize c = used; c < narrow; c++)
            row[c] = columns && c == used ? 1 : 0;
        }
      if (!columns)
        add_columns (rows, narrow, count, used, db);
      kernels->outer (rows, narrow, (columns ? dy : x) + first * n * size, count, narrow, n, o->half, sums, wide_size (w) / 16 * 16);
    }
}

/* Adds one thread's sums to dw [out][in][taps] and db. */
static void
add_sums (const FoveaDnnlWindow *w, const float *sums, const float *db_sums, float *dw, float *db)
{
  const gsize taps = n_taps (w), in = w->in[2], out = w->out[2], stride = wide_size (w) / 16 * 16;
  const gboolean columns = columns_are_narrow (w);

  for (gsize o = 0; dw != NULL && o < out; o++)
    for (gsize c = 0; c < in; c++)
      for (gsize t = 0; t < taps; t++)
        dw[(o * in + c) * taps + t] += columns ? sums[(t * in + c) * stride + o] : sums[o * stride + c];
  for (gsize o = 0; db != NULL && o < out; o++)
    db[o] += columns ? sums[taps * in * stride + o] : db_sums[o];
}

void
fovea_train_outer_run (const FoveaDnnlConvOptions *o, const void *x, const void *dy, float *dw, float *db, void *scratch,
                       guint n_threads)
{
  const FoveaDnnlWindow *w = &o->window;
  const gsize share = thread_share (w), pixels = w->batch * w->out[0] * w->out[1];
  const gsize n_sums = narrow_size (w) * (wide_size (w) / 16 * 16), n_rows = narrow_size (w) * ROWS;

  memset (scratch, 0, n_threads * share * sizeof (float));
#pragma omp parallel num_threads(n_threads)
  {
    const gsize index = (gsize) omp_get_thread_num (), n = (gsize) omp_get_num_threads ();
    float *own = (float *) scratch + index * share;

    sum_pixels (o, x, dy, pixels * index / n, pixels * (index + 1) / n, own, own + n_sums, own + n_sums + n_rows);
  }
  for (guint t = 0; t < n_threads; t++)
    add_sums (w, (float *) scratch + t * share, (float *) scratch + t * share + n_sums + n_rows, dw, db);
}
