/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person changes: labels, removal, undo. One call is one command of the store. */
#include <string.h>

#include <glib/gi18n.h>

#include "engine/edit-private.h"
#include "engine/engine-error.h"
#include "engine/one-concept-private.h"
#include "store/store-concepts.h"
#include "store/store-inputs.h"
#include "store/store-undo.h"

typedef struct {
  gint64 *ids;
  gsize n_ids;
  char *concept; /* (nullable) */
  FoveaLabelValue value;
  gsize n_changed;
  FoveaStoreReplaced replaced;
  char *replaced_name; /* (nullable) */
  char *text; /* of an undo or redo */
} Edit;

static void
edit_free (gpointer data)
{
  Edit *edit = data;

  g_free (edit->ids);
  g_free (edit->concept);
  g_free (edit->replaced_name);
  g_free (edit->text);
  g_free (edit);
}

static Edit *
edit_new (const gint64 *ids, gsize n_ids, const char *concept, FoveaLabelValue value)
{
  Edit *edit = g_new0 (Edit, 1);

  edit->ids = g_memdup2 (ids, n_ids * sizeof (gint64));
  edit->n_ids = n_ids;
  edit->concept = g_strdup (concept);
  edit->value = value;
  return edit;
}

/* What undo will offer: "label 14 pictures hat". */
static char *
label_text (const Edit *edit)
{
  guint n = (guint) edit->n_ids;

  switch (edit->value)
    {
    case FOVEA_LABEL_POSITIVE:
    case FOVEA_LABEL_BESIDE:
    case FOVEA_LABEL_INSTEAD:
      return g_strdup_printf (ngettext ("label %u picture %s", "label %u pictures %s", n), n, edit->concept);
    case FOVEA_LABEL_NEGATIVE:
      return g_strdup_printf (ngettext ("label %u picture not %s", "label %u pictures not %s", n), n, edit->concept);
    case FOVEA_LABEL_CLEAR:
    default:
      return g_strdup_printf (ngettext ("clear labels of %u picture", "clear labels of %u pictures", n), n);
    }
}

/* What the pictures showed before, where it does not stay beside @concept. */
static gboolean
replace (FoveaStore *store, Edit *edit, gint64 concept, GError **error)
{
  g_autoptr (FoveaStoreConcept) other = NULL;
  gboolean ok = TRUE;

  if (edit->value == FOVEA_LABEL_POSITIVE)
    ok = fovea_one_concept_apply (store, edit->ids, edit->n_ids, concept, &edit->replaced, error);
  else if (edit->value == FOVEA_LABEL_INSTEAD)
    ok = fovea_store_clear_other_labels (store, edit->ids, edit->n_ids, concept, &edit->replaced, error);
  other = ok && edit->replaced.concept != 0 ? fovea_store_get_concept (store, edit->replaced.concept, NULL) : NULL;
  edit->replaced_name = other != NULL ? g_strdup (other->name) : NULL;
  return ok;
}

static gboolean
apply_labels (FoveaStore *store, gpointer data, GError **error)
{
  Edit *edit = data;
  gint64 concept = 0;

  if (edit->value == FOVEA_LABEL_CLEAR)
    {
      if (edit->concept != NULL && !fovea_store_find_concept (store, edit->concept, &concept, error))
        return FALSE;
      return fovea_store_clear_labels (store, edit->ids, edit->n_ids, concept, &edit->n_changed, error);
    }
  if (!fovea_store_ensure_concept (store, NULL, edit->concept, &concept, error) || !replace (store, edit, concept, error)
      || !fovea_store_label_inputs (store, edit->ids, edit->n_ids, concept, edit->value != FOVEA_LABEL_NEGATIVE, 0, &edit->n_changed,
                                    error))
    return FALSE;
  /* A picture that showed this concept and another one changed too. */
  edit->n_changed = MAX (edit->n_changed, edit->replaced.n_pictures);
  return TRUE;
}

gboolean
fovea_edit_in_command (FoveaStore *store, const char *text, FoveaStoreFunc apply, gpointer edit, GError **error)
{
  if (!fovea_store_begin_command (store, text, error))
    return FALSE;
  if (apply (store, edit, error))
    return fovea_store_commit_command (store, NULL, error);
  fovea_store_rollback_command (store);
  return FALSE;
}

static gboolean
write_labels (FoveaStore *store, gpointer data, GError **error)
{
  g_autofree char *text = label_text (data);

  return fovea_edit_in_command (store, text, apply_labels, data, error);
}

void
fovea_project_label_async (FoveaProject *self, const gint64 *ids, gsize n_ids, const char *concept, FoveaLabelValue value,
                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);

  g_return_if_fail (concept != NULL || value == FOVEA_LABEL_CLEAR);
  g_task_set_task_data (task, edit_new (ids, n_ids, concept, value), edit_free);
  fovea_core_write_only_task (fovea_project_get_core (self), FOVEA_CHANGED_LABELS | FOVEA_CHANGED_BY_PERSON, task, write_labels);
}

int
fovea_project_label_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  Edit *edit = g_task_propagate_pointer (G_TASK (result), error);

  return edit != NULL ? (int) edit->n_changed : -1;
}

guint
fovea_project_label_get_replaced (GAsyncResult *result, const char **ret_name)
{
  const Edit *edit = g_task_get_task_data (G_TASK (result));

  *ret_name = edit->replaced_name;
  return (guint) edit->replaced.n_pictures;
}

int
fovea_project_label (FoveaProject *self, const gint64 *ids, gsize n_ids, const char *concept, FoveaLabelValue value, GError **error)
{
  Edit *edit = edit_new (ids, n_ids, concept, value);
  gboolean ok = fovea_core_write_only (fovea_project_get_core (self), FOVEA_CHANGED_LABELS | FOVEA_CHANGED_BY_PERSON, write_labels, edit,
                                       error);
  int n = ok ? (int) edit->n_changed : -1;

  edit_free (edit);
  return n;
}

/* ---- removal and concepts ---- */

static gboolean
apply_remove (FoveaStore *store, gpointer data, GError **error)
{
  Edit *edit = data;

  return fovea_store_remove_inputs (store, edit->ids, edit->n_ids, &edit->n_changed, error);
}

static gboolean
write_remove (FoveaStore *store, gpointer data, GError **error)
{
  Edit *edit = data;
  guint n = (guint) edit->n_ids;
  g_autofree char *text = g_strdup_printf (ngettext ("remove %u picture", "remove %u pictures", n), n);

  return fovea_edit_in_command (store, text, apply_remove, edit, error);
}

void
fovea_project_remove_async (FoveaProject *self, const gint64 *ids, gsize n_ids, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);

  g_task_set_task_data (task, edit_new (ids, n_ids, NULL, FOVEA_LABEL_CLEAR), edit_free);
  fovea_core_write_task (fovea_project_get_core (self), task, write_remove);
}

gboolean
fovea_project_remove_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error) != NULL;
}

static gboolean
apply_add_concept (FoveaStore *store, gpointer data, GError **error)
{
  Edit *edit = data;
  gint64 id;

  return fovea_store_ensure_concept (store, NULL, edit->concept, &id, error);
}

static gboolean
write_add_concept (FoveaStore *store, gpointer data, GError **error)
{
  Edit *edit = data;
  g_autofree char *text = g_strdup_printf (_("add concept %s"), edit->concept);

  return fovea_edit_in_command (store, text, apply_add_concept, edit, error);
}

void
fovea_project_add_concept_async (FoveaProject *self, const char *name, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);

  g_task_set_task_data (task, edit_new (NULL, 0, name, FOVEA_LABEL_CLEAR), edit_free);
  fovea_core_write_task (fovea_project_get_core (self), task, write_add_concept);
}

gboolean
fovea_project_add_concept_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error) != NULL;
}

/* ---- undo ---- */

/* Rows that something outside the history has changed since, or that it needs, stay: who asked is told. */
static char *
step_text (const FoveaStoreUndoResult *result)
{
  return result->n_conflicts > 0 ? g_strdup_printf (_("%s (what newer work belongs to stays)"), result->label) : g_strdup (result->label);
}

static gboolean
write_undo (FoveaStore *store, gpointer data, GError **error)
{
  g_auto (FoveaStoreUndoResult) result = { 0 };

  if (!fovea_store_undo (store, &result, error))
    return FALSE;
  ((Edit *) data)->text = step_text (&result);
  return TRUE;
}

static gboolean
write_redo (FoveaStore *store, gpointer data, GError **error)
{
  g_auto (FoveaStoreUndoResult) result = { 0 };

  if (!fovea_store_redo (store, &result, error))
    return FALSE;
  ((Edit *) data)->text = step_text (&result);
  return TRUE;
}

static void
step_async (FoveaProject *self, FoveaStoreFunc func, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);

  g_task_set_task_data (task, g_new0 (Edit, 1), edit_free);
  fovea_core_write_only_task (fovea_project_get_core (self), FOVEA_CHANGED_ALL | FOVEA_CHANGED_BY_PERSON, task, func);
}

static char *
step_finish (GAsyncResult *result, GError **error)
{
  Edit *edit = g_task_propagate_pointer (G_TASK (result), error);

  return edit != NULL ? g_strdup (edit->text != NULL ? edit->text : "") : NULL;
}

void
fovea_project_undo_async (FoveaProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  step_async (self, write_undo, cancellable, callback, data);
}

void
fovea_project_redo_async (FoveaProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  step_async (self, write_redo, cancellable, callback, data);
}

char *
fovea_project_undo_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  return step_finish (result, error);
}

char *
fovea_project_redo_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  return step_finish (result, error);
}
