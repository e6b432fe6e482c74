/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Whether concept @a comes before concept @b in the order of the scores. */
static gboolean
ranks_before (const float *scores, int a, int b)
{
  return scores[a] > scores[b] || (!(scores[a] < scores[b]) && a < b);
}

static int
best_concept (const float *scores, int c)
{
  int best = 0;

  for (int j = 1; j < c; j++)
    if (scores[j] > scores[best])
      best = j;
  return best;
}

double
fovea_metrics_top_k (const float *scores, const gint32 *truth, gsize n, int c, int k)
{
  gsize right = 0, counted = 0;

  for (gsize i = 0; i < n; i++)
    {
      const float *row = scores + i * (gsize) c;
      int before = 0;

      if (truth[i] < 0 || truth[i] >= c)
        continue;
      for (int j = 0; j < c && before < k; j++)
        if (j != truth[i] && ranks_before (row, j, truth[i]))
          before++;
      counted++;
      right += before < k;
    }
  return counted > 0 ? (double) right / (double) counted : (double) NAN;
}

void
fovea_metrics_confusion (const float *scores, const gint32 *truth, gsize n, int c, guint32 *ret_matrix)
{
  memset (ret_matrix, 0, sizeof *ret_matrix * (gsize) c * (gsize) c);
  for (gsize i = 0; i < n; i++)
    if (truth[i] >= 0 && truth[i] < c)
      ret_matrix[(gsize) truth[i] * (gsize) c + (gsize) best_concept (scores + i * (gsize) c, c)]++;
}

static FoveaConceptMetrics
from_counts (guint32 n_true, guint32 n_predicted, guint32 n_right)
{
  FoveaConceptMetrics metrics = { n_true, n_predicted, n_right, (double) NAN, (double) NAN, (double) NAN };

  if (n_predicted > 0)
    metrics.precision = (double) n_right / (double) n_predicted;
  if (n_true > 0)
    metrics.recall = (double) n_right / (double) n_true;
  if (n_true + n_predicted > 0)
    metrics.f1 = 2.0 * (double) n_right / ((double) n_true + (double) n_predicted);
  return metrics;
}

void
fovea_metrics_from_confusion (const guint32 *matrix, int c, FoveaConceptMetrics *ret_metrics)
{
  for (int j = 0; j < c; j++)
    {
      guint32 row = 0, column = 0;

      for (int l = 0; l < c; l++)
        {
          row += matrix[j * c + l];
          column += matrix[l * c + j];
        }
      ret_metrics[j] = from_counts (row, column, matrix[j * c + j]);
    }
}

FoveaConceptMetrics
fovea_metrics_at_threshold (const float *scores, const guint8 *labels, gsize n, float threshold)
{
  guint32 n_true = 0, n_predicted = 0, n_right = 0;

  for (gsize i = 0; i < n; i++)
    {
      gboolean taken = scores[i] >= threshold;

      n_true += labels[i] != 0;
      n_predicted += taken;
      n_right += taken && labels[i] != 0;
    }
  return from_counts (n_true, n_predicted, n_right);
}

typedef struct {
  float score;
  guint8 label;
} Scored;

static int
compare_descending (const void *a, const void *b)
{
  float x = ((const Scored *) a)->score, y = ((const Scored *) b)->score;

  return (x < y) - (x > y);
}

static void
append_point (GArray *curve, float threshold, gsize tp, gsize fp, gsize positives, gsize negatives)
{
  FoveaCurvePoint point;

  point.threshold = threshold;
  point.tpr = positives > 0 ? (double) tp / (double) positives : (double) NAN;
  point.fpr = negatives > 0 ? (double) fp / (double) negatives : (double) NAN;
  point.precision = tp + fp > 0 ? (double) tp / (double) (tp + fp) : 1.0;
  point.recall = point.tpr;
  g_array_append_val (curve, point);
}

GArray *
fovea_metrics_curve (const float *scores, const guint8 *labels, gsize n)
{
  GArray *curve = g_array_new (FALSE, FALSE, sizeof (FoveaCurvePoint));
  g_autofree Scored *sorted = g_new (Scored, n);
  gsize positives = 0, tp = 0, fp = 0;

  for (gsize i = 0; i < n; i++)
    {
      sorted[i].score = scores[i];
      sorted[i].label = labels[i] != 0;
      positives += sorted[i].label;
    }
  if (n > 0)
    qsort (sorted, n, sizeof *sorted, compare_descending);

  append_point (curve, INFINITY, 0, 0, positives, n - positives);
  for (gsize i = 0; i < n; i++)
    {
      tp += sorted[i].label;
      fp += !sorted[i].label;
      /* Equal scores are taken together: no threshold lies between them. */
      if (i + 1 == n || sorted[i + 1].score < sorted[i].score)
        append_point (curve, sorted[i].score, tp, fp, positives, n - positives);
    }
  return curve;
}

double
fovea_metrics_auc (const float *scores, const guint8 *labels, gsize n)
{
  g_autoptr (GArray) curve = fovea_metrics_curve (scores, labels, n);
  double area = 0.0;

  for (guint i = 1; i < curve->len; i++)
    {
      const FoveaCurvePoint *a = &g_array_index (curve, FoveaCurvePoint, i - 1);
      const FoveaCurvePoint *b = a + 1;

      area += (b->fpr - a->fpr) * (a->tpr + b->tpr) / 2.0;
    }
  return curve->len > 1 ? area : (double) NAN;
}

double
fovea_metrics_average_precision (const float *scores, const guint8 *labels, gsize n)
{
  g_autoptr (GArray) curve = fovea_metrics_curve (scores, labels, n);
  double sum = 0.0;

  for (guint i = 1; i < curve->len; i++)
    {
      const FoveaCurvePoint *a = &g_array_index (curve, FoveaCurvePoint, i - 1);
      const FoveaCurvePoint *b = a + 1;

      sum += (b->recall - a->recall) * b->precision;
    }
  return curve->len > 1 ? sum : (double) NAN;
}

void
fovea_metrics_wilson (guint64 successes, guint64 n, double z, double *ret_low, double *ret_high)
{
  double total = (double) n, p, z2 = z * z, middle, half;

  if (n == 0)
    {
      *ret_low = 0.0;
      *ret_high = 1.0;
      return;
    }
  p = (double) successes / total;
  middle = (p + z2 / (2.0 * total)) / (1.0 + z2 / total);
  half = z * sqrt (p * (1.0 - p) / total + z2 / (4.0 * total * total)) / (1.0 + z2 / total);
  *ret_low = MAX (0.0, middle - half);
  *ret_high = MIN (1.0, middle + half);
}

double
fovea_metrics_log_loss (const float *probabilities, const gint32 *truth, gsize n, int c)
{
  double sum = 0.0;
  gsize counted = 0;

  for (gsize i = 0; i < n; i++)
    {
      if (truth[i] < 0 || truth[i] >= c)
        continue;
      sum -= log (CLAMP ((double) probabilities[i * (gsize) c + (gsize) truth[i]], 1e-7, 1.0));
      counted++;
    }
  return counted > 0 ? sum / (double) counted : (double) NAN;
}

double
fovea_metrics_binary_log_loss (const float *probabilities, const guint8 *labels, gsize n)
{
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    {
      double p = CLAMP ((double) probabilities[i], 1e-7, 1.0 - 1e-7);

      sum -= labels[i] != 0 ? log (p) : log (1.0 - p);
    }
  return n > 0 ? sum / (double) n : (double) NAN;
}

double
fovea_metrics_calibration_error (const float *probabilities, const gint32 *truth, gsize n, int c, int n_bins)
{
  g_autofree double *surplus = g_new0 (double, n_bins); /* Σ (right − probability) in the bin */
  gsize counted = 0;
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    {
      const float *row = probabilities + i * (gsize) c;
      int best, bin;

      if (truth[i] < 0 || truth[i] >= c)
        continue;
      best = best_concept (row, c);
      bin = CLAMP ((int) ((double) row[best] * n_bins), 0, n_bins - 1);
      surplus[bin] += (best == truth[i] ? 1.0 : 0.0) - (double) row[best];
      counted++;
    }
  for (int b = 0; b < n_bins; b++)
    sum += fabs (surplus[b]);
  return counted > 0 ? sum / (double) counted : (double) NAN;
}
