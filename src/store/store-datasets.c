/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-datasets.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "store/store-concepts.h"
#include "store/store-private.h"

void
fovea_store_dataset_free (FoveaStoreDataset *dataset)
{
  g_free (dataset->public_id);
  g_free (dataset->name);
  g_free (dataset);
}

void
fovea_store_dataset_version_free (FoveaStoreDatasetVersion *version)
{
  if (version == NULL)
    return;
  g_free (version->public_id);
  g_free (version->description);
  g_free (version->data_hash);
  g_free (version);
}

void
fovea_store_dataset_row_free (FoveaStoreDatasetRow *row)
{
  g_free (row->input_id);
  g_free (row->split);
  g_free (row->labels);
  g_free (row);
}

gboolean
fovea_store_ensure_dataset (FoveaStore  *store,
                            const char  *name,
                            gint64      *ret_id,
                            GError     **error)
{
  g_autofree char *public_id = NULL;
  gboolean found;

  g_return_val_if_fail (store != NULL && name != NULL && ret_id != NULL, FALSE);

  if (!fovea_store_check_text (name, 255, "name of the dataset", error))
    return FALSE;
  public_id = fovea_store_concept_id_for_name (name);
  if (public_id[0] == '\0')
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID, "A dataset needs a name");
      return FALSE;
    }
  if (!fovea_sql_number (store, ret_id, &found, error,
                         "SELECT id FROM datasets WHERE public_id = ?", "t", public_id))
    return FALSE;
  if (found)
    return TRUE;
  if (!fovea_store_need_command (store, error)
      || !fovea_sql_run (store, error,
                         "INSERT INTO datasets (public_id, name, created_at) VALUES (?, ?, ?)",
                         "tti", public_id, name, g_get_real_time ()))
    return FALSE;
  *ret_id = sqlite3_last_insert_rowid (store->db);
  return TRUE;
}

gboolean
fovea_store_remove_dataset (FoveaStore  *store,
                            gint64       id,
                            GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };

  g_return_val_if_fail (store != NULL, FALSE);

  return fovea_sql_enter (&scope, store, TRUE, error)
         && fovea_sql_run (store, error, "DELETE FROM dataset_inputs WHERE dataset_id = ?", "i", id)
         && fovea_sql_run (store, error, "DELETE FROM datasets WHERE id = ?", "i", id)
         && fovea_sql_leave (&scope, error);
}

static gboolean
change_members (FoveaStore    *store,
                const char    *sql,
                gint64         id,
                const gint64  *inputs,
                gsize          n,
                gsize         *ret_changed,
                GError       **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  gboolean found;
  gsize changed = 0;

  if (!fovea_sql_enter (&scope, store, TRUE, error)
      || !fovea_sql_number (store, NULL, &found, error, "SELECT 1 FROM datasets WHERE id = ?", "i",
                            id))
    return FALSE;
  if (!found)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                   "“%s” has no dataset number %" G_GINT64_FORMAT, store->path, id);
      return FALSE;
    }
  for (gsize i = 0; i < n; i++)
    {
      if (!fovea_sql_run (store, error, sql, "ii", id, inputs[i]))
        return FALSE;
      changed += (gsize) sqlite3_changes (store->db);
    }
  if (!fovea_sql_leave (&scope, error))
    return FALSE;
  if (ret_changed != NULL)
    *ret_changed = changed;
  return TRUE;
}

gboolean
fovea_store_add_to_dataset (FoveaStore    *store,
                            gint64         id,
                            const gint64  *inputs,
                            gsize          n,
                            gsize         *ret_changed,
                            GError       **error)
{
  g_return_val_if_fail (store != NULL && (inputs != NULL || n == 0), FALSE);

  return change_members (store,
                         "INSERT OR IGNORE INTO dataset_inputs (dataset_id, input_id) "
                         "SELECT ?1, id FROM inputs WHERE id = ?2",
                         id, inputs, n, ret_changed, error);
}

gboolean
fovea_store_remove_from_dataset (FoveaStore    *store,
                                 gint64         id,
                                 const gint64  *inputs,
                                 gsize          n,
                                 gsize         *ret_changed,
                                 GError       **error)
{
  g_return_val_if_fail (store != NULL && (inputs != NULL || n == 0), FALSE);

  return change_members (store, "DELETE FROM dataset_inputs WHERE dataset_id = ? AND input_id = ?",
                         id, inputs, n, ret_changed, error);
}

GPtrArray *
fovea_store_list_datasets (FoveaStore  *store,
                           GError     **error)
{
  g_autoptr (GPtrArray) datasets = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  datasets = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_dataset_free);
  stmt = fovea_sql_get (store, "SELECT d.id, d.public_id, d.name, "
                        "(SELECT count(*) FROM dataset_inputs WHERE dataset_id = d.id) "
                        "FROM datasets AS d ORDER BY d.name", error);
  if (stmt == NULL)
    return NULL;
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreDataset *dataset = g_new0 (FoveaStoreDataset, 1);

      dataset->id = sqlite3_column_int64 (stmt, 0);
      dataset->public_id = fovea_sql_dup_text (stmt, 1);
      dataset->name = fovea_sql_dup_text (stmt, 2);
      dataset->n_inputs = (gsize) sqlite3_column_int64 (stmt, 3);
      g_ptr_array_add (datasets, dataset);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&datasets) : NULL;
}

/* What people said of one picture and its regions, as a JSON array in a fixed order. */
static char *
labels_as_json (FoveaStore  *store,
                gint64       input,
                GError     **error)
{
  sqlite3_stmt *stmt = fovea_sql_get (
    store, "SELECT c.public_id, a.value, r.x0, r.y0, r.x1, r.y1 FROM annotations AS a "
    "JOIN concepts AS c ON c.id = a.concept_id LEFT JOIN regions AS r ON r.id = a.region_id "
    "WHERE a.input_id = ? AND a.version_id = 0 AND a.status = 24150 "
    "ORDER BY c.public_id, r.x0, r.y0, r.x1, r.y1, a.value", error);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  int rc;

  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", input);
  json_builder_begin_array (builder);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      g_autofree char *concept_ = fovea_sql_dup_text (stmt, 0);

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "concept");
      json_builder_add_string_value (builder, concept_);
      json_builder_set_member_name (builder, "value");
      json_builder_add_int_value (builder, sqlite3_column_int (stmt, 1));
      if (sqlite3_column_type (stmt, 2) != SQLITE_NULL)
        {
          json_builder_set_member_name (builder, "box");
          json_builder_begin_array (builder);
          for (int i = 2; i < 6; i++)
            json_builder_add_double_value (builder, sqlite3_column_double (stmt, i));
          json_builder_end_array (builder);
        }
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  if (rc != SQLITE_DONE)
    return NULL;
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static void
hash_row (GChecksum    *hash,
          const char   *input_id,
          const guint8 *sha256,
          const char   *split,
          const char   *labels)
{
  g_checksum_update (hash, (const guchar *) input_id, (gssize) strlen (input_id) + 1);
  g_checksum_update (hash, sha256, 32);
  g_checksum_update (hash, (const guchar *) split, (gssize) strlen (split) + 1);
  g_checksum_update (hash, (const guchar *) labels, (gssize) strlen (labels) + 1);
}

static gboolean
freeze_rows (FoveaStore    *store,
             const GArray  *briefs,
             gint64         version,
             GError       **error)
{
  for (guint i = 0; i < briefs->len; i++)
    {
      gint64 input = g_array_index (briefs, FoveaStoreInputBrief, i).id;
      g_autofree char *labels = labels_as_json (store, input, error);

      if (labels == NULL
          || !fovea_sql_run (
            store, error,
            "INSERT INTO dataset_version_rows (version_id, input_public_id, sha256,"
            " split, labels) SELECT ?, public_id, sha256, split, ? FROM inputs WHERE id = ?",
            "iti", version, labels, input))
        return FALSE;
    }
  return TRUE;
}

/* Over the rows in order of the pictures' ids. */
static char *
hash_of_version (FoveaStore  *store,
                 gint64       version,
                 GError     **error)
{
  g_autoptr (GPtrArray) rows = fovea_store_get_dataset_rows (store, version, error);
  g_autoptr (GChecksum) hash = NULL;

  if (rows == NULL)
    return NULL;
  hash = g_checksum_new (G_CHECKSUM_SHA256);
  for (guint i = 0; i < rows->len; i++)
    {
      const FoveaStoreDatasetRow *row = rows->pdata[i];

      hash_row (hash, row->input_id, row->sha256, row->split, row->labels);
    }
  return g_strdup (g_checksum_get_string (hash));
}

FoveaStoreDatasetVersion *
fovea_store_freeze_dataset (FoveaStore              *store,
                            gint64                   dataset,
                            const char              *description,
                            const FoveaStoreFilter  *filter,
                            GError                 **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autoptr (FoveaStoreDatasetVersion) version = NULL;
  g_autoptr (GArray) briefs = NULL;

  g_return_val_if_fail (store != NULL, NULL);

  version = g_new0 (FoveaStoreDatasetVersion, 1);
  version->public_id = fovea_store_new_id ();
  version->dataset = dataset;
  version->description = g_strdup (description != NULL ? description : "");
  version->created_at = g_get_real_time ();
  if (!fovea_store_check_text (version->description, 1 << 16, "description", error)
      || !fovea_sql_enter (&scope, store, FALSE, error)
      || (briefs = fovea_store_list_inputs (store, filter, error)) == NULL
      || !fovea_sql_run (
        store, error,
        "INSERT INTO dataset_versions (public_id, dataset_id, description, data_hash,"
        " n_rows, created_at) VALUES (?, ?, ?, '', ?, ?)",
        "titii", version->public_id, dataset, version->description, (gint64) briefs->len,
        version->created_at))
    return NULL;
  version->id = sqlite3_last_insert_rowid (store->db);
  version->n_rows = briefs->len;
  if (!freeze_rows (store, briefs, version->id, error)
      || (version->data_hash = hash_of_version (store, version->id, error)) == NULL
      || !fovea_sql_run (store, error, "UPDATE dataset_versions SET data_hash = ? WHERE id = ?",
                         "ti", version->data_hash, version->id)
      || !fovea_sql_leave (&scope, error))
    return NULL;
  return g_steal_pointer (&version);
}

GPtrArray *
fovea_store_list_dataset_versions (FoveaStore  *store,
                                   gint64       dataset,
                                   GError     **error)
{
  g_autoptr (GPtrArray) versions = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  versions = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_dataset_version_free);
  stmt
    = fovea_sql_get (store,
                     "SELECT id, public_id, dataset_id, description, data_hash, n_rows, created_at "
                     "FROM dataset_versions WHERE ?1 = -1 OR dataset_id = ?1 ORDER BY id DESC",
                     error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", dataset);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreDatasetVersion *version = g_new0 (FoveaStoreDatasetVersion, 1);

      version->id = sqlite3_column_int64 (stmt, 0);
      version->public_id = fovea_sql_dup_text (stmt, 1);
      version->dataset = sqlite3_column_int64 (stmt, 2);
      version->description = fovea_sql_dup_text (stmt, 3);
      version->data_hash = fovea_sql_dup_text (stmt, 4);
      version->n_rows = (gsize) sqlite3_column_int64 (stmt, 5);
      version->created_at = sqlite3_column_int64 (stmt, 6);
      g_ptr_array_add (versions, version);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&versions) : NULL;
}

GPtrArray *
fovea_store_get_dataset_rows (FoveaStore  *store,
                              gint64       version,
                              GError     **error)
{
  g_autoptr (GPtrArray) rows = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  rows = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_dataset_row_free);
  stmt = fovea_sql_get (store,
                        "SELECT input_public_id, sha256, split, labels FROM dataset_version_rows "
                        "WHERE version_id = ? ORDER BY input_public_id",
                        error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", version);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreDatasetRow *row = g_new0 (FoveaStoreDatasetRow, 1);

      row->input_id = fovea_sql_dup_text (stmt, 0);
      if (sqlite3_column_bytes (stmt, 1) == sizeof row->sha256)
        memcpy (row->sha256, sqlite3_column_blob (stmt, 1), sizeof row->sha256);
      row->split = fovea_sql_dup_text (stmt, 2);
      row->labels = fovea_sql_dup_text (stmt, 3);
      g_ptr_array_add (rows, row);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&rows) : NULL;
}
