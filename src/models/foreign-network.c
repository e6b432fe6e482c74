/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a file's graph to a pack's: one input "image" f32 [N,3,S,S], outputs "logits" and "embedding" of one row a picture. */
#include <glib/gi18n.h>
#include <string.h>

#include "models/foreign-model-private.h"
#include "nn/op.h"
#include "nn/plan.h"

#define MAX_STEPS 16            /* that the first convolution may lie behind the input */
#define MAX_PLAN_BYTES ((gsize) 6 << 30)
#define MAX_WIDTH 100000
#define MAX_DIM 65536

/* ---- the input ---- */

static gboolean
no_picture (FoveaForeignModel *model, GError **error, const char *why)
{
  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH, _("“%s” is no model of single pictures: %s"), model->path, why);
  return FALSE;
}

/* The first node that reads @value. */
static const FoveaNode *
find_reader (const FoveaGraph *graph, int value)
{
  for (guint i = 0; i < graph->nodes->len; i++)
    for (guint j = 0; j < fovea_graph_node (graph, i)->n_inputs; j++)
      if (fovea_graph_node (graph, i)->inputs[j] == value)
        return fovea_graph_node (graph, i);
  return NULL;
}

static gboolean
puts_colours_first (const FoveaNode *node)
{
  gsize n;
  const gint64 *axes = fovea_node_ints (node, "perm", &n);

  return strcmp (node->op_type, "Transpose") == 0 && n == 4 && axes[0] == 0 && axes[1] == 3;
}

/* Where the shape does not say which side the colours are on, the first convolution does: ONNX's have them first. */
static void
look_at_graph (const FoveaGraph *graph, int value, FoveaForeignInput *input)
{
  for (guint step = 0; step < MAX_STEPS; step++)
    {
      const FoveaNode *node = find_reader (graph, value);

      if (node == NULL || node->n_outputs < 1 || node->outputs[0] < 0)
        return;
      if (puts_colours_first (node))
        input->layout = FOVEA_LAYOUT_NHWC;
      else if (strcmp (node->op_type, "Conv") == 0)
        {
          const FoveaTensor *weight = node->n_inputs > 1 && node->inputs[1] >= 0 ? fovea_graph_value (graph, node->inputs[1])->constant : NULL;

          input->layout = FOVEA_LAYOUT_NCHW;
          if (weight != NULL && weight->shape.rank == 4 && fovea_node_int (node, "group", 1) == 1)
            input->channels = (int) CLAMP (weight->shape.dim[1], 0, G_MAXINT);
        }
      if (input->layout >= 0)
        return;
      value = node->outputs[0];
    }
}

static gboolean
is_colours (gint64 dim)
{
  return dim == 1 || dim == 3;
}

static gboolean
read_sides (FoveaForeignModel *model, const FoveaShape *shape, FoveaForeignInput *input, GError **error)
{
  const gint64 *dim = shape->dim;
  const gboolean first = is_colours (dim[1]), last = is_colours (dim[3]);
  gint64 height, width;

  if (first != last)
    input->layout = first ? FOVEA_LAYOUT_NCHW : FOVEA_LAYOUT_NHWC;
  if (input->layout >= 0)
    input->channels = (int) dim[input->layout == FOVEA_LAYOUT_NCHW ? 1 : 3];
  height = dim[input->layout == FOVEA_LAYOUT_NHWC ? 1 : 2];
  width = dim[input->layout == FOVEA_LAYOUT_NHWC ? 2 : 3];
  if (height >= 0 && width >= 0 && height != width)
    return no_picture (model, error, _("its input is not square, as networks' pictures are here"));
  input->size = (int) MIN (MAX (height, width), G_MAXINT);
  if (input->size >= 0 && (input->size < 8 || input->size > 4096))
    return no_picture (model, error, _("its pictures have less than 8 or more than 4096 pixels a side"));
  return TRUE;
}

gboolean
fovea_foreign_find_input (FoveaForeignModel *model, const char *output, FoveaForeignInput *ret_input, GError **error)
{
  g_autoptr (FoveaGraph) cut = fovea_graph_cut (model->graph, &output, 1, error);
  FoveaForeignInput input = { .layout = -1, .size = -1 };
  const FoveaValue *value;
  int id;

  if (cut == NULL)
    return FALSE;
  if (cut->inputs->len != 1)
    return no_picture (model, error,
                       cut->inputs->len == 0 ? _("the output does not hang on any input") : _("the output hangs on more than one input"));
  id = g_array_index (cut->inputs, int, 0);
  value = fovea_graph_value (cut, id);
  if (!value->has_type || value->shape.rank != 4)
    return no_picture (model, error, _("its input has not four dimensions: pictures, colours, height, width"));
  if (value->dtype != FOVEA_DTYPE_F32 && value->dtype != FOVEA_DTYPE_F16 && value->dtype != FOVEA_DTYPE_U8)
    return no_picture (model, error, _("its input is neither of floats nor of bytes"));
  input.dtype = value->dtype;
  if (value->shape.dim[0] > 1)
    return no_picture (model, error, _("its input is a fixed number of several pictures; export it with one, or with any number"));
  if (!is_colours (value->shape.dim[1]) || is_colours (value->shape.dim[3]))
    look_at_graph (cut, id, &input);
  if (!read_sides (model, &value->shape, &input, error))
    return FALSE;
  if (input.channels < 0)
    input.channels = 0;
  if (input.channels != 0 && !is_colours (input.channels))
    return no_picture (model, error, _("its pictures have neither one colour nor three"));
  *ret_input = input;
  return TRUE;
}

/* ---- surgery ---- */

/* Names of ours must be free; what is known of the values inside was true of the input as it was. */
static void
forget_names (FoveaGraph *graph)
{
  for (guint i = 0; i < graph->values->len; i++)
    {
      FoveaValue *value = fovea_graph_value (graph, i);

      g_free (value->name);
      value->name = g_strdup_printf ("net%u", i);
      if (value->constant == NULL)
        {
          value->has_type = FALSE;
          value->shape.rank = -1;
        }
    }
}

static gboolean
is_half (FoveaDType dtype)
{
  return dtype == FOVEA_DTYPE_F16 || dtype == FOVEA_DTYPE_BF16;
}

static gboolean
widen_attrs (FoveaNode *node, GError **error)
{
  static const gint64 onnx_f16 = 10, onnx_bf16 = 16, onnx_f32 = 1;

  for (guint i = 0; i < node->n_attrs; i++)
    {
      FoveaAttr *attr = &node->attrs[i];

      if (attr->type == FOVEA_ATTR_TENSOR && attr->tensor != NULL && is_half (attr->tensor->dtype))
        {
          FoveaTensor *wide = fovea_tensor_convert (attr->tensor, FOVEA_DTYPE_F32, error);

          if (wide == NULL)
            return FALSE;
          fovea_tensor_unref (attr->tensor);
          attr->tensor = wide;
        }
      if (strcmp (node->op_type, "Cast") == 0 && strcmp (attr->name, "to") == 0 && attr->type == FOVEA_ATTR_INT
          && (attr->i == onnx_f16 || attr->i == onnx_bf16))
        attr->i = onnx_f32;
    }
  return TRUE;
}

/* Half floats are fine in a file, but every kernel that is fast computes in f32. */
static gboolean
widen (FoveaGraph *graph, GError **error)
{
  for (guint i = 0; i < graph->values->len; i++)
    {
      FoveaValue *value = fovea_graph_value (graph, i);
      FoveaTensor *wide;

      if (value->constant == NULL || !is_half (value->constant->dtype))
        continue;
      wide = fovea_tensor_convert (value->constant, FOVEA_DTYPE_F32, error);
      if (wide == NULL)
        return FALSE;
      fovea_tensor_unref (value->constant);
      value->constant = wide;
      value->dtype = FOVEA_DTYPE_F32;
    }
  for (guint i = 0; i < graph->nodes->len; i++)
    if (!widen_attrs (fovea_graph_node (graph, i), error))
      return FALSE;
  return TRUE;
}

static int
add_grey (FoveaGraph *graph, int image, GError **error)
{
  static const float luma[3] = { 0.299f, 0.587f, 0.114f }; /* as Pillow's and OpenCV's greys */
  const FoveaShape shape = fovea_shape (4, (gint64) 1, (gint64) 3, (gint64) 1, (gint64) 1);
  g_autoptr (FoveaTensor) weight = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, error);
  int inputs[2] = { image, -1 };

  if (weight == NULL)
    return -1;
  memcpy (weight->data, luma, sizeof luma);
  inputs[1] = fovea_graph_add_constant (graph, "grey.weight", weight);
  return fovea_graph_add_op (graph, "Conv", inputs, 2, "grey", NULL);
}

/* "image" in place of the input that the graph has, and what lies between. */
static gboolean
replace_input (FoveaGraph *graph, const FoveaForeignInput *input, const FoveaForeignRecipe *recipe, gboolean single, GError **error)
{
  static const gint64 colours_last[] = { 0, 2, 3, 1 };
  const int old = g_array_index (graph->inputs, int, 0);
  const FoveaShape shape = fovea_shape (4, (gint64) (single ? 1 : -1), (gint64) 3, (gint64) recipe->size, (gint64) recipe->size);
  const guint n_nodes = graph->nodes->len;
  FoveaNode *node;
  int value;

  g_array_set_size (graph->inputs, 0);
  value = fovea_graph_add_input (graph, "image", FOVEA_DTYPE_F32, &shape);
  if (input->channels == 1)
    value = add_grey (graph, value, error);
  if (value < 0)
    return FALSE;
  if (recipe->layout == FOVEA_LAYOUT_NHWC)
    {
      value = fovea_graph_add_op (graph, "Transpose", &value, 1, "image.nhwc", &node);
      fovea_node_set_ints (node, "perm", colours_last, G_N_ELEMENTS (colours_last));
    }
  if (input->dtype == FOVEA_DTYPE_U8)
    {
      value = fovea_graph_add_op (graph, "Cast", &value, 1, "image.u8", &node);
      fovea_node_set_int (node, "to", 2);
    }
  fovea_graph_redirect (graph, old, value, n_nodes);
  return fovea_graph_sort (graph, error);
}

/* ---- the embedding of a classifier ---- */

/* Constant, or made of one alone: a quantised weight, a transposed one. */
static gboolean
is_weight (const FoveaGraph *graph, int value)
{
  static const char *const keeps[] = { "DequantizeLinear", "Transpose", "Identity", "Cast", "Reshape", NULL };

  for (guint step = 0; step < 4 && value >= 0; step++)
    {
      const FoveaNode *maker;

      if (fovea_graph_value (graph, value)->constant != NULL)
        return TRUE;
      maker = fovea_graph_find_maker (graph, value);
      if (maker == NULL || !g_strv_contains (keeps, maker->op_type) || maker->n_inputs < 1)
        return FALSE;
      value = maker->inputs[0];
    }
  return FALSE;
}

/* The input of the last dense layer before @value, −1 when none is found. */
static int
find_embedding (const FoveaGraph *graph, int value)
{
  static const char *const passed[] = { "Softmax", "LogSoftmax", "Sigmoid", "Identity", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Cast",
                                        "Dropout", "Clip", NULL };
  static const char *const passed_with_weight[] = { "Add", "Sub", "Mul", "Div", NULL };
  static const char *const dense[] = { "Gemm", "MatMul", "Conv", NULL };

  for (guint step = 0; step < MAX_STEPS; step++)
    {
      const FoveaNode *node = fovea_graph_find_maker (graph, value);

      if (node == NULL || node->n_inputs < 1)
        return -1;
      if (g_strv_contains (dense, node->op_type))
        return node->n_inputs > 1 && is_weight (graph, node->inputs[1]) ? node->inputs[0] : -1;
      if (g_strv_contains (passed, node->op_type))
        value = node->inputs[0];
      else if (g_strv_contains (passed_with_weight, node->op_type) && node->n_inputs == 2)
        value = is_weight (graph, node->inputs[1]) ? node->inputs[0] : is_weight (graph, node->inputs[0]) ? node->inputs[1] : -1;
      else
        return -1;
    }
  return -1;
}

/* ---- the outputs ---- */

FoveaTensor *
fovea_foreign_test_pictures (const FoveaInputSpec *spec, guint n, GError **error)
{
  const gsize area = (gsize) spec->size * (gsize) spec->size;
  const FoveaShape shape = fovea_shape (4, (gint64) n, (gint64) 3, (gint64) spec->size, (gint64) spec->size);
  FoveaTensor *pictures = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, error);
  guint32 state = 1;

  for (gsize i = 0; pictures != NULL && i < pictures->n_elements; i++)
    {
      const gsize channel = i / area % 3;

      state = state * 1664525u + 1013904223u; /* Numerical Recipes; any noise does */
      FOVEA_TENSOR_DATA (pictures, float)[i] = ((i < 3 * area ? 127 : (float) (state >> 24)) - spec->mean[channel]) * spec->scale[channel];
    }
  return pictures;
}

/* Runs the graph once: what it answers says what the shapes are. */
static gboolean
probe (FoveaForeignModel *model, FoveaGraph *graph, const FoveaForeignRecipe *recipe, FoveaTensor **ret_outputs, GError **error)
{
  g_autoptr (FoveaPlan) plan = fovea_plan_new (graph, MAX_PLAN_BYTES, error);
  g_autoptr (FoveaTensor) picture = NULL;
  FoveaInputSpec spec;

  fovea_foreign_recipe_get_spec (recipe, &spec);
  picture = plan != NULL ? fovea_foreign_test_pictures (&spec, 1, error) : NULL;
  if (picture != NULL && fovea_plan_run (plan, &picture, ret_outputs, NULL, error))
    return TRUE;
  g_prefix_error (error, "“%s” does not run: ", model->path);
  return FALSE;
}

/* [1, …] of one row, or the first of the tokens [1, T, D] of a transformer, as [N, width] called @name; −1: it is neither. */
static int
add_rows (FoveaGraph *graph, int value, const FoveaTensor *seen, gboolean tokens, const char *name, gint64 *ret_width, GError **error)
{
  const FoveaShape *shape = &seen->shape;
  FoveaNode *node;

  *ret_width = (gint64) seen->n_elements;
  if (seen->dtype != FOVEA_DTYPE_F32 || shape->rank < 2 || shape->rank > 4 || shape->dim[0] != 1)
    return -1;
  if (tokens && shape->rank == 3 && shape->dim[1] > 1)
    {
      const FoveaShape scalar = fovea_shape (0);
      g_autoptr (FoveaTensor) zero = fovea_tensor_new (FOVEA_DTYPE_I64, &scalar, error);
      int inputs[2] = { value, -1 };

      if (zero == NULL)
        return -1;
      inputs[1] = fovea_graph_add_constant (graph, "token.first", zero);
      value = fovea_graph_add_op (graph, "Gather", inputs, 2, "token", &node);
      fovea_node_set_int (node, "axis", 1);
      *ret_width = shape->dim[2];
    }
  else
    for (int i = 2; i < shape->rank; i++)
      if (shape->dim[1] != 1 && shape->dim[i] != 1)
        return -1;
  value = fovea_graph_add_op (graph, "Flatten", &value, 1, name, &node);
  fovea_node_set_int (node, "axis", 1);
  return value;
}

static void
add_output (FoveaGraph *graph, int value, gint64 width, gboolean single)
{
  FoveaValue *at = fovea_graph_value (graph, value);

  at->has_type = TRUE;
  at->dtype = FOVEA_DTYPE_F32;
  at->shape = fovea_shape (2, (gint64) (single ? 1 : -1), width);
  fovea_graph_add_output (graph, value);
}

static gboolean
wrong_answer (FoveaForeignModel *model, const FoveaForeignRecipe *recipe, const FoveaTensor *seen, GError **error)
{
  g_autofree char *shape = fovea_shape_to_string (&seen->shape);

  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH,
               _("“%s” answers one picture with %s %s at its output “%s”, not with one row of numbers; name another (--output)"), model->path,
               fovea_dtype_name (seen->dtype), shape, recipe->output);
  return FALSE;
}

/* @values: the answer and (−1: none) the embedding of a classifier. */
static gboolean
shape_outputs (FoveaForeignModel *model, FoveaGraph *graph, const FoveaForeignRecipe *recipe, const int *values, FoveaTensor *const *seen,
               gboolean single, GError **error)
{
  const gboolean embedder = strcmp (recipe->type_id, "visual-embedder") == 0;
  g_autoptr (GError) reason = NULL;
  gint64 width = 0, dim = 0;
  int rows, vectors;

  g_array_set_size (graph->outputs, 0);
  rows = add_rows (graph, values[0], seen[0], embedder, embedder ? "embedding" : "logits", &width, &reason);
  if (rows < 0 || width < 1 || width > (embedder ? MAX_DIM : MAX_WIDTH))
    return reason != NULL ? (g_propagate_error (error, g_steal_pointer (&reason)), FALSE) : wrong_answer (model, recipe, seen[0], error);
  if (!embedder && width != recipe->labels->len)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH,
                   _("“%s” answers with %u numbers a picture, but there are %u labels; give one for each"), model->path, (guint) width,
                   recipe->labels->len);
      return FALSE;
    }
  add_output (graph, rows, width, single);
  vectors = values[1] >= 0 ? add_rows (graph, values[1], seen[1], FALSE, "embedding", &dim, NULL) : -1;
  if (vectors >= 0 && dim <= MAX_DIM)
    add_output (graph, vectors, dim, single);
  return TRUE;
}

FoveaGraph *
fovea_foreign_network_new (FoveaForeignModel *model, const FoveaForeignRecipe *recipe, gboolean single, GError **error)
{
  const char *output = recipe->output;
  g_autoptr (FoveaGraph) graph = fovea_graph_cut (model->graph, &output, 1, error);
  FoveaTensor *seen[2] = { NULL, NULL };
  int values[2] = { -1, -1 };
  FoveaForeignInput input;
  gboolean ok;

  if (graph == NULL || !fovea_foreign_find_input (model, output, &input, error))
    return NULL;
  if (graph->opset < 7)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH, "“%s” is written for opset %d; export it for 7 or newer", model->path,
                   graph->opset);
      return NULL;
    }
  forget_names (graph);
  values[0] = g_array_index (graph->outputs, int, 0);
  if (strcmp (recipe->type_id, "visual-classifier") == 0)
    values[1] = find_embedding (graph, values[0]);
  if (!widen (graph, error) || !replace_input (graph, &input, recipe, single, error))
    return NULL;
  if (values[1] >= 0 && fovea_graph_value (graph, values[1])->constant == NULL && values[1] != values[0])
    fovea_graph_add_output (graph, values[1]);
  else
    values[1] = -1;
  ok = probe (model, graph, recipe, seen, error) && shape_outputs (model, graph, recipe, values, seen, single, error);
  for (guint i = 0; i < 2; i++)
    g_clear_pointer (&seen[i], fovea_tensor_unref);
  return ok && fovea_graph_sort (graph, error) ? g_steal_pointer (&graph) : NULL;
}
