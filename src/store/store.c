/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store.h"

#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store-guard.h"
#include "store/store-lock.h"
#include "store/store-private.h"

#define DEFAULT_MAX_COMMANDS 1000
#define DEFAULT_MAX_BYTES ((gsize) 128 << 20)

/* "DEVICE:INODE" → how often this process has it open. */
GMutex fovea_store_registry_mutex;
static GHashTable *registry;

static char *
registry_key (const char *path)
{
  struct stat st;

  if (stat (path, &st) != 0)
    return NULL;
  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
                          (guint64) st.st_dev, (guint64) st.st_ino);
}

gboolean
fovea_store_registry_has (const char *path)
{
  g_autofree char *key = registry_key (path);

  return registry != NULL && key != NULL && g_hash_table_contains (registry, key);
}

void
fovea_store_registry_add (FoveaStore *store)
{
  g_autofree char *key = registry_key (store->path);
  guint count;

  if (key == NULL)
    return;
  if (registry == NULL)
    registry = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  count = GPOINTER_TO_UINT (g_hash_table_lookup (registry, key));
  g_hash_table_insert (registry, g_steal_pointer (&key), GUINT_TO_POINTER (count + 1));
  store->registered = TRUE;
}

static void
unregister_store (FoveaStore *store)
{
  g_autofree char *key = registry_key (store->path);
  guint count;

  if (!store->registered || key == NULL)
    return;
  count = GPOINTER_TO_UINT (g_hash_table_lookup (registry, key));
  if (count > 1)
    g_hash_table_insert (registry, g_steal_pointer (&key), GUINT_TO_POINTER (count - 1));
  else
    g_hash_table_remove (registry, key);
}

gboolean
fovea_store_is_project_file (const char *path)
{
  static const char *const suffixes[] = { "-wal", "-shm", "-journal", "-lock" };
  gboolean is;

  g_return_val_if_fail (path != NULL, FALSE);

  g_mutex_lock (&fovea_store_registry_mutex);
  is = fovea_store_registry_has (path);
  for (gsize i = 0; !is && i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (path, suffixes[i]))
      {
        g_autofree char *project = g_strndup (path, strlen (path) - strlen (suffixes[i]));

        is = fovea_store_registry_has (project);
      }
  g_mutex_unlock (&fovea_store_registry_mutex);
  return is;
}

char *
fovea_store_new_id (void)
{
  guint8 bytes[16];
  GString *id = g_string_sized_new (32);

  if (getrandom (bytes, sizeof bytes, 0) != (gssize) sizeof bytes)
    for (gsize i = 0; i < sizeof bytes; i++)
      bytes[i] = (guint8) g_random_int_range (0, 256);
  for (gsize i = 0; i < sizeof bytes; i++)
    g_string_append_printf (id, "%02x", bytes[i]);
  return g_string_free (id, FALSE);
}

void
fovea_store_dispose (FoveaStore *store)
{
  g_clear_pointer (&store->statements, g_hash_table_unref);
  g_clear_pointer (&store->session, sqlite3session_delete);
  g_clear_pointer (&store->db, sqlite3_close);
  if (store->lock_token != NULL)
    fovea_store_lock_drop (store->path, store->lock_token);
  g_free (store->lock_token);
  g_free (store->command_label);
  g_free (store->path);
  g_free (store->folder);
  g_free (store->project_id);
  g_free (store->read_only_reason);
  g_free (store);
}

static void
finalize_statement (gpointer stmt)
{
  sqlite3_finalize (stmt);
}

FoveaStore *
fovea_store_alloc (const char *path)
{
  FoveaStore *store = g_new0 (FoveaStore, 1);

  store->path = g_strdup (path);
  store->folder = g_path_get_dirname (path);
  store->statements = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, finalize_statement);
  store->max_commands = DEFAULT_MAX_COMMANDS;
  store->max_bytes = DEFAULT_MAX_BYTES;
  return store;
}

gboolean
fovea_store_close (FoveaStore  *store,
                   GError     **error)
{
  gboolean ok = TRUE;
  int rc = SQLITE_OK;

  if (store == NULL)
    return TRUE;

  g_clear_pointer (&store->session, sqlite3session_delete);
  fovea_sql_forget (store);
  fovea_sql_rollback (store);
  if (!store->read_only && !store->on_network)
    rc = sqlite3_wal_checkpoint_v2 (store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  if (rc != SQLITE_OK && rc != SQLITE_BUSY && rc != SQLITE_LOCKED)
    {
      fovea_sql_set_error (store->db, store->path, sqlite3_extended_errcode (store->db), error);
      ok = FALSE;
    }

  g_mutex_lock (&fovea_store_registry_mutex);
  g_clear_pointer (&store->db, sqlite3_close);
  unregister_store (store);
  if (!store->read_only)
    fovea_store_marker_closed (store->path);
  g_mutex_unlock (&fovea_store_registry_mutex);
  fovea_store_dispose (store);
  return ok;
}

void
fovea_store_free (FoveaStore *store)
{
  fovea_store_close (store, NULL);
}

const char *
fovea_store_get_path (const FoveaStore *store)
{
  return store->path;
}

const char *
fovea_store_get_folder (const FoveaStore *store)
{
  return store->folder;
}

const char *
fovea_store_get_project_id (const FoveaStore *store)
{
  return store->project_id;
}

int
fovea_store_get_schema (const FoveaStore *store)
{
  return store->schema;
}

gboolean
fovea_store_is_read_only (const FoveaStore *store)
{
  return store->read_only;
}

const char *
fovea_store_get_read_only_reason (const FoveaStore *store)
{
  return store->read_only_reason;
}

gboolean
fovea_store_is_on_network (const FoveaStore *store)
{
  return store->on_network;
}

guint64
fovea_store_get_data_version (FoveaStore *store)
{
  gint64 version;

  g_return_val_if_fail (store != NULL, 0);

  return fovea_sql_number (store, &version, NULL, NULL, "PRAGMA data_version", NULL)
           ? (guint64) version
           : 0;
}

void
fovea_store_set_busy_timeout (FoveaStore *store,
                              int         timeout_ms)
{
  g_return_if_fail (store != NULL);

  sqlite3_busy_timeout (store->db, timeout_ms);
}

gboolean
fovea_store_begin_work (FoveaStore  *store,
                        GError     **error)
{
  g_return_val_if_fail (store != NULL && store->txn == FOVEA_STORE_TXN_NONE, FALSE);

  if (!fovea_sql_begin (store, FALSE, error))
    return FALSE;
  store->txn = FOVEA_STORE_TXN_WORK;
  return TRUE;
}

gboolean
fovea_store_commit_work (FoveaStore  *store,
                         GError     **error)
{
  g_return_val_if_fail (store != NULL && store->txn == FOVEA_STORE_TXN_WORK, FALSE);

  store->txn = FOVEA_STORE_TXN_NONE;
  store->depth = 0;
  return fovea_sql_commit (store, error);
}

void
fovea_store_rollback_work (FoveaStore *store)
{
  g_return_if_fail (store != NULL);

  if (store->txn != FOVEA_STORE_TXN_WORK)
    return;
  store->txn = FOVEA_STORE_TXN_NONE;
  store->depth = 0;
  store->doomed = FALSE;
  fovea_sql_rollback (store);
}
