/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-check.h"

#include <string.h>

#include "store/store-private.h"
#include "store/store-weights.h"

#define MAX_PROBLEMS 100

static void G_GNUC_PRINTF (2, 3)
report (GPtrArray  *problems,
        const char *format,
        ...)
{
  va_list args;

  va_start (args, format);
  if (problems->len < MAX_PROBLEMS)
    g_ptr_array_add (problems, g_strdup_vprintf (format, args));
  va_end (args);
}

/* SQLite's own check; "ok" is its one row when all is well. */
static gboolean
check_integrity (FoveaStore  *store,
                 GPtrArray   *problems,
                 GError     **error)
{
  sqlite3_stmt *stmt = fovea_sql_get (store, "PRAGMA integrity_check (50)", error);
  int rc;

  if (stmt == NULL)
    return FALSE;
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      g_autofree char *said = fovea_sql_dup_text (stmt, 0);

      if (!g_str_equal (said, "ok"))
        report (problems, "The file: %s", said);
    }
  return rc == SQLITE_DONE;
}

static gboolean
check_references (FoveaStore  *store,
                  GPtrArray   *problems,
                  GError     **error)
{
  sqlite3_stmt *stmt = fovea_sql_get (store, "PRAGMA foreign_key_check", error);
  int rc;

  if (stmt == NULL)
    return FALSE;
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      g_autofree char *table = fovea_sql_dup_text (stmt, 0);
      g_autofree char *parent = fovea_sql_dup_text (stmt, 2);

      report (problems, "A row of %s refers to one of %s that does not exist", table, parent);
    }
  return rc == SQLITE_DONE;
}

/* What foreign keys and CHECKs cannot say. Each text counts offenders. */
static gboolean
check_invariants (FoveaStore  *store,
                  GPtrArray   *problems,
                  GError     **error)
{
  static const struct {
    const char *sql;
    const char *problem;
  } rows[] = {
    { "SELECT count(*) FROM annotations WHERE region_id > 0 AND region_id NOT IN (SELECT id FROM "
      "regions)",
      "labels name a region that does not exist" },
    { "SELECT count(*) FROM annotations AS a JOIN regions AS r ON r.id = a.region_id "
      "WHERE a.region_id > 0 AND r.input_id <> a.input_id",
      "labels name a region of another picture" },
    { "SELECT count(*) FROM annotations WHERE version_id > 0 AND version_id NOT IN (SELECT id FROM "
      "model_versions)",
      "labels name a model version that does not exist" },
    { "SELECT count(*) FROM annotations WHERE region_id < 0 OR version_id < 0",
      "labels have numbers below zero" },
    { "SELECT count(*) FROM regions WHERE version_id > 0 AND version_id NOT IN (SELECT id FROM "
      "model_versions)",
      "regions name a model version that does not exist" },
    { "SELECT count(*) FROM regions WHERE length (points) % 12 <> 0",
      "regions have broken key points" },
    { "SELECT count(*) FROM vectors AS v LEFT JOIN vector_spaces AS s ON s.id = v.space_id "
      "WHERE s.id IS NULL OR v.id >> 40 <> v.space_id OR length (v.data) <> 2 * s.dims",
      "vectors have not the length or the key of their space" },
    { "SELECT count(*) FROM region_vectors AS v LEFT JOIN vector_spaces AS s ON s.id = v.space_id "
      "WHERE s.id IS NULL OR v.id >> 40 <> v.space_id OR length (v.data) <> 2 * s.dims",
      "vectors of regions have not the length or the key of their space" },
    { "SELECT count(*) FROM commands AS c WHERE n_bytes <> "
      "(SELECT ifnull (sum (length (data)), 0) FROM changesets WHERE command_id = c.id)",
      "commands of the history are incomplete" },
    { "SELECT count(*) FROM commands AS c WHERE undone = 0 AND EXISTS "
      "(SELECT 1 FROM commands WHERE undone = 1 AND id < c.id)",
      "commands lie in the history out of order" },
    { "SELECT count(*) FROM dataset_versions AS d WHERE n_rows <> "
      "(SELECT count(*) FROM dataset_version_rows WHERE version_id = d.id)",
      "versions of datasets have lost rows" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gint64 count;

      if (!fovea_sql_number (store, &count, NULL, error, rows[i].sql, NULL))
        return FALSE;
      if (count > 0)
        report (problems, "%" G_GINT64_FORMAT " %s", count, rows[i].problem);
    }
  return TRUE;
}

static gboolean
check_history (FoveaStore  *store,
               GPtrArray   *problems,
               GError     **error)
{
  sqlite3_stmt *stmt
    = fovea_sql_get (store, "SELECT command_id, data FROM changesets ORDER BY id", error);
  int rc;

  if (stmt == NULL)
    return FALSE;
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      sqlite3_changeset_iter *iter = NULL;
      int result = sqlite3changeset_start (&iter, sqlite3_column_bytes (stmt, 1),
                                           (void *) sqlite3_column_blob (stmt, 1));

      while (result == SQLITE_OK && sqlite3changeset_next (iter) == SQLITE_ROW)
        ;
      if (iter == NULL || sqlite3changeset_finalize (iter) != SQLITE_OK)
        report (problems, "Command %" G_GINT64_FORMAT " of the history cannot be read",
                (gint64) sqlite3_column_int64 (stmt, 0));
    }
  return rc == SQLITE_DONE;
}

static gboolean
check_weights (FoveaStore  *store,
               GPtrArray   *problems,
               GError     **error)
{
  g_autoptr (GArray) versions = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  sqlite3_stmt *stmt
    = fovea_sql_get (store, "SELECT version_id, name FROM weights ORDER BY id", error);
  int rc;

  if (stmt == NULL)
    return FALSE;
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      gint64 version = sqlite3_column_int64 (stmt, 0);

      g_array_append_val (versions, version);
      g_ptr_array_add (names, fovea_sql_dup_text (stmt, 1));
    }
  if (rc != SQLITE_DONE)
    return FALSE;

  for (guint i = 0; i < names->len; i++)
    {
      g_autoptr (GError) local_error = NULL;
      g_autoptr (GBytes) bytes = fovea_store_get_weights (
        store, g_array_index (versions, gint64, i), names->pdata[i], 0, &local_error);

      if (bytes == NULL)
        report (problems, "%s", local_error->message);
    }
  return TRUE;
}

static int
on_progress (void *user_data)
{
  return g_cancellable_is_cancelled (user_data);
}

gboolean
fovea_store_check (FoveaStore    *store,
                   GCancellable  *cancellable,
                   GPtrArray    **ret_problems,
                   GError       **error)
{
  gboolean (*const checks[]) (FoveaStore *, GPtrArray *, GError **) = {
    check_integrity, check_references, check_invariants, check_history, check_weights,
  };
  g_autoptr (GPtrArray) problems = NULL;
  gboolean ok = TRUE;

  g_return_val_if_fail (store != NULL && ret_problems != NULL, FALSE);

  problems = g_ptr_array_new_with_free_func (g_free);
  if (cancellable != NULL)
    sqlite3_progress_handler (store->db, 10000, on_progress, cancellable);
  for (gsize i = 0; ok && i < G_N_ELEMENTS (checks); i++)
    {
      g_autoptr (GError) local_error = NULL;

      ok = checks[i] (store, problems, &local_error);
      /* So damaged that it cannot even be read is a finding too. */
      if (!ok && g_error_matches (local_error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_DAMAGED))
        {
          report (problems, "%s", local_error->message);
          ok = TRUE;
        }
      else if (!ok && !g_cancellable_is_cancelled (cancellable))
        g_propagate_error (error, g_steal_pointer (&local_error));
    }
  sqlite3_progress_handler (store->db, 0, NULL, NULL);

  if (g_cancellable_set_error_if_cancelled (cancellable, ok ? error : NULL) || !ok)
    {
      if (!ok && error != NULL && *error == NULL)
        g_cancellable_set_error_if_cancelled (cancellable, error);
      return FALSE;
    }
  *ret_problems = g_steal_pointer (&problems);
  return TRUE;
}
