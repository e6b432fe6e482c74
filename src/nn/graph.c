/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/graph.h"

#include <string.h>

#include "nn/op.h"

static void
value_clear (gpointer data)
{
  FoveaValue *value = data;

  g_free (value->name);
  if (value->constant != NULL)
    fovea_tensor_unref (value->constant);
}

static void
attr_clear (FoveaAttr *attr)
{
  g_free (attr->name);
  g_free (attr->s);
  if (attr->tensor != NULL)
    fovea_tensor_unref (attr->tensor);
  g_free (attr->ints);
  g_free (attr->floats);
  for (gsize i = 0; attr->strings != NULL && i < attr->n; i++)
    g_free (attr->strings[i]);
  g_free (attr->strings);
}

static void
node_free (gpointer data)
{
  FoveaNode *node = data;

  g_free (node->name);
  g_free (node->op_type);
  g_free (node->domain);
  g_free (node->inputs);
  g_free (node->outputs);
  for (guint i = 0; i < node->n_attrs; i++)
    attr_clear (&node->attrs[i]);
  g_free (node->attrs);
  g_free (node);
}

FoveaGraph *
fovea_graph_new (const char *name, int opset)
{
  FoveaGraph *graph = g_new0 (FoveaGraph, 1);

  g_atomic_ref_count_init (&graph->ref_count);
  graph->name = g_strdup (name != NULL ? name : "");
  graph->opset = opset;
  graph->values = g_array_new (FALSE, TRUE, sizeof (FoveaValue));
  g_array_set_clear_func (graph->values, value_clear);
  graph->nodes = g_ptr_array_new_with_free_func (node_free);
  graph->inputs = g_array_new (FALSE, FALSE, sizeof (int));
  graph->outputs = g_array_new (FALSE, FALSE, sizeof (int));
  graph->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return graph;
}

FoveaGraph *
fovea_graph_ref (FoveaGraph *graph)
{
  g_atomic_ref_count_inc (&graph->ref_count);
  return graph;
}

void
fovea_graph_unref (FoveaGraph *graph)
{
  if (!g_atomic_ref_count_dec (&graph->ref_count))
    return;
  g_free (graph->name);
  g_array_unref (graph->values);
  g_ptr_array_unref (graph->nodes);
  g_array_unref (graph->inputs);
  g_array_unref (graph->outputs);
  g_hash_table_unref (graph->metadata);
  g_free (graph->producer_name);
  g_free (graph->producer_version);
  g_free (graph->doc_string);
  g_free (graph);
}

/* Takes @name; makes one up for NULL. */
static int
append_value (FoveaGraph *graph, char *name)
{
  FoveaValue value = { .name = name, .shape = { .rank = -1 } };

  if (value.name == NULL)
    value.name = g_strdup_printf ("value_%u", graph->values->len);
  g_array_append_val (graph->values, value);
  return (int) graph->values->len - 1;
}

int
fovea_graph_add_value (FoveaGraph *graph, const char *name, FoveaDType dtype, const FoveaShape *shape)
{
  int id = append_value (graph, g_strdup (name));
  FoveaValue *value = fovea_graph_value (graph, id);

  value->has_type = TRUE;
  value->dtype = dtype;
  if (shape != NULL)
    value->shape = *shape;
  return id;
}

int
fovea_graph_add_input (FoveaGraph *graph, const char *name, FoveaDType dtype, const FoveaShape *shape)
{
  int id = fovea_graph_add_value (graph, name, dtype, shape);

  g_array_append_val (graph->inputs, id);
  return id;
}

int
fovea_graph_add_constant (FoveaGraph *graph, const char *name, FoveaTensor *tensor)
{
  int id = fovea_graph_add_value (graph, name, tensor->dtype, &tensor->shape);

  fovea_graph_value (graph, id)->constant = fovea_tensor_ref (tensor);
  return id;
}

void
fovea_graph_add_output (FoveaGraph *graph, int value)
{
  g_return_if_fail (value >= 0 && (guint) value < graph->values->len);
  g_array_append_val (graph->outputs, value);
}

FoveaNode *
fovea_graph_add_node (FoveaGraph *graph, const char *op_type, const int *inputs, guint n_inputs,
                      const char *output_name, int *ret_output)
{
  const FoveaOp *op = fovea_op_lookup (op_type, graph->opset);
  FoveaNode *node;

  if (op == NULL)
    {
      g_critical ("%s is not in the operator table at opset %d", op_type, graph->opset);
      return NULL;
    }
  node = g_new0 (FoveaNode, 1);
  node->name = g_strdup (output_name != NULL ? output_name : "");
  node->op_type = g_strdup (op_type);
  node->domain = g_strdup ("");
  node->op = op;
  node->n_inputs = n_inputs;
  node->inputs = g_memdup2 (inputs, n_inputs * sizeof (int));
  node->n_outputs = 1;
  node->outputs = g_new (int, 1);
  node->outputs[0] = append_value (graph, g_strdup (output_name));
  g_ptr_array_add (graph->nodes, node);
  if (ret_output != NULL)
    *ret_output = node->outputs[0];
  return node;
}

int
fovea_graph_add_op (FoveaGraph *graph, const char *op_type, const int *inputs, guint n_inputs,
                    const char *output_name, FoveaNode **ret_node)
{
  int output = -1;
  FoveaNode *node = fovea_graph_add_node (graph, op_type, inputs, n_inputs, output_name, &output);

  if (ret_node != NULL)
    *ret_node = node;
  return output;
}

static FoveaAttr *
node_add_attr (FoveaNode *node, const char *name, FoveaAttrType type)
{
  FoveaAttr *attr;

  node->attrs = g_renew (FoveaAttr, node->attrs, node->n_attrs + 1);
  attr = &node->attrs[node->n_attrs++];
  memset (attr, 0, sizeof *attr);
  attr->name = g_strdup (name);
  attr->type = type;
  return attr;
}

void
fovea_node_set_int (FoveaNode *node, const char *name, gint64 i)
{
  node_add_attr (node, name, FOVEA_ATTR_INT)->i = i;
}

void
fovea_node_set_float (FoveaNode *node, const char *name, float f)
{
  node_add_attr (node, name, FOVEA_ATTR_FLOAT)->f = f;
}

void
fovea_node_set_string (FoveaNode *node, const char *name, const char *s)
{
  node_add_attr (node, name, FOVEA_ATTR_STRING)->s = g_strdup (s);
}

void
fovea_node_set_ints (FoveaNode *node, const char *name, const gint64 *ints, gsize n)
{
  FoveaAttr *attr = node_add_attr (node, name, FOVEA_ATTR_INTS);

  attr->ints = g_memdup2 (ints, n * sizeof (gint64));
  attr->n = n;
}

void
fovea_node_set_tensor (FoveaNode *node, const char *name, FoveaTensor *tensor)
{
  node_add_attr (node, name, FOVEA_ATTR_TENSOR)->tensor = fovea_tensor_ref (tensor);
}

const FoveaAttr *
fovea_node_attr (const FoveaNode *node, const char *name)
{
  for (guint i = 0; i < node->n_attrs; i++)
    if (strcmp (node->attrs[i].name, name) == 0)
      return &node->attrs[i];
  return NULL;
}

gint64
fovea_node_int (const FoveaNode *node, const char *name, gint64 fallback)
{
  const FoveaAttr *attr = fovea_node_attr (node, name);

  return attr != NULL && attr->type == FOVEA_ATTR_INT ? attr->i : fallback;
}

float
fovea_node_float (const FoveaNode *node, const char *name, float fallback)
{
  const FoveaAttr *attr = fovea_node_attr (node, name);

  return attr != NULL && attr->type == FOVEA_ATTR_FLOAT ? attr->f : fallback;
}

const char *
fovea_node_string (const FoveaNode *node, const char *name, const char *fallback)
{
  const FoveaAttr *attr = fovea_node_attr (node, name);

  return attr != NULL && attr->type == FOVEA_ATTR_STRING ? attr->s : fallback;
}

const gint64 *
fovea_node_ints (const FoveaNode *node, const char *name, gsize *ret_n)
{
  static const gint64 none = 0; /* an empty list is not an absent one */
  const FoveaAttr *attr = fovea_node_attr (node, name);

  *ret_n = 0;
  if (attr == NULL || attr->type != FOVEA_ATTR_INTS)
    return NULL;
  *ret_n = attr->n;
  return attr->n > 0 ? attr->ints : &none;
}

int
fovea_graph_find_value (const FoveaGraph *graph, const char *name)
{
  for (guint i = 0; i < graph->values->len; i++)
    if (strcmp (fovea_graph_value (graph, i)->name, name) == 0)
      return (int) i;
  return -1;
}

FoveaNode *
fovea_graph_find_maker (const FoveaGraph *graph, int value)
{
  for (guint i = 0; value >= 0 && i < graph->nodes->len; i++)
    for (guint j = 0; j < fovea_graph_node (graph, i)->n_outputs; j++)
      if (fovea_graph_node (graph, i)->outputs[j] == value)
        return fovea_graph_node (graph, i);
  return NULL;
}

void
fovea_graph_redirect (FoveaGraph *graph, int from, int to, guint n_nodes)
{
  for (guint i = 0; i < n_nodes; i++)
    for (guint j = 0; j < fovea_graph_node (graph, i)->n_inputs; j++)
      if (fovea_graph_node (graph, i)->inputs[j] == from)
        fovea_graph_node (graph, i)->inputs[j] = to;
}

void
fovea_graph_set_metadata (FoveaGraph *graph, const char *key, const char *value)
{
  if (value != NULL)
    g_hash_table_insert (graph->metadata, g_strdup (key), g_strdup (value));
}
