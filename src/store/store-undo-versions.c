/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-models.h"
#include "store/store-private.h"

/*
 * Training is not in the history, yet a version belongs to its model: when the command that made the
 * model is undone, the versions that it got since leave with it. For that they become a last part
 * of the command, as if it had inserted them, so that redo brings them back; after redo that part
 * is forgotten, and they are as before.
 */

static const char *const recorded_tables[] = { "model_versions", "regions", "annotations" };

/* Calls for every row of @table that a changeset inserts; @value is its first column. */
typedef void (*InsertedFunc) (gint64 value, gpointer data);

static void
for_inserted (const void *data, int size, const char *table, InsertedFunc func, gpointer user_data)
{
  sqlite3_changeset_iter *iter = NULL;

  if (sqlite3changeset_start (&iter, size, (void *) data) != SQLITE_OK)
    return;
  while (sqlite3changeset_next (iter) == SQLITE_ROW)
    {
      const char *name;
      int n_columns, op, indirect;
      sqlite3_value *value = NULL;

      if (sqlite3changeset_op (iter, &name, &n_columns, &op, &indirect) == SQLITE_OK && op == SQLITE_INSERT
          && g_str_equal (name, table) && sqlite3changeset_new (iter, 0, &value) == SQLITE_OK && value != NULL)
        func (sqlite3_value_int64 (value), user_data);
    }
  sqlite3changeset_finalize (iter);
}

static void
keep (gint64 value, gpointer ids)
{
  g_array_append_val ((GArray *) ids, value);
}

/* (element-type gint64): changesets of @command that insert rows of @table, or with @rows those rows. NULL with @error. */
static GArray *
find_inserted (FoveaStore *store, gint64 command, const char *table, gboolean rows, GError **error)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (gint64));
  sqlite3_stmt *stmt = fovea_sql_get (store, "SELECT id, data FROM changesets WHERE command_id = ?", error);
  int rc;

  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", command);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      g_autoptr (GArray) inserted = g_array_new (FALSE, FALSE, sizeof (gint64));
      gint64 changeset = sqlite3_column_int64 (stmt, 0);

      for_inserted (sqlite3_column_blob (stmt, 1), sqlite3_column_bytes (stmt, 1), table, keep, inserted);
      if (rows)
        g_array_append_vals (found, inserted->data, inserted->len);
      else if (inserted->len > 0)
        g_array_append_val (found, changeset);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&found) : NULL;
}

static gboolean
remove_versions (FoveaStore *store, gint64 model, GError **error)
{
  g_autoptr (GPtrArray) versions = fovea_store_list_versions (store, model, error);

  if (versions == NULL || !fovea_sql_check_not_in_training (store, model, error))
    return FALSE;
  for (guint i = 0; i < versions->len; i++)
    {
      gint64 id = ((FoveaStoreVersion *) versions->pdata[i])->id;

      if (!fovea_sql_delete_predictions (store, id, NULL, error)
          || !fovea_sql_run (store, error, "DELETE FROM model_versions WHERE id = ?", "i", id))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_changeset (FoveaStore *store, gint64 command, const void *data, int size, GError **error)
{
  gint64 n_changes = fovea_sql_count_changes (data, size);

  return fovea_sql_run (store, error, "INSERT INTO changesets (command_id, data) VALUES (?, ?)", "ib", command, data, (gsize) size)
         && fovea_sql_run (store, error, "UPDATE commands SET n_changes = n_changes + ?, n_bytes = n_bytes + ? WHERE id = ?", "iii",
                           n_changes, (gint64) size, command);
}

/* What removing the versions of @models changes, inverted: *ret_data to be freed with sqlite3_free(). Nothing has changed
 * afterwards. */
static gboolean
record_versions (FoveaStore *store, const GArray *models, void **ret_data, int *ret_size, GError **error)
{
  sqlite3_session *session = NULL;
  void *removal = NULL;
  int size = 0, rc = sqlite3session_create (store->db, "main", &session);
  gboolean ok;

  for (gsize i = 0; rc == SQLITE_OK && i < G_N_ELEMENTS (recorded_tables); i++)
    rc = sqlite3session_attach (session, recorded_tables[i]);
  ok = rc == SQLITE_OK && fovea_sql_exec (store, "SAVEPOINT versions", error);
  for (guint i = 0; ok && i < models->len; i++)
    ok = remove_versions (store, g_array_index (models, gint64, i), error);
  if (ok)
    rc = sqlite3session_changeset (session, &size, &removal);
  if (ok && rc == SQLITE_OK && size > 0)
    rc = sqlite3changeset_invert (size, removal, ret_size, ret_data);
  sqlite3_free (removal);
  if (session != NULL)
    sqlite3session_delete (session);
  if (rc != SQLITE_OK)
    fovea_sql_set_error (store->db, store->path, rc, error);
  return ok && rc == SQLITE_OK && fovea_sql_exec (store, "ROLLBACK TO versions", error)
         && fovea_sql_exec (store, "RELEASE versions", error);
}

gboolean
fovea_store_history_take_versions (FoveaStore *store, gint64 command, GError **error)
{
  g_autoptr (GArray) models = find_inserted (store, command, "models", TRUE, error);
  void *data = NULL;
  int size = 0;
  gboolean ok;

  if (models == NULL)
    return FALSE;
  if (models->len == 0)
    return TRUE;
  ok = record_versions (store, models, &data, &size, error) && (size == 0 || add_changeset (store, command, data, size, error));
  sqlite3_free (data);
  return ok;
}

gboolean
fovea_store_history_leave_versions (FoveaStore *store, gint64 command, GError **error)
{
  g_autoptr (GArray) parts = find_inserted (store, command, "model_versions", FALSE, error);

  if (parts == NULL)
    return FALSE;
  for (guint i = 0; i < parts->len; i++)
    {
      gint64 part = g_array_index (parts, gint64, i), size, n_changes;
      sqlite3_stmt *stmt = fovea_sql_get (store, "SELECT data FROM changesets WHERE id = ?", error);

      if (stmt == NULL)
        return FALSE;
      fovea_sql_bind (stmt, "i", part);
      if (fovea_sql_step (store, stmt, error) != SQLITE_ROW)
        return FALSE;
      size = sqlite3_column_bytes (stmt, 0);
      n_changes = fovea_sql_count_changes (sqlite3_column_blob (stmt, 0), (int) size);
      sqlite3_reset (stmt);
      if (!fovea_sql_run (store, error, "DELETE FROM changesets WHERE id = ?", "i", part)
          || !fovea_sql_run (store, error, "UPDATE commands SET n_changes = n_changes - ?, n_bytes = n_bytes - ? WHERE id = ?", "iii",
                             n_changes, size, command))
        return FALSE;
    }
  return TRUE;
}
