/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How good the average of the weights is on the pictures that were held out, and which of the averages is kept. */
#include <math.h>
#include <string.h>

#include "engine/deep-private.h"
#include "models/network.h"
#include "nn/plan.h"
#include "nn/train-graph.h"

#define BATCH 16

typedef struct {
  FoveaDeep *deep;
  FoveaGraph *graph;
  FoveaPlan *plan;
  FoveaTensor *images;
  FoveaTensor *outputs; /* logits, or unit vectors of an embedder */
  float *vectors;       /* of all of them so far; (nullable) */
  gsize dim;
  double *losses;       /* [held out] what each adds to the loss */
} Validation;

static gboolean
dup_average (gpointer data, GCancellable *cancellable, GError **error)
{
  Validation *self = data;
  const FoveaDeep *deep = self->deep;

  self->graph = fovea_trainer_dup_graph (deep->trainer, TRUE, error);
  if (self->graph == NULL)
    return FALSE;
  return !deep->starts_linear || fovea_graph_blend_constants (self->graph, deep->network, FOVEA_DEEP_FEW_BACK, error);
}

static gboolean
compile (gpointer data, GCancellable *cancellable, GError **error)
{
  Validation *self = data;
  g_autoptr (FoveaGraph) looked_at = NULL;

  if (dup_average (self, cancellable, error))
    looked_at = self->deep->options.metric.wanted ? fovea_network_cut_vectors (self->graph, error) : fovea_graph_ref (self->graph);
  if (looked_at != NULL)
    self->plan = fovea_plan_new (looked_at, 0, error);
  return self->plan != NULL;
}

static gboolean
run_batch (gpointer data, GCancellable *cancellable, GError **error)
{
  Validation *self = data;

  return fovea_plan_run (self->plan, &self->images, &self->outputs, cancellable, error);
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

static void
judge_rows (Validation *self, guint from, guint n, FoveaDeepBest *result)
{
  FoveaDeep *deep = self->deep;
  const gsize k = deep->n_concepts;

  for (guint i = 0; i < n; i++)
    {
      const guint row = fovea_training_pictures_get_row (deep->pictures, TRUE, from + i);
      float *probabilities = result->probabilities + (from + i) * k;

      self->losses[from + i] = judge_row (deep, FOVEA_TENSOR_DATA (self->outputs, float) + i * k, deep->targets + (gsize) row * k, probabilities);
      result->accuracy += is_right (deep, row, probabilities);
    }
}

static void
keep_vectors (Validation *self, guint from)
{
  self->dim = (gsize) self->outputs->shape.dim[1];
  if (self->vectors == NULL)
    self->vectors = g_new (float, fovea_training_pictures_get_n_held_out (self->deep->pictures) * self->dim);
  memcpy (self->vectors + from * self->dim, self->outputs->data, self->outputs->n_elements * sizeof (float));
}

static gboolean
judge_batch (Validation *self, guint from, guint n, FoveaDeepBest *result, GError **error)
{
  FoveaDeep *deep = self->deep;
  const gsize pixels = 3 * (gsize) deep->input.size * (gsize) deep->input.size;
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
  if (deep->options.metric.wanted)
    keep_vectors (self, from);
  else
    judge_rows (self, from, n, result);
  g_clear_pointer (&self->outputs, fovea_tensor_unref);
  return TRUE;
}

/* Truth of the pictures held out, in their order. */
static gint8 *
dup_truth (FoveaDeep *deep)
{
  const guint n = fovea_training_pictures_get_n_held_out (deep->pictures), k = deep->n_concepts;
  gint8 *truth = g_new (gint8, MAX ((gsize) n * k, 1));

  for (guint i = 0; i < n; i++)
    memcpy (truth + (gsize) i * k, deep->truth + (gsize) fovea_training_pictures_get_row (deep->pictures, TRUE, i) * k, k);
  return truth;
}

typedef struct {
  Validation *validation;
  const gint8 *truth;
  FoveaRetrievalRow *found;
} Comparison;

static gboolean
compare (gpointer data, GCancellable *cancellable, GError **error)
{
  Comparison *self = data;
  FoveaDeep *deep = self->validation->deep;

  return fovea_retrieval_measure (self->validation->vectors, fovea_training_pictures_get_n_held_out (deep->pictures), self->validation->dim,
                                  self->truth, deep->n_concepts, g_get_num_processors (), self->found, cancellable, error);
}

/* Whether each finds its like among the others. The first of those found says little by itself: what is compared is mAP@R, for which
 * every one counts. */
static gboolean
judge_vectors (Validation *self, FoveaDeepBest *result, GError **error)
{
  FoveaDeep *deep = self->deep;
  const guint n = fovea_training_pictures_get_n_held_out (deep->pictures);
  g_autofree gint8 *truth = dup_truth (deep);
  Comparison comparison = { self, truth, g_new0 (FoveaRetrievalRow, n) };
  FoveaRetrieval sum;

  result->found = comparison.found;
  if (!fovea_deep_run_unit (deep, compare, &comparison, error))
    return FALSE;
  sum = fovea_retrieval_sum (result->found, n, truth, deep->n_concepts, G_MAXUINT);
  for (guint i = 0; i < n; i++)
    self->losses[i] = result->found[i].n_relevant > 0 ? 1 - (double) result->found[i].map_at_r : 0;
  result->loss = sum.n > 0 ? 1 - sum.map_at_r : 1;
  result->accuracy = sum.n > 0 ? sum.recall_at_1 : 0;
  return TRUE;
}

void
fovea_deep_best_clear (FoveaDeepBest *best)
{
  g_clear_pointer (&best->graph, fovea_graph_unref);
  g_clear_pointer (&best->probabilities, g_free);
  g_clear_pointer (&best->found, g_free);
}

/* A later average is of better weights than an earlier one. It gives way only where it was right less often and lost clearly
 * more: a few dozen pictures cannot tell small differences, and a network that grows sure of itself loses by its loss what it
 * gains in accuracy. */
static void
take_result (FoveaDeep *deep, FoveaDeepBest *result, const double *losses)
{
  const gboolean first = deep->best.graph == NULL;
  const gboolean broken = !isfinite (result->loss) && isfinite (deep->best.loss);
  const guint n = fovea_training_pictures_get_n_held_out (deep->pictures);

  if (first || !isfinite (deep->least_loss) || result->loss < deep->least_loss)
    {
      deep->least_loss = result->loss;
      g_clear_pointer (&deep->least_losses, g_array_unref);
      deep->least_losses = g_array_new (FALSE, FALSE, sizeof (double));
      g_array_append_vals (deep->least_losses, losses, n);
      deep->n_worse = 0;
    }
  else
    deep->n_worse++;
  if (!first && (broken || (result->accuracy < deep->best.accuracy
                            && fovea_deep_is_clearly_more (losses, &g_array_index (deep->least_losses, double, 0), n))))
    {
      fovea_deep_best_clear (result);
      return;
    }
  fovea_deep_best_clear (&deep->best);
  deep->best = *result;
}

gboolean
fovea_deep_validate (FoveaDeep *deep, GError **error)
{
  const guint n = fovea_training_pictures_get_n_held_out (deep->pictures);
  Validation self = { .deep = deep };
  FoveaDeepBest result = { .step = deep->stage_first + deep->step };
  FoveaTrainingPoint point = { .step = result.step, .loss = NAN, .learning_rate = NAN };
  gboolean ok = fovea_deep_run_unit (deep, compile, &self, error);

  self.losses = g_new0 (double, n);
  if (!deep->options.metric.wanted)
    result.probabilities = g_new0 (float, MAX ((gsize) n * deep->n_concepts, 1));
  for (guint from = 0; ok && from < n; from += BATCH)
    ok = judge_batch (&self, from, MIN (BATCH, n - from), &result, error);
  g_clear_pointer (&self.plan, fovea_plan_free);
  result.graph = self.graph;
  if (deep->options.metric.wanted)
    ok = ok && judge_vectors (&self, &result, error);
  else
    {
      for (guint i = 0; i < n; i++)
        result.loss += self.losses[i] / n;
      result.accuracy /= n;
    }
  g_free (self.vectors);
  if (ok)
    {
      point.validation_loss = result.loss;
      point.validation_accuracy = result.accuracy;
      fovea_job_add_training_point (deep->training->job, &point);
      take_result (deep, &result, self.losses);
    }
  else
    fovea_deep_best_clear (&result);
  g_free (self.losses);
  return ok;
}

gboolean
fovea_deep_keep_last (FoveaDeep *deep, GError **error)
{
  Validation self = { .deep = deep };

  if (!fovea_deep_run_unit (deep, dup_average, &self, error))
    return FALSE;
  fovea_deep_best_clear (&deep->best);
  deep->best = (FoveaDeepBest) { .step = deep->stage_first + deep->step, .loss = NAN, .accuracy = NAN, .graph = self.graph };
  return TRUE;
}

void
fovea_deep_evaluate (FoveaDeep *deep)
{
  const guint n = fovea_training_pictures_get_n_held_out (deep->pictures);
  g_autofree gint8 *truth = dup_truth (deep);
  g_autofree gint64 *ids = g_new (gint64, MAX (n, 1));
  g_autoptr (GPtrArray) labels = fovea_training_dup_labels (deep->training);
  FoveaEvalData data = { .n_rows = n, .labels = labels, .truth = truth, .ids = ids, .probabilities = deep->best.probabilities,
                         .exclusive = deep->options.exclusive, .assume_negatives = TRUE };

  for (guint i = 0; i < n; i++)
    ids[i] = deep->ids[fovea_training_pictures_get_row (deep->pictures, TRUE, i)];
  if (deep->best.probabilities != NULL)
    deep->training->kfold = fovea_evaluation_new (&data);
  else if (deep->best.found != NULL)
    {
      deep->training->kfold = fovea_retrieval_dup_evaluation (deep->best.found, &data);
      deep->training->retrieval = fovea_retrieval_sum_concepts (deep->best.found, n, truth, labels->len);
    }
}
