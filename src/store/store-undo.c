/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-undo.h"

#include <glib/gi18n.h>

#include "store/store-private.h"

/* A changeset is kept as one value; SQLite's own limit on those is 1,000,000,000 bytes. */
#define MAX_CHANGESET 900000000

const char *const fovea_store_tracked_tables[] = {
  "settings",
  "authors",
  "inputs",
  "fields",
  "field_values",
  "datasets",
  "dataset_inputs",
  "concepts",
  "concept_relations",
  "models",
  "model_concepts",
  "model_versions",
  "regions",
  "annotations",
  "workflows",
  "workflow_versions",
  NULL,
};

void
fovea_store_undo_result_clear (FoveaStoreUndoResult *result)
{
  g_clear_pointer (&result->label, g_free);
  result->n_changes = 0;
  result->n_conflicts = 0;
}

void
fovea_store_command_free (FoveaStoreCommand *command)
{
  g_free (command->label);
  g_free (command);
}

gboolean
fovea_store_in_command (const FoveaStore *store)
{
  g_return_val_if_fail (store != NULL, FALSE);

  return store->txn == FOVEA_STORE_TXN_COMMAND;
}

static void
end_command (FoveaStore *store)
{
  g_clear_pointer (&store->session, sqlite3session_delete);
  g_clear_pointer (&store->command_label, g_free);
  store->command = 0;
  store->txn = FOVEA_STORE_TXN_NONE;
  store->depth = 0;
  store->doomed = FALSE;
}

static gboolean
start_session (FoveaStore  *store,
               GError     **error)
{
  int rc = sqlite3session_create (store->db, "main", &store->session);

  for (gsize i = 0; rc == SQLITE_OK && fovea_store_tracked_tables[i] != NULL; i++)
    rc = sqlite3session_attach (store->session, fovea_store_tracked_tables[i]);
  if (rc == SQLITE_OK)
    return TRUE;
  fovea_sql_set_error (store->db, store->path, rc, error);
  return FALSE;
}

static gboolean
begin_part (FoveaStore  *store,
            gint64       command,
            const char  *label,
            GError     **error)
{
  g_return_val_if_fail (store->txn == FOVEA_STORE_TXN_NONE, FALSE);

  if (!fovea_sql_begin (store, TRUE, error))
    return FALSE;

  store->txn = FOVEA_STORE_TXN_COMMAND;
  store->command = command;
  store->command_label = g_strdup (label);
  if (start_session (store, error))
    return TRUE;
  fovea_store_rollback_command (store);
  return FALSE;
}

gboolean
fovea_store_begin_command (FoveaStore  *store,
                           const char  *label,
                           GError     **error)
{
  g_return_val_if_fail (store != NULL && label != NULL, FALSE);

  return begin_part (store, 0, label, error);
}

/* What was undone can no longer be redone. */
static gboolean
drop_redo_tail (FoveaStore  *store,
                GError     **error)
{
  return fovea_sql_run (store, error,
                        "DELETE FROM changesets WHERE command_id IN "
                        "(SELECT id FROM commands WHERE undone = 1)", NULL)
         && fovea_sql_run (store, error, "DELETE FROM commands WHERE undone = 1", NULL);
}

static gboolean
insert_command (FoveaStore  *store,
                const char  *label,
                gint64      *ret_command,
                GError     **error)
{
  g_autofree char *valid = g_utf8_make_valid (label, -1);

  if (!drop_redo_tail (store, error)
      || !fovea_sql_run (store, error, "INSERT INTO commands (label, created_at) VALUES (?, ?)",
                         "ti", valid, g_get_real_time ()))
    return FALSE;
  *ret_command = sqlite3_last_insert_rowid (store->db);
  return TRUE;
}

gboolean
fovea_store_begin_long_command (FoveaStore  *store,
                                const char  *label,
                                gint64      *ret_command,
                                GError     **error)
{
  gint64 command;

  g_return_val_if_fail (store != NULL && label != NULL && ret_command != NULL, FALSE);
  g_return_val_if_fail (store->txn == FOVEA_STORE_TXN_NONE, FALSE);

  if (!fovea_sql_begin (store, TRUE, error))
    return FALSE;
  if (!insert_command (store, label, &command, error))
    {
      fovea_sql_rollback (store);
      return FALSE;
    }
  if (!fovea_sql_commit (store, error))
    return FALSE;
  *ret_command = command;
  return TRUE;
}

gboolean
fovea_store_continue_command (FoveaStore  *store,
                              gint64       command,
                              GError     **error)
{
  gboolean found;

  g_return_val_if_fail (store != NULL && command > 0, FALSE);

  if (!begin_part (store, command, NULL, error))
    return FALSE;
  if (fovea_sql_number (store, NULL, &found, error,
                        "SELECT 1 FROM commands WHERE id = ? AND undone = 0", "i", command)
      && found)
    return TRUE;

  fovea_store_rollback_command (store);
  if (error == NULL || *error == NULL)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                 "“%s”: the command to go on with was undone meanwhile", store->path);
  return FALSE;
}

gboolean
fovea_store_relabel_command (FoveaStore  *store,
                             gint64       command,
                             const char  *label,
                             GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autofree char *valid = NULL;

  g_return_val_if_fail (store != NULL && label != NULL, FALSE);

  valid = g_utf8_make_valid (label, -1);
  return fovea_sql_enter (&scope, store, FALSE, error)
         && fovea_sql_run (store, error, "UPDATE commands SET label = ? WHERE id = ?", "ti",
                           valid, command)
         && fovea_sql_leave (&scope, error);
}

void
fovea_store_set_history_limits (FoveaStore *store,
                                guint       max_commands,
                                gsize       max_bytes)
{
  g_return_if_fail (store != NULL);

  store->max_commands = max_commands;
  store->max_bytes = max_bytes;
}

/* The oldest go until both limits hold; @keep stays. */
static gboolean
trim_history (FoveaStore  *store,
              gint64       keep,
              GError     **error)
{
  gint64 count, bytes, first = 0;
  sqlite3_stmt *stmt;
  int rc;

  if (!fovea_sql_number (store, &count, NULL, error, "SELECT count(*) FROM commands", NULL)
      || !fovea_sql_number (store, &bytes, NULL, error,
                            "SELECT ifnull (sum (n_bytes), 0) FROM commands", NULL))
    return FALSE;
  if (count <= (gint64) store->max_commands && bytes <= (gint64) store->max_bytes)
    return TRUE;

  stmt = fovea_sql_get (store, "SELECT id, n_bytes FROM commands ORDER BY id", error);
  if (stmt == NULL)
    return FALSE;
  while ((count > (gint64) store->max_commands || bytes > (gint64) store->max_bytes)
         && (rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      if (sqlite3_column_int64 (stmt, 0) == keep)
        break;
      first = sqlite3_column_int64 (stmt, 0);
      bytes -= sqlite3_column_int64 (stmt, 1);
      count--;
    }
  sqlite3_reset (stmt);
  return fovea_sql_run (store, error, "DELETE FROM changesets WHERE command_id <= ?", "i", first)
         && fovea_sql_run (store, error, "DELETE FROM commands WHERE id <= ?", "i", first);
}

gint64
fovea_sql_count_changes (const void *data,
                         int         size)
{
  sqlite3_changeset_iter *iter = NULL;
  gint64 n = 0;
  int rc = sqlite3changeset_start (&iter, size, (void *) data);

  while (rc == SQLITE_OK && sqlite3changeset_next (iter) == SQLITE_ROW)
    n++;
  if (iter != NULL && sqlite3changeset_finalize (iter) != SQLITE_OK)
    rc = SQLITE_CORRUPT;
  return rc == SQLITE_OK ? n : -1;
}

static gboolean
store_changeset (FoveaStore  *store,
                 const void  *data,
                 int          size,
                 GError     **error)
{
  gint64 n_changes = fovea_sql_count_changes (data, size);

  if (size > MAX_CHANGESET)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                   _("“%s”: too much for one command: make it in several parts"), store->path);
      return FALSE;
    }
  if (store->command == 0
      && !insert_command (store, store->command_label, &store->command, error))
    return FALSE;

  return fovea_sql_run (store, error, "INSERT INTO changesets (command_id, data) VALUES (?, ?)",
                        "ib", store->command, data, (gsize) size)
         && fovea_sql_run (store, error,
                           "UPDATE commands SET n_changes = n_changes + ?, n_bytes = n_bytes + ? "
                           "WHERE id = ?", "iii", n_changes, (gint64) size, store->command)
         && trim_history (store, store->command, error);
}

gboolean
fovea_store_commit_command (FoveaStore  *store,
                            gint64      *ret_command,
                            GError     **error)
{
  void *data = NULL;
  int size = 0, rc;
  gint64 command;
  gboolean ok;

  g_return_val_if_fail (store != NULL && store->txn == FOVEA_STORE_TXN_COMMAND, FALSE);

  rc = store->doomed || sqlite3_get_autocommit (store->db)
       ? SQLITE_OK : sqlite3session_changeset (store->session, &size, &data);
  g_clear_pointer (&store->session, sqlite3session_delete);

  ok = rc == SQLITE_OK;
  if (!ok)
    fovea_sql_set_error (store->db, store->path, rc, error);
  ok = ok && (size == 0 || store_changeset (store, data, size, error))
       && fovea_sql_commit (store, error);
  sqlite3_free (data);

  command = size > 0 ? store->command : 0;
  if (!ok)
    fovea_sql_rollback (store);
  end_command (store);
  if (ok && ret_command != NULL)
    *ret_command = command;
  return ok;
}

void
fovea_store_rollback_command (FoveaStore *store)
{
  g_return_if_fail (store != NULL);

  if (store->txn != FOVEA_STORE_TXN_COMMAND)
    return;
  g_clear_pointer (&store->session, sqlite3session_delete);
  fovea_sql_rollback (store);
  end_command (store);
}

static char *
dup_label (FoveaStore *store,
           const char *sql)
{
  sqlite3_stmt *stmt = fovea_sql_get (store, sql, NULL);
  char *label = NULL;

  if (stmt != NULL && fovea_sql_step (store, stmt, NULL) == SQLITE_ROW)
    {
      label = fovea_sql_dup_text (stmt, 0);
      sqlite3_reset (stmt);
    }
  return label;
}

/* A long command without any part yet has nothing to undo. */
#define SELECT_UNDO                                                                                \
  "SELECT label, id FROM commands WHERE undone = 0 AND n_changes > 0 ORDER BY id DESC LIMIT 1"
#define SELECT_REDO "SELECT label, id FROM commands WHERE undone = 1 ORDER BY id LIMIT 1"

char *
fovea_store_dup_undo_label (FoveaStore *store)
{
  g_return_val_if_fail (store != NULL, NULL);

  return dup_label (store, SELECT_UNDO);
}

char *
fovea_store_dup_redo_label (FoveaStore *store)
{
  g_return_val_if_fail (store != NULL, NULL);

  return dup_label (store, SELECT_REDO);
}

GPtrArray *
fovea_store_list_commands (FoveaStore  *store,
                           guint        limit,
                           GError     **error)
{
  g_autoptr (GPtrArray) commands = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  commands = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_command_free);
  stmt = fovea_sql_get (store, "SELECT id, label, created_at, undone, n_changes, n_bytes "
                        "FROM commands ORDER BY id DESC LIMIT ?", error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", (gint64) limit);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreCommand *command = g_new0 (FoveaStoreCommand, 1);

      command->id = sqlite3_column_int64 (stmt, 0);
      command->label = fovea_sql_dup_text (stmt, 1);
      command->created_at = sqlite3_column_int64 (stmt, 2);
      command->undone = sqlite3_column_int (stmt, 3) != 0;
      command->n_changes = (gsize) sqlite3_column_int64 (stmt, 4);
      command->n_bytes = (gsize) sqlite3_column_int64 (stmt, 5);
      g_ptr_array_add (commands, command);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&commands) : NULL;
}

gboolean
fovea_store_forget_history (FoveaStore  *store,
                            GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };

  g_return_val_if_fail (store != NULL, FALSE);
  g_return_val_if_fail (store->txn == FOVEA_STORE_TXN_NONE, FALSE);

  return fovea_sql_enter (&scope, store, FALSE, error)
         && fovea_sql_run (store, error, "DELETE FROM changesets", NULL)
         && fovea_sql_run (store, error, "DELETE FROM commands", NULL)
         && fovea_sql_leave (&scope, error);
}
