/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-private.h"

/* Rows that undo or redo could bring back, (table, id): what belongs to them has to stay. */
static gboolean
note_change (FoveaStore              *store,
             sqlite3_changeset_iter  *iter,
             GError                 **error)
{
  const char *table;
  int n_columns, op, indirect;
  sqlite3_value *id = NULL;

  if (sqlite3changeset_op (iter, &table, &n_columns, &op, &indirect) != SQLITE_OK
      || op == SQLITE_UPDATE)
    return TRUE;
  if (!g_str_equal (table, "inputs") && !g_str_equal (table, "regions")
      && !g_str_equal (table, "model_versions"))
    return TRUE;
  if ((op == SQLITE_DELETE ? sqlite3changeset_old (iter, 0, &id)
                           : sqlite3changeset_new (iter, 0, &id))
        != SQLITE_OK
      || id == NULL)
    return TRUE;
  return fovea_sql_run (store, error, "INSERT OR IGNORE INTO temp.kept VALUES (?, ?)", "ti", table,
                        (gint64) sqlite3_value_int64 (id));
}

static gboolean
note_history (FoveaStore  *store,
              GError     **error)
{
  sqlite3_stmt *stmt = fovea_sql_get (store, "SELECT data FROM changesets", error);
  int rc;

  if (stmt == NULL)
    return FALSE;
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      sqlite3_changeset_iter *iter = NULL;
      gboolean ok = sqlite3changeset_start (&iter, sqlite3_column_bytes (stmt, 0),
                                            (void *) sqlite3_column_blob (stmt, 0)) == SQLITE_OK;

      while (ok && sqlite3changeset_next (iter) == SQLITE_ROW)
        ok = note_change (store, iter, error);
      sqlite3changeset_finalize (iter);
      if (!ok)
        {
          sqlite3_reset (stmt);
          return FALSE;
        }
    }
  return rc == SQLITE_DONE;
}

static gboolean
remove_orphans (FoveaStore  *store,
                GError     **error)
{
  static const char *const removals[] = {
    "DELETE FROM vectors WHERE id - (space_id << 40) NOT IN "
    "(SELECT id FROM inputs UNION ALL SELECT id FROM temp.kept WHERE name = 'inputs')",
    "DELETE FROM region_vectors WHERE id - (space_id << 40) NOT IN "
    "(SELECT id FROM regions UNION ALL SELECT id FROM temp.kept WHERE name = 'regions')",
    "DELETE FROM cluster_members WHERE input_id NOT IN "
    "(SELECT id FROM inputs UNION ALL SELECT id FROM temp.kept WHERE name = 'inputs')",
    "DELETE FROM missing_inputs WHERE input_id NOT IN (SELECT id FROM inputs)",
    "DELETE FROM weight_chunks WHERE weights_id IN (SELECT id FROM weights WHERE version_id NOT IN "
    "(SELECT id FROM model_versions UNION ALL SELECT id FROM temp.kept WHERE name = "
    "'model_versions'))",
    "DELETE FROM weights WHERE version_id NOT IN "
    "(SELECT id FROM model_versions UNION ALL SELECT id FROM temp.kept WHERE name = "
    "'model_versions')",
  };
  g_auto (FoveaSqlScope) scope = { 0 };

  if (!fovea_sql_enter (&scope, store, FALSE, error)
      || !fovea_sql_exec (store,
                          "CREATE TEMP TABLE kept (name TEXT, id INTEGER, PRIMARY KEY (name, id)) "
                          "STRICT, WITHOUT ROWID",
                          error)
      || !note_history (store, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (removals); i++)
    if (!fovea_sql_run (store, error, removals[i], NULL))
      return FALSE;
  return fovea_sql_exec (store, "DROP TABLE temp.kept", error) && fovea_sql_leave (&scope, error);
}

gboolean
fovea_store_compact (FoveaStore  *store,
                     GError     **error)
{
  gboolean ok;

  g_return_val_if_fail (store != NULL && store->txn == FOVEA_STORE_TXN_NONE, FALSE);

  if (!remove_orphans (store, error))
    return FALSE;

  /* VACUUM attaches its copy. */
  fovea_sql_forget (store);
  sqlite3_limit (store->db, SQLITE_LIMIT_ATTACHED, 1);
  ok = fovea_sql_exec (store, "VACUUM", error);
  sqlite3_limit (store->db, SQLITE_LIMIT_ATTACHED, 0);
  return ok;
}
