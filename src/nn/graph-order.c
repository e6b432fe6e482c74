/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "nn/graph.h"

typedef struct {
  int *producers;      /* by value: index of the node that makes it, -1: none */
  guint *waiting;      /* by node: inputs not made yet */
  guint *first, *next; /* by value: chain of (node, input) uses; by use: the next one. 0 ends, so uses count from 1 */
  guint *use_node;
} Order;

static void
chain_uses (const FoveaGraph *graph, Order *order)
{
  guint use = 0;

  for (guint i = 0; i < graph->nodes->len; i++)
    for (guint j = 0; j < fovea_graph_node (graph, i)->n_outputs; j++)
      if (fovea_graph_node (graph, i)->outputs[j] >= 0)
        order->producers[fovea_graph_node (graph, i)->outputs[j]] = (int) i;
  for (guint i = 0; i < graph->nodes->len; i++)
    for (guint j = 0; j < fovea_graph_node (graph, i)->n_inputs; j++)
      {
        int id = fovea_graph_node (graph, i)->inputs[j];

        if (id < 0 || order->producers[id] < 0)
          continue;
        order->waiting[i]++;
        use++;
        order->use_node[use] = i;
        order->next[use] = order->first[id];
        order->first[id] = use;
      }
}

/* Appends to @queue what becomes ready once node @i is done; the new length. */
static guint
release_uses (const FoveaGraph *graph, Order *order, guint i, guint *queue, guint n)
{
  const FoveaNode *node = fovea_graph_node (graph, i);

  for (guint j = 0; j < node->n_outputs; j++)
    if (node->outputs[j] >= 0)
      for (guint use = order->first[node->outputs[j]]; use != 0; use = order->next[use])
        if (--order->waiting[order->use_node[use]] == 0)
          queue[n++] = order->use_node[use];
  return n;
}

/* Kahn's algorithm, linear in nodes and edges. */
static gboolean
sort_nodes (FoveaGraph *graph, GError **error)
{
  guint n_nodes = graph->nodes->len, n_uses = 1, n = 0;
  g_autofree int *producers = g_new (int, graph->values->len);
  g_autofree guint *waiting = g_new0 (guint, n_nodes), *first = g_new0 (guint, graph->values->len);
  g_autofree guint *queue = g_new (guint, n_nodes);
  g_autofree guint *next = NULL, *use_node = NULL;
  g_autofree gpointer *sorted = NULL;
  Order order = { producers, waiting, first };

  for (guint i = 0; i < n_nodes; i++)
    n_uses += fovea_graph_node (graph, i)->n_inputs;
  order.next = next = g_new0 (guint, n_uses);
  order.use_node = use_node = g_new0 (guint, n_uses);
  memset (producers, -1, graph->values->len * sizeof (int));
  chain_uses (graph, &order);
  for (guint i = 0; i < n_nodes; i++)
    if (waiting[i] == 0)
      queue[n++] = i;
  for (guint i = 0; i < n; i++)
    n = release_uses (graph, &order, queue[i], queue, n);
  for (guint i = 0; i < n_nodes && n < n_nodes; i++)
    if (waiting[i] > 0)
      {
        g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED,
                     "%s, node “%s”: it needs its own result; the graph goes in a circle",
                     fovea_graph_node (graph, i)->op_type, fovea_graph_node (graph, i)->name);
        return FALSE;
      }
  sorted = g_new (gpointer, n_nodes);
  for (guint i = 0; i < n_nodes; i++)
    sorted[i] = graph->nodes->pdata[queue[i]];
  for (guint i = 0; i < n_nodes; i++)
    graph->nodes->pdata[i] = sorted[i];
  return TRUE;
}

static gboolean
is_sorted (const FoveaGraph *graph)
{
  g_autofree gboolean *made = g_new0 (gboolean, graph->values->len);

  for (guint i = 0; i < graph->nodes->len; i++)
    for (guint j = 0; j < fovea_graph_node (graph, i)->n_outputs; j++)
      if (fovea_graph_node (graph, i)->outputs[j] >= 0)
        made[fovea_graph_node (graph, i)->outputs[j]] = TRUE;
  /* From here on TRUE means "still to be made". */
  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const FoveaNode *node = fovea_graph_node (graph, i);

      for (guint j = 0; j < node->n_inputs; j++)
        if (node->inputs[j] >= 0 && made[node->inputs[j]])
          return FALSE;
      for (guint j = 0; j < node->n_outputs; j++)
        if (node->outputs[j] >= 0)
          made[node->outputs[j]] = FALSE;
    }
  return TRUE;
}

gboolean
fovea_graph_sort (FoveaGraph *graph, GError **error)
{
  return is_sorted (graph) || sort_nodes (graph, error);
}
