/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A classifier that Fovea exported is the network of a pack, unit length, and a head; apart again, its pictures' vectors can be
 * kept, and it is evaluated and trained on as it was where it came from. */
#include <string.h>

#include "models/foreign-model-private.h"

static const FoveaTensor *
find_constant (const FoveaGraph *graph, const char *name)
{
  int id = fovea_graph_find_value (graph, name);
  const FoveaTensor *tensor = id >= 0 ? fovea_graph_value (graph, id)->constant : NULL;

  return tensor != NULL && tensor->dtype == FOVEA_DTYPE_F32 ? tensor : NULL;
}

static const FoveaNode *
find_node (const FoveaGraph *graph, const char *output, const char *op_type)
{
  const FoveaNode *node = fovea_graph_find_maker (graph, fovea_graph_find_value (graph, output));

  return node != NULL && node->n_outputs == 1 && strcmp (node->op_type, op_type) == 0 ? node : NULL;
}

static FoveaHead *
find_head (FoveaForeignModel *model)
{
  const FoveaTensor *weights = find_constant (model->graph, "head.weights"), *bias = find_constant (model->graph, "head.bias");
  FoveaHead *head;

  if (weights == NULL || bias == NULL || weights->shape.rank != 2 || bias->shape.rank != 1 || weights->shape.dim[0] < 1
      || weights->shape.dim[1] < 1 || weights->shape.dim[1] > 65536 || bias->shape.dim[0] != weights->shape.dim[0]
      || find_node (model->graph, "scores", "Gemm") == NULL)
    return NULL;
  head = fovea_head_new ((guint) weights->shape.dim[0], (guint) weights->shape.dim[1], model->guess.exclusive == 1,
                         (FoveaViews) model->guess.views);
  memcpy (head->weights, weights->data, fovea_tensor_n_bytes (weights));
  memcpy (head->bias, bias->data, fovea_tensor_n_bytes (bias));
  if (fovea_tensor_is_finite (weights) && fovea_tensor_is_finite (bias))
    return head;
  fovea_head_unref (head);
  return NULL;
}

/* What reads several views of a picture, one behind the other, reads image. FALSE: it is something else. */
static gboolean
join_inputs (FoveaGraph *graph)
{
  const FoveaNode *concat = find_node (graph, "images_both_ways", "Concat");
  FoveaShape shape;
  int joined, image;

  if (graph->inputs->len < 1 || graph->inputs->len > 2)
    return FALSE;
  if (concat == NULL)
    concat = find_node (graph, "images", "Concat");
  if (concat == NULL)
    return graph->inputs->len == 1;
  image = g_array_index (graph->inputs, int, 0);
  joined = concat->outputs[0];
  shape = fovea_graph_value (graph, image)->shape;
  if (graph->inputs->len == 2)
    {
      g_array_set_size (graph->inputs, 0);
      image = fovea_graph_add_input (graph, "image", FOVEA_DTYPE_F32, &shape);
    }
  fovea_graph_redirect (graph, joined, image, graph->nodes->len);
  return TRUE;
}

static void
name_output (FoveaGraph *graph, gint64 dim)
{
  int value = g_array_index (graph->outputs, int, 0), taken = fovea_graph_find_value (graph, "embedding");
  FoveaValue *at = fovea_graph_value (graph, value);

  if (taken >= 0 && taken != value)
    {
      g_free (fovea_graph_value (graph, taken)->name);
      fovea_graph_value (graph, taken)->name = g_strdup_printf ("net%d", taken);
    }
  g_free (at->name);
  at->name = g_strdup ("embedding");
  at->has_type = TRUE;
  at->dtype = FOVEA_DTYPE_F32;
  at->shape = fovea_shape (2, (gint64) -1, dim);
}

FoveaGraph *
fovea_foreign_take_apart (FoveaForeignModel *model, FoveaHead **ret_head)
{
  const FoveaNode *unit = find_node (model->graph, "vectors", "LpNormalization");
  g_autoptr (FoveaHead) head = NULL;
  g_autoptr (FoveaGraph) whole = NULL;
  FoveaGraph *graph;
  const char *output;

  if (unit == NULL || unit->n_inputs != 1 || model->guess.views < 0 || g_hash_table_lookup (model->graph->metadata, "fovea.version") == NULL)
    return NULL;
  head = find_head (model);
  output = fovea_graph_value (model->graph, unit->inputs[0])->name;
  whole = head != NULL ? fovea_graph_cut (model->graph, &output, 1, NULL) : NULL;
  if (whole == NULL || !join_inputs (whole))
    return NULL;
  graph = fovea_graph_cut (whole, &output, 1, NULL); /* without the inputs that nothing reads any more */
  if (graph == NULL || graph->inputs->len != 1)
    {
      g_clear_pointer (&graph, fovea_graph_unref);
      return NULL;
    }
  name_output (graph, head->dim);
  *ret_head = g_steal_pointer (&head);
  return graph;
}
