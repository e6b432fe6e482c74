/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How good the average of the weights is on the pictures that were held out, and which of the averages is kept. */
#include <math.h>
#include <string.h>

#include "engine/deep-private.h"
#include "nn/plan.h"

#define BATCH 16

/* A later average is of better weights than an earlier one; it gives way only to one whose loss was clearly less, because
 * a few dozen pictures cannot tell small differences. */
#define SLACK 1.05

typedef struct {
  FoveaDeep *deep;
  FoveaGraph *graph;
  FoveaPlan *plan;
  FoveaTensor *images;
  FoveaTensor *logits;
} Validation;

static gboolean
compile (gpointer data, GCancellable *cancellable, GError **error)
{
  Validation *self = data;

  self->graph = fovea_trainer_dup_graph (self->deep->trainer, TRUE, error);
  if (self->graph != NULL)
    self->plan = fovea_plan_new (self->graph, 0, error);
  return self->plan != NULL;
}

static gboolean
run_batch (gpointer data, GCancellable *cancellable, GError **error)
{
  Validation *self = data;

  return fovea_plan_run (self->plan, &self->images, &self->logits, cancellable, error);
}

/* One row of logits to probabilities; returns its loss against what is true. */
static double
judge_row (const FoveaDeep *deep, const float *logits, const float *targets, float *probabilities)
{
  const guint k = deep->n_concepts;
  double most = -INFINITY, sum = 0, loss = 0;

  for (guint c = 0; c < k; c++)
    most = MAX (most, (double) logits[c]);
  for (guint c = 0; c < k; c++)
    sum += exp ((double) logits[c] - most);
  for (guint c = 0; c < k; c++)
    {
      const double z = logits[c], t = targets[c];

      if (deep->options.exclusive)
        {
          probabilities[c] = (float) (exp (z - most) / sum);
          loss -= t * (z - most - log (sum));
        }
      else
        {
          probabilities[c] = (float) (1 / (1 + exp (-z)));
          /* −t log σ(z) − (1 − t) log σ(−z), without overflow */
          loss += MAX (z, 0) - z * t + log1p (exp (-fabs (z)));
        }
    }
  return loss;
}

static gboolean
is_right (const FoveaDeep *deep, guint row, const float *probabilities)
{
  guint best = 0;

  for (guint c = 1; c < deep->n_concepts; c++)
    if (probabilities[c] > probabilities[best])
      best = c;
  return deep->truth[(gsize) row * deep->n_concepts + best] > 0;
}

static gboolean
judge_batch (Validation *self, guint from, guint n, FoveaDeepBest *result, GError **error)
{
  FoveaDeep *deep = self->deep;
  const gsize pixels = 3 * (gsize) deep->input.size * (gsize) deep->input.size, k = deep->n_concepts;
  const FoveaShape shape = fovea_shape (4, (gint64) n, (gint64) 3, (gint64) deep->input.size, (gint64) deep->input.size);
  g_autoptr (FoveaTensor) images = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, error);

  if (images == NULL)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!fovea_training_pictures_get_plain (deep->pictures, TRUE, from + i, FOVEA_TENSOR_DATA (images, float) + i * pixels, error))
      return FALSE;
  self->images = images;
  if (!fovea_deep_run_unit (deep, run_batch, self, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      const guint row = fovea_training_pictures_get_row (deep->pictures, TRUE, from + i);
      float *probabilities = result->probabilities + (from + i) * k;

      result->loss += judge_row (deep, FOVEA_TENSOR_DATA (self->logits, float) + i * k, deep->targets + (gsize) row * k, probabilities);
      result->accuracy += is_right (deep, row, probabilities);
    }
  g_clear_pointer (&self->logits, fovea_tensor_unref);
  return TRUE;
}

static void
best_clear (FoveaDeepBest *best)
{
  g_clear_pointer (&best->graph, fovea_graph_unref);
  g_clear_pointer (&best->probabilities, g_free);
}

static void
take_result (FoveaDeep *deep, FoveaDeepBest *result)
{
  const gboolean first = deep->best.graph == NULL;

  if (first || result->loss < deep->least_loss)
    {
      deep->least_loss = result->loss;
      deep->n_worse = 0;
    }
  else
    deep->n_worse++;
  if (!first && !(result->loss <= SLACK * deep->least_loss))
    {
      best_clear (result);
      return;
    }
  best_clear (&deep->best);
  deep->best = *result;
}

gboolean
fovea_deep_validate (FoveaDeep *deep, GError **error)
{
  const guint n = fovea_training_pictures_get_n_held_out (deep->pictures);
  Validation self = { .deep = deep };
  FoveaDeepBest result = { .step = deep->stage_first + deep->step, .probabilities = g_new0 (float, MAX ((gsize) n * deep->n_concepts, 1)) };
  FoveaTrainingPoint point = { .step = result.step, .loss = NAN, .learning_rate = NAN };
  gboolean ok = fovea_deep_run_unit (deep, compile, &self, error);

  for (guint from = 0; ok && from < n; from += BATCH)
    ok = judge_batch (&self, from, MIN (BATCH, n - from), &result, error);
  g_clear_pointer (&self.plan, fovea_plan_free);
  result.graph = self.graph;
  if (!ok)
    {
      best_clear (&result);
      return FALSE;
    }
  result.loss /= n;
  result.accuracy /= n;
  point.validation_loss = result.loss;
  point.validation_accuracy = result.accuracy;
  fovea_job_add_training_point (deep->training->job, &point);
  take_result (deep, &result);
  return TRUE;
}

static gboolean
dup_average (gpointer data, GCancellable *cancellable, GError **error)
{
  Validation *self = data;

  self->graph = fovea_trainer_dup_graph (self->deep->trainer, TRUE, error);
  return self->graph != NULL;
}

gboolean
fovea_deep_keep_last (FoveaDeep *deep, GError **error)
{
  Validation self = { .deep = deep };

  if (!fovea_deep_run_unit (deep, dup_average, &self, error))
    return FALSE;
  best_clear (&deep->best);
  deep->best = (FoveaDeepBest) { .step = deep->stage_first + deep->step, .loss = NAN, .accuracy = NAN, .graph = self.graph };
  return TRUE;
}

FoveaEvaluation *
fovea_deep_dup_evaluation (FoveaDeep *deep)
{
  const guint n = fovea_training_pictures_get_n_held_out (deep->pictures), k = deep->n_concepts;
  g_autofree gint8 *truth = NULL;
  g_autofree gint64 *ids = NULL;
  g_autoptr (GPtrArray) labels = NULL;
  FoveaEvalData data = { .n_rows = n, .probabilities = deep->best.probabilities, .exclusive = deep->options.exclusive, .assume_negatives = TRUE };

  if (n == 0 || deep->best.probabilities == NULL)
    return NULL;
  truth = g_new (gint8, (gsize) n * k);
  ids = g_new (gint64, n);
  for (guint i = 0; i < n; i++)
    {
      const guint row = fovea_training_pictures_get_row (deep->pictures, TRUE, i);

      memcpy (truth + (gsize) i * k, deep->truth + (gsize) row * k, k);
      ids[i] = deep->ids[row];
    }
  labels = fovea_training_dup_labels (deep->training);
  data.labels = labels;
  data.truth = truth;
  data.ids = ids;
  return fovea_evaluation_new (&data);
}
