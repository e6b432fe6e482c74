/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "nn/half.h"
#include "nn/tensor.h"

/* Conversions go through one of three wide types that hold every source value exactly: double for floats, gint64 for
 * signed and guint64 for unsigned integers. */

#define LOAD_CASE(DTYPE, TYPE)                                                                                    \
  case FOVEA_DTYPE_##DTYPE:                                                                                       \
    for (gsize i = 0; i < n; i++)                                                                                 \
      wide[i] = ((const TYPE *) data)[start + i];                                                                 \
    break;

static void
load_double (FoveaDType dtype, const void *data, gsize start, gsize n, double *wide)
{
  switch ((int) dtype)
    {
    LOAD_CASE (F64, double)
    case FOVEA_DTYPE_F32:
      for (gsize i = 0; i < n; i++)
        wide[i] = (double) ((const float *) data)[start + i];
      break;
    case FOVEA_DTYPE_F16:
      for (gsize i = 0; i < n; i++)
        wide[i] = (double) fovea_f16_to_float (((const guint16 *) data)[start + i]);
      break;
    case FOVEA_DTYPE_BF16:
      for (gsize i = 0; i < n; i++)
        wide[i] = (double) fovea_bf16_to_float (((const guint16 *) data)[start + i]);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
load_int (FoveaDType dtype, const void *data, gsize start, gsize n, gint64 *wide)
{
  switch ((int) dtype)
    {
    LOAD_CASE (I64, gint64)
    LOAD_CASE (I32, gint32)
    LOAD_CASE (I16, gint16)
    LOAD_CASE (I8, gint8)
    LOAD_CASE (U64, gint64) /* the bits; told apart by the caller */
    LOAD_CASE (U32, guint32)
    LOAD_CASE (U16, guint16)
    LOAD_CASE (U8, guint8)
    LOAD_CASE (BOOL, guint8)
    default:
      g_assert_not_reached ();
    }
}

static gint64
saturate (double value, double low, double high, gint64 low_int, gint64 high_int)
{
  if (isnan (value))
    return 0;
  if (value <= low)
    return low_int;
  if (value >= high)
    return high_int;
  return (gint64) value;
}

static guint64
saturate_u64 (double value)
{
  if (!(value > 0))
    return 0;
  return value >= 0x1p64 ? G_MAXUINT64 : (guint64) value;
}

#define STORE_CASE(DTYPE, TYPE, EXPRESSION)                                                                       \
  case FOVEA_DTYPE_##DTYPE:                                                                                       \
    for (gsize i = 0; i < n; i++)                                                                                 \
      ((TYPE *) data)[start + i] = (TYPE) (EXPRESSION);                                                           \
    break;

#define SATURATED(TYPE_MIN, TYPE_MAX)                                                                             \
  saturate (wide[i], (double) (TYPE_MIN), (double) (TYPE_MAX), (gint64) (TYPE_MIN), (gint64) (TYPE_MAX))

static void
store_double (FoveaDType dtype, void *data, gsize start, gsize n, const double *wide)
{
  switch ((int) dtype)
    {
    STORE_CASE (F64, double, wide[i])
    STORE_CASE (F32, float, wide[i])
    STORE_CASE (F16, guint16, fovea_float_to_f16 ((float) wide[i]))
    STORE_CASE (BF16, guint16, fovea_float_to_bf16 ((float) wide[i]))
    STORE_CASE (I64, gint64, SATURATED (G_MININT64, G_MAXINT64))
    STORE_CASE (I32, gint32, SATURATED (G_MININT32, G_MAXINT32))
    STORE_CASE (I16, gint16, SATURATED (G_MININT16, G_MAXINT16))
    STORE_CASE (I8, gint8, SATURATED (G_MININT8, G_MAXINT8))
    STORE_CASE (U64, guint64, saturate_u64 (wide[i]))
    STORE_CASE (U32, guint32, SATURATED (0, G_MAXUINT32))
    STORE_CASE (U16, guint16, SATURATED (0, G_MAXUINT16))
    STORE_CASE (U8, guint8, SATURATED (0, G_MAXUINT8))
    STORE_CASE (BOOL, guint8, wide[i] != 0)
    default:
      g_assert_not_reached ();
    }
}

static void
store_int (FoveaDType dtype, void *data, gsize start, gsize n, const gint64 *wide, gboolean is_unsigned)
{
#define AS_FLOAT(TYPE) (is_unsigned ? (TYPE) (guint64) wide[i] : (TYPE) wide[i])
  switch ((int) dtype)
    {
    STORE_CASE (F64, double, AS_FLOAT (double))
    STORE_CASE (F32, float, AS_FLOAT (float))
    STORE_CASE (F16, guint16, fovea_float_to_f16 (AS_FLOAT (float)))
    STORE_CASE (BF16, guint16, fovea_float_to_bf16 (AS_FLOAT (float)))
    STORE_CASE (I64, gint64, wide[i])
    STORE_CASE (I32, guint32, wide[i])
    STORE_CASE (I16, guint16, wide[i])
    STORE_CASE (I8, guint8, wide[i])
    STORE_CASE (U64, guint64, wide[i])
    STORE_CASE (U32, guint32, wide[i])
    STORE_CASE (U16, guint16, wide[i])
    STORE_CASE (U8, guint8, wide[i])
    STORE_CASE (BOOL, guint8, wide[i] != 0)
    default:
      g_assert_not_reached ();
    }
#undef AS_FLOAT
}

FoveaTensor *
fovea_tensor_convert (FoveaTensor *tensor, FoveaDType dtype, GError **error)
{
  enum { BLOCK = 512 };
  FoveaTensor *converted;

  g_return_val_if_fail (tensor->data != NULL || tensor->n_elements == 0, NULL);

  if (tensor->dtype == dtype)
    return fovea_tensor_ref (tensor);
  converted = fovea_tensor_new (dtype, &tensor->shape, error);
  if (converted == NULL)
    return NULL;
  for (gsize start = 0; start < tensor->n_elements; start += BLOCK)
    {
      gsize n = MIN ((gsize) BLOCK, tensor->n_elements - start);

      if (fovea_dtype_is_float (tensor->dtype))
        {
          double wide[BLOCK];

          load_double (tensor->dtype, tensor->data, start, n, wide);
          store_double (dtype, converted->data, start, n, wide);
        }
      else
        {
          gint64 wide[BLOCK];

          load_int (tensor->dtype, tensor->data, start, n, wide);
          store_int (dtype, converted->data, start, n, wide, tensor->dtype == FOVEA_DTYPE_U64);
        }
    }
  return converted;
}
