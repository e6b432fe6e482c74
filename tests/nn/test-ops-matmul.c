/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "op-test.h"

#define F32 FOVEA_DTYPE_F32
#define F64 FOVEA_DTYPE_F64
#define I32 FOVEA_DTYPE_I32
#define I64 FOVEA_DTYPE_I64

static OpTest *
binary (const char *op, FoveaDType dtype, const char *a, const char *b)
{
  OpTest *test = op_test_new (op, 13);

  op_test_in (test, tensor_random (dtype, a, 1));
  op_test_in (test, tensor_random (dtype, b, 2));
  return test;
}

static double
row_times_column (const FoveaTensor *a, gint64 row, const FoveaTensor *b, gint64 column, gint64 k, gint64 n)
{
  double sum = 0;

  for (gint64 i = 0; i < k; i++)
    sum += tensor_get (a, (gsize) (row * k + i)) * tensor_get (b, (gsize) (i * n + column));
  return sum;
}

/* [2, 1, 3, 4] × [5, 4, 6]: matrices by hand, batches broadcast by hand */
static void
test_batches (void)
{
  static const FoveaDType dtypes[] = { F32, F64, I32, I64 };

  for (gsize t = 0; t < G_N_ELEMENTS (dtypes); t++)
    {
      g_autoptr (OpTest) test = binary ("MatMul", dtypes[t], "2 1 3 4", "5 4 6");
      FoveaTensor *y = op_test_run (test, 1);
      gsize i = 0;

      assert_shape (y, dtypes[t], "2 5 3 6");
      for (gint64 p = 0; p < 2; p++)
        for (gint64 q = 0; q < 5; q++)
          for (gint64 row = 0; row < 3; row++)
            for (gint64 column = 0; column < 6; column++, i++)
              {
                double want = 0;

                for (gint64 k = 0; k < 4; k++)
                  want += tensor_get (test->in[0], (gsize) ((p * 3 + row) * 4 + k))
                          * tensor_get (test->in[1], (gsize) ((q * 4 + k) * 6 + column));
                assert_close (tensor_get (y, i), want, 1e-6, "batches", i);
              }
    }
}

static void
test_vectors (void)
{
  g_autoptr (OpTest) dot = binary ("MatMul", F32, "4", "4");
  g_autoptr (OpTest) left = binary ("MatMul", F32, "4", "2 4 3");
  g_autoptr (OpTest) right = binary ("MatMul", F32, "2 3 4", "4");
  g_autoptr (OpTest) nothing = binary ("MatMul", F32, "3 0", "0 2");
  g_autoptr (OpTest) empty = binary ("MatMul", F32, "0 3", "3 2");

  assert_shape (op_test_run (dot, 1), F32, "");
  assert_values (dot->out[0], 1e-6, 1, row_times_column (dot->in[0], 0, dot->in[1], 0, 4, 1));
  assert_shape (op_test_run (left, 1), F32, "2 3");
  assert_close (tensor_get (left->out[0], 1), row_times_column (left->in[0], 0, left->in[1], 1, 4, 3), 1e-6, "left", 1);
  assert_shape (op_test_run (right, 1), F32, "2 3");
  assert_close (tensor_get (right->out[0], 4), row_times_column (right->in[0], 4, right->in[1], 0, 4, 1), 1e-6, "right",
                4);
  assert_values (op_test_run (nothing, 1), 0, 6, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
  assert_shape (op_test_run (empty, 1), F32, "0 2");
}

static void
test_matmul_errors (void)
{
  static const struct {
    const char *a, *b;
  } bad[] = { { "2 3", "2 3" }, { "", "2" }, { "2", "" }, { "2 3 4", "3 4 2" }, { "3", "4" } };
  g_autoptr (OpTest) type = op_test_new ("MatMul", 13);

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (OpTest) test = binary ("MatMul", F32, bad[i].a, bad[i].b);

      op_test_fails (test, FOVEA_NN_ERROR_SHAPE, "");
    }
  op_test_in (type, tensor_random (F32, "2 2", 1));
  op_test_in (type, tensor_random (F64, "2 2", 1));
  op_test_fails (type, FOVEA_NN_ERROR_TYPE, "f64");
}

static void
test_gemm (void)
{
  static const char *const c[] = { NULL, "", "1", "5", "3 1", "1 5", "3 5" };

  for (int transposed = 0; transposed < 4; transposed++)
    for (gsize s = 0; s < G_N_ELEMENTS (c); s++)
      for (int d = 0; d < 2; d++)
        {
          gboolean ta = (transposed & 1) != 0, tb = (transposed & 2) != 0;
          g_autoptr (OpTest) test = binary ("Gemm", d == 0 ? F32 : I32, ta ? "4 3" : "3 4", tb ? "5 4" : "4 5");
          FoveaTensor *y;

          if (c[s] != NULL)
            op_test_in (test, tensor_random (d == 0 ? F32 : I32, c[s], 3));
          fovea_node_set_int (test->node, "transA", ta);
          fovea_node_set_int (test->node, "transB", tb);
          fovea_node_set_float (test->node, "alpha", 2);
          fovea_node_set_float (test->node, "beta", -3);
          y = op_test_run (test, 1);
          assert_shape (y, d == 0 ? F32 : I32, "3 5");
          for (gsize i = 0; i < 3; i++)
            for (gsize j = 0; j < 5; j++)
              {
                double want = 0;

                for (gsize k = 0; k < 4; k++)
                  want += 2 * tensor_get (test->in[0], ta ? k * 3 + i : i * 4 + k)
                          * tensor_get (test->in[1], tb ? j * 4 + k : k * 5 + j);
                if (c[s] != NULL)
                  {
                    const FoveaShape *shape = &test->in[2]->shape;
                    gsize row = shape->rank == 2 && shape->dim[0] == 3 ? i : 0;
                    gsize column = shape->rank > 0 && shape->dim[shape->rank - 1] == 5 ? j : 0;

                    want -= 3 * tensor_get (test->in[2], row * (gsize) (shape->rank > 0 ? shape->dim[shape->rank - 1] : 1)
                                                             + column);
                  }
                assert_close (tensor_get (y, i * 5 + j), want, 1e-6, "gemm", i * 5 + j);
              }
        }
}

static void
test_gemm_errors (void)
{
  g_autoptr (OpTest) rank = binary ("Gemm", F32, "2 3 4", "4 5");
  g_autoptr (OpTest) sizes = binary ("Gemm", F32, "3 4", "3 4");
  g_autoptr (OpTest) c = binary ("Gemm", F32, "3 4", "4 5");
  g_autoptr (OpTest) factor = binary ("Gemm", I32, "3 4", "4 5");

  op_test_fails (rank, FOVEA_NN_ERROR_SHAPE, "rank");
  op_test_fails (sizes, FOVEA_NN_ERROR_SHAPE, "columns");
  op_test_in (c, tensor_random (F32, "2 3 5", 1));
  op_test_fails (c, FOVEA_NN_ERROR_SHAPE, "broadcast");
  fovea_node_set_float (factor->node, "alpha", 0.5f);
  op_test_fails (factor, FOVEA_NN_ERROR_UNSUPPORTED, "0.5");
}

static void
test_integer (void)
{
  g_autoptr (OpTest) test = op_test_new ("MatMulInteger", 10);
  g_autoptr (OpTest) rows = op_test_new ("MatMulInteger", 10);

  op_test_in (test, tensor_values (FOVEA_DTYPE_U8, "2 2", 4, 1.0, 2.0, 3.0, 255.0));
  op_test_in (test, tensor_values (FOVEA_DTYPE_I8, "2 1", 2, 5.0, -128.0));
  op_test_in (test, tensor_values (FOVEA_DTYPE_U8, "2", 2, 1.0, 3.0)); /* one a row */
  op_test_in (test, tensor_filled (FOVEA_DTYPE_I8, "1", 2));
  assert_values (op_test_run (test, 1), 0, 2, -130.0, -32760.0);
  op_test_in (rows, tensor_filled (FOVEA_DTYPE_U8, "2 2", 1));
  op_test_in (rows, tensor_filled (FOVEA_DTYPE_U8, "2 2", 1));
  op_test_in (rows, tensor_filled (FOVEA_DTYPE_U8, "3", 1));
  op_test_fails (rows, FOVEA_NN_ERROR_SHAPE, "zero point");
}

static OpTest *
qlinear (double y_scale)
{
  OpTest *test = op_test_new ("QLinearMatMul", 10);

  op_test_in (test, tensor_values (FOVEA_DTYPE_U8, "1 2", 2, 10.0, 20.0));
  op_test_in (test, tensor_filled (F32, "", 0.5));
  op_test_in (test, tensor_filled (FOVEA_DTYPE_U8, "", 8));
  op_test_in (test, tensor_values (FOVEA_DTYPE_U8, "2 2", 4, 1.0, 2.0, 3.0, 4.0));
  op_test_in (test, tensor_values (F32, "2", 2, 1.0, 2.0));
  op_test_in (test, tensor_values (FOVEA_DTYPE_U8, "2", 2, 0.0, 1.0));
  op_test_in (test, tensor_filled (F32, "", y_scale));
  op_test_in (test, tensor_filled (FOVEA_DTYPE_U8, "", 3));
  return test;
}

static void
test_qlinear (void)
{
  g_autoptr (OpTest) test = qlinear (2);
  g_autoptr (OpTest) infinite = qlinear ((double) INFINITY);

  /* 38 · 0.5 · 1 / 2 = 9.5, half to even 10, + 3;  (2·1 + 12·3) · 0.5 · 2 / 2 + 3 = 22 */
  assert_values (op_test_run (test, 1), 0, 2, 13.0, 22.0);
  op_test_fails (infinite, FOVEA_NN_ERROR_MALFORMED, "scale");
}

static void
test_det (void)
{
  g_autoptr (OpTest) test = op_test_new ("Det", 11);
  g_autoptr (OpTest) none = op_test_new ("Det", 11);
  g_autoptr (OpTest) oblong = op_test_new ("Det", 11);

  op_test_in (test, tensor_values (F32, "3 2 2", 12, 0.0, 2.0, 3.0, 4.0, 1.0, 2.0, 2.0, 4.0, 2.0, 0.0, 0.0, 3.0));
  assert_shape (op_test_run (test, 1), F32, "3");
  assert_values (test->out[0], 1e-6, 3, -6.0, 0.0, 6.0);
  op_test_in (none, tensor_random (F32, "2 0 0", 1));
  assert_values (op_test_run (none, 1), 0, 2, 1.0, 1.0); /* of no rows: 1 */
  op_test_in (oblong, tensor_random (F32, "2 3", 1));
  op_test_fails (oblong, FOVEA_NN_ERROR_SHAPE, "square");
}

static OpTest *
einsum (const char *equation, FoveaDType dtype, guint n, const char *const *shapes)
{
  OpTest *test = op_test_new ("Einsum", 12);

  for (guint i = 0; i < n; i++)
    op_test_in (test, tensor_random (dtype, shapes[i], i + 1));
  fovea_node_set_string (test->node, "equation", equation);
  return test;
}

static void
test_einsum (void)
{
  static const struct {
    const char *equation, *shape;
    guint n;
    const char *in[3];
    gsize element;
    /* the sum by hand: pairs of element numbers, −1 ends */
    int terms[8][3];
  } rows[] = {
    { "ij->ji", "3 2", 1, { "2 3" }, 1, { { 3, -1, -1 }, { -1 } } },
    { "ij->", "", 1, { "2 2" }, 0, { { 0, -1, -1 }, { 1, -1, -1 }, { 2, -1, -1 }, { 3, -1, -1 }, { -1 } } },
    { "ii->i", "2", 1, { "2 2" }, 1, { { 3, -1, -1 }, { -1 } } },
    { "ii", "", 1, { "2 2" }, 0, { { 0, -1, -1 }, { 3, -1, -1 }, { -1 } } },
    { "ij , jk", "2 2", 2, { "2 2", "2 2" }, 2, { { 2, 0, -1 }, { 3, 2, -1 }, { -1 } } },
    { "...ij,...jk->...ik", "2 3 1 1", 2, { "2 1 1 2", "3 2 1" }, 4, { { 2, 2, -1 }, { 3, 3, -1 }, { -1 } } },
    { "i,j,k->kji", "2 2 2", 3, { "2", "2", "2" }, 3, { { 1, 1, 0 }, { -1 } } },
    { "b...,b...->...", "3", 2, { "2 3", "2 3" }, 2, { { 2, 2, -1 }, { 5, 5, -1 }, { -1 } } },
    { ",i->i", "2", 2, { "", "2" }, 1, { { 0, 1, -1 }, { -1 } } },
    { "ij,jk,kl->il", "2 2", 3, { "2 1", "1 2", "2 2" }, 1, { { 0, 0, 1 }, { 0, 1, 3 }, { -1 } } },
  };

  for (gsize r = 0; r < G_N_ELEMENTS (rows); r++)
    {
      static const FoveaDType dtypes[] = { F32, F64, I32, I64 };

      for (gsize d = 0; d < G_N_ELEMENTS (dtypes); d++)
        {
          g_autoptr (OpTest) test = einsum (rows[r].equation, dtypes[d], rows[r].n, rows[r].in);
          FoveaTensor *y = op_test_run (test, 1);
          double want = 0;

          assert_shape (y, dtypes[d], rows[r].shape);
          for (gsize t = 0; rows[r].terms[t][0] >= 0; t++)
            {
              double product = 1;

              for (guint i = 0; i < rows[r].n; i++)
                product *= tensor_get (test->in[i], (gsize) rows[r].terms[t][i]);
              want += product;
            }
          assert_close (tensor_get (y, rows[r].element), want, 1e-6, rows[r].equation, rows[r].element);
        }
    }
}

static void
test_einsum_errors (void)
{
  static const char *const two[] = { "2 3", "3 4" };
  static const struct {
    const char *equation;
    FoveaNnError code;
    const char *message;
  } bad[] = {
    { "ij,jk,k->i", FOVEA_NN_ERROR_MALFORMED, "terms" },     { "ij->i", FOVEA_NN_ERROR_MALFORMED, "terms" },
    { "ij,ij->i", FOVEA_NN_ERROR_SHAPE, "axis" },            { "ijk,jk->i", FOVEA_NN_ERROR_SHAPE, "rank" },
    { "ij,jk->z", FOVEA_NN_ERROR_MALFORMED, "no input" },    { "ij,jk->ii", FOVEA_NN_ERROR_MALFORMED, "twice" },
    { "i1,jk->i", FOVEA_NN_ERROR_MALFORMED, "1,jk" },        { "ij,jk->i,k", FOVEA_NN_ERROR_MALFORMED, "goes on" },
    { "ij,jk-", FOVEA_NN_ERROR_MALFORMED, "-" },             { "......ij,jk", FOVEA_NN_ERROR_MALFORMED, "..." },
    { "", FOVEA_NN_ERROR_MALFORMED, "terms" },
  };
  static const char *const many[] = { "1 1 1 1 1", "1 1 1 1 1" };
  g_autoptr (OpTest) wide = einsum ("abcde,fghij->abcdefghij", F32, 2, many);
  g_autoptr (OpTest) missing = op_test_new ("Einsum", 12);

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (OpTest) test = einsum (bad[i].equation, F32, 2, two);

      op_test_fails (test, bad[i].code, bad[i].message);
    }
  op_test_fails (wide, FOVEA_NN_ERROR_UNSUPPORTED, "axes");
  op_test_in (missing, tensor_random (F32, "2", 1));
  op_test_fails (missing, FOVEA_NN_ERROR_MALFORMED, "equation");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nn/ops/matmul/batches", test_batches);
  g_test_add_func ("/nn/ops/matmul/vectors", test_vectors);
  g_test_add_func ("/nn/ops/matmul/errors", test_matmul_errors);
  g_test_add_func ("/nn/ops/gemm/table", test_gemm);
  g_test_add_func ("/nn/ops/gemm/errors", test_gemm_errors);
  g_test_add_func ("/nn/ops/matmul/integer", test_integer);
  g_test_add_func ("/nn/ops/matmul/qlinear", test_qlinear);
  g_test_add_func ("/nn/ops/det", test_det);
  g_test_add_func ("/nn/ops/einsum/table", test_einsum);
  g_test_add_func ("/nn/ops/einsum/errors", test_einsum_errors);
  return g_test_run ();
}
