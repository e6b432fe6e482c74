/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-vectors.h"

#include <string.h>

#include "store/store-private.h"

#define MAX_DIMS 65536
#define KEY_BITS 40
#define MAX_OWNER ((gint64) 1 << KEY_BITS)

/* The texts for vectors of inputs and of regions. */
static const struct {
  const char *put;
  const char *count;
  const char *read;
  const char *get;
} texts[2] = {
  { "INSERT INTO vectors (id, space_id, data) SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM inputs "
    "WHERE id = ?4) "
    "ON CONFLICT (id) DO UPDATE SET data = excluded.data",
    "SELECT count(*) FROM vectors AS v WHERE v.space_id = ?1 AND EXISTS "
    "(SELECT 1 FROM inputs WHERE id = v.id - (?1 << 40))",
    "SELECT v.id - (?1 << 40), v.data FROM vectors AS v WHERE v.id > (?1 << 40) + ?2 AND v.id < "
    "((?1 + 1) << 40) "
    "AND EXISTS (SELECT 1 FROM inputs WHERE id = v.id - (?1 << 40)) ORDER BY v.id LIMIT ?3",
    "SELECT data FROM vectors WHERE id = ?" },
  { "INSERT INTO region_vectors (id, space_id, data) SELECT ?1, ?2, ?3 "
    "WHERE EXISTS (SELECT 1 FROM regions WHERE id = ?4) ON CONFLICT (id) DO UPDATE SET data = "
    "excluded.data",
    "SELECT count(*) FROM region_vectors AS v WHERE v.space_id = ?1 AND EXISTS "
    "(SELECT 1 FROM regions WHERE id = v.id - (?1 << 40))",
    "SELECT v.id - (?1 << 40), v.data FROM region_vectors AS v WHERE v.id > (?1 << 40) + ?2 "
    "AND v.id < ((?1 + 1) << 40) "
    "AND EXISTS (SELECT 1 FROM regions WHERE id = v.id - (?1 << 40)) ORDER BY v.id LIMIT ?3",
    "SELECT data FROM region_vectors WHERE id = ?" },
};

void
fovea_store_vector_space_free (FoveaStoreVectorSpace *space)
{
  g_free (space->pack_hash);
  g_free (space->fit);
  g_free (space);
}

static gboolean
find_space (FoveaStore  *store,
            const char  *pack_hash,
            const char  *fit,
            int          preprocessing,
            gint64      *ret_id,
            gint64      *ret_dims,
            gboolean    *ret_found,
            GError     **error)
{
  sqlite3_stmt *stmt
    = fovea_sql_get (store,
                     "SELECT id, dims FROM vector_spaces WHERE pack_hash = ? AND fit = ? "
                     "AND preprocessing = ?",
                     error);
  int rc;

  if (stmt == NULL)
    return FALSE;
  fovea_sql_bind (stmt, "tti", pack_hash, fit, (gint64) preprocessing);
  rc = fovea_sql_step (store, stmt, error);
  *ret_found = rc == SQLITE_ROW;
  if (rc == SQLITE_ROW)
    {
      *ret_id = sqlite3_column_int64 (stmt, 0);
      *ret_dims = sqlite3_column_int64 (stmt, 1);
      sqlite3_reset (stmt);
    }
  return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

gboolean
fovea_store_ensure_vector_space (FoveaStore  *store,
                                 const char  *pack_hash,
                                 const char  *fit,
                                 int          preprocessing,
                                 guint        dims,
                                 gint64      *ret_id,
                                 GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  gint64 id, there;
  gboolean found;

  g_return_val_if_fail (store != NULL && pack_hash != NULL && fit != NULL && ret_id != NULL, FALSE);

  if (dims == 0 || dims > MAX_DIMS)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                   "A vector has 1 to %d numbers, not %u", MAX_DIMS, dims);
      return FALSE;
    }
  if (!fovea_store_check_text (pack_hash, 255, "hash of the pack", error)
      || !fovea_store_check_text (fit, 64, "way of fitting", error)
      || !find_space (store, pack_hash, fit, preprocessing, &id, &there, &found, error))
    return FALSE;
  if (found && there != (gint64) dims)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                   "“%s” has vectors of %" G_GINT64_FORMAT " numbers of this embedder, not of %u",
                   store->path, there, dims);
      return FALSE;
    }
  if (!found)
    {
      if (!fovea_sql_enter (&scope, store, FALSE, error)
          || !fovea_sql_run (store, error,
                             "INSERT INTO vector_spaces (pack_hash, fit, preprocessing, dims) "
                             "VALUES (?, ?, ?, ?)",
                             "ttii", pack_hash, fit, (gint64) preprocessing, (gint64) dims))
        return FALSE;
      id = sqlite3_last_insert_rowid (store->db);
      if (!fovea_sql_leave (&scope, error))
        return FALSE;
    }
  *ret_id = id;
  return TRUE;
}

gboolean
fovea_store_find_vector_space (FoveaStore  *store,
                               const char  *pack_hash,
                               const char  *fit,
                               int          preprocessing,
                               gint64      *ret_id,
                               guint       *ret_dims,
                               GError     **error)
{
  gint64 id, dims;
  gboolean found;

  g_return_val_if_fail (store != NULL && pack_hash != NULL && fit != NULL && ret_id != NULL, FALSE);

  if (!find_space (store, pack_hash, fit, preprocessing, &id, &dims, &found, error))
    return FALSE;
  if (!found)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                   "“%s” has no vectors of this embedder", store->path);
      return FALSE;
    }
  *ret_id = id;
  if (ret_dims != NULL)
    *ret_dims = (guint) dims;
  return TRUE;
}

GPtrArray *
fovea_store_list_vector_spaces (FoveaStore  *store,
                                GError     **error)
{
  g_autoptr (GPtrArray) spaces = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  spaces = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_vector_space_free);
  stmt = fovea_sql_get (
    store,
    "SELECT s.id, s.pack_hash, s.fit, s.preprocessing, s.dims, "
    "(SELECT count(*) FROM vectors WHERE space_id = s.id) FROM vector_spaces AS s ORDER BY s.id",
    error);
  if (stmt == NULL)
    return NULL;
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreVectorSpace *space = g_new0 (FoveaStoreVectorSpace, 1);

      space->id = sqlite3_column_int64 (stmt, 0);
      space->pack_hash = fovea_sql_dup_text (stmt, 1);
      space->fit = fovea_sql_dup_text (stmt, 2);
      space->preprocessing = sqlite3_column_int (stmt, 3);
      space->dims = (guint) sqlite3_column_int (stmt, 4);
      space->n_vectors = (gsize) sqlite3_column_int64 (stmt, 5);
      g_ptr_array_add (spaces, space);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&spaces) : NULL;
}

static gboolean
get_dims (FoveaStore  *store,
          gint64       space,
          gsize       *ret_dims,
          GError     **error)
{
  gint64 dims;
  gboolean found;

  if (!fovea_sql_number (store, &dims, &found, error, "SELECT dims FROM vector_spaces WHERE id = ?",
                         "i", space))
    return FALSE;
  if (!found)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                 "“%s” has no vector space number %" G_GINT64_FORMAT, store->path, space);
  else
    *ret_dims = (gsize) dims;
  return found;
}

gboolean
fovea_store_put_vectors (FoveaStore             *store,
                         gint64                  space,
                         FoveaStoreVectorOwner   owner,
                         const gint64           *ids,
                         const guint16          *vectors,
                         gsize                   n,
                         GError                **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  sqlite3_stmt *stmt;
  gsize dims;

  g_return_val_if_fail (store != NULL && (n == 0 || (ids != NULL && vectors != NULL)), FALSE);

  if (!get_dims (store, space, &dims, error)
      || !fovea_sql_enter (&scope, store, FALSE, error)
      || (stmt = fovea_sql_get (store, texts[owner].put, error)) == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      if (ids[i] <= 0 || ids[i] >= MAX_OWNER)
        continue;
      sqlite3_bind_int64 (stmt, 1, (space << KEY_BITS) + ids[i]);
      sqlite3_bind_int64 (stmt, 2, space);
      sqlite3_bind_blob64 (stmt, 3, vectors + i * dims, dims * sizeof (guint16), SQLITE_STATIC);
      sqlite3_bind_int64 (stmt, 4, ids[i]);
      if (fovea_sql_step (store, stmt, error) != SQLITE_DONE)
        return FALSE;
    }
  sqlite3_clear_bindings (stmt);
  return fovea_sql_leave (&scope, error);
}

gboolean
fovea_store_count_vectors (FoveaStore             *store,
                           gint64                  space,
                           FoveaStoreVectorOwner   owner,
                           gsize                  *ret_count,
                           GError                **error)
{
  gint64 count;

  g_return_val_if_fail (store != NULL && ret_count != NULL, FALSE);

  if (!fovea_sql_number (store, &count, NULL, error, texts[owner].count, "i", space))
    return FALSE;
  *ret_count = (gsize) count;
  return TRUE;
}

/* Copies the vector of the row that @stmt stands on. */
static gboolean
copy_vector (FoveaStore    *store,
             sqlite3_stmt  *stmt,
             int            column,
             gsize          dims,
             guint16       *ret_vector,
             GError       **error)
{
  if (sqlite3_column_bytes (stmt, column) != (int) (dims * sizeof (guint16)))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_DAMAGED,
                   "“%s”: a vector has not the length of its space: run a check of the project",
                   store->path);
      sqlite3_reset (stmt);
      return FALSE;
    }
  memcpy (ret_vector, sqlite3_column_blob (stmt, column), dims * sizeof (guint16));
  return TRUE;
}

gboolean
fovea_store_read_vectors (FoveaStore             *store,
                          gint64                  space,
                          FoveaStoreVectorOwner   owner,
                          gint64                  after,
                          gsize                   max,
                          gint64                 *ret_ids,
                          guint16                *ret_vectors,
                          gsize                  *ret_n,
                          GError                **error)
{
  sqlite3_stmt *stmt;
  gsize dims, n = 0;
  int rc;

  g_return_val_if_fail (store != NULL && ret_n != NULL && after >= 0, FALSE);

  if (!get_dims (store, space, &dims, error)
      || (stmt = fovea_sql_get (store, texts[owner].read, error)) == NULL)
    return FALSE;
  fovea_sql_bind (stmt, "iii", space, after, (gint64) MIN (max, (gsize) G_MAXINT64));
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      if (!copy_vector (store, stmt, 1, dims, ret_vectors + n * dims, error))
        return FALSE;
      ret_ids[n++] = sqlite3_column_int64 (stmt, 0);
    }
  if (rc != SQLITE_DONE)
    return FALSE;
  *ret_n = n;
  return TRUE;
}

gboolean
fovea_store_get_vectors (FoveaStore             *store,
                         gint64                  space,
                         FoveaStoreVectorOwner   owner,
                         const gint64           *ids,
                         gsize                   n,
                         guint16                *ret_vectors,
                         gboolean               *ret_found,
                         GError                **error)
{
  sqlite3_stmt *stmt;
  gsize dims;

  g_return_val_if_fail (store != NULL && (n == 0 || (ids != NULL && ret_vectors != NULL)), FALSE);

  if (!get_dims (store, space, &dims, error)
      || (stmt = fovea_sql_get (store, texts[owner].get, error)) == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      int rc;

      sqlite3_bind_int64 (stmt, 1,
                          ids[i] > 0 && ids[i] < MAX_OWNER ? (space << KEY_BITS) + ids[i] : -1);
      rc = fovea_sql_step (store, stmt, error);
      if (rc == SQLITE_ROW && !copy_vector (store, stmt, 0, dims, ret_vectors + i * dims, error))
        return FALSE;
      if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return FALSE;
      if (ret_found != NULL)
        ret_found[i] = rc == SQLITE_ROW;
      sqlite3_reset (stmt);
    }
  return TRUE;
}

GArray *
fovea_store_list_pending (FoveaStore  *store,
                          gint64       space,
                          gsize        max,
                          GError     **error)
{
  g_autoptr (GArray) ids = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  stmt
    = fovea_sql_get (store,
                     "SELECT i.id FROM inputs AS i WHERE i.id NOT IN "
                     "(SELECT v.id - (?1 << 40) FROM vectors AS v WHERE v.space_id = ?1) "
                     "AND i.id NOT IN (SELECT input_id FROM missing_inputs) ORDER BY i.id LIMIT ?2",
                     error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "ii", space, max == 0 ? (gint64) -1 : (gint64) max);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      gint64 id = sqlite3_column_int64 (stmt, 0);

      g_array_append_val (ids, id);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&ids) : NULL;
}

gboolean
fovea_store_remove_vector_space (FoveaStore  *store,
                                 gint64       space,
                                 GError     **error)
{
  static const char *const removals[] = {
    "DELETE FROM cluster_members WHERE clustering_id IN (SELECT id FROM clusterings WHERE space_id "
    "= ?)",
    "DELETE FROM clusters WHERE clustering_id IN (SELECT id FROM clusterings WHERE space_id = ?)",
    "DELETE FROM clusterings WHERE space_id = ?",
    "DELETE FROM vectors WHERE space_id = ?",
    "DELETE FROM region_vectors WHERE space_id = ?",
    "DELETE FROM vector_spaces WHERE id = ?",
  };
  g_auto (FoveaSqlScope) scope = { 0 };

  g_return_val_if_fail (store != NULL, FALSE);

  if (!fovea_sql_enter (&scope, store, FALSE, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (removals); i++)
    if (!fovea_sql_run (store, error, removals[i], "i", space))
      return FALSE;
  return fovea_sql_leave (&scope, error);
}
