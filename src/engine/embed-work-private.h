/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/core-private.h"
#include "engine/job-private.h"
#include "models/predictor.h"

G_BEGIN_DECLS

#define FOVEA_EMBED_BATCH 16

/* A picture as the network sees it: one square for each fit that is wanted, f32 [3,S,S], NULL for the others. */
typedef struct {
  float *square[FOVEA_N_FITS];
} FoveaSquares;

/* @fits_mask: 1 << FoveaFit. Errors: FOVEA_ENGINE_ERROR_INVALID when memory for them cannot be had. */
FoveaSquares *fovea_squares_new (FoveaImage *image, guint fits_mask, const FoveaInputSpec *spec, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void          fovea_squares_free (FoveaSquares *squares);

/* f32 [n,3,S,S] of one fit of each. */
FoveaTensor *fovea_squares_stack (FoveaSquares *const *squares, guint n, FoveaFit fit, int size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_embed_squares:
 * @ret_vectors: IEEE halves [n, dim], unit length
 *
 * Runs one fit of @n pictures as one unit of the scheduler and waits for it.
 */
gboolean fovea_embed_squares (FoveaCore *core, FoveaEmbedder *embedder, FoveaSquares *const *squares, guint n, FoveaFit fit,
                              FoveaPriority priority, guint16 *ret_vectors, GCancellable *cancellable, GError **error);

/* The space in which vectors of a pack and fit are kept; made when it is not there (a write). Store thread. */
gboolean fovea_embed_ensure_space (FoveaStore *store, FoveaPack *pack, FoveaFit fit, gint64 *ret_space, GError **error);

typedef struct {
  guint n_embedded;
  guint n_failed; /* file gone, changed or not readable; each is a row of the job's report */
} FoveaEmbedCounts;

/**
 * fovea_embed_missing:
 * @ids: (nullable) (array length=n): these pictures; NULL: all of the project
 *
 * Computes and stores the vectors that are missing: each picture is decoded once for all of its fits. In batches,
 * each kept as soon as it is there. Runs on the job's thread. A picture outside the folders that the person has
 * allowed is not read.
 */
gboolean fovea_embed_missing (FoveaCore *core, FoveaJob *job, FoveaEmbedder *embedder, guint fits_mask, const gint64 *ids, gsize n,
                              FoveaPriority priority, FoveaEmbedCounts *ret_counts, GError **error);

/**
 * fovea_answer_pictures:
 * @predictor: with its pack, of one view
 * @ids: (array length=n): pictures of the project, in order of id
 * @n_before, @n_total: how many pictures the job had before these, and in all, for its progress
 * @ret_probabilities: f32 [n, labels]
 * @ret_found: (array length=n): FALSE for rows that could not be read; each is a row of the job's report
 *
 * The pictures themselves through the network, for models that do not answer from vectors. Else as fovea_embed_missing();
 * nothing is kept. Plans on the store thread, in batches on the compute thread.
 */
gboolean fovea_answer_pictures (FoveaCore *core, FoveaJob *job, FoveaPredictor *predictor, const gint64 *ids, gsize n,
                                gsize n_before, gsize n_total, float *ret_probabilities, gboolean *ret_found, GError **error);

G_END_DECLS
