/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/evaluation.h"

G_BEGIN_DECLS

typedef enum {
  FOVEA_ROW_KNOWN = 1 << 0,   /* has any label */
  FOVEA_ROW_COUNTED = 1 << 1, /* has a concept */
  FOVEA_ROW_RIGHT = 1 << 2    /* its answer is one of them */
} FoveaRowFlags;

struct _FoveaEvaluation {
  gatomicrefcount ref_count;
  gsize n_rows;
  guint k;
  GPtrArray *labels;
  gboolean exclusive, assume_negatives;
  char *split;          /* NULL: K-fold */
  gint64 *ids;          /* (nullable) [n] */
  gint8 *said;          /* [n, k] as it was labelled */
  gint8 *truth;         /* [n, k] with negatives filled in */
  float *probabilities; /* [n, k] */
  guint32 *answers;     /* [n] */
  guint8 *flags;        /* [n] FoveaRowFlags */
  guint32 *matrix;      /* [k, k] actual × answer */
  FoveaConceptFigures *figures; /* [k] */
};

/* Probabilities of @concept, whether it is true, and (nullable) which row: of the rows where that is known. The arrays hold n_rows.
 * Returns how many there are. */
gsize fovea_evaluation_gather (const FoveaEvaluation *self, guint concept, float *ret_scores, guint8 *ret_labels, guint32 *ret_rows);

G_END_DECLS
