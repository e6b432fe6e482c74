/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "models/label.h"

G_BEGIN_DECLS

typedef struct {
  gsize n_rows;
  GPtrArray *labels;          /* of FoveaLabel, k */
  const float *probabilities; /* [n_rows, k] */
  const gint8 *truth;         /* [n_rows, k]: 1, −1, 0 unknown; rows without any known label are passed over */
  gboolean exclusive;         /* 0 of a row with a positive counts as negative */
  gboolean assume_negatives;  /* independent: the same */
  const char *const *row_ids; /* (nullable) [n_rows]: then "test_set" lists each row */
} FoveaEvalData;

/**
 * One EvalMetrics object of CLARIFAI.md §3: summary (top1_accuracy with top1_accuracy_low and _high, the 95 % Wilson
 * interval, top5_accuracy, macro averages and their deviations over concepts), confusion_matrix
 * ({"matrix":[{"predicted",
 * "actual","value"}], "concept_ids"}: share of the actual concept's rows; "count" is the number), label_counts,
 * binary_metrics per concept with ROC and precision-recall curves (at most 101 points each), test_set. Concepts
 * without a positive have no ROC area or average precision (null) and stay out of the averages. Precision, recall and
 * F1 are of the most probable concept (exclusive), or of all from 0.5 up. @id: of the object.
 */
JsonNode *fovea_eval_metrics_dup_json (const FoveaEvalData *data, const char *id) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
