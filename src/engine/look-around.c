/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/look-around.h"

#include <sys/stat.h>

#include <glib/gi18n.h>

#include "engine/background.h"
#include "engine/path-guard-private.h"
#include "engine/project-private.h"
#include "engine/walk.h"
#include "engine/watched-folders-private.h"
#include "models/pack.h"
#include "store/store-input-list.h"
#include "store/store-undo.h"
#include "store/store-vectors.h"

typedef struct {
  gint64 id;
  gboolean was_missing, is_missing;
} Known;

typedef struct {
  GTask *task;           /* while the thread walks */
  GPtrArray *watched;    /* FoveaWatchedFolder */
  FoveaPathGuard *guard;
  GHashTable *known;     /* path → Known */
  GHashTable *parents;   /* folders that hold a picture of the project */
  guint n_pending;
  FoveaSurroundings *found;
} Look;

static void
new_pictures_free (gpointer data)
{
  g_free (((FoveaNewPictures *) data)->folder);
  g_free (data);
}

void
fovea_surroundings_free (FoveaSurroundings *surroundings)
{
  if (surroundings == NULL)
    return;
  g_ptr_array_unref (surroundings->folders);
  g_free (surroundings);
}

static void
look_free (gpointer data)
{
  Look *self = data;

  g_clear_pointer (&self->watched, g_ptr_array_unref);
  g_clear_pointer (&self->guard, fovea_path_guard_free);
  g_clear_pointer (&self->known, g_hash_table_unref);
  g_clear_pointer (&self->parents, g_hash_table_unref);
  g_clear_pointer (&self->found, fovea_surroundings_free);
  g_free (self);
}

/* ---- first, on the store thread: what the project knows ---- */

static gboolean
take_input (const FoveaStoreInput *input, gpointer data)
{
  Look *self = data;
  Known *known = g_new0 (Known, 1);

  known->id = input->id;
  known->was_missing = known->is_missing = input->missing;
  g_hash_table_insert (self->known, g_strdup (input->path), known);
  g_hash_table_add (self->parents, g_path_get_dirname (input->path));
  return TRUE;
}

/* Pictures without a vector in the space that has most. */
static gboolean
count_pending (Look *self, FoveaStore *store, GError **error)
{
  g_autoptr (GPtrArray) spaces = fovea_store_list_vector_spaces (store, error);
  gsize most = 0, n_inputs = 0;

  if (spaces == NULL || !fovea_store_count_inputs (store, NULL, &n_inputs, error))
    return FALSE;
  for (guint i = 0; i < spaces->len; i++)
    {
      gsize n = 0;

      if (!fovea_store_count_vectors (store, ((FoveaStoreVectorSpace *) g_ptr_array_index (spaces, i))->id, FOVEA_STORE_OF_INPUT, &n, error))
        return FALSE;
      most = MAX (most, n);
    }
  self->n_pending = (guint) (n_inputs - MIN (n_inputs, most));
  return TRUE;
}

static gboolean
read_known (FoveaStore *store, gpointer data, GError **error)
{
  Look *self = data;

  self->watched = fovea_watched_folders_list (store, error);
  self->guard = self->watched != NULL ? fovea_path_guard_new (store, error) : NULL;
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->parents = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self->guard != NULL && count_pending (self, store, error)
         && fovea_store_foreach_input (store, 0, 0, take_input, self, error);
}

/* ---- then, on a thread of its own: what there is ---- */

static gint64
changed_us (const char *path)
{
  struct stat st;

  return stat (path, &st) == 0 ? (gint64) st.st_ctim.tv_sec * G_USEC_PER_SEC + st.st_ctim.tv_nsec / 1000 : 0;
}

/* A file keeps its age when it is moved, so its status' change counts; and when a whole folder was moved in, the folder's. */
static gboolean
is_new (Look *self, const FoveaWalkEntry *entry, gint64 looked_us)
{
  g_autofree char *parent = NULL;

  if (g_hash_table_contains (self->known, entry->path) || !fovea_walk_name_looks_like_picture (entry->path))
    return FALSE;
  if (changed_us (entry->path) > looked_us)
    return TRUE;
  parent = g_path_get_dirname (entry->path);
  return !g_hash_table_contains (self->parents, parent) && changed_us (parent) > looked_us;
}

static void
look_through (Look *self, const FoveaWatchedFolder *watched, GHashTable *counted, GCancellable *cancellable)
{
  const char *paths[] = { watched->folder, NULL };
  g_autoptr (FoveaWalk) walk = NULL;
  FoveaNewPictures *new_pictures;
  guint n_new = 0;

  /* A folder that is gone, or on a disk that is not there, has nothing new. */
  if (!g_file_test (watched->folder, G_FILE_TEST_IS_DIR))
    return;
  walk = fovea_walk (paths, NULL, NULL, cancellable, NULL);
  for (guint i = 0; walk != NULL && i < walk->entries->len; i++)
    {
      const FoveaWalkEntry *entry = &g_array_index (walk->entries, FoveaWalkEntry, i);

      if (is_new (self, entry, watched->looked_us) && g_hash_table_add (counted, g_strdup (entry->path)))
        n_new++;
    }
  if (n_new == 0)
    return;
  new_pictures = g_new0 (FoveaNewPictures, 1);
  new_pictures->folder = g_strdup (watched->folder);
  new_pictures->format = watched->format;
  new_pictures->n_new = n_new;
  g_ptr_array_add (self->found->folders, new_pictures);
  self->found->n_new += n_new;
}

static void
look_for_missing (Look *self, GCancellable *cancellable)
{
  GHashTableIter iter;
  gpointer path, value;

  g_hash_table_iter_init (&iter, self->known);
  while (g_hash_table_iter_next (&iter, &path, &value) && !g_cancellable_is_cancelled (cancellable))
    {
      Known *known = value;

      if (fovea_path_guard_allows (self->guard, path))
        known->is_missing = !g_file_test (path, G_FILE_TEST_EXISTS);
      self->found->n_missing += known->is_missing;
    }
}

static gboolean write_missing (FoveaStore *store, gpointer data, GError **error);

/* Back on the thread that asked: what changed is written, or the answer given. */
static gboolean
return_look (gpointer data)
{
  Look *self = data;
  GTask *task = g_steal_pointer (&self->task);
  FoveaCore *core = fovea_project_get_core (g_task_get_source_object (task));
  gboolean changed = FALSE;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->known);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    changed |= ((Known *) value)->is_missing != ((Known *) value)->was_missing;
  if (g_task_return_error_if_cancelled (task))
    g_object_unref (task);
  else if (core == NULL || fovea_project_get_read_only (g_task_get_source_object (task)) || !changed)
    {
      g_task_return_pointer (task, self, NULL);
      g_object_unref (task);
    }
  else
    fovea_core_write_task (core, task, write_missing);
  return G_SOURCE_REMOVE;
}

static gboolean
write_missing (FoveaStore *store, gpointer data, GError **error)
{
  Look *self = data;
  gboolean ok = TRUE;

  for (int missing = 0; missing < 2 && ok; missing++)
    {
      g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
      GHashTableIter iter;
      gpointer value;

      g_hash_table_iter_init (&iter, self->known);
      while (g_hash_table_iter_next (&iter, NULL, &value))
        if (((Known *) value)->is_missing == missing && ((Known *) value)->was_missing != missing)
          g_array_append_val (ids, ((Known *) value)->id);
      ok = ids->len == 0 || fovea_store_set_missing (store, (const gint64 *) (gpointer) ids->data, ids->len, missing, error);
    }
  return ok;
}

static gpointer
look_on_thread (gpointer data)
{
  Look *self = data;
  GCancellable *cancellable = g_task_get_cancellable (self->task);
  g_autoptr (GHashTable) counted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GSource) idle = g_idle_source_new ();
  g_autofree char *pack = NULL;

  fovea_background_enter ();
  self->found = g_new0 (FoveaSurroundings, 1);
  self->found->folders = g_ptr_array_new_with_free_func (new_pictures_free);
  self->found->pack = FOVEA_DEFAULT_PACK;
  pack = fovea_pack_find (FOVEA_DEFAULT_PACK);
  self->found->pack_missing = pack == NULL;
  self->found->n_pending = self->n_pending;
  for (guint i = 0; i < self->watched->len; i++)
    look_through (self, g_ptr_array_index (self->watched, i), counted, cancellable);
  look_for_missing (self, cancellable);
  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, return_look, self, NULL);
  g_source_attach (idle, g_task_get_context (self->task));
  return NULL;
}

static void
on_known_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  Look *self = g_task_propagate_pointer (G_TASK (result), &error);

  if (self == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  /* The inner task's data moves to the outer one. */
  self = g_memdup2 (self, sizeof *self);
  *(Look *) g_task_get_task_data (G_TASK (result)) = (Look){ 0 };
  g_task_set_task_data (task, self, look_free);
  self->task = g_steal_pointer (&task);
  g_thread_unref (g_thread_new ("look around", look_on_thread, self));
}

void
fovea_project_look_around_async (FoveaProject *project, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (project, cancellable, callback, data);
  GTask *reading = g_task_new (project, cancellable, on_known_read, task);

  g_task_set_task_data (reading, g_new0 (Look, 1), look_free);
  fovea_core_read_task (fovea_project_get_core (project), reading, read_known);
}

FoveaSurroundings *
fovea_project_look_around_finish (FoveaProject *project, GAsyncResult *result, GError **error)
{
  Look *self = g_task_propagate_pointer (G_TASK (result), error);

  return self != NULL ? g_steal_pointer (&self->found) : NULL;
}

/* ---- the list ---- */

typedef struct {
  char *folder;
  char **folders;
} List;

static void
list_free (gpointer data)
{
  g_free (((List *) data)->folder);
  g_strfreev (((List *) data)->folders);
  g_free (data);
}

static gboolean
read_list (FoveaStore *store, gpointer data, GError **error)
{
  g_autoptr (GPtrArray) watched = fovea_watched_folders_list (store, error);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; watched != NULL && i < watched->len; i++)
    g_strv_builder_add (builder, ((FoveaWatchedFolder *) g_ptr_array_index (watched, i))->folder);
  ((List *) data)->folders = g_strv_builder_end (builder);
  return watched != NULL;
}

void
fovea_project_list_watched_folders_async (FoveaProject *project, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (project, cancellable, callback, data);

  g_task_set_task_data (task, g_new0 (List, 1), list_free);
  fovea_core_read_task (fovea_project_get_core (project), task, read_list);
}

char **
fovea_project_list_watched_folders_finish (FoveaProject *project, GAsyncResult *result, GError **error)
{
  List *list = g_task_propagate_pointer (G_TASK (result), error);

  return list != NULL ? g_steal_pointer (&list->folders) : NULL;
}

static gboolean
write_forgotten (FoveaStore *store, gpointer data, GError **error)
{
  if (!fovea_store_begin_command (store, _("stop looking for new pictures in a folder"), error))
    return FALSE;
  if (fovea_watched_folders_forget (store, ((List *) data)->folder, error))
    return fovea_store_commit_command (store, NULL, error);
  fovea_store_rollback_command (store);
  return FALSE;
}

void
fovea_project_forget_watched_folder_async (FoveaProject *project, const char *folder, GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (project, cancellable, callback, data);
  List *list = g_new0 (List, 1);

  list->folder = g_strdup (folder);
  g_task_set_task_data (task, list, list_free);
  fovea_core_write_task (fovea_project_get_core (project), task, write_forgotten);
}

gboolean
fovea_project_forget_watched_folder_finish (FoveaProject *project, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error) != NULL;
}
