/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/live-fit-private.h"

#include <string.h>

#include "engine/live-examples-private.h"
#include "engine/live-settings-private.h"
#include "models/head-trainer.h"
#include "nn/half.h"
#include "vision/metrics.h"

/* One unit of the compute thread: some 50 ms at ten concepts. */
#define SCORE_ROWS ((gsize) 32768)
#define EVALUATED_ROWS 1024
#define FOLDS 5
#define LEAST_EVALUATED 20
#define EACH_EVALUATED 10 /* examples a concept, on average */
#define Z_95_PERCENT 1.959963984540054

struct _FoveaLiveFit {
  FoveaCore *core;
  FoveaHeadTrainer *trainer, *evaluator;

  gboolean looked; /* the fields below say what was seen last */
  FoveaLiveSettings settings;
  guint64 labels_hash;
  FoveaLiveState state;
  FoveaVectorSet *vectors;
  FoveaLiveExamples *examples;
  FoveaHead *head;
  FoveaLiveScores *scores;
  guint64 evaluated_hash; /* of the examples that were cross-validated */
};

void
fovea_live_outcome_clear (FoveaLiveOutcome *outcome)
{
  g_clear_pointer (&outcome->scores, fovea_live_scores_unref);
}

FoveaLiveFit *
fovea_live_fit_new (FoveaCore *core)
{
  FoveaLiveFit *self = g_new0 (FoveaLiveFit, 1);

  self->core = fovea_core_ref (core);
  self->trainer = fovea_head_trainer_new ();
  self->evaluator = fovea_head_trainer_new ();
  return self;
}

static void
forget_scores (FoveaLiveFit *self)
{
  g_clear_pointer (&self->examples, fovea_live_examples_free);
  g_clear_pointer (&self->head, fovea_head_unref);
  g_clear_pointer (&self->scores, fovea_live_scores_unref);
}

void
fovea_live_fit_reset (FoveaLiveFit *self)
{
  forget_scores (self);
  g_clear_pointer (&self->vectors, fovea_vector_set_unref);
  fovea_vector_cache_clear (fovea_core_get_vectors (self->core));
  fovea_head_trainer_reset (self->trainer);
  fovea_head_trainer_reset (self->evaluator);
  self->looked = FALSE;
  self->evaluated_hash = 0;
}

void
fovea_live_fit_free (FoveaLiveFit *self)
{
  fovea_live_fit_reset (self);
  fovea_head_trainer_free (self->trainer);
  fovea_head_trainer_free (self->evaluator);
  fovea_core_unref (self->core);
  g_free (self);
}

/* ---- fitting ---- */

typedef struct {
  FoveaHeadTrainer *trainer;
  FoveaHeadData data;
  FoveaHeadOptions options;
  FoveaHeadResult *result;
} Fitting;

static gboolean
fit_unit (gpointer data, GCancellable *cancellable, GError **error)
{
  Fitting *self = data;

  self->result = fovea_head_trainer_train (self->trainer, &self->data, &self->options, NULL, NULL, cancellable, error);
  return self->result != NULL;
}

/* Rows @rows (nullable: all) of the examples, as the trainer wants them. */
static float *
gather_vectors (const FoveaLiveFit *self, const gsize *rows, gsize n)
{
  guint dim = self->vectors->dim;
  float *vectors = g_new (float, MAX (n, 1) * dim);

  for (gsize i = 0; i < n; i++)
    {
      const guint16 *halves = fovea_vector_set_find (self->vectors, self->examples->ids[rows != NULL ? rows[i] : i]);

      fovea_f16_to_floats (halves, vectors + i * dim, dim);
    }
  return vectors;
}

static void
init_fitting (const FoveaLiveFit *self, Fitting *fitting, FoveaHeadTrainer *trainer, const float *vectors)
{
  *fitting = (Fitting){ .trainer = trainer };
  fitting->data = (FoveaHeadData){ .n_rows = self->examples->n, .dim = self->vectors->dim, .n_concepts = self->examples->k,
                                   .labels = self->examples->labels, .groups = self->examples->groups };
  fitting->data.vectors[self->settings.fit] = vectors;
  fovea_head_options_init (&fitting->options);
  fitting->options.exclusive = self->examples->exclusive;
  fitting->options.folds = 0;
}

static double
ms_since (gint64 start)
{
  return (double) (g_get_monotonic_time () - start) / 1000.0;
}

static FoveaHead *
fit (FoveaLiveFit *self, GCancellable *cancellable, GError **error)
{
  gint64 start = g_get_monotonic_time ();
  g_autofree float *vectors = gather_vectors (self, NULL, self->examples->n);
  Fitting fitting;
  FoveaHead *head;

  init_fitting (self, &fitting, self->trainer, vectors);
  if (!fovea_scheduler_run (fovea_core_get_scheduler (self->core), FOVEA_PRIORITY_REFIT, fit_unit, &fitting, cancellable, error))
    return NULL;
  head = fovea_head_ref (fitting.result->head);
  g_debug ("live: fitted %" G_GSIZE_FORMAT " pictures, %u concepts in %.0f ms, %u iterations", self->examples->n, self->examples->k,
           ms_since (start), fitting.result->n_iterations);
  fovea_head_result_free (fitting.result);
  return head;
}

/* ---- scoring ---- */

typedef struct {
  const FoveaHead *head;
  const guint16 **vectors;
  gsize n;
  float *probabilities;
} Scoring;

static gboolean
score_unit (gpointer data, GCancellable *cancellable, GError **error)
{
  const Scoring *self = data;

  fovea_head_predict_halves (self->head, self->vectors, self->n, g_get_num_processors (), self->probabilities);
  return TRUE;
}

/* Rows @todo (of the vectors' set) of @scores. */
static gboolean
score_rows (FoveaLiveFit *self, FoveaLiveScores *scores, const GArray *todo, GCancellable *cancellable, GError **error)
{
  gsize step = CLAMP (FOVEA_LIVE_MAX_VALUES / scores->k, 1, SCORE_ROWS);
  g_autofree float *probabilities = g_new (float, MIN (step, MAX (todo->len, 1)) * scores->k);
  g_autofree const guint16 **vectors = g_new (const guint16 *, step);
  Scoring scoring = { .head = self->head, .vectors = vectors, .probabilities = probabilities };

  for (gsize from = 0; from < todo->len; from += step)
    {
      const gsize *rows = &g_array_index (todo, gsize, from);

      scoring.n = MIN (step, todo->len - from);
      for (gsize i = 0; i < scoring.n; i++)
        vectors[i] = self->vectors->vectors[rows[i]];
      if (!fovea_scheduler_run (fovea_core_get_scheduler (self->core), FOVEA_PRIORITY_REFIT, score_unit, &scoring, cancellable, error))
        return FALSE;
      for (gsize i = 0; i < scoring.n; i++)
        fovea_live_scores_set (scores, rows[i], probabilities + i * scores->k);
    }
  return TRUE;
}

/* @same_head: pictures that were scored before keep what was found. */
static gboolean
score (FoveaLiveFit *self, FoveaLabelColumns *labels, gboolean same_head, GCancellable *cancellable, GError **error)
{
  g_autoptr (FoveaLiveScores) scores = fovea_live_scores_new (self->head, self->examples->concepts, self->vectors->space,
                                                              self->vectors->ids, self->vectors->n, labels);
  const FoveaLiveScores *old = same_head && self->scores != NULL && (self->scores->values != NULL || scores->values == NULL)
                                   ? self->scores : NULL;
  g_autoptr (GArray) todo = g_array_new (FALSE, FALSE, sizeof (gsize));
  gint64 start = g_get_monotonic_time ();
  gsize at = 0;

  for (gsize i = 0; i < scores->n; i++)
    {
      while (old != NULL && at < old->n && old->ids[at] < scores->ids[i])
        at++;
      if (old != NULL && at < old->n && old->ids[at] == scores->ids[i])
        fovea_live_scores_take (scores, i, old, at);
      else
        g_array_append_val (todo, i);
    }
  if (!score_rows (self, scores, todo, cancellable, error))
    return FALSE;
  g_debug ("live: scored %u of %" G_GSIZE_FORMAT " pictures in %.0f ms", todo->len, scores->n, ms_since (start));
  if (old != NULL)
    {
      scores->n_held_out = old->n_held_out;
      scores->held_out_ids = g_memdup2 (old->held_out_ids, old->n_held_out * sizeof (gint64));
      scores->held_out = g_memdup2 (old->held_out, old->n_held_out * old->k * sizeof (float));
    }
  g_clear_pointer (&self->scores, fovea_live_scores_unref);
  self->scores = g_steal_pointer (&scores);
  return TRUE;
}

static guint
count_unlabelled (const FoveaLiveScores *scores)
{
  return fovea_live_scores_each_confident (scores, 0, 0.0, NULL, NULL);
}

/* ---- a run ---- */

static void
describe (const FoveaLiveFit *self, FoveaLiveOutcome *ret_outcome)
{
  *ret_outcome = (FoveaLiveOutcome){ .state = self->state };
  if (self->state != FOVEA_LIVE_READY)
    return;
  ret_outcome->scores = fovea_live_scores_ref (self->scores);
  ret_outcome->exclusive = self->examples->exclusive;
  ret_outcome->presumed = self->examples->presumed;
  ret_outcome->n_concepts = self->examples->k;
  ret_outcome->n_labelled = self->examples->n_labelled;
  ret_outcome->n_suggested = count_unlabelled (self->scores);
}

/* Without vectors in memory: are there enough labels to load them for? */
static FoveaLiveState
look_at_labels (const FoveaLabelColumns *labels, FoveaInputColumns *inputs, const FoveaLiveSettings *settings)
{
  g_autoptr (FoveaLiveExamples) examples = fovea_live_examples_new (labels, inputs, NULL, settings->exclusive);

  if (!examples->enough)
    return FOVEA_LIVE_TOO_FEW;
  return settings->space == 0 ? FOVEA_LIVE_WAITING_FOR_VECTORS : FOVEA_LIVE_READY;
}

/* Fits where the examples differ from the last, scores what is new. */
static gboolean
refit (FoveaLiveFit *self, FoveaLabelColumns *labels, FoveaInputColumns *inputs, GCancellable *cancellable, GError **error)
{
  FoveaLiveExamples *examples = fovea_live_examples_new (labels, inputs, self->vectors, self->settings.exclusive);
  gboolean same = self->head != NULL && self->examples != NULL && self->examples->hash == examples->hash
                  && self->head->dim == self->vectors->dim;

  g_clear_pointer (&self->examples, fovea_live_examples_free);
  self->examples = examples;
  if (!examples->enough)
    {
      forget_scores (self);
      self->state = FOVEA_LIVE_WAITING_FOR_VECTORS;
      return TRUE;
    }
  if (!same)
    {
      FoveaHead *head = fit (self, cancellable, error);

      if (head == NULL)
        {
          g_clear_pointer (&self->head, fovea_head_unref); /* the next run fits again */
          return FALSE;
        }
      g_clear_pointer (&self->head, fovea_head_unref);
      self->head = head;
    }
  if (!score (self, labels, same, cancellable, error))
    {
      g_clear_pointer (&self->head, fovea_head_unref);
      return FALSE;
    }
  self->state = FOVEA_LIVE_READY;
  return TRUE;
}

static gboolean
load_and_refit (FoveaLiveFit *self, FoveaStore *reader, FoveaLabelColumns *labels, FoveaInputColumns *inputs, GCancellable *cancellable,
                GError **error)
{
  FoveaVectorSet *vectors = fovea_vector_cache_ref_set (fovea_core_get_vectors (self->core), fovea_core_get_columns (self->core), reader,
                                                        self->settings.space, self->settings.dim, cancellable, error);

  if (vectors == NULL)
    return FALSE;
  if (self->vectors != NULL && self->vectors->space != vectors->space)
    {
      forget_scores (self);
      fovea_head_trainer_reset (self->trainer);
      fovea_head_trainer_reset (self->evaluator);
    }
  g_clear_pointer (&self->vectors, fovea_vector_set_unref);
  self->vectors = vectors;
  return refit (self, labels, inputs, cancellable, error);
}

static gboolean
same_vectors (const FoveaLiveFit *self)
{
  return self->vectors != NULL
         && fovea_vector_cache_is_current (fovea_core_get_vectors (self->core), fovea_core_get_columns (self->core), self->vectors);
}

gboolean
fovea_live_fit_run (FoveaLiveFit *self, FoveaStore *reader, FoveaLiveFittingFunc fitting, gpointer data, GCancellable *cancellable,
                    FoveaLiveOutcome *ret_outcome, gboolean *ret_changed, GError **error)
{
  FoveaColumns *columns = fovea_core_get_columns (self->core);
  g_autoptr (FoveaLabelColumns) labels = fovea_columns_ref_labels (columns, reader, error);
  g_autoptr (FoveaInputColumns) inputs = labels != NULL ? fovea_columns_ref_inputs (columns, reader, error) : NULL;
  FoveaLiveSettings settings;
  FoveaLiveState wanted;
  gint64 start = g_get_monotonic_time ();

  if (inputs == NULL)
    return FALSE;
  fovea_live_settings_read (reader, &settings);
  wanted = look_at_labels (labels, inputs, &settings);
  if (self->looked && fovea_live_settings_equal (&settings, &self->settings) && labels->hash == self->labels_hash
      && (wanted == FOVEA_LIVE_READY ? same_vectors (self) : wanted == self->state))
    {
      *ret_changed = FALSE;
      return TRUE;
    }
  g_debug ("live: looked at %u labels in %.0f ms", labels->said->len, ms_since (start));
  self->looked = FALSE;
  self->settings = settings;
  if (wanted == FOVEA_LIVE_READY)
    {
      if (self->scores == NULL)
        fitting (data);
      if (!load_and_refit (self, reader, labels, inputs, cancellable, error))
        return FALSE;
    }
  else
    {
      forget_scores (self);
      self->state = wanted;
    }
  self->looked = TRUE;
  self->labels_hash = labels->hash;
  describe (self, ret_outcome);
  *ret_changed = TRUE;
  return TRUE;
}

/* ---- how good it is ---- */

/* Evenly spread rows are as random as ids are; presumed ones have no part in it. */
static GArray *
choose_evaluated (const FoveaLiveFit *self)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (gsize));
  const FoveaLiveExamples *examples = self->examples;

  for (gsize i = 0; i < EVALUATED_ROWS && i < examples->n; i++)
    {
      gsize row = examples->n <= EVALUATED_ROWS ? i : i * examples->n / EVALUATED_ROWS;

      g_array_append_val (rows, row);
    }
  return rows;
}

static gboolean
has_both (const gint8 *labels, gsize n)
{
  gboolean is = FALSE, is_not = FALSE;

  for (gsize i = 0; i < n; i++)
    {
      is |= labels[i] > 0;
      is_not |= labels[i] < 0;
    }
  return is && is_not;
}

/* Independent concepts of which there is but one have no top-1: there a picture is right when p ≥ ½ agrees. */
static void
count_right (const FoveaLiveFit *self, const FoveaHeadResult *result, const gint8 *labels, gsize n, gsize *ret_evaluated, gsize *ret_right)
{
  *ret_evaluated = result->n_evaluated;
  *ret_right = result->n_correct;
  if (self->examples->k > 1)
    return;
  *ret_evaluated = *ret_right = 0;
  if (!has_both (labels, n))
    return; /* of "is" alone nobody can say how often it is right */
  for (gsize i = 0; i < n; i++)
    if (result->fold[i] >= 0 && labels[i] != 0)
      {
        *ret_evaluated += 1;
        *ret_right += (result->out_of_fold[i] >= 0.5f) == (labels[i] > 0);
      }
}

static FoveaLiveScores *
with_held_out (const FoveaLiveFit *self, const FoveaHeadResult *result, const GArray *rows)
{
  FoveaLiveScores *scores = fovea_live_scores_copy (self->scores);
  guint k = scores->k;

  g_free (scores->held_out_ids);
  g_free (scores->held_out);
  scores->n_held_out = 0;
  scores->held_out_ids = g_new (gint64, MAX (rows->len, 1));
  scores->held_out = g_new (float, (gsize) MAX (rows->len, 1) * k);
  for (guint i = 0; i < rows->len; i++)
    if (result->fold[i] >= 0)
      {
        scores->held_out_ids[scores->n_held_out] = self->examples->ids[g_array_index (rows, gsize, i)];
        memcpy (scores->held_out + scores->n_held_out * k, result->out_of_fold + (gsize) i * k, k * sizeof (float));
        scores->n_held_out++;
      }
  return scores;
}

gboolean
fovea_live_fit_evaluate (FoveaLiveFit *self, GCancellable *cancellable, FoveaLiveEstimate *ret_estimate, FoveaLiveScores **ret_scores,
                         GError **error)
{
  g_autoptr (GArray) rows = NULL;
  g_autofree float *vectors = NULL;
  g_autofree gint8 *labels = NULL;
  g_autofree guint64 *groups = NULL;
  g_autoptr (FoveaHeadResult) result = NULL;
  Fitting fitting;
  gsize evaluated, right;

  if (self->state != FOVEA_LIVE_READY || self->examples == NULL || self->examples->hash == self->evaluated_hash)
    return FALSE;
  *ret_estimate = (FoveaLiveEstimate){ .accuracy = -1, .low = -1, .high = -1 };
  *ret_scores = NULL;
  if (self->examples->presumed || self->examples->n < MAX (LEAST_EVALUATED, EACH_EVALUATED * self->examples->k))
    {
      self->evaluated_hash = self->examples->hash;
      return TRUE;
    }
  rows = choose_evaluated (self);
  vectors = gather_vectors (self, (const gsize *) (gpointer) rows->data, rows->len);
  labels = g_new (gint8, (gsize) rows->len * self->examples->k);
  groups = g_new (guint64, rows->len);
  for (guint i = 0; i < rows->len; i++)
    {
      gsize row = g_array_index (rows, gsize, i);

      memcpy (labels + (gsize) i * self->examples->k, self->examples->labels + row * self->examples->k, self->examples->k);
      groups[i] = self->examples->groups[row];
    }
  init_fitting (self, &fitting, self->evaluator, vectors);
  fitting.data.n_rows = rows->len;
  fitting.data.labels = labels;
  fitting.data.groups = groups;
  fitting.options.folds = FOLDS;
  fitting.options.c = self->head->c;
  if (!fovea_scheduler_run (fovea_core_get_scheduler (self->core), FOVEA_PRIORITY_REFIT, fit_unit, &fitting, cancellable, error))
    return FALSE;
  result = fitting.result;
  self->evaluated_hash = self->examples->hash;
  if (result->out_of_fold == NULL)
    return TRUE;
  count_right (self, result, labels, rows->len, &evaluated, &right);
  ret_estimate->n_evaluated = (guint) evaluated;
  if (evaluated >= LEAST_EVALUATED)
    {
      ret_estimate->accuracy = (double) right / (double) evaluated;
      fovea_metrics_wilson (right, evaluated, Z_95_PERCENT, &ret_estimate->low, &ret_estimate->high);
    }
  *ret_scores = with_held_out (self, result, rows);
  fovea_live_scores_unref (self->scores);
  self->scores = fovea_live_scores_ref (*ret_scores);
  return TRUE;
}
