/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/quantise.h"

#include <math.h>

#include "nn/ops/op-check.h"
#include "nn/ops/families.h"

/* QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear.
 *
 *   q = saturate (round half to even (x / scale) + zero),   x = (q − zero) · scale
 *
 * per tensor, or per slice of one axis when scale is a vector. */

#define DTYPES_QUANTISED (FOVEA_DTYPES_8BIT | FOVEA_DTYPE_BIT (FOVEA_DTYPE_U16) | FOVEA_DTYPE_BIT (FOVEA_DTYPE_I16))

gboolean
fovea_scale_check (const FoveaTensor *scale, gint64 n, GError **error)
{
  if (scale->n_elements != 1 && (scale->shape.rank != 1 || scale->shape.dim[0] != n))
    {
      g_autofree char *got = fovea_shape_to_string (&scale->shape);

      return fovea_refuse (error, SHAPE, "a scale is %s, expected one value or [%" G_GINT64_FORMAT "]", got, n);
    }
  if (scale->data != NULL)
    for (gsize i = 0; i < scale->n_elements; i++)
      if (!isfinite (fovea_tensor_real (scale, i)) || fovea_tensor_real (scale, i) <= 0)
        return fovea_refuse (error, MALFORMED, "a scale is %g, expected a finite value above 0",
                             fovea_tensor_real (scale, i));
  return TRUE;
}

gboolean
fovea_zero_point_check (const FoveaTensor *zero, const FoveaTensor *values, gint64 n, GError **error)
{
  if (zero == NULL)
    return TRUE;
  if (zero->dtype != values->dtype)
    return fovea_refuse (error, TYPE, "a zero point is %s, its values are %s", fovea_dtype_name (zero->dtype),
                         fovea_dtype_name (values->dtype));
  if (zero->n_elements != 1 && (zero->shape.rank != 1 || zero->shape.dim[0] != n))
    {
      g_autofree char *got = fovea_shape_to_string (&zero->shape);

      return fovea_refuse (error, SHAPE, "a zero point is %s, expected one value or [%" G_GINT64_FORMAT "]", got, n);
    }
  return TRUE;
}

static inline gint64
integer_at (const FoveaTensor *t, gsize i)
{
  switch ((int) t->dtype)
    {
    case FOVEA_DTYPE_U8:
      return FOVEA_TENSOR_DATA (t, const guint8)[i];
    case FOVEA_DTYPE_I8:
      return FOVEA_TENSOR_DATA (t, const gint8)[i];
    case FOVEA_DTYPE_U16:
      return FOVEA_TENSOR_DATA (t, const guint16)[i];
    case FOVEA_DTYPE_I16:
      return FOVEA_TENSOR_DATA (t, const gint16)[i];
    default:
      return FOVEA_TENSOR_DATA (t, const gint32)[i];
    }
}

gint64
fovea_zero_point (const FoveaTensor *zero, gsize i)
{
  return zero == NULL || zero->n_elements == 0 ? 0 : integer_at (zero, zero->n_elements == 1 ? 0 : i);
}

FoveaTensor *
fovea_widen (const FoveaTensor *values, const FoveaTensor *zero, gsize inner, GError **error)
{
  gsize n_zeros = zero == NULL ? 1 : zero->n_elements;
  FoveaTensor *wide = fovea_tensor_new (FOVEA_DTYPE_I32, &values->shape, error);

  if (wide == NULL)
    return NULL;
  for (gsize i = 0; i < values->n_elements; i++)
    FOVEA_TENSOR_DATA (wide, gint32)[i]
      = (gint32) (integer_at (values, i) - fovea_zero_point (zero, i / inner % n_zeros));
  return wide;
}

void
fovea_quantised_put (FoveaTensor *out, gsize i, double scaled, gint64 zero)
{
  double q = (isnan (scaled) ? 0.0 : rint (scaled)) + (double) zero;

  switch ((int) out->dtype)
    {
    case FOVEA_DTYPE_U8:
      FOVEA_TENSOR_DATA (out, guint8)[i] = (guint8) CLAMP (q, 0, G_MAXUINT8);
      break;
    case FOVEA_DTYPE_I8:
      FOVEA_TENSOR_DATA (out, gint8)[i] = (gint8) CLAMP (q, G_MININT8, G_MAXINT8);
      break;
    case FOVEA_DTYPE_U16:
      FOVEA_TENSOR_DATA (out, guint16)[i] = (guint16) CLAMP (q, 0, G_MAXUINT16);
      break;
    default:
      FOVEA_TENSOR_DATA (out, gint16)[i] = (gint16) CLAMP (q, G_MININT16, G_MAXINT16);
      break;
    }
}

/* scale and zero point agree with each other and with x: one value, or one a slice of the axis (from opset 13 on).
 * *ret_inner elements of x in a row share a value. */
static gboolean
read_axis (FoveaOpContext *ctx, gsize *ret_inner, GError **error)
{
  const FoveaShape *x = &ctx->in[0]->shape;
  const FoveaTensor *scale = ctx->in[1], *zero = fovea_op_in (ctx, 2);
  int axis;

  if (fovea_node_int (ctx->node, "block_size", 0) != 0)
    return fovea_refuse (error, UNSUPPORTED, "blocked quantisation is not supported");
  if (zero != NULL && zero->n_elements != scale->n_elements)
    return fovea_refuse (error, SHAPE, "the scale has %" G_GSIZE_FORMAT " values, the zero point %" G_GSIZE_FORMAT,
                         scale->n_elements, zero->n_elements);
  *ret_inner = 1;
  if (scale->n_elements == 1 && scale->shape.rank <= 1)
    return TRUE;
  if (ctx->opset < 13)
    return fovea_refuse (error, SHAPE, "a scale for every slice needs opset 13");
  if (scale->shape.rank != 1)
    return fovea_refuse (error, SHAPE, "the scale has rank %d, expected 0 or 1", scale->shape.rank);
  if (!fovea_op_axis (fovea_node_int (ctx->node, "axis", 1), x->rank, &axis, error))
    return FALSE;
  if (x->dim[axis] != scale->shape.dim[0])
    return fovea_refuse (error, SHAPE, "%" G_GINT64_FORMAT " scales for axis %d of %" G_GINT64_FORMAT,
                         scale->shape.dim[0], axis, x->dim[axis]);
  *ret_inner = MAX (1, (gsize) fovea_shape_span (x, axis + 1, x->rank));
  return TRUE;
}

static gboolean
quantize_shape (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *zero = fovea_op_in (ctx, 2);
  gsize inner;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_FLOAT | FOVEA_DTYPE_BIT (FOVEA_DTYPE_I32), error)
      || !fovea_op_check_in (ctx, 1, FOVEA_DTYPES_FLOAT, error)
      || (zero != NULL && !fovea_op_check_in (ctx, 2, DTYPES_QUANTISED, error)) || !read_axis (ctx, &inner, error)
      || !fovea_scale_check (ctx->in[1], (gint64) ctx->in[1]->n_elements, error))
    return FALSE;
  if (zero == NULL && fovea_node_int (ctx->node, "output_dtype", 0) != 0)
    return fovea_refuse (error, UNSUPPORTED, "output_dtype without a zero point is not supported");
  fovea_op_declare (ctx, 0, zero != NULL ? zero->dtype : FOVEA_DTYPE_U8, &ctx->in[0]->shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (quantize)

static gboolean
quantize_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0], *scale = ctx->in[1], *zero = fovea_op_in (ctx, 2);
  gsize inner;

  if (!read_axis (ctx, &inner, error))
    return FALSE;
  for (gsize i = 0; i < x->n_elements; i++)
    {
      gsize slice = i / inner % scale->n_elements;
      double value = x->dtype == FOVEA_DTYPE_I32 ? FOVEA_TENSOR_DATA (x, const gint32)[i] : fovea_tensor_real (x, i);

      /* the quotient is taken in f32, as every implementation does: halves are where the result turns */
      if (x->dtype == FOVEA_DTYPE_F32)
        value = (double) ((float) value / (float) fovea_tensor_real (scale, slice));
      else
        value /= fovea_tensor_real (scale, slice);
      fovea_quantised_put (ctx->out[0], i, value, fovea_zero_point (zero, slice));
    }
  return TRUE;
}

static gboolean
dequantize_shape (FoveaOpContext *ctx, GError **error)
{
  gsize inner;

  if (!fovea_op_check_in (ctx, 0, DTYPES_QUANTISED | FOVEA_DTYPE_BIT (FOVEA_DTYPE_I32), error)
      || !fovea_op_check_in (ctx, 1, FOVEA_DTYPE_BIT (FOVEA_DTYPE_F32), error)
      || (fovea_op_in (ctx, 2) != NULL && !fovea_op_check_same (ctx, 2, error)) || !read_axis (ctx, &inner, error))
    return FALSE;
  fovea_op_declare (ctx, 0, FOVEA_DTYPE_F32, &ctx->in[0]->shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (dequantize)

static gboolean
dequantize_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0], *scale = ctx->in[1];
  gsize inner;

  if (!read_axis (ctx, &inner, error))
    return FALSE;
  for (gsize i = 0; i < x->n_elements; i++)
    {
      gsize slice = i / inner % scale->n_elements;

      FOVEA_TENSOR_DATA (ctx->out[0], float)[i] = (float) (integer_at (x, i) - fovea_zero_point (fovea_op_in (ctx, 2), slice))
                                                  * FOVEA_TENSOR_DATA (scale, const float)[slice];
    }
  return TRUE;
}

/* scale = (max (x, 0) − min (x, 0)) / 255,  zero = saturate (round (−min / scale));  x all 0: scale 1 */
static gboolean
dynamic_quantize_shape (FoveaOpContext *ctx, GError **error)
{
  FoveaShape scalar = { 0 };

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPE_BIT (FOVEA_DTYPE_F32), error))
    return FALSE;
  fovea_op_declare (ctx, 0, FOVEA_DTYPE_U8, &ctx->in[0]->shape);
  fovea_op_declare (ctx, 1, FOVEA_DTYPE_F32, &scalar);
  fovea_op_declare (ctx, 2, FOVEA_DTYPE_U8, &scalar);
  return TRUE;
}

FOVEA_DEFINE_INFER (dynamic_quantize)

static gboolean
dynamic_quantize_run (FoveaOpContext *ctx, GError **error)
{
  const float *x = ctx->in[0]->data;
  float low = 0, high = 0, scale;
  gint64 zero;

  for (gsize i = 0; i < ctx->in[0]->n_elements; i++)
    {
      if (!isfinite (x[i]))
        return fovea_refuse (error, MALFORMED, "value %" G_GSIZE_FORMAT " is %g, expected finite values", i,
                             (double) x[i]);
      low = MIN (low, x[i]);
      high = MAX (high, x[i]);
    }
  scale = high == low ? 1 : (high - low) / 255;
  if (!isfinite (scale) || scale == 0)
    return fovea_refuse (error, MALFORMED, "the values' range, %g to %g, has no scale", (double) low, (double) high);
  zero = (gint64) CLAMP (rintf (-low / scale), 0.0f, 255.0f);
  if (fovea_op_out (ctx, 0) != NULL)
    for (gsize i = 0; i < ctx->in[0]->n_elements; i++)
      fovea_quantised_put (ctx->out[0], i, (double) (x[i] / scale), zero);
  if (fovea_op_out (ctx, 1) != NULL)
    FOVEA_TENSOR_DATA (ctx->out[1], float)[0] = scale;
  if (fovea_op_out (ctx, 2) != NULL)
    FOVEA_TENSOR_DATA (ctx->out[2], guint8)[0] = (guint8) zero;
  return TRUE;
}

const FoveaOp fovea_ops_quantise[] = {
  { "QuantizeLinear", 10, 0, 2, 3, 1, 1, quantize_infer, quantize_run },
  { "DequantizeLinear", 10, 0, 2, 3, 1, 1, dequantize_infer, dequantize_run },
  { "DynamicQuantizeLinear", 11, 0, 1, 1, 3, 3, dynamic_quantize_infer, dynamic_quantize_run },
  { NULL }
};
