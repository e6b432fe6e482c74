/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of every value before a graph is run: shapes by the operators' shape rules, and the values themselves
 * where they do not depend on the inputs (constant folding, per set of input shapes: Shape → Gather → Reshape chains
 * fold too). */
#include "nn/plan-private.h"

/* A folded value larger than this is computed when the graph is run instead, and freed again. */
#define MAX_FOLDED_BYTES (64u << 20)

void
fovea_facts_free (FoveaFacts *facts)
{
  for (guint i = 0; i < facts->n; i++)
    g_clear_pointer (&facts->known[i], fovea_tensor_unref);
  g_free (facts->known);
  g_free (facts);
}

static gboolean
all_inputs_known (const FoveaFacts *facts, const FoveaNode *node)
{
  for (guint i = 0; i < node->n_inputs; i++)
    if (node->inputs[i] >= 0 && facts->known[node->inputs[i]] == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
all_inputs_have_data (FoveaTensor *const *in, guint n)
{
  for (guint i = 0; i < n; i++)
    if (in[i] != NULL && in[i]->data == NULL)
      return FALSE;
  return TRUE;
}

/* Drawing from a random source is not a constant, though it has no input. */
static gboolean
is_pure (const FoveaNode *node)
{
  return !g_str_has_prefix (node->op_type, "Random") && !g_str_equal (node->op_type, "Bernoulli") &&
         !g_str_equal (node->op_type, "Multinomial");
}

static gboolean
is_small (FoveaTensor *const *out, guint n)
{
  gsize n_elements;

  for (guint i = 0; i < n; i++)
    if (out[i] != NULL && !fovea_shape_check (&out[i]->shape, out[i]->dtype, MAX_FOLDED_BYTES, &n_elements, NULL))
      return FALSE;
  return TRUE;
}

static void
clear_outputs (FoveaTensor **out, guint n)
{
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&out[i], fovea_tensor_unref);
}

/* A reference kernel that cannot run leaves its shapes known: running the graph tells the error then, as the
 * interpreter does. */
static void
fold (FoveaOpContext *ctx)
{
  g_autofree FoveaTensor **computed = g_new0 (FoveaTensor *, ctx->n_out);
  FoveaOpContext run = *ctx;

  run.out = computed;
  if (!fovea_op_run (&run, NULL))
    return;
  clear_outputs (ctx->out, ctx->n_out);
  for (guint i = 0; i < ctx->n_out; i++)
    ctx->out[i] = computed[i];
}

static gboolean
learn_node (FoveaFacts *facts, const FoveaGraph *graph, const FoveaNode *node, GError **error)
{
  g_autofree FoveaTensor **in = g_new0 (FoveaTensor *, node->n_inputs);
  g_autofree FoveaTensor **out = g_new0 (FoveaTensor *, node->n_outputs);
  FoveaOpContext ctx = {
    .node = node, .opset = graph->opset, .n_in = node->n_inputs, .in = in, .n_out = node->n_outputs, .out = out
  };
  FoveaInferResult result;

  for (guint i = 0; i < node->n_inputs; i++)
    in[i] = node->inputs[i] >= 0 ? facts->known[node->inputs[i]] : NULL;
  result = fovea_op_infer (&ctx, error);
  if (result == FOVEA_INFER_ERROR)
    return FALSE;
  if (is_pure (node) && all_inputs_have_data (in, node->n_inputs) && is_small (out, node->n_outputs) &&
      !(result == FOVEA_INFER_OK && all_inputs_have_data (out, node->n_outputs)))
    fold (&ctx);
  for (guint i = 0; i < node->n_outputs; i++)
    if (node->outputs[i] >= 0)
      facts->known[node->outputs[i]] = out[i];
    else
      g_clear_pointer (&out[i], fovea_tensor_unref);
  return TRUE;
}

FoveaFacts *
fovea_facts_new (const FoveaGraph *graph, FoveaTensor *const *inputs, GError **error)
{
  g_autoptr (FoveaFacts) facts = g_new0 (FoveaFacts, 1);

  facts->n = graph->values->len;
  facts->known = g_new0 (FoveaTensor *, facts->n);
  for (guint i = 0; i < facts->n; i++)
    if (fovea_graph_value (graph, i)->constant != NULL)
      facts->known[i] = fovea_tensor_ref (fovea_graph_value (graph, i)->constant);
  for (guint i = 0; i < graph->inputs->len; i++)
    {
      int id = g_array_index (graph->inputs, int, i);

      g_clear_pointer (&facts->known[id], fovea_tensor_unref);
      facts->known[id] = fovea_tensor_new_unknown (inputs[i]->dtype, &inputs[i]->shape);
    }
  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const FoveaNode *node = fovea_graph_node (graph, i);

      if (all_inputs_known (facts, node) && !learn_node (facts, graph, node, error))
        return NULL;
    }
  return g_steal_pointer (&facts);
}
