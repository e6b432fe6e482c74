/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-check.h"

#include <glib/gstdio.h>

#include "store/store-migrate.h"
#include "store/store-private.h"

#define PAGES_PER_STEP 512

static gboolean
copy_pages (FoveaStore               *store,
            sqlite3                  *target,
            const char               *path,
            FoveaStoreBackupProgress  progress,
            gpointer                  data,
            GCancellable             *cancellable,
            GError                  **error)
{
  sqlite3_backup *backup = sqlite3_backup_init (target, "main", store->db, "main");
  int rc = SQLITE_OK;

  if (backup == NULL)
    {
      fovea_sql_set_error (target, path, sqlite3_extended_errcode (target), error);
      return FALSE;
    }
  while (rc == SQLITE_OK && !g_cancellable_is_cancelled (cancellable))
    {
      rc = sqlite3_backup_step (backup, PAGES_PER_STEP);
      if (progress != NULL && (rc == SQLITE_OK || rc == SQLITE_DONE))
        progress ((gsize) (sqlite3_backup_pagecount (backup) - sqlite3_backup_remaining (backup)),
                  (gsize) sqlite3_backup_pagecount (backup), data);
    }
  sqlite3_backup_finish (backup);

  if (rc == SQLITE_DONE)
    return TRUE;
  if (!g_cancellable_set_error_if_cancelled (cancellable, error))
    fovea_sql_set_error (target, path, rc, error);
  return FALSE;
}

/* Within a transaction of our own: without it every change by others would start the copy anew. */
static gboolean
copy_snapshot (FoveaStore               *store,
               sqlite3                  *target,
               const char               *path,
               FoveaStoreBackupProgress  progress,
               gpointer                  data,
               GCancellable             *cancellable,
               GError                  **error)
{
  int rc = sqlite3_exec (store->db, "BEGIN; SELECT count (*) FROM meta", NULL, NULL, NULL);
  gboolean ok;

  if (rc != SQLITE_OK)
    fovea_sql_set_error (store->db, store->path, sqlite3_extended_errcode (store->db), error);
  ok = rc == SQLITE_OK && copy_pages (store, target, path, progress, data, cancellable, error);
  if (!sqlite3_get_autocommit (store->db))
    sqlite3_exec (store->db, "COMMIT", NULL, NULL, NULL);
  return ok;
}

gboolean
fovea_store_backup (FoveaStore               *store,
                    const char               *path,
                    FoveaStoreBackupProgress  progress,
                    gpointer                  data,
                    GCancellable             *cancellable,
                    GError                  **error)
{
  g_autofree char *temporary = NULL, *journal = NULL;
  sqlite3 *target = NULL;
  gboolean ok;
  int rc;

  g_return_val_if_fail (store != NULL && path != NULL, FALSE);
  g_return_val_if_fail (store->txn == FOVEA_STORE_TXN_NONE, FALSE);

  temporary = fovea_store_make_temporary (path, error);
  if (temporary == NULL)
    return FALSE;
  rc = sqlite3_open_v2 (temporary, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (rc != SQLITE_OK)
    fovea_sql_set_error (target, path, rc, error);
  ok = rc == SQLITE_OK && copy_snapshot (store, target, path, progress, data, cancellable, error);
  /* The copied header says "log"; a copy on its own needs none. */
  if (ok
      && sqlite3_exec (target, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE",
                       NULL, NULL, NULL)
           != SQLITE_OK)
    {
      fovea_sql_set_error (target, path, sqlite3_extended_errcode (target), error);
      ok = FALSE;
    }
  sqlite3_close (target);

  if (ok)
    return fovea_store_put_in_place (temporary, path, error);
  journal = g_strconcat (temporary, "-journal", NULL);
  g_unlink (journal);
  g_unlink (temporary);
  return FALSE;
}
