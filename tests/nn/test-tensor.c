/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "nn/half.h"
#include "nn/tensor.h"

static FoveaTensor *
new_f32 (gint64 n, const float *values)
{
  FoveaShape shape = fovea_shape (1, n);
  g_autoptr (GError) error = NULL;
  FoveaTensor *tensor = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, &error);

  g_assert_no_error (error);
  memcpy (tensor->data, values, (gsize) n * sizeof (float));
  return tensor;
}

static void
test_new (void)
{
  FoveaShape shape = fovea_shape (3, (gint64) 2, (gint64) 3, (gint64) 5), scalar = fovea_shape (0);
  g_autoptr (FoveaTensor) tensor = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, NULL);
  g_autoptr (FoveaTensor) one = fovea_tensor_new (FOVEA_DTYPE_I64, &scalar, NULL);

  g_assert_cmpuint (tensor->n_elements, ==, 30);
  g_assert_cmpuint (fovea_tensor_n_bytes (tensor), ==, 120);
  g_assert_cmpuint ((guintptr) tensor->data % 64, ==, 0);
  for (gsize i = 0; i < 30; i++)
    g_assert_cmpfloat (FOVEA_TENSOR_DATA (tensor, float)[i], ==, 0.0f);
  g_assert_cmpuint (one->n_elements, ==, 1);
}

static void
test_empty (void)
{
  FoveaShape shape = fovea_shape (2, (gint64) 0, (gint64) 7);
  g_autoptr (FoveaTensor) tensor = fovea_tensor_new (FOVEA_DTYPE_U8, &shape, NULL);
  g_autoptr (FoveaTensor) converted = fovea_tensor_convert (tensor, FOVEA_DTYPE_F64, NULL);

  g_assert_cmpuint (tensor->n_elements, ==, 0);
  g_assert_nonnull (tensor->data);
  g_assert_cmpuint (converted->n_elements, ==, 0);
}

static void
test_limits (void)
{
  const FoveaShape shapes[] = {
    fovea_shape (1, (gint64) -1),
    fovea_shape (1, G_MAXINT64),
    fovea_shape (2, (gint64) 1 << 32, (gint64) 1 << 32),
    fovea_shape (3, (gint64) 1 << 31, (gint64) 1 << 31, (gint64) 4), /* 2^64 wraps to 0 */
    fovea_shape (3, (gint64) 0, (gint64) 1 << 40, (gint64) 1 << 40), /* no elements, and still a trap for products */
    fovea_shape (1, (gint64) 1 << 50),
  };

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (FoveaTensor) tensor = fovea_tensor_new (FOVEA_DTYPE_F32, &shapes[i], &error);

      g_assert_null (tensor);
      g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_LIMIT);
    }
}

static void
test_shape_check (void)
{
  FoveaShape shape = fovea_shape (2, (gint64) 4, (gint64) 4);
  g_autoptr (GError) error = NULL;
  gsize n = 99;

  g_assert_true (fovea_shape_check (&shape, FOVEA_DTYPE_F32, 64, &n, &error));
  g_assert_cmpuint (n, ==, 16);
  n = 99;
  g_assert_false (fovea_shape_check (&shape, FOVEA_DTYPE_F32, 63, &n, &error));
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_LIMIT);
  g_assert_cmpuint (n, ==, 99);
}

static void
test_reshaped (void)
{
  const float values[] = { 1, 2, 3, 4, 5, 6 };
  FoveaTensor *tensor = new_f32 (6, values);
  FoveaShape good = fovea_shape (2, (gint64) 2, (gint64) 3), bad = fovea_shape (1, (gint64) 5);
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaTensor) view = fovea_tensor_new_reshaped (tensor, &good, &error);
  FoveaTensor *wrong;

  g_assert_no_error (error);
  g_assert_true (view->data == tensor->data);
  wrong = fovea_tensor_new_reshaped (tensor, &bad, &error);
  g_assert_null (wrong);
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE);
  fovea_tensor_unref (tensor); /* the view keeps the data */
  g_assert_cmpfloat (FOVEA_TENSOR_DATA (view, float)[5], ==, 6.0f);
}

static void
count_free (gpointer data)
{
  ++*(int *) data;
}

static void
test_wrapped (void)
{
  float values[2] = { 3, 4 };
  int freed = 0;
  FoveaShape shape = fovea_shape (1, (gint64) 2);
  FoveaTensor *tensor = fovea_tensor_new_wrapped (FOVEA_DTYPE_F32, &shape, values, &freed, count_free);

  fovea_tensor_ref (tensor);
  fovea_tensor_unref (tensor);
  g_assert_cmpint (freed, ==, 0);
  fovea_tensor_unref (tensor);
  g_assert_cmpint (freed, ==, 1);
}

/* Every f16 goes to f32 and back unchanged (NaNs stay NaNs), and halves between two of them go to the even one. */
static void
test_half (void)
{
  for (guint i = 0; i < 65536; i++)
    {
      float f = fovea_f16_to_float ((guint16) i);

      if (isnan (f))
        g_assert_true (isnan (fovea_f16_to_float (fovea_float_to_f16 (f))));
      else
        g_assert_cmphex (fovea_float_to_f16 (f), ==, i);
    }
  for (guint i = 0; i < 0x7bff; i++)
    {
      double low = (double) fovea_f16_to_float ((guint16) i), high = (double) fovea_f16_to_float ((guint16) (i + 1));
      float middle = (float) ((low + high) / 2);

      g_assert_cmphex (fovea_float_to_f16 (middle), ==, i + (i & 1));
      g_assert_cmphex (fovea_float_to_f16 (nextafterf (middle, 1e6f)), ==, i + 1);
      g_assert_cmphex (fovea_float_to_f16 (-nextafterf (middle, 0.0f)), ==, 0x8000 | i);
    }
  {
    /* An odd number of them from an odd place; the processor's instruction gives the same floats. */
    g_autofree guint16 *halves = g_new (guint16, 65536);
    g_autofree float *floats = g_new0 (float, 65536);

    for (guint i = 0; i < 65536; i++)
      halves[i] = (guint16) i;
    fovea_f16_to_floats (halves + 1, floats + 1, 65534);
    for (guint i = 1; i < 65535; i++)
      if (!isnan (fovea_f16_to_float ((guint16) i)))
        g_assert_cmphex (fovea_float_to_bits (floats[i]), ==, fovea_float_to_bits (fovea_f16_to_float ((guint16) i)));
      else
        g_assert_true (isnan (floats[i]));
    g_assert_cmpfloat (floats[65535], ==, 0.0f);
  }
  g_assert_cmphex (fovea_float_to_f16 (65519.9f), ==, 0x7bff);
  g_assert_cmphex (fovea_float_to_f16 (65520.0f), ==, 0x7c00);
  g_assert_cmphex (fovea_float_to_f16 (-INFINITY), ==, 0xfc00);
  g_assert_cmphex (fovea_float_to_bf16 (1.00390625f), ==, 0x3f80); /* a tie, to even */
  g_assert_cmphex (fovea_float_to_bf16 (1.01171875f), ==, 0x3f82);
  g_assert_true (isnan (fovea_bf16_to_float (fovea_float_to_bf16 (NAN))));
}

static gint64
convert_one (float value, FoveaDType dtype)
{
  g_autoptr (FoveaTensor) from = new_f32 (1, &value);
  g_autoptr (FoveaTensor) narrow = fovea_tensor_convert (from, dtype, NULL);
  g_autoptr (FoveaTensor) wide = fovea_tensor_convert (narrow, FOVEA_DTYPE_I64, NULL);

  return *FOVEA_TENSOR_DATA (wide, gint64);
}

static void
test_convert (void)
{
  g_assert_cmpint (convert_one (-2.7f, FOVEA_DTYPE_I32), ==, -2);
  g_assert_cmpint (convert_one (300.0f, FOVEA_DTYPE_U8), ==, 255);
  g_assert_cmpint (convert_one (-1.0f, FOVEA_DTYPE_U8), ==, 0);
  g_assert_cmpint (convert_one (-1e20f, FOVEA_DTYPE_I64), ==, G_MININT64);
  g_assert_cmpint (convert_one (1e20f, FOVEA_DTYPE_I64), ==, G_MAXINT64);
  g_assert_cmpint (convert_one (NAN, FOVEA_DTYPE_I16), ==, 0);
  g_assert_cmpint (convert_one (0.25f, FOVEA_DTYPE_BOOL), ==, 1);
  g_assert_cmpint (convert_one (-0.0f, FOVEA_DTYPE_BOOL), ==, 0);
  g_assert_cmpint (convert_one (-3.0f, FOVEA_DTYPE_F16), ==, -3);
  g_assert_cmpint (convert_one (1e9f, FOVEA_DTYPE_U32), ==, 1000000000);
}

static void
test_convert_integers (void)
{
  FoveaShape shape = fovea_shape (1, (gint64) 2);
  g_autoptr (FoveaTensor) u64 = fovea_tensor_new (FOVEA_DTYPE_U64, &shape, NULL);
  g_autoptr (FoveaTensor) f64 = NULL, i8 = NULL, same = NULL;

  FOVEA_TENSOR_DATA (u64, guint64)[0] = G_MAXUINT64;
  FOVEA_TENSOR_DATA (u64, guint64)[1] = 0x1ff;
  f64 = fovea_tensor_convert (u64, FOVEA_DTYPE_F64, NULL);
  g_assert_cmpfloat (*FOVEA_TENSOR_DATA (f64, double), ==, 0x1p64);
  i8 = fovea_tensor_convert (u64, FOVEA_DTYPE_I8, NULL);
  g_assert_cmpint (FOVEA_TENSOR_DATA (i8, gint8)[1], ==, -1);
  same = fovea_tensor_convert (u64, FOVEA_DTYPE_U64, NULL);
  g_assert_true (same == u64);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nn/tensor/new", test_new);
  g_test_add_func ("/nn/tensor/empty", test_empty);
  g_test_add_func ("/nn/tensor/limits", test_limits);
  g_test_add_func ("/nn/tensor/shape-check", test_shape_check);
  g_test_add_func ("/nn/tensor/reshaped", test_reshaped);
  g_test_add_func ("/nn/tensor/wrapped", test_wrapped);
  g_test_add_func ("/nn/tensor/half", test_half);
  g_test_add_func ("/nn/tensor/convert", test_convert);
  g_test_add_func ("/nn/tensor/convert-integers", test_convert_integers);
  return g_test_run ();
}
