/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "models/evaluation.h"

G_BEGIN_DECLS

/* How well vectors find their like: each picture in turn asks for the pictures that are most similar to it (the cosine), itself left
 * out. One is relevant when it shows a concept that the picture shows, too. With R relevant ones of picture i and rel (j) = 1 where
 * the j-th nearest is one of them:
 *
 *   recall@k      rel (j) = 1 for some j ≤ k
 *   R-precision   Σ_{j≤R} rel (j) / R
 *   mAP@R         Σ_{j≤R} rel (j) · precision (j) / R,   precision (j) = Σ_{l≤j} rel (l) / j
 *
 * Equals stand in the order of the rows. Source: Musgrave et al., A metric learning reality check, 2020, section 3.2. */
typedef struct {
  guint n_relevant;  /* 0: there is nothing to find, and the rest is 0 */
  guint32 nearest;   /* row of the most similar picture */
  gboolean found_1, found_5;
  float r_precision, map_at_r;
} FoveaRetrievalRow;

/**
 * fovea_retrieval_measure:
 * @vectors: f32 [n, dim] of unit length
 * @labels: [n, n_concepts], above 0 where the picture shows the concept
 * @ret_rows: [n]
 *
 * Takes 2 n² dim operations on @n_threads threads. Errors: G_IO_ERROR, CANCELLED or
 * NO_SPACE. Thread: any.
 */
gboolean fovea_retrieval_measure (const float *vectors, gsize n, gsize dim, const gint8 *labels, guint n_concepts, guint n_threads,
                                  FoveaRetrievalRow *ret_rows, GCancellable *cancellable, GError **error);

/* Means over the rows that have something to find; NaN where there is none. */
typedef struct {
  guint64 n, n_found_1;
  double recall_at_1, recall_at_5, r_precision, map_at_r;
} FoveaRetrieval;

/* Of the rows that show @concept, or of all: G_MAXUINT. */
FoveaRetrieval fovea_retrieval_sum (const FoveaRetrievalRow *rows, gsize n, const gint8 *labels, guint n_concepts, guint concept);

/* The same of every concept, and in the last place, [n_concepts], of all; freed with g_free(). */
FoveaRetrieval *fovea_retrieval_sum_concepts (const FoveaRetrievalRow *rows, gsize n, const gint8 *labels,
                                              guint n_concepts) G_GNUC_WARN_UNUSED_RESULT;

/* As if each picture were said to be what its nearest shows (with several concepts the one that both show, else the first): its accuracy
 * is recall@1, and which concepts are taken for which leads to their pictures. The probabilities of @data are not looked at;
 * those of the evaluation are 0 and 1. A picture without anything to find is passed over. Every row shows a concept. */
FoveaEvaluation *fovea_retrieval_dup_evaluation (const FoveaRetrievalRow *rows, const FoveaEvalData *data) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
