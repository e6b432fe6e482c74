/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "op-test.h"

#define F32 FOVEA_DTYPE_F32
#define F64 FOVEA_DTYPE_F64

typedef struct {
  const char *name, *x;
  gint64 kernel, stride, dilation, pad;
  gboolean ceil_mode;
  const char *y; /* spatial part */
} Case;

static const Case cases[] = {
  { "plain", "2 3 6 8", 2, 1, 1, 0, FALSE, "5 7" },
  { "stride", "1 2 7 7", 3, 2, 1, 1, FALSE, "4 4" },
  { "dilated", "1 2 8 8", 2, 1, 3, 1, FALSE, "7 7" },
  { "ceil", "1 1 6 6", 3, 2, 1, 0, TRUE, "3 3" },
  { "ceil stops in the padding", "1 1 4 4", 2, 3, 1, 1, TRUE, "2 2" },
  { "1-d", "2 2 9", 4, 3, 1, 2, FALSE, "4" },
  { "3-d", "1 2 4 4 4", 2, 2, 1, 0, FALSE, "2 2 2" },
};

static void
set_spatial (OpTest *test, const char *name, int n, gint64 value)
{
  gint64 values[6];

  for (int i = 0; i < n; i++)
    values[i] = value;
  fovea_node_set_ints (test->node, name, values, (gsize) n);
}

static OpTest *
pool (const char *op, const Case *c, FoveaDType dtype)
{
  OpTest *test = op_test_new (op, 19);
  int n;

  op_test_in (test, tensor_random (dtype, c->x, 5));
  n = test->in[0]->shape.rank - 2;
  set_spatial (test, "kernel_shape", n, c->kernel);
  set_spatial (test, "strides", n, c->stride);
  set_spatial (test, "dilations", n, c->dilation);
  set_spatial (test, "pads", 2 * n, c->pad);
  fovea_node_set_int (test->node, "ceil_mode", c->ceil_mode ? 1 : 0);
  return test;
}

typedef struct {
  double max, sum, cube;
  gint64 max_at, n, n_padded;
} Window;

/* Everything about the window at output @o by trying each element of the padded input */
static Window
naive_window (const Case *c, const FoveaTensor *x, gint64 plane, const gint64 *o)
{
  Window w = { .max = (double) -INFINITY, .max_at = -1 };
  int n = x->shape.rank - 2;
  gint64 taps = 1;

  for (int i = 0; i < n; i++)
    taps *= c->kernel;
  for (gint64 t = 0; t < taps; t++)
    {
      gint64 rest = t, at = plane, tap[3];
      gboolean inside = TRUE, padded = TRUE;
      double value;

      for (int i = n - 1; i >= 0; i--)
        {
          tap[i] = rest % c->kernel;
          rest /= c->kernel;
        }
      for (int i = 0; i < n; i++)
        {
          gint64 place = o[i] * c->stride + tap[i] * c->dilation - c->pad;

          inside = inside && place >= 0 && place < x->shape.dim[i + 2];
          padded = padded && place < x->shape.dim[i + 2] + c->pad;
          at = at * x->shape.dim[i + 2] + place;
        }
      w.n_padded += padded ? 1 : 0;
      if (!inside)
        continue;
      value = tensor_get (x, (gsize) at);
      w.n++;
      w.sum += value;
      w.cube += pow (fabs (value), 3);
      if (value > w.max || w.max_at < 0)
        {
          w.max = value;
          w.max_at = at;
        }
    }
  return w;
}

typedef double (*Expect) (const Window *w);

static double
expect_max (const Window *w)
{
  return w->max;
}

static double
expect_place (const Window *w)
{
  return (double) w->max_at;
}

static double
expect_mean (const Window *w)
{
  return w->sum / (double) w->n;
}

static double
expect_padded_mean (const Window *w)
{
  return w->sum / (double) w->n_padded;
}

static double
expect_cube (const Window *w)
{
  return cbrt (w->cube);
}

static void
check (const Case *c, const FoveaTensor *x, const FoveaTensor *y, Expect expect, double tolerance)
{
  int n = x->shape.rank - 2;
  FoveaShape want = shape_of (c->y);

  g_assert_cmpint (y->shape.rank, ==, n + 2);
  for (int i = 0; i < n; i++)
    g_assert_cmpint (y->shape.dim[i + 2], ==, want.dim[i]);
  for (gsize i = 0; i < y->n_elements; i++)
    {
      gint64 rest = (gint64) i, o[3];
      Window w;

      for (int k = n - 1; k >= 0; k--)
        {
          o[k] = rest % y->shape.dim[k + 2];
          rest /= y->shape.dim[k + 2];
        }
      w = naive_window (c, x, rest, o);
      assert_close (tensor_get (y, i), expect (&w), tolerance, c->name, i);
    }
}

static void
test_table (gconstpointer data)
{
  const Case *c = data;
  static const FoveaDType max_types[] = { F32, F64, FOVEA_DTYPE_U8, FOVEA_DTYPE_I8 };

  for (gsize i = 0; i < G_N_ELEMENTS (max_types); i++)
    {
      g_autoptr (OpTest) test = pool ("MaxPool", c, max_types[i]);

      check (c, test->in[0], op_test_run (test, 2), expect_max, 0);
      g_assert_cmpint (test->out[1]->dtype, ==, FOVEA_DTYPE_I64);
      check (c, test->in[0], test->out[1], expect_place, 0);
    }
  for (int d = 0; d < 2; d++)
    for (int include = 0; include < 2; include++)
      {
        g_autoptr (OpTest) mean = pool ("AveragePool", c, d == 0 ? F32 : F64);
        g_autoptr (OpTest) cube = pool ("LpPool", c, d == 0 ? F32 : F64);

        fovea_node_set_int (mean->node, "count_include_pad", include);
        fovea_node_set_int (cube->node, "p", 3);
        check (c, mean->in[0], op_test_run (mean, 1), include != 0 ? expect_padded_mean : expect_mean, 1e-6);
        check (c, cube->in[0], op_test_run (cube, 1), expect_cube, 1e-6);
      }
}

static void
test_column_major (void)
{
  g_autoptr (OpTest) test = op_test_new ("MaxPool", 12);

  op_test_in (test, tensor_values (F32, "1 1 2 3", 6, 0.0, 9.0, 1.0, 2.0, 3.0, 8.0));
  op_test_ints (test, "kernel_shape", 2, (gint64) 2, (gint64) 2);
  fovea_node_set_int (test->node, "storage_order", 1);
  op_test_run (test, 2);
  assert_values (test->out[0], 0, 2, 9.0, 9.0);
  assert_values (test->out[1], 0, 2, 2.0, 2.0); /* row 0, column 1 of two rows */
}

static void
test_global (void)
{
  static const char *const ops[] = { "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool" };
  static const double want[] = { 2.5, 4, 5.477225575 };

  for (gsize i = 0; i < G_N_ELEMENTS (ops); i++)
    {
      g_autoptr (OpTest) test = op_test_new (ops[i], 13);
      g_autoptr (OpTest) empty = op_test_new (ops[i], 13);
      g_autoptr (OpTest) flat = op_test_new (ops[i], 13);
      FoveaTensor *y;

      op_test_in (test, tensor_values (F32, "1 1 2 2", 4, 1.0, 2.0, 3.0, 4.0));
      y = op_test_run (test, 1);
      assert_shape (y, F32, "1 1 1 1");
      assert_values (y, 1e-6, 1, want[i]);
      op_test_in (empty, tensor_random (F32, "0 3 4", 1));
      assert_shape (op_test_run (empty, 1), F32, "0 3 1");
      op_test_in (flat, tensor_random (F32, "3", 1));
      op_test_fails (flat, FOVEA_NN_ERROR_SHAPE, "rank 1");
    }
}

static OpTest *
unpool (double index)
{
  OpTest *test = op_test_new ("MaxUnpool", 11);

  op_test_in (test, tensor_values (F32, "1 1 1 2", 2, 5.0, 6.0));
  op_test_in (test, tensor_values (FOVEA_DTYPE_I64, "1 1 1 2", 2, 1.0, index));
  op_test_ints (test, "kernel_shape", 2, (gint64) 2, (gint64) 2);
  op_test_ints (test, "strides", 2, (gint64) 2, (gint64) 2);
  return test;
}

static void
test_unpool (void)
{
  g_autoptr (OpTest) test = unpool (6);
  g_autoptr (OpTest) larger = unpool (6);
  g_autoptr (OpTest) outside = unpool (8);
  g_autoptr (OpTest) negative = unpool (-1);
  g_autoptr (OpTest) smaller = unpool (6);

  assert_values (op_test_run (test, 1), 0, 8, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 6.0, 0.0);
  op_test_in (larger, tensor_values (FOVEA_DTYPE_I64, "4", 4, 1.0, 1.0, 2.0, 5.0));
  assert_values (op_test_run (larger, 1), 0, 10, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 6.0, 0.0, 0.0);
  op_test_fails (outside, FOVEA_NN_ERROR_MALFORMED, "index 8");
  op_test_fails (negative, FOVEA_NN_ERROR_MALFORMED, "index -1");
  op_test_in (smaller, tensor_values (FOVEA_DTYPE_I64, "4", 4, 1.0, 1.0, 1.0, 4.0));
  op_test_fails (smaller, FOVEA_NN_ERROR_SHAPE, "output_shape[2]");
}

static OpTest *
roi_pool (double batch, double corner)
{
  OpTest *test = op_test_new ("MaxRoiPool", 1);

  op_test_in (test, tensor_values (F32, "1 1 2 4", 8, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0));
  op_test_in (test, tensor_values (F32, "1 5", 5, batch, 0.0, 0.0, corner, 2.0));
  op_test_ints (test, "pooled_shape", 2, (gint64) 1, (gint64) 2);
  fovea_node_set_float (test->node, "spatial_scale", 0.5f);
  return test;
}

static void
test_roi_pool (void)
{
  g_autoptr (OpTest) test = roi_pool (0, 6);
  g_autoptr (OpTest) batch = roi_pool (1, 6);
  g_autoptr (OpTest) nan = roi_pool ((double) NAN, 6);
  g_autoptr (OpTest) far = roi_pool (0, 1e30);

  assert_values (op_test_run (test, 1), 0, 2, 6.0, 8.0);
  op_test_fails (batch, FOVEA_NN_ERROR_MALFORMED, "picture 1");
  op_test_fails (nan, FOVEA_NN_ERROR_MALFORMED, "picture nan");
  op_test_fails (far, FOVEA_NN_ERROR_MALFORMED, "corner");
}

static void
test_errors (void)
{
  static const Case plain = { "plain", "1 1 4 4", 2, 1, 1, 0, FALSE, "3 3" };
  static const struct {
    Case c;
    FoveaNnError code;
    const char *message;
  } bad[] = {
    { { "kernel 0", "1 1 4 4", 0, 1, 1, 0, FALSE, "" }, FOVEA_NN_ERROR_MALFORMED, "kernel_shape" },
    { { "stride 0", "1 1 4 4", 2, 0, 1, 0, FALSE, "" }, FOVEA_NN_ERROR_MALFORMED, "strides" },
    { { "stride -1", "1 1 4 4", 2, -1, 1, 0, FALSE, "" }, FOVEA_NN_ERROR_MALFORMED, "strides" },
    { { "too large", "1 1 4 4", 5, 1, 1, 0, FALSE, "" }, FOVEA_NN_ERROR_SHAPE, "does not fit" },
    { { "all padding", "1 1 4 4", 2, 1, 1, 2, FALSE, "" }, FOVEA_NN_ERROR_SHAPE, "outside" },
    { { "empty plane", "1 1 0 4", 2, 1, 1, 1, FALSE, "" }, FOVEA_NN_ERROR_SHAPE, "empty" },
    { { "dilated too far", "1 1 4 4", 2, 1, 4, 0, FALSE, "" }, FOVEA_NN_ERROR_SHAPE, "does not fit" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (OpTest) max = pool ("MaxPool", &bad[i].c, F32);
      g_autoptr (OpTest) mean = pool ("AveragePool", &bad[i].c, F32);

      op_test_fails (max, bad[i].code, bad[i].message);
      op_test_fails (mean, bad[i].code, bad[i].message);
    }
  {
    g_autoptr (OpTest) type = pool ("AveragePool", &plain, FOVEA_DTYPE_U8);
    g_autoptr (OpTest) order = pool ("LpPool", &plain, F32);
    g_autoptr (OpTest) missing = op_test_new ("MaxPool", 12);
    g_autoptr (OpTest) none = op_test_new ("MaxPool", 12);

    op_test_fails (type, FOVEA_NN_ERROR_TYPE, "u8");
    fovea_node_set_int (order->node, "p", 0);
    op_test_fails (order, FOVEA_NN_ERROR_MALFORMED, "p is 0");
    op_test_in (missing, tensor_random (F32, "1 1 4 4", 1));
    op_test_fails (missing, FOVEA_NN_ERROR_MALFORMED, "kernel_shape");
    op_test_fails (none, FOVEA_NN_ERROR_MALFORMED, "inputs");
  }
}

static void
test_empty (void)
{
  static const Case none = { "none", "0 3 4 4", 2, 1, 1, 0, FALSE, "3 3" };
  static const char *const ops[] = { "MaxPool", "AveragePool", "LpPool" };

  for (gsize i = 0; i < G_N_ELEMENTS (ops); i++)
    {
      g_autoptr (OpTest) test = pool (ops[i], &none, F32);

      assert_shape (op_test_run (test, 1), F32, "0 3 3 3");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/nn/ops/pooling/table/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_table);
    }
  g_test_add_func ("/nn/ops/pooling/column-major", test_column_major);
  g_test_add_func ("/nn/ops/pooling/global", test_global);
  g_test_add_func ("/nn/ops/pooling/unpool", test_unpool);
  g_test_add_func ("/nn/ops/pooling/roi-pool", test_roi_pool);
  g_test_add_func ("/nn/ops/pooling/errors", test_errors);
  g_test_add_func ("/nn/ops/pooling/empty", test_empty);
  return g_test_run ();
}
