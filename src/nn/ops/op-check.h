/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/nn-error.h"
#include "nn/ops/op-util.h"

G_BEGIN_DECLS

/* Small words that the shape rules and kernels of the heavy families share. */

/* Sets @error and is FALSE, for `return fovea_refuse (error, SHAPE, "…")` in a function that returns gboolean. */
#define fovea_refuse(error, code, ...) fovea_op_fail (error, FOVEA_NN_ERROR_##code, __VA_ARGS__)

/* Makes the shape rule NAME_infer of a function `gboolean NAME_shape (FoveaOpContext *, GError **)` that never needs
 * values. */
#define FOVEA_DEFINE_INFER(name) \
  static FoveaInferResult \
  name##_infer (FoveaOpContext *ctx, GError **error) \
  { \
    return name##_shape (ctx, error) ? FOVEA_INFER_OK : FOVEA_INFER_ERROR; \
  }

#define FOVEA_DTYPE_BIT(dtype) (1u << (dtype))
#define FOVEA_DTYPES_FLOAT (FOVEA_DTYPE_BIT (FOVEA_DTYPE_F32) | FOVEA_DTYPE_BIT (FOVEA_DTYPE_F64))
/* for operators with FOVEA_OP_WIDEN_HALF: run sees f32 */
#define FOVEA_DTYPES_REAL \
  (FOVEA_DTYPES_FLOAT | FOVEA_DTYPE_BIT (FOVEA_DTYPE_F16) | FOVEA_DTYPE_BIT (FOVEA_DTYPE_BF16))
#define FOVEA_DTYPES_INDEX (FOVEA_DTYPE_BIT (FOVEA_DTYPE_I32) | FOVEA_DTYPE_BIT (FOVEA_DTYPE_I64))
#define FOVEA_DTYPES_8BIT (FOVEA_DTYPE_BIT (FOVEA_DTYPE_U8) | FOVEA_DTYPE_BIT (FOVEA_DTYPE_I8))
#define FOVEA_DTYPES_NUMBER \
  (FOVEA_DTYPES_FLOAT | FOVEA_DTYPES_INDEX | FOVEA_DTYPES_8BIT | FOVEA_DTYPE_BIT (FOVEA_DTYPE_I16) \
   | FOVEA_DTYPE_BIT (FOVEA_DTYPE_U16) | FOVEA_DTYPE_BIT (FOVEA_DTYPE_U32) | FOVEA_DTYPE_BIT (FOVEA_DTYPE_U64))

static inline FoveaTensor *
fovea_op_out (const FoveaOpContext *ctx, guint i)
{
  return i < ctx->n_out ? ctx->out[i] : NULL;
}

/* Input @i must be there and have a type among @dtypes (bits). Errors: MALFORMED, TYPE. */
static inline gboolean
fovea_op_check_in (const FoveaOpContext *ctx, guint i, guint dtypes, GError **error)
{
  const FoveaTensor *t = fovea_op_in (ctx, i);

  if (t == NULL)
    return fovea_refuse (error, MALFORMED, "input %u is missing", i);
  if ((FOVEA_DTYPE_BIT (t->dtype) & dtypes) == 0)
    return fovea_refuse (error, TYPE, "input %u of type %s is not supported", i, fovea_dtype_name (t->dtype));
  return TRUE;
}

/* As above, and of the same type as input 0. */
static inline gboolean
fovea_op_check_same (const FoveaOpContext *ctx, guint i, GError **error)
{
  const FoveaTensor *t = fovea_op_in (ctx, i);

  if (t == NULL)
    return fovea_refuse (error, MALFORMED, "input %u is missing", i);
  if (t->dtype != ctx->in[0]->dtype)
    return fovea_refuse (error, TYPE, "input %u is %s, expected %s as input 0", i, fovea_dtype_name (t->dtype),
                         fovea_dtype_name (ctx->in[0]->dtype));
  return TRUE;
}

/* Input @i, when it is there, must be a vector [n] of input 0's type. */
static inline gboolean
fovea_op_check_vector (const FoveaOpContext *ctx, guint i, gint64 n, GError **error)
{
  const FoveaTensor *t = fovea_op_in (ctx, i);

  if (t->shape.rank != 1 || t->shape.dim[0] != n)
    {
      g_autofree char *got = fovea_shape_to_string (&t->shape);

      return fovea_refuse (error, SHAPE, "input %u is %s, expected [%" G_GINT64_FORMAT "]", i, got, n);
    }
  return TRUE;
}

/* Product of dim[begin] … dim[end − 1]. The shape has passed fovea_shape_check(), but with a dimension of 0 elsewhere
 * the others may multiply to anything: 0 is returned then, since there is nothing to walk over. */
static inline gint64
fovea_shape_span (const FoveaShape *shape, int begin, int end)
{
  gint64 n = 1;

  for (int i = 0; i < shape->rank; i++)
    if (shape->dim[i] == 0)
      return 0;
  for (int i = begin; i < end; i++)
    n *= shape->dim[i];
  return n;
}

/* GatherElements and ScatterElements: @indices has the rank of @data and is nowhere larger, but for @axis. */
static inline gboolean
fovea_op_check_beside (const FoveaShape *data, const FoveaShape *indices, int axis, GError **error)
{
  if (data->rank != indices->rank)
    return fovea_refuse (error, SHAPE, "the indices have rank %d, the data %d", indices->rank, data->rank);
  for (int i = 0; i < data->rank; i++)
    if (i != axis && indices->dim[i] > data->dim[i])
      return fovea_refuse (error, SHAPE,
                           "axis %d has %" G_GINT64_FORMAT " indices, the data only %" G_GINT64_FORMAT " values", i,
                           indices->dim[i], data->dim[i]);
  return TRUE;
}

/* Where element @i of @indices points to in the data of @strides, when it says @index along @axis. */
static inline gint64
fovea_op_place_beside (const FoveaShape *indices, gsize i, const gint64 *strides, int axis, gint64 index)
{
  gint64 at = index * strides[axis], rest = (gint64) i;

  for (int k = indices->rank - 1; k >= 0; k--)
    {
      if (k != axis)
        at += rest % indices->dim[k] * strides[k];
      rest /= indices->dim[k];
    }
  return at;
}

/* Value @i of an i32 or i64 tensor. */
static inline gint64
fovea_tensor_index (const FoveaTensor *t, gsize i)
{
  return t->dtype == FOVEA_DTYPE_I64 ? FOVEA_TENSOR_DATA (t, const gint64)[i] : FOVEA_TENSOR_DATA (t, const gint32)[i];
}

/* Value @i of an f32 or f64 tensor. */
static inline double
fovea_tensor_real (const FoveaTensor *t, gsize i)
{
  return t->dtype == FOVEA_DTYPE_F64 ? FOVEA_TENSOR_DATA (t, const double)[i]
                                     : (double) FOVEA_TENSOR_DATA (t, const float)[i];
}

static inline void
fovea_tensor_set_real (FoveaTensor *t, gsize i, double value)
{
  if (t->dtype == FOVEA_DTYPE_F64)
    FOVEA_TENSOR_DATA (t, double)[i] = value;
  else
    FOVEA_TENSOR_DATA (t, float)[i] = (float) value;
}

G_END_DECLS
