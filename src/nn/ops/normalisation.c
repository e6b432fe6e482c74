/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"

#include <math.h>

#include "nn/ops/gradient.h"

/* BatchNormalization, InstanceNormalization, GroupNormalization, LayerNormalization, MeanVarianceNormalization, LRN,
 * LpNormalization.
 *
 *   y = (x − mean) / √(variance + epsilon) · scale + bias      population variance, over what the operator's name says
 *
 * Sums run in double, whatever the tensor's type. */

static void
mean_and_variance (const FoveaTensor *x, gsize begin, gsize n, double *ret_mean, double *ret_variance)
{
  double sum = 0, square = 0;

  for (gsize i = 0; i < n; i++)
    sum += fovea_tensor_real (x, begin + i);
  *ret_mean = sum / (double) n;
  for (gsize i = 0; i < n; i++)
    {
      double d = fovea_tensor_real (x, begin + i) - *ret_mean;

      square += d * d;
    }
  *ret_variance = square / (double) n;
}

static gboolean
check_epsilon (const FoveaOpContext *ctx, double *ret_epsilon, GError **error)
{
  *ret_epsilon = (double) fovea_node_float (ctx->node, "epsilon", 1e-5f);
  if (!isfinite (*ret_epsilon) || *ret_epsilon < 0)
    return fovea_refuse (error, MALFORMED, "epsilon is %g, expected 0 or more", *ret_epsilon);
  return TRUE;
}

/* [C] vectors of a float type beside the input [N, C, …]. */
static gboolean
check_channel_inputs (const FoveaOpContext *ctx, guint n_inputs, GError **error)
{
  const FoveaShape *x = &ctx->in[0]->shape;

  if (x->rank < 2)
    return fovea_refuse (error, SHAPE, "the input has rank %d, expected [N, C, …]", x->rank);
  for (guint i = 1; i < n_inputs; i++)
    if (!fovea_op_check_in (ctx, i, FOVEA_DTYPES_REAL, error) || !fovea_op_check_vector (ctx, i, x->dim[1], error))
      return FALSE;
  return TRUE;
}

/* Elements of a plane of x [N, C, …]; 0 when x is empty. */
static gsize
plane_of (const FoveaTensor *x)
{
  return x->n_elements == 0 ? 0 : x->n_elements / (gsize) (x->shape.dim[0] * x->shape.dim[1]);
}

/* Batch normalisation of opset 1 and 6 has a flag for inference, 7 to 13 infer unless the statistics are asked for,
 * from 14 on there is an attribute. */
static gboolean
batch_norm_trains (const FoveaOpContext *ctx)
{
  if (ctx->opset >= 14)
    return fovea_node_int (ctx->node, "training_mode", 0) != 0;
  if (ctx->opset < 7 && fovea_node_int (ctx->node, "is_test", 0) == 0)
    return TRUE;
  for (guint i = 1; i < ctx->n_out; i++)
    if (fovea_op_wants (ctx, i))
      return TRUE;
  return FALSE;
}

static gboolean
batch_norm_shape (FoveaOpContext *ctx, GError **error)
{
  FoveaShape channels;
  double epsilon;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error) || !check_epsilon (ctx, &epsilon, error))
    return FALSE;
  if (fovea_node_int (ctx->node, "spatial", 1) == 0)
    return fovea_refuse (error, UNSUPPORTED, "statistics for every pixel (spatial = 0) are not supported");
  if (batch_norm_trains (ctx) && ctx->opset < 14)
    return fovea_refuse (error, UNSUPPORTED, "training mode is supported from opset 14 on");
  if (!check_channel_inputs (ctx, 5, error))
    return FALSE;
  channels = fovea_shape (1, ctx->in[0]->shape.dim[1]);
  for (guint i = 1; i < ctx->n_out; i++)
    if (fovea_op_wants (ctx, i) && !batch_norm_trains (ctx))
      return fovea_refuse (error, MALFORMED, "running statistics are asked for outside training mode");
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &ctx->in[0]->shape);
  if (ctx->n_out > 1)
    fovea_op_declare (ctx, 1, ctx->in[3]->dtype, &channels);
  if (ctx->n_out > 2)
    fovea_op_declare (ctx, 2, ctx->in[4]->dtype, &channels);
  return TRUE;
}

FOVEA_DEFINE_INFER (batch_norm)

/* Statistics of channel @c over batch and space. */
static void
channel_statistics (const FoveaTensor *x, gsize c, double *ret_mean, double *ret_variance)
{
  gsize channels = (gsize) x->shape.dim[1], plane = plane_of (x), n = (gsize) x->shape.dim[0];
  double mean = 0, square = 0;

  for (gsize b = 0; b < n; b++)
    for (gsize i = 0; i < plane; i++)
      mean += fovea_tensor_real (x, (b * channels + c) * plane + i);
  mean /= (double) (n * plane);
  for (gsize b = 0; b < n; b++)
    for (gsize i = 0; i < plane; i++)
      {
        double d = fovea_tensor_real (x, (b * channels + c) * plane + i) - mean;

        square += d * d;
      }
  *ret_mean = mean;
  *ret_variance = square / (double) (n * plane);
}

static gboolean
batch_norm_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0];
  gsize channels = (gsize) x->shape.dim[1], plane = plane_of (x);
  double momentum = (double) fovea_node_float (ctx->node, "momentum", 0.9f), epsilon;

  if (!check_epsilon (ctx, &epsilon, error))
    return FALSE;
  for (gsize c = 0; c < channels; c++)
    {
      double mean = fovea_tensor_real (ctx->in[3], c), variance = fovea_tensor_real (ctx->in[4], c), factor, shift;

      if (batch_norm_trains (ctx))
        {
          double old_mean = mean, old_variance = variance;

          channel_statistics (x, c, &mean, &variance);
          if (fovea_op_out (ctx, 1) != NULL)
            fovea_tensor_set_real (ctx->out[1], c, old_mean * momentum + mean * (1 - momentum));
          if (fovea_op_out (ctx, 2) != NULL)
            fovea_tensor_set_real (ctx->out[2], c, old_variance * momentum + variance * (1 - momentum));
        }
      if (fovea_op_out (ctx, 0) == NULL)
        continue;
      factor = fovea_tensor_real (ctx->in[1], c) / sqrt (variance + epsilon);
      shift = fovea_tensor_real (ctx->in[2], c) - mean * factor;
      for (gsize b = 0; plane > 0 && b < (gsize) x->shape.dim[0]; b++)
        for (gsize i = (b * channels + c) * plane; i < (b * channels + c + 1) * plane; i++)
          fovea_tensor_set_real (ctx->out[0], i, fovea_tensor_real (x, i) * factor + shift);
    }
  return TRUE;
}

static gboolean
instance_norm_shape (FoveaOpContext *ctx, GError **error)
{
  double epsilon;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error) || !check_channel_inputs (ctx, 3, error)
      || !check_epsilon (ctx, &epsilon, error))
    return FALSE;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &ctx->in[0]->shape);
  return TRUE;
}

/* scale and bias: one a group in opset 18 to 20, one a channel from 21 on */
static gboolean
group_norm_shape (FoveaOpContext *ctx, GError **error)
{
  gint64 groups = fovea_node_int (ctx->node, "num_groups", 0), channels;
  double epsilon;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error) || !check_epsilon (ctx, &epsilon, error))
    return FALSE;
  if (ctx->in[0]->shape.rank < 2)
    return fovea_refuse (error, SHAPE, "the input has rank %d, expected [N, C, …]", ctx->in[0]->shape.rank);
  channels = ctx->in[0]->shape.dim[1];
  if (groups < 1 || channels % groups != 0)
    return fovea_refuse (error, SHAPE, "%" G_GINT64_FORMAT " groups do not divide %" G_GINT64_FORMAT " channels", groups,
                         channels);
  for (guint i = 1; i < 3; i++)
    if (!fovea_op_check_in (ctx, i, FOVEA_DTYPES_REAL, error)
        || !fovea_op_check_vector (ctx, i, ctx->opset >= 21 ? channels : groups, error))
      return FALSE;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &ctx->in[0]->shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (instance_norm)
FOVEA_DEFINE_INFER (group_norm)

/* Every picture's channels in @groups runs; scale and bias have an element a group or a channel. */
static void
normalise_groups (FoveaOpContext *ctx, gsize groups, double epsilon)
{
  const FoveaTensor *x = ctx->in[0], *scale = ctx->in[1], *bias = ctx->in[2];
  gsize channels = (gsize) x->shape.dim[1], plane = plane_of (x), per_group;

  if (x->n_elements == 0)
    return;
  per_group = channels / groups;
  for (gsize g = 0; g < (gsize) x->shape.dim[0] * groups; g++)
    {
      gsize begin = g * per_group * plane;
      double mean, variance;

      mean_and_variance (x, begin, per_group * plane, &mean, &variance);
      for (gsize i = begin; i < begin + per_group * plane; i++)
        {
          gsize at = scale->n_elements == groups ? g % groups : i / plane % channels;

          fovea_tensor_set_real (ctx->out[0], i,
                                 (fovea_tensor_real (x, i) - mean) / sqrt (variance + epsilon)
                                     * fovea_tensor_real (scale, at) + fovea_tensor_real (bias, at));
        }
    }
}

static gboolean
instance_norm_run (FoveaOpContext *ctx, GError **error)
{
  double epsilon;

  if (!check_epsilon (ctx, &epsilon, error))
    return FALSE;
  normalise_groups (ctx, (gsize) ctx->in[0]->shape.dim[1], epsilon);
  return TRUE;
}

static gboolean
group_norm_run (FoveaOpContext *ctx, GError **error)
{
  double epsilon;

  if (!check_epsilon (ctx, &epsilon, error))
    return FALSE;
  normalise_groups (ctx, (gsize) fovea_node_int (ctx->node, "num_groups", 1), epsilon);
  return TRUE;
}

/* Over the axes from @axis on; Mean and InvStdDev keep them as 1. */
static gboolean
layer_norm_read (const FoveaOpContext *ctx, int *ret_axis, gsize *ret_inner, GError **error)
{
  const FoveaShape *x = &ctx->in[0]->shape;

  if (!fovea_op_axis (fovea_node_int (ctx->node, "axis", -1), x->rank, ret_axis, error))
    return FALSE;
  *ret_inner = (gsize) fovea_shape_span (x, *ret_axis, x->rank);
  return TRUE;
}

static gboolean
layer_norm_shape (FoveaOpContext *ctx, GError **error)
{
  FoveaShape statistics;
  gsize inner;
  double epsilon;
  int axis;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error) || !check_epsilon (ctx, &epsilon, error)
      || !layer_norm_read (ctx, &axis, &inner, error))
    return FALSE;
  if (fovea_node_int (ctx->node, "stash_type", 1) != 1)
    return fovea_refuse (error, UNSUPPORTED, "stash_type other than f32 is not supported");
  statistics = ctx->in[0]->shape;
  for (int i = axis; i < statistics.rank; i++)
    statistics.dim[i] = 1;
  for (guint i = 1; i < 3; i++)
    {
      FoveaShape tail = { .rank = statistics.rank - axis }, both;

      if (i == 2 && fovea_op_in (ctx, 2) == NULL)
        continue;
      memcpy (tail.dim, &ctx->in[0]->shape.dim[axis], sizeof (gint64) * (gsize) tail.rank);
      if (!fovea_op_check_in (ctx, i, FOVEA_DTYPES_REAL, error)
          || !fovea_broadcast_shapes (&tail, &ctx->in[i]->shape, &both, error))
        return FALSE;
      if (!fovea_shape_equal (&tail, &both))
        return fovea_refuse (error, SHAPE, "input %u does not fit the normalised axes", i);
    }
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &ctx->in[0]->shape);
  fovea_op_declare (ctx, 1, FOVEA_DTYPE_F32, &statistics);
  fovea_op_declare (ctx, 2, FOVEA_DTYPE_F32, &statistics);
  return TRUE;
}

FOVEA_DEFINE_INFER (layer_norm)

/* y[begin …] ∗= or += the values of @operand broadcast over the normalised axes */
static void
apply_affine (FoveaTensor *y, gsize begin, const FoveaShape *tail, const FoveaTensor *operand, gboolean multiply)
{
  FoveaBroadcast it;

  for (fovea_broadcast_init (&it, tail, 1, &operand->shape); it.more; fovea_broadcast_next (&it))
    for (gint64 j = 0; j < it.inner; j++)
      {
        gsize at = begin + (gsize) (it.out + j);
        double value = fovea_tensor_real (operand, (gsize) (it.offset[0] + j * it.step[0]));
        double old = fovea_tensor_real (y, at);

        fovea_tensor_set_real (y, at, multiply ? old * value : old + value);
      }
}

static gboolean
layer_norm_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0];
  FoveaShape tail = { 0 };
  double epsilon;
  gsize inner;
  int axis;

  if (!layer_norm_read (ctx, &axis, &inner, error) || !check_epsilon (ctx, &epsilon, error))
    return FALSE;
  tail.rank = x->shape.rank - axis;
  memcpy (tail.dim, &x->shape.dim[axis], sizeof (gint64) * (gsize) tail.rank);
  for (gsize begin = 0; begin < x->n_elements; begin += inner)
    {
      double mean, variance, inverse;

      mean_and_variance (x, begin, inner, &mean, &variance);
      inverse = 1 / sqrt (variance + epsilon);
      if (fovea_op_out (ctx, 1) != NULL)
        fovea_tensor_set_real (ctx->out[1], begin / inner, mean);
      if (fovea_op_out (ctx, 2) != NULL)
        fovea_tensor_set_real (ctx->out[2], begin / inner, inverse);
      if (fovea_op_out (ctx, 0) == NULL)
        continue;
      for (gsize i = begin; i < begin + inner; i++)
        fovea_tensor_set_real (ctx->out[0], i, (fovea_tensor_real (x, i) - mean) * inverse);
      apply_affine (ctx->out[0], begin, &tail, ctx->in[1], TRUE);
      if (fovea_op_in (ctx, 2) != NULL)
        apply_affine (ctx->out[0], begin, &tail, ctx->in[2], FALSE);
    }
  return TRUE;
}

/* MeanVarianceNormalization: y = (x − mean) / (√variance + 1e-9) over the axes given, [0, 2, 3] when none are. */
static gboolean
mvn_axes (const FoveaOpContext *ctx, gboolean *ret_reduced, GError **error)
{
  static const gint64 usual[] = { 0, 2, 3 };
  gsize n = 0;
  const gint64 *axes = fovea_node_ints (ctx->node, "axes", &n);

  return fovea_op_axes (axes != NULL ? axes : usual, axes != NULL ? n : G_N_ELEMENTS (usual), ctx->in[0]->shape.rank,
                        ret_reduced, error);
}

static gboolean
mvn_shape (FoveaOpContext *ctx, GError **error)
{
  gboolean reduced[FOVEA_MAX_RANK];

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error) || !mvn_axes (ctx, reduced, error))
    return FALSE;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &ctx->in[0]->shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (mvn)

static gboolean
mvn_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0];
  FoveaShape kept = x->shape;
  g_autoptr (FoveaTensor) mean = NULL;
  g_autoptr (FoveaTensor) square = NULL;
  gboolean reduced[FOVEA_MAX_RANK];
  FoveaBroadcast it;
  double n;

  if (!mvn_axes (ctx, reduced, error))
    return FALSE;
  if (x->n_elements == 0)
    return TRUE;
  for (int i = 0; i < kept.rank; i++)
    if (reduced[i])
      kept.dim[i] = 1;
  mean = fovea_tensor_new (FOVEA_DTYPE_F64, &kept, error);
  square = mean != NULL ? fovea_tensor_new (FOVEA_DTYPE_F64, &kept, error) : NULL;
  if (square == NULL)
    return FALSE;
  n = (double) (x->n_elements / mean->n_elements);
  for (int pass = 0; pass < 3; pass++)
    for (fovea_broadcast_init (&it, &x->shape, 1, &kept); it.more; fovea_broadcast_next (&it))
      for (gint64 j = 0; j < it.inner; j++)
        {
          gsize at = (gsize) (it.out + j), k = (gsize) (it.offset[0] + j * it.step[0]);
          double d = fovea_tensor_real (x, at) - FOVEA_TENSOR_DATA (mean, double)[k];

          if (pass == 0)
            FOVEA_TENSOR_DATA (mean, double)[k] += fovea_tensor_real (x, at) / n;
          else if (pass == 1)
            FOVEA_TENSOR_DATA (square, double)[k] += d * d / n;
          else
            fovea_tensor_set_real (ctx->out[0], at, d / (sqrt (FOVEA_TENSOR_DATA (square, double)[k]) + 1e-9));
        }
  return TRUE;
}

/* LRN: y[c] = x[c] / (bias + alpha / size · Σ x²)^beta, the sum over channels c − ⌊(size−1)/2⌋ … c + ⌈(size−1)/2⌉. */
static gboolean
lrn_shape (FoveaOpContext *ctx, GError **error)
{
  gint64 size = fovea_node_int (ctx->node, "size", 0);

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error))
    return FALSE;
  if (ctx->in[0]->shape.rank < 2)
    return fovea_refuse (error, SHAPE, "the input has rank %d, expected [N, C, …]", ctx->in[0]->shape.rank);
  if (size < 1 || size > G_MAXINT32)
    return fovea_refuse (error, MALFORMED, "size is %" G_GINT64_FORMAT ", expected at least 1", size);
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &ctx->in[0]->shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (lrn)

static gboolean
lrn_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0];
  double alpha = (double) fovea_node_float (ctx->node, "alpha", 1e-4f);
  double beta = (double) fovea_node_float (ctx->node, "beta", 0.75f);
  double bias = (double) fovea_node_float (ctx->node, "bias", 1);
  gint64 size = fovea_node_int (ctx->node, "size", 1), channels = x->shape.dim[1];
  gsize plane = plane_of (x);

  for (gsize i = 0; i < x->n_elements; i++)
    {
      gint64 c = (gint64) (i / plane % (gsize) channels);
      gint64 begin = MAX (0, c - (size - 1) / 2), end = MIN (channels, c + size / 2 + 1);
      double sum = 0;

      for (gint64 k = begin; k < end; k++)
        {
          double value = fovea_tensor_real (x, (gsize) ((gint64) i + (k - c) * (gint64) plane));

          sum += value * value;
        }
      fovea_tensor_set_real (ctx->out[0], i, fovea_tensor_real (x, i) / pow (bias + alpha / (double) size * sum, beta));
    }
  return TRUE;
}

/* LpNormalization: x / ‖x‖ along one axis, p 1 or 2; a vector of zeros stays one. */
static gboolean
lp_norm_shape (FoveaOpContext *ctx, GError **error)
{
  gint64 p = fovea_node_int (ctx->node, "p", 2);
  int axis;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error)
      || !fovea_op_axis (fovea_node_int (ctx->node, "axis", -1), ctx->in[0]->shape.rank, &axis, error))
    return FALSE;
  if (p != 1 && p != 2)
    return fovea_refuse (error, MALFORMED, "p is %" G_GINT64_FORMAT ", expected 1 or 2", p);
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &ctx->in[0]->shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (lp_norm)

static gboolean
lp_norm_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0];
  gint64 p = fovea_node_int (ctx->node, "p", 2), inner, length;
  int axis;

  if (!fovea_op_axis (fovea_node_int (ctx->node, "axis", -1), x->shape.rank, &axis, error))
    return FALSE;
  inner = fovea_shape_span (&x->shape, axis + 1, x->shape.rank);
  length = x->shape.dim[axis];
  for (gsize i = 0; i < x->n_elements; i++)
    {
      gint64 start;
      double norm = 0;

      if ((gint64) i / inner % length != 0)
        continue; /* only the first element of every vector starts one */
      start = (gint64) i;
      for (gint64 k = 0; k < length; k++)
        {
          double value = fovea_tensor_real (x, (gsize) (start + k * inner));

          norm += p == 1 ? fabs (value) : value * value;
        }
      norm = p == 1 ? norm : sqrt (norm);
      for (gint64 k = 0; norm > 0 && k < length; k++)
        fovea_tensor_set_real (ctx->out[0], (gsize) (start + k * inner),
                               fovea_tensor_real (x, (gsize) (start + k * inner)) / norm);
    }
  return TRUE;
}

const FoveaOp fovea_ops_normalisation[] = {
  { "BatchNormalization", 1, 0, 5, 5, 1, 5, batch_norm_infer, batch_norm_run, FOVEA_OP_WIDEN_HALF,
    fovea_gradient_of_batch_norm },
  { "InstanceNormalization", 1, 0, 3, 3, 1, 1, instance_norm_infer, instance_norm_run, FOVEA_OP_WIDEN_HALF,
    fovea_gradient_of_group_norm },
  { "GroupNormalization", 18, 0, 3, 3, 1, 1, group_norm_infer, group_norm_run, FOVEA_OP_WIDEN_HALF,
    fovea_gradient_of_group_norm },
  { "LayerNormalization", 17, 0, 2, 3, 1, 3, layer_norm_infer, layer_norm_run, FOVEA_OP_WIDEN_HALF,
    fovea_gradient_of_layer_norm },
  { "MeanVarianceNormalization", 9, 0, 1, 1, 1, 1, mvn_infer, mvn_run, FOVEA_OP_WIDEN_HALF },
  { "LRN", 1, 0, 1, 1, 1, 1, lrn_infer, lrn_run, FOVEA_OP_WIDEN_HALF },
  { "LpNormalization", 1, 0, 1, 1, 1, 1, lp_norm_infer, lp_norm_run, FOVEA_OP_WIDEN_HALF,
    fovea_gradient_of_lp_norm },
  { NULL }
};
