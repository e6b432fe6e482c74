/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/resize-axis.h"

#include <math.h>

static double
coordinate (const FoveaResizeRule *rule, const FoveaResizeAxis *axis, gint64 o)
{
  double in = (double) axis->in, out = (double) axis->out, length = axis->scale * in, at = (double) o;

  switch (rule->map)
    {
    case FOVEA_RESIZE_PYTORCH_HALF_PIXEL:
      return axis->out > 1 ? (at + 0.5) / axis->scale - 0.5 : 0;
    case FOVEA_RESIZE_HALF_PIXEL_SYMMETRIC:
      return in / 2 * (1 - out / length) + (at + 0.5) / axis->scale - 0.5;
    case FOVEA_RESIZE_ALIGN_CORNERS:
      return length == 1 ? 0 : at * (in - 1) / (length - 1);
    case FOVEA_RESIZE_ASYMMETRIC:
      return at / axis->scale;
    case FOVEA_RESIZE_TF_HALF_PIXEL:
      return (at + 0.5) / axis->scale;
    case FOVEA_RESIZE_TF_CROP:
      if (axis->out == 1)
        return (axis->start + axis->end) * (in - 1) / 2;
      return axis->start * (in - 1) + at * (axis->end - axis->start) * (in - 1) / (out - 1);
    case FOVEA_RESIZE_HALF_PIXEL:
    default:
      return (at + 0.5) / axis->scale - 0.5;
    }
}

static double
nearest (const FoveaResizeRule *rule, const FoveaResizeAxis *axis, double x)
{
  switch (rule->rounding)
    {
    case FOVEA_RESIZE_ROUND_UP:
      return floor (x + 0.5);
    case FOVEA_RESIZE_FLOOR:
      return floor (x);
    case FOVEA_RESIZE_CEIL:
      return ceil (x);
    case FOVEA_RESIZE_SIMPLE:
      return axis->scale < 1 ? ceil (x) : floor (x);
    case FOVEA_RESIZE_ROUND_DOWN:
    default:
      return ceil (x - 0.5);
    }
}

static double
kernel (const FoveaResizeRule *rule, double t)
{
  double a = rule->cubic_a;

  t = fabs (t);
  if (rule->mode == FOVEA_RESIZE_LINEAR)
    return MAX (0, 1 - t);
  if (t <= 1)
    return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

/* Room for the taps of one output. */
static gsize
most_taps (const FoveaResizeRule *rule, const FoveaResizeAxis *axis, double *ret_stretch)
{
  double support = rule->mode == FOVEA_RESIZE_LINEAR ? 1 : 2;

  *ret_stretch = rule->antialias && axis->scale < 1 ? 1 / axis->scale : 1;
  return rule->mode == FOVEA_RESIZE_NEAREST ? 1 : (gsize) ceil (2 * support * *ret_stretch) + 1;
}

/* Writes the taps of the output at @x behind *n. */
static void
add_taps (FoveaResizeTaps *taps, gsize *n, const FoveaResizeRule *rule, const FoveaResizeAxis *axis, double x,
          double stretch)
{
  double reach = (rule->mode == FOVEA_RESIZE_LINEAR ? 1 : 2) * stretch, sum = 0;
  gsize begin = *n;

  for (gint64 i = (gint64) floor (x - reach) + 1; (double) i < x + reach; i++)
    {
      gboolean outside = i < 0 || i >= axis->in;
      double weight = kernel (rule, ((double) i - x) / stretch);

      if (outside && rule->exclude_outside)
        continue;
      taps->index[*n] = CLAMP (i, 0, axis->in - 1);
      taps->weight[(*n)++] = weight;
      sum += weight;
    }
  for (gsize t = begin; t < *n && sum != 0; t++)
    taps->weight[t] /= sum;
}

static void
fill_taps (FoveaResizeTaps *taps, const FoveaResizeRule *rule, const FoveaResizeAxis *axis, double stretch)
{
  gsize n = 0;

  for (gint64 o = 0; o < axis->out; o++)
    {
      double x = coordinate (rule, axis, o);

      taps->begin[o] = n;
      if (rule->map == FOVEA_RESIZE_TF_CROP && !(x >= 0 && x <= (double) (axis->in - 1)))
        {
          taps->outside[o] = 1;
          continue;
        }
      /* every rule stays near the input; this only keeps the conversion to integers defined */
      x = isnan (x) ? 0 : CLAMP (x, -1e9, (double) axis->in + 1e9);
      if (rule->mode == FOVEA_RESIZE_NEAREST)
        {
          taps->index[n] = (gint64) CLAMP (nearest (rule, axis, x), 0, (double) (axis->in - 1));
          taps->weight[n++] = 1;
        }
      else
        add_taps (taps, &n, rule, axis, x, stretch);
    }
  taps->begin[axis->out] = n;
}

FoveaResizeTaps *
fovea_resize_taps_new (const FoveaResizeRule *rule, const FoveaResizeAxis *axis, GError **error)
{
  FoveaResizeTaps *taps = g_new0 (FoveaResizeTaps, 1);
  double stretch;
  gsize most = most_taps (rule, axis, &stretch), n = 0;

  taps->n_out = axis->out;
  if (g_size_checked_mul (&n, most, (gsize) axis->out))
    {
      taps->begin = g_try_new (gsize, (gsize) axis->out + 1);
      taps->index = g_try_new (gint64, n);
      taps->weight = g_try_new (double, n);
      taps->outside = g_try_new0 (guint8, (gsize) axis->out);
    }
  if (taps->begin == NULL || taps->index == NULL || taps->weight == NULL || taps->outside == NULL)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MEMORY,
                   "no memory to resize an axis of %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, axis->in, axis->out);
      fovea_resize_taps_free (taps);
      return NULL;
    }
  fill_taps (taps, rule, axis, stretch);
  return taps;
}

void
fovea_resize_taps_free (FoveaResizeTaps *taps)
{
  g_free (taps->begin);
  g_free (taps->index);
  g_free (taps->weight);
  g_free (taps->outside);
  g_free (taps);
}
