/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/eval-json.h"

#include <math.h>
#include <string.h>

#include "vision/metrics.h"

#define MAX_CURVE_POINTS 101

/* What the rows say, worked out once. */
typedef struct {
  const FoveaEvalData *data;
  guint k;
  gint8 *truth;      /* [n, k] with negatives filled in */
  gboolean *known;   /* [n] has any label */
  guint *best;       /* [n] most probable concept */
  guint32 *matrix;   /* [k, k] actual × predicted; rows with several concepts count under each */
} Eval;

typedef struct {
  double sum, square;
  guint n;
} Mean;

static void
eval_clear (Eval *self)
{
  g_free (self->truth);
  g_free (self->known);
  g_free (self->best);
  g_free (self->matrix);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Eval, eval_clear)

static void
eval_init (Eval *self, const FoveaEvalData *data)
{
  guint k = data->labels->len;

  *self = (Eval){ .data = data, .k = k };
  self->truth = g_new0 (gint8, MAX (data->n_rows, 1) * k);
  self->known = g_new0 (gboolean, MAX (data->n_rows, 1));
  self->best = g_new0 (guint, MAX (data->n_rows, 1));
  self->matrix = g_new0 (guint32, (gsize) k * k);
  for (gsize i = 0; i < data->n_rows; i++)
    {
      const gint8 *row = data->truth + i * k;
      const float *p = data->probabilities + i * k;
      gboolean positive = FALSE;

      for (guint c = 0; c < k; c++)
        {
          self->known[i] |= row[c] != 0;
          positive |= row[c] > 0;
          if (p[c] > p[self->best[i]])
            self->best[i] = c;
        }
      for (guint c = 0; c < k; c++)
        {
          gboolean fill = positive && (data->exclusive || data->assume_negatives);

          self->truth[i * k + c] = row[c] != 0 ? row[c] : fill ? -1 : 0;
          if (row[c] > 0)
            self->matrix[(gsize) c * k + self->best[i]]++;
        }
    }
}

static void
mean_add (Mean *mean, double value)
{
  if (isnan (value))
    return;
  mean->sum += value;
  mean->square += value * value;
  mean->n++;
}

static double
mean_value (const Mean *mean)
{
  return mean->n > 0 ? mean->sum / mean->n : 0.0;
}

static double
mean_deviation (const Mean *mean)
{
  double average = mean_value (mean);

  return mean->n > 0 ? sqrt (MAX (mean->square / mean->n - average * average, 0.0)) : 0.0;
}

/* JSON has no way to write NaN. */
static void
set_number (JsonObject *object, const char *member, double value)
{
  if (isfinite (value))
    json_object_set_double_member (object, member, value);
  else
    json_object_set_null_member (object, member);
}

/* Rows with a positive whose positives are among the @top best; ties count against, as argmax would choose. */
static void
count_top (const Eval *self, guint top, guint64 *ret_right, guint64 *ret_n)
{
  *ret_right = *ret_n = 0;
  for (gsize i = 0; i < self->data->n_rows; i++)
    {
      const float *p = self->data->probabilities + i * self->k;
      guint best_rank = G_MAXUINT;

      for (guint c = 0; c < self->k; c++)
        if (self->truth[i * self->k + c] > 0)
          {
            guint rank = 0;

            for (guint j = 0; j < self->k; j++)
              rank += p[j] > p[c] || (!(p[j] < p[c]) && j < c);
            best_rank = MIN (best_rank, rank);
          }
      *ret_n += best_rank != G_MAXUINT;
      *ret_right += best_rank < top;
    }
}

static JsonObject *
new_concept (const FoveaLabel *label)
{
  JsonObject *concept = json_object_new ();

  json_object_set_string_member (concept, "id", label->id);
  json_object_set_string_member (concept, "name", label->name);
  return concept;
}

static JsonObject *
make_confusion (const Eval *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *entries = json_array_new (), *ids = json_array_new ();

  for (guint a = 0; a < self->k; a++)
    {
      const FoveaLabel *actual = fovea_labels_get (self->data->labels, a);
      guint64 total = 0;

      json_array_add_string_element (ids, actual->id);
      for (guint p = 0; p < self->k; p++)
        total += self->matrix[(gsize) a * self->k + p];
      for (guint p = 0; p < self->k; p++)
        {
          guint32 count = self->matrix[(gsize) a * self->k + p];
          JsonObject *entry;

          if (count == 0)
            continue;
          entry = json_object_new ();
          json_object_set_string_member (entry, "predicted", fovea_labels_get (self->data->labels, p)->id);
          json_object_set_string_member (entry, "actual", actual->id);
          json_object_set_double_member (entry, "value", (double) count / (double) total);
          json_object_set_int_member (entry, "count", count);
          json_array_add_object_element (entries, entry);
        }
    }
  json_object_set_array_member (object, "matrix", entries);
  json_object_set_array_member (object, "concept_ids", ids);
  return object;
}

/* The curve thinned to MAX_CURVE_POINTS, its ends kept. */
static void
add_curves (JsonObject *object, const GArray *curve)
{
  JsonObject *roc = json_object_new (), *pr = json_object_new ();
  JsonArray *fpr = json_array_new (), *tpr = json_array_new (), *roc_thresholds = json_array_new ();
  JsonArray *recall = json_array_new (), *precision = json_array_new (), *pr_thresholds = json_array_new ();
  guint n = MIN (curve->len, MAX_CURVE_POINTS);

  for (guint i = 0; i < n; i++)
    {
      guint at = n > 1 ? (guint) ((guint64) i * (curve->len - 1) / (n - 1)) : 0;
      const FoveaCurvePoint *point = &g_array_index (curve, FoveaCurvePoint, at);
      double threshold = MIN ((double) point->threshold, 1.0); /* the first one is infinite */

      if (!isnan (point->fpr) && !isnan (point->tpr))
        {
          json_array_add_double_element (fpr, point->fpr);
          json_array_add_double_element (tpr, point->tpr);
          json_array_add_double_element (roc_thresholds, threshold);
        }
      if (!isnan (point->recall) && !isnan (point->precision))
        {
          json_array_add_double_element (recall, point->recall);
          json_array_add_double_element (precision, point->precision);
          json_array_add_double_element (pr_thresholds, threshold);
        }
    }
  json_object_set_array_member (roc, "fpr", fpr);
  json_object_set_array_member (roc, "tpr", tpr);
  json_object_set_array_member (roc, "thresholds", roc_thresholds);
  json_object_set_array_member (pr, "recall", recall);
  json_object_set_array_member (pr, "precision", precision);
  json_object_set_array_member (pr, "thresholds", pr_thresholds);
  json_object_set_object_member (object, "roc_curve", roc);
  json_object_set_object_member (object, "precision_recall_curve", pr);
}

typedef struct {
  Mean roc_auc, f1, precision, recall, average_precision;
} Averages;

/* Precision, recall, F1: for exclusive concepts, of the most probable one; else of everything from 0.5 up. */
static FoveaConceptMetrics
decide (const Eval *self, guint concept, const float *scores, const guint8 *labels, gsize n)
{
  FoveaConceptMetrics metrics = { 0 };

  if (!self->data->exclusive)
    return fovea_metrics_at_threshold (scores, labels, n, 0.5f);
  for (gsize i = 0; i < self->data->n_rows; i++)
    {
      gint8 label = self->truth[i * self->k + concept];
      gboolean predicted = label != 0 && self->best[i] == concept;

      metrics.n_true += label > 0;
      metrics.n_predicted += predicted;
      metrics.n_right += predicted && label > 0;
    }
  metrics.precision = metrics.n_predicted > 0 ? (double) metrics.n_right / metrics.n_predicted : (double) NAN;
  metrics.recall = metrics.n_true > 0 ? (double) metrics.n_right / metrics.n_true : (double) NAN;
  metrics.f1 = metrics.n_true + metrics.n_predicted > 0 ? 2.0 * metrics.n_right / (metrics.n_true + metrics.n_predicted) : (double) NAN;
  return metrics;
}

static JsonObject *
make_binary (const Eval *self, guint concept, Averages *averages)
{
  JsonObject *object = json_object_new ();
  g_autofree float *scores = g_new (float, MAX (self->data->n_rows, 1));
  g_autofree guint8 *labels = g_new (guint8, MAX (self->data->n_rows, 1));
  g_autoptr (GArray) curve = NULL;
  FoveaConceptMetrics metrics;
  double auc, average_precision;
  gsize n = 0, n_pos = 0;

  for (gsize i = 0; i < self->data->n_rows; i++)
    if (self->truth[i * self->k + concept] != 0)
      {
        scores[n] = self->data->probabilities[i * self->k + concept];
        labels[n] = self->truth[i * self->k + concept] > 0;
        n_pos += labels[n++];
      }
  metrics = decide (self, concept, scores, labels, n);
  auc = fovea_metrics_auc (scores, labels, n);
  average_precision = fovea_metrics_average_precision (scores, labels, n);
  curve = fovea_metrics_curve (scores, labels, n);
  json_object_set_int_member (object, "num_pos", (gint64) n_pos);
  json_object_set_int_member (object, "num_neg", (gint64) (n - n_pos));
  json_object_set_int_member (object, "num_tot", (gint64) n);
  set_number (object, "roc_auc", auc);
  set_number (object, "f1", metrics.f1);
  set_number (object, "precision", metrics.precision);
  set_number (object, "recall", metrics.recall);
  set_number (object, "avg_precision", average_precision);
  json_object_set_object_member (object, "concept", new_concept (fovea_labels_get (self->data->labels, concept)));
  add_curves (object, curve);
  if (n_pos > 0)
    {
      mean_add (&averages->roc_auc, auc);
      mean_add (&averages->f1, metrics.f1);
      mean_add (&averages->precision, isnan (metrics.precision) ? 0.0 : metrics.precision); /* never said: none of it right */
      mean_add (&averages->recall, metrics.recall);
      mean_add (&averages->average_precision, average_precision);
    }
  return object;
}

static JsonObject *
make_summary (const Eval *self, const Averages *averages)
{
  JsonObject *summary = json_object_new ();
  guint64 right, right5, n;
  double low, high;

  count_top (self, 5, &right5, &n);
  count_top (self, 1, &right, &n);
  fovea_metrics_wilson (right, n, 1.959963984540054, &low, &high);
  json_object_set_double_member (summary, "top1_accuracy", n > 0 ? (double) right / (double) n : 0.0);
  json_object_set_double_member (summary, "top1_accuracy_low", low);
  json_object_set_double_member (summary, "top1_accuracy_high", high);
  json_object_set_double_member (summary, "top5_accuracy", n > 0 ? (double) right5 / (double) n : 0.0);
  json_object_set_int_member (summary, "num_correct", (gint64) right);
  json_object_set_int_member (summary, "num_tot", (gint64) n);
  json_object_set_double_member (summary, "macro_avg_roc_auc", mean_value (&averages->roc_auc));
  json_object_set_double_member (summary, "macro_std_roc_auc", mean_deviation (&averages->roc_auc));
  json_object_set_double_member (summary, "macro_avg_f1_score", mean_value (&averages->f1));
  json_object_set_double_member (summary, "macro_std_f1_score", mean_deviation (&averages->f1));
  json_object_set_double_member (summary, "macro_avg_precision", mean_value (&averages->precision));
  json_object_set_double_member (summary, "macro_avg_recall", mean_value (&averages->recall));
  json_object_set_double_member (summary, "macro_avg_avg_precision", mean_value (&averages->average_precision));
  return summary;
}

static JsonObject *
make_label_counts (const Eval *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *counts = json_array_new ();

  for (guint c = 0; c < self->k; c++)
    {
      const FoveaLabel *label = fovea_labels_get (self->data->labels, c);
      JsonObject *entry = json_object_new ();
      gint64 n = 0;

      for (gsize i = 0; i < self->data->n_rows; i++)
        n += self->truth[i * self->k + c] > 0;
      json_object_set_string_member (entry, "concept_name", label->name);
      json_object_set_int_member (entry, "count", n);
      json_object_set_object_member (entry, "concept", new_concept (label));
      json_array_add_object_element (counts, entry);
    }
  json_object_set_array_member (object, "positive_label_counts", counts);
  return object;
}

static JsonArray *
make_test_set (const Eval *self)
{
  JsonArray *rows = json_array_new ();

  for (gsize i = 0; i < self->data->n_rows; i++)
    {
      JsonObject *row, *input, *best;
      JsonArray *truth, *predicted;

      if (!self->known[i])
        continue;
      row = json_object_new ();
      input = json_object_new ();
      truth = json_array_new ();
      predicted = json_array_new ();
      json_object_set_string_member (input, "id", self->data->row_ids[i]);
      json_object_set_object_member (row, "input", input);
      best = new_concept (fovea_labels_get (self->data->labels, self->best[i]));
      json_object_set_double_member (best, "value", (double) self->data->probabilities[i * self->k + self->best[i]]);
      json_array_add_object_element (predicted, best);
      for (guint c = 0; c < self->k; c++)
        if (self->data->truth[i * self->k + c] != 0)
          {
            JsonObject *concept = new_concept (fovea_labels_get (self->data->labels, c));

            json_object_set_int_member (concept, "value", self->data->truth[i * self->k + c] > 0);
            json_array_add_object_element (truth, concept);
          }
      json_object_set_array_member (row, "predicted_concepts", predicted);
      json_object_set_array_member (row, "ground_truth_concepts", truth);
      json_array_add_object_element (rows, row);
    }
  return rows;
}

JsonNode *
fovea_eval_metrics_dup_json (const FoveaEvalData *data, const char *id)
{
  g_autoptr (JsonObject) object = json_object_new ();
  JsonArray *binary = json_array_new ();
  Averages averages = { 0 };
  g_auto (Eval) self = { 0 };

  eval_init (&self, data);
  for (guint c = 0; c < self.k; c++)
    json_array_add_object_element (binary, make_binary (&self, c, &averages));
  json_object_set_string_member (object, "id", id);
  json_object_set_object_member (object, "summary", make_summary (&self, &averages));
  json_object_set_object_member (object, "confusion_matrix", make_confusion (&self));
  json_object_set_object_member (object, "label_counts", make_label_counts (&self));
  json_object_set_array_member (object, "binary_metrics", binary);
  if (data->row_ids != NULL)
    json_object_set_array_member (object, "test_set", make_test_set (&self));
  return json_node_init_object (json_node_alloc (), object);
}
