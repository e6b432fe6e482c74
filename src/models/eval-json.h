/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "models/evaluation.h"
#include "models/retrieval.h"

G_BEGIN_DECLS

/**
 * One EvalMetrics object of CLARIFAI.md §3: summary (top1_accuracy with top1_accuracy_low and _high, the 95 % Wilson
 * interval, top5_accuracy, macro averages and their deviations over concepts), confusion_matrix
 * ({"matrix":[{"predicted", "actual","value"}], "concept_ids"}: share of the actual concept's rows; "count" is the
 * number), label_counts, binary_metrics per concept with ROC and precision-recall curves (at most 101 points each),
 * test_set where @row_ids (nullable) [n_rows] names the rows. Concepts without a positive have no ROC area or average
 * precision (null) and stay out of the averages. @id: of the object.
 */
JsonNode *fovea_eval_metrics_dup_json (FoveaEvaluation *evaluation, const char *id, const char *const *row_ids) G_GNUC_WARN_UNUSED_RESULT;

/**
 * The same of an embedder: summary (recall_at_1 with recall_at_1_low and _high, recall_at_5, r_precision, map_at_r, num_correct,
 * num_tot: pictures with something to find), confusion_matrix and label_counts of @nearest
 * (fovea_retrieval_dup_evaluation()), metrics_by_class
 * ([{"concept","recall_at_1","recall_at_5","r_precision","map_at_r","num_correct","num_tot"}], null where there is nothing to find),
 * and test_set as above.
 * @figures: of @nearest's concepts, then of all (fovea_retrieval_sum_concepts()).
 */
JsonNode *fovea_retrieval_metrics_dup_json (FoveaEvaluation *nearest, const FoveaRetrieval *figures, const char *id,
                                            const char *const *row_ids) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
