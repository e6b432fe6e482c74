/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-inputs.h"

#include <string.h>

#include "store/store-paths.h"
#include "store/store-private.h"

/* Runs "… = ?1 WHERE id = ?2 AND … <> ?1" for each id. */
static gboolean
set_column (FoveaStore    *store,
            const char    *sql,
            const gint64  *ids,
            gsize          n,
            const char    *text,
            gint64         number,
            gsize         *ret_changed,
            GError       **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  sqlite3_stmt *stmt;
  gsize changed = 0;

  if (!fovea_sql_enter (&scope, store, TRUE, error)
      || (stmt = fovea_sql_get (store, sql, error)) == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      if (text != NULL)
        fovea_sql_bind (stmt, "ti", text, ids[i]);
      else
        fovea_sql_bind (stmt, "ii", number, ids[i]);
      if (fovea_sql_step (store, stmt, error) != SQLITE_DONE)
        return FALSE;
      changed += (gsize) sqlite3_changes (store->db);
    }
  if (!fovea_sql_leave (&scope, error))
    return FALSE;
  if (ret_changed != NULL)
    *ret_changed = changed;
  return TRUE;
}

gboolean
fovea_store_set_split (FoveaStore    *store,
                       const gint64  *ids,
                       gsize          n,
                       const char    *split,
                       gsize         *ret_changed,
                       GError       **error)
{
  g_return_val_if_fail (store != NULL && split != NULL && (ids != NULL || n == 0), FALSE);

  return fovea_store_check_text (split, 255, "split", error)
         && set_column (store, "UPDATE inputs SET split = ?1 WHERE id = ?2 AND split <> ?1",
                        ids, n, split, 0, ret_changed, error);
}

gboolean
fovea_store_set_group (FoveaStore    *store,
                       const gint64  *ids,
                       gsize          n,
                       const char    *group,
                       gsize         *ret_changed,
                       GError       **error)
{
  g_return_val_if_fail (store != NULL && group != NULL && (ids != NULL || n == 0), FALSE);

  return fovea_store_check_text (group, 255, "group", error)
         && set_column (store, "UPDATE inputs SET grp = ?1 WHERE id = ?2 AND grp <> ?1",
                        ids, n, group, 0, ret_changed, error);
}

gboolean
fovea_store_set_state (FoveaStore            *store,
                       const gint64          *ids,
                       gsize                  n,
                       FoveaStoreInputState   state,
                       gsize                 *ret_changed,
                       GError               **error)
{
  g_return_val_if_fail (store != NULL && (ids != NULL || n == 0), FALSE);

  return set_column (store, "UPDATE inputs SET state = ?1 WHERE id = ?2 AND state <> ?1",
                     ids, n, NULL, state, ret_changed, error);
}

gboolean
fovea_store_set_missing (FoveaStore    *store,
                         const gint64  *ids,
                         gsize          n,
                         gboolean       missing,
                         GError       **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  gint64 now = g_get_real_time ();

  g_return_val_if_fail (store != NULL && (ids != NULL || n == 0), FALSE);

  if (!fovea_sql_enter (&scope, store, FALSE, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!(missing ? fovea_sql_run (store, error,
                                   "INSERT OR IGNORE INTO missing_inputs (input_id, noticed_at) "
                                   "SELECT id, ? FROM inputs WHERE id = ?",
                                   "ii", now, ids[i])
                  : fovea_sql_run (store, error, "DELETE FROM missing_inputs WHERE input_id = ?",
                                   "i", ids[i])))
      return FALSE;
  return fovea_sql_leave (&scope, error);
}

static gboolean
check_found (FoveaStore  *store,
             gint64       id,
             GError     **error)
{
  if (sqlite3_changes (store->db) > 0)
    return TRUE;
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
               "“%s” has no picture number %" G_GINT64_FORMAT, store->path, id);
  return FALSE;
}

gboolean
fovea_store_move_input (FoveaStore  *store,
                        gint64       id,
                        const char  *path,
                        GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autofree char *stored = NULL, *name = NULL;

  g_return_val_if_fail (store != NULL && path != NULL, FALSE);

  if (!g_path_is_absolute (path))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                   "“%s” is not the absolute path of a file", path);
      return FALSE;
    }
  stored = fovea_store_path_to_stored (store->folder, path);
  name = fovea_store_display_name (path);
  return fovea_sql_enter (&scope, store, TRUE, error)
         && fovea_sql_run (store, error, "UPDATE inputs SET path = ?, name = ? WHERE id = ?", "bti",
                           stored, strlen (stored), name, id)
         && check_found (store, id, error)
         && fovea_store_set_missing (store, &id, 1, FALSE, error)
         && fovea_sql_leave (&scope, error);
}

typedef struct {
  const char *from;
  GArray *ids;
  GPtrArray *tails;          /* of the path below @from */
} Below;

static gboolean
collect_below (const FoveaStoreInput *input,
               gpointer               user_data)
{
  Below *below = user_data;

  if (fovea_store_path_is_below (input->path, below->from))
    {
      g_array_append_val (below->ids, input->id);
      g_ptr_array_add (below->tails, fovea_store_path_to_stored (below->from, input->path));
    }
  return TRUE;
}

gboolean
fovea_store_move_inputs (FoveaStore  *store,
                         const char  *from_folder,
                         const char  *to_folder,
                         gsize       *ret_changed,
                         GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) tails = g_ptr_array_new_with_free_func (g_free);
  Below below = { from_folder, ids, tails };
  gsize changed = 0;

  g_return_val_if_fail (store != NULL && from_folder != NULL && to_folder != NULL, FALSE);

  if (!g_path_is_absolute (from_folder) || !g_path_is_absolute (to_folder))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                   "“%s” is not an absolute path",
                   g_path_is_absolute (from_folder) ? to_folder : from_folder);
      return FALSE;
    }
  if (!fovea_sql_enter (&scope, store, TRUE, error)
      || !fovea_store_foreach_input (store, 0, 0, collect_below, &below, error))
    return FALSE;

  for (guint i = 0; i < ids->len; i++)
    {
      g_autofree char *path = g_canonicalize_filename (tails->pdata[i], to_folder);
      g_autofree char *stored = fovea_store_path_to_stored (store->folder, path);
      gint64 id = g_array_index (ids, gint64, i);

      if (!fovea_sql_run (store, error,
                          "UPDATE OR IGNORE inputs SET path = ?1 WHERE id = ?2 AND path <> ?1",
                          "bi", stored, strlen (stored), id))
        return FALSE;
      if (sqlite3_changes (store->db) == 0)
        continue;
      changed++;
      if (!fovea_store_set_missing (store, &id, 1, FALSE, error))
        return FALSE;
    }
  if (!fovea_sql_leave (&scope, error))
    return FALSE;
  if (ret_changed != NULL)
    *ret_changed = changed;
  return TRUE;
}

/* Vector spaces have few rows; the key of a vector is space · 2⁴⁰ + input. */
static gboolean
drop_vectors (FoveaStore  *store,
              gint64       input,
              GError     **error)
{
  return fovea_sql_run (store, error, "DELETE FROM vectors WHERE id IN "
                        "(SELECT (id << 40) + ? FROM vector_spaces)", "i", input)
         && fovea_sql_run (store, error, "DELETE FROM region_vectors WHERE id IN "
                           "(SELECT (s.id << 40) + r.id FROM vector_spaces AS s, regions AS r "
                           "WHERE r.input_id = ?)", "i", input);
}

gboolean
fovea_store_refresh_input (FoveaStore             *store,
                           const FoveaStoreInput  *input,
                           GError                **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };

  g_return_val_if_fail (store != NULL && input != NULL, FALSE);

  return fovea_sql_enter (&scope, store, TRUE, error)
         && fovea_sql_run (store, error,
                           "UPDATE inputs SET sha256 = ?, size = ?, mtime = ?, width = ?, "
                           "height = ?, bits = ?, format = ? WHERE id = ?",
                           "biiiiiti", input->sha256, sizeof input->sha256, input->size,
                           input->mtime_us, (gint64) input->width, (gint64) input->height,
                           (gint64) (input->bits != 0 ? input->bits : 8), input->format, input->id)
         && check_found (store, input->id, error) && drop_vectors (store, input->id, error)
         && fovea_sql_leave (&scope, error);
}

gboolean
fovea_store_remove_inputs (FoveaStore    *store,
                           const gint64  *ids,
                           gsize          n,
                           gsize         *ret_removed,
                           GError       **error)
{
  /* Children first, the picture last. */
  static const char *const texts[] = {
    "DELETE FROM annotations WHERE input_id = ?",
    "DELETE FROM regions WHERE input_id = ?",
    "DELETE FROM field_values WHERE input_id = ?",
    "DELETE FROM dataset_inputs WHERE input_id = ?",
    "DELETE FROM missing_inputs WHERE input_id = ?",
    "DELETE FROM inputs WHERE id = ?",
  };
  g_auto (FoveaSqlScope) scope = { 0 };
  gsize removed = 0;

  g_return_val_if_fail (store != NULL && (ids != NULL || n == 0), FALSE);

  if (!fovea_sql_enter (&scope, store, TRUE, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      for (gsize t = 0; t < G_N_ELEMENTS (texts); t++)
        if (!fovea_sql_run (store, error, texts[t], "i", ids[i]))
          return FALSE;
      removed += (gsize) sqlite3_changes (store->db);
    }
  if (!fovea_sql_leave (&scope, error))
    return FALSE;
  if (ret_removed != NULL)
    *ret_removed = removed;
  return TRUE;
}
