/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "op-test.h"

/* What ONNX's own node tests leave out of layout and rearrange: old and new opsets, limits, every refusal. */

#define F32 FOVEA_DTYPE_F32
#define I64 FOVEA_DTYPE_I64
#define U8 FOVEA_DTYPE_U8

static OpTest *
with_list (const char *op, int opset, FoveaTensor *x, FoveaTensor *list)
{
  OpTest *test = op_test_new (op, opset);

  op_test_in (test, x);
  if (list != NULL)
    op_test_in (test, list);
  return test;
}

static FoveaTensor *
count (FoveaDType dtype, const char *shape)
{
  FoveaTensor *tensor = tensor_filled (FOVEA_DTYPE_U8, shape, 0), *converted;

  for (gsize i = 0; i < tensor->n_elements; i++)
    FOVEA_TENSOR_DATA (tensor, guint8)[i] = (guint8) i;
  converted = fovea_tensor_convert (tensor, dtype, NULL);
  fovea_tensor_unref (tensor);
  return converted;
}

static void
test_reshape (void)
{
  g_autoptr (OpTest) open = with_list ("Reshape", 14, count (F32, "2 6"), tensor_values (I64, "3", 3, 0.0, -1.0, 2.0));
  g_autoptr (OpTest) two = with_list ("Reshape", 14, count (F32, "2 6"), tensor_filled (I64, "2", -1));
  g_autoptr (OpTest) odd = with_list ("Reshape", 14, count (F32, "2 6"), tensor_values (I64, "2", 2, 5.0, -1.0));
  g_autoptr (OpTest) beyond = with_list ("Reshape", 14, count (F32, "12"), tensor_values (I64, "2", 2, 12.0, 0.0));
  g_autoptr (OpTest) deep = with_list ("Reshape", 14, count (F32, "1"), tensor_filled (I64, "9", 1));

  assert_shape (op_test_run (open, 1), F32, "2 3 2");
  op_test_fails (two, FOVEA_NN_ERROR_MALFORMED, "left open");
  op_test_fails (odd, FOVEA_NN_ERROR_SHAPE, "numbers of elements");
  op_test_fails (beyond, FOVEA_NN_ERROR_SHAPE, "copied from an input");
  op_test_fails (deep, FOVEA_NN_ERROR_LIMIT, "at most 8");
}

static void
test_squeeze (void)
{
  g_autoptr (OpTest) all = with_list ("Squeeze", 13, count (F32, "1 3 1"), NULL);
  g_autoptr (OpTest) old = with_list ("Squeeze", 11, count (F32, "1 3 1"), NULL);
  g_autoptr (OpTest) bad = with_list ("Squeeze", 13, count (F32, "1 3 1"), tensor_filled (I64, "1", 1));
  g_autoptr (OpTest) twice = with_list ("Unsqueeze", 13, count (F32, "3"), tensor_filled (I64, "2", 1));
  g_autoptr (OpTest) outside = with_list ("Unsqueeze", 13, count (F32, "3"), tensor_filled (I64, "1", 2));

  assert_shape (op_test_run (all, 1), F32, "3");
  op_test_ints (old, "axes", 1, (gint64) -1);
  assert_shape (op_test_run (old, 1), F32, "1 3");
  op_test_fails (bad, FOVEA_NN_ERROR_SHAPE, "instead of 1");
  op_test_fails (twice, FOVEA_NN_ERROR_MALFORMED, "named twice");
  op_test_fails (outside, FOVEA_NN_ERROR_MALFORMED, "axis 2");
}

static void
test_slice (void)
{
  g_autoptr (OpTest) old = with_list ("Slice", 9, count (U8, "3 4"), NULL);
  g_autoptr (OpTest) back = with_list ("Slice", 13, count (U8, "5"), tensor_filled (I64, "1", 100));
  g_autoptr (OpTest) still = with_list ("Slice", 13, count (U8, "5"), tensor_filled (I64, "1", 0));
  FoveaTensor *step = tensor_filled (I64, "1", 0);

  op_test_ints (old, "starts", 2, (gint64) 1, (gint64) -2);
  op_test_ints (old, "ends", 2, G_MAXINT64, G_MAXINT64);
  assert_values (op_test_run (old, 1), 0, 4, 6.0, 7.0, 10.0, 11.0);
  *FOVEA_TENSOR_DATA (step, gint64) = G_MININT64; /* the largest steps take one element */
  op_test_in (back, tensor_filled (I64, "1", -100));
  op_test_in (back, NULL);
  op_test_in (back, step);
  assert_values (op_test_run (back, 1), 0, 1, 4.0);
  op_test_in (still, tensor_filled (I64, "1", 5));
  op_test_in (still, NULL);
  op_test_in (still, tensor_filled (I64, "1", 0));
  op_test_fails (still, FOVEA_NN_ERROR_MALFORMED, "step is 0");
}

static void
test_split (void)
{
  g_autoptr (OpTest) uneven = with_list ("Split", 18, count (U8, "7"), NULL);
  g_autoptr (OpTest) old = with_list ("Split", 11, count (U8, "2 3"), NULL);
  g_autoptr (OpTest) large = with_list ("Split", 13, count (U8, "4"), tensor_filled (I64, "1", 5));

  fovea_node_set_int (uneven->node, "num_outputs", 3);
  assert_values (op_test_run (uneven, 3), 0, 3, 0.0, 1.0, 2.0);
  assert_values (uneven->out[2], 0, 1, 6.0);
  fovea_node_set_int (old->node, "axis", -1);
  op_test_ints (old, "split", 2, (gint64) 1, (gint64) 2);
  assert_values (op_test_run (old, 2), 0, 2, 0.0, 3.0);
  assert_values (old->out[1], 0, 4, 1.0, 2.0, 4.0, 5.0);
  op_test_fails (large, FOVEA_NN_ERROR_SHAPE, "larger than the whole");
}

static void
test_repeat (void)
{
  g_autoptr (OpTest) tile = with_list ("Tile", 13, count (U8, "1 2"), tensor_values (I64, "2", 2, 2.0, 2.0));
  g_autoptr (OpTest) huge = with_list ("Tile", 13, count (U8, "2 2"), tensor_filled (I64, "2", 9e18));
  g_autoptr (OpTest) many = with_list ("Expand", 13, count (U8, "1"), tensor_filled (I64, "3", 1 << 30));
  g_autoptr (OpTest) odd = with_list ("Expand", 13, count (U8, "3"), tensor_filled (I64, "1", 2));

  assert_values (op_test_run (tile, 1), 0, 8, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0);
  op_test_fails (huge, FOVEA_NN_ERROR_LIMIT, "times");
  op_test_fails (many, FOVEA_NN_ERROR_LIMIT, "larger than");
  op_test_fails (odd, FOVEA_NN_ERROR_SHAPE, "broadcast");
}

static void
test_concat (void)
{
  g_autoptr (OpTest) test = with_list ("Concat", 13, count (U8, "2 1"), count (U8, "2 2"));
  g_autoptr (OpTest) types = with_list ("Concat", 13, count (U8, "2 1"), count (F32, "2 2"));
  g_autoptr (OpTest) shapes = with_list ("Concat", 13, count (U8, "2 1"), count (U8, "3 2"));

  fovea_node_set_int (test->node, "axis", -1);
  fovea_node_set_int (types->node, "axis", 1);
  fovea_node_set_int (shapes->node, "axis", 1);
  assert_values (op_test_run (test, 1), 0, 6, 0.0, 0.0, 1.0, 1.0, 2.0, 3.0);
  op_test_fails (types, FOVEA_NN_ERROR_SHAPE, "does not continue");
  op_test_fails (shapes, FOVEA_NN_ERROR_SHAPE, "does not continue");
}

static OpTest *
padded (const char *mode, double begin, double end)
{
  OpTest *test = with_list ("Pad", 19, count (F32, "3"), tensor_values (I64, "2", 2, begin, end));

  fovea_node_set_string (test->node, "mode", mode);
  return test;
}

static void
test_pad (void)
{
  g_autoptr (OpTest) reflect = padded ("reflect", 4, 3), wrap = padded ("wrap", 2, 4), edge = padded ("edge", 1, -1);
  g_autoptr (OpTest) crop = padded ("constant", -2, 1), gone = padded ("constant", -2, -2), bogus = padded ("bogus", 0, 0);
  g_autoptr (OpTest) axes = with_list ("Pad", 18, count (F32, "1 2"), tensor_values (I64, "2", 2, 0.0, 1.0));
  g_autoptr (OpTest) old = with_list ("Pad", 2, count (F32, "1"), NULL);

  assert_values (op_test_run (reflect, 1), 0, 10, 0.0, 1.0, 2.0, 1.0, 0.0, 1.0, 2.0, 1.0, 0.0, 1.0);
  assert_values (op_test_run (wrap, 1), 0, 9, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0);
  assert_values (op_test_run (edge, 1), 0, 3, 0.0, 0.0, 1.0);
  assert_values (op_test_run (crop, 1), 0, 2, 2.0, 0.0);
  op_test_fails (gone, FOVEA_NN_ERROR_SHAPE, "more is cropped");
  op_test_fails (bogus, FOVEA_NN_ERROR_UNSUPPORTED, "bogus");
  op_test_in (axes, tensor_filled (F32, "", 9));
  op_test_in (axes, tensor_filled (I64, "1", -1));
  assert_values (op_test_run (axes, 1), 0, 3, 0.0, 1.0, 9.0);
  op_test_ints (old, "pads", 2, (gint64) 1, (gint64) 0);
  fovea_node_set_float (old->node, "value", 2.5f);
  assert_values (op_test_run (old, 1), 0, 2, 2.5, 0.0);
}

static void
test_blocks (void)
{
  g_autoptr (OpTest) deep = with_list ("DepthToSpace", 13, count (F32, "1 6 1 1"), NULL);
  g_autoptr (OpTest) there = with_list ("SpaceToDepth", 13, count (U8, "1 1 2 2"), NULL);
  g_autoptr (OpTest) triangle = with_list ("Trilu", 14, count (U8, "2 2"), tensor_filled (FOVEA_DTYPE_I64, "", -9e18));
  g_autoptr (OpTest) hot = with_list ("OneHot", 11, tensor_values (I64, "2", 2, -1.0, 7.0), tensor_filled (I64, "", 3));

  fovea_node_set_int (deep->node, "blocksize", 2);
  op_test_fails (deep, FOVEA_NN_ERROR_SHAPE, "block size 2");
  fovea_node_set_int (there->node, "blocksize", 2);
  assert_shape (op_test_run (there, 1), U8, "1 4 1 1");
  assert_values (op_test_run (triangle, 1), 0, 4, 0.0, 1.0, 2.0, 3.0);
  op_test_in (hot, tensor_values (U8, "2", 2, 4.0, 5.0));
  assert_values (op_test_run (hot, 1), 0, 6, 4.0, 4.0, 5.0, 4.0, 4.0, 4.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nn/ops/layout/reshape", test_reshape);
  g_test_add_func ("/nn/ops/layout/squeeze", test_squeeze);
  g_test_add_func ("/nn/ops/layout/slice", test_slice);
  g_test_add_func ("/nn/ops/layout/split", test_split);
  g_test_add_func ("/nn/ops/layout/repeat", test_repeat);
  g_test_add_func ("/nn/ops/layout/concat", test_concat);
  g_test_add_func ("/nn/ops/layout/pad", test_pad);
  g_test_add_func ("/nn/ops/layout/blocks", test_blocks);
  return g_test_run ();
}
