/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "op-test.h"

/* NonMaxSuppression, RoiAlign, the quantisers and the cosine windows */

#define F32 FOVEA_DTYPE_F32
#define I64 FOVEA_DTYPE_I64
#define U8 FOVEA_DTYPE_U8
#define I8 FOVEA_DTYPE_I8

/* Three boxes, the second overlapping the first by 0.8 / 1.2, the third apart */
static OpTest *
suppress (double most, double overlap, double score)
{
  OpTest *test = op_test_new ("NonMaxSuppression", 11);

  op_test_in (test, tensor_values (F32, "1 3 4", 12, 0.0, 0.0, 1.0, 1.0, 1.2, 1.0, 0.2, 0.0, 0.0, 5.0, 1.0, 6.0));
  op_test_in (test, tensor_values (F32, "1 2 3", 6, 0.5, 0.9, 0.3, 0.1, (double) NAN, 0.2));
  op_test_in (test, tensor_filled (I64, "", most));
  op_test_in (test, tensor_filled (F32, "1", overlap));
  if (!isnan (score))
    op_test_in (test, tensor_filled (F32, "1", score));
  return test;
}

static void
test_suppression (void)
{
  g_autoptr (OpTest) strict = suppress (9, 0.5, (double) NAN);
  g_autoptr (OpTest) loose = suppress (9, 0.7, (double) NAN);
  g_autoptr (OpTest) one = suppress (1, 0.5, (double) NAN);
  g_autoptr (OpTest) scored = suppress (9, 0.5, 0.25);
  g_autoptr (OpTest) zero = suppress (0, 0.5, (double) NAN);

  assert_shape (op_test_run (strict, 1), I64, "4 3");
  assert_values (strict->out[0], 0, 12, 0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0, 0.0);
  assert_shape (op_test_run (loose, 1), I64, "5 3");
  assert_values (op_test_run (one, 1), 0, 6, 0.0, 0.0, 1.0, 0.0, 1.0, 2.0);
  assert_values (op_test_run (scored, 1), 0, 6, 0.0, 0.0, 1.0, 0.0, 0.0, 2.0);
  assert_shape (op_test_run (zero, 1), I64, "0 3");
}

static void
test_suppression_errors (void)
{
  g_autoptr (OpTest) above = suppress (9, 1.5, (double) NAN);
  g_autoptr (OpTest) nan = suppress (9, (double) NAN, (double) NAN);
  g_autoptr (OpTest) shape = op_test_new ("NonMaxSuppression", 11);
  g_autoptr (OpTest) none = op_test_new ("NonMaxSuppression", 11);

  op_test_fails (above, FOVEA_NN_ERROR_MALFORMED, "iou_threshold");
  op_test_fails (nan, FOVEA_NN_ERROR_MALFORMED, "iou_threshold");
  op_test_in (shape, tensor_random (F32, "1 3 4", 1));
  op_test_in (shape, tensor_random (F32, "1 2 4", 1));
  op_test_fails (shape, FOVEA_NN_ERROR_SHAPE, "[1, 2, 4]");
  op_test_in (none, tensor_random (F32, "2 0 4", 1));
  op_test_in (none, tensor_random (F32, "2 3 0", 1));
  assert_shape (op_test_run (none, 1), I64, "0 3");
}

static OpTest *
align (double corner, double batch)
{
  OpTest *test = op_test_new ("RoiAlign", 16);
  FoveaTensor *x = tensor_filled (F32, "1 1 8 8", 0);

  for (gsize i = 0; i < 64; i++) /* a plane: x + 10 y, which bilinear sampling reproduces */
    FOVEA_TENSOR_DATA (x, float)[i] = (float) (i % 8) + 10 * (float) (i / 8);
  op_test_in (test, x);
  op_test_in (test, tensor_values (F32, "1 4", 4, 1.0, 2.0, corner, 6.0));
  op_test_in (test, tensor_filled (I64, "1", batch));
  fovea_node_set_int (test->node, "output_height", 2);
  fovea_node_set_int (test->node, "output_width", 2);
  return test;
}

static void
test_roi_align (void)
{
  g_autoptr (OpTest) test = align (5, 0);
  g_autoptr (OpTest) old = align (5, 0);
  g_autoptr (OpTest) batch = align (5, 1);
  g_autoptr (OpTest) negative = align (5, -1);
  g_autoptr (OpTest) far = align (1e8, 0);
  g_autoptr (OpTest) nan = align ((double) NAN, 0);
  g_autoptr (OpTest) mode = align (5, 0);
  g_autoptr (OpTest) size = align (5, 0);

  /* bins 2 × 2 with centres 2, 4 and 3, 5, less half a pixel */
  assert_values (op_test_run (test, 1), 1e-5, 4, 26.5, 28.5, 46.5, 48.5);
  fovea_node_set_string (old->node, "coordinate_transformation_mode", "output_half_pixel");
  fovea_node_set_int (old->node, "sampling_ratio", 3);
  assert_values (op_test_run (old, 1), 1e-5, 4, 32.0, 34.0, 52.0, 54.0);
  op_test_fails (batch, FOVEA_NN_ERROR_MALFORMED, "picture 1");
  op_test_fails (negative, FOVEA_NN_ERROR_MALFORMED, "picture -1");
  op_test_fails (far, FOVEA_NN_ERROR_LIMIT, "reaches");
  op_test_fails (nan, FOVEA_NN_ERROR_LIMIT, "reaches");
  fovea_node_set_string (mode->node, "mode", "median");
  op_test_fails (mode, FOVEA_NN_ERROR_UNSUPPORTED, "median");
  fovea_node_set_int (size->node, "sampling_ratio", G_MAXINT64);
  op_test_fails (size, FOVEA_NN_ERROR_MALFORMED, "sampling_ratio");
}

static OpTest *
quantise (const char *op, FoveaTensor *x, double scale, FoveaDType dtype, double zero)
{
  OpTest *test = op_test_new (op, 13);

  op_test_in (test, x);
  op_test_in (test, tensor_filled (F32, "", scale));
  op_test_in (test, tensor_filled (dtype, "", zero));
  return test;
}

static FoveaTensor *
reals (void)
{
  return tensor_values (F32, "6", 6, 0.0, 1.0, 3.0, 1000.0, -1000.0, (double) NAN);
}

static void
test_quantise (void)
{
  g_autoptr (OpTest) u8 = quantise ("QuantizeLinear", reals (), 2, U8, 128);
  g_autoptr (OpTest) i8 = quantise ("QuantizeLinear", reals (), 2, I8, -3);
  g_autoptr (OpTest) back = quantise ("DequantizeLinear", tensor_values (I8, "3", 3, -128.0, 0.0, 127.0), 0.5, I8, -2);
  g_autoptr (OpTest) slices = op_test_new ("QuantizeLinear", 13);
  g_autoptr (OpTest) wide = op_test_new ("DequantizeLinear", 13);

  assert_values (op_test_run (u8, 1), 0, 6, 128.0, 128.0, 130.0, 255.0, 0.0, 128.0); /* halves to even */
  assert_values (op_test_run (i8, 1), 0, 6, -3.0, -3.0, -1.0, 127.0, -128.0, -3.0);
  assert_values (op_test_run (back, 1), 0, 3, -63.0, 1.0, 64.5);
  op_test_in (slices, tensor_filled (F32, "1 2 2", 10));
  op_test_in (slices, tensor_values (F32, "2", 2, 1.0, 5.0));
  assert_values (op_test_run (slices, 1), 0, 4, 10.0, 10.0, 2.0, 2.0);
  op_test_in (wide, tensor_filled (FOVEA_DTYPE_I32, "2", 1000000));
  op_test_in (wide, tensor_filled (F32, "", 0.5));
  assert_values (op_test_run (wide, 1), 0, 2, 500000.0, 500000.0);
}

static void
test_quantise_errors (void)
{
  static const double scales[] = { 0, -1, (double) NAN, (double) INFINITY };
  g_autoptr (OpTest) count = op_test_new ("QuantizeLinear", 13);
  g_autoptr (OpTest) axis = op_test_new ("QuantizeLinear", 13);
  g_autoptr (OpTest) zeros = op_test_new ("DequantizeLinear", 13);
  g_autoptr (OpTest) old = op_test_new ("QuantizeLinear", 10);

  for (gsize i = 0; i < G_N_ELEMENTS (scales); i++)
    {
      g_autoptr (OpTest) test = quantise ("QuantizeLinear", reals (), scales[i], U8, 0);

      op_test_fails (test, FOVEA_NN_ERROR_MALFORMED, "scale");
    }
  op_test_in (count, tensor_random (F32, "1 3", 1));
  op_test_in (count, tensor_filled (F32, "2", 1));
  op_test_fails (count, FOVEA_NN_ERROR_SHAPE, "2 scales");
  op_test_in (axis, tensor_random (F32, "2", 1));
  op_test_in (axis, tensor_filled (F32, "2", 1));
  op_test_fails (axis, FOVEA_NN_ERROR_MALFORMED, "axis 1");
  op_test_in (zeros, tensor_filled (U8, "2", 1));
  op_test_in (zeros, tensor_filled (F32, "", 1));
  op_test_in (zeros, tensor_filled (U8, "2", 1));
  op_test_fails (zeros, FOVEA_NN_ERROR_SHAPE, "zero point");
  op_test_in (old, tensor_random (F32, "1 2", 1));
  op_test_in (old, tensor_filled (F32, "2", 1));
  op_test_fails (old, FOVEA_NN_ERROR_SHAPE, "opset 13");
}

static void
test_dynamic (void)
{
  g_autoptr (OpTest) test = op_test_new ("DynamicQuantizeLinear", 11);
  g_autoptr (OpTest) flat = op_test_new ("DynamicQuantizeLinear", 11);
  g_autoptr (OpTest) infinite = op_test_new ("DynamicQuantizeLinear", 11);

  op_test_in (test, tensor_values (F32, "3", 3, -51.0, 0.0, 204.0));
  op_test_run (test, 3);
  assert_values (test->out[0], 0, 3, 0.0, 51.0, 255.0);
  assert_values (test->out[1], 0, 1, 1.0);
  assert_values (test->out[2], 0, 1, 51.0);
  op_test_in (flat, tensor_filled (F32, "2", 0));
  op_test_run (flat, 3);
  assert_values (flat->out[0], 0, 2, 0.0, 0.0);
  infinite->node->n_outputs = 3;
  op_test_in (infinite, tensor_filled (F32, "2", (double) INFINITY));
  op_test_fails (infinite, FOVEA_NN_ERROR_MALFORMED, "inf");
}

static OpTest *
taper (const char *op, double size, gint64 periodic)
{
  OpTest *test = op_test_new (op, 17);

  op_test_in (test, tensor_filled (I64, "", size));
  fovea_node_set_int (test->node, "periodic", periodic);
  return test;
}

static void
test_taper (void)
{
  g_autoptr (OpTest) hann = taper ("HannWindow", 4, 1);
  g_autoptr (OpTest) hamming = taper ("HammingWindow", 3, 0);
  g_autoptr (OpTest) blackman = taper ("BlackmanWindow", 3, 0);
  g_autoptr (OpTest) negative = taper ("HannWindow", -1, 1);
  g_autoptr (OpTest) huge = taper ("HannWindow", 9e18, 1);
  g_autoptr (OpTest) one = taper ("HannWindow", 1, 0);

  assert_values (op_test_run (hann, 1), 1e-6, 4, 0.0, 0.5, 1.0, 0.5);
  assert_values (op_test_run (hamming, 1), 1e-6, 3, 4 / 46.0, 1.0, 4 / 46.0);
  assert_values (op_test_run (blackman, 1), 1e-6, 3, 0.0, 1.0, 0.0);
  op_test_fails (negative, FOVEA_NN_ERROR_MALFORMED, "-1");
  op_test_fails (huge, FOVEA_NN_ERROR_MALFORMED, "size");
  assert_shape (op_test_run (one, 1), F32, "1");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nn/ops/suppression/table", test_suppression);
  g_test_add_func ("/nn/ops/suppression/errors", test_suppression_errors);
  g_test_add_func ("/nn/ops/roi-align", test_roi_align);
  g_test_add_func ("/nn/ops/quantise/table", test_quantise);
  g_test_add_func ("/nn/ops/quantise/errors", test_quantise_errors);
  g_test_add_func ("/nn/ops/quantise/dynamic", test_dynamic);
  g_test_add_func ("/nn/ops/taper", test_taper);
  return g_test_run ();
}
