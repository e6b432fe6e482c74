/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/head-gram.h"
#include "models/head-trainer.h"

G_BEGIN_DECLS

/* What cross-validation of one kind of views gives. */
typedef struct {
  GArray *scores;      /* of FoveaHeadScore, one a C */
  float **predictions; /* [n_c][n_rows, n_concepts]: held-out probabilities, in the rows of the data */
  guint n_c;
} FoveaHeadCv;

void fovea_head_cv_free (FoveaHeadCv *cv);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaHeadCv, fovea_head_cv_free)

/**
 * fovea_head_cross_validate:
 * @gram: up to date
 * @rows: (array length=n_rows) rows of the data that take part; @position: where they are in @gram
 * @fold: by row of the data
 *
 * Each fold walks up @cs (ascending), every fit starting from the last. Folds run side by side on @n_threads threads.
 */
FoveaHeadCv *fovea_head_cross_validate (const FoveaHeadData *data, const FoveaHeadOptions *options, const FoveaHeadGram *gram,
                                        const gsize *rows, const gsize *position, gsize n_rows, const int *fold, guint n_folds,
                                        const double *cs, guint n_cs, guint n_threads, GCancellable *cancellable,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Top-1 and the other figures of held-out @predictions; fills all but views and C. @ret_correct: (nullable). */
void fovea_head_cv_score (const FoveaHeadData *data, const FoveaHeadOptions *options, const int *fold, const float *predictions,
                          FoveaHeadScore *ret_score, gsize *ret_evaluated, gsize *ret_correct);

G_END_DECLS
