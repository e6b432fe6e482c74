/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-private.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>

static gboolean
is_no_space (int errsv)
{
  return errsv == ENOSPC || errsv == EDQUOT;
}

static FoveaStoreError
code_for (sqlite3 *db,
          int      rc)
{
  switch (rc & 0xff)
    {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return FOVEA_STORE_ERROR_BUSY;
    case SQLITE_FULL:
      return FOVEA_STORE_ERROR_FULL;
    case SQLITE_READONLY:
      return FOVEA_STORE_ERROR_READ_ONLY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return FOVEA_STORE_ERROR_DAMAGED;
    case SQLITE_CONSTRAINT:
      return rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY
             ? FOVEA_STORE_ERROR_CONFLICT
             : rc == SQLITE_CONSTRAINT_FOREIGNKEY ? FOVEA_STORE_ERROR_NOT_FOUND
                                                  : FOVEA_STORE_ERROR_INVALID;
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return FOVEA_STORE_ERROR_INVALID;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return db != NULL && is_no_space (sqlite3_system_errno (db)) ? FOVEA_STORE_ERROR_FULL
                                                                   : FOVEA_STORE_ERROR_IO;
    default:
      return FOVEA_STORE_ERROR_IO;
    }
}

void
fovea_sql_set_error (sqlite3     *db,
                     const char  *path,
                     int          rc,
                     GError     **error)
{
  FoveaStoreError code = code_for (db, rc);
  /* SQLite quotes the file's own text, which need not be valid where the file is harmed. */
  g_autofree char *message = g_utf8_make_valid (db != NULL ? sqlite3_errmsg (db) : sqlite3_errstr (rc), -1);

  if (code == FOVEA_STORE_ERROR_BUSY)
    g_set_error (error, FOVEA_STORE_ERROR, code,
                 _("Another program is writing to “%s” just now: try again in a moment"), path);
  else if (code == FOVEA_STORE_ERROR_FULL)
    g_set_error (error, FOVEA_STORE_ERROR, code,
                 _("There is no room left on the disk of “%s”: nothing was changed; free some space "
                   "and try again"), path);
  else if (code == FOVEA_STORE_ERROR_READ_ONLY)
    g_set_error (error, FOVEA_STORE_ERROR, code,
                 _("“%s” is open read-only and cannot be changed"), path);
  else if (code == FOVEA_STORE_ERROR_DAMAGED)
    g_set_error (error, FOVEA_STORE_ERROR, code,
                 _("“%s” is damaged (%s): restore it from a backup"), path, message);
  else if (code == FOVEA_STORE_ERROR_NOT_FOUND)
    g_set_error (error, FOVEA_STORE_ERROR, code,
                 "“%s”: a row that this one refers to does not exist", path);
  else
    g_set_error (error, FOVEA_STORE_ERROR, code, "“%s”: %s", path, message);
}

sqlite3_stmt *
fovea_sql_get (FoveaStore  *store,
               const char  *sql,
               GError     **error)
{
  sqlite3_stmt *stmt = g_hash_table_lookup (store->statements, sql);
  int rc;

  if (stmt != NULL)
    {
      sqlite3_reset (stmt);
      sqlite3_clear_bindings (stmt);
      return stmt;
    }

  rc = sqlite3_prepare_v3 (store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
  if (rc != SQLITE_OK)
    {
      fovea_sql_set_error (store->db, store->path, rc, error);
      return NULL;
    }

  g_hash_table_insert (store->statements, g_strdup (sql), stmt);
  return stmt;
}

void
fovea_sql_forget (FoveaStore *store)
{
  g_hash_table_remove_all (store->statements);
}

static void
bind_va (sqlite3_stmt *stmt,
         const char   *types,
         va_list       args)
{
  for (int i = 1; types != NULL && *types != '\0'; i++, types++)
    {
      if (*types == 'i')
        sqlite3_bind_int64 (stmt, i, va_arg (args, gint64));
      else if (*types == 'd')
        sqlite3_bind_double (stmt, i, va_arg (args, double));
      else if (*types == 't' || *types == 'T')
        {
          const char *text = va_arg (args, const char *);

          if (text == NULL && *types == 't')
            text = "";
          sqlite3_bind_text (stmt, i, text, -1, SQLITE_TRANSIENT);
        }
      else
        {
          const void *data = va_arg (args, const void *);
          gsize size = va_arg (args, gsize);

          g_assert (*types == 'b');
          sqlite3_bind_blob64 (stmt, i, data != NULL ? data : "", size, SQLITE_TRANSIENT);
        }
    }
}

void
fovea_sql_bind (sqlite3_stmt *stmt,
                const char   *types,
                ...)
{
  va_list args;

  va_start (args, types);
  bind_va (stmt, types, args);
  va_end (args);
}

int
fovea_sql_step (FoveaStore    *store,
                sqlite3_stmt  *stmt,
                GError       **error)
{
  int rc = sqlite3_step (stmt);

  if (rc == SQLITE_ROW)
    return rc;
  if (rc != SQLITE_DONE)
    fovea_sql_set_error (store->db, store->path, sqlite3_extended_errcode (store->db), error);
  sqlite3_reset (stmt);
  return rc;
}

gboolean
fovea_sql_run (FoveaStore  *store,
               GError     **error,
               const char  *sql,
               const char  *types,
               ...)
{
  sqlite3_stmt *stmt = fovea_sql_get (store, sql, error);
  va_list args;
  int rc;

  if (stmt == NULL)
    return FALSE;

  va_start (args, types);
  bind_va (stmt, types, args);
  va_end (args);

  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    ;
  return rc == SQLITE_DONE;
}

gboolean
fovea_sql_number (FoveaStore  *store,
                  gint64      *ret_number,
                  gboolean    *ret_found,
                  GError     **error,
                  const char  *sql,
                  const char  *types,
                  ...)
{
  sqlite3_stmt *stmt = fovea_sql_get (store, sql, error);
  va_list args;
  int rc;

  if (stmt == NULL)
    return FALSE;

  va_start (args, types);
  bind_va (stmt, types, args);
  va_end (args);

  rc = fovea_sql_step (store, stmt, error);
  if (rc != SQLITE_ROW && rc != SQLITE_DONE)
    return FALSE;

  if (ret_number != NULL)
    *ret_number = rc == SQLITE_ROW ? sqlite3_column_int64 (stmt, 0) : 0;
  if (ret_found != NULL)
    *ret_found = rc == SQLITE_ROW;
  sqlite3_reset (stmt);
  return TRUE;
}

gboolean
fovea_sql_exec (FoveaStore  *store,
                const char  *sql,
                GError     **error)
{
  int rc = sqlite3_exec (store->db, sql, NULL, NULL, NULL);

  if (rc == SQLITE_OK)
    return TRUE;
  fovea_sql_set_error (store->db, store->path, sqlite3_extended_errcode (store->db), error);
  return FALSE;
}

GPtrArray *
fovea_sql_read_rows (FoveaStore        *store,
                     sqlite3_stmt      *stmt,
                     FoveaSqlReadFunc   read,
                     GDestroyNotify     free_row,
                     GError           **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (free_row);
  int rc;

  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    g_ptr_array_add (rows, read (stmt));
  return rc == SQLITE_DONE ? g_steal_pointer (&rows) : NULL;
}

char *
fovea_sql_dup_text (sqlite3_stmt *stmt,
                    int           column)
{
  const char *text = (const char *) sqlite3_column_text (stmt, column);

  /* SQLite does not look into texts; a file from elsewhere may hold any bytes. */
  if (text == NULL)
    return g_strdup ("");
  return g_utf8_validate (text, -1, NULL) ? g_strdup (text) : g_utf8_make_valid (text, -1);
}

/* A file that was deleted or moved still takes what is written, and loses it when it is closed: its
 * log is by its old name. */
static gboolean
check_in_place (FoveaStore  *store,
                GError     **error)
{
  int moved = 0;

  if (sqlite3_file_control (store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK || !moved)
    return TRUE;
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
               _("“%s” was moved or deleted while it was open, so nothing can be kept in it; "
                 "put it back where it was"), store->path);
  return FALSE;
}

gboolean
fovea_sql_begin (FoveaStore  *store,
                 gboolean     synced,
                 GError     **error)
{
  if (store->read_only)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_READ_ONLY,
                   _("“%s” cannot be changed: %s"), store->path,
                   store->read_only_reason != NULL ? store->read_only_reason
                                                   : _("it is open read-only"));
      return FALSE;
    }
  if (!check_in_place (store, error))
    return FALSE;

  /* Without a log every commit has to be synced, or a power cut could break the file itself. */
  if (!fovea_sql_exec (store, synced || store->on_network ? "PRAGMA synchronous = FULL"
                                                          : "PRAGMA synchronous = NORMAL", error))
    return FALSE;
  return fovea_sql_exec (store, "BEGIN IMMEDIATE", error);
}

static gboolean
fail_doomed (FoveaStore  *store,
             GError     **error)
{
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
               "“%s”: an earlier change of this command had failed, so nothing of it is kept",
               store->path);
  return FALSE;
}

gboolean
fovea_sql_commit (FoveaStore  *store,
                  GError     **error)
{
  if (store->doomed)
    {
      fovea_sql_rollback (store);
      store->doomed = FALSE;
      return fail_doomed (store, error);
    }
  if (sqlite3_get_autocommit (store->db))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_IO,
                   "“%s”: the change had failed and was taken back", store->path);
      return FALSE;
    }
  if (fovea_sql_exec (store, "COMMIT", error))
    return TRUE;
  fovea_sql_rollback (store);
  return FALSE;
}

void
fovea_sql_rollback (FoveaStore *store)
{
  if (!sqlite3_get_autocommit (store->db))
    sqlite3_exec (store->db, "ROLLBACK", NULL, NULL, NULL);
}

gboolean
fovea_store_need_command (FoveaStore  *store,
                          GError     **error)
{
  if (store->txn == FOVEA_STORE_TXN_COMMAND)
    return TRUE;
  if (store->read_only)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_READ_ONLY,
                 _("“%s” cannot be changed: %s"), store->path, store->read_only_reason);
  else
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                 "“%s”: this change has to be made within a command", store->path);
  return FALSE;
}

gboolean
fovea_sql_enter (FoveaSqlScope  *scope,
                 FoveaStore     *store,
                 gboolean        tracked,
                 GError        **error)
{
  if (tracked && !fovea_store_need_command (store, error))
    return FALSE;
  if (store->doomed)
    return fail_doomed (store, error);

  if (store->txn == FOVEA_STORE_TXN_NONE && store->depth == 0)
    {
      if (!fovea_sql_begin (store, FALSE, error))
        return FALSE;
      scope->own = TRUE;
    }
  scope->store = store;
  store->depth++;
  return TRUE;
}

gboolean
fovea_sql_leave (FoveaSqlScope  *scope,
                 GError        **error)
{
  FoveaStore *store = scope->store;

  scope->store = NULL;
  store->depth--;
  if (!scope->own)
    return TRUE;
  if (store->doomed)
    {
      store->doomed = FALSE;
      fovea_sql_rollback (store);
      return fail_doomed (store, error);
    }
  return fovea_sql_commit (store, error);
}

void
fovea_sql_scope_clear (FoveaSqlScope *scope)
{
  FoveaStore *store = scope->store;

  if (store == NULL)
    return;

  scope->store = NULL;
  store->depth--;
  if (scope->own)
    {
      store->doomed = FALSE;
      fovea_sql_rollback (store);
    }
  else
    store->doomed = TRUE;
}

gboolean
fovea_store_check_text (const char  *text,
                        gsize        max_bytes,
                        const char  *what,
                        GError     **error)
{
  gsize size = text != NULL ? strlen (text) : 0;

  if (size > max_bytes)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                 "The %s is %" G_GSIZE_FORMAT " bytes long; at most %" G_GSIZE_FORMAT
                 " are allowed",
                 what, size, max_bytes);
  else if (size > 0 && !g_utf8_validate (text, (gssize) size, NULL))
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                 "The %s is not valid UTF-8 text", what);
  else
    return TRUE;
  return FALSE;
}
