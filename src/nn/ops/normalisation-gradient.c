/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "nn/ops/gradient.h"

/* Gradients of what normalises. Over the n values of one group, with x^ = (x − mean) · r and r = 1 / √(variance + ε),
 *
 *   dx = r · (g − mean (g) − x^ · mean (g · x^)),   g = dy · scale
 *   d scale = Σ dy · x^,   d bias = Σ dy
 *
 * and with statistics that do not depend on x the two means fall away. Source: Ioffe and Szegedy, Batch normalization,
 * 2015, section 3. */

typedef struct {
  double mean, inverse; /* r */
  double n, sum, sum_hat; /* Σ g, Σ g · x^ */
} Group;

static double
epsilon_of (const FoveaGradientContext *ctx)
{
  return (double) fovea_node_float (ctx->op.node, "epsilon", 1e-5f);
}

static double
hat (const Group *group, const FoveaTensor *x, gsize i)
{
  return (fovea_tensor_real (x, i) - group->mean) * group->inverse;
}

/* dx of one value from its g. */
static double
centre (const Group *group, double g, double x_hat)
{
  return group->inverse * (g - group->sum / group->n - x_hat * group->sum_hat / group->n);
}

/* Groups of element i: first all values are added, then the statistics are finished. */
static void
find_statistics (const FoveaTensor *x, Group *groups, gsize n_groups, const gsize *group_of, double epsilon)
{
  for (gsize i = 0; i < x->n_elements; i++)
    {
      groups[group_of[i]].mean += fovea_tensor_real (x, i);
      groups[group_of[i]].n += 1;
    }
  for (gsize k = 0; k < n_groups; k++)
    groups[k].mean /= MAX (1, groups[k].n);
  for (gsize i = 0; i < x->n_elements; i++)
    {
      double d = fovea_tensor_real (x, i) - groups[group_of[i]].mean;

      groups[group_of[i]].inverse += d * d;
    }
  for (gsize k = 0; k < n_groups; k++)
    groups[k].inverse = 1 / sqrt (groups[k].inverse / MAX (1, groups[k].n) + epsilon);
}

/* @scale_of: the element of scale and bias that element i is multiplied and shifted with. @fixed: the statistics do not
 * depend on x. */
static void
differentiate_groups (const FoveaGradientContext *ctx, Group *groups, const gsize *group_of, const gsize *scale_of,
                      gboolean fixed)
{
  const FoveaTensor *x = ctx->op.in[0], *d_y = ctx->d_out[0];
  double *d_x = fovea_gradient_of (ctx, 0), *d_scale = fovea_gradient_of (ctx, 1), *d_bias = fovea_gradient_of (ctx, 2);

  for (gsize i = 0; i < x->n_elements; i++)
    {
      Group *group = &groups[group_of[i]];
      double d = fovea_tensor_real (d_y, i), x_hat = hat (group, x, i);
      double g = d * fovea_tensor_real (ctx->op.in[1], scale_of[i]);

      if (d_scale != NULL)
        d_scale[scale_of[i]] += d * x_hat;
      if (d_bias != NULL)
        d_bias[scale_of[i]] += d;
      group->sum += fixed ? 0 : g;
      group->sum_hat += fixed ? 0 : g * x_hat;
    }
  for (gsize i = 0; d_x != NULL && i < x->n_elements; i++)
    d_x[i] += centre (&groups[group_of[i]],
                      fovea_tensor_real (d_y, i) * fovea_tensor_real (ctx->op.in[1], scale_of[i]),
                      hat (&groups[group_of[i]], x, i));
}

static gboolean
only_first_output (const FoveaGradientContext *ctx, GError **error)
{
  for (guint i = 1; i < ctx->op.n_out; i++)
    if (ctx->d_out[i] != NULL)
      return fovea_refuse (error, UNSUPPORTED, "nothing can be trained through its statistics");
  return TRUE;
}

gboolean
fovea_gradient_of_batch_norm (const FoveaGradientContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->op.in[0];
  gsize channels = (gsize) x->shape.dim[1], plane = x->n_elements == 0 ? 1 : x->n_elements / (gsize) x->shape.dim[0] / channels;
  g_autofree gsize *channel_of = g_new (gsize, x->n_elements);
  g_autofree Group *groups = g_new0 (Group, channels);
  gboolean trains = fovea_node_int (ctx->op.node, "training_mode", 0) != 0;

  if (!only_first_output (ctx, error))
    return FALSE;
  for (gsize i = 0; i < x->n_elements; i++)
    channel_of[i] = i / plane % channels;
  if (trains)
    find_statistics (x, groups, channels, channel_of, epsilon_of (ctx));
  for (gsize c = 0; !trains && c < channels; c++)
    groups[c] = (Group) { .mean = fovea_tensor_real (ctx->op.in[3], c), .n = 1,
                          .inverse = 1 / sqrt (fovea_tensor_real (ctx->op.in[4], c) + epsilon_of (ctx)) };
  differentiate_groups (ctx, groups, channel_of, channel_of, !trains);
  return TRUE;
}

gboolean
fovea_gradient_of_group_norm (const FoveaGradientContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->op.in[0], *scale = ctx->op.in[1];
  gsize channels = (gsize) x->shape.dim[1], plane = x->n_elements == 0 ? 1 : x->n_elements / (gsize) x->shape.dim[0] / channels;
  gsize n_groups = (gsize) fovea_node_int (ctx->op.node, "num_groups", (gint64) channels), per_group = channels / n_groups;
  g_autofree gsize *group_of = g_new (gsize, x->n_elements), *scale_of = g_new (gsize, x->n_elements);
  g_autofree Group *groups = g_new0 (Group, (gsize) x->shape.dim[0] * n_groups);

  for (gsize i = 0; i < x->n_elements; i++)
    {
      group_of[i] = i / (plane * per_group);
      scale_of[i] = scale->n_elements == channels ? i / plane % channels : group_of[i] % n_groups;
    }
  find_statistics (x, groups, (gsize) x->shape.dim[0] * n_groups, group_of, epsilon_of (ctx));
  differentiate_groups (ctx, groups, group_of, scale_of, FALSE);
  return TRUE;
}

/* Where element i of the normalised axes finds its scale (or bias), which broadcasts to them. */
static gsize *
places_in (const FoveaShape *tail, const FoveaShape *operand, gsize n)
{
  gsize *places = g_new0 (gsize, n);
  FoveaBroadcast it;

  for (fovea_broadcast_init (&it, tail, 1, operand); it.more; fovea_broadcast_next (&it))
    for (gint64 j = 0; j < it.inner; j++)
      places[it.out + j] = (gsize) (it.offset[0] + j * it.step[0]);
  return places;
}

gboolean
fovea_gradient_of_layer_norm (const FoveaGradientContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->op.in[0], *bias = fovea_op_in (&ctx->op, 2);
  g_autofree gsize *group_of = g_new (gsize, x->n_elements), *scale_of = g_new (gsize, x->n_elements);
  g_autofree Group *groups = NULL;
  g_autofree gsize *places = NULL;
  FoveaShape tail = { 0 };
  gsize inner;
  int axis;

  if (!only_first_output (ctx, error)
      || !fovea_op_axis (fovea_node_int (ctx->op.node, "axis", -1), x->shape.rank, &axis, error))
    return FALSE;
  if (bias != NULL && !fovea_shape_equal (&bias->shape, &ctx->op.in[1]->shape))
    return fovea_refuse (error, UNSUPPORTED, "has a gradient only where scale and bias have one shape");
  inner = (gsize) fovea_shape_span (&x->shape, axis, x->shape.rank);
  if (inner == 0)
    return TRUE;
  tail.rank = x->shape.rank - axis;
  memcpy (tail.dim, &x->shape.dim[axis], sizeof (gint64) * (gsize) tail.rank);
  places = places_in (&tail, &ctx->op.in[1]->shape, inner);
  for (gsize i = 0; i < x->n_elements; i++)
    {
      group_of[i] = i / inner;
      scale_of[i] = places[i % inner];
    }
  groups = g_new0 (Group, x->n_elements / inner);
  find_statistics (x, groups, x->n_elements / inner, group_of, epsilon_of (ctx));
  differentiate_groups (ctx, groups, group_of, scale_of, FALSE);
  return TRUE;
}

/* y = x / |x|:  p = 2: dx = (dy − y Σ y dy) / |x|;  p = 1: dx = (dy − sign (x) Σ y dy) / |x| */
gboolean
fovea_gradient_of_lp_norm (const FoveaGradientContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->op.in[0], *y = ctx->op.out[0], *d_y = ctx->d_out[0];
  gint64 p = fovea_node_int (ctx->op.node, "p", 2);
  double *d_x = fovea_gradient_of (ctx, 0);
  gsize inner, length;
  int axis;

  if (d_x == NULL || !fovea_op_axis (fovea_node_int (ctx->op.node, "axis", -1), x->shape.rank, &axis, error))
    return d_x == NULL;
  inner = (gsize) fovea_shape_span (&x->shape, axis + 1, x->shape.rank);
  length = (gsize) x->shape.dim[axis];
  for (gsize i = 0; i < x->n_elements; i++)
    {
      double norm = 0, sum = 0;

      if (i / inner % length != 0)
        continue; /* only the first element of every vector starts one */
      for (gsize at = i; at < i + length * inner; at += inner)
        {
          double value = fovea_tensor_real (x, at);

          norm += p == 1 ? fabs (value) : value * value;
          sum += fovea_tensor_real (y, at) * fovea_tensor_real (d_y, at);
        }
      norm = p == 1 ? norm : sqrt (norm);
      for (gsize at = i; norm > 0 && at < i + length * inner; at += inner)
        {
          double value = fovea_tensor_real (x, at), slope = p == 2 ? value / norm : (value > 0) - (value < 0);

          d_x[at] += (fovea_tensor_real (d_y, at) - slope * sum) / norm;
        }
    }
  return TRUE;
}
