/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/picture-edit.h"

#include "engine/edit-private.h"
#include "store/store-annotations.h"
#include "store/store-input-list.h"

typedef struct {
  gint64 *ids;
  gsize n_ids;
  char *split; /* NULL: the state is set */
  FoveaPictureState state;
  FoveaPictureLabel *labels;
  gsize n_labels;
  gsize n_changed;
} Change;

static void
change_free (gpointer data)
{
  Change *change = data;

  g_free (change->ids);
  g_free (change->split);
  g_free (change->labels);
  g_free (change);
}

static Change *
change_new (const gint64 *ids, gsize n_ids)
{
  Change *change = g_new0 (Change, 1);

  change->ids = g_memdup2 (ids, n_ids * sizeof (gint64));
  change->n_ids = n_ids;
  return change;
}

static gboolean
apply_split (FoveaStore *store, gpointer data, GError **error)
{
  Change *change = data;

  return fovea_store_set_split (store, change->ids, change->n_ids, change->split, &change->n_changed, error);
}

static gboolean
write_split (FoveaStore *store, gpointer data, GError **error)
{
  Change *change = data;
  const char *noun = change->n_ids == 1 ? "picture" : "pictures";
  g_autofree char *text = change->split[0] != '\0'
                            ? g_strdup_printf ("put %" G_GSIZE_FORMAT " %s into %s", change->n_ids, noun, change->split)
                            : g_strdup_printf ("take %" G_GSIZE_FORMAT " %s out of splits", change->n_ids, noun);

  return fovea_edit_in_command (store, text, apply_split, change, error);
}

void
fovea_project_set_split_async (FoveaProject *self, const gint64 *ids, gsize n_ids, const char *split, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);
  Change *change = change_new (ids, n_ids);

  change->split = g_strdup (split);
  g_task_set_task_data (task, change, change_free);
  fovea_core_write_only_task (fovea_project_get_core (self), FOVEA_CHANGED_INPUTS, task, write_split);
}

static gboolean
apply_state (FoveaStore *store, gpointer data, GError **error)
{
  Change *change = data;

  return fovea_store_set_state (store, change->ids, change->n_ids, (FoveaStoreInputState) change->state, &change->n_changed, error);
}

static gboolean
write_state (FoveaStore *store, gpointer data, GError **error)
{
  static const char *const names[] = { "untouched", "in progress", "complete" };
  Change *change = data;
  g_autofree char *text = g_strdup_printf ("mark %" G_GSIZE_FORMAT " %s %s", change->n_ids,
                                           change->n_ids == 1 ? "picture" : "pictures", names[change->state]);

  return fovea_edit_in_command (store, text, apply_state, change, error);
}

void
fovea_project_set_state_async (FoveaProject *self, const gint64 *ids, gsize n_ids, FoveaPictureState state, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);
  Change *change = change_new (ids, n_ids);

  change->state = state;
  g_task_set_task_data (task, change, change_free);
  fovea_core_write_only_task (fovea_project_get_core (self), FOVEA_CHANGED_INPUTS, task, write_state);
}

/* ---- a label of its own for each ---- */

static gboolean
apply_labels (FoveaStore *store, gpointer data, GError **error)
{
  Change *change = data;
  g_autofree FoveaStoreAnnotation *said = g_new0 (FoveaStoreAnnotation, change->n_labels);

  for (gsize i = 0; i < change->n_labels; i++)
    said[i] = (FoveaStoreAnnotation){
      .input = change->labels[i].picture, .concept = change->labels[i].concept_id, .value = 1, .score = 1.0
    };
  return fovea_store_put_annotations (store, said, change->n_labels, &change->n_changed, error);
}

static gboolean
write_label_each (FoveaStore *store, gpointer data, GError **error)
{
  Change *change = data;
  g_autofree char *text = g_strdup_printf ("accept %" G_GSIZE_FORMAT " %s", change->n_labels,
                                           change->n_labels == 1 ? "suggestion" : "suggestions");

  return fovea_edit_in_command (store, text, apply_labels, change, error);
}

void
fovea_project_label_each_async (FoveaProject *self, const FoveaPictureLabel *labels, gsize n_labels, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);
  Change *change = change_new (NULL, 0);

  change->labels = g_memdup2 (labels, n_labels * sizeof (FoveaPictureLabel));
  change->n_labels = n_labels;
  g_task_set_task_data (task, change, change_free);
  fovea_core_write_only_task (fovea_project_get_core (self), FOVEA_CHANGED_LABELS | FOVEA_CHANGED_BY_PERSON, task, write_label_each);
}

int
fovea_project_change_pictures_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  Change *change = g_task_propagate_pointer (G_TASK (result), error);

  return change != NULL ? (int) change->n_changed : -1;
}

/* ---- counting splits ---- */

static void
split_count_free (gpointer data)
{
  FoveaSplitCount *count = data;

  g_free (count->name);
  g_free (count);
}

static gboolean
read_splits (FoveaStore *store, gpointer data, GError **error)
{
  GPtrArray *splits = data;
  g_autoptr (GPtrArray) counts = fovea_store_count_splits (store, error);

  for (guint i = 0; counts != NULL && i < counts->len; i++)
    {
      const FoveaStoreCount *count = g_ptr_array_index (counts, i);
      FoveaSplitCount *split = g_new0 (FoveaSplitCount, 1);

      split->name = g_strdup (count->name);
      split->count = (guint) count->count;
      g_ptr_array_add (splits, split);
    }
  return counts != NULL;
}

void
fovea_project_count_splits_async (FoveaProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);

  g_task_set_task_data (task, g_ptr_array_new_with_free_func (split_count_free), (GDestroyNotify) g_ptr_array_unref);
  fovea_core_read_task (fovea_project_get_core (self), task, read_splits);
}

GPtrArray *
fovea_project_count_splits_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  GPtrArray *splits = g_task_propagate_pointer (G_TASK (result), error);

  return splits != NULL ? g_ptr_array_ref (splits) : NULL;
}
