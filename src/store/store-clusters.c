/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-clusters.h"

#include "store/store-private.h"

void
fovea_store_clustering_free (FoveaStoreClustering *clustering)
{
  if (clustering == NULL)
    return;
  g_free (clustering->public_id);
  g_free (clustering->method);
  g_free (clustering->params);
  g_strfreev (clustering->names);
  g_free (clustering);
}

static gboolean
add_members (FoveaStore                     *store,
             gint64                          id,
             guint                           n_clusters,
             const FoveaStoreClusterMember  *members,
             gsize                           n,
             GError                        **error)
{
  for (gsize i = 0; i < n; i++)
    {
      const FoveaStoreClusterMember *m = &members[i];

      if (m->cluster < -1 || m->cluster >= (int) n_clusters)
        {
          g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                       "There is no cluster %d among %u", m->cluster, n_clusters);
          return FALSE;
        }
      if (!fovea_sql_run (
            store, error,
            "INSERT INTO cluster_members (clustering_id, input_id, cluster, distance, x, y)"
            " SELECT ?, id, ?, ?, ?, ? FROM inputs WHERE id = ?",
            "iidddi", id, (gint64) m->cluster, (double) m->distance, (double) m->x, (double) m->y,
            m->input))
        return FALSE;
      if (sqlite3_changes (store->db) == 0)
        {
          g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                       "“%s” has no picture number %" G_GINT64_FORMAT, store->path, m->input);
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
fovea_store_add_clustering (FoveaStore                     *store,
                            const FoveaStoreClustering     *clustering,
                            const FoveaStoreClusterMember  *members,
                            gsize                           n,
                            gint64                         *ret_id,
                            GError                        **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autofree char *made = NULL;
  const char *params;
  gboolean found;
  gint64 id;

  g_return_val_if_fail (store != NULL && clustering != NULL && (members != NULL || n == 0), FALSE);

  params = clustering->params != NULL ? clustering->params : "{}";
  if (!fovea_store_check_json (params, '{', "parameters of the clustering", error)
      || !fovea_sql_enter (&scope, store, FALSE, error)
      || !fovea_sql_number (store, NULL, &found, error, "SELECT 1 FROM vector_spaces WHERE id = ?",
                            "i", clustering->space))
    return FALSE;
  if (!found)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                   "“%s” has no vector space number %" G_GINT64_FORMAT, store->path,
                   clustering->space);
      return FALSE;
    }
  if (clustering->public_id == NULL)
    made = fovea_store_new_id ();
  if (!fovea_sql_run (store, error,
                      "INSERT INTO clusterings (public_id, space_id, method, params, created_at) "
                      "VALUES (?, ?, ?, ?, ?)",
                      "titti", made != NULL ? made : clustering->public_id, clustering->space,
                      clustering->method, params,
                      clustering->created_at != 0 ? clustering->created_at : g_get_real_time ()))
    return FALSE;
  id = sqlite3_last_insert_rowid (store->db);
  for (guint i = 0; i < clustering->n_clusters; i++)
    if (!fovea_sql_run (
          store, error, "INSERT INTO clusters (clustering_id, position, name) VALUES (?, ?, ?)",
          "iit", id, (gint64) i, clustering->names != NULL ? clustering->names[i] : ""))
      return FALSE;
  if (!add_members (store, id, clustering->n_clusters, members, n, error)
      || !fovea_sql_leave (&scope, error))
    return FALSE;
  if (ret_id != NULL)
    *ret_id = id;
  return TRUE;
}

gboolean
fovea_store_remove_clustering (FoveaStore  *store,
                               gint64       id,
                               GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };

  g_return_val_if_fail (store != NULL, FALSE);

  return fovea_sql_enter (&scope, store, FALSE, error)
         && fovea_sql_run (store, error, "DELETE FROM cluster_members WHERE clustering_id = ?", "i",
                           id)
         && fovea_sql_run (store, error, "DELETE FROM clusters WHERE clustering_id = ?", "i", id)
         && fovea_sql_run (store, error, "DELETE FROM clusterings WHERE id = ?", "i", id)
         && fovea_sql_leave (&scope, error);
}

static gboolean
read_names (FoveaStore            *store,
            FoveaStoreClustering  *clustering,
            GError               **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  sqlite3_stmt *stmt = fovea_sql_get (
    store, "SELECT name FROM clusters WHERE clustering_id = ? ORDER BY position", error);
  int rc;

  if (stmt == NULL)
    return FALSE;
  fovea_sql_bind (stmt, "i", clustering->id);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    g_ptr_array_add (names, fovea_sql_dup_text (stmt, 0));
  if (rc != SQLITE_DONE)
    return FALSE;
  clustering->n_clusters = names->len;
  g_ptr_array_add (names, NULL);
  clustering->names = (char **) g_ptr_array_free (g_steal_pointer (&names), FALSE);
  return TRUE;
}

GPtrArray *
fovea_store_list_clusterings (FoveaStore  *store,
                              GError     **error)
{
  g_autoptr (GPtrArray) found = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  found = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_clustering_free);
  stmt
    = fovea_sql_get (store,
                     "SELECT id, public_id, space_id, method, params, created_at FROM clusterings "
                     "ORDER BY id DESC",
                     error);
  if (stmt == NULL)
    return NULL;
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreClustering *clustering = g_new0 (FoveaStoreClustering, 1);

      clustering->id = sqlite3_column_int64 (stmt, 0);
      clustering->public_id = fovea_sql_dup_text (stmt, 1);
      clustering->space = sqlite3_column_int64 (stmt, 2);
      clustering->method = fovea_sql_dup_text (stmt, 3);
      clustering->params = fovea_sql_dup_text (stmt, 4);
      clustering->created_at = sqlite3_column_int64 (stmt, 5);
      g_ptr_array_add (found, clustering);
    }
  if (rc != SQLITE_DONE)
    return NULL;
  for (guint i = 0; i < found->len; i++)
    if (!read_names (store, found->pdata[i], error))
      return NULL;
  return g_steal_pointer (&found);
}

GArray *
fovea_store_get_cluster_members (FoveaStore  *store,
                                 gint64       id,
                                 GError     **error)
{
  g_autoptr (GArray) members = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  members = g_array_new (FALSE, FALSE, sizeof (FoveaStoreClusterMember));
  stmt = fovea_sql_get (
    store,
    "SELECT m.input_id, m.cluster, m.distance, m.x, m.y FROM cluster_members AS m "
    "JOIN inputs AS i ON i.id = m.input_id WHERE m.clustering_id = ? ORDER BY m.input_id",
    error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", id);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreClusterMember m = {
        .input = sqlite3_column_int64 (stmt, 0),
        .cluster = sqlite3_column_int (stmt, 1),
        .distance = (float) sqlite3_column_double (stmt, 2),
        .x = (float) sqlite3_column_double (stmt, 3),
        .y = (float) sqlite3_column_double (stmt, 4),
      };

      g_array_append_val (members, m);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&members) : NULL;
}
