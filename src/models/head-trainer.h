/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "models/head.h"

G_BEGIN_DECLS

/**
 * FoveaHeadTrainer:
 *
 * Fits heads on stored vectors, to the optimum of scikit-learn's logistic regression:
 *
 *   min over W, b   C · Σ_i s_i · loss (W x_i + b, y_i) + ½ ‖W‖²         (the bias is not penalised)
 *
 *   exclusive:    loss = −Σ_c t_ic log p_ic, t_i = 1 shared by the row's positive concepts (normally one); rows
 *   without a
 *                 positive teach nothing. For two concepts this is the two-column softmax, which equals the usual
 *                 one-column form with C doubled.
 *   independent:  loss = Σ_c of the binary cross entropies of the labels that are known. A label of 0 is "unknown"
 *   and is
 *                 left out, or taken as a negative when @assume_negatives is set and the row has a positive for another
 *                 concept or an explicit negative.
 *   s_i:          1, or with @balanced n / (k · n_c) of the row's concept (independent: n / (2 · n_positive) and
 *                 n / (2 · n_negative) for each concept).
 *
 * A concept without positives gets probability 0 (W = 0, b = −16). An independent concept without negatives gets the
 * constant (n + 1) / (n + 2). Works from one example a concept on.
 *
 * The solver is L-BFGS in the space that the rows span (a Gram matrix of the centred vectors; one product with it an
 * iteration) up to 4,096 rows, and on W itself above. The Gram matrix and the last solution are kept: another fit of
 * the same trainer, after labels have changed or rows have come or gone, starts from there (rows are known by their
 * values).
 * A fresh trainer gives the same bits for the same data, options and processor. Thread: any, one call at a time; uses
 * every core.
 */
typedef struct _FoveaHeadTrainer FoveaHeadTrainer;

/* Arrays are borrowed for the duration of a call. */
typedef struct {
  gsize n_rows;
  guint dim, n_concepts;
  const float *vectors[FOVEA_N_FITS]; /* f32 [n_rows, dim] of unit length, indexed by FoveaFit; NULL = not there */
  const gint8 *labels;                /* [n_rows, n_concepts]: 1 has it, −1 said not to have it, 0 unknown */
  const guint64 *groups;              /* (nullable) [n_rows]: rows with one key (duplicates, one series) stay in one fold */
} FoveaHeadData;

#define FOVEA_HEAD_MAX_GRID 16

typedef struct {
  gboolean exclusive;
  gboolean balanced;
  gboolean assume_negatives;
  double c;               /* > 0: as given. 0 = chosen by cross-validation from @grid */
  guint views_mask;       /* bit per FoveaViews that may be chosen (1 << FOVEA_VIEWS_CROP …); 0 = every one whose vectors are there */
  guint folds;            /* 0 = no cross-validation, else 2..20; fewer are made when no concept has that many groups */
  guint64 seed;           /* of the folds */
  guint n_grid;           /* 0 = the default 1, 3, 10, 30, 100, 300 */
  double grid[FOVEA_HEAD_MAX_GRID]; /* ascending */
} FoveaHeadOptions;

/* exclusive, assume_negatives, C by cross-validation, 5 folds, seed 0. */
void fovea_head_options_init (FoveaHeadOptions *options);

/* What cross-validation found for one pair of views and C. Accuracy: exclusive: the most probable concept is a
 * positive of the row.
 * Independent: over known (and assumed) labels, p ≥ 0.5 agrees; also @top1 as in exclusive over rows with a
 * positive. */
typedef struct {
  FoveaViews views;
  double c;
  double log_loss;  /* mean over evaluated rows (exclusive) or labels (independent) */
  double accuracy;
  double top1;
} FoveaHeadScore;

typedef struct {
  FoveaHead *head;
  guint n_iterations;        /* of the last fit */
  guint folds;               /* made; 0 = no cross-validation was wanted or possible */
  GArray *scores;            /* of FoveaHeadScore, views × grid */
  /* Of the chosen pair, from predictions on rows that the head was not trained on: */
  gsize n_evaluated;         /* rows in some fold; rows of concepts with a single group are always trained on */
  gsize n_correct;           /* top1 among them */
  double accuracy, accuracy_low, accuracy_high; /* top1 and its 95 % Wilson interval */
  int *fold;                 /* [n_rows]; −1 = always trained on, or without a label */
  float *out_of_fold;        /* [n_rows, n_concepts]; rows with fold −1 hold 0. NULL without cross-validation */
} FoveaHeadResult;

void fovea_head_result_free (FoveaHeadResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaHeadResult, fovea_head_result_free)

FoveaHeadTrainer *fovea_head_trainer_new (void) G_GNUC_WARN_UNUSED_RESULT;
void              fovea_head_trainer_free (FoveaHeadTrainer *trainer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaHeadTrainer, fovea_head_trainer_free)

/* @fraction 0..1; called on the calling thread, not more often than once a fit. */
typedef void (*FoveaProgressFunc) (double fraction, gpointer data);

/**
 * fovea_head_trainer_train:
 *
 * Chooses views (the smallest mean log loss over the folds at any C) and C (the smallest within 2 % of that) unless
 * both are given, then fits all rows. With one C and one view and @folds > 0 the folds are still run, for the
 * accuracy; @folds = 0 skips them: that is the quick refit after a label; C = 0 is then 30 and the views the last of
 * those allowed. So it is too when no concept has two groups. Of more than 4,096 labelled rows, cross-validation
 * looks at a stratified sample of 4,096.
 *
 * Errors: TOO_FEW (fewer than two concepts with examples when exclusive; no label at all), MISMATCH (views asked for
 * whose vectors are missing), MALFORMED (a vector holds a value that is not a number), G_IO_ERROR_CANCELLED.
 */
FoveaHeadResult *fovea_head_trainer_train (FoveaHeadTrainer *trainer, const FoveaHeadData *data, const FoveaHeadOptions *options,
                                           FoveaProgressFunc progress, gpointer progress_data, GCancellable *cancellable,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets Gram matrices and the last solution. */
void fovea_head_trainer_reset (FoveaHeadTrainer *trainer);

G_END_DECLS
