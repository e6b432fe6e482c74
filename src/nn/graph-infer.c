/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/graph.h"
#include "nn/op.h"

static FoveaInferResult
infer_node (const FoveaGraph *graph, const FoveaNode *node, FoveaTensor **values, GError **error)
{
  g_autofree FoveaTensor **in = g_new0 (FoveaTensor *, node->n_inputs);
  g_autofree FoveaTensor **out = g_new0 (FoveaTensor *, node->n_outputs);
  FoveaOpContext ctx = {
    .node = node, .opset = graph->opset, .n_in = node->n_inputs, .in = in, .n_out = node->n_outputs, .out = out
  };
  FoveaInferResult result;

  for (guint i = 0; i < node->n_inputs; i++)
    {
      in[i] = node->inputs[i] >= 0 ? values[node->inputs[i]] : NULL;
      if (node->inputs[i] >= 0 && in[i] == NULL)
        return FOVEA_INFER_DATA;
    }
  result = fovea_op_infer (&ctx, error);
  for (guint i = 0; i < node->n_outputs; i++)
    if (node->outputs[i] >= 0)
      values[node->outputs[i]] = out[i];
    else if (out[i] != NULL)
      fovea_tensor_unref (out[i]);
  return result;
}

gboolean
fovea_graph_infer (const FoveaGraph *graph, gint64 open_dim, FoveaTensor **ret_values, GError **error)
{
  for (guint i = 0; i < graph->values->len; i++)
    {
      const FoveaValue *value = fovea_graph_value (graph, i);

      ret_values[i] = value->constant != NULL ? fovea_tensor_ref (value->constant) : NULL;
    }
  for (guint i = 0; i < graph->inputs->len; i++)
    {
      int id = g_array_index (graph->inputs, int, i);
      const FoveaValue *value = fovea_graph_value (graph, id);
      FoveaShape shape = value->shape;

      if (!value->has_type || shape.rank < 0 || ret_values[id] != NULL)
        continue;
      for (int k = 0; k < shape.rank; k++)
        shape.dim[k] = shape.dim[k] < 0 ? open_dim : shape.dim[k];
      ret_values[id] = fovea_tensor_new_unknown (value->dtype, &shape);
    }
  for (guint i = 0; i < graph->nodes->len; i++)
    if (infer_node (graph, fovea_graph_node (graph, i), ret_values, error) == FOVEA_INFER_ERROR)
      {
        for (guint k = 0; k < graph->values->len; k++)
          g_clear_pointer (&ret_values[k], fovea_tensor_unref);
        return FALSE;
      }
  return TRUE;
}
