/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-jobs.h"

#include <glib/gi18n.h>
#include <string.h>

#include "store/store-private.h"

void
fovea_store_job_free (FoveaStoreJob *job)
{
  if (job == NULL)
    return;
  g_free (job->kind);
  g_free (job->target);
  g_free (job->title);
  g_free (job->params);
  g_free (job->message);
  g_free (job->owner);
  g_free (job);
}

#define SELECT_JOB                                                                                 \
  "SELECT id, kind, target, title, params, state, progress, message, owner, created_at, "          \
  "heartbeat_at, finished_at"                                                                      \
  " FROM jobs "

static gpointer
read_job (sqlite3_stmt *stmt)
{
  FoveaStoreJob *job = g_new0 (FoveaStoreJob, 1);

  job->id = sqlite3_column_int64 (stmt, 0);
  job->kind = fovea_sql_dup_text (stmt, 1);
  job->target = fovea_sql_dup_text (stmt, 2);
  job->title = fovea_sql_dup_text (stmt, 3);
  job->params = fovea_sql_dup_text (stmt, 4);
  job->state = (FoveaStoreJobState) sqlite3_column_int (stmt, 5);
  job->progress = sqlite3_column_double (stmt, 6);
  job->message = fovea_sql_dup_text (stmt, 7);
  job->owner = fovea_sql_dup_text (stmt, 8);
  job->created_at = sqlite3_column_int64 (stmt, 9);
  job->heartbeat_at = sqlite3_column_int64 (stmt, 10);
  job->finished_at = sqlite3_column_int64 (stmt, 11);
  return job;
}

static GPtrArray *
read_jobs (FoveaStore    *store,
           sqlite3_stmt  *stmt,
           GError       **error)
{
  return fovea_sql_read_rows (store, stmt, read_job, (GDestroyNotify) fovea_store_job_free, error);
}

gboolean
fovea_store_job_is_alive (const FoveaStoreJob *job)
{
  gboolean same_host;

  g_return_val_if_fail (job != NULL, FALSE);

  if (job->state != FOVEA_STORE_JOB_RUNNING || job->owner[0] == '\0')
    return FALSE;
  if (!fovea_store_owner_is_alive (job->owner, &same_host))
    return FALSE;
  return same_host
         || g_get_real_time () - job->heartbeat_at < FOVEA_STORE_HEARTBEAT_S * G_USEC_PER_SEC;
}

static gboolean
fail_busy (const FoveaStoreJob  *job,
           GError              **error)
{
  g_auto (GStrv) parts = g_strsplit (job->owner, ":", 3);
  g_autoptr (GDateTime) began = g_date_time_new_from_unix_local (job->created_at / G_USEC_PER_SEC);
  g_autofree char *since
    = began != NULL ? g_date_time_format (began, "%Y-%m-%d %H:%M") : g_strdup ("?");

  if (parts[0] != NULL)
    parts[0][strcspn (parts[0], "/")] = '\0';
  g_set_error (
    error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_BUSY,
    _("“%s” is being done already, by process %s on %s since %s: wait for it, or stop it there"),
    job->title, g_strv_length (parts) > 1 ? parts[1] : "?", parts[0] != NULL ? parts[0] : "?",
    since);
  return FALSE;
}

/* The unfinished row of this kind and target; *ret_job NULL when there is none. */
static gboolean
find_unfinished (FoveaStore      *store,
                 const char      *kind,
                 const char      *target,
                 FoveaStoreJob  **ret_job,
                 GError         **error)
{
  g_autoptr (GPtrArray) jobs = NULL;
  sqlite3_stmt *stmt
    = fovea_sql_get (store, SELECT_JOB "WHERE kind = ? AND target = ? AND state < 3", error);

  if (stmt == NULL)
    return FALSE;
  fovea_sql_bind (stmt, "tt", kind, target);
  jobs = read_jobs (store, stmt, error);
  if (jobs == NULL)
    return FALSE;
  *ret_job = jobs->len > 0 ? g_ptr_array_steal_index (jobs, 0) : NULL;
  return TRUE;
}

static gboolean
check_job (const char  *kind,
           const char  *target,
           const char  *title,
           const char  *params,
           GError     **error)
{
  return fovea_store_check_text (kind, 64, "kind of the job", error)
         && fovea_store_check_text (target, 4096, "target of the job", error)
         && fovea_store_check_text (title, 4096, "title of the job", error)
         && (params == NULL
             || fovea_store_check_json (params, '{', "parameters of the job", error));
}

gboolean
fovea_store_claim_job (FoveaStore  *store,
                       const char  *kind,
                       const char  *target,
                       const char  *title,
                       const char  *params,
                       gint64      *ret_id,
                       gboolean    *ret_resumed,
                       GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autoptr (FoveaStoreJob) job = NULL;
  g_autofree char *self = NULL;
  gint64 id, now = g_get_real_time ();

  g_return_val_if_fail (
    store != NULL && kind != NULL && target != NULL && title != NULL && ret_id != NULL, FALSE);

  if (!check_job (kind, target, title, params, error)
      || !fovea_sql_enter (&scope, store, FALSE, error)
      || !find_unfinished (store, kind, target, &job, error))
    return FALSE;
  if (job != NULL && fovea_store_job_is_alive (job))
    return fail_busy (job, error);

  self = fovea_store_new_owner ();
  if (job != NULL)
    {
      id = job->id;
      if (!fovea_sql_run (store, error,
                          "UPDATE jobs SET state = 1, owner = ?, heartbeat_at = ?, "
                          "params = ifnull (?, params), title = ? WHERE id = ?",
                          "tiTti", self, now, params, title, id))
        return FALSE;
    }
  else
    {
      if (!fovea_sql_run (store, error,
                          "INSERT INTO jobs (kind, target, title, params, state, progress, message,"
                          " owner, created_at, heartbeat_at, finished_at) VALUES (?, ?, ?, ?, 1, "
                          "0, '', ?, ?, ?, 0)",
                          "tttttii", kind, target, title, params != NULL ? params : "{}", self, now,
                          now))
        return FALSE;
      id = sqlite3_last_insert_rowid (store->db);
    }
  if (!fovea_sql_leave (&scope, error))
    return FALSE;
  *ret_id = id;
  if (ret_resumed != NULL)
    *ret_resumed = job != NULL;
  return TRUE;
}

static gboolean
check_ours (FoveaStore  *store,
            gint64       id,
            GError     **error)
{
  if (sqlite3_changes (store->db) > 0)
    return TRUE;
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_CONFLICT,
               "“%s”: job %" G_GINT64_FORMAT " is no longer this program's", store->path, id);
  return FALSE;
}

gboolean
fovea_store_beat_job (FoveaStore  *store,
                      gint64       id,
                      double       progress,
                      const char  *message,
                      GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autofree char *self = NULL, *valid = NULL;

  g_return_val_if_fail (store != NULL, FALSE);

  self = fovea_store_new_owner ();
  valid = g_utf8_make_valid (message != NULL ? message : "", -1);
  return fovea_sql_enter (&scope, store, FALSE, error)
         && fovea_sql_run (store, error,
                           "UPDATE jobs SET heartbeat_at = ?, progress = ?, message = ? "
                           "WHERE id = ? AND owner = ? AND state = 1",
                           "idtit", g_get_real_time (), CLAMP (progress, 0.0, 1.0), valid, id, self)
         && check_ours (store, id, error) && fovea_sql_leave (&scope, error);
}

gboolean
fovea_store_set_job_params (FoveaStore  *store,
                            gint64       id,
                            const char  *params,
                            GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autofree char *self = NULL;

  g_return_val_if_fail (store != NULL && params != NULL, FALSE);

  self = fovea_store_new_owner ();
  return fovea_store_check_json (params, '{', "parameters of the job", error)
         && fovea_sql_enter (&scope, store, FALSE, error)
         && fovea_sql_run (store, error,
                           "UPDATE jobs SET params = ?, heartbeat_at = ? "
                           "WHERE id = ? AND owner = ? AND state = 1",
                           "tiit", params, g_get_real_time (), id, self)
         && check_ours (store, id, error) && fovea_sql_leave (&scope, error);
}

gboolean
fovea_store_release_job (FoveaStore          *store,
                         gint64               id,
                         FoveaStoreJobState   state,
                         const char          *message,
                         GError             **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autofree char *self = NULL, *valid = NULL;
  gint64 now = g_get_real_time ();

  g_return_val_if_fail (store != NULL && state != FOVEA_STORE_JOB_RUNNING, FALSE);

  self = fovea_store_new_owner ();
  valid = g_utf8_make_valid (message != NULL ? message : "", -1);
  return fovea_sql_enter (&scope, store, FALSE, error)
         && fovea_sql_run (store, error,
                           "UPDATE jobs SET state = ?, message = ?, owner = '', finished_at = ?, "
                           "progress = CASE WHEN ?1 = 3 THEN 1.0 ELSE progress END "
                           "WHERE id = ? AND owner = ? AND state = 1",
                           "itiit", (gint64) state, valid,
                           state >= FOVEA_STORE_JOB_DONE ? now : (gint64) 0, id, self)
         && check_ours (store, id, error) && fovea_sql_leave (&scope, error);
}

FoveaStoreJob *
fovea_store_get_job (FoveaStore  *store,
                     gint64       id,
                     GError     **error)
{
  g_autoptr (GPtrArray) jobs = NULL;
  sqlite3_stmt *stmt;

  g_return_val_if_fail (store != NULL, NULL);

  stmt = fovea_sql_get (store, SELECT_JOB "WHERE id = ?", error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", id);
  jobs = read_jobs (store, stmt, error);
  if (jobs == NULL)
    return NULL;
  if (jobs->len > 0)
    return g_ptr_array_steal_index (jobs, 0);
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
               "“%s” has no job %" G_GINT64_FORMAT, store->path, id);
  return NULL;
}

GPtrArray *
fovea_store_list_jobs (FoveaStore  *store,
                       gboolean     unfinished,
                       GError     **error)
{
  sqlite3_stmt *stmt;

  g_return_val_if_fail (store != NULL, NULL);

  stmt = fovea_sql_get (store, unfinished ? SELECT_JOB "WHERE state < 3 ORDER BY id DESC"
                                          : SELECT_JOB "ORDER BY id DESC", error);
  return stmt != NULL ? read_jobs (store, stmt, error) : NULL;
}
