/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/metrics.h"

#include <math.h>

/* Three concepts; best: 0, 2, 1 (tie with 2, the first of equals), 1. */
static const float scores[4 * 3] = { 0.7f, 0.2f, 0.1f, 0.1f, 0.3f, 0.6f, 0.2f, 0.4f, 0.4f, 0.3f, 0.5f, 0.2f };
static const gint32 truth[4] = { 0, 1, 2, 1 };

static void
test_top_k (void)
{
  const gint32 unlabelled[4] = { -1, -1, -1, -1 };
  const gint32 some[4] = { 0, -1, -1, 0 };

  g_assert_cmpfloat (fovea_metrics_top_k (scores, truth, 4, 3, 1), ==, 0.5);
  g_assert_cmpfloat (fovea_metrics_top_k (scores, truth, 4, 3, 2), ==, 1.0);
  g_assert_cmpfloat (fovea_metrics_top_k (scores, some, 4, 3, 1), ==, 0.5);
  g_assert_true (isnan (fovea_metrics_top_k (scores, unlabelled, 4, 3, 1)));
}

static void
test_confusion (void)
{
  const guint32 expected[9] = { 1, 0, 0, 0, 1, 1, 0, 1, 0 };
  FoveaConceptMetrics metrics[3];
  guint32 matrix[9];

  fovea_metrics_confusion (scores, truth, 4, 3, matrix);
  for (int i = 0; i < 9; i++)
    g_assert_cmpuint (matrix[i], ==, expected[i]);
  fovea_metrics_from_confusion (matrix, 3, metrics);
  g_assert_cmpfloat (metrics[0].f1, ==, 1.0);
  g_assert_cmpfloat (metrics[1].precision, ==, 0.5);
  g_assert_cmpfloat (metrics[1].recall, ==, 0.5);
  g_assert_cmpuint (metrics[2].n_true, ==, 1);
  g_assert_cmpfloat (metrics[2].recall, ==, 0.0);
  g_assert_cmpfloat (metrics[2].f1, ==, 0.0);
}

static void
test_absent_concept_is_nan (void)
{
  const guint32 matrix[4] = { 3, 0, 0, 0 };
  FoveaConceptMetrics metrics[2];

  fovea_metrics_from_confusion (matrix, 2, metrics);
  g_assert_true (isnan (metrics[1].precision));
  g_assert_true (isnan (metrics[1].recall));
  g_assert_true (isnan (metrics[1].f1));
}

/* Ranked + − + − (with 0.5 shared by a positive and a negative): pairs won 3 + ½ of 4. */
static const float binary[5] = { 0.9f, 0.5f, 0.5f, 0.1f, 0.8f };
static const guint8 labels[5] = { 1, 1, 0, 0, 1 };

static void
test_curve (void)
{
  g_autoptr (GArray) curve = fovea_metrics_curve (binary, labels, 5);
  const FoveaCurvePoint *points = (const FoveaCurvePoint *) (void *) curve->data;

  g_assert_cmpuint (curve->len, ==, 5);
  g_assert_true (isinf (points[0].threshold));
  g_assert_cmpfloat (points[0].precision, ==, 1.0);
  g_assert_cmpfloat (points[1].threshold, ==, 0.9f);
  g_assert_cmpfloat_with_epsilon (points[1].tpr, 1.0 / 3.0, 1e-12);
  g_assert_cmpfloat (points[3].fpr, ==, 0.5);
  g_assert_cmpfloat (points[3].precision, ==, 0.75);
  g_assert_cmpfloat (points[4].fpr, ==, 1.0);
  /* 6 pairs: 0.9 and 0.8 win twice each, 0.5 wins once and draws once. */
  g_assert_cmpfloat_with_epsilon (fovea_metrics_auc (binary, labels, 5), 5.5 / 6.0, 1e-12);
  /* 1/3 · 1 + 1/3 · 1 + 1/3 · 3/4 */
  g_assert_cmpfloat_with_epsilon (fovea_metrics_average_precision (binary, labels, 5), 11.0 / 12.0, 1e-12);
}

static void
test_one_class_is_nan (void)
{
  const guint8 all[2] = { 1, 1 }, none[2] = { 0, 0 };

  g_assert_true (isnan (fovea_metrics_auc (binary, all, 2)));
  g_assert_true (isnan (fovea_metrics_auc (binary, none, 2)));
  g_assert_true (isnan (fovea_metrics_average_precision (binary, none, 2)));
  g_assert_true (isnan (fovea_metrics_auc (binary, all, 0)));
}

static void
test_threshold (void)
{
  FoveaConceptMetrics metrics = fovea_metrics_at_threshold (binary, labels, 5, 0.5f);

  g_assert_cmpuint (metrics.n_predicted, ==, 4);
  g_assert_cmpuint (metrics.n_right, ==, 3);
  g_assert_cmpfloat (metrics.precision, ==, 0.75);
  g_assert_cmpfloat (metrics.recall, ==, 1.0);
}

/* 8 of 10 at 95 %: Wilson's published example values 0.4902, 0.9433. */
static void
test_wilson (void)
{
  double low, high;

  fovea_metrics_wilson (8, 10, 1.959963985, &low, &high);
  g_assert_cmpfloat_with_epsilon (low, 0.4901625, 1e-6);
  g_assert_cmpfloat_with_epsilon (high, 0.9433178, 1e-6);
  fovea_metrics_wilson (0, 10, 1.959963985, &low, &high);
  g_assert_cmpfloat (low, ==, 0.0);
  g_assert_cmpfloat_with_epsilon (high, 0.2775328, 1e-6);
  fovea_metrics_wilson (0, 0, 1.96, &low, &high);
  g_assert_cmpfloat (high - low, ==, 1.0);
}

static void
test_log_loss (void)
{
  const float certain[2] = { 1.0f, 0.0f };
  const guint8 wrong[2] = { 1, 1 };
  double expected = -(log (0.7) + log (0.3) + log (0.4) + log (0.5)) / 4.0;

  g_assert_cmpfloat_with_epsilon (fovea_metrics_log_loss (scores, truth, 4, 3), expected, 1e-6);
  g_assert_cmpfloat_with_epsilon (fovea_metrics_binary_log_loss (certain, wrong, 2), -log (1e-7) / 2.0, 1e-4);
}

static void
test_calibration (void)
{
  /* Two bins: [0, ½) has 0.4 (wrong), [½, 1] has 0.7 right, 0.6 wrong, 0.5 right. */
  double expected = (0.4 + fabs (2.0 - 1.8)) / 4.0;

  g_assert_cmpfloat_with_epsilon (fovea_metrics_calibration_error (scores, truth, 4, 3, 2), expected, 1e-6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vision/metrics/top-k", test_top_k);
  g_test_add_func ("/vision/metrics/confusion", test_confusion);
  g_test_add_func ("/vision/metrics/absent-concept-is-nan", test_absent_concept_is_nan);
  g_test_add_func ("/vision/metrics/curve", test_curve);
  g_test_add_func ("/vision/metrics/one-class-is-nan", test_one_class_is_nan);
  g_test_add_func ("/vision/metrics/threshold", test_threshold);
  g_test_add_func ("/vision/metrics/wilson", test_wilson);
  g_test_add_func ("/vision/metrics/log-loss", test_log_loss);
  g_test_add_func ("/vision/metrics/calibration", test_calibration);
  return g_test_run ();
}
