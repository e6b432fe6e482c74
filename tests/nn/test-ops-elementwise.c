/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "op-test.h"

/* What ONNX's own node tests leave out of arithmetic, functions, logic, casts and constants: integers at their ends,
 * NaN, broadcasting of empty shapes, old opsets, every refusal. */

#define F32 FOVEA_DTYPE_F32
#define I64 FOVEA_DTYPE_I64
#define I32 FOVEA_DTYPE_I32
#define I8 FOVEA_DTYPE_I8
#define U8 FOVEA_DTYPE_U8
#define BOOL FOVEA_DTYPE_BOOL

static OpTest *
pair (const char *op, int opset, FoveaTensor *a, FoveaTensor *b)
{
  OpTest *test = op_test_new (op, opset);

  op_test_in (test, a);
  op_test_in (test, b);
  return test;
}

static OpTest *
single (const char *op, int opset, FoveaTensor *x)
{
  OpTest *test = op_test_new (op, opset);

  op_test_in (test, x);
  return test;
}

/* No trap and no undefined behaviour: these wrap, and a division by 0 is 0. */
static void
test_integers (void)
{
  g_autoptr (OpTest) div = pair ("Div", 14, tensor_values (I8, "4", 4, -128.0, 7.0, -7.0, 5.0),
                                 tensor_values (I8, "4", 4, -1.0, 0.0, 2.0, -2.0));
  g_autoptr (OpTest) mod = pair ("Mod", 13, tensor_values (I32, "4", 4, -2147483648.0, 5.0, -5.0, 5.0),
                                 tensor_values (I32, "4", 4, -1.0, 0.0, 3.0, -3.0));
  g_autoptr (OpTest) add = pair ("Add", 14, tensor_filled (U8, "1", 200), tensor_filled (U8, "1", 100));
  g_autoptr (OpTest) neg = single ("Neg", 13, tensor_values (I8, "2", 2, -128.0, 5.0));
  g_autoptr (OpTest) shift = pair ("BitShift", 11, tensor_filled (U8, "1", 3), tensor_filled (U8, "1", 9));

  assert_values (op_test_run (div, 1), 0, 4, -128.0, 0.0, -3.0, -2.0);
  assert_values (op_test_run (mod, 1), 0, 4, 0.0, 0.0, 1.0, -1.0);
  assert_values (op_test_run (add, 1), 0, 1, 44.0);
  assert_values (op_test_run (neg, 1), 0, 2, -128.0, -5.0);
  fovea_node_set_string (shift->node, "direction", "LEFT");
  assert_values (op_test_run (shift, 1), 0, 1, 0.0);
}

static void
test_pow (void)
{
  g_autoptr (OpTest) ints = pair ("Pow", 15, tensor_values (I64, "4", 4, 3.0, -1.0, 2.0, 0.0),
                                  tensor_values (I64, "4", 4, 5.0, -3.0, -2.0, 0.0));
  g_autoptr (OpTest) mixed = pair ("Pow", 15, tensor_values (I32, "2", 2, 9.0, 2.0), tensor_filled (F32, "", 0.5));

  assert_values (op_test_run (ints, 1), 0, 4, 243.0, -1.0, 0.0, 1.0);
  assert_shape (op_test_run (mixed, 1), I32, "2");
  assert_values (mixed->out[0], 0, 2, 3.0, 1.0);
}

static void
test_nan (void)
{
  g_autoptr (OpTest) max = pair ("Max", 13, tensor_values (F32, "2", 2, (double) NAN, 1.0),
                                 tensor_values (F32, "2", 2, 2.0, (double) NAN));
  g_autoptr (OpTest) relu = single ("Relu", 14, tensor_values (F32, "2", 2, (double) NAN, -3.0));
  g_autoptr (OpTest) inf = single ("IsInf", 10, tensor_values (F32, "3", 3, (double) INFINITY, (double) -INFINITY, 1.0));

  assert_values (op_test_run (max, 1), 0, 2, (double) NAN, (double) NAN);
  assert_values (op_test_run (relu, 1), 0, 2, (double) NAN, 0.0);
  fovea_node_set_int (inf->node, "detect_negative", 0);
  assert_values (op_test_run (inf, 1), 0, 3, 1.0, 0.0, 0.0);
}

static void
test_broadcasting (void)
{
  g_autoptr (OpTest) outer = pair ("Sub", 14, tensor_values (F32, "2 1", 2, 1.0, 2.0),
                                   tensor_values (F32, "1 3", 3, 10.0, 20.0, 30.0));
  g_autoptr (OpTest) empty = pair ("Mul", 14, tensor_filled (F32, "0 3", 0), tensor_filled (F32, "1 1", 2));
  g_autoptr (OpTest) bad = pair ("Mul", 14, tensor_filled (F32, "2 3", 0), tensor_filled (F32, "2", 2));
  g_autoptr (OpTest) types = pair ("Mul", 14, tensor_filled (F32, "2", 0), tensor_filled (I64, "2", 2));
  g_autoptr (OpTest) slope = pair ("PRelu", 16, tensor_filled (F32, "2", -1), tensor_filled (F32, "3 2", 2));
  g_autoptr (OpTest) bools = pair ("Add", 14, tensor_filled (BOOL, "2", 1), tensor_filled (BOOL, "2", 1));

  assert_shape (op_test_run (outer, 1), F32, "2 3");
  assert_values (outer->out[0], 0, 6, -9.0, -19.0, -29.0, -8.0, -18.0, -28.0);
  assert_shape (op_test_run (empty, 1), F32, "0 3");
  op_test_fails (bad, FOVEA_NN_ERROR_SHAPE, "do not broadcast");
  op_test_fails (types, FOVEA_NN_ERROR_TYPE, "input 1 is i64");
  op_test_fails (slope, FOVEA_NN_ERROR_SHAPE, "slope");
  op_test_fails (bools, FOVEA_NN_ERROR_UNSUPPORTED, "bool");
}

static void
test_clip (void)
{
  g_autoptr (OpTest) old = single ("Clip", 6, tensor_values (F32, "3", 3, -5.0, 0.5, 9.0));
  g_autoptr (OpTest) crossed = pair ("Clip", 13, tensor_filled (F32, "1", 0), tensor_filled (F32, "", 5));
  g_autoptr (OpTest) bad = pair ("Clip", 13, tensor_filled (F32, "1", 0), tensor_filled (F32, "2", 5));

  fovea_node_set_float (old->node, "min", 0.0f);
  fovea_node_set_float (old->node, "max", 6.0f);
  assert_values (op_test_run (old, 1), 1e-7, 3, 0.0, 0.5, 6.0);
  op_test_in (crossed, tensor_filled (F32, "", 1)); /* the minimum is above the maximum, which wins */
  assert_values (op_test_run (crossed, 1), 0, 1, 1.0);
  op_test_fails (bad, FOVEA_NN_ERROR_TYPE, "limit 1");
}

/* Far out, where a formula written down naively overflows. */
static void
test_functions (void)
{
  static const struct { const char *op; int opset; double low, high; } ends[] = {
    { "Sigmoid", 13, 0.0, 1.0 }, { "Softplus", 1, 0.0, 500.0 }, { "Tanh", 13, -1.0, 1.0 },
    { "Mish", 18, 0.0, 500.0 },  { "Gelu", 20, 0.0, 500.0 },    { "HardSwish", 14, 0.0, 500.0 },
    { "Elu", 6, -1.0, 500.0 },   { "Softsign", 1, -500.0 / 501.0, 500.0 / 501.0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      g_autoptr (OpTest) test = single (ends[i].op, ends[i].opset, tensor_values (F32, "2", 2, -500.0, 500.0));
      g_autoptr (OpTest) half = single (ends[i].op, ends[i].opset,
                                        fovea_tensor_convert (test->in[0], FOVEA_DTYPE_F16, NULL));
      g_autoptr (FoveaTensor) widened = NULL;

      assert_values (op_test_run (test, 1), 1e-6, 2, ends[i].low, ends[i].high);
      assert_shape (op_test_run (half, 1), FOVEA_DTYPE_F16, "2");
      widened = fovea_tensor_convert (half->out[0], F32, NULL);
      assert_values (widened, 1e-3, 2, ends[i].low, ends[i].high);
    }
}

static void
test_where (void)
{
  g_autoptr (OpTest) test = pair ("Where", 16, tensor_values (BOOL, "2 1", 2, 1.0, 0.0), tensor_filled (U8, "3", 7));
  g_autoptr (OpTest) bad = pair ("Where", 16, tensor_filled (BOOL, "1", 1), tensor_filled (U8, "3", 7));

  op_test_in (test, tensor_filled (U8, "", 9));
  assert_shape (op_test_run (test, 1), U8, "2 3");
  assert_values (test->out[0], 0, 6, 7.0, 7.0, 7.0, 9.0, 9.0, 9.0);
  op_test_in (bad, tensor_filled (F32, "", 9));
  op_test_fails (bad, FOVEA_NN_ERROR_TYPE, "input 2 is f32");
}

static OpTest *
range (FoveaDType dtype, double start, double limit, double delta)
{
  OpTest *test = pair ("Range", 11, tensor_filled (dtype, "", start), tensor_filled (dtype, "", limit));

  op_test_in (test, tensor_filled (dtype, "", delta));
  return test;
}

static void
test_constants (void)
{
  g_autoptr (OpTest) up = range (F32, 1, 2, 0.4), down = range (I64, 5, -2, -3), none = range (I64, 5, 5, 1);
  g_autoptr (OpTest) stuck = range (I64, 5, 6, 0), endless = range (F32, 0, (double) INFINITY, 1);
  g_autoptr (OpTest) huge = single ("ConstantOfShape", 9, tensor_filled (I64, "4", 1 << 20));
  g_autoptr (OpTest) negative = single ("ConstantOfShape", 9, tensor_filled (I64, "1", -4));
  g_autoptr (OpTest) scalar = single ("ConstantOfShape", 9, tensor_filled (I64, "0", 0));
  g_autoptr (OpTest) eye = single ("EyeLike", 9, tensor_filled (I32, "2 3", 0));

  assert_values (op_test_run (up, 1), 1e-6, 3, 1.0, 1.4, 1.8);
  assert_values (op_test_run (down, 1), 0, 3, 5.0, 2.0, -1.0);
  assert_shape (op_test_run (none, 1), I64, "0");
  op_test_fails (stuck, FOVEA_NN_ERROR_MALFORMED, "step is 0");
  op_test_fails (endless, FOVEA_NN_ERROR_MALFORMED, "no end");
  op_test_fails (huge, FOVEA_NN_ERROR_LIMIT, "larger than");
  op_test_fails (negative, FOVEA_NN_ERROR_LIMIT, "negative");
  assert_shape (op_test_run (scalar, 1), F32, "");
  fovea_node_set_int (eye->node, "k", 1);
  assert_values (op_test_run (eye, 1), 0, 6, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nn/ops/elementwise/integers", test_integers);
  g_test_add_func ("/nn/ops/elementwise/pow", test_pow);
  g_test_add_func ("/nn/ops/elementwise/nan", test_nan);
  g_test_add_func ("/nn/ops/elementwise/broadcasting", test_broadcasting);
  g_test_add_func ("/nn/ops/elementwise/clip", test_clip);
  g_test_add_func ("/nn/ops/elementwise/functions", test_functions);
  g_test_add_func ("/nn/ops/elementwise/where", test_where);
  g_test_add_func ("/nn/ops/elementwise/constants", test_constants);
  return g_test_run ();
}
