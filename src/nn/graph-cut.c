/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "nn/graph.h"

static void
attr_copy (FoveaAttr *to, const FoveaAttr *from)
{
  *to = *from;
  to->name = g_strdup (from->name);
  to->s = g_strdup (from->s);
  to->tensor = from->tensor != NULL ? fovea_tensor_ref (from->tensor) : NULL;
  to->ints = g_memdup2 (from->ints, from->n * sizeof (gint64));
  to->floats = g_memdup2 (from->floats, from->n * sizeof (float));
  to->strings = from->strings != NULL ? g_new (char *, from->n) : NULL;
  for (gsize i = 0; from->strings != NULL && i < from->n; i++)
    to->strings[i] = g_strdup (from->strings[i]);
}

/* The id in @cut of @graph's value @id, copied there on first use. @map: -1 = not copied yet. */
static int
map_value (FoveaGraph *cut, const FoveaGraph *graph, int *map, int id)
{
  FoveaValue copy;

  if (id < 0)
    return -1;
  if (map[id] >= 0)
    return map[id];
  copy = *fovea_graph_value (graph, id);
  copy.name = g_strdup (copy.name);
  if (copy.constant != NULL)
    fovea_tensor_ref (copy.constant);
  g_array_append_val (cut->values, copy);
  map[id] = (int) cut->values->len - 1;
  return map[id];
}

static FoveaNode *
node_copy (FoveaGraph *cut, const FoveaGraph *graph, int *map, const FoveaNode *node)
{
  FoveaNode *copy = g_memdup2 (node, sizeof *node);

  copy->name = g_strdup (node->name);
  copy->op_type = g_strdup (node->op_type);
  copy->domain = g_strdup (node->domain);
  copy->inputs = g_new (int, node->n_inputs);
  for (guint i = 0; i < node->n_inputs; i++)
    copy->inputs[i] = map_value (cut, graph, map, node->inputs[i]);
  copy->outputs = g_new (int, node->n_outputs);
  for (guint i = 0; i < node->n_outputs; i++)
    copy->outputs[i] = map_value (cut, graph, map, node->outputs[i]);
  copy->attrs = g_new (FoveaAttr, node->n_attrs);
  for (guint i = 0; i < node->n_attrs; i++)
    attr_copy (&copy->attrs[i], &node->attrs[i]);
  return copy;
}

/* Marks the nodes and values that @needed's values depend on. Nodes are in order, so one walk from the end is
 * enough. */
static void
mark_needed (const FoveaGraph *graph, gboolean *needed, gboolean *needed_nodes)
{
  for (guint i = graph->nodes->len; i-- > 0;)
    {
      const FoveaNode *node = fovea_graph_node (graph, i);

      for (guint j = 0; j < node->n_outputs; j++)
        if (node->outputs[j] >= 0 && needed[node->outputs[j]])
          needed_nodes[i] = TRUE;
      for (guint j = 0; needed_nodes[i] && j < node->n_inputs; j++)
        if (node->inputs[j] >= 0)
          needed[node->inputs[j]] = TRUE;
    }
}

static void
copy_metadata (FoveaGraph *cut, const FoveaGraph *graph)
{
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, graph->metadata);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_insert (cut->metadata, g_strdup (key), g_strdup (value));
  cut->producer_name = g_strdup (graph->producer_name);
  cut->producer_version = g_strdup (graph->producer_version);
  cut->doc_string = g_strdup (graph->doc_string);
}

FoveaGraph *
fovea_graph_cut (FoveaGraph *graph, const char *const *outputs, guint n_outputs, GError **error)
{
  g_autofree gboolean *needed = g_new0 (gboolean, graph->values->len);
  g_autofree gboolean *needed_nodes = g_new0 (gboolean, graph->nodes->len);
  g_autofree int *map = g_new (int, graph->values->len);
  g_autofree int *ids = g_new (int, n_outputs);
  FoveaGraph *cut;

  memset (map, -1, graph->values->len * sizeof (int));
  for (guint i = 0; i < n_outputs; i++)
    {
      ids[i] = fovea_graph_find_value (graph, outputs[i]);
      if (ids[i] < 0)
        {
          g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED, "the model “%s” has no value named “%s”",
                       graph->name, outputs[i]);
          return NULL;
        }
      needed[ids[i]] = TRUE;
    }
  mark_needed (graph, needed, needed_nodes);

  cut = fovea_graph_new (graph->name, graph->opset);
  copy_metadata (cut, graph);
  for (guint i = 0; i < graph->inputs->len; i++)
    {
      int id = g_array_index (graph->inputs, int, i);

      if (!needed[id])
        continue;
      id = map_value (cut, graph, map, id);
      g_array_append_val (cut->inputs, id);
    }
  for (guint i = 0; i < graph->nodes->len; i++)
    if (needed_nodes[i])
      g_ptr_array_add (cut->nodes, node_copy (cut, graph, map, fovea_graph_node (graph, i)));
  for (guint i = 0; i < n_outputs; i++)
    fovea_graph_add_output (cut, map_value (cut, graph, map, ids[i]));
  return cut;
}
