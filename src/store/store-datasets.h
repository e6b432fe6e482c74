/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store-input-list.h"

G_BEGIN_DECLS

/*
 * A dataset is a named set of pictures. A version of it is frozen: what the labels were when a
 * model was trained can be looked up later, whatever has changed since. Versions are derived rows
 * (not undone) and never change.
 */

typedef struct {
  gint64 id;
  char *public_id;
  char *name;
  gsize n_inputs;
} FoveaStoreDataset;

void        fovea_store_dataset_free        (FoveaStoreDataset      *dataset);

/* Changes, in a command. @public_id of a new one is in the form of
 * fovea_store_concept_id_for_name(). */
gboolean    fovea_store_ensure_dataset      (FoveaStore             *store,
                                             const char             *name,
                                             gint64                 *ret_id,
                                             GError                **error);
gboolean    fovea_store_remove_dataset      (FoveaStore             *store,
                                             gint64                  id,
                                             GError                **error);
gboolean    fovea_store_add_to_dataset      (FoveaStore             *store,
                                             gint64                  id,
                                             const gint64           *inputs,
                                             gsize                   n,
                                             gsize                  *ret_changed,
                                             GError                **error);
gboolean    fovea_store_remove_from_dataset (FoveaStore             *store,
                                             gint64                  id,
                                             const gint64           *inputs,
                                             gsize                   n,
                                             gsize                  *ret_changed,
                                             GError                **error);

/* (element-type FoveaStoreDataset): in order of name. */
GPtrArray *fovea_store_list_datasets (FoveaStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * FoveaStoreDatasetVersion:
 * @public_id: 32 hex digits
 * @dataset: row id, 0 for a version of the whole project
 * @data_hash: SHA-256 over its rows, in hex: the same pictures with the same labels give the same
 * hash
 */
typedef struct {
  gint64 id;
  char *public_id;
  gint64 dataset;
  char *description;
  char *data_hash;
  gsize n_rows;
  gint64 created_at;
} FoveaStoreDatasetVersion;

void        fovea_store_dataset_version_free (FoveaStoreDatasetVersion *version);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaStoreDatasetVersion, fovea_store_dataset_version_free)

/**
 * fovea_store_freeze_dataset:
 * @filter: (nullable): which inputs; NULL for all
 *
 * Makes a version of the inputs that pass @filter, with what people have said of them up to now.
 */
FoveaStoreDatasetVersion *fovea_store_freeze_dataset (FoveaStore *store,
                                                      gint64 dataset,
                                                      const char *description,
                                                      const FoveaStoreFilter *filter,
                                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (element-type FoveaStoreDatasetVersion): newest first; of @dataset, or all when it is -1. */
GPtrArray *fovea_store_list_dataset_versions (FoveaStore *store,
                                              gint64 dataset,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One frozen row: @labels is a JSON array
 * [{"concept":"hat","value":1,"box":[left,top,right,bottom]?},…]. */
typedef struct {
  char *input_id;
  guint8 sha256[32];
  char *split;
  char *labels;
} FoveaStoreDatasetRow;

void        fovea_store_dataset_row_free    (FoveaStoreDatasetRow   *row);

/* (element-type FoveaStoreDatasetRow): in order of the inputs' public ids. */
GPtrArray *fovea_store_get_dataset_rows (FoveaStore *store,
                                         gint64 version,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
