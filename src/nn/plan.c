/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/plan.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "nn/plan-private.h"

/* Programs kept; the one not used for longest goes first. */
#define MAX_PROGRAMS 8

typedef struct {
  guint n_inputs;
  FoveaTensor **inputs;    /* types and shapes */
  FoveaProgram *program;
  gboolean is_independent; /* of one picture: any batch is so many runs of this */
} Entry;

struct _FoveaPlan {
  FoveaGraph *graph;
  FoveaWeightStore store;
  gsize max_bytes;
  guint n_threads;
  GQueue entries;          /* last used first */
  guint n_arenas;
  gsize arena_bytes;
  char **arenas;
};

static void
entry_free (Entry *entry)
{
  for (guint i = 0; i < entry->n_inputs; i++)
    fovea_tensor_unref (entry->inputs[i]);
  g_free (entry->inputs);
  g_clear_pointer (&entry->program, fovea_program_free);
  g_free (entry);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Entry, entry_free)

FoveaPlan *
fovea_plan_new (FoveaGraph *graph, gsize max_bytes, GError **error)
{
  FoveaPlan *plan = g_new0 (FoveaPlan, 1);

  plan->graph = fovea_graph_ref (graph);
  plan->max_bytes = max_bytes;
  plan->n_threads = fovea_n_threads ();
  plan->store.kernels = fovea_kernels_get ();
  plan->store.by_node = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) fovea_weights_unref);
  g_queue_init (&plan->entries);
  return plan;
}

static void
free_arenas (FoveaPlan *plan)
{
  for (guint i = 0; i < plan->n_arenas; i++)
    free (plan->arenas[i]);
  g_clear_pointer (&plan->arenas, g_free);
  plan->n_arenas = 0;
  plan->arena_bytes = 0;
}

void
fovea_plan_free (FoveaPlan *plan)
{
  if (plan == NULL)
    return;
  g_queue_clear_full (&plan->entries, (GDestroyNotify) entry_free);
  g_hash_table_unref (plan->store.by_node);
  free_arenas (plan);
  fovea_graph_unref (plan->graph);
  g_free (plan);
}

/* --- memory
 * ------------------------------------------------------------------------------------------------------------- */

/* @n arenas of at least @bytes; fewer, but at least one, when the limit allows no more. */
static gboolean
get_arenas (FoveaPlan *plan, guint n, gsize bytes, GError **error)
{
  gsize size = (MAX (bytes, plan->arena_bytes) + 63) / 64 * 64 + 64;

  if (plan->n_arenas >= n && plan->arena_bytes >= bytes)
    return TRUE;
  if (plan->max_bytes > 0 && (plan->store.n_bytes > plan->max_bytes || size > plan->max_bytes - plan->store.n_bytes))
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_LIMIT,
                   "the model “%s” needs %" G_GSIZE_FORMAT " MB to run and may use %" G_GSIZE_FORMAT
                   " MB; use smaller pictures or a smaller model",
                   plan->graph->name, (plan->store.n_bytes + size) >> 20, plan->max_bytes >> 20);
      return FALSE;
    }
  if (plan->max_bytes > 0)
    n = MAX (1, (guint) MIN (n, (plan->max_bytes - plan->store.n_bytes) / size));
  free_arenas (plan);
  plan->arenas = g_new0 (char *, n);
  for (; plan->n_arenas < n; plan->n_arenas++)
    {
      plan->arenas[plan->n_arenas] = aligned_alloc (64, size);
      if (plan->arenas[plan->n_arenas] == NULL)
        break;
    }
  plan->arena_bytes = size;
  if (plan->n_arenas > 0)
    return TRUE;
  g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MEMORY,
               "there is no memory for %" G_GSIZE_FORMAT " MB to run the model “%s”; close other programs", size >> 20,
               plan->graph->name);
  return FALSE;
}

/* --- programs
 * ----------------------------------------------------------------------------------------------------------- */

static gboolean
entry_fits (const Entry *entry, FoveaTensor *const *inputs)
{
  for (guint i = 0; i < entry->n_inputs; i++)
    if (entry->inputs[i]->dtype != inputs[i]->dtype || !fovea_shape_equal (&entry->inputs[i]->shape, &inputs[i]->shape))
      return FALSE;
  return TRUE;
}

static Entry *
find_entry (FoveaPlan *plan, FoveaTensor *const *inputs)
{
  for (GList *l = plan->entries.head; l != NULL; l = l->next)
    if (entry_fits (l->data, inputs))
      {
        g_queue_unlink (&plan->entries, l);
        g_queue_push_head_link (&plan->entries, l);
        return l->data;
      }
  return NULL;
}

static Entry *
get_entry (FoveaPlan *plan, FoveaTensor *const *inputs, GError **error)
{
  Entry *found = find_entry (plan, inputs);
  g_autoptr (Entry) entry = NULL;

  if (found != NULL)
    return found;
  entry = g_new0 (Entry, 1);
  entry->inputs = g_new0 (FoveaTensor *, plan->graph->inputs->len + 1);
  for (; entry->n_inputs < plan->graph->inputs->len; entry->n_inputs++)
    entry->inputs[entry->n_inputs] =
      fovea_tensor_new_unknown (inputs[entry->n_inputs]->dtype, &inputs[entry->n_inputs]->shape);
  entry->program = fovea_program_new (plan->graph, entry->inputs, &plan->store, plan->n_threads, error);
  if (entry->program == NULL)
    return NULL;
  if (plan->entries.length >= MAX_PROGRAMS)
    entry_free (g_queue_pop_tail (&plan->entries));
  g_queue_push_head (&plan->entries, entry);
  return g_steal_pointer (&entry);
}

static void
clear_tensors (FoveaTensor **tensors, guint n)
{
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&tensors[i], fovea_tensor_unref);
}

/* The same inputs with @rows rows, without data. */
static void
with_rows (FoveaTensor *const *inputs, guint n, gint64 rows, FoveaTensor **ret)
{
  for (guint i = 0; i < n; i++)
    {
      FoveaShape shape = inputs[i]->shape;

      shape.dim[0] = rows;
      ret[i] = fovea_tensor_new_unknown (inputs[i]->dtype, &shape);
    }
}

/* The number of rows when every input has as many and the graph leaves their number open; otherwise 1. */
static gint64
count_rows (const FoveaPlan *plan, FoveaTensor *const *inputs)
{
  const FoveaGraph *graph = plan->graph;
  gint64 rows = 0;

  for (guint i = 0; i < graph->inputs->len; i++)
    {
      const FoveaValue *value = fovea_graph_value (graph, g_array_index (graph->inputs, int, i));

      if (!value->has_type || value->shape.rank < 1 || value->shape.dim[0] >= 0 || inputs[i]->shape.rank < 1 ||
          (i > 0 && inputs[i]->shape.dim[0] != rows))
        return 1;
      rows = inputs[i]->shape.dim[0];
    }
  return rows > 0 ? rows : 1;
}

/* The program of a single row, when rows can be computed one by one; otherwise NULL. Errors are not told here:
 * computing the batch as a whole meets them again. */
static Entry *
get_row_entry (FoveaPlan *plan, FoveaTensor *const *inputs)
{
  guint n = plan->graph->inputs->len;
  g_autofree FoveaTensor **one = g_new0 (FoveaTensor *, n), **two = g_new0 (FoveaTensor *, n);
  Entry *entry;

  with_rows (inputs, n, 1, one);
  with_rows (inputs, n, 2, two);
  entry = find_entry (plan, one);
  if (entry == NULL || !entry->is_independent)
    {
      g_autoptr (FoveaFacts) facts_one = fovea_facts_new (plan->graph, one, NULL);
      g_autoptr (FoveaFacts) facts_two = fovea_facts_new (plan->graph, two, NULL);

      entry = NULL;
      if (facts_one != NULL && facts_two != NULL && fovea_batch_is_independent (plan->graph, facts_one, facts_two))
        {
          entry = get_entry (plan, one, NULL);
          if (entry != NULL)
            entry->is_independent = TRUE;
        }
    }
  clear_tensors (one, n);
  clear_tensors (two, n);
  return entry;
}

/* --- batches
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct {
  FoveaPlan *plan;
  const FoveaProgram *program;
  FoveaTensor *const *inputs;
  FoveaTensor **outputs; /* of the whole batch */
  GCancellable *cancellable;
  GError *error;
  gint failed;           /* 1: error belongs to whoever set this */
  gint next;
} Batch;

static gsize
row_bytes (const FoveaTensor *tensor)
{
  return fovea_tensor_n_bytes (tensor) / (gsize) tensor->shape.dim[0];
}

static void
fail_batch (Batch *batch, GError *error)
{
  if (g_atomic_int_compare_and_exchange (&batch->failed, 0, 1))
    batch->error = error;
  else
    g_error_free (error);
}

static gboolean
is_cancelled (const FoveaPlan *plan, GCancellable *cancellable, GError **error)
{
  if (!g_cancellable_is_cancelled (cancellable))
    return FALSE;
  g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_CANCELLED, "running the model “%s” was cancelled",
               plan->graph->name);
  return TRUE;
}

static gboolean
run_row (Batch *batch, gsize row, char *arena, guint n_threads, GError **error)
{
  const FoveaGraph *graph = batch->plan->graph;
  guint n_in = graph->inputs->len, n_out = graph->outputs->len;
  g_autofree FoveaTensor **in = g_new0 (FoveaTensor *, n_in), **out = g_new0 (FoveaTensor *, n_out);
  gboolean ok;

  if (is_cancelled (batch->plan, batch->cancellable, error))
    return FALSE;
  for (guint i = 0; i < n_in; i++)
    {
      FoveaShape shape = batch->inputs[i]->shape;

      shape.dim[0] = 1;
      in[i] = fovea_tensor_new_wrapped (batch->inputs[i]->dtype, &shape,
                                        (char *) batch->inputs[i]->data + row * row_bytes (batch->inputs[i]), NULL, NULL);
    }
  ok = fovea_program_run (batch->program, in, arena, n_threads, out, error);
  for (guint i = 0; ok && i < n_out; i++)
    memcpy ((char *) batch->outputs[i]->data + row * row_bytes (batch->outputs[i]), out[i]->data,
            fovea_tensor_n_bytes (out[i]));
  clear_tensors (in, n_in);
  clear_tensors (out, n_out);
  return ok;
}

/* One picture a thread: no thread waits for another, and each one's values stay in its own cache. What does not divide
 * is computed by all of them together. */
static void
run_rows (Batch *batch, gsize n_rows)
{
  guint n_threads = MIN (batch->plan->n_threads, batch->plan->n_arenas);
  gsize alone = n_threads > 1 && !batch->program->uses_all_cores ? n_rows / n_threads * n_threads : 0;

  if (alone > 0)
    {
#pragma omp parallel num_threads(n_threads)
      {
        char *arena = batch->plan->arenas[omp_get_thread_num ()];
        gsize row;

        while (g_atomic_int_get (&batch->failed) == 0 &&
               (row = (gsize) g_atomic_int_add (&batch->next, 1)) < alone)
          {
            GError *error = NULL;

            if (!run_row (batch, row, arena, 1, &error))
              fail_batch (batch, error);
          }
      }
    }
  for (gsize row = alone; row < n_rows && batch->failed == 0; row++)
    {
      GError *error = NULL;

      if (!run_row (batch, row, batch->plan->arenas[0], batch->plan->n_threads, &error))
        fail_batch (batch, error);
    }
}

static gboolean
make_outputs (FoveaPlan *plan, const FoveaProgram *program, gint64 n_rows, FoveaTensor **outputs, GError **error)
{
  for (guint i = 0; i < plan->graph->outputs->len; i++)
    {
      const FoveaTensor *fact = program->facts->known[g_array_index (plan->graph->outputs, int, i)];
      FoveaShape shape = fact->shape;

      shape.dim[0] = n_rows;
      outputs[i] = fovea_tensor_new (fact->dtype, &shape, error);
      if (outputs[i] == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
run_batch (FoveaPlan *plan, const Entry *entry, gint64 n_rows, FoveaTensor *const *inputs, FoveaTensor **ret_outputs,
           GCancellable *cancellable, GError **error)
{
  guint n_out = plan->graph->outputs->len;
  g_autofree FoveaTensor **outputs = g_new0 (FoveaTensor *, n_out);
  Batch batch = { plan, entry->program, inputs, outputs, cancellable, NULL, 0, 0 };
  gboolean ok;

  ok = get_arenas (plan, plan->n_threads, entry->program->arena_bytes, error) &&
       make_outputs (plan, entry->program, n_rows, outputs, error);
  if (ok)
    {
      run_rows (&batch, (gsize) n_rows);
      ok = batch.failed == 0;
      if (!ok)
        g_propagate_error (error, batch.error);
    }
  if (ok)
    memcpy (ret_outputs, outputs, n_out * sizeof *outputs);
  else
    clear_tensors (outputs, n_out);
  return ok;
}

/* --- running
 * ------------------------------------------------------------------------------------------------------------ */

static gboolean
check_input (const FoveaValue *value, const FoveaTensor *tensor, GError **error)
{
  g_autofree char *got = NULL, *wanted = NULL;
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
  if (fits)
    return TRUE;
  got = fovea_shape_to_string (&tensor->shape);
  wanted = fovea_shape_to_string (&value->shape);
  g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE, "the input “%s” has the shape %s, the model expects %s",
               value->name, got, wanted);
  return FALSE;
}

gboolean
fovea_plan_run (FoveaPlan *plan, FoveaTensor *const *inputs, FoveaTensor **ret_outputs, GCancellable *cancellable,
                GError **error)
{
  gint64 n_rows;
  Entry *entry;

  for (guint i = 0; i < plan->graph->inputs->len; i++)
    if (!check_input (fovea_graph_value (plan->graph, g_array_index (plan->graph->inputs, int, i)), inputs[i], error))
      return FALSE;
  if (is_cancelled (plan, cancellable, error))
    return FALSE;
  n_rows = count_rows (plan, inputs);
  entry = n_rows > 1 ? get_row_entry (plan, inputs) : NULL;
  if (entry != NULL)
    return run_batch (plan, entry, n_rows, inputs, ret_outputs, cancellable, error);
  entry = get_entry (plan, inputs, error);
  return entry != NULL && get_arenas (plan, 1, entry->program->arena_bytes, error) &&
         fovea_program_run (entry->program, inputs, plan->arenas[0], plan->n_threads, ret_outputs, error);
}

guint
fovea_plan_get_n_threads (FoveaPlan *plan)
{
  return plan->n_threads;
}

char *
fovea_plan_describe (FoveaPlan *plan)
{
  GString *text = g_string_new (NULL);

  for (GList *l = plan->entries.head; l != NULL; l = l->next)
    {
      const Entry *entry = l->data;

      for (guint i = 0; i < entry->n_inputs; i++)
        {
          g_autofree char *shape = fovea_shape_to_string (&entry->inputs[i]->shape);

          g_string_append_printf (text, "%s%s", i > 0 ? ", " : "inputs ", shape);
        }
      g_string_append_printf (text, ": %u steps, arena %" G_GSIZE_FORMAT " kB, weights %" G_GSIZE_FORMAT
                              " kB, %s, %u threads\n", entry->program->steps->len, entry->program->arena_bytes >> 10,
                              plan->store.n_bytes >> 10, plan->store.kernels->name, plan->n_threads);
      for (guint i = 0; i < entry->program->steps->len; i++)
        g_string_append_printf (text, "  %7.3f ms  %s\n", (double) entry->program->best_ns[i] / 1e6,
                                fovea_program_step (entry->program, i)->what);
    }
  return g_string_free (text, FALSE);
}
