/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"

#include <math.h>

#include "nn/ops/gradient.h"

/* Softmax, LogSoftmax, Hardmax; NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss.
 *
 *   softmax (x)_k = exp (x_k − max x) / Σ_j exp (x_j − max x)
 *   loss          = −Σ w[t] · log p[t] / Σ w[t]  ("mean"), without the division ("sum"), or one by one ("none")
 *
 * Until opset 12 the vectors are everything from `axis` (1) on, from 13 on they lie along `axis` (−1) alone. */

typedef struct {
  gint64 outer, length, inner;
} Vectors;

static gboolean
softmax_vectors (const FoveaOpContext *ctx, Vectors *ret, GError **error)
{
  const FoveaShape *x = &ctx->in[0]->shape;
  gboolean flatten = ctx->opset < 13;
  int axis;

  if (!fovea_op_axis (fovea_node_int (ctx->node, "axis", flatten ? 1 : -1), x->rank, &axis, error))
    return FALSE;
  ret->outer = fovea_shape_span (x, 0, axis);
  ret->length = flatten ? fovea_shape_span (x, axis, x->rank) : x->dim[axis];
  ret->inner = flatten ? 1 : fovea_shape_span (x, axis + 1, x->rank);
  return TRUE;
}

static gboolean
softmax_shape (FoveaOpContext *ctx, GError **error)
{
  Vectors v;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error) || !softmax_vectors (ctx, &v, error))
    return FALSE;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &ctx->in[0]->shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (softmax)

static gsize
largest_of (const FoveaTensor *x, gsize start, gsize step, gsize length)
{
  gsize best = start;

  for (gsize k = 1; k < length; k++)
    if (fovea_tensor_real (x, start + k * step) > fovea_tensor_real (x, best))
      best = start + k * step;
  return best;
}

static void
softmax_vector (const FoveaTensor *x, FoveaTensor *y, gsize start, gsize step, gsize length, gboolean logarithm)
{
  double max = fovea_tensor_real (x, largest_of (x, start, step, length)), sum = 0;

  for (gsize k = 0; k < length; k++)
    sum += exp (fovea_tensor_real (x, start + k * step) - max);
  for (gsize k = 0; k < length; k++)
    {
      double d = fovea_tensor_real (x, start + k * step) - max;

      fovea_tensor_set_real (y, start + k * step, logarithm ? d - log (sum) : exp (d) / sum);
    }
}

static gboolean
softmax_run (FoveaOpContext *ctx, GError **error)
{
  gboolean logarithm = strcmp (ctx->node->op_type, "LogSoftmax") == 0;
  gboolean hard = strcmp (ctx->node->op_type, "Hardmax") == 0;
  Vectors v;

  if (!softmax_vectors (ctx, &v, error))
    return FALSE;
  for (gint64 o = 0; o < v.outer; o++)
    for (gint64 i = 0; i < v.inner && v.length > 0; i++)
      {
        gsize start = (gsize) (o * v.length * v.inner + i);

        if (hard)
          fovea_tensor_set_real (ctx->out[0],
                                 largest_of (ctx->in[0], start, (gsize) v.inner, (gsize) v.length), 1);
        else
          softmax_vector (ctx->in[0], ctx->out[0], start, (gsize) v.inner, (gsize) v.length, logarithm);
      }
  return TRUE;
}

/* softmax: dx = y · (dy − Σ y dy);  log softmax: dx = dy − exp (y) Σ dy */
static gboolean
softmax_gradient (const FoveaGradientContext *ctx, GError **error)
{
  gboolean logarithm = strcmp (ctx->op.node->op_type, "LogSoftmax") == 0;
  const FoveaTensor *y = ctx->op.out[0], *d_y = ctx->d_out[0];
  double *d_x = fovea_gradient_of (ctx, 0);
  Vectors v;

  if (d_x == NULL || !softmax_vectors (&ctx->op, &v, error))
    return d_x == NULL;
  for (gint64 o = 0; o < v.outer; o++)
    for (gint64 i = 0; i < v.inner && v.length > 0; i++)
      {
        gsize start = (gsize) (o * v.length * v.inner + i), end = start + (gsize) (v.length * v.inner);
        double sum = 0;

        for (gsize at = start; at < end; at += (gsize) v.inner)
          sum += fovea_tensor_real (d_y, at) * (logarithm ? 1 : fovea_tensor_real (y, at));
        for (gsize at = start; at < end; at += (gsize) v.inner)
          d_x[at] += logarithm ? fovea_tensor_real (d_y, at) - exp (fovea_tensor_real (y, at)) * sum
                               : fovea_tensor_real (y, at) * (fovea_tensor_real (d_y, at) - sum);
      }
  return TRUE;
}

/* scores [N, C, D…], labels [N, D…], weights [C] or none */
static gboolean
loss_shape (FoveaOpContext *ctx, GError **error)
{
  const char *reduction = fovea_node_string (ctx->node, "reduction", "mean");
  FoveaShape scalar = { 0 }, labels;
  const FoveaShape *x;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error) || !fovea_op_check_in (ctx, 1, FOVEA_DTYPES_INDEX, error))
    return FALSE;
  x = &ctx->in[0]->shape;
  if (x->rank < 2)
    return fovea_refuse (error, SHAPE, "the scores have rank %d, expected [N, C, …]", x->rank);
  labels = *x;
  labels.rank--;
  memmove (&labels.dim[1], &labels.dim[2], sizeof (gint64) * (gsize) (x->rank - 2));
  if (!fovea_shape_equal (&labels, &ctx->in[1]->shape))
    {
      g_autofree char *want = fovea_shape_to_string (&labels);
      g_autofree char *got = fovea_shape_to_string (&ctx->in[1]->shape);

      return fovea_refuse (error, SHAPE, "the labels are %s, expected %s", got, want);
    }
  if (fovea_op_in (ctx, 2) != NULL
      && (!fovea_op_check_same (ctx, 2, error) || !fovea_op_check_vector (ctx, 2, x->dim[1], error)))
    return FALSE;
  if (strcmp (reduction, "mean") != 0 && strcmp (reduction, "sum") != 0 && strcmp (reduction, "none") != 0)
    return fovea_refuse (error, MALFORMED, "reduction is “%.40s”, expected mean, sum or none", reduction);
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, strcmp (reduction, "none") == 0 ? &labels : &scalar);
  fovea_op_declare (ctx, 1, ctx->in[0]->dtype, x);
  return TRUE;
}

FOVEA_DEFINE_INFER (loss)

/* The weight of @label, 0 when it is ignored. */
static gboolean
label_weight (const FoveaOpContext *ctx, gint64 label, double *ret_weight, GError **error)
{
  const FoveaAttr *ignore = fovea_node_attr (ctx->node, "ignore_index");
  gint64 classes = ctx->in[0]->shape.dim[1];

  *ret_weight = 0;
  if (ignore != NULL && ignore->i == label)
    return TRUE;
  if (label < 0 || label >= classes)
    return fovea_refuse (error, MALFORMED, "the label %" G_GINT64_FORMAT " is not among %" G_GINT64_FORMAT " classes",
                         label, classes);
  *ret_weight = fovea_op_in (ctx, 2) != NULL ? fovea_tensor_real (ctx->in[2], (gsize) label) : 1;
  return TRUE;
}

/* @log_p: log probabilities [N, C, D…] */
static gboolean
weigh_labels (FoveaOpContext *ctx, const FoveaTensor *log_p, GError **error)
{
  const char *reduction = fovea_node_string (ctx->node, "reduction", "mean");
  const FoveaTensor *labels = ctx->in[1];
  gsize classes = (gsize) log_p->shape.dim[1], plane;
  double sum = 0, total = 0;

  plane = labels->n_elements == 0 ? 1 : labels->n_elements / (gsize) log_p->shape.dim[0];
  for (gsize i = 0; i < labels->n_elements; i++)
    {
      gint64 label = fovea_tensor_index (labels, i);
      double weight, loss = 0;

      if (!label_weight (ctx, label, &weight, error))
        return FALSE;
      if (weight != 0)
        loss = -weight * fovea_tensor_real (log_p, (i / plane * classes + (gsize) label) * plane + i % plane);
      if (fovea_op_out (ctx, 0) != NULL && reduction[0] == 'n')
        fovea_tensor_set_real (ctx->out[0], i, loss);
      sum += loss;
      total += weight;
    }
  if (fovea_op_out (ctx, 0) != NULL && reduction[0] != 'n')
    fovea_tensor_set_real (ctx->out[0], 0, reduction[0] == 'm' ? sum / total : sum);
  return TRUE;
}

static gboolean
likelihood_run (FoveaOpContext *ctx, GError **error)
{
  return weigh_labels (ctx, ctx->in[0], error);
}

static gboolean
cross_entropy_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0];
  g_autoptr (FoveaTensor) own = NULL;
  FoveaTensor *log_p = fovea_op_out (ctx, 1);
  gint64 outer = x->shape.dim[0], length = x->shape.dim[1], inner = fovea_shape_span (&x->shape, 2, x->shape.rank);

  if (log_p == NULL)
    log_p = own = fovea_tensor_new (x->dtype, &x->shape, error);
  if (log_p == NULL)
    return FALSE;
  for (gint64 o = 0; o < outer; o++)
    for (gint64 i = 0; i < inner; i++)
      softmax_vector (x, log_p, (gsize) (o * length * inner + i), (gsize) inner, (gsize) length, TRUE);
  return weigh_labels (ctx, log_p, error);
}

const FoveaOp fovea_ops_softmax[] = {
  { "Softmax", 1, 0, 1, 1, 1, 1, softmax_infer, softmax_run, FOVEA_OP_WIDEN_HALF, softmax_gradient },
  { "LogSoftmax", 1, 0, 1, 1, 1, 1, softmax_infer, softmax_run, FOVEA_OP_WIDEN_HALF, softmax_gradient },
  { "Hardmax", 1, 0, 1, 1, 1, 1, softmax_infer, softmax_run, FOVEA_OP_WIDEN_HALF },
  { "NegativeLogLikelihoodLoss", 12, 0, 2, 3, 1, 1, loss_infer, likelihood_run, FOVEA_OP_WIDEN_HALF },
  { "SoftmaxCrossEntropyLoss", 12, 0, 2, 3, 1, 2, loss_infer, cross_entropy_run, FOVEA_OP_WIDEN_HALF },
  { NULL }
};
