/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/eval-json.h"

#include <math.h>

#include "models/evaluation-private.h"

#define MAX_CURVE_POINTS 101

typedef struct {
  double sum, square;
  guint n;
} Mean;

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

static JsonObject *
new_concept (const FoveaLabel *label)
{
  JsonObject *concept = json_object_new ();

  json_object_set_string_member (concept, "id", label->id);
  json_object_set_string_member (concept, "name", label->name);
  return concept;
}

static JsonObject *
make_confusion (const FoveaEvaluation *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *entries = json_array_new (), *ids = json_array_new ();

  for (guint a = 0; a < self->k; a++)
    {
      const FoveaLabel *actual = fovea_labels_get (self->labels, a);
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
          json_object_set_string_member (entry, "predicted", fovea_labels_get (self->labels, p)->id);
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

static JsonObject *
make_binary (const FoveaEvaluation *self, guint concept, Averages *averages)
{
  const FoveaConceptFigures *figures = &self->figures[concept];
  JsonObject *object = json_object_new ();
  g_autofree float *scores = g_new (float, MAX (self->n_rows, 1));
  g_autofree guint8 *labels = g_new (guint8, MAX (self->n_rows, 1));
  gsize n = fovea_evaluation_gather (self, concept, scores, labels, NULL);
  g_autoptr (GArray) curve = fovea_metrics_curve (scores, labels, n);

  json_object_set_int_member (object, "num_pos", (gint64) figures->n_positive);
  json_object_set_int_member (object, "num_neg", (gint64) figures->n_negative);
  json_object_set_int_member (object, "num_tot", (gint64) n);
  set_number (object, "roc_auc", figures->roc_auc);
  set_number (object, "f1", figures->decision.f1);
  set_number (object, "precision", figures->decision.precision);
  set_number (object, "recall", figures->decision.recall);
  set_number (object, "avg_precision", figures->average_precision);
  json_object_set_object_member (object, "concept", new_concept (fovea_labels_get (self->labels, concept)));
  add_curves (object, curve);
  if (figures->n_positive > 0)
    {
      double precision = figures->decision.precision;

      mean_add (&averages->roc_auc, figures->roc_auc);
      mean_add (&averages->f1, figures->decision.f1);
      mean_add (&averages->precision, isnan (precision) ? 0.0 : precision); /* never said: none of it right */
      mean_add (&averages->recall, figures->decision.recall);
      mean_add (&averages->average_precision, figures->average_precision);
    }
  return object;
}

static JsonObject *
make_summary (FoveaEvaluation *self, const Averages *averages)
{
  JsonObject *summary = json_object_new ();
  FoveaAccuracy top1 = fovea_evaluation_get_accuracy (self, 1), top5 = fovea_evaluation_get_accuracy (self, 5);

  json_object_set_double_member (summary, "top1_accuracy", top1.value);
  json_object_set_double_member (summary, "top1_accuracy_low", top1.low);
  json_object_set_double_member (summary, "top1_accuracy_high", top1.high);
  json_object_set_double_member (summary, "top5_accuracy", top5.value);
  json_object_set_int_member (summary, "num_correct", (gint64) top1.n_right);
  json_object_set_int_member (summary, "num_tot", (gint64) top1.n);
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
make_label_counts (const FoveaEvaluation *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *counts = json_array_new ();

  for (guint c = 0; c < self->k; c++)
    {
      const FoveaLabel *label = fovea_labels_get (self->labels, c);
      JsonObject *entry = json_object_new ();
      json_object_set_string_member (entry, "concept_name", label->name);
      json_object_set_int_member (entry, "count", (gint64) self->figures[c].n_positive);
      json_object_set_object_member (entry, "concept", new_concept (label));
      json_array_add_object_element (counts, entry);
    }
  json_object_set_array_member (object, "positive_label_counts", counts);
  return object;
}

static JsonArray *
make_test_set (FoveaEvaluation *self, const char *const *row_ids)
{
  JsonArray *rows = json_array_new ();

  for (gsize i = 0; i < self->n_rows; i++)
    {
      JsonObject *row, *input, *best;
      JsonArray *truth, *predicted;

      if (!fovea_evaluation_is_known (self, i))
        continue;
      row = json_object_new ();
      input = json_object_new ();
      truth = json_array_new ();
      predicted = json_array_new ();
      json_object_set_string_member (input, "id", row_ids[i]);
      json_object_set_object_member (row, "input", input);
      best = new_concept (fovea_labels_get (self->labels, self->answers[i]));
      json_object_set_double_member (best, "value", (double) fovea_evaluation_get_probability (self, i, self->answers[i]));
      json_array_add_object_element (predicted, best);
      for (guint c = 0; c < self->k; c++)
        if (fovea_evaluation_get_said (self, i, c) != 0)
          {
            JsonObject *concept = new_concept (fovea_labels_get (self->labels, c));

            json_object_set_int_member (concept, "value", fovea_evaluation_get_said (self, i, c) > 0);
            json_array_add_object_element (truth, concept);
          }
      json_object_set_array_member (row, "predicted_concepts", predicted);
      json_object_set_array_member (row, "ground_truth_concepts", truth);
      json_array_add_object_element (rows, row);
    }
  return rows;
}

JsonNode *
fovea_eval_metrics_dup_json (FoveaEvaluation *self, const char *id, const char *const *row_ids)
{
  g_autoptr (JsonObject) object = json_object_new ();
  JsonArray *binary = json_array_new ();
  Averages averages = { 0 };

  for (guint c = 0; c < self->k; c++)
    json_array_add_object_element (binary, make_binary (self, c, &averages));
  json_object_set_string_member (object, "id", id);
  json_object_set_object_member (object, "summary", make_summary (self, &averages));
  json_object_set_object_member (object, "confusion_matrix", make_confusion (self));
  json_object_set_object_member (object, "label_counts", make_label_counts (self));
  json_object_set_array_member (object, "binary_metrics", binary);
  if (row_ids != NULL)
    json_object_set_array_member (object, "test_set", make_test_set (self, row_ids));
  return json_node_init_object (json_node_alloc (), object);
}

static void
add_retrieval (JsonObject *object, const FoveaRetrieval *figures)
{
  set_number (object, "recall_at_1", figures->recall_at_1);
  set_number (object, "recall_at_5", figures->recall_at_5);
  set_number (object, "r_precision", figures->r_precision);
  set_number (object, "map_at_r", figures->map_at_r);
  json_object_set_int_member (object, "num_correct", (gint64) figures->n_found_1);
  json_object_set_int_member (object, "num_tot", (gint64) figures->n);
}

JsonNode *
fovea_retrieval_metrics_dup_json (FoveaEvaluation *nearest, const FoveaRetrieval *figures, const char *id, const char *const *row_ids)
{
  g_autoptr (JsonObject) object = json_object_new ();
  JsonObject *summary = json_object_new ();
  JsonArray *classes = json_array_new ();
  double low, high;

  fovea_metrics_wilson (figures[nearest->k].n_found_1, figures[nearest->k].n, 1.96, &low, &high);
  add_retrieval (summary, &figures[nearest->k]);
  json_object_set_double_member (summary, "recall_at_1_low", low);
  json_object_set_double_member (summary, "recall_at_1_high", high);
  for (guint c = 0; c < nearest->k; c++)
    {
      JsonObject *one = json_object_new ();

      json_object_set_object_member (one, "concept", new_concept (fovea_labels_get (nearest->labels, c)));
      add_retrieval (one, &figures[c]);
      json_array_add_object_element (classes, one);
    }
  json_object_set_string_member (object, "id", id);
  json_object_set_object_member (object, "summary", summary);
  json_object_set_object_member (object, "confusion_matrix", make_confusion (nearest));
  json_object_set_object_member (object, "label_counts", make_label_counts (nearest));
  json_object_set_array_member (object, "metrics_by_class", classes);
  if (row_ids != NULL)
    json_object_set_array_member (object, "test_set", make_test_set (nearest, row_ids));
  return json_node_init_object (json_node_alloc (), object);
}
