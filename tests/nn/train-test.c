/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train-test.h"

#include <math.h>

typedef struct {
  FoveaGraph *graph;
  NetKind kind;
  guint32 seed;
  guint n;
} Net;

static int
constant (Net *net, const char *what, const char *shape, double scale, double shift)
{
  g_autofree char *name = g_strdup_printf ("%s%u", what, net->n++);
  g_autoptr (FoveaTensor) tensor = tensor_random (FOVEA_DTYPE_F32, shape, ++net->seed);

  for (gsize i = 0; i < tensor->n_elements; i++)
    FOVEA_TENSOR_DATA (tensor, float)[i] = (float) (shift + scale * (double) FOVEA_TENSOR_DATA (tensor, float)[i]);
  return fovea_graph_add_constant (net->graph, name, tensor);
}

static int
apply (Net *net, const char *op, int n, const int *in)
{
  int out;

  fovea_graph_add_node (net->graph, op, in, (guint) n, NULL, &out);
  return out;
}

static int
unary (Net *net, const char *op, int x)
{
  return apply (net, op, 1, &x);
}

static int
binary (Net *net, const char *op, int a, int b)
{
  int in[] = { a, b };

  return apply (net, op, 2, in);
}

static int
clip (Net *net, int x)
{
  g_autoptr (FoveaTensor) low = tensor_filled (FOVEA_DTYPE_F32, "", 0), high = tensor_filled (FOVEA_DTYPE_F32, "", 1.5);
  int in[] = { x, fovea_graph_add_constant (net->graph, NULL, low), fovea_graph_add_constant (net->graph, NULL, high) };

  return apply (net, "Clip", 3, in);
}

static int
norm (Net *net, int x, gint64 channels)
{
  g_autofree char *shape = g_strdup_printf ("%d", (int) channels);
  int in[] = { x, constant (net, "scale", shape, .2, 1), constant (net, "shift", shape, .2, .3),
               constant (net, "mean", shape, .1, 0), constant (net, "variance", shape, .1, .5) };

  return apply (net, "BatchNormalization", 5, in);
}

/* Convolution with a bias, or without and a batch norm behind it. */
static int
conv (Net *net, int x, gint64 in_channels, gint64 out_channels, gint64 kernel, gint64 stride, gint64 groups, gboolean even)
{
  gint64 depth = in_channels / groups, pads[] = { kernel / 2, kernel / 2, kernel / 2, kernel / 2 };
  gint64 kernels[] = { kernel, kernel }, strides[] = { stride, stride };
  g_autofree char *shape = g_strdup_printf ("%d %d %d %d", (int) out_channels, (int) depth, (int) kernel, (int) kernel);
  g_autofree char *bias = g_strdup_printf ("%d", (int) out_channels);
  gboolean normed = net->kind == NET_BATCH_NORM;
  int in[] = { x, constant (net, "w", shape, 1.6 / sqrt ((double) (depth * kernel * kernel)), 0), -1 }, out;
  FoveaNode *node;

  if (!normed)
    in[2] = constant (net, "b", bias, .3, .2);
  node = fovea_graph_add_node (net->graph, "Conv", in, normed ? 2 : 3, NULL, &out);
  if (even && stride == 2) /* as TensorFlow pads: the odd pixel goes to the end */
    pads[0] = pads[1] = (kernel - 1) / 2 - (kernel == 3 ? 1 : 0), pads[2] = pads[3] = kernel == 3 ? 1 : 2;
  fovea_node_set_ints (node, "kernel_shape", kernels, 2);
  fovea_node_set_ints (node, "strides", strides, 2);
  fovea_node_set_ints (node, "pads", pads, 4);
  fovea_node_set_int (node, "group", groups);
  return normed ? norm (net, out, out_channels) : out;
}

static int
mixed_part (Net *net, int x)
{
  gint64 two[] = { 2, 2 }, three[] = { 3, 3 }, ones[] = { 1, 1, 1, 1 };
  int a = conv (net, x, 16, 24, 3, 1, 2, FALSE), b, c, out, in[4];
  g_autoptr (FoveaTensor) scales = tensor_filled (FOVEA_DTYPE_F32, "4", 1);
  FoveaNode *node;

  a = binary (net, "Mul", a, unary (net, "Sigmoid", a));
  b = unary (net, "HardSwish", conv (net, x, 16, 8, 1, 1, 1, FALSE));
  node = fovea_graph_add_node (net->graph, "MaxPool", &a, 1, NULL, &c);
  fovea_node_set_ints (node, "kernel_shape", two, 2);
  fovea_node_set_ints (node, "strides", two, 2);
  FOVEA_TENSOR_DATA (scales, float)[2] = FOVEA_TENSOR_DATA (scales, float)[3] = 2;
  in[0] = c;
  in[1] = -1;
  in[2] = fovea_graph_add_constant (net->graph, NULL, scales);
  node = fovea_graph_add_node (net->graph, "Resize", in, 3, NULL, &out);
  fovea_node_set_string (node, "mode", "nearest");
  in[0] = out;
  in[1] = b;
  node = fovea_graph_add_node (net->graph, "Concat", in, 2, NULL, &out);
  fovea_node_set_int (node, "axis", 1);
  out = unary (net, "LeakyRelu", conv (net, out, 32, 20, 1, 1, 1, FALSE));
  node = fovea_graph_add_node (net->graph, "AveragePool", &out, 1, NULL, &c);
  fovea_node_set_ints (node, "kernel_shape", three, 2);
  fovea_node_set_ints (node, "pads", ones, 4);
  return unary (net, "Relu", c);
}

FoveaGraph *
train_test_net (NetKind kind, gint64 size, gint64 n_classes)
{
  Net net = { fovea_graph_new ("net", 20), kind, 100, 0 };
  FoveaShape shape = fovea_shape (4, (gint64) -1, (gint64) 3, size, size);
  g_autofree char *dense = g_strdup_printf ("%d 20", (int) n_classes), *bias = g_strdup_printf ("%d", (int) n_classes);
  int x = fovea_graph_add_input (net.graph, "x", FOVEA_DTYPE_F32, &shape), y, in[3], logits;
  FoveaNode *node;

  x = clip (&net, conv (&net, x, 3, 16, 3, 2, 1, TRUE));
  y = clip (&net, conv (&net, x, 16, 40, 1, 1, 1, FALSE));
  y = clip (&net, conv (&net, y, 40, 40, 3, 1, 40, FALSE));
  y = conv (&net, y, 40, 16, 1, 1, 1, FALSE);
  x = binary (&net, "Add", y, x);
  y = clip (&net, conv (&net, x, 16, 37, 1, 1, 1, FALSE));
  y = clip (&net, conv (&net, y, 37, 37, 5, 2, 37, TRUE));
  x = conv (&net, y, 37, 16, 1, 1, 1, FALSE);
  y = conv (&net, clip (&net, conv (&net, x, 16, 16, 5, 1, 16, FALSE)), 16, 16, 1, 1, 1, FALSE);
  x = binary (&net, "Add", x, y);
  y = clip (&net, conv (&net, x, 16, 16, 3, 2, 16, FALSE));
  x = kind == NET_MIXED ? mixed_part (&net, y) : clip (&net, conv (&net, y, 16, 20, 1, 1, 1, FALSE));
  x = unary (&net, "GlobalAveragePool", x);
  x = unary (&net, "Flatten", x);
  if (kind == NET_MIXED)
    {
      x = unary (&net, "Tanh", binary (&net, "MatMul", x, constant (&net, "w", "20 20", .4, 0)));
      x = unary (&net, "Gelu", unary (&net, "HardSigmoid", x));
    }
  in[0] = x;
  in[1] = constant (&net, "w", dense, .3, 0);
  in[2] = constant (&net, "b", bias, .1, 0);
  node = fovea_graph_add_node (net.graph, "Gemm", in, 3, "logits", &logits);
  fovea_node_set_int (node, "transB", 1);
  fovea_graph_add_output (net.graph, logits);
  return net.graph;
}

FoveaTensor *
train_test_batch (gint64 n, gint64 size, guint32 seed)
{
  g_autofree char *shape = g_strdup_printf ("%d 3 %d %d", (int) n, (int) size, (int) size);

  return tensor_random (FOVEA_DTYPE_F32, shape, seed);
}

FoveaTensor *
train_test_targets (gint64 n, gint64 n_classes, guint32 seed)
{
  g_autofree char *shape = g_strdup_printf ("%d %d", (int) n, (int) n_classes);
  FoveaTensor *targets = tensor_filled (FOVEA_DTYPE_F32, shape, 0);

  for (gint64 i = 0; i < n; i++)
    FOVEA_TENSOR_DATA (targets, float)[i * n_classes + (gint64) ((guint32) i * 7 + seed) % n_classes] = 1;
  return targets;
}

double
train_test_distance (const FoveaTensor *a, const FoveaTensor *b)
{
  double worst = 0, largest = 1e-12;

  g_assert_true (fovea_shape_equal (&a->shape, &b->shape));
  for (gsize i = 0; i < a->n_elements; i++)
    {
      worst = MAX (worst, fabs (tensor_get (a, i) - tensor_get (b, i)));
      largest = MAX (largest, fabs (tensor_get (b, i)));
    }
  return worst / largest;
}
