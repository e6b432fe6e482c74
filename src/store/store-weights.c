/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-weights.h"

#include <string.h>

#include "store/store-private.h"

#define CHUNK ((gsize) 1 << 20)
#define MAX_WEIGHTS ((gsize) 4 << 30)

static gboolean
write_chunks (FoveaStore    *store,
              gint64         id,
              const guint8  *data,
              gsize          size,
              GError       **error)
{
  for (gsize position = 0; position * CHUNK < size; position++)
    if (!fovea_sql_run (store, error,
                        "INSERT INTO weight_chunks (weights_id, position, data) VALUES (?, ?, ?)",
                        "iib", id, (gint64) position, data + position * CHUNK,
                        MIN (CHUNK, size - position * CHUNK)))
      return FALSE;
  return TRUE;
}

gboolean
fovea_store_put_weights (FoveaStore  *store,
                         gint64       version,
                         const char  *name,
                         GBytes      *bytes,
                         GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autoptr (GChecksum) hash = NULL;
  const guint8 *data;
  guint8 sha256[32];
  gsize size, sha256_size = sizeof sha256;
  gboolean found;

  g_return_val_if_fail (store != NULL && name != NULL && bytes != NULL, FALSE);

  data = g_bytes_get_data (bytes, &size);
  if (size > MAX_WEIGHTS || !fovea_store_check_text (name, 64, "name of the weights", error))
    {
      if (size > MAX_WEIGHTS)
        g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                     "The weights “%s” are larger than 4 GiB", name);
      return FALSE;
    }
  hash = g_checksum_new (G_CHECKSUM_SHA256);
  for (gsize at = 0; at < size; at += CHUNK)
    g_checksum_update (hash, data + at, (gssize) MIN (CHUNK, size - at));
  g_checksum_get_digest (hash, sha256, &sha256_size);

  if (!fovea_sql_enter (&scope, store, FALSE, error)
      || !fovea_sql_number (store, NULL, &found, error, "SELECT 1 FROM model_versions WHERE id = ?",
                            "i", version))
    return FALSE;
  if (!found)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                   "“%s” has no model version number %" G_GINT64_FORMAT, store->path, version);
      return FALSE;
    }
  return fovea_store_remove_weights (store, version, name, error)
         && fovea_sql_run (
           store, error, "INSERT INTO weights (version_id, name, size, sha256) VALUES (?, ?, ?, ?)",
           "itib", version, name, (gint64) size, sha256, sizeof sha256)
         && write_chunks (store, sqlite3_last_insert_rowid (store->db), data, size, error)
         && fovea_sql_leave (&scope, error);
}

static gboolean
fail_damaged (FoveaStore  *store,
              const char  *name,
              GError     **error)
{
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_DAMAGED,
               "“%s”: the weights “%s” are not what was written: train the model again, or restore "
               "the project "
               "from a backup",
               store->path, name);
  return FALSE;
}

/* Fills @data from the chunks, which must cover it exactly. */
static gboolean
read_chunks (FoveaStore  *store,
             const char  *name,
             gint64       id,
             guint8      *data,
             gsize        size,
             GError     **error)
{
  sqlite3_stmt *stmt = fovea_sql_get (store, "SELECT data FROM weight_chunks WHERE weights_id = ? "
                                      "ORDER BY position", error);
  gsize at = 0;
  int rc;

  if (stmt == NULL)
    return FALSE;
  fovea_sql_bind (stmt, "i", id);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      gsize n = (gsize) sqlite3_column_bytes (stmt, 0);

      if (n > size - at)
        {
          sqlite3_reset (stmt);
          return fail_damaged (store, name, error);
        }
      if (n > 0)
        memcpy (data + at, sqlite3_column_blob (stmt, 0), n);
      at += n;
    }
  if (rc != SQLITE_DONE)
    return FALSE;
  return at == size || fail_damaged (store, name, error);
}

static gboolean
find_weights (FoveaStore  *store,
              gint64       version,
              const char  *name,
              gint64      *ret_id,
              gint64      *ret_size,
              guint8       ret_sha256[32],
              GError     **error)
{
  sqlite3_stmt *stmt = fovea_sql_get (
    store, "SELECT id, size, sha256 FROM weights WHERE version_id = ? AND name = ?", error);
  int rc;

  if (stmt == NULL)
    return FALSE;
  fovea_sql_bind (stmt, "it", version, name);
  rc = fovea_sql_step (store, stmt, error);
  if (rc == SQLITE_DONE)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                 "“%s” has no weights “%s” for version number %" G_GINT64_FORMAT, store->path, name,
                 version);
  if (rc != SQLITE_ROW)
    return FALSE;
  *ret_id = sqlite3_column_int64 (stmt, 0);
  *ret_size = sqlite3_column_int64 (stmt, 1);
  if (sqlite3_column_bytes (stmt, 2) == 32)
    memcpy (ret_sha256, sqlite3_column_blob (stmt, 2), 32);
  sqlite3_reset (stmt);
  return TRUE;
}

GBytes *
fovea_store_get_weights (FoveaStore  *store,
                         gint64       version,
                         const char  *name,
                         gsize        max_size,
                         GError     **error)
{
  g_autoptr (GChecksum) hash = NULL;
  g_autofree guint8 *data = NULL;
  guint8 expected[32] = { 0 }, found[32];
  gint64 id, size, stored;
  gsize found_size = sizeof found;

  g_return_val_if_fail (store != NULL && name != NULL, NULL);

  if (!find_weights (store, version, name, &id, &size, expected, error)
      || !fovea_sql_number (
        store, &stored, NULL, error,
        "SELECT ifnull (sum (length (data)), 0) FROM weight_chunks WHERE weights_id = ?", "i", id))
    return NULL;
  if (size < 0 || (guint64) size > MAX_WEIGHTS || (max_size > 0 && (gsize) size > max_size))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                   "“%s”: the weights “%s” are larger than expected", store->path, name);
      return NULL;
    }
  if (stored != size)
    {
      fail_damaged (store, name, error);
      return NULL;
    }
  data = g_try_malloc ((gsize) size + 1);
  if (data == NULL)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_IO,
                   "“%s”: not enough memory for the weights “%s”", store->path, name);
      return NULL;
    }
  if (!read_chunks (store, name, id, data, (gsize) size, error))
    return NULL;

  hash = g_checksum_new (G_CHECKSUM_SHA256);
  for (gsize at = 0; at < (gsize) size; at += CHUNK)
    g_checksum_update (hash, data + at, (gssize) MIN (CHUNK, (gsize) size - at));
  g_checksum_get_digest (hash, found, &found_size);
  if (memcmp (expected, found, sizeof found) != 0)
    {
      fail_damaged (store, name, error);
      return NULL;
    }
  return g_bytes_new_take (g_steal_pointer (&data), (gsize) size);
}

char **
fovea_store_list_weights (FoveaStore  *store,
                          gint64       version,
                          GError     **error)
{
  g_autoptr (GPtrArray) names = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  names = g_ptr_array_new_with_free_func (g_free);
  stmt
    = fovea_sql_get (store, "SELECT name FROM weights WHERE version_id = ? ORDER BY name", error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", version);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    g_ptr_array_add (names, fovea_sql_dup_text (stmt, 0));
  if (rc != SQLITE_DONE)
    return NULL;
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

gboolean
fovea_store_remove_weights (FoveaStore  *store,
                            gint64       version,
                            const char  *name,
                            GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };

  g_return_val_if_fail (store != NULL, FALSE);

  return fovea_sql_enter (&scope, store, FALSE, error)
         && fovea_sql_run (
           store, error,
           "DELETE FROM weight_chunks WHERE weights_id IN "
           "(SELECT id FROM weights WHERE version_id = ?1 AND (?2 IS NULL OR name = ?2))",
           "iT", version, name)
         && fovea_sql_run (
           store, error, "DELETE FROM weights WHERE version_id = ?1 AND (?2 IS NULL OR name = ?2)",
           "iT", version, name)
         && fovea_sql_leave (&scope, error);
}
