/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The network that is trained, its trainer, and how long that will take. */
#include <glib/gi18n.h>
#include <string.h>

#include "engine/deep-private.h"
#include "engine/engine-error.h"
#include "models/head-trainer.h"
#include "models/network.h"
#include "nn/train-graph.h"

/* The measured recipe; deep-plan.h says what. */
#define CLIP_NORM 5.0
#define VECTORS_BATCH 16

/* Of what the program may take at all: for a training's weights, activations and gradients. */
#define MEMORY_PART 2

enum { GROUP_BACKBONE, GROUP_BACKBONE_VECTORS, GROUP_HEAD, N_GROUPS };

/* --- the network --- */

static FoveaGraph *
network_from_pack (FoveaDeep *deep, GError **error)
{
  const char *name = fovea_template_get_pack (deep->options.template);
  g_autoptr (FoveaPack) pack = fovea_pack_load (name, error);
  g_autoptr (FoveaGraph) network = pack != NULL ? fovea_network_new_from_pack (pack, error) : NULL;

  if (network == NULL)
    return NULL;
  deep->input = *fovea_pack_get_input_spec (pack);
  return fovea_graph_fold_batch_norms (network, error);
}

static FoveaGraph *
network_from_scratch (FoveaDeep *deep, GError **error)
{
  const int size = deep->options.image_size;

  deep->input = (FoveaInputSpec) { .size = size, .crop_fraction = 0.875, .mean = { 127, 127, 127 },
                                   .scale = { 1 / 128.0f, 1 / 128.0f, 1 / 128.0f }, .pad = 127 };
  return deep->options.template == FOVEA_TEMPLATE_SMALL_SCRATCH ? fovea_network_new_small (size, deep->options.seed, error)
                                                                : fovea_network_new_efficientnet (size, deep->options.seed, error);
}

/* --- where few pictures start --- */

typedef struct {
  FoveaDeep *deep;
  FoveaEmbedder *embedder;
  guint n_views;  /* of each picture, as the training shows it; 0: one, as it is predicted from */
  guint n, dim;   /* vectors; of picture i % n_pictures */
  float *vectors;
  FoveaTensor *images; /* of the batch */
  guint at;
  FoveaHead *head;
} LinearStart;

static gboolean
load_embedder (gpointer data, GCancellable *cancellable, GError **error)
{
  LinearStart *self = data;

  self->embedder = fovea_core_get_embedder (self->deep->training->core, fovea_template_get_pack (self->deep->options.template), error);
  return self->embedder != NULL;
}

static gboolean
run_embedder (gpointer data, GCancellable *cancellable, GError **error)
{
  LinearStart *self = data;

  return fovea_embedder_run (self->embedder, self->images, self->vectors + (gsize) self->at * self->dim, NULL, cancellable, error);
}

static gboolean
get_picture (LinearStart *self, guint i, float *dest, GError **error)
{
  FoveaTrainingPictures *pictures = self->deep->pictures;
  const guint n = fovea_training_pictures_get_n (pictures);

  return self->n_views > 0 ? fovea_training_pictures_get_view (pictures, i % n, i / n, dest, error)
                           : fovea_training_pictures_get_plain (pictures, FALSE, i, dest, error);
}

static gboolean
embed (LinearStart *self, GError **error)
{
  FoveaDeep *deep = self->deep;
  const gsize pixels = 3 * (gsize) deep->input.size * (gsize) deep->input.size;

  for (self->at = 0; self->at < self->n; self->at += VECTORS_BATCH)
    {
      const guint n = MIN (VECTORS_BATCH, self->n - self->at);
      const FoveaShape shape = fovea_shape (4, (gint64) n, (gint64) 3, (gint64) deep->input.size, (gint64) deep->input.size);
      g_autoptr (FoveaTensor) images = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, error);

      if (images == NULL)
        return FALSE;
      for (guint i = 0; i < n; i++)
        if (!get_picture (self, self->at + i, FOVEA_TENSOR_DATA (images, float) + i * pixels, error))
          return FALSE;
      self->images = images;
      if (!fovea_deep_run_unit (deep, run_embedder, self, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
fit_head (gpointer data, GCancellable *cancellable, GError **error)
{
  LinearStart *self = data;
  const guint k = self->deep->n_concepts, n_pictures = fovea_training_pictures_get_n (self->deep->pictures);
  g_autoptr (FoveaHeadTrainer) trainer = fovea_head_trainer_new ();
  g_autoptr (FoveaHeadResult) result = NULL;
  g_autofree gint8 *labels = g_new (gint8, (gsize) self->n * k);
  FoveaHeadData head_data = { .n_rows = self->n, .dim = self->dim, .n_concepts = k, .labels = labels };
  FoveaHeadOptions options;

  for (guint i = 0; i < self->n; i++)
    memcpy (labels + (gsize) i * k,
            self->deep->truth + (gsize) fovea_training_pictures_get_row (self->deep->pictures, FALSE, i % n_pictures) * k, k);
  head_data.vectors[FOVEA_FIT_LETTERBOX] = self->vectors;
  fovea_head_options_init (&options);
  options.exclusive = self->deep->options.exclusive;
  options.c = FOVEA_DEEP_FEW_C;
  options.views_mask = 1u << FOVEA_VIEWS_LETTERBOX;
  options.folds = 0;
  result = fovea_head_trainer_train (trainer, &head_data, &options, NULL, NULL, cancellable, error);
  if (result != NULL)
    self->head = fovea_head_ref (result->head);
  return result != NULL;
}

/* The pack's own vectors of all pictures to learn from. */
static gboolean
embed_all (LinearStart *self, GError **error)
{
  if (!fovea_deep_run_unit (self->deep, load_embedder, self, error))
    return FALSE;
  self->n = fovea_training_pictures_get_n (self->deep->pictures) * MAX (self->n_views, 1);
  self->dim = fovea_embedder_get_dim (self->embedder);
  self->vectors = g_new (float, (gsize) self->n * self->dim);
  return embed (self, error);
}

/* Logistic regression on them. */
static FoveaHead *
linear_start (FoveaDeep *deep, GError **error)
{
  LinearStart self = { .deep = deep, .n_views = fovea_deep_start_views (&deep->options, fovea_training_pictures_get_n (deep->pictures)) };

  if (embed_all (&self, error))
    fovea_deep_run_unit (deep, fit_head, &self, error);
  g_free (self.vectors);
  return self.head;
}

/* Their sums by concept. */
static float *
dup_concept_sums (FoveaDeep *deep, GError **error)
{
  LinearStart self = { .deep = deep };
  float *sums = NULL;

  if (embed_all (&self, error))
    sums = g_new0 (float, (gsize) deep->n_concepts * self.dim);
  for (guint i = 0; sums != NULL && i < self.n; i++)
    for (guint k = 0; k < deep->n_concepts; k++)
      if (deep->truth[(gsize) fovea_training_pictures_get_row (deep->pictures, FALSE, i) * deep->n_concepts + k] > 0)
        for (guint j = 0; j < self.dim; j++)
          sums[(gsize) k * self.dim + j] += self.vectors[(gsize) i * self.dim + j];
  g_free (self.vectors);
  return sums;
}

/* Concepts begin where the pack sees their pictures: with random numbers the pretrained layers would first follow those. */
static gboolean
add_metric (FoveaDeep *deep, GError **error)
{
  const FoveaMetricOptions *metric = &deep->options.metric;
  g_autofree float *sums = NULL;

  if (fovea_template_get_pack (deep->options.template) != NULL)
    {
      sums = dup_concept_sums (deep, error);
      if (sums == NULL)
        return FALSE;
    }
  return (metric->dim == 0 || fovea_network_add_projection (deep->network, metric->dim, deep->options.seed, error)) &&
         fovea_network_add_proxies (deep->network, deep->n_concepts, sums, deep->options.seed, error);
}

gboolean
fovea_deep_make_network (FoveaDeep *deep, GError **error)
{
  const gboolean from_pack = fovea_template_get_pack (deep->options.template) != NULL;

  deep->network = from_pack ? network_from_pack (deep, error) : network_from_scratch (deep, error);
  return deep->network != NULL && fovea_deep_gather (deep, error);
}

gboolean
fovea_deep_add_outputs (FoveaDeep *deep, GError **error)
{
  g_autoptr (FoveaHead) start = NULL;

  if (deep->options.metric.wanted)
    return add_metric (deep, error);
  deep->starts_linear = fovea_deep_starts_linear (&deep->options, deep->n_each);
  if (deep->starts_linear)
    {
      deep->loss.label_smoothing = 0;
      start = linear_start (deep, error);
      if (start == NULL)
        return FALSE;
    }
  if (deep->options.dropout > 0 && !fovea_network_add_dropout (deep->network, deep->options.dropout, error))
    return FALSE;
  return fovea_network_add_classifier (deep->network, deep->n_concepts, start, deep->options.seed, error);
}

/* --- the trainer --- */

static int
choose_group (const char *name, const FoveaTensor *weights, gboolean is_weight, gpointer user_data)
{
  static const char *const head[] = { FOVEA_CLASSIFIER_WEIGHT, FOVEA_CLASSIFIER_BIAS, FOVEA_PROJECTION_WEIGHT, FOVEA_PROXIES, NULL };

  if (g_strv_contains (head, name))
    return GROUP_HEAD;
  if (!is_weight)
    return FOVEA_NOT_TRAINED;
  return weights->shape.rank >= 2 ? GROUP_BACKBONE : GROUP_BACKBONE_VECTORS;
}

static FoveaBatchNorm
batch_norm_of (const FoveaDeep *deep)
{
  return fovea_template_get_pack (deep->options.template) != NULL ? FOVEA_BATCH_NORM_FOLDED : FOVEA_BATCH_NORM_TRAINED;
}

static void
trainer_options (FoveaDeep *deep, const FoveaDeepStage *stage, const FoveaParameterGroup *groups, FoveaTrainerOptions *options)
{
  const FoveaOptimiserOptions optimiser = FOVEA_OPTIMISER_OPTIONS_INIT;

  fovea_trainer_options_init (options);
  options->optimiser = optimiser;
  options->optimiser.clip_norm = CLIP_NORM;
  options->optimiser.ema_decay = fovea_deep_average_decay (stage->n_steps);
  options->optimiser.total_steps = stage->n_steps;
  options->optimiser.warm_up_steps = fovea_deep_warm_up_steps (stage->n_steps);
  options->optimiser.final_rate = FOVEA_DEEP_FINAL_RATE;
  options->groups = groups;
  options->n_groups = N_GROUPS;
  options->choose_group = choose_group;
  options->batch_norm = batch_norm_of (deep);
  options->seed = deep->options.seed;
  options->precision = deep->options.bf16 ? FOVEA_PRECISION_BF16 : FOVEA_PRECISION_F32;
  options->memory_limit = fovea_scheduler_get_memory_budget (fovea_core_get_scheduler (deep->training->core)) / MEMORY_PART;
}

typedef struct {
  FoveaDeep *deep;
  const FoveaDeepStage *stage;
  FoveaTrainer *trainer;
  double seconds;
  FoveaTrainingBatch *batch;
} Making;

static gboolean
make_trainer (gpointer data, GCancellable *cancellable, GError **error)
{
  Making *self = data;
  FoveaDeep *deep = self->deep;
  const gint64 n = deep->options.batch_size, size = deep->input.size;
  const FoveaShape shape = fovea_shape (4, n, (gint64) 3, size, size);
  g_autoptr (FoveaTensor) batch = fovea_tensor_new_unknown (FOVEA_DTYPE_F32, &shape);
  const FoveaParameterGroup groups[N_GROUPS] = {
    [GROUP_BACKBONE] = { self->stage->backbone_rate, deep->options.weight_decay },
    [GROUP_BACKBONE_VECTORS] = { self->stage->backbone_rate, 0 },
    [GROUP_HEAD] = { self->stage->head_rate, 0 },
  };
  FoveaTrainerOptions options;

  trainer_options (deep, self->stage, groups, &options);
  self->trainer = fovea_trainer_new (deep->network, &options, error);
  return self->trainer != NULL && fovea_trainer_plan_memory (self->trainer, &batch, &deep->memory, error);
}

static gboolean
run_maker (FoveaDeep *deep, Making *making, GError **error)
{
  if (fovea_deep_run_unit (deep, make_trainer, making, error))
    return TRUE;
  g_clear_pointer (&making->trainer, fovea_trainer_free);
  return FALSE;
}

/* Said before the first step. */
static void
say_memory (FoveaDeep *deep)
{
  const FoveaTrainingMemory *memory = &deep->memory;
  const guint n = deep->options.batch_size, at_a_time = (n + memory->n_parts - 1) / memory->n_parts;
  const gboolean trained = batch_norm_of (deep) == FOVEA_BATCH_NORM_TRAINED;
  g_autofree char *text = NULL;

  if (memory->bytes == memory->wanted)
    return;
  text = g_strdup_printf (
    trained ? _("Memory is short: to learn from %u pictures at once takes %u MB. The network looks at %u at a time, for %u MB; "
                "it may become a little less accurate")
            : _("Memory is short: to learn from %u pictures at once takes %u MB. The network looks at %u at a time, for %u MB; "
                "the result is the same"),
    n, (guint) (memory->wanted >> 20), at_a_time, (guint) (memory->bytes >> 20));
  fovea_job_set_note (deep->training->job, text);
  g_string_append_printf (deep->training->log, "%s\n", text);
}

/* Memory is taken once: every stage's trainer needs the same, and mostly so do wider steps, whose rows are looked at in parts. */
static gboolean
reserve (FoveaDeep *deep, GError **error)
{
  FoveaTraining *training = deep->training;
  FoveaScheduler *scheduler = fovea_core_get_scheduler (training->core);
  const gsize bytes = deep->memory.bytes;

  if (deep->reserved_bytes >= bytes)
    return TRUE;
  if (deep->reserved_bytes > 0)
    fovea_scheduler_release (scheduler, deep->reserved_bytes);
  deep->reserved_bytes = 0;
  if (!fovea_scheduler_reserve (scheduler, bytes, fovea_job_get_cancellable (training->job), error))
    return FALSE;
  deep->reserved_bytes = bytes;
  say_memory (deep);
  return TRUE;
}

gboolean
fovea_deep_make_trainer (FoveaDeep *deep, GError **error)
{
  Making making = { .deep = deep, .stage = &deep->plan.stages[deep->stage] };

  if (!run_maker (deep, &making, error))
    return FALSE;
  deep->trainer = making.trainer;
  return reserve (deep, error);
}

/* --- the plan --- */

#define N_TIMED 2

static gboolean
time_steps (gpointer data, GCancellable *cancellable, GError **error)
{
  Making *self = data;

  for (guint i = 0; i <= N_TIMED; i++)
    {
      const gint64 start = g_get_monotonic_time ();

      if (!fovea_trainer_step_classifier (self->trainer, &self->batch->pictures, &self->deep->loss, self->batch->targets, cancellable, NULL, error))
        return FALSE;
      /* The first compiles. */
      if (i > 0)
        self->seconds += (double) (g_get_monotonic_time () - start) / G_TIME_SPAN_SECOND / N_TIMED;
    }
  return TRUE;
}

/* How long a step takes, by a trainer that is thrown away. */
static gboolean
measure_step (FoveaDeep *deep, GError **error)
{
  const FoveaDeepStage any = { 1000, deep->options.head_rate, deep->options.backbone_rate };
  g_autoptr (FoveaTrainingBatch) batch = fovea_training_pictures_get_batch (deep->pictures, 0, error);
  Making making = { .deep = deep, .stage = &any, .batch = batch };
  gboolean ok = batch != NULL && run_maker (deep, &making, error);

  ok = ok && reserve (deep, error) && fovea_deep_run_unit (deep, time_steps, &making, error);
  g_clear_pointer (&making.trainer, fovea_trainer_free);
  deep->step_seconds = making.seconds;
  return ok;
}

gboolean
fovea_deep_make_plan (FoveaDeep *deep, GError **error)
{
  for (;;)
    {
      guint batch_size;

      if (!measure_step (deep, error))
        return FALSE;
      batch_size = fovea_deep_plan_make (&deep->options, fovea_training_pictures_get_n (deep->pictures), deep->n_each, deep->step_seconds,
                                         fovea_deep_left_s (deep), &deep->plan);
      if (batch_size == deep->options.batch_size || deep->memory.n_parts > 1)
        return TRUE;
      fovea_deep_widen (&deep->options, batch_size);
      fovea_training_pictures_set_batch_size (deep->pictures, deep->options.batch_size);
    }
}
