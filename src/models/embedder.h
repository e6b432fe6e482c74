/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "models/pack.h"
#include "models/views.h"

G_BEGIN_DECLS

/**
 * FoveaEmbedder:
 *
 * A pack made ready to run: compiled plan of the outputs that are wanted. How a picture is fitted is the caller's
 * choice for each batch; the network does not care. Thread: any, one call at a time; the kernels use every core.
 */
typedef struct _FoveaEmbedder FoveaEmbedder;

typedef enum {
  FOVEA_EMBEDDER_VECTORS = 1 << 0,       /* unit vectors */
  FOVEA_EMBEDDER_PROBABILITIES = 1 << 1, /* the pack's activation of its logits */
} FoveaEmbedderFlags;

/* @pack is referenced. MISMATCH when the pack has no such output; else what nn/plan says. */
FoveaEmbedder *fovea_embedder_new (FoveaPack *pack, FoveaEmbedderFlags wanted, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void           fovea_embedder_free (FoveaEmbedder *embedder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaEmbedder, fovea_embedder_free)

FoveaPack *fovea_embedder_get_pack (FoveaEmbedder *embedder);
guint      fovea_embedder_get_dim (FoveaEmbedder *embedder);      /* D */
guint      fovea_embedder_get_n_labels (FoveaEmbedder *embedder); /* L */

/**
 * fovea_embedder_run:
 * @images: f32 [N,3,S,S], planes as fovea_fit_picture() makes them with the pack's input spec
 * @ret_vectors: (nullable) f32 [N,D], filled with unit vectors: v / |v|, and v = 0 stays 0. Needs VECTORS
 * @ret_probabilities: (nullable) f32 [N,L]. Needs PROBABILITIES
 *
 * Any N ≥ 1; the plan slices it. Errors: SHAPE (another S), CANCELLED, MALFORMED when the network answers with a value
 * that is not a number.
 */
gboolean fovea_embedder_run (FoveaEmbedder *embedder, FoveaTensor *images, float *ret_vectors, float *ret_probabilities,
                             GCancellable *cancellable, GError **error);

/* Unit vectors of what is one kind of fit: f32 [N,D]. A fit with a mirror takes twice as long: both are averaged
 * (fovea_views_average()). */
gboolean fovea_embedder_run_fit (FoveaEmbedder *embedder, FoveaTensor *images, FoveaFit fit, float *ret_vectors,
                                 GCancellable *cancellable, GError **error);

/* Fits @images (RGB8, any sizes) and runs them, in slices that keep memory small. @ret_* as above, [n_images, …]. Probabilities are of the square
 * alone. */
gboolean fovea_embedder_run_pictures (FoveaEmbedder *embedder, FoveaImage *const *images, guint n_images, FoveaFit fit,
                                      float *ret_vectors, float *ret_probabilities, GCancellable *cancellable, GError **error);

G_END_DECLS
