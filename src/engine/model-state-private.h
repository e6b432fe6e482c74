/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "engine/core-private.h"
#include "engine/job-private.h"
#include "models/evaluation.h"
#include "models/model-type.h"
#include "models/output-json.h"
#include "store/store-concepts.h"
#include "store/store-models.h"

G_BEGIN_DECLS

/* Parts of a version's weights. */
#define FOVEA_WEIGHTS_HEAD "head"
#define FOVEA_WEIGHTS_NETWORK "onnx" /* of a deep one: its own pack, named as the version */

/* A model as it was read from the store: plain data, used by one thread at a time. */
typedef struct {
  FoveaStoreModel *model;
  FoveaModelType *type;        /* with the model's parameters */
  FoveaStoreVersion *version;  /* (nullable) the newest trained one */
  GBytes *weights;             /* (nullable) of that version's head; an embedder's has none */
  GPtrArray *concepts;         /* FoveaStoreConcept: those named at creation; empty = whatever is labelled */
} FoveaModelState;

/* Store thread (or a reader's). NOT_FOUND (FOVEA_ENGINE_ERROR) names the models that there are. */
FoveaModelState *fovea_model_state_load (FoveaStore *store, const char *model_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void             fovea_model_state_free (FoveaModelState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaModelState, fovea_model_state_free)

/* The same with one version of it in place of the newest; @version_id: 32 hex digits, NULL for the newest. */
FoveaModelState *fovea_model_state_load_version (FoveaStore *store, const char *model_id, const char *version_id,
                                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The type with the parameters that were stored, brought up to date. Any thread. */
FoveaModelType *fovea_model_state_dup_type (const FoveaStoreModel *model, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ready to answer: the newest version, or what the type answers untrained. Errors: INVALID (not trained yet; an embedder, which says no
 * concepts). Its pack is the one that fovea_core_dup_pack() gives for its name. */
FoveaPredictor *fovea_model_state_dup_predictor (FoveaModelState *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Of a model that answers with vectors (fovea_model_type_embeds()): what fovea_core_get_embedder() knows its network by; its pictures are
 * letterboxed. */
char *fovea_model_state_dup_embedder_name (FoveaModelState *state) G_GNUC_WARN_UNUSED_RESULT;

/* What of a prediction is said, from the parameters; @limits->select_concepts is owned by the state. */
void fovea_model_state_get_limits (FoveaModelState *state, FoveaOutputLimits *ret_limits);

/* ---- labelled pictures and their vectors ---- */

/* n rows; every array is owned. Rows whose vectors are missing are not in it. */
typedef struct {
  gsize n;
  gint64 *ids;
  char **public_ids;              /* of the inputs */
  guint64 *groups;
  guint8 *sha256;                 /* [n, 32] */
  guint n_concepts;
  gint8 *labels;                  /* [n, n_concepts]: 1, −1, 0 */
  guint dim;
  float *vectors[FOVEA_N_FITS];   /* [n, dim] or NULL */
} FoveaRows;

void fovea_rows_free (FoveaRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaRows, fovea_rows_free)

/* What people said of @concepts (row ids = columns) on pictures of @split (nullable: all); without vectors. Store
 * thread. */
FoveaRows *fovea_rows_load_labels (FoveaStore *store, const char *split, const gint64 *concepts, guint n_concepts,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a training without a split of its own learns from: what people said of any concept that has pictures, on the pictures of
 * the split "train" where there is one with labels, else on all. Store thread, or a reader. */
FoveaRows *fovea_rows_load_to_learn (FoveaStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds the vectors of every fit in @fits_mask; drops rows that lack one. Job thread: embeds what is missing first. */
gboolean fovea_rows_load_vectors (FoveaRows *rows, FoveaCore *core, FoveaJob *job, const char *pack_name, guint fits_mask,
                                  GError **error);

/* Drops the rows where @kept_rows [n] is FALSE. */
void fovea_rows_keep (FoveaRows *rows, const gboolean *kept_rows);

/* ---- evaluations ---- */

/* Kept beside the weights of a version, row by row; one a split (NULL: K-fold). Store thread, in a work. */
gboolean         fovea_evaluation_store (FoveaStore *store, gint64 version, FoveaEvaluation *evaluation, GError **error);
/* NOT_FOUND (FOVEA_STORE_ERROR) when the version was not evaluated on it. */
FoveaEvaluation *fovea_evaluation_load (FoveaStore *store, gint64 version, const char *split, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- documents ---- */

/* {"id",…,"model_version":{…}} of CLARIFAI.md §2-3. @version: nullable. */
JsonNode *fovea_model_dup_json (const FoveaStoreModel *model, FoveaModelType *type, GPtrArray *concepts,
                                const FoveaStoreVersion *version) G_GNUC_WARN_UNUSED_RESULT;

/* {"status":{10000},MEMBER:@node}; takes @node. */
JsonNode *fovea_document_new (const char *member, JsonNode *node) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
