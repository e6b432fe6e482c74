/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-inputs.h"

#include <string.h>

#include "store/store-paths.h"
#include "store/store-private.h"

#define SELECT_INPUT                                                                               \
  "SELECT i.id, i.public_id, i.path, i.name, i.sha256, i.size, i.mtime, i.width, i.height, "       \
  "i.bits, i.format,"                                                                              \
  " i.state, i.split, i.grp, i.added_at, m.input_id IS NOT NULL"                                   \
  " FROM inputs AS i LEFT JOIN missing_inputs AS m ON m.input_id = i.id "

FoveaStoreInput *
fovea_store_input_new (void)
{
  return g_new0 (FoveaStoreInput, 1);
}

void
fovea_store_input_free (FoveaStoreInput *input)
{
  if (input == NULL)
    return;
  g_free (input->public_id);
  g_free (input->path);
  g_free (input->name);
  g_free (input->format);
  g_free (input->split);
  g_free (input->group);
  g_free (input);
}

static FoveaStoreInput *
read_input (FoveaStore   *store,
            sqlite3_stmt *stmt)
{
  FoveaStoreInput *input = fovea_store_input_new ();
  g_autofree char *stored = NULL;

  stored = g_strndup (sqlite3_column_blob (stmt, 2), (gsize) sqlite3_column_bytes (stmt, 2));
  input->id = sqlite3_column_int64 (stmt, 0);
  input->public_id = fovea_sql_dup_text (stmt, 1);
  input->path = fovea_store_path_from_stored (store->folder, stored != NULL ? stored : "");
  input->name = fovea_sql_dup_text (stmt, 3);
  if (sqlite3_column_bytes (stmt, 4) == sizeof input->sha256)
    memcpy (input->sha256, sqlite3_column_blob (stmt, 4), sizeof input->sha256);
  input->size = sqlite3_column_int64 (stmt, 5);
  input->mtime_us = sqlite3_column_int64 (stmt, 6);
  input->width = (guint32) sqlite3_column_int64 (stmt, 7);
  input->height = (guint32) sqlite3_column_int64 (stmt, 8);
  input->bits = (guint32) sqlite3_column_int64 (stmt, 9);
  input->format = fovea_sql_dup_text (stmt, 10);
  input->state = (FoveaStoreInputState) sqlite3_column_int (stmt, 11);
  input->split = fovea_sql_dup_text (stmt, 12);
  input->group = fovea_sql_dup_text (stmt, 13);
  input->added_at = sqlite3_column_int64 (stmt, 14);
  input->missing = sqlite3_column_int (stmt, 15) != 0;
  return input;
}

static gboolean
check_path (const char  *path,
            GError     **error)
{
  if (path != NULL && g_path_is_absolute (path) && path[1] != '\0')
    return TRUE;
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
               "“%s” is not the absolute path of a file", path != NULL ? path : "");
  return FALSE;
}

static gboolean
find_by_stored (FoveaStore  *store,
                const char  *stored,
                gint64      *ret_id,
                gboolean    *ret_found,
                GError     **error)
{
  return fovea_sql_number (store, ret_id, ret_found, error, "SELECT id FROM inputs WHERE path = ?",
                           "b", stored, strlen (stored));
}

static gboolean
add_input (FoveaStore             *store,
           const FoveaStoreInput  *input,
           gint64                  now,
           gint64                 *ret_id,
           gboolean               *ret_added,
           GError                **error)
{
  g_autofree char *stored = NULL, *name = NULL, *made_id = NULL;
  gboolean found;

  if (!check_path (input->path, error)
      || !fovea_store_check_text (input->split, 255, "split", error)
      || !fovea_store_check_text (input->group, 255, "group", error)
      || !fovea_store_check_text (input->public_id, 255, "id of the picture", error))
    return FALSE;

  stored = fovea_store_path_to_stored (store->folder, input->path);
  if (!find_by_stored (store, stored, ret_id, &found, error))
    return FALSE;
  *ret_added = !found;
  if (found)
    return TRUE;

  name = fovea_store_display_name (input->path);
  if (input->public_id == NULL || input->public_id[0] == '\0')
    made_id = fovea_store_new_id ();
  if (!fovea_sql_run (
        store, error,
        "INSERT INTO inputs (public_id, path, name, sha256, size, mtime, width, height, bits,"
        " format, state, split, grp, added_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "tbtbiiiiititti", made_id != NULL ? made_id : input->public_id, stored, strlen (stored),
        name, input->sha256, sizeof input->sha256, input->size, input->mtime_us,
        (gint64) input->width, (gint64) input->height,
        (gint64) (input->bits != 0 ? input->bits : 8), input->format, (gint64) input->state,
        input->split, input->group, input->added_at != 0 ? input->added_at : now))
    return FALSE;
  *ret_id = sqlite3_last_insert_rowid (store->db);
  return TRUE;
}

gboolean
fovea_store_add_inputs (FoveaStore                    *store,
                        const FoveaStoreInput *const  *inputs,
                        gsize                          n,
                        gint64                        *ret_ids,
                        gboolean                      *ret_added,
                        GError                       **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  gint64 now = g_get_real_time ();

  g_return_val_if_fail (store != NULL && (inputs != NULL || n == 0), FALSE);

  if (!fovea_sql_enter (&scope, store, TRUE, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      gint64 id;
      gboolean added;

      if (!add_input (store, inputs[i], now, &id, &added, error))
        return FALSE;
      if (ret_ids != NULL)
        ret_ids[i] = id;
      if (ret_added != NULL)
        ret_added[i] = added;
    }
  return fovea_sql_leave (&scope, error);
}

FoveaStoreInput *
fovea_store_get_input (FoveaStore  *store,
                       gint64       id,
                       GError     **error)
{
  g_autoptr (GPtrArray) inputs = NULL;

  g_return_val_if_fail (store != NULL, NULL);

  inputs = fovea_store_get_inputs (store, &id, 1, error);
  if (inputs == NULL)
    return NULL;
  if (inputs->len == 1)
    return g_ptr_array_steal_index (inputs, 0);
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
               "“%s” has no picture number %" G_GINT64_FORMAT, store->path, id);
  return NULL;
}

gboolean
fovea_store_find_input (FoveaStore  *store,
                        const char  *public_id,
                        gint64      *ret_id,
                        GError     **error)
{
  gboolean found;

  g_return_val_if_fail (store != NULL && public_id != NULL && ret_id != NULL, FALSE);

  if (!fovea_sql_number (store, ret_id, &found, error, "SELECT id FROM inputs WHERE public_id = ?",
                         "t", public_id))
    return FALSE;
  if (!found)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                 "“%s” has no picture with the id “%s”", store->path, public_id);
  return found;
}

gboolean
fovea_store_find_input_by_path (FoveaStore  *store,
                                const char  *path,
                                gint64      *ret_id,
                                GError     **error)
{
  g_autofree char *stored = NULL;
  gboolean found;

  g_return_val_if_fail (store != NULL && path != NULL && ret_id != NULL, FALSE);

  stored = fovea_store_path_to_stored (store->folder, path);
  if (!find_by_stored (store, stored, ret_id, &found, error))
    return FALSE;
  if (!found)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                 "“%s” has no picture “%s”", store->path, path);
  return found;
}

GArray *
fovea_store_find_inputs_by_sha256 (FoveaStore    *store,
                                   const guint8  *sha256,
                                   GError       **error)
{
  g_autoptr (GArray) ids = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL && sha256 != NULL, NULL);

  ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  stmt = fovea_sql_get (store, "SELECT id FROM inputs WHERE sha256 = ? ORDER BY id", error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "b", sha256, (gsize) 32);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      gint64 id = sqlite3_column_int64 (stmt, 0);

      g_array_append_val (ids, id);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&ids) : NULL;
}

gboolean
fovea_store_foreach_input (FoveaStore           *store,
                           gint64                after_id,
                           gsize                 limit,
                           FoveaStoreInputFunc   func,
                           gpointer              user_data,
                           GError              **error)
{
  sqlite3_stmt *stmt = NULL;
  int rc;

  g_return_val_if_fail (store != NULL && func != NULL, FALSE);

  /* Not a kept statement: @func may look things up, also by another walk. */
  rc = sqlite3_prepare_v2 (store->db, SELECT_INPUT "WHERE i.id > ? ORDER BY i.id LIMIT ?", -1,
                           &stmt, NULL);
  if (rc == SQLITE_OK)
    {
      fovea_sql_bind (stmt, "ii", after_id, limit == 0 ? (gint64) -1 : (gint64) limit);
      while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
        {
          g_autoptr (FoveaStoreInput) input = read_input (store, stmt);

          if (!func (input, user_data))
            {
              rc = SQLITE_DONE;
              break;
            }
        }
    }
  if (rc != SQLITE_DONE)
    fovea_sql_set_error (store->db, store->path, sqlite3_extended_errcode (store->db), error);
  sqlite3_finalize (stmt);
  return rc == SQLITE_DONE;
}

GPtrArray *
fovea_store_get_inputs (FoveaStore    *store,
                        const gint64  *ids,
                        gsize          n,
                        GError       **error)
{
  g_autoptr (GPtrArray) inputs = NULL;
  sqlite3_stmt *stmt;

  g_return_val_if_fail (store != NULL && (ids != NULL || n == 0), NULL);

  inputs = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_input_free);
  stmt = fovea_sql_get (store, SELECT_INPUT "WHERE i.id = ?", error);
  if (stmt == NULL)
    return NULL;
  for (gsize i = 0; i < n; i++)
    {
      int rc;

      fovea_sql_bind (stmt, "i", ids[i]);
      rc = fovea_sql_step (store, stmt, error);
      if (rc == SQLITE_ROW)
        g_ptr_array_add (inputs, read_input (store, stmt));
      else if (rc != SQLITE_DONE)
        return NULL;
      sqlite3_reset (stmt);
    }
  return g_steal_pointer (&inputs);
}
