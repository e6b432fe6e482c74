/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/head-solver.h"
#include "models/head-trainer.h"

G_BEGIN_DECLS

/* The labels of some rows as the solver wants them: shares, weights (with C = 1) and only those concepts that can be
 * learnt from these rows. */
typedef struct {
  gsize n;
  guint k, width;      /* active columns; width = padded */
  guint *concept_of;   /* [k] */
  float *target;       /* [n, width] */
  float *weight;       /* [n, width] */
  guint n_concepts;
  float *constant;     /* [n_concepts] probability of a concept that is not active; −1 for the active */
} FoveaHeadTargets;

/* The label that a training sees in a labelled row: 1, −1 or 0 (left out), with assumed negatives filled in. */
static inline int
fovea_head_effective_label (int label, gboolean exclusive, gboolean assume_negatives)
{
  return label == 0 && (exclusive || assume_negatives) ? -1 : label;
}

/* TRUE when the row teaches anything. */
gboolean fovea_head_row_is_labelled (const gint8 *row, guint k, gboolean exclusive);

/* @rows: (array length=n) indices into @labels [.., n_concepts]; G_MAXSIZE = a row without labels. */
FoveaHeadTargets *fovea_head_targets_new (const gint8 *labels, guint n_concepts, const gsize *rows, gsize n,
                                          const FoveaHeadOptions *options) G_GNUC_WARN_UNUSED_RESULT;
void              fovea_head_targets_free (FoveaHeadTargets *targets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaHeadTargets, fovea_head_targets_free)

/* ret = weight · c, [n, width]. */
void fovea_head_targets_weigh (const FoveaHeadTargets *targets, double c, float *ret);

/* One row of probabilities of the active columns → of all concepts. */
void fovea_head_targets_expand (const FoveaHeadTargets *targets, const float *active, float *ret_all);

G_END_DECLS
