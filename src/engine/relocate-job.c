/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/upkeep-jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "engine/engine-error.h"
#include "engine/project-private.h"
#include "engine/status-private.h"
#include "engine/walk.h"
#include "store/store-inputs.h"
#include "store/store-paths.h"
#include "store/store-undo.h"
#include "vision/sha256.h"

#define BLOCK (256 << 10)

typedef struct {
  gint64 id, size;
  guint8 sha256[32];
  char *path;
  char *found;      /* (nullable) where it is now */
  char *same_name;  /* (nullable) a file of its name with other contents */
} Lost;

typedef struct {
  FoveaCore *core;
  FoveaJob *job;
  char **folders;
  GPtrArray *inputs;    /* Lost: all pictures, then those whose file is gone */
  GHashTable *by_size;  /* size → GPtrArray of Lost, borrowed */
  GHashTable *by_name;  /* last part of the path → Lost, borrowed */
  GHashTable *taken;    /* paths in the project */
  guint n_found;
} Relocation;

static void
lost_free (gpointer data)
{
  Lost *lost = data;

  if (lost == NULL)
    return;
  g_free (lost->path);
  g_free (lost->found);
  g_free (lost->same_name);
  g_free (lost);
}

static void
relocation_free (gpointer data)
{
  Relocation *self = data;

  g_clear_pointer (&self->by_size, g_hash_table_unref);
  g_clear_pointer (&self->by_name, g_hash_table_unref);
  g_clear_pointer (&self->taken, g_hash_table_unref);
  g_ptr_array_unref (self->inputs);
  g_strfreev (self->folders);
  fovea_core_unref (self->core);
  g_free (self);
}

/* ---- which are missing ---- */

static gboolean
take_input (const FoveaStoreInput *input, gpointer data)
{
  Lost *lost = g_new0 (Lost, 1);

  lost->id = input->id;
  lost->size = input->size;
  lost->path = g_strdup (input->path);
  memcpy (lost->sha256, input->sha256, sizeof lost->sha256);
  g_ptr_array_add (data, lost);
  return TRUE;
}

static gboolean
read_inputs (FoveaStore *store, gpointer data, GError **error)
{
  return fovea_store_foreach_input (store, 0, 0, take_input, ((Relocation *) data)->inputs, error);
}

static gboolean
keep_lost (Relocation *self, GError **error)
{
  g_autoptr (GPtrArray) all = g_steal_pointer (&self->inputs);

  self->inputs = g_ptr_array_new_with_free_func (lost_free);
  self->taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->by_size = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, (GDestroyNotify) g_ptr_array_unref);
  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < all->len; i++)
    {
      Lost *lost = g_ptr_array_index (all, i);
      GPtrArray *same;

      fovea_job_set_progress (self->job, i, all->len, "pictures");
      if (!fovea_job_checkpoint (self->job, error))
        return FALSE;
      if (g_file_test (lost->path, G_FILE_TEST_EXISTS))
        {
          g_hash_table_add (self->taken, g_strdup (lost->path));
          continue;
        }
      all->pdata[i] = NULL;
      g_ptr_array_add (self->inputs, lost);
      g_hash_table_insert (self->by_name, g_path_get_basename (lost->path), lost);
      same = g_hash_table_lookup (self->by_size, &lost->size);
      if (same == NULL)
        g_hash_table_insert (self->by_size, &lost->size, same = g_ptr_array_new ());
      g_ptr_array_add (same, lost);
    }
  return TRUE;
}

/* ---- where they are ---- */

static gboolean
hash_file (const char *path, guint8 ret_sha256[32])
{
  g_autofree guint8 *block = g_malloc (BLOCK);
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  char hex[65];
  FoveaSha256 hash;
  ssize_t n;

  if (fd < 0)
    return FALSE;
  fovea_sha256_init (&hash);
  while ((n = read (fd, block, BLOCK)) > 0 || (n < 0 && errno == EINTR))
    fovea_sha256_update (&hash, block, (gsize) MAX (n, 0));
  close (fd);
  fovea_sha256_finish (&hash, hex);
  for (guint i = 0; i < 32; i++)
    ret_sha256[i] = (guint8) (g_ascii_xdigit_value (hex[2 * i]) * 16 + g_ascii_xdigit_value (hex[2 * i + 1]));
  return n == 0;
}

/* Two missing pictures with the same bytes take two files. One whose name fits comes before others. */
static Lost *
choose (GPtrArray *same_size, const guint8 *sha256, const char *name)
{
  Lost *chosen = NULL;

  for (guint i = 0; i < same_size->len; i++)
    {
      Lost *lost = g_ptr_array_index (same_size, i);
      g_autofree char *own = g_path_get_basename (lost->path);

      if (lost->found != NULL || memcmp (lost->sha256, sha256, 32) != 0)
        continue;
      if (g_str_equal (own, name))
        return lost;
      chosen = chosen != NULL ? chosen : lost;
    }
  return chosen;
}

static void
try_file (Relocation *self, const FoveaWalkEntry *entry)
{
  gint64 size = (gint64) entry->size;
  GPtrArray *same_size = g_hash_table_lookup (self->by_size, &size);
  g_autofree char *name = g_path_get_basename (entry->path);
  Lost *lost = g_hash_table_lookup (self->by_name, name), *fits;
  guint8 sha256[32];

  if (g_hash_table_contains (self->taken, entry->path))
    return;
  fits = same_size != NULL && hash_file (entry->path, sha256) ? choose (same_size, sha256, name) : NULL;
  if (fits != NULL)
    {
      fits->found = g_strdup (entry->path);
      self->n_found++;
    }
  else if (lost != NULL && lost->same_name == NULL)
    lost->same_name = g_strdup (entry->path);
}

static gboolean
search (Relocation *self, GError **error)
{
  g_autoptr (FoveaWalk) walk = NULL;

  fovea_job_set_progress (self->job, 0, 0, "");
  fovea_job_set_detail (self->job, _("Looking through the folder"));
  walk = fovea_walk ((const char *const *) self->folders, NULL, NULL, fovea_job_get_cancellable (self->job), error);
  for (guint i = 0; walk != NULL && i < walk->entries->len; i++)
    {
      fovea_job_set_progress (self->job, i, walk->entries->len, "files");
      if (!fovea_job_checkpoint (self->job, error))
        return FALSE;
      try_file (self, &g_array_index (walk->entries, FoveaWalkEntry, i));
    }
  return walk != NULL;
}

/* ---- what is written ---- */

static gboolean
move_found (Relocation *self, FoveaStore *store, GError **error)
{
  for (guint i = 0; i < self->inputs->len; i++)
    {
      const Lost *lost = g_ptr_array_index (self->inputs, i);

      if (lost->found != NULL && !fovea_store_move_input (store, lost->id, lost->found, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
note_missing (Relocation *self, FoveaStore *store, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < self->inputs->len; i++)
    {
      const Lost *lost = g_ptr_array_index (self->inputs, i);

      if (lost->found == NULL)
        g_array_append_val (ids, lost->id);
    }
  return fovea_store_set_missing (store, (const gint64 *) (gpointer) ids->data, ids->len, TRUE, error);
}

static gboolean
allow_folders (Relocation *self, FoveaStore *store, GError **error)
{
  for (char **folder = self->folders; *folder != NULL; folder++)
    {
      g_autofree char *absolute = g_canonicalize_filename (*folder, NULL);

      if (!fovea_store_allow_folder (store, absolute, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_found (FoveaStore *store, gpointer data, GError **error)
{
  Relocation *self = data;
  g_autofree char *text = g_strdup_printf (ngettext ("find %u missing picture", "find %u missing pictures", self->n_found), self->n_found);

  if (!note_missing (self, store, error))
    return FALSE;
  if (self->n_found == 0)
    return TRUE;
  if (!allow_folders (self, store, error) || !fovea_store_begin_command (store, text, error))
    return FALSE;
  if (move_found (self, store, error))
    return fovea_store_commit_command (store, NULL, error);
  fovea_store_rollback_command (store);
  return FALSE;
}

static void
report (Relocation *self)
{
  guint n = self->inputs->len;
  g_autofree char *summary = NULL;

  for (guint i = 0; i < n; i++)
    {
      const Lost *lost = g_ptr_array_index (self->inputs, i);
      g_autofree char *shown = lost->same_name != NULL ? g_filename_display_name (lost->same_name) : NULL;
      g_autofree char *details = shown != NULL ? g_strdup_printf (_("%s has the same name, but is another picture"), shown)
                                               : g_strdup (_("No file in this folder has its contents"));

      if (lost->found == NULL)
        fovea_job_add_report_row (self->job, lost->path, FOVEA_STATUS_INPUT_FAILED, _("Still missing"), details);
    }
  if (n == 0)
    summary = g_strdup (_("No picture is missing"));
  else
    summary = g_strdup_printf (ngettext ("%u of %u missing picture found", "%u of %u missing pictures found", n), self->n_found, n);
  fovea_job_set_summary (self->job, summary);
  fovea_job_set_result_json (self->job, g_strdup_printf ("{\"missing\":%u,\"found\":%u,\"still_missing\":%u}", n, self->n_found,
                                                         n - self->n_found));
}

static gboolean
relocate_main (FoveaJob *job, gpointer data, GError **error)
{
  Relocation *self = data;

  self->job = job;
  if (!fovea_core_read (self->core, read_inputs, self, error) || !keep_lost (self, error))
    return FALSE;
  if (self->inputs->len > 0 && (!search (self, error) || !fovea_core_write (self->core, write_found, self, error)))
    return FALSE;
  report (self);
  return TRUE;
}

FoveaJob *
fovea_project_relocate (FoveaProject *project, const char *const *folders)
{
  Relocation *self = g_new0 (Relocation, 1);
  FoveaJob *job;

  self->core = fovea_core_ref (fovea_project_get_core (project));
  self->folders = g_strdupv ((char **) folders);
  self->inputs = g_ptr_array_new_with_free_func (lost_free);
  job = fovea_job_new (FOVEA_JOB_RELOCATE, _("Find missing pictures"), relocate_main, self, relocation_free);
  fovea_project_start_job (project, job);
  return job;
}
