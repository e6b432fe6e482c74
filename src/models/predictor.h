/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "models/embedder.h"
#include "models/head.h"
#include "models/label.h"
#include "models/pack.h"

G_BEGIN_DECLS

/**
 * FoveaPredictor:
 *
 * A model ready to answer: a head on a pack's vectors, or a pack's own classifier. Counted atomically. Thread: any, one
 * call at a time.
 */
typedef struct _FoveaPredictor FoveaPredictor;

/* A head and what it stands on. The arguments are referenced. */
FoveaPredictor *fovea_predictor_new_head (FoveaHead *head, GPtrArray *labels, const char *pack_name, const char *pack_hash) G_GNUC_WARN_UNUSED_RESULT;

/* A pack's own concepts, on the view that it names. MISMATCH when it has none. */
FoveaPredictor *fovea_predictor_new_pack (FoveaPack *pack, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same answers under other names: @labels as many as before. */
FoveaPredictor *fovea_predictor_new_relabelled (FoveaPredictor *predictor, GPtrArray *labels) G_GNUC_WARN_UNUSED_RESULT;

FoveaPredictor *fovea_predictor_ref (FoveaPredictor *predictor);
void            fovea_predictor_unref (FoveaPredictor *predictor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaPredictor, fovea_predictor_unref)

/* Weights of a version (a head), for the store: magic, format version, sizes, a JSON header (labels, pack name and
 * hash, views, C, preprocessing version, checks) and the little-endian numbers. Reading believes nothing: MALFORMED
 * says what is wrong, MISMATCH for a newer format. Of a pack's own classifier (a model that was imported) the header
 * is all there is, in format 2; the pack is not loaded yet when it is read. */
GBytes         *fovea_predictor_to_bytes (FoveaPredictor *predictor) G_GNUC_WARN_UNUSED_RESULT;
FoveaPredictor *fovea_predictor_new_from_bytes (GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

GPtrArray  *fovea_predictor_get_labels (FoveaPredictor *predictor);    /* of FoveaLabel: columns of a prediction */
FoveaHead  *fovea_predictor_get_head (FoveaPredictor *predictor);      /* (nullable): it answers from pictures alone, not from vectors */
gboolean    fovea_predictor_get_exclusive (FoveaPredictor *predictor); /* whether its concepts exclude each other */
gboolean    fovea_predictor_has_pack (FoveaPredictor *predictor);      /* loaded already */
FoveaViews  fovea_predictor_get_views (FoveaPredictor *predictor);     /* of the head, or … */
void        fovea_predictor_set_views (FoveaPredictor *predictor, FoveaViews views); /* heads only; before anything is predicted */
const char *fovea_predictor_get_pack_name (FoveaPredictor *predictor);
const char *fovea_predictor_get_pack_hash (FoveaPredictor *predictor);

/* Heads only: stored vectors → probabilities, no network. @vectors as in fovea_views_combine(). @ret: f32 [n,
 * labels]. */
void fovea_predictor_run_vectors (FoveaPredictor *predictor, const float *const *vectors, gsize n, float *ret_probabilities);

/* Takes @pack, or loads the one of that name when it is NULL, and checks that it is the one that the head was trained on;
 * nothing when it has its pack already. Errors as of _prepare. */
gboolean fovea_predictor_ensure_pack (FoveaPredictor *predictor, FoveaPack *pack, GError **error);

/* Compiles the network if that was not done yet. PACK_MISSING; MISMATCH when the installed pack is another than the one
 * that the head was trained on (its hash differs). @pack: (nullable) to share one that is loaded. */
gboolean fovea_predictor_prepare (FoveaPredictor *predictor, FoveaPack *pack, GError **error);

/* What the network wants; only after _prepare. Batches of views are made with this and fovea_views_get_fits(). */
const FoveaInputSpec *fovea_predictor_get_input_spec (FoveaPredictor *predictor);

/* @batches: f32 [n,3,S,S] one for each fit of the views, in the order of fovea_views_get_fits(). @ret: f32 [n,
 * labels]. */
gboolean fovea_predictor_run_batch (FoveaPredictor *predictor, FoveaTensor *const *batches, float *ret_probabilities,
                                    GCancellable *cancellable, GError **error);

/* @images: RGB8. @ret: f32 [n, labels]. */
gboolean fovea_predictor_run_pictures (FoveaPredictor *predictor, FoveaImage *const *images, guint n, float *ret_probabilities,
                                       GCancellable *cancellable, GError **error);

/* Self-contained ONNX: the pack's network up to its embedding, unit length, the head, its probabilities; or the
 * pack's classifier with softmax. One input "image" f32 [N,3,S,S], or "image_crop" and "image_letterbox" where there
 * are both; mirror images are made inside; output "probabilities" f32 [N, labels]. Preprocessing, labels, fit, licence
 * and Fovea's version are in the metadata, "fovea.activation" none among it. Loads the pack. */
gboolean fovea_predictor_export_onnx (FoveaPredictor *predictor, const char *path, GError **error);

G_END_DECLS
