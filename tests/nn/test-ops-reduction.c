/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "op-test.h"

#define F32 FOVEA_DTYPE_F32
#define F64 FOVEA_DTYPE_F64
#define I32 FOVEA_DTYPE_I32
#define I64 FOVEA_DTYPE_I64

typedef struct {
  const char *op;
  double start;
  double (*step) (double acc, double x);
  double (*finish) (double acc, double n);
} Reduction;

static double add (double acc, double x) { return acc + x; }
static double multiply (double acc, double x) { return acc * x; }
static double larger (double acc, double x) { return MAX (acc, x); }
static double smaller (double acc, double x) { return MIN (acc, x); }
static double add_abs (double acc, double x) { return acc + fabs (x); }
static double add_square (double acc, double x) { return acc + x * x; }
static double add_exp (double acc, double x) { return acc + exp (x); }
static double same (double acc, double n) { return acc; }
static double divide (double acc, double n) { return acc / n; }
static double root (double acc, double n) { return sqrt (acc); }
static double logarithm (double acc, double n) { return log (acc); }

static const Reduction reductions[] = {
  { "ReduceSum", 0, add, same },           { "ReduceProd", 1, multiply, same },
  { "ReduceMax", -1e300, larger, same },   { "ReduceMin", 1e300, smaller, same },
  { "ReduceL1", 0, add_abs, same },        { "ReduceSumSquare", 0, add_square, same },
  { "ReduceMean", 0, add, divide },        { "ReduceL2", 0, add_square, root },
  { "ReduceLogSum", 0, add, logarithm },   { "ReduceLogSumExp", 0, add_exp, logarithm },
};

static const struct {
  const char *x, *kept, *dropped;
  guint n_axes;
  gint64 axes[4];
} cases[] = {
  { "3 4 5", "1 1 1", "", 0, { 0 } },      { "3 4 5", "3 1 5", "3 5", 1, { 1 } },
  { "3 4 5", "1 4 1", "4", 2, { -1, 0 } }, { "2 3 1 4", "2 3 1 1", "2 3", 2, { 2, 3 } },
  { "7", "1", "", 1, { -1 } },             { "", "", "", 0, { 0 } },
};

/* The element of the reduced tensor (kept as 1) that element @i of @x goes into */
static gsize
target (const FoveaShape *x, const FoveaShape *kept, gsize i)
{
  gsize at = 0, stride = 1;

  for (int k = x->rank - 1; k >= 0; k--)
    {
      at += kept->dim[k] > 1 ? i % (gsize) x->dim[k] * stride : 0;
      stride *= (gsize) kept->dim[k];
      i /= (gsize) x->dim[k];
    }
  return at;
}

static OpTest *
reduce (const char *op, FoveaTensor *x, guint n_axes, const gint64 *axes, gboolean by_input)
{
  OpTest *test = op_test_new (op, by_input ? 18 : 12);

  op_test_in (test, x);
  if (by_input && n_axes > 0)
    {
      g_autofree char *shape = g_strdup_printf ("%u", n_axes);
      FoveaTensor *list = tensor_filled (I64, shape, 0);

      for (guint i = 0; i < n_axes; i++)
        FOVEA_TENSOR_DATA (list, gint64)[i] = axes[i];
      op_test_in (test, list);
    }
  else if (n_axes > 0)
    fovea_node_set_ints (test->node, "axes", axes, n_axes);
  return test;
}

static void
check_reduction (const Reduction *r, gsize c, FoveaDType dtype, gboolean by_input)
{
  gboolean real = dtype == F32 || dtype == F64, logs = r->finish == logarithm && r->step == add;
  FoveaTensor *x = logs ? tensor_filled (dtype, cases[c].x, 1.5) : tensor_random (dtype, cases[c].x, 7);
  FoveaShape kept = shape_of (cases[c].kept);
  double acc[64], n[64] = { 0 };

  for (gsize i = 0; i < 64; i++)
    acc[i] = r->start;
  for (gsize i = 0; i < x->n_elements; i++)
    {
      gsize at = target (&x->shape, &kept, i);

      acc[at] = r->step (acc[at], tensor_get (x, i));
      n[at]++;
    }
  for (int keep = 0; keep < 2; keep++)
    {
      g_autoptr (OpTest) test
        = reduce (r->op, fovea_tensor_ref (x), cases[c].n_axes, cases[c].axes, by_input);
      FoveaTensor *y;

      fovea_node_set_int (test->node, "keepdims", keep);
      y = op_test_run (test, 1);
      assert_shape (y, dtype, keep != 0 ? cases[c].kept : cases[c].dropped);
      for (gsize i = 0; i < y->n_elements; i++)
        {
          double want = r->finish (acc[i], n[i]);

          if (!real)
            want = (double) (gint64) want;
          assert_close (tensor_get (y, i), want, dtype == F32 ? 1e-6 : 1e-12, r->op, i);
        }
    }
  fovea_tensor_unref (x);
}

static void
test_table (gconstpointer data)
{
  const Reduction *r = data;

  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    for (int by_input = 0; by_input < 2; by_input++)
      {
        check_reduction (r, c, F32, by_input != 0);
        check_reduction (r, c, F64, by_input != 0);
        if (r->step != multiply && r->finish == same) /* products of 60 whole numbers leave the doubles */
          {
            check_reduction (r, c, I32, by_input != 0);
            check_reduction (r, c, I64, by_input != 0);
          }
      }
}

static void
test_wide_integers (void)
{
  g_autoptr (OpTest) sum = reduce ("ReduceSum", tensor_filled (I64, "2", 0), 0, NULL, FALSE);
  g_autoptr (OpTest) wrap = reduce ("ReduceProd", tensor_filled (I32, "2", 65536), 0, NULL, FALSE);
  gint64 *x = sum->in[0]->data;

  x[0] = (G_GINT64_CONSTANT (1) << 60) + 1; /* has no double */
  x[1] = 2;
  g_assert_cmpint (FOVEA_TENSOR_DATA (op_test_run (sum, 1), gint64)[0], ==, (G_GINT64_CONSTANT (1) << 60) + 3);
  assert_values (op_test_run (wrap, 1), 0, 1, 0.0);
}

static void
test_nothing (void)
{
  static const struct {
    const char *op;
    FoveaDType dtype;
    double want;
  } rows[] = { { "ReduceSum", F32, 0 },
               { "ReduceProd", F32, 1 },
               { "ReduceMax", F32, (double) -INFINITY },
               { "ReduceMin", F32, (double) INFINITY },
               { "ReduceMax", FOVEA_DTYPE_I8, -128 },
               { "ReduceMin", FOVEA_DTYPE_U8, 255 },
               { "ReduceMax", I32, -2147483648.0 },
               { "ReduceLogSumExp", F32, (double) -INFINITY },
               { "ReduceMean", F32, (double) NAN } };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      static const gint64 axis[] = { 1 };
      g_autoptr (OpTest) test = reduce (rows[i].op, tensor_random (rows[i].dtype, "2 0 1", 1), 1, axis, FALSE);
      FoveaTensor *y = op_test_run (test, 1);

      assert_shape (y, rows[i].dtype, "2 1 1");
      assert_values (y, 0, 2, rows[i].want, rows[i].want);
    }
}

static void
test_noop (void)
{
  g_autoptr (OpTest) test = reduce ("ReduceSum", tensor_values (F32, "2", 2, 3.0, 4.0), 0, NULL, TRUE);
  g_autoptr (OpTest) all = reduce ("ReduceSum", tensor_values (F32, "2", 2, 3.0, 4.0), 0, NULL, TRUE);

  op_test_in (test, tensor_filled (I64, "0", 0));
  op_test_in (all, tensor_filled (I64, "0", 0));
  fovea_node_set_int (test->node, "noop_with_empty_axes", 1);
  assert_values (op_test_run (test, 1), 0, 2, 3.0, 4.0);
  assert_values (op_test_run (all, 1), 0, 1, 7.0);
}

static void
test_log_sum_exp_range (void)
{
  g_autoptr (OpTest) test = reduce ("ReduceLogSumExp", tensor_filled (F32, "2", 1000), 0, NULL, FALSE);
  g_autoptr (OpTest) infinite = reduce ("ReduceLogSumExp", tensor_filled (F32, "2", (double) -INFINITY), 0, NULL, FALSE);

  assert_values (op_test_run (test, 1), 1e-6, 1, 1000 + log (2));
  assert_values (op_test_run (infinite, 1), 0, 1, (double) -INFINITY);
}

static OpTest *
arg (const char *op, gint64 axis, gboolean last)
{
  OpTest *test = op_test_new (op, 13);

  op_test_in (test, tensor_values (F32, "2 3", 6, 2.0, 2.0, 1.0, 3.0, 10.0, 10.0));
  fovea_node_set_int (test->node, "axis", axis);
  fovea_node_set_int (test->node, "keepdims", 0);
  fovea_node_set_int (test->node, "select_last_index", last);
  return test;
}

static void
test_arg (void)
{
  g_autoptr (OpTest) first = arg ("ArgMax", 1, FALSE);
  g_autoptr (OpTest) last = arg ("ArgMax", -1, TRUE);
  g_autoptr (OpTest) least = arg ("ArgMin", 0, FALSE);
  g_autoptr (OpTest) axis = arg ("ArgMin", 2, FALSE);
  g_autoptr (OpTest) none = op_test_new ("ArgMax", 13);
  g_autoptr (OpTest) whole = op_test_new ("ArgMax", 13);

  assert_shape (op_test_run (first, 1), I64, "2");
  assert_values (first->out[0], 0, 2, 0.0, 1.0);
  assert_values (op_test_run (last, 1), 0, 2, 1.0, 2.0);
  assert_values (op_test_run (least, 1), 0, 3, 0.0, 0.0, 0.0);
  op_test_fails (axis, FOVEA_NN_ERROR_MALFORMED, "axis 2");
  op_test_in (none, tensor_filled (F32, "0", 0));
  op_test_fails (none, FOVEA_NN_ERROR_SHAPE, "empty");
  op_test_in (whole, tensor_values (FOVEA_DTYPE_U8, "3", 3, 1.0, 200.0, 5.0));
  assert_values (op_test_run (whole, 1), 0, 1, 1.0);
}

static OpTest *
cumsum (FoveaDType dtype, double axis, gint64 exclusive, gint64 reverse)
{
  OpTest *test = op_test_new ("CumSum", 14);

  op_test_in (test, tensor_values (dtype, "2 3", 6, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0));
  op_test_in (test, tensor_filled (I32, "", axis));
  fovea_node_set_int (test->node, "exclusive", exclusive);
  fovea_node_set_int (test->node, "reverse", reverse);
  return test;
}

static void
test_cumsum (void)
{
  static const FoveaDType dtypes[] = { F32, F64, I32, I64 };
  g_autoptr (OpTest) axis = cumsum (F32, 2, 0, 0);

  for (gsize i = 0; i < G_N_ELEMENTS (dtypes); i++)
    {
      g_autoptr (OpTest) rows = cumsum (dtypes[i], 0, 0, 0);
      g_autoptr (OpTest) columns = cumsum (dtypes[i], -1, 0, 0);
      g_autoptr (OpTest) exclusive = cumsum (dtypes[i], 1, 1, 0);
      g_autoptr (OpTest) both = cumsum (dtypes[i], 1, 1, 1);

      assert_values (op_test_run (rows, 1), 0, 6, 1.0, 2.0, 3.0, 5.0, 7.0, 9.0);
      assert_values (op_test_run (columns, 1), 0, 6, 1.0, 3.0, 6.0, 4.0, 9.0, 15.0);
      assert_values (op_test_run (exclusive, 1), 0, 6, 0.0, 1.0, 3.0, 0.0, 4.0, 9.0);
      assert_values (op_test_run (both, 1), 0, 6, 5.0, 3.0, 0.0, 11.0, 6.0, 0.0);
    }
  op_test_fails (axis, FOVEA_NN_ERROR_MALFORMED, "axis 2");
}

static void
test_errors (void)
{
  static const gint64 outside[] = { 2 }, below[] = { -3 }, twice[] = { 1, -1 };
  g_autoptr (OpTest) a = reduce ("ReduceMean", tensor_random (F32, "2 3", 1), 1, outside, FALSE);
  g_autoptr (OpTest) b = reduce ("ReduceMean", tensor_random (F32, "2 3", 1), 1, below, TRUE);
  g_autoptr (OpTest) c = reduce ("ReduceMean", tensor_random (F32, "2 3", 1), 2, twice, TRUE);
  g_autoptr (OpTest) d = reduce ("ReduceMax", tensor_random (F32, "2 3", 1), 0, NULL, TRUE);

  op_test_fails (a, FOVEA_NN_ERROR_MALFORMED, "axis 2");
  op_test_fails (b, FOVEA_NN_ERROR_MALFORMED, "axis -3");
  op_test_fails (c, FOVEA_NN_ERROR_MALFORMED, "axis 1");
  op_test_in (d, tensor_random (F32, "1", 1));
  op_test_fails (d, FOVEA_NN_ERROR_TYPE, "f32");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (reductions); i++)
    {
      g_autofree char *path = g_strconcat ("/nn/ops/reduction/table/", reductions[i].op, NULL);

      g_test_add_data_func (path, &reductions[i], test_table);
    }
  g_test_add_func ("/nn/ops/reduction/wide-integers", test_wide_integers);
  g_test_add_func ("/nn/ops/reduction/nothing", test_nothing);
  g_test_add_func ("/nn/ops/reduction/noop", test_noop);
  g_test_add_func ("/nn/ops/reduction/log-sum-exp-range", test_log_sum_exp_range);
  g_test_add_func ("/nn/ops/reduction/arg", test_arg);
  g_test_add_func ("/nn/ops/reduction/cumsum", test_cumsum);
  g_test_add_func ("/nn/ops/reduction/errors", test_errors);
  return g_test_run ();
}
