/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/training-estimate.h"

#include <string.h>

#include <glib/gi18n.h>

#include "engine/engine-error.h"
#include "engine/model-state-private.h"
#include "engine/project-private.h"
#include "models/network.h"
#include "models/visual-classifier.h"
#include "nn/train-graph.h"
#include "nn/trainer.h"

#define N_TIMED 2
#define MEMORY_PART 2 /* of the budget, as training itself takes */
#define OVERHEAD 1.05 /* validations and checkpoints */

static GMutex known_mutex;
static GHashTable *known; /* key of a step → Cost * */

typedef struct {
  double seconds;
  guint n_parts; /* more than one: memory is short */
} Cost;

gboolean
fovea_training_is_estimated (GObject *params)
{
  return FOVEA_IS_VISUAL_CLASSIFIER (params);
}

/* ---- a step ---- */

typedef struct {
  const FoveaDeepOptions *options;
  guint n_concepts;
  gsize memory_limit;
  FoveaGraph *network;
  FoveaInputSpec input;
  FoveaTrainer *trainer;
  FoveaTensor *pictures, *targets;
  FoveaTrainingMemory memory;
  double seconds;
} Step;

static void
step_clear (Step *self)
{
  g_clear_pointer (&self->trainer, fovea_trainer_free);
  g_clear_pointer (&self->network, fovea_graph_unref);
  g_clear_pointer (&self->pictures, fovea_tensor_unref);
  g_clear_pointer (&self->targets, fovea_tensor_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Step, step_clear)

static FoveaGraph *
backbone_new (Step *self, GError **error)
{
  const char *name = fovea_template_get_pack (self->options->template);
  g_autoptr (FoveaPack) pack = name != NULL ? fovea_pack_load (name, error) : NULL;
  g_autoptr (FoveaGraph) network = NULL;

  if (name == NULL)
    {
      self->input.size = self->options->image_size;
      return self->options->template == FOVEA_TEMPLATE_SMALL_SCRATCH ? fovea_network_new_small (self->input.size, 0, error)
                                                                     : fovea_network_new_efficientnet (self->input.size, 0, error);
    }
  network = pack != NULL ? fovea_network_new_from_pack (pack, error) : NULL;
  if (network == NULL)
    return NULL;
  self->input = *fovea_pack_get_input_spec (pack);
  return fovea_graph_fold_batch_norms (network, error);
}

static gboolean
make_batch (Step *self, GError **error)
{
  const gint64 n = self->options->batch_size, size = self->input.size;
  const FoveaShape pictures = fovea_shape (4, n, (gint64) 3, size, size), targets = fovea_shape (2, n, (gint64) self->n_concepts);

  self->pictures = fovea_tensor_new (FOVEA_DTYPE_F32, &pictures, error);
  self->targets = self->pictures != NULL ? fovea_tensor_new (FOVEA_DTYPE_F32, &targets, error) : NULL;
  if (self->targets == NULL)
    return FALSE;
  memset (FOVEA_TENSOR_DATA (self->pictures, float), 0, (gsize) (n * 3 * size * size) * sizeof (float));
  memset (FOVEA_TENSOR_DATA (self->targets, float), 0, (gsize) n * self->n_concepts * sizeof (float));
  for (gint64 i = 0; i < n; i++)
    FOVEA_TENSOR_DATA (self->targets, float)[(gsize) i * self->n_concepts + (gsize) i % self->n_concepts] = 1;
  return TRUE;
}

static gboolean
make_trainer (gpointer data, GCancellable *cancellable, GError **error)
{
  Step *self = data;
  FoveaTrainerOptions options;

  self->network = backbone_new (self, error);
  if (self->network == NULL || !fovea_network_add_classifier (self->network, self->n_concepts, NULL, 0, error) || !make_batch (self, error))
    return FALSE;
  fovea_trainer_options_init (&options);
  options.batch_norm = fovea_template_get_pack (self->options->template) != NULL ? FOVEA_BATCH_NORM_FOLDED : FOVEA_BATCH_NORM_TRAINED;
  options.precision = self->options->bf16 ? FOVEA_PRECISION_BF16 : FOVEA_PRECISION_F32;
  options.memory_limit = self->memory_limit;
  self->trainer = fovea_trainer_new (self->network, &options, error);
  return self->trainer != NULL && fovea_trainer_plan_memory (self->trainer, &self->pictures, &self->memory, error);
}

static gboolean
run_step (gpointer data, GCancellable *cancellable, GError **error)
{
  Step *self = data;
  const FoveaLoss loss = { .kind = self->options->exclusive ? FOVEA_LOSS_SOFTMAX : FOVEA_LOSS_SIGMOID };
  const gint64 start = g_get_monotonic_time ();

  if (!fovea_trainer_step_classifier (self->trainer, &self->pictures, &loss, self->targets, cancellable, NULL, error))
    return FALSE;
  self->seconds = (double) (g_get_monotonic_time () - start) / G_TIME_SPAN_SECOND;
  return TRUE;
}

/* Each step is a unit of its own: a label's refit goes between. The first compiles and does not count. */
static gboolean
time_steps (Step *self, FoveaScheduler *scheduler, GCancellable *cancellable, GError **error)
{
  double sum = 0;

  for (guint i = 0; i <= N_TIMED; i++)
    {
      if (!fovea_scheduler_run (scheduler, FOVEA_PRIORITY_TRAINING, run_step, self, cancellable, error))
        return FALSE;
      sum += i > 0 ? self->seconds : 0;
    }
  self->seconds = sum / N_TIMED;
  return TRUE;
}

static gboolean
look_up (const char *key, Cost *ret_cost)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&known_mutex);
  const Cost *cost = known != NULL ? g_hash_table_lookup (known, key) : NULL;

  if (cost != NULL)
    *ret_cost = *cost;
  return cost != NULL;
}

static void
remember (const char *key, const Cost *cost)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&known_mutex);

  if (known == NULL)
    known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_insert (known, g_strdup (key), g_memdup2 (cost, sizeof *cost));
}

static gboolean
measure (const FoveaDeepOptions *options, guint n_concepts, FoveaScheduler *scheduler, GCancellable *cancellable, Cost *ret_cost, GError **error)
{
  gsize memory = fovea_scheduler_get_memory_budget (scheduler) / MEMORY_PART;
  g_autofree char *key = g_strdup_printf ("%d %d %u %d %u %" G_GSIZE_FORMAT, (int) options->template, options->image_size, options->batch_size,
                                          (int) options->bf16, n_concepts, memory);
  g_auto (Step) step = { .options = options, .n_concepts = n_concepts, .memory_limit = memory };
  gboolean ok;

  if (look_up (key, ret_cost))
    return TRUE;
  if (!fovea_scheduler_run (scheduler, FOVEA_PRIORITY_TRAINING, make_trainer, &step, cancellable, error)
      || !fovea_scheduler_reserve (scheduler, step.memory.bytes, cancellable, error))
    return FALSE;
  ok = time_steps (&step, scheduler, cancellable, error);
  fovea_scheduler_release (scheduler, step.memory.bytes);
  if (!ok)
    return FALSE;
  *ret_cost = (Cost) { step.seconds, step.memory.n_parts };
  remember (key, ret_cost);
  return TRUE;
}

/* ---- the plan ---- */

typedef struct {
  GTask *task;
  FoveaStore *reader;
  FoveaScheduler *scheduler;
  FoveaDeepOptions options;
  FoveaTrainingEstimate estimate;
  GError *error;
} Estimating;

/* Pictures of a concept that has any, on average; how many have. */
static gsize
count_each (const FoveaRows *rows, guint *ret_n_concepts)
{
  gsize n_of_all = 0;

  *ret_n_concepts = 0;
  for (guint c = 0; c < rows->n_concepts; c++)
    {
      gsize n = 0;

      for (gsize i = 0; i < rows->n; i++)
        n += rows->labels[i * rows->n_concepts + c] > 0;
      *ret_n_concepts += n > 0;
      n_of_all += n;
    }
  return n_of_all / MAX (*ret_n_concepts, 1);
}

static guint
plan_with (const Estimating *self, gsize n_each, double start, FoveaDeepPlan *ret_plan)
{
  return fovea_deep_plan_make (&self->options, self->estimate.n_pictures, n_each, self->estimate.step_seconds * OVERHEAD,
                               self->options.time_limit_s - start, ret_plan);
}

static gboolean
estimate (Estimating *self, GError **error)
{
  g_autoptr (FoveaRows) rows = fovea_rows_load_to_learn (self->reader, error);
  FoveaDeepPlan plan;
  guint n_concepts, batch_size;
  gsize n_each;
  double start = 0;
  Cost cost;

  g_clear_pointer (&self->reader, fovea_store_free);
  if (rows == NULL)
    return FALSE;
  n_each = count_each (rows, &n_concepts);
  if (n_concepts == 0)
    {
      g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, _("Label pictures of a concept first"));
      return FALSE;
    }
  /* What is held out of few is nothing (deep-data.c). */
  self->estimate.n_pictures = (guint) rows->n;
  if (n_each > FOVEA_DEEP_FEW)
    self->estimate.n_pictures -= (guint) (self->options.validation_fraction * (double) rows->n);
  if (!measure (&self->options, n_concepts, self->scheduler, g_task_get_cancellable (self->task), &cost, error))
    return FALSE;
  self->estimate.step_seconds = cost.seconds;
  if (fovea_deep_starts_linear (&self->options, n_each))
    start = FOVEA_DEEP_LOOKED_AT * self->estimate.step_seconds / self->options.batch_size
            * fovea_deep_start_views (&self->options, self->estimate.n_pictures) * self->estimate.n_pictures;
  batch_size = plan_with (self, n_each, start, &plan);
  if (batch_size > self->options.batch_size && cost.n_parts == 1)
    {
      self->estimate.step_seconds *= (double) batch_size / self->options.batch_size;
      fovea_deep_widen (&self->options, batch_size);
      plan_with (self, n_each, start, &plan);
    }
  for (guint i = 0; i < plan.n_stages; i++)
    self->estimate.n_steps += plan.stages[i].n_steps;
  self->estimate.seconds = start + (double) self->estimate.n_steps * self->estimate.step_seconds * OVERHEAD;
  return TRUE;
}

static gboolean
on_estimated (gpointer data)
{
  Estimating *self = data;

  if (self->error != NULL)
    g_task_return_error (self->task, self->error);
  else
    g_task_return_pointer (self->task, g_memdup2 (&self->estimate, sizeof self->estimate), g_free);
  g_object_unref (self->task);
  fovea_scheduler_unref (self->scheduler);
  g_free (self);
  return G_SOURCE_REMOVE;
}

static gpointer
estimate_on_thread (gpointer data)
{
  Estimating *self = data;
  g_autoptr (GSource) idle = g_idle_source_new ();

  if (!estimate (self, &self->error))
    g_assert (self->error != NULL);
  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, on_estimated, self, NULL);
  g_source_attach (idle, g_task_get_context (self->task));
  return NULL;
}

void
fovea_project_estimate_training_async (FoveaProject *self, GObject *params, GCancellable *cancellable, GAsyncReadyCallback callback,
                                       gpointer data)
{
  FoveaCore *core = fovea_project_get_core (self);
  GTask *task = g_task_new (NULL, cancellable, callback, data);
  GError *error = NULL;
  FoveaStore *reader;
  Estimating *estimating;

  g_return_if_fail (fovea_training_is_estimated (params));
  reader = fovea_core_open_reader (core, &error);
  if (reader == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  estimating = g_new0 (Estimating, 1);
  estimating->task = task;
  estimating->reader = reader;
  estimating->scheduler = fovea_scheduler_ref (fovea_core_get_scheduler (core));
  fovea_visual_classifier_get_options (FOVEA_VISUAL_CLASSIFIER (params), &estimating->options);
  g_thread_unref (g_thread_new ("estimate", estimate_on_thread, estimating));
}

gboolean
fovea_project_estimate_training_finish (GAsyncResult *result, FoveaTrainingEstimate *ret_estimate, GError **error)
{
  g_autofree FoveaTrainingEstimate *found = g_task_propagate_pointer (G_TASK (result), error);

  if (found != NULL)
    *ret_estimate = *found;
  return found != NULL;
}
