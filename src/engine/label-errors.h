/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/scheduler.h"
#include "models/head-trainer.h"
#include "store/store.h"

G_BEGIN_DECLS

/**
 * FoveaLabelErrors:
 *
 * Which labels of whole pictures are likely wrong, by confident learning: K-fold heads on stored vectors, so that no picture
 * is judged by a head that was trained on it (or on a picture of its group, or with the same bytes).
 *
 *   t_j = mean over pictures labelled j of their held-out p_j
 *   exclusive:    a picture labelled y is a suspect when the most probable concept is not y, and confidently so when the most
 *                 probable of the concepts with p_j ≥ t_j is not y.
 *   independent:  a label "c" is a suspect when p_c < ½, confidently when 1 − p_c ≥ the mean of 1 − p_c over the pictures that
 *                 are said not to show c (without any: over those labelled with something else); "not c" the other way round.
 *
 * Suspects come by p (what was said) − p (what is held for right), worst first.
 * Source: C. Northcutt, L. Jiang, I. Chuang, "Confident Learning", JAIR 70 (2021), 1373-1411.
 */
typedef struct {
  gint64 id;            /* picture */
  gint64 given;         /* concept that the person said something of */
  gint64 likely;        /* concept that the machine says something of; independent: @given */
  gboolean likely_is;   /* what it says: shows it, or does not */
  double given_value;   /* held-out probability of what the person said */
  double value;         /* held-out probability of what the machine says */
  gboolean confident;
#define FOVEA_LABEL_ERROR_TOP 3
  gint64 top[FOVEA_LABEL_ERROR_TOP]; /* the most probable concepts, 0 where there are fewer */
  double top_values[FOVEA_LABEL_ERROR_TOP];
} FoveaLabelError;

typedef struct {
  GArray *errors;       /* FoveaLabelError, worst first */
  gsize n_confident;    /* of them: an estimate of how many labels are wrong */
  gboolean exclusive;   /* no picture shows two concepts */
  gsize n_labelled;     /* pictures with labels and a vector */
  gsize n_looked_at;    /* of them in some fold: concepts with a single example are never held out */
  char *labels_hash;    /* of the labels that this is about */
} FoveaLabelErrors;

void fovea_label_errors_free (FoveaLabelErrors *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaLabelErrors, fovea_label_errors_free)

/**
 * fovea_label_errors_find:
 * @known: (nullable): what was found before; its labels_hash decides whether anything has changed
 *
 * Reads with @reader, fits on the compute thread (one unit a fold, at most 2,048 pictures each), looks at @cancellable
 * between pages. Never on the main thread.
 *
 * Returns: (nullable): NULL without @error: labels and vectors are those of @known.
 * Errors: FOVEA_ENGINE_ERROR_INVALID when there is too little to say anything: it names what is missing.
 */
FoveaLabelErrors *fovea_label_errors_find (FoveaStore *reader, FoveaScheduler *scheduler, const FoveaLabelErrors *known,
                                           GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_label_errors_judge:
 * @labels: [n, k]; @held_out: f32 [n, k], rows of @fold −1 are not looked at
 *
 * The formula above by itself. Returns: (element-type FoveaLabelError): id = row, concepts = columns + 1.
 */
GArray *fovea_label_errors_judge (gsize n, guint k, const gint8 *labels, const float *held_out, const int *fold,
                                  gboolean exclusive) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
