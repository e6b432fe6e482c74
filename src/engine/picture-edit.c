/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/picture-edit.h"

#include <glib/gi18n.h>

#include "engine/edit-private.h"
#include "engine/one-concept-private.h"
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
  guint n = (guint) change->n_ids;
  g_autofree char *text = change->split[0] != '\0'
                            ? g_strdup_printf (ngettext ("put %u picture into %s", "put %u pictures into %s", n), n, change->split)
                            : g_strdup_printf (ngettext ("take %u picture out of splits", "take %u pictures out of splits", n), n);

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
  static const char *const names[] = { N_("untouched"), N_("in progress"), N_("complete") };
  Change *change = data;
  guint n = (guint) change->n_ids;
  /* Translators: the other words are one of "untouched", "in progress" and "complete" */
  g_autofree char *text = g_strdup_printf (ngettext ("mark %u picture %s", "mark %u pictures %s", n), n, _(names[change->state]));

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
  for (gsize i = 0; i < change->n_labels; i++)
    if (!fovea_one_concept_apply (store, &change->labels[i].picture, 1, change->labels[i].concept_id, NULL, error))
      return FALSE;
  return fovea_store_put_annotations (store, said, change->n_labels, &change->n_changed, error);
}

static gboolean
write_label_each (FoveaStore *store, gpointer data, GError **error)
{
  Change *change = data;
  guint n = (guint) change->n_labels;
  g_autofree char *text = g_strdup_printf (ngettext ("accept %u suggestion", "accept %u suggestions", n), n);

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
