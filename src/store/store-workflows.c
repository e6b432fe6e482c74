/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-workflows.h"

#include "store/store-models.h"
#include "store/store-private.h"

void
fovea_store_workflow_free (FoveaStoreWorkflow *workflow)
{
  if (workflow == NULL)
    return;
  g_free (workflow->public_id);
  g_free (workflow->version_id);
  g_free (workflow->definition);
  g_free (workflow);
}

gboolean
fovea_store_put_workflow (FoveaStore  *store,
                          const char  *public_id,
                          const char  *definition,
                          gint64      *ret_id,
                          GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autofree char *version_id = NULL;
  gint64 id, now = g_get_real_time ();
  gboolean found;

  g_return_val_if_fail (store != NULL && public_id != NULL && definition != NULL, FALSE);

  if (!fovea_store_is_model_id (public_id))
    {
      g_set_error (
        error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
        "“%s” cannot be a workflow's id: letters and digits, with single '-' or '_' between them, "
        "at most 48",
        public_id);
      return FALSE;
    }
  if (!fovea_store_check_json (definition, '{', "workflow", error)
      || !fovea_sql_enter (&scope, store, TRUE, error)
      || !fovea_sql_number (store, &id, &found, error,
                            "SELECT id FROM workflows WHERE public_id = ?", "t", public_id))
    return FALSE;
  if (!found)
    {
      if (!fovea_sql_run (store, error,
                          "INSERT INTO workflows (public_id, created_at) VALUES (?, ?)", "ti",
                          public_id, now))
        return FALSE;
      id = sqlite3_last_insert_rowid (store->db);
    }
  version_id = fovea_store_new_id ();
  if (!fovea_sql_run (
        store, error,
        "INSERT INTO workflow_versions (public_id, workflow_id, definition, created_at) "
        "VALUES (?, ?, ?, ?)",
        "titi", version_id, id, definition, now)
      || !fovea_sql_leave (&scope, error))
    return FALSE;
  if (ret_id != NULL)
    *ret_id = id;
  return TRUE;
}

gboolean
fovea_store_remove_workflow (FoveaStore  *store,
                             gint64       id,
                             GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };

  g_return_val_if_fail (store != NULL, FALSE);

  return fovea_sql_enter (&scope, store, TRUE, error)
         && fovea_sql_run (store, error, "DELETE FROM workflow_versions WHERE workflow_id = ?", "i",
                           id)
         && fovea_sql_run (store, error, "DELETE FROM workflows WHERE id = ?", "i", id)
         && fovea_sql_leave (&scope, error);
}

/* The newest definition of each, or the named one. */
#define SELECT_WORKFLOW \
  "SELECT w.id, w.public_id, v.public_id, v.definition, w.created_at, v.created_at " \
  "FROM workflows AS w JOIN workflow_versions AS v ON v.workflow_id = w.id "

static GPtrArray *
read_workflows (FoveaStore    *store,
                sqlite3_stmt  *stmt,
                GError       **error)
{
  g_autoptr (GPtrArray) found
    = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_workflow_free);
  int rc;

  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreWorkflow *workflow = g_new0 (FoveaStoreWorkflow, 1);

      workflow->id = sqlite3_column_int64 (stmt, 0);
      workflow->public_id = fovea_sql_dup_text (stmt, 1);
      workflow->version_id = fovea_sql_dup_text (stmt, 2);
      workflow->definition = fovea_sql_dup_text (stmt, 3);
      workflow->created_at = sqlite3_column_int64 (stmt, 4);
      workflow->modified_at = sqlite3_column_int64 (stmt, 5);
      g_ptr_array_add (found, workflow);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&found) : NULL;
}

FoveaStoreWorkflow *
fovea_store_get_workflow (FoveaStore  *store,
                          const char  *public_id,
                          const char  *version_id,
                          GError     **error)
{
  g_autoptr (GPtrArray) found = NULL;
  sqlite3_stmt *stmt;

  g_return_val_if_fail (store != NULL && public_id != NULL, NULL);

  stmt
    = fovea_sql_get (store,
                     SELECT_WORKFLOW "WHERE w.public_id = ?1 AND (?2 IS NULL OR v.public_id = ?2) "
                                     "ORDER BY v.id DESC LIMIT 1",
                     error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "tT", public_id, version_id);
  found = read_workflows (store, stmt, error);
  if (found == NULL)
    return NULL;
  if (found->len > 0)
    return g_ptr_array_steal_index (found, 0);
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
               "“%s” has no workflow “%s”%s%s", store->path, public_id,
               version_id != NULL ? " of version " : "", version_id != NULL ? version_id : "");
  return NULL;
}

GPtrArray *
fovea_store_list_workflows (FoveaStore  *store,
                            GError     **error)
{
  sqlite3_stmt *stmt;

  g_return_val_if_fail (store != NULL, NULL);

  stmt = fovea_sql_get (store,
                        SELECT_WORKFLOW "WHERE v.id = (SELECT max (id) FROM workflow_versions "
                                        "WHERE workflow_id = w.id) ORDER BY w.id",
                        error);
  return stmt != NULL ? read_workflows (store, stmt, error) : NULL;
}
