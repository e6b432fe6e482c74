/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store-check.h"
#include "store/store-guard.h"
#include "store/store-lock.h"
#include "store/store-migrate.h"
#include "store/store-paths.h"
#include "store/store-private.h"

static int
open_connection (const char  *path,
                 gboolean     writable,
                 gboolean     immutable,
                 sqlite3    **ret_db)
{
  int flags = (writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX
              | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
  g_autofree char *escaped = NULL, *uri = NULL;
  int rc;

  if (immutable)
    {
      escaped = g_uri_escape_bytes ((const guint8 *) path, strlen (path), "/");
      uri = g_strdup_printf ("file://%s?immutable=1", escaped);
      flags |= SQLITE_OPEN_URI;
    }
  rc = sqlite3_open_v2 (uri != NULL ? uri : path, ret_db, flags, NULL);
  if (rc == SQLITE_OK)
    {
      fovea_store_guard_connection (*ret_db);
      sqlite3_busy_timeout (*ret_db, FOVEA_STORE_BUSY_MS);
    }
  return rc;
}

/* First column of the first row; @missing when there is none or on failure, with *ret_rc
 * (optional). */
static gint64
ask_number (sqlite3    *db,
            const char *sql,
            gint64      missing,
            int        *ret_rc)
{
  sqlite3_stmt *stmt = NULL;
  gint64 number = missing;
  int rc = sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL);

  if (rc == SQLITE_OK)
    rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    number = sqlite3_column_int64 (stmt, 0);
  if (ret_rc != NULL)
    *ret_rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : sqlite3_extended_errcode (db);
  sqlite3_finalize (stmt);
  return number;
}

/* The file through a connection: of ours, of a version we can read, with the schema it should have,
 * not broken. */
static gboolean
judge_content (sqlite3                    *db,
               const char                 *path,
               const FoveaStoreMigration  *migrations,
               gsize                       n,
               gboolean                    check_tables,
               int                        *ret_version,
               GError                    **error)
{
  int rc;
  gint64 id = ask_number (db, "PRAGMA application_id", 0, &rc);
  gint64 version = rc == SQLITE_OK ? ask_number (db, "PRAGMA user_version", 0, &rc) : 0;
  gint64 latest = migrations[n - 1].version;

  if (rc != SQLITE_OK)
    {
      fovea_sql_set_error (db, path, rc, error);
      return FALSE;
    }
  if (id != FOVEA_STORE_APPLICATION_ID || version < 1)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_FOREIGN,
                   _("“%s” is not a Fovea project"), path);
      return FALSE;
    }
  if (!fovea_store_guard_schema (db, path, (int) version, migrations, n, error))
    return FALSE;
  if (version > latest
      && ask_number (db, "SELECT CAST (value AS INTEGER) FROM meta WHERE key = 'min_reader'",
                     G_MAXINT, NULL) > latest)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NEWER,
                   "“%s” was made by a newer Fovea (form %" G_GINT64_FORMAT
                   ", this one knows up to %" G_GINT64_FORMAT "): install the newer one to open it",
                   path, version, latest);
      return FALSE;
    }
  if (check_tables && !fovea_store_guard_tables (db, path, error))
    return FALSE;
  *ret_version = (int) version;
  return TRUE;
}

/* How the file can be read without leaving a trace. */
static gboolean
can_be_immutable (const FoveaStoreGuard *guard,
                  const char            *folder)
{
  return !guard->has_wal && !guard->has_journal
         && (!guard->any_sidecar || access (folder, W_OK) != 0);
}

static gboolean
judge_through (FoveaStore                 *store,
               gboolean                    writable,
               gboolean                    immutable,
               const FoveaStoreMigration  *migrations,
               gsize                       n,
               GError                    **error)
{
  sqlite3 *db = NULL;
  int rc = open_connection (store->path, writable, immutable, &db);
  gboolean ok;

  if (rc == SQLITE_OK)
    sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  ok = rc == SQLITE_OK
       && judge_content (db, store->path, migrations, n, !fovea_store_marker_holds (store->path),
                         &store->schema, error);
  if (rc != SQLITE_OK)
    fovea_sql_set_error (db, store->path, rc, error);
  sqlite3_close (db);
  return ok;
}

/* Nothing is on its way into the file, so that it can be read although there is no room for a log. */
static gboolean
is_full_but_whole (const GError          *error,
                   const FoveaStoreGuard *guard)
{
  return g_error_matches (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_FULL)
         && !guard->has_wal && !guard->has_journal;
}

/* Everything is looked at through a connection of its own that changes nothing, not even by folding
 * in a log. */
static gboolean
judge_file (FoveaStore                 *store,
            const FoveaStoreGuard      *guard,
            const FoveaStoreMigration  *migrations,
            gsize                       n,
            GError                    **error)
{
  g_autoptr (GError) local_error = NULL;
  gboolean immutable = can_be_immutable (guard, store->folder);
  /* A journal left by a crash has to be played back first, which takes the right to write. */
  gboolean writable = guard->has_journal && access (store->path, W_OK) == 0;

  if (judge_through (store, writable, immutable, migrations, n, &local_error))
    return TRUE;
  if (is_full_but_whole (local_error, guard))
    return judge_through (store, FALSE, TRUE, migrations, n, error);

  if (guard->has_wal && access (store->folder, W_OK) != 0
      && local_error->code != FOVEA_STORE_ERROR_FOREIGN)
    g_prefix_error (&local_error,
                    _("“%s-wal” holds changes that were not folded in, and the folder may not be "
                      "written: copy both to a folder of yours. "),
                    store->path);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

static void
set_read_only (FoveaStore *store,
               char       *reason)
{
  if (store->read_only)
    g_free (reason);
  else
    {
      store->read_only = TRUE;
      store->read_only_reason = reason;
    }
}

/* Whether it may be written; on a network mount takes the writer's lock for it. */
static gboolean
decide_mode (FoveaStore           *store,
             FoveaStoreOpenFlags   flags,
             GError              **error)
{
  g_autofree char *holder = NULL;
  g_autoptr (GError) local_error = NULL;

  store->on_network = fovea_store_on_network_mount (store->path);
  if ((flags & FOVEA_STORE_OPEN_READ_ONLY) != 0)
    set_read_only (store, g_strdup (_("it was opened for reading only")));
  else if (store->schema > store->latest)
    set_read_only (store,
                   g_strdup_printf (_("it was made by a newer Fovea (form %d, this one writes %d)"),
                                    store->schema, store->latest));
  else if (access (store->path, W_OK) != 0)
    set_read_only (store, g_strdup_printf (_("you may not write the file (%s)"), g_strerror (errno)));
  else if (access (store->folder, W_OK) != 0)
    set_read_only (store,
                   g_strdup_printf (_("you may not write its folder (%s)"), g_strerror (errno)));

  if (store->read_only || !store->on_network)
    return TRUE;
  if (fovea_store_lock_take (store->path, (flags & FOVEA_STORE_OPEN_TAKE_LOCK) != 0,
                             &store->lock_token, &holder, &local_error))
    return TRUE;
  if (holder == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  set_read_only (
    store, g_strdup_printf (_("it lies on a network folder and is being changed by %s"), holder));
  return TRUE;
}

static gboolean
open_main_connection (FoveaStore             *store,
                      const FoveaStoreGuard  *guard,
                      GError                **error)
{
  /* One who only wants to read, but may write, opens for writing: it can then share the log with
   * writers, and the connection is told to refuse changes. */
  gboolean writable = access (store->path, W_OK) == 0 && access (store->folder, W_OK) == 0
                      && store->schema <= store->latest && !store->no_room
                      && !(store->on_network && store->read_only);
  gboolean immutable = !writable && (store->no_room || can_be_immutable (guard, store->folder));
  int rc = open_connection (store->path, writable, immutable, &store->db);

  if (rc == SQLITE_OK)
    rc = sqlite3_exec (store->db,
                       "PRAGMA foreign_keys = ON;"
                       "PRAGMA cache_size = -8192;"
                       "PRAGMA secure_delete = FAST;"
                       "PRAGMA journal_size_limit = 67108864", NULL, NULL, NULL);
  if (rc == SQLITE_OK && store->read_only)
    rc = sqlite3_exec (store->db, "PRAGMA query_only = ON", NULL, NULL, NULL);
  if (rc == SQLITE_OK)
    return TRUE;
  fovea_sql_set_error (store->db, store->path, sqlite3_extended_errcode (store->db), error);
  return FALSE;
}

/* The log on a local disk; none on a network mount, where its shared memory cannot be shared. */
static gboolean
choose_journal (FoveaStore  *store,
                GError     **error)
{
  if (store->read_only)
    return TRUE;
  if (!store->on_network)
    return fovea_sql_exec (store, "PRAGMA journal_mode = WAL", error);

  /* Exclusive, so that a log left by a local program can be folded in without shared memory. */
  return fovea_sql_exec (store, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE;"
                         "PRAGMA locking_mode = NORMAL; SELECT count(*) FROM meta", error);
}

/* On a disk without a byte left not even the log's shared memory can be made. A file that was closed
 * cleanly can be looked at all the same; what others may write into it once there is room, this
 * connection does not notice, so the reason says to open it again. */
static gboolean
open_for_use (FoveaStore                 *store,
              const FoveaStoreGuard      *guard,
              gboolean                    known,
              const FoveaStoreMigration  *migrations,
              gsize                       n,
              GError                    **error)
{
  g_autoptr (GError) local_error = NULL;

  if (open_main_connection (store, guard, &local_error)
      && (!known || judge_content (store->db, store->path, migrations, n, FALSE, &store->schema,
                                   &local_error))
      && choose_journal (store, &local_error))
    return TRUE;
  if (store->on_network || known || !is_full_but_whole (local_error, guard))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  sqlite3_close (g_steal_pointer (&store->db));
  store->no_room = TRUE;
  set_read_only (store, g_strdup (_("there is no room left on its disk; free some space and open it "
                                    "again")));
  return open_main_connection (store, guard, error);
}

static gboolean
bring_up_to_date (FoveaStore                 *store,
                  const FoveaStoreMigration  *migrations,
                  gsize                       n,
                  GError                    **error)
{
  int latest = migrations[n - 1].version;
  g_autofree char *copy = NULL;

  if (store->schema >= latest)
    return TRUE;
  if (store->read_only)
    {
      g_set_error (
        error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_READ_ONLY,
        _("“%s” was made by an older Fovea and has to be converted once, but %s: copy it to "
          "where you may write"),
        store->path, store->read_only_reason);
      return FALSE;
    }
  copy = fovea_store_migration_copy_path (store->path, store->schema);
  if (!fovea_store_backup (store, copy, NULL, NULL, NULL, error)
      || !fovea_store_migrate (store->db, store->path, store->schema, migrations, n, error))
    return FALSE;
  store->schema = latest;
  return TRUE;
}

static gboolean
read_project_id (FoveaStore  *store,
                 GError     **error)
{
  sqlite3_stmt *stmt
    = fovea_sql_get (store, "SELECT value FROM meta WHERE key = 'project_id'", error);
  int rc;

  if (stmt == NULL)
    return FALSE;
  rc = fovea_sql_step (store, stmt, error);
  if (rc == SQLITE_ROW)
    {
      store->project_id = fovea_sql_dup_text (stmt, 0);
      sqlite3_reset (stmt);
      return TRUE;
    }
  if (rc == SQLITE_DONE)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_DAMAGED,
                 _("“%s” is damaged: it has no project id; restore it from a backup"), store->path);
  return FALSE;
}

static FoveaStore *
open_locked (const char                 *path,
             FoveaStoreOpenFlags         flags,
             const FoveaStoreMigration  *migrations,
             gsize                       n,
             GError                    **error)
{
  FoveaStore *store = fovea_store_alloc (path);
  gboolean known = fovea_store_registry_has (path);
  FoveaStoreGuard guard;

  store->latest = migrations[n - 1].version;
  if (!fovea_store_guard_file (path, !known, &guard, error)
      || (!known && !judge_file (store, &guard, migrations, n, error))
      || !decide_mode (store, flags, error)
      || !open_for_use (store, &guard, known, migrations, n, error)
      || !bring_up_to_date (store, migrations, n, error)
      || !read_project_id (store, error))
    {
      fovea_store_dispose (store);
      return NULL;
    }
  fovea_store_registry_add (store);
  if (!store->read_only)
    fovea_store_marker_opened (path);
  return store;
}

FoveaStore *
fovea_store_open_with (const char                 *path,
                       FoveaStoreOpenFlags         flags,
                       const FoveaStoreMigration  *migrations,
                       gsize                       n,
                       GError                    **error)
{
  char *canonical = realpath (path, NULL);
  FoveaStore *store;

  if (canonical == NULL)
    {
      int errsv = errno;

      g_set_error (error, FOVEA_STORE_ERROR,
                   errsv == ENOENT || errsv == ENOTDIR ? FOVEA_STORE_ERROR_NOT_FOUND
                   : errsv == EACCES ? FOVEA_STORE_ERROR_PERMISSION : FOVEA_STORE_ERROR_IO,
                   _("“%s” cannot be opened: %s"), path, g_strerror (errsv));
      return NULL;
    }
  g_mutex_lock (&fovea_store_registry_mutex);
  store = open_locked (canonical, flags, migrations, n, error);
  g_mutex_unlock (&fovea_store_registry_mutex);
  free (canonical);
  return store;
}

FoveaStore *
fovea_store_open (const char           *path,
                  FoveaStoreOpenFlags   flags,
                  GError              **error)
{
  gsize n;
  const FoveaStoreMigration *migrations = fovea_store_get_migrations (&n);

  g_return_val_if_fail (path != NULL, NULL);

  return fovea_store_open_with (path, flags, migrations, n, error);
}

FoveaStore *
fovea_store_create (const char  *path,
                    GError     **error)
{
  gsize n;
  const FoveaStoreMigration *migrations = fovea_store_get_migrations (&n);
  FoveaStore *store;

  g_return_val_if_fail (path != NULL, NULL);

  if (!fovea_store_make_file (path, migrations, n, error))
    return NULL;
  store = fovea_store_open_with (path, FOVEA_STORE_OPEN_DEFAULT, migrations, n, error);
  if (store != NULL && !store->read_only && !fovea_store_allow_folder (store, store->folder, error))
    g_clear_pointer (&store, fovea_store_free);
  return store;
}

FoveaStore *
fovea_store_open_reader (const FoveaStore  *store,
                         GError           **error)
{
  FoveaStore *reader;
  FoveaStoreGuard guard;
  gboolean ok;

  g_return_val_if_fail (store != NULL, NULL);

  reader = fovea_store_alloc (store->path);
  reader->schema = store->schema;
  reader->latest = store->latest;
  reader->on_network = store->on_network;
  reader->no_room = store->no_room;
  reader->project_id = g_strdup (store->project_id);
  reader->is_reader = TRUE;
  set_read_only (reader, g_strdup (_("it was opened for reading only")));

  g_mutex_lock (&fovea_store_registry_mutex);
  ok = fovea_store_guard_file (store->path, FALSE, &guard, error)
       && open_main_connection (reader, &guard, error);
  if (ok)
    fovea_store_registry_add (reader);
  g_mutex_unlock (&fovea_store_registry_mutex);

  if (!ok)
    g_clear_pointer (&reader, fovea_store_dispose);
  return reader;
}
