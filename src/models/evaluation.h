/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "models/label.h"
#include "vision/metrics.h"

G_BEGIN_DECLS

/* What an evaluation is made of; arrays are borrowed by the call that takes it. */
typedef struct {
  gsize n_rows;
  GPtrArray *labels;          /* of FoveaLabel, k */
  const float *probabilities; /* [n_rows, k] */
  const gint8 *truth;         /* [n_rows, k]: 1, −1, 0 unknown; rows without any known label are passed over */
  gboolean exclusive;         /* 0 of a row with a positive counts as negative */
  gboolean assume_negatives;  /* independent: the same */
  const gint64 *ids;          /* (nullable) [n_rows]: of the pictures, in the project */
  const char *split;          /* (nullable) NULL: every row as a model said that had not seen it (K-fold) */
} FoveaEvalData;

/**
 * FoveaEvaluation:
 *
 * What a model said of pictures and what is true of them, row by row, and the figures that follow. Every figure can
 * name its pictures. Immutable, counted atomically, any thread.
 *
 * Notation: a row's truth in a concept is 1 (has it), −1 (has it not; also what @exclusive or @assume_negatives fill
 * in) or 0 (not known). Its answer is the most probable concept (the first of equals). A row counts for the accuracy
 * when it has a concept at all; the answer is right when it is one of the row's.
 */
typedef struct _FoveaEvaluation FoveaEvaluation;

FoveaEvaluation *fovea_evaluation_new (const FoveaEvalData *data) G_GNUC_WARN_UNUSED_RESULT;
FoveaEvaluation *fovea_evaluation_ref (FoveaEvaluation *self);
void             fovea_evaluation_unref (FoveaEvaluation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaEvaluation, fovea_evaluation_unref)

/* Kept with a version, so that figures still lead to pictures after a restart. Reading believes nothing: MALFORMED. */
GBytes          *fovea_evaluation_to_bytes (FoveaEvaluation *self) G_GNUC_WARN_UNUSED_RESULT;
FoveaEvaluation *fovea_evaluation_new_from_bytes (GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- rows ---- */

gsize       fovea_evaluation_get_n_rows (FoveaEvaluation *self);
const char *fovea_evaluation_get_split (FoveaEvaluation *self); /* (nullable): K-fold */
gboolean    fovea_evaluation_get_exclusive (FoveaEvaluation *self);
gint64      fovea_evaluation_get_id (FoveaEvaluation *self, gsize row); /* 0 when none were given */
int         fovea_evaluation_get_truth (FoveaEvaluation *self, gsize row, guint concept);
int         fovea_evaluation_get_said (FoveaEvaluation *self, gsize row, guint concept); /* truth without what was filled in */
float       fovea_evaluation_get_probability (FoveaEvaluation *self, gsize row, guint concept);
guint       fovea_evaluation_get_answer (FoveaEvaluation *self, gsize row);
gboolean    fovea_evaluation_is_known (FoveaEvaluation *self, gsize row);  /* any label */
gboolean    fovea_evaluation_is_counted (FoveaEvaluation *self, gsize row); /* has a concept */
gboolean    fovea_evaluation_is_right (FoveaEvaluation *self, gsize row);

/* ---- concepts ---- */

guint       fovea_evaluation_get_n_concepts (FoveaEvaluation *self);
GPtrArray  *fovea_evaluation_get_labels (FoveaEvaluation *self); /* of FoveaLabel; borrowed */
const char *fovea_evaluation_get_concept_name (FoveaEvaluation *self, guint concept);

typedef struct {
  gsize n_positive, n_negative;
  FoveaConceptMetrics decision; /* exclusive: of the answer; independent: of everything from 0.5 up */
  double roc_auc, average_precision; /* NaN where there is nothing to measure */
} FoveaConceptFigures;

const FoveaConceptFigures *fovea_evaluation_get_figures (FoveaEvaluation *self, guint concept);

/* ---- accuracy ---- */

typedef struct {
  guint64 n_right, n;
  double value, low, high; /* share and its 95 % Wilson interval; 0, 0, 1 when n is 0 */
} FoveaAccuracy;

/* A row is right when one of its concepts is among the @top most probable. */
FoveaAccuracy fovea_evaluation_get_accuracy (FoveaEvaluation *self, guint top);

/* Rows whose answer is right, or wrong. All _dup_ids functions: (array of gint64), in order of rows. */
GArray *fovea_evaluation_dup_ids (FoveaEvaluation *self, gboolean right) G_GNUC_WARN_UNUSED_RESULT;

/* ---- confusion ---- */

/* Rows that have @actual and are answered with @predicted; a row with several concepts counts under each,
 * but under its answer alone when that is right. */
guint32 fovea_evaluation_get_count (FoveaEvaluation *self, guint actual, guint predicted);
GArray *fovea_evaluation_dup_cell_ids (FoveaEvaluation *self, guint actual, guint predicted) G_GNUC_WARN_UNUSED_RESULT;

/* Rows that have @concept, or (@predicted) are answered with it, whatever the other side says. */
GArray *fovea_evaluation_dup_concept_ids (FoveaEvaluation *self, guint concept, gboolean predicted) G_GNUC_WARN_UNUSED_RESULT;

/* Mistakes of the concept's decision (see FoveaConceptFigures): @missed: has it, not said (n_true − n_right); else said, has it not
 * (n_predicted − n_right). */
GArray *fovea_evaluation_dup_mistake_ids (FoveaEvaluation *self, guint concept, gboolean missed) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
  guint actual, predicted;
  guint32 count;
} FoveaConfusion;

/* (array of FoveaConfusion): pairs of different concepts, most frequent first, at most @max. */
GArray *fovea_evaluation_dup_confusions (FoveaEvaluation *self, guint max) G_GNUC_WARN_UNUSED_RESULT;

/* ---- a concept's rows in order of its probability ---- */

typedef struct {
  guint n, n_positive;
  guint32 *rows;       /* [n] most probable first */
  float *scores;       /* [n] */
  guint32 *n_right;    /* [n + 1]: positives among the first i */
} FoveaRanking;

FoveaRanking *fovea_evaluation_rank (FoveaEvaluation *self, guint concept) G_GNUC_WARN_UNUSED_RESULT;
void          fovea_ranking_free (FoveaRanking *ranking);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaRanking, fovea_ranking_free)

/* How many rows have @threshold or more. */
guint fovea_ranking_cut (const FoveaRanking *ranking, double threshold);

/* Precision, recall, F1 when those from @threshold up are taken. NaN as in metrics.h. */
FoveaConceptMetrics fovea_ranking_decide (const FoveaRanking *ranking, double threshold);

/* The threshold of the best F1 (the highest one of equals); 0.5 without a positive. */
double fovea_ranking_best_threshold (const FoveaRanking *ranking);

/* Ids of rows [from, to) of the ranking. */
GArray *fovea_evaluation_dup_ranked_ids (FoveaEvaluation *self, const FoveaRanking *ranking, guint from, guint to) G_GNUC_WARN_UNUSED_RESULT;

/* ---- reliability ---- */

#define FOVEA_N_RELIABILITY_BINS 10

typedef struct {
  guint n, n_right;
  double mean; /* probability; NaN when empty */
} FoveaReliabilityBin;

/* Bin b holds the counted rows whose answer has a probability in [b/10, (b+1)/10); 1 belongs to the last. */
void    fovea_evaluation_get_reliability (FoveaEvaluation *self, FoveaReliabilityBin ret_bins[FOVEA_N_RELIABILITY_BINS]);
GArray *fovea_evaluation_dup_bin_ids (FoveaEvaluation *self, guint bin) G_GNUC_WARN_UNUSED_RESULT;

/* Σ_b (n_b / n) |right_b / n_b − mean_b|; NaN without rows. Source: Guo et al. 2017. */
double fovea_evaluation_get_calibration_error (FoveaEvaluation *self);

/* ---- two evaluations ---- */

/* Of the pictures that both looked at: each (array of gint64). */
typedef struct {
  gsize n;             /* pictures in both */
  GArray *fixed;       /* wrong in the first, right in the second */
  GArray *broken;      /* right in the first, wrong in the second */
  GArray *both_wrong;
  GArray *changed;     /* another answer, whether right or wrong */
} FoveaEvaluationChanges;

FoveaEvaluationChanges *fovea_evaluation_compare (FoveaEvaluation *first, FoveaEvaluation *second) G_GNUC_WARN_UNUSED_RESULT;
void                    fovea_evaluation_changes_free (FoveaEvaluationChanges *changes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaEvaluationChanges, fovea_evaluation_changes_free)

G_END_DECLS
