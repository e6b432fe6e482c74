/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/loss.h"

#include <math.h>

static double
row_weight (const FoveaLoss *loss, const float *t, gsize n_classes)
{
  double weight = 0;

  if (loss->class_weights == NULL)
    return 1;
  for (gsize k = 0; k < n_classes; k++)
    weight += (double) t[k] * (double) loss->class_weights[k];
  return weight;
}

double
fovea_loss_weight (const FoveaLoss *loss, const FoveaTensor *targets)
{
  gsize rows = (gsize) targets->shape.dim[0], classes = (gsize) targets->shape.dim[1];
  double weight = 0;

  if (loss->kind == FOVEA_LOSS_SIGMOID || loss->kind == FOVEA_LOSS_PROXY_ANCHOR)
    return (double) rows;
  for (gsize n = 0; n < rows; n++)
    weight += row_weight (loss, FOVEA_TENSOR_DATA (targets, const float) + n * classes, classes);
  return weight;
}

/* −Σ q log p of one row; d = softmax − q, since Σ q = Σ t is 1 (or what the row sums to). */
static double
softmax_row (const FoveaLoss *loss, const float *z, const float *t, float *d, gsize n, double factor)
{
  double max = (double) z[0], sum = 0, total = 0, result = 0, e = (double) loss->label_smoothing;

  for (gsize k = 1; k < n; k++)
    max = MAX (max, (double) z[k]);
  for (gsize k = 0; k < n; k++)
    {
      sum += exp ((double) z[k] - max);
      total += (double) t[k];
    }
  for (gsize k = 0; k < n; k++)
    {
      double log_p = (double) z[k] - max - log (sum), q = (1 - e) * (double) t[k] + e * total / (double) n;

      result -= q * log_p;
      d[k] = (float) (factor * (total * exp (log_p) - q));
    }
  return factor * result;
}

static double
sigmoid_row (const FoveaLoss *loss, const float *z, const float *t, float *d, gsize n, double factor)
{
  double result = 0, e = (double) loss->label_smoothing;

  for (gsize k = 0; k < n; k++)
    {
      double x = (double) z[k], q = (1 - e) * (double) t[k] + e / 2;
      double weight = loss->class_weights != NULL ? (double) loss->class_weights[k] : 1;
      double p = x >= 0 ? 1 / (1 + exp (-x)) : exp (x) / (1 + exp (x));

      d[k] = 0;
      if (t[k] < 0)
        continue;
      /* −(q log σ(x) + (1 − q) log (1 − σ(x))) = max (x, 0) − q x + log (1 + exp (−|x|)) */
      result += weight * (MAX (x, 0) - q * x + log1p (exp (-fabs (x))));
      d[k] = (float) (factor * weight * (p - q));
    }
  return factor * result;
}

/* --- metric learning --- */

/* Nearer to its proxy than this a picture's slope in the angle, 1 / sin θ, is taken as if it were here. */
#define LEAST_SINE 1e-3

/* What the margin makes of a cosine, and its slope. */
static double
add_margin (double c, double m, double *ret_slope)
{
  const double sine = sqrt (MAX (0, 1 - c * c));

  if (c <= -cos (m))
    {
      *ret_slope = 1;
      return c - m * sin (m);
    }
  *ret_slope = cos (m) + c / MAX (sine, LEAST_SINE) * sin (m);
  return c * cos (m) - sine * sin (m);
}

/* @z: room for a row. */
static double
arc_row (const FoveaLoss *loss, const float *c, const float *t, float *d, float *z, gsize n, double factor)
{
  const double s = (double) loss->scale, m = (double) loss->margin;
  double slope, result;

  for (gsize k = 0; k < n; k++)
    z[k] = (float) (s * (t[k] > 0 ? add_margin ((double) c[k], m, &slope) : (double) c[k]));
  result = softmax_row (loss, z, t, d, n, factor);
  for (gsize k = 0; k < n; k++)
    {
      slope = 1;
      if (t[k] > 0)
        add_margin ((double) c[k], m, &slope);
      d[k] = (float) ((double) d[k] * s * slope);
    }
  return result;
}

/* log (1 + Σ exp a[n]) over the rows that have class @k, or over those that have it not, where a[n] = ±s (c ∓ m); writes @factor times
 * its gradient into d. */
static double
anchor_sum (const FoveaLoss *loss, const FoveaTensor *cosines, const FoveaTensor *targets, FoveaTensor *d, gsize k, gboolean positive,
            double factor)
{
  const gsize rows = (gsize) cosines->shape.dim[0], classes = (gsize) cosines->shape.dim[1];
  const double s = positive ? -(double) loss->scale : (double) loss->scale, m = positive ? -(double) loss->margin : (double) loss->margin;
  const float *c = FOVEA_TENSOR_DATA (cosines, const float) + k, *t = FOVEA_TENSOR_DATA (targets, const float) + k;
  float *to = FOVEA_TENSOR_DATA (d, float) + k;
  double most = 0, sum;

  for (gsize n = 0; n < rows; n++)
    if ((t[n * classes] > 0) == positive)
      most = MAX (most, s * ((double) c[n * classes] + m));
  sum = exp (-most);
  for (gsize n = 0; n < rows; n++)
    if ((t[n * classes] > 0) == positive)
      sum += exp (s * ((double) c[n * classes] + m) - most);
  for (gsize n = 0; n < rows; n++)
    if ((t[n * classes] > 0) == positive)
      to[n * classes] = (float) (factor * s * exp (s * ((double) c[n * classes] + m) - most) / sum);
  return factor * (most + log (sum));
}

static double
proxy_anchor (const FoveaLoss *loss, const FoveaTensor *cosines, const FoveaTensor *targets, FoveaTensor *d, double factor)
{
  const gsize rows = (gsize) cosines->shape.dim[0], classes = (gsize) cosines->shape.dim[1];
  g_autofree gboolean *shown = g_new0 (gboolean, classes);
  gsize n_shown = 0;
  double result = 0;

  for (gsize k = 0; k < classes; k++)
    {
      for (gsize n = 0; n < rows; n++)
        shown[k] = shown[k] || FOVEA_TENSOR_DATA (targets, const float)[n * classes + k] > 0;
      n_shown += shown[k];
    }
  for (gsize k = 0; k < classes; k++)
    {
      if (shown[k])
        result += anchor_sum (loss, cosines, targets, d, k, TRUE, factor / (double) n_shown);
      result += anchor_sum (loss, cosines, targets, d, k, FALSE, factor / (double) classes);
    }
  return result;
}

gboolean
fovea_loss_compute (const FoveaLoss *loss, const FoveaTensor *logits, const FoveaTensor *targets, double total_weight,
                    FoveaTensor *d_logits, double *ret_loss, GError **error)
{
  const double scale = total_weight > 0 ? 1 / total_weight : 0;
  g_autofree float *room = NULL;
  gsize rows, classes;
  double sum = 0;

  if (logits->dtype != FOVEA_DTYPE_F32 || targets->dtype != FOVEA_DTYPE_F32)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_TYPE, "the loss takes f32, not %s and %s",
                   fovea_dtype_name (logits->dtype), fovea_dtype_name (targets->dtype));
      return FALSE;
    }
  if (logits->shape.rank != 2 || logits->shape.dim[1] < 1 || !fovea_shape_equal (&logits->shape, &targets->shape))
    {
      g_autofree char *z = fovea_shape_to_string (&logits->shape), *t = fovea_shape_to_string (&targets->shape);

      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE, "the model's logits are %s, the targets %s", z, t);
      return FALSE;
    }
  rows = (gsize) logits->shape.dim[0];
  classes = (gsize) logits->shape.dim[1];
  if (loss->kind == FOVEA_LOSS_PROXY_ANCHOR)
    {
      *ret_loss += proxy_anchor (loss, logits, targets, d_logits, (double) rows * scale);
      return TRUE;
    }
  room = loss->kind == FOVEA_LOSS_ARC ? g_new (float, classes) : NULL;
  for (gsize n = 0; n < rows; n++)
    {
      const float *z = FOVEA_TENSOR_DATA (logits, const float) + n * classes;
      const float *t = FOVEA_TENSOR_DATA (targets, const float) + n * classes;
      float *d = FOVEA_TENSOR_DATA (d_logits, float) + n * classes;

      if (loss->kind == FOVEA_LOSS_ARC)
        sum += arc_row (loss, z, t, d, room, classes, scale * row_weight (loss, t, classes));
      else if (loss->kind == FOVEA_LOSS_SOFTMAX)
        sum += softmax_row (loss, z, t, d, classes, scale * row_weight (loss, t, classes));
      else
        sum += sigmoid_row (loss, z, t, d, classes, scale);
    }
  *ret_loss += sum;
  return TRUE;
}

FoveaTensor *
fovea_targets_new (const guint *classes, gsize n, guint n_classes, GError **error)
{
  FoveaShape shape = fovea_shape (2, (gint64) n, (gint64) n_classes);
  FoveaTensor *targets = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, error);

  for (gsize i = 0; targets != NULL && i < n; i++)
    {
      g_return_val_if_fail (classes[i] < n_classes, targets);
      FOVEA_TENSOR_DATA (targets, float)[i * n_classes + classes[i]] = 1;
    }
  return targets;
}
