/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "nn/ops/families.h"
#include "nn/ops/gradient.h"

/* Values that depend on no data, or on shapes alone: Constant ConstantOfShape Shape Size Range Identity EyeLike, and
 * Dropout, which does nothing once a model is trained. */

static gboolean
run_nothing (FoveaOpContext *ctx, GError **error)
{
  return fovea_op_fail (error, FOVEA_NN_ERROR_MALFORMED, "its inputs have no values");
}

/* --- Constant ---------------------------------------------------------------------------------------------------- */

static FoveaTensor *
tensor_from_list (FoveaDType dtype, gboolean scalar, gsize n, gconstpointer values, GError **error)
{
  FoveaShape shape = scalar ? fovea_shape (0) : fovea_shape (1, (gint64) n);
  FoveaTensor *tensor = fovea_tensor_new (dtype, &shape, error);

  if (tensor != NULL && n > 0)
    memcpy (tensor->data, values, n * fovea_dtype_size (dtype));
  return tensor;
}

static FoveaInferResult
infer_constant (FoveaOpContext *ctx, GError **error)
{
  const FoveaAttr *attr = ctx->node->n_attrs == 1 ? &ctx->node->attrs[0] : NULL;
  FoveaTensor *tensor = NULL;

  if (attr == NULL)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "it has %u values instead of one", ctx->node->n_attrs);
  if (attr->type == FOVEA_ATTR_TENSOR && strcmp (attr->name, "value") == 0)
    tensor = fovea_tensor_ref (attr->tensor);
  else if (attr->type == FOVEA_ATTR_FLOAT && strcmp (attr->name, "value_float") == 0)
    tensor = tensor_from_list (FOVEA_DTYPE_F32, TRUE, 1, &attr->f, error);
  else if (attr->type == FOVEA_ATTR_INT && strcmp (attr->name, "value_int") == 0)
    tensor = tensor_from_list (FOVEA_DTYPE_I64, TRUE, 1, &attr->i, error);
  else if (attr->type == FOVEA_ATTR_FLOATS && strcmp (attr->name, "value_floats") == 0)
    tensor = tensor_from_list (FOVEA_DTYPE_F32, FALSE, attr->n, attr->floats, error);
  else if (attr->type == FOVEA_ATTR_INTS && strcmp (attr->name, "value_ints") == 0)
    tensor = tensor_from_list (FOVEA_DTYPE_I64, FALSE, attr->n, attr->ints, error);
  else
    return fovea_op_refuse (error, FOVEA_NN_ERROR_UNSUPPORTED, "the attribute “%s” is not supported", attr->name);
  if (tensor == NULL)
    return FOVEA_INFER_ERROR;
  fovea_op_take (ctx, 0, tensor);
  return FOVEA_INFER_OK;
}

/* --- ConstantOfShape --------------------------------------------------------------------------------------------- */

static const FoveaTensor *
fill_value (const FoveaOpContext *ctx)
{
  const FoveaAttr *attr = fovea_node_attr (ctx->node, "value");

  return attr != NULL && attr->type == FOVEA_ATTR_TENSOR ? attr->tensor : NULL;
}

static FoveaInferResult
infer_constant_of_shape (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *value = fill_value (ctx);
  FoveaShape shape;
  gsize n;

  if (value != NULL && value->n_elements != 1)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "the value has %" G_GSIZE_FORMAT " elements instead of 1",
                            value->n_elements);
  if (ctx->in[0]->data == NULL)
    return FOVEA_INFER_DATA;
  if (!fovea_op_read_ints (ctx->in[0], shape.dim, FOVEA_MAX_RANK, &n, error))
    return FOVEA_INFER_ERROR;
  shape.rank = (int) n;
  fovea_op_declare (ctx, 0, value != NULL ? value->dtype : FOVEA_DTYPE_F32, &shape);
  return FOVEA_INFER_OK;
}

static gboolean
run_constant_of_shape (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *value = fill_value (ctx);
  FoveaTensor *y = ctx->out[0];
  gsize size = fovea_dtype_size (y->dtype);

  for (gsize i = 0; value != NULL && i < y->n_elements; i++)
    memcpy ((char *) y->data + i * size, value->data, size);
  return TRUE;
}

/* --- Shape, Size ------------------------------------------------------------------------------------------------- */

static gint64
clamp_axis (gint64 axis, int rank)
{
  return CLAMP (axis < 0 ? axis + rank : axis, 0, rank);
}

static FoveaInferResult
infer_shape (FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *shape = &ctx->in[0]->shape;
  gint64 start = clamp_axis (MAX (fovea_node_int (ctx->node, "start", 0), -FOVEA_MAX_RANK), shape->rank);
  gint64 end = clamp_axis (MAX (fovea_node_int (ctx->node, "end", shape->rank), -FOVEA_MAX_RANK), shape->rank);
  FoveaTensor *tensor = tensor_from_list (FOVEA_DTYPE_I64, FALSE, (gsize) MAX (end - start, 0), shape->dim + start, error);

  if (tensor == NULL)
    return FOVEA_INFER_ERROR;
  fovea_op_take (ctx, 0, tensor);
  return FOVEA_INFER_OK;
}

static FoveaInferResult
infer_size (FoveaOpContext *ctx, GError **error)
{
  gint64 n = (gint64) ctx->in[0]->n_elements;
  FoveaTensor *tensor = tensor_from_list (FOVEA_DTYPE_I64, TRUE, 1, &n, error);

  if (tensor == NULL)
    return FOVEA_INFER_ERROR;
  fovea_op_take (ctx, 0, tensor);
  return FOVEA_INFER_OK;
}

/* --- Range ------------------------------------------------------------------------------------------------------- */

/* max (⌈(limit − start) / delta⌉, 0) elements; integers are counted without rounding. */
static gboolean
range_length (const FoveaOpContext *ctx, gint64 *ret_n, GError **error)
{
  double n;

  if (fovea_dtype_is_integer (ctx->in[0]->dtype))
    {
      gint64 start = fovea_op_scalar_int (ctx->in[0]), limit = fovea_op_scalar_int (ctx->in[1]);
      gint64 delta = fovea_op_scalar_int (ctx->in[2]);
      gboolean up = delta > 0;
      guint64 span = up ? (guint64) limit - (guint64) start : (guint64) start - (guint64) limit;
      guint64 step = up ? (guint64) delta : 0 - (guint64) delta;

      if (delta == 0)
        return fovea_op_fail (error, FOVEA_NN_ERROR_MALFORMED, "the step is 0");
      if (up ? limit <= start : limit >= start)
        span = 0;
      *ret_n = (gint64) MIN (span / step + (span % step != 0), (guint64) G_MAXINT64);
      return TRUE;
    }
  n = ceil ((fovea_op_scalar (ctx->in[1]) - fovea_op_scalar (ctx->in[0])) / fovea_op_scalar (ctx->in[2]));
  if (!isfinite (n) || n > 0x1p62)
    return fovea_op_fail (error, FOVEA_NN_ERROR_MALFORMED, "the range has no end");
  *ret_n = n > 0 ? (gint64) n : 0;
  return TRUE;
}

static FoveaInferResult
infer_range (FoveaOpContext *ctx, GError **error)
{
  FoveaDType dtype = ctx->in[0]->dtype;
  FoveaShape shape = { .rank = 1 };

  if (dtype != FOVEA_DTYPE_F32 && dtype != FOVEA_DTYPE_F64 && !fovea_dtype_is_integer (dtype))
    return fovea_op_refuse_dtype (error, 0, dtype);
  for (guint i = 0; i < 3; i++)
    {
      if (ctx->in[i]->dtype != dtype)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_TYPE, "input 0 is %s, input %u is %s", fovea_dtype_name (dtype), i,
                                fovea_dtype_name (ctx->in[i]->dtype));
      if (ctx->in[i]->n_elements != 1)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "input %u has %" G_GSIZE_FORMAT " elements instead of 1", i,
                                ctx->in[i]->n_elements);
    }
  for (guint i = 0; i < 3; i++)
    if (ctx->in[i]->data == NULL)
      return FOVEA_INFER_DATA;
  if (!range_length (ctx, &shape.dim[0], error))
    return FOVEA_INFER_ERROR;
  fovea_op_declare (ctx, 0, dtype, &shape);
  return FOVEA_INFER_OK;
}

#define RANGE_FLOAT(DTYPE, TYPE)                                                                                  \
  case FOVEA_DTYPE_##DTYPE:                                                                                       \
    for (gsize i = 0; i < y->n_elements; i++)                                                                     \
      ((TYPE *) y->data)[i] = *(TYPE *) ctx->in[0]->data + (TYPE) i * *(TYPE *) ctx->in[2]->data;                 \
    break;
#define RANGE_INT(DTYPE, TYPE)                                                                                    \
  case FOVEA_DTYPE_##DTYPE:                                                                                       \
    for (gsize i = 0; i < y->n_elements; i++)                                                                     \
      ((TYPE *) y->data)[i] = (TYPE) ((guint64) * (TYPE *) ctx->in[0]->data + i * (guint64) * (TYPE *) ctx->in[2]->data); \
    break;

static gboolean
run_range (FoveaOpContext *ctx, GError **error)
{
  FoveaTensor *y = ctx->out[0];

  switch ((int) y->dtype)
    {
    FOVEA_FOR_FLOATS (RANGE_FLOAT)
    FOVEA_FOR_INTEGERS (RANGE_INT)
    default:
      g_assert_not_reached ();
    }
  return TRUE;
}

/* --- Identity, Dropout ------------------------------------------------------------------------------------------- */

static FoveaInferResult
infer_identity (FoveaOpContext *ctx, GError **error)
{
  fovea_op_take (ctx, 0, fovea_tensor_ref (ctx->in[0]));
  return FOVEA_INFER_OK;
}

/* Training mode draws random numbers, unless nothing is dropped. The mask says that everything is kept. */
static FoveaInferResult
infer_dropout (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *ratio = fovea_op_in (ctx, 1), *training = fovea_op_in (ctx, 2);

  if (training != NULL && training->data == NULL)
    return FOVEA_INFER_DATA;
  if (training != NULL && training->n_elements > 0 && fovea_op_scalar_int (training) != 0)
    {
      if (ratio == NULL || (ratio->data != NULL && !(fovea_op_scalar (ratio) == 0.0)))
        return fovea_op_refuse (error, FOVEA_NN_ERROR_UNSUPPORTED, "dropping at random, in training, is not supported");
      if (ratio->data == NULL)
        return FOVEA_INFER_DATA;
    }
  fovea_op_take (ctx, 0, fovea_tensor_ref (ctx->in[0]));
  if (fovea_op_wants (ctx, 1))
    {
      FoveaDType dtype = ctx->opset < 10 ? ctx->in[0]->dtype : FOVEA_DTYPE_BOOL;

      if (dtype != FOVEA_DTYPE_BOOL)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_UNSUPPORTED, "the mask output of opsets before 10 is not supported");
      fovea_op_declare (ctx, 1, dtype, &ctx->in[0]->shape);
    }
  return FOVEA_INFER_OK;
}

static gboolean
run_dropout (FoveaOpContext *ctx, GError **error)
{
  if (!fovea_op_wants (ctx, 0) && !fovea_op_wants (ctx, 1))
    return run_nothing (ctx, error);
  if (fovea_op_wants (ctx, 1))
    memset (ctx->out[1]->data, 1, ctx->out[1]->n_elements);
  return TRUE;
}

/* --- EyeLike ----------------------------------------------------------------------------------------------------- */

static FoveaInferResult
infer_eye_like (FoveaOpContext *ctx, GError **error)
{
  FoveaDType dtype = ctx->in[0]->dtype;

  if (fovea_node_attr (ctx->node, "dtype") != NULL && !fovea_op_dtype_attr (ctx, "dtype", &dtype, error))
    return FOVEA_INFER_ERROR;
  if (ctx->in[0]->shape.rank != 2)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "the input has %d dimensions instead of 2",
                            ctx->in[0]->shape.rank);
  fovea_op_declare (ctx, 0, dtype, &ctx->in[0]->shape);
  return FOVEA_INFER_OK;
}

static gboolean
run_eye_like (FoveaOpContext *ctx, GError **error)
{
  FoveaTensor *y = ctx->out[0];
  FoveaShape scalar = fovea_shape (0);
  gint64 rows = y->shape.dim[0], columns = y->shape.dim[1];
  gint64 k = CLAMP (fovea_node_int (ctx->node, "k", 0), -rows, columns);
  gsize size = fovea_dtype_size (y->dtype);
  g_autoptr (FoveaTensor) flag = fovea_tensor_new (FOVEA_DTYPE_BOOL, &scalar, error);
  g_autoptr (FoveaTensor) one = NULL;

  if (flag == NULL)
    return FALSE;
  *FOVEA_TENSOR_DATA (flag, guint8) = 1;
  one = fovea_tensor_convert (flag, y->dtype, error);
  if (one == NULL)
    return FALSE;
  for (gint64 row = MAX (0, -k); row < rows && row + k < columns; row++)
    memcpy ((char *) y->data + (gsize) (row * columns + row + k) * size, one->data, size);
  return TRUE;
}

const FoveaOp fovea_ops_constants[] = {
  { "Constant", 1, 0, 0, 0, 1, 1, infer_constant, run_nothing },
  { "ConstantOfShape", 9, 0, 1, 1, 1, 1, infer_constant_of_shape, run_constant_of_shape },
  { "Shape", 1, 0, 1, 1, 1, 1, infer_shape, run_nothing },
  { "Size", 1, 0, 1, 1, 1, 1, infer_size, run_nothing },
  { "Range", 11, 0, 3, 3, 1, 1, infer_range, run_range },
  { "Identity", 1, 0, 1, 1, 1, 1, infer_identity, run_nothing, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "Dropout", 7, 0, 1, 3, 1, 2, infer_dropout, run_dropout, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "EyeLike", 9, 0, 1, 1, 1, 1, infer_eye_like, run_eye_like },
  { NULL },
};
