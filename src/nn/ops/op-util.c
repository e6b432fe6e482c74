/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/op-util.h"

#include <stdarg.h>
#include <string.h>

#include "nn/onnx-dtype.h"

static void
set_error (GError **error, FoveaNnError code, const char *format, va_list args)
{
  g_autofree char *message = g_strdup_vprintf (format, args);

  g_set_error_literal (error, FOVEA_NN_ERROR, (int) code, message);
}

gboolean
fovea_op_fail (GError **error, FoveaNnError code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  set_error (error, code, format, args);
  va_end (args);
  return FALSE;
}

FoveaInferResult
fovea_op_refuse (GError **error, FoveaNnError code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  set_error (error, code, format, args);
  va_end (args);
  return FOVEA_INFER_ERROR;
}

FoveaInferResult
fovea_op_refuse_dtype (GError **error, guint input, FoveaDType dtype)
{
  return fovea_op_refuse (error, FOVEA_NN_ERROR_UNSUPPORTED, "input %u is %s, which is not supported here", input,
                          fovea_dtype_name (dtype));
}

gboolean
fovea_op_dtype_attr (const FoveaOpContext *ctx, const char *name, FoveaDType *ret_dtype, GError **error)
{
  gint64 data_type = fovea_node_int (ctx->node, name, 0);

  if (data_type < 0 || data_type > G_MAXINT32 || !fovea_onnx_dtype ((int) data_type, ret_dtype))
    return fovea_op_fail (error, FOVEA_NN_ERROR_UNSUPPORTED, "the element type %s (%" G_GINT64_FORMAT
                          ") is not supported", fovea_onnx_data_type_name ((int) CLAMP (data_type, -1, 1000)), data_type);
  return TRUE;
}

void
fovea_op_take (FoveaOpContext *ctx, guint i, FoveaTensor *tensor)
{
  if (!fovea_op_wants (ctx, i))
    {
      fovea_tensor_unref (tensor);
      return;
    }
  if (ctx->out[i] != NULL)
    fovea_tensor_unref (ctx->out[i]);
  ctx->out[i] = tensor;
}

void
fovea_op_declare (FoveaOpContext *ctx, guint i, FoveaDType dtype, const FoveaShape *shape)
{
  if (fovea_op_wants (ctx, i))
    fovea_op_take (ctx, i, fovea_tensor_new_unknown (dtype, shape));
}

FoveaTensor *
fovea_op_make (FoveaOpContext *ctx, guint i, FoveaDType dtype, const FoveaShape *shape, GError **error)
{
  FoveaTensor *tensor;

  g_assert (fovea_op_wants (ctx, i));
  tensor = fovea_tensor_new (dtype, shape, error);
  if (tensor != NULL)
    fovea_op_take (ctx, i, tensor);
  return tensor;
}

FoveaInferResult
fovea_op_view (FoveaOpContext *ctx, const FoveaShape *shape, GError **error)
{
  FoveaTensor *view = fovea_tensor_new_reshaped (ctx->in[0], shape, error);

  if (view == NULL)
    return FOVEA_INFER_ERROR;
  fovea_op_take (ctx, 0, view);
  return FOVEA_INFER_OK;
}

gboolean
fovea_op_axis (gint64 axis, int rank, int *ret_axis, GError **error)
{
  if (axis < -rank || axis >= rank)
    return fovea_op_fail (error, FOVEA_NN_ERROR_MALFORMED,
                          "the axis %" G_GINT64_FORMAT " is not among the %d dimensions of the input", axis, rank);
  *ret_axis = (int) (axis < 0 ? axis + rank : axis);
  return TRUE;
}

gboolean
fovea_op_axes (const gint64 *axes, gsize n, int rank, gboolean *ret_flags, GError **error)
{
  memset (ret_flags, 0, (gsize) rank * sizeof *ret_flags);
  for (gsize i = 0; axes != NULL && i < n; i++)
    {
      int axis;

      if (!fovea_op_axis (axes[i], rank, &axis, error))
        return FALSE;
      if (ret_flags[axis])
        return fovea_op_fail (error, FOVEA_NN_ERROR_MALFORMED, "the axis %d is named twice", axis);
      ret_flags[axis] = TRUE;
    }
  return TRUE;
}

gboolean
fovea_op_read_ints (const FoveaTensor *tensor, gint64 *ret_values, gsize max, gsize *ret_n, GError **error)
{
  if (tensor->shape.rank > 1)
    return fovea_op_fail (error, FOVEA_NN_ERROR_SHAPE, "a list of integers has %d dimensions instead of 1",
                          tensor->shape.rank);
  if (tensor->dtype != FOVEA_DTYPE_I64 && tensor->dtype != FOVEA_DTYPE_I32)
    return fovea_op_fail (error, FOVEA_NN_ERROR_TYPE, "a list of integers is %s instead of i64",
                          fovea_dtype_name (tensor->dtype));
  if (tensor->n_elements > max)
    return fovea_op_fail (error, FOVEA_NN_ERROR_LIMIT,
                          "a list has %" G_GSIZE_FORMAT " integers where at most %" G_GSIZE_FORMAT " are understood",
                          tensor->n_elements, max);
  for (gsize i = 0; i < tensor->n_elements; i++)
    ret_values[i] = tensor->dtype == FOVEA_DTYPE_I64 ? FOVEA_TENSOR_DATA (tensor, gint64)[i]
                                                     : FOVEA_TENSOR_DATA (tensor, gint32)[i];
  *ret_n = tensor->n_elements;
  return TRUE;
}

FoveaInferResult
fovea_op_ints (const FoveaOpContext *ctx, guint i, const char *attr, gint64 *ret_values, gsize max, gsize *ret_n,
               gboolean *ret_given, GError **error)
{
  const FoveaTensor *tensor = fovea_op_in (ctx, i);
  const gint64 *ints = attr != NULL ? fovea_node_ints (ctx->node, attr, ret_n) : NULL;

  *ret_given = ints != NULL || tensor != NULL;
  if (ints != NULL)
    {
      if (*ret_n > max)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_LIMIT, "“%s” has %" G_GSIZE_FORMAT " values, more than %"
                                G_GSIZE_FORMAT, attr, *ret_n, max);
      memcpy (ret_values, ints, *ret_n * sizeof *ints);
      return FOVEA_INFER_OK;
    }
  *ret_n = 0;
  if (tensor == NULL)
    return FOVEA_INFER_OK;
  if (tensor->data == NULL)
    return FOVEA_INFER_DATA;
  return fovea_op_read_ints (tensor, ret_values, max, ret_n, error) ? FOVEA_INFER_OK : FOVEA_INFER_ERROR;
}

double
fovea_op_scalar (const FoveaTensor *tensor)
{
  g_autoptr (FoveaTensor) wide = fovea_tensor_convert ((FoveaTensor *) tensor, FOVEA_DTYPE_F64, NULL);

  return wide != NULL && wide->n_elements > 0 ? *FOVEA_TENSOR_DATA (wide, double) : 0.0;
}

gint64
fovea_op_scalar_int (const FoveaTensor *tensor)
{
  g_autoptr (FoveaTensor) wide = fovea_tensor_convert ((FoveaTensor *) tensor, FOVEA_DTYPE_I64, NULL);

  return wide != NULL && wide->n_elements > 0 ? *FOVEA_TENSOR_DATA (wide, gint64) : 0;
}

void
fovea_strides (const FoveaShape *shape, gint64 *ret_strides)
{
  gint64 stride = 1;

  for (int i = shape->rank - 1; i >= 0; i--)
    {
      ret_strides[i] = stride;
      stride *= shape->dim[i];
    }
}

#define COPY_ROW(SIZE, TYPE)                                                                                       \
  case SIZE:                                                                                                      \
    for (gint64 j = 0; j < n; j++)                                                                                \
      ((TYPE *) to)[j] = ((const TYPE *) from)[at + j * step];                                                    \
    break;

static void
copy_row (void *to, gsize size, const void *from, gint64 at, gint64 step, gint64 n)
{
  switch (size)
    {
    FOVEA_FOR_SIZES (COPY_ROW)
    default:
      g_assert_not_reached ();
    }
}

void
fovea_op_copy_strided (void *to, const FoveaShape *shape, gsize size, const void *from, gint64 offset,
                       const gint64 *strides)
{
  int last = shape->rank - 1;
  gint64 inner = last >= 0 ? shape->dim[last] : 1, step = last >= 0 ? strides[last] : 0;
  gint64 index[FOVEA_MAX_RANK] = { 0 };
  char *row = to;

  for (int i = 0; i < shape->rank; i++)
    if (shape->dim[i] == 0)
      return;
  while (TRUE)
    {
      int k = last - 1;

      copy_row (row, size, from, offset, step, inner);
      row += (gsize) inner * size;
      for (; k >= 0; k--)
        {
          offset += strides[k];
          if (++index[k] < shape->dim[k])
            break;
          offset -= strides[k] * shape->dim[k];
          index[k] = 0;
        }
      if (k < 0)
        return;
    }
}

gboolean
fovea_broadcast_shapes (const FoveaShape *a, const FoveaShape *b, FoveaShape *ret, GError **error)
{
  FoveaShape shape = { .rank = MAX (a->rank, b->rank) };

  for (int i = 0; i < shape.rank; i++)
    {
      int ia = i - (shape.rank - a->rank), ib = i - (shape.rank - b->rank);
      gint64 da = ia < 0 ? 1 : a->dim[ia], db = ib < 0 ? 1 : b->dim[ib];

      if (da != db && da != 1 && db != 1)
        {
          g_autofree char *ta = fovea_shape_to_string (a), *tb = fovea_shape_to_string (b);

          return fovea_op_fail (error, FOVEA_NN_ERROR_SHAPE, "the shapes %s and %s do not broadcast", ta, tb);
        }
      shape.dim[i] = da == 1 ? db : da;
    }
  *ret = shape;
  return TRUE;
}

void
fovea_broadcast_init (FoveaBroadcast *it, const FoveaShape *out, int n, ...)
{
  va_list args;

  memset (it, 0, sizeof *it);
  it->n = n;
  it->rank = MAX (out->rank - 1, 0);
  it->inner = out->rank > 0 ? out->dim[out->rank - 1] : 1;
  it->more = it->inner > 0;
  for (int i = 0; i < it->rank; i++)
    {
      it->dim[i] = out->dim[i];
      if (it->dim[i] == 0)
        it->more = FALSE;
    }
  va_start (args, n);
  for (int k = 0; k < n; k++)
    {
      const FoveaShape *shape = va_arg (args, const FoveaShape *);
      gint64 strides[FOVEA_MAX_RANK];

      fovea_strides (shape, strides);
      for (int i = 0; i < shape->rank; i++)
        {
          int at = i + out->rank - shape->rank;
          gint64 stride = shape->dim[i] == 1 ? 0 : strides[i];

          if (at == out->rank - 1)
            it->step[k] = stride;
          else
            it->stride[k][at] = stride;
        }
    }
  va_end (args);
}

void
fovea_broadcast_next (FoveaBroadcast *it)
{
  it->out += it->inner;
  for (int i = it->rank - 1; i >= 0; i--)
    {
      for (int k = 0; k < it->n; k++)
        it->offset[k] += it->stride[k][i];
      if (++it->index[i] < it->dim[i])
        return;
      for (int k = 0; k < it->n; k++)
        it->offset[k] -= it->stride[k][i] * it->dim[i];
      it->index[i] = 0;
    }
  it->more = FALSE;
}
