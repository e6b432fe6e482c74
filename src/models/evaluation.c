/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/evaluation-private.h"

#include <math.h>
#include <string.h>

#define Z_95 1.959963984540054

/* ---- life ---- */

/* A row with several concepts whose answer is one of them counts under that one alone: it is no mistake. */
static gboolean
in_cell (const FoveaEvaluation *self, gsize row, guint actual, guint predicted)
{
  return self->answers[row] == predicted && self->said[row * self->k + actual] > 0
         && (actual == predicted || (self->flags[row] & FOVEA_ROW_RIGHT) == 0);
}

/* What follows from the labels alone: negatives filled in, which rows count. */
static void
fill_rows (FoveaEvaluation *self)
{
  guint k = self->k;

  for (gsize i = 0; i < self->n_rows; i++)
    {
      const gint8 *said = self->said + i * k;
      const float *p = self->probabilities + i * k;
      gboolean positive = FALSE, known = FALSE;
      guint best = 0;

      for (guint c = 0; c < k; c++)
        {
          known |= said[c] != 0;
          positive |= said[c] > 0;
          if (p[c] > p[best])
            best = c;
        }
      self->answers[i] = best;
      self->flags[i] = (guint8) ((known ? FOVEA_ROW_KNOWN : 0) | (positive ? FOVEA_ROW_COUNTED : 0)
                                 | (k > 0 && said[best] > 0 ? FOVEA_ROW_RIGHT : 0));
      for (guint c = 0; c < k; c++)
        {
          gboolean fill = positive && (self->exclusive || self->assume_negatives);

          self->truth[i * k + c] = said[c] != 0 ? said[c] : fill ? -1 : 0;
          if (in_cell (self, i, c, best))
            self->matrix[(gsize) c * k + best]++;
        }
    }
}

/* Exclusive: precision, recall and F1 of the most probable concept. */
static FoveaConceptMetrics
decide_by_answer (const FoveaEvaluation *self, guint concept)
{
  FoveaConceptMetrics metrics = { 0 };

  for (gsize i = 0; i < self->n_rows; i++)
    {
      gint8 truth = self->truth[i * self->k + concept];
      gboolean predicted = truth != 0 && self->answers[i] == concept;

      metrics.n_true += truth > 0;
      metrics.n_predicted += predicted;
      metrics.n_right += predicted && truth > 0;
    }
  metrics.precision = metrics.n_predicted > 0 ? (double) metrics.n_right / metrics.n_predicted : (double) NAN;
  metrics.recall = metrics.n_true > 0 ? (double) metrics.n_right / metrics.n_true : (double) NAN;
  metrics.f1 = metrics.n_true + metrics.n_predicted > 0 ? 2.0 * metrics.n_right / (metrics.n_true + metrics.n_predicted) : (double) NAN;
  return metrics;
}

gsize
fovea_evaluation_gather (const FoveaEvaluation *self, guint concept, float *ret_scores, guint8 *ret_labels, guint32 *ret_rows)
{
  gsize n = 0;

  for (gsize i = 0; i < self->n_rows; i++)
    if (self->truth[i * self->k + concept] != 0)
      {
        ret_scores[n] = self->probabilities[i * self->k + concept];
        ret_labels[n] = self->truth[i * self->k + concept] > 0;
        if (ret_rows != NULL)
          ret_rows[n] = (guint32) i;
        n++;
      }
  return n;
}

static void
fill_figures (FoveaEvaluation *self)
{
  g_autofree float *scores = g_new (float, MAX (self->n_rows, 1));
  g_autofree guint8 *labels = g_new (guint8, MAX (self->n_rows, 1));

  for (guint c = 0; c < self->k; c++)
    {
      FoveaConceptFigures *figures = &self->figures[c];
      gsize n = fovea_evaluation_gather (self, c, scores, labels, NULL);

      for (gsize i = 0; i < n; i++)
        figures->n_positive += labels[i];
      figures->n_negative = n - figures->n_positive;
      figures->decision = self->exclusive ? decide_by_answer (self, c) : fovea_metrics_at_threshold (scores, labels, n, 0.5f);
      figures->roc_auc = fovea_metrics_auc (scores, labels, n);
      figures->average_precision = fovea_metrics_average_precision (scores, labels, n);
    }
}

FoveaEvaluation *
fovea_evaluation_new (const FoveaEvalData *data)
{
  FoveaEvaluation *self = g_new0 (FoveaEvaluation, 1);
  gsize n = data->n_rows, k = data->labels->len;

  g_atomic_ref_count_init (&self->ref_count);
  self->n_rows = n;
  self->k = (guint) k;
  self->labels = g_ptr_array_ref (data->labels);
  self->exclusive = data->exclusive;
  self->assume_negatives = data->assume_negatives;
  self->split = g_strdup (data->split);
  self->ids = data->ids != NULL ? g_memdup2 (data->ids, n * sizeof (gint64)) : NULL;
  self->said = g_new0 (gint8, MAX (n * k, 1));
  self->truth = g_new0 (gint8, MAX (n * k, 1));
  self->probabilities = g_new0 (float, MAX (n * k, 1));
  if (n * k > 0)
    {
      memcpy (self->said, data->truth, n * k);
      memcpy (self->probabilities, data->probabilities, n * k * sizeof (float));
    }
  self->answers = g_new0 (guint32, MAX (n, 1));
  self->flags = g_new0 (guint8, MAX (n, 1));
  self->matrix = g_new0 (guint32, MAX (k * k, 1));
  self->figures = g_new0 (FoveaConceptFigures, MAX (k, 1));
  fill_rows (self);
  fill_figures (self);
  return self;
}

FoveaEvaluation *
fovea_evaluation_ref (FoveaEvaluation *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
fovea_evaluation_unref (FoveaEvaluation *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_ptr_array_unref (self->labels);
  g_free (self->split);
  g_free (self->ids);
  g_free (self->said);
  g_free (self->truth);
  g_free (self->probabilities);
  g_free (self->answers);
  g_free (self->flags);
  g_free (self->matrix);
  g_free (self->figures);
  g_free (self);
}

/* ---- rows and concepts ---- */

gsize
fovea_evaluation_get_n_rows (FoveaEvaluation *self)
{
  return self->n_rows;
}

const char *
fovea_evaluation_get_split (FoveaEvaluation *self)
{
  return self->split;
}

gboolean
fovea_evaluation_get_exclusive (FoveaEvaluation *self)
{
  return self->exclusive;
}

gint64
fovea_evaluation_get_id (FoveaEvaluation *self, gsize row)
{
  return self->ids != NULL ? self->ids[row] : 0;
}

int
fovea_evaluation_get_truth (FoveaEvaluation *self, gsize row, guint concept)
{
  return self->truth[row * self->k + concept];
}

int
fovea_evaluation_get_said (FoveaEvaluation *self, gsize row, guint concept)
{
  return self->said[row * self->k + concept];
}

float
fovea_evaluation_get_probability (FoveaEvaluation *self, gsize row, guint concept)
{
  return self->probabilities[row * self->k + concept];
}

guint
fovea_evaluation_get_answer (FoveaEvaluation *self, gsize row)
{
  return self->answers[row];
}

gboolean
fovea_evaluation_is_known (FoveaEvaluation *self, gsize row)
{
  return (self->flags[row] & FOVEA_ROW_KNOWN) != 0;
}

gboolean
fovea_evaluation_is_counted (FoveaEvaluation *self, gsize row)
{
  return (self->flags[row] & FOVEA_ROW_COUNTED) != 0;
}

gboolean
fovea_evaluation_is_right (FoveaEvaluation *self, gsize row)
{
  return (self->flags[row] & FOVEA_ROW_RIGHT) != 0;
}

guint
fovea_evaluation_get_n_concepts (FoveaEvaluation *self)
{
  return self->k;
}

GPtrArray *
fovea_evaluation_get_labels (FoveaEvaluation *self)
{
  return self->labels;
}

const char *
fovea_evaluation_get_concept_name (FoveaEvaluation *self, guint concept)
{
  return fovea_labels_get (self->labels, concept)->name;
}

const FoveaConceptFigures *
fovea_evaluation_get_figures (FoveaEvaluation *self, guint concept)
{
  return &self->figures[concept];
}

/* ---- accuracy ---- */

/* How many concepts are as probable as the row's best one or more; ties count against, as argmax would choose. */
static guint
rank_of_truth (const FoveaEvaluation *self, gsize row)
{
  const float *p = self->probabilities + row * self->k;
  guint best = G_MAXUINT;

  for (guint c = 0; c < self->k; c++)
    if (self->truth[row * self->k + c] > 0)
      {
        guint rank = 0;

        for (guint j = 0; j < self->k; j++)
          rank += p[j] > p[c] || (!(p[j] < p[c]) && j < c);
        best = MIN (best, rank);
      }
  return best;
}

FoveaAccuracy
fovea_evaluation_get_accuracy (FoveaEvaluation *self, guint top)
{
  FoveaAccuracy accuracy = { 0 };

  for (gsize i = 0; i < self->n_rows; i++)
    if (fovea_evaluation_is_counted (self, i))
      {
        accuracy.n++;
        accuracy.n_right += top == 1 ? fovea_evaluation_is_right (self, i) : rank_of_truth (self, i) < top;
      }
  accuracy.value = accuracy.n > 0 ? (double) accuracy.n_right / (double) accuracy.n : 0.0;
  fovea_metrics_wilson (accuracy.n_right, accuracy.n, Z_95, &accuracy.low, &accuracy.high);
  return accuracy;
}

static GArray *
ids_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (gint64));
}

static void
add_id (GArray *ids, FoveaEvaluation *self, gsize row)
{
  gint64 id = fovea_evaluation_get_id (self, row);

  g_array_append_val (ids, id);
}

GArray *
fovea_evaluation_dup_ids (FoveaEvaluation *self, gboolean right)
{
  GArray *ids = ids_new ();

  for (gsize i = 0; i < self->n_rows; i++)
    if (fovea_evaluation_is_counted (self, i) && fovea_evaluation_is_right (self, i) == right)
      add_id (ids, self, i);
  return ids;
}

/* ---- confusion ---- */

guint32
fovea_evaluation_get_count (FoveaEvaluation *self, guint actual, guint predicted)
{
  return self->matrix[(gsize) actual * self->k + predicted];
}

GArray *
fovea_evaluation_dup_cell_ids (FoveaEvaluation *self, guint actual, guint predicted)
{
  GArray *ids = ids_new ();

  for (gsize i = 0; i < self->n_rows; i++)
    if (in_cell (self, i, actual, predicted))
      add_id (ids, self, i);
  return ids;
}

GArray *
fovea_evaluation_dup_concept_ids (FoveaEvaluation *self, guint concept, gboolean predicted)
{
  GArray *ids = ids_new ();

  for (gsize i = 0; i < self->n_rows; i++)
    if (predicted ? fovea_evaluation_is_counted (self, i) && self->answers[i] == concept : self->said[i * self->k + concept] > 0)
      add_id (ids, self, i);
  return ids;
}

GArray *
fovea_evaluation_dup_mistake_ids (FoveaEvaluation *self, guint concept, gboolean missed)
{
  GArray *ids = ids_new ();

  for (gsize i = 0; i < self->n_rows; i++)
    {
      int truth = self->truth[i * self->k + concept];
      gboolean said = self->exclusive ? self->answers[i] == concept : self->probabilities[i * self->k + concept] >= 0.5f;

      if (missed ? truth > 0 && !said : truth < 0 && said)
        add_id (ids, self, i);
    }
  return ids;
}

static int
compare_confusions (gconstpointer a, gconstpointer b)
{
  const FoveaConfusion *one = a, *two = b;

  if (one->count != two->count)
    return one->count > two->count ? -1 : 1;
  if (one->actual != two->actual)
    return one->actual < two->actual ? -1 : 1;
  return one->predicted < two->predicted ? -1 : one->predicted > two->predicted;
}

GArray *
fovea_evaluation_dup_confusions (FoveaEvaluation *self, guint max)
{
  GArray *confusions = g_array_new (FALSE, FALSE, sizeof (FoveaConfusion));

  for (guint a = 0; a < self->k; a++)
    for (guint p = 0; p < self->k; p++)
      {
        FoveaConfusion one = { a, p, fovea_evaluation_get_count (self, a, p) };

        if (a != p && one.count > 0)
          g_array_append_val (confusions, one);
      }
  g_array_sort (confusions, compare_confusions);
  if (confusions->len > max)
    g_array_set_size (confusions, max);
  return confusions;
}

/* ---- ranking ---- */

static int
compare_rows (gconstpointer a, gconstpointer b, gpointer data)
{
  const float *scores = data;
  guint32 one = *(const guint32 *) a, two = *(const guint32 *) b;

  if (scores[one] > scores[two] || scores[one] < scores[two])
    return scores[one] > scores[two] ? -1 : 1;
  return one < two ? -1 : one > two;
}

FoveaRanking *
fovea_evaluation_rank (FoveaEvaluation *self, guint concept)
{
  FoveaRanking *ranking = g_new0 (FoveaRanking, 1);
  g_autofree float *scores = g_new (float, MAX (self->n_rows, 1));
  g_autofree guint8 *labels = g_new (guint8, MAX (self->n_rows, 1));
  g_autofree guint32 *rows = g_new (guint32, MAX (self->n_rows, 1));
  g_autofree guint32 *order = NULL;

  ranking->n = (guint) fovea_evaluation_gather (self, concept, scores, labels, rows);
  order = g_new (guint32, MAX (ranking->n, 1));
  for (guint i = 0; i < ranking->n; i++)
    order[i] = i;
  g_qsort_with_data (order, (int) ranking->n, sizeof *order, compare_rows, scores);
  ranking->rows = g_new (guint32, MAX (ranking->n, 1));
  ranking->scores = g_new (float, MAX (ranking->n, 1));
  ranking->n_right = g_new0 (guint32, ranking->n + 1);
  for (guint i = 0; i < ranking->n; i++)
    {
      ranking->rows[i] = rows[order[i]];
      ranking->scores[i] = scores[order[i]];
      ranking->n_right[i + 1] = ranking->n_right[i] + labels[order[i]];
    }
  ranking->n_positive = ranking->n_right[ranking->n];
  return ranking;
}

void
fovea_ranking_free (FoveaRanking *ranking)
{
  if (ranking == NULL)
    return;
  g_free (ranking->rows);
  g_free (ranking->scores);
  g_free (ranking->n_right);
  g_free (ranking);
}

guint
fovea_ranking_cut (const FoveaRanking *ranking, double threshold)
{
  guint low = 0, high = ranking->n;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if ((double) ranking->scores[middle] >= threshold)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

FoveaConceptMetrics
fovea_ranking_decide (const FoveaRanking *ranking, double threshold)
{
  FoveaConceptMetrics metrics = { .n_true = ranking->n_positive, .n_predicted = fovea_ranking_cut (ranking, threshold) };

  metrics.n_right = ranking->n_right[metrics.n_predicted];
  metrics.precision = metrics.n_predicted > 0 ? (double) metrics.n_right / metrics.n_predicted : (double) NAN;
  metrics.recall = metrics.n_true > 0 ? (double) metrics.n_right / metrics.n_true : (double) NAN;
  metrics.f1 = metrics.n_true + metrics.n_predicted > 0 ? 2.0 * metrics.n_right / (metrics.n_true + metrics.n_predicted) : (double) NAN;
  return metrics;
}

double
fovea_ranking_best_threshold (const FoveaRanking *ranking)
{
  double best = -1.0, threshold = 0.5;

  if (ranking->n_positive == 0)
    return threshold;
  for (guint i = 0; i < ranking->n; i++)
    {
      double f1;

      if (i + 1 < ranking->n && !(ranking->scores[i] > ranking->scores[i + 1])) /* equals are taken together */
        continue;
      f1 = 2.0 * ranking->n_right[i + 1] / (double) (ranking->n_positive + i + 1);
      if (f1 > best)
        {
          best = f1;
          threshold = (double) ranking->scores[i];
        }
    }
  return threshold;
}

GArray *
fovea_evaluation_dup_ranked_ids (FoveaEvaluation *self, const FoveaRanking *ranking, guint from, guint to)
{
  GArray *ids = ids_new ();

  for (guint i = from; i < MIN (to, ranking->n); i++)
    add_id (ids, self, ranking->rows[i]);
  return ids;
}

/* ---- reliability ---- */

static guint
bin_of (const FoveaEvaluation *self, gsize row)
{
  float p = self->probabilities[row * self->k + self->answers[row]];

  return MIN ((guint) MAX (p * FOVEA_N_RELIABILITY_BINS, 0.0f), FOVEA_N_RELIABILITY_BINS - 1);
}

void
fovea_evaluation_get_reliability (FoveaEvaluation *self, FoveaReliabilityBin ret_bins[FOVEA_N_RELIABILITY_BINS])
{
  memset (ret_bins, 0, sizeof (FoveaReliabilityBin) * FOVEA_N_RELIABILITY_BINS);
  for (gsize i = 0; i < self->n_rows; i++)
    if (fovea_evaluation_is_counted (self, i))
      {
        FoveaReliabilityBin *bin = &ret_bins[bin_of (self, i)];

        bin->n++;
        bin->n_right += fovea_evaluation_is_right (self, i);
        bin->mean += (double) self->probabilities[i * self->k + self->answers[i]];
      }
  for (guint b = 0; b < FOVEA_N_RELIABILITY_BINS; b++)
    ret_bins[b].mean = ret_bins[b].n > 0 ? ret_bins[b].mean / ret_bins[b].n : (double) NAN;
}

GArray *
fovea_evaluation_dup_bin_ids (FoveaEvaluation *self, guint bin)
{
  GArray *ids = ids_new ();

  for (gsize i = 0; i < self->n_rows; i++)
    if (fovea_evaluation_is_counted (self, i) && bin_of (self, i) == bin)
      add_id (ids, self, i);
  return ids;
}

double
fovea_evaluation_get_calibration_error (FoveaEvaluation *self)
{
  FoveaReliabilityBin bins[FOVEA_N_RELIABILITY_BINS];
  double sum = 0.0;
  guint n = 0;

  fovea_evaluation_get_reliability (self, bins);
  for (guint b = 0; b < FOVEA_N_RELIABILITY_BINS; b++)
    if (bins[b].n > 0)
      {
        sum += fabs (bins[b].n_right - bins[b].n * bins[b].mean);
        n += bins[b].n;
      }
  return n > 0 ? sum / n : (double) NAN;
}

/* ---- two evaluations ---- */

static gboolean
same_answer (FoveaEvaluation *first, gsize i, FoveaEvaluation *second, gsize j)
{
  return strcmp (fovea_labels_get (first->labels, first->answers[i])->id, fovea_labels_get (second->labels, second->answers[j])->id) == 0;
}

static GHashTable *
rows_by_id (FoveaEvaluation *self)
{
  GHashTable *rows = g_hash_table_new (g_int64_hash, g_int64_equal);

  for (gsize i = 0; self->ids != NULL && i < self->n_rows; i++)
    if (fovea_evaluation_is_counted (self, i))
      g_hash_table_insert (rows, &self->ids[i], GSIZE_TO_POINTER (i));
  return rows;
}

FoveaEvaluationChanges *
fovea_evaluation_compare (FoveaEvaluation *first, FoveaEvaluation *second)
{
  FoveaEvaluationChanges *changes = g_new0 (FoveaEvaluationChanges, 1);
  g_autoptr (GHashTable) rows = rows_by_id (first);

  changes->fixed = ids_new ();
  changes->broken = ids_new ();
  changes->both_wrong = ids_new ();
  changes->changed = ids_new ();
  for (gsize j = 0; second->ids != NULL && j < second->n_rows; j++)
    {
      gpointer value;
      gboolean was, is;

      if (!fovea_evaluation_is_counted (second, j) || !g_hash_table_lookup_extended (rows, &second->ids[j], NULL, &value))
        continue;
      was = fovea_evaluation_is_right (first, GPOINTER_TO_SIZE (value));
      is = fovea_evaluation_is_right (second, j);
      changes->n++;
      if (was != is)
        add_id (is ? changes->fixed : changes->broken, second, j);
      else if (!is)
        add_id (changes->both_wrong, second, j);
      if (!same_answer (first, GPOINTER_TO_SIZE (value), second, j))
        add_id (changes->changed, second, j);
    }
  return changes;
}

void
fovea_evaluation_changes_free (FoveaEvaluationChanges *changes)
{
  if (changes == NULL)
    return;
  g_array_unref (changes->fixed);
  g_array_unref (changes->broken);
  g_array_unref (changes->both_wrong);
  g_array_unref (changes->changed);
  g_free (changes);
}
