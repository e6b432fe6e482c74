/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/thumbnail-cache.h"

#include <sys/stat.h>

#include <glib/gstdio.h>

#include "engine/background.h"
#include "vision/thumbnail.h"

typedef struct {
  char *path;
  gint64 written; /* s */
  guint64 bytes;
} Thumbnail;

typedef struct {
  GTask *task;
  guint64 most_bytes, bytes;
  guint n_files;
  GArray *files; /* Thumbnail */
} Trim;

static void
clear_thumbnail (gpointer data)
{
  g_free (((Thumbnail *) data)->path);
}

static void
trim_free (gpointer data)
{
  g_array_unref (((Trim *) data)->files);
  g_free (data);
}

static void
list_folder (Trim *self, const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL && !g_cancellable_is_cancelled (g_task_get_cancellable (self->task)))
    {
      Thumbnail file = { .path = g_build_filename (folder, name, NULL) };
      GStatBuf info;

      /* Nothing but our own files: the folder may be one that somebody chose. */
      if (!g_str_has_suffix (name, ".jpg") || g_lstat (file.path, &info) != 0 || !S_ISREG (info.st_mode))
        {
          g_free (file.path);
          continue;
        }
      file.written = (gint64) info.st_mtime;
      file.bytes = (guint64) info.st_size;
      self->bytes += file.bytes;
      g_array_append_val (self->files, file);
    }
}

static int
compare_age (gconstpointer a, gconstpointer b)
{
  const Thumbnail *x = a, *y = b;

  return x->written < y->written ? -1 : x->written > y->written;
}

static gboolean
return_trim (gpointer data)
{
  Trim *self = data;
  GTask *task = g_steal_pointer (&self->task);

  g_task_return_pointer (task, self, NULL);
  g_object_unref (task);
  return G_SOURCE_REMOVE;
}

static gpointer
trim_on_thread (gpointer data)
{
  Trim *self = data;
  g_autofree char *folder = fovea_thumbnail_dup_folder ();
  g_autoptr (GSource) idle = g_idle_source_new ();
  guint n_removed = 0;

  fovea_background_enter ();
  for (guint i = 0; i < 256; i++)
    {
      g_autofree char *name = g_strdup_printf ("%02x", i);
      g_autofree char *below = g_build_filename (folder, name, NULL);

      list_folder (self, below);
    }
  if (self->bytes > self->most_bytes)
    g_array_sort (self->files, compare_age);
  for (; self->bytes > self->most_bytes && n_removed < self->files->len; n_removed++)
    {
      const Thumbnail *file = &g_array_index (self->files, Thumbnail, n_removed);

      if (g_cancellable_is_cancelled (g_task_get_cancellable (self->task)))
        break;
      if (g_unlink (file->path) == 0)
        self->bytes -= file->bytes;
    }
  self->n_files = self->files->len - n_removed;
  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, return_trim, self, NULL);
  g_source_attach (idle, g_task_get_context (self->task));
  return NULL;
}

void
fovea_thumbnail_cache_trim_async (guint64 most_bytes, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  Trim *self = g_new0 (Trim, 1);

  self->most_bytes = most_bytes;
  self->files = g_array_new (FALSE, FALSE, sizeof (Thumbnail));
  g_array_set_clear_func (self->files, clear_thumbnail);
  self->task = g_task_new (NULL, cancellable, callback, data);
  g_task_set_task_data (self->task, self, trim_free);
  g_thread_unref (g_thread_new ("thumbnail cache", trim_on_thread, self));
}

gboolean
fovea_thumbnail_cache_trim_finish (GAsyncResult *result, guint64 *ret_bytes, guint *ret_n_files, GError **error)
{
  Trim *self = g_task_propagate_pointer (G_TASK (result), error);

  if (self == NULL)
    return FALSE;
  *ret_bytes = self->bytes;
  *ret_n_files = self->n_files;
  return TRUE;
}
