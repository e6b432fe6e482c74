/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "nn/ops/families.h"
#include "nn/ops/gradient.h"

/* Operators that answer yes or no, and Where: And Or Xor Not Equal Greater GreaterOrEqual Less LessOrEqual IsNaN
 * IsInf. */

#define COMPARE(DTYPE, TYPE, EXPRESSION)                                                                          \
  case FOVEA_DTYPE_##DTYPE:                                                                                       \
    {                                                                                                             \
      const TYPE *pa = ta->data, *pb = tb->data;                                                                  \
      FoveaBroadcast it;                                                                                          \
                                                                                                                  \
      for (fovea_broadcast_init (&it, &y->shape, 2, &ta->shape, &tb->shape); it.more; fovea_broadcast_next (&it)) \
        for (gint64 j = 0; j < it.inner; j++)                                                                     \
          {                                                                                                       \
            TYPE a = pa[it.offset[0] + j * it.step[0]], b = pb[it.offset[1] + j * it.step[1]];                    \
                                                                                                                  \
            FOVEA_TENSOR_DATA (y, guint8)[it.out + j] = (EXPRESSION);                                             \
          }                                                                                                       \
      break;                                                                                                      \
    }

#define DEFINE_COMPARISON(NAME, CASES)                                                                            \
  static gboolean run_##NAME (FoveaOpContext *ctx, GError **error)                                                \
  {                                                                                                               \
    const FoveaTensor *ta = ctx->in[0], *tb = ctx->in[1];                                                         \
    FoveaTensor *y = ctx->out[0];                                                                                 \
                                                                                                                  \
    switch ((int) ta->dtype)                                                                                      \
      {                                                                                                           \
      CASES                                                                                                       \
      default:                                                                                                    \
        g_assert_not_reached ();                                                                                  \
      }                                                                                                           \
    return TRUE;                                                                                                  \
  }

#define AND(DTYPE, TYPE) COMPARE (DTYPE, TYPE, a && b)
#define OR(DTYPE, TYPE) COMPARE (DTYPE, TYPE, a || b)
#define XOR(DTYPE, TYPE) COMPARE (DTYPE, TYPE, a != b)
#define EQUAL(DTYPE, TYPE) COMPARE (DTYPE, TYPE, a == b)
#define GREATER(DTYPE, TYPE) COMPARE (DTYPE, TYPE, a > b)
#define GREATER_OR_EQUAL(DTYPE, TYPE) COMPARE (DTYPE, TYPE, a >= b)
#define LESS(DTYPE, TYPE) COMPARE (DTYPE, TYPE, a < b)
#define LESS_OR_EQUAL(DTYPE, TYPE) COMPARE (DTYPE, TYPE, a <= b)

DEFINE_COMPARISON (and, AND (BOOL, guint8))
DEFINE_COMPARISON (or, OR (BOOL, guint8))
DEFINE_COMPARISON (xor, XOR (BOOL, guint8))
DEFINE_COMPARISON (equal, FOVEA_FOR_NUMBERS (EQUAL) EQUAL (BOOL, guint8))
DEFINE_COMPARISON (greater, FOVEA_FOR_NUMBERS (GREATER))
DEFINE_COMPARISON (greater_or_equal, FOVEA_FOR_NUMBERS (GREATER_OR_EQUAL))
DEFINE_COMPARISON (less, FOVEA_FOR_NUMBERS (LESS))
DEFINE_COMPARISON (less_or_equal, FOVEA_FOR_NUMBERS (LESS_OR_EQUAL))

static FoveaInferResult
infer_pair (FoveaOpContext *ctx, GError **error)
{
  FoveaShape shape;

  if (ctx->in[0]->dtype != ctx->in[1]->dtype)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_TYPE, "input 0 is %s, input 1 is %s",
                            fovea_dtype_name (ctx->in[0]->dtype), fovea_dtype_name (ctx->in[1]->dtype));
  if (!fovea_broadcast_shapes (&ctx->in[0]->shape, &ctx->in[1]->shape, &shape, error))
    return FOVEA_INFER_ERROR;
  fovea_op_declare (ctx, 0, FOVEA_DTYPE_BOOL, &shape);
  return FOVEA_INFER_OK;
}

static FoveaInferResult
infer_bools (FoveaOpContext *ctx, GError **error)
{
  if (ctx->in[0]->dtype != FOVEA_DTYPE_BOOL)
    return fovea_op_refuse_dtype (error, 0, ctx->in[0]->dtype);
  return infer_pair (ctx, error);
}

static FoveaInferResult
infer_numbers (FoveaOpContext *ctx, GError **error)
{
  if (ctx->in[0]->dtype == FOVEA_DTYPE_BOOL)
    return fovea_op_refuse_dtype (error, 0, FOVEA_DTYPE_BOOL);
  return infer_pair (ctx, error);
}

/* --- One input
 * ----------------------------------------------------------------------------------------------------- */

static FoveaInferResult
infer_not (FoveaOpContext *ctx, GError **error)
{
  if (ctx->in[0]->dtype != FOVEA_DTYPE_BOOL)
    return fovea_op_refuse_dtype (error, 0, ctx->in[0]->dtype);
  fovea_op_declare (ctx, 0, FOVEA_DTYPE_BOOL, &ctx->in[0]->shape);
  return FOVEA_INFER_OK;
}

static gboolean
run_not (FoveaOpContext *ctx, GError **error)
{
  for (gsize i = 0; i < ctx->out[0]->n_elements; i++)
    FOVEA_TENSOR_DATA (ctx->out[0], guint8)[i] = !FOVEA_TENSOR_DATA (ctx->in[0], guint8)[i];
  return TRUE;
}

static FoveaInferResult
infer_float_test (FoveaOpContext *ctx, GError **error)
{
  if (!fovea_dtype_is_float (ctx->in[0]->dtype))
    return fovea_op_refuse_dtype (error, 0, ctx->in[0]->dtype);
  fovea_op_declare (ctx, 0, FOVEA_DTYPE_BOOL, &ctx->in[0]->shape);
  return FOVEA_INFER_OK;
}

static double
float_at (const FoveaTensor *tensor, gsize i)
{
  return tensor->dtype == FOVEA_DTYPE_F64 ? FOVEA_TENSOR_DATA (tensor, double)[i]
                                          : (double) FOVEA_TENSOR_DATA (tensor, float)[i];
}

static gboolean
run_is_nan (FoveaOpContext *ctx, GError **error)
{
  for (gsize i = 0; i < ctx->out[0]->n_elements; i++)
    FOVEA_TENSOR_DATA (ctx->out[0], guint8)[i] = isnan (float_at (ctx->in[0], i)) != 0;
  return TRUE;
}

static gboolean
run_is_inf (FoveaOpContext *ctx, GError **error)
{
  gboolean negative = fovea_node_int (ctx->node, "detect_negative", 1) != 0;
  gboolean positive = fovea_node_int (ctx->node, "detect_positive", 1) != 0;

  for (gsize i = 0; i < ctx->out[0]->n_elements; i++)
    {
      double x = float_at (ctx->in[0], i);

      FOVEA_TENSOR_DATA (ctx->out[0], guint8)[i] = isinf (x) != 0 && (x < 0 ? negative : positive);
    }
  return TRUE;
}

/* --- Where
 * --------------------------------------------------------------------------------------------------------- */

static FoveaInferResult
infer_where (FoveaOpContext *ctx, GError **error)
{
  FoveaShape shape;

  if (ctx->in[0]->dtype != FOVEA_DTYPE_BOOL)
    return fovea_op_refuse_dtype (error, 0, ctx->in[0]->dtype);
  if (ctx->in[1]->dtype != ctx->in[2]->dtype)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_TYPE, "input 1 is %s, input 2 is %s",
                            fovea_dtype_name (ctx->in[1]->dtype), fovea_dtype_name (ctx->in[2]->dtype));
  if (!fovea_broadcast_shapes (&ctx->in[0]->shape, &ctx->in[1]->shape, &shape, error) ||
      !fovea_broadcast_shapes (&shape, &ctx->in[2]->shape, &shape, error))
    return FOVEA_INFER_ERROR;
  fovea_op_declare (ctx, 0, ctx->in[1]->dtype, &shape);
  return FOVEA_INFER_OK;
}

static gboolean
run_where (FoveaOpContext *ctx, GError **error)
{
  FoveaTensor *y = ctx->out[0];
  const guint8 *condition = ctx->in[0]->data;
  const char *a = ctx->in[1]->data, *b = ctx->in[2]->data;
  gsize size = fovea_dtype_size (y->dtype);
  FoveaBroadcast it;

  for (fovea_broadcast_init (&it, &y->shape, 3, &ctx->in[0]->shape, &ctx->in[1]->shape, &ctx->in[2]->shape); it.more;
       fovea_broadcast_next (&it))
    for (gint64 j = 0; j < it.inner; j++)
      {
        gboolean yes = condition[it.offset[0] + j * it.step[0]] != 0;
        const char *from = yes ? a + (it.offset[1] + j * it.step[1]) * (gint64) size
                               : b + (it.offset[2] + j * it.step[2]) * (gint64) size;

        memcpy ((char *) y->data + (gsize) (it.out + j) * size, from, size);
      }
  return TRUE;
}

#define HALF FOVEA_OP_WIDEN_HALF

const FoveaOp fovea_ops_logic[] = {
  { "And", 7, 0, 2, 2, 1, 1, infer_bools, run_and },
  { "Or", 7, 0, 2, 2, 1, 1, infer_bools, run_or },
  { "Xor", 7, 0, 2, 2, 1, 1, infer_bools, run_xor },
  { "Not", 1, 0, 1, 1, 1, 1, infer_not, run_not },
  { "Equal", 7, 0, 2, 2, 1, 1, infer_pair, run_equal, HALF },
  { "Greater", 7, 0, 2, 2, 1, 1, infer_numbers, run_greater, HALF },
  { "GreaterOrEqual", 12, 0, 2, 2, 1, 1, infer_numbers, run_greater_or_equal, HALF },
  { "Less", 7, 0, 2, 2, 1, 1, infer_numbers, run_less, HALF },
  { "LessOrEqual", 12, 0, 2, 2, 1, 1, infer_numbers, run_less_or_equal, HALF },
  { "IsNaN", 9, 0, 1, 1, 1, 1, infer_float_test, run_is_nan, HALF },
  { "IsInf", 10, 0, 1, 1, 1, 1, infer_float_test, run_is_inf, HALF },
  { "Where", 9, 0, 3, 3, 1, 1, infer_where, run_where, FOVEA_OP_DEFAULT, fovea_gradient_of_copies },
  { NULL },
};
