/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/train-graph.h"

#include <math.h>
#include <string.h>

/* --- copies
 * -------------------------------------------------------------------------------------------------------------- */

FoveaGraph *
fovea_graph_copy (FoveaGraph *graph)
{
  g_autofree const char **names = g_new (const char *, graph->outputs->len);

  for (guint i = 0; i < graph->outputs->len; i++)
    names[i] = fovea_graph_value (graph, g_array_index (graph->outputs, int, i))->name;
  return fovea_graph_cut (graph, names, graph->outputs->len, NULL);
}

gboolean
fovea_graph_replace_constant (FoveaGraph *graph, const char *name, FoveaTensor *tensor)
{
  int id = fovea_graph_find_value (graph, name);
  FoveaValue *value = id >= 0 ? fovea_graph_value (graph, id) : NULL;

  if (value == NULL || value->constant == NULL || !fovea_shape_equal (&value->constant->shape, &tensor->shape))
    return FALSE;
  fovea_tensor_unref (value->constant);
  value->constant = fovea_tensor_ref (tensor);
  return TRUE;
}

static const FoveaTensor *
find_like (const FoveaGraph *graph, const FoveaValue *value)
{
  const int id = fovea_graph_find_value (graph, value->name);
  const FoveaTensor *found = id >= 0 ? fovea_graph_value (graph, id)->constant : NULL;

  return found != NULL && found->dtype == value->constant->dtype && fovea_shape_equal (&found->shape, &value->constant->shape) ? found : NULL;
}

gboolean
fovea_graph_blend_constants (FoveaGraph *graph, const FoveaGraph *other, float part, GError **error)
{
  for (guint i = 0; i < graph->values->len; i++)
    {
      FoveaValue *value = fovea_graph_value (graph, (int) i);
      const FoveaTensor *to = value->constant != NULL && value->constant->dtype == FOVEA_DTYPE_F32 ? find_like (other, value) : NULL;
      g_autoptr (FoveaTensor) blend = NULL;

      if (to == NULL)
        continue;
      blend = fovea_tensor_new (FOVEA_DTYPE_F32, &to->shape, error);
      if (blend == NULL)
        return FALSE;
      for (gsize j = 0; j < to->n_elements; j++)
        {
          const float from = FOVEA_TENSOR_DATA (value->constant, const float)[j];

          FOVEA_TENSOR_DATA (blend, float)[j] = from + part * (FOVEA_TENSOR_DATA (to, const float)[j] - from);
        }
      fovea_tensor_unref (value->constant);
      value->constant = g_steal_pointer (&blend);
    }
  return TRUE;
}

/* --- batch norms
 * --------------------------------------------------------------------------------------------------------- */

static const FoveaTensor *
constant_of (const FoveaGraph *graph, const FoveaNode *node, guint input)
{
  if (input >= node->n_inputs || node->inputs[input] < 0)
    return NULL;
  return fovea_graph_value (graph, node->inputs[input])->constant;
}

static gboolean
is_f32 (const FoveaTensor *tensor)
{
  return tensor != NULL && tensor->dtype == FOVEA_DTYPE_F32;
}

static guint
count_uses (const FoveaGraph *graph, int id)
{
  guint n = 0;

  for (guint i = 0; i < graph->nodes->len; i++)
    for (guint j = 0; j < fovea_graph_node (graph, i)->n_inputs; j++)
      n += fovea_graph_node (graph, i)->inputs[j] == id;
  for (guint i = 0; i < graph->outputs->len; i++)
    n += g_array_index (graph->outputs, int, i) == id;
  return n;
}

/* The convolution that @norm can become a part of, or NULL. */
static FoveaNode *
find_convolution (const FoveaGraph *graph, const FoveaNode *norm)
{
  FoveaNode *conv;

  if (!g_str_equal (norm->op_type, "BatchNormalization") || norm->domain[0] != '\0'
      || fovea_node_int (norm, "training_mode", 0) != 0 || norm->n_inputs != 5)
    return NULL;
  for (guint i = 1; i < 5; i++)
    if (!is_f32 (constant_of (graph, norm, i)))
      return NULL;
  conv = fovea_graph_find_maker (graph, norm->inputs[0]);
  if (conv == NULL || !g_str_equal (conv->op_type, "Conv") || count_uses (graph, norm->inputs[0]) != 1
      || !is_f32 (constant_of (graph, conv, 1)) || count_uses (graph, conv->inputs[1]) != 1)
    return NULL;
  if (conv->n_inputs > 2 && conv->inputs[2] >= 0
      && (!is_f32 (constant_of (graph, conv, 2)) || count_uses (graph, conv->inputs[2]) != 1))
    return NULL;
  return conv;
}

static char *
name_bias (const FoveaGraph *graph, const char *weights)
{
  g_autofree char *stem = g_str_has_suffix (weights, ".weight") ? g_strndup (weights, strlen (weights) - 7) : g_strdup (weights);
  char *name = g_strconcat (stem, ".bias", NULL);

  while (fovea_graph_find_value (graph, name) >= 0)
    {
      char *longer = g_strconcat (name, "_", NULL);

      g_free (name);
      name = longer;
    }
  return name;
}

static gboolean
fold_into (FoveaGraph *graph, FoveaNode *conv, const FoveaNode *norm, GError **error)
{
  const FoveaTensor *w = constant_of (graph, conv, 1), *b = constant_of (graph, conv, 2);
  const float *scale = constant_of (graph, norm, 1)->data, *bias = constant_of (graph, norm, 2)->data;
  const float *mean = constant_of (graph, norm, 3)->data, *variance = constant_of (graph, norm, 4)->data;
  double epsilon = (double) fovea_node_float (norm, "epsilon", 1e-5f);
  gsize channels = (gsize) w->shape.dim[0], row = channels == 0 ? 0 : w->n_elements / channels;
  FoveaShape shape = fovea_shape (1, (gint64) channels);
  g_autoptr (FoveaTensor) new_w = NULL, new_b = NULL;

  if (constant_of (graph, norm, 1)->n_elements != channels)
    return TRUE; /* running it will say what is wrong */
  new_w = fovea_tensor_new (FOVEA_DTYPE_F32, &w->shape, error);
  new_b = new_w != NULL ? fovea_tensor_new (FOVEA_DTYPE_F32, &shape, error) : NULL;
  if (new_b == NULL)
    return FALSE;
  for (gsize c = 0; c < channels; c++)
    {
      double factor = (double) scale[c] / sqrt ((double) variance[c] + epsilon);
      double old = b != NULL ? (double) FOVEA_TENSOR_DATA (b, const float)[c] : 0;

      for (gsize i = c * row; i < (c + 1) * row; i++)
        FOVEA_TENSOR_DATA (new_w, float)[i] = (float) (factor * (double) FOVEA_TENSOR_DATA (w, const float)[i]);
      FOVEA_TENSOR_DATA (new_b, float)[c] = (float) ((old - (double) mean[c]) * factor + (double) bias[c]);
    }
  if (b == NULL)
    {
      g_autofree char *name = name_bias (graph, fovea_graph_value (graph, conv->inputs[1])->name);

      conv->inputs = g_renew (int, conv->inputs, 3);
      conv->n_inputs = 3;
      conv->inputs[2] = fovea_graph_add_constant (graph, name, new_b);
    }
  else
    fovea_graph_replace_constant (graph, fovea_graph_value (graph, conv->inputs[2])->name, new_b);
  fovea_graph_replace_constant (graph, fovea_graph_value (graph, conv->inputs[1])->name, new_w);
  conv->outputs[0] = norm->outputs[0];
  return TRUE;
}

FoveaGraph *
fovea_graph_fold_batch_norms (FoveaGraph *graph, GError **error)
{
  g_autoptr (FoveaGraph) folded = fovea_graph_copy (graph);

  for (guint i = 0; i < folded->nodes->len; i++)
    {
      FoveaNode *norm = fovea_graph_node (folded, i), *conv = find_convolution (folded, norm);

      if (conv == NULL)
        continue;
      if (!fold_into (folded, conv, norm, error))
        return NULL;
      if (conv->outputs[0] == norm->outputs[0])
        g_ptr_array_remove_index (folded->nodes, i--);
    }
  return fovea_graph_copy (folded); /* without the constants that nothing uses any more */
}
