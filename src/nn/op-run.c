/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "nn/op.h"

static void
prefix_error (const FoveaOpContext *ctx, GError **error)
{
  const FoveaNode *node = ctx->node;

  g_prefix_error (error, "%s (opset %d), node “%s”: ", node->op_type, ctx->opset, node->name);
}

static gboolean
output_is_wanted (const FoveaOpContext *ctx, guint i)
{
  return ctx->node->outputs[i] >= 0;
}

static gboolean
check_counts (const FoveaOpContext *ctx, GError **error)
{
  const FoveaOp *op = ctx->node->op;

  if (ctx->n_in < op->min_in || ctx->n_in > op->max_in || ctx->n_out < op->min_out || ctx->n_out > op->max_out)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED,
                   "%u inputs and %u outputs, where it takes %u to %u and gives %u to %u", ctx->n_in, ctx->n_out,
                   op->min_in, op->max_in, op->min_out, op->max_out);
      return FALSE;
    }
  for (guint i = 0; i < op->min_in && i < ctx->n_in; i++)
    if (ctx->in[i] == NULL)
      {
        g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED, "input %u is left out and is not optional", i);
        return FALSE;
      }
  return TRUE;
}

static void
drop_outputs (FoveaTensor **out, guint n)
{
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&out[i], fovea_tensor_unref);
}

/* From here on the dimensions of a known shape can be multiplied without overflow. */
static gboolean
check_shapes (const FoveaOpContext *ctx, GError **error)
{
  for (guint i = 0; i < ctx->n_out; i++)
    if (ctx->out[i] != NULL && !fovea_shape_check (&ctx->out[i]->shape, ctx->out[i]->dtype, G_MAXSSIZE, NULL, error))
      return FALSE;
  return TRUE;
}

FoveaInferResult
fovea_op_infer (FoveaOpContext *ctx, GError **error)
{
  FoveaInferResult result = FOVEA_INFER_ERROR;

  if (check_counts (ctx, error))
    result = ctx->node->op->infer (ctx, error);
  if (result == FOVEA_INFER_OK && !check_shapes (ctx, error))
    result = FOVEA_INFER_ERROR;
  if (result == FOVEA_INFER_ERROR)
    {
      drop_outputs (ctx->out, ctx->n_out);
      prefix_error (ctx, error);
    }
  else if (result == FOVEA_INFER_DATA)
    drop_outputs (ctx->out, ctx->n_out);
  return result;
}

static gboolean
all_have_data (const FoveaOpContext *ctx)
{
  for (guint i = 0; i < ctx->n_out; i++)
    if (output_is_wanted (ctx, i) && (ctx->out[i] == NULL || ctx->out[i]->data == NULL))
      return FALSE;
  return TRUE;
}

static gboolean
allocate_outputs (FoveaOpContext *ctx, GError **error)
{
  for (guint i = 0; i < ctx->n_out; i++)
    {
      FoveaTensor *made;

      if (ctx->out[i] == NULL || ctx->out[i]->data != NULL)
        continue;
      made = fovea_tensor_new (ctx->out[i]->dtype, &ctx->out[i]->shape, error);
      if (made == NULL)
        return FALSE;
      fovea_tensor_unref (ctx->out[i]);
      ctx->out[i] = made;
    }
  return TRUE;
}

static gboolean
is_half (const FoveaTensor *tensor)
{
  return tensor != NULL && (tensor->dtype == FOVEA_DTYPE_F16 || tensor->dtype == FOVEA_DTYPE_BF16);
}

/* Infers again on inputs widened to f32, runs, and narrows the outputs: to what infer said of the given inputs, and
 * where it could not say, every f32 output to @narrow. */
static gboolean
run_widened (FoveaOpContext *ctx, FoveaDType narrow, GError **error)
{
  g_autofree FoveaTensor **in = g_new0 (FoveaTensor *, ctx->n_in);
  g_autofree FoveaDType *dtypes = g_new (FoveaDType, ctx->n_out);
  FoveaOpContext wide = *ctx;
  gboolean ok = TRUE;

  wide.in = in;
  for (guint i = 0; i < ctx->n_out; i++)
    dtypes[i] = ctx->out[i] != NULL ? ctx->out[i]->dtype : narrow;
  for (guint i = 0; ok && i < ctx->n_in; i++)
    if (ctx->in[i] != NULL)
      {
        in[i] = is_half (ctx->in[i]) ? fovea_tensor_convert (ctx->in[i], FOVEA_DTYPE_F32, error)
                                     : fovea_tensor_ref (ctx->in[i]);
        ok = in[i] != NULL;
      }
  drop_outputs (ctx->out, ctx->n_out);
  if (ok)
    {
      FoveaInferResult result = ctx->node->op->infer (&wide, error);

      if (result == FOVEA_INFER_ERROR)
        ok = FALSE;
      else if (result == FOVEA_INFER_DATA || !all_have_data (&wide))
        ok = (result == FOVEA_INFER_DATA || allocate_outputs (&wide, error)) && ctx->node->op->run (&wide, error);
    }
  for (guint i = 0; ok && i < ctx->n_out; i++)
    if (ctx->out[i] != NULL && ctx->out[i]->dtype == FOVEA_DTYPE_F32)
      {
        FoveaTensor *narrowed = fovea_tensor_convert (ctx->out[i], dtypes[i], error);

        ok = narrowed != NULL;
        fovea_tensor_unref (ctx->out[i]);
        ctx->out[i] = narrowed;
      }
  drop_outputs (in, ctx->n_in);
  return ok;
}

gboolean
fovea_op_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaOp *op = ctx->node->op;
  FoveaInferResult result;
  gboolean ok;

  result = fovea_op_infer (ctx, error);
  if (result == FOVEA_INFER_ERROR)
    return FALSE;
  if (result == FOVEA_INFER_OK && all_have_data (ctx))
    return TRUE;

  ok = TRUE;
  if ((op->flags & FOVEA_OP_WIDEN_HALF) != 0)
    for (guint i = 0; i < ctx->n_in; i++)
      if (is_half (ctx->in[i]))
        {
          ok = run_widened (ctx, ctx->in[i]->dtype, error);
          goto done;
        }
  if (result == FOVEA_INFER_OK)
    ok = allocate_outputs (ctx, error);
  ok = ok && op->run (ctx, error);
done:
  if (ok && !all_have_data (ctx))
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_UNSUPPORTED, "an output that the model asks for is not made");
      ok = FALSE;
    }
  if (!ok)
    {
      drop_outputs (ctx->out, ctx->n_out);
      prefix_error (ctx, error);
    }
  return ok;
}

gboolean
fovea_op_differentiate (const FoveaGradientContext *ctx, GError **error)
{
  const FoveaOp *op = ctx->op.node->op;

  if (op->gradient != NULL && op->gradient (ctx, error))
    return TRUE;
  if (op->gradient == NULL)
    g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_UNSUPPORTED,
                 "has no gradient here, so what lies before it cannot be trained");
  prefix_error (&ctx->op, error);
  return FALSE;
}
