/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/scheduler.h"
#include "models/head-trainer.h"

G_BEGIN_DECLS

/**
 * FoveaLearningCurve:
 *
 * How right a head is after ever larger parts of the labels that there are, and what twice as many would probably make of it.
 *
 * Each row is held out once (five folds; groups stay together); on the other folds heads are fitted to an eighth, a quarter, half and
 * all of the rows, the same share of each concept. Right means that the most probable concept is one that the row has. Through
 * the share of mistakes e after n rows goes the saturating curve
 *
 *   e(n) = a + b · n^(−c),   a, b ≥ 0,  c of 0.3, 0.5, 0.7, 1: that with the least squares
 *
 * and   twice = accuracy now + e(N) − e(2 N),   N the rows that the last heads learnt from. The 95 % interval is that of 400
 * bootstrap samples of the rows, each with a curve of its own: it holds the chance of which pictures there are and of where the
 * curve goes, not that of new kinds of pictures.
 *
 * A label is contradicted where the heads that learnt from all, but not from its row, give another concept p ≥ 0.6 and ten times the p of
 * what it says. Wrong labels are contradicted so, but hard pictures are not, nor are labels that have nothing to do with the pictures:
 * of those no head is that sure.
 *
 * Source of the form: C. Cortes et al., "Learning Curves: Asymptotic Values and Rate of Convergence", NIPS 6 (1994).
 */
#define FOVEA_LEARNING_PARTS 4

typedef struct {
  double n_trained;          /* rows that a head learnt from, mean over the folds */
  double accuracy, low, high; /* with its 95 % Wilson interval */
} FoveaLearningPoint;

typedef struct {
  gsize n_evaluated;
  FoveaLearningPoint points[FOVEA_LEARNING_PARTS]; /* the last: all that there are */
  double twice, twice_low, twice_high;
  double gain, gain_low, gain_high; /* twice − accuracy now */
  double guessed;       /* accuracy of whoever always says the most frequent concept */
  gsize n_contradicted; /* of the evaluated; 0 unless concepts exclude each other */
} FoveaLearningCurve;

/**
 * fovea_learning_curve_make:
 * @data: one kind of vectors; labels as for training
 * @scheduler: (nullable): runs each fit there; NULL on the calling thread
 *
 * Of more than 2,048 rows a stratified sample is looked at. Same data, same curve. Never on the main thread.
 * Errors: FOVEA_ENGINE_ERROR_INVALID when no row can be held out or a part holds fewer than two concepts; CANCELLED.
 */
gboolean fovea_learning_curve_make (const FoveaHeadData *data, gboolean exclusive, FoveaScheduler *scheduler, GCancellable *cancellable,
                                    FoveaLearningCurve *ret_curve, GError **error);

/* The curve alone: mistakes [n] after @sizes [n] rows, what they would be after @size rows. */
double fovea_learning_curve_extrapolate (guint n, const double *sizes, const double *mistakes, double size);

G_END_DECLS
