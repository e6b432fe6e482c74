/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-regions.h"

#include <math.h>
#include <string.h>

#include "store/store-private.h"

#define MAX_POINTS 4096

void
fovea_store_region_free (FoveaStoreRegion *region)
{
  if (region == NULL)
    return;
  g_free (region->public_id);
  g_free (region->points);
  g_free (region);
}

static gboolean
check_region (const FoveaStoreRegion  *region,
              GError                 **error)
{
  /* Written so that a NaN fails. */
  gboolean ok = region->left >= 0.0 && region->right <= 1.0 && region->left < region->right
                && region->top >= 0.0 && region->bottom <= 1.0 && region->top < region->bottom
                && region->n_points <= MAX_POINTS;

  for (gsize i = 0; ok && i < region->n_points * 3; i++)
    ok = isfinite (region->points[i]);
  if (!ok)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                 "A region has to lie within its picture (fractions from 0 to 1) and not be empty: "
                 "%g, %g to %g, %g", region->left, region->top, region->right, region->bottom);
  return ok;
}

static gboolean
fail_unknown (FoveaStore  *store,
              const char  *what,
              gint64       id,
              GError     **error)
{
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
               "“%s” has no %s number %" G_GINT64_FORMAT, store->path, what, id);
  return FALSE;
}

gboolean
fovea_store_add_region (FoveaStore              *store,
                        const FoveaStoreRegion  *region,
                        gint64                  *ret_id,
                        GError                 **error)
{
  g_autofree char *made = NULL;
  gboolean found = TRUE;

  g_return_val_if_fail (store != NULL && region != NULL, FALSE);

  if (!fovea_store_need_command (store, error) || !check_region (region, error)
      || !fovea_sql_number (store, NULL, &found, error, "SELECT 1 FROM inputs WHERE id = ?", "i",
                            region->input))
    return FALSE;
  if (!found)
    return fail_unknown (store, "picture", region->input, error);
  if (region->version != 0
      && !fovea_sql_number (store, NULL, &found, error, "SELECT 1 FROM model_versions WHERE id = ?",
                            "i", region->version))
    return FALSE;
  if (!found)
    return fail_unknown (store, "model version", region->version, error);

  if (region->public_id == NULL)
    made = fovea_store_new_id ();
  if (!fovea_sql_run (store, error,
                      "INSERT INTO regions (public_id, input_id, version_id, x0, y0, x1, y1, score,"
                      " points, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      "tiidddddbi", made != NULL ? made : region->public_id, region->input,
                      region->version, region->left, region->top, region->right, region->bottom,
                      region->score, region->points, region->n_points * 3 * sizeof (float),
                      g_get_real_time ()))
    return FALSE;
  if (ret_id != NULL)
    *ret_id = sqlite3_last_insert_rowid (store->db);
  return TRUE;
}

gboolean
fovea_store_update_region (FoveaStore              *store,
                           const FoveaStoreRegion  *region,
                           GError                 **error)
{
  g_return_val_if_fail (store != NULL && region != NULL, FALSE);

  if (!fovea_store_need_command (store, error) || !check_region (region, error)
      || !fovea_sql_run (store, error,
                         "UPDATE regions SET x0 = ?, y0 = ?, x1 = ?, y1 = ?, score = ?, points = ? "
                         "WHERE id = ?",
                         "dddddbi", region->left, region->top, region->right, region->bottom,
                         region->score, region->points, region->n_points * 3 * sizeof (float),
                         region->id))
    return FALSE;
  return sqlite3_changes (store->db) > 0 || fail_unknown (store, "region", region->id, error);
}

gboolean
fovea_store_remove_region (FoveaStore  *store,
                           gint64       id,
                           GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };

  g_return_val_if_fail (store != NULL && id > 0, FALSE);

  return fovea_sql_enter (&scope, store, TRUE, error)
         && fovea_sql_run (
           store, error, "DELETE FROM annotations WHERE region_id = ?1 AND region_id > 0", "i", id)
         && fovea_sql_run (store, error, "DELETE FROM regions WHERE id = ?", "i", id)
         && fovea_sql_leave (&scope, error);
}

GPtrArray *
fovea_store_get_regions (FoveaStore  *store,
                         gint64       input,
                         GError     **error)
{
  g_autoptr (GPtrArray) regions = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  regions = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_region_free);
  stmt
    = fovea_sql_get (store,
                     "SELECT id, public_id, version_id, x0, y0, x1, y1, score, points FROM regions "
                     "WHERE input_id = ? ORDER BY id",
                     error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", input);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreRegion *region = g_new0 (FoveaStoreRegion, 1);
      gsize size = (gsize) sqlite3_column_bytes (stmt, 8);

      region->id = sqlite3_column_int64 (stmt, 0);
      region->public_id = fovea_sql_dup_text (stmt, 1);
      region->input = input;
      region->version = sqlite3_column_int64 (stmt, 2);
      region->left = sqlite3_column_double (stmt, 3);
      region->top = sqlite3_column_double (stmt, 4);
      region->right = sqlite3_column_double (stmt, 5);
      region->bottom = sqlite3_column_double (stmt, 6);
      region->score = sqlite3_column_double (stmt, 7);
      region->n_points = size / (3 * sizeof (float));
      region->points
        = g_memdup2 (sqlite3_column_blob (stmt, 8), region->n_points * 3 * sizeof (float));
      g_ptr_array_add (regions, region);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&regions) : NULL;
}
