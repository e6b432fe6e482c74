/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Proves that a batch may be cut along dimension 0. Shapes do most of the work: every value that depends on an input
 * must have as many rows as the batch, for batches of one and of two. That alone rules out anything that sums over
 * the batch or mixes it with another dimension in row-major order; operators that could move values between rows
 * without changing a shape are looked at by name, and one that is not named here is taken to mix rows. */
#include <string.h>

#include "nn/plan-private.h"

/* Input 0 row by row; the others are the same for every row. */
static const char *const row_ops[] = {
  "Abs", "AveragePool", "BatchNormalization", "Cast", "Ceil", "Celu", "Clip", "Conv", "ConvTranspose", "Cos",
  "DepthToSpace", "DequantizeLinear", "Dropout", "Elu", "Erf", "Exp", "Flatten", "Floor", "Gelu", "Gemm",
  "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "HardSigmoid", "HardSwish", "Identity", "InstanceNormalization",
  "IsInf", "IsNaN", "LRN", "LeakyRelu", "Log", "LpPool", "MaxPool", "Mish", "Neg", "Not", "PRelu", "QuantizeLinear",
  "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin",
  "ReduceProd", "ReduceSum", "ReduceSumSquare", "Relu", "Reshape", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Softplus",
  "Softsign", "SpaceToDepth", "Sqrt", "Squeeze", "Tanh", "ThresholdedRelu", "Unsqueeze",
};

/* Element by element, with broadcasting. */
static const char *const element_ops[] = {
  "Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Mean", "Min", "Mod", "Mul",
  "Or", "Pow", "Sub", "Sum", "Where", "Xor",
};

/* Along an attribute "axis", which must not be the batch; the value is the attribute's default. */
static const struct {
  const char *name;
  int axis;
} axis_ops[] = {
  { "Softmax", -1 }, { "LogSoftmax", -1 }, { "Hardmax", -1 }, { "Concat", 0 }, { "Split", 0 },
  { "LayerNormalization", -1 }, { "ArgMax", 0 }, { "ArgMin", 0 },
};

typedef struct {
  const FoveaGraph *graph;
  const FoveaFacts *one, *two;
  gboolean *batched; /* by value */
} Proof;

static gboolean
is_listed (const char *name, const char *const *list, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (g_str_equal (name, list[i]))
      return TRUE;
  return FALSE;
}

/* [1, …] and [2, …] with the same dimensions after the first */
static gboolean
has_batch_rows (const Proof *proof, int value)
{
  const FoveaTensor *one = proof->one->known[value], *two = proof->two->known[value];

  if (one == NULL || two == NULL || one->dtype != two->dtype || one->shape.rank < 1 ||
      one->shape.rank != two->shape.rank || one->shape.dim[0] != 1 || two->shape.dim[0] != 2)
    return FALSE;
  for (int i = 1; i < one->shape.rank; i++)
    if (one->shape.dim[i] != two->shape.dim[i])
      return FALSE;
  return TRUE;
}

static gboolean
is_same_constant (const Proof *proof, int value)
{
  const FoveaTensor *one = proof->one->known[value], *two = proof->two->known[value];

  return one != NULL && two != NULL && one->data != NULL && two->data != NULL && one->dtype == two->dtype &&
         fovea_shape_equal (&one->shape, &two->shape) && memcmp (one->data, two->data, fovea_tensor_n_bytes (one)) == 0;
}

/* The shape that Reshape is given may hold the size of the batch. */
static gboolean
may_vary (const FoveaNode *node, guint i)
{
  return i == 1 && g_str_equal (node->op_type, "Reshape");
}

static gboolean
constants_agree (const Proof *proof, const FoveaNode *node)
{
  for (guint i = 0; i < node->n_inputs; i++)
    if (node->inputs[i] >= 0 && !proof->batched[node->inputs[i]] && !may_vary (node, i) &&
        !is_same_constant (proof, node->inputs[i]))
      return FALSE;
  return TRUE;
}

static gboolean
only_input_0_is_batched (const Proof *proof, const FoveaNode *node)
{
  for (guint i = 1; i < node->n_inputs; i++)
    if (node->inputs[i] >= 0 && proof->batched[node->inputs[i]])
      return FALSE;
  return node->n_inputs > 0 && node->inputs[0] >= 0 && proof->batched[node->inputs[0]];
}

/* Broadcasting aligns the last dimensions: a batched operand of lower rank would have its rows elsewhere. */
static gboolean
ranks_agree (const Proof *proof, const FoveaNode *node)
{
  int rank = proof->one->known[node->outputs[0]]->shape.rank;

  for (guint i = 0; i < node->n_inputs; i++)
    if (node->inputs[i] >= 0 && proof->batched[node->inputs[i]] &&
        proof->one->known[node->inputs[i]]->shape.rank != rank)
      return FALSE;
  return TRUE;
}

static gboolean
axis_is_not_batch (const Proof *proof, const FoveaNode *node, int fallback)
{
  int rank = proof->one->known[node->inputs[0]]->shape.rank;
  /* Before opset 13 the softmaxes' default was 1. */
  gint64 axis = fovea_node_int (node, "axis", fallback == -1 && proof->graph->opset < 13 ? 1 : fallback);

  if ((axis < 0 ? axis + rank : axis) <= 0)
    return FALSE;
  for (guint i = 0; i < node->n_inputs; i++)
    if (g_str_equal (node->op_type, "Concat") ? !proof->batched[node->inputs[i]]
                                              : i > 0 && node->inputs[i] >= 0 && proof->batched[node->inputs[i]])
      return FALSE;
  return TRUE;
}

static gboolean
keeps_rows (const Proof *proof, const FoveaNode *node)
{
  if (node->domain[0] != '\0')
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (axis_ops); i++)
    if (g_str_equal (node->op_type, axis_ops[i].name))
      return axis_is_not_batch (proof, node, axis_ops[i].axis);
  if (is_listed (node->op_type, element_ops, G_N_ELEMENTS (element_ops)))
    return ranks_agree (proof, node);
  if (!only_input_0_is_batched (proof, node))
    return FALSE;
  if (g_str_equal (node->op_type, "Transpose"))
    {
      gsize n;
      const gint64 *perm = fovea_node_ints (node, "perm", &n);

      return perm != NULL && n > 0 && perm[0] == 0;
    }
  if (g_str_equal (node->op_type, "MatMul"))
    return proof->one->known[node->inputs[0]]->shape.rank >= 2 && proof->one->known[node->inputs[1]]->shape.rank == 2;
  if (g_str_equal (node->op_type, "Gemm") && fovea_node_int (node, "transA", 0) != 0)
    return FALSE;
  if ((g_str_equal (node->op_type, "BatchNormalization") || g_str_equal (node->op_type, "Dropout")) &&
      fovea_node_int (node, "training_mode", 0) != 0)
    return FALSE;
  return is_listed (node->op_type, row_ops, G_N_ELEMENTS (row_ops));
}

static gboolean
node_keeps_rows (Proof *proof, const FoveaNode *node)
{
  gboolean batched = FALSE;

  for (guint i = 0; i < node->n_inputs; i++)
    batched = batched || (node->inputs[i] >= 0 && proof->batched[node->inputs[i]]);
  if (!batched)
    return TRUE;
  for (guint i = 0; i < node->n_outputs; i++)
    {
      if (node->outputs[i] < 0)
        continue;
      /* What became a constant from a batched input is its shape: not a row's value. */
      if (is_same_constant (proof, node->outputs[i]) || proof->one->known[node->outputs[i]] == NULL ||
          proof->one->known[node->outputs[i]]->data != NULL)
        {
          if (g_str_equal (node->op_type, "Shape") || g_str_equal (node->op_type, "Size"))
            return TRUE;
          return FALSE;
        }
      if (!has_batch_rows (proof, node->outputs[i]))
        return FALSE;
      proof->batched[node->outputs[i]] = TRUE;
    }
  return constants_agree (proof, node) && keeps_rows (proof, node);
}

gboolean
fovea_batch_is_independent (const FoveaGraph *graph, const FoveaFacts *one, const FoveaFacts *two)
{
  g_autofree gboolean *batched = g_new0 (gboolean, graph->values->len + 1);
  Proof proof = { graph, one, two, batched };

  for (guint i = 0; i < graph->inputs->len; i++)
    {
      int value = g_array_index (graph->inputs, int, i);

      if (!has_batch_rows (&proof, value))
        return FALSE;
      batched[value] = TRUE;
    }
  for (guint i = 0; i < graph->nodes->len; i++)
    if (!node_keeps_rows (&proof, fovea_graph_node (graph, i)))
      return FALSE;
  for (guint i = 0; i < graph->outputs->len; i++)
    if (!batched[g_array_index (graph->outputs, int, i)])
      return FALSE;
  return graph->inputs->len > 0 && graph->outputs->len > 0;
}
