/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every gradient rule of the operator table against central differences of its reference kernel, in double precision:
 * L = Σ weight · output with random weights, dL/dx ≈ (L (x + h) − L (x − h)) / 2h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op-test.h"

#define STEP 1e-5
#define TOLERANCE 1e-6
#define MAX_INPUTS 6

typedef struct {
  const char *op;
  int opset;
  /* Attributes, apart by blanks: "i:group=2" one whole number, "l:axes=0,1" a list, "f:alpha=.5", "s:mode=linear". */
  const char *attrs;
  /* A shape "2 3" is random values of the range; "=i64 2 1 1" and "=f32 …" are values that nothing flows to; "-" is
   * left out. */
  const char *inputs[MAX_INPUTS];
  double low, high; /* 0, 0: ±1 */
  guint n_out;      /* 0: 1 */
} Case;

static const Case cases[] = {
  { "Conv", 13, "l:kernel_shape=3,2 l:strides=2,1 l:pads=1,0,2,1 l:dilations=1,2", { "2 3 5 6", "4 3 3 2", "4" } },
  { "Conv", 13, "i:group=2 s:auto_pad=SAME_UPPER l:strides=2,2", { "2 4 5 4", "6 2 3 3", "6" } },
  { "Conv", 13, "i:group=4 l:pads=2,2,2,2", { "1 4 5 5", "4 1 5 5" } },
  { "Conv", 13, "", { "2 3 4 4", "5 3 1 1", "5" } },
  { "ConvTranspose", 13, "i:group=2 l:strides=2,2 l:pads=1,0,0,1", { "2 4 3 3", "4 3 3 2", "6" } },
  { "BatchNormalization", 15, "i:training_mode=1 f:epsilon=.001", { "3 2 2 3", "2", "2", "=f64 .1 .2", "=f64 1 2" }, 0, 0, 3 },
  { "BatchNormalization", 15, "", { "3 2 2 3", "2", "2", "=f64 .1 .2", "=f64 1 2" } },
  { "InstanceNormalization", 13, "", { "2 3 2 3", "3", "3" } },
  { "GroupNormalization", 21, "i:num_groups=2", { "2 4 2 2", "4", "4" } },
  { "GroupNormalization", 18, "i:num_groups=2", { "2 4 2 2", "2", "2" } },
  { "LayerNormalization", 17, "i:axis=1", { "3 2 4", "2 4", "2 4" } },
  { "LayerNormalization", 17, "", { "3 2 4", "4" } },
  { "LpNormalization", 13, "i:axis=1", { "2 5 2" } },
  { "LpNormalization", 13, "i:axis=-1 i:p=1", { "2 5" } },
  { "MaxPool", 13, "l:kernel_shape=3,3 l:strides=2,2 l:pads=1,1,1,1", { "2 2 5 6" } },
  { "AveragePool", 13, "l:kernel_shape=3,2 l:strides=2,1 l:pads=1,0,1,1", { "2 2 5 6" } },
  { "AveragePool", 13, "l:kernel_shape=3,3 l:pads=1,1,1,1 i:count_include_pad=1", { "1 2 4 4" } },
  { "GlobalAveragePool", 13, "", { "2 3 4 5" } },
  { "GlobalMaxPool", 13, "", { "2 3 4 5" } },
  { "Gemm", 13, "i:transB=1 f:alpha=.5 f:beta=2", { "3 4", "5 4", "5" } },
  { "Gemm", 13, "i:transA=1", { "4 3", "4 5", "3 1" } },
  { "MatMul", 13, "", { "2 3 4", "4 5" } },
  { "MatMul", 13, "", { "2 1 3 4", "3 4 2" } },
  { "MatMul", 13, "", { "4", "2 4 3" } },
  { "Relu", 13, "", { "3 5" } },
  { "Clip", 13, "", { "3 5", "=f64 -.5", "=f64 .25" } },
  { "Clip", 6, "f:min=-.5 f:max=.25", { "3 5" } },
  { "LeakyRelu", 13, "f:alpha=.1", { "3 5" } },
  { "PRelu", 13, "", { "3 5", "5" } },
  { "Sigmoid", 13, "", { "3 5" }, -4, 4 },
  { "HardSigmoid", 13, "", { "3 5" }, -4, 4 },
  { "HardSwish", 14, "", { "3 7" }, -5, 5 },
  { "Tanh", 13, "", { "3 5" } },
  { "Gelu", 20, "", { "3 5" }, -3, 3 },
  { "Gelu", 20, "s:approximate=tanh", { "3 5" }, -3, 3 },
  { "Mish", 18, "", { "3 5" }, -3, 3 },
  { "Softplus", 13, "", { "3 5" }, -3, 3 },
  { "Softsign", 13, "", { "3 5" } },
  { "Elu", 13, "f:alpha=.7", { "3 5" } },
  { "Selu", 13, "", { "3 5" } },
  { "Celu", 13, "f:alpha=.7", { "3 5" } },
  { "ThresholdedRelu", 13, "f:alpha=.2", { "3 5" } },
  { "Shrink", 13, "f:lambd=.3 f:bias=.1", { "3 5" } },
  { "Erf", 13, "", { "3 5" } },
  { "Exp", 13, "", { "3 5" } },
  { "Log", 13, "", { "3 5" }, .5, 2 },
  { "Sqrt", 13, "", { "3 5" }, .5, 2 },
  { "Reciprocal", 13, "", { "3 5" }, .5, 2 },
  { "Sin", 13, "", { "3 5" } },
  { "Cos", 13, "", { "3 5" } },
  { "Tan", 13, "", { "3 5" } },
  { "Asin", 13, "", { "3 5" }, -.8, .8 },
  { "Acos", 13, "", { "3 5" }, -.8, .8 },
  { "Atan", 13, "", { "3 5" } },
  { "Sinh", 13, "", { "3 5" } },
  { "Cosh", 13, "", { "3 5" } },
  { "Asinh", 13, "", { "3 5" } },
  { "Acosh", 13, "", { "3 5" }, 1.5, 3 },
  { "Atanh", 13, "", { "3 5" }, -.8, .8 },
  { "Neg", 13, "", { "3 5" } },
  { "Abs", 13, "", { "3 5" } },
  { "Add", 13, "", { "2 3 4", "3 1" } },
  { "Sub", 13, "", { "3 1", "2 3 4" } },
  { "Mul", 13, "", { "2 3 4", "2 1 1" } },
  { "Div", 13, "", { "2 3", "3" }, .5, 2 },
  { "Pow", 13, "", { "2 3", "3" }, .5, 2 },
  { "Min", 13, "", { "2 3", "3", "2 1" } },
  { "Max", 13, "", { "2 3", "2 3" } },
  { "Sum", 13, "", { "2 3", "3", "2 3" } },
  { "Mean", 13, "", { "2 3", "3", "2 3" } },
  { "Softmax", 13, "i:axis=1", { "2 4 3" } },
  { "Softmax", 11, "i:axis=1", { "2 3 2" } },
  { "LogSoftmax", 13, "", { "3 5" } },
  { "ReduceSum", 13, "i:keepdims=0", { "2 3 4", "=i64 1" } },
  { "ReduceMean", 13, "l:axes=0,2", { "2 3 4" } },
  { "ReduceMax", 13, "l:axes=1", { "2 5 2" } },
  { "ReduceMin", 13, "l:axes=1", { "2 5 2" } },
  { "ReduceL1", 13, "l:axes=1", { "2 5" } },
  { "ReduceL2", 13, "l:axes=1 i:keepdims=0", { "2 5" } },
  { "ReduceSumSquare", 13, "l:axes=1", { "2 5" } },
  { "ReduceProd", 13, "l:axes=1", { "2 3" }, .5, 2 },
  { "ReduceLogSum", 13, "l:axes=1", { "2 3" }, .5, 2 },
  { "ReduceLogSumExp", 13, "l:axes=1", { "2 3" } },
  { "Reshape", 13, "", { "2 3 4", "=i64 4 -1" } },
  { "Flatten", 13, "", { "2 3 4" } },
  { "Squeeze", 13, "", { "2 1 3", "=i64 1" } },
  { "Unsqueeze", 13, "", { "2 3", "=i64 0" } },
  { "Transpose", 13, "l:perm=2,0,1", { "2 3 4" } },
  { "Slice", 13, "", { "4 5", "=i64 1 0", "=i64 4 5", "=i64 0 1", "=i64 1 2" } },
  { "Expand", 13, "", { "3 1", "=i64 2 3 4" } },
  { "Tile", 13, "", { "2 3", "=i64 2 2" } },
  { "Concat", 13, "i:axis=1", { "2 3", "2 1", "2 2" } },
  { "Split", 13, "i:axis=1", { "2 5", "=i64 2 3" }, 0, 0, 2 },
  { "Identity", 13, "", { "2 3" } },
  { "Dropout", 13, "", { "2 3" } },
  { "Pad", 13, "", { "2 3", "=i64 1 0 0 2", "=f64 3" } },
  { "Pad", 13, "s:mode=reflect", { "3 4", "=i64 1 2 0 2" } },
  { "DepthToSpace", 13, "i:blocksize=2", { "1 8 2 3" } },
  { "SpaceToDepth", 13, "i:blocksize=2", { "1 2 4 2" } },
  { "Gather", 13, "i:axis=1", { "2 4", "=i64 3 0 3" } },
  { "Where", 13, "", { "=bool 1 0 1", "2 3", "3" } },
  { "Upsample", 9, "s:mode=linear", { "1 2 3 3", "=f32 1 1 2 2" } },
  { "Resize", 13, "s:mode=nearest", { "1 2 3 3", "-", "=f32 1 1 2 2" } },
  { "Resize", 13, "s:mode=linear", { "1 2 3 4", "-", "=f32 1 1 2 2" } },
  { "Resize", 13, "s:mode=linear s:coordinate_transformation_mode=align_corners", { "1 1 4 5", "-", "-", "=i64 1 1 3 7" } },
  { "Resize", 13, "s:mode=cubic", { "1 1 4 4", "-", "-", "=i64 1 1 7 3" } },
};

static void
set_attribute (OpTest *test, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text + 2, "=", 2);
  g_auto (GStrv) list = g_strsplit (parts[1], ",", -1);
  gint64 ints[16];
  gsize n = 0;

  for (; list[n] != NULL; n++)
    ints[n] = g_ascii_strtoll (list[n], NULL, 10);
  if (text[0] == 'i')
    fovea_node_set_int (test->node, parts[0], ints[0]);
  else if (text[0] == 'l')
    fovea_node_set_ints (test->node, parts[0], ints, n);
  else if (text[0] == 'f')
    fovea_node_set_float (test->node, parts[0], (float) g_ascii_strtod (parts[1], NULL));
  else
    fovea_node_set_string (test->node, parts[0], parts[1]);
}

/* "=i64 2 1 1" */
static FoveaTensor *
fixed_input (const char *text)
{
  g_auto (GStrv) words = g_strsplit (text + 1, " ", -1);
  guint n = g_strv_length (words) - 1;
  g_autofree char *shape = g_strdup_printf ("%u", n);
  FoveaDType dtype = g_str_equal (words[0], "i64")    ? FOVEA_DTYPE_I64
                     : g_str_equal (words[0], "f32")  ? FOVEA_DTYPE_F32
                     : g_str_equal (words[0], "bool") ? FOVEA_DTYPE_BOOL
                                                      : FOVEA_DTYPE_F64;
  FoveaTensor *tensor = tensor_filled (dtype, shape, 0);

  for (guint i = 0; i < n; i++)
    {
      double value = g_ascii_strtod (words[i + 1], NULL);

      if (dtype == FOVEA_DTYPE_I64)
        FOVEA_TENSOR_DATA (tensor, gint64)[i] = (gint64) value;
      else if (dtype == FOVEA_DTYPE_F32)
        FOVEA_TENSOR_DATA (tensor, float)[i] = (float) value;
      else if (dtype == FOVEA_DTYPE_BOOL)
        FOVEA_TENSOR_DATA (tensor, guint8)[i] = value != 0;
      else
        FOVEA_TENSOR_DATA (tensor, double)[i] = value;
    }
  return tensor;
}

static gboolean
is_random (const Case *c, guint i)
{
  return c->inputs[i] != NULL && g_ascii_isdigit (c->inputs[i][0]);
}

static OpTest *
make_test (const Case *c)
{
  OpTest *test = op_test_new (c->op, c->opset);
  g_auto (GStrv) attrs = g_strsplit (c->attrs, " ", -1);

  for (guint i = 0; attrs[i] != NULL && *attrs[i] != '\0'; i++)
    set_attribute (test, attrs[i]);
  for (guint i = 0; i < MAX_INPUTS && c->inputs[i] != NULL; i++)
    if (g_str_equal (c->inputs[i], "-"))
      op_test_in (test, NULL);
    else if (!is_random (c, i))
      op_test_in (test, fixed_input (c->inputs[i]));
    else
      {
        FoveaTensor *x = tensor_random (FOVEA_DTYPE_F64, c->inputs[i], 7 + i);

        for (gsize e = 0; c->low != c->high && e < x->n_elements; e++)
          FOVEA_TENSOR_DATA (x, double)[e] = c->low + (c->high - c->low) * (FOVEA_TENSOR_DATA (x, double)[e] + 1) / 2;
        op_test_in (test, x);
      }
  return test;
}

static double
loss_of (OpTest *test, guint n_out, FoveaTensor **weights)
{
  double loss = 0;

  op_test_run (test, n_out);
  for (guint o = 0; o < n_out; o++)
    for (gsize i = 0; weights[o] != NULL && i < weights[o]->n_elements; i++)
      loss += FOVEA_TENSOR_DATA (weights[o], double)[i] * tensor_get (test->out[o], i);
  return loss;
}

static void
compare_input (OpTest *test, const Case *c, guint n_out, FoveaTensor **weights, guint input, const FoveaTensor *gradient)
{
  for (gsize e = 0; e < gradient->n_elements; e++)
    {
      double *x = FOVEA_TENSOR_DATA (test->in[input], double) + e, kept = *x, up, down;
      g_autofree char *what = g_strdup_printf ("%s (%s), input %u", c->op, c->attrs, input);

      *x = kept + STEP;
      up = loss_of (test, n_out, weights);
      *x = kept - STEP;
      down = loss_of (test, n_out, weights);
      *x = kept;
      assert_close (FOVEA_TENSOR_DATA (gradient, double)[e], (up - down) / (2 * STEP), TOLERANCE, what, e);
    }
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (OpTest) test = make_test (c);
  FoveaTensor *weights[OP_TEST_MAX] = { NULL }, *gradients[OP_TEST_MAX] = { NULL };
  guint n_out = MAX (1, c->n_out), n_trained = g_str_equal (c->op, "Split") ? n_out : 1;
  g_autoptr (GError) error = NULL;
  FoveaGradientContext ctx;

  op_test_run (test, n_out);
  for (guint o = 0; o < n_trained; o++)
    {
      weights[o] = fovea_tensor_new (FOVEA_DTYPE_F64, &test->out[o]->shape, &error);
      for (gsize i = 0; i < weights[o]->n_elements; i++)
        FOVEA_TENSOR_DATA (weights[o], double)[i] = sin (1.0 + 1.7 * (double) i + o);
    }
  for (guint i = 0; i < test->n_in; i++)
    if (is_random (c, i))
      gradients[i] = fovea_tensor_new (FOVEA_DTYPE_F64, &test->in[i]->shape, &error);
  ctx = (FoveaGradientContext) { { test->node, c->opset, test->n_in, test->in, n_out, test->out }, weights, gradients };
  g_assert_true (fovea_op_differentiate (&ctx, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < test->n_in; i++)
    if (gradients[i] != NULL)
      {
        compare_input (test, c, n_out, weights, i, gradients[i]);
        fovea_tensor_unref (gradients[i]);
      }
  for (guint o = 0; o < n_trained; o++)
    fovea_tensor_unref (weights[o]);
}

/* A rule adds to what is there, and leaves alone what is not wanted. */
static void
test_adds (void)
{
  g_autoptr (OpTest) test = op_test_new ("Mul", 13);
  g_autoptr (FoveaTensor) d_y = tensor_values (FOVEA_DTYPE_F64, "2", 2, 10., 20.);
  g_autoptr (FoveaTensor) d_a = tensor_values (FOVEA_DTYPE_F64, "2", 2, 1., 2.);
  FoveaTensor *gradients[2] = { d_a, NULL };
  g_autoptr (GError) error = NULL;
  FoveaGradientContext ctx;

  op_test_in (test, tensor_values (FOVEA_DTYPE_F32, "2", 2, 3., 4.));
  op_test_in (test, tensor_values (FOVEA_DTYPE_F32, "2", 2, 5., 6.));
  op_test_run (test, 1);
  ctx = (FoveaGradientContext) { { test->node, 13, 2, test->in, 1, test->out }, &d_y, gradients };
  g_assert_true (fovea_op_differentiate (&ctx, &error));
  assert_values (d_a, 0, 2, 51., 122.);
}

static void
test_no_rule (void)
{
  g_autoptr (OpTest) test = op_test_new ("NonZero", 13);
  g_autoptr (GError) error = NULL;
  FoveaGradientContext ctx = { { test->node, 13, 0, NULL, 0, NULL }, NULL, NULL };

  g_assert_false (fovea_op_differentiate (&ctx, &error));
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "NonZero"));
}

static gboolean
has_case (const char *op)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    if (g_str_equal (cases[i].op, op))
      return TRUE;
  return FALSE;
}

/* No rule without a case, but for those through which nothing flows. */
static void
test_all_covered (void)
{
  static const char *const flat[] = { "Floor", "Ceil", "Round", "Sign", "GatherElements", "GatherND", NULL };
  const FoveaOp *op;

  for (guint i = 0; (op = fovea_op_nth (i)) != NULL; i++)
    if (op->gradient != NULL && !g_strv_contains (flat, op->name) && !has_case (op->name))
      g_error ("%s has a gradient that is not tested", op->name);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/nn/gradients/%s/%" G_GSIZE_FORMAT, cases[i].op, i);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/nn/gradients/adds", test_adds);
  g_test_add_func ("/nn/gradients/no-rule", test_no_rule);
  g_test_add_func ("/nn/gradients/all-covered", test_all_covered);
  return g_test_run ();
}
