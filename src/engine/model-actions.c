/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person does with models, without waiting: one call of the store thread each. */
#include "engine/model-actions.h"

#include <glib/gi18n.h>

#include "engine/engine-error.h"
#include "engine/model-edit-private.h"
#include "engine/model-state-private.h"
#include "engine/project-private.h"
#include "engine/status-private.h"
#include "models/params.h"
#include "store/store-concepts.h"
#include "store/store-input-list.h"
#include "store/store-undo.h"

typedef struct {
  char *model_id, *name, *notes;
  char *version_id, *split;
  GObject *params;
  char **concepts;
  FoveaEvaluation *evaluation; /* results */
  char *made_id;
  char **splits;
} Action;

static void
action_free (gpointer data)
{
  Action *self = data;

  g_free (self->model_id);
  g_free (self->name);
  g_free (self->notes);
  g_free (self->version_id);
  g_free (self->split);
  g_clear_object (&self->params);
  g_strfreev (self->concepts);
  g_clear_pointer (&self->evaluation, fovea_evaluation_unref);
  g_free (self->made_id);
  g_strfreev (self->splits);
  g_free (self);
}

static Action *
action_new (const char *model_id)
{
  Action *action = g_new0 (Action, 1);

  action->model_id = g_strdup (model_id);
  return action;
}

static void
run (FoveaProject *project, Action *action, FoveaStoreFunc func, gboolean write, GCancellable *cancellable, GAsyncReadyCallback callback,
     gpointer data)
{
  GTask *task = g_task_new (project, cancellable, callback, data);

  g_task_set_task_data (task, action, action_free);
  if (write)
    fovea_core_write_task (fovea_project_get_core (project), task, func);
  else
    fovea_core_read_task (fovea_project_get_core (project), task, func);
}

static Action *
finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

typedef gboolean (*ChangeFunc) (FoveaStore *store, Action *action, GError **error);

static gboolean
in_command (FoveaStore *store, Action *action, const char *label, ChangeFunc change, GError **error)
{
  if (!fovea_store_begin_command (store, label, error))
    return FALSE;
  if (change (store, action, error))
    return fovea_store_commit_command (store, NULL, error);
  fovea_store_rollback_command (store);
  return FALSE;
}

/* ---- draft and creation ---- */

static gboolean
read_draft (FoveaStore *store, gpointer data, GError **error)
{
  Action *action = data;

  action->params = G_OBJECT (fovea_model_type_new (action->model_id, error));
  return action->params != NULL && fovea_model_infer_exclusive (store, action->params, error);
}

void
fovea_project_draft_model_async (FoveaProject *self, const char *type_id, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  run (self, action_new (type_id), read_draft, FALSE, cancellable, callback, data);
}

GObject *
fovea_project_draft_model_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  Action *action = finish (result, error);

  return action != NULL ? g_steal_pointer (&action->params) : NULL;
}

static void
copy_name (FoveaStoreModel *model, const Action *action)
{
  model->name = g_strdup (action->name);
  model->notes = g_strdup (action->notes != NULL ? action->notes : "");
}

static gboolean
add_concepts (FoveaStore *store, FoveaStoreModel *model, char **names, GError **error)
{
  guint n = names != NULL ? g_strv_length (names) : 0;

  model->concepts = g_new0 (gint64, MAX (n, 1));
  model->n_concepts = n;
  for (guint i = 0; i < n; i++)
    if (!fovea_store_ensure_concept (store, NULL, names[i], &model->concepts[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
apply_create (FoveaStore *store, Action *action, GError **error)
{
  const FoveaModelTypeInfo *info = fovea_model_type_get_info (FOVEA_MODEL_TYPE (action->params));
  g_autoptr (FoveaStoreModel) model = fovea_store_model_new ();
  g_autoptr (JsonNode) params = fovea_params_to_json (action->params);
  gint64 id;

  copy_name (model, action);
  model->public_id = fovea_model_dup_free_id (store, action->name);
  model->type_id = g_strdup (info->id);
  model->params = fovea_json_to_string (params);
  model->params_version = info->params_version;
  if (!add_concepts (store, model, action->concepts, error) || !fovea_store_add_model (store, model, &id, error))
    return FALSE;
  action->made_id = g_strdup (model->public_id);
  return TRUE;
}

static gboolean
write_create (FoveaStore *store, gpointer data, GError **error)
{
  g_autofree char *label = g_strdup_printf (_("create model %s"), ((Action *) data)->name);

  return in_command (store, data, label, apply_create, error);
}

void
fovea_project_create_model_async (FoveaProject *self, const char *name, GObject *params, const char *const *concepts,
                                  GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  Action *action = action_new (NULL);

  action->name = g_strdup (name);
  action->params = g_object_new (G_OBJECT_TYPE (params), NULL); /* the caller's may change meanwhile */
  fovea_params_copy (params, action->params);
  action->concepts = g_strdupv ((char **) concepts);
  run (self, action, write_create, TRUE, cancellable, callback, data);
}

char *
fovea_project_create_model_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  Action *action = finish (result, error);

  return action != NULL ? g_steal_pointer (&action->made_id) : NULL;
}

/* ---- changing one that is there ---- */

static FoveaStoreModel *
get_row (FoveaStore *store, const char *model_id, GError **error)
{
  gint64 id;

  return fovea_store_find_model (store, model_id, &id, error) ? fovea_store_get_model (store, id, error) : NULL;
}

static gboolean
apply_rename (FoveaStore *store, Action *action, GError **error)
{
  g_autoptr (FoveaStoreModel) model = get_row (store, action->model_id, error);

  if (model == NULL)
    return FALSE;
  if (action->name != NULL)
    {
      g_free (model->name);
      model->name = g_strdup (action->name);
    }
  if (action->notes != NULL)
    {
      g_free (model->notes);
      model->notes = g_strdup (action->notes);
    }
  return fovea_store_update_model (store, model, error);
}

static gboolean
write_rename (FoveaStore *store, gpointer data, GError **error)
{
  Action *action = data;
  g_autofree char *label = action->name != NULL ? g_strdup_printf (_("rename model %s"), action->name)
                                                : g_strdup_printf (_("describe model %s"), action->model_id);

  return in_command (store, action, label, apply_rename, error);
}

void
fovea_project_rename_model_async (FoveaProject *self, const char *model_id, const char *name, const char *notes, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer data)
{
  Action *action = action_new (model_id);

  action->name = g_strdup (name);
  action->notes = g_strdup (notes);
  run (self, action, write_rename, TRUE, cancellable, callback, data);
}

gboolean
fovea_project_rename_model_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  return finish (result, error) != NULL;
}

static gboolean
apply_delete (FoveaStore *store, Action *action, GError **error)
{
  gint64 id;

  return fovea_store_find_model (store, action->model_id, &id, error) && fovea_store_remove_model (store, id, error);
}

static gboolean
write_delete (FoveaStore *store, gpointer data, GError **error)
{
  Action *action = data;
  g_autoptr (FoveaStoreModel) model = get_row (store, action->model_id, error);
  g_autofree char *label = NULL;

  if (model == NULL)
    return FALSE;
  label = g_strdup_printf (_("delete model %s"), model->name);
  return in_command (store, action, label, apply_delete, error);
}

void
fovea_project_delete_model_async (FoveaProject *self, const char *model_id, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  run (self, action_new (model_id), write_delete, TRUE, cancellable, callback, data);
}

gboolean
fovea_project_delete_model_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  return finish (result, error) != NULL;
}

static gboolean
apply_duplicate (FoveaStore *store, Action *action, GError **error)
{
  g_autoptr (FoveaStoreModel) model = get_row (store, action->model_id, error);
  gint64 id;

  if (model == NULL)
    return FALSE;
  g_free (model->name);
  model->name = g_strdup (action->name);
  g_free (model->public_id);
  model->public_id = fovea_model_dup_free_id (store, action->name);
  if (!fovea_store_add_model (store, model, &id, error))
    return FALSE;
  action->made_id = g_strdup (model->public_id);
  return TRUE;
}

static gboolean
write_duplicate (FoveaStore *store, gpointer data, GError **error)
{
  g_autofree char *label = g_strdup_printf (_("duplicate model %s"), ((Action *) data)->model_id);

  return in_command (store, data, label, apply_duplicate, error);
}

void
fovea_project_duplicate_model_async (FoveaProject *self, const char *model_id, const char *name, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer data)
{
  Action *action = action_new (model_id);

  action->name = g_strdup (name);
  run (self, action, write_duplicate, TRUE, cancellable, callback, data);
}

char *
fovea_project_duplicate_model_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  Action *action = finish (result, error);

  return action != NULL ? g_steal_pointer (&action->made_id) : NULL;
}

/* ---- reading ---- */

static gboolean
read_evaluation (FoveaStore *store, gpointer data, GError **error)
{
  Action *action = data;
  gint64 id;

  if (!fovea_store_find_version (store, action->version_id, &id, error))
    return FALSE;
  action->evaluation = fovea_evaluation_load (store, id, action->split, error);
  return action->evaluation != NULL;
}

void
fovea_project_load_evaluation_async (FoveaProject *self, const char *version_id, const char *split, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer data)
{
  Action *action = action_new (NULL);

  action->version_id = g_strdup (version_id);
  action->split = g_strdup (split);
  run (self, action, read_evaluation, FALSE, cancellable, callback, data);
}

FoveaEvaluation *
fovea_project_load_evaluation_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  Action *action = finish (result, error);

  return action != NULL ? g_steal_pointer (&action->evaluation) : NULL;
}

static gboolean
read_splits (FoveaStore *store, gpointer data, GError **error)
{
  Action *action = data;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GPtrArray) splits = fovea_store_count_splits (store, error);

  if (splits == NULL)
    return FALSE;
  for (guint i = 0; i < splits->len; i++)
    {
      const FoveaStoreCount *split = g_ptr_array_index (splits, i);

      if (split->name[0] != '\0' && split->count > 0)
        g_strv_builder_add (builder, split->name);
    }
  action->splits = g_strv_builder_end (builder);
  return TRUE;
}

void
fovea_project_list_splits_async (FoveaProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  run (self, action_new (NULL), read_splits, FALSE, cancellable, callback, data);
}

char **
fovea_project_list_splits_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  Action *action = finish (result, error);

  return action != NULL ? g_steal_pointer (&action->splits) : NULL;
}
