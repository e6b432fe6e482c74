/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/upkeep-jobs.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "engine/project-private.h"
#include "engine/status-private.h"
#include "store/store-check.h"
#include "store/store-inputs.h"
#include "store/store-paths.h"
#include "store/store-undo.h"

typedef struct {
  FoveaCore *core;
  FoveaJob *job;
  char *path;
  gboolean replace;
  FoveaStore *reader, *copy;
  GError **error;
  gboolean ok;
} Backup;

static gboolean
set_file_error (const char *path, int problem, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);

  g_set_error (error, FOVEA_STORE_ERROR, problem == EEXIST ? FOVEA_STORE_ERROR_EXISTS : problem == ENOSPC ? FOVEA_STORE_ERROR_FULL
                                                                                                          : FOVEA_STORE_ERROR_IO,
               "%s: %s", shown, g_strerror (problem));
  return FALSE;
}

/* What is there may be replaced, but never under somebody who has it open. */
static gboolean
check_target (Backup *self, GError **error)
{
  g_autofree char *log = g_strconcat (self->path, "-wal", NULL), *lock = g_strconcat (self->path, "-lock", NULL);
  GStatBuf info;

  if (g_lstat (self->path, &info) != 0)
    return TRUE;
  if (!self->replace)
    return set_file_error (self->path, EEXIST, error);
  if (!S_ISREG (info.st_mode) || fovea_store_is_project_file (self->path) || g_lstat (log, &info) == 0 || g_lstat (lock, &info) == 0)
    {
      g_autofree char *shown = g_filename_display_name (self->path);

      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_BUSY,
                   _("%s cannot be replaced: it is open. Close it first, or choose another name"), shown);
      return FALSE;
    }
  return TRUE;
}

static void
on_progress (gsize n_done, gsize n_pages, gpointer data)
{
  fovea_job_set_progress (((Backup *) data)->job, n_done, n_pages, "pages");
}

/* ---- a copy in another folder: where the pictures are, seen from there ---- */

static gboolean
move_input (const FoveaStoreInput *input, gpointer data)
{
  Backup *self = data;

  self->ok = fovea_store_move_input (self->copy, input->id, input->path, self->error);
  return self->ok;
}

static gboolean
write_places (Backup *self, GError **error)
{
  g_auto (GStrv) folders = fovea_store_list_allowed_folders (self->reader, error);

  for (guint i = 0; folders != NULL && folders[i] != NULL; i++)
    if (!fovea_store_allow_folder (self->copy, folders[i], error))
      return FALSE;
  if (folders == NULL || !fovea_store_begin_command (self->copy, _("copy"), error))
    return FALSE;
  self->error = error;
  self->ok = TRUE;
  if (!fovea_store_foreach_input (self->reader, 0, 0, move_input, self, error) || !self->ok)
    {
      fovea_store_rollback_command (self->copy);
      return FALSE;
    }
  return fovea_store_commit_command (self->copy, NULL, error) && fovea_store_forget_history (self->copy, error);
}

static gboolean
rewrite_places (Backup *self, const char *temporary, GError **error)
{
  g_autofree char *from = g_path_get_dirname (fovea_core_get_path (self->core));
  g_autofree char *to = g_path_get_dirname (self->path);
  gboolean ok;

  if (g_str_equal (from, to))
    return TRUE;
  self->copy = fovea_store_open (temporary, FOVEA_STORE_OPEN_DEFAULT, error);
  if (self->copy == NULL)
    return FALSE;
  ok = write_places (self, error);
  return fovea_store_close (g_steal_pointer (&self->copy), ok ? error : NULL) && ok;
}

/* ---- the whole ---- */

static gboolean
put_in_place (Backup *self, const char *temporary, GError **error)
{
  if (!check_target (self, error))
    return FALSE;
  if (!self->replace && link (temporary, self->path) == 0)
    {
      g_unlink (temporary);
      return TRUE;
    }
  /* A file system without hard links: looked at a moment ago. */
  if (!self->replace && errno == EEXIST)
    return set_file_error (self->path, EEXIST, error);
  return g_rename (temporary, self->path) == 0 || set_file_error (self->path, errno, error);
}

static gboolean
make_copy (Backup *self, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (self->path);
  g_autofree char *id = fovea_store_new_id ();
  g_autofree char *name = g_strdup_printf (".%s.fovea", id);
  g_autofree char *temporary = g_build_filename (folder, name, NULL);

  if (!fovea_store_backup (self->reader, temporary, on_progress, self, fovea_job_get_cancellable (self->job), error))
    return FALSE;
  if (rewrite_places (self, temporary, error) && put_in_place (self, temporary, error))
    return TRUE;
  g_unlink (temporary);
  return FALSE;
}

static gboolean
backup_main (FoveaJob *job, gpointer data, GError **error)
{
  Backup *self = data;
  g_autofree char *shown = g_filename_display_name (self->path);
  g_autofree char *summary = g_strdup_printf (_("Copied to %s"), shown);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) node = NULL;
  gboolean ok;
  GStatBuf info;

  self->job = job;
  if (!check_target (self, error))
    return FALSE;
  self->reader = fovea_core_open_reader (self->core, error);
  if (self->reader == NULL)
    return FALSE;
  ok = make_copy (self, error);
  fovea_store_free (g_steal_pointer (&self->reader));
  if (!ok)
    return FALSE;
  fovea_job_set_summary (job, summary);
  json_builder_begin_object (builder);
  fovea_json_add_path (builder, "path", self->path);
  json_builder_set_member_name (builder, "bytes");
  json_builder_add_int_value (builder, g_stat (self->path, &info) == 0 ? (gint64) info.st_size : 0);
  json_builder_end_object (builder);
  node = json_builder_get_root (builder);
  fovea_job_set_result_json (job, fovea_json_to_string (node));
  return TRUE;
}

static void
backup_free (gpointer data)
{
  Backup *self = data;

  fovea_core_unref (self->core);
  g_free (self->path);
  g_free (self);
}

FoveaJob *
fovea_project_backup (FoveaProject *project, const char *path, gboolean replace)
{
  Backup *self = g_new0 (Backup, 1);
  FoveaJob *job;

  self->core = fovea_core_ref (fovea_project_get_core (project));
  self->path = g_canonicalize_filename (path, NULL);
  self->replace = replace;
  job = fovea_job_new (FOVEA_JOB_BACKUP, _("Copy the project"), backup_main, self, backup_free);
  fovea_project_start_job (project, job);
  return job;
}
