/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/**
 * FoveaStoreModel:
 * @public_id: given by the person, ^[0-9A-Za-z]+([-_][0-9A-Za-z]+)*$, at most 48
 * @type_id: "embedding-classifier", …
 * @params: JSON object; @params_version: version of its form, which the model type owns
 * @concepts: (array length=n_concepts): row ids, in the order of the outputs
 */
typedef struct {
  gint64 id;
  char *public_id;
  char *type_id;
  char *name;
  char *notes;
  char *params;
  int params_version;
  gint64 *concepts;
  gsize n_concepts;
  gint64 created_at;
  gint64 modified_at;
} FoveaStoreModel;

FoveaStoreModel *fovea_store_model_new      (void) G_GNUC_WARN_UNUSED_RESULT;
void        fovea_store_model_free          (FoveaStoreModel        *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaStoreModel, fovea_store_model_free)

/* Whether @id has the form of a model's id. */
gboolean    fovea_store_is_model_id         (const char             *id);

/* Changes, in a command. Errors: _CONFLICT when the id is taken; _INVALID for an id or JSON of the
 * wrong form. */
gboolean    fovea_store_add_model           (FoveaStore             *store,
                                             const FoveaStoreModel  *model,
                                             gint64                 *ret_id,
                                             GError                **error);

/* Takes name, notes, params, params_version and concepts of @model for row @model->id. Errors: also
 * _NOT_FOUND. */
gboolean    fovea_store_update_model        (FoveaStore             *store,
                                             const FoveaStoreModel  *model,
                                             GError                **error);

/**
 * fovea_store_remove_model:
 *
 * Removes the model, its versions and what they said of pictures. Undo brings all back: weights
 * stay in the file until compaction. Errors: _BUSY while a version of it is in training.
 */
gboolean    fovea_store_remove_model        (FoveaStore             *store,
                                             gint64                  id,
                                             GError                **error);

gboolean    fovea_store_find_model          (FoveaStore             *store,
                                             const char             *public_id,
                                             gint64                 *ret_id,
                                             GError                **error);
FoveaStoreModel *
fovea_store_get_model (FoveaStore *store, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (element-type FoveaStoreModel): in order of creation. */
GPtrArray *fovea_store_list_models (FoveaStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Clarifai's codes. */
typedef enum {
  FOVEA_STORE_VERSION_TRAINED = 21100,
  FOVEA_STORE_VERSION_TRAINING = 21101,
  FOVEA_STORE_VERSION_UNTRAINED = 21102,
  FOVEA_STORE_VERSION_QUEUED = 21103,
  FOVEA_STORE_VERSION_FAILED = 21106,
  FOVEA_STORE_VERSION_QUEUED_FOR_EVALUATION = 21303,
} FoveaStoreVersionStatus;

/**
 * FoveaStoreVersion:
 * @public_id: 32 hex digits; NULL for a new one to get one
 * @status_details: why it failed, or ""
 * @params: JSON object the version was trained with; @params_version: version of its form
 * @concepts: JSON array [{"id":"hat","name":"Hat"},…] in the order of the outputs, frozen
 * @data_hash: 64 hex digits of what it was trained on, or ""
 * @dataset_version: row id, or 0
 * @metrics: JSON object, "{}" when none; @log: text
 * @n_inputs: that it was trained on
 * @completed_at: 0 while it is not trained
 * @resumed_from: row id of a version, or 0
 */
typedef struct {
  gint64 id;
  char *public_id;
  gint64 model;
  FoveaStoreVersionStatus status;
  char *status_details;
  char *description;
  char *params;
  int params_version;
  char *concepts;
  char *data_hash;
  gint64 dataset_version;
  gint64 seed;
  char *metrics;
  char *log;
  gsize n_inputs;
  gint64 created_at;
  gint64 completed_at;
  gint64 resumed_from;
} FoveaStoreVersion;

FoveaStoreVersion *fovea_store_version_new  (void) G_GNUC_WARN_UNUSED_RESULT;
void        fovea_store_version_free        (FoveaStoreVersion      *version);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaStoreVersion, fovea_store_version_free)

/**
 * fovea_store_add_version:
 *
 * Versions are derived rows: training is not undone. A trained one needs its weights in the same
 * transaction:
 *
 *   fovea_store_begin_work (store, &error)
 *   fovea_store_add_version (store, version, &id, &error)       status TRAINED
 *   fovea_store_put_weights (store, id, "onnx", bytes, &error)  (store-weights.h)
 *   fovea_store_commit_work (store, &error)
 *
 * A long training adds the version as TRAINING first and ends with fovea_store_update_version() and
 * its weights in one work. Nothing half-written can be seen: a version counts as trained only by
 * its status.
 */
gboolean    fovea_store_add_version         (FoveaStore             *store,
                                             const FoveaStoreVersion *version,
                                             gint64                 *ret_id,
                                             GError                **error);

/* Takes all but ids, model and created_at of @version for row @version->id. Errors: _NOT_FOUND,
 * _INVALID. */
gboolean    fovea_store_update_version      (FoveaStore             *store,
                                             const FoveaStoreVersion *version,
                                             GError                **error);

/* Removes one version and what it said of pictures, in a command. Errors: _BUSY while it is in
 * training. */
gboolean    fovea_store_remove_version      (FoveaStore             *store,
                                             gint64                  id,
                                             GError                **error);

/**
 * fovea_store_fail_stale_versions:
 *
 * Versions that say QUEUED or TRAINING but whose job is not running anywhere (the program was
 * killed) become FAILED. Call it after opening. Jobs are told by target "version:PUBLIC_ID" or
 * "model:PUBLIC_ID" (store-jobs.h).
 */
gboolean    fovea_store_fail_stale_versions (FoveaStore             *store,
                                             gsize                  *ret_changed,
                                             GError                **error);

gboolean    fovea_store_find_version        (FoveaStore             *store,
                                             const char             *public_id,
                                             gint64                 *ret_id,
                                             GError                **error);
FoveaStoreVersion *
fovea_store_get_version (FoveaStore *store, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The newest TRAINED version of the model. Errors: _NOT_FOUND when there is none. */
FoveaStoreVersion *fovea_store_get_current_version (FoveaStore *store,
                                                    gint64 model,
                                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (element-type FoveaStoreVersion): newest first. */
GPtrArray *fovea_store_list_versions (FoveaStore *store,
                                      gint64 model,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
