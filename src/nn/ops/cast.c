/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"
#include "nn/ops/op-util.h"

/* Cast CastLike. Conversions are those of fovea_tensor_convert(). */

static FoveaInferResult
infer_cast (FoveaOpContext *ctx, GError **error)
{
  FoveaDType dtype;

  if (!fovea_op_dtype_attr (ctx, "to", &dtype, error))
    return FOVEA_INFER_ERROR;
  fovea_op_declare (ctx, 0, dtype, &ctx->in[0]->shape);
  return FOVEA_INFER_OK;
}

static FoveaInferResult
infer_cast_like (FoveaOpContext *ctx, GError **error)
{
  fovea_op_declare (ctx, 0, ctx->in[1]->dtype, &ctx->in[0]->shape);
  return FOVEA_INFER_OK;
}

static gboolean
run_cast (FoveaOpContext *ctx, GError **error)
{
  FoveaTensor *converted = fovea_tensor_convert (ctx->in[0], ctx->out[0]->dtype, error);

  if (converted == NULL)
    return FALSE;
  fovea_op_take (ctx, 0, converted);
  return TRUE;
}

const FoveaOp fovea_ops_cast[] = {
  { "Cast", 6, 0, 1, 1, 1, 1, infer_cast, run_cast },
  { "CastLike", 15, 0, 2, 2, 1, 1, infer_cast_like, run_cast },
  { NULL },
};
