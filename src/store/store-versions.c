/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-models.h"

#include <glib/gi18n.h>
#include <string.h>

#include "store/store-annotations.h"
#include "store/store-jobs.h"
#include "store/store-private.h"

FoveaStoreVersion *
fovea_store_version_new (void)
{
  return g_new0 (FoveaStoreVersion, 1);
}

void
fovea_store_version_free (FoveaStoreVersion *version)
{
  if (version == NULL)
    return;
  g_free (version->public_id);
  g_free (version->status_details);
  g_free (version->description);
  g_free (version->params);
  g_free (version->concepts);
  g_free (version->data_hash);
  g_free (version->metrics);
  g_free (version->log);
  g_free (version);
}

static const char *
or_default (const char *text,
            const char *fallback)
{
  return text != NULL && text[0] != '\0' ? text : fallback;
}

static gboolean
is_hex (const char *text,
        gsize       length)
{
  return strlen (text) == length && strspn (text, "0123456789abcdef") == length;
}

static gboolean
check_version (const FoveaStoreVersion  *version,
               GError                  **error)
{
  if (version->public_id != NULL && !is_hex (version->public_id, 32))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                   "“%s” cannot be a version's id: 32 hexadecimal digits", version->public_id);
      return FALSE;
    }
  if (version->data_hash != NULL && version->data_hash[0] != '\0'
      && !is_hex (version->data_hash, 64))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                   "“%s” is not a SHA-256 in hexadecimal digits", version->data_hash);
      return FALSE;
    }
  return fovea_store_check_json (or_default (version->params, "{}"), '{',
                                 "parameters of the version", error)
         && fovea_store_check_json (or_default (version->concepts, "[]"), '[',
                                    "concepts of the version", error)
         && fovea_store_check_json (or_default (version->metrics, "{}"), '{',
                                    "metrics of the version", error)
         && fovea_store_check_text (version->log, 64 << 20, "log of the version", error)
         && fovea_store_check_text (version->status_details, 1 << 20, "details of the status",
                                    error)
         && fovea_store_check_text (version->description, 1 << 20, "description of the version",
                                    error);
}

static gboolean
fail_unknown (FoveaStore  *store,
              const char  *what,
              gint64       id,
              GError     **error)
{
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
               "“%s” has no %s number %" G_GINT64_FORMAT, store->path, what, id);
  return FALSE;
}

gboolean
fovea_store_add_version (FoveaStore               *store,
                         const FoveaStoreVersion  *version,
                         gint64                   *ret_id,
                         GError                  **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autofree char *made = NULL;
  gboolean found;
  gint64 id;

  g_return_val_if_fail (store != NULL && version != NULL, FALSE);

  if (!check_version (version, error) || !fovea_sql_enter (&scope, store, FALSE, error)
      || !fovea_sql_number (store, NULL, &found, error, "SELECT 1 FROM models WHERE id = ?", "i",
                            version->model))
    return FALSE;
  if (!found)
    return fail_unknown (store, "model", version->model, error);

  if (version->public_id == NULL)
    made = fovea_store_new_id ();
  if (!fovea_sql_run (store, error,
                      "INSERT INTO model_versions (public_id, model_id, status, status_details,"
                      " description, params, params_version, concepts, data_hash, "
                      "dataset_version_id, seed, metrics,"
                      " log, n_inputs, created_at, completed_at, resumed_from) "
                      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      "tiitttittiittiiii", made != NULL ? made : version->public_id, version->model,
                      (gint64) version->status, version->status_details, version->description,
                      or_default (version->params, "{}"), (gint64) version->params_version,
                      or_default (version->concepts, "[]"), version->data_hash,
                      version->dataset_version, version->seed, or_default (version->metrics, "{}"),
                      version->log, (gint64) version->n_inputs,
                      version->created_at != 0 ? version->created_at : g_get_real_time (),
                      version->completed_at, version->resumed_from))
    return FALSE;
  id = sqlite3_last_insert_rowid (store->db);
  if (!fovea_sql_leave (&scope, error))
    return FALSE;
  if (ret_id != NULL)
    *ret_id = id;
  return TRUE;
}

gboolean
fovea_store_update_version (FoveaStore               *store,
                            const FoveaStoreVersion  *version,
                            GError                  **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };

  g_return_val_if_fail (store != NULL && version != NULL, FALSE);

  if (!check_version (version, error) || !fovea_sql_enter (&scope, store, FALSE, error)
      || !fovea_sql_run (
        store, error,
        "UPDATE model_versions SET status = ?, status_details = ?, description = ?,"
        " params = ?, params_version = ?, concepts = ?, data_hash = ?, dataset_version_id = ?,"
        " seed = ?, metrics = ?, log = ?, n_inputs = ?, completed_at = ?, resumed_from = ? "
        "WHERE id = ?",
        "itttittiittiiii", (gint64) version->status, version->status_details, version->description,
        or_default (version->params, "{}"), (gint64) version->params_version,
        or_default (version->concepts, "[]"), version->data_hash, version->dataset_version,
        version->seed, or_default (version->metrics, "{}"), version->log,
        (gint64) version->n_inputs, version->completed_at, version->resumed_from, version->id))
    return FALSE;
  if (sqlite3_changes (store->db) == 0)
    return fail_unknown (store, "model version", version->id, error);
  return fovea_sql_leave (&scope, error);
}

/* Whether a living process says that it works on @target. */
static gboolean
is_worked_on (FoveaStore  *store,
              const char  *target,
              gboolean    *ret_is,
              GError     **error)
{
  g_autoptr (GPtrArray) jobs = fovea_store_list_jobs (store, TRUE, error);

  if (jobs == NULL)
    return FALSE;
  *ret_is = FALSE;
  for (guint i = 0; i < jobs->len; i++)
    {
      const FoveaStoreJob *job = jobs->pdata[i];

      if (g_str_equal (job->target, target) && fovea_store_job_is_alive (job))
        *ret_is = TRUE;
    }
  return TRUE;
}

/* @ret_public_id: (optional) of the model of row @model, "" when there is none. */
static gboolean
is_model_worked_on (FoveaStore  *store,
                    gint64       model,
                    gboolean    *ret_is,
                    char       **ret_public_id,
                    GError     **error)
{
  g_autofree char *target = NULL, *public_id = NULL;
  sqlite3_stmt *stmt = fovea_sql_get (store, "SELECT public_id FROM models WHERE id = ?", error);

  if (stmt == NULL)
    return FALSE;
  fovea_sql_bind (stmt, "i", model);
  if (fovea_sql_step (store, stmt, NULL) == SQLITE_ROW)
    {
      public_id = fovea_sql_dup_text (stmt, 0);
      sqlite3_reset (stmt);
    }
  target = g_strconcat ("model:", public_id, NULL);
  if (!is_worked_on (store, target, ret_is, error))
    return FALSE;
  if (ret_public_id != NULL)
    *ret_public_id = public_id != NULL ? g_steal_pointer (&public_id) : g_strdup ("");
  return TRUE;
}

static gboolean
is_in_training (FoveaStore               *store,
                const FoveaStoreVersion  *version,
                gboolean                 *ret_is,
                GError                  **error)
{
  g_autofree char *by_version = g_strconcat ("version:", version->public_id, NULL);

  *ret_is = FALSE;
  if (version->status != FOVEA_STORE_VERSION_TRAINING
      && version->status != FOVEA_STORE_VERSION_QUEUED)
    return TRUE;
  return is_worked_on (store, by_version, ret_is, error)
         && (*ret_is || is_model_worked_on (store, version->model, ret_is, NULL, error));
}

gboolean
fovea_sql_check_not_in_training (FoveaStore  *store,
                                 gint64       model,
                                 GError     **error)
{
  g_autofree char *public_id = NULL;
  gboolean is;

  if (!is_model_worked_on (store, model, &is, &public_id, error))
    return FALSE;
  if (is)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_BUSY,
                 _("The model “%s” is being trained: stop the training first"), public_id);
  return !is;
}

gboolean
fovea_store_remove_version (FoveaStore  *store,
                            gint64       id,
                            GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autoptr (FoveaStoreVersion) version = NULL;
  gboolean busy;

  g_return_val_if_fail (store != NULL, FALSE);

  if (!fovea_sql_enter (&scope, store, TRUE, error)
      || (version = fovea_store_get_version (store, id, error)) == NULL
      || !is_in_training (store, version, &busy, error))
    return FALSE;
  if (busy)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_BUSY,
                   _("The version “%s” is being trained: stop the training first"),
                   version->public_id);
      return FALSE;
    }
  return fovea_store_clear_predictions (store, id, NULL, error)
         && fovea_sql_run (store, error, "DELETE FROM model_versions WHERE id = ?", "i", id)
         && fovea_sql_leave (&scope, error);
}

#define SELECT_VERSION                                                                             \
  "SELECT id, public_id, model_id, status, status_details, description, params, params_version, "  \
  "concepts,"                                                                                      \
  " data_hash, dataset_version_id, seed, metrics, log, n_inputs, created_at, completed_at, "       \
  "resumed_from"                                                                                   \
  " FROM model_versions "

static gpointer
read_version (sqlite3_stmt *stmt)
{
  FoveaStoreVersion *version = fovea_store_version_new ();

  version->id = sqlite3_column_int64 (stmt, 0);
  version->public_id = fovea_sql_dup_text (stmt, 1);
  version->model = sqlite3_column_int64 (stmt, 2);
  version->status = (FoveaStoreVersionStatus) sqlite3_column_int (stmt, 3);
  version->status_details = fovea_sql_dup_text (stmt, 4);
  version->description = fovea_sql_dup_text (stmt, 5);
  version->params = fovea_sql_dup_text (stmt, 6);
  version->params_version = sqlite3_column_int (stmt, 7);
  version->concepts = fovea_sql_dup_text (stmt, 8);
  version->data_hash = fovea_sql_dup_text (stmt, 9);
  version->dataset_version = sqlite3_column_int64 (stmt, 10);
  version->seed = sqlite3_column_int64 (stmt, 11);
  version->metrics = fovea_sql_dup_text (stmt, 12);
  version->log = fovea_sql_dup_text (stmt, 13);
  version->n_inputs = (gsize) sqlite3_column_int64 (stmt, 14);
  version->created_at = sqlite3_column_int64 (stmt, 15);
  version->completed_at = sqlite3_column_int64 (stmt, 16);
  version->resumed_from = sqlite3_column_int64 (stmt, 17);
  return version;
}

static GPtrArray *
read_versions (FoveaStore  *store,
               const char  *sql,
               gint64       id,
               GError     **error)
{
  sqlite3_stmt *stmt = fovea_sql_get (store, sql, error);

  if (stmt == NULL)
    return NULL;
  if (sqlite3_bind_parameter_count (stmt) > 0)
    fovea_sql_bind (stmt, "i", id);
  return fovea_sql_read_rows (store, stmt, read_version, (GDestroyNotify) fovea_store_version_free, error);
}

gboolean
fovea_store_fail_stale_versions (FoveaStore  *store,
                                 gsize       *ret_changed,
                                 GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autoptr (GPtrArray) versions = NULL;
  gsize changed = 0;

  g_return_val_if_fail (store != NULL, FALSE);

  if (!fovea_sql_enter (&scope, store, FALSE, error)
      || (versions
          = read_versions (store, SELECT_VERSION "WHERE status IN (21101, 21103)", 0, error))
           == NULL)
    return FALSE;
  for (guint i = 0; i < versions->len; i++)
    {
      const FoveaStoreVersion *version = versions->pdata[i];
      gboolean busy;

      if (!is_in_training (store, version, &busy, error))
        return FALSE;
      if (busy)
        continue;
      if (!fovea_sql_run (
            store, error,
            "UPDATE model_versions SET status = 21106, status_details = ? WHERE id = ?", "ti",
            "The program ended before the training did", version->id))
        return FALSE;
      changed++;
    }
  if (!fovea_sql_leave (&scope, error))
    return FALSE;
  if (ret_changed != NULL)
    *ret_changed = changed;
  return TRUE;
}

gboolean
fovea_store_find_version (FoveaStore  *store,
                          const char  *public_id,
                          gint64      *ret_id,
                          GError     **error)
{
  gint64 id;
  gboolean found;

  g_return_val_if_fail (store != NULL && public_id != NULL && ret_id != NULL, FALSE);

  if (!fovea_sql_number (store, &id, &found, error,
                         "SELECT id FROM model_versions WHERE public_id = ?", "t", public_id))
    return FALSE;
  if (!found)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                 "“%s” has no model version “%s”", store->path, public_id);
  else
    *ret_id = id;
  return found;
}

static FoveaStoreVersion *
only_one (FoveaStore  *store,
          const char  *sql,
          const char  *what,
          gint64       id,
          GError     **error)
{
  g_autoptr (GPtrArray) versions = read_versions (store, sql, id, error);

  if (versions == NULL)
    return NULL;
  if (versions->len > 0)
    return g_ptr_array_steal_index (versions, 0);
  fail_unknown (store, what, id, error);
  return NULL;
}

FoveaStoreVersion *
fovea_store_get_version (FoveaStore  *store,
                         gint64       id,
                         GError     **error)
{
  g_return_val_if_fail (store != NULL, NULL);

  return only_one (store, SELECT_VERSION "WHERE id = ?", "model version", id, error);
}

FoveaStoreVersion *
fovea_store_get_current_version (FoveaStore  *store,
                                 gint64       model,
                                 GError     **error)
{
  g_return_val_if_fail (store != NULL, NULL);

  return only_one (store,
                   SELECT_VERSION "WHERE model_id = ? AND status = 21100 ORDER BY id DESC LIMIT 1",
                   "trained version of the model", model, error);
}

GPtrArray *
fovea_store_list_versions (FoveaStore  *store,
                           gint64       model,
                           GError     **error)
{
  g_return_val_if_fail (store != NULL, NULL);

  return read_versions (store, SELECT_VERSION "WHERE model_id = ? ORDER BY id DESC", model, error);
}
