/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
exec (sqlite3     *db,
      const char  *path,
      const char  *sql,
      GError     **error)
{
  if (sqlite3_exec (db, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;
  fovea_sql_set_error (db, path, sqlite3_extended_errcode (db), error);
  return FALSE;
}

static gboolean
has_rows (sqlite3     *db,
          const char  *sql)
{
  sqlite3_stmt *stmt = NULL;
  gboolean has = sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL) == SQLITE_OK
                 && sqlite3_step (stmt) == SQLITE_ROW;

  sqlite3_finalize (stmt);
  return has;
}

static gboolean
run_migrations (sqlite3                    *db,
                const char                 *path,
                int                         from,
                const FoveaStoreMigration  *migrations,
                gsize                       n,
                GError                    **error)
{
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *version = NULL;

      if (migrations[i].version <= from)
        continue;
      version = g_strdup_printf (
        "PRAGMA user_version = %d;"
        "INSERT INTO meta (key, value) VALUES ('min_reader', '%d')"
        "  ON CONFLICT (key) DO UPDATE SET value = excluded.value;",
        migrations[i].version, migrations[i].min_reader);
      if (!exec (db, path, migrations[i].sql, error) || !exec (db, path, version, error))
        return FALSE;
    }
  if (has_rows (db, "PRAGMA foreign_key_check"))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_DAMAGED,
                   "“%s” could not be brought up to date: it has rows that refer to nothing", path);
      return FALSE;
    }
  return TRUE;
}

gboolean
fovea_store_migrate (sqlite3                    *db,
                     const char                 *path,
                     int                         from,
                     const FoveaStoreMigration  *migrations,
                     gsize                       n,
                     GError                    **error)
{
  gboolean ok;

  /* Off while tables are rebuilt; has no effect within a transaction, hence around it. */
  if (!exec (db, path, "PRAGMA foreign_keys = OFF; PRAGMA synchronous = FULL; BEGIN EXCLUSIVE",
             error))
    return FALSE;
  ok = run_migrations (db, path, from, migrations, n, error) && exec (db, path, "COMMIT", error);
  if (!sqlite3_get_autocommit (db))
    sqlite3_exec (db, "ROLLBACK", NULL, NULL, NULL);
  sqlite3_exec (db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
  return ok;
}

char *
fovea_store_migration_copy_path (const char *path,
                                 int         from)
{
  g_autofree char *stem = g_str_has_suffix (path, ".fovea") ? g_strndup (path, strlen (path) - 6)
                                                            : g_strdup (path);

  for (guint i = 1;; i++)
    {
      char *copy = i == 1 ? g_strdup_printf ("%s.v%d-backup.fovea", stem, from)
                          : g_strdup_printf ("%s.v%d-backup-%u.fovea", stem, from, i);

      if (g_access (copy, F_OK) != 0)
        return copy;
      g_free (copy);
    }
}

static void
set_file_error (const char  *path,
                int          errsv,
                GError     **error)
{
  FoveaStoreError code = errsv == ENOENT || errsv == ENOTDIR ? FOVEA_STORE_ERROR_NOT_FOUND
                         : errsv == EEXIST                   ? FOVEA_STORE_ERROR_EXISTS
                         : errsv == EACCES || errsv == EPERM || errsv == EROFS
                           ? FOVEA_STORE_ERROR_PERMISSION
                         : errsv == ENOSPC || errsv == EDQUOT ? FOVEA_STORE_ERROR_FULL
                                                              : FOVEA_STORE_ERROR_IO;

  if (code == FOVEA_STORE_ERROR_EXISTS)
    g_set_error (error, FOVEA_STORE_ERROR, code, _("“%s” is there already: choose another name"),
                 path);
  else
    g_set_error (error, FOVEA_STORE_ERROR, code, _("“%s” cannot be written: %s"), path,
                 g_strerror (errsv));
}

char *
fovea_store_make_temporary (const char  *path,
                            GError     **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *hidden = g_strdup_printf (".%s.XXXXXX", name);
  g_autofree char *temporary = g_build_filename (folder, hidden, NULL);
  struct stat st;
  int fd;

  if (lstat (path, &st) == 0)
    {
      set_file_error (path, EEXIST, error);
      return NULL;
    }
  fd = g_mkstemp_full (temporary, O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0)
    {
      set_file_error (path, errno, error);
      return NULL;
    }
  close (fd);
  return g_steal_pointer (&temporary);
}

static void
sync_folder_of (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return;
  fsync (fd);
  close (fd);
}

gboolean
fovea_store_put_in_place (const char  *temporary,
                          const char  *path,
                          GError     **error)
{
  struct stat st;
  int errsv = 0;

  if (link (temporary, path) == 0)
    g_unlink (temporary);
  else if (errno == EEXIST)
    errsv = EEXIST;
  else if (renameat2 (AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) != 0)
    {
      /* File systems without either: look, then rename. */
      if (errno != EINVAL && errno != ENOSYS)
        errsv = errno;
      else if (lstat (path, &st) == 0)
        errsv = EEXIST;
      else if (rename (temporary, path) != 0)
        errsv = errno;
    }

  if (errsv == 0)
    {
      sync_folder_of (path);
      return TRUE;
    }
  g_unlink (temporary);
  set_file_error (path, errsv, error);
  return FALSE;
}

static gboolean
fill_new_file (sqlite3                    *db,
               const char                 *path,
               const FoveaStoreMigration  *migrations,
               gsize                       n,
               GError                    **error)
{
  g_autofree char *id = fovea_store_new_id ();
  g_autofree char *sql = NULL;

  sql = g_strdup_printf ("INSERT INTO meta (key, value) VALUES ('project_id', '%s'),"
                         " ('created_at', '%" G_GINT64_FORMAT "')", id, g_get_real_time ());
  return exec (db, path, "PRAGMA page_size = " G_STRINGIFY (FOVEA_STORE_PAGE_SIZE) ";"
               "PRAGMA journal_mode = DELETE;"
               "PRAGMA application_id = " G_STRINGIFY (FOVEA_STORE_APPLICATION_ID), error)
         && fovea_store_migrate (db, path, 0, migrations, n, error)
         && exec (db, path, sql, error);
}

gboolean
fovea_store_make_file (const char                 *path,
                       const FoveaStoreMigration  *migrations,
                       gsize                       n,
                       GError                    **error)
{
  g_autofree char *temporary = fovea_store_make_temporary (path, error);
  g_autofree char *journal = NULL;
  sqlite3 *db = NULL;
  gboolean ok;
  int rc;

  if (temporary == NULL)
    return FALSE;
  rc = sqlite3_open_v2 (temporary, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  ok = rc == SQLITE_OK && fill_new_file (db, path, migrations, n, error);
  if (rc != SQLITE_OK)
    fovea_sql_set_error (db, path, rc, error);
  sqlite3_close (db);

  if (ok)
    return fovea_store_put_in_place (temporary, path, error);
  journal = g_strconcat (temporary, "-journal", NULL);
  g_unlink (journal);
  g_unlink (temporary);
  return FALSE;
}
