/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/models-error.h"
#include "models/views.h"

G_BEGIN_DECLS

/**
 * FoveaHead:
 *
 * A linear head on unit vectors:  z = W x + b,  then over the concepts
 *   exclusive:    p_c = exp (z_c) / Σ_j exp (z_j)          (exactly one concept a picture)
 *   independent:  p_c = 1 / (1 + exp (−z_c))               (any number of concepts a picture)
 *
 *   x  [dim] f32 of unit length     W  [k, dim] f32     b  [k] f32
 *
 * Made by head-trainer or read from a version's weights. Immutable, counted atomically, any thread.
 */
typedef struct {
  guint n_concepts, dim;
  gboolean exclusive;
  FoveaViews views;   /* what x is made of */
  double c;           /* regularisation it was trained with, for information */
  float *weights;     /* [n_concepts, dim] */
  float *bias;        /* [n_concepts] */
  /*< private >*/
  gatomicrefcount ref_count;
} FoveaHead;

/* Zeroed weights and bias. */
FoveaHead *fovea_head_new (guint n_concepts, guint dim, gboolean exclusive, FoveaViews views) G_GNUC_WARN_UNUSED_RESULT;
FoveaHead *fovea_head_ref (FoveaHead *head);
void       fovea_head_unref (FoveaHead *head);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaHead, fovea_head_unref)

/* @vectors: f32 [n, dim], already combined (fovea_views_combine()). @ret_probabilities: f32 [n, n_concepts]. */
void fovea_head_predict (const FoveaHead *head, const float *vectors, gsize n, float *ret_probabilities);

/* The same on stored vectors: @rows[i] points to the IEEE halves [dim] of row i. Shared among @n_threads threads; 100,000
 * vectors of 1280 are read at the speed of memory. */
void fovea_head_predict_halves (const FoveaHead *head, const guint16 *const *rows, gsize n, guint n_threads, float *ret_probabilities);

G_END_DECLS
