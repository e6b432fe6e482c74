/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Figures of merit, as pure functions on arrays. Thread: any. Notation: n examples, c concepts;
 *   scores  [n, c] or [n]  float, larger = more probable (probabilities where it says so); no NaN
 *   truth   [n]            gint32, the right concept, 0 … c−1 (negative: not labelled, the example is left out)
 *   labels  [n]            guint8, 1 = has the concept, 0 = has not
 * A figure with nothing to measure (no positive, no example) is NaN, never 0. */

/* |{i : truth_i is among the k best of scores_i}| / n. Ties count against: a concept scored as high as the right one
 * ranks above it when its index is smaller (as argmax chooses). k = 1: accuracy. */
double fovea_metrics_top_k (const float *scores, const gint32 *truth, gsize n, int c, int k);

/* ret_matrix [c, c]: row = truth, column = best-scored concept (the first of equals). */
void fovea_metrics_confusion (const float *scores, const gint32 *truth, gsize n, int c, guint32 *ret_matrix);

typedef struct {
  guint32 n_true;      /* examples with the concept */
  guint32 n_predicted; /* examples given the concept */
  guint32 n_right;     /* both */
  double precision;    /* n_right / n_predicted */
  double recall;       /* n_right / n_true */
  double f1;           /* 2 n_right / (n_true + n_predicted) */
} FoveaConceptMetrics;

/* One a concept from a confusion matrix [c, c]; concepts_metrics [c]. */
void fovea_metrics_from_confusion (const guint32 *matrix, int c, FoveaConceptMetrics *ret_metrics);

/* The same for one concept from its scores: predicted where score ≥ @threshold. */
FoveaConceptMetrics fovea_metrics_at_threshold (const float *scores, const guint8 *labels, gsize n, float threshold);

/* One point for each different score: everything scored ≥ @threshold is taken for positive. */
typedef struct {
  float threshold;
  double tpr, fpr;          /* true positives / positives; false positives / negatives */
  double precision, recall; /* true positives / taken; recall = tpr */
} FoveaCurvePoint;

/* GArray of FoveaCurvePoint from the highest threshold (+∞, where nothing is taken: tpr 0, fpr 0, precision 1) to the
 * lowest.
 * Serves as ROC curve and as precision-recall curve. Source: Fawcett, "An introduction to ROC analysis", 2006,
 * algorithm 1. */
GArray *fovea_metrics_curve (const float *scores, const guint8 *labels, gsize n) G_GNUC_WARN_UNUSED_RESULT;

/* Area under the ROC curve = P (score of a positive > of a negative) + ½ P (equal); trapezoids over the curve's
 * points. */
double fovea_metrics_auc (const float *scores, const guint8 *labels, gsize n);

/* Average precision = Σ_t (recall_t − recall_{t−1}) · precision_t over the curve's points, no interpolation
 * (scikit-learn's average_precision_score; Manning, Raghavan, Schütze, "Introduction to Information Retrieval",
 * 8.4). */
double fovea_metrics_average_precision (const float *scores, const guint8 *labels, gsize n);

/* Wilson's interval for a rate of @successes out of @n, at @z standard deviations (1.96: 95 %).
 *   (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)      Source: E. B. Wilson, JASA 22 (1927), 209-212.
 * [0, 1] when n = 0. */
void fovea_metrics_wilson (guint64 successes, guint64 n, double z, double *ret_low, double *ret_high);

/* −(1/n) Σ ln p[i, truth_i], probabilities clipped to [1e-7, 1]. */
double fovea_metrics_log_loss (const float *probabilities, const gint32 *truth, gsize n, int c);

/* −(1/n) Σ (y ln p + (1 − y) ln (1 − p)), probabilities clipped to [1e-7, 1 − 1e-7]. */
double fovea_metrics_binary_log_loss (const float *probabilities, const guint8 *labels, gsize n);

/* Expected calibration error in @n_bins equal bins of the best concept's probability:
 *   Σ_b (n_b / n) · |accuracy_b − mean probability_b|      Source: Guo et al., "On Calibration of Modern Neural
 *   Networks", 2017. */
double fovea_metrics_calibration_error (const float *probabilities, const gint32 *truth, gsize n, int c, int n_bins);

G_END_DECLS
