/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan gives what the interpreter gives: random graphs of what the plan fuses, by every shape that has an edge. */
#include <math.h>
#include <string.h>

#include "nn/dnnl-shim.h"
#include "nn/interpreter.h"
#include "nn/plan.h"

/* --- building graphs
 * ---------------------------------------------------------------------------------------------------- */

typedef struct {
  FoveaGraph *graph;
  GRand *random;
} Maker;

static FoveaTensor *
random_tensor (GRand *random, const FoveaShape *shape, double low, double high)
{
  FoveaTensor *tensor = fovea_tensor_new (FOVEA_DTYPE_F32, shape, NULL);

  for (gsize i = 0; i < tensor->n_elements; i++)
    FOVEA_TENSOR_DATA (tensor, float)[i] = (float) g_rand_double_range (random, low, high);
  return tensor;
}

static int
random_constant (Maker *maker, FoveaShape shape, double low, double high)
{
  g_autoptr (FoveaTensor) tensor = random_tensor (maker->random, &shape, low, high);

  return fovea_graph_add_constant (maker->graph, NULL, tensor);
}

static int
number (Maker *maker, float value)
{
  FoveaShape shape = fovea_shape (0);
  g_autoptr (FoveaTensor) tensor = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, NULL);

  FOVEA_TENSOR_DATA (tensor, float)[0] = value;
  return fovea_graph_add_constant (maker->graph, NULL, tensor);
}

typedef struct {
  gint64 in, out, kernel[2], stride[2], dilation[2], pads[4], group;
  gboolean bias;
} Conv;

static int
add_conv (Maker *maker, int x, const Conv *conv)
{
  double scale = 1 / sqrt ((double) (conv->in / conv->group * conv->kernel[0] * conv->kernel[1]));
  int inputs[3] = { x, random_constant (maker, fovea_shape (4, conv->out, conv->in / conv->group, conv->kernel[0],
                                                            conv->kernel[1]), -scale, scale), -1 };
  FoveaNode *node;
  int y;

  if (conv->bias)
    inputs[2] = random_constant (maker, fovea_shape (1, conv->out), -0.5, 0.5);
  node = fovea_graph_add_node (maker->graph, "Conv", inputs, conv->bias ? 3 : 2, NULL, &y);
  fovea_node_set_ints (node, "strides", conv->stride, 2);
  fovea_node_set_ints (node, "dilations", conv->dilation, 2);
  fovea_node_set_ints (node, "pads", conv->pads, 4);
  fovea_node_set_int (node, "group", conv->group);
  return y;
}

static int
add_batch_norm (Maker *maker, int x, gint64 channels)
{
  FoveaShape shape = fovea_shape (1, channels);
  int y, inputs[5] = { x, random_constant (maker, shape, 0.5, 1.5), random_constant (maker, shape, -0.5, 0.5),
                       random_constant (maker, shape, -0.5, 0.5), random_constant (maker, shape, 0.5, 2) };
  FoveaNode *node = fovea_graph_add_node (maker->graph, "BatchNormalization", inputs, 5, NULL, &y);

  fovea_node_set_float (node, "epsilon", 1e-3f);
  return y;
}

static int
add_unary (Maker *maker, const char *op, int x)
{
  int y;

  (void) fovea_graph_add_node (maker->graph, op, &x, 1, NULL, &y);
  return y;
}

static int
add_binary (Maker *maker, const char *op, int a, int b)
{
  int y, inputs[2] = { a, b };

  (void) fovea_graph_add_node (maker->graph, op, inputs, 2, NULL, &y);
  return y;
}

static int
add_clip (Maker *maker, int x, float low, float high)
{
  int y, inputs[3] = { x, number (maker, low), number (maker, high) };

  (void) fovea_graph_add_node (maker->graph, "Clip", inputs, 3, NULL, &y);
  return y;
}

static Maker
maker_new (guint32 seed)
{
  Maker maker = { fovea_graph_new ("test", 13), g_rand_new_with_seed (seed) };

  return maker;
}

static int
add_picture_input (Maker *maker, gint64 channels)
{
  FoveaShape shape = fovea_shape (4, (gint64) -1, channels, (gint64) -1, (gint64) -1);

  return fovea_graph_add_input (maker->graph, "image", FOVEA_DTYPE_F32, &shape);
}

static void
maker_clear (Maker *maker)
{
  fovea_graph_unref (maker->graph);
  g_rand_free (maker->random);
}

/* --- comparing
 * ---------------------------------------------------------------------------------------------------------- */

static void
assert_close (const FoveaTensor *got, const FoveaTensor *expected)
{
  g_autofree char *a = fovea_shape_to_string (&got->shape), *b = fovea_shape_to_string (&expected->shape);

  g_assert_cmpint (got->dtype, ==, expected->dtype);
  g_assert_cmpstr (a, ==, b);
  if (got->dtype != FOVEA_DTYPE_F32)
    {
      g_assert_cmpmem (got->data, fovea_tensor_n_bytes (got), expected->data, fovea_tensor_n_bytes (expected));
      return;
    }
  for (gsize i = 0; i < got->n_elements; i++)
    {
      float x = FOVEA_TENSOR_DATA (got, float)[i], y = FOVEA_TENSOR_DATA (expected, float)[i];

      if (isnan (y))
        g_assert_true (isnan (x));
      else
        g_assert_cmpfloat_with_epsilon (x, y, 2e-5f * MAX (1, fabsf (y)));
    }
}

static void
assert_plan_agrees (FoveaPlan *plan, FoveaGraph *graph, FoveaTensor *input)
{
  guint n = graph->outputs->len;
  g_autofree FoveaTensor **got = g_new0 (FoveaTensor *, n), **expected = g_new0 (FoveaTensor *, n);
  g_autoptr (GError) error = NULL;

  fovea_interpret (graph, &input, expected, NULL, &error);
  g_assert_no_error (error);
  fovea_plan_run (plan, &input, got, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < n; i++)
    {
      assert_close (got[i], expected[i]);
      fovea_tensor_unref (got[i]);
      fovea_tensor_unref (expected[i]);
    }
}

static void
check_graph (Maker *maker, gint64 channels, gint64 height, gint64 width)
{
  static const gint64 batches[] = { 1, 2, 3, 5, 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaPlan) plan = fovea_plan_new (maker->graph, 0, &error);

  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (batches); i++)
    {
      FoveaShape shape = fovea_shape (4, batches[i], channels, height, width);
      g_autoptr (FoveaTensor) x = random_tensor (maker->random, &shape, -1, 1);

      assert_plan_agrees (plan, maker->graph, x);
    }
}

static gboolean
plan_says (Maker *maker, gint64 channels, gint64 side, const char *what)
{
  g_autoptr (FoveaPlan) plan = fovea_plan_new (maker->graph, 0, NULL);
  FoveaShape shape = fovea_shape (4, (gint64) 1, channels, side, side);
  g_autoptr (FoveaTensor) x = random_tensor (maker->random, &shape, -1, 1);
  FoveaTensor *y[2] = { NULL, NULL };
  g_autofree char *text = NULL;

  g_assert_true (fovea_plan_run (plan, (FoveaTensor *const *) &x, y, NULL, NULL));
  g_clear_pointer (&y[0], fovea_tensor_unref);
  g_clear_pointer (&y[1], fovea_tensor_unref);
  text = fovea_plan_describe (plan);
  return strstr (text, what) != NULL;
}

/* --- tests
 * -------------------------------------------------------------------------------------------------------------- */

static gint64
pick (GRand *random, gint64 low, gint64 high)
{
  return g_rand_int_range (random, (gint32) low, (gint32) high + 1);
}

/* One convolution with random everything, and a random tail of batch norm, arithmetic, residual and clip. */
static void
test_convolutions (void)
{
  for (guint32 seed = 0; seed < 60; seed++)
    {
      Maker maker = maker_new (seed);
      GRand *random = maker.random;
      gint64 groups = pick (random, 0, 2) == 0 ? pick (random, 2, 4) : 1;
      gint64 in = groups * pick (random, 1, 21), out = groups * pick (random, 1, 37);
      gboolean depthwise = pick (random, 0, 2) == 0, tail;
      Conv conv = { in, out, { pick (random, 1, 5), pick (random, 1, 5) }, { pick (random, 1, 2), pick (random, 1, 3) },
                    { pick (random, 1, 2), pick (random, 1, 2) },
                    { pick (random, 0, 2), pick (random, 0, 2), pick (random, 0, 2), pick (random, 0, 2) }, groups,
                    pick (random, 0, 1) == 1 };
      int y;

      if (depthwise)
        conv.in = conv.out = conv.group = pick (random, 2, 45);
      y = add_conv (&maker, add_picture_input (&maker, conv.in), &conv);
      tail = pick (random, 0, 1) == 1;
      if (tail)
        y = add_batch_norm (&maker, y, conv.out);
      if (pick (random, 0, 3) == 0)
        y = add_binary (&maker, "Mul", random_constant (&maker, fovea_shape (3, conv.out, (gint64) 1, (gint64) 1), 0.5, 2), y);
      if (pick (random, 0, 3) == 0)
        y = add_binary (&maker, "Sub", y, number (&maker, 0.25f));
      if (pick (random, 0, 1) == 1)
        y = pick (random, 0, 1) == 1 ? add_unary (&maker, "Relu", y) : add_clip (&maker, y, 0, 0.5f);
      fovea_graph_add_output (maker.graph, y);
      check_graph (&maker, conv.in, pick (random, 9, 19), pick (random, 9, 19));
      maker_clear (&maker);
    }
}

static const Conv pointwise = { 0, 0, { 1, 1 }, { 1, 1 }, { 1, 1 }, { 0, 0, 0, 0 }, 1, TRUE };

static int
add_block (Maker *maker, int x, gint64 in, gint64 middle, gint64 out, gint64 kernel, gint64 stride, gboolean residual)
{
  Conv expand = pointwise, project = pointwise;
  Conv depthwise = { middle, middle, { kernel, kernel }, { stride, stride }, { 1, 1 },
                     { (kernel - stride) / 2, (kernel - stride) / 2, (kernel - stride + 1) / 2, (kernel - stride + 1) / 2 },
                     middle, FALSE };
  int y;

  expand.in = in;
  expand.out = project.in = middle;
  project.out = out;
  y = add_clip (maker, add_batch_norm (maker, add_conv (maker, x, &expand), middle), 0, 6);
  y = add_clip (maker, add_batch_norm (maker, add_conv (maker, y, &depthwise), middle), 0, 6);
  y = add_batch_norm (maker, add_conv (maker, y, &project), out);
  return residual ? add_binary (maker, "Add", y, x) : y;
}

/* Behind a rectifier, where zeros are left out: only where a pixel becomes a pixel. */
static void
test_rectified (void)
{
  static const gint64 strides[][2] = { { 1, 1 }, { 2, 2 }, { 1, 2 }, { 2, 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (strides); i++)
    for (gint64 pad = 0; pad < 2; pad++)
      {
        Maker maker = maker_new (i);
        Conv conv = pointwise;
        int y;

        conv.in = 48;
        conv.out = 96;
        conv.stride[0] = strides[i][0];
        conv.stride[1] = strides[i][1];
        conv.pads[1] = pad;
        y = add_conv (&maker, add_unary (&maker, "Relu", add_picture_input (&maker, conv.in)), &conv);
        fovea_graph_add_output (maker.graph, y);
        check_graph (&maker, conv.in, 8, 8);
        maker_clear (&maker);
      }
}

static void
test_blocks (void)
{
  for (guint32 seed = 0; seed < 24; seed++)
    {
      Maker maker = maker_new (100 + seed);
      GRand *random = maker.random;
      gint64 in = pick (random, 3, 40), middle = pick (random, 4, 70), out = pick (random, 3, 50);
      gint64 stride = pick (random, 1, 2), kernel = pick (random, 1, 3) * 2 + 1;
      gboolean residual = stride == 1 && pick (random, 0, 1) == 1;
      int x = add_picture_input (&maker, in);

      fovea_graph_add_output (maker.graph, add_block (&maker, x, in, middle, residual ? in : out, kernel, stride, residual));
      check_graph (&maker, in, pick (random, 5, 30), pick (random, 5, 30));
      maker_clear (&maker);
    }
}

/* A small network of the shape of the packs: stem, blocks, head, pool, dense. */
static void
make_network (Maker *maker)
{
  Conv stem = { 3, 16, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 0, 0, 1, 1 }, 1, FALSE };
  Conv head = pointwise;
  int y, inputs[3];
  FoveaNode *node;

  head.in = 40;
  head.out = 96;
  y = add_clip (maker, add_batch_norm (maker, add_conv (maker, add_picture_input (maker, 3), &stem), 16), 0, 6);
  y = add_block (maker, y, 16, 48, 24, 3, 2, FALSE);
  y = add_block (maker, y, 24, 72, 24, 5, 1, TRUE);
  y = add_block (maker, y, 24, 144, 40, 5, 2, FALSE);
  y = add_clip (maker, add_conv (maker, y, &head), 0, 6);
  y = add_unary (maker, "Flatten", add_unary (maker, "GlobalAveragePool", y));
  fovea_graph_add_output (maker->graph, y);
  inputs[0] = y;
  inputs[1] = random_constant (maker, fovea_shape (2, (gint64) 37, (gint64) 96), -0.1, 0.1);
  inputs[2] = random_constant (maker, fovea_shape (1, (gint64) 37), -0.1, 0.1);
  node = fovea_graph_add_node (maker->graph, "Gemm", inputs, 3, NULL, &y);
  fovea_node_set_int (node, "transB", 1);
  fovea_graph_add_output (maker->graph, y);
}

static void
test_network (void)
{
  Maker maker = maker_new (7);

  make_network (&maker);
  check_graph (&maker, 3, 64, 64);
  check_graph (&maker, 3, 37, 51);
  maker_clear (&maker);
}

/* Two convolutions that meet in one Add, a value with two users, outputs in the middle, operators without a fast kernel
 * between two that have one. */
static void
test_joins (void)
{
  Maker maker = maker_new (8);
  Conv a = { 5, 12, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1, 1, 1 }, 1, TRUE }, b = a, c = a;
  int x = add_picture_input (&maker, 5), left, right, y;

  c.in = 12;
  left = add_conv (&maker, x, &a);
  right = add_conv (&maker, x, &b);
  y = add_unary (&maker, "Relu", add_binary (&maker, "Add", left, right));
  fovea_graph_add_output (maker.graph, y);
  y = add_binary (&maker, "Mul", add_conv (&maker, y, &c), y);
  y = add_binary (&maker, "Add", add_conv (&maker, y, &c), add_binary (&maker, "Add", y, y));
  fovea_graph_add_output (maker.graph, add_unary (&maker, "Sigmoid", y));
  fovea_graph_add_output (maker.graph, y);
  check_graph (&maker, 5, 11, 9);
  maker_clear (&maker);
}

/* What oneDNN computes: a deep convolution, alone and with a residual, pools, a product of two matrices that change. */
static void
test_onednn (void)
{
  static const gint64 kernel[] = { 3, 2 }, strides[] = { 2, 1 }, pads[] = { 1, 0, 1, 1 }, perm[] = { 0, 1, 3, 2 };
  Maker maker = maker_new (16);
  Conv deep = { 264, 264, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1, 1, 1 }, 1, TRUE }, wide = deep;
  int x = add_picture_input (&maker, 9), y, turned;
  FoveaNode *node;

  wide.in = 9;
  y = add_unary (&maker, "Relu", add_conv (&maker, x, &wide));
  y = add_unary (&maker, "Relu", add_binary (&maker, "Add", add_conv (&maker, y, &deep), y));
  y = add_clip (&maker, add_conv (&maker, y, &deep), -0.25f, 0.5f);
  node = fovea_graph_add_node (maker.graph, "MaxPool", &y, 1, NULL, &y);
  fovea_node_set_ints (node, "kernel_shape", kernel, 2);
  fovea_node_set_ints (node, "strides", strides, 2);
  node = fovea_graph_add_node (maker.graph, "AveragePool", &y, 1, NULL, &y);
  fovea_node_set_ints (node, "kernel_shape", kernel, 2);
  fovea_node_set_ints (node, "pads", pads, 4);
  fovea_graph_add_output (maker.graph, y);
  node = fovea_graph_add_node (maker.graph, "AveragePool", &y, 1, NULL, &y);
  fovea_node_set_ints (node, "kernel_shape", kernel, 2);
  fovea_node_set_ints (node, "pads", pads, 4);
  fovea_node_set_int (node, "count_include_pad", 1);
  node = fovea_graph_add_node (maker.graph, "Transpose", &y, 1, NULL, &turned);
  fovea_node_set_ints (node, "perm", perm, 4);
  fovea_graph_add_output (maker.graph, add_binary (&maker, "MatMul", y, turned));
  g_assert_true (plan_says (&maker, 9, 12, "MatMul, oneDNN"));
  g_assert_true (plan_says (&maker, 9, 12, "MaxPool, oneDNN"));
  check_graph (&maker, 9, 12, 11);
  maker_clear (&maker);
}

/* build-aux/test-dnnl3 says which version it means to test. */
static void
test_onednn_version (void)
{
  g_autofree char *version = fovea_dnnl_dup_version ();
  const char *wanted = g_getenv ("FOVEA_TEST_DNNL");

  g_test_message ("oneDNN %s", version);
  g_assert_true (g_str_has_prefix (version, wanted != NULL ? wanted : "2.") || (wanted == NULL && version[0] == '3'));
}

/* A batch must not be cut where rows are mixed. */
static void
test_mixed_rows (void)
{
  static const gint64 perm[] = { 1, 0, 2, 3 };
  Maker maker = maker_new (9);
  Conv conv = { 4, 4, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1, 1, 1 }, 1, TRUE };
  int x = add_picture_input (&maker, 4), y;
  FoveaNode *node;

  y = add_conv (&maker, x, &conv);
  node = fovea_graph_add_node (maker.graph, "Transpose", &y, 1, NULL, &y);
  fovea_node_set_ints (node, "perm", perm, 4);
  fovea_graph_add_output (maker.graph, y);
  check_graph (&maker, 4, 6, 6);
  maker_clear (&maker);

  maker = maker_new (10);
  x = add_picture_input (&maker, 4);
  y = add_conv (&maker, x, &conv);
  node = fovea_graph_add_node (maker.graph, "Softmax", &y, 1, NULL, &y);
  fovea_node_set_int (node, "axis", 0);
  fovea_graph_add_output (maker.graph, y);
  check_graph (&maker, 4, 6, 6);
  maker_clear (&maker);
}

/* What is fused shows in the description: no step of its own is left. */
static void
test_description (void)
{
  Maker maker = maker_new (11);
  int x = add_picture_input (&maker, 8);

  fovea_graph_add_output (maker.graph, add_block (&maker, x, 8, 24, 8, 3, 1, TRUE));
  g_assert_true (plan_says (&maker, 8, 24, "conv 1×1/1 8→24 + clip | depthwise 3×3/1 24→24 + clip | conv 1×1/1 24→8 + residual"));
  g_assert_true (plan_says (&maker, 8, 12, "conv 1×1/1 8→24 + clip | depthwise 3×3/1 24→24 + clip\n"));
  g_assert_false (plan_says (&maker, 8, 12, "reference"));
  g_assert_false (plan_says (&maker, 8, 24, "reference"));
  maker_clear (&maker);
}

/* Infinity and what is not a number pass as in the interpreter. */
static void
test_not_finite (void)
{
  Maker maker = maker_new (12);
  FoveaShape shape = fovea_shape (4, (gint64) 1, (gint64) 6, (gint64) 7, (gint64) 7);
  g_autoptr (FoveaTensor) x = random_tensor (maker.random, &shape, -1, 1);
  g_autoptr (FoveaPlan) plan = NULL;

  fovea_graph_add_output (maker.graph, add_block (&maker, add_picture_input (&maker, 6), 6, 40, 6, 3, 1, TRUE));
  FOVEA_TENSOR_DATA (x, float)[60] = NAN;
  plan = fovea_plan_new (maker.graph, 0, NULL);
  assert_plan_agrees (plan, maker.graph, x);
  maker_clear (&maker);
}

static void
test_errors (void)
{
  Maker maker = maker_new (13);
  FoveaShape wrong = fovea_shape (4, (gint64) 1, (gint64) 4, (gint64) 32, (gint64) 32);
  FoveaShape right = fovea_shape (4, (gint64) 4, (gint64) 3, (gint64) 32, (gint64) 32), flat = fovea_shape (1, (gint64) 3);
  g_autoptr (FoveaTensor) bad = random_tensor (maker.random, &wrong, -1, 1);
  g_autoptr (FoveaTensor) good = random_tensor (maker.random, &right, -1, 1);
  g_autoptr (FoveaTensor) number_tensor = fovea_tensor_new (FOVEA_DTYPE_I64, &flat, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaPlan) plan = NULL, small = NULL;
  FoveaTensor *outputs[2] = { NULL, NULL };

  make_network (&maker);
  plan = fovea_plan_new (maker.graph, 0, NULL);
  g_assert_false (fovea_plan_run (plan, (FoveaTensor *const *) &bad, outputs, NULL, &error));
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE);
  g_clear_error (&error);
  g_assert_false (fovea_plan_run (plan, (FoveaTensor *const *) &number_tensor, outputs, NULL, &error));
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_TYPE);
  g_clear_error (&error);
  g_cancellable_cancel (cancellable);
  g_assert_false (fovea_plan_run (plan, (FoveaTensor *const *) &good, outputs, cancellable, &error));
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (outputs[0]);
  small = fovea_plan_new (maker.graph, 10000, NULL);
  g_assert_false (fovea_plan_run (small, (FoveaTensor *const *) &good, outputs, NULL, &error));
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_LIMIT);
  g_assert_null (outputs[0]);
  maker_clear (&maker);
}

/* Many shapes through one plan: old programs go, their weights stay right. */
static void
test_cache (void)
{
  Maker maker = maker_new (14);
  g_autoptr (FoveaPlan) plan = NULL;

  make_network (&maker);
  plan = fovea_plan_new (maker.graph, 0, NULL);
  for (int round = 0; round < 2; round++)
    for (gint64 side = 20; side < 40; side += 2)
      {
        FoveaShape shape = fovea_shape (4, (gint64) (side % 3 + 1), (gint64) 3, side, side + 1);
        g_autoptr (FoveaTensor) x = random_tensor (maker.random, &shape, -1, 1);

        assert_plan_agrees (plan, maker.graph, x);
      }
  maker_clear (&maker);
}

/* The same numbers every time, alone or in a batch. */
static void
test_repeatable (void)
{
  Maker maker = maker_new (15);
  FoveaShape one = fovea_shape (4, (gint64) 1, (gint64) 3, (gint64) 48, (gint64) 48);
  FoveaShape many = fovea_shape (4, (gint64) 4, (gint64) 3, (gint64) 48, (gint64) 48);
  g_autoptr (FoveaTensor) x = random_tensor (maker.random, &one, -1, 1), batch = fovea_tensor_new (FOVEA_DTYPE_F32, &many, NULL);
  g_autoptr (FoveaPlan) plan = NULL;
  FoveaTensor *a[2], *b[2];

  make_network (&maker);
  plan = fovea_plan_new (maker.graph, 0, NULL);
  for (int i = 0; i < 4; i++)
    memcpy ((char *) batch->data + (gsize) i * fovea_tensor_n_bytes (x), x->data, fovea_tensor_n_bytes (x));
  g_assert_true (fovea_plan_run (plan, (FoveaTensor *const *) &x, a, NULL, NULL));
  for (int round = 0; round < 5; round++)
    {
      g_assert_true (fovea_plan_run (plan, (FoveaTensor *const *) &batch, b, NULL, NULL));
      for (int k = 0; k < 2; k++)
        {
          for (int i = 0; i < 4; i++)
            g_assert_cmpmem ((char *) b[k]->data + (gsize) i * fovea_tensor_n_bytes (a[k]), fovea_tensor_n_bytes (a[k]),
                             a[k]->data, fovea_tensor_n_bytes (a[k]));
          fovea_tensor_unref (b[k]);
        }
    }
  fovea_tensor_unref (a[0]);
  fovea_tensor_unref (a[1]);
  maker_clear (&maker);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nn/plan/convolutions", test_convolutions);
  g_test_add_func ("/nn/plan/rectified", test_rectified);
  g_test_add_func ("/nn/plan/blocks", test_blocks);
  g_test_add_func ("/nn/plan/network", test_network);
  g_test_add_func ("/nn/plan/joins", test_joins);
  g_test_add_func ("/nn/plan/onednn", test_onednn);
  g_test_add_func ("/nn/plan/onednn-version", test_onednn_version);
  g_test_add_func ("/nn/plan/mixed-rows", test_mixed_rows);
  g_test_add_func ("/nn/plan/description", test_description);
  g_test_add_func ("/nn/plan/not-finite", test_not_finite);
  g_test_add_func ("/nn/plan/errors", test_errors);
  g_test_add_func ("/nn/plan/cache", test_cache);
  g_test_add_func ("/nn/plan/repeatable", test_repeatable);
  return g_test_run ();
}
