/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-columns.h"

#include <string.h>

#include "store/store-annotations.h"
#include "store/store-private.h"

static const char *
text_or_empty (sqlite3_stmt *stmt,
               int           column)
{
  const char *text = (const char *) sqlite3_column_text (stmt, column);

  return text != NULL ? text : "";
}

gboolean
fovea_store_each_input (FoveaStore           *store,
                        FoveaStoreColumnsFunc   func,
                        gpointer              data,
                        GError              **error)
{
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL && func != NULL, FALSE);

  stmt = fovea_sql_get (store,
                        "SELECT i.id, i.sha256, i.state, m.input_id IS NOT NULL, i.split, i.name, "
                        "i.grp "
                        "FROM inputs AS i LEFT JOIN missing_inputs AS m ON m.input_id = i.id "
                        "ORDER BY i.id",
                        error);
  if (stmt == NULL)
    return FALSE;
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreInputColumns row = {
        .id = sqlite3_column_int64 (stmt, 0),
        .state = sqlite3_column_int (stmt, 2),
        .missing = sqlite3_column_int (stmt, 3) != 0,
        .split = text_or_empty (stmt, 4),
        .name = text_or_empty (stmt, 5),
        .group = text_or_empty (stmt, 6),
      };
      const void *sha256 = sqlite3_column_blob (stmt, 1);

      if (sqlite3_column_bytes (stmt, 1) >= (int) sizeof row.sha256)
        memcpy (&row.sha256, sha256, sizeof row.sha256);
      func (&row, data);
    }
  return rc == SQLITE_DONE;
}

GArray *
fovea_store_list_said (FoveaStore  *store,
                       GError     **error)
{
  g_autoptr (GArray) found = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  /* The index on versions would send it to each row of the table by its own way. */
  stmt = fovea_sql_get (store,
                        "SELECT input_id, concept_id, value, region_id = 0 AND status = ? "
                        "FROM annotations WHERE +version_id = 0 ORDER BY input_id",
                        error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", (gint64) FOVEA_STORE_ANNOTATION_SUCCESS);
  found = g_array_new (FALSE, FALSE, sizeof (FoveaStoreSaid));
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreSaid said = {
        .input = sqlite3_column_int64 (stmt, 0),
        .concept_ = sqlite3_column_int64 (stmt, 1),
        .value = (gint8) sqlite3_column_int (stmt, 2),
        .certain = sqlite3_column_int (stmt, 3) != 0,
      };

      g_array_append_val (found, said);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&found) : NULL;
}

GArray *
fovea_store_list_strongest (FoveaStore  *store,
                            gint64       version,
                            GError     **error)
{
  g_autoptr (GArray) found = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL && version > 0, NULL);

  stmt = fovea_sql_get (store,
                        "SELECT input_id, concept_id, score FROM annotations "
                        "WHERE +version_id = ? AND region_id = 0 AND value = 1 ORDER BY input_id",
                        error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", version);
  found = g_array_new (FALSE, FALSE, sizeof (FoveaStoreStrongest));
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreStrongest one = { .input = sqlite3_column_int64 (stmt, 0),
                                  .concept_ = sqlite3_column_int64 (stmt, 1),
                                  .score = sqlite3_column_double (stmt, 2) };
      FoveaStoreStrongest *last = found->len > 0
                                    ? &g_array_index (found, FoveaStoreStrongest, found->len - 1)
                                    : NULL;

      if (last == NULL || last->input != one.input)
        g_array_append_val (found, one);
      else if (one.score > last->score)
        *last = one;
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&found) : NULL;
}

GArray *
fovea_store_list_vector_ids (FoveaStore  *store,
                             gint64       space,
                             GError     **error)
{
  g_autoptr (GArray) ids = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  stmt = fovea_sql_get (store,
                        "SELECT i.id FROM vectors AS v JOIN inputs AS i ON i.id = v.id - (?1 << 40) "
                        "WHERE v.space_id = ?1 ORDER BY v.id",
                        error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", space);
  ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      gint64 id = sqlite3_column_int64 (stmt, 0);

      g_array_append_val (ids, id);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&ids) : NULL;
}
