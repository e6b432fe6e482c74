/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/interpreter.h"

#include <string.h>

#include "nn/op.h"

typedef struct {
  const FoveaGraph *graph;
  FoveaTensor **values; /* by value id; NULL = not computed or freed */
  guint *uses;          /* left until the value can be freed */
} Run;

static gboolean
check_input (const FoveaValue *value, const FoveaTensor *tensor, GError **error)
{
  gboolean fits;

  if (!value->has_type)
    return TRUE;
  if (tensor->dtype != value->dtype)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_TYPE, "the input “%s” is %s, the model expects %s",
                   value->name, fovea_dtype_name (tensor->dtype), fovea_dtype_name (value->dtype));
      return FALSE;
    }
  fits = value->shape.rank < 0 || value->shape.rank == tensor->shape.rank;
  for (int i = 0; fits && i < value->shape.rank; i++)
    fits = value->shape.dim[i] < 0 || value->shape.dim[i] == tensor->shape.dim[i];
  if (!fits)
    {
      g_autofree char *got = fovea_shape_to_string (&tensor->shape);
      g_autofree char *wanted = fovea_shape_to_string (&value->shape);

      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE, "the input “%s” has the shape %s, the model expects %s",
                   value->name, got, wanted);
    }
  return fits;
}

static void
count_uses (Run *run)
{
  for (guint i = 0; i < run->graph->nodes->len; i++)
    {
      const FoveaNode *node = fovea_graph_node (run->graph, i);

      for (guint j = 0; j < node->n_inputs; j++)
        if (node->inputs[j] >= 0)
          run->uses[node->inputs[j]]++;
    }
  for (guint i = 0; i < run->graph->outputs->len; i++)
    run->uses[g_array_index (run->graph->outputs, int, i)]++;
}

static void
drop_use (Run *run, int id)
{
  if (id >= 0 && --run->uses[id] == 0)
    g_clear_pointer (&run->values[id], fovea_tensor_unref);
}

static gboolean
run_node (Run *run, const FoveaNode *node, GError **error)
{
  g_autofree FoveaTensor **in = g_new0 (FoveaTensor *, node->n_inputs);
  g_autofree FoveaTensor **out = g_new0 (FoveaTensor *, node->n_outputs);
  FoveaOpContext ctx = {
    .node = node, .opset = run->graph->opset, .n_in = node->n_inputs, .in = in, .n_out = node->n_outputs, .out = out
  };

  for (guint i = 0; i < node->n_inputs; i++)
    in[i] = node->inputs[i] >= 0 ? run->values[node->inputs[i]] : NULL;
  if (!fovea_op_run (&ctx, error))
    return FALSE;
  for (guint i = 0; i < node->n_outputs; i++)
    {
      int id = node->outputs[i];

      if (id >= 0 && run->uses[id] > 0)
        run->values[id] = out[i];
      else if (out[i] != NULL)
        fovea_tensor_unref (out[i]);
    }
  for (guint i = 0; i < node->n_inputs; i++)
    drop_use (run, node->inputs[i]);
  return TRUE;
}

static gboolean
run_nodes (Run *run, GCancellable *cancellable, GError **error)
{
  for (guint i = 0; i < run->graph->nodes->len; i++)
    {
      if (g_cancellable_is_cancelled (cancellable))
        {
          g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_CANCELLED, "running the model “%s” was cancelled",
                       run->graph->name);
          return FALSE;
        }
      if (!run_node (run, fovea_graph_node (run->graph, i), error))
        return FALSE;
    }
  return TRUE;
}

gboolean
fovea_interpret (const FoveaGraph *graph, FoveaTensor *const *inputs, FoveaTensor **ret_outputs,
                 GCancellable *cancellable, GError **error)
{
  guint n_values = graph->values->len;
  g_autofree FoveaTensor **values = g_new0 (FoveaTensor *, n_values);
  g_autofree guint *uses = g_new0 (guint, n_values);
  Run run = { graph, values, uses };
  gboolean ok = TRUE;

  for (guint i = 0; ok && i < graph->inputs->len; i++)
    {
      int id = g_array_index (graph->inputs, int, i);

      ok = check_input (fovea_graph_value (graph, id), inputs[i], error);
      if (ok && values[id] == NULL)
        values[id] = fovea_tensor_ref (inputs[i]);
    }
  for (guint i = 0; ok && i < n_values; i++)
    if (fovea_graph_value (graph, i)->constant != NULL)
      values[i] = fovea_tensor_ref (fovea_graph_value (graph, i)->constant);
  count_uses (&run);
  ok = ok && run_nodes (&run, cancellable, error);
  for (guint i = 0; ok && i < graph->outputs->len; i++)
    ret_outputs[i] = fovea_tensor_ref (values[g_array_index (graph->outputs, int, i)]);
  for (guint i = 0; i < n_values; i++)
    if (values[i] != NULL)
      fovea_tensor_unref (values[i]);
  return ok;
}
