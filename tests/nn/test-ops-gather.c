/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "op-test.h"

/* Gather, Scatter, NonZero, Compress, Unique, TopK */

#define F32 FOVEA_DTYPE_F32
#define I64 FOVEA_DTYPE_I64
#define I32 FOVEA_DTYPE_I32
#define BOOL FOVEA_DTYPE_BOOL

static OpTest *
pick (const char *op, FoveaTensor *data, FoveaTensor *indices)
{
  OpTest *test = op_test_new (op, 18);

  op_test_in (test, data);
  op_test_in (test, indices);
  return test;
}

static FoveaTensor *
grid (FoveaDType dtype) /* 10 … 15 */
{
  return tensor_values (dtype, "2 3", 6, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0);
}

static void
test_gather (void)
{
  static const FoveaDType dtypes[] = { F32, FOVEA_DTYPE_F64, I64, I32, FOVEA_DTYPE_I8, FOVEA_DTYPE_U8 };
  g_autoptr (OpTest) scalar = pick ("Gather", grid (F32), tensor_filled (I32, "", -1));
  g_autoptr (OpTest) empty = pick ("Gather", grid (F32), tensor_filled (I64, "0", 0));

  for (gsize i = 0; i < G_N_ELEMENTS (dtypes); i++)
    {
      g_autoptr (OpTest) test = pick ("Gather", grid (dtypes[i]), tensor_values (I64, "1 2", 2, -1.0, 0.0));

      fovea_node_set_int (test->node, "axis", 1);
      assert_shape (op_test_run (test, 1), dtypes[i], "2 1 2");
      assert_values (test->out[0], 0, 4, 12.0, 10.0, 15.0, 13.0);
    }
  assert_shape (op_test_run (scalar, 1), F32, "3");
  assert_values (scalar->out[0], 0, 3, 13.0, 14.0, 15.0);
  assert_shape (op_test_run (empty, 1), F32, "0 3");
}

static void
test_gather_others (void)
{
  g_autoptr (OpTest) elements
    = pick ("GatherElements", grid (F32), tensor_values (I64, "1 3", 3, 1.0, -2.0, -1.0));
  g_autoptr (OpTest) nd = pick ("GatherND", grid (F32), tensor_values (I64, "2 2", 4, 1.0, 2.0, -2.0, 0.0));
  g_autoptr (OpTest) rows = pick ("GatherND", grid (F32), tensor_values (I64, "1 1 1", 1, -1.0));
  g_autoptr (OpTest) batch = pick ("GatherND", grid (F32), tensor_values (I64, "2 1", 2, 1.0, 2.0));

  assert_values (op_test_run (elements, 1), 0, 3, 13.0, 11.0, 15.0);
  assert_values (op_test_run (nd, 1), 0, 2, 15.0, 10.0);
  assert_shape (op_test_run (rows, 1), F32, "1 1 3");
  fovea_node_set_int (batch->node, "batch_dims", 1);
  assert_values (op_test_run (batch, 1), 0, 2, 11.0, 15.0);
}

static void
test_gather_errors (void)
{
  static const struct {
    const char *op, *shape;
    double index;
    gint64 axis;
    FoveaNnError code;
    const char *message;
  } bad[] = {
    { "Gather", "1", 2, 0, FOVEA_NN_ERROR_MALFORMED, "index 2" },
    { "Gather", "1", -3, 0, FOVEA_NN_ERROR_MALFORMED, "index -3" },
    { "Gather", "1", -9e18, 0, FOVEA_NN_ERROR_MALFORMED, "out of range" },
    { "Gather", "1", 0, 2, FOVEA_NN_ERROR_MALFORMED, "axis 2" },
    { "Gather", "1 1 1 1 1 1 1 1", 0, 0, FOVEA_NN_ERROR_SHAPE, "rank 9" },
    { "GatherElements", "1 1", 9e18, 0, FOVEA_NN_ERROR_MALFORMED, "out of range" },
    { "GatherElements", "1", 0, 0, FOVEA_NN_ERROR_SHAPE, "rank" },
    { "GatherElements", "1 4", 0, 0, FOVEA_NN_ERROR_SHAPE, "axis 1" },
    { "GatherND", "1 1", 2, 0, FOVEA_NN_ERROR_MALFORMED, "index 2" },
    { "GatherND", "1 3", 0, 0, FOVEA_NN_ERROR_SHAPE, "3 axes" },
    { "GatherND", "", 0, 0, FOVEA_NN_ERROR_SHAPE, "batch_dims" },
  };
  g_autoptr (OpTest) type = pick ("Gather", grid (F32), tensor_filled (F32, "1", 0));
  g_autoptr (OpTest) batch = pick ("GatherND", grid (F32), tensor_filled (I64, "2 1", 0));

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (OpTest) test = pick (bad[i].op, grid (F32), tensor_filled (I64, bad[i].shape, bad[i].index));

      fovea_node_set_int (test->node, "axis", bad[i].axis);
      op_test_fails (test, bad[i].code, bad[i].message);
    }
  op_test_fails (type, FOVEA_NN_ERROR_TYPE, "f32");
  fovea_node_set_int (batch->node, "batch_dims", -1);
  op_test_fails (batch, FOVEA_NN_ERROR_SHAPE, "batch_dims");
}

static OpTest *
scatter (const char *op, FoveaDType dtype, FoveaTensor *indices, FoveaTensor *updates, const char *reduction)
{
  OpTest *test = pick (op, grid (dtype), indices);

  op_test_in (test, updates);
  if (reduction != NULL)
    fovea_node_set_string (test->node, "reduction", reduction);
  return test;
}

static void
test_scatter (void)
{
  static const struct {
    const char *reduction;
    double want;
  } rows[] = { { "none", 20 }, { "add", 11 + 3 + 20 }, { "mul", 11 * 3 * 20 % 256 }, { "min", 3 }, { "max", 20 } };
  static const FoveaDType dtypes[] = { F32, FOVEA_DTYPE_F64, I64, I32, FOVEA_DTYPE_U8 };

  for (gsize d = 0; d < G_N_ELEMENTS (dtypes); d++)
    for (gsize r = 0; r < G_N_ELEMENTS (rows); r++)
      {
        double want = r == 2 && dtypes[d] != FOVEA_DTYPE_U8 ? 660 : rows[r].want;
        g_autoptr (OpTest) elements
          = scatter ("ScatterElements", dtypes[d], tensor_values (I64, "1 2", 2, 1.0, -2.0),
                     tensor_values (dtypes[d], "1 2", 2, 3.0, 20.0), rows[r].reduction);
        g_autoptr (OpTest) nd = scatter ("ScatterND", dtypes[d], tensor_values (I64, "2 2", 4, 0.0, 1.0, -2.0, -2.0),
                                         tensor_values (dtypes[d], "2", 2, 3.0, 20.0), rows[r].reduction);

        fovea_node_set_int (elements->node, "axis", 1);
        assert_values (op_test_run (elements, 1), 0, 6, 10.0, want, 12.0, 13.0, 14.0, 15.0);
        assert_values (op_test_run (nd, 1), 0, 6, 10.0, want, 12.0, 13.0, 14.0, 15.0);
      }
}

static void
test_scatter_errors (void)
{
  g_autoptr (OpTest) high = scatter ("ScatterElements", F32, tensor_filled (I64, "1 1", 2), tensor_filled (F32, "1 1", 0),
                                     NULL);
  g_autoptr (OpTest) low = scatter ("ScatterND", F32, tensor_filled (I64, "1 1", -3), tensor_filled (F32, "1 3", 0), NULL);
  g_autoptr (OpTest) shape = scatter ("ScatterND", F32, tensor_filled (I64, "1 1", 0), tensor_filled (F32, "1 2", 0), NULL);
  g_autoptr (OpTest) updates = scatter ("ScatterElements", F32, tensor_filled (I64, "1 1", 0),
                                        tensor_filled (F32, "1 2", 0), NULL);
  g_autoptr (OpTest) word = scatter ("ScatterElements", F32, tensor_filled (I64, "1 1", 0), tensor_filled (F32, "1 1", 0),
                                     "sum");
  g_autoptr (OpTest) type = scatter ("ScatterElements", F32, tensor_filled (I64, "1 1", 0), tensor_filled (I64, "1 1", 0),
                                     NULL);
  g_autoptr (OpTest) scalar = scatter ("ScatterND", F32, tensor_filled (I64, "", 0), tensor_filled (F32, "", 0), NULL);

  op_test_fails (high, FOVEA_NN_ERROR_MALFORMED, "index 2");
  op_test_fails (low, FOVEA_NN_ERROR_MALFORMED, "index -3");
  op_test_fails (shape, FOVEA_NN_ERROR_SHAPE, "[1, 3]");
  op_test_fails (updates, FOVEA_NN_ERROR_SHAPE, "updates");
  op_test_fails (word, FOVEA_NN_ERROR_MALFORMED, "sum");
  op_test_fails (type, FOVEA_NN_ERROR_TYPE, "i64");
  op_test_fails (scalar, FOVEA_NN_ERROR_SHAPE, "axes");
}

static OpTest *
unary (const char *op, FoveaTensor *x)
{
  OpTest *test = op_test_new (op, 13);

  op_test_in (test, x);
  return test;
}

static void
test_non_zero (void)
{
  g_autoptr (OpTest) test = unary ("NonZero", tensor_values (F32, "2 2", 4, 0.0, 3.0, -0.0, (double) NAN));
  g_autoptr (OpTest) none = unary ("NonZero", tensor_filled (I64, "3 0", 0));
  g_autoptr (OpTest) scalar = unary ("NonZero", tensor_filled (BOOL, "", 1));

  assert_shape (op_test_run (test, 1), I64, "2 2");
  assert_values (test->out[0], 0, 4, 0.0, 1.0, 1.0, 1.0);
  assert_shape (op_test_run (none, 1), I64, "2 0");
  assert_shape (op_test_run (scalar, 1), I64, "1 1");
}

static void
test_compress (void)
{
  g_autoptr (OpTest) flat = pick ("Compress", grid (F32), tensor_values (BOOL, "5", 5, 0.0, 1.0, 0.0, 0.0, 1.0));
  g_autoptr (OpTest) columns = pick ("Compress", grid (I32), tensor_values (BOOL, "2", 2, 0.0, 1.0));
  g_autoptr (OpTest) none = pick ("Compress", grid (F32), tensor_filled (BOOL, "0", 0));
  g_autoptr (OpTest) over = pick ("Compress", grid (F32), tensor_filled (BOOL, "7", 1));
  g_autoptr (OpTest) axis = pick ("Compress", grid (F32), tensor_filled (BOOL, "2", 1));

  assert_values (op_test_run (flat, 1), 0, 2, 11.0, 14.0);
  fovea_node_set_int (columns->node, "axis", -1);
  assert_shape (op_test_run (columns, 1), I32, "2 1");
  assert_values (columns->out[0], 0, 2, 11.0, 14.0);
  assert_shape (op_test_run (none, 1), F32, "0");
  op_test_fails (over, FOVEA_NN_ERROR_SHAPE, "7");
  fovea_node_set_int (axis->node, "axis", 2);
  op_test_fails (axis, FOVEA_NN_ERROR_MALFORMED, "axis 2");
}

static void
test_unique (void)
{
  g_autoptr (OpTest) test = unary ("Unique", tensor_values (F32, "6", 6, 2.0, 1.0, 1.0, 3.0, 4.0, 3.0));
  g_autoptr (OpTest) plain = unary ("Unique", tensor_values (FOVEA_DTYPE_U8, "6", 6, 2.0, 1.0, 1.0, 3.0, 4.0, 3.0));
  g_autoptr (OpTest) rows = unary ("Unique", tensor_values (I64, "3 2", 6, 1.0, 0.0, 1.0, -1.0, 1.0, 0.0));
  g_autoptr (OpTest) none = unary ("Unique", tensor_filled (F32, "0", 0));
  g_autoptr (OpTest) nan = unary ("Unique", tensor_values (F32, "3", 3, (double) NAN, 1.0, (double) NAN));

  op_test_run (test, 4);
  assert_values (test->out[0], 0, 4, 1.0, 2.0, 3.0, 4.0);
  assert_values (test->out[1], 0, 4, 1.0, 0.0, 3.0, 4.0);
  assert_values (test->out[2], 0, 6, 1.0, 0.0, 0.0, 2.0, 3.0, 2.0);
  assert_values (test->out[3], 0, 4, 2.0, 1.0, 2.0, 1.0);
  fovea_node_set_int (plain->node, "sorted", 0);
  op_test_run (plain, 4);
  assert_values (plain->out[0], 0, 4, 2.0, 1.0, 3.0, 4.0);
  assert_values (plain->out[2], 0, 6, 0.0, 1.0, 1.0, 2.0, 3.0, 2.0);
  fovea_node_set_int (rows->node, "axis", 0);
  assert_values (op_test_run (rows, 1), 0, 4, 1.0, -1.0, 1.0, 0.0);
  assert_shape (op_test_run (none, 4), F32, "0");
  assert_values (op_test_run (nan, 1), 0, 2, 1.0, (double) NAN);
}

static OpTest *
top_k (FoveaDType dtype, double k, gint64 axis, gint64 largest)
{
  OpTest *test = pick ("TopK", tensor_values (dtype, "2 3", 6, 5.0, 9.0, 5.0, 7.0, 1.0, 8.0), tensor_filled (I64, "1", k));

  fovea_node_set_int (test->node, "axis", axis);
  fovea_node_set_int (test->node, "largest", largest);
  return test;
}

static void
test_top_k (void)
{
  static const FoveaDType dtypes[] = { F32, FOVEA_DTYPE_F64, I64, I32, FOVEA_DTYPE_I8, FOVEA_DTYPE_U8 };
  g_autoptr (OpTest) many = top_k (F32, 4, 1, 1);
  g_autoptr (OpTest) negative = top_k (F32, -1, 1, 1);
  g_autoptr (OpTest) axis = top_k (F32, 1, 2, 1);
  g_autoptr (OpTest) zero = top_k (F32, 0, 1, 1);
  g_autoptr (OpTest) old = op_test_new ("TopK", 9);

  for (gsize i = 0; i < G_N_ELEMENTS (dtypes); i++)
    {
      g_autoptr (OpTest) most = top_k (dtypes[i], 2, -1, 1);
      g_autoptr (OpTest) least = top_k (dtypes[i], 1, 0, 0);

      op_test_run (most, 2);
      assert_values (most->out[0], 0, 4, 9.0, 5.0, 8.0, 7.0);
      assert_values (most->out[1], 0, 4, 1.0, 0.0, 2.0, 0.0);
      op_test_run (least, 2);
      assert_values (least->out[0], 0, 3, 5.0, 1.0, 5.0);
      assert_values (least->out[1], 0, 3, 0.0, 1.0, 0.0);
    }
  op_test_fails (many, FOVEA_NN_ERROR_MALFORMED, "inputs");
  negative->node->n_outputs = axis->node->n_outputs = many->node->n_outputs = 2;
  op_test_fails (many, FOVEA_NN_ERROR_MALFORMED, "k is 4");
  op_test_fails (negative, FOVEA_NN_ERROR_MALFORMED, "k is -1");
  op_test_fails (axis, FOVEA_NN_ERROR_MALFORMED, "axis 2");
  assert_shape (op_test_run (zero, 2), F32, "2 0");
  op_test_in (old, tensor_values (F32, "3", 3, 1.0, (double) NAN, 2.0));
  fovea_node_set_int (old->node, "k", 3);
  assert_values (op_test_run (old, 2), 0, 3, (double) NAN, 2.0, 1.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nn/ops/gather/gather", test_gather);
  g_test_add_func ("/nn/ops/gather/others", test_gather_others);
  g_test_add_func ("/nn/ops/gather/errors", test_gather_errors);
  g_test_add_func ("/nn/ops/scatter/table", test_scatter);
  g_test_add_func ("/nn/ops/scatter/errors", test_scatter_errors);
  g_test_add_func ("/nn/ops/select/non-zero", test_non_zero);
  g_test_add_func ("/nn/ops/select/compress", test_compress);
  g_test_add_func ("/nn/ops/select/unique", test_unique);
  g_test_add_func ("/nn/ops/select/top-k", test_top_k);
  return g_test_run ();
}
