/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-undo.h"

#include "store/store-private.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * Putting a changeset back. A row that something outside the history has changed since is left as
 * it is (omitted). That can leave references open: a parent is gone that a newer row needs, or a
 * row came back whose parent has left. Parents that this very changeset removed are put back, rows
 * without a parent to be had go.
 */

typedef struct {
  gsize n_conflicts;
  gboolean open_references;
} Apply;

static int
on_table (void       *user_data,
          const char *table)
{
  return g_strv_contains (fovea_store_tracked_tables, table);
}

static int
on_conflict (void                   *user_data,
             int                     kind,
             sqlite3_changeset_iter *iter)
{
  Apply *apply = user_data;

  /* Said once, at the end; SQLite forgets its own count of them right after. */
  if (kind == SQLITE_CHANGESET_FOREIGN_KEY)
    apply->open_references = TRUE;
  else
    apply->n_conflicts++;
  return SQLITE_CHANGESET_OMIT;
}

/* "INSERT OR IGNORE INTO t VALUES (?, …)" with the old values of the removed row that @iter stands
 * on. */
static gboolean
put_row_back (FoveaStore              *store,
              sqlite3_changeset_iter  *iter,
              const char              *table,
              int                      n_columns,
              GError                 **error)
{
  g_autoptr (GString) sql = g_string_new (NULL);
  sqlite3_stmt *stmt;

  g_string_printf (sql, "INSERT OR IGNORE INTO \"%s\" VALUES (", table);
  for (int i = 0; i < n_columns; i++)
    g_string_append (sql, i == 0 ? "?" : ", ?");
  g_string_append_c (sql, ')');

  stmt = fovea_sql_get (store, sql->str, error);
  if (stmt == NULL)
    return FALSE;
  for (int i = 0; i < n_columns; i++)
    {
      sqlite3_value *value = NULL;

      if (sqlite3changeset_old (iter, i, &value) != SQLITE_OK || value == NULL)
        return FALSE;
      sqlite3_bind_value (stmt, i + 1, value);
    }
  return fovea_sql_step (store, stmt, error) == SQLITE_DONE;
}

/* Puts back the row of @table with @id in its first column, when @changeset removed it. */
static gboolean
restore_parent (FoveaStore  *store,
                const void  *changeset,
                int          size,
                const char  *table,
                gint64       id,
                gboolean    *ret_found,
                GError     **error)
{
  sqlite3_changeset_iter *iter = NULL;
  gboolean ok = TRUE;

  *ret_found = FALSE;
  if (sqlite3changeset_start (&iter, size, (void *) changeset) != SQLITE_OK)
    return TRUE;
  while (ok && !*ret_found && sqlite3changeset_next (iter) == SQLITE_ROW)
    {
      const char *name;
      int n_columns, op, indirect;
      sqlite3_value *value = NULL;

      if (sqlite3changeset_op (iter, &name, &n_columns, &op, &indirect) != SQLITE_OK)
        break;
      if (op != SQLITE_DELETE || !g_str_equal (name, table))
        continue;
      if (sqlite3changeset_old (iter, 0, &value) != SQLITE_OK || value == NULL
          || sqlite3_value_int64 (value) != id)
        continue;
      ok = put_row_back (store, iter, table, n_columns, error);
      *ret_found = ok;
    }
  sqlite3changeset_finalize (iter);
  return ok;
}

/* An open reference: which row, of which table, to which parent. */
typedef struct {
  char *table;
  char *parent;
  char *column;
  gint64 value;
} OpenReference;

static void
open_reference_free (OpenReference *reference)
{
  g_free (reference->table);
  g_free (reference->parent);
  g_free (reference->column);
  g_free (reference);
}

/* All foreign keys of our tables go to a single column "id"; collect the values that lead nowhere.
 */
static gboolean
find_in_table (FoveaStore  *store,
               const char  *table,
               GPtrArray   *found,
               GError     **error)
{
  g_autofree char *list = g_strdup_printf ("PRAGMA foreign_key_list (\"%s\")", table);
  g_autoptr (GPtrArray) keys
    = g_ptr_array_new_with_free_func ((GDestroyNotify) open_reference_free);
  sqlite3_stmt *stmt = fovea_sql_get (store, list, error);
  int rc = SQLITE_DONE;

  if (stmt == NULL)
    return FALSE;
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      OpenReference *key = g_new0 (OpenReference, 1);

      key->parent = fovea_sql_dup_text (stmt, 2);
      key->column = fovea_sql_dup_text (stmt, 3);
      g_ptr_array_add (keys, key);
    }

  for (guint i = 0; rc == SQLITE_DONE && i < keys->len; i++)
    {
      const OpenReference *key = keys->pdata[i];
      g_autofree char *sql = g_strdup_printf (
        "SELECT DISTINCT c.\"%s\" FROM \"%s\" AS c WHERE c.\"%s\" IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM \"%s\" AS p WHERE p.id = c.\"%s\")",
        key->column, table, key->column, key->parent, key->column);

      stmt = fovea_sql_get (store, sql, error);
      if (stmt == NULL)
        return FALSE;
      while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
        {
          OpenReference *reference = g_new0 (OpenReference, 1);

          reference->table = g_strdup (table);
          reference->parent = g_strdup (key->parent);
          reference->column = g_strdup (key->column);
          reference->value = sqlite3_column_int64 (stmt, 0);
          g_ptr_array_add (found, reference);
        }
    }
  return rc == SQLITE_DONE;
}

static GPtrArray *
find_open_references (FoveaStore  *store,
                      GError     **error)
{
  g_autoptr (GPtrArray) found
    = g_ptr_array_new_with_free_func ((GDestroyNotify) open_reference_free);

  for (gsize i = 0; fovea_store_tracked_tables[i] != NULL; i++)
    if (!find_in_table (store, fovea_store_tracked_tables[i], found, error))
      return NULL;
  return g_steal_pointer (&found);
}

static gboolean
close_reference (FoveaStore           *store,
                 const void           *changeset,
                 int                   size,
                 const OpenReference  *reference,
                 Apply                *apply,
                 GError              **error)
{
  g_autofree char *sql = NULL;
  gboolean found;

  apply->n_conflicts++;
  if (!restore_parent (store, changeset, size, reference->parent, reference->value, &found, error))
    return FALSE;
  if (found)
    return TRUE;
  sql
    = g_strdup_printf ("DELETE FROM \"%s\" WHERE \"%s\" = ?", reference->table, reference->column);
  return fovea_sql_run (store, error, sql, "i", reference->value);
}

/* A restored parent or a removed row can open another reference, so again until none is left. */
static gboolean
close_references (FoveaStore  *store,
                  const void  *changeset,
                  int          size,
                  Apply       *apply,
                  GError     **error)
{
  for (guint round = 0; round < 10; round++)
    {
      g_autoptr (GPtrArray) found = find_open_references (store, error);

      if (found == NULL)
        return FALSE;
      if (found->len == 0)
        return TRUE;
      for (guint i = 0; i < found->len; i++)
        if (!close_reference (store, changeset, size, found->pdata[i], apply, error))
          return FALSE;
    }
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_CONFLICT,
               _("“%s”: other changes since stand in the way"), store->path);
  return FALSE;
}

/* "0 means none" columns have no foreign key; see to it that what they name exists. */
static gboolean
drop_strays (FoveaStore  *store,
             GError     **error)
{
  return fovea_sql_run (store, error,
                        "DELETE FROM annotations WHERE region_id > 0 AND region_id NOT IN "
                        "(SELECT id FROM regions)",
                        NULL)
         && fovea_sql_run (store, error,
                           "DELETE FROM annotations WHERE version_id > 0 AND version_id NOT IN "
                           "(SELECT id FROM model_versions)",
                           NULL)
         && fovea_sql_run (store, error,
                           "DELETE FROM regions WHERE version_id > 0 AND version_id NOT IN "
                           "(SELECT id FROM model_versions)",
                           NULL);
}

static gboolean
apply_changeset (FoveaStore  *store,
                 const void  *data,
                 int          size,
                 gboolean     invert,
                 Apply       *apply,
                 GError     **error)
{
  void *inverse = NULL;
  int inverse_size = 0, rc;
  gboolean ok = TRUE;

  rc = invert ? sqlite3changeset_invert (size, data, &inverse_size, &inverse) : SQLITE_OK;
  if (invert)
    {
      data = inverse;
      size = inverse_size;
    }
  if (rc == SQLITE_OK)
    rc = sqlite3changeset_apply_v2 (store->db, size, (void *) data, on_table, on_conflict, apply,
                                    NULL, NULL, SQLITE_CHANGESETAPPLY_NOSAVEPOINT);
  if (rc != SQLITE_OK)
    {
      fovea_sql_set_error (store->db, store->path, rc, error);
      ok = FALSE;
    }

  if (ok && apply->open_references)
    ok = close_references (store, data, size, apply, error);
  apply->open_references = FALSE;
  sqlite3_free (inverse);
  return ok;
}

static gboolean
apply_command (FoveaStore  *store,
               gint64       command,
               gboolean     invert,
               Apply       *apply,
               GError     **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  sqlite3_stmt *stmt;
  int rc;

  stmt = fovea_sql_get (store, "SELECT id FROM changesets WHERE command_id = ? ORDER BY id", error);
  if (stmt == NULL)
    return FALSE;
  fovea_sql_bind (stmt, "i", command);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      gint64 id = sqlite3_column_int64 (stmt, 0);

      g_array_append_val (ids, id);
    }
  if (rc != SQLITE_DONE)
    return FALSE;

  for (guint i = 0; i < ids->len; i++)
    {
      gint64 id = g_array_index (ids, gint64, invert ? ids->len - 1 - i : i);
      g_autofree void *data = NULL;
      int size;

      stmt = fovea_sql_get (store, "SELECT data FROM changesets WHERE id = ?", error);
      if (stmt == NULL)
        return FALSE;
      fovea_sql_bind (stmt, "i", id);
      if (fovea_sql_step (store, stmt, error) != SQLITE_ROW)
        return FALSE;
      size = sqlite3_column_bytes (stmt, 0);
      data = g_memdup2 (sqlite3_column_blob (stmt, 0), (gsize) size);
      sqlite3_reset (stmt);
      if (!apply_changeset (store, data, size, invert, apply, error))
        return FALSE;
    }
  return drop_strays (store, error);
}

/* The row that undo or redo takes: id, label, number of changes. */
static gboolean
find_command (FoveaStore            *store,
              gboolean               undo,
              FoveaStoreUndoResult  *result,
              GError               **error)
{
  sqlite3_stmt *stmt;
  int rc;

  stmt = fovea_sql_get (
    store,
    undo ? "SELECT id, label, n_changes FROM commands WHERE undone = 0 AND n_changes > 0 "
           "ORDER BY id DESC LIMIT 1"
         : "SELECT id, label, n_changes FROM commands WHERE undone = 1 ORDER BY id LIMIT 1",
    error);
  if (stmt == NULL)
    return FALSE;
  rc = fovea_sql_step (store, stmt, error);
  if (rc == SQLITE_DONE)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                 undo ? _("“%s”: there is nothing to undo") : _("“%s”: there is nothing to redo"),
                 store->path);
  if (rc != SQLITE_ROW)
    return FALSE;
  result->command = sqlite3_column_int64 (stmt, 0);
  result->label = fovea_sql_dup_text (stmt, 1);
  result->n_changes = (gsize) sqlite3_column_int64 (stmt, 2);
  sqlite3_reset (stmt);
  return TRUE;
}

static gboolean
step_history (FoveaStore            *store,
              gboolean               undo,
              FoveaStoreUndoResult  *ret_result,
              GError               **error)
{
  g_auto (FoveaStoreUndoResult) result = { 0 };
  Apply apply = { 0 };

  g_return_val_if_fail (store != NULL && store->txn == FOVEA_STORE_TXN_NONE, FALSE);

  if (!fovea_sql_begin (store, TRUE, error))
    return FALSE;
  if (!find_command (store, undo, &result, error)
      || (undo && !fovea_store_history_take_versions (store, result.command, error))
      || !apply_command (store, result.command, undo, &apply, error)
      || (!undo && !fovea_store_history_leave_versions (store, result.command, error))
      || !fovea_sql_run (store, error, "UPDATE commands SET undone = ? WHERE id = ?", "ii",
                         (gint64) undo, result.command))
    {
      fovea_sql_rollback (store);
      return FALSE;
    }
  if (!fovea_sql_commit (store, error))
    return FALSE;

  result.n_conflicts = apply.n_conflicts;
  result.n_changes -= MIN (result.n_changes, apply.n_conflicts);
  if (ret_result != NULL)
    {
      *ret_result = result;
      result.label = NULL;
    }
  return TRUE;
}

gboolean
fovea_store_undo (FoveaStore            *store,
                  FoveaStoreUndoResult  *ret_result,
                  GError               **error)
{
  return step_history (store, TRUE, ret_result, error);
}

gboolean
fovea_store_redo (FoveaStore            *store,
                  FoveaStoreUndoResult  *ret_result,
                  GError               **error)
{
  return step_history (store, FALSE, ret_result, error);
}
