/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/upkeep-jobs.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <string.h>

#include <sys/stat.h>

#include <glib/gi18n.h>

#include <glib/gstdio.h>

#include "engine/engine-error.h"
#include "engine/project-private.h"
#include "engine/status-private.h"
#include "engine/walk.h"
#include "vision/unpack.h"

#define MEGABYTE 1000000

typedef struct {
  FoveaJob *job;
  char *project_path;
  char **archives;
  guint64 size, done; /* of all archives; of those that are over */
  GPtrArray *folders;
  guint n_files, n_left_out;
  guint64 n_bytes;
} Unpack;

gboolean
fovea_path_looks_like_zip (const char *path)
{
  gsize length = strlen (path);

  return length > 4 && g_ascii_strcasecmp (path + length - 4, ".zip") == 0;
}

char *
fovea_pictures_folder_for (const char *project_path)
{
  gsize length = strlen (project_path);
  g_autofree char *stem = g_strndup (project_path, g_str_has_suffix (project_path, ".fovea") ? length - 6 : length);

  return g_strconcat (stem, "-pictures", NULL);
}

/* Pictures, also those whose name does not say so, and what may hold their labels. */
static gboolean
is_wanted (const char *name)
{
  static const char *const labels[] = { ".xml", ".json", ".csv", ".txt", ".yaml", ".yml", ".names" };
  const char *base = strrchr (name, '/') != NULL ? strrchr (name, '/') + 1 : name;
  const char *dot = strrchr (base, '.');

  if (dot == NULL || fovea_walk_name_looks_like_picture (base))
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (labels); i++)
    if (g_ascii_strcasecmp (dot, labels[i]) == 0)
      return TRUE;
  return FALSE;
}

static void
on_progress (guint n_files, guint64 position, guint64 size, gpointer data)
{
  Unpack *self = data;

  fovea_job_set_progress (self->job, (self->done + position) / MEGABYTE, MAX (1, self->size / MEGABYTE), "MB");
}

static int
remove_one (const char *path, const struct stat *info, int kind, struct FTW *place)
{
  return g_remove (path);
}

static void
remove_tree (const char *folder)
{
  if (nftw (folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
    g_info ("%s was left behind: %s", folder, g_strerror (errno));
}

/* "clothes", "clothes 2", …: one that is not there. */
static char *
free_place (const char *parent, const char *archive)
{
  g_autofree char *base = g_path_get_basename (archive);
  g_autofree char *stem = g_strndup (base, strlen (base) - strlen (".zip"));

  for (int i = 1;; i++)
    {
      g_autofree char *name = i == 1 ? g_strdup (stem) : g_strdup_printf ("%s %d", stem, i);
      g_autofree char *path = g_build_filename (parent, name, NULL);
      GStatBuf info;

      if (g_lstat (path, &info) != 0)
        return g_steal_pointer (&path);
    }
}

/* An archive of a folder holds that folder alone: go into it, so that class folders are where an import looks for them. */
static char *
enter_only_folder (char *folder)
{
  for (;;)
    {
      g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
      const char *name = dir != NULL ? g_dir_read_name (dir) : NULL;
      g_autofree char *only = name != NULL ? g_build_filename (folder, name, NULL) : NULL;
      g_autoptr (GDir) inner = NULL;
      const char *first;
      g_autofree char *child = NULL;

      if (only == NULL || g_dir_read_name (dir) != NULL || (inner = g_dir_open (only, 0, NULL)) == NULL)
        return folder;
      /* Only into one that holds folders itself: a folder of pictures is a class. */
      first = g_dir_read_name (inner);
      child = first != NULL ? g_build_filename (only, first, NULL) : NULL;
      if (child == NULL || !g_file_test (child, G_FILE_TEST_IS_DIR))
        return folder;
      g_free (folder);
      folder = g_steal_pointer (&only);
    }
}

static gboolean
make_folder (Unpack *self, const char *parent, char **ret_folder, GError **error)
{
  g_autofree char *folder = g_build_filename (parent, ".unpacking-XXXXXX", NULL);

  if (g_mkdir_with_parents (parent, 0755) == 0 && g_mkdtemp_full (folder, 0755) != NULL)
    {
      *ret_folder = g_steal_pointer (&folder);
      return TRUE;
    }
  g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_IO,
               _("The folder %s, where the pictures would go, cannot be made: %s"), parent, g_strerror (errno));
  return FALSE;
}

static gboolean
unpack_one (Unpack *self, const char *archive, GError **error)
{
  g_autofree char *parent = fovea_pictures_folder_for (self->project_path);
  g_auto (FoveaUnpacked) unpacked = { 0 };
  g_autofree char *folder = NULL;
  g_autofree char *place = NULL;

  if (!make_folder (self, parent, &folder, error))
    return FALSE;
  if (!fovea_unpack_zip (archive, folder, is_wanted, on_progress, self, &unpacked, fovea_job_get_cancellable (self->job), error))
    {
      remove_tree (folder);
      g_rmdir (parent); /* where nothing else is in it */
      return FALSE;
    }
  place = free_place (parent, archive);
  if (g_rename (folder, place) != 0)
    {
      g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_IO, "%s: %s", place, g_strerror (errno));
      remove_tree (folder);
      return FALSE;
    }
  for (guint i = 0; i < unpacked.problems->len; i++)
    {
      const FoveaUnpackProblem *problem = g_ptr_array_index (unpacked.problems, i);
      g_autofree char *path = g_build_filename (archive, problem->name, NULL);

      fovea_job_add_report_row (self->job, path, FOVEA_STATUS_INPUT_FAILED, _("Was not unpacked"), problem->reason);
    }
  self->n_files += unpacked.n_files;
  self->n_left_out += unpacked.n_left_out;
  self->n_bytes += unpacked.n_bytes;
  g_ptr_array_add (self->folders, enter_only_folder (g_steal_pointer (&place)));
  return TRUE;
}

static char *
result_json (Unpack *self)
{
  g_autoptr (JsonNode) node = fovea_json_take_object (json_object_new ());
  JsonObject *object = json_node_get_object (node);
  JsonArray *folders = json_array_new ();

  json_object_set_int_member (object, "files", self->n_files);
  json_object_set_int_member (object, "bytes", (gint64) self->n_bytes);
  json_object_set_int_member (object, "left_out", self->n_left_out);
  json_object_set_array_member (object, "folders", folders);
  for (guint i = 0; i < self->folders->len; i++)
    {
      g_autofree char *uri = g_filename_to_uri (g_ptr_array_index (self->folders, i), NULL, NULL);

      json_array_add_string_element (folders, uri);
    }
  return fovea_json_to_string (node);
}

static void
measure (Unpack *self)
{
  for (char **archive = self->archives; *archive != NULL; archive++)
    {
      GStatBuf info;

      if (g_stat (*archive, &info) == 0)
        self->size += (guint64) info.st_size;
    }
}

static gboolean
unpack_main (FoveaJob *job, gpointer data, GError **error)
{
  Unpack *self = data;
  g_autofree char *summary = NULL;

  self->job = job;
  measure (self);
  for (char **archive = self->archives; *archive != NULL; archive++)
    {
      g_autoptr (GError) failure = NULL;
      GStatBuf info;

      if (!fovea_job_checkpoint (job, error))
        return FALSE;
      if (unpack_one (self, *archive, &failure))
        ;
      else if (self->archives[1] == NULL || g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      else
        fovea_job_add_report_row (job, *archive, fovea_status_code_for_error (failure), _("Was not unpacked"), failure->message);
      self->done += g_stat (*archive, &info) == 0 ? (guint64) info.st_size : 0;
    }
  if (self->folders->len == 0)
    {
      g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, _("None of the archives could be unpacked; the report says why"));
      return FALSE;
    }
  summary = g_strdup_printf (ngettext ("%u file unpacked", "%u files unpacked", self->n_files), self->n_files);
  fovea_job_set_summary (job, summary);
  fovea_job_set_result_json (job, result_json (self));
  return TRUE;
}

static void
unpack_free (gpointer data)
{
  Unpack *self = data;

  g_free (self->project_path);
  g_strfreev (self->archives);
  g_ptr_array_unref (self->folders);
  g_free (self);
}

FoveaJob *
fovea_project_unpack (FoveaProject *project, const char *const *archives)
{
  Unpack *self = g_new0 (Unpack, 1);
  FoveaJob *job;

  self->project_path = g_strdup (fovea_project_get_path (project));
  self->archives = g_strdupv ((char **) archives);
  self->folders = g_ptr_array_new_with_free_func (g_free);
  job = fovea_job_new (FOVEA_JOB_UNPACK, _("Unpack pictures"), unpack_main, self, unpack_free);
  fovea_project_start_job (project, job);
  return job;
}

char **
fovea_unpack_job_dup_folders (FoveaJob *job)
{
  const char *json = fovea_job_get_result_json (job);
  g_autoptr (JsonNode) node = json != NULL ? json_from_string (json, NULL) : NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  JsonArray *folders = node != NULL ? json_object_get_array_member (json_node_get_object (node), "folders") : NULL;

  for (guint i = 0; folders != NULL && i < json_array_get_length (folders); i++)
    {
      g_autofree char *path = g_filename_from_uri (json_array_get_string_element (folders, i), NULL, NULL);

      if (path != NULL)
        g_strv_builder_add (builder, path);
    }
  return g_strv_builder_end (builder);
}
